/**
 * Every channel between a window and the rest, once. The bridge, the router, the services and the renderer's client all
 * derive from this table; a message whose shape is not here does not pass, in either direction.
 *
 * Invariant: no shape has a place for a key, a phrase or a passphrase, except in `secretContract`, which only the secret
 * window may use: a window of its own without history, whose process ends with it (docs/decisions/secrets-have-their-own-window.md).
 */
import { z } from 'zod';
import {
  activityView,
  address,
  applicationIdText,
  applicationView,
  appView,
  blockDetailView,
  blockProofView,
  blockView,
  checksView,
  columnView,
  datasetView,
  dryRunView,
  fileView,
  id32,
  identityView,
  inspectionView,
  line,
  localId,
  logLineView,
  matchView,
  networkFileView,
  networkStatusView,
  offerIdText,
  offerView,
  outboxView,
  paceView,
  personView,
  previewView,
  progressView,
  proxyStorageView,
  readingView,
  receivedView,
  requirementDocumentView,
  requirementView,
  roleName,
  said,
  seriesView,
  serviceView,
  settingsView,
  tablePlace,
  tableView,
  taskView,
  tradeStepName,
  validatorsView,
  wei,
} from './views.ts';

/** Who answers a call: main itself, or the service of that kind which belongs to the window's profile or to the named network. */
export type Answerer = 'main' | 'vault' | 'data' | 'operator' | 'proxy';

/** One channel. */
export interface Channel<Request extends z.ZodType = z.ZodType, Response extends z.ZodType = z.ZodType> {
  readonly answeredBy: Answerer;
  readonly request: Request;
  readonly response: Response;
  /** A task is shown in the tasks drawer with its progress; `cancellable` ones can be ended there. */
  readonly task?: { readonly cancellable: boolean };
}

const call = <Request extends z.ZodType, Response extends z.ZodType>(
  answeredBy: Answerer,
  request: Request,
  response: Response,
): Channel<Request, Response> => ({ answeredBy, request, response });
const task = <Request extends z.ZodType, Response extends z.ZodType>(
  answeredBy: Answerer,
  request: Request,
  response: Response,
  cancellable = true,
): Channel<Request, Response> => ({ answeredBy, request, response, task: { cancellable } });

const nothing = z.strictObject({});
const done = z.strictObject({});
const name = line(80).trim().min(1);
const token = localId;
const amount = wei;
const final = z.strictObject({ blockNumber: z.int() });
const datasetRef = z.strictObject({ datasetId: id32 });
const requirementRef = z.strictObject({ requestId: id32 });
const offerRef = z.strictObject({ offerId: offerIdText });
const networkRef = z.strictObject({ networkId: localId });
const groupRef = z.strictObject({ networkId: localId, group: z.int().min(0).max(63) });
const blockRef = z.strictObject({ networkId: localId, number: z.int().min(0) });

