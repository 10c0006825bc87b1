/**
 * The attacks of docs/paper-scheme.md. Each succeeds against the paper's scheme, and the same
 * combination of what the attacker holds fails against the scheme of core/crypto.
 */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { fromHex, toHex } from '../../core/base/bytes.ts';
import { encodeGrantContext, encodeSourceContext } from '../../core/crypto/context.ts';
import { checkIdentityKey, decapsulate, decapsulateElement } from '../../core/crypto/identity-encryption.ts';
import type { G1Element, G2Element } from '../../core/crypto/pairing-engine.ts';
import { generateReEncryptionKey, type ReEncryptionKey } from '../../core/crypto/re-encryption.ts';
import { addScalars, decodeScalar, divideScalars, multiplyScalars, randomScalar, type Scalar, toScalar } from '../../core/crypto/scalar.ts';
import {
  commitmentOf,
  decapsulationOf,
  type Header,
  type IdentityKey,
  identityPoint,
  reEncryptionKeyFits,
  transformationOf,
  unmaskingOf,
} from '../../core/crypto/scheme-algebra.ts';
import { identityScalar, keyOf, maskOf } from '../../core/crypto/scheme-hashes.ts';
import { mcl as engine } from '../pairing-engines.ts';
import { seededRandom } from '../seeded-random.ts';
import { grantContextOf, network, receivingIdentityOf, sourceContextOf } from '../sharing-scene.ts';
import {
  type Ciphertext,
  combineG1,
  combineG2,
  type DecryptionKey,
  type FullKey,
  type PaperReEncryptionKey,
  paperDecrypt,
  paperEncrypt,
  paperKeyGen,
  paperReEncrypt,
  paperReKeyGen,
} from './paper-scheme.ts';

const zero = toScalar(0n);
const one = toScalar(1n);
const minus = (scalar: Scalar) => toScalar(-scalar);
const cell = <Value>(values: readonly Value[], at: number): Value => values[at] as Value;

/** The inverse of a square matrix of scalars, by elimination. */
function invert(matrix: readonly (readonly Scalar[])[]): Scalar[][] {
  const rows = matrix.map((row, at) => [...row, ...matrix.map((_, column) => (column === at ? one : zero))]);
  for (let pivot = 0; pivot < rows.length; pivot++) {
    const found = rows.findIndex((row, at) => at >= pivot && row[pivot] !== zero);
    [rows[pivot], rows[found]] = [cell(rows, found), cell(rows, pivot)];
    const lead = cell(cell(rows, pivot), pivot);
    const scaled = cell(rows, pivot).map((value) => divideScalars(value, lead));
    for (let at = 0; at < rows.length; at++) {
      const row = cell(rows, at);
      const factor = minus(cell(row, pivot));
      rows[at] = at === pivot ? scaled : row.map((value, column) => addScalars(value, multiplyScalars(factor, cell(scaled, column))));
    }
  }
  return rows.map((row) => row.slice(matrix.length));
}

/** Solves `matrix * exponents = right` in the exponent, in both groups. */
const solve = (matrix: readonly (readonly Scalar[])[], inG1: readonly G1Element[], inG2: readonly G2Element[]) => {
  const inverse = invert(matrix);
  return { g1: inverse.map((row) => combineG1(engine, inG1, row)), g2: inverse.map((row) => combineG2(engine, inG2, row)) };
};

/** g and h to the powers a, b, c. */
interface Recovered {
  readonly g1: readonly G1Element[];
  readonly g2: readonly G2Element[];
}

/** One full key is three equations: t = A1 a + A1 I b - c, x = (B1 - 1) a + B1 I b, y = B2 a + (B2 I - 1) b. */
const recoverFromFullKey = (key: FullKey): Recovered =>
  solve(
    [
      [addScalars(key.b1, minus(one)), multiplyScalars(key.b1, key.identity), zero],
      [key.b2, addScalars(multiplyScalars(key.b2, key.identity), minus(one)), zero],
      [key.a1, multiplyScalars(key.a1, key.identity), minus(one)],
    ],
    [cell(key.e, 0), cell(key.e, 1), key.a3],
    [cell(key.d, 0), cell(key.d, 1), key.a2],
  );

