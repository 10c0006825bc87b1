/**
 * The binary forms of the scheme's values, as they are stored, sent and hashed (docs/formats.md).
 * Each begins with its version in one byte.
 *
 * Invariant: a value has one encoding; decoding refuses every other byte string with a DecodeError,
 * and elements that are the identity, off the curve or not of order p.
 */
import { assert } from '../base/assert.ts';
import { toHex } from '../base/bytes.ts';
import { DecodeError, Decoder, Encoder } from '../base/codec.ts';
import { type G2Element, type GtElement, g1Bytes, g2Bytes, gtBytes, type PairingEngine } from './pairing-engine.ts';
import { decodeScalar, encodeScalar, scalarBytes } from './scalar.ts';
import type { Fragment, Header, IdentityKey, MasterSecret, PublicParameters } from './scheme-algebra.ts';

/** No grant has more proxies. */
export const proxiesMax = 32;
/** A proxy is named by its Ed25519 request key. */
export const proxyKeyBytes = 32;

/** The public pieces of a re-encryption key, shared among proxies: all of it but the shares. */
export interface Grant {
  /** t: how many proxies must answer. */
  readonly threshold: number;
  /** The Ed25519 keys of proxies 1..n, distinct. */
  readonly proxies: readonly Uint8Array[];
  readonly k1: G2Element;
  /** W_1..W_n. */
  readonly commitments: readonly GtElement[];
  /** R, the encapsulation of X for the receiver. */
  readonly receiverHeader: Header;
}

/** What one proxy keeps of a re-encryption key. Secret. */
export interface ProxyShare {
  /** Which proxy of the grant, from 1. */
  readonly index: number;
  /** K2_i. */
  readonly share: G2Element;
}

const version = 1;

function begin(): Encoder {
  return new Encoder().uint(version, 1);
}

/** Reads the version, then the fields, then demands the end. */
function decodeAll<Value>(bytes: Uint8Array, name: string, fields: (decoder: Decoder) => Value): Value {
  const decoder = new Decoder(bytes);
  const found = decoder.count(1);
  if (found > version) throw new DecodeError(`${name} of version ${found}, which is newer than this program reads`);
  if (found !== version) throw new DecodeError(`${name} of unknown version ${found}`);
  const value = fields(decoder);
  decoder.finish();
  return value;
}

function putHeader(encoder: Encoder, engine: PairingEngine, header: Header): Encoder {
  return encoder
    .fixed(engine.encodeGt(header.c1), gtBytes)
    .fixed(engine.encodeG1(header.c2), g1Bytes)
    .fixed(engine.encodeG1(header.c4), g1Bytes);
}

function takeHeader(decoder: Decoder, engine: PairingEngine): Header {
  const [c1, c2, c4] = [decoder.fixed(gtBytes), decoder.fixed(g1Bytes), decoder.fixed(g1Bytes)];
  return { c2: engine.decodeG1(c2), c4: engine.decodeG1(c4), c1: engine.decodeGt(c1) };
}

/** 97 bytes. Secret. */
export function encodeMasterSecret(secret: MasterSecret): Uint8Array {
  return begin()
    .fixed(encodeScalar(secret.a), scalarBytes)
    .fixed(encodeScalar(secret.b), scalarBytes)
    .fixed(encodeScalar(secret.c), scalarBytes)
    .finish();
}

export function decodeMasterSecret(bytes: Uint8Array): MasterSecret {
  return decodeAll(bytes, 'a master secret', (decoder) => ({
    a: decodeScalar(decoder.fixed(scalarBytes)),
    b: decodeScalar(decoder.fixed(scalarBytes)),
    c: decodeScalar(decoder.fixed(scalarBytes)),
  }));
}

/** 673 bytes. */
export function encodePublicParameters(engine: PairingEngine, parameters: PublicParameters): Uint8Array {
  return begin()
    .fixed(engine.encodeG1(parameters.pa), g1Bytes)
    .fixed(engine.encodeG1(parameters.pb), g1Bytes)
    .fixed(engine.encodeGt(parameters.zc), gtBytes)
    .finish();
}

export function decodePublicParameters(engine: PairingEngine, bytes: Uint8Array): PublicParameters {
  return decodeAll(bytes, 'public parameters', (decoder) => ({
    pa: engine.decodeG1(decoder.fixed(g1Bytes)),
    pb: engine.decodeG1(decoder.fixed(g1Bytes)),
    zc: engine.decodeGt(decoder.fixed(gtBytes)),
  }));
}

/** 193 bytes. Secret. */
export function encodeIdentityKey(engine: PairingEngine, key: IdentityKey): Uint8Array {
  return begin().fixed(engine.encodeG2(key.a1), g2Bytes).fixed(engine.encodeG2(key.a2), g2Bytes).finish();
}

