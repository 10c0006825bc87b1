/**
 * What must hold after the kills: everything that was acknowledged is there, every story has its end, nothing happened
 * twice, and nothing half-done looks done. Each finding is a sentence; none is good.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { pipeline } from 'node:stream/promises';
import { JsonRpcProvider } from 'ethers';
import { z } from 'zod';
import { DatasetFolder } from '../../core/adapters/dataset-folder.ts';
import { HomeStore } from '../../core/adapters/home-store.ts';
import { assert } from '../../core/base/assert.ts';
import type { Hex } from '../../core/base/bytes.ts';
import { parseGenesisDocument } from '../../core/ledger/genesis.ts';
import { purchases } from '../../core/services/consumer.ts';
import { networkFolders } from '../../core/services/network-folders.ts';
import { datasets, offers } from '../../core/services/owner.ts';
import { openParticipant, type Participant } from '../../core/services/participant.ts';
import { datasetIdentity } from '../../core/sharing/dataset-workflow.ts';
import type { Network } from '../../core/sharing/network-file.ts';
import { receivingIdentity } from '../../core/sharing/offer-workflow.ts';
import { replayLedger } from '../ledger-replay.ts';
import { storyShape } from '../story/story-network.ts';

/** What was counted on the way, for the report. */
export interface Aftermath {
  readonly violations: string[];
  transactions: number;
  identityKeys: number;
  ciphertexts: number;
  documents: number;
  blocks: number;
}

