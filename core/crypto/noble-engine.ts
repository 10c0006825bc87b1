/**
 * The pairing engine on @noble/curves: plain JavaScript, audited, the reference to which the fast
 * engine (mcl-engine.ts) is compared.
 */
import { bls12_381 } from '@noble/curves/bls12-381.js';
import { equalBytes } from '../base/bytes.ts';
import { DecodeError } from '../base/codec.ts';
import { decodeGroupElement, type Fp12Element, parameterMagnitude } from './gt-membership.ts';
import { type G1Element, type G2Element, type GtElement, g1Bytes, g2Bytes, type PairingEngine } from './pairing-engine.ts';

const G1 = bls12_381.G1.Point;
const G2 = bls12_381.G2.Point;
const { Fp12 } = bls12_381.fields;

type G1Point = typeof G1.BASE;
type G2Point = typeof G2.BASE;

const point1 = (element: G1Element): G1Point => element as unknown as G1Point;
const point2 = (element: G2Element): G2Point => element as unknown as G2Point;
const field = (element: GtElement): Fp12Element => element as unknown as Fp12Element;
const element1 = (point: G1Point): G1Element => point as unknown as G1Element;
const element2 = (point: G2Point): G2Element => point as unknown as G2Element;
const elementT = (value: Fp12Element): GtElement => value as unknown as GtElement;

/**
 * base^exponent for a base of order p: the exponent's four digits to the base |u|, each applied to a
 * power of base that the Frobenius map gives for nothing. Needs p < |u|^4, which holds.
 */
function power(base: Fp12Element, exponent: bigint): Fp12Element {
  let result = Fp12.ONE;
  let rest = exponent;
  for (let digit = 0; digit < 4; digit++, rest /= parameterMagnitude) {
    const turned = Fp12.frobeniusMap(base, digit);
    const powerOfBase = digit % 2 === 0 ? turned : Fp12.conjugate(turned);
    result = Fp12.mul(result, Fp12._cyclotomicExp(powerOfBase, rest % parameterMagnitude));
  }
  return result;
}

/** The part of noble's two point types that decoding needs. */
interface Point {
  is0(): boolean;
  toBytes(compressed: boolean): Uint8Array;
}

/** `fromBytes` checks curve and order; comparing with the encoding of the result leaves one form for each point. */
function decodePoint<P extends Point>(group: string, length: number, fromBytes: (bytes: Uint8Array) => P, bytes: Uint8Array): P {
  if (bytes.length !== length) throw new DecodeError(`an element of ${group} has ${length} bytes`);
  let point: P;
  try {
    point = fromBytes(bytes);
  } catch (error) {
    throw new DecodeError(`not an element of ${group}`, { cause: error });
  }
  if (point.is0()) throw new DecodeError(`the identity of ${group} is refused`);
  if (!equalBytes(point.toBytes(true), bytes)) throw new DecodeError(`not the encoding of an element of ${group}`);
  return point;
}

/** Makes the engine. */
export function createNobleEngine(): PairingEngine {
  return {
    name: 'noble',

    g1: element1(G1.BASE),
    addG1: (left, right) => element1(point1(left).add(point1(right))),
    negateG1: (point) => element1(point1(point).negate()),
    multiplyG1: (point, scalar) => (scalar === 0n ? element1(G1.ZERO) : element1(point1(point).multiply(scalar))),

    g2: element2(G2.BASE),
    addG2: (left, right) => element2(point2(left).add(point2(right))),
    subtractG2: (left, right) => element2(point2(left).subtract(point2(right))),
    multiplyG2: (point, scalar) => (scalar === 0n ? element2(G2.ZERO) : element2(point2(point).multiply(scalar))),
    hashToG2: (message, tag) => element2(bls12_381.G2.hashToCurve(message, { DST: tag })),

    gt: elementT(bls12_381.pairing(G1.BASE, G2.BASE)),
    multiplyGt: (left, right) => elementT(Fp12.mul(field(left), field(right))),
    divideGt: (left, right) => elementT(Fp12.mul(field(left), Fp12.conjugate(field(right)))),
    powerGt: (base, exponent) => elementT(power(field(base), exponent)),
    equalGt: (left, right) => Fp12.eql(field(left), field(right)),

    pairingProduct: (...factors) =>
      elementT(bls12_381.pairingBatch(factors.map(([left, right]) => ({ g1: point1(left), g2: point2(right) })))),

    encodeG1: (point) => point1(point).toBytes(true),
    encodeG2: (point) => point2(point).toBytes(true),
    encodeGt: (element) => Fp12.toBytes(field(element)),

    decodeG1: (bytes) => element1(decodePoint('G1', g1Bytes, G1.fromBytes, bytes)),
    decodeG2: (bytes) => element2(decodePoint('G2', g2Bytes, G2.fromBytes, bytes)),
    decodeGt: (bytes) => elementT(decodeGroupElement(bytes)),
  };
}
