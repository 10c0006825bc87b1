/**
 * What was read from the chain since its last block: windows ask often and for the same. A read that fails is not remembered. What can never
 * change is kept for good.
 */
import type { Hex } from '../../core/base/bytes.ts';
import type { Participant } from '../../core/services/participant.ts';
import { rememberRequirement } from '../../core/services/requirements-seen.ts';
import type { ChainDataRecord, ChainGrant } from '../../core/sharing/chain-reader.ts';
import type { MarketOffer, MarketRequirement, TimelineEntry } from '../../core/sharing/market.ts';

const noId: Hex = `0x${'00'.repeat(32)}`;

/** Whether an offer is at its end, where the contract holds no money for it. */
export function isOver(state: MarketOffer['state']): boolean {
  return state === 'paid' || state === 'refunded' || state === 'expired' || state === 'revoked';
}

/** Reads of the chain that are asked once a block. */
export class ChainMemory {
  readonly #participant: Participant;
  readonly #known = new Map<string, Promise<unknown>>();
  /** Offers that nothing changes any more. */
  readonly #over = new Map<string, MarketOffer>();

  constructor(participant: Participant) {
    this.#participant = participant;
  }

  /** Forgets what a new block, or a transaction of our own, may have changed. */
  forget(): void {
    this.#known.clear();
  }

  requirement(requestId: Hex): Promise<MarketRequirement | null> {
    const { market, documents, hash } = this.#participant;
    return this.#once(`requirement ${requestId}`, async () => {
      const requirement = await market.requirement(requestId);
      if (requirement !== null) await rememberRequirement(documents, requirement, hash);
      return requirement;
    });
  }

  requirementIds(): Promise<Hex[]> {
    return this.#once('requirements', () => this.#participant.market.requirementIds());
  }

  async offer(offerId: string): Promise<MarketOffer | null> {
    const over = this.#over.get(offerId);
    if (over !== undefined) return over;
    const offer = await this.#once(`offer ${offerId}`, () => this.#participant.market.marketOffer(BigInt(offerId)));
    if (offer !== null && isOver(offer.state)) this.#over.set(offerId, offer);
    return offer;
  }

  offersOf(requestId: Hex): Promise<bigint[]> {
    return this.#once(`offers ${requestId}`, () => this.#participant.market.offerIds({ requestId }));
  }

  grant(offerId: string): Promise<ChainGrant | null> {
    return this.#once(`grant ${offerId}`, () => this.#participant.chain.grant(BigInt(offerId)));
  }

  dataRecord(datasetId: Hex): Promise<ChainDataRecord | null> {
    return this.#once(`record ${datasetId}`, () => this.#participant.chain.dataRecord(datasetId));
  }

  /** Whether the operator has revoked a pseudonym. */
  async isRevoked(pseudonym: Hex): Promise<boolean> {
    return (await this.#once(`entity ${pseudonym}`, () => this.#participant.chain.entity(pseudonym)))?.revoked === true;
  }

  timeSeconds(): Promise<bigint> {
    return this.#once('time', () => this.#participant.market.timeSeconds());
  }

  credit(account: Hex): Promise<bigint> {
    return this.#once(`credit ${account}`, () => this.#participant.market.credit(account));
  }

  balance(account: Hex): Promise<bigint> {
    return this.#once(`balance ${account}`, () => this.#participant.market.balance(account));
  }

  /** Every event of an offer with its requirement and dataset. */
  timelineOfOffer({ offerId, requestId, datasetId }: MarketOffer): Promise<TimelineEntry[]> {
    return this.#timeline(offerId, requestId, datasetId);
  }

  /** Every event of a dataset alone. */
  timelineOfDataset(datasetId: Hex): Promise<TimelineEntry[]> {
    return this.#timeline(0n, noId, datasetId);
  }

  /** Every event that names a requirement first: its publication, and what became of its escrow. */
  timelineOfRequirement(requestId: Hex): Promise<TimelineEntry[]> {
    return this.#timeline(BigInt(requestId), noId, noId);
  }

  #timeline(offerId: bigint, requestId: Hex, datasetId: Hex): Promise<TimelineEntry[]> {
    const subject = { offerId, requestId, datasetId, state: 'none', owner: noId, consumer: noId } as const;
    return this.#once(`timeline ${offerId} ${requestId} ${datasetId}`, () => this.#participant.market.timeline(subject));
  }

  #once<Answer>(question: string, ask: () => Promise<Answer>): Promise<Answer> {
    const known = this.#known.get(question) as Promise<Answer> | undefined;
    if (known !== undefined) return known;
    const asked = ask();
    this.#known.set(question, asked);
    asked.catch(() => {
      if (this.#known.get(question) === asked) this.#known.delete(question);
    });
    return asked;
  }
}
