/** One PKG, one dataset, one offer, and a grant of t among n proxies: the scene of the re-encryption tests. */
import { type Hex, toHex } from '../core/base/bytes.ts';
import type { Random } from '../core/base/ports.ts';
import type { GrantContext, SourceContext } from '../core/crypto/context.ts';
import { formatIdentity } from '../core/crypto/identity.ts';
import { encapsulate, generateIdentityKey, setUp } from '../core/crypto/identity-encryption.ts';
import type { PairingEngine } from '../core/crypto/pairing-engine.ts';
import { createFragment, type Delivery, generateReEncryptionKey, shareReEncryptionKey } from '../core/crypto/re-encryption.ts';
import type { Fragment, Header } from '../core/crypto/scheme-algebra.ts';
import type { Grant, ProxyShare } from '../core/crypto/scheme-encodings.ts';
import { grantHash, headerHash } from '../core/crypto/scheme-hashes.ts';
import { seededRandom } from './seeded-random.ts';

const repeated = (byte: string, length: number) => `0x${byte.repeat(length)}` as Hex;
export const chainId = 31_337n;
export const records = repeated('a1', 20);
export const market = repeated('a2', 20);
export const owner = repeated('b1', 20);
export const consumer = repeated('b2', 20);

/** The context of dataset number `number` of the owner. */
export function sourceContextOf(number: number): SourceContext {
  const datasetId = `0x${number.toString(16).padStart(64, '0')}` as Hex;
  const ownerIdentity = formatIdentity({ kind: 'dataset', chainId, contract: records, pseudonym: owner, datasetId });
  return {
    chainId,
    contract: records,
    datasetId,
    owner,
    ownerIdentity,
    datasetRoot: repeated('0c', 32),
    plaintextLength: 1_000n,
    chunkSize: 65_536,
  };
}

export function receivingIdentityOf(offerId: bigint): string {
  return formatIdentity({ kind: 'receive', chainId, contract: market, pseudonym: consumer, offerId });
}

export function grantContextOf(source: SourceContext, headerHash: Uint8Array, offerId: bigint): GrantContext {
  const receiverIdentity = receivingIdentityOf(offerId);
  return { chainId, contract: market, offerId, ownerIdentity: source.ownerIdentity, receiverIdentity, headerHash: toHex(headerHash) };
}

export const proxyKeys = (count: number) => Array.from({ length: count }, (_, position) => new Uint8Array(32).fill(position + 1));

/** A PKG, and the owner's first dataset with its header and keys. */
export function network(engine: PairingEngine, seed: string) {
  const random = seededRandom(seed);
  const { masterSecret, publicParameters } = setUp(engine, random);
  return {
    engine,
    random,
    masterSecret,
    publicParameters,
    keyOf: (identity: string) => generateIdentityKey(engine, masterSecret, identity, random),
    dataset(number: number) {
      const sourceContext = sourceContextOf(number);
      const { header, key } = encapsulate(engine, publicParameters, sourceContext, random);
      return { sourceContext, header, key, headerHash: headerHash(engine, sourceContext, header) };
    },
  };
}

export type Network = ReturnType<typeof network>;
export type Dataset = ReturnType<Network['dataset']>;

/** The grant of `dataset` for an offer, t of n, with the fragments of all proxies. */
export function grantOf(net: Network, dataset: Dataset, offerId: bigint, threshold: number, count: number) {
  const { engine, publicParameters, random } = net;
  const grantContext = grantContextOf(dataset.sourceContext, dataset.headerHash, offerId);
  const ownerKey = net.keyOf(dataset.sourceContext.ownerIdentity);
  const reEncryptionKey = generateReEncryptionKey(engine, publicParameters, ownerKey, grantContext, random);
  const { grant, shares } = shareReEncryptionKey(engine, reEncryptionKey, threshold, proxyKeys(count), random);
  return { grantContext, ownerKey, reEncryptionKey, grant, shares };
}

export function fragmentsOf(
  net: Network,
  grantContext: GrantContext,
  grant: Grant,
  shares: readonly ProxyShare[],
  header: Header,
  random: Random = net.random,
): Fragment[] {
  return shares.map((share) => createFragment(net.engine, net.publicParameters, grantContext, grant, share, header, random));
}

/** The delivery whose hashes are recorded as they are. */
export function deliveryOf(
  net: Network,
  dataset: Pick<Dataset, 'sourceContext' | 'header'>,
  grantContext: GrantContext,
  grant: Grant,
  fragments: readonly Fragment[],
): Delivery {
  const { sourceContext, header } = dataset;
  const recorded = {
    headerHash: toHex(headerHash(net.engine, sourceContext, header)),
    grantHash: toHex(grantHash(net.engine, grantContext, grant)),
    threshold: grant.threshold,
    proxies: grant.proxies.length,
    receiverIdentity: receivingIdentityOf(grantContext.offerId),
  };
  return { sourceContext, grantContext, header, grant, fragments, recorded };
}
