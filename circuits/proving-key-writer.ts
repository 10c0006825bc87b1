/**
 * Makes a Groth16 key pair by a single party and writes it as snarkjs' "zkey" file. Whoever runs this could forge proofs: tau, alpha, beta
 * and delta are known to the process for a moment. So such keys are for development networks only; other networks need a ceremony.
 * Source of the equations: Groth 2016, section 3.2; of the layout: snarkjs 0.7, zkey_utils.js. gamma is 1, delta is random.
 */
import { closeSync, openSync, writeSync } from 'node:fs';
import { Field } from '@noble/curves/abstract/modular.js';
import { FIELD_ORDER } from '../core/dataset/constants.ts';
import type { VerifyingKey } from '../core/proofs/verifying-key.ts';
import { createFixedBases, type FixedBase } from './fixed-base.ts';
import { domainPower, evaluateProgram, lagrangeBasis } from './quadratic-program.ts';
import type { ConstraintSystem } from './r1cs.ts';

const GROTH16 = 1;
const COEFFICIENT_BYTES = 44;
const COEFFICIENTS_AT_ONCE = 1 << 16;

/** The four secrets of a set-up, each a random field element other than 0 and 1. */
export interface SetUpSecrets {
  readonly tau: bigint;
  readonly alpha: bigint;
  readonly beta: bigint;
  readonly delta: bigint;
}

/** Told after each part of the file. */
export type SetUpProgress = (part: string) => void;

/** Writes the proving key to `file` and returns the verifying key. */
export async function writeProvingKey(
  system: ConstraintSystem,
  secrets: SetUpSecrets,
  file: string,
  progress: SetUpProgress,
): Promise<VerifyingKey> {
  const field = Field(FIELD_ORDER);
  const { curve, g1, g2 } = await createFixedBases();
  const rootOf = (order: number): bigint => curve.Fr.toObject(curve.Fr.w[order] as Uint8Array);
  const { tau, alpha, beta, delta } = secrets;

  const { power, a, b, c } = evaluateProgram(field, system, tau, rootOf(domainPower(system)));
  const deltaInverse = field.inv(delta);
  const combined = a.map((value, wire) =>
    field.add(field.add(field.mul(beta, value), field.mul(alpha, b[wire] as bigint)), c[wire] as bigint),
  );
  const publicWires = combined.slice(0, system.publicCount + 1);
  const privateWires = combined.slice(system.publicCount + 1).map((value) => field.mul(value, deltaInverse));
  // snarkjs gives the quotient by its values at the odd roots of twice the order.
  const quotient = lagrangeBasis(field, power + 1, tau, rootOf(power + 1))
    .filter((_, index) => index % 2 === 1)
    .map((value) => field.mul(value, deltaInverse));
  progress('polynomials');

  const one = (base: FixedBase, scalar: bigint): Uint8Array => base.multiples([scalar]).next().value as Uint8Array;
  const alpha1 = one(g1, alpha);
  const beta2 = one(g2, beta);
  const gamma2 = one(g2, 1n);
  const delta2 = one(g2, delta);
  const publicPoints = [...g1.multiples(publicWires)];

  const output = new ZkeyFile(file);
  try {
    output.section(1, [uint32(GROTH16)]);
    output.section(2, [
      uint32(32),
      littleEndian(curve.q),
      uint32(32),
      littleEndian(FIELD_ORDER),
      uint32(system.wireCount),
      uint32(system.publicCount),
      uint32(2 ** power),
      alpha1,
      one(g1, beta),
      beta2,
      gamma2,
      one(g1, delta),
      delta2,
    ]);
    output.section(3, publicPoints);
    output.section(4, coefficients(system));
    progress('coefficients');
    for (const [id, name, base, scalars] of [
      [5, 'A', g1, a],
      [6, 'B in G1', g1, b],
      [7, 'B in G2', g2, b],
      [8, 'C', g1, privateWires],
      [9, 'H', g1, quotient],
    ] as const) {
      output.section(id, base.multiples(scalars));
      progress(name);
    }
    // No contributions: an empty hash and their number, 0.
    output.section(10, [new Uint8Array(64), uint32(0)]);
  } finally {
    output.close();
  }

  const point = (coordinates: unknown): unknown =>
    JSON.parse(JSON.stringify(coordinates, (_, value) => (typeof value === 'bigint' ? value.toString() : value)));
  const pointG1 = (bytes: Uint8Array): unknown => point(curve.G1.toObject(bytes));
  const pointG2 = (bytes: Uint8Array): unknown => point(curve.G2.toObject(bytes));
  const publicBytes = Buffer.concat(publicPoints);
  return {
    protocol: 'groth16',
    curve: 'bn128',
    nPublic: system.publicCount,
    vk_alpha_1: pointG1(alpha1),
    vk_beta_2: pointG2(beta2),
    vk_gamma_2: pointG2(gamma2),
    vk_delta_2: pointG2(delta2),
    IC: publicWires.map((_, index) => pointG1(publicBytes.subarray(index * g1.pointBytes, (index + 1) * g1.pointBytes))),
  } as VerifyingKey;
}

