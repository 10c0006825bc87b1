/**
 * Many multiples of the two generators of BN254, in the curve arithmetic of ffjavascript's WebAssembly. A table holds every multiple
 * digit * 2^(WINDOW_BITS * window) of the generator, so that a multiplication is one mixed addition for each window.
 */
import { buildBn128, type Curve } from 'ffjavascript';

const WINDOW_BITS = 12;
const WINDOWS = Math.ceil(254 / WINDOW_BITS);
const WINDOW_SIZE = 1 << WINDOW_BITS;
/** Points that are brought to affine form by one inversion. */
const BATCH = 4096;
const PAGE_BYTES = 65536;
const FIELD_BYTES = 32;

/** Multiples of one group's generator; the points are affine, in Montgomery form, as a zkey file holds them; infinity is all zero. */
export interface FixedBase {
  /** Bytes of a point: 64 in G1, 128 in G2. */
  readonly pointBytes: number;
  /** The points `scalar * generator`, one after another, at most BATCH at a time. */
  multiples(scalars: readonly bigint[]): Generator<Uint8Array>;
}

/** The engine, and both groups with their tables. */
export async function createFixedBases(): Promise<{ readonly curve: Curve; readonly g1: FixedBase; readonly g2: FixedBase }> {
  const curve = await buildBn128(true);
  return { curve, g1: fixedBase(curve, 'g1m', curve.G1.g, 1), g2: fixedBase(curve, 'g2m', curve.G2.g, 2) };
}

/** A function of the WebAssembly module; its arguments are addresses and counts. */
type Operation = (...values: number[]) => void;

function fixedBase(curve: Curve, group: 'g1m' | 'g2m', generator: Uint8Array, degree: number): FixedBase {
  const { memory, instance } = curve.tm;
  const operation = (name: string): Operation => {
    const exported = instance.exports[`${group}_${name}`];
    if (exported === undefined) throw new Error(`ffjavascript has no ${group}_${name}`);
    return exported;
  };
  const zero = operation('zero');
  const double = operation('double');
  const addMixed = operation('addMixed');
  const toAffine = operation('toAffine');
  const batchToAffine = operation('batchToAffine');
  const affineBytes = 2 * degree * FIELD_BYTES;
  const jacobianBytes = 3 * degree * FIELD_BYTES;

  // Memory beyond what the engine manages; the pages before it are left to the engine's own temporaries.
  const sizes = [WINDOWS * WINDOW_SIZE * affineBytes, WINDOW_SIZE * jacobianBytes, BATCH * affineBytes, jacobianBytes, affineBytes];
  const spare = 64 * PAGE_BYTES;
  let end = memory.buffer.byteLength + spare;
  const [table, points, affine, base, baseAffine] = sizes.map((size) => {
    end += size;
    return end - size;
  }) as [number, number, number, number, number];
  memory.grow(Math.ceil((end - memory.buffer.byteLength) / PAGE_BYTES));
  // Growing detaches every earlier view of the memory, the engine's own too.
  curve.tm.u8 = new Uint8Array(memory.buffer);
  curve.tm.u32 = new Uint32Array(memory.buffer);
  const bytes = (): Uint8Array => new Uint8Array(memory.buffer);

  bytes().set(generator.subarray(0, jacobianBytes), base);
  for (let window = 0; window < WINDOWS; window++) {
    toAffine(base, baseAffine);
    zero(points);
    for (let digit = 1; digit < WINDOW_SIZE; digit++)
      addMixed(points + (digit - 1) * jacobianBytes, baseAffine, points + digit * jacobianBytes);
    batchToAffine(points, WINDOW_SIZE, table + window * WINDOW_SIZE * affineBytes);
    for (let bit = 0; bit < WINDOW_BITS; bit++) double(base, base);
  }

  function* multiples(scalars: readonly bigint[]): Generator<Uint8Array> {
    for (let first = 0; first < scalars.length; first += BATCH) {
      const count = Math.min(BATCH, scalars.length - first);
      for (let index = 0; index < count; index++) {
        const point = points + index * jacobianBytes;
        zero(point);
        let rest = scalars[first + index] as bigint;
        for (let window = 0; rest > 0n; window++) {
          // 48 bits at a time: shifting a BigInt costs as much as many digits of a number.
          let chunk = Number(rest & 0xffffffffffffn);
          rest >>= 48n;
          for (let part = 0; part < 48 / WINDOW_BITS; part++) {
            const digit = chunk % WINDOW_SIZE;
            chunk = Math.floor(chunk / WINDOW_SIZE);
            if (digit !== 0)
              addMixed(point, table + ((48 / WINDOW_BITS) * window + part) * WINDOW_SIZE * affineBytes + digit * affineBytes, point);
          }
        }
      }
      batchToAffine(points, count, affine);
      yield bytes().slice(affine, affine + count * affineBytes);
    }
  }
  return { pointBytes: affineBytes, multiples };
}
