/** Offers and purchases as windows see them and act on them, from whichever side this profile is. */
import { rename, rm } from 'node:fs/promises';
import { partialSuffix, writing } from '../../core/adapters/atomic-file.ts';
import { AppError } from '../../core/base/app-error.ts';
import { fromHex, type Hex, toBigEndian, toHex } from '../../core/base/bytes.ts';
import { decodeSourceContext } from '../../core/crypto/context.ts';
import { decodeHeader } from '../../core/crypto/scheme-encodings.ts';
import { headerHash } from '../../core/crypto/scheme-hashes.ts';
import { segmentCountOf } from '../../core/dataset/commitment.ts';
import { keywordHash } from '../../core/dataset/schema.ts';
import type { DryRun, PredicateVerdict } from '../../core/proofs/dry-run.ts';
import { beginPurchase, purchases, saveReceivedFile } from '../../core/services/consumer.ts';
import { datasets, draftOffer, offers, tryRequirement } from '../../core/services/owner.ts';
import { requirementSeen } from '../../core/services/requirements-seen.ts';
import { possibleSteps, type TradeStep, trade } from '../../core/services/trade.ts';
import type { DatasetWork } from '../../core/sharing/dataset-workflow.ts';
import type { MarketOffer, MarketRequirement } from '../../core/sharing/market.ts';
import { type OfferWork, offerDocument, offerWorkSchema } from '../../core/sharing/offer-workflow.ts';
import { type PurchaseWork, purchaseDocument, purchaseWorkSchema } from '../../core/sharing/purchase-workflow.ts';
import type { ResponseOf } from '../ipc-contract.ts';
import type { CallContext } from '../link.ts';
import type { DryRunView, OfferView, ReceivedView } from '../views.ts';
import { clipped, columnView } from './data-columns.ts';
import { isOwn, obstacleOf, progressOf, secondsView, type Vault, watchOf, whileOnline } from './vault-context.ts';
import { isOver } from './vault-memory.ts';
import { documentView, timeSeconds } from './vault-requirements.ts';

/** Tries a requirement on an own dataset: nothing leaves this machine. */
export async function offerDryRun(vault: Vault, requestId: Hex, datasetId: Hex, { signal, onProgress }: CallContext): Promise<DryRunView> {
  const { participant } = vault;
  const watch = { signal, onTransfer: progressOf('check', onProgress) };
  const result = await tryRequirement(participant, requestId, datasetId, watch);
  const requirement = await requirementSeen(participant.documents, requestId);
  const document = await vault.description({ kind: 'own', datasetId });
  const keywords = new Map((requirement?.document?.keywords ?? []).map((keyword) => [keywordHash(keyword), keyword]));
  const columnOf = (slot: number): string | null => requirement?.document?.columns[slot]?.name ?? null;
  const [dataset] = (await datasets(participant)).filter((work) => work.datasetId === datasetId);
  return {
    holds: result.holds,
    predicates: result.predicates.map((verdict) => predicateView(verdict, columnOf, keywords)),
    becomesPublic: [
      { what: 'result', value: result.holds ? 'holds' : 'nothing' },
      { what: 'rows', value: String(document?.rows ?? 0) },
      { what: 'segments', value: String(segmentCountOf(document?.rows ?? 0)) },
      { what: 'ciphertext-bytes', value: dataset !== undefined && 'ciphertextBytes' in dataset ? String(dataset.ciphertextBytes) : '' },
      { what: 'owner', value: dataset?.owner ?? '' },
      { what: 'consumer', value: requirement?.publisher ?? '' },
      { what: 'price', value: String(requirement?.terms.price ?? 0n) },
      { what: 'ranges', value: clipped(rangesOf(result)) },
    ],
  };
}

/** The ranges that the data is shown to lie in. */
function rangesOf({ predicates }: DryRun): string {
  return predicates
    .filter(({ predicate }) => predicate.kind === 'range' || predicate.kind === 'mean')
    .map(({ asked }) => asked)
    .join('; ');
}

function predicateView(
  { predicate, holds, asked, found, failingCount, failingRows }: PredicateVerdict,
  columnOf: (slot: number) => string | null,
  keywords: ReadonlyMap<bigint, string>,
): DryRunView['predicates'][number] {
  return {
    kind: predicate.kind,
    column: 'slot' in predicate ? columnOf(predicate.slot) : null,
    keyword: predicate.kind === 'keyword' ? (keywords.get(predicate.keyword) ?? null) : null,
    holds,
    asked: clipped(asked, 400),
    found: clipped(found, 400),
    failingCount,
    failingRows: failingRows.map(({ row, value }) => ({ row, value: clipped(value, 100) })),
  };
}