/** The channels of ordinary windows. */
export const contract = {
  // The installation
  'app.get': call('main', nothing, appView),
  'app.settings': call('main', settingsView.partial(), appView),
  'app.services': call('main', nothing, z.array(serviceView)),
  'app.restartService': call('main', z.strictObject({ id: z.string().max(100) }), done),
  'app.logs': call('main', z.strictObject({ service: z.string().max(100).nullable() }), z.array(logLineView).max(2000)),
  'app.diagnostics': task('main', nothing, z.strictObject({ path: z.string().max(4096).nullable() })),
  'app.tasks': call('main', nothing, z.array(taskView).max(500)),
  'app.cancelTask': call('main', z.strictObject({ id: localId }), done),
  'app.copy': call('main', z.strictObject({ text: z.string().max(4096) }), done),
  'app.checkForUpdate': task('main', nothing, z.strictObject({ version: z.string().max(40).nullable() })),

  // First start, lock, profiles
  'lock.begin': call('main', z.strictObject({ withPassphrase: z.boolean() }), appView),
  'lock.lock': call('main', nothing, done),
  /** Opens the secret window where a passphrase is needed. */
  'lock.unlock': call('main', nothing, appView),
  /**
   * Begins anew beside what is locked, where the system's keychain no longer opens the key: the installation's file, with
   * the sealed key in it, is kept as `keptAs`.
   */
  'lock.startOver': call('main', nothing, z.strictObject({ keptAs: z.string().max(4096) })),
  'lock.changePassphrase': call('main', nothing, z.strictObject({ changed: z.boolean() })),
  'lock.removePassphrase': call('main', nothing, z.strictObject({ changed: z.boolean() })),
  'profile.create': task(
    'main',
    z.strictObject({
      name,
      /** The real name and contact: for the operator of the PKG alone. */
      realName: line(200).trim().min(1),
      contact: line(300).trim().min(1),
      roles: z.array(roleName).min(1),
      network: z.union([z.strictObject({ file: token }), z.strictObject({ own: localId })]),
      /** Asks for an existing phrase in the secret window, and rebuilds the history from the chain and the proxies. */
      restore: z.boolean(),
    }),
    z.strictObject({ profileId: localId }),
  ),
  'profile.switch': call('main', z.strictObject({ profileId: localId }), appView),
  'profile.rename': call('main', z.strictObject({ profileId: localId, name }), appView),
  'profile.showPhrase': call('main', nothing, done),
  'profile.rehearsePhrase': call('main', nothing, z.strictObject({ correct: z.boolean() })),
  /** Makes a network, two profiles with coins, and imports the sample for the owner. */
  'profile.trySample': task('main', nothing, z.strictObject({ owner: localId, consumer: localId })),
  'backup.save': task('main', nothing, z.strictObject({ saved: z.boolean(), bytes: z.int() })),
  'backup.restore': task('main', z.strictObject({ file: token }), z.strictObject({ profileId: localId })),

  // Files
  'file.choose': call('main', z.strictObject({ kind: z.enum(['data', 'network', 'backup']) }), fileView.nullable()),
  /** `path` comes from the bridge alone, which asks Electron for the path of a dropped file. */
  'file.dropped': call('main', z.strictObject({ path: z.string().min(1).max(4096) }), fileView),
  'file.sample': call('main', nothing, fileView),
  'file.readNetwork': call('main', z.strictObject({ file: token }), networkFileView),
  'file.inspect': task('data', z.strictObject({ file: token, reading: readingView.partial() }), inspectionView),
  'file.preview': task('data', z.strictObject({ file: token, columns: z.array(columnView).max(1024), reading: readingView }), previewView),

  // Data of a profile
  'dataset.list': call('vault', nothing, z.array(datasetView)),
  'dataset.get': call('vault', datasetRef, datasetView),
  'dataset.import': task(
    'vault',
    z.strictObject({
      file: token,
      name: line(200).trim().min(1),
      columns: z.array(columnView).min(1).max(1024),
      reading: readingView,
      keywords: z.array(line(64)).max(16),
      pseudonymIndex: z.int().min(0),
    }),
    datasetView,
  ),
  /** Encrypts, and goes on (uploads, records, fetches the key) as far as the network allows; the rest waits in the outbox. */
  'dataset.publish': task('vault', datasetRef, datasetView),
  'dataset.pause': call('vault', datasetRef, datasetView),
  'dataset.remove': call('vault', datasetRef, done),
  'dataset.activity': call('vault', datasetRef, z.array(activityView)),
  'table.rows': call('data', z.strictObject({ place: tablePlace, offset: z.int().min(0), count: z.int().min(1).max(1000) }), tableView),
  'table.series': call(
    'data',
    z.strictObject({
      place: tablePlace,
      source: z.int().min(0),
      from: z.number().nullable(),
      to: z.number().nullable(),
      buckets: z.int().min(10).max(4000),
    }),
    seriesView,
  ),

  // Requirements
  'requirement.open': call('vault', nothing, z.array(z.strictObject({ requirement: requirementView, matches: z.array(matchView) }))),
  'requirement.mine': call('vault', nothing, z.array(requirementView)),
  'requirement.get': call('vault', requirementRef, requirementView),
  'requirement.check': call('vault', z.strictObject({ document: requirementDocumentView }), z.strictObject({ problem: said.nullable() })),
  'requirement.publish': task(
    'vault',
    z.strictObject({
      document: requirementDocumentView,
      price: amount,
      bond: amount,
      offers: z.int().min(1).max(1000),
      days: z.int().min(1).max(365),
      grantHours: z.int().min(1).max(720),
      deliverHours: z.int().min(1).max(720),
      confirmHours: z.int().min(1).max(720),
      pseudonymIndex: z.int().min(0),
    }),
    requirementView,
  ),
  'requirement.continue': task('vault', requirementRef, requirementView),
  'requirement.discard': call('vault', requirementRef, done),
  'requirement.fund': task('vault', z.strictObject({ requestId: id32, amount }), final, false),
  'requirement.reclaim': task('vault', requirementRef, final, false),
  'requirement.offers': call('vault', requirementRef, z.array(offerView)),

  // Trades
  'offer.dryRun': task('vault', z.strictObject({ requestId: id32, datasetId: id32 }), dryRunView),
  'offer.make': task('vault', z.strictObject({ requestId: id32, datasetId: id32, shortWindows: z.boolean() }), offerView),
  'offer.continue': task('vault', offerRef, offerView),
  'offer.list': call('vault', nothing, z.array(offerView)),
  'offer.get': call('vault', offerRef, offerView),
  'offer.step': task('vault', z.strictObject({ offerId: offerIdText, step: tradeStepName }), final, false),
  'purchase.fetch': task('vault', offerRef, offerView),
  'purchase.accept': task('vault', offerRef, offerView),
  'purchase.receive': task('vault', offerRef, offerView),
  'purchase.confirm': task('vault', offerRef, offerView),
  'received.list': call('vault', nothing, z.array(receivedView)),
  'received.check': task('vault', offerRef, checksView),
  /** Asks where to, and copies the file; null when the user thought better of it. */
  'received.save': task('vault', offerRef, z.strictObject({ path: z.string().max(4096).nullable() })),

  // What happened, and with whom
  'activity.list': call('vault', nothing, z.array(activityView)),
  'activity.export': task('vault', nothing, z.strictObject({ path: z.string().max(4096).nullable() })),
  'person.list': call('vault', nothing, z.array(personView)),
  'person.name': call('vault', z.strictObject({ address, name: line(80).trim() }), done),
  'outbox.list': call('vault', nothing, z.array(outboxView)),
  'identity.get': call('vault', nothing, identityView),
  'identity.apply': task(
    'vault',
    z.strictObject({
      realName: line(200).trim().min(1),
      contact: line(300).trim().min(1),
      roles: z.array(roleName).min(1),
    }),
    identityView,
  ),
  'identity.enrol': task('vault', z.strictObject({ count: z.int().min(1).max(32) }), identityView),
  'identity.withdraw': task('vault', z.strictObject({ pseudonymIndex: z.int().min(0), to: address }), final, false),
  'network.status': call('vault', nothing, networkStatusView),

  // Operating
  'ownNetwork.create': task(
    'main',
    z.strictObject({
      name,
      proxies: z.int().min(1).max(32),
      threshold: z.int().min(1).max(32),
    }),
    networkRef,
  ),
  'ownNetwork.start': task('main', networkRef, done, false),
  'ownNetwork.stop': task('main', networkRef, done, false),
  'ownNetwork.saveFile': call('main', networkRef, z.strictObject({ path: z.string().max(4096).nullable() })),
  'ownNetwork.blocks': call(
    'operator',
    z.strictObject({ networkId: localId, before: z.int().min(0).nullable() }),
    z.array(blockView).max(100),
  ),
  'ownNetwork.block': call('operator', blockRef, blockDetailView),
  /** Checks why a block is final with nothing but the genesis document. */
  'ownNetwork.checkBlock': call('operator', blockRef, blockProofView),
  'ownNetwork.validators': call('operator', networkRef, validatorsView),
  'ownNetwork.pace': call('operator', z.strictObject({ networkId: localId, minutes: z.int().min(1).max(1440) }), paceView),
  /** One group of validators, so that its operator can do without it for a while; the rest goes on. */
  'ownNetwork.startGroup': task('main', groupRef, done, false),
  'ownNetwork.stopGroup': task('main', groupRef, done, false),
  /** Asks where to, and saves what the services of the network wrote, without what tells who somebody is. */
  'ownNetwork.saveLogs': call('main', networkRef, z.strictObject({ path: z.string().max(4096).nullable() })),
  'ownNetwork.applications': call('operator', networkRef, z.array(applicationView)),
  'ownNetwork.decide': task(
    'operator',
    z.strictObject({
      networkId: localId,
      applicationId: applicationIdText,
      outcome: z.enum(['approve', 'refuse', 'revoke']),
      reason: z.string().max(500),
    }),
    applicationView,
    false,
  ),
  'ownNetwork.fund': task('operator', z.strictObject({ networkId: localId, address, amount }), done, false),
  'ownNetwork.proxies': call('operator', networkRef, z.array(proxyStorageView)),
} as const satisfies Record<string, Channel>;

