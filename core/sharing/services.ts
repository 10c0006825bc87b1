/** The services that workflows speak to, as ports; their HTTP clients are adapters (pkg-client.ts, proxy-client.ts). */
import type { AppError } from '../base/app-error.ts';
import type { Hex } from '../base/bytes.ts';
import type { PseudonymKeys } from '../crypto/key-derivation.ts';
import type { IdentityKey } from '../crypto/scheme-algebra.ts';
import type { DeletionReceipt, SignedFragment } from './proxy-messages.ts';

/** Errors of services that pass when the network is back, or the service is whole again. */
export const passingServiceErrors: readonly string[] = [
  'SERVICE_UNREACHABLE',
  'SERVICE_ANSWER_MALFORMED',
  'SERVICE_FAILED',
  'SERVICE_BUSY',
  'SERVICE_STOPPING',
  'REQUEST_RATE_LIMITED',
];

/**
 * Which of the failures of several proxies ends a step that needed more of them: one that passes, if there is one. A proxy that refuses for
 * good must not keep the step from being repeated once the others are back.
 */
export function failureToTell(failures: readonly AppError[]): AppError | undefined {
  return failures.find(({ code }) => passingServiceErrors.includes(code)) ?? failures[0];
}

/** Cancelling and watching a transfer or other work over bytes. */
export interface TransferOptions {
  readonly signal?: AbortSignal;
  readonly onProgress?: (bytesDone: number, bytesTotal: number) => void;
}

/** The private key generator. */
export interface PkgPort {
  /** The key of `identity`, checked against the public parameters. */
  identityKey(keys: PseudonymKeys, identity: string): Promise<IdentityKey>;
}

/** One semi-trusted proxy of the network, spoken to as one pseudonym. What it answers is signed by it; whether it is right, the caller checks. */
export interface ProxyPort {
  /** Goes on where an earlier attempt stopped; harmless when the proxy has the file. */
  uploadCiphertext(file: TransferOptions & { readonly path: string; readonly sha256: Hex; readonly bytes: number }): Promise<void>;
  /** The file appears at `destination` only when its SHA-256 is right. */
  downloadCiphertext(file: TransferOptions & { readonly sha256: Hex; readonly bytes: number; readonly destination: string }): Promise<void>;
  putHeader(headerHash: Hex, header: Uint8Array, context: Uint8Array): Promise<void>;
  getHeader(headerHash: Hex): Promise<{ header: Uint8Array; context: Uint8Array }>;
  putGrant(offerId: bigint, grant: Uint8Array, context: Uint8Array, shareBox: Uint8Array): Promise<void>;
  getGrant(offerId: bigint): Promise<{ grant: Uint8Array; context: Uint8Array }>;
  fragment(offerId: bigint): Promise<SignedFragment>;
  /** Asks the proxy to delete its share of the grant of that hash; its signed word that it did. */
  deleteGrant(offerId: bigint, grantHash: Hex): Promise<DeletionReceipt>;
}

/** The network's proxies 1..n in order, spoken to as the pseudonym of `keys`. */
export type Proxies = (keys: PseudonymKeys) => readonly ProxyPort[];
