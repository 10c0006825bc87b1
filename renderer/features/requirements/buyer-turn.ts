/**
 * What an offer means to the one who asked for the data: whether it meets the requirement, whose turn it is, and which
 * actions there are now. The screen shows this and decides nothing itself.
 */
import type { OfferView } from '../../../electron/views.ts';

/** Everything that a buyer can do with an offer. */
export type BuyerAction = 'fetch' | 'accept' | 'receive' | 'confirm' | 'refund' | 'notDelivered' | 'acknowledge';

/** Key of a text (`turn.<key>`) that says where the trade stands. */
export type TurnKey =
  | 'unknown'
  | 'proving'
  | 'verified'
  | 'fetching'
  | 'checked'
  | 'accepted'
  | 'acceptedLate'
  | 'granted'
  | 'grantedLate'
  | 'opening'
  | 'received'
  | 'delivered'
  | 'disputed'
  | 'paid'
  | 'paidReceived'
  | 'refunded'
  | 'expired'
  | 'revoked';

export interface BuyerTurn {
  readonly turn: TurnKey;
  /** Whether something waits for this user now. */
  readonly mine: boolean;
  /** The one next action, and further ones that are possible. */
  readonly next: BuyerAction | null;
  readonly others: readonly BuyerAction[];
}

/**
 * Whether the proofs show that the data meets the requirement: `partly` while segments are missing, `over` where the offer ended and the
 * chain does not say any more how far it had come.
 */
export function verdictOf({ chainState, provedSegments }: OfferView): 'meets' | 'partly' | 'unproved' | 'over' {
  // The contract lets an offer past "proving" only with its aggregate proof.
  if (['verified', 'accepted', 'granted', 'delivered', 'disputed', 'paid', 'refunded'].includes(chainState)) return 'meets';
  if (provedSegments === 0) return 'unproved';
  return chainState === 'expired' || chainState === 'revoked' ? 'over' : 'partly';
}

/** Where an offer stands for its buyer at a time in Unix seconds. */
export function buyerTurn(offer: OfferView, nowSeconds: number): BuyerTurn {
  const { chainState, workState, dueAt, possibleSteps } = offer;
  const can = (step: 'refund' | 'notDelivered' | 'acknowledge'): BuyerAction[] => (possibleSteps.includes(step) ? [step] : []);
  const late = dueAt !== null && nowSeconds > dueAt;
  switch (chainState) {
    case 'none':
      // A purchase that has begun is on the chain: it only cannot be asked now.
      return waiting(workState === null ? 'proving' : 'unknown');
    case 'proving':
      return waiting('proving');
    case 'verified':
      if (late) return waiting('expired');
      if (workState === 'keyed') return mine('checked', 'accept', []);
      return mine(workState === 'fetched' ? 'fetching' : 'verified', 'fetch', ['accept']);
    case 'accepted':
      return possibleSteps.includes('refund') ? mine('acceptedLate', 'refund', []) : waiting('accepted');
    case 'granted':
      if (offer.received) return mine('received', 'confirm', can('refund'));
      if (possibleSteps.includes('refund')) return mine('grantedLate', 'receive', ['refund']);
      return mine(workState === 'opened' ? 'opening' : 'granted', 'receive', [...can('notDelivered'), ...can('acknowledge')]);
    case 'delivered':
      if (offer.received) return mine('received', 'confirm', []);
      return mine('delivered', 'receive', []);
    case 'disputed':
      return waiting('disputed');
    case 'paid':
      return offer.received ? over('paidReceived') : { turn: 'paid', mine: true, next: 'receive', others: [] };
    case 'refunded':
    case 'expired':
    case 'revoked':
      return over(chainState);
  }
}

function waiting(turn: TurnKey): BuyerTurn {
  return { turn, mine: false, next: null, others: [] };
}

function over(turn: TurnKey): BuyerTurn {
  return { turn, mine: false, next: null, others: [] };
}

function mine(turn: TurnKey, next: BuyerAction, others: readonly BuyerAction[]): BuyerTurn {
  return { turn, mine: true, next, others };
}

const reachedBy: Readonly<Record<'fetch' | 'accept' | 'receive' | 'confirm', readonly (string | null)[]>> = {
  fetch: ['keyed', 'accepted', 'opened', 'received', 'ended'],
  accept: ['accepted', 'opened', 'received', 'ended'],
  receive: ['received', 'ended'],
  confirm: ['ended'],
};

/** Whether an action of the straight path has come to its end. One that waits, for the network or for somebody, ends without an error too. */
export function isDone(action: keyof typeof reachedBy, { workState }: Pick<OfferView, 'workState'>): boolean {
  return reachedBy[action].includes(workState);
}

/** Actions that move or lock money, or cannot be taken back: they are asked about first. */
export function isAskedFirst(action: BuyerAction): boolean {
  return action !== 'fetch' && action !== 'receive';
}
