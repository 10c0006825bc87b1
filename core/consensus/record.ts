/** What a member writes before anything that follows from it leaves, and reads back when it starts. */
import type { Members } from './membership.ts';
import type { ProposedBlock } from './proposal.ts';
import type { RaftState } from './raft/raft.ts';
import type { EpochStart, NewView } from './view-change.ts';
import type { Certificate } from './vote.ts';
import type { SignedRecord } from './vote-book.ts';

export type DurableRecord =
  | SignedRecord
  /** The lock, written with the COMMIT vote that it belongs to. */
  | { readonly kind: 'lock'; readonly certificate: Certificate }
  /** The view that was entered, and why: a NEW-VIEW, or a certificate of that view. */
  | { readonly kind: 'entry'; readonly view: number; readonly newView: NewView | null }
  /** A block's body, kept until its height is final. */
  | { readonly kind: 'body'; readonly block: ProposedBlock }
  | { readonly kind: 'final'; readonly certificate: Certificate }
  | { readonly kind: 'raft'; readonly state: RaftState }
  /** Others were asked for forgotten votes: nothing is signed in views below. */
  | { readonly kind: 'asked'; readonly view: number }
  /** Others know of a vote that was forgotten: nothing is signed with this key any more, in any epoch. */
  | { readonly kind: 'lost' }
  /** An epoch began after a block: what follows belongs to it. */
  | { readonly kind: 'epoch'; readonly epoch: number; readonly start: EpochStart; readonly members: Members };
