/**
 * The vault of one profile: its keys, and the workflows that need them. It answers windows through main, and goes by itself on with what the user
 * has asked for. Heavy work and foreign files are the data process' affair.
 *
 * Invariant: no answer holds a key; the phrase leaves only for main's own question, which shows it in the secret window.
 */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { DatasetDocument } from '../../core/adapters/dataset-folder.ts';
import type { DatasetPlace } from '../../core/adapters/dataset-work.ts';
import { AppError, isAppError } from '../../core/base/app-error.ts';
import type { Hex } from '../../core/base/bytes.ts';
import { say } from '../../core/base/sentence.ts';
import { Agenda, type AgendaEntry, type EntryName, type EntryProgress, type EntryView } from '../../core/services/agenda.ts';
import { advancePurchase, publish } from '../../core/services/consumer.ts';
import { advanceDataset, advanceOffer, datasetNamed } from '../../core/services/owner.ts';
import { createParticipant, openParticipant, type Participant } from '../../core/services/participant.ts';
import { type ChannelName, contract, type RequestOf, type ResponseOf } from '../ipc-contract.ts';
import { type CallContext, type Handlers, type Link, viewOfError } from '../link.ts';
import { serviceWords } from '../service-words.ts';
import type { TaskView } from '../views.ts';
import type { StartedService, Surroundings } from './service-process.ts';
import { progressOf, type Topic, type Vault } from './vault-context.ts';
import { datasetGet, datasetImport, datasetList, datasetPause, datasetPublish, datasetRemove } from './vault-datasets.ts';
import { remoteWorkplace } from './vault-files.ts';
import { ChainMemory } from './vault-memory.ts';
import { VaultNotices } from './vault-notices.ts';
import {
  activityExport,
  activityList,
  datasetActivity,
  identityApply,
  identityEnrol,
  identityGet,
  identityWithdraw,
  networkStatus,
  outboxList,
  personList,
  personName,
  roleNames,
} from './vault-people.ts';
import {
  openRequirements,
  ownRequirements,
  requirementCheck,
  requirementContinue,
  requirementDiscard,
  requirementFund,
  requirementGet,
  requirementPublish,
  requirementReclaim,
} from './vault-requirements.ts';
import {
  offerContinue,
  offerDryRun,
  offerGet,
  offerList,
  offerMake,
  offerStep,
  purchaseGoOn,
  receivedCheck,
  receivedList,
  receivedSave,
  requirementOffers,
} from './vault-trades.ts';

const path = z.string().min(1).max(4096);
const configShape = z.strictObject({
  home: path,
  key: z.custom<Uint8Array>((key) => key instanceof Uint8Array && key.length === 32, 'must be 32 bytes'),
  artifactFolder: path,
  create: z.strictObject({ networkFile: z.string().max(1 << 20), phrase: z.string().max(1024).exactOptional() }).exactOptional(),
});

/** Milliseconds that a step waits for a process that is being started again. */
const PEER_WAIT_MS = 30_000;

/** Channels whose request has a path in place of a file's token, or of what the user is asked for. */
const withPath: readonly ChannelName[] = ['dataset.import', 'received.save', 'activity.export'];

/** Channels of everything but the profile itself. */
type OtherArea = 'app' | 'lock' | 'profile' | 'backup' | 'file' | 'table' | 'ownNetwork';
type VaultChannel = Exclude<ChannelName, `${OtherArea}.${string}`>;
type Answers = {
  readonly [Name in VaultChannel]: (
    request: Omit<RequestOf<Name>, 'file'> & { readonly path: string },
    context: CallContext,
  ) => Promise<ResponseOf<Name>> | ResponseOf<Name>;
};

/** Starts it, making the home first where `create` says so. */
export async function startVault(config: unknown, surroundings: Surroundings): Promise<StartedService> {
  const { home, key, artifactFolder, create } = configShape.parse(config);
  const { main, log } = surroundings;
  const place = { home, lock: { key }, artifactFolder, workplace: remoteWorkplace((kind) => connected(surroundings, kind)) };
  const participant = create === undefined ? await openParticipant(place) : (await createParticipant({ ...place, ...create })).participant;
  try {
    return await serve(participant, main, log);
  } catch (error) {
    await participant.close();
    throw error;
  }
}

