/**
 * A trade of which some proxies know nothing: from the upload to the payment any t of n suffice, also when they are not the same t each time.
 * Chain, proxies and files are held in memory; machines and cryptography are the real ones.
 */
import { beforeEach, expect, test } from 'vitest';
import { AppError } from '../../core/base/app-error.ts';
import { assert } from '../../core/base/assert.ts';
import { type Hex, toHex } from '../../core/base/bytes.ts';
import { decodeGrantContext } from '../../core/crypto/context.ts';
import { ciphertextLength } from '../../core/crypto/file-stream.ts';
import { openBox } from '../../core/crypto/message-box.ts';
import { createFragment } from '../../core/crypto/re-encryption.ts';
import { decodeGrant, decodeHeader, decodeProxyShare, encodeFragment } from '../../core/crypto/scheme-encodings.ts';
import { datasetIdOf } from '../../core/proofs/identifiers.ts';
import type { ContractCall, TransactionSender } from '../../core/sharing/chain.ts';
import type { ChainDataRecord, ChainGrant, ChainReader, OfferState } from '../../core/sharing/chain-reader.ts';
import { type DatasetWork, datasetMachine } from '../../core/sharing/dataset-workflow.ts';
import type { MarketReader } from '../../core/sharing/market.ts';
import type { Network } from '../../core/sharing/network-file.ts';
import { type OfferWork, offerMachine } from '../../core/sharing/offer-workflow.ts';
import { Outbox } from '../../core/sharing/outbox.ts';
import { proxyShareLabel } from '../../core/sharing/proxy-messages.ts';
import { type PurchaseWork, purchaseMachine } from '../../core/sharing/purchase-workflow.ts';
import type { ProxyPort } from '../../core/sharing/services.ts';
import { advance } from '../../core/sharing/workflow.ts';
import { mcl as engine } from '../pairing-engines.ts';
import { chainId, market, network, records } from '../sharing-scene.ts';
import { freshPseudonym, MemoryDocuments } from './services/world.ts';

const OFFER = 5n;
const START = 1_000_000n;
const PAYLOAD_BYTES = 1000;
const net = network(engine, 'absent proxies');
const { publicParameters, random } = net;
const [owner, consumer] = [freshPseudonym(1), freshPseudonym(2)];
const proxyKeys = [freshPseudonym(), freshPseudonym(), freshPseudonym()];
const salt = `0x${'0a'.repeat(32)}` as const;
const datasetId = datasetIdOf(owner.account.address, salt);
const requestId = `0x${'77'.repeat(32)}` as const;
const transactionHash = `0x${'01'.repeat(32)}` as const;

const networkFile = {
  chain: { chainId: Number(chainId) },
  contracts: { sharingMarket: market, dataRecords: records },
  proxies: proxyKeys.map(({ requestKey, messageKey }, position) => ({
    index: position + 1,
    signingKey: toHex(requestKey.publicKey),
    messageKey: toHex(messageKey.publicKey),
  })),
  threshold: 2,
} as unknown as Network;

const failed = (code: string) => new AppError(code, { what: code, consequence: '', remedy: '' });

/** A proxy that keeps what it is given, and transforms only a header that it has. */
class MemoryProxy {
  isDown = false;
  readonly #keys: (typeof proxyKeys)[number];
  readonly #ciphertexts = new Set<Hex>();
  readonly #headers = new Map<Hex, { header: Uint8Array; context: Uint8Array }>();
  readonly #grants = new Map<bigint, { grant: Uint8Array; context: Uint8Array; shareBox: Uint8Array }>();

  constructor(keys: (typeof proxyKeys)[number]) {
    this.#keys = keys;
  }

