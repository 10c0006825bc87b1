/** The fast engine against its plain twin: every operation gives the same bytes on random inputs. */
import fc from 'fast-check';
import curveOfProofs from 'mcl-wasm';
import { describe, expect, test } from 'vitest';
import { toBigEndian, toHex } from '../../core/base/bytes.ts';
import { generateIdentityKey, setUp } from '../../core/crypto/identity-encryption.ts';
import type { PairingEngine } from '../../core/crypto/pairing-engine.ts';
import { generateReEncryptionKey, shareReEncryptionKey } from '../../core/crypto/re-encryption.ts';
import { groupOrder, type Scalar } from '../../core/crypto/scalar.ts';
import { encodeFragment, encodeGrant, encodeHeader, encodeIdentityKey, encodeProxyShare } from '../../core/crypto/scheme-encodings.ts';
import { grantHash } from '../../core/crypto/scheme-hashes.ts';
import { engines } from '../pairing-engines.ts';
import { seededRandom } from '../seeded-random.ts';
import { fragmentsOf, grantContextOf, network, proxyKeys, receivingIdentityOf } from '../sharing-scene.ts';

const scalar = fc.bigInt({ min: 1n, max: groupOrder - 1n }).map((value) => value as Scalar);
const edge = fc.constantFrom(0n, 1n, 2n, groupOrder - 1n).map((value) => value as Scalar);
const exponent = fc.oneof({ weight: 4, arbitrary: scalar }, { weight: 1, arbitrary: edge });

/** The same on both engines. */
const agree = (compute: (engine: PairingEngine) => Uint8Array[]) => {
  const [first, second] = engines.map((engine) => compute(engine).map(toHex));
  expect(second).toEqual(first);
};
const distinct = fc.tuple(scalar, scalar, exponent).filter(([left, right]) => left !== right && left + right !== groupOrder);

describe('operations', () => {
  test('G1', () => {
    fc.assert(
      fc.property(distinct, ([left, right, factor]) =>
        agree((engine) => {
          const [first, second] = [engine.multiplyG1(engine.g1, left), engine.multiplyG1(engine.g1, right)];
          const points = [
            first,
            engine.addG1(first, second),
            engine.negateG1(first),
            engine.addG1(first, engine.multiplyG1(second, factor)),
          ];
          return [...points, ...points.map((point) => engine.decodeG1(engine.encodeG1(point)))].map((point) => engine.encodeG1(point));
        }),
      ),
      { numRuns: 30 },
    );
  });

  test('G2', () => {
    fc.assert(
      fc.property(distinct, ([left, right, factor]) =>
        agree((engine) => {
          const [first, second] = [engine.multiplyG2(engine.g2, left), engine.multiplyG2(engine.g2, right)];
          const points = [
            first,
            engine.addG2(first, second),
            engine.subtractG2(first, second),
            engine.addG2(first, engine.multiplyG2(second, factor)),
          ];
          return [...points, ...points.map((point) => engine.decodeG2(engine.encodeG2(point)))].map((point) => engine.encodeG2(point));
        }),
      ),
      { numRuns: 30 },
    );
  });

  test('GT and products of pairings', () => {
    fc.assert(
      fc.property(distinct, ([left, right, factor]) =>
        agree((engine) => {
          const [p, s] = [engine.multiplyG1(engine.g1, left), engine.multiplyG2(engine.g2, right)];
          const single = engine.pairingProduct([p, s]);
          const product = engine.pairingProduct([p, s], [engine.negateG1(engine.g1), s], [p, engine.g2]);
          const elements = [
            engine.gt,
            single,
            product,
            engine.powerGt(single, factor),
            engine.divideGt(product, single),
            engine.multiplyGt(product, single),
          ];
          expect(engine.equalGt(single, engine.powerGt(engine.powerGt(engine.gt, left), right))).toBe(true);
          expect(engine.equalGt(single, product)).toBe(false);
          return [...elements, engine.decodeGt(engine.encodeGt(single))].map((element) => engine.encodeGt(element));
        }),
      ),
      { numRuns: 30 },
    );
  });

  test('hashing to G2, also of long messages and tags', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 3_000 }),
        fc.string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 255 }),
        (message, tag) => agree((engine) => [engine.encodeG2(engine.hashToG2(message, tag))]),
      ),
      { numRuns: 30 },
    );
  });
});

test('the whole scheme from one seed', () => {
  fc.assert(
    fc.property(fc.string(), (seed) =>
      agree((engine) => {
        const net = network(engine, seed);
        const dataset = net.dataset(1);
        const ownerKey = net.keyOf(dataset.sourceContext.ownerIdentity);
        const grantContext = grantContextOf(dataset.sourceContext, dataset.headerHash, 1n);
        const reEncryptionKey = generateReEncryptionKey(engine, net.publicParameters, ownerKey, grantContext, net.random);
        const { grant, shares } = shareReEncryptionKey(engine, reEncryptionKey, 2, proxyKeys(3), net.random);
        const fragments = fragmentsOf(net, grantContext, grant, shares, dataset.header);
        return [
          dataset.key,
          dataset.headerHash,
          encodeHeader(engine, dataset.header),
          encodeIdentityKey(engine, ownerKey),
          encodeGrant(engine, grant),
          grantHash(engine, grantContext, grant),
          ...shares.map((share) => encodeProxyShare(engine, share)),
          ...fragments.map((fragment) => encodeFragment(engine, fragment)),
        ];
      }),
    ),
    { numRuns: 4 },
  );
});

test('KeyGen draws t again when A1 would be the identity', () => {
  for (const engine of engines) {
    const { masterSecret } = setUp(engine, seededRandom('redraw'));
    const drawn = [groupOrder - masterSecret.c, 0n, 5n];
    const scripted = { bytes: (length: number) => toBigEndian(drawn.shift() ?? 0n, length) };
    const key = generateIdentityKey(engine, masterSecret, receivingIdentityOf(1n), scripted);
    expect(drawn).toEqual([]);
    expect(engine.encodeG2(key.a2)).toEqual(engine.encodeG2(engine.multiplyG2(engine.g2, 5n as Scalar)));
  }
});

test('elements of one engine are refused by the other', () => {
  const [plain, fast] = engines as [PairingEngine, PairingEngine];
  expect(() => fast.encodeG1(plain.g1)).toThrow('made by the mcl engine');
  expect(() => plain.encodeG1(fast.g1)).toThrow();
});

test('mcl on another curve in the same process, as the ledger has it, changes nothing', async () => {
  const [plain, fast] = engines as [PairingEngine, PairingEngine];
  await curveOfProofs.init(curveOfProofs.BN_SNARK1);
  const point = fast.multiplyG1(fast.g1, 2n as Scalar);
  expect(curveOfProofs.hashAndMapToG1('BN254').isValid()).toBe(true);
  expect(toHex(fast.encodeG1(point))).toBe(toHex(plain.encodeG1(plain.multiplyG1(plain.g1, 2n as Scalar))));
  expect(toHex(fast.encodeGt(fast.pairingProduct([point, fast.g2])))).toBe(toHex(plain.encodeGt(plain.powerGt(plain.gt, 2n as Scalar))));
});
