/**
 * Reads the constraint systems that circom writes (iden3's binary format "r1cs", version 1): constraints A * B = C, each side a linear
 * combination of wires. Wire 0 is the constant 1; the public signals follow, then the private ones.
 */

/** A linear combination of wires. */
export interface LinearCombination {
  readonly wires: Uint32Array;
  /** One coefficient a wire, below the field's order. */
  readonly coefficients: readonly bigint[];
}

/** `a * b = c`. */
export interface Constraint {
  readonly a: LinearCombination;
  readonly b: LinearCombination;
  readonly c: LinearCombination;
}

/** A whole constraint system. */
export interface ConstraintSystem {
  readonly wireCount: number;
  readonly publicCount: number;
  readonly constraints: readonly Constraint[];
}

const FIELD_BYTES = 32;

/** Parses the file's bytes; a file that is not circom's is an error. */
export function parseR1cs(bytes: Uint8Array): ConstraintSystem {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint32(0, false) !== 0x72316373 || view.getUint32(4, true) !== 1) throw new Error('not an r1cs file of version 1');
  const sections = new Map<number, number>();
  for (let index = 0, offset = 12; index < view.getUint32(8, true); index++) {
    sections.set(view.getUint32(offset, true), offset + 12);
    offset += 12 + Number(view.getBigUint64(offset + 4, true));
  }
  const header = sections.get(1);
  let offset = sections.get(2);
  if (header === undefined || offset === undefined || view.getUint32(header, true) !== FIELD_BYTES)
    throw new Error('the r1cs file lacks a section');
  const fields = header + 4 + FIELD_BYTES;
  const publicCount = view.getUint32(fields + 4, true) + view.getUint32(fields + 8, true);
  const constraintCount = view.getUint32(fields + 24, true);

  // Few different coefficients occur, so they are read once each.
  const known = new Map<string, bigint>();
  const coefficient = (at: number): bigint => {
    const words = [0, 8, 16, 24].map((step) => view.getBigUint64(at + step, true));
    const key = words.join();
    let value = known.get(key);
    if (value === undefined) {
      value = words.reduceRight((sum, word) => (sum << 64n) | word, 0n);
      known.set(key, value);
    }
    return value;
  };
  const side = (): LinearCombination => {
    const start = (offset as number) + 4;
    const count = view.getUint32(start - 4, true);
    const wires = new Uint32Array(count);
    const coefficients: bigint[] = [];
    for (let index = 0; index < count; index++) {
      const at = start + index * (4 + FIELD_BYTES);
      wires[index] = view.getUint32(at, true);
      coefficients.push(coefficient(at + 4));
    }
    offset = start + count * (4 + FIELD_BYTES);
    return { wires, coefficients };
  };
  const constraints = Array.from({ length: constraintCount }, (): Constraint => ({ a: side(), b: side(), c: side() }));
  return { wireCount: view.getUint32(fields, true), publicCount, constraints };
}
