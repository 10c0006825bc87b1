/** The runtime against a ledger and a log of its own: what it writes at the turn of an epoch, how it starts again, and how much it sends at a time. */
import { describe, expect, test } from 'vitest';
import type { Hex } from '../../core/base/bytes.ts';
import { firstFitting } from '../../core/consensus/fitting.ts';
import { messageTransactionBytesMax, messageTransactionsMax, pollMs, tickMs } from '../../core/consensus/limits.ts';
import type { ProposedBlock } from '../../core/consensus/proposal.ts';
import type { Message } from '../../core/consensus/rbft/message.ts';
import type { DurableRecord } from '../../core/consensus/record.ts';
import { neededRecords } from '../../core/consensus/record-compaction.ts';
import { type ConsensusLedger, type Envelope, Runtime } from '../../core/consensus/runtime.ts';
import { blockOf, certificate, committeeOf, genesisHash, groupVote, proposal, signerOf, verify } from '../consensus-scene.ts';

const committee = committeeOf(4, 3);
const self = 11;
const own = committee.nameOf(self);

/** A node whose ledger takes everything, on a log that it can be started from again. */
class Node {
  readonly runtime: Runtime;
  readonly sent: { readonly to: Hex; readonly envelope: Envelope }[] = [];
  readonly log: DurableRecord[];
  readonly reads: number[] = [];
  readonly refused: Hex[] = [];
  height = 0;
  lost = 0;

  constructor(log: DurableRecord[]) {
    this.log = log;
    const node = this;
    const ledger: ConsensusLedger = {
      get height() {
        return node.height;
      },
      hasExecutable: false,
      execute: (_block, _isFresh, done) => done(true),
      build: (_place, done) => done(null),
      commit: (block, _certificate, done) => {
        node.height = block.height;
        done();
      },
      read: (from, done) => {
        this.reads.push(from);
        done([], 0);
      },
      accept: () => true,
      isPending: () => true,
    };
    this.runtime = new Runtime({
      genesisHash,
      members: committee.keys,
      key: own,
      sign: signerOf(self),
      verify,
      isWellFormed: () => true,
      random: () => 0,
      restored: [...log],
      log: {
        append: (records, done) => {
          log.push(...records);
          done();
        },
      },
      ledger,
      send: (to, envelope) => this.sent.push({ to, envelope }),
      onRefused: (from) => this.refused.push(from),
      onEvidence: () => undefined,
      mustAsk: false,
      onAsked: () => undefined,
      onVotesLost: () => this.lost++,
    });
  }
}

const last: ProposedBlock = { ...blockOf(1, 1), nextMembers: committee.keys };
const final: DurableRecord = { kind: 'final', certificate: certificate(committee, 'commit', { height: 1, view: 0, blockHash: last.hash }) };
const nextCommittee = committeeOf(4, 3, 1);

/** Gives a node the proposal of a block in view 0. */
function offer(node: Node, of: typeof committee, block: ProposedBlock): void {
  const place = { height: block.height, view: 0, blockHash: block.hash };
  const vote = groupVote(of, 0, { phase: 'prepare', ...place });
  const signed = proposal(of, 0, block.height, 0, block.hash);
  node.runtime.receive(of.nameOf(0), {
    epoch: of.epoch,
    messages: [{ kind: 'offer', offer: { proposal: signed, block, groupVote: vote } }],
  });
}

const votesIn = (log: readonly DurableRecord[]) => log.flatMap((record) => (record.kind === 'vote' ? [record.vote.blockHash] : []));

describe('a crash between the block that ends an epoch and the record of the next', () => {
  test('the record is made up for, before anything of the new epoch is written', () => {
    const node = new Node([{ kind: 'body', block: last }, final]);
    expect(node.runtime.committee.epoch).toBe(1);
    expect(node.log.at(-1)).toEqual({ kind: 'epoch', epoch: 1, start: { height: 1, blockHash: last.hash }, members: committee.keys });
    expect(node.height).toBe(1);
  });

  test('votes of the new epoch are found at the next start, also after the log was compacted', () => {
    const { log, runtime } = new Node([{ kind: 'body', block: last }, final]);
    const next = blockOf(2, 2, 0, last.hash);
    const rival = blockOf(3, 2, 0, last.hash);
    expect(runtime.machine?.status.final.height).toBe(1);
    const node = new Node(log);
    offer(node, nextCommittee, next);
    expect(votesIn(log)).toEqual([next.hash]);
    for (const written of [log, [...neededRecords(log, 1)], [...neededRecords(log, 0)]]) {
      const again = new Node([...written]);
      expect(again.runtime.committee.epoch).toBe(1);
      expect(again.log.filter(({ kind }) => kind === 'epoch')).toHaveLength(1);
      offer(again, nextCommittee, rival);
      expect(votesIn(again.log)).toEqual([next.hash]);
    }
  });

  test('the body of a later height is not lost with that of an earlier one', () => {
    const first = blockOf(7, 1);
    const ends = { ...blockOf(8, 2, 0, first.hash), nextMembers: committee.keys };
    const commit = (block: ProposedBlock): DurableRecord => ({
      kind: 'final',
      certificate: certificate(committee, 'commit', { height: block.height, view: 0, blockHash: block.hash }),
    });
    const log: DurableRecord[] = [{ kind: 'body', block: first }, { kind: 'body', block: ends }, commit(first), commit(ends)];
    const node = new Node([...log]);
    expect(node.height).toBe(2);
    expect(node.runtime.committee.epoch).toBe(1);
    expect(new Node([...neededRecords(log, 2)]).runtime.committee.epoch).toBe(1);
  });
});

