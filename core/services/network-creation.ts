/**
 * Makes a network: keys and public parameters, a genesis or an existing chain, contracts, proving keys, the homes of
 * its services, and last the signed network file. Until that file is there the network does not exist; a creation
 * that was interrupted goes on with the keys that it had made.
 */
import { existsSync } from 'node:fs';
import { copyFile, link, mkdir, rename } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { partialSuffix, writeFileAtomically, writing } from '../adapters/atomic-file.ts';
import type { ArtifactFile } from '../adapters/built-artifacts.ts';
import { circuitArtifacts } from '../adapters/circuit-artifacts.ts';
import { deployContracts } from '../adapters/contract-deployment.ts';
import { ChainProvider } from '../adapters/ethers-provider.ts';
import { waitUntilIncluded } from '../adapters/ethers-transaction-sender.ts';
import { readGenesisFile } from '../adapters/genesis-file.ts';
import { homeDocuments } from '../adapters/home-documents.ts';
import { HomeStore } from '../adapters/home-store.ts';
import { systemRandom } from '../adapters/system-random.ts';
import { textFile } from '../adapters/text-file.ts';
import { AppError } from '../base/app-error.ts';
import { fromHex, type Hex, toHex, utf8 } from '../base/bytes.ts';
import { type Sentence, say, verbatim } from '../base/sentence.ts';
import { groupMembersMax, groupMembersMin, groupsMax, groupsMin } from '../consensus/limits.ts';
import { addressOfPrivateKey } from '../crypto/key-derivation.ts';
import { createMclEngine } from '../crypto/mcl-engine.ts';
import { requestKeyFrom } from '../crypto/request-key.ts';
import type { DocumentLock } from '../crypto/sealed-document.ts';
import { chainIdMax, type GenesisDocument, genesisHash } from '../ledger/genesis.ts';
import { proofTemplates, REQUIREMENT_CIRCUIT } from '../proofs/templates.ts';
import type { VerifyingKey } from '../proofs/verifying-key.ts';
import {
  NETWORK_FILE_VERSION,
  type Network,
  type NetworkCircuit,
  networkNameMax,
  readNetworkFile,
  signNetworkFile,
} from '../sharing/network-file.ts';
import { type NetworkShape, networkFolders } from './network-folders.ts';
import { openOperatorKeys } from './network-operator.ts';
import { openPkgAuthority } from './pkg-state.ts';
import { openProxyKeys } from './proxy-state.ts';
import { type Running, readServiceDescription, startService, writeServiceDescription } from './service-home.ts';
import { makeValidatorHomes, type ValidatorPorts } from './validator-homes.ts';

/** Coins of the treasury at the genesis of a chain of our own: a thousand million, in wei. */
const TREASURY_WEI = 10n ** 27n;
/** What the treasury asks of a development chain's unlocked account, in wei. */
const EXTERNAL_FUNDING_WEI = 10n ** 21n;

const PORT_MAX = 65_535;

/** What a new network is to be. */
export interface NetworkPlan {
  readonly home: string;
  /** Locks every home that is made. */
  readonly lock: DocumentLock;
  readonly name: string;
  /** An existing chain's JSON-RPC address; without it the network gets a chain of its own. */
  readonly externalChain?: { readonly rpcUrl: string; readonly confirmations: number };
  readonly chainId: number;
  /** Validators of a chain of our own, by group; at least four groups of three. */
  readonly groups: readonly number[];
  readonly proxies: number;
  readonly threshold: number;
  /** Names of proof templates. */
  readonly templates: readonly string[];
  /** First of the ports: PKG, proxies, then two for each validator; 0 takes free ones. */
  readonly firstPort: number;
  /** Told of everything that is made, in words. */
  readonly onStep?: (step: Sentence) => void;
  /** Told when another stage begins or gets on. */
  readonly onStage?: (stage: CreationStage, fraction: number) => void;
}

/** The stages of a creation, in their order. */
export type CreationStage = 'keys' | 'circuits' | 'chain' | 'contracts' | 'file';

/** Share of the whole at which each stage begins, about. */
const stageBegins: Readonly<Record<CreationStage, number>> = { keys: 0, circuits: 0.1, chain: 0.4, contracts: 0.5, file: 0.95 };

/** An id for a chain of our own in `home`: the one that it has already, or a random one, so that two networks differ. */
export async function ownChainId(home: string): Promise<number> {
  const genesis = await storedGenesis(home);
  if (genesis !== null) return genesis.chainId;
  const drawn = new DataView(systemRandom.bytes(4).buffer).getUint32(0);
  // The upper half: public chains have small ids.
  return (chainIdMax + 1) / 2 + (drawn >>> 1);
}

