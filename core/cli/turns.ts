/** Whose turn it is in a trade, and the command that goes on: said the same way wherever an offer is shown. */
import type { MarketOffer } from '../sharing/market.ts';
import { formatSeconds } from './output.ts';

/** A side of an offer. */
export type Side = 'owner' | 'consumer';

/** A command of the program about an offer and a home, as the user types it. */
export function command(words: string, home: string): string {
  return `vouchsafe ${words} --home ${shellWord(home)}`;
}

/** A word as a POSIX shell takes it: in quotes if it has more than the characters of a plain path. */
function shellWord(text: string): string {
  return /^[\p{L}\p{N}_./~@:+-]+$/u.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

/** What an offer waits for, as `side` sees it; `offer` is what the chain has, null when it is not there yet. */
export function turnOf(offer: MarketOffer | null, offerId: string, side: Side, home: string): string {
  if (offer === null) return `Not on the chain yet. Your turn: ${command(`offer continue ${offerId}`, home)}`;
  const until = `until ${formatSeconds(offer.dueAt)}`;
  const mine = (step: string) => `Your turn, ${until}: ${command(`${step} ${offerId}`, home)}`;
  const after = (step: string) => `after that: ${command(`${step} ${offerId}`, home)}`;
  const turns: Record<Side, Partial<Record<MarketOffer['state'], string>>> = {
    owner: {
      proving: mine('offer continue'),
      verified: `Verified by the contract. The consumer's turn to accept, ${until}; ${after('offer expire')}`,
      accepted: mine('offer continue'),
      granted: `Granted. The consumer's turn to receive and confirm, ${until}; look again before that: ${command(`offer continue ${offerId}`, home)}`,
      delivered: `Delivered. The consumer's turn to confirm, ${until}; ${after('offer claim')}`,
      paid: `Paid. What the market holds for you: ${command('identity withdraw --to ADDRESS', home)}`,
    },
    consumer: {
      proving: `The owner's turn to prove, ${until}.`,
      verified: mine('purchase accept'),
      accepted: `The price is locked. The owner's turn to grant, ${until}; ${after('purchase refund')}`,
      granted: `${mine('purchase receive')}\nIf nothing arrives: ${command(`purchase not-delivered ${offerId}`, home)}`,
      delivered: `${mine('purchase receive')}; after that the owner may collect the price`,
      paid: 'Paid.',
    },
  };
  return (
    turns[side][offer.state] ??
    `The trade is over: ${offer.state}. What the market holds for you: ${command('identity withdraw --to ADDRESS', home)}`
  );
}