/** (alpha, h^(alpha (a + b I) - c), g^(the same)) is a key of I for every alpha. */
const forgeKey = ({ g1, g2 }: Recovered, identity: Scalar, alpha: Scalar): DecryptionKey => {
  const coefficients = [alpha, multiplyScalars(alpha, identity), minus(one)];
  return { a1: alpha, a2: combineG2(engine, g2, coefficients), a3: combineG1(engine, g1, coefficients) };
};

/** lambda with lambda + mu = 1 and lambda * left + mu * right = wanted. */
const weights = (left: Scalar, right: Scalar, wanted: Scalar): [Scalar, Scalar] => {
  const lambda = divideScalars(addScalars(wanted, minus(right)), addScalars(left, minus(right)));
  return [lambda, addScalars(one, minus(lambda))];
};

const random = seededRandom('attacks on the paper');
const secret = { a: randomScalar(random), b: randomScalar(random), c: randomScalar(random) };
const victim = identityScalar('the victim');
const m = engine.powerGt(engine.gt, randomScalar(random));
const ciphertext = paperEncrypt(engine, secret, victim, m, random);
const keyOfPaper = (name: string) => paperKeyGen(engine, secret, identityScalar(name), random);
const opens = (key: DecryptionKey, target: Ciphertext = ciphertext) => engine.equalGt(paperDecrypt(engine, key, target), m);

const net = network(engine, 'attacks on the repaired scheme');
const parameters = net.publicParameters;
const [target, other, third] = [net.dataset(1), net.dataset(2), net.dataset(3)];
const scalarOf = (number: number) => identityScalar(sourceContextOf(number).ownerIdentity);
/** The key that the same linear combination gives in the repaired scheme. */
const combineKeys = (keys: readonly IdentityKey[], coefficients: readonly Scalar[]): IdentityKey => ({
  a1: combineG2(
    engine,
    keys.map((key) => key.a1),
    coefficients,
  ),
  a2: combineG2(
    engine,
    keys.map((key) => key.a2),
    coefficients,
  ),
});
const isUseless = (key: IdentityKey) => {
  expect(checkIdentityKey(engine, parameters, target.sourceContext.ownerIdentity, key)).toBe(false);
  expect(decapsulate(engine, parameters, key, target.header, target.sourceContext)).toBeNull();
  expect(keyOf(engine, decapsulationOf(engine, key, target.header), encodeSourceContext(target.sourceContext))).not.toEqual(target.key);
};

test('the mended scheme runs: direct and re-encrypted', () => {
  const [owner, receiver] = [paperKeyGen(engine, secret, victim, random), keyOfPaper('receiver')];
  expect(opens(owner)).toBe(true);
  expect(opens(receiver)).toBe(false);
  expect(opens(receiver, paperReEncrypt(engine, paperReKeyGen(engine, owner, receiver.identity, random), ciphertext))).toBe(true);
});

