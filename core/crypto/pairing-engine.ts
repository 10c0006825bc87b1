/**
 * The groups under the scheme: a type-3 pairing e : G1 x G2 -> GT of prime order p on BLS12-381.
 * The scheme is written once over this interface; noble-engine.ts is the plain implementation and
 * mcl-engine.ts the fast one, equal to it byte for byte.
 *
 * Invariant: an element that came out of an engine has order p in its group or is the identity,
 * and decoding never yields the identity. Elements of one engine mean nothing to another.
 */
import type { Scalar } from './scalar.ts';

declare const group: unique symbol;

/** An element of G1. Opaque: only the engine that made it can use it. */
export interface G1Element {
  readonly [group]: 'G1';
}

/** An element of G2. Opaque: only the engine that made it can use it. */
export interface G2Element {
  readonly [group]: 'G2';
}

/** An element of GT, the paper's G2. Opaque: only the engine that made it can use it. */
export interface GtElement {
  readonly [group]: 'GT';
}

/** Length of an encoded G1 element: the compressed form of the BLS12-381 standard (ZCash flags). */
export const g1Bytes = 48;
/** Length of an encoded G2 element, compressed. */
export const g2Bytes = 96;
/** Length of an encoded GT element: the twelve Fp coefficients of the tower Fp12 = Fp6[w], Fp6 = Fp2[v], big-endian, c0 first. */
export const gtBytes = 576;

/** One factor e(left, right) of a product of pairings. */
export type PairingFactor = readonly [G1Element, G2Element];

/** Arithmetic, pairing, hashing and encoding in the three groups. G1 and G2 are written additively, GT multiplicatively. */
export interface PairingEngine {
  readonly name: 'noble' | 'mcl';

  /** The generator g of G1. */
  readonly g1: G1Element;
  addG1(left: G1Element, right: G1Element): G1Element;
  negateG1(point: G1Element): G1Element;
  multiplyG1(point: G1Element, scalar: Scalar): G1Element;

  /** The generator h of G2. */
  readonly g2: G2Element;
  addG2(left: G2Element, right: G2Element): G2Element;
  subtractG2(left: G2Element, right: G2Element): G2Element;
  multiplyG2(point: G2Element, scalar: Scalar): G2Element;
  /** RFC 9380 hash-to-curve, suite BLS12381G2_XMD:SHA-256_SSWU_RO_, under the given domain-separation tag. */
  hashToG2(message: Uint8Array, tag: string): G2Element;

  /** e(g, h), which generates GT. */
  readonly gt: GtElement;
  multiplyGt(left: GtElement, right: GtElement): GtElement;
  divideGt(left: GtElement, right: GtElement): GtElement;
  powerGt(base: GtElement, exponent: Scalar): GtElement;
  equalGt(left: GtElement, right: GtElement): boolean;

  /** The product of the pairings of all factors (at least one); they share one final exponentiation. */
  pairingProduct(...factors: readonly [PairingFactor, ...PairingFactor[]]): GtElement;

  /** {@link g1Bytes} bytes. */
  encodeG1(point: G1Element): Uint8Array;
  /** {@link g2Bytes} bytes. */
  encodeG2(point: G2Element): Uint8Array;
  /** {@link gtBytes} bytes. */
  encodeGt(element: GtElement): Uint8Array;

  /** Throws DecodeError unless the bytes are the one encoding of a point of order p. */
  decodeG1(bytes: Uint8Array): G1Element;
  /** Throws DecodeError unless the bytes are the one encoding of a point of order p. */
  decodeG2(bytes: Uint8Array): G2Element;
  /** Throws DecodeError unless the bytes are the one encoding of an element of order p. */
  decodeGt(bytes: Uint8Array): GtElement;
}
