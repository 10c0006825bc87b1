/** What members say to each other, and whether what they say is signed as it must be. */
import type { Hex } from '../../base/bytes.ts';
import type { Committee, MemberId } from '../committee.ts';
import { appendEntriesMax, catchUpBlocksMax, counterMax, knownVotesMax, messageTransactionsMax } from '../limits.ts';
import { isProposal, type Proposal, type ProposedBlock } from '../proposal.ts';
import { isRaftMessage, isTermCertificate, type RaftMessage } from '../raft/raft.ts';
import type { MemberSignature, Verify } from '../signing.ts';
import {
  type EpochStart,
  isNewView,
  isProvenStatement,
  isStatementSigned,
  type NewView,
  type ProvenStatement,
  type Statement,
} from '../view-change.ts';
import { type Certificate, type GroupVote, isCertificate, isGroupVote, isMemberVote, type MemberVote } from '../vote.ts';

/** A block with the signature of who proposes it and, once there is one, the vote of the proposer's group: that shows its authority. */
export interface Offer {
  readonly proposal: Proposal;
  readonly block: ProposedBlock;
  readonly groupVote: GroupVote | null;
}

/** What a leader replicates in its group. */
export type LogEntry =
  | { readonly kind: 'offer'; readonly offer: Offer }
  | { readonly kind: 'certificate'; readonly certificate: Certificate }
  | { readonly kind: 'new-view'; readonly newView: NewView };

/** A final block with why it is final. */
export interface CertifiedBlock {
  readonly block: ProposedBlock;
  readonly certificate: Certificate;
}

export type Message =
  | { readonly kind: 'raft'; readonly message: RaftMessage<LogEntry> }
  | { readonly kind: 'vote'; readonly vote: MemberVote }
  | { readonly kind: 'group-vote'; readonly vote: GroupVote }
  | { readonly kind: 'statement'; readonly proven: ProvenStatement }
  | LogEntry
  /** A leader shows the votes that elected it. */
  | { readonly kind: 'leading'; readonly term: number; readonly votes: readonly MemberSignature[] }
  /** Asks for whatever a member at this height and view, entered or not, should know. */
  | { readonly kind: 'poll'; readonly finalHeight: number; readonly view: number; readonly isEntered: boolean }
  /** Asks for what the sender signed, before it signs anything more; the number tells the answer from one to an earlier question. */
  | { readonly kind: 'votes-wanted'; readonly nonce: number }
  /** What is known to have been signed by the receiver, how far the sender is, and what proves that. */
  | {
      readonly kind: 'votes-known';
      readonly nonce: number;
      readonly view: number;
      readonly finalCertificate: Certificate | null;
      readonly lockCertificate: Certificate | null;
      readonly votes: readonly MemberVote[];
      readonly statement: Statement | null;
      readonly proposals: readonly Proposal[];
    }
  | { readonly kind: 'body-wanted'; readonly height: number; readonly blockHash: Hex }
  | { readonly kind: 'body'; readonly block: ProposedBlock }
  | { readonly kind: 'blocks'; readonly blocks: readonly CertifiedBlock[] }
  /** In the ledger's encoding. */
  | { readonly kind: 'transactions'; readonly transactions: readonly Uint8Array[] };

/** Whom and what signatures are checked against. */
export interface Trust {
  readonly committee: Committee;
  readonly verify: Verify;
  readonly epochStart: EpochStart;
  /** Whether a block's fields are those of its bytes. */
  readonly isWellFormed: (block: ProposedBlock) => boolean;
}

/** About how many bytes an entry has when it is sent. */
export function entryBytes(entry: LogEntry): number {
  switch (entry.kind) {
    case 'offer':
      return entry.offer.block.bytes.length + partBytes;
    case 'certificate':
      return certificateBytes(entry.certificate);
    case 'new-view': {
      const { statements, finalCertificate, lockCertificate } = entry.newView;
      return statements.length * partBytes + certificateBytes(finalCertificate) + certificateBytes(lockCertificate);
    }
  }
}

