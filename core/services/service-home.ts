/**
 * The home folder of a service: `service.json` says what it is and where it listens, `network.json` which network it
 * serves, and a validator has `genesis.json`. Keys are in sealed documents beside them.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { writeFileAtomically } from '../adapters/atomic-file.ts';
import { createEthersChainReader } from '../adapters/ethers-chain-reader.ts';
import { ChainProvider } from '../adapters/ethers-provider.ts';
import { readGenesisFile } from '../adapters/genesis-file.ts';
import { homeDocuments } from '../adapters/home-documents.ts';
import { HomeStore } from '../adapters/home-store.ts';
import type { RunningService, ServiceLog } from '../adapters/http-service.ts';
import type { ProposedBlocks } from '../adapters/proposed-blocks.ts';
import type { OrderingEvent } from '../adapters/rbft-ordering.ts';
import { systemClock } from '../adapters/system-clock.ts';
import { systemRandom } from '../adapters/system-random.ts';
import { textFile } from '../adapters/text-file.ts';
import { AppError } from '../base/app-error.ts';
import { fromHex, utf8 } from '../base/bytes.ts';
import { say } from '../base/sentence.ts';
import type { Verify } from '../consensus/signing.ts';
import { createMclEngine } from '../crypto/mcl-engine.ts';
import { decodePublicParameters } from '../crypto/scheme-encodings.ts';
import type { DocumentLock } from '../crypto/sealed-document.ts';
import { hexOfLength } from '../sharing/enrolment.ts';
import { readNetworkFile } from '../sharing/network-file.ts';
import type { ProxyStorage } from './proxy.ts';

const listen = z.strictObject({
  host: z.string().max(255),
  port: z.int().min(0).max(65535),
  /** Names under which clients reach the service, for example behind a reverse proxy that speaks TLS. */
  publicHosts: z.array(z.string().max(255)).max(16).optional(),
});
const serviceSchema = z.discriminatedUnion('service', [
  z.strictObject({
    version: z.literal(1),
    service: z.literal('validator'),
    listen,
    /** Where the other validators reach this one; what they are told is in the genesis document. */
    listenForPeers: z.strictObject({ host: z.string().max(255), port: z.int().min(0).max(65535) }),
  }),
  z.strictObject({ version: z.literal(1), service: z.literal('pkg'), listen, operatorKey: hexOfLength(32) }),
  z.strictObject({ version: z.literal(1), service: z.literal('proxy'), listen, artifactsFolder: z.string().max(4096) }),
]);
/** What `service.json` holds. */
export type ServiceDescription = z.infer<typeof serviceSchema>;
/** Kinds of service that have a home. */
export type ServiceName = ServiceDescription['service'];

/** A service that runs. */
export interface Running {
  readonly name: ServiceName;
  readonly url: string;
  /** What lies at it, where it is a proxy. */
  readonly storage?: () => Promise<ProxyStorage>;
  stop(): Promise<void>;
}

/** Writes `service.json` into a service's home. */
export async function writeServiceDescription(home: string, description: ServiceDescription): Promise<void> {
  await writeFileAtomically(join(home, 'service.json'), utf8(`${JSON.stringify(serviceSchema.parse(description), null, 2)}\n`));
}

/** Reads `service.json`. @throws AppError `HOME_NOT_A_SERVICE` */
export async function readServiceDescription(home: string): Promise<ServiceDescription> {
  const path = join(home, 'service.json');
  const parsed = existsSync(path) ? serviceSchema.safeParse(jsonOf(await textFile(path, say`the description of a service`))) : undefined;
  if (parsed?.success) return parsed.data;
  throw new AppError(
    'HOME_NOT_A_SERVICE',
    {
      what: say`${home} is not the home of a service: its service.json is missing or malformed.`,
      consequence: 'Nothing was started and nothing was changed.',
      remedy: 'Name a folder that `vouchsafe network create` made.',
    },
    { data: { home } },
  );
}

/** Starts the service whose home this is. `onFailure` is told of an error after which a validator does nothing more. */
export async function startService(
  home: string,
  lock: DocumentLock,
  log: ServiceLog,
  onFailure: (error: unknown) => void = () => undefined,
): Promise<Running> {
  const description = await readServiceDescription(home);
  const store = await HomeStore.open(home, lock);
  try {
    return description.service === 'validator'
      ? await startOrderingValidator(home, description, store, log, onFailure)
      : await startKeyed(home, description, store, log);
  } catch (error) {
    await store.close();
    throw error;
  }
}

