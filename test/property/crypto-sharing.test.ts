/** The scheme as its users see it: what opens, what does not, and who is named. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { toHex } from '../../core/base/bytes.ts';
import { encodeGrantContext, encodeSourceContext } from '../../core/crypto/context.ts';
import { checkIdentityKey, decapsulate, decapsulateElement, encapsulate } from '../../core/crypto/identity-encryption.ts';
import type { GtElement } from '../../core/crypto/pairing-engine.ts';
import {
  checkProxyShare,
  checkReEncryptionKey,
  combineFragments,
  commitmentsAgree,
  generateReEncryptionKey,
  open,
  reEncrypt,
  shareReEncryptionKey,
  verifyFragment,
} from '../../core/crypto/re-encryption.ts';
import { toScalar } from '../../core/crypto/scalar.ts';
import {
  commitmentOf,
  decapsulationOf,
  type Fragment,
  interpolate,
  transformationOf,
  unmaskingOf,
} from '../../core/crypto/scheme-algebra.ts';
import type { Grant } from '../../core/crypto/scheme-encodings.ts';
import { headerHash, keyOf, maskOf } from '../../core/crypto/scheme-hashes.ts';
import { mcl as engine, engines } from '../pairing-engines.ts';
import {
  consumer,
  deliveryOf,
  fragmentsOf,
  grantContextOf,
  grantOf,
  network,
  owner,
  proxyKeys,
  receivingIdentityOf,
  sourceContextOf,
} from '../sharing-scene.ts';

const at = <Value>(values: readonly Value[], position: number): Value => {
  const value = values[position];
  if (value === undefined) throw new RangeError(`no value at ${position}`);
  return value;
};
const subsets = (count: number) =>
  Array.from({ length: 2 ** count }, (_, bits) =>
    Array.from({ length: count }, (_, position) => position).filter((position) => (bits >> position) & 1),
  );

describe.each(engines)('round trips on $name', (engine) => {
  test('a header opens with a key of its identity, and with no other', () => {
    const net = network(engine, 'direct');
    const { sourceContext, header, key } = net.dataset(1);
    const [first, second] = [net.keyOf(sourceContext.ownerIdentity), net.keyOf(sourceContext.ownerIdentity)];
    expect(checkIdentityKey(engine, net.publicParameters, sourceContext.ownerIdentity, first)).toBe(true);
    expect(toHex(engine.encodeG2(first.a2))).not.toBe(toHex(engine.encodeG2(second.a2)));
    for (const identityKey of [first, second]) {
      expect(decapsulate(engine, net.publicParameters, identityKey, header, sourceContext)).toEqual(key);
    }
    const other = net.keyOf(sourceContextOf(2).ownerIdentity);
    expect(checkIdentityKey(engine, net.publicParameters, sourceContext.ownerIdentity, other)).toBe(false);
    expect(decapsulate(engine, net.publicParameters, other, header, sourceContext)).toBeNull();
  });

  test('one proxy, t = n = 1', () => {
    const net = network(engine, 'single');
    const dataset = net.dataset(1);
    const { grantContext, grant, shares } = grantOf(net, dataset, 1n, 1, 1);
    const fragments = fragmentsOf(net, grantContext, grant, shares, dataset.header);
    const verdict = open(
      engine,
      net.publicParameters,
      net.keyOf(receivingIdentityOf(1n)),
      deliveryOf(net, dataset, grantContext, grant, fragments),
    );
    expect(verdict).toEqual({ opened: true, key: dataset.key, faultyProxies: [] });
  });
});

test.each([
  [1, 2],
  [1, 3],
  [2, 3],
  [3, 3],
  [2, 4],
  [3, 4],
  [4, 4],
])('%i of %i: every set of that size opens, every smaller one is too few', (threshold, count) => {
  const net = network(engine, `threshold ${threshold} of ${count}`);
  const dataset = net.dataset(1);
  const { grantContext, grant, shares } = grantOf(net, dataset, 1n, threshold, count);
  expect(shares.every((share) => checkProxyShare(engine, grant, share))).toBe(true);
  const fragments = fragmentsOf(net, grantContext, grant, shares, dataset.header);
  const receiverKey = net.keyOf(receivingIdentityOf(1n));
  for (const subset of subsets(count)) {
    const chosen = subset.map((position) => at(fragments, position));
    const verdict = open(engine, net.publicParameters, receiverKey, deliveryOf(net, dataset, grantContext, grant, chosen));
    if (subset.length >= threshold) expect(verdict).toEqual({ opened: true, key: dataset.key, faultyProxies: [] });
    else expect(verdict).toMatchObject({ opened: false, fault: 'FRAGMENTS', party: 'proxies', faultyProxies: [] });
  }
});

test('headers of any context and element open again', () => {
  const net = network(engine, 'any context');
  fc.assert(
    fc.property(fc.nat(), fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), fc.nat(), (number, plaintextLength, chunkSize) => {
      const context = { ...sourceContextOf(number), plaintextLength, chunkSize };
      const { header, key } = encapsulate(engine, net.publicParameters, context, net.random);
      expect(decapsulate(engine, net.publicParameters, net.keyOf(context.ownerIdentity), header, context)).toEqual(key);
    }),
    { numRuns: 20 },
  );
});

describe('refusals', () => {
  const net = network(engine, 'refusals');
  const parameters = net.publicParameters;
  const dataset = net.dataset(1);
  const { grantContext, ownerKey, reEncryptionKey, grant, shares } = grantOf(net, dataset, 1n, 2, 3);
  const fragments = fragmentsOf(net, grantContext, grant, shares, dataset.header);
  const receiverKey = net.keyOf(receivingIdentityOf(1n));
  const delivery = deliveryOf(net, dataset, grantContext, grant, fragments.slice(0, 2));
  const tweak = (element: GtElement) => engine.multiplyGt(element, engine.gt);

  /** What an owner records who grants with these pieces, and whether it opens with honest proxies. */
  const openWith = (dishonest: Grant, points = shares, context = grantContext, header = dataset.header, source = dataset.sourceContext) => {
    const answers = fragmentsOf(net, context, dishonest, points.slice(0, 2), header);
    return open(engine, parameters, receiverKey, deliveryOf(net, { sourceContext: source, header }, context, dishonest, answers));
  };

  test('the honest delivery opens', () => {
    expect(open(engine, parameters, receiverKey, delivery)).toMatchObject({ opened: true, key: dataset.key });
  });

  test('a key of another identity is the receiver’s fault', () => {
    for (const key of [net.keyOf(receivingIdentityOf(2n)), ownerKey]) {
      expect(open(engine, parameters, key, delivery)).toMatchObject({ opened: false, fault: 'RECEIVING_KEY', party: 'receiver' });
    }
  });

  test('any other source context is not the recorded one', () => {
    const other = { ...dataset.sourceContext };
    for (const sourceContext of [
      { ...other, chunkSize: other.chunkSize + 1 },
      { ...other, plaintextLength: other.plaintextLength + 1n },
      { ...other, datasetRoot: `0x${'0d'.repeat(32)}` as const },
      sourceContextOf(2),
    ]) {
      expect(open(engine, parameters, receiverKey, { ...delivery, sourceContext })).toMatchObject({
        fault: 'HEADER_NOT_RECORDED',
        party: 'supplier',
      });
    }
  });

  test('any other header is not the recorded one, and does not open by itself', () => {
    const { c1, c2, c4 } = dataset.header;
    for (const header of [
      { c1: tweak(c1), c2, c4 },
      { c1, c2: engine.addG1(c2, engine.g1), c4 },
      { c1, c2, c4: engine.addG1(c4, engine.g1) },
      net.dataset(1).header,
    ]) {
      expect(open(engine, parameters, receiverKey, { ...delivery, header })).toMatchObject({
        fault: 'HEADER_NOT_RECORDED',
        party: 'supplier',
      });
    }
    expect(decapsulate(engine, parameters, ownerKey, { c1: tweak(c1), c2, c4 }, dataset.sourceContext)).toBeNull();
    expect(decapsulate(engine, parameters, ownerKey, { c1, c2: engine.addG1(c2, engine.g1), c4 }, dataset.sourceContext)).toBeNull();
    expect(decapsulate(engine, parameters, ownerKey, { c1, c2, c4: engine.addG1(c4, engine.g1) }, dataset.sourceContext)).toBeNull();
    expect(decapsulate(engine, parameters, ownerKey, dataset.header, { ...dataset.sourceContext, chunkSize: 1 })).toBeNull();
  });

  test('any other grant or grant context is not the recorded one', () => {
    const [w1, ...others] = grant.commitments;
    for (const altered of [
      { ...grant, k1: engine.addG2(grant.k1, engine.g2) },
      { ...grant, threshold: 1 },
      { ...grant, commitments: [tweak(w1 as GtElement), ...others] },
      { ...grant, proxies: grant.proxies.toReversed() },
      { ...grant, receiverHeader: dataset.header },
    ]) {
      expect(open(engine, parameters, receiverKey, { ...delivery, grant: altered })).toMatchObject({
        fault: 'GRANT_NOT_RECORDED',
        party: 'supplier',
      });
    }
    const elsewhere = grantContextOf(dataset.sourceContext, dataset.headerHash, 2n);
    const ofAnotherHeader = { ...grantContext, headerHash: `0x${'00'.repeat(32)}` as const };
    for (const exchanged of [elsewhere, ofAnotherHeader]) {
      expect(open(engine, parameters, receiverKey, { ...delivery, grantContext: exchanged })).toMatchObject({
        fault: 'GRANT_NOT_RECORDED',
        party: 'supplier',
      });
    }
  });

  test('a recorded grant of another header or dataset, or for another receiver, is the owner’s fault', () => {
    const receiverIdentity = receivingIdentityOf(1n).replace(consumer, owner);
    for (const change of [
      { receiverIdentity },
      { headerHash: `0x${'00'.repeat(32)}` as const },
      { ownerIdentity: sourceContextOf(2).ownerIdentity },
    ])
      expect(openWith(grant, shares, { ...grantContext, ...change })).toMatchObject({ fault: 'GRANT_CONTEXT', party: 'owner' });
  });

  test('a grant of another t or n than the owner recorded is the owner’s fault, with however many fragments', () => {
    for (const change of [{ threshold: grant.threshold - 1 }, { threshold: grant.threshold + 1 }, { proxies: grant.proxies.length + 1 }])
      for (const given of [[], fragments]) {
        const recorded = { ...delivery.recorded, ...change };
        expect(open(engine, parameters, receiverKey, { ...delivery, fragments: given, recorded })).toMatchObject({
          fault: 'GRANT_CONTEXT',
          party: 'owner',
        });
      }
  });

  test('a fragment that fails its proof names its proxy, and honest ones still suffice', () => {
    const honest = at(fragments, 1);
    const other = at(fragments, 0);
    for (const altered of [
      { ...honest, f: tweak(honest.f) },
      { ...honest, t1: tweak(honest.t1) },
      { ...honest, t2: tweak(honest.t2) },
      { ...honest, s: engine.addG2(honest.s, engine.g2) },
      { ...other, index: 2 },
    ] satisfies Fragment[]) {
      expect(verifyFragment(engine, parameters, grantContext, grant, altered, dataset.header)).toBe(false);
      expect(open(engine, parameters, receiverKey, { ...delivery, fragments: [other, altered] })).toEqual({
        opened: false,
        fault: 'FRAGMENTS',
        party: 'proxies',
        faultyProxies: [2],
      });
      expect(open(engine, parameters, receiverKey, { ...delivery, fragments: [altered, other, at(fragments, 2)] })).toEqual({
        opened: true,
        key: dataset.key,
        faultyProxies: [2],
      });
    }
  });

  test('a fragment of another header, grant or context does not prove here', () => {
    const second = net.dataset(1);
    const [share] = shares;
    if (share === undefined) throw new RangeError('the grant has shares');
    const ofHeader = fragmentsOf(net, grantContext, grant, [share], second.header);
    const ofContext = fragmentsOf(net, { ...grantContext, headerHash: `0x${'00'.repeat(32)}` }, grant, [share], dataset.header);
    for (const fragment of [...ofHeader, ...ofContext]) {
      expect(verifyFragment(engine, parameters, grantContext, grant, fragment, dataset.header)).toBe(false);
    }
  });

  test('an index counts once, and one beyond the grant counts for nobody', () => {
    const first = at(fragments, 0);
    expect(open(engine, parameters, receiverKey, { ...delivery, fragments: [first, first, first] })).toMatchObject({
      fault: 'FRAGMENTS',
      faultyProxies: [],
    });
    expect(open(engine, parameters, receiverKey, { ...delivery, fragments: [first, { ...first, index: 4 }] })).toMatchObject({
      fault: 'FRAGMENTS',
      faultyProxies: [],
    });
    expect(() => combineFragments(engine, grant, [first, first])).toThrow('distinct points');
    expect(() => combineFragments(engine, grant, [first])).toThrow('exactly t');
  });

  test('W off the polynomial: proofs hold, sets disagree, proxies and receiver refuse, the owner is named', () => {
    const bent = shares.map((share) => (share.index === 3 ? { ...share, share: engine.addG2(share.share, engine.g2) } : share));
    const dishonest = { ...grant, commitments: bent.map(({ share }) => commitmentOf(engine, share)) };
    const answers = fragmentsOf(net, grantContext, dishonest, bent, dataset.header);
    expect(answers.map((answer) => verifyFragment(engine, parameters, grantContext, dishonest, answer, dataset.header))).toEqual([
      true,
      true,
      true,
    ]);
    const transformed = (...positions: number[]) =>
      toHex(
        engine.encodeGt(
          reEncrypt(
            engine,
            grant,
            dataset.header,
            combineFragments(
              engine,
              dishonest,
              positions.map((position) => at(answers, position)),
            ),
          ),
        ),
      );
    expect(transformed(0, 1)).not.toBe(transformed(0, 2));
    expect(commitmentsAgree(engine, grant)).toBe(true);
    expect(commitmentsAgree(engine, dishonest)).toBe(false);
    expect(openWith(dishonest, bent)).toMatchObject({ fault: 'COMMITMENTS', party: 'owner' });
  });

  test('a share that is not behind its commitment is refused by its proxy', () => {
    const [first, second] = [at(shares, 0), at(shares, 1)];
    expect(checkProxyShare(engine, grant, { ...first, share: second.share })).toBe(false);
    expect(checkProxyShare(engine, grant, { ...first, index: 4 })).toBe(false);
  });

  test('R for somebody else is the owner’s fault', () => {
    const forAnother = generateReEncryptionKey(
      engine,
      parameters,
      ownerKey,
      grantContextOf(dataset.sourceContext, dataset.headerHash, 2n),
      net.random,
    );
    expect(openWith({ ...grant, receiverHeader: forAnother.receiverHeader })).toMatchObject({ fault: 'RECEIVER_HEADER', party: 'owner' });
  });

  test('K1, K2 and X that do not belong together are the owner’s fault', () => {
    const foreign = generateReEncryptionKey(engine, parameters, net.keyOf(sourceContextOf(2).ownerIdentity), grantContext, net.random);
    const shared = shareReEncryptionKey(engine, foreign, 2, proxyKeys(3), net.random);
    expect(openWith(shared.grant, shared.shares)).toMatchObject({ fault: 'RE_ENCRYPTION_KEY', party: 'owner' });
    const mixed = shareReEncryptionKey(engine, { ...reEncryptionKey, receiverHeader: foreign.receiverHeader }, 2, proxyKeys(3), net.random);
    expect(openWith(mixed.grant, mixed.shares)).toMatchObject({ fault: 'RE_ENCRYPTION_KEY', party: 'owner' });
  });

  test('a recorded header that is no encapsulation is the owner’s fault', () => {
    for (const header of [
      { ...dataset.header, c1: tweak(dataset.header.c1) },
      { ...dataset.header, c4: engine.addG1(dataset.header.c4, engine.g1) },
    ]) {
      const context = grantContextOf(dataset.sourceContext, headerHash(engine, dataset.sourceContext, header), 1n);
      const key = generateReEncryptionKey(engine, parameters, ownerKey, context, net.random);
      const shared = shareReEncryptionKey(engine, key, 2, proxyKeys(3), net.random);
      expect(openWith(shared.grant, shared.shares, context, header)).toMatchObject({ fault: 'HEADER', party: 'owner' });
    }
  });
});

