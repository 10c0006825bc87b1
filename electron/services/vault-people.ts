/** What happened, with whom, under which pseudonyms, in which network: as windows see it. */
import { z } from 'zod';
import { writeFileAtomically } from '../../core/adapters/atomic-file.ts';
import { isAppError } from '../../core/base/app-error.ts';
import { type Hex, utf8 } from '../../core/base/bytes.ts';
import { requirements } from '../../core/services/consumer.ts';
import { datasets, offers } from '../../core/services/owner.ts';
import { entityRoles } from '../../core/sharing/chain-reader.ts';
import { hexOfLength } from '../../core/sharing/enrolment.ts';
import type { TimelineEntry } from '../../core/sharing/market.ts';
import type { ResponseOf } from '../ipc-contract.ts';
import type { CallContext } from '../link.ts';
import type { ActivityView, IdentityView, NetworkStatusView, PersonView, RoleName } from '../views.ts';
import { activityCsv } from './activity-csv.ts';
import { clipped } from './data-columns.ts';
import { isOwn, type Vault, whileOnline } from './vault-context.ts';
import { offerList } from './vault-trades.ts';

const peopleDocument = 'people';
const peopleSchema = z.strictObject({ version: z.literal(1), names: z.array(z.tuple([hexOfLength(20), z.string().max(80)])).max(100_000) });
const statusDocument = 'identity-status';
const statusSchema = z.strictObject({
  version: z.literal(1),
  state: z.enum(['pending', 'approved', 'refused', 'revoked']),
  reason: z.string().max(500),
});

/** Everything that happened on the chain to this profile's trades, the newest first. */
export async function activityList(vault: Vault): Promise<ActivityView[]> {
  const { participant, chain } = vault;
  const own = await requirements(participant);
  const published = own.filter(({ state }) => state === 'published').map(({ requestId }) => requestId);
  const offerIds = new Set((await offers(participant)).map(({ offerId }) => offerId));
  for (const requestId of published) for (const offerId of await chain.offersOf(requestId)) offerIds.add(String(offerId));
  const entries: TimelineEntry[] = [];
  for (const { datasetId } of await datasets(participant)) entries.push(...(await chain.timelineOfDataset(datasetId)));
  for (const requestId of published) entries.push(...(await chain.timelineOfRequirement(requestId)));
  for (const offerId of offerIds) {
    const offer = await chain.offer(offerId);
    if (offer !== null) entries.push(...(await chain.timelineOfOffer(offer)));
  }
  return activityViews(vault, entries);
}

/** What happened on the chain to one dataset and the offers of it. */
export async function datasetActivity(vault: Vault, datasetId: Hex): Promise<ActivityView[]> {
  const { participant, chain } = vault;
  const entries = [...(await chain.timelineOfDataset(datasetId))];
  for (const work of await offers(participant)) {
    const offer = work.datasetId === datasetId ? await chain.offer(work.offerId) : null;
    if (offer !== null) entries.push(...(await chain.timelineOfOffer(offer)));
  }
  return activityViews(vault, entries);
}

async function activityViews({ participant }: Vault, entries: readonly TimelineEntry[]): Promise<ActivityView[]> {
  // A requirement's publication belongs to the timeline of each of its offers.
  const once = new Map(entries.map((entry) => [JSON.stringify([entry.transactionHash, entry.event, entry.fields]), entry]));
  const ordered = [...once.values()].sort((left, right) => right.blockNumber - left.blockNumber);
  const views: ActivityView[] = [];
  for (const { event, contract, blockNumber, transactionHash, fields } of ordered)
    views.push({
      event,
      contract,
      blockNumber,
      atSeconds: await participant.blockSeconds(blockNumber),
      transactionHash,
      fields: Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, clipped(value, 400)])),
      offerId: fields.offerId ?? null,
      requestId: fields.requestId ?? null,
      datasetId: fields.datasetId ?? null,
    });
  return views;
}

/** Writes everything that happened into a file. @throws AppError `DISK_FULL`, `DISK_NOT_WRITABLE` */
export async function activityExport(vault: Vault, path: string): Promise<{ path: string }> {
  const { name, chain } = vault.participant.network;
  const csv = activityCsv({ name, chainId: chain.chainId }, await activityList(vault));
  await writeFileAtomically(path, utf8(csv));
  return { path };
}