describe('1. one full key opens every identity', () => {
  test('the forged key of the vectors', () => {
    const { paperScheme } = JSON.parse(readFileSync(new URL('../vectors/identity-based-re-encryption.json', import.meta.url), 'utf8'));
    const hex = (text: string) => fromHex(`0x${text}`);
    const { key, ciphertextOfI2, forgedKeyForI2 } = paperScheme;
    const full: FullKey = {
      identity: decodeScalar(hex(paperScheme.I1)),
      a1: decodeScalar(hex(key.A1)),
      a2: engine.decodeG2(hex(key.A2)),
      a3: engine.decodeG1(hex(key.A3)),
      b1: decodeScalar(hex(key.B1)),
      b2: decodeScalar(hex(key.B2)),
      b3: decodeScalar(hex(key.B3)),
      d: [engine.decodeG2(hex(key.D1)), engine.decodeG2(hex(key.D2)), engine.decodeG2(hex(key.D3))],
      e: [engine.decodeG1(hex(key.E1)), engine.decodeG1(hex(key.E2)), engine.decodeG1(hex(key.E3))],
    };
    const forged = forgeKey(recoverFromFullKey(full), decodeScalar(hex(paperScheme.I2)), decodeScalar(hex(forgedKeyForI2.A1)));
    expect(toHex(engine.encodeG2(forged.a2)).slice(2)).toBe(forgedKeyForI2.A2);
    expect(toHex(engine.encodeG1(forged.a3)).slice(2)).toBe(forgedKeyForI2.A3);
    const opened = paperDecrypt(engine, forged, {
      c1: engine.decodeGt(hex(ciphertextOfI2.C1)),
      c2: engine.decodeG1(hex(ciphertextOfI2.C2)),
      c3: engine.decodeG2(hex(ciphertextOfI2.C3)),
      c4: engine.decodeGt(hex(ciphertextOfI2.C4)),
    });
    expect(toHex(engine.encodeGt(opened)).slice(2)).toBe(paperScheme.m);
  });

  test('an ordinary user recovers h^a, h^b, h^c and reads the victim', () => {
    const recovered = recoverFromFullKey(keyOfPaper('mallory'));
    expect(recovered.g2.map((point) => toHex(engine.encodeG2(point)))).toEqual(
      [secret.a, secret.b, secret.c].map((scalar) => toHex(engine.encodeG2(engine.multiplyG2(engine.g2, scalar)))),
    );
    expect(opens(forgeKey(recovered, victim, randomScalar(random)))).toBe(true);
  });

  test('against ours: the exponent of A1 is not known, so a key is no equation, and its multiples are no keys', () => {
    const mallory = net.keyOf(other.sourceContext.ownerIdentity);
    isUseless(mallory);
    isUseless({ ...mallory, a1: engine.multiplyG2(mallory.a1, divideScalars(scalarOf(2), scalarOf(1))) });
    isUseless(combineKeys([mallory, net.keyOf(other.sourceContext.ownerIdentity)], [toScalar(2n), minus(one)]));
  });
});

describe('2. three decryption keys open every identity', () => {
  test('against the paper', () => {
    const keys = ['first', 'second', 'third'].map(keyOfPaper);
    const recovered = solve(
      keys.map((key) => [key.a1, multiplyScalars(key.a1, key.identity), minus(one)]),
      keys.map((key) => key.a3),
      keys.map((key) => key.a2),
    );
    expect(opens(forgeKey(recovered, victim, randomScalar(random)))).toBe(true);
  });

  test('against ours: keys interpolated to the victim’s identity open nothing', () => {
    const keys = [net.keyOf(other.sourceContext.ownerIdentity), net.keyOf(third.sourceContext.ownerIdentity)];
    isUseless(combineKeys(keys, weights(scalarOf(2), scalarOf(3), scalarOf(1))));
    const [again] = [net.keyOf(other.sourceContext.ownerIdentity)];
    isUseless(
      combineKeys(
        [...keys, again],
        [...weights(scalarOf(2), scalarOf(3), scalarOf(1)).map((weight) => multiplyScalars(weight, toScalar(2n))), minus(one)],
      ),
    );
  });
});

