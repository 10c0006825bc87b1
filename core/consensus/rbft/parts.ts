/** What one member's machine is made of, for those that share it. */
import type { Committee, GroupId, MemberId } from '../committee.ts';
import type { Replica } from '../pbft/replica.ts';
import type { Tally } from '../pbft/tally.ts';
import type { Raft } from '../raft/raft.ts';
import type { VoteBook } from '../vote-book.ts';
import type { LogEntry } from './message.ts';
import type { OfferStore } from './offer-store.ts';
import type { Outbox } from './outbox.ts';

export interface Parts {
  readonly committee: Committee;
  readonly self: MemberId;
  readonly group: GroupId;
  /** A number from 0 to `bound` - 1. */
  readonly random: (bound: number) => number;
  readonly book: VoteBook;
  readonly replica: Replica;
  readonly tally: Tally;
  readonly raft: Raft<LogEntry>;
  readonly offers: OfferStore;
  readonly out: Outbox;
}
