/**
 * The operator of an own network: makes it, decides applications, sends coins, and shows its validators, their pace, blocks
 * and what lies at the proxies. It may be started before the network exists, in order to make it.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { readGenesisFile } from '../../core/adapters/genesis-file.ts';
import { systemClock } from '../../core/adapters/system-clock.ts';
import { AppError } from '../../core/base/app-error.ts';
import type { Hex } from '../../core/base/bytes.ts';
import { english } from '../../core/base/sentence.ts';
import { paceSeries } from '../../core/ledger/pace.ts';
import { createNetwork, ownChainId } from '../../core/services/network-creation.ts';
import { smallestGroups } from '../../core/services/network-folders.ts';
import { inspectNetwork, type NetworkInspection } from '../../core/services/network-inspection.ts';
import { type NetworkOperator, type OperatedApplication, openNetworkOperator } from '../../core/services/network-operator.ts';
import type { ProxyStorage } from '../../core/services/proxy.ts';
import { entityRoles } from '../../core/sharing/chain-reader.ts';
import { type Network, readNetworkFile } from '../../core/sharing/network-file.ts';
import { contract, type RequestOf, type ResponseOf } from '../ipc-contract.ts';
import type { CallContext } from '../link.ts';
import { type ApplicationView, type ProgressView, type ProxyStorageView, secondsMax } from '../views.ts';
import type { StartedService, Surroundings } from './service-process.ts';

/** Forms of requirement that an own network has keys for: those that need no compiler. */
const templates = ['range-1x32'];
/** Blocks of one page. */
const blocksPage = 50;
/** Points of the charts of a network's pace. */
const paceParts = 120;
/** A proxy that has not answered by then counts as not reachable. */
const proxyAnswerMs = 2000;

const configSchema = z.strictObject({ home: z.string().min(1).max(4096), key: z.instanceof(Uint8Array) });
const createSchema = contract['ownNetwork.create'].request;

