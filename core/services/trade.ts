/**
 * The steps of a trade outside its straight path: taking back, collecting after silence, saying that nothing arrived,
 * posting on chain. For every state of an offer one of them is a way out (design: paths when somebody misbehaves).
 */
import { AppError } from '../base/app-error.ts';
import { fromHex, type Hex, toHex } from '../base/bytes.ts';
import { decodeGrantContext, decodeSourceContext } from '../crypto/context.ts';
import { createFragment } from '../crypto/re-encryption.ts';
import { decodeGrant, decodeHeader, decodeProxyShare, encodeFragment } from '../crypto/scheme-encodings.ts';
import { grantPreimage, headerPreimage } from '../crypto/scheme-hashes.ts';
import type { FinalTransaction } from '../sharing/chain.ts';
import type { MarketOffer } from '../sharing/market.ts';
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
      what: `There is no offer ${offerId} on the chain.`,
      consequence: 'Nothing was sent.',
      remedy: 'List the offers and use the id that is shown.',
    });
  const account = participant.keysOf(sideOf(participant, offer, step)).account;
  const values = step === 'post' ? [offerId, await deliveryOf(participant, offerId)] : [offerId];
  const value = step === 'notDelivered' ? ((await market.requirement(offer.requestId))?.terms.bond ?? 0n) : 0n;
  return outbox.perform(`${step.toLowerCase()}-${offerId}`, account, { contract: 'sharingMarket', method: step, arguments: values, value });
}

/** Takes back the unused escrow of a requirement after its deadline. */
export async function reclaimEscrow(participant: Participant, requestId: Hex): Promise<FinalTransaction> {
  const requirement = await participant.market.requirement(requestId);
  const pseudonym = participant.pseudonyms.find(({ address }) => address === requirement?.publisher);
  if (pseudonym === undefined) throw notYours('requirement');
  const { account } = participant.keysOf(pseudonym.index);
  return participant.outbox.perform(`reclaim-${requestId.slice(2)}`, account, {
    contract: 'sharingMarket',
    method: 'reclaim',
    arguments: [requestId],
  });
}

const ownersSteps: readonly TradeStep[] = ['revoke', 'claim', 'expire', 'post'];

/** Index of the home's pseudonym whose step this is. */
function sideOf({ pseudonyms }: Participant, offer: MarketOffer, step: TradeStep): number {
  const side = ownersSteps.includes(step) ? offer.owner : offer.consumer;
  const own = pseudonyms.find(({ address }) => address === side);
  if (own === undefined) throw notYours('offer');
  return own.index;
}

function notYours(kind: string): AppError {
  return new AppError('OFFER_NOT_YOURS', {
    what: `None of this home's pseudonyms is a side of this ${kind}.`,
    consequence: 'Nothing was sent.',
    remedy: 'Use the home that made it.',
  });
}

/** What the owner posts: the preimages of what is on chain, and t fragments made from the shares that it kept. */
async function deliveryOf(participant: Participant, offerId: string): Promise<{ header: Hex; grant: Hex; fragments: Hex[] }> {
  const { engine, parameters, random } = participant;
  const work = await offerNamed(participant, offerId);
  if (work.state !== 'granted' && work.state !== 'grant-recorded')
    throw new AppError('OFFER_NOT_GRANTED', {
      what: 'The offer is not granted yet, so there is nothing to post.',
      consequence: 'Nothing was sent.',
      remedy: 'Go on with the offer first.',
    });
  const dataset = await datasetNamed(participant, work.datasetId);
  if (dataset.state !== 'ready') throw notYours('offer');
  const header = decodeHeader(engine, fromHex(dataset.header));
  const context = decodeGrantContext(fromHex(work.context));
  const grant = decodeGrant(engine, fromHex(work.grant));
  const fragments = work.shares
    .slice(0, grant.threshold)
    .map((share) => createFragment(engine, parameters, context, grant, decodeProxyShare(engine, fromHex(share)), header, random));
  return {
    header: toHex(headerPreimage(engine, decodeSourceContext(fromHex(dataset.context)), header)),
    grant: toHex(grantPreimage(engine, context, grant)),
    fragments: fragments.map((fragment) => toHex(encodeFragment(engine, fragment))),
  };
}
