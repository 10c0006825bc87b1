/**
 * The whole story over running services: an owner and a consumer with homes of their own, from joining to the payment,
 * through the paper's ten stages. Every stage looks at what is there first, so the story can be killed anywhere and
 * told again with the same folders: it goes on and does nothing twice.
 */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { HomeStore } from '../adapters/home-store.ts';
import { AppError, isAppError } from '../base/app-error.ts';
import type { Hex } from '../base/bytes.ts';
import type { DocumentLock } from '../crypto/sealed-document.ts';
import { type PromisedColumn, promisedColumns } from '../dataset/schema.ts';
import type { RequirementDocument } from '../proofs/requirement-document.ts';
import { advancePurchase, draft, publish, requirements, saveReceivedFile } from '../services/consumer.ts';
import {
  advanceDataset,
  advanceOffer,
  datasets,
  draftOffer,
  importDataset,
  inspectFile,
  offers,
  tryRequirement,
  type Watch,
} from '../services/owner.ts';
import { createParticipant, openParticipant, type Participant } from '../services/participant.ts';
import { entityRoles } from '../sharing/chain-reader.ts';
import { argumentInvalid, formatCoins } from './arguments.ts';
import { asOperator } from './service-commands.ts';

/** What is told. */
export interface StoryPlan {
  /** Folder with the network's home (`network`), where the two homes and the received file go. */
  readonly folder: string;
  readonly lock: DocumentLock;
  readonly data: string;
  /** The column that the requirement asks for; the first number column unless given. */
  readonly column?: string;
  /** Both bounds are allowed values; decimals. */
  readonly between: readonly [string, string];
  readonly keywords: readonly string[];
  /** Real names that the two give to the PKG, and to nobody else. */
  readonly names?: { readonly owner: string; readonly consumer: string };
}

/** Hears the story as it goes. */
export interface StoryListener {
  /** A stage of the paper begins. */
  stage(number: number, title: string): void;
  /** Something was done or found to be done. */
  done(what: string): void;
  /** Something was checked; a failed check ends the story. */
  check(what: string, holds: boolean): void;
  progress(what: string): void;
}

/** The consumer's data does not meet the requirement: the story stops before anything is offered. */
export class RequirementNotMet extends Error {
  readonly result: Awaited<ReturnType<typeof tryRequirement>>;
  readonly requestId: Hex;
  readonly datasetId: Hex;
  override name = 'RequirementNotMet';

  constructor(result: Awaited<ReturnType<typeof tryRequirement>>, requestId: Hex, datasetId: Hex) {
    super('the data does not meet the requirement');
    this.result = result;
    this.requestId = requestId;
    this.datasetId = datasetId;
  }
}

const ETHER = 10n ** 18n;
const PRICE = 5n * ETHER;
const BOND = ETHER / 100n;
/** Each side gets this much to trade with. */
const FUNDS = 20n * ETHER;
const DAY_SECONDS = 24 * 3600;

/** Tells the story to its end. @throws {@link RequirementNotMet}, and AppErrors of the steps */
export async function tellStory(plan: StoryPlan, listener: StoryListener): Promise<void> {
  listener.stage(1, 'Join the network');
  const names = plan.names ?? { owner: 'Ada Owner', consumer: 'Carl Consumer' };
  const owner = await person(plan, 'owner', names.owner, entityRoles.owner, listener);
  let consumer: Participant | undefined;
  try {
    consumer = await person(plan, 'consumer', names.consumer, entityRoles.consumer, listener);
    await tellTrade(plan, owner, consumer, listener);
  } finally {
    await consumer?.close();
    await owner.close();
  }
}

