/** What waits for the user and what waits for others, from everything that a profile has under way. Pure; texts are keys. */
import type { ResponseOf } from '../../../electron/ipc-contract.ts';
import type { AppView, DatasetView, IdentityView, OfferView, RequirementView } from '../../../electron/views.ts';
import { isMyTurn, isOver, turnKey } from '../grants/offer-turn.ts';
import { bestFit } from '../open-requirements/matching.ts';
import { buyerTurn } from '../requirements/buyer-turn.ts';

/** A line of the home screen. */
export interface WaitingItem {
  readonly id: string;
  readonly kind: 'offer' | 'purchase' | 'dataset' | 'requirement' | 'identity' | 'backup' | 'phrase' | 'outbox';
  /** Area and key of the sentence. */
  readonly text: { readonly area: string; readonly key: string; readonly values?: Readonly<Record<string, string | number>> };
  /** What it is about, where it has a name. */
  readonly subject: string | null;
  readonly to: string;
  readonly dueAt: number | null;
}

/** Everything that is looked at; null where the answer is not there yet. */
export interface UnderWay {
  readonly app: AppView;
  readonly offers: readonly OfferView[];
  readonly datasets: readonly DatasetView[];
  readonly open: ResponseOf<'requirement.open'>;
  readonly mine: readonly RequirementView[];
  readonly outbox: ResponseOf<'outbox.list'>;
  readonly identity: IdentityView | null;
  readonly nowSeconds: number;
}

const home = (key: string, values?: Readonly<Record<string, string | number>>) =>
  values === undefined ? { area: 'home', key } : { area: 'home', key, values };

/** The lines of both sides; what is due sooner comes first. */
export function waitingItems(world: UnderWay): { readonly forMe: readonly WaitingItem[]; readonly forOthers: readonly WaitingItem[] } {
  const forMe: WaitingItem[] = [];
  const forOthers: WaitingItem[] = [];
  for (const offer of world.offers) {
    if (offer.side === 'owner') {
      if (isOver(offer)) continue;
      (isMyTurn(offer) ? forMe : forOthers).push({
        id: `offer-${offer.offerId}`,
        kind: 'offer',
        text: { area: 'grants', key: `turn.${turnKey(offer)}` },
        subject: offer.datasetName,
        to: `/grants/${offer.offerId}`,
        dueAt: offer.dueAt,
      });
    } else {
      const { turn, mine, next } = buyerTurn(offer, world.nowSeconds);
      if (isOver(offer) && !mine) continue;
      (mine && next !== null ? forMe : forOthers).push({
        id: `purchase-${offer.offerId}`,
        kind: 'purchase',
        text: { area: 'requirements', key: `turn.${turn}` },
        subject: null,
        to: `/requirements/${offer.requestId}`,
        dueAt: isOver(offer) ? null : offer.dueAt,
      });
    }
  }
  addOwn(world, forMe, forOthers);
  const soonest = (first: WaitingItem, second: WaitingItem) =>
    (first.dueAt ?? Number.MAX_SAFE_INTEGER) - (second.dueAt ?? Number.MAX_SAFE_INTEGER);
  return { forMe: forMe.toSorted(soonest), forOthers: forOthers.toSorted(soonest) };
}

/** What is not about a trade. */
function addOwn({ app, offers, datasets, open, mine, outbox, identity }: UnderWay, forMe: WaitingItem[], forOthers: WaitingItem[]): void {
  if (identity !== null && identity.state !== 'enrolled') {
    (identity.state === 'pending' ? forOthers : forMe).push({
      id: 'identity',
      kind: 'identity',
      text: { area: 'settings', key: `identity.${identity.state}` },
      subject: null,
      to: '/settings/identity',
      dueAt: null,
    });
  }
  for (const dataset of datasets) {
    if (dataset.obstacle === null || dataset.state === 'ready') continue;
    forMe.push({
      id: `dataset-${dataset.datasetId}`,
      kind: 'dataset',
      text: home('dataset.stopped'),
      subject: dataset.name,
      to: `/datasets/${dataset.datasetId}`,
      dueAt: null,
    });
  }
  const offered = new Set(offers.filter(({ side }) => side === 'owner').map(({ requestId }) => requestId));
  for (const { requirement, matches } of open) {
    if (requirement.mine || requirement.state !== 'open' || offered.has(requirement.requestId) || bestFit(matches) === 'no') continue;
    forMe.push({
      id: `match-${requirement.requestId}`,
      kind: 'requirement',
      text: home('requirement.fits'),
      subject: matches.find(({ columns }) => columns !== 'none')?.datasetName ?? null,
      to: `/open-requirements/${requirement.requestId}`,
      dueAt: requirement.terms.deadline,
    });
  }
  for (const requirement of mine) {
    if (requirement.state === 'closed') continue;
    const unfinished = requirement.state !== 'open';
    if (!unfinished && requirement.offers > 0) continue;
    (unfinished ? forMe : forOthers).push({
      id: `requirement-${requirement.requestId}`,
      kind: 'requirement',
      text: home(unfinished ? 'requirement.unfinished' : 'requirement.open'),
      subject: requirement.document?.columns[0]?.name ?? null,
      to: `/requirements/${requirement.requestId}`,
      dueAt: unfinished ? null : requirement.terms.deadline,
    });
  }
  if (outbox.length > 0) {
    forOthers.push({
      id: 'outbox',
      kind: 'outbox',
      text: home('outbox', { count: outbox.length }),
      subject: null,
      to: '/network',
      dueAt: null,
    });
  }
  const profile = app.profiles.find(({ id }) => id === app.activeProfile);
  if (profile?.phraseUnseen === true) {
    forMe.push({ id: 'phrase', kind: 'phrase', text: home('phrase'), subject: null, to: '/settings/profile', dueAt: null });
  } else if (profile !== undefined && app.lastBackupAtMs === null && datasets.length > 0) {
    forMe.push({ id: 'backup', kind: 'backup', text: home('backup'), subject: null, to: '/settings/backup', dueAt: null });
  }
}