async function serve(participant: Participant, main: Link, log: (line: string) => void): Promise<StartedService> {
  const chain = new ChainMemory(participant);
  const descriptions = new Map<string, DatasetDocument>();
  const changed = (...topics: Topic[]) => {
    chain.forget();
    main.tell('changed', { topics });
  };
  const shown = new Map<string, Shown>();
  const notices = new VaultNotices((notice) => main.tell('notice', notice));
  const fault = (error: unknown) => log(`fault: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  // Steps of the agenda finish their own transactions; of a payment that was on its way only the outbox knows.
  const closing = new AbortController();
  let wasOnline = false;
  let finishing = Promise.resolve();
  const finishOutbox = async (): Promise<void> => {
    try {
      await participant.outbox.finish(closing.signal);
    } catch (error) {
      // Without the chain it is tried again when that is back; closing lets the next start do it.
      if (!closing.signal.aborted && !isAppError(error, 'CHAIN_UNREACHABLE')) fault(error);
    }
    changed('offers', 'requirements', 'identity', 'activity', 'outbox');
  };
  const agenda = await Agenda.open({
    documents: participant.documents,
    clock: participant.clock,
    newestBlock: async () => (await participant.newestBlock()).number,
    run: (entry, watch) => goOn(participant, entry, watch, () => changed(...topicsOf(entry.kind))),
    onChange: (name, view) => {
      const told = workOf(participant, name, view, shown);
      if (told !== undefined) main.tell('work', told);
      if (view === null || view.state !== 'running') changed(...topicsOf(name.kind));
    },
    onChain: ({ online, newBlock }) => {
      if (online && !wasOnline) finishing = finishing.then(finishOutbox);
      wasOnline = online;
      changed('network', 'outbox', ...(newBlock ? (['offers', 'requirements', 'activity', 'identity'] as const) : []));
      if (newBlock) void notices.look(vault).catch(fault);
    },
    onFault: fault,
  });
  const vault: Vault = {
    participant,
    agenda,
    chain,
    changed,
    description: async (which: DatasetPlace) => {
      const known = descriptions.get(JSON.stringify(which)) ?? (await (await participant.files).description(which));
      if (known !== undefined) descriptions.set(JSON.stringify(which), known);
      return known;
    },
  };
  // Settles what a crash left, before anything uses the files.
  await participant.files;
  agenda.begin();

  return {
    handlers: {
      ...handlersOf(vault),
      phrase: () => ({ phrase: participant.phrase }),
      summary: () => ({
        address: participant.pseudonyms[0]?.address ?? null,
        roles: roleNames(participant.applied.roles),
        enrolled: participant.pseudonyms.length > 0,
        applicationId: participant.applied.applicationId,
      }),
      cancelWork: async (value: unknown) => {
        const { id } = z.strictObject({ id: z.string().max(40) }).parse(value);
        const entry = agenda.views().find((view) => workId(participant, view.entry) === id)?.entry;
        if (entry !== undefined) await agenda.pause(entry);
        return {};
      },
    },
    async stop() {
      closing.abort();
      await agenda.close();
      await finishing;
      await participant.close();
    },
  };
}

/** Every channel that the vault answers. What changes something is followed by a word to the windows, whatever became of it. */
function handlersOf(vault: Vault): Handlers {
  const { changed } = vault;
  const answers: Answers = {
    'dataset.list': () => datasetList(vault),
    'dataset.get': ({ datasetId }) => datasetGet(vault, datasetId as Hex),
    'dataset.import': (request, context) => datasetImport(vault, request, context),
    'dataset.publish': ({ datasetId }, context) => datasetPublish(vault, datasetId as Hex, context),
    'dataset.pause': ({ datasetId }) => datasetPause(vault, datasetId as Hex),
    'dataset.remove': ({ datasetId }) => datasetRemove(vault, datasetId as Hex),
    'dataset.activity': ({ datasetId }) => datasetActivity(vault, datasetId as Hex),
    'requirement.open': () => openRequirements(vault),
    'requirement.mine': () => ownRequirements(vault),
    'requirement.get': ({ requestId }) => requirementGet(vault, requestId as Hex),
    'requirement.check': ({ document }) => requirementCheck(document),
    'requirement.publish': (request, context) => requirementPublish(vault, request, context),
    'requirement.continue': ({ requestId }, context) => requirementContinue(vault, requestId as Hex, context),
    'requirement.discard': ({ requestId }) => requirementDiscard(vault, requestId as Hex),
    'requirement.fund': ({ requestId, amount }) => requirementFund(vault, requestId as Hex, amount),
    'requirement.reclaim': ({ requestId }) => requirementReclaim(vault, requestId as Hex),
    'requirement.offers': ({ requestId }) => requirementOffers(vault, requestId as Hex),
    'offer.dryRun': ({ requestId, datasetId }, context) => offerDryRun(vault, requestId as Hex, datasetId as Hex, context),
    'offer.make': ({ requestId, datasetId, shortWindows }, context) =>
      offerMake(vault, { requestId: requestId as Hex, datasetId: datasetId as Hex, shortWindows }, context),
    'offer.continue': ({ offerId }, context) => offerContinue(vault, offerId, context),
    'offer.list': () => offerList(vault),
    'offer.get': ({ offerId }) => offerGet(vault, offerId),
    'offer.step': ({ offerId, step }) => offerStep(vault, offerId, step),
    'purchase.fetch': ({ offerId }, context) => purchaseGoOn(vault, offerId, {}, context),
    'purchase.accept': ({ offerId }, context) => purchaseGoOn(vault, offerId, { accept: true }, context),
    'purchase.receive': ({ offerId }, context) => purchaseGoOn(vault, offerId, {}, context),
    'purchase.confirm': ({ offerId }, context) => purchaseGoOn(vault, offerId, { confirm: true }, context),
    'received.list': () => receivedList(vault),
    'received.check': ({ offerId }, context) => receivedCheck(vault, offerId, context),
    'received.save': ({ offerId, path: target }, context) => receivedSave(vault, offerId, target, context),
    'activity.list': () => activityList(vault),
    'activity.export': ({ path: target }) => activityExport(vault, target),
    'person.list': () => personList(vault),
    'person.name': ({ address, name }) => personName(vault, address as Hex, name),
    'outbox.list': () => outboxList(vault),
    'identity.get': () => identityGet(vault),
    'identity.apply': (request) => identityApply(vault, request),
    'identity.enrol': ({ count }, context) => identityEnrol(vault, count, context),
    'identity.withdraw': ({ pseudonymIndex, to }) => identityWithdraw(vault, pseudonymIndex, to),
    'network.status': () => networkStatus(vault),
  };
  const sending: readonly string[] = ['requirement.fund', 'requirement.reclaim', 'offer.step', 'identity.withdraw', 'identity.enrol'];
  return Object.fromEntries(
    Object.entries(answers).map(([name, answer]) => [
      name,
      async (value: unknown, context: CallContext) => {
        const request = requestOf(name as VaultChannel, value);
        try {
          return await (answer as (request: unknown, context: CallContext) => unknown)(request, context);
        } finally {
          if (sending.includes(name)) {
            changed('offers', 'requirements', 'identity', 'activity', 'outbox');
            vault.agenda.wake();
          }
        }
      },
    ]),
  );
}

/** Checks a request by the contract, with a path where main has put one. */
function requestOf(name: VaultChannel, value: unknown): unknown {
  const { request } = contract[name];
  if (!withPath.includes(name)) return request.parse(value);
  const { path: place, ...rest } = z.looseObject({ path }).parse(value);
  // The token is checked and taken away by main; the shape still asks for one.
  const parsed = 'file' in request.shape ? request.parse({ ...rest, file: '00000000' }) : request.parse(rest);
  return { ...parsed, path: place };
}

/** Goes on with one entry of the agenda; tells `changed` after every step. */
async function goOn(
  participant: Participant,
  { kind, id, decided }: AgendaEntry,
  { signal, onProgress }: { readonly signal: AbortSignal; readonly onProgress: (progress: EntryProgress) => void },
  changed: () => void,
): Promise<'done' | 'waits'> {
  let step: string = kind;
  const watch = {
    signal,
    onState: (state: string) => {
      step = state;
      onProgress({ step, fraction: null });
      changed();
    },
    onTransfer: (done: number, total: number) => progressOf(step, onProgress)(done, total),
    onProgress: ({ step: part, done, total }: { step: string; done: number; total: number }) => progressOf(part, onProgress)(done, total),
  };
  if (kind === 'dataset') {
    step = (await datasetNamed(participant, id as Hex)).state;
    await advanceDataset(participant, id as Hex, watch);
    // Whoever has something to offer may want to prove it where there is no network.
    step = 'fetch-proving-keys';
    await participant.fetchProvingFiles({ signal, onProgress: watch.onTransfer });
    return 'done';
  }
  if (kind === 'requirement') {
    onProgress({ step: 'prove', fraction: null });
    await publish(participant, id as Hex, watch);
    return 'done';
  }
  if (kind === 'offer') return (await advanceOffer(participant, id, watch)).state === 'ended' ? 'done' : 'waits';
  const { state } = await advancePurchase(participant, BigInt(id), decided, watch);
  const waitsForUser = (state === 'keyed' && !decided.accept) || (state === 'received' && !decided.confirm);
  return state === 'ended' || state === 'closed' || waitsForUser ? 'done' : 'waits';
}

const topicsByKind: Readonly<Record<AgendaEntry['kind'], readonly Topic[]>> = {
  dataset: ['datasets', 'outbox', 'activity'],
  requirement: ['requirements', 'outbox', 'activity', 'identity'],
  offer: ['offers', 'outbox', 'activity', 'identity'],
  purchase: ['offers', 'received', 'outbox', 'activity', 'identity'],
};

function topicsOf(kind: AgendaEntry['kind']): readonly Topic[] {
  return topicsByKind[kind];
}

type Work = Omit<TaskView, 'startedAtMs' | 'endedAtMs'>;
interface Shown {
  readonly state: Work['state'];
}

/**
 * A record of work for the tasks drawer, when there is news. Work that somebody attends is shown as what was called; a look that finds nothing to do
 * is not shown.
 */
function workOf(participant: Participant, name: EntryName, view: EntryView | null, shown: Map<string, Shown>): Work | undefined {
  const id = workId(participant, name);
  const before = shown.get(id);
  if (view?.attended === true) return undefined;
  const state = workState(view);
  const isQuiet = view?.state === 'running' && view.progress === null;
  if (isQuiet || (before === undefined && (state === 'done' || state === 'cancelled'))) return undefined;
  if (state === 'running' || state === 'waiting-for-network') shown.set(id, { state });
  else shown.delete(id);
  return {
    id,
    kind: workKinds[name.kind],
    subject: name.id,
    route: routeOf(name),
    state,
    progress: view?.progress ?? null,
    error: view?.error == null ? null : viewOfError(view.error),
    cancellable: state === 'running' || state === 'waiting-for-network',
  };
}

const workKinds = {
  dataset: 'dataset.publish',
  requirement: 'requirement.continue',
  offer: 'offer.continue',
  purchase: 'purchase.receive',
} as const;

function workState(view: EntryView | null): Work['state'] {
  if (view === null || view.state === 'waiting-for-other') return 'done';
  return view.state === 'paused' ? 'cancelled' : view.state;
}

function workId({ home }: Participant, { kind, id }: EntryName): string {
  return createHash('sha256')
    .update(JSON.stringify([home, kind, id]))
    .digest('hex')
    .slice(0, 24);
}

function routeOf({ kind, id }: EntryName): string {
  return { dataset: '/datasets/', requirement: '/requirements/', offer: '/offers/', purchase: '/offers/' }[kind] + id;
}

/** The connection to a process, waiting a while for one that is being started again. @throws AppError `SERVICE_ENDED` */
async function connected({ peer }: Surroundings, kind: 'data' | 'prover'): Promise<Link> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(notStarted(kind)), PEER_WAIT_MS);
  try {
    return await Promise.race([peer(kind), late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

function notStarted(kind: string): AppError {
  return new AppError(
    'SERVICE_ENDED',
    {
      what: say`The part of Vouchsafe that does this work (${serviceWords(kind)}) does not start.`,
      consequence: 'This step was not done. What was saved before is safe.',
      remedy: 'Look at its state in Settings and start it there; then repeat the step.',
    },
    { data: { service: kind } },
  );
}
