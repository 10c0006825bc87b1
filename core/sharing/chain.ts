/**
 * What the workflows ask of a chain: reads at its final state, and transactions that are made durable before they
 * are sent. The adapter speaks plain Ethereum JSON-RPC, so that any EVM chain serves.
 */
import type { Hex } from '../base/bytes.ts';

/** The deployed contracts, as the network file names them. */
export type ContractName = 'entityRegistry' | 'dataRecords' | 'groth16Verifier' | 'sharingMarket';

/** A call of a contract's function, by the names of its ABI. */
export interface ContractCall {
  readonly contract: ContractName;
  readonly method: string;
  readonly arguments: readonly unknown[];
  /** Coins sent along, in wei. */
  readonly value?: bigint;
}

/** A final transaction. */
export interface FinalTransaction {
  readonly hash: Hex;
  readonly blockNumber: number;
  readonly gasUsed: bigint;
}

/** A signed transaction, before it is known to be final. */
export interface SignedTransaction {
  readonly raw: Hex;
  readonly hash: Hex;
  readonly from: Hex;
  readonly nonce: number;
}

/** What became of a transaction. */
export type TransactionFate =
  | { readonly kind: 'final'; readonly transaction: FinalTransaction }
  | { readonly kind: 'reverted'; readonly reason: string; readonly hash: Hex }
  /** Its nonce was used by another transaction: this one can never be final. */
  | { readonly kind: 'replaced' };

/** The sending side of a chain. */
export interface TransactionSender {
  /** Next nonce of the account, counting what waits in the chain's own queue. */
  nextNonce(account: Hex): Promise<number>;
  /**
   * Simulates the call at the latest state and signs it. A call that would revert is an AppError
   * `CHAIN_TRANSACTION_REJECTED` that names the contract's reason; nothing is sent.
   */
  prepare(call: ContractCall, privateKey: Uint8Array, nonce: number): Promise<SignedTransaction>;
  /** Whether the transaction does what the call asks for. */
  carries(transaction: SignedTransaction, call: ContractCall): boolean;
  /** Hands the transaction to the chain (again, if it has it already) and waits until its fate is final. */
  deliver(transaction: SignedTransaction, signal?: AbortSignal): Promise<TransactionFate>;
}