/** What a service said that it had done: it must have it for good. */
export interface Acknowledgement {
  readonly service: string;
  readonly event: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** What a finished story left behind. */
interface Traces {
  readonly identities: readonly string[];
  readonly ciphertextHash: Hex;
}

/** How many proxies must answer for a delivery. */
const threshold = 2;

const sentTransaction = z
  .object({
    hash: z.string(),
    final: z.object({ blockNumber: z.int() }).nullable(),
  })
  .nullable();

/** Examines the stories while the network still runs; `examineHomes` follows when it has stopped. */
export async function examineStories(
  network: Network,
  stories: readonly string[],
  data: string,
  passphrase: string,
  found: Aftermath,
): Promise<Traces[]> {
  const provider = new JsonRpcProvider(network.chain.rpcUrls[0], network.chain.chainId, { staticNetwork: true });
  const traces: Traces[] = [];
  try {
    for (const folder of stories) {
      const owner = await openParticipant({ home: join(folder, 'owner'), lock: { passphrase } });
      const consumer = await openParticipant({ home: join(folder, 'consumer'), lock: { passphrase } });
      try {
        for (const participant of [owner, consumer]) await examineOutbox(participant, provider, found);
        traces.push(await examineTrade(network, basename(folder), owner, consumer, found));
      } finally {
        await consumer.close();
        await owner.close();
      }
      if ((await sha256Of(join(folder, 'received.csv'))) !== (await sha256Of(data)))
        found.violations.push(`${basename(folder)}: the received file is not the sent one`);
    }
    const requirements = (await provider.getLogs({ address: network.contracts.dataRecords, fromBlock: 0 })).length;
    if (requirements !== stories.length) found.violations.push(`${requirements} datasets are recorded on chain, not one a story`);
  } finally {
    provider.destroy();
  }
  return traces;
}

/** Every transaction that a home holds as final is on chain, in the block that the home names. */
async function examineOutbox({ documents }: Participant, provider: JsonRpcProvider, found: Aftermath): Promise<void> {
  for (const name of await documents.list('outbox-')) {
    const sent = await documents.load(name, sentTransaction);
    if (!sent?.final) continue;
    const receipt = await provider.getTransactionReceipt(sent.hash);
    if (receipt?.status !== 1 || receipt.blockNumber !== sent.final.blockNumber)
      found.violations.push(`${name} was final in block ${sent.final.blockNumber}, but the chain does not say so`);
    found.transactions++;
  }
}

/** The trade was paid, once: one requirement, one dataset, one offer, one purchase in homes and on chain. */
async function examineTrade(network: Network, story: string, owner: Participant, consumer: Participant, found: Aftermath): Promise<Traces> {
  const [allDatasets, allOffers, allPurchases] = [await datasets(owner), await offers(owner), await purchases(consumer)];
  const [dataset, offer, purchase] = [allDatasets[0], allOffers[0], allPurchases[0]];
  const once = allDatasets.length === 1 && allOffers.length === 1 && allPurchases.length === 1;
  if (!once)
    found.violations.push(`${story}: ${allDatasets.length} datasets, ${allOffers.length} offers, ${allPurchases.length} purchases`);
  assert(dataset?.state === 'ready' && offer !== undefined && purchase !== undefined, `${story} left a dataset, an offer and a purchase`);
  const onChain = await consumer.market.offerIds({ requestId: purchase.requestId });
  if (onChain.length !== 1) found.violations.push(`${story}: ${onChain.length} offers on chain`);
  const paid = await consumer.market.marketOffer(BigInt(purchase.offerId));
  if (paid?.state !== 'paid' || purchase.state !== 'ended' || offer.state !== 'ended')
    found.violations.push(`${story}: the offer is ${paid?.state}, at the owner ${offer.state}, at the consumer ${purchase.state}`);
  const folder = await DatasetFolder.open((await consumer.files).receivedPath(purchase.offerId));
  await folder.close();
  const identities = [
    datasetIdentity(network, dataset.owner, dataset.datasetId),
    receivingIdentity(network, consumer.keysOf(purchase.pseudonymIndex).account.address, BigInt(purchase.offerId)),
  ];
  return { identities, ciphertextHash: dataset.ciphertextHash };
}

/** Examines what lies on the disk when every process has ended. */
export async function examineHomes(
  folder: string,
  stories: readonly string[],
  traces: readonly Traces[],
  acknowledged: readonly Acknowledgement[],
  passphrase: string,
  found: Aftermath,
): Promise<void> {
  const homes = networkFolders(join(folder, 'network'), storyShape);
  await examinePkg(homes.pkg, traces, acknowledged, found);
  const holders = new Map<string, number>(traces.map(({ ciphertextHash }) => [ciphertextHash, 0]));
  for (const [position, home] of homes.proxies.entries()) {
    const own = acknowledged.filter(({ service }) => service === `proxy ${position + 1}`);
    for (const sha256 of await examineProxy(home, own, found)) holders.set(sha256, (holders.get(sha256) ?? 0) + 1);
  }
  for (const [sha256, count] of holders) {
    if (count < threshold) found.violations.push(`the ciphertext ${sha256} is at ${count} proxies, fewer than must answer`);
  }
  const participants = stories.flatMap((story) => [join(story, 'owner'), join(story, 'consumer')]);
  const validators = homes.validators.flat();
  for (const home of [homes.operator, homes.pkg, ...homes.proxies, ...validators, ...participants])
    found.documents += await openAll(home, passphrase);
  for (const home of participants) await examineLeftovers(home, found);
  const genesis = parseGenesisDocument(JSON.parse(await readFile(homes.genesis, 'utf8')));
  const heads: Awaited<ReturnType<typeof replayLedger>>[] = [];
  for (const home of validators) heads.push(await replayLedger(join(home, 'ledger'), genesis));
  found.blocks = Math.max(...heads.map(({ height }) => height));
}

/** Every key that was handed out is in the log, and every application that was taken is there. */
async function examinePkg(
  home: string,
  traces: readonly Traces[],
  acknowledged: readonly Acknowledgement[],
  found: Aftermath,
): Promise<void> {
  const issued = readColumn(join(home, 'pkg.sqlite'), 'SELECT identity AS value FROM issued_identity_key');
  for (const identity of traces.flatMap(({ identities }) => identities)) {
    if (issued.includes(identity)) found.identityKeys++;
    else found.violations.push(`a key of ${identity} is in use, but the PKG's log does not know it`);
  }
  const said = acknowledged.filter(({ event }) => event === 'identity-key-issued').length;
  if (issued.length < said) found.violations.push(`the PKG said of ${said} keys that they were issued; its log has ${issued.length}`);
  const documents = await readdir(home);
  for (const { event, data } of acknowledged) {
    if (event !== 'application-received') continue;
    if (!documents.includes(`pkg-application-${String(data.applicationId).slice(2)}.sealed`))
      found.violations.push(`the PKG took the application ${data.applicationId} and does not have it`);
  }
}

/** What the proxy said that it stored is there, whole and under its hash; no part of an upload is without its record. Gives what it holds. */
async function examineProxy(home: string, acknowledged: readonly Acknowledgement[], found: Aftermath): Promise<string[]> {
  const held = readColumn(join(home, 'proxy.sqlite'), 'SELECT sha256 AS value FROM ciphertext');
  const grants = readColumn(join(home, 'proxy.sqlite'), 'SELECT offer_id AS value FROM share_grant');
  const files = await readdir(join(home, 'ciphertexts'));
  for (const { event, data } of acknowledged) {
    if (event === 'ciphertext-stored' && !held.includes(String(data.sha256)))
      found.violations.push(`${basename(home)} said that it stored ${data.sha256} and does not hold it`);
    if (event === 'share-kept' && !grants.includes(String(data.offerId)))
      found.violations.push(`${basename(home)} said that it kept the share of offer ${data.offerId} and does not know the offer`);
  }
  for (const sha256 of held) {
    if (!files.includes(sha256.slice(2))) found.violations.push(`${basename(home)} lists ${sha256} and has no such file`);
  }
  for (const name of files) {
    if ((await sha256Of(join(home, 'ciphertexts', name))) === name) found.ciphertexts++;
    else found.violations.push(`${basename(home)} has the file ${name} with another content`);
  }
  const begun = readColumn(join(home, 'proxy.sqlite'), 'SELECT id AS value FROM upload');
  for (const name of await readdir(join(home, 'uploads'))) {
    if (!begun.includes(name)) found.violations.push(`${basename(home)} has ${name}, a part of an upload that it does not know`);
  }
  return held;
}

/** Opens every sealed document of a home; a damaged one throws. Gives their number. */
async function openAll(home: string, passphrase: string): Promise<number> {
  const store = await HomeStore.open(home, { passphrase });
  try {
    const names = await store.list();
    for (const name of names) assert((await store.read(name, z.unknown())) !== null, `${name} in ${home} opens`);
    return names.length;
  } finally {
    await store.close();
  }
}

/** Nothing of an interrupted step lies in a person's home: no part of a file, no dataset that no document names. */
async function examineLeftovers(home: string, found: Aftermath): Promise<void> {
  for (const path of await filesBelow(home)) {
    if (/\.(partial|payload|download)(\/|$)/.test(path)) found.violations.push(`${path} is left of an interrupted step`);
  }
  const named = (await readdir(home)).flatMap((name) => /^dataset-([0-9a-f]{64})\.sealed$/.exec(name)?.[1] ?? []);
  for (const name of await readdir(join(home, 'datasets')).catch(() => [])) // a consumer may have no datasets of its own
    if (!named.includes(name)) found.violations.push(`${join(home, 'datasets', name)} is a dataset that no document names`);
}

async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true });
  return entries.map((entry) => join(entry.parentPath, entry.name));
}

function readColumn(path: string, query: string): string[] {
  const database = new DatabaseSync(path, { readOnly: true });
  try {
    return (database.prepare(query).all() as { value: string }[]).map(({ value }) => value);
  } finally {
    database.close();
  }
}

async function sha256Of(path: string): Promise<string> {
  if (!(await stat(path)).isFile()) throw new Error(`${path} is not a file`);
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}
