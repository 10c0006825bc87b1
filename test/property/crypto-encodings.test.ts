/** Decoders: 10,000 byte strings that encode nothing, refused by both engines; and the attack for which the order of GT is tested. */
import { bls12_381 } from '@noble/curves/bls12-381.js';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { concatBytes, fromBigEndian, toBigEndian, toHex } from '../../core/base/bytes.ts';
import { DecodeError } from '../../core/base/codec.ts';
import { hasGroupOrder } from '../../core/crypto/gt-membership.ts';
import { type GtElement, g1Bytes, g2Bytes, gtBytes, type PairingEngine } from '../../core/crypto/pairing-engine.ts';
import { verifyFragment } from '../../core/crypto/re-encryption.ts';
import { decodeScalar, encodeScalar, groupOrder, randomScalar, toScalar } from '../../core/crypto/scalar.ts';
import { commitmentOf, type Fragment, fragmentOf } from '../../core/crypto/scheme-algebra.ts';
import {
  decodeFragment,
  decodeGrant,
  decodeHeader,
  decodeIdentityKey,
  decodeMasterSecret,
  decodeProxyShare,
  decodePublicParameters,
  encodeFragment,
  encodeGrant,
  encodeHeader,
  encodeIdentityKey,
  encodeMasterSecret,
  encodeProxyShare,
  encodePublicParameters,
} from '../../core/crypto/scheme-encodings.ts';
import { challengeOf } from '../../core/crypto/scheme-hashes.ts';
import { engines, mcl, noble } from '../pairing-engines.ts';
import { seededRandom } from '../seeded-random.ts';
import { fragmentsOf, grantOf, network } from '../sharing-scene.ts';

const { Fp, Fp12 } = bls12_381.fields;
const q = Fp.ORDER;
type Fp12Element = typeof Fp12.ONE;
type Decode = (engine: PairingEngine, bytes: Uint8Array) => unknown;

const random = seededRandom('malformed encodings');
const below = (limit: bigint) => fromBigEndian(random.bytes(64)) % limit;
const field = () => toBigEndian(below(q), 48);
const times = <Value>(count: number, make: (position: number) => Value): Value[] =>
  Array.from({ length: count }, (_, position) => make(position));
const flipped = (bytes: Uint8Array, bit: number) =>
  bytes.map((byte, position) => (position === bit >> 3 ? byte ^ (0x80 >> (bit & 7)) : byte));
const withFlags = (bytes: Uint8Array, flags: number) => bytes.map((byte, position) => (position === 0 ? (byte & 0x1f) | flags : byte));
/** Any bit, without the sign of y: flipping that one gives the negative point, which is an element too. */
const anyBit = (bytes: Uint8Array, from = 0) => {
  for (;;) {
    const bit = Number(below(BigInt(8 * bytes.length)));
    if (bit >= from && bit !== 2) return bit;
  }
};
const anyLength = (valid: Uint8Array) => {
  for (;;) {
    const length = Number(below(BigInt(2 * valid.length)));
    if (length !== valid.length) return concatBytes(valid, valid).slice(0, length);
  }
};

const points = times(24, () => {
  const scalar = randomScalar(random);
  return {
    g1: noble.encodeG1(noble.multiplyG1(noble.g1, scalar)),
    g2: noble.encodeG2(noble.multiplyG2(noble.g2, scalar)),
    gt: noble.encodeGt(noble.powerGt(noble.gt, scalar)),
  };
});
const point = (kind: 'g1' | 'g2' | 'gt', position: number) => (points[position % points.length] as (typeof points)[number])[kind];

/** A coefficient raised by q, where that still fits beside the flags: another number, the same element. */
const raised = (bytes: Uint8Array, offset: number, bits: number): Uint8Array | null => {
  const flags = (bytes[offset] ?? 0) & (bits === 381 ? 0xe0 : 0);
  const value = (fromBigEndian(bytes.slice(offset, offset + 48)) & ((1n << BigInt(bits)) - 1n)) + q;
  if (value >= 1n << BigInt(bits)) return null;
  const coefficient = toBigEndian(value, 48);
  coefficient[0] = (coefficient[0] ?? 0) | flags;
  return concatBytes(bytes.slice(0, offset), coefficient, bytes.slice(offset + 48));
};

