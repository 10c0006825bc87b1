/** The services that workflows speak to, as ports; their HTTP clients are adapters. Every call is signed by the pseudonym it acts for. */
import type { Hex } from '../base/bytes.ts';
import type { PseudonymKeys } from '../crypto/key-derivation.ts';
import type { DeletionReceipt, GrantRequest, SignedFragment, StoredGrant, StoredHeader } from './proxy-messages.ts';

/** Cancelling and watching a transfer. */
export interface TransferOptions {
  readonly signal?: AbortSignal;
  readonly onProgress?: (bytesDone: number) => void;
}

/** The private key generator. */
export interface PkgPort {
  /** The encoded key of `identity`, opened from its box. The caller checks it against the public parameters. */
  identityKey(keys: PseudonymKeys, identity: string): Promise<Uint8Array>;
}

/** One semi-trusted proxy of the network. */
export interface ProxyPort {
  /** Its place in grants, 1..n. */
  readonly index: number;
  /** Ed25519, 32 bytes, pinned in the network file. */
  readonly signingKey: Hex;
  /** X25519, 32 bytes, pinned in the network file. */
  readonly messageKey: Hex;
  /** Uploads a ciphertext, going on where an earlier attempt stopped; harmless when the proxy has it. */
  upload(keys: PseudonymKeys, file: { path: string; sha256: Hex; bytes: number }, options?: TransferOptions): Promise<void>;
  /** Downloads a ciphertext to `outputPath`, which appears only when its SHA-256 is right. */
  download(keys: PseudonymKeys, file: { sha256: Hex; bytes: number }, outputPath: string, options?: TransferOptions): Promise<void>;
  putHeader(keys: PseudonymKeys, headerHash: Hex, header: Omit<StoredHeader, 'version'>): Promise<void>;
  header(keys: PseudonymKeys, headerHash: Hex): Promise<StoredHeader>;
  putGrant(keys: PseudonymKeys, offerId: bigint, grant: Omit<GrantRequest, 'version'>): Promise<void>;
  grant(keys: PseudonymKeys, offerId: bigint): Promise<StoredGrant>;
  fragment(keys: PseudonymKeys, offerId: bigint): Promise<SignedFragment>;
  /** Asks the proxy to delete its share; its signed word that it did. */
  deleteShare(keys: PseudonymKeys, offerId: bigint): Promise<DeletionReceipt>;
}