export type ChannelName = keyof typeof contract;
export type RequestOf<Name extends ChannelName> = z.infer<(typeof contract)[Name]['request']>;
export type ResponseOf<Name extends ChannelName> = z.infer<(typeof contract)[Name]['response']>;

/** What the rest tells windows without being asked. */
export const events = {
  /** The answer of `app.get` has changed. */
  'app.changed': nothing,
  'services.changed': nothing,
  'tasks.changed': nothing,
  /** Progress of one task, more often than `tasks.changed`. */
  'task.progress': z.strictObject({ id: localId, progress: progressView }),
  /** Something of the active profile or of an own network changed; the window asks again for what it shows. */
  'data.changed': z.strictObject({
    topics: z.array(
      z.enum(['datasets', 'requirements', 'offers', 'received', 'activity', 'people', 'identity', 'network', 'outbox', 'operator']),
    ),
  }),
  /** Go to a route: from a notification, the menu, or a deep link. A route of a deep link is asked about first. */
  'app.go': z.strictObject({ route: z.string().max(1000), confirm: z.boolean() }),
  /** A command of the menu that the window carries out. */
  'app.command': z.strictObject({ command: z.enum(['palette', 'settings', 'tasks', 'import']) }),
} as const satisfies Record<string, z.ZodType>;

