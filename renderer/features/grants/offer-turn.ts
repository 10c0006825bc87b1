/** Whose turn an offer is, how far the trade has come, and what each possible step would do. As its owner sees it. Pure. */
import type { OfferView } from '../../../electron/views.ts';

/** The straight path of a trade, for a list of progress. */
export const tradeStages = ['made', 'verified', 'accepted', 'granted', 'delivered', 'paid'] as const;
export type TradeStage = (typeof tradeStages)[number];

/** A stage as it is shown. */
export interface StageView {
  readonly id: TradeStage;
  readonly state: 'done' | 'running' | 'waiting' | 'failed';
}

type ChainState = OfferView['chainState'];
const reachedBy: Record<ChainState, number> = {
  none: -1,
  proving: 0,
  verified: 1,
  accepted: 2,
  granted: 3,
  disputed: 4,
  delivered: 4,
  paid: 5,
  refunded: 2,
  expired: 0,
  revoked: 0,
};
const over: ReadonlySet<ChainState> = new Set(['paid', 'refunded', 'expired', 'revoked']);

/** Whether the trade is over on chain. */
export function isOver({ chainState }: Pick<OfferView, 'chainState'>): boolean {
  return over.has(chainState);
}

/** The stages. A trade that ended early shows the first stage that it will not reach as failed. */
export function stagesOf(offer: Pick<OfferView, 'chainState' | 'grant' | 'provedSegments' | 'segmentCount'>): readonly StageView[] {
  const { chainState, grant, provedSegments, segmentCount } = offer;
  let reached = reachedBy[chainState];
  const endedEarly = isOver(offer) && chainState !== 'paid';
  // The end alone does not tell where it came from; what the trade left behind does.
  if (endedEarly && segmentCount !== null && provedSegments === segmentCount) reached = Math.max(reached, 1);
  if (endedEarly && grant !== null) reached = Math.max(reached, 3);
  return tradeStages.map((id, index): StageView => {
    if (index <= reached) return { id, state: 'done' };
    if (index > reached + 1) return { id, state: 'waiting' };
    return { id, state: endedEarly ? 'failed' : 'running' };
  });
}

/** The key of the sentence that says whose turn it is, under `turn.` in the catalogue. */
export function turnKey({ chainState, waitsFor, workState, possibleSteps }: OfferView): string {
  if (chainState === 'granted' && workState === 'grant-recorded') return 'granted.delivering-shares';
  if (chainState === 'granted' && waitsFor !== 'consumer' && possibleSteps.includes('post')) return 'granted.asked-to-post';
  if (chainState === 'verified' && possibleSteps.includes('expire')) return 'verified.over';
  if (chainState === 'delivered' && possibleSteps.includes('claim')) return 'delivered.over';
  return chainState;
}

/** Whether this installation has something to do for the offer, other than the steps that end it. */
export function canContinue({ workState, chainState, waitsFor }: OfferView): boolean {
  if (workState === null || workState === 'ended') return false;
  if (over.has(chainState)) return false;
  return waitsFor === 'me' || waitsFor === 'owner' || waitsFor === 'proxies' || chainState === 'none';
}

/** What a step does, under `step.` in the catalogue: revoking has other consequences in each phase. */
export function stepKey(step: OfferView['possibleSteps'][number], { chainState }: Pick<OfferView, 'chainState'>): string {
  if (step !== 'revoke') return step;
  if (chainState === 'accepted' || chainState === 'granted') return 'revoke.promised';
  if (chainState === 'delivered' || chainState === 'paid') return 'revoke.grant';
  return 'revoke.offer';
}

/** Whether a step takes something away that does not come back, so that it is asked about in red. */
export function isDangerous(step: OfferView['possibleSteps'][number]): boolean {
  return step === 'revoke';
}

/** Which offers a list shows. */
export type OfferFilter = 'running' | 'my-turn' | 'ended' | 'all';

/** The owner's offers under a filter, those that wait for the user first, then the ones that are due sooner. */
export function listedOffers(offers: readonly OfferView[], filter: OfferFilter): readonly OfferView[] {
  const turn = (offer: OfferView) => (isMyTurn(offer) ? 0 : isOver(offer) ? 2 : 1);
  return offers
    .filter((offer) => {
      if (offer.side !== 'owner') return false;
      if (filter === 'running') return !isOver(offer);
      if (filter === 'ended') return isOver(offer);
      return filter === 'all' || isMyTurn(offer);
    })
    .toSorted(
      (left, right) => turn(left) - turn(right) || (left.dueAt ?? Number.MAX_SAFE_INTEGER) - (right.dueAt ?? Number.MAX_SAFE_INTEGER),
    );
}

/** Whether the owner is waited for, or can take something that is due. */
export function isMyTurn(offer: OfferView): boolean {
  if (isOver(offer)) return false;
  if (offer.waitsFor === 'me' || offer.waitsFor === 'owner') return true;
  return offer.possibleSteps.some((step) => step === 'claim' || step === 'expire');
}