/** Offers an own dataset: from here on it goes on by itself, to the end of the trade. @throws AppError `OFFER_DATA_FAILS` */
export async function offerMake(
  vault: Vault,
  request: { readonly requestId: Hex; readonly datasetId: Hex; readonly shortWindows: boolean },
  context: CallContext,
): Promise<OfferView> {
  const { participant } = vault;
  const { requestId, datasetId, shortWindows } = request;
  const watch = { signal: context.signal, onTransfer: progressOf('check', context.onProgress) };
  if (!(await tryRequirement(participant, requestId, datasetId, watch)).holds)
    throw new AppError('OFFER_DATA_FAILS', {
      what: 'The data does not meet the requirement.',
      consequence: 'Nothing was offered: no proof of it can be made.',
      remedy: 'Look at the dry run to see which part fails and in which rows.',
    });
  const { offerId } = await draftOffer(participant, requestId, datasetId, { shortWindows });
  vault.changed('offers', 'datasets');
  return offerContinue(vault, offerId, context);
}

/** Goes on with an own offer. */
export async function offerContinue(vault: Vault, offerId: string, context: CallContext): Promise<OfferView> {
  await vault.agenda.attend({ kind: 'offer', id: offerId }, watchOf(context));
  return offerGet(vault, offerId);
}

/** Every trade of this profile, those that wait for it first. */
export async function offerList(vault: Vault): Promise<OfferView[]> {
  const { participant, chain } = vault;
  const ids = new Set([...(await offers(participant)), ...(await purchases(participant))].map(({ offerId }) => offerId));
  await whileOnline(async () => {
    for (const requestId of await ownRequestIds(vault)) for (const offerId of await chain.offersOf(requestId)) ids.add(String(offerId));
  }, undefined);
  return (await viewsOf(vault, ids)).sort((left, right) => rank(left) - rank(right));
}

function rank({ waitsFor }: OfferView): number {
  return waitsFor === 'me' ? 0 : waitsFor === 'nobody' ? 2 : 1;
}

async function ownRequestIds({ participant, chain }: Vault): Promise<Hex[]> {
  const published: Hex[] = [];
  const prefix = 'requirement-';
  for (const name of await participant.documents.list(prefix)) {
    const requestId: Hex = `0x${name.slice(prefix.length)}`;
    if ((await chain.requirement(requestId)) !== null) published.push(requestId);
  }
  return published;
}

/** Offers made for a requirement. */
export async function requirementOffers(vault: Vault, requestId: Hex): Promise<OfferView[]> {
  const ids = await vault.chain.offersOf(requestId);
  return viewsOf(vault, ids.map(String));
}

/** One trade. @throws AppError `OFFER_UNKNOWN` */
export async function offerGet(vault: Vault, offerId: string): Promise<OfferView> {
  const [view] = await viewsOf(vault, [offerId]);
  if (view !== undefined) return view;
  throw new AppError(
    'OFFER_UNKNOWN',
    {
      what: 'This offer is not known here.',
      consequence: 'Nothing was changed.',
      remedy: 'If you followed a link, check that this profile is in the same network, and that the chain answers.',
    },
    { data: { offerId } },
  );
}

/** Takes one of the steps outside the straight path. */
export async function offerStep(vault: Vault, offerId: string, step: TradeStep): Promise<{ blockNumber: number }> {
  const { blockNumber } = await trade(vault.participant, step, offerId);
  return { blockNumber };
}

/** Goes on with a purchase under what the user has decided. */
export async function purchaseGoOn(
  vault: Vault,
  offerId: string,
  decided: { readonly accept?: boolean; readonly confirm?: boolean },
  context: CallContext,
): Promise<OfferView> {
  await beginPurchase(vault.participant, BigInt(offerId));
  await vault.agenda.attend({ kind: 'purchase', id: offerId }, watchOf(context), decided);
  vault.changed('received');
  return offerGet(vault, offerId);
}

