/**
 * What windows see of the world: the shapes that services answer with. Amounts are wei as decimal text, times are
 * Unix seconds unless a name ends in `Ms`, ids and hashes are lower-case hexadecimal. No shape here has a place for a secret.
 */
import { z } from 'zod';
import { saidShape } from '../core/base/sentence.ts';
import { visibleText } from './visible-text.ts';

const hex = (byteLength: number) => z.string().regex(new RegExp(`^0x[0-9a-f]{${2 * byteLength}}$`));
export const id32 = hex(32);
export const address = hex(20);
export const applicationIdText = hex(16);
export const offerIdText = z.string().regex(/^(0|[1-9][0-9]{0,77})$/);
export const wei = z.string().regex(/^(0|[1-9][0-9]{0,77})$/);
/** The last second that a calendar has: that of JavaScript's dates. */
export const secondsMax = 8_640_000_000_000;
export const seconds = z.int().min(0).max(secondsMax);
export const localId = z.string().regex(/^[a-z0-9]{8,32}$/);
/** Text for a reader, whoever wrote it. */
export const line = (lengthMax: number) => z.string().max(lengthMax).overwrite(visibleText);
const decimalText = z
  .string()
  .max(80)
  .regex(/^-?\d+(\.\d+)?$/);

/** Characters of each sentence of an error, and of each value in it. */
export const sentenceLengthMax = 4000;
/** Sentences stand in sentences: a service's words in ours, and its reasons in its words. */
const sentenceDepth = 8;
/** What a window shows in the user's language. */
export const said = saidShape(line(sentenceLengthMax), sentenceDepth);
/** Data that helps to act on an error: AppError's, as it is. */
export const errorView = z.strictObject({
  code: line(100),
  what: said,
  consequence: said,
  remedy: said,
  data: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])),
});
export type ErrorView = z.infer<typeof errorView>;

// The installation

export const languageName = z.enum(['en', 'de']);
export type Language = z.infer<typeof languageName>;
export const roleName = z.enum(['owner', 'consumer']);
export type RoleName = z.infer<typeof roleName>;
export const serviceKind = z.enum(['vault', 'data', 'prover', 'operator', 'validator', 'pkg', 'proxy']);
export type ServiceKind = z.infer<typeof serviceKind>;

/** A utility process. `failing` means that it ended at each of its last starts, so it is left alone until someone asks again. */
export const serviceView = z.strictObject({
  id: line(100),
  kind: serviceKind,
  state: z.enum(['starting', 'running', 'restarting', 'failing', 'stopped']),
  /** Profile or network that it serves, where it serves one. */
  belongsTo: localId.nullable(),
  restarts: z.int(),
  error: errorView.nullable(),
});
export type ServiceView = z.infer<typeof serviceView>;

/** How the key that seals everything on this machine is kept. */
export const keychainView = z.strictObject({
  /** `none` until the first start has chosen. */
  mode: z.enum(['none', 'keychain', 'keychain-and-passphrase', 'passphrase']),
  /** Name of the system's backend, such as gnome_libsecret. */
  backend: line(60),
  /** Whether the system offers one that protects anything. */
  available: z.boolean(),
});
export const profileView = z.strictObject({
  id: localId,
  /** What the user calls it; stays on this machine. */
  name: line(80),
  networkName: line(80),
  networkId: localId.nullable(),
  roles: z.array(roleName),
  createdAtMs: z.int(),
  /** Whether nobody has seen the phrase yet, as with the sample's profiles: the window offers to show it. */
  phraseUnseen: z.boolean(),
});
export type ProfileView = z.infer<typeof profileView>;
/** A network that this installation made and can run. */
export const ownNetworkView = z.strictObject({
  id: localId,
  name: line(80),
  state: z.enum(['stopped', 'starting', 'running', 'partly-running']),
  development: z.boolean(),
  /** Validators by group. */
  groups: z.array(z.int().min(1)).max(64),
  proxies: z.int(),
  threshold: z.int(),
});
export type OwnNetworkView = z.infer<typeof ownNetworkView>;
export const settingsView = z.strictObject({
  theme: z.enum(['system', 'light', 'dark']),
  language: z.enum(['system', ...languageName.options]),
  autoLockMinutes: z.int().min(0).max(1440),
  notifications: z.boolean(),
  updates: z.boolean(),
  startNetworks: z.boolean(),
});
export type SettingsView = z.infer<typeof settingsView>;
export const appView = z.strictObject({
  version: line(40),
  platform: line(20),
  /** Whether this build fetches newer versions by itself. */
  updatesItself: z.boolean(),
  systemLanguage: line(40),
  lock: z.enum(['unlocked', 'locked', 'first-start']),
  keychain: keychainView,
  profiles: z.array(profileView),
  activeProfile: localId.nullable(),
  networks: z.array(ownNetworkView),
  settings: settingsView,
  /** Milliseconds since the last full backup of the active profile, or null when there is none. */
  lastBackupAtMs: z.int().nullable(),
  /** Where the file with profiles and settings was put at this start because it could not be read; null when it could. */
  setAside: z.string().max(4096).nullable(),
});
export type AppView = z.infer<typeof appView>;