const fp12 = (coefficients: bigint[]): Fp12Element => Fp12.fromBigTwelve(coefficients as Parameters<typeof Fp12.fromBigTwelve>[0]);
const randomField = () => fp12(times(12, () => below(q)));
/** Raised to (q^6 - 1)(q^2 + 1): into the cyclotomic subgroup, of which GT is a small part. */
const cyclotomic = (value: Fp12Element) => {
  const half = Fp12.div(Fp12.frobeniusMap(value, 6), value);
  return Fp12.mul(Fp12.frobeniusMap(half, 2), half);
};
/** A third root of unity. It lies in Fp, where 3 divides q - 1. */
const thirdRoot = Fp.pow(2n, (q - 1n) / 3n);
const rootOfUnity = fp12([thirdRoot, ...times(11, () => 0n)]);

const g1Malformed = (): Uint8Array[] => [
  ...times(300, (position) => anyLength(point('g1', position))),
  new Uint8Array(g1Bytes),
  withFlags(new Uint8Array(g1Bytes), 0xc0),
  withFlags(new Uint8Array(g1Bytes), 0xe0),
  withFlags(new Uint8Array(g1Bytes), 0x80),
  ...times(300, (position) => withFlags(point('g1', position), [0x00, 0x20, 0x40, 0x60, 0xc0, 0xe0][position % 6] as number)),
  ...points.flatMap(({ g1 }) => raised(g1, 0, 381) ?? []),
  ...times(200, () => withFlags(toBigEndian(q + below((1n << 381n) - q), 48), 0x80)),
  ...times(1_200, (position) => withFlags(field(), position % 2 === 0 ? 0x80 : 0xa0)),
  ...times(500, (position) => flipped(point('g1', position), anyBit(point('g1', position), 3))),
];

const g2Malformed = (): Uint8Array[] => [
  ...times(300, (position) => anyLength(point('g2', position))),
  new Uint8Array(g2Bytes),
  withFlags(new Uint8Array(g2Bytes), 0xc0),
  withFlags(new Uint8Array(g2Bytes), 0xe0),
  ...times(300, (position) => withFlags(point('g2', position), [0x00, 0x20, 0x40, 0x60, 0xc0, 0xe0][position % 6] as number)),
  ...points.flatMap(({ g2 }) => [raised(g2, 0, 381) ?? [], raised(g2, 48, 384) ?? []].flat()),
  ...times(100, () => withFlags(concatBytes(toBigEndian(q + below((1n << 381n) - q), 48), field()), 0x80)),
  ...times(100, () => withFlags(concatBytes(field(), toBigEndian(q + below((1n << 384n) - q), 48)), 0x80)),
  ...times(700, (position) => withFlags(concatBytes(field(), field()), position % 2 === 0 ? 0x80 : 0xa0)),
  ...times(400, (position) => flipped(point('g2', position), anyBit(point('g2', position), 3))),
];

const gtMalformed = (): Uint8Array[] => [
  ...times(300, (position) => anyLength(point('gt', position))),
  new Uint8Array(gtBytes),
  Fp12.toBytes(Fp12.ONE),
  Fp12.toBytes(Fp12.neg(Fp12.ONE)),
  Fp12.toBytes(rootOfUnity),
  ...times(600, (position) => raised(point('gt', position), 48 * (position % 12), 384) as Uint8Array),
  ...times(400, () => Fp12.toBytes(randomField())),
  ...times(200, () => Fp12.toBytes(cyclotomic(randomField()))),
  ...times(300, (position) =>
    Fp12.toBytes(Fp12.mul(Fp12.fromBytes(point('gt', position)), position % 2 === 0 ? rootOfUnity : Fp12.neg(Fp12.ONE))),
  ),
  ...times(600, (position) => flipped(point('gt', position), anyBit(point('gt', position)))),
];

const net = network(noble, 'encodings');
const dataset = net.dataset(1);
const { grantContext, ownerKey, grant, shares } = grantOf(net, dataset, 1n, 2, 3);
const [fragment] = fragmentsOf(net, grantContext, grant, shares.slice(0, 1), dataset.header) as [Fragment];

