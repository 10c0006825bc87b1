/** What an owner does with an open home: import, share, offer, prove, grant, collect. Every action may be repeated. */
import { basename } from 'node:path';
import { type CsvInspection, inspectCsv } from '../adapters/csv-import.ts';
import type { DatasetFacts } from '../adapters/dataset-work.ts';
import { AppError, isAppError } from '../base/app-error.ts';
import { type Hex, toHex } from '../base/bytes.ts';
import { type Sentence, say } from '../base/sentence.ts';
import { segmentCountOf } from '../dataset/commitment.ts';
import type { FileReading } from '../dataset/description.ts';
import type { Schema } from '../dataset/schema.ts';
import type { DryRun } from '../proofs/dry-run.ts';
import { datasetIdOf, offerIdOf } from '../proofs/identifiers.ts';
import { requirementHash } from '../proofs/requirement.ts';
import { templateFor } from '../proofs/templates.ts';
import { type DatasetWork, datasetDocument, datasetMachine, datasetWorkSchema, type ReadyDataset } from '../sharing/dataset-workflow.ts';
import type { MarketOffer, MarketRequirement } from '../sharing/market.ts';
import {
  type OfferPorts,
  type OfferWork,
  offerDocument,
  offerMachine,
  offerWorkSchema,
  requireTimeToAnswer,
} from '../sharing/offer-workflow.ts';
import type { TransferOptions } from '../sharing/services.ts';
import { advance } from '../sharing/workflow.ts';
import type { Participant } from './participant.ts';
import { rememberRequirement, requirementSeen } from './requirements-seen.ts';

/** Watching a workflow go from state to state. */
export interface Watch {
  readonly signal?: AbortSignal;
  readonly onState?: (state: string) => void;
  readonly onProgress?: OfferPorts['onProgress'];
  /** Told how far the current step over bytes or segments is. */
  readonly onTransfer?: TransferOptions['onProgress'];
}

/** How transfers of a watched workflow are watched. */
export function transferOf({ transfer }: Participant, { signal, onTransfer }: Watch): TransferOptions {
  return { ...transfer, ...(signal ? { signal } : {}), ...(onTransfer ? { onProgress: onTransfer } : {}) };
}

/** What work on the files of a dataset needs to know of it. */
export function factsOf(work: DatasetWork): DatasetFacts {
  const { datasetId, owner, seed, keywords } = work;
  return { datasetId, owner, seed, keywords, ...(work.state === 'imported' ? {} : { datasetRoot: work.datasetRoot }) };
}

/** Imports a file into a new dataset of the home, offline. */
export async function importDataset(
  participant: Participant,
  file: string,
  choice: {
    readonly schema: Schema;
    readonly reading: FileReading;
    readonly name?: string;
    readonly keywords: readonly string[];
    readonly pseudonymIndex: number;
  },
  watch: Watch = {},
): Promise<DatasetWork> {
  const { documents, random, clock } = participant;
  const files = await participant.files;
  const owner = participant.keysOf(choice.pseudonymIndex).account.address;
  const salt = toHex(random.bytes(32));
  const datasetId = datasetIdOf(owner, salt);
  await files.importFile(file, datasetId, choice, transferOf(participant, watch));
  const work: DatasetWork = {
    version: 1,
    state: 'imported',
    datasetId,
    salt,
    name: choice.name ?? basename(file),
    pseudonymIndex: choice.pseudonymIndex,
    owner,
    seed: toHex(random.bytes(32)),
    keywords: [...choice.keywords],
    createdAtMs: clock.nowMs(),
  };
  await documents.save(datasetDocument(datasetId), work);
  await files.finishImport(datasetId);
  return work;
}

/** What a file holds, and how it would be imported. */
export function inspectFile(file: string): Promise<CsvInspection> {
  return inspectCsv(file);
}

/** The home's datasets. */
export async function datasets({ documents }: Participant): Promise<DatasetWork[]> {
  return loadAll(await documents.list('dataset-'), (name) => documents.load(name, datasetWorkSchema));
}

/** One dataset of the home. @throws AppError `DATASET_UNKNOWN` */
export async function datasetNamed({ documents }: Participant, datasetId: Hex): Promise<DatasetWork> {
  return (await documents.load(datasetDocument(datasetId), datasetWorkSchema)) ?? unknown('DATASET_UNKNOWN', say`dataset`, datasetId);
}

