/**
 * Groth16 keys whose trapdoor the test knows, so that it can prove anything to the real verifier without a circuit: alpha = a G1,
 * beta = b G2, gamma = g G2, delta = d G2 and ic[i] = k_i G1 with known a, b, g, d, k_i. This is why a real set-up must forget them.
 */
import { bn254 } from '@noble/curves/bn254.js';
import { FIELD_ORDER } from '../../core/dataset/constants.ts';
import type { ContractProof, ContractVerifyingKey } from '../../core/proofs/proof.ts';

const field = bn254.fields.Fr;
const [alpha, beta, gamma, delta] = [2n, 3n, 5n, 7n] as const;

function pointG1(scalar: bigint): ContractProof['a'] {
  const { x, y } = bn254.G1.Point.BASE.multiply(scalar).toAffine();
  return [x, y];
}

function pointG2(scalar: bigint): ContractProof['b'] {
  const { x, y } = bn254.G2.Point.BASE.multiply(scalar).toAffine();
  return [
    [x.c1, x.c0],
    [y.c1, y.c0],
  ];
}

/** A key for so many public signals. */
export function trapdoorKey(publicSignals: number): ContractVerifyingKey {
  return {
    alpha: pointG1(alpha),
    beta: pointG2(beta),
    gamma: pointG2(gamma),
    delta: pointG2(delta),
    ic: Array.from({ length: publicSignals + 1 }, (_, index) => pointG1(BigInt(index + 1))),
  };
}

/** A proof of any public signals under {@link trapdoorKey}: C makes up for everything. */
export function trapdoorProof(publicSignals: readonly bigint[]): ContractProof {
  const [a, b] = [11n, 13n];
  const sum = publicSignals.reduce((total, signal, index) => (total + signal * BigInt(index + 2)) % FIELD_ORDER, 1n);
  const c = field.div(field.create(a * b - alpha * beta - gamma * sum), delta);
  return { a: pointG1(a), b: pointG2(b), c: pointG1(c) };
}