/** Every composite value: its encoding, and its decoder followed by its encoder. */
const composites: {
  name: string;
  bytes: Uint8Array;
  /** The bytes that encode elements of GT, from and to. */
  gt: readonly [number, number] | null;
  decode: Decode;
  again: (engine: PairingEngine, bytes: Uint8Array) => Uint8Array;
}[] = [
  {
    name: 'master secret',
    bytes: encodeMasterSecret(net.masterSecret),
    gt: null,
    decode: (_, bytes) => decodeMasterSecret(bytes),
    again: (_, bytes) => encodeMasterSecret(decodeMasterSecret(bytes)),
  },
  {
    name: 'public parameters',
    bytes: encodePublicParameters(noble, net.publicParameters),
    gt: [97, 673],
    decode: decodePublicParameters,
    again: (engine, bytes) => encodePublicParameters(engine, decodePublicParameters(engine, bytes)),
  },
  {
    name: 'identity key',
    bytes: encodeIdentityKey(noble, ownerKey),
    gt: null,
    decode: decodeIdentityKey,
    again: (engine, bytes) => encodeIdentityKey(engine, decodeIdentityKey(engine, bytes)),
  },
  {
    name: 'header',
    bytes: encodeHeader(noble, dataset.header),
    gt: [1, 577],
    decode: decodeHeader,
    again: (engine, bytes) => encodeHeader(engine, decodeHeader(engine, bytes)),
  },
  {
    name: 'grant',
    bytes: encodeGrant(noble, grant),
    gt: [195, 1_923],
    decode: decodeGrant,
    again: (engine, bytes) => encodeGrant(engine, decodeGrant(engine, bytes)),
  },
  {
    name: 'share',
    bytes: encodeProxyShare(noble, shares[0] as (typeof shares)[number]),
    gt: null,
    decode: decodeProxyShare,
    again: (engine, bytes) => encodeProxyShare(engine, decodeProxyShare(engine, bytes)),
  },
  {
    name: 'fragment',
    bytes: encodeFragment(noble, fragment),
    gt: [2, 1_730],
    decode: decodeFragment,
    again: (engine, bytes) => encodeFragment(engine, decodeFragment(engine, bytes)),
  },
];

const malformed: { name: string; decode: Decode; inputs: Uint8Array[] }[] = [
  { name: 'G1', decode: (engine, bytes) => engine.decodeG1(bytes), inputs: g1Malformed() },
  { name: 'G2', decode: (engine, bytes) => engine.decodeG2(bytes), inputs: g2Malformed() },
  { name: 'GT', decode: (engine, bytes) => engine.decodeGt(bytes), inputs: gtMalformed() },
  {
    name: 'scalars',
    decode: (_, bytes) => decodeScalar(bytes),
    inputs: [
      new Uint8Array(32),
      encodeScalar(toScalar(1n)).slice(1),
      ...times(300, () => toBigEndian(groupOrder + below((1n << 256n) - groupOrder), 32)),
      ...times(100, () => anyLength(encodeScalar(randomScalar(random)))),
    ],
  },
  ...composites.map(({ name, bytes, decode, gt }) => ({
    name,
    decode,
    inputs: [
      ...times(200, () => bytes.slice(0, Number(below(BigInt(bytes.length))))),
      ...times(50, () => concatBytes(bytes, random.bytes(1 + Number(below(40n))))),
      ...times(50, (position) => concatBytes(Uint8Array.of(position === 0 ? 0 : position + 1), bytes.slice(1))),
      // A first field that no value has: a scalar, coefficient or count too large, a point off the curve or of another order.
      ...times(50, () => random.bytes(bytes.length).map((byte, position) => (position === 0 ? 1 : position === 1 ? byte | 0x80 : byte))),
      ...times(gt === null ? 0 : 100, () => {
        const [from, to] = gt as readonly [number, number];
        return flipped(bytes, 8 * from + Number(below(BigInt(8 * (to - from)))));
      }),
    ],
  })),
];

describe('malformed encodings', () => {
  const total = malformed.reduce((sum, { inputs }) => sum + inputs.length, 0);

  test('there are 10,000 of them', () => {
    expect(total).toBeGreaterThanOrEqual(10_000);
  });

  describe.each(engines)('on $name', (engine) => {
    test.each(malformed)('$name: all are refused', ({ decode, inputs }) => {
      const accepted = inputs.filter((input) => {
        try {
          decode(engine, input);
          return true;
        } catch (error) {
          if (error instanceof DecodeError) return false;
          throw error;
        }
      });
      expect(accepted.map(toHex)).toEqual([]);
    });
  });
});