/** The matrices A and B for the prover; coefficients are in Montgomery form twice over, as snarkjs multiplies them by Montgomery values. */
function* coefficients(system: ConstraintSystem): Generator<Uint8Array> {
  const sides = system.constraints.reduce((count, { a, b }) => count + a.wires.length + b.wires.length, 0);
  yield uint32(sides + system.publicCount + 1);
  const radixSquared = (1n << 512n) % FIELD_ORDER;
  const encoded = new Map<bigint, Uint8Array>();
  let chunk = new Uint8Array(COEFFICIENTS_AT_ONCE * COEFFICIENT_BYTES);
  let view = new DataView(chunk.buffer);
  let offset = 0;
  const put = (matrix: number, row: number, wire: number, coefficient: bigint): void => {
    let bytes = encoded.get(coefficient);
    if (bytes === undefined) {
      bytes = littleEndian((coefficient * radixSquared) % FIELD_ORDER);
      encoded.set(coefficient, bytes);
    }
    view.setUint32(offset, matrix, true);
    view.setUint32(offset + 4, row, true);
    view.setUint32(offset + 8, wire, true);
    chunk.set(bytes, offset + 12);
    offset += COEFFICIENT_BYTES;
  };
  for (const [row, constraint] of system.constraints.entries()) {
    for (const [matrix, side] of [constraint.a, constraint.b].entries()) {
      for (const [index, wire] of side.wires.entries()) {
        if (offset === chunk.length) {
          yield chunk;
          chunk = new Uint8Array(chunk.length);
          view = new DataView(chunk.buffer);
          offset = 0;
        }
        put(matrix, row, wire, side.coefficients[index] as bigint);
      }
    }
  }
  yield chunk.subarray(0, offset);
  chunk = new Uint8Array((system.publicCount + 1) * COEFFICIENT_BYTES);
  view = new DataView(chunk.buffer);
  offset = 0;
  for (let wire = 0; wire <= system.publicCount; wire++) put(0, system.constraints.length + wire, wire, 1n);
  yield chunk;
}

/** iden3's container: sections of a number, a length and content. */
class ZkeyFile {
  readonly #file: number;
  #offset = 0;

  constructor(file: string) {
    this.#file = openSync(file, 'w');
    this.#append(Buffer.concat([Buffer.from('zkey'), uint32(1), uint32(10)]));
  }

  section(id: number, content: Iterable<Uint8Array>): void {
    this.#append(uint32(id));
    const lengthOffset = this.#offset;
    this.#append(new Uint8Array(8));
    for (const bytes of content) this.#append(bytes);
    const length = new Uint8Array(8);
    new DataView(length.buffer).setBigUint64(0, BigInt(this.#offset - lengthOffset - 8), true);
    writeSync(this.#file, length, 0, 8, lengthOffset);
  }

  close(): void {
    closeSync(this.#file);
  }

  #append(bytes: Uint8Array): void {
    for (let written = 0; written < bytes.length; )
      written += writeSync(this.#file, bytes, written, bytes.length - written, this.#offset + written);
    this.#offset += bytes.length;
  }
}

function uint32(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value, true);
  return bytes;
}

function littleEndian(value: bigint): Uint8Array {
  const bytes = new Uint8Array(32);
  const view = new DataView(bytes.buffer);
  for (let word = 0; word < 4; word++) view.setBigUint64(8 * word, (value >> BigInt(64 * word)) & 0xffffffffffffffffn, true);
  return bytes;
}
