/**
 * The steps of a trade outside its straight path: taking back, collecting after silence, saying that nothing arrived,
 * posting on chain. For every state of an offer one of them is a way out (docs/formats.md, "Contracts").
 */
import { AppError, isAppError } from '../base/app-error.ts';
import type { Hex } from '../base/bytes.ts';
import { type Sentence, say } from '../base/sentence.ts';
import type { ChainAccount } from '../crypto/key-derivation.ts';
import type { FinalTransaction } from '../sharing/chain.ts';
import type { ChainGrant } from '../sharing/chain-reader.ts';
import type { MarketOffer, PostedDelivery } from '../sharing/market.ts';
import { deliveryToPost } from '../sharing/offer-workflow.ts';
import { datasetNamed, offerNamed } from './owner.ts';
import type { Participant } from './participant.ts';

/** Steps that one side takes on its own. */
export type TradeStep = 'revoke' | 'claim' | 'expire' | 'refund' | 'acknowledge' | 'notDelivered' | 'post';

/** Takes the step and gives its final transaction. The contract refuses what does not belong to the offer's state or side. */
export async function trade(participant: Participant, step: TradeStep, offerId: string): Promise<FinalTransaction> {
  const { market, outbox } = participant;
  const offer = await market.marketOffer(BigInt(offerId));
  if (offer === null)
    throw new AppError('OFFER_UNKNOWN', {
      what: say`There is no offer ${offerId} on the chain.`,
      consequence: 'Nothing was sent.',
      remedy: 'List the offers and use the id that is shown.',
    });
  const account = participant.keysOf(sideOf(participant, offer, step)).account;
  const values = step === 'post' ? [offerId, await ownDelivery(participant, offerId)] : [offerId];
  const value = step === 'notDelivered' ? ((await market.requirement(offer.requestId))?.terms.bond ?? 0n) : 0n;
  try {
    const name = `${step.toLowerCase()}-${offerId}`;
    const call = { contract: 'sharingMarket', method: step, arguments: values, value } as const;
    // The contract takes further postings, which may be better than the first; of every other step it takes one.
    return await (step === 'post' ? outbox.performAgain(name, account, call) : outbox.perform(name, account, call));
  } catch (error) {
    throw inWords(error, step, offer);
  }
}

const stateWords: Readonly<Record<MarketOffer['state'], Sentence>> = {
  none: say`none`,
  proving: say`proving`,
  verified: say`verified`,
  accepted: say`accepted`,
  granted: say`granted`,
  delivered: say`delivered`,
  disputed: say`disputed`,
  paid: say`paid`,
  refunded: say`refunded`,
  expired: say`expired`,
  revoked: say`revoked`,
};

/** What the contract refused because of the offer's state or clock, said to a person. */
function inWords(error: unknown, step: TradeStep, offer: MarketOffer): unknown {
  if (!isAppError(error, 'CHAIN_TRANSACTION_REJECTED')) return error;
  const reason = String(error.data.reason);
  const early = reason.startsWith('TooEarly');
  if (!early && !reason.startsWith('WrongState')) return error;
  const due = new Date(Number(offer.dueAt) * 1000);
  return new AppError(
    early ? 'OFFER_TOO_EARLY' : 'OFFER_WRONG_STATE',
    {
      what: early
        ? say`The other side still has time until ${due}.`
        : say`The offer is ${stateWords[offer.state]}; "${step}" does not belong to that state.`,
      consequence: 'Nothing was sent; offer and money are as they were.',
      remedy: early ? 'Repeat the step after that time.' : 'Look at the activity of the offer to see what it waits for.',
    },
    { data: { step, state: offer.state, reason }, cause: error },
  );
}

/** Adds to the escrow of one's own requirement, so that more offers can be accepted. Each call is a payment of its own. */
export async function addEscrow(participant: Participant, requestId: Hex, wei: bigint): Promise<FinalTransaction> {
  const account = await publisherOf(participant, requestId);
  return participant.outbox.performAgain(`fund-${requestId.slice(2)}`, account, {
    contract: 'sharingMarket',
    method: 'fund',
    arguments: [requestId],
    value: wei,
  });
}

/** The account of this home that published the requirement. */
async function publisherOf(participant: Participant, requestId: Hex): Promise<ChainAccount> {
  const requirement = await participant.market.requirement(requestId);
  const pseudonym = participant.pseudonyms.find(({ address }) => address === requirement?.publisher);
  if (pseudonym === undefined) throw notYours(say`requirement`);
  return participant.keysOf(pseudonym.index).account;
}

/** Takes back the unused escrow of a requirement after its deadline. */
export async function reclaimEscrow(participant: Participant, requestId: Hex): Promise<FinalTransaction> {
  const account = await publisherOf(participant, requestId);
  return participant.outbox.perform(`reclaim-${requestId.slice(2)}`, account, {
    contract: 'sharingMarket',
    method: 'reclaim',
    arguments: [requestId],
  });
}

/** Which of these steps the contract takes from a side at `now`, in Unix seconds (docs/formats.md, "Contracts"). */
export function possibleSteps(
  side: 'owner' | 'consumer',
  offer: Pick<MarketOffer, 'state' | 'dueAt' | 'consumerBond'>,
  grant: Pick<ChainGrant, 'revoked'> | null,
  now: bigint,
): TradeStep[] {
  const { state } = offer;
  const over = now > offer.dueAt;
  const granted = state === 'granted';
  if (side === 'consumer') {
    if (state === 'accepted' || granted) {
      if (over) return ['refund'];
      if (granted) return offer.consumerBond === 0n ? ['acknowledge', 'notDelivered'] : ['acknowledge'];
    }
    return [];
  }
  const steps: TradeStep[] = [];
  if ((granted && !over) || state === 'delivered') steps.push('post');
  if (state === 'delivered' && over) steps.push('claim');
  if ((state === 'proving' || state === 'verified') && over) steps.push('expire');
  const revocable = ['proving', 'verified', 'accepted', 'granted'].includes(state);
  if (revocable || ((state === 'delivered' || state === 'paid') && grant?.revoked === false)) steps.push('revoke');
  return steps;
}

const ownersSteps: readonly TradeStep[] = ['revoke', 'claim', 'expire', 'post'];

/** Index of the home's pseudonym whose step this is. */
function sideOf({ pseudonyms }: Participant, offer: MarketOffer, step: TradeStep): number {
  const side = ownersSteps.includes(step) ? offer.owner : offer.consumer;
  const own = pseudonyms.find(({ address }) => address === side);
  if (own === undefined) throw notYours(say`offer`);
  return own.index;
}

function notYours(kind: Sentence): AppError {
  return new AppError('OFFER_NOT_YOURS', {
    what: say`None of this home's pseudonyms is a side of this ${kind}.`,
    consequence: 'Nothing was sent.',
    remedy: 'Use the home that made it.',
  });
}

/** What the owner of this home posts for an offer that it has granted. */
async function ownDelivery(participant: Participant, offerId: string): Promise<PostedDelivery> {
  const { engine, parameters, random } = participant;
  const work = await offerNamed(participant, offerId);
  const dataset = await datasetNamed(participant, work.datasetId);
  if ((work.state === 'granted' || work.state === 'grant-recorded') && dataset.state === 'ready')
    return deliveryToPost(engine, parameters, dataset, work, random);
  throw new AppError('OFFER_NOT_GRANTED', {
    what: 'The offer is not granted yet, or is over, so there is nothing to post.',
    consequence: 'Nothing was sent.',
    remedy: 'Go on with the offer first.',
  });
}