/** The shape of a network that was made in `home`. */
export async function networkShape(home: string): Promise<NetworkShape> {
  const { network } = readNetworkFile(await textFile(join(home, 'network.json'), say`the file of the network`));
  const genesis = await storedGenesis(home);
  return { proxies: network.proxies.length, groups: genesis?.validators.map(({ length }) => length) ?? [] };
}

async function storedGenesis(home: string): Promise<GenesisDocument | null> {
  const path = networkFolders(home, { proxies: 0, groups: [] }).genesis;
  return existsSync(path) ? readGenesisFile(path) : null;
}

/** Makes the network and gives its file. @throws AppError `NETWORK_EXISTS`, `NETWORK_PLAN_INVALID`, `CHAIN_*` */
export async function createNetwork(plan: NetworkPlan): Promise<Network> {
  const { onStep = () => undefined, onStage = () => undefined, lock, name } = plan;
  const enter = (stage: CreationStage): void => onStage(stage, stageBegins[stage]);
  checkPlan(plan);
  const groups = plan.externalChain ? [] : plan.groups;
  const folders = networkFolders(plan.home, { proxies: plan.proxies, groups });
  if (existsSync(folders.networkFile))
    throw new AppError('NETWORK_EXISTS', {
      what: say`There is a network in ${plan.home} already.`,
      consequence: 'It was not changed.',
      remedy: 'Start it, or name another folder for a new one.',
    });
  await writing(plan.home, () => mkdir(plan.home, { recursive: true, mode: 0o700 }));

  enter('keys');
  const engine = await createMclEngine();
  const operatorStore = await HomeStore.openOrCreate(folders.operator, lock);
  const pkgStore = await HomeStore.openOrCreate(folders.pkg, lock);
  const proxyStores = await Promise.all(folders.proxies.map((folder) => HomeStore.openOrCreate(folder, lock)));
  try {
    const operator = await openOperatorKeys(operatorStore);
    const authority = await openPkgAuthority(homeDocuments(pkgStore), engine, systemRandom);
    const proxyKeys = await Promise.all(proxyStores.map((store) => openProxyKeys(homeDocuments(store), systemRandom)));
    onStep(say`keys and public parameters`);

    enter('circuits');
    const circuits = await networkCircuits(plan, folders.artifacts, onStep);
    enter('chain');
    const ports = await choosePorts(plan);
    const treasuryKey = fromHex(operator.treasuryKey);
    const chain = await prepareChain(plan, folders, ports.validators, addressOfPrivateKey(treasuryKey));
    const contracts = await withChain(plan, folders.validators.flat(), chain.rpcUrls, async (provider) => {
      if (plan.externalChain) await fundFromUnlockedAccount(provider, addressOfPrivateKey(treasuryKey));
      // The four contracts and their keys cost about the same each.
      const parts = 4 + Object.keys(circuits).length;
      let made = 0;
      const onPart = (step: Sentence): void => {
        onStep(step);
        onStage('contracts', stageBegins.contracts + ((stageBegins.file - stageBegins.contracts) * ++made) / parts);
      };
      enter('contracts');
      const verifyingKeys = Object.fromEntries(
        Object.entries(circuits).map(([circuit, entry]) => [circuit, entry.verifyingKey as VerifyingKey]),
      );
      return deployContracts({
        provider,
        deployerKey: treasuryKey,
        enrolmentAccount: authority.enrolmentAccount.address.toLowerCase() as Hex,
        parametersHash: authority.parametersHash,
        development: true,
        verifyingKeys,
        onStep: onPart,
      });
    });

    enter('file');
    const network: Network = {
      format: 'vouchsafe-network',
      version: NETWORK_FILE_VERSION,
      name,
      development: true,
      chain: {
        chainId: plan.chainId,
        genesisHash: chain.genesisHash,
        rpcUrls: chain.rpcUrls,
        confirmations: plan.externalChain?.confirmations ?? 0,
      },
      contracts,
      pkg: {
        url: `http://127.0.0.1:${ports.pkg}`,
        enrolmentAddress: authority.enrolmentAccount.address.toLowerCase() as Hex,
        parameters: authority.encodedParameters,
        parametersHash: authority.parametersHash,
      },
      proxies: proxyKeys.map(({ signing, message }, position) => ({
        index: position + 1,
        url: `http://127.0.0.1:${ports.proxies[position]}`,
        signingKey: toHex(signing.publicKey),
        messageKey: toHex(message.publicKey),
      })),
      threshold: plan.threshold,
      templates: [...plan.templates],
      circuits,
    };
    const text = utf8(signNetworkFile(network, fromHex(operator.networkKey)));
    const operatorKey = toHex(requestKeyFrom(fromHex(operator.decisionKey)).publicKey);
    const host = '127.0.0.1';
    await writeServiceDescription(folders.pkg, { version: 1, service: 'pkg', listen: { host, port: ports.pkg }, operatorKey });
    await writeFileAtomically(join(folders.pkg, 'network.json'), text);
    for (const [position, folder] of folders.proxies.entries()) {
      const port = ports.proxies[position] as number;
      await writeServiceDescription(folder, { version: 1, service: 'proxy', listen: { host, port }, artifactsFolder: folders.artifacts });
      await writeFileAtomically(join(folder, 'network.json'), text);
    }
    await writeFileAtomically(folders.networkFile, text);
    onStep(say`signed network file`);
    return network;
  } finally {
    for (const store of [operatorStore, pkgStore, ...proxyStores]) await store.close();
  }
}