export type EventName = keyof typeof events;
export type EventOf<Name extends EventName> = z.infer<(typeof events)[Name]>;

const words = z.string().max(400);
/** What the secret window is for; it asks when it opens. */
export const secretPurpose = z.discriminatedUnion('kind', [
  /** A new phrase: shown, then three of its words are asked for. */
  z.strictObject({ kind: z.literal('new-phrase'), phrase: words, confirm: z.array(z.int().min(0).max(23)).length(3) }),
  z.strictObject({ kind: z.literal('show-phrase'), phrase: words }),
  z.strictObject({ kind: z.literal('enter-phrase') }),
  z.strictObject({ kind: z.literal('rehearse-phrase') }),
  z.strictObject({ kind: z.literal('unlock'), wrong: z.boolean() }),
  z.strictObject({ kind: z.literal('new-passphrase'), reason: z.enum(['no-keychain', 'wanted']) }),
  z.strictObject({ kind: z.literal('backup-passphrase'), fresh: z.boolean() }),
]);
export type SecretPurpose = z.infer<typeof secretPurpose>;

/** The channels of the secret window. Main answers them itself. */
export const secretContract = {
  'secret.purpose': call('main', nothing, z.strictObject({ purpose: secretPurpose, language: settingsView.shape.language })),
  /** Text that was typed; null closes the window without it. The answer says what was wrong with it, or that the window may close. */
  'secret.give': call('main', z.strictObject({ text: z.string().max(1024).nullable() }), z.strictObject({ problem: said.nullable() })),
} as const satisfies Record<string, Channel>;

export type SecretChannelName = keyof typeof secretContract;

/** Every answer of a call. */
export type Answer<Value> =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly error: import('./views.ts').ErrorView };