/** Whether these pieces serve the target's header to a receiver who knows X and the context of the mask. */
const serves = (key: Pick<ReEncryptionKey, 'k1' | 'k2'>, mask: G2Element) => {
  const point = identityPoint(engine, parameters, scalarOf(1));
  const fits = reEncryptionKeyFits(engine, parameters, point, key.k1, mask, commitmentOf(engine, key.k2));
  const transformation = transformationOf(engine, target.header, key.k1, engine.pairingProduct([target.header.c2, key.k2]));
  const opened = keyOf(engine, unmaskingOf(engine, transformation, target.header.c2, mask), encodeSourceContext(target.sourceContext));
  return fits && toHex(opened) === toHex(target.key);
};
const contextOf = (dataset: typeof target, offer: bigint) => grantContextOf(dataset.sourceContext, dataset.headerHash, offer);
const reKey = (dataset: typeof target, key: IdentityKey, offer: bigint) => {
  const context = contextOf(dataset, offer);
  const rk = generateReEncryptionKey(engine, parameters, key, context, net.random);
  const x = decapsulationOf(engine, net.keyOf(context.receiverIdentity), rk.receiverHeader);
  return { ...rk, context, mask: maskOf(engine, x, encodeGrantContext(context)) };
};

describe('3. a proxy with two unrelated re-encryption keys forges one between any identities', () => {
  test('against the paper', () => {
    const grants = [
      {
        rk: paperReKeyGen(engine, keyOfPaper('owner 1'), identityScalar('consumer 1'), random),
        from: identityScalar('owner 1'),
        to: identityScalar('consumer 1'),
      },
      {
        rk: paperReKeyGen(engine, keyOfPaper('owner 2'), identityScalar('consumer 2'), random),
        from: identityScalar('owner 2'),
        to: identityScalar('consumer 2'),
      },
    ];
    // rho = (rk1 - 1) a + (rk1 I_u - I_d) b
    const { g1, g2 } = solve(
      grants.map(({ rk, from, to }) => [addScalars(rk.rk1, minus(one)), addScalars(multiplyScalars(rk.rk1, from), minus(to))]),
      grants.map(({ rk }) => rk.rk3),
      grants.map(({ rk }) => rk.rk2),
    );
    const accomplice = keyOfPaper('accomplice');
    const rk1 = randomScalar(random);
    const coefficients = [addScalars(rk1, minus(one)), addScalars(multiplyScalars(rk1, victim), minus(accomplice.identity))];
    const forged: PaperReEncryptionKey = { rk1, rk2: combineG2(engine, g2, coefficients), rk3: combineG1(engine, g1, coefficients) };
    expect(opens(accomplice, paperReEncrypt(engine, forged, ciphertext))).toBe(true);
  });

  test('against ours: whole re-encryption keys, even with their masks, serve no third identity', () => {
    const grants = [
      reKey(other, net.keyOf(other.sourceContext.ownerIdentity), 1n),
      reKey(third, net.keyOf(third.sourceContext.ownerIdentity), 2n),
    ];
    const coefficients = weights(scalarOf(2), scalarOf(3), scalarOf(1));
    const forged = {
      k1: combineG2(
        engine,
        grants.map(({ k1 }) => k1),
        coefficients,
      ),
      k2: combineG2(
        engine,
        grants.map(({ k2 }) => k2),
        coefficients,
      ),
    };
    expect(
      serves(
        forged,
        combineG2(
          engine,
          grants.map(({ mask }) => mask),
          coefficients,
        ),
      ),
    ).toBe(false);
    for (const grant of grants) expect(serves(grant, grant.mask)).toBe(false);
    const honest = reKey(target, net.keyOf(target.sourceContext.ownerIdentity), 3n);
    expect(serves(honest, honest.mask)).toBe(true);
  });
});

