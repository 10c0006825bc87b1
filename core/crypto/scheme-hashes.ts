/**
 * The hash functions of the scheme (paper section 6.2: H1 to H4), each under its own tag, over inputs
 * that are length-prefixed. Tags, inputs and known answers are frozen in docs/formats.md.
 */
import { hash_to_field } from '@noble/curves/abstract/hash-to-curve.js';
import { hkdf } from '@noble/hashes/hkdf.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { assert } from '../base/assert.ts';
import { fromHex, utf8 } from '../base/bytes.ts';
import { DecodeError, Decoder, Encoder } from '../base/codec.ts';
import { decodeGrantContext, encodeGrantContext, encodeSourceContext, type GrantContext, type SourceContext } from './context.ts';
import { type G2Element, type GtElement, gtBytes, type PairingEngine } from './pairing-engine.ts';
import { groupOrder, type Scalar } from './scalar.ts';
import type { Fragment, Header, PublicParameters } from './scheme-algebra.ts';
import { decodeGrant, encodeGrant, encodeHeader, encodePublicParameters, type Grant } from './scheme-encodings.ts';

/** The domain-separation tags. */
export const hashTags = {
  identity: 'VOUCHSAFE-V01-IDENTITY-BLS12381FR_XMD:SHA-256',
  mask: 'VOUCHSAFE-V01-MASK-BLS12381G2_XMD:SHA-256_SSWU_RO_',
  key: 'VOUCHSAFE-V01-KEY-HKDF-SHA-256',
  randomness: 'VOUCHSAFE-V01-RANDOMNESS-BLS12381FR_XMD:SHA-256',
  challenge: 'VOUCHSAFE-V01-CHALLENGE-BLS12381FR_XMD:SHA-256',
  header: 'VOUCHSAFE-V01-HEADER-SHA-256',
  grant: 'VOUCHSAFE-V01-GRANT-SHA-256',
  publicParameters: 'VOUCHSAFE-V01-PUBLIC-PARAMETERS-SHA-256',
} as const;

/** Length of the key that a header encapsulates. */
export const keyBytes = 32;
/** Bounds of the parts of a posted grant; the decoders are exact. */
const contextBytesMax = 2048;
const grantBytesMax = 32 * 1024;

/** RFC 9380 hash_to_field into the scalars of BLS12-381: one element, 48 bytes, expand_message_xmd with SHA-256. */
function hashToScalar(message: Uint8Array, tag: string): Scalar {
  const [[scalar] = []] = hash_to_field(message, 1, { DST: tag, expand: 'xmd', hash: sha256, p: groupOrder, m: 1, k: 128 });
  assert(scalar !== undefined && scalar !== 0n, 'no known input hashes to zero');
  return scalar as Scalar;
}

/** I(ID), never zero. */
export function identityScalar(identity: string): Scalar {
  return hashToScalar(new Encoder().text(identity).finish(), hashTags.identity);
}

/** H2: the mask of a re-encryption key, from X and the encoded grant context. */
export function maskOf(engine: PairingEngine, x: GtElement, context: Uint8Array): G2Element {
  return engine.hashToG2(new Encoder().fixed(engine.encodeGt(x), gtBytes).bytes(context).finish(), hashTags.mask);
}

/** H3: the {@link keyBytes} bytes of the data-encryption key, from m and the encoded context. */
export function keyOf(engine: PairingEngine, m: GtElement, context: Uint8Array): Uint8Array {
  return hkdf(sha256, engine.encodeGt(m), utf8(hashTags.key), context, keyBytes);
}

/** H4: the randomness r of an encapsulation, from m and the encoded context. */
export function randomnessOf(engine: PairingEngine, m: GtElement, context: Uint8Array): Scalar {
  return hashToScalar(new Encoder().fixed(engine.encodeGt(m), gtBytes).bytes(context).finish(), hashTags.randomness);
}

/** ch: the challenge of a fragment's proof. */
export function challengeOf(
  engine: PairingEngine,
  parameters: PublicParameters,
  context: GrantContext,
  commitment: GtElement,
  fragment: Omit<Fragment, 's'>,
): Scalar {
  const encoder = new Encoder()
    .bytes(encodePublicParameters(engine, parameters))
    .bytes(encodeGrantContext(context))
    .fixed(fromHex(context.headerHash), 32)
    .uint(fragment.index, 1);
  for (const element of [commitment, fragment.f, fragment.t1, fragment.t2]) encoder.fixed(engine.encodeGt(element), gtBytes);
  return hashToScalar(encoder.finish(), hashTags.challenge);
}

/** The bytes whose SHA-256 is {@link headerHash}: what is posted on chain when a delivery is disputed. */
export function headerPreimage(engine: PairingEngine, context: SourceContext, header: Header): Uint8Array {
  return new Encoder().text(hashTags.header).bytes(encodeSourceContext(context)).bytes(encodeHeader(engine, header)).finish();
}

/** The hash of a header, which is on chain. */
export function headerHash(engine: PairingEngine, context: SourceContext, header: Header): Uint8Array {
  return sha256(headerPreimage(engine, context, header));
}

/** The bytes whose SHA-256 is {@link grantHash}: what is posted on chain when a delivery is disputed. */
export function grantPreimage(engine: PairingEngine, context: GrantContext, grant: Grant): Uint8Array {
  return new Encoder().text(hashTags.grant).bytes(encodeGrantContext(context)).bytes(encodeGrant(engine, grant)).finish();
}

/** Reads {@link grantPreimage}; throws DecodeError on anything else. */
export function decodeGrantPreimage(engine: PairingEngine, bytes: Uint8Array): { grantContext: GrantContext; grant: Grant } {
  const decoder = new Decoder(bytes);
  if (decoder.text(hashTags.grant.length) !== hashTags.grant) throw new DecodeError('not a grant');
  const grantContext = decodeGrantContext(decoder.bytes(contextBytesMax));
  const grant = decodeGrant(engine, decoder.bytes(grantBytesMax));
  decoder.finish();
  return { grantContext, grant };
}

/** The hash of a grant, which is on chain: of grantCtx, t, n, the proxies, K1, W_1..W_n and R. */
export function grantHash(engine: PairingEngine, context: GrantContext, grant: Grant): Uint8Array {
  return sha256(grantPreimage(engine, context, grant));
}

/** The hash of the public parameters, which is on chain and in the network file. */
export function publicParametersHash(engine: PairingEngine, parameters: PublicParameters): Uint8Array {
  return sha256(new Encoder().text(hashTags.publicParameters).bytes(encodePublicParameters(engine, parameters)).finish());
}
