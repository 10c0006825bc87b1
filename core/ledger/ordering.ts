/**
 * The port to whatever orders blocks (RBFT, or the one local proposer). The ordering decides which block
 * comes next and why it is final; the ledger builds proposals from its mempool, executes, and makes final
 * blocks durable. Executing commits nothing: several proposals of one height may be executed, one is
 * committed.
 */
import type { Hex } from '../base/bytes.ts';
import type { Block, BlockHeader, Certificate } from './block.ts';
import type { AccountState, StateChange } from './evm.ts';
import type { Misbehaviour } from './misbehaviour.ts';
import type { Receipt } from './receipt.ts';
import type { LedgerEpoch } from './system-transactions.ts';
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

/** Whether a transaction was acknowledged. `quota`: nothing is wrong with it, but its account or the pool has no room for it now. */
export type SubmitVerdict =
  | { readonly ok: true; readonly hash: Hex }
  | { readonly ok: false; readonly reason: string; readonly quota: boolean };

/** Where in the protocol a proposal is made; its epoch follows from the chain. */
export interface ProposalPlace {
  readonly view: number;
}

/** What the ledger offers to the ordering. */
export interface OrderedLedger {
  readonly genesisHash: Hex;
  head(): { readonly header: BlockHeader; readonly hash: Hex };
  /** The epoch of the next block. */
  readonly epoch: LedgerEpoch;
  /** An epoch that has begun. */
  epochAt(number: number): LedgerEpoch | undefined;
  /** Whether a transaction waits that its account could execute now. */
  hasExecutable(): boolean;
  /** Calls back whenever {@link hasExecutable} may have changed. */
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
  /** A final block with its certificate; the genesis block has none. */
  certifiedAt(height: number): { readonly block: Block; readonly certificate: Certificate } | undefined;
  /** Calls back with each transaction of a client, in its signed encoding, once it is durable. */
  onSubmitted(listener: (raw: Uint8Array) => void): void;
  /** Calls back when `blocksLeftOutMax` final blocks passed over a transaction that could have been in them. */
  onLeftOut(listener: () => void): void;
  /** The transactions that wait, in their signed encoding. */
  waitingTransactions(): Iterable<Uint8Array>;
  readonly chainId: number;
  account(address: Hex): AccountState;
  /** Takes a transaction of this node's own as one of a client. */
  submit(raw: Uint8Array): Promise<SubmitVerdict>;
  /** What a transaction has to say to have misbehaviour recorded; null if its proof does not hold, or it is recorded. */
  recordCall(misbehaviour: Misbehaviour): Uint8Array | null;
  /** Takes a transaction that another validator passed on: that one keeps it. False if it is known, final or refused. */
  take(raw: Uint8Array): boolean;
  /** Whether a transaction waits here. */
  isWaiting(raw: Uint8Array): boolean;
}

/** Something that orders the blocks of a ledger. */
export interface Ordering {
  /** Where it stands, as a JSON value for operators. */
  status(): unknown;
  /** Ends after the block in progress. */
  stop(): Promise<void>;
}