describe('well-formed encodings', () => {
  test.each(composites)('$name: decoding and encoding again gives the same bytes, on both engines', ({ bytes, again }) => {
    for (const engine of engines) expect(toHex(again(engine, bytes))).toBe(toHex(bytes));
  });

  test('a newer version says so', () => {
    expect(() => decodeHeader(noble, concatBytes(Uint8Array.of(2), encodeHeader(noble, dataset.header).slice(1)))).toThrow(
      'newer than this program reads',
    );
  });
});

describe('the order of GT', () => {
  const parameter = -bls12_381.params.ateLoopSize;

  test('the two conditions of the test leave order p: gcd(q^4 - q^2 + 1, q - u) = p', () => {
    const gcd = (left: bigint, right: bigint): bigint => (right === 0n ? left : gcd(right, left % right));
    expect(gcd(q ** 4n - q ** 2n + 1n, q - parameter)).toBe(groupOrder);
    expect((q ** 4n - q ** 2n + 1n) % groupOrder).toBe(0n);
    expect(groupOrder < parameter ** 4n).toBe(true);
  });

  test('it agrees with the definition, value^p = 1', () => {
    const inGroup = fc
      .bigInt({ min: 1n, max: groupOrder - 1n })
      .map((exponent) => Fp12.fromBytes(noble.encodeGt(noble.powerGt(noble.gt, toScalar(exponent)))));
    const coefficients = fc.array(fc.bigInt({ min: 0n, max: q - 1n }), { minLength: 12, maxLength: 12 });
    const anywhere = coefficients.filter((list) => list.some((coefficient) => coefficient !== 0n)).map(fp12);
    const inCyclotomic = anywhere.map(cyclotomic);
    // Of the order that is left when p is divided out: cyclotomic, and outside of GT although for p's own cofactor.
    const inCofactor = inCyclotomic.map((value) => Fp12.pow(value, groupOrder));
    const withRoot = inGroup.map((value) => Fp12.mul(value, rootOfUnity));
    fc.assert(
      fc.property(fc.oneof(inGroup, anywhere, inCyclotomic, inCofactor, withRoot), (value) => {
        expect(hasGroupOrder(value)).toBe(Fp12.eql(Fp12.pow(value, groupOrder), Fp12.ONE));
      }),
      { numRuns: 100 },
    );
  });

  test('without it, a proxy gets a wrong fragment through its proof in about three tries', () => {
    const share = shares[0] as (typeof shares)[number];
    const raw = (element: GtElement) => element as unknown as Fp12Element;
    const made = (value: Fp12Element) => value as unknown as GtElement;
    // Plain exponentiation: the engines' own assumes order p, which is luck and not a defence.
    const textbook = { ...noble, powerGt: (base: GtElement, exponent: bigint) => made(Fp12.pow(raw(base), exponent)) };
    const forge = () => {
      for (let tries = 1; tries <= 30; tries++) {
        const { respond, ...claim } = fragmentOf(noble, dataset.header.c2, share.share, randomScalar(random));
        // F * w for w of order 3. One in three challenges leaves w as it is, and t2 * w^2 takes that back.
        const f = made(Fp12.mul(raw(claim.f), rootOfUnity));
        const t2 = made(Fp12.mul(raw(claim.t2), Fp12.sqr(rootOfUnity)));
        const statement = { index: 1, f, t1: claim.t1, t2 };
        const challenge = challengeOf(noble, net.publicParameters, grantContext, commitmentOf(noble, share.share), statement);
        const forged: Fragment = { ...statement, s: respond(challenge) };
        if (verifyFragment(textbook, net.publicParameters, grantContext, grant, forged, dataset.header)) return { forged, tries };
      }
      throw new RangeError('thirty challenges, none of them 1 modulo 3');
    };
    const { forged, tries } = forge();
    expect(tries).toBeLessThanOrEqual(10);
    expect(noble.equalGt(forged.f, fragment.f)).toBe(false);
    for (const engine of [noble, mcl])
      expect(() => decodeFragment(engine, encodeFragment(noble, forged))).toThrow('not of the order of GT');
  });
});
