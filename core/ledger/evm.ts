/**
 * The port through which the ledger executes: an EVM over the committed state. A block is executed in an
 * overlay, one transaction at a time; the overlay reaches the state only through `adopt`, after its writes
 * are durable. Execution is deterministic: it depends on the state, the context and the transactions alone.
 */
import type { Hex } from '../base/bytes.ts';
import type { GenesisAccount } from './genesis.ts';
import type { StoreWrite } from './ledger-store.ts';
import type { Log } from './receipt.ts';
import type { AccessListEntry, SignedTransaction } from './transaction.ts';

/** The block that a transaction sees. Base fee, difficulty, coinbase and randomness are zero. */
export interface BlockContext {
  readonly height: number;
  readonly timestampSeconds: number;
  /** Hash of an earlier block, for BLOCKHASH. */
  blockHash(height: number): Hex | undefined;
}

/** What one transaction did, or why it cannot be part of a block here. */
export type TransactionOutcome =
  | {
      readonly kind: 'executed';
      readonly succeeded: boolean;
      readonly gasUsed: bigint;
      readonly logs: readonly Log[];
      readonly contractAddress: Hex | null;
    }
  | { readonly kind: 'invalid'; readonly reason: string };

/** The state after a block, not yet part of the committed state. */
export interface StateChange {
  readonly stateRoot: Hex;
  /** What brings the store there; to be written in one batch with the block. */
  readonly writes: readonly StoreWrite[];
}

/** A block in execution. At most one is open, and no call runs meanwhile: the ledger sees to it. */
export interface BlockExecution {
  run(transaction: SignedTransaction): Promise<TransactionOutcome>;
  /** Ends the execution. */
  seal(): StateChange;
}

/** A call that changes nothing. */
export interface CallRequest {
  readonly from: Hex;
  readonly to: Hex | null;
  readonly value: bigint;
  readonly data: Uint8Array;
  readonly gasLimit: bigint;
  readonly accessList: readonly AccessListEntry[];
}

/** What a call returned. `gasUsed` includes the intrinsic gas, before refunds. */
export type CallOutcome =
  | { readonly kind: 'returned'; readonly data: Uint8Array; readonly gasUsed: bigint }
  | { readonly kind: 'reverted'; readonly data: Uint8Array; readonly gasUsed: bigint }
  | { readonly kind: 'failed'; readonly reason: string };

/** An account of the committed state. */
export interface AccountState {
  readonly nonce: number;
  readonly balance: bigint;
}

/** An EVM over the committed state. */
export interface Evm {
  /** The state that holds nothing but these coins and contracts; only where the committed state is empty. */
  genesis(accounts: readonly GenesisAccount[]): StateChange;
  begin(context: BlockContext): BlockExecution;
  /** Makes a sealed change the committed state. Its writes must be durable. */
  adopt(change: StateChange): void;
  call(request: CallRequest, context: BlockContext): Promise<CallOutcome>;
  account(address: Hex): AccountState;
  code(address: Hex): Uint8Array;
  /** The 32 bytes of a storage slot. */
  storage(address: Hex, slot: Uint8Array): Uint8Array;
}
