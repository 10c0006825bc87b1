/**
 * Proofs of misbehaviour (supervision). Each names one signer, holds nothing but its signatures, and anyone can verify it. There are three:
 * two votes for one key, two proposals for one key, and amnesia: a COMMIT, and later a statement that has forgotten it.
 * Invariant: nothing that an honest member ever signs makes a proof against it, whatever happens to the network or its disk.
 * Not here, because no proof of it could be told from a slander: wrong state roots, silence, certificates that do not verify.
 */
import type { Committee, MemberId } from './committee.ts';
import { isProposal, type Proposal } from './proposal.ts';
import type { Verify } from './signing.ts';
import { isStatementSigned, type Statement } from './view-change.ts';
import { isMemberVote, type MemberVote } from './vote.ts';

export type Evidence =
  /** One member's signatures under two hashes for one phase, height and view. */
  | { readonly kind: 'two-votes'; readonly first: MemberVote; readonly second: MemberVote }
  /** One member's proposals of two hashes for one height and view. */
  | { readonly kind: 'two-proposals'; readonly first: Proposal; readonly second: Proposal }
  /** A COMMIT in a view below that of a statement by the same member, which should name that block or a later lock. */
  | { readonly kind: 'amnesia'; readonly commit: MemberVote; readonly statement: Statement };

/** Whom a proof accuses. */
export function accusedBy(evidence: Evidence): MemberId {
  return evidence.kind === 'amnesia' ? evidence.commit.member : evidence.first.member;
}

/** Whether a proof holds. */
export function isProof(committee: Committee, verify: Verify, evidence: Evidence): boolean {
  switch (evidence.kind) {
    case 'two-votes': {
      const { first, second } = evidence;
      return (
        first.member === second.member &&
        first.phase === second.phase &&
        first.height === second.height &&
        first.view === second.view &&
        first.blockHash !== second.blockHash &&
        isMemberVote(committee, verify, first) &&
        isMemberVote(committee, verify, second)
      );
    }
    case 'two-proposals': {
      const { first, second } = evidence;
      return (
        first.member === second.member &&
        first.height === second.height &&
        first.view === second.view &&
        first.blockHash !== second.blockHash &&
        isProposal(committee, verify, first) &&
        isProposal(committee, verify, second)
      );
    }
    case 'amnesia':
      return (
        forgets(evidence.statement, evidence.commit) &&
        isMemberVote(committee, verify, evidence.commit) &&
        isStatementSigned(committee, verify, evidence.statement)
      );
  }
}

/** Whether a statement of a view above that of a COMMIT by the same member forgets the block that was committed to. */
export function forgets(statement: Statement, commit: MemberVote): boolean {
  const { phase, member, height, view, blockHash } = commit;
  if (phase !== 'commit' || member !== statement.member || view >= statement.newView) return false;
  const { finalHeight, lock } = statement;
  if (finalHeight >= height) return false;
  if (finalHeight < height - 1 || lock === null) return true;
  return lock.view < view || (lock.view === view && lock.blockHash !== blockHash);
}
