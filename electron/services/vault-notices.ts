/** Tells the user what it waits for has happened: an offer arrived, was accepted, data can be received, a trade was paid. Each is told once. */
import { type Said, type Sentence, say } from '../../core/base/sentence.ts';
import type { OfferView } from '../views.ts';
import type { Vault } from './vault-context.ts';
import { offerList } from './vault-trades.ts';

/** What main shows as a notice of the system. */
export interface Notice {
  readonly kind: string;
  readonly route: string;
  readonly title: Said;
  readonly body: Said;
}

/** The words of a notice, by what a trade has come to from which side. */
const words: Readonly<Record<string, readonly [title: Sentence, body: Sentence]>> = {
  'consumer verified': [say`An offer arrived`, say`It meets your requirement: the proof was verified. You can fetch the data and accept.`],
  'consumer granted': [say`Data can be received`, say`The owner has granted you access. The data can be fetched, opened and checked.`],
  'consumer delivered': [say`Data can be received`, say`The delivery is on the chain. The data can be opened and checked.`],
  'consumer refunded': [say`You were refunded`, say`The owner did not deliver in time; the price is credited to you.`],
  'consumer revoked': [say`An offer was taken back`, say`The owner has revoked it. What you had locked is credited to you.`],
  'owner accepted': [say`Your offer was accepted`, say`The price is locked. Access is granted by itself while this program runs.`],
  'owner paid': [say`You were paid`, say`The price and your bond are credited to you and can be withdrawn.`],
  'owner refunded': [say`A trade ended without payment`, say`The consumer was refunded because time ran out.`],
};

/** Compares what trades have come to with what was seen before. */
export class VaultNotices {
  readonly #tell: (notice: Notice) => void;
  #seen: Map<string, OfferView['chainState']> | undefined;

  constructor(tell: (notice: Notice) => void) {
    this.#tell = tell;
  }

  /** Looks at every trade; what had happened before the first look is no news. */
  async look(vault: Vault): Promise<void> {
    const trades = await offerList(vault);
    const before = this.#seen;
    this.#seen = new Map(trades.map(({ offerId, side, chainState }) => [`${side} ${offerId}`, chainState]));
    if (before === undefined) return;
    for (const { offerId, side, chainState } of trades) {
      const said = before.get(`${side} ${offerId}`) === chainState ? undefined : words[`${side} ${chainState}`];
      if (said !== undefined) this.#tell({ kind: `${side}-${chainState}`, route: `/offers/${offerId}`, title: said[0], body: said[1] });
    }
  }
}