describe('what is submitted', () => {
  const transactionsTo = (node: Node, to: Hex) =>
    node.sent
      .filter((packet) => packet.to === to)
      .map(({ envelope }) => envelope.messages.flatMap((message) => (message.kind === 'transactions' ? message.transactions : [])))
      .filter(({ length }) => length > 0);
  const target = committee.nameOf(0);

  test('goes out with what else is submitted before the next tick', () => {
    const node = new Node([]);
    for (let number = 0; number < 5; number++) node.runtime.submit(new Uint8Array([number]));
    expect(node.sent).toEqual([]);
    node.runtime.tick();
    expect(transactionsTo(node, target).map((transactions) => transactions.map(([byte]) => byte))).toEqual([[0, 1, 2, 3, 4]]);
    node.runtime.tick();
    expect(transactionsTo(node, target)).toHaveLength(1);
  });

  test('goes out at once where it fills a message, by number or by size', () => {
    const node = new Node([]);
    for (let number = 0; number < messageTransactionsMax; number++) node.runtime.submit(new Uint8Array(2));
    expect(transactionsTo(node, target).map(({ length }) => length)).toEqual([messageTransactionsMax]);
    for (let number = 0; number < 9; number++) node.runtime.submit(new Uint8Array(131_072));
    node.runtime.tick();
    const sizes = transactionsTo(node, target).map((transactions) => transactions.reduce((bytes, { length }) => bytes + length, 0));
    expect(sizes).toEqual([2 * messageTransactionsMax, messageTransactionBytesMax, 131_072]);
  });
});

describe('a node that is no member', () => {
  const outsider: Hex = `0x${'99'.repeat(32)}`;
  const poll = (finalHeight: number): Message => ({ kind: 'poll', finalHeight, view: 0, isEntered: true });
  const blocks = (block: ProposedBlock): Message => ({
    kind: 'blocks',
    blocks: [{ block, certificate: { phase: 'commit', height: block.height, view: 0, blockHash: block.hash, groups: [] } }],
  });

  test('is given blocks when it asks, and not as often as it asks', () => {
    const node = new Node([{ kind: 'body', block: last }, final]);
    const ask = (...heights: number[]) => node.runtime.receive(outsider, { epoch: 0, messages: heights.map(poll) });
    ask(...Array.from({ length: 100 }, () => 0));
    expect(node.reads).toEqual([1]);
    for (let tick = 0; tick < pollMs / tickMs; tick++) node.runtime.tick();
    ask(1, 2, Number.MAX_SAFE_INTEGER);
    expect(node.reads).toEqual([1]);
    ask(0);
    expect(node.reads).toEqual([1, 1]);
  });

  test('says nothing that counts, and pays for blocks that are none', () => {
    const node = new Node([]);
    const place = { height: 1, view: 0, blockHash: last.hash };
    const offered = {
      proposal: proposal(committee, 0, 1, 0, last.hash),
      block: last,
      groupVote: groupVote(committee, 0, { phase: 'prepare', ...place }),
    };
    const certified: Message = { kind: 'certificate', certificate: certificate(committee, 'prepare', place) };
    node.runtime.receive(outsider, { epoch: 0, messages: [{ kind: 'offer', offer: offered }, certified] });
    expect(node.log).toEqual([]);
    // A block that is of no use is not even looked at; one that would be is looked at, and counts against who sent it.
    node.runtime.receive(outsider, { epoch: 0, messages: [blocks(blockOf(5, 9))] });
    expect(node.refused).toEqual([]);
    node.runtime.receive(outsider, { epoch: 0, messages: [blocks(blockOf(5, 1))] });
    expect(node.refused).toEqual([outsider]);
  });
});

describe('a key whose votes are lost', () => {
  test('signs nothing after a restart either, and follows', () => {
    const node = new Node([{ kind: 'lost' }, { kind: 'body', block: last }, final]);
    expect(node.lost).toBe(1);
    expect(node.runtime.isMute).toBe(true);
    expect(node.runtime.machine).toBeNull();
    expect(node.runtime.final.height).toBe(1);
    const next = blockOf(2, 2, 0, last.hash);
    offer(node, nextCommittee, next);
    expect(votesIn(node.log)).toEqual([]);
    const committed = certificate(nextCommittee, 'commit', { height: 2, view: 0, blockHash: next.hash });
    node.runtime.receive(committee.nameOf(0), {
      epoch: 1,
      messages: [{ kind: 'blocks', blocks: [{ block: next, certificate: committed }] }],
    });
    expect(node.height).toBe(2);
    expect(new Node([...neededRecords(node.log, 2)]).runtime.isMute).toBe(true);
  });
});

test('what fits is bounded by number and by bytes, and one value always fits', () => {
  const fitting = (values: readonly number[], count: number, bytes: number) => firstFitting(values, { count, bytes }, (value) => value);
  expect(fitting([], 3, 10)).toEqual([]);
  expect(fitting([50, 1], 3, 10)).toEqual([50]);
  expect(fitting([1, 2, 3, 4], 3, 10)).toEqual([1, 2, 3]);
  expect(fitting([5, 5, 1], 3, 10)).toEqual([5, 5]);
  expect(fitting([1, 2], 3, 10)).toEqual([1, 2]);
});
