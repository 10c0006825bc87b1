/**
 * What services and workflows read from the chain. Every answer is about final state: a block that can
 * still be undone is not asked. `core/adapters/ethers-chain-reader.ts` implements it over JSON-RPC.
 */
import type { Hex } from '../base/bytes.ts';

/** Roles of an enrolled pseudonym, as bits (docs/formats.md, "Contracts"). */
export const entityRoles = { owner: 1, consumer: 2, proxy: 4, validator: 8, arbiter: 16 } as const;
/** Every role at once. */
export const entityRolesAll = 31;

/** A pseudonym in `EntityRegistry`. */
export interface ChainEntity {
  readonly pseudonym: Hex;
  /** Ed25519 public key, 32 bytes. */
  readonly requestKey: Hex;
  /** X25519 public key, 32 bytes. */
  readonly messageKey: Hex;
  /** Bits of {@link entityRoles}. */
  readonly roles: number;
  /** Unix time in seconds after which the enrolment is not live. */
  readonly expiry: bigint;
  readonly revoked: boolean;
}

/** A dataset in `DataRecords`. */
export interface ChainDataRecord {
  readonly datasetId: Hex;
  readonly owner: Hex;
  readonly datasetRoot: bigint;
  readonly headerHash: Hex;
  readonly ciphertextHash: Hex;
  readonly ciphertextSize: bigint;
}

/** States of an offer in `SharingMarket`, in the contract's order. */
export const offerStates = [
  'none',
  'proving',
  'verified',
  'accepted',
  'granted',
  'delivered',
  'disputed',
  'paid',
  'refunded',
  'expired',
  'revoked',
] as const;
export type OfferState = (typeof offerStates)[number];

/** An offer in `SharingMarket`. */
export interface ChainOffer {
  readonly offerId: bigint;
  readonly state: OfferState;
  readonly requestId: Hex;
  readonly datasetId: Hex;
  readonly owner: Hex;
  /** The consumer who published the requirement. */
  readonly consumer: Hex;
}

/** The grant of an offer in `SharingMarket`. */
export interface ChainGrant {
  readonly grantHash: Hex;
  /** t */
  readonly threshold: number;
  /** n */
  readonly proxies: number;
  /** Unix time in seconds. */
  readonly liveUntil: bigint;
  /** Whether the owner took the grant back; for good. */
  readonly revoked: boolean;
  /** Whether the contract says that proxies may transform now: granted, not revoked, not over, the money not on its way back. */
  readonly live: boolean;
}

/** Reads of the final chain. Throws AppError `CHAIN_UNREACHABLE` when the chain does not answer; null means "not there". */
export interface ChainReader {
  entity(pseudonym: Hex): Promise<ChainEntity | null>;
  dataRecord(datasetId: Hex): Promise<ChainDataRecord | null>;
  offer(offerId: bigint): Promise<ChainOffer | null>;
  grant(offerId: bigint): Promise<ChainGrant | null>;
  /** Hash of the network's public parameters as `EntityRegistry` holds it; 32 bytes. */
  parametersHash(): Promise<Hex>;
}
