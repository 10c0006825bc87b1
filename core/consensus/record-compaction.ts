/**
 * What of a vote log is still needed. Blocks that are final and durable in the ledger need none of the votes, locks and bodies that led to
 * them; what says in which view a member is, why, and what it stated, stays, and so does everything of heights that are not settled.
 * Invariant: whoever starts from the records that are left stands where it would stand with all of them.
 */
import type { Hex } from '../base/bytes.ts';
import type { ProposedBlock } from './proposal.ts';
import type { DurableRecord } from './record.ts';

/** The records that are still needed when the blocks up to `settledHeight` are durable in the ledger, in their order. */
export function neededRecords(written: readonly DurableRecord[], settledHeight: number): readonly DurableRecord[] {
  const lost = written.filter(({ kind }) => kind === 'lost').slice(0, 1);
  return [...lost, ...neededInEpoch(withEpochs(written.filter(({ kind }) => kind !== 'lost')), settledHeight)];
}

function neededInEpoch(records: readonly DurableRecord[], settledHeight: number): readonly DurableRecord[] {
  const epochAt = records.findLastIndex((record) => record.kind === 'epoch' && record.start.height <= settledHeight);
  // Nothing before the beginning of an epoch counts in it.
  const epoch = epochAt === -1 ? records : records.slice(epochAt);
  const finalAt = epoch.findLastIndex((record) => record.kind === 'final' && record.certificate.height <= settledHeight);
  const final = epoch[finalAt];
  if (final?.kind !== 'final') return epoch;
  const { height } = final.certificate;
  const kept = new Set([...viewRecords(epoch.slice(0, finalAt)), finalAt]);
  return epoch.filter((record, index) => {
    if (index > finalAt || kept.has(index) || record.kind === 'epoch') return true;
    return (heightOf(record) ?? 0) > height;
  });
}

/** The same records, with one at the beginning of every epoch: a crash may have come between it and the block that it follows from. */
function withEpochs(records: readonly DurableRecord[]): DurableRecord[] {
  const whole: DurableRecord[] = [];
  const bodies = new Map<Hex, ProposedBlock>();
  let epoch = 0;
  for (const record of records) {
    const last = whole.at(-1);
    if (record.kind === 'epoch' && last?.kind === 'epoch' && last.epoch === record.epoch) continue;
    whole.push(record);
    if (record.kind === 'epoch') epoch = record.epoch;
    if (record.kind === 'body') bodies.set(record.block.hash, record.block);
    if (record.kind !== 'final') continue;
    const { height, blockHash } = record.certificate;
    const members = bodies.get(blockHash)?.nextMembers ?? null;
    for (const [hash, body] of bodies) if (body.height <= height) bodies.delete(hash);
    if (members !== null) whole.push({ kind: 'epoch', epoch: ++epoch, start: { height, blockHash }, members });
  }
  return whole;
}

/** Where the view, how it was entered, the newest statement and the Raft term come from, among records of one epoch. */
function viewRecords(records: readonly DurableRecord[]): number[] {
  let view = 0;
  let risenAt = -1;
  records.forEach((record, index) => {
    const own = viewOf(record) ?? 0;
    if (own <= view) return;
    view = own;
    risenAt = index;
  });
  const last = (isMeant: (record: DurableRecord) => boolean) => records.findLastIndex((record) => isMeant(record));
  return [
    risenAt,
    last(({ kind }) => kind === 'statement'),
    last((record) => record.kind === 'entry' && record.view === view),
    // A block that is final in the view enters it too.
    last((record) => record.kind === 'final' && record.certificate.view === view),
    last(({ kind }) => kind === 'raft'),
  ];
}

/** The view that a record takes its member to, at least. */
function viewOf(record: DurableRecord): number | null {
  switch (record.kind) {
    case 'vote':
      return record.vote.view;
    case 'statement':
      return record.proven.statement.newView;
    case 'proposal':
      return record.proposal.view;
    case 'lock':
    case 'final':
      return record.certificate.view;
    case 'entry':
    case 'asked':
      return record.view;
    case 'body':
    case 'raft':
    case 'epoch':
    case 'lost':
      return null;
  }
}

/** The height that a record is about. */
function heightOf(record: DurableRecord): number | null {
  switch (record.kind) {
    case 'vote':
      return record.vote.height;
    case 'proposal':
      return record.proposal.height;
    case 'lock':
    case 'final':
      return record.certificate.height;
    case 'body':
      return record.block.height;
    case 'statement':
    case 'entry':
    case 'asked':
    case 'raft':
    case 'epoch':
    case 'lost':
      return null;
  }
}
