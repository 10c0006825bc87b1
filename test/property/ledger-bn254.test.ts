/** The BN254 precompiles on mcl equal those of the stock implementation, on valid, malformed and foreign points alike. */
import { NobleBN254 } from '@ethereumjs/evm';
import { bn254 } from '@noble/curves/bn254.js';
import fc from 'fast-check';
import mcl from 'mcl-wasm';
import { beforeAll, describe, expect, it } from 'vitest';
import { loadMclBn254 } from '../../core/adapters/mcl-bn254.ts';
import { concatBytes, toBigEndian, toHex } from '../../core/base/bytes.ts';

const seed = 20_261_122;
const { Fp, Fr, Fp2 } = bn254.fields;
const stock = new NobleBN254();
let fast: Awaited<ReturnType<typeof loadMclBn254>>;
beforeAll(async () => {
  fast = await loadMclBn254();
});

type Precompile = 'add' | 'mul' | 'pairing';

function outcome(implementation: NobleBN254 | typeof fast, name: Precompile, input: Uint8Array): string {
  try {
    return toHex(implementation[name](input));
  } catch {
    return 'refused';
  }
}

function expectEqual(name: Precompile, input: Uint8Array): void {
  expect(outcome(fast, name, input)).toBe(outcome(stock, name, input));
}

const word = (value: bigint): Uint8Array => toBigEndian(value, 32);
const scalar = fc.bigInt({ min: 0n, max: 2n ** 256n - 1n });
const edge = fc.constantFrom(0n, 1n, 2n, Fp.ORDER - 1n, Fp.ORDER, Fp.ORDER + 1n, Fr.ORDER, 2n ** 256n - 1n);
const g1 = scalar.map((value) => {
  const factor = value % Fr.ORDER;
  if (factor === 0n) return new Uint8Array(64);
  const { x, y } = bn254.G1.Point.BASE.multiply(factor).toAffine();
  return concatBytes(word(x), word(y));
});
type Affine2 = { x: { c0: bigint; c1: bigint }; y: { c0: bigint; c1: bigint } };
const encodeG2 = ({ x, y }: Affine2): Uint8Array => concatBytes(word(x.c1), word(x.c0), word(y.c1), word(y.c0));
const g2 = scalar.map((value) =>
  value % Fr.ORDER === 0n ? new Uint8Array(128) : encodeG2(bn254.G2.Point.BASE.multiply(value % Fr.ORDER).toAffine()),
);

/** A point of the twist that is (almost surely) outside the group of order r. */
const foreignG2 = fc.bigInt({ min: 1n, max: 2n ** 64n }).map((start) => {
  const b = Fp2.sub(
    Fp2.sqr(bn254.G2.Point.BASE.toAffine().y),
    Fp2.mul(Fp2.sqr(bn254.G2.Point.BASE.toAffine().x), bn254.G2.Point.BASE.toAffine().x),
  );
  for (let c0 = start; ; c0++) {
    const x = Fp2.fromBigTuple([c0, 1n]);
    const square = Fp2.add(Fp2.mul(Fp2.sqr(x), x), b);
    try {
      return encodeG2({ x, y: Fp2.sqrt(square) });
    } catch {
      // Not a square: the next x.
    }
  }
});
const junk = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const edges = (words: number) => fc.array(edge, { minLength: words, maxLength: words }).map((values) => concatBytes(...values.map(word)));
const flipped = (point: fc.Arbitrary<Uint8Array>) =>
  fc
    .tuple(point, fc.nat(), fc.nat(7))
    .map(([bytes, position, bit]) => bytes.map((byte, index) => (index === position % bytes.length ? byte ^ (1 << bit) : byte)));
const aboveModulus = g1.map((bytes) =>
  concatBytes(word((BigInt(toHex(bytes.subarray(0, 32))) + Fp.ORDER) % 2n ** 256n), bytes.subarray(32)),
);
const anyG1 = fc.oneof({ weight: 5, arbitrary: g1 }, { weight: 1, arbitrary: fc.oneof(junk(64), edges(2), flipped(g1), aboveModulus) });
const anyG2 = fc.oneof({ weight: 5, arbitrary: g2 }, { weight: 1, arbitrary: fc.oneof(junk(128), edges(4), flipped(g2), foreignG2) });

describe('BN254 precompiles', () => {
  it('add as the stock implementation does', () => {
    fc.assert(
      fc.property(anyG1, anyG1, (left, right) => expectEqual('add', concatBytes(left, right))),
      { seed, numRuns: 200 },
    );
    fc.assert(
      fc.property(g1, (point) => expectEqual('add', concatBytes(point, point))),
      { seed, numRuns: 20 },
    );
    fc.assert(
      fc.property(
        g1.filter((point) => point.some((byte) => byte !== 0)),
        (point) => {
          const negated = concatBytes(point.subarray(0, 32), word(Fp.ORDER - BigInt(toHex(point.subarray(32)))));
          expectEqual('add', concatBytes(point, negated));
          expect(outcome(fast, 'add', concatBytes(point, negated))).toBe(toHex(new Uint8Array(64)));
        },
      ),
      { seed, numRuns: 20 },
    );
  });

  it('multiply as the stock implementation does', () => {
    fc.assert(
      fc.property(anyG1, fc.oneof(scalar, edge), (point, factor) =>
        expectEqual('mul', concatBytes(point, word(factor), new Uint8Array(32))),
      ),
      { seed, numRuns: 200 },
    );
  });

  it('pair as the stock implementation does', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(anyG1, anyG2), { maxLength: 3 }), (pairs) => expectEqual('pairing', concatBytes(...pairs.flat()))),
      { seed, numRuns: 60 },
    );
  });

  it('accept a product that is one', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 1n, max: Fr.ORDER - 1n }), fc.bigInt({ min: 1n, max: Fr.ORDER - 1n }), (left, right) => {
        const first = bn254.G1.Point.BASE.multiply(left).toAffine();
        const second = bn254.G1.Point.BASE.multiply(Fr.mul(left, right)).negate().toAffine();
        const input = concatBytes(
          word(first.x),
          word(first.y),
          encodeG2(bn254.G2.Point.BASE.multiply(right).toAffine()),
          word(second.x),
          word(second.y),
          encodeG2(bn254.G2.Point.BASE.toAffine()),
        );
        expect(outcome(fast, 'pairing', input)).toBe(toHex(word(1n)));
        expectEqual('pairing', input);
      }),
      { seed, numRuns: 8 },
    );
  });

  it('refuse a point of the twist outside the group', () => {
    fc.assert(
      fc.property(foreignG2, (point) => {
        const input = concatBytes(word(1n), word(2n), point);
        expect(outcome(stock, 'pairing', input)).toBe('refused');
        expect(outcome(fast, 'pairing', input)).toBe('refused');
      }),
      { seed, numRuns: 10 },
    );
  });

  it('leave the curve of others who use mcl in this process alone', async () => {
    await mcl.init(mcl.BLS12_381);
    expect(mcl.hashAndMapToG1('x').serialize().length).toBe(48);
    expectEqual('add', concatBytes(word(1n), word(2n), word(1n), word(2n)));
    expect(mcl.hashAndMapToG1('x').serialize().length).toBe(48);
  });
});