/** What was received, with the newest first. */
export async function receivedList(vault: Vault): Promise<ReceivedView[]> {
  const found: ReceivedView[] = [];
  for (const work of await purchases(vault.participant)) {
    const document = hasData(work) ? await vault.description({ kind: 'received', offerId: work.offerId }) : undefined;
    if (document === undefined) continue;
    const { offerId, requestId, datasetId, state } = work;
    const { file, rows, schema } = document;
    found.push({
      offerId,
      requestId,
      datasetId,
      fileName: file.name,
      fileBytes: file.size,
      fileSha256: file.sha256,
      rows,
      columns: schema.columns.map(columnView),
      owner: await ownerOf(vault, offerId, work),
      state,
    });
  }
  return found.reverse();
}

/** Owner of received data: it is in the context that was checked against the chain. */
async function ownerOf({ participant }: Vault, offerId: string, work: PurchaseWork): Promise<Hex> {
  if ('context' in work) return decodeSourceContext(fromHex(work.context)).owner;
  const offer = await participant.market.marketOffer(BigInt(offerId));
  return offer?.owner ?? `0x${'00'.repeat(20)}`;
}

/** Computes what was received anew and compares it with the chain, line by line. */
export async function receivedCheck(
  vault: Vault,
  offerId: string,
  { signal, onProgress }: CallContext,
): Promise<ResponseOf<'received.check'>> {
  const { participant } = vault;
  const { engine, chain, market } = participant;
  const work = await participant.documents.load(purchaseDocument(offerId), purchaseWorkSchema);
  const record = work && (await chain.dataRecord(work.datasetId));
  if (work === undefined || !('context' in work) || record === null || record === undefined)
    throw new AppError('PURCHASE_NOT_RECEIVED', {
      what: 'The data of this offer has not been received here.',
      consequence: 'There is nothing to check.',
      remedy: 'Receive it first.',
    });
  const context = decodeSourceContext(fromHex(work.context));
  const facts = { offerId, datasetId: work.datasetId, owner: record.owner };
  const recomputed = await (await participant.files).recompute(facts, { signal, onProgress: progressOf('check', onProgress) });
  const offer = await market.marketOffer(BigInt(offerId));
  const lines: [what: string, local: string, chain: string][] = [
    ['dataset-root', String(recomputed.datasetRoot), String(record.datasetRoot)],
    ['offer-root', String(recomputed.datasetRoot), String(offer?.datasetRoot ?? '')],
    ['rows', String(recomputed.document.rows), String(offer?.provedRows ?? '')],
    ['header-hash', toHex(headerHash(engine, context, decodeHeader(engine, fromHex(work.header)))), record.headerHash],
    ['file-sha256', recomputed.fileSha256, recomputed.document.file.sha256],
    ['owner', context.owner, record.owner],
    ['context-root', context.datasetRoot, toHex(toBigEndian(record.datasetRoot, 32))],
  ];
  // The ciphertext may have been cleared away since; then there is nothing to compare.
  if (recomputed.ciphertextSha256 !== null) lines.push(['ciphertext-hash', recomputed.ciphertextSha256, record.ciphertextHash]);
  return { checks: lines.map(([what, local, onChain]) => ({ what, local, chain: onChain, holds: local === onChain })) };
}

/** Copies a received file, in place of one that the user has agreed to replace: that one stays until the copy is whole. */
export async function receivedSave(
  vault: Vault,
  offerId: string,
  path: string,
  { signal, onProgress }: CallContext,
): Promise<{ path: string }> {
  const copy = `${path}${partialSuffix}`;
  await rm(copy, { force: true });
  await saveReceivedFile(vault.participant, offerId, copy, { signal, onTransfer: progressOf('copy', onProgress) });
  await writing(path, () => rename(copy, path));
  return { path };
}

function hasData(work: PurchaseWork | undefined): boolean {
  return work?.state === 'received' || work?.state === 'ended';
}

/** The trades of these ids that are this profile's. */
async function viewsOf(vault: Vault, offerIds: Iterable<string>): Promise<OfferView[]> {
  const own = new Map((await datasets(vault.participant)).map((work) => [work.datasetId, work]));
  const views = await Promise.all([...offerIds].map((offerId) => viewOf(vault, offerId, own)));
  return views.filter((view) => view !== undefined);
}