/** More than a signature with what it is under. */
const partBytes = 256;

function certificateBytes(certificate: Certificate | null): number {
  return certificate === null ? 0 : certificate.groups.reduce((bytes, { signatures }) => bytes + signatures.length * partBytes, partBytes);
}

/** Whether everything in a message that must be signed is, and blocks are what they say; `from` and `to` are who the transport says they are. */
export function isAuthentic(trust: Trust, from: MemberId, to: MemberId, message: Message): boolean {
  const { committee, verify, epochStart, isWellFormed } = trust;
  switch (message.kind) {
    case 'raft':
      return (
        isRaftMessage(committee, verify, from, to, message.message) &&
        (message.message.kind !== 'append' ||
          (message.message.entries.length <= appendEntriesMax &&
            message.message.entries.every((entry) => isAuthentic(trust, from, to, entry))))
      );
    case 'leading':
      return message.term <= counterMax && isTermCertificate(committee, verify, from, message.term, message.votes);
    case 'vote':
      return isMemberVote(committee, verify, message.vote);
    case 'group-vote':
      return isGroupVote(committee, verify, message.vote);
    case 'statement':
      return isProvenStatement(committee, verify, epochStart, message.proven);
    case 'offer':
      return isOffer(trust, message.offer);
    case 'certificate':
      return isCertificate(committee, verify, message.certificate);
    case 'new-view':
      return isNewView(committee, verify, epochStart, message.newView);
    case 'blocks':
      return (
        message.blocks.length <= catchUpBlocksMax &&
        message.blocks.every(
          ({ block, certificate }) =>
            certificate.phase === 'commit' &&
            certificate.height === block.height &&
            certificate.blockHash === block.hash &&
            isWellFormed(block) &&
            isCertificate(committee, verify, certificate),
        )
      );
    case 'body':
      return isWellFormed(message.block);
    case 'transactions':
      return message.transactions.length <= messageTransactionsMax;
    case 'poll':
      return message.finalHeight <= counterMax;
    case 'body-wanted':
      return message.height <= counterMax;
    case 'votes-wanted':
      return true;
    case 'votes-known':
      return isKnownVotes(trust, to, message);
  }
}

/** Whether the signatures are the receiver's: nobody must be made to believe that it forgot one. */
function isKnownVotes({ committee, verify }: Trust, to: MemberId, known: Extract<Message, { kind: 'votes-known' }>): boolean {
  const { view, finalCertificate, lockCertificate, votes, statement, proposals } = known;
  return (
    view <= counterMax &&
    votes.length <= knownVotesMax &&
    proposals.length <= knownVotesMax &&
    votes.every((vote) => vote.member === to && isMemberVote(committee, verify, vote)) &&
    proposals.every((proposal) => proposal.member === to && isProposal(committee, verify, proposal)) &&
    (statement === null || (statement.member === to && isStatementSigned(committee, verify, statement))) &&
    (finalCertificate === null || (finalCertificate.phase === 'commit' && isCertificate(committee, verify, finalCertificate))) &&
    (lockCertificate === null || (lockCertificate.phase === 'prepare' && isCertificate(committee, verify, lockCertificate)))
  );
}

function isOffer({ committee, verify, isWellFormed }: Trust, { proposal, block, groupVote }: Offer): boolean {
  if (!isWellFormed(block) || proposal.blockHash !== block.hash || proposal.height !== block.height || block.view > proposal.view)
    return false;
  if (!isProposal(committee, verify, proposal)) return false;
  if (groupVote === null) return true;
  return (
    groupVote.phase === 'prepare' &&
    groupVote.group === committee.primaryOf(proposal.view) &&
    groupVote.height === proposal.height &&
    groupVote.view === proposal.view &&
    groupVote.blockHash === proposal.blockHash &&
    isGroupVote(committee, verify, groupVote)
  );
}
