/** A small network for the tests of the services: a chain in memory, people with real keys, real cryptography, real HTTP. */
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { z } from 'zod';
import type { ServiceEvent } from '../../../core/adapters/http-service.ts';
import { PkgClient } from '../../../core/adapters/pkg-client.ts';
import { ProxyClient } from '../../../core/adapters/proxy-client.ts';
import { keySigner, pseudonymSigner, type RequestSigner } from '../../../core/adapters/request-signature.ts';
import { systemRandom } from '../../../core/adapters/system-random.ts';
import { assert } from '../../../core/base/assert.ts';
import { type Hex, toHex } from '../../../core/base/bytes.ts';
import { encodeGrantContext, encodeSourceContext, type GrantContext, type SourceContext } from '../../../core/crypto/context.ts';
import { formatIdentity } from '../../../core/crypto/identity.ts';
import { encapsulate, generateIdentityKey, setUp } from '../../../core/crypto/identity-encryption.ts';
import { addressOfPrivateKey, type PseudonymKeys } from '../../../core/crypto/key-derivation.ts';
import { createMclEngine } from '../../../core/crypto/mcl-engine.ts';
import { messageKeyFrom, sealBox } from '../../../core/crypto/message-box.ts';
import type { PairingEngine } from '../../../core/crypto/pairing-engine.ts';
import { generateReEncryptionKey, shareReEncryptionKey } from '../../../core/crypto/re-encryption.ts';
import { requestKeyFrom } from '../../../core/crypto/request-key.ts';
import type { Header } from '../../../core/crypto/scheme-algebra.ts';
import { encodeGrant, encodeHeader, encodeProxyShare, type Grant, type ProxyShare } from '../../../core/crypto/scheme-encodings.ts';
import { grantHash, headerHash, publicParametersHash } from '../../../core/crypto/scheme-hashes.ts';
import { type PkgConfig, startPkg } from '../../../core/services/pkg.ts';
import { type ProxyConfig, startProxy } from '../../../core/services/proxy.ts';
import {
  type ChainDataRecord,
  type ChainEntity,
  type ChainGrant,
  type ChainOffer,
  type ChainReader,
  entityRoles,
} from '../../../core/sharing/chain-reader.ts';
import type { Documents } from '../../../core/sharing/documents.ts';
import { proxyShareLabel } from '../../../core/sharing/proxy-messages.ts';

export const network = {
  chainId: 31337n,
  entityRegistry: `0x${'11'.repeat(20)}` as Hex,
  dataRecords: `0x${'22'.repeat(20)}` as Hex,
  sharingMarket: `0x${'33'.repeat(20)}` as Hex,
};

/** Sealed documents are another part's affair; here they only have to survive a restart of the service. */
export class MemoryDocuments implements Documents {
  readonly texts = new Map<string, string>();

  async load<Value>(name: string, schema: z.ZodType<Value>): Promise<Value | undefined> {
    const text = this.texts.get(name);
    return text === undefined ? undefined : schema.parse(JSON.parse(text));
  }

  async save(name: string, value: unknown): Promise<void> {
    this.texts.set(name, JSON.stringify(value));
  }

  async list(prefix: string): Promise<string[]> {
    return [...this.texts.keys()].filter((name) => name.startsWith(prefix)).sort();
  }
}

/** The final chain as maps. */
export class MemoryChain implements ChainReader {
  readonly entities = new Map<Hex, ChainEntity>();
  readonly records = new Map<Hex, ChainDataRecord>();
  readonly offers = new Map<bigint, ChainOffer>();
  readonly grants = new Map<bigint, ChainGrant>();
  parameters: Hex = `0x${'00'.repeat(32)}`;
  /** Thrown by every read while it is set. */
  failure: Error | null = null;

  #answer<Value>(value: Value): Promise<Value> {
    return this.failure === null ? Promise.resolve(value) : Promise.reject(this.failure);
  }

  entity = (pseudonym: Hex) => this.#answer(this.entities.get(pseudonym) ?? null);
  dataRecord = (datasetId: Hex) => this.#answer(this.records.get(datasetId) ?? null);
  offer = (offerId: bigint) => this.#answer(this.offers.get(offerId) ?? null);
  grant = (offerId: bigint) => this.#answer(this.grants.get(offerId) ?? null);
  parametersHash = () => this.#answer(this.parameters);
}

export class TestClock {
  /** Added to the machine's time. */
  offsetMs = 0;
  nowMs = () => Date.now() + this.offsetMs;
}