async function tellTrade(plan: StoryPlan, owner: Participant, consumer: Participant, listener: StoryListener): Promise<void> {
  listener.stage(2, 'Initialize');
  const { parametersHash } = owner.network.pkg;
  await owner.checkNetwork();
  listener.check('chain, contracts and verifying keys are those of the network file', true);
  listener.check('the chain names the public parameters of the network file', (await owner.chain.parametersHash()) === parametersHash);

  listener.stage(3, 'Publish a requirement');
  const inspection = await inspectFile(plan.data);
  const column = columnOf(promisedColumns(inspection.schema), plan.column);
  const document = requirementFor(plan, column, promisedColumns(inspection.schema));
  const requestId = await publishedRequirement(consumer, document, listener);
  const requirement = await owner.market.requirement(requestId);
  listener.check(
    `the contract verified the consumer's proof: R' = 1, h' = ${short(requirement?.requirementHash ?? 0n)}`,
    requirement?.state === 'open',
  );

  listener.stage(4, 'Encrypt');
  const dataset = await importedDataset(owner, plan, inspection, listener);
  const watch: Watch = { onState: (state) => listener.done(`the dataset is ${state}`) };
  const stagesOf: Record<string, [number, string]> = { encrypted: [5, 'Record'] };
  const ready = await advanceDataset(owner, dataset, {
    ...watch,
    onState: (state) => {
      watch.onState?.(state);
      const next = stagesOf[state];
      if (next) listener.stage(...next);
    },
  });
  if (ready.state !== 'ready') throw new TypeError(`the dataset stopped as ${ready.state}`);
  const record = await consumer.chain.dataRecord(ready.datasetId);
  listener.check(
    'the chain holds root, header hash and ciphertext hash of the dataset',
    record?.headerHash === ready.headerHash &&
      record.datasetRoot.toString() === ready.datasetRoot &&
      record.ciphertextHash === ready.ciphertextHash,
  );

  listener.stage(6, 'Prove');
  const trial = await tryRequirement(owner, requestId, ready.datasetId);
  if (!trial.holds) throw new RequirementNotMet(trial, requestId, ready.datasetId);
  listener.check('dry run: every predicate holds on the local data', true);
  const [known] = (await offers(owner)).filter((offer) => offer.requestId === requestId);
  const { offerId } = known ?? (await draftOffer(owner, requestId, ready.datasetId));
  let granting = false;
  const ownerWatch: Watch = {
    onState: (state) => {
      listener.done(`the offer is ${state}`);
      if (state === 'proved') listener.stage(7, 'Verify');
      if (state === 'granted') granting = true;
    },
    onProgress: ({ step, done, total }) => listener.progress(`${step} ${done} of ${total}`),
  };
  await advanceOffer(owner, offerId, ownerWatch);
  const verified = await consumer.market.marketOffer(BigInt(offerId));
  listener.check(
    `the contract verified ${verified?.provedSegments} segments, ${verified?.provedRows} rows and the whole: R = R', h = h'`,
    verified !== null && verified.state !== 'none' && verified.state !== 'proving',
  );

  listener.stage(8, 'Accept and re-encrypt');
  const consumerWatch: Watch = { onState: (state) => listener.done(`the purchase is ${state}`) };
  await advancePurchase(consumer, BigInt(offerId), { accept: true, confirm: false }, consumerWatch);
  await advanceOffer(owner, offerId, ownerWatch);
  if (granting) listener.done(`${owner.network.proxies.length} proxies have their shares; ${owner.network.threshold} must answer`);

  listener.stage(9, 'Decrypt and check');
  const received = await advancePurchase(consumer, BigInt(offerId), { accept: true, confirm: true }, consumerWatch);
  listener.check('fragments proved, header re-encapsulated, root recomputed and equal to the chain', received.state === 'ended');
  const copy = join(plan.folder, 'received.csv');
  await rm(copy, { force: true });
  await saveReceivedFile(consumer, offerId, copy);
  const [sent, arrived] = [await digestOf(plan.data), await digestOf(copy)];
  listener.check(`the received file equals the sent one: SHA-256 ${arrived}`, sent === arrived);
  await advanceOffer(owner, offerId, ownerWatch);
  const { account } = owner.keysOf(ready.pseudonymIndex);
  const credit = await owner.market.credit(account.address);
  if (credit > 0n) {
    const { blockNumber } = await owner.withdraw(account, account.address);
    listener.done(`the owner withdrew ${formatCoins(credit)} coins in block ${blockNumber}`);
  }

  listener.stage(10, 'Consensus');
  const ended = await consumer.market.marketOffer(BigInt(offerId));
  listener.check(
    'the offer ended as paid, with nothing left in it',
    ended?.state === 'paid' && ended.price === 0n && ended.ownerBond === 0n,
  );
  if (ended) {
    const timeline = await consumer.market.timeline(ended);
    listener.check(`${timeline.length} events of this trade are final on chain, in order`, inOrder(timeline));
  }
}

