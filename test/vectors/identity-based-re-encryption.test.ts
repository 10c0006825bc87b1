/** Known answers for every equation of the scheme, computed by an independent program; on both engines, byte for byte. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { fromHex, toHex } from '../../core/base/bytes.ts';
import { decodeScalar, type Scalar } from '../../core/crypto/scalar.ts';
import {
  commitmentOf,
  decapsulationOf,
  encapsulationOf,
  type Fragment,
  fragmentFits,
  fragmentOf,
  type Header,
  type IdentityKey,
  identityKeyFits,
  identityKeyOf,
  identityPoint,
  interpolate,
  publicParametersOf,
  reEncryptionKeyFits,
  sharesOf,
  transformationOf,
  unmaskingOf,
} from '../../core/crypto/scheme-algebra.ts';
import { engines } from '../pairing-engines.ts';

interface HeaderAnswer {
  C1: string;
  C2: string;
  C4: string;
}
interface Answer {
  scalars: Record<string, string>;
  publicParameters: { Pa: string; Pb: string; Zc: string };
  identityPoints: { Fu: string; Fd: string };
  ownerKey: { A1: string; A2: string };
  receiverKey: { A1: string; A2: string };
  m: string;
  header: HeaderAnswer;
  mask: string;
  X: string;
  reencryptionKey: { K1: string; K2: string; R: HeaderAnswer };
  T: string;
  threshold2of3: { index: number; share: string; W: string; fragment: string; proof: { t1: string; t2: string; S: string } }[];
}

const { vectors } = JSON.parse(readFileSync(new URL('identity-based-re-encryption.json', import.meta.url), 'utf8')) as { vectors: Answer[] };

describe.each(engines)('$name', (engine) => {
  const g1 = (point: Parameters<typeof engine.encodeG1>[0]) => toHex(engine.encodeG1(point)).slice(2);
  const g2 = (point: Parameters<typeof engine.encodeG2>[0]) => toHex(engine.encodeG2(point)).slice(2);
  const gt = (element: Parameters<typeof engine.encodeGt>[0]) => toHex(engine.encodeGt(element)).slice(2);
  const header = ({ c1, c2, c4 }: Header): HeaderAnswer => ({ C1: gt(c1), C2: g1(c2), C4: g1(c4) });

  test.each(vectors.map((answer, position) => ({ answer, position })))('vector $position', ({ answer }) => {
    const scalar = (name: string): Scalar => decodeScalar(fromHex(`0x${answer.scalars[name]}`));
    const secret = { a: scalar('a'), b: scalar('b'), c: scalar('c') };
    const parameters = publicParametersOf(engine, secret);
    expect({ Pa: g1(parameters.pa), Pb: g1(parameters.pb), Zc: gt(parameters.zc) }).toEqual(answer.publicParameters);

    const ownerPoint = identityPoint(engine, parameters, scalar('Iu'));
    const receiverPoint = identityPoint(engine, parameters, scalar('Id'));
    expect({ Fu: g1(ownerPoint), Fd: g1(receiverPoint) }).toEqual(answer.identityPoints);

    const ownerKey = identityKeyOf(engine, secret, scalar('Iu'), scalar('tu')) as IdentityKey;
    const receiverKey = identityKeyOf(engine, secret, scalar('Id'), scalar('td')) as IdentityKey;
    expect({ A1: g2(ownerKey.a1), A2: g2(ownerKey.a2) }).toEqual(answer.ownerKey);
    expect({ A1: g2(receiverKey.a1), A2: g2(receiverKey.a2) }).toEqual(answer.receiverKey);
    expect(identityKeyFits(engine, parameters, ownerPoint, ownerKey)).toBe(true);
    expect(identityKeyFits(engine, parameters, receiverPoint, ownerKey)).toBe(false);

    const m = engine.powerGt(engine.gt, scalar('m'));
    const source = encapsulationOf(engine, parameters, ownerPoint, m, scalar('r'));
    expect(gt(m)).toBe(answer.m);
    expect(header(source)).toEqual(answer.header);
    expect(gt(decapsulationOf(engine, ownerKey, source))).toBe(answer.m);

    const x = engine.powerGt(engine.gt, scalar('X'));
    const mask = engine.multiplyG2(engine.g2, scalar('h2'));
    const k2 = engine.addG2(ownerKey.a2, mask);
    const receiverHeader = encapsulationOf(engine, parameters, receiverPoint, x, scalar('rX'));
    expect([gt(x), g2(mask)]).toEqual([answer.X, answer.mask]);
    expect({ K1: g2(ownerKey.a1), K2: g2(k2), R: header(receiverHeader) }).toEqual(answer.reencryptionKey);
    expect(gt(decapsulationOf(engine, receiverKey, receiverHeader))).toBe(answer.X);

    const whole = engine.pairingProduct([source.c2, k2]);
    const transformation = transformationOf(engine, source, ownerKey.a1, whole);
    expect(gt(transformation)).toBe(answer.T);
    expect(gt(unmaskingOf(engine, transformation, source.c2, mask))).toBe(answer.m);
    expect(reEncryptionKeyFits(engine, parameters, ownerPoint, ownerKey.a1, mask, commitmentOf(engine, k2))).toBe(true);

    const shares = sharesOf(engine, k2, [scalar('f1')], 3);
    const fragments = shares.map((share, position): Fragment => {
      const index = position + 1;
      const { respond, ...claim } = fragmentOf(engine, source.c2, share, scalar(`Y${index}`));
      return { index, ...claim, s: respond(scalar(`ch${index}`)) };
    });
    expect(
      fragments.map((fragment, position) => ({
        index: fragment.index,
        share: g2(shares[position] as (typeof shares)[number]),
        W: gt(commitmentOf(engine, shares[position] as (typeof shares)[number])),
        fragment: gt(fragment.f),
        proof: { t1: gt(fragment.t1), t2: gt(fragment.t2), S: g2(fragment.s) },
      })),
    ).toEqual(answer.threshold2of3);
    for (const fragment of fragments) {
      const commitment = engine.decodeGt(fromHex(`0x${answer.threshold2of3[fragment.index - 1]?.W}`));
      expect(fragmentFits(engine, source.c2, commitment, fragment, scalar(`ch${fragment.index}`))).toBe(true);
    }

    for (const [first, second] of [[0, 1], [0, 2], [1, 2]] as const) {
      const points = [fragments[first], fragments[second]].map((fragment) => ({ index: fragment?.index ?? 0, value: fragment?.f ?? engine.gt }));
      const combined = interpolate(engine, points as [(typeof points)[number], ...typeof points], 0);
      expect(gt(transformationOf(engine, source, ownerKey.a1, combined))).toBe(answer.T);
    }
  });
});