describe('4. two grants of one source give a grant to a third receiver', () => {
  test('against the paper', () => {
    const owner = paperKeyGen(engine, secret, victim, random);
    const [first, second] = [identityScalar('consumer 1'), identityScalar('consumer 2')];
    const grants = [paperReKeyGen(engine, owner, first, random), paperReKeyGen(engine, owner, second, random)];
    const accomplice = keyOfPaper('accomplice');
    const coefficients = weights(first, second, accomplice.identity);
    const forged: PaperReEncryptionKey = {
      rk1: grants.map(({ rk1 }, at) => multiplyScalars(rk1, cell(coefficients, at))).reduce(addScalars),
      rk2: combineG2(
        engine,
        grants.map(({ rk2 }) => rk2),
        coefficients,
      ),
      rk3: combineG1(
        engine,
        grants.map(({ rk3 }) => rk3),
        coefficients,
      ),
    };
    expect(opens(accomplice, paperReEncrypt(engine, forged, ciphertext))).toBe(true);
  });

  test('against ours: a mixture of K2 and R opens for no third receiver', () => {
    const ownerKey = net.keyOf(target.sourceContext.ownerIdentity);
    const grants = [reKey(target, ownerKey, 1n), reKey(target, ownerKey, 2n)];
    const accomplice = net.keyOf(receivingIdentityOf(3n));
    const coefficients = weights(
      identityScalar(receivingIdentityOf(1n)),
      identityScalar(receivingIdentityOf(2n)),
      identityScalar(receivingIdentityOf(3n)),
    );
    const mixedHeader: Header = {
      c1: grants.map(({ receiverHeader }, at) => engine.powerGt(receiverHeader.c1, cell(coefficients, at))).reduce(engine.multiplyGt),
      c2: combineG1(
        engine,
        grants.map(({ receiverHeader }) => receiverHeader.c2),
        coefficients,
      ),
      c4: combineG1(
        engine,
        grants.map(({ receiverHeader }) => receiverHeader.c4),
        coefficients,
      ),
    };
    const context = contextOf(target, 3n);
    for (const header of [mixedHeader, ...grants.map(({ receiverHeader }) => receiverHeader)]) {
      expect(decapsulateElement(engine, parameters, context.receiverIdentity, accomplice, header, encodeGrantContext(context))).toBeNull();
    }
    const mixedKey = {
      k1: cell(grants, 0).k1,
      k2: combineG2(
        engine,
        grants.map(({ k2 }) => k2),
        coefficients,
      ),
    };
    const guess = maskOf(engine, decapsulationOf(engine, accomplice, mixedHeader), encodeGrantContext(context));
    expect(serves(mixedKey, guess)).toBe(false);
  });
});

describe('5. a grant u to d and one d to e give one u to e', () => {
  test('against the paper', () => {
    const owner = paperKeyGen(engine, secret, victim, random);
    const [middle, last] = [keyOfPaper('middle'), keyOfPaper('last')];
    const [first, second] = [paperReKeyGen(engine, owner, middle.identity, random), paperReKeyGen(engine, middle, last.identity, random)];
    // (x_d + rho_1) / x_u times (x_e + rho_2) / x_d, whose masks add up to rho_2 + rho_1 rk1'.
    const composed: PaperReEncryptionKey = {
      rk1: multiplyScalars(first.rk1, second.rk1),
      rk2: combineG2(engine, [second.rk2, first.rk2], [one, second.rk1]),
      rk3: combineG1(engine, [second.rk3, first.rk3], [one, second.rk1]),
    };
    expect(opens(last, paperReEncrypt(engine, composed, ciphertext))).toBe(true);
  });

  test('against ours: what is received is not granted on, and the keys do not compose', () => {
    const received = contextOf(target, 1n);
    expect(() => encodeGrantContext({ ...contextOf(target, 2n), ownerIdentity: received.receiverIdentity })).toThrow(
      'name its dataset and its offer',
    );
    const first = reKey(target, net.keyOf(target.sourceContext.ownerIdentity), 1n);
    const second = reKey(other, net.keyOf(other.sourceContext.ownerIdentity), 2n);
    for (const k1 of [first.k1, second.k1, engine.addG2(first.k1, second.k1)]) {
      expect(serves({ k1, k2: engine.addG2(first.k2, second.k2) }, second.mask)).toBe(false);
    }
  });
});