export function decodeIdentityKey(engine: PairingEngine, bytes: Uint8Array): IdentityKey {
  return decodeAll(bytes, 'an identity key', (decoder) => ({
    a1: engine.decodeG2(decoder.fixed(g2Bytes)),
    a2: engine.decodeG2(decoder.fixed(g2Bytes)),
  }));
}

/** 673 bytes. */
export function encodeHeader(engine: PairingEngine, header: Header): Uint8Array {
  return putHeader(begin(), engine, header).finish();
}

export function decodeHeader(engine: PairingEngine, bytes: Uint8Array): Header {
  return decodeAll(bytes, 'a header', (decoder) => takeHeader(decoder, engine));
}

/** Whether t, n and the proxies' keys are those of a grant: 1 <= t <= n <= {@link proxiesMax}, keys of 32 bytes, distinct. */
export function isThresholdGroup(threshold: number, proxies: readonly Uint8Array[]): boolean {
  return (
    Number.isInteger(threshold) &&
    threshold >= 1 &&
    threshold <= proxies.length &&
    proxies.length <= proxiesMax &&
    proxies.every((key) => key.length === proxyKeyBytes) &&
    new Set(proxies.map(toHex)).size === proxies.length
  );
}

/** 771 + 608 n bytes. */
export function encodeGrant(engine: PairingEngine, grant: Grant): Uint8Array {
  const count = grant.proxies.length;
  assert(isThresholdGroup(grant.threshold, grant.proxies) && grant.commitments.length === count, 'a grant has t of n proxies');
  const encoder = begin().uint(grant.threshold, 1).uint(count, 1);
  for (const key of grant.proxies) encoder.fixed(key, proxyKeyBytes);
  encoder.fixed(engine.encodeG2(grant.k1), g2Bytes);
  for (const commitment of grant.commitments) encoder.fixed(engine.encodeGt(commitment), gtBytes);
  return putHeader(encoder, engine, grant.receiverHeader).finish();
}

export function decodeGrant(engine: PairingEngine, bytes: Uint8Array): Grant {
  return decodeAll(bytes, 'a grant', (decoder) => {
    const threshold = decoder.count(1);
    const count = decoder.count(1);
    if (count > proxiesMax) throw new DecodeError(`a grant has at most ${proxiesMax} proxies`);
    const proxies = Array.from({ length: count }, () => decoder.fixed(proxyKeyBytes));
    if (!isThresholdGroup(threshold, proxies)) throw new DecodeError('not a threshold of distinct proxies');
    const k1 = engine.decodeG2(decoder.fixed(g2Bytes));
    const commitments = Array.from({ length: count }, () => engine.decodeGt(decoder.fixed(gtBytes)));
    return { threshold, proxies, k1, commitments, receiverHeader: takeHeader(decoder, engine) };
  });
}

function takeIndex(decoder: Decoder): number {
  const index = decoder.count(1);
  if (index < 1 || index > proxiesMax) throw new DecodeError(`a proxy's index lies in 1..${proxiesMax}`);
  return index;
}

/** 98 bytes. Secret. */
export function encodeProxyShare(engine: PairingEngine, share: ProxyShare): Uint8Array {
  return begin().uint(share.index, 1).fixed(engine.encodeG2(share.share), g2Bytes).finish();
}

export function decodeProxyShare(engine: PairingEngine, bytes: Uint8Array): ProxyShare {
  return decodeAll(bytes, 'a share', (decoder) => ({ index: takeIndex(decoder), share: engine.decodeG2(decoder.fixed(g2Bytes)) }));
}

/** 1826 bytes. */
export function encodeFragment(engine: PairingEngine, fragment: Fragment): Uint8Array {
  return begin()
    .uint(fragment.index, 1)
    .fixed(engine.encodeGt(fragment.f), gtBytes)
    .fixed(engine.encodeGt(fragment.t1), gtBytes)
    .fixed(engine.encodeGt(fragment.t2), gtBytes)
    .fixed(engine.encodeG2(fragment.s), g2Bytes)
    .finish();
}

export function decodeFragment(engine: PairingEngine, bytes: Uint8Array): Fragment {
  return decodeAll(bytes, 'a fragment', (decoder) => ({
    index: takeIndex(decoder),
    f: engine.decodeGt(decoder.fixed(gtBytes)),
    t1: engine.decodeGt(decoder.fixed(gtBytes)),
    t2: engine.decodeGt(decoder.fixed(gtBytes)),
    s: engine.decodeG2(decoder.fixed(g2Bytes)),
  }));
}