/** Everyone whom this profile trades or could trade with, and its own pseudonyms. */
export async function personList(vault: Vault): Promise<PersonView[]> {
  const { participant, chain } = vault;
  const names = await namesOf(vault);
  const trades = new Map<Hex, { trades: number; roles: Set<string> }>();
  const meet = (address: string, role: string, count: number) => {
    const known = trades.get(address as Hex) ?? { trades: 0, roles: new Set<string>() };
    known.trades += count;
    known.roles.add(role);
    trades.set(address as Hex, known);
  };
  for (const { owner, consumer } of await offerList(vault)) {
    if (!isNobody(owner)) meet(owner, 'owner', 1);
    if (!isNobody(consumer)) meet(consumer, 'consumer', 1);
  }
  await whileOnline(async () => {
    for (const requestId of await chain.requirementIds()) {
      const requirement = await chain.requirement(requestId);
      if (requirement !== null) meet(requirement.publisher, 'consumer', 0);
    }
  }, undefined);
  const ownRoles = roleNames(participant.applied.roles);
  for (const { address } of participant.pseudonyms) for (const role of ownRoles) meet(address, role, 0);
  for (const address of names.keys()) if (!trades.has(address)) trades.set(address, { trades: 0, roles: new Set() });
  return [...trades].map(([address, known]) => ({
    address,
    name: names.get(address) ?? null,
    mine: isOwn(vault, address),
    roles: [...known.roles].sort(),
    trades: known.trades,
  }));
}

function isNobody(address: string): boolean {
  return /^0x0+$/.test(address);
}

/** Gives an address a name that only this profile knows; an empty one takes it away. */
export async function personName(vault: Vault, address: Hex, name: string): Promise<Record<string, never>> {
  const names = await namesOf(vault);
  if (name === '') names.delete(address);
  else names.set(address, name);
  await vault.participant.documents.save(peopleDocument, { version: 1, names: [...names] });
  vault.changed('people');
  return {};
}

async function namesOf({ participant }: Vault): Promise<Map<Hex, string>> {
  return new Map((await participant.documents.load(peopleDocument, peopleSchema))?.names ?? []);
}

/** Who this profile is to the network. */
export async function identityGet(vault: Vault): Promise<IdentityView> {
  const { participant, chain } = vault;
  const { applicationId, roles } = participant.applied;
  const isEnrolled = participant.pseudonyms.length > 0;
  const isRevoked = isEnrolled && (await whileOnline(() => areRevoked(vault), false));
  const status = applicationId === null ? undefined : await applicationStatus(vault, isRevoked);
  const state = isRevoked || status?.state === 'revoked' ? 'revoked' : isEnrolled ? 'enrolled' : (status?.state ?? 'not-applied');
  return {
    state,
    reason: status?.reason ?? '',
    roles: roleNames(roles),
    pseudonyms: await Promise.all(
      participant.pseudonyms.map(async ({ index, address }) => ({
        index,
        address,
        balance: await whileOnline(async () => String(await chain.balance(address)), null),
        credit: await whileOnline(async () => String(await chain.credit(address)), null),
      })),
    ),
  };
}

/** Whether the chain says that none of the profile's pseudonyms may begin anything any more. */
async function areRevoked({ participant, chain }: Vault): Promise<boolean> {
  return (await Promise.all(participant.pseudonyms.map(({ address }) => chain.isRevoked(address)))).every(Boolean);
}

/** What the PKG says of the application, or said last. */
async function applicationStatus({ participant }: Vault, isRevoked: boolean): Promise<z.infer<typeof statusSchema>> {
  const known = await participant.documents.load(statusDocument, statusSchema);
  // An enrolled profile asks no more: the chain tells what its pseudonyms may do. The PKG alone tells why they were revoked.
  const isSettled = participant.pseudonyms.length > 0 && (!isRevoked || known?.state === 'revoked');
  if (known !== undefined && isSettled) return known;
  try {
    const { state, reason } = await participant.application();
    const status = { version: 1, state, reason } as const;
    if (JSON.stringify(status) !== JSON.stringify(known)) await participant.documents.save(statusDocument, status);
    return status;
  } catch (error) {
    if (!isAppError(error, 'SERVICE_UNREACHABLE')) throw error;
    return known ?? { version: 1, state: 'pending', reason: '' };
  }
}

