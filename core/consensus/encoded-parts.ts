/**
 * Encodings of what both messages and the vote log hold: votes, certificates, statements, proposals, blocks; and of proofs.
 * Layout: docs/formats.md, "Messages of validators and their vote log". What is signed has an encoding of its own beside its type.
 */
import { alternatives, bytes, type Format, fields, fixed, hash, list, oneOf, optional, uint } from '../base/binary-format.ts';
import type { Evidence } from './evidence.ts';
import { groupMembersMax, groupsMax, publicKeyBytes } from './limits.ts';
import type { Members } from './membership.ts';
import type { Proposal, ProposedBlock } from './proposal.ts';
import type { MemberSignature } from './signing.ts';
import type { EpochStart, LockedBlock, NewView, ProvenStatement, Statement } from './view-change.ts';
import type { Certificate, GroupVote, MemberVote, Phase } from './vote.ts';

/** Bytes of a block in the ledger's encoding: its transactions, and room for its header and their lengths. */
export const proposedBlockBytesMax = 4_198_400;
/** Bytes of an Ed25519 signature (RFC 8032). */
export const signatureBytes = 64;
/** Members of all groups. */
const membersMax = groupsMax * groupMembersMax;
/** The highest number that a member may have. */
export const memberIdMax = membersMax - 1;

const groupNumber = uint(2, groupsMax - 1);
export const memberId = uint(2, memberIdMax);
const phase: Format<Phase> = oneOf('prepare', 'commit');
const signature = fixed(signatureBytes);

/** A height, view, term or epoch. */
export const counter = uint(8);

export const memberSignature: Format<MemberSignature> = fields<MemberSignature>({ member: memberId, signature });

/** Signatures of members of one group. */
export const signatures = list(memberSignature, groupMembersMax);

const ballot = { phase, height: counter, view: counter, blockHash: hash };

export const memberVote = fields<MemberVote>({ ...ballot, member: memberId, signature });
export const groupVote = fields<GroupVote>({ ...ballot, group: groupNumber, signatures });
export const certificate = fields<Certificate>({
  ...ballot,
  groups: list(fields<Certificate['groups'][number]>({ group: groupNumber, signatures }), groupsMax),
});
export const proposal = fields<Proposal>({ member: memberId, height: counter, view: counter, blockHash: hash, signature });

export const statement = fields<Statement>({
  member: memberId,
  newView: counter,
  finalHeight: counter,
  finalHash: hash,
  lock: optional(fields<LockedBlock>({ view: counter, blockHash: hash })),
  signature,
});
export const provenStatement = fields<ProvenStatement>({
  statement,
  finalCertificate: optional(certificate),
  lockCertificate: optional(certificate),
});
export const newView = fields<NewView>({
  view: counter,
  statements: list(statement, membersMax),
  finalCertificate: optional(certificate),
  lockCertificate: optional(certificate),
});

/** A proof of misbehaviour. */
export const evidence = alternatives<Evidence>({
  'two-votes': [1, fields<{ first: MemberVote; second: MemberVote }>({ first: memberVote, second: memberVote })],
  'two-proposals': [2, fields<{ first: Proposal; second: Proposal }>({ first: proposal, second: proposal })],
  amnesia: [3, fields<{ commit: MemberVote; statement: Statement }>({ commit: memberVote, statement })],
});

/** The keys of each group's members. */
export const members: Format<Members> = list(list(fixed(publicKeyBytes), groupMembersMax), groupsMax);
export const epochStart = fields<EpochStart>({ height: counter, blockHash: hash });
export const proposedBlock = fields<ProposedBlock>({
  hash,
  height: counter,
  parentHash: hash,
  view: counter,
  nextMembers: optional(members),
  bytes: bytes(proposedBlockBytesMax),
});