  #answer<Value>(value: Value | undefined, missing: string): Value {
    if (this.isDown) throw failed('SERVICE_UNREACHABLE');
    if (value === undefined) throw failed(missing);
    return value;
  }

  readonly port: ProxyPort = {
    uploadCiphertext: async ({ sha256 }) => void this.#answer(this.#ciphertexts, '').add(sha256),
    downloadCiphertext: async ({ sha256 }) => void this.#answer(this.#ciphertexts.has(sha256) || undefined, 'NOT_FOUND'),
    putHeader: async (hash, header, context) => void this.#answer(this.#headers, '').set(hash, { header, context }),
    getHeader: async (hash) => this.#answer(this.#headers.get(hash), 'PROXY_HEADER_UNKNOWN'),
    putGrant: async (offerId, grant, context, shareBox) => void this.#answer(this.#grants, '').set(offerId, { grant, context, shareBox }),
    getGrant: async (offerId) => this.#answer(this.#grants.get(offerId), 'PROXY_GRANT_UNKNOWN'),
    fragment: async (offerId) => {
      const kept = this.#answer(this.#grants.get(offerId), 'PROXY_GRANT_UNKNOWN');
      const context = decodeGrantContext(kept.context);
      const { header } = this.#answer(this.#headers.get(context.headerHash), 'PROXY_HEADER_UNKNOWN');
      const plaintext = await openBox(this.#keys.messageKey, proxyShareLabel(context), kept.shareBox);
      assert(plaintext !== null && chain.grant !== null, 'the share is for this proxy, and the grant on chain');
      const share = decodeProxyShare(engine, plaintext);
      const decoded = decodeHeader(engine, header);
      const grant = decodeGrant(engine, kept.grant);
      return {
        version: 1,
        grantHash: chain.grant.grantHash,
        headerHash: context.headerHash,
        fragment: toHex(encodeFragment(engine, createFragment(engine, publicParameters, context, grant, share, decoded, random))),
        proxyKey: toHex(this.#keys.requestKey.publicKey),
        signature: `0x${'00'.repeat(64)}`,
      };
    },
    deleteGrant: () => Promise.reject(failed('PROXY_GRANT_STILL_LIVE')),
  };
}

let proxies: MemoryProxy[];
let documents: MemoryDocuments;
let encryptedUnder: string;
let unpackedUnder: string;
let chain: { state: OfferState; record: ChainDataRecord | null; grant: ChainGrant | null };

beforeEach(() => {
  proxies = proxyKeys.map((keys) => new MemoryProxy(keys));
  documents = new MemoryDocuments();
  chain = { state: 'verified', record: null, grant: null };
  encryptedUnder = '';
  unpackedUnder = '';
});

/** What the contracts do with the transactions of this trade. */
function execute({ method, arguments: values }: ContractCall): void {
  if (method === 'record') {
    const [recordSalt, signer, root, headerHash, ciphertextHash, size] = values as [Hex, Hex, string, Hex, Hex, number];
    const record = { owner: signer, datasetRoot: BigInt(root), headerHash, ciphertextHash, ciphertextSize: BigInt(size) };
    chain.record = { datasetId: datasetIdOf(signer, recordSalt), ...record };
  } else if (method === 'accept') chain.state = 'accepted';
  else if (method === 'grant') {
    const [, grantHash, threshold, count, liveUntil] = values as [string, Hex, number, number, number];
    chain.grant = { grantHash, threshold, proxies: count, liveUntil: BigInt(liveUntil), revoked: false, live: true };
    chain.state = 'granted';
  } else if (method === 'confirm') chain.state = 'paid';
}

const sender: TransactionSender = {
  nextNonce: async () => 0,
  prepare: async (call) => {
    execute(call);
    return { raw: '0x00', hash: transactionHash, from: owner.account.address, nonce: 0 };
  },
  carries: () => true,
  deliver: async () => ({ kind: 'final', transaction: { hash: transactionHash, blockNumber: 1, gasUsed: 1n } }),
};

const reader = {
  marketOffer: async () => ({
    offerId: OFFER,
    state: chain.state,
    requestId,
    datasetId,
    owner: owner.account.address,
    consumer: consumer.account.address,
    dueAt: START + 3600n,
    consumerBond: 0n,
  }),
  requirement: async () => ({ terms: { price: 1n, deliverWindow: 7200n, arbitersHash: transactionHash } }),
  recordHash: async () => transactionHash,
  timeSeconds: async () => START,
  postedDeliveries: async () => [],
} as unknown as MarketReader;

const chainReader = { dataRecord: async () => chain.record, grant: async () => chain.grant } as unknown as ChainReader;

const shared = () => ({
  documents,
  network: networkFile,
  engine,
  parameters: publicParameters,
  market: reader,
  chain: chainReader,
  outbox: new Outbox(documents, sender),
  pkg: { identityKey: async (_: unknown, identity: string) => net.keyOf(identity) },
  proxies: () => proxies.map(({ port }) => port),
  random,
  transfer: {},
});

const sha256 = `0x${'cc'.repeat(32)}` as const;
const chunkBytes = 64 * 1024;

async function publish(): Promise<DatasetWork> {
  const files = {
    commit: () => Promise.reject(new Error('committed before')),
    encrypt: async (_: unknown, key: Uint8Array) => {
      encryptedUnder = toHex(key);
      return { sha256, bytes: ciphertextLength(PAYLOAD_BYTES, chunkBytes) };
    },
    ciphertextPath: () => '',
  };
  return advance(datasetMachine({ ...shared(), files, keysOf: () => owner, clock: { nowMs: () => 0 } }), {
    version: 1,
    state: 'committed',
    datasetId,
    salt,
    name: 'readings',
    pseudonymIndex: 1,
    owner: owner.account.address,
    seed: `0x${'05'.repeat(32)}`,
    keywords: [],
    createdAtMs: 0,
    datasetRoot: '7',
    payloadBytes: PAYLOAD_BYTES,
  });
}

async function grant(dataset: DatasetWork): Promise<OfferWork> {
  assert(dataset.state === 'ready', 'the dataset is ready');
  const prover = { segment: () => Promise.reject(new Error('proved before')), aggregate: () => Promise.reject(new Error('proved before')) };
  return advance(offerMachine({ ...shared(), prover, dataset, keysOf: () => owner }), {
    version: 1,
    state: 'accepted',
    offerId: `${OFFER}`,
    requestId,
    datasetId,
    pseudonymIndex: 1,
    salt,
    template: 'range-1x32',
    deadline: Number(START),
    segmentCount: 1,
    bond: '1',
  });
}

async function buy(work: PurchaseWork): Promise<PurchaseWork> {
  const files = {
    ciphertextPath: () => '',
    unpack: async (_: unknown, key: Uint8Array) => {
      unpackedUnder = toHex(key);
    },
  };
  const decided = { accept: true, confirm: true };
  return advance(purchaseMachine({ ...shared(), files, keysOf: () => consumer, decided }), work);
}

/** Who is away during the upload, the fetching, the grant and the collecting; proxies are counted from 1. */
async function trade(upload: readonly number[], fetching = upload, granting = upload, collecting = upload): Promise<PurchaseWork> {
  const away = (indices: readonly number[]) => {
    for (const [position, proxy] of proxies.entries()) proxy.isDown = indices.includes(position + 1);
  };
  away(upload);
  const dataset = await publish();
  away(fetching);
  const accepted = await buy({ version: 1, state: 'found', offerId: `${OFFER}`, requestId, datasetId, pseudonymIndex: 2 });
  expect([accepted.state, chain.state]).toEqual(['accepted', 'accepted']);
  away(granting);
  expect(await grant(dataset)).toMatchObject({ state: 'granted' });
  away(collecting);
  return buy(accepted);
}

test.each([1, 2, 3])('completes although proxy %i is down from the upload to the end', async (absent) => {
  expect(await trade([absent])).toMatchObject({ state: 'ended', outcome: 'paid', faultyProxies: [] });
  expect(unpackedUnder).toBe(encryptedUnder);
});

test('completes with a proxy that was away at the upload, when one that was there is away later', async () => {
  expect(await trade([3], [2], [1], [1])).toMatchObject({ state: 'ended', outcome: 'paid', faultyProxies: [] });
  expect(unpackedUnder).toBe(encryptedUnder);
});

test('does not record a dataset of which fewer than t proxies have ciphertext and header, and goes on later', async () => {
  for (const proxy of proxies.slice(1)) proxy.isDown = true;
  await expect(publish()).rejects.toMatchObject({ code: 'SERVICE_UNREACHABLE' });
  expect(chain.record).toBeNull();
  for (const proxy of proxies) proxy.isDown = false;
  expect(await publish()).toMatchObject({ state: 'ready' });
  expect(chain.record?.datasetId).toBe(datasetId);
});

test('goes on when the absent ones are back, whatever one says that refuses for good', async () => {
  const [first, ...others] = proxies;
  assert(first !== undefined, 'there are proxies');
  first.port.uploadCiphertext = () => Promise.reject(failed('PROXY_STORAGE_FULL'));
  for (const proxy of others) proxy.isDown = true;
  // Of the two reasons the one that passes: for the other nothing would be tried again.
  await expect(publish()).rejects.toMatchObject({ code: 'SERVICE_UNREACHABLE' });
  for (const proxy of others) proxy.isDown = false;
  expect(await publish()).toMatchObject({ state: 'ready' });
});

test('does not take what goes wrong on this machine for an absent proxy', async () => {
  const [first] = proxies;
  assert(first !== undefined, 'there are proxies');
  first.port.uploadCiphertext = () => Promise.reject(new TypeError('a mistake of the program'));
  await expect(publish()).rejects.toThrow(TypeError);
});
