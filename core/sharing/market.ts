/**
 * The market as workflows see it: requirements with their terms, offers with their money and clocks, and the
 * timeline of everything that happened (paper, section 8.5). `core/adapters/ethers-market.ts` reads it.
 */
import type { Hex } from '../base/bytes.ts';
import type { RequirementFields } from '../proofs/requirement.ts';
import type { RequirementDocument } from '../proofs/requirement-document.ts';
import type { ChainOffer } from './chain-reader.ts';

/** Conditions of trade. Amounts in wei, times in Unix seconds, windows in seconds. */
export interface MarketTerms {
  readonly price: bigint;
  readonly bond: bigint;
  readonly deadline: bigint;
  readonly grantWindow: bigint;
  readonly deliverWindow: bigint;
  readonly confirmWindow: bigint;
  readonly currency: Hex;
  readonly exclusiveUntil: bigint;
  readonly arbitersHash: Hex;
}

/** A published requirement. */
export interface MarketRequirement {
  readonly requestId: Hex;
  readonly state: 'open' | 'closed';
  readonly publisher: Hex;
  /** Wei not locked for any offer. */
  readonly escrow: bigint;
  /** h' */
  readonly requirementHash: bigint;
  readonly fields: RequirementFields;
  /** What its author wrote; null unless exactly these fields follow from it. */
  readonly document: RequirementDocument | null;
  readonly terms: MarketTerms;
}

/** An offer with its clocks and amounts. */
export interface MarketOffer extends ChainOffer {
  readonly deadline: bigint;
  /** Last second of whoever is waited for. */
  readonly dueAt: bigint;
  readonly provedRows: bigint;
  readonly provedSegments: number;
  readonly datasetRoot: bigint;
  readonly templateId: Hex;
  readonly binding: bigint;
  readonly price: bigint;
  readonly ownerBond: bigint;
  readonly consumerBond: bigint;
}

/** What an owner or a proxy posted on chain for an offer. */
export interface PostedDelivery {
  /** ctx, C1, C2, C4 as hashed into the header hash. */
  readonly header: Hex;
  /** grantCtx, t, n, proxies, K1, W, R as hashed into the grant hash. */
  readonly grant: Hex;
  readonly fragments: readonly Hex[];
}

/** One step on chain: an event of one of the contracts. */
export interface TimelineEntry {
  readonly event: string;
  readonly contract: 'entityRegistry' | 'dataRecords' | 'sharingMarket';
  readonly blockNumber: number;
  readonly transactionHash: Hex;
  /** The event's fields by name; integers in decimal. */
  readonly fields: Readonly<Record<string, string>>;
}

/** Reads of the market at the final state of the chain. */
export interface MarketReader {
  requirement(requestId: Hex): Promise<MarketRequirement | null>;
  /** Ids of all requirements, oldest first. */
  requirementIds(filter?: { publisher?: Hex }): Promise<Hex[]>;
  marketOffer(offerId: bigint): Promise<MarketOffer | null>;
  /** Ids of offers, oldest first. */
  offerIds(filter: { requestId?: Hex; owner?: Hex }): Promise<bigint[]>;
  /** Segment indices that the contract has accepted for the offer. */
  provedSegments(offerId: bigint): Promise<ReadonlySet<number>>;
  /** Stored partials of segments 0..count-1. */
  partials(offerId: bigint, count: number): Promise<bigint[]>;
  /** EIP-712 struct hash of a data record, which an acceptance names. */
  recordHash(datasetId: Hex): Promise<Hex>;
  /** The deliveries posted on chain, oldest first: a later one may be better than an earlier one, or worse. */
  postedDeliveries(offerId: bigint): Promise<PostedDelivery[]>;
  /** Wei that the account can withdraw from the market. */
  credit(account: Hex): Promise<bigint>;
  /** Wei of the account itself. */
  balance(account: Hex): Promise<bigint>;
  /** Unix seconds by which a transaction sent now would be judged: the newest block's, or this machine's where the chain has been idle. */
  timeSeconds(): Promise<bigint>;
  /** Every event that concerns the offer, its requirement or its dataset, in order. */
  timeline(offer: ChainOffer): Promise<TimelineEntry[]>;
}