/** Signatures that are known to hold, of all validators that run in this process. */
let verify: Verify | undefined;
/** Blocks that were read lately, of the same. */
let blocks: ProposedBlocks | undefined;

async function startOrderingValidator(
  home: string,
  { listen, listenForPeers }: Extract<ServiceDescription, { service: 'validator' }>,
  store: HomeStore,
  log: ServiceLog,
  onFailure: (error: unknown) => void,
): Promise<Running> {
  // Each kind is loaded when it is the one: a process that runs one service does not read the code of the others.
  const { start } = await import('./validator.ts');
  const { startRbftOrdering } = await import('../adapters/rbft-ordering.ts');
  const { rememberingVerifier } = await import('../adapters/node-ed25519.ts');
  const { openValidatorKeys } = await import('./validator-state.ts');
  const document = await readGenesisFile(join(home, 'genesis.json'));
  const keys = await openValidatorKeys(homeDocuments(store), home);
  const { ProposedBlocks } = await import('../adapters/proposed-blocks.ts');
  verify ??= rememberingVerifier();
  const shared = verify;
  const validator = await start({
    folder: join(home, 'ledger'),
    genesis: document,
    verify: shared,
    host: listen.host,
    port: listen.port,
    log: (line) => log({ event: 'validator', data: { line } }),
    onFailure,
    order: (ledger, { keccak256, onFailure: onOrderingFailure }) => {
      blocks ??= new ProposedBlocks(keccak256);
      return startRbftOrdering({
        ledger,
        folder: home,
        keys,
        validators: document.validators,
        listen: listenForPeers,
        keccak256,
        blocks,
        verify: shared,
        onEvent: (event) => log({ event: event.kind, data: loggedOf(event) }),
        onFailure: onOrderingFailure,
      });
    },
  });
  return {
    name: 'validator',
    url: validator.rpcUrl,
    stop: async () => {
      await validator.stop();
      await store.close();
    },
  };
}

/** What a log says of an event: a proof is recorded on the chain, not there. */
function loggedOf(event: OrderingEvent): Record<string, string | number> {
  if (event.kind !== 'misbehaviour') return { ...event };
  return { kind: event.evidence.kind, accused: event.accused, epoch: event.epoch };
}

async function startKeyed(
  home: string,
  description: Exclude<ServiceDescription, { service: 'validator' }>,
  store: HomeStore,
  log: ServiceLog,
): Promise<Running> {
  const { network } = readNetworkFile(await textFile(join(home, 'network.json'), say`the file of the network in this home`));
  const { chainId, rpcUrls, confirmations } = network.chain;
  const provider = new ChainProvider(rpcUrls, chainId);
  const engine = await createMclEngine();
  const { host, port, publicHosts } = description.listen;
  const common = {
    listen: { host, port, ...(publicHosts ? { publicHosts } : {}) },
    home,
    documents: homeDocuments(store),
    engine,
    chain: createEthersChainReader(provider, network.contracts, confirmations),
    network: { chainId: BigInt(chainId), ...network.contracts },
    clock: systemClock,
    random: systemRandom,
    log,
  };
  const putAway = async (running: RunningService): Promise<void> => {
    await running.stop();
    provider.destroy();
    await store.close();
  };
  if (description.service === 'pkg') {
    const { startPkg } = await import('./pkg.ts');
    const pkg = await startPkg({ ...common, operatorKey: description.operatorKey });
    return { name: 'pkg', url: pkg.url, stop: () => putAway(pkg) };
  }
  const { startProxy } = await import('./proxy.ts');
  const proxy = await startProxy({
    ...common,
    artifactsFolder: description.artifactsFolder,
    parameters: decodePublicParameters(engine, fromHex(network.pkg.parameters)),
  });
  return { name: 'proxy', url: proxy.url, storage: () => proxy.storage(), stop: () => putAway(proxy) };
}

/** JSON, or undefined where the text is none. */
function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // the schema of the caller refuses it with its own words
  }
}