/** A trade from this profile's side; undefined when it is neither side of it, or nothing is known. */
async function viewOf(vault: Vault, offerId: string, own: ReadonlyMap<Hex, DatasetWork>): Promise<OfferView | undefined> {
  const { participant, chain } = vault;
  const { documents } = participant;
  const work = await documents.load(offerDocument(offerId), offerWorkSchema);
  const purchase = await documents.load(purchaseDocument(offerId), purchaseWorkSchema);
  const offer = await whileOnline(() => chain.offer(offerId), null);
  const side = work !== undefined || (offer !== null && purchase === undefined && isOwn(vault, offer.owner)) ? 'owner' : 'consumer';
  const known = work ?? purchase ?? offer ?? undefined;
  if (known === undefined || (work === undefined && purchase === undefined && !isSide(vault, offer))) return undefined;
  const { requestId, datasetId } = known;
  const requirement =
    (await whileOnline(() => chain.requirement(requestId), null)) ?? (await requirementSeen(documents, requestId)) ?? null;
  const grant = offer === null ? null : await whileOnline(() => chain.grant(offerId), null);
  const dataset = own.get(datasetId);
  const name = { kind: side === 'owner' ? 'offer' : 'purchase', id: offerId } as const;
  return {
    offerId,
    side,
    requestId,
    datasetId,
    datasetName: dataset?.name ?? null,
    workState: (side === 'owner' ? work : purchase)?.state ?? null,
    chainState: offer?.state ?? 'none',
    waitsFor: waitsFor(side, offer, purchase, work),
    dueAt: offer === null || isOver(offer.state) ? null : secondsView(offer.dueAt),
    owner: offer?.owner ?? dataset?.owner ?? nobody,
    consumer: offer?.consumer ?? requirement?.publisher ?? nobody,
    ...amountsOf(offer, requirement, work),
    provedSegments: offer?.provedSegments ?? 0,
    segmentCount: work?.segmentCount ?? null,
    provedRows: Number(offer?.provedRows ?? 0n),
    document: documentView(requirement?.document ?? null),
    grant:
      grant === null
        ? null
        : {
            grantHash: grant.grantHash,
            threshold: grant.threshold,
            proxies: grant.proxies,
            liveUntil: secondsView(grant.liveUntil),
            revoked: grant.revoked,
          },
    faultyProxies: purchase !== undefined && 'faultyProxies' in purchase ? purchase.faultyProxies : [],
    outcome: outcomeOf(offer, work, purchase),
    possibleSteps: offer === null ? [] : possibleSteps(side, offer, grant, await timeSeconds(vault)),
    obstacle: obstacleOf(vault, name),
    received: hasData(purchase),
  };
}

const nobody: Hex = `0x${'00'.repeat(20)}`;

function isSide(vault: Vault, offer: MarketOffer | null): boolean {
  return offer !== null && (isOwn(vault, offer.owner) || isOwn(vault, offer.consumer));
}

function amountsOf(
  offer: MarketOffer | null,
  requirement: MarketRequirement | null,
  work: OfferWork | undefined,
): Pick<OfferView, 'price' | 'ownerBond'> {
  // An offer that is over holds nothing; what it was about stands in the requirement.
  return {
    price: String(requirement?.terms.price ?? offer?.price ?? 0n),
    ownerBond: work?.bond ?? String(requirement?.terms.bond ?? offer?.ownerBond ?? 0n),
  };
}

function outcomeOf(offer: MarketOffer | null, work: OfferWork | undefined, purchase: PurchaseWork | undefined): string | null {
  if (offer !== null && isOver(offer.state)) return offer.state;
  if (work?.state === 'ended') return work.outcome;
  return purchase !== undefined && 'outcome' in purchase ? purchase.outcome : null;
}

/** Who must act next. */
function waitsFor(
  side: 'owner' | 'consumer',
  offer: MarketOffer | null,
  purchase: PurchaseWork | undefined,
  work: OfferWork | undefined,
): OfferView['waitsFor'] {
  if (offer === null) return work?.state === 'ended' || purchase?.state === 'closed' ? 'nobody' : 'me';
  const party = {
    none: 'nobody',
    proving: 'owner',
    verified: 'consumer',
    accepted: 'owner',
    granted: purchase?.state === 'accepted' ? 'proxies' : 'consumer',
    delivered: 'consumer',
    disputed: 'nobody',
    paid: 'nobody',
    refunded: 'nobody',
    expired: 'nobody',
    revoked: 'nobody',
  }[offer.state] as OfferView['waitsFor'];
  return party === side ? 'me' : party;
}
