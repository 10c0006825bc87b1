/**
 * The port to whatever orders blocks (RBFT, or the one local proposer). The ordering decides which block
 * comes next and why it is final; the ledger builds proposals from its mempool, executes, and makes final
 * blocks durable. Executing commits nothing: several proposals of one height may be executed, one is
 * committed.
 */
import type { Hex } from '../base/bytes.ts';
import type { Block, BlockHeader, Certificate } from './block.ts';
import type { StateChange } from './evm.ts';
import type { Receipt } from './receipt.ts';
import type { SignedTransaction } from './transaction.ts';

/** A block that was executed on the current head: valid, and ready to be committed. */
export interface ExecutedBlock {
  readonly hash: Hex;
  readonly block: Block;
  readonly transactions: readonly SignedTransaction[];
  readonly receipts: readonly Receipt[];
  readonly change: StateChange;
}

/** A verdict on a proposal of someone else. */
export type BlockVerdict = { readonly ok: true; readonly executed: ExecutedBlock } | { readonly ok: false; readonly reason: string };

/** Where in the protocol a proposal is made. */
export interface ProposalPlace {
  readonly epoch: number;
  readonly view: number;
}

/** What the ledger offers to the ordering. */
export interface OrderedLedger {
  readonly genesisHash: Hex;
  head(): { readonly header: BlockHeader; readonly hash: Hex };
  /** Whether a transaction waits that its account could execute now. */
  hasExecutable(): boolean;
  /** Calls back whenever {@link hasExecutable} may have become true. */
  onExecutable(listener: () => void): void;
  /** Builds and executes the next block from the mempool; it may be empty. */
  propose(place: ProposalPlace): Promise<ExecutedBlock>;
  /**
   * Executes a proposal on the head and compares the roots. `checkClock` is false only for a block that a
   * new view proposes again byte for byte.
   */
  verify(block: Block, options: { checkClock: boolean }): Promise<BlockVerdict>;
  /** Makes an executed block final: durable with its certificate, and only then visible. */
  commit(executed: ExecutedBlock, certificate: Certificate): Promise<void>;
}

/** Something that orders blocks. */
export interface Ordering {
  /** Begins; called once, when the ledger is open. */
  start(ledger: OrderedLedger): void;
  /** Ends after the block in progress. */
  stop(): Promise<void>;
}