/** Starts it with the configuration `{home, key}`. */
export async function startOperator(config: unknown, { main, peer, log }: Surroundings): Promise<StartedService> {
  const { home, key } = configSchema.parse(config);
  const lock = { key };
  let opened:
    | Promise<{ readonly network: Network; readonly operator: NetworkOperator; readonly inspection: NetworkInspection }>
    | undefined;

  const open = async () => {
    const { network } = readNetworkFile(await networkFileText(home));
    const inspection = inspectNetwork(network, await readGenesisFile(join(home, 'genesis.json')));
    return { network, inspection, operator: await openNetworkOperator(home, network, lock) };
  };
  /** Opened once, when first needed; what failed is tried again at the next call. */
  const operating = () => {
    opened ??= open().catch((error: unknown) => {
      opened = undefined;
      throw error;
    });
    return opened;
  };
  const changed = () => main.tell('data.changed', { topics: ['operator'] });

  const create = async (value: z.input<typeof createSchema>, { signal, onProgress }: CallContext) => {
    const { name, proxies, threshold } = createSchema.parse(value);
    let stage: ProgressView = { step: 'network-keys', fraction: 0 };
    const tell = (next: ProgressView) => {
      signal.throwIfAborted();
      stage = next;
      onProgress(stage);
    };
    const network = await createNetwork({
      home,
      lock,
      groups: smallestGroups,
      name,
      chainId: await ownChainId(home),
      proxies,
      threshold,
      templates,
      firstPort: 0,
      onStage: (step, fraction) => tell({ step: `network-${step}`, fraction }),
      onStep: (detail) => {
        log(`made: ${english(detail)}`);
        tell({ ...stage, detail });
      },
    });
    return { name, development: network.development, groups: [...smallestGroups], proxies, threshold };
  };

  const decide = async ({ applicationId, outcome, reason }: RequestOf<'ownNetwork.decide'>): Promise<ApplicationView> => {
    const { operator } = await operating();
    const application = await operator.decide(applicationId as Hex, outcome, reason);
    changed();
    return viewOfApplication(application);
  };

  const fund = async ({ address, amount }: RequestOf<'ownNetwork.fund'>): Promise<ResponseOf<'ownNetwork.fund'>> => {
    const { operator } = await operating();
    await operator.fund(address as Hex, BigInt(amount));
    changed();
    return {};
  };

  const blocks = async ({ before }: RequestOf<'ownNetwork.blocks'>): Promise<ResponseOf<'ownNetwork.blocks'>> => {
    const { operator } = await operating();
    const found = await operator.blocks(before, blocksPage);
    return found.map((block) => ({ ...block, gasUsed: Number(block.gasUsed) }));
  };

  const block = async ({ number }: RequestOf<'ownNetwork.block'>): Promise<ResponseOf<'ownNetwork.block'>> => {
    const { inspection } = await operating();
    const { hash, header, transactions } = await inspection.block(number);
    const { height, parentHash, timestampSeconds: atSeconds, epoch, view, transactionsRoot, stateRoot, receiptsRoot, gasUsed } = header;
    return {
      ...{ number: height, hash, parentHash, atSeconds, epoch, view, transactionsRoot, stateRoot, receiptsRoot },
      gasUsed: Number(gasUsed),
      transactions: transactions.map((transaction) => ({ ...transaction, value: transaction.value.toString() })),
    };
  };

  const checkBlock = async ({ number }: RequestOf<'ownNetwork.checkBlock'>): Promise<ResponseOf<'ownNetwork.checkBlock'>> => {
    const { inspection } = await operating();
    const { hash, block, certificate, committee, signers } = await inspection.verify(number);
    return {
      hash,
      epoch: block.header.epoch,
      view: certificate.view,
      groups: committee.groups,
      signers: signers.map(({ group, keys }) => ({ group, members: committee.members(group).length, keys: [...keys] })),
    };
  };

  const pace = async ({ minutes }: RequestOf<'ownNetwork.pace'>) => {
    const { inspection } = await operating();
    const toMs = systemClock.nowMs();
    const fromMs = toMs - minutes * 60_000;
    const remembered = await inspection.pace(fromMs);
    if (remembered === null) return null;
    return { fromMs, toMs, sinceMs: remembered.sinceMs, ...paceSeries(remembered, { fromMs, toMs, parts: paceParts }) };
  };

  const storageOf = async (index: number): Promise<ProxyStorageView> => {
    const asked = peer(`proxy-${index}`).then((proxy) => proxy.call<{ readonly storage: ProxyStorage | null }>('status', {}));
    const late = new Promise<null>((resolve) => setTimeout(resolve, proxyAnswerMs, null));
    // A proxy that died answers with an error or not at all: either way it is not reachable.
    const answer = await Promise.race([asked.catch(() => null), late]); // shown as not reachable
    const { grants = [], ...counts } = answer?.storage ?? nothingKnown;
    return { index, reachable: answer !== null, ...counts, grants: grants.map(grantView) };
  };

  return {
    handlers: {
      create,
      'ownNetwork.blocks': blocks,
      'ownNetwork.block': block,
      'ownNetwork.checkBlock': checkBlock,
      'ownNetwork.validators': async () => (await operating()).inspection.survey(),
      'ownNetwork.pace': pace,
      'ownNetwork.applications': async () => (await (await operating()).operator.applications()).map(viewOfApplication),
      'ownNetwork.decide': decide,
      'ownNetwork.fund': fund,
      'ownNetwork.proxies': async () => Promise.all((await operating()).network.proxies.map(({ index }) => storageOf(index))),
    },
    async stop() {
      const working = await opened?.catch(() => undefined); // whoever asked for it to be opened has the error
      await working?.operator.close();
    },
  };
}

function grantView({ offerId, state, liveUntil }: ProxyStorage['grants'][number]): ProxyStorageView['grants'][number] {
  return { offerId, state, liveUntil: liveUntil === null ? null : Math.min(liveUntil, secondsMax) };
}

const nothingKnown = { ciphertexts: 0, ciphertextBytes: 0, uploads: 0, uploadBytes: 0, headers: 0, freeBytes: 0, grants: [] };

function viewOfApplication(application: OperatedApplication): ApplicationView {
  const { applicationId, state, roles, name, contact, submittedAtMs, pseudonyms } = application;
  const named = Object.entries(entityRoles).filter(([, bit]) => (roles & bit) !== 0);
  return { applicationId, state, roles: named.map(([role]) => role), name, contact, submittedAtMs, pseudonyms };
}

async function networkFileText(home: string): Promise<string> {
  try {
    return await readFile(join(home, 'network.json'), 'utf8');
  } catch (cause) {
    throw new AppError(
      'NETWORK_NOT_MADE',
      {
        what: 'The file of this network is not there: making the network was interrupted, or its folder was removed.',
        consequence: 'Nothing was changed.',
        remedy: 'Make the network again; what was finished before is used.',
      },
      { data: { home }, cause },
    );
  }
}
