/** What the chain recorded, as entries of a timeline: in groups that people think in, runs of the same proof step as one, searchable. */
import type { ActivityView } from '../../../electron/views.ts';

/** What an event is about; also the choices of the filter. */
export const activityKinds = ['requirement', 'offer', 'trade', 'data', 'money', 'identity'] as const;
export type ActivityKind = (typeof activityKinds)[number];

const kindOf: Readonly<Record<string, ActivityKind>> = {
  RequirementPublished: 'requirement',
  RequirementFunded: 'requirement',
  RequirementClosed: 'requirement',
  OfferMade: 'offer',
  SegmentProved: 'offer',
  OfferVerified: 'offer',
  OfferExpired: 'offer',
  OfferAccepted: 'trade',
  OfferGranted: 'trade',
  DeliveryAcknowledged: 'trade',
  DeliveryMissing: 'trade',
  DeliveryPosted: 'trade',
  OfferConfirmed: 'trade',
  OfferClaimed: 'trade',
  OfferRefunded: 'trade',
  OfferRevoked: 'trade',
  GrantRevoked: 'trade',
  DataRecorded: 'data',
  Credited: 'money',
  Withdrawn: 'money',
  Enrolled: 'identity',
  Revoked: 'identity',
};

/** One entry: an event, or several of one kind that followed each other for the same offer. */
export interface ActivityEntry {
  readonly key: string;
  readonly kind: ActivityKind;
  /** The newest of its events. */
  readonly newest: ActivityView;
  /** All of them, the newest first. */
  readonly events: readonly ActivityView[];
}

/** The kind of an event; one that this version does not know counts with the trades. */
export function activityKind(event: string): ActivityKind {
  return kindOf[event] ?? 'trade';
}

/** Entries, the newest first. `activity` may come in any order. */
export function activityEntries(activity: readonly ActivityView[]): ActivityEntry[] {
  const newestFirst = activity
    .map((event, index) => ({ event, index }))
    .sort((left, right) => right.event.blockNumber - left.event.blockNumber || right.index - left.index)
    .map(({ event }) => event);
  const entries: { key: string; kind: ActivityKind; newest: ActivityView; events: ActivityView[] }[] = [];
  for (const event of newestFirst) {
    const last = entries.at(-1);
    // A proof arrives in as many events as the data has segments: one line says it.
    if (event.event === 'SegmentProved' && last?.newest.event === 'SegmentProved' && last.newest.offerId === event.offerId)
      last.events.push(event);
    else
      entries.push({
        key: `${event.transactionHash}-${event.event}-${entries.length}`,
        kind: activityKind(event.event),
        newest: event,
        events: [event],
      });
  }
  return entries;
}

/** Everything of an entry that a search looks through; `names` are the texts that the screen shows for it. */
export function activityText(entry: ActivityEntry, names: readonly string[]): string {
  const { newest } = entry;
  return [newest.event, newest.transactionHash, String(newest.blockNumber), ...Object.values(newest.fields), ...names].join(' ');
}

/** The account that a field names, in the one spelling by which people are known; events spell addresses with capitals as a checksum. */
export function accountIn(name: string, value: string | undefined): string | null {
  const account = value?.toLowerCase() ?? '';
  return accountFields.has(name) && /^0x[0-9a-f]{40}$/.test(account) ? account : null;
}

/** Fields of events that hold an amount in wei, an account, or a time in Unix seconds. */
export const weiFields: ReadonlySet<string> = new Set(['price', 'amount', 'escrow', 'bond', 'forfeitedBond', 'returned']);
const accountFields: ReadonlySet<string> = new Set(['publisher', 'owner', 'consumer', 'poster', 'account', 'to', 'pseudonym']);
export const timeFields: ReadonlySet<string> = new Set(['deadline', 'dueAt', 'liveUntil', 'recordedAt', 'blockTime', 'expiry']);