/** Progress of anything that takes longer than a moment. */
export const progressView = z.strictObject({
  /** Key of a step in the catalogue of texts. */
  step: line(80),
  /** 0 to 1, or null when nobody can say. */
  fraction: z.number().min(0).max(1).nullable(),
  detail: said.optional(),
});
export type ProgressView = z.infer<typeof progressView>;
/** Something that runs, ran lately, or waits; see the tasks drawer. */
export const taskView = z.strictObject({
  id: localId,
  /** The channel that was called, or the kind of work that the vault goes on with by itself. */
  kind: line(80),
  /** What it is about, for a reader: a file, a dataset. */
  subject: line(300),
  /** Route in the window that shows the thing. */
  route: line(200).nullable(),
  state: z.enum(['running', 'waiting-for-network', 'done', 'failed', 'cancelled']),
  progress: progressView.nullable(),
  error: errorView.nullable(),
  cancellable: z.boolean(),
  startedAtMs: z.int(),
  endedAtMs: z.int().nullable(),
});
export type TaskView = z.infer<typeof taskView>;
export const logLineView = z.strictObject({ atMs: z.int(), service: line(100), text: line(2000) });

/** A file that the user chose or dropped; windows hold the token, never use the path. */
export const fileView = z.strictObject({ token: localId, name: line(255), path: line(4096), bytes: z.int() });
export type FileView = z.infer<typeof fileView>;
/** What a network file says, after its signature was checked. */
export const networkFileView = z.strictObject({
  name: line(80),
  development: z.boolean(),
  signer: id32,
  chainId: z.int(),
  ownChain: z.boolean(),
  rpcUrls: z.array(line(300)),
  pkgUrl: line(300),
  proxies: z.int(),
  threshold: z.int(),
  templates: z.array(line(80)),
});

// Datasets

export const columnView = z.strictObject({
  source: z.int(),
  name: line(64),
  unit: line(32),
  type: z.enum(['number', 'time', 'category', 'text']),
  scale: z.int().min(0).max(40),
  width: z.union([z.literal(16), z.literal(32), z.literal(64)]),
});
export type ColumnView = z.infer<typeof columnView>;
export const readingView = z.strictObject({
  delimiter: z.string().min(1).max(1),
  header: z.boolean(),
  decimalMark: z.enum(['.', ',']),
  time: z.strictObject({ format: z.enum(['calendar', 'epoch-seconds', 'epoch-milliseconds']), zoneOffsetMinutes: z.int() }),
});
export type ReadingView = z.infer<typeof readingView>;
const columnReportView = z.strictObject({
  source: z.int(),
  missing: z.int(),
  minimum: line(100).nullable(),
  maximum: line(100).nullable(),
  rounded: z.int(),
  largestError: line(100),
});
const placedCell = z.strictObject({ line: z.int(), text: line(200) });
export const inspectionView = z.strictObject({
  file: fileView,
  reading: readingView,
  rows: z.int(),
  columns: z.array(columnView),
  /** Up to twenty rows as they are in the file. */
  firstRows: z.array(z.array(line(200))),
  /** For each column of the file, why it is not suggested as numbers or as the time. */
  obstacles: z.array(z.strictObject({ notNumber: placedCell.nullable(), notTime: placedCell.nullable() })),
  report: z.array(columnReportView),
});
export type InspectionView = z.infer<typeof inspectionView>;
export const previewView = z.strictObject({ report: z.array(columnReportView) });

