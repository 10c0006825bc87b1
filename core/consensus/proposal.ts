/** What a primary asks the others to vote for: a block, and its signature for one height and view. */
import { fromHex, type Hex, utf8 } from '../base/bytes.ts';
import type { Committee } from './committee.ts';
import type { Members } from './membership.ts';
import { type MemberSignature, signedIn, type Verify } from './signing.ts';
import { isPlace } from './vote.ts';

const proposalTag = utf8('vouchsafe:rbft:propose:1');

/** A block as the consensus sees it: all fields follow from its bytes, which whoever decodes them has checked. */
export interface ProposedBlock {
  readonly hash: Hex;
  readonly height: number;
  readonly parentHash: Hex;
  /** The view in which it was first proposed; its header says so, and keeps saying so when a later view proposes it again. */
  readonly view: number;
  /** The members of the next epoch, if the block holds a change of them: then it is the last of its epoch. */
  readonly nextMembers: Members | null;
  readonly bytes: Uint8Array;
}

/** The primary leader's signature: at most one hash for a height and view. */
export interface Proposal extends MemberSignature {
  readonly height: number;
  readonly view: number;
  readonly blockHash: Hex;
}

/** What a leader signs when it proposes. */
export function proposalBytes(
  committee: Committee,
  { height, view, blockHash }: Pick<Proposal, 'height' | 'view' | 'blockHash'>,
): Uint8Array {
  return signedIn(committee, proposalTag).uint(height, 8).uint(view, 8).fixed(fromHex(blockHash), 32).finish();
}

/** Whether a proposal is signed by a member of the group that proposes in its view. */
export function isProposal(committee: Committee, verify: Verify, proposal: Proposal): boolean {
  const { member, view, signature } = proposal;
  return (
    committee.has(member) &&
    isPlace(proposal) &&
    committee.groupOf(member) === committee.primaryOf(view) &&
    verify(committee.publicKey(member), proposalBytes(committee, proposal), signature)
  );
}