/** Opens the home or joins; then applies, is approved, enrolled and funded, as far as that is not done. */
async function person(plan: StoryPlan, folder: string, name: string, roles: number, listener: StoryListener): Promise<Participant> {
  const home = join(plan.folder, folder);
  const networkHome = join(plan.folder, 'network');
  const participant = await joined(home, plan, await readFile(join(networkHome, 'network.json'), 'utf8'));
  try {
    const { address } = participant.keysOf(0).account;
    // First, since on a chain with fees even its enrolment costs coins.
    if ((await participant.market.balance(address)) < FUNDS / 4n) {
      await asOperator({ networkHome, lock: plan.lock }, (operator) => operator.fund(address, FUNDS));
    }
    if (participant.pseudonyms.length === 0) {
      const { applicationId, state } = await participant.apply({ name, contact: `${folder}@example.org`, roles });
      if (state === 'pending') {
        await asOperator({ networkHome, lock: plan.lock }, async (operator) => {
          await operator.decide(applicationId, 'approve', '');
        });
      }
      await participant.enrol(1);
    }
    const entity = await participant.chain.entity(address);
    // The name is for the PKG alone: not even this line puts it beside the pseudonym.
    listener.check(`the ${folder} acts as pseudonym ${address}, enrolled on chain`, entity !== null && (entity.roles & roles) === roles);
    return participant;
  } catch (error) {
    await participant.close();
    throw error;
  }
}

async function joined(home: string, plan: StoryPlan, networkFile: string): Promise<Participant> {
  const { lock } = plan;
  if (await HomeStore.exists(home)) {
    try {
      return await openParticipant({ home, lock });
    } catch (error) {
      // Killed while it joined: nothing of value was in it.
      if (!isAppError(error, 'HOME_NOT_A_PARTICIPANT')) throw error;
      await rm(home, { recursive: true });
    }
  }
  return (await createParticipant({ home, lock, networkFile })).participant;
}

async function publishedRequirement(consumer: Participant, document: RequirementDocument, listener: StoryListener): Promise<Hex> {
  const [known] = await requirements(consumer);
  let requestId = known?.requestId;
  if (requestId === undefined) {
    const now = Number(await consumer.market.timeSeconds());
    const terms = {
      price: PRICE.toString(),
      bond: BOND.toString(),
      deadline: now + 7 * DAY_SECONDS,
      grantWindow: DAY_SECONDS,
      deliverWindow: DAY_SECONDS,
      confirmWindow: 3 * DAY_SECONDS,
    };
    ({ requestId } = await draft(consumer, document, terms, PRICE, 0));
  }
  await publish(consumer, requestId, { onState: (state) => listener.done(`the requirement is ${state}`) });
  return requestId;
}

async function importedDataset(
  owner: Participant,
  plan: StoryPlan,
  inspection: Awaited<ReturnType<typeof inspectFile>>,
  listener: StoryListener,
): Promise<Hex> {
  const [known] = await datasets(owner);
  if (known) return known.datasetId;
  const { schema, reading } = inspection;
  const { datasetId } = await importDataset(owner, plan.data, { schema, reading, keywords: plan.keywords, pseudonymIndex: 0 });
  const rounded = inspection.report.map(({ column, rounded: count }) => `${column.name}: ${count} cells rounded to ${column.scale} places`);
  listener.done(`${inspection.rows} rows imported (${rounded.join(', ')})`);
  return datasetId;
}

function columnOf(columns: readonly PromisedColumn[], name: string | undefined): PromisedColumn {
  const column = columns.find((candidate) => candidate.type === 'number' && (name === undefined || candidate.name === name));
  if (column) return column;
  throw argumentInvalid(name === undefined ? 'the file has no column of numbers' : `the file has no number column "${name}"`);
}

function requirementFor(plan: StoryPlan, column: PromisedColumn, columns: readonly PromisedColumn[]): RequirementDocument {
  const { name, unit, scale, width } = column;
  const time = columns.some(({ type }) => type === 'time')
    ? { from: '1970-01-01T00:00:00Z', to: '2200-01-01T00:00:00Z', minSpanMs: 1 }
    : undefined;
  const columnAsked = { type: 'number' as const, name, unit, scale, between: [plan.between[0], plan.between[1]] as [string, string] };
  return { version: 1, width, columns: [columnAsked], minRows: 1, keywords: [...plan.keywords], ...(time ? { time } : {}) };
}

/** SHA-256 of a file, as hexadecimal digits. */
export async function digestOf(path: string): Promise<string> {
  if (!existsSync(path))
    throw new AppError('FILE_NOT_READABLE', {
      what: `${path} is not there.`,
      consequence: 'Nothing was compared.',
      remedy: 'Check the path.',
    });
  return createHash('sha256')
    .update(await readFile(path))
    .digest('hex');
}

function inOrder(timeline: readonly { readonly blockNumber: number }[]): boolean {
  return timeline.every((entry, index) => index === 0 || entry.blockNumber >= (timeline[index - 1]?.blockNumber ?? 0));
}

function short(value: bigint): string {
  return `0x${value.toString(16).slice(0, 12)}...`;
}