export const datasetStateName = z.enum(['imported', 'committed', 'encrypted', 'uploaded', 'recorded', 'ready']);
export const datasetView = z.strictObject({
  datasetId: id32,
  name: line(200),
  fileName: line(255),
  fileBytes: z.int(),
  fileSha256: id32,
  rows: z.int(),
  columns: z.array(columnView),
  keywords: z.array(line(200)),
  state: datasetStateName,
  /** Whether the user has asked to share it, so that it goes on by itself whenever that is possible. */
  publishing: z.boolean(),
  /** Why it stands where it is, when it could not go on. */
  obstacle: errorView.nullable(),
  owner: address,
  createdAtMs: z.int(),
  datasetRoot: line(80).nullable(),
  headerHash: id32.nullable(),
  ciphertextHash: id32.nullable(),
  recordedInBlock: z.int().nullable(),
  offers: z.int(),
});
export type DatasetView = z.infer<typeof datasetView>;
/** Which rows: of an own dataset, or of received data. */
export const tablePlace = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('own'), datasetId: id32 }),
  z.strictObject({ kind: z.literal('received'), offerId: offerIdText }),
]);
export type TablePlace = z.infer<typeof tablePlace>;
export const tableView = z.strictObject({
  totalRows: z.int(),
  columns: z.array(columnView),
  offset: z.int(),
  rows: z.array(z.array(line(1024))),
});
/** At most a few thousand buckets, each with the least and the greatest value in it; null where all are missing. */
export const seriesView = z.strictObject({
  column: columnView,
  /** Milliseconds where the data has a time column, row numbers otherwise. */
  axis: z.enum(['time', 'row']),
  at: z.array(z.number()),
  minimum: z.array(z.number().nullable()),
  maximum: z.array(z.number().nullable()),
});

// Requirements

/** A requirement in its author's words: core/proofs/requirement-document.ts decides what is valid. */
export const requirementDocumentView = z.strictObject({
  version: z.literal(1),
  width: z.union([z.literal(16), z.literal(32), z.literal(64)]),
  columns: z
    .array(
      z.discriminatedUnion('type', [
        z.strictObject({
          type: z.literal('number'),
          name: line(64),
          unit: line(32),
          scale: z.int().min(0).max(40),
          between: z.tuple([decimalText, decimalText]),
          mean: z.tuple([decimalText, decimalText]).optional(),
        }),
        z.strictObject({ type: z.literal('category'), name: line(64), equals: line(1024) }),
      ]),
    )
    .min(1)
    .max(4),
  minRows: z.int().min(1),
  time: z.strictObject({ from: line(64), to: line(64), minSpanMs: z.int().min(0) }).optional(),
  keywords: z.array(line(64)).max(16),
});
export type RequirementDocumentView = z.infer<typeof requirementDocumentView>;
export const termsView = z.strictObject({
  price: wei,
  bond: wei,
  deadline: seconds,
  grantWindow: seconds,
  deliverWindow: seconds,
  confirmWindow: seconds,
});
export type TermsView = z.infer<typeof termsView>;
export const requirementView = z.strictObject({
  requestId: id32,
  /** `drafted` and `proved` are of this installation only; the others are the chain's. */
  state: z.enum(['drafted', 'proved', 'open', 'closed']),
  mine: z.boolean(),
  publisher: address,
  document: requirementDocumentView.nullable(),
  terms: termsView,
  escrow: wei,
  requirementHash: line(80).nullable(),
  publishedInBlock: z.int().nullable(),
  /** Offers made for it so far. */
  offers: z.int(),
  obstacle: errorView.nullable(),
});
export type RequirementView = z.infer<typeof requirementView>;
/** How a dataset of the user stands to a requirement, from its columns alone. */
export const matchView = z.strictObject({
  datasetId: id32,
  datasetName: line(200),
  columns: z.enum(['all', 'some', 'none']),
  enoughRows: z.boolean(),
  keywords: z.boolean(),
  ready: z.boolean(),
});
export type MatchView = z.infer<typeof matchView>;
export const dryRunView = z.strictObject({
  holds: z.boolean(),
  predicates: z.array(
    z.strictObject({
      kind: line(40),
      /** Column that it is about. */
      column: line(64).nullable(),
      keyword: line(64).nullable(),
      holds: z.boolean(),
      asked: line(400),
      found: line(400),
      failingCount: z.int(),
      failingRows: z.array(z.strictObject({ row: z.int(), value: line(100) })),
    }),
  ),
  /** What anyone can read on chain once the offer is made. */
  becomesPublic: z.array(z.strictObject({ what: line(80), value: line(200) })),
});
export type DryRunView = z.infer<typeof dryRunView>;

// Trades

