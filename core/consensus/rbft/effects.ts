/** What the machine is told, and what follows from it: the types of its `step` and `ready`. */
import type { Hex } from '../../base/bytes.ts';
import type { Committee, MemberId } from '../committee.ts';
import type { Evidence } from '../evidence.ts';
import type { ProposedBlock } from '../proposal.ts';
import type { DurableRecord } from '../record.ts';
import type { Sign } from '../signing.ts';
import type { EpochStart } from '../view-change.ts';
import type { Certificate } from '../vote.ts';
import type { Message } from './message.ts';

/** What happened. */
export type Input =
  /** Messages of one member, their signatures checked. */
  | { readonly kind: 'messages'; readonly from: MemberId; readonly messages: readonly Message[] }
  /** The verdict on a block whose execution was asked for. */
  | { readonly kind: 'executed'; readonly blockHash: Hex; readonly isFresh: boolean; readonly isValid: boolean }
  /** The block that was asked for, executed; null if there was nothing to put into one. */
  | { readonly kind: 'built'; readonly height: number; readonly view: number; readonly block: ProposedBlock | null }
  /** Whether a transaction waits that could be executed. */
  | { readonly kind: 'executable'; readonly waits: boolean }
  /** An executable transaction was left out of too many blocks that had room. */
  | { readonly kind: 'left-out' };

/** What to do, after what is written. */
export type Action =
  /** Execute a block on the last final one, and answer with `executed`. The clock is looked at only if it is fresh. */
  | { readonly kind: 'execute'; readonly block: ProposedBlock; readonly isFresh: boolean }
  /** Build a block on the last final one and execute it, and answer with `built`. */
  | { readonly kind: 'build'; readonly height: number; readonly view: number; readonly parentHash: Hex; readonly mayBeEmpty: boolean }
  /** A block is final: execute it if that was not done, and make it part of the chain. */
  | { readonly kind: 'commit'; readonly block: ProposedBlock; readonly certificate: Certificate }
  /** Send a member final blocks with their certificates, from a height on. */
  | { readonly kind: 'serve'; readonly to: MemberId; readonly fromHeight: number }
  /** Others know of a vote of this member that it forgot: it takes part no more. */
  | { readonly kind: 'votes-lost' }
  /** Others were asked, and whatever may have been forgotten does not matter any more. */
  | { readonly kind: 'votes-asked' }
  /** A member is proven to be faulty: have it recorded. */
  | { readonly kind: 'report'; readonly evidence: Evidence };

/** Messages for one member. */
export interface Packet {
  readonly to: MemberId;
  readonly messages: readonly Message[];
}

export interface Ready {
  readonly persist: readonly DurableRecord[];
  readonly send: readonly Packet[];
  readonly apply: readonly Action[];
}

export interface MachineOptions {
  readonly committee: Committee;
  readonly self: MemberId;
  readonly epochStart: EpochStart;
  readonly sign: Sign;
  /** A number from 0 to `bound` - 1. */
  readonly random: (bound: number) => number;
  /** What was written before the last stop, in its order. */
  readonly restored: readonly DurableRecord[];
  /** Whether what was written may not be all that was signed: then others are asked before anything is. */
  readonly mustAsk?: boolean;
}