export function freshPseudonym(index = 0): PseudonymKeys {
  const privateKey = systemRandom.bytes(32);
  return {
    index,
    account: { privateKey, address: addressOfPrivateKey(privateKey) },
    requestKey: requestKeyFrom(systemRandom.bytes(32)),
    messageKey: messageKeyFrom(systemRandom.bytes(32)),
  } as PseudonymKeys;
}

/** A signer that has no pseudonym: an applicant or the operator. */
export function freshKeySigner(): RequestSigner {
  return keySigner(requestKeyFrom(systemRandom.bytes(32)));
}

let engine: Promise<PairingEngine> | undefined;
export function sharedEngine(): Promise<PairingEngine> {
  engine ??= createMclEngine();
  return engine;
}

export type World = Awaited<ReturnType<typeof createWorld>>;

/** Everything a test needs; `end` stops the services and removes the folders. */
export async function createWorld() {
  const engine = await sharedEngine();
  const chain = new MemoryChain();
  const clock = new TestClock();
  const folder = mkdtempSync(join(tmpdir(), 'services-'));
  const events: ServiceEvent[] = [];
  const operator = freshKeySigner();
  const running: { stop(): Promise<void> }[] = [];
  const { masterSecret, publicParameters } = setUp(engine, systemRandom);
  chain.parameters = toHex(publicParametersHash(engine, publicParameters));

  const pkgDocuments = new MemoryDocuments();
  const proxyDocuments = new MemoryDocuments();
  const shared = { engine, chain, network, clock, random: systemRandom, log: (event: ServiceEvent) => events.push(event) };

  function enrolOnChain(keys: PseudonymKeys, roles: number, change: Partial<ChainEntity> = {}): void {
    const pseudonym = keys.account.address;
    chain.entities.set(pseudonym, {
      pseudonym,
      requestKey: toHex(keys.requestKey.publicKey),
      messageKey: toHex(keys.messageKey.publicKey),
      roles,
      expiry: BigInt(Math.floor(clock.nowMs() / 1000) + 3600),
      revoked: false,
      ...change,
    });
  }

  return {
    engine,
    chain,
    clock,
    folder,
    events,
    operator,
    masterSecret,
    publicParameters,
    pkgDocuments,
    proxyDocuments,
    enrolOnChain,

    async startPkg(change: Partial<PkgConfig> = {}) {
      const service = await startPkg({
        ...shared,
        listen: { host: '127.0.0.1', port: 0 },
        home: join(folder, 'pkg'),
        documents: pkgDocuments,
        operatorKey: operator.keyId,
        ...change,
      });
      running.push(service);
      return service;
    },

    async startProxy(change: Partial<ProxyConfig> = {}) {
      const service = await startProxy({
        ...shared,
        listen: { host: '127.0.0.1', port: 0 },
        home: join(folder, 'proxy'),
        documents: proxyDocuments,
        parameters: publicParameters,
        ...change,
      });
      running.push(service);
      return service;
    },

    pkgClient(url: string, enrolmentAddress: Hex) {
      const { chainId, entityRegistry } = network;
      return new PkgClient({ url, network: { chainId, entityRegistry, enrolmentAddress }, clock, random: systemRandom });
    },

    async proxyClient(url: string, keys?: PseudonymKeys) {
      const { signingKey } = await new ProxyClient({ url, index: 1, signingKey: '0x', clock, random: systemRandom }).info();
      return new ProxyClient({
        url,
        index: 1,
        signingKey,
        clock,
        random: systemRandom,
        ...(keys === undefined ? {} : { signer: pseudonymSigner(keys) }),
      });
    },

    async end() {
      await Promise.all(running.map((service) => service.stop()));
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

export interface Trade {
  readonly owner: PseudonymKeys;
  readonly consumer: PseudonymKeys;
  readonly datasetId: Hex;
  readonly offerId: bigint;
  readonly sourceContext: SourceContext;
  readonly grantContext: GrantContext;
  readonly header: Header;
  readonly headerHash: Hex;
  readonly key: Uint8Array;
  readonly grant: Grant;
  readonly grantHash: Hex;
  readonly shares: readonly ProxyShare[];
  readonly ciphertext: { readonly path: string; readonly sha256: Hex; readonly bytes: number };
  readonly receiverKey: ReturnType<typeof generateIdentityKey>;
}

/** A dataset on chain, an accepted offer with its grant, for the given proxies. */
export async function createTrade(
  world: World,
  proxies: readonly { readonly signingKey: Uint8Array }[],
  options: { threshold?: number; ciphertextBytes?: number } = {},
): Promise<Trade> {
  const { engine, chain, publicParameters, masterSecret } = world;
  const [owner, consumer] = [freshPseudonym(1), freshPseudonym(2)];
  world.enrolOnChain(owner, entityRoles.owner);
  world.enrolOnChain(consumer, entityRoles.consumer);
  const { chainId, dataRecords, sharingMarket } = network;
  const datasetId = toHex(new Uint8Array([0, ...systemRandom.bytes(31)]));
  const offerId = BigInt(toHex(systemRandom.bytes(31)));
  const ownerIdentity = formatIdentity({ kind: 'dataset', chainId, contract: dataRecords, pseudonym: owner.account.address, datasetId });
  const receiverIdentity = formatIdentity({
    kind: 'receive',
    chainId,
    contract: sharingMarket,
    pseudonym: consumer.account.address,
    offerId,
  });
  const content = systemRandom.bytes(options.ciphertextBytes ?? 300_000);
  const sha256 = `0x${createHash('sha256').update(content).digest('hex')}` as Hex;
  const path = join(world.folder, `source-${sha256.slice(2, 10)}`);
  writeFileSync(path, content);
  const sourceContext: SourceContext = {
    chainId,
    contract: dataRecords,
    datasetId,
    owner: owner.account.address,
    ownerIdentity,
    datasetRoot: toHex(new Uint8Array(32).fill(7)),
    plaintextLength: 1000n,
    chunkSize: 65536,
  };
  const { header, key } = encapsulate(engine, publicParameters, sourceContext, systemRandom);
  const hash = toHex(headerHash(engine, sourceContext, header));
  chain.records.set(datasetId, {
    datasetId,
    owner: owner.account.address,
    datasetRoot: 7n,
    headerHash: hash,
    ciphertextHash: sha256,
    ciphertextSize: BigInt(content.length),
  });
  const grantContext: GrantContext = { chainId, contract: sharingMarket, offerId, ownerIdentity, receiverIdentity, headerHash: hash };
  const reKey = generateReEncryptionKey(
    engine,
    publicParameters,
    generateIdentityKey(engine, masterSecret, ownerIdentity, systemRandom),
    grantContext,
    systemRandom,
  );
  const { grant, shares } = shareReEncryptionKey(
    engine,
    reKey,
    options.threshold ?? 1,
    proxies.map(({ signingKey }) => signingKey),
    systemRandom,
  );
  chain.offers.set(offerId, {
    offerId,
    state: 'granted',
    requestId: toHex(systemRandom.bytes(32)),
    datasetId,
    owner: owner.account.address,
    consumer: consumer.account.address,
  });
  const recordedGrantHash = toHex(grantHash(engine, grantContext, grant));
  chain.grants.set(offerId, {
    grantHash: recordedGrantHash,
    threshold: grant.threshold,
    proxies: grant.proxies.length,
    liveUntil: BigInt(Math.floor(world.clock.nowMs() / 1000) + 3600),
    revoked: false,
    live: true,
  });
  const receiverKey = generateIdentityKey(engine, masterSecret, receiverIdentity, systemRandom);
  const ciphertext = { path, sha256, bytes: content.length };
  return {
    owner,
    consumer,
    datasetId,
    offerId,
    sourceContext,
    grantContext,
    header,
    headerHash: hash,
    key,
    grant,
    grantHash: recordedGrantHash,
    shares,
    ciphertext,
    receiverKey,
  };
}

/** The owner's part at one proxy, as encodings. */
export async function grantMessage(world: World, trade: Trade, position: number, messageKey: Uint8Array) {
  const share = trade.shares[position];
  assert(share !== undefined, 'the trade has this share');
  return {
    grant: encodeGrant(world.engine, trade.grant),
    context: encodeGrantContext(trade.grantContext),
    shareBox: await sealBox(systemRandom, messageKey, proxyShareLabel(trade.grantContext), encodeProxyShare(world.engine, share)),
  };
}

export function headerMessage(world: World, trade: Trade) {
  return { header: encodeHeader(world.engine, trade.header), context: encodeSourceContext(trade.sourceContext) };
}

/** The code of the AppError with which `promise` fails. */
export async function codeOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
  } catch (error) {
    return (error as { code?: string }).code ?? String(error);
  }
  return 'no error';
}