export const offerStateName = z.enum([
  'none',
  'proving',
  'verified',
  'accepted',
  'granted',
  'delivered',
  'disputed',
  'paid',
  'refunded',
  'expired',
  'revoked',
]);
export const partyName = z.enum(['me', 'owner', 'consumer', 'proxies', 'pkg', 'nobody']);
export const tradeStepName = z.enum(['revoke', 'claim', 'expire', 'refund', 'acknowledge', 'notDelivered', 'post']);
/** One trade, from the side of this profile. */
export const offerView = z.strictObject({
  offerId: offerIdText,
  side: roleName,
  requestId: id32,
  datasetId: id32,
  /** The local name of an own dataset. */
  datasetName: line(200).nullable(),
  /** How far this installation has come: the name of a state of the offer's or the purchase's workflow; null when nothing was begun here. */
  workState: line(40).nullable(),
  chainState: offerStateName,
  waitsFor: partyName,
  /** Last second of whoever is waited for; null when nobody is. */
  dueAt: seconds.nullable(),
  owner: address,
  consumer: address,
  price: wei,
  ownerBond: wei,
  provedSegments: z.int(),
  segmentCount: z.int().nullable(),
  provedRows: z.int(),
  document: requirementDocumentView.nullable(),
  grant: z
    .strictObject({
      grantHash: id32,
      threshold: z.int(),
      proxies: z.int(),
      liveUntil: seconds,
      revoked: z.boolean(),
    })
    .nullable(),
  faultyProxies: z.array(z.int()),
  outcome: line(40).nullable(),
  /** Steps that the chain would take from this side now. */
  possibleSteps: z.array(tradeStepName),
  obstacle: errorView.nullable(),
  received: z.boolean(),
});
export type OfferView = z.infer<typeof offerView>;
export const receivedView = z.strictObject({
  offerId: offerIdText,
  requestId: id32,
  datasetId: id32,
  fileName: line(255),
  fileBytes: z.int(),
  fileSha256: id32,
  rows: z.int(),
  columns: z.array(columnView),
  owner: address,
  state: line(40),
});
export type ReceivedView = z.infer<typeof receivedView>;
/** What was compared with the chain; every line is computed anew when asked. */
export const checksView = z.strictObject({
  checks: z.array(z.strictObject({ what: line(80), local: line(200), chain: line(200), holds: z.boolean() })),
});
export const activityView = z.strictObject({
  event: line(80),
  contract: line(40),
  blockNumber: z.int(),
  atSeconds: seconds,
  transactionHash: id32,
  /** The event's fields; integers in decimal. */
  fields: z.record(z.string(), line(400)),
  offerId: offerIdText.nullable(),
  requestId: id32.nullable(),
  datasetId: id32.nullable(),
});
export type ActivityView = z.infer<typeof activityView>;
export const personView = z.strictObject({
  address,
  name: line(80).nullable(),
  mine: z.boolean(),
  roles: z.array(line(20)),
  trades: z.int(),
});
export type PersonView = z.infer<typeof personView>;
/** A step that waits to be sent, or is on its way. */
export const outboxView = z.strictObject({
  name: line(200),
  state: z.enum(['waiting', 'sent']),
  method: line(80),
  kind: z.enum(['dataset', 'requirement', 'offer', 'purchase', 'identity', 'other']),
  since: z.int(),
});

// Identity and network, as a profile sees them

export const identityView = z.strictObject({
  state: z.enum(['not-applied', 'pending', 'approved', 'refused', 'revoked', 'enrolled']),
  reason: line(500),
  roles: z.array(roleName),
  pseudonyms: z.array(z.strictObject({ index: z.int(), address, balance: wei.nullable(), credit: wei.nullable() })),
});
export type IdentityView = z.infer<typeof identityView>;
export const networkStatusView = z.strictObject({
  name: line(80),
  development: z.boolean(),
  chainId: z.int(),
  online: z.boolean(),
  blockNumber: z.int().nullable(),
  blockSeconds: seconds.nullable(),
  /** This machine's clock beside the chain's, in seconds; positive when this machine is ahead. Null while the chain does not answer. */
  clockAheadSeconds: z.int().nullable(),
  pkg: z.enum(['reachable', 'unreachable']),
  proxies: z.array(z.strictObject({ index: z.int(), url: line(300), reachable: z.boolean() })),
  threshold: z.int(),
  contracts: z.record(z.string(), address),
});
export type NetworkStatusView = z.infer<typeof networkStatusView>;

// Operating

