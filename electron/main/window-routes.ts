/**
 * Where the window shows a thing. A vault names a trade by its offer alone; an owner finds it under what was granted, a
 * consumer under what is received.
 */
import type { RoleName } from '../views.ts';

/** The route of a trade's screen, as its owner or its consumer sees it. */
export function tradeRoute(offerId: string, side: RoleName): string {
  return `${side === 'owner' ? '/grants/' : '/received/'}${offerId}`;
}

/** The route of a requirement's screen: of one's own, or of those that are open to an owner. */
export function requirementRoute(requestId: string, side: RoleName): string {
  return `${side === 'owner' ? '/open-requirements/' : '/requirements/'}${requestId}`;
}

/** The window's route for one that a vault has named. `kind` tells the side: a notice begins with it, work is an offer's or a purchase's. */
export function routeFor(kind: string, route: string): string {
  const offerId = /^\/offers\/(\d+)$/.exec(route)?.[1];
  if (offerId === undefined) return route;
  return tradeRoute(offerId, kind.startsWith('consumer') || kind.startsWith('purchase') ? 'consumer' : 'owner');
}
