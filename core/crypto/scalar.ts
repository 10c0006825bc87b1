/**
 * Scalars of BLS12-381: integers modulo the order p of its groups. Branded, so that they cannot mix
 * with the scalars of BN254, in which proofs are made.
 *
 * Invariant: a Scalar lies in 0 .. p-1. JavaScript's big integers are neither constant in time nor
 * erasable (SECURITY.md).
 */
import { bls12_381_Fr as Fr } from '@noble/curves/bls12-381.js';
import { assert } from '../base/assert.ts';
import { fromBigEndian, toBigEndian } from '../base/bytes.ts';
import { DecodeError } from '../base/codec.ts';
import type { Random } from '../base/ports.ts';

declare const curve: unique symbol;

/** An integer modulo the group order of BLS12-381. */
export type Scalar = bigint & { readonly [curve]: 'bls12-381' };

/** The order p of G1, G2 and GT. */
export const groupOrder = Fr.ORDER;

/** Length of an encoded scalar, big-endian. */
export const scalarBytes = 32;

/** Any integer modulo p. */
export function toScalar(value: bigint): Scalar {
  return Fr.create(value) as Scalar;
}

export function addScalars(left: Scalar, right: Scalar): Scalar {
  return Fr.add(left, right) as Scalar;
}

export function multiplyScalars(left: Scalar, right: Scalar): Scalar {
  return Fr.mul(left, right) as Scalar;
}

/** `dividend / divisor` modulo p; the divisor is not zero. */
export function divideScalars(dividend: Scalar, divisor: Scalar): Scalar {
  assert(divisor !== 0n, 'no scalar is divided by zero');
  return Fr.div(dividend, divisor) as Scalar;
}

/** A uniform scalar other than zero: 48 bytes modulo p, whose bias is below 2^-128. */
export function randomScalar(random: Random): Scalar {
  for (;;) {
    const scalar = toScalar(fromBigEndian(random.bytes(48)));
    if (scalar !== 0n) return scalar;
  }
}

export function encodeScalar(scalar: Scalar): Uint8Array {
  return toBigEndian(scalar, scalarBytes);
}

/** Throws DecodeError unless the bytes are a reduced scalar other than zero. */
export function decodeScalar(bytes: Uint8Array): Scalar {
  const value = fromBigEndian(bytes);
  if (bytes.length !== scalarBytes || value === 0n || value >= groupOrder) throw new DecodeError('not a scalar of BLS12-381');
  return value as Scalar;
}

/** The value at `x` of the polynomial with the given coefficients, the constant first. */
export function evaluatePolynomial(coefficients: readonly Scalar[], x: number): Scalar {
  return coefficients.reduceRight(
    (value, coefficient) => addScalars(multiplyScalars(value, toScalar(BigInt(x))), coefficient),
    toScalar(0n),
  );
}

/**
 * Lagrange's coefficient of the point at `index`, for a polynomial known at the distinct `indices`
 * (of which `index` is one) and wanted at `x`.
 */
export function lagrangeCoefficient(index: number, indices: readonly number[], x: number): Scalar {
  assert(new Set(indices).size === indices.length && indices.includes(index), 'interpolation takes distinct points');
  let numerator = toScalar(1n);
  let denominator = toScalar(1n);
  for (const other of indices) {
    if (other === index) continue;
    numerator = multiplyScalars(numerator, toScalar(BigInt(x - other)));
    denominator = multiplyScalars(denominator, toScalar(BigInt(index - other)));
  }
  return divideScalars(numerator, denominator);
}