export const applicationView = z.strictObject({
  applicationId: applicationIdText,
  state: z.enum(['pending', 'approved', 'refused', 'revoked']),
  roles: z.array(line(20)),
  name: line(200),
  contact: line(300),
  submittedAtMs: z.int(),
  pseudonyms: z.int(),
});
export type ApplicationView = z.infer<typeof applicationView>;
export const blockView = z.strictObject({
  number: z.int(),
  hash: id32,
  atSeconds: seconds,
  transactions: z.int(),
  gasUsed: z.int(),
  proposer: line(60),
});
export type BlockView = z.infer<typeof blockView>;
/** A member of a group as an operator sees it: what it said of itself, or that it said nothing. */
export const memberView = z.strictObject({
  key: id32,
  url: line(300).nullable(),
  role: z.enum(['leader', 'supervisor', 'follower']).nullable(),
  state: z.enum(['running', 'behind', 'alone', 'mute', 'unreachable']),
  height: z.int().nullable(),
  lag: z.int().nullable(),
  epoch: z.int().nullable(),
  view: z.int().nullable(),
  term: z.int().nullable(),
  clockAheadSeconds: z.int().nullable(),
  peers: z
    .array(
      z.strictObject({
        key: id32,
        address: line(300),
        isConnected: z.boolean(),
        sent: z.int(),
        received: z.int(),
        dropped: z.int(),
        refused: z.int(),
        fault: errorView.nullable(),
      }),
    )
    .max(4096),
  strangersRefused: z.int(),
  fault: errorView.nullable(),
});
export type MemberView = z.infer<typeof memberView>;
/** The validators of an own network, and what the network can still bear; what the fields mean: core/services/network-survey.ts, core/consensus/resilience.ts. */
export const validatorsView = z.strictObject({
  epoch: z.int(),
  view: z.int(),
  height: z.int(),
  primary: z.int(),
  groups: z.array(z.array(memberView).max(64)).max(64),
  resilience: z.strictObject({
    makesBlocks: z.boolean(),
    quorum: z.int(),
    groupsThatVote: z.int(),
    groupsToSpare: z.int(),
    membersToSpare: z.int(),
    groups: z.array(z.strictObject({ majority: z.int(), canVote: z.boolean(), membersToSpare: z.int() })).max(64),
    lyingGroupsMax: z.int(),
    liarsThatFork: z.int(),
  }),
});
export type ValidatorsView = z.infer<typeof validatorsView>;
const waitsView = z.strictObject({ count: z.int(), totalMs: z.number(), leastMs: z.number(), greatestMs: z.number() });
/** How fast blocks became final, over a time in equal parts; see core/ledger/pace.ts. Null while no validator answers. */
export const paceView = z
  .strictObject({
    fromMs: z.int(),
    toMs: z.int(),
    /** Since when the validators remember. */
    sinceMs: z.number(),
    at: z.array(z.number()).max(1000),
    perSecond: z.array(z.number().nullable()).max(1000),
    leastMs: z.array(z.number().nullable()).max(1000),
    greatestMs: z.array(z.number().nullable()).max(1000),
    blocks: z.int(),
    transactions: z.int(),
    gasUsed: z.int(),
    waits: waitsView.nullable(),
  })
  .nullable();
export type PaceView = z.infer<typeof paceView>;
export const blockDetailView = z.strictObject({
  number: z.int(),
  hash: id32,
  parentHash: id32,
  atSeconds: seconds,
  epoch: z.int(),
  view: z.int(),
  transactionsRoot: id32,
  stateRoot: id32,
  receiptsRoot: id32,
  gasUsed: z.int(),
  transactions: z
    .array(
      z.strictObject({
        hash: id32,
        from: address,
        to: address.nullable(),
        value: wei,
        kind: z.enum(['transfer', 'creation', 'call']),
        contract: line(40).nullable(),
        method: line(80).nullable(),
        succeeded: z.boolean(),
        gasUsed: z.int(),
        logs: z.int(),
      }),
    )
    .max(1000),
});
export type BlockDetailView = z.infer<typeof blockDetailView>;
/** Why a block is final, as it was checked with nothing but the genesis document. */
export const blockProofView = z.strictObject({
  hash: id32,
  epoch: z.int(),
  view: z.int(),
  groups: z.int(),
  /** The keys that signed, by group. */
  signers: z.array(z.strictObject({ group: z.int(), members: z.int(), keys: z.array(id32).max(64) })).max(64),
});
export type BlockProofView = z.infer<typeof blockProofView>;
export const proxyStorageView = z.strictObject({
  index: z.int(),
  reachable: z.boolean(),
  ciphertexts: z.int(),
  ciphertextBytes: z.int(),
  uploads: z.int(),
  uploadBytes: z.int(),
  headers: z.int(),
  grants: z.array(z.strictObject({ offerId: offerIdText, state: line(40), liveUntil: seconds.nullable() })),
  freeBytes: z.int(),
});
export type ProxyStorageView = z.infer<typeof proxyStorageView>;
