/**
 * Membership in GT, the subgroup of order p of Fp12. Decoders of both engines ask here: an element
 * with a factor of small order would pass a fragment's proof in a few tries.
 */
import { bls12_381 } from '@noble/curves/bls12-381.js';
import { DecodeError } from '../base/codec.ts';
import { gtBytes } from './pairing-engine.ts';

const { Fp12 } = bls12_381.fields;

/** An element of noble's tower Fp12 = Fp6[w], Fp6 = Fp2[v]. */
export type Fp12Element = typeof Fp12.ONE;

/** |u| of the curve's parameter u = -0xd201000000010000. */
export const parameterMagnitude = bls12_381.params.ateLoopSize;

/**
 * Whether the order of `value` divides p (M. Scott, "A note on group membership tests for G1, G2 and
 * GT on BLS pairing-friendly curves", 2021). It has to lie in the cyclotomic subgroup, whose order is
 * q^4 - q^2 + 1, and its Frobenius map, the power q, has to equal its power u, so that its order
 * divides q - u as well. The greatest common divisor of the two is p; a test computes it.
 */
export function hasGroupOrder(value: Fp12Element): boolean {
  if (Fp12.is0(value)) return false;
  const isCyclotomic = Fp12.eql(Fp12.mul(Fp12.frobeniusMap(value, 4), value), Fp12.frobeniusMap(value, 2));
  // Inverses are conjugates in the cyclotomic subgroup, and u is negative.
  return isCyclotomic && Fp12.eql(Fp12.frobeniusMap(value, 1), Fp12.conjugate(Fp12._cyclotomicExp(value, parameterMagnitude)));
}

/** Reads the encoding of an element of order p; throws DecodeError on any other bytes. */
export function decodeGroupElement(bytes: Uint8Array): Fp12Element {
  if (bytes.length !== gtBytes) throw new DecodeError(`an element of GT has ${gtBytes} bytes`);
  let value: Fp12Element;
  try {
    value = Fp12.fromBytes(bytes);
  } catch (error) {
    throw new DecodeError('not an element of GT', { cause: error });
  }
  if (Fp12.eql(value, Fp12.ONE)) throw new DecodeError('the identity of GT is refused');
  if (!hasGroupOrder(value)) throw new DecodeError('not of the order of GT');
  return value;
}
