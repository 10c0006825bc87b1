/**
 * Signed transactions: the Ethereum types 0 (with the chain identifier of EIP-155), 1 (EIP-2930) and 2
 * (EIP-1559). Their fee fields are signed but charged to nobody: on this network gas costs nothing, so a
 * client that always offers a fee works unchanged. Types 3 and 4 are refused.
 */
import { type Common, createCustomCommon, Hardfork, Mainnet } from '@ethereumjs/common';
import { createTxFromRLP, paramsTx, type TypedTransaction } from '@ethereumjs/tx';
import { type Hex, toHex } from '../base/bytes.ts';
import { transactionBytesMax, transactionGasMax } from './limits.ts';
import type { Keccak256 } from './merkle-patricia-trie.ts';

/** The primitives that transactions need; an adapter fills them. */
export interface TransactionCrypto {
  readonly keccak256: Keccak256;
  /** The 64 bytes of the public key that made a secp256k1 signature; throws if there is none. */
  recoverPublicKey(messageHash: Uint8Array, signature: Uint8Array, recoveryId: number): Uint8Array;
}

/** Address and storage slots that a transaction announces (EIP-2930). */
export interface AccessListEntry {
  readonly address: Hex;
  readonly storageKeys: readonly Hex[];
}

/** A transaction whose signature was verified. */
export interface SignedTransaction {
  /** Keccak-256 of `raw`. */
  readonly hash: Hex;
  /** The encoding that was signed and is stored. */
  readonly raw: Uint8Array;
  readonly type: 0 | 1 | 2;
  readonly chainId: number;
  readonly sender: Hex;
  readonly nonce: number;
  readonly gasLimit: bigint;
  /** Receiver; null creates a contract. */
  readonly to: Hex | null;
  /** Coins, in wei. */
  readonly value: bigint;
  readonly data: Uint8Array;
  readonly accessList: readonly AccessListEntry[];
  /** Offered fees in wei per gas, never charged: the price of types 0 and 1, both bounds of type 2. */
  readonly fees: { readonly gasPrice: bigint } | { readonly maxFeePerGas: bigint; readonly maxPriorityFeePerGas: bigint };
  readonly signature: { readonly r: bigint; readonly s: bigint; readonly v: bigint };
}

/** A verdict on bytes that should be a transaction. */
export type TransactionVerdict =
  | { readonly ok: true; readonly transaction: SignedTransaction }
  | { readonly ok: false; readonly reason: string };

/** Reads transactions of one chain. */
export type TransactionDecoder = (raw: Uint8Array) => TransactionVerdict;

/**
 * Rules of the EVM that this ledger runs: Cancun, with the given primitives in place of the stock ones, and
 * with the bounds and prices that Osaka gives to modular exponentiation, without which a single transaction
 * could hold a block for a quarter of a minute.
 */
export function ledgerCommon(chainId: number, crypto: TransactionCrypto): Common {
  return createCustomCommon({ chainId, name: 'vouchsafe' }, Mainnet, {
    hardfork: Hardfork.Cancun,
    eips: [...ledgerEips],
    customCrypto: {
      keccak256: crypto.keccak256,
      ecrecover: (messageHash, v, r, s, signedChainId) => {
        const signature = new Uint8Array(64);
        signature.set(r, 32 - r.length);
        signature.set(s, 64 - s.length);
        const recoveryId = signedChainId === undefined ? (v > 1n ? v - 27n : v) : v - (2n * signedChainId + 35n);
        if (recoveryId !== 0n && recoveryId !== 1n) throw new Error('recovery identifier is not 0 or 1');
        return crypto.recoverPublicKey(messageHash, signature, Number(recoveryId));
      },
      kzg: blobsUnavailable,
    },
  });
}

/** EIP-7823 and EIP-7883: bounds and prices of modular exponentiation. */
export const ledgerEips: readonly number[] = [7823, 7883];

/** Blob commitments do not exist on this network: the point evaluation precompile always reports failure. */
const blobsUnavailable = {
  blobToKzgCommitment: refuseBlob,
  computeBlobProof: refuseBlob,
  verifyProof: () => false,
  verifyBlobProofBatch: () => false,
  computeCells: refuseBlob,
  computeCellsAndProofs: refuseBlob,
  recoverCellsAndProofs: refuseBlob,
  verifyCellKzgProofBatch: () => false,
};

function refuseBlob(): never {
  throw new Error('this network has no blobs');
}

/**
 * Loads the parameters of transactions into `common` and keeps them. Each transaction would otherwise load
 * them anew into a copy of its own, which takes most of the time of a transfer.
 */
export function fixParameters(common: Common): void {
  common.updateParams(paramsTx);
  common.updateParams = () => undefined;
}

/** A decoder for the chain of `rules`, which come from {@link ledgerCommon}. */
export function transactionDecoder(rules: Common): TransactionDecoder {
  const common = rules.copy();
  fixParameters(common);
  const chainId = common.chainId();
  return (raw) => {
    if (raw.length > transactionBytesMax) return refused(`transaction is longer than ${transactionBytesMax} bytes`);
    const kind = raw[0] as number;
    if (raw.length === 0 || (kind < 0xc0 && kind !== 1 && kind !== 2)) return refused('transaction type not supported: use type 0, 1 or 2');
    let decoded: TypedTransaction;
    let sender: Hex;
    try {
      decoded = createTxFromRLP(raw, { common, freeze: false });
      if (decoded.v === undefined || decoded.r === undefined || decoded.s === undefined) return refused('transaction is not signed');
      if (kind >= 0xc0 && decoded.v < 35n) return refused('transaction names no chain (EIP-155)');
      sender = decoded.getSenderAddress().toString() as Hex;
    } catch (error) {
      return refused(`malformed transaction: ${error instanceof Error ? error.message.split(' (')[0] : 'unreadable'}`);
    }
    if (kind < 0xc0 && 'chainId' in decoded && decoded.chainId !== chainId) return refused('transaction is for another chain');
    if (decoded.gasLimit < decoded.getIntrinsicGas())
      return refused(`intrinsic gas too low: this transaction needs at least ${decoded.getIntrinsicGas()}`);
    if (decoded.gasLimit > transactionGasMax) return refused(`gas limit is above ${transactionGasMax}`);
    if (decoded.nonce >= BigInt(Number.MAX_SAFE_INTEGER)) return refused('nonce is too large');
    return {
      ok: true,
      transaction: {
        hash: toHex(decoded.hash()),
        raw,
        type: kind >= 0xc0 ? 0 : (kind as 1 | 2),
        chainId: Number(chainId),
        sender,
        nonce: Number(decoded.nonce),
        gasLimit: decoded.gasLimit,
        to: decoded.to === undefined ? null : (decoded.to.toString() as Hex),
        value: decoded.value,
        data: decoded.data,
        accessList:
          'accessList' in decoded
            ? decoded.accessList.map(([address, keys]) => ({ address: toHex(address), storageKeys: keys.map(toHex) }))
            : [],
        fees:
          'maxFeePerGas' in decoded
            ? { maxFeePerGas: decoded.maxFeePerGas, maxPriorityFeePerGas: decoded.maxPriorityFeePerGas }
            : { gasPrice: (decoded as { gasPrice: bigint }).gasPrice },
        signature: { r: decoded.r, s: decoded.s, v: decoded.v },
      },
    };
  };
}

function refused(reason: string): TransactionVerdict {
  return { ok: false, reason };
}
