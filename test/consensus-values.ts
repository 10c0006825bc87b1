/** Arbitrary values of what the consensus writes and sends, for property tests. They have the right shape; nothing in them is signed. */
import fc from 'fast-check';
import { type Hex, toHex } from '../core/base/bytes.ts';
import { memberIdMax, signatureBytes } from '../core/consensus/encoded-parts.ts';
import { groupsMax, publicKeyBytes } from '../core/consensus/limits.ts';
import type { ProposedBlock } from '../core/consensus/proposal.ts';
import type { RaftMessage } from '../core/consensus/raft/raft.ts';
import type { LogEntry, Message, Offer } from '../core/consensus/rbft/message.ts';
import type { DurableRecord } from '../core/consensus/record.ts';
import type { Envelope } from '../core/consensus/runtime.ts';
import type { MemberSignature } from '../core/consensus/signing.ts';
import type { NewView, ProvenStatement, Statement } from '../core/consensus/view-change.ts';
import type { Certificate, GroupVote, MemberVote } from '../core/consensus/vote.ts';

const exactly = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const counter = fc.oneof(fc.nat({ max: 300 }), fc.maxSafeNat(), fc.constant(Number.MAX_SAFE_INTEGER));
const hash: fc.Arbitrary<Hex> = exactly(32).map(toHex);
const member = fc.nat({ max: memberIdMax });
const group = fc.nat({ max: groupsMax - 1 });
const signature = exactly(signatureBytes);
const memberSignature: fc.Arbitrary<MemberSignature> = fc.record({ member, signature });
const signatures = fc.array(memberSignature, { maxLength: 3 });
const ballot = { phase: fc.constantFrom('prepare' as const, 'commit' as const), height: counter, view: counter, blockHash: hash };
const memberVote: fc.Arbitrary<MemberVote> = fc.record({ ...ballot, member, signature });
const groupVote: fc.Arbitrary<GroupVote> = fc.record({ ...ballot, group, signatures });
const certificate: fc.Arbitrary<Certificate> = fc.record({
  ...ballot,
  groups: fc.array(fc.record({ group, signatures }), { maxLength: 3 }),
});
const proposal = fc.record({ member, height: counter, view: counter, blockHash: hash, signature });
const lock = fc.option(fc.record({ view: counter, blockHash: hash }));
const statement: fc.Arbitrary<Statement> = fc.record({
  member,
  newView: counter,
  finalHeight: counter,
  finalHash: hash,
  lock,
  signature,
});
const proven: fc.Arbitrary<ProvenStatement> = fc.record({
  statement,
  finalCertificate: fc.option(certificate),
  lockCertificate: fc.option(certificate),
});
const newView: fc.Arbitrary<NewView> = fc.record({
  view: counter,
  statements: fc.array(statement, { maxLength: 4 }),
  finalCertificate: fc.option(certificate),
  lockCertificate: fc.option(certificate),
});
const members = fc.array(fc.array(exactly(publicKeyBytes), { maxLength: 3 }), { maxLength: 4 });
const block: fc.Arbitrary<ProposedBlock> = fc.record({
  hash,
  height: counter,
  parentHash: hash,
  view: counter,
  nextMembers: fc.option(members, { freq: 1 }),
  bytes: fc.uint8Array({ maxLength: 200 }),
});
const offer: fc.Arbitrary<Offer> = fc.record({ proposal, block, groupVote: fc.option(groupVote) });

/** What a member may write. */
export const durableRecord: fc.Arbitrary<DurableRecord> = fc.oneof(
  fc.record({ kind: fc.constant('vote' as const), vote: memberVote }),
  fc.record({ kind: fc.constant('statement' as const), proven }),
  fc.record({ kind: fc.constant('proposal' as const), proposal }),
  fc.record({ kind: fc.constant('lock' as const), certificate }),
  fc.record({ kind: fc.constant('entry' as const), view: counter, newView: fc.option(newView) }),
  fc.record({ kind: fc.constant('body' as const), block }),
  fc.record({ kind: fc.constant('final' as const), certificate }),
  fc.record({ kind: fc.constant('raft' as const), state: fc.record({ term: counter, vote: fc.option(member) }) }),
  fc.record({ kind: fc.constant('asked' as const), view: counter }),
  fc.record({ kind: fc.constant('lost' as const) }),
  fc.record({
    kind: fc.constant('epoch' as const),
    epoch: counter,
    start: fc.record({ height: counter, blockHash: hash }),
    members,
  }),
);

const logEntry: fc.Arbitrary<LogEntry> = fc.oneof(
  fc.record({ kind: fc.constant('offer' as const), offer }),
  fc.record({ kind: fc.constant('certificate' as const), certificate }),
  fc.record({ kind: fc.constant('new-view' as const), newView }),
);
const raftMessage: fc.Arbitrary<RaftMessage<LogEntry>> = fc.oneof(
  fc.record({ kind: fc.constant('pre-vote-request' as const), term: counter }),
  fc.record({ kind: fc.constant('pre-vote' as const), term: counter, signature }),
  fc.record({ kind: fc.constant('vote-request' as const), term: counter, preVotes: signatures }),
  fc.record({ kind: fc.constant('vote' as const), term: counter, signature }),
  fc.record({
    kind: fc.constant('append' as const),
    term: counter,
    votes: signatures,
    previous: counter,
    fresh: fc.boolean(),
    entries: fc.array(logEntry, { maxLength: 3 }),
    commitIndex: counter,
  }),
  fc.record({ kind: fc.constant('appended' as const), term: counter, matched: fc.boolean(), index: counter }),
);

/** What a member may say. */
export const message: fc.Arbitrary<Message> = fc.oneof(
  fc.record({ kind: fc.constant('raft' as const), message: raftMessage }),
  fc.record({ kind: fc.constant('vote' as const), vote: memberVote }),
  fc.record({ kind: fc.constant('group-vote' as const), vote: groupVote }),
  fc.record({ kind: fc.constant('statement' as const), proven }),
  logEntry,
  fc.record({ kind: fc.constant('leading' as const), term: counter, votes: signatures }),
  fc.record({ kind: fc.constant('poll' as const), finalHeight: counter, view: counter, isEntered: fc.boolean() }),
  fc.record({ kind: fc.constant('body-wanted' as const), height: counter, blockHash: hash }),
  fc.record({ kind: fc.constant('body' as const), block }),
  fc.record({ kind: fc.constant('votes-wanted' as const), nonce: counter }),
  fc.record({
    kind: fc.constant('votes-known' as const),
    nonce: counter,
    view: counter,
    finalCertificate: fc.option(certificate),
    lockCertificate: fc.option(certificate),
    votes: fc.array(memberVote, { maxLength: 3 }),
    statement: fc.option(statement),
    proposals: fc.array(proposal, { maxLength: 3 }),
  }),
  fc.record({ kind: fc.constant('blocks' as const), blocks: fc.array(fc.record({ block, certificate }), { maxLength: 3 }) }),
  fc.record({
    kind: fc.constant('transactions' as const),
    transactions: fc.array(fc.uint8Array({ maxLength: 100 }), { maxLength: 4 }),
  }),
);

export const envelope: fc.Arbitrary<Envelope> = fc.record({ epoch: counter, messages: fc.array(message, { minLength: 1, maxLength: 4 }) });
