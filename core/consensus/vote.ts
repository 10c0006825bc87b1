/**
 * Votes. A member's vote says that its group is for a block; a majority of a group's members makes the group's vote, the only thing
 * that other groups count; a quorum of groups makes a certificate. A COMMIT certificate makes a block final.
 * Invariant: at most one block hash per (genesis, epoch, group, height, view, phase) is signed by an honest member. The term of a leader
 * is not in that key.
 */
import { fromHex, type Hex, utf8 } from '../base/bytes.ts';
import type { Committee, GroupId } from './committee.ts';
import { counterMax } from './limits.ts';
import { type MemberSignature, signedIn, type Verify } from './signing.ts';

const voteTag = utf8('vouchsafe:rbft:vote:1');

export type Phase = 'prepare' | 'commit';

/** What is voted on. */
export interface Ballot {
  readonly phase: Phase;
  readonly height: number;
  readonly view: number;
  readonly blockHash: Hex;
}

/** One member's signature under a ballot. */
export interface MemberVote extends Ballot, MemberSignature {}

/** A majority of one group. */
export interface GroupVote extends Ballot {
  readonly group: GroupId;
  /** Of distinct members, as many as make the majority. */
  readonly signatures: readonly MemberSignature[];
}

/** A quorum of groups. Of phase `commit` it is the block's certificate. */
export interface Certificate extends Ballot {
  readonly groups: readonly { readonly group: GroupId; readonly signatures: readonly MemberSignature[] }[];
}

/** What a member signs for a ballot. */
export function voteBytes(committee: Committee, group: GroupId, { phase, height, view, blockHash }: Ballot): Uint8Array {
  return signedIn(committee, voteTag)
    .uint(group, 2)
    .uint(height, 8)
    .uint(view, 8)
    .uint(phase === 'prepare' ? 0 : 1, 1)
    .fixed(fromHex(blockHash), 32)
    .finish();
}

/** Whether a member may count on from a height and view. */
export function isPlace({ height, view }: { readonly height: number; readonly view: number }): boolean {
  return height <= counterMax && view <= counterMax;
}

/** Whether a vote is what it says. */
export function isMemberVote(committee: Committee, verify: Verify, vote: MemberVote): boolean {
  if (!committee.has(vote.member) || !isPlace(vote)) return false;
  return verify(committee.publicKey(vote.member), voteBytes(committee, committee.groupOf(vote.member), vote), vote.signature);
}

/** Whether a group's vote holds the majority of distinct members that it needs, each with its signature. */
export function isGroupVote(committee: Committee, verify: Verify, vote: GroupVote): boolean {
  const { group, signatures } = vote;
  if (!Number.isInteger(group) || group < 0 || group >= committee.groups || !isPlace(vote)) return false;
  if (signatures.length !== committee.majority(group)) return false;
  if (new Set(signatures.map(({ member }) => member)).size !== signatures.length) return false;
  const message = voteBytes(committee, group, vote);
  return signatures.every(
    ({ member, signature }) =>
      committee.has(member) && committee.groupOf(member) === group && verify(committee.publicKey(member), message, signature),
  );
}

/** Whether a certificate holds the votes of a quorum of distinct groups. */
export function isCertificate(committee: Committee, verify: Verify, certificate: Certificate): boolean {
  const { groups, phase, height, view, blockHash } = certificate;
  if (groups.length !== committee.quorum) return false;
  if (new Set(groups.map(({ group }) => group)).size !== groups.length) return false;
  return groups.every(({ group, signatures }) => isGroupVote(committee, verify, { phase, height, view, blockHash, group, signatures }));
}