function checkPlan(plan: NetworkPlan): void {
  const refuse = (what: Sentence): never => {
    throw new AppError('NETWORK_PLAN_INVALID', { what, consequence: 'Nothing was made.', remedy: 'Correct it and try again.' });
  };
  if (!(Number.isInteger(plan.proxies) && plan.proxies >= 1 && plan.proxies <= 32)) refuse(say`A network has 1 to 32 proxies.`);
  if (!(Number.isInteger(plan.threshold) && plan.threshold >= 1 && plan.threshold <= plan.proxies))
    refuse(say`The threshold lies between 1 and the number of proxies.`);
  if (plan.firstPort !== 0 && !(plan.firstPort + portsOf(plan) - 1 <= PORT_MAX))
    refuse(say`The validators, the PKG and the proxies need ${portsOf(plan)} ports up to ${PORT_MAX}.`);
  if (!plan.externalChain) {
    const few = plan.groups.length < groupsMin || plan.groups.some((members) => !(members >= groupMembersMin));
    const many = plan.groups.length > groupsMax || plan.groups.some((members) => members > groupMembersMax);
    if (few || many)
      refuse(
        say`A network has ${groupsMin} to ${groupsMax} groups of ${groupMembersMin} to ${groupMembersMax} validators; with fewer, none may fail.`,
      );
  }
  if (!plan.externalChain && !(plan.chainId >= 1 && plan.chainId <= chainIdMax))
    refuse(say`The id of a chain lies between 1 and ${chainIdMax}.`);
  if (plan.name === '' || plan.name.length > networkNameMax) refuse(say`The name of a network has 1 to ${networkNameMax} characters.`);
  const unknown = plan.templates.find((name) => !proofTemplates.some((template) => template.name === name));
  if (unknown !== undefined || plan.templates.length === 0)
    refuse(say`The template "${unknown ?? ''}" does not exist; there are ${proofTemplates.map(({ name }) => name).join(', ')}.`);
}

/** Proving keys and witness calculators of the templates, put under their hashes into the folder that proxies hand out. */
async function networkCircuits(
  plan: NetworkPlan,
  folder: string,
  onStep: (step: Sentence) => void,
): Promise<Record<string, NetworkCircuit>> {
  await writing(folder, () => mkdir(folder, { recursive: true }));
  const templates = proofTemplates.filter(({ name }) => plan.templates.includes(name));
  const names = new Set([REQUIREMENT_CIRCUIT, ...templates.flatMap(({ segment, aggregate }) => [segment, aggregate])]);
  const circuits: Record<string, NetworkCircuit> = {};
  for (const name of names) {
    const { witnessCalculator, provingKey, verifyingKey } = await circuitArtifacts(name, (step) => onStep(verbatim(step)));
    circuits[name] = {
      witnessCalculator: await publish(witnessCalculator, folder),
      provingKey: await publish(provingKey, folder),
      verifyingKey,
    };
    onStep(say`keys of ${name}`);
  }
  return circuits;
}

