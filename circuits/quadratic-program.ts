/**
 * A constraint system as polynomials, evaluated at a secret point (Groth, On the Size of Pairing-based Non-interactive Arguments, EUROCRYPT
 * 2016, section 2.3): A_s(tau), B_s(tau), C_s(tau) of each wire, in the Lagrange basis over the roots of unity that snarkjs uses.
 */
import { FpInvertBatch, type IField } from '@noble/curves/abstract/modular.js';
import type { ConstraintSystem, LinearCombination } from './r1cs.ts';

/** The values of one wire's polynomials at tau, wires in order. */
export interface QuadraticProgram {
  /** The domain has 2^power roots. */
  readonly power: number;
  readonly a: readonly bigint[];
  readonly b: readonly bigint[];
  readonly c: readonly bigint[];
}

/** The smallest domain for the constraints and one more for each public signal and the constant. */
export function domainPower(system: ConstraintSystem): number {
  return Math.ceil(Math.log2(system.constraints.length + system.publicCount + 1));
}

/** Evaluates the program. `root` generates the roots of unity of order 2^power. */
export function evaluateProgram(field: IField<bigint>, system: ConstraintSystem, tau: bigint, root: bigint): QuadraticProgram {
  const power = domainPower(system);
  const lagrange = lagrangeBasis(field, power, tau, root);
  const [a, b, c] = [0, 1, 2].map(() => new Array<bigint>(system.wireCount).fill(0n)) as [bigint[], bigint[], bigint[]];
  const add = (sums: bigint[], side: LinearCombination, value: bigint): void => {
    for (const [index, wire] of side.wires.entries())
      sums[wire] = field.add(sums[wire] as bigint, field.mul(side.coefficients[index] as bigint, value));
  };
  for (const [index, constraint] of system.constraints.entries()) {
    const value = lagrange[index] as bigint;
    add(a, constraint.a, value);
    add(b, constraint.b, value);
    add(c, constraint.c, value);
  }
  // One more row for each public signal keeps their polynomials independent.
  for (let wire = 0; wire <= system.publicCount; wire++)
    a[wire] = field.add(a[wire] as bigint, lagrange[system.constraints.length + wire] as bigint);
  return { power, a, b, c };
}

/** All Lagrange polynomials over the 2^power roots of unity at tau: L_i = (tau^n - 1) / n * w^i / (tau - w^i). */
export function lagrangeBasis(field: IField<bigint>, power: number, tau: bigint, root: bigint): bigint[] {
  const size = 2 ** power;
  const roots: bigint[] = [];
  for (let index = 0, value = field.ONE; index < size; index++, value = field.mul(value, root)) roots.push(value);
  const inverses = FpInvertBatch(
    field,
    roots.map((value) => field.sub(tau, value)),
  );
  const factor = field.mul(field.sub(field.pow(tau, BigInt(size)), field.ONE), field.inv(BigInt(size)));
  return roots.map((value, index) => field.mul(field.mul(factor, value), inverses[index] as bigint));
}
