/**
 * Rebuilds the history of a home that was made anew from its phrase: what its pseudonyms did is read from the chain, what they own is fetched
 * from the proxies and opened with keys from the PKG. What mathematics does not give back is listed with the reason.
 *
 * Invariants: nothing is sent to the chain. A document is saved only when everything that it stands for is here and was checked against the
 * chain, so that a restoration may be killed anywhere and repeated; documents that are there are left alone.
 */
import { existsSync } from 'node:fs';
import { mkdir, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { flushFolder, writing } from '../adapters/atomic-file.ts';
import {
  type ChainHistory,
  createChainHistory,
  type OfferMade,
  type Publication,
  type RecordedDataset,
} from '../adapters/chain-history.ts';
import { ChainProvider } from '../adapters/ethers-provider.ts';
import { AppError } from '../base/app-error.ts';
import { type Hex, toHex } from '../base/bytes.ts';
import { DecodeError } from '../base/codec.ts';
import { listed, type Sentence, say } from '../base/sentence.ts';
import { decodeSourceContext } from '../crypto/context.ts';
import { fileLabelOf } from '../crypto/file-stream.ts';
import { decapsulate } from '../crypto/identity-encryption.ts';
import type { PseudonymKeys } from '../crypto/key-derivation.ts';
import { decodeHeader, encodeIdentityKey } from '../crypto/scheme-encodings.ts';
import { headerHash } from '../crypto/scheme-hashes.ts';
import { SEGMENT_ROWS } from '../dataset/constants.ts';
import { datasetIdOf, offerIdOf, templateId } from '../proofs/identifiers.ts';
import type { ChainDataRecord } from '../sharing/chain-reader.ts';
import { datasetDocument, datasetIdentity, datasetWorkSchema, type ReadyDataset } from '../sharing/dataset-workflow.ts';
import { hexOfLength } from '../sharing/enrolment.ts';
import type { MarketOffer } from '../sharing/market.ts';
import { type OfferWork, offerDocument, offerWorkSchema } from '../sharing/offer-workflow.ts';
import { type PurchaseWork, purchaseDocument, purchaseWorkSchema } from '../sharing/purchase-workflow.ts';
import { type RequirementWork, requirementDocumentName, requirementWorkSchema } from '../sharing/requirement-workflow.ts';
import { advancePurchase } from './consumer.ts';
import { openParticipant, type Participant, type ParticipantConfig } from './participant.ts';

/** Indices without an enrolment after which the search for pseudonyms ends. */
const PSEUDONYM_GAP = 20;

/** The steps of a restoration, in their order. */
export type RestoreStep = 'pseudonyms' | 'requirements' | 'datasets' | 'offers' | 'purchases';
export type RestoredKind = 'pseudonym' | 'requirement' | 'dataset' | 'offer' | 'purchase';

/** Something that is in the home now, and how far it has come. */
export interface RestoredItem {
  readonly kind: RestoredKind;
  readonly id: string;
  readonly state: string;
  /** Whether it was there before. */
  readonly known: boolean;
}

/** Something that the chain speaks of and that is not in the home, or not all of it. */
export interface MissingItem {
  readonly kind: RestoredKind;
  readonly id: string;
  readonly what: string;
  readonly why: string;
}

/** What a restoration has found. */
export interface RestoreReport {
  readonly restored: RestoredItem[];
  readonly missing: MissingItem[];
}

/** Watching and cancelling. */
export interface RestoreOptions {
  readonly signal?: AbortSignal;
  /** Of a step's items, those that are done; `total` grows while pseudonyms are found. */
  readonly onProgress?: (progress: { readonly step: RestoreStep; readonly done: number; readonly total: number }) => void;
}

/**
 * Opens a home, rebuilds its history as far as that goes, and gives the open home. Harmless to repeat.
 * @throws AppError those of {@link openParticipant}, `CHAIN_UNREACHABLE`; the signal's reason. What a proxy or the PKG refuses is in the report.
 */
export async function restoreHome(
  config: ParticipantConfig,
  options: RestoreOptions = {},
): Promise<{ participant: Participant; report: RestoreReport }> {
  const report: RestoreReport = { restored: [], missing: [] };
  let participant = await openParticipant(config);
  try {
    await participant.checkNetwork();
    if (await findPseudonyms(participant, report, options)) {
      // The open home knows its pseudonyms from when it was opened.
      await participant.close();
      participant = await openParticipant(config);
    }
    const { chain, contracts } = participant.network;
    const provider = new ChainProvider(config.rpcUrl === undefined ? chain.rpcUrls : [config.rpcUrl], chain.chainId);
    try {
      const history = createChainHistory(provider, contracts, chain.confirmations);
      await new Restoration(participant, config.home, history, report, options).run();
    } finally {
      provider.destroy();
    }
    return { participant, report };
  } catch (error) {
    await participant.close();
    throw error;
  }
}

/** The part of a home's identity that a search on the chain may add to. */
const identityShape = z.looseObject({ pseudonyms: z.array(z.strictObject({ index: z.int().min(0), address: hexOfLength(20) })) });

/** Notes the pseudonyms of the phrase that the chain knows, without asking the PKG for any; whether there were new ones. */
async function findPseudonyms({ chain, documents, keysOf }: Participant, report: RestoreReport, options: RestoreOptions): Promise<boolean> {
  const identity = await documents.load('identity', identityShape);
  const known = new Map(identity?.pseudonyms.map(({ index, address }) => [index, address]));
  const before = known.size;
  let end = PSEUDONYM_GAP;
  for (let index = 0; index < end; index++) {
    options.signal?.throwIfAborted();
    options.onProgress?.({ step: 'pseudonyms', done: index, total: end });
    const { address } = keysOf(index).account;
    const entity = await chain.entity(address);
    if (entity === null) continue;
    end = index + 1 + PSEUDONYM_GAP;
    report.restored.push({ kind: 'pseudonym', id: address, state: entity.revoked ? 'revoked' : 'enrolled', known: known.has(index) });
    known.set(index, address);
  }
  options.onProgress?.({ step: 'pseudonyms', done: end, total: end });
  if (known.size === before) return false;
  const pseudonyms = [...known].map(([index, address]) => ({ index, address })).sort((left, right) => left.index - right.index);
  await documents.save('identity', { ...identity, pseudonyms });
  return true;
}

type Keyed<Item> = { readonly keys: PseudonymKeys; readonly item: Item };

/** One pass over everything that the home's pseudonyms did. */
class Restoration {
  readonly #participant: Participant;
  readonly #home: string;
  readonly #history: ChainHistory;
  readonly #report: RestoreReport;
  readonly #options: RestoreOptions;

  constructor(participant: Participant, home: string, history: ChainHistory, report: RestoreReport, options: RestoreOptions) {
    this.#participant = participant;
    this.#home = home;
    this.#history = history;
    this.#report = report;
    this.#options = options;
  }

  async run(): Promise<void> {
    const history = this.#history;
    await this.#each(
      'requirements',
      'requirement',
      (address) => history.publications(address),
      ({ requestId }) => requestId,
      this.#requirement,
    );
    await this.#each(
      'datasets',
      'dataset',
      (address) => history.records(address),
      ({ datasetId }) => datasetId,
      this.#dataset,
    );
    await this.#each(
      'offers',
      'offer',
      (address) => history.offersMade(address),
      ({ offerId }) => offerId.toString(),
      this.#offer,
    );
    await this.#each('purchases', 'purchase', (address) => history.acceptances(address), String, this.#purchase);
  }

  /** Restores everything of one kind; what cannot be is noted with its reason, and the rest goes on. */
  async #each<Item>(
    step: RestoreStep,
    kind: RestoredKind,
    find: (address: Hex) => Promise<Item[]>,
    idOf: (item: Item) => string,
    restore: (keyed: Keyed<Item>) => Promise<{ state: string; known: boolean }>,
  ): Promise<void> {
    const { signal, onProgress } = this.#options;
    const found: Keyed<Item>[] = [];
    for (const { index, address } of this.#participant.pseudonyms) {
      signal?.throwIfAborted();
      for (const item of await find(address)) found.push({ keys: this.#participant.keysOf(index), item });
    }
    for (const [done, keyed] of found.entries()) {
      signal?.throwIfAborted();
      onProgress?.({ step, done, total: found.length });
      const id = idOf(keyed.item);
      try {
        this.#report.restored.push({ kind, id, ...(await restore.call(this, keyed)) });
      } catch (error) {
        signal?.throwIfAborted();
        // Without the chain nothing that follows can be known; anything else concerns this one.
        if (!(error instanceof AppError) || error.code === 'CHAIN_UNREACHABLE') throw error;
        this.#miss(kind, id, `The ${kind} ${id}`, error.text.what);
      }
    }
    onProgress?.({ step, done: found.length, total: found.length });
  }

  #miss(kind: RestoredKind, id: string, what: string, why: string): void {
    this.#report.missing.push({ kind, id, what, why });
  }

  async #requirement({ keys, item }: Keyed<Publication>): Promise<{ state: string; known: boolean }> {
    const { documents, market } = this.#participant;
    const { requestId, escrow, blockNumber } = item;
    const name = requirementDocumentName(requestId);
    const known = await documents.load(name, requirementWorkSchema);
    if (known !== undefined) return { state: known.state, known: true };
    const requirement = await market.requirement(requestId);
    if (requirement === null || requirement.document === null)
      throw notRestorable(say`Its words on the chain are not those of a requirement that this program writes.`);
    const { price, bond, deadline, grantWindow, deliverWindow, confirmWindow } = requirement.terms;
    const work: RequirementWork = {
      version: 1,
      state: 'published',
      requestId,
      salt: null,
      pseudonymIndex: keys.index,
      publisher: keys.account.address,
      document: requirement.document,
      terms: {
        price: price.toString(),
        bond: bond.toString(),
        deadline: Number(deadline),
        grantWindow: Number(grantWindow),
        deliverWindow: Number(deliverWindow),
        confirmWindow: Number(confirmWindow),
      },
      escrow: escrow.toString(),
      statement: null,
      publishedInBlock: blockNumber,
    };
    await documents.save(name, work);
    return { state: work.state, known: false };
  }

  async #dataset({ keys, item }: Keyed<RecordedDataset>): Promise<{ state: string; known: boolean }> {
    const { documents, network, engine, parameters, chain, pkg } = this.#participant;
    const { datasetId, recordedAt, blockNumber, transactionHash } = item;
    const owner = keys.account.address;
    const files = await this.#participant.files;
    const known = await documents.load(datasetDocument(datasetId), datasetWorkSchema);
    const folder = await files.description({ kind: 'own', datasetId });
    if (known !== undefined && folder !== undefined) return { state: known.state, known: true };
    const record = await chain.dataRecord(datasetId);
    const salt = await this.#history.saltIn(transactionHash, (words) => datasetIdOf(owner, words) === datasetId);
    if (record === null || salt === null) throw notRestorable(say`The chain does not show with which salt it was recorded.`);
    const { header, context } = await this.#header(keys, record);
    const sourceContext = decodeSourceContext(context);
    const identityKey = await pkg.identityKey(keys, datasetIdentity(network, owner, datasetId));
    const key = decapsulate(engine, parameters, identityKey, decodeHeader(engine, header), sourceContext);
    const belongs = sourceContext.datasetId === datasetId && BigInt(sourceContext.datasetRoot) === record.datasetRoot;
    if (key === null || !belongs) throw notRestorable(say`The header that was recorded for it does not open with the key of its identity.`);
    if (folder === undefined) await this.#fetchDataset(keys, record, key, context);
    const document = folder ?? (await files.description({ kind: 'own', datasetId }));
    if (document?.received == null)
      throw notRestorable(say`Its folder is of an import that was interrupted, and says nothing of its seed.`);
    const work: ReadyDataset = {
      version: 1,
      state: 'ready',
      datasetId,
      salt,
      name: (known?.name ?? document.file.name).slice(0, 200),
      pseudonymIndex: keys.index,
      owner,
      seed: document.received.seed,
      keywords: [...document.received.keywords],
      createdAtMs: known?.createdAtMs ?? recordedAt * 1000,
      datasetRoot: record.datasetRoot.toString(),
      payloadBytes: Number(sourceContext.plaintextLength),
      context: toHex(context),
      header: toHex(header),
      headerHash: record.headerHash,
      ciphertextHash: record.ciphertextHash,
      ciphertextBytes: Number(record.ciphertextSize),
      recordedAt,
      recordedInBlock: blockNumber,
      identityKey: toHex(encodeIdentityKey(engine, identityKey)),
    };
    await documents.save(datasetDocument(datasetId), work);
    return { state: work.state, known: false };
  }

  /** The recorded header, from the first proxy that has it. */
  async #header(keys: PseudonymKeys, { headerHash: recorded }: ChainDataRecord): Promise<{ header: Uint8Array; context: Uint8Array }> {
    const { engine } = this.#participant;
    return this.#fromProxies(keys, async (proxy, number) => {
      const stored = await proxy.getHeader(recorded);
      try {
        if (toHex(headerHash(engine, decodeSourceContext(stored.context), decodeHeader(engine, stored.header))) === recorded) return stored;
      } catch (error) {
        if (!(error instanceof DecodeError)) throw error;
      }
      throw notRestorable(say`Proxy ${number} gave another header than the recorded one.`);
    });
  }

  /** Ciphertext, payload, folder: unpacked and compared with the chain where received data is, then moved to the owner's datasets. */
  async #fetchDataset(keys: PseudonymKeys, record: ChainDataRecord, key: Uint8Array, context: Uint8Array): Promise<void> {
    const { datasetId, owner, datasetRoot, ciphertextHash, ciphertextSize } = record;
    const files = await this.#participant.files;
    const { signal } = this.#options;
    const transfer = signal ? { signal } : {};
    // No offer has this number: it has at most 248 bits, and an offer's is a hash of 256.
    const offerId = BigInt(datasetId).toString();
    if (!existsSync(files.receivedPath(offerId))) {
      const file = { ...transfer, sha256: ciphertextHash, bytes: Number(ciphertextSize), destination: files.ciphertextPath(datasetId) };
      await this.#fromProxies(keys, (proxy) => proxy.downloadCiphertext(file));
    }
    const label = fileLabelOf(decodeSourceContext(context));
    await files.unpack({ offerId, datasetId }, key, label, { datasetRoot, owner, datasetId }, transfer);
    const place = join(this.#home, 'datasets', datasetId.slice(2));
    await writing(place, async () => {
      await mkdir(dirname(place), { recursive: true, mode: 0o700 });
      await rename(files.receivedPath(offerId), place);
      await flushFolder(dirname(place));
    });
  }

  /** What the first proxy gives that can; the last one's refusal when none can. */
  async #fromProxies<Result>(
    keys: PseudonymKeys,
    ask: (proxy: ReturnType<Participant['proxies']>[number], number: number) => Promise<Result>,
  ): Promise<Result> {
    const reasons: Sentence[] = [];
    for (const [position, proxy] of this.#participant.proxies(keys).entries())
      try {
        return await ask(proxy, position + 1);
      } catch (error) {
        this.#options.signal?.throwIfAborted();
        if (!(error instanceof AppError)) throw error;
        reasons.push(say`proxy ${position + 1}: ${error.sentences.what}`);
      }
    throw notRestorable(say`No proxy has it: ${listed(reasons, ' ')}`);
  }

  async #offer(keyed: Keyed<OfferMade>): Promise<{ state: string; known: boolean }> {
    const { documents } = this.#participant;
    const offerId = keyed.item.offerId.toString();
    const known = await documents.load(offerDocument(offerId), offerWorkSchema);
    const work = known ?? (await this.#offerOnChain(keyed));
    if (known === undefined) await documents.save(offerDocument(offerId), work);
    if (work.state === 'granted-without-shares')
      this.#miss(
        'offer',
        offerId,
        `The shares of the grant of offer ${offerId}`,
        'Only the proxies have them: they go on serving the consumer, but this home cannot post the delivery on the chain.',
      );
    else if (work.state !== 'ended' && (await documents.load(datasetDocument(work.datasetId), datasetWorkSchema)) === undefined)
      this.#miss('offer', offerId, `The way on with offer ${offerId}`, 'Its dataset could not be restored.');
    return { state: work.state, known: known !== undefined };
  }

  async #offerOnChain({ keys, item }: Keyed<OfferMade>): Promise<OfferWork> {
    const { market, network } = this.#participant;
    const offer = await market.marketOffer(item.offerId);
    const requirement = offer && (await market.requirement(offer.requestId));
    if (offer === null || requirement === null) throw notRestorable(say`The chain contradicts itself about it: use another node.`);
    const { requestId, datasetId, owner } = offer;
    const salt = await this.#history.saltIn(
      item.transactionHash,
      (words) => offerIdOf(requestId, datasetId, owner, words) === item.offerId,
    );
    const template = network.templates.find((name) => templateId(name) === offer.templateId);
    if (salt === null || template === undefined)
      throw notRestorable(say`The chain does not show with which salt and template it was made.`);
    const facts = {
      version: 1 as const,
      offerId: item.offerId.toString(),
      requestId,
      datasetId,
      pseudonymIndex: keys.index,
      salt,
      template,
      deadline: Number(offer.deadline),
      segmentCount: await this.#segmentCount(offer),
      bond: requirement.terms.bond.toString(),
    };
    return { ...facts, ...ownersState(offer) };
  }

  async #segmentCount({ offerId, datasetId, provedSegments }: MarketOffer): Promise<number> {
    const verified = await this.#history.verifiedSegments(offerId);
    if (verified !== null) return verified;
    const dataset = await (await this.#participant.files).description({ kind: 'own', datasetId });
    return dataset === undefined ? Math.max(1, provedSegments) : Math.ceil(dataset.rows / SEGMENT_ROWS);
  }

  async #purchase({ keys, item: offerId }: Keyed<bigint>): Promise<{ state: string; known: boolean }> {
    const { documents, market } = this.#participant;
    const { signal } = this.#options;
    const name = purchaseDocument(offerId.toString());
    const before = await documents.load(name, purchaseWorkSchema);
    const known = before !== undefined;
    if (before === undefined) {
      const offer = await market.marketOffer(offerId);
      if (offer === null) throw notRestorable(say`The chain contradicts itself about it: use another node.`);
      const { requestId, datasetId } = offer;
      const facts = { version: 1 as const, offerId: offerId.toString(), requestId, datasetId, pseudonymIndex: keys.index };
      await documents.save(name, { ...facts, state: 'found' } satisfies PurchaseWork);
    }
    // Nothing is decided here: it fetches and opens what was paid for already, and pays nothing.
    const work = await advancePurchase(this.#participant, offerId, { accept: false, confirm: false }, signal ? { signal } : {});
    const offer = await market.marketOffer(offerId);
    if (work.state === 'accepted' && offer?.state !== 'accepted')
      this.#miss(
        'purchase',
        offerId.toString(),
        `The data of offer ${offerId}`,
        'Too few proxies gave a fragment: the grant is over, or they cannot be reached. If it is live, repeat the restoration.',
      );
    return { state: work.state, known };
  }
}

type OwnersState =
  | { readonly state: 'made' | 'verified' | 'accepted' | 'granted-without-shares' }
  | { readonly state: 'ended'; readonly outcome: 'paid' | 'refunded' | 'expired' | 'revoked' };

/** How far the owner's side of an offer has come, from what the chain says. */
function ownersState({ state }: MarketOffer): OwnersState {
  switch (state) {
    case 'none':
    case 'proving':
      // The proofs are lost, and the last one needs numbers of all others: they are made again, and only the missing ones are sent.
      return { state: 'made' };
    case 'verified':
    case 'accepted':
      return { state };
    case 'granted':
    case 'delivered':
    case 'disputed':
      return { state: 'granted-without-shares' };
    case 'paid':
    case 'refunded':
    case 'expired':
    case 'revoked':
      return { state: 'ended', outcome: state };
  }
}

function notRestorable(reason: Sentence): AppError {
  return new AppError('RESTORE_NOT_POSSIBLE', {
    what: reason,
    consequence: 'It was left out; everything else is restored.',
    remedy: 'Repeat the restoration when all proxies answer; what is nowhere any more only a backup brings back.',
  });
}