/** Takes a dataset as far as it goes: commits, encrypts, uploads, records, fetches its key. */
export async function advanceDataset(participant: Participant, datasetId: Hex, watch: Watch = {}): Promise<DatasetWork> {
  const { documents, network, engine, parameters, chain, outbox, pkg, proxies, keysOf, clock, random } = participant;
  const files = await participant.files;
  const transfer = transferOf(participant, watch);
  const machine = datasetMachine({
    documents,
    files,
    network,
    engine,
    parameters,
    chain,
    outbox,
    pkg,
    proxies,
    keysOf,
    clock,
    random,
    transfer,
  });
  return advance(machine, await datasetNamed(participant, datasetId), supervision(watch));
}

/** Runs a requirement's predicates on the owner's data: nothing leaves the home. */
export async function tryRequirement(participant: Participant, requestId: Hex, datasetId: Hex, watch: Watch = {}): Promise<DryRun> {
  const { fields } = await requirementAsKnown(participant, requestId);
  const work = await datasetNamed(participant, datasetId);
  return (await participant.files).dryRun(factsOf(work), fields, transferOf(participant, watch));
}

/**
 * Drafts an offer of a ready dataset for a requirement. The same dataset may be offered again with another salt.
 * @throws AppError `OFFER_WINDOWS_SHORT` unless they are allowed, `OFFER_NO_TEMPLATE`, `DATASET_NOT_READY`
 */
export async function draftOffer(
  participant: Participant,
  requestId: Hex,
  datasetId: Hex,
  allowed: { readonly shortWindows?: boolean } = {},
): Promise<OfferWork> {
  const { documents, random } = participant;
  const { fields, terms, escrow } = await requirementAsKnown(participant, requestId);
  if (!allowed.shortWindows) requireTimeToAnswer(terms);
  if (escrow < terms.price) throw escrowUsedUp(requestId);
  const dataset = await readyDataset(participant, datasetId);
  // While the chain is away the draft waits; the contract asks for the enrolment again.
  await participant.requireLive(dataset.pseudonymIndex, 'owner').catch((error: unknown) => {
    if (!isAppError(error, 'CHAIN_UNREACHABLE')) throw error;
  });
  const description = await (await participant.files).description({ kind: 'own', datasetId });
  if (description === undefined) throw filesMissing(dataset);
  const segmentCount = segmentCountOf(description.rows);
  const template = templateFor(fields.slotCount, fields.width, segmentCount);
  if (template === undefined || !participant.network.templates.includes(template.name))
    throw new AppError(
      'OFFER_NO_TEMPLATE',
      {
        what: say`The network has no circuits for ${fields.slotCount} columns of ${fields.width} bits and ${segmentCount} segments.`,
        consequence: 'This dataset cannot be proved for this requirement there.',
        remedy: 'Offer a shorter dataset, or ask the operator for a network with this template.',
      },
      { data: { slots: fields.slotCount, width: fields.width, segments: segmentCount } },
    );
  const salt = toHex(random.bytes(32));
  const work: OfferWork = {
    version: 1,
    state: 'drafted',
    offerId: offerIdOf(requestId, datasetId, dataset.owner, salt).toString(),
    requestId,
    datasetId,
    pseudonymIndex: dataset.pseudonymIndex,
    salt,
    template: template.name,
    deadline: Number(terms.deadline),
    segmentCount,
    bond: terms.bond.toString(),
  };
  await documents.save(offerDocument(work.offerId), work);
  return work;
}

function escrowUsedUp(requestId: Hex): AppError {
  return new AppError(
    'OFFER_ESCROW_USED_UP',
    {
      what: "The requirement's escrow does not cover one more offer.",
      consequence: 'Nothing was proved, and no bond was put in: an offer now could not be accepted.',
      remedy: 'Choose another requirement, or wait until its publisher has added to the escrow.',
    },
    { data: { requestId } },
  );
}

/** The home's offers. */
export async function offers({ documents }: Participant): Promise<OfferWork[]> {
  return loadAll(await documents.list('offer-'), (name) => documents.load(name, offerWorkSchema));
}

/** One offer of the home. @throws AppError `OFFER_UNKNOWN` */
export async function offerNamed({ documents }: Participant, offerId: string): Promise<OfferWork> {
  return (await documents.load(offerDocument(offerId), offerWorkSchema)) ?? unknown('OFFER_UNKNOWN', say`offer`, offerId);
}

/**
 * Takes an offer as far as it goes: offers, proves, submits, and once it is accepted grants. While the chain is away everything is proved
 * all the same.
 */
