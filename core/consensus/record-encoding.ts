/** The encoding of what a member writes to its vote log. Layout: docs/formats.md, "Messages of validators and their vote log". */
import { alternatives, decodeAs, encodeAs, fields, optional } from '../base/binary-format.ts';
import {
  certificate,
  counter,
  epochStart,
  memberId,
  members,
  memberVote,
  newView,
  proposal,
  proposedBlock,
  provenStatement,
} from './encoded-parts.ts';
import type { RaftState } from './raft/raft.ts';
import type { DurableRecord } from './record.ts';

type Rest<Kind extends DurableRecord['kind']> = Omit<Extract<DurableRecord, { readonly kind: Kind }>, 'kind'>;

const durableRecord = alternatives<DurableRecord>({
  vote: [1, fields<Rest<'vote'>>({ vote: memberVote })],
  statement: [2, fields<Rest<'statement'>>({ proven: provenStatement })],
  proposal: [3, fields<Rest<'proposal'>>({ proposal })],
  lock: [4, fields<Rest<'lock'>>({ certificate })],
  entry: [5, fields<Rest<'entry'>>({ view: counter, newView: optional(newView) })],
  body: [6, fields<Rest<'body'>>({ block: proposedBlock })],
  final: [7, fields<Rest<'final'>>({ certificate })],
  raft: [8, fields<Rest<'raft'>>({ state: fields<RaftState>({ term: counter, vote: optional(memberId) }) })],
  epoch: [9, fields<Rest<'epoch'>>({ epoch: counter, start: epochStart, members })],
  asked: [10, fields<Rest<'asked'>>({ view: counter })],
  lost: [11, fields<Rest<'lost'>>({})],
});

export function encodeRecord(record: DurableRecord): Uint8Array {
  return encodeAs(durableRecord, record);
}

/** Reverses {@link encodeRecord}. Errors: DecodeError. */
export function decodeRecord(bytes: Uint8Array): DurableRecord {
  return decodeAs(durableRecord, bytes);
}