describe('what a leak gives', () => {
  const net = network(engine, 'leaks');
  const parameters = net.publicParameters;
  const first = net.dataset(1);
  const second = net.dataset(2);
  const granted = grantOf(net, first, 1n, 2, 3);
  const elsewhere = grantOf(net, second, 2n, 2, 3);
  const receiverKey = net.keyOf(receivingIdentityOf(1n));
  const masked = (grant: typeof granted) => {
    const [one, two] = [at(grant.shares, 0), at(grant.shares, 1)];
    // K2 from two shares on a line: K2_1^2 / K2_2.
    return engine.subtractG2(engine.multiplyG2(one.share, toScalar(2n)), two.share);
  };
  /** The key of the source identity that a receiver recovers with t shares. */
  const stolen = (() => {
    const encoded = encodeGrantContext(granted.grantContext);
    const x = decapsulationOf(engine, receiverKey, granted.grant.receiverHeader);
    return { a1: granted.grant.k1, a2: engine.subtractG2(masked(granted), maskOf(engine, x, encoded)) };
  })();

  test('t proxies with the receiver have the key of that one dataset', () => {
    expect(checkIdentityKey(engine, parameters, first.sourceContext.ownerIdentity, stolen)).toBe(true);
    expect(decapsulate(engine, parameters, stolen, first.header, first.sourceContext)).toEqual(first.key);
  });

  test('and nothing of another dataset of the same owner, nor of the receiver’s other offers', () => {
    expect(checkIdentityKey(engine, parameters, second.sourceContext.ownerIdentity, stolen)).toBe(false);
    expect(decapsulate(engine, parameters, stolen, second.header, second.sourceContext)).toBeNull();
    const x = decapsulationOf(engine, receiverKey, elsewhere.grant.receiverHeader);
    expect(checkReEncryptionKey(engine, parameters, elsewhere.grantContext, elsewhere.grant, x)).toBe(false);
    const mask = maskOf(engine, x, encodeGrantContext(elsewhere.grantContext));
    const guess = { a1: elsewhere.grant.k1, a2: engine.subtractG2(masked(elsewhere), mask) };
    expect(checkIdentityKey(engine, parameters, second.sourceContext.ownerIdentity, guess)).toBe(false);
    expect(decapsulate(engine, parameters, guess, second.header, second.sourceContext)).toBeNull();
    const openR = (key: typeof receiverKey, identity: string, grant: typeof granted) =>
      decapsulateElement(engine, parameters, identity, key, grant.grant.receiverHeader, encodeGrantContext(grant.grantContext));
    expect(openR(receiverKey, receivingIdentityOf(1n), granted)).not.toBeNull();
    expect(openR(receiverKey, receivingIdentityOf(2n), elsewhere)).toBeNull();
    expect(openR(stolen, receivingIdentityOf(1n), granted)).toBeNull();
  });

  test('t - 1 shares do not serve, even with the receiver', () => {
    const [share] = fragmentsOf(net, granted.grantContext, granted.grant, granted.shares.slice(0, 1), first.header);
    const delivery = deliveryOf(net, first, granted.grantContext, granted.grant, share === undefined ? [] : [share]);
    expect(open(engine, parameters, receiverKey, delivery)).toMatchObject({ opened: false, fault: 'FRAGMENTS' });
    const x = decapsulationOf(engine, receiverKey, granted.grant.receiverHeader);
    const mask = maskOf(engine, x, encodeGrantContext(granted.grantContext));
    const transformation = transformationOf(engine, first.header, granted.grant.k1, share?.f ?? engine.gt);
    expect(keyOf(engine, unmaskingOf(engine, transformation, first.header.c2, mask), encodeSourceContext(first.sourceContext))).not.toEqual(
      first.key,
    );
  });

  test('why an identity has one header: old shares open a new header of the same identity, and none of another', () => {
    const x = decapsulationOf(engine, receiverKey, granted.grant.receiverHeader);
    const mask = maskOf(engine, x, encodeGrantContext(granted.grantContext));
    const openWithOldShares = (target: typeof first) => {
      const answers = fragmentsOf(net, granted.grantContext, granted.grant, granted.shares.slice(0, 2), target.header);
      const points = answers.map(({ index, f }) => ({ index, value: f }));
      const combined = interpolate(engine, points as [(typeof points)[number], ...typeof points], 0);
      const m = unmaskingOf(engine, transformationOf(engine, target.header, granted.grant.k1, combined), target.header.c2, mask);
      return keyOf(engine, m, encodeSourceContext(target.sourceContext));
    };
    const renewed = net.dataset(1);
    expect(openWithOldShares(renewed)).toEqual(renewed.key);
    expect(openWithOldShares(second)).not.toEqual(second.key);
  });
});