/** Applies at the PKG under a real name, which only its operator sees. */
export async function identityApply(
  vault: Vault,
  { realName, contact, roles }: { readonly realName: string; readonly contact: string; readonly roles: readonly RoleName[] },
): Promise<IdentityView> {
  await vault.participant.apply({ name: realName, contact, roles: roles.reduce((bits, role) => bits | entityRoles[role], 0) });
  vault.changed('identity');
  return identityGet(vault);
}

/** Has pseudonyms enrolled. */
export async function identityEnrol(vault: Vault, count: number, { onProgress }: CallContext): Promise<IdentityView> {
  onProgress({ step: 'enrol', fraction: null });
  await vault.participant.enrol(count);
  vault.changed('identity', 'people');
  return identityGet(vault);
}

/** Pays out what the market has credited to a pseudonym. */
export async function identityWithdraw({ participant }: Vault, index: number, to: string): Promise<{ blockNumber: number }> {
  const { blockNumber } = await participant.withdraw(participant.keysOf(index).account, to);
  return { blockNumber };
}

/** The roles of a profile that windows know. */
export function roleNames(roles: number): RoleName[] {
  return (['owner', 'consumer'] as const).filter((role) => (roles & entityRoles[role]) !== 0);
}

/** How the network answers now. */
export async function networkStatus({ participant }: Vault): Promise<NetworkStatusView> {
  const { network, clock } = participant;
  const block = await whileOnline(() => participant.newestBlock(), undefined);
  const askedMs = clock.nowMs();
  const chainSeconds = block === undefined ? undefined : await whileOnline(() => participant.chainSeconds(), undefined);
  // The chain answered somewhere between the question and the answer.
  const localSeconds = Math.round((askedMs + clock.nowMs()) / 2000);
  const answering = await participant.servicesThatAnswer();
  return {
    name: network.name,
    development: network.development,
    chainId: network.chain.chainId,
    online: block !== undefined,
    blockNumber: block?.number ?? null,
    blockSeconds: block?.seconds ?? null,
    clockAheadSeconds: chainSeconds === undefined ? null : localSeconds - chainSeconds,
    pkg: answering.pkg ? 'reachable' : 'unreachable',
    proxies: network.proxies.map(({ index, url }, position) => ({ index, url, reachable: answering.proxies[position] === true })),
    threshold: network.threshold,
    contracts: network.contracts,
  };
}

const outboxPrefix = 'outbox-';
const outboxEntry = z.looseObject({ final: z.unknown() }).nullable();

/** Steps that are on their way to the chain, and those that wait until they can be. */
export async function outboxList({ participant, agenda }: Vault): Promise<ResponseOf<'outbox.list'>> {
  const waiting = agenda
    .views()
    .filter(({ state }) => state !== 'paused' && state !== 'waiting-for-other')
    .map(({ entry, state }) => ({
      name: `${entry.kind}-${entry.id}`,
      state: 'waiting' as const,
      method: state,
      kind: entry.kind,
      since: entry.sinceMs,
    }));
  const sent: ResponseOf<'outbox.list'> = [];
  for (const document of await participant.documents.list(outboxPrefix)) {
    const entry = await participant.documents.load(document, outboxEntry);
    // Null where a refused transaction was taken out.
    if (entry === undefined || entry === null || entry.final !== null) continue;
    const name = document.slice(outboxPrefix.length);
    const method = name.split('-')[0] ?? name;
    sent.push({ name, state: 'sent', method, kind: kindOf(method), since: await participant.savedAtMs(document) });
  }
  return [...sent, ...waiting];
}

function kindOf(step: string): ResponseOf<'outbox.list'>[number]['kind'] {
  if (step === 'record') return 'dataset';
  if (['publish', 'fund', 'reclaim'].includes(step)) return 'requirement';
  if (['enrol', 'withdraw'].includes(step)) return 'identity';
  if (['accept', 'confirm', 'acknowledge', 'notdelivered', 'refund'].includes(step)) return 'purchase';
  return ['offer', 'segment', 'aggregate', 'grant', 'post', 'claim', 'expire', 'revoke'].includes(step) ? 'offer' : 'other';
}