export async function advanceOffer(participant: Participant, offerId: string, watch: Watch = {}): Promise<OfferWork> {
  const { documents, network, engine, parameters, market, outbox, proxies, keysOf, random } = participant;
  const work = await offerNamed(participant, offerId);
  const dataset = await readyDataset(participant, work.datasetId);
  const { fields } = await requirementAsKnown(participant, work.requestId);
  const ports: OfferPorts = {
    documents,
    network,
    engine,
    parameters,
    market,
    outbox,
    proxies,
    prover: (await participant.files).offerProver(factsOf(dataset), fields),
    dataset,
    keysOf,
    random,
    ...(watch.signal ? { signal: watch.signal } : {}),
    ...(watch.onProgress ? { onProgress: watch.onProgress } : {}),
  };
  try {
    return await advance(offerMachine(ports), work, supervision(watch));
  } catch (error) {
    if (isAppError(error, 'CHAIN_UNREACHABLE')) await proveAhead(ports, await offerNamed(participant, offerId));
    throw error;
  }
}

/** Proves what does not need the chain, which keeps the proofs for the step that sends them. Whether the offer still stands is asked then. */
async function proveAhead(ports: OfferPorts, work: OfferWork): Promise<void> {
  if (work.state !== 'drafted' && work.state !== 'made') return;
  const asLastSeen: Pick<MarketOffer, 'state'> = { state: 'proving' };
  const market = { ...ports.market, marketOffer: async () => asLastSeen as MarketOffer };
  await offerMachine({ ...ports, market }).stages.made.step?.({ ...work, state: 'made' });
}

/** A published requirement. @throws AppError `REQUIREMENT_UNKNOWN` */
export async function requirementNamed({ market, hash }: Participant, requestId: Hex): Promise<MarketRequirement> {
  const requirement = (await market.requirement(requestId)) ?? unknown('REQUIREMENT_UNKNOWN', say`requirement`, requestId);
  if (requirementHash(requirement.fields, hash) === requirement.requirementHash) return requirement;
  throw new AppError(
    'REQUIREMENT_CONTRADICTS_CHAIN',
    {
      what: "The node gave fields of the requirement that do not hash to the h' that the contract holds.",
      consequence: 'Nothing was proved, offered or sent for it.',
      remedy: 'The node is wrong or lies: use another one.',
    },
    { data: { requestId } },
  );
}

/** The requirement as the chain has it, or as this home saw it last while the chain is away. */
async function requirementAsKnown(participant: Participant, requestId: Hex): Promise<MarketRequirement> {
  try {
    const requirement = await requirementNamed(participant, requestId);
    await rememberRequirement(participant.documents, requirement, participant.hash);
    return requirement;
  } catch (error) {
    if (!isAppError(error, 'CHAIN_UNREACHABLE')) throw error;
    const seen = await requirementSeen(participant.documents, requestId);
    if (seen === undefined) throw error;
    return seen;
  }
}

function filesMissing({ name, datasetId }: DatasetWork): AppError {
  return new AppError(
    'DATASET_FILES_MISSING',
    {
      what: say`The files of the dataset "${name}" are not in this home.`,
      consequence: 'It cannot be proved from here. What is on the chain and at the proxies stays.',
      remedy: 'Restore the home from a backup, or import the original file as a new dataset.',
    },
    { data: { datasetId } },
  );
}

/** How far a dataset has come, in words. */
const stateWords: Readonly<Record<DatasetWork['state'], Sentence>> = {
  imported: say`imported`,
  committed: say`committed`,
  encrypted: say`encrypted`,
  uploaded: say`uploaded`,
  recorded: say`recorded`,
  ready: say`ready`,
};

async function readyDataset(participant: Participant, datasetId: Hex): Promise<ReadyDataset> {
  const work = await datasetNamed(participant, datasetId);
  if (work.state === 'ready') return work;
  throw new AppError(
    'DATASET_NOT_READY',
    {
      what: say`The dataset "${work.name}" is ${stateWords[work.state]}: it is not recorded on chain with its key fetched.`,
      consequence: 'It cannot be offered yet.',
      remedy: 'Publish the dataset first; that goes on from where it stopped.',
    },
    { data: { state: work.state } },
  );
}

function supervision(watch: Watch): { signal?: AbortSignal; onState?: (work: { readonly state: string }) => void } {
  const { signal, onState } = watch;
  return { ...(signal ? { signal } : {}), ...(onState ? { onState: (work) => onState(work.state) } : {}) };
}

async function loadAll<Work>(names: readonly string[], load: (name: string) => Promise<Work | undefined>): Promise<Work[]> {
  const found: Work[] = [];
  for (const name of names) {
    const work = await load(name);
    if (work !== undefined) found.push(work);
  }
  return found;
}

function unknown(code: string, kind: Sentence, id: string): never {
  throw new AppError(
    code,
    {
      what: say`There is no ${kind} ${id} here.`,
      consequence: 'Nothing was changed.',
      remedy: 'List what there is and use the id that is shown.',
    },
    { data: { id } },
  );
}
