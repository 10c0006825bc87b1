/**
 * The construction of Feng et al., sections 6.2 to 6.9, with its misprints mended so that it runs. It has
 * no security (docs/paper-scheme.md): it is here to be attacked, and nothing of the product reaches it.
 *
 * The paper's one symmetric pairing is split into e : G1 x G2 -> GT, hence twins: A3 = g^t beside
 * A2 = h^t, E_i beside D_i, rk3 beside rk2. Identities are scalars already.
 */
import type { Random } from '../../core/base/ports.ts';
import type { G1Element, G2Element, GtElement, PairingEngine } from '../../core/crypto/pairing-engine.ts';
import { addScalars, divideScalars, multiplyScalars, randomScalar, type Scalar } from '../../core/crypto/scalar.ts';
import type { MasterSecret } from '../../core/crypto/scheme-algebra.ts';

/** The part of a key that decrypts. A1 is a scalar that its holder knows: that is the fault. */
export interface DecryptionKey {
  readonly a1: Scalar;
  readonly a2: G2Element;
  readonly a3: G1Element;
}

export interface FullKey extends DecryptionKey {
  readonly identity: Scalar;
  readonly b1: Scalar;
  readonly b2: Scalar;
  readonly b3: Scalar;
  readonly d: readonly [G2Element, G2Element, G2Element];
  readonly e: readonly [G1Element, G1Element, G1Element];
}

export interface Ciphertext {
  readonly c1: GtElement;
  readonly c2: G1Element;
  readonly c3: G2Element;
  readonly c4: GtElement;
}

export interface PaperReEncryptionKey {
  readonly rk1: Scalar;
  readonly rk2: G2Element;
  readonly rk3: G1Element;
}

/** Product of points[i]^coefficients[i]. */
export function combineG1(engine: PairingEngine, points: readonly G1Element[], coefficients: readonly Scalar[]): G1Element {
  return points.map((point, at) => engine.multiplyG1(point, coefficients[at] as Scalar)).reduce((sum, term) => engine.addG1(sum, term));
}

/** Product of points[i]^coefficients[i]. */
export function combineG2(engine: PairingEngine, points: readonly G2Element[], coefficients: readonly Scalar[]): G2Element {
  return points.map((point, at) => engine.multiplyG2(point, coefficients[at] as Scalar)).reduce((sum, term) => engine.addG2(sum, term));
}

/** a + b * I. */
const exponentOf = (secret: MasterSecret, identity: Scalar) => addScalars(secret.a, multiplyScalars(secret.b, identity));

/** Equation 1, with y where B2 prints x. */
export function paperKeyGen(engine: PairingEngine, secret: MasterSecret, identity: Scalar, random: Random): FullKey {
  const [t, x, y, z] = [randomScalar(random), randomScalar(random), randomScalar(random), randomScalar(random)];
  const over = (numerator: Scalar) => divideScalars(numerator, exponentOf(secret, identity));
  const inG1 = (scalar: Scalar) => engine.multiplyG1(engine.g1, scalar);
  const inG2 = (scalar: Scalar) => engine.multiplyG2(engine.g2, scalar);
  return {
    identity,
    a1: over(addScalars(secret.c, t)),
    a2: inG2(t),
    a3: inG1(t),
    b1: over(addScalars(secret.a, x)),
    b2: over(addScalars(secret.b, y)),
    b3: over(z),
    d: [inG2(x), inG2(y), inG2(z)],
    e: [inG1(x), inG1(y), inG1(z)],
  };
}

/** Equation 2, its last component named C4. */
export function paperEncrypt(engine: PairingEngine, secret: MasterSecret, identity: Scalar, m: GtElement, random: Random): Ciphertext {
  const [r, s] = [randomScalar(random), randomScalar(random)];
  const both = addScalars(r, s);
  return {
    c1: engine.multiplyGt(m, engine.powerGt(engine.gt, multiplyScalars(secret.c, both))),
    c2: engine.multiplyG1(engine.g1, r),
    c3: engine.multiplyG2(engine.g2, s),
    c4: engine.powerGt(engine.gt, multiplyScalars(exponentOf(secret, identity), both)),
  };
}

/** Equation 10, with the missing e(A3, C3). */
export function paperDecrypt(engine: PairingEngine, key: DecryptionKey, ciphertext: Ciphertext): GtElement {
  const opened = engine.pairingProduct([ciphertext.c2, key.a2], [key.a3, ciphertext.c3]);
  return engine.divideGt(engine.multiplyGt(ciphertext.c1, opened), engine.powerGt(ciphertext.c4, key.a1));
}

/** Equation 8, with the receiver's identity, and rk3 for the term of C3 that rk2 leaves. */
export function paperReKeyGen(engine: PairingEngine, key: FullKey, receiver: Scalar, random: Random): PaperReEncryptionKey {
  const [k1, k2] = [randomScalar(random), randomScalar(random)];
  const coefficients = [1n as Scalar, receiver, addScalars(k1, multiplyScalars(k2, receiver))];
  const left = addScalars(multiplyScalars(k1, key.b3), key.b1);
  const right = addScalars(multiplyScalars(k2, key.b3), key.b2);
  return {
    rk1: addScalars(left, multiplyScalars(right, receiver)),
    rk2: combineG2(engine, key.d, coefficients),
    rk3: combineG1(engine, key.e, coefficients),
  };
}

/** Equation 9, for a ciphertext that has both g^r and h^s. */
export function paperReEncrypt(engine: PairingEngine, rk: PaperReEncryptionKey, ciphertext: Ciphertext): Ciphertext {
  const masks = engine.pairingProduct([ciphertext.c2, rk.rk2], [rk.rk3, ciphertext.c3]);
  return { ...ciphertext, c4: engine.divideGt(engine.powerGt(ciphertext.c4, rk.rk1), masks) };
}