async function publish({ path, sha256, bytes }: ArtifactFile, folder: string): Promise<{ sha256: Hex; bytes: number }> {
  const target = join(folder, sha256.slice(2));
  if (!existsSync(target)) {
    // The keys are large: on one file system a second name costs nothing.
    await link(path, target).catch(async () => {
      const partial = `${target}${partialSuffix}`;
      await writing(target, async () => {
        await copyFile(path, partial);
        await rename(partial, target);
      });
    });
  }
  return { sha256, bytes };
}

/** Ports that a network takes. */
function portsOf({ proxies, groups, externalChain }: NetworkPlan): number {
  return 1 + proxies + (externalChain ? 0 : 2 * groups.reduce((total, members) => total + members, 0));
}

async function choosePorts(plan: NetworkPlan): Promise<{ pkg: number; proxies: number[]; validators: ValidatorPorts[] }> {
  const wanted = portsOf(plan);
  const ports = plan.firstPort === 0 ? await freePorts(wanted) : Array.from({ length: wanted }, (_, offset) => plan.firstPort + offset);
  const [pkg, ...others] = ports as [number, ...number[]];
  const forValidators = others.slice(plan.proxies);
  const half = forValidators.length / 2;
  return {
    pkg,
    proxies: others.slice(0, plan.proxies),
    validators: forValidators.slice(0, half).map((rpc, position) => ({ rpc, peers: forValidators[half + position] as number })),
  };
}

/** Ports that nobody uses now; all are held until the last is known, so they differ. */
async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from(
      { length: count },
      () =>
        new Promise<ReturnType<typeof createServer>>((resolve, reject) => {
          const server = createServer().once('error', reject);
          server.listen(0, '127.0.0.1', () => resolve(server));
        }),
    ),
  );
  const ports = servers.map((server) => (server.address() as { port: number }).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

/** Makes the validators' homes and the genesis document, last, or looks at the existing chain. */
async function prepareChain(
  plan: NetworkPlan,
  folders: ReturnType<typeof networkFolders>,
  ports: readonly ValidatorPorts[],
  treasury: Hex,
): Promise<{ rpcUrls: string[]; genesisHash: Hex | null }> {
  if (plan.externalChain) return { rpcUrls: [plan.externalChain.rpcUrl], genesisHash: null };
  const genesis =
    (await storedGenesis(plan.home)) ??
    (await makeValidatorHomes({
      file: folders.genesis,
      homes: folders.validators,
      lock: plan.lock,
      ports,
      chainId: plan.chainId,
      alloc: { [treasury]: TREASURY_WEI },
      operator: treasury,
    }));
  const rpcUrls = await Promise.all(
    folders.validators.flat().map(async (home) => {
      const { listen } = await readServiceDescription(home);
      return `http://${listen.host}:${listen.port}`;
    }),
  );
  return { rpcUrls, genesisHash: genesisHash(genesis) };
}

/** Runs `work` against the chain; our own is started for it and stopped after. */
async function withChain<Result>(
  plan: NetworkPlan,
  validators: readonly string[],
  rpcUrls: readonly string[],
  work: (provider: ChainProvider) => Promise<Result>,
): Promise<Result> {
  const running: Running[] = [];
  const failed = Promise.withResolvers<never>();
  const provider = new ChainProvider(rpcUrls, plan.chainId);
  try {
    for (const home of validators) running.push(await startService(home, plan.lock, () => undefined, failed.reject));
    return await Promise.race([work(provider), failed.promise]);
  } finally {
    provider.destroy();
    await Promise.all(running.map((service) => service.stop()));
  }
}

/** A development chain (anvil, hardhat) lends its unlocked account; elsewhere the treasury must hold coins already. */
async function fundFromUnlockedAccount(provider: ChainProvider, treasury: Hex): Promise<void> {
  if ((await provider.getBalance(treasury)) > 0n) return;
  const accounts = (await provider.send('eth_accounts', []).catch(() => [])) as string[];
  const [unlocked] = accounts;
  if (unlocked !== undefined) {
    const value = `0x${EXTERNAL_FUNDING_WEI.toString(16)}`;
    const hash = (await provider.send('eth_sendTransaction', [{ from: unlocked, to: treasury, value }])) as string;
    await waitUntilIncluded(provider, hash);
    return;
  }
  throw new AppError(
    'CHAIN_INSUFFICIENT_FUNDS',
    {
      what: say`The treasury ${treasury} has no coins on this chain to deploy contracts with.`,
      consequence: 'Nothing was deployed; the keys that were made are kept.',
      remedy: say`Send coins to ${treasury} and run the same command again.`,
    },
    { data: { treasury } },
  );
}
