/**
 * The equations of the scheme, without hashes and without randomness: every function is determined by
 * its arguments, so that test/vectors can drive each one. Identity-based encryption is Boneh and
 * Boyen's BB1 (EUROCRYPT 2004), the re-encryption key is masked as in Green and Ateniese (ACNS 2007);
 * both mend sections 6.2 to 6.9 of Feng et al. (docs/paper-scheme.md says why).
 *
 * Symbols of the paper, as in docs/paper-scheme.md: a, b, c the master secret; Pa = g^a, Pb = g^b,
 * Zc = e(g,h)^c the public parameters; A1, A2 a key; C1, C2, C4 a header; K1, K2, R a re-encryption
 * key; W_i = e(g, K2_i) the public side of share K2_i. Groups are written multiplicatively in comments.
 */
import type { G1Element, G2Element, GtElement, PairingEngine } from './pairing-engine.ts';
import { addScalars, divideScalars, evaluatePolynomial, lagrangeCoefficient, multiplyScalars, type Scalar, toScalar } from './scalar.ts';

/** MSK. Whoever holds it opens everything. */
export interface MasterSecret {
  readonly a: Scalar;
  readonly b: Scalar;
  readonly c: Scalar;
}

/** PK. h^a, h^b, h^c and g^c are never published: any of them opens headers. */
export interface PublicParameters {
  readonly pa: G1Element;
  readonly pb: G1Element;
  readonly zc: GtElement;
}

/** The key of one identity. */
export interface IdentityKey {
  readonly a1: G2Element;
  readonly a2: G2Element;
}

/** An encapsulation of an element m of GT for one identity. */
export interface Header {
  readonly c1: GtElement;
  readonly c2: G1Element;
  readonly c4: G1Element;
}

/** A proxy's part of e(C2, K2), and the proof that it comes from the share behind W. */
export interface Fragment {
  /** Which proxy of the grant, from 1. */
  readonly index: number;
  /** F_i = e(C2, K2_i). */
  readonly f: GtElement;
  /** e(g, Y). */
  readonly t1: GtElement;
  /** e(C2, Y). */
  readonly t2: GtElement;
  /** Y * K2_i^ch. */
  readonly s: G2Element;
}

/** A value of GT at one point of the polynomial that shares K2. */
export interface SharedValue {
  readonly index: number;
  readonly value: GtElement;
}

/** Pa = g^a, Pb = g^b, Zc = e(g,h)^c. */
export function publicParametersOf(engine: PairingEngine, secret: MasterSecret): PublicParameters {
  return {
    pa: engine.multiplyG1(engine.g1, secret.a),
    pb: engine.multiplyG1(engine.g1, secret.b),
    zc: engine.powerGt(engine.gt, secret.c),
  };
}

/** F(ID) = Pa * Pb^I = g^(a + b*I). */
export function identityPoint(engine: PairingEngine, parameters: PublicParameters, identity: Scalar): G1Element {
  return engine.addG1(parameters.pa, engine.multiplyG1(parameters.pb, identity));
}

/** A1 = h^((c+t)/(a+b*I)), A2 = h^t; null when that makes A1 the identity or does not exist, and t must be drawn again. */
export function identityKeyOf(engine: PairingEngine, secret: MasterSecret, identity: Scalar, t: Scalar): IdentityKey | null {
  const numerator = addScalars(secret.c, t);
  const denominator = addScalars(secret.a, multiplyScalars(secret.b, identity));
  if (numerator === 0n || t === 0n) return null;
  return { a1: engine.multiplyG2(engine.g2, divideScalars(numerator, denominator)), a2: engine.multiplyG2(engine.g2, t) };
}

/** e(F(ID), A1) = Zc * e(g, A2), which holds for the keys of that identity only. */
export function identityKeyFits(engine: PairingEngine, parameters: PublicParameters, point: G1Element, key: IdentityKey): boolean {
  return engine.equalGt(engine.pairingProduct([point, key.a1], [engine.negateG1(engine.g1), key.a2]), parameters.zc);
}

/** C1 = m * Zc^r, C2 = g^r, C4 = F(ID)^r. */
export function encapsulationOf(engine: PairingEngine, parameters: PublicParameters, point: G1Element, m: GtElement, r: Scalar): Header {
  return {
    c1: engine.multiplyGt(m, engine.powerGt(parameters.zc, r)),
    c2: engine.multiplyG1(engine.g1, r),
    c4: engine.multiplyG1(point, r),
  };
}

/** m = C1 * e(C2, A2) / e(C4, A1). */
export function decapsulationOf(engine: PairingEngine, key: IdentityKey, header: Header): GtElement {
  return engine.multiplyGt(header.c1, engine.pairingProduct([header.c2, key.a2], [engine.negateG1(header.c4), key.a1]));
}

/**
 * K2_i = K2 * h^f(i) for i = 1..count, where f(0) = 0 and `coefficients` are those of x, x^2, ...:
 * any coefficients.length + 1 shares determine K2.
 */
export function sharesOf(engine: PairingEngine, k2: G2Element, coefficients: readonly Scalar[], count: number): G2Element[] {
  const polynomial = [toScalar(0n), ...coefficients];
  return Array.from({ length: count }, (_, position) =>
    engine.addG2(k2, engine.multiplyG2(engine.g2, evaluatePolynomial(polynomial, position + 1))),
  );
}

/** W_i = e(g, K2_i). */
export function commitmentOf(engine: PairingEngine, share: G2Element): GtElement {
  return engine.pairingProduct([engine.g1, share]);
}

/** F_i = e(C2, K2_i) and the first message of its proof for Y = h^y; `respond` completes it with the challenge. */
export function fragmentOf(
  engine: PairingEngine,
  c2: G1Element,
  share: G2Element,
  y: Scalar,
): Pick<Fragment, 'f' | 't1' | 't2'> & { respond(challenge: Scalar): G2Element } {
  return {
    f: engine.pairingProduct([c2, share]),
    t1: engine.powerGt(engine.gt, y),
    t2: engine.pairingProduct([engine.multiplyG1(c2, y), engine.g2]),
    respond: (challenge) => engine.addG2(engine.multiplyG2(engine.g2, y), engine.multiplyG2(share, challenge)),
  };
}

/** e(g, S) = t1 * W_i^ch and e(C2, S) = t2 * F_i^ch. Every element has order p: a factor of small order would pass. */
export function fragmentFits(engine: PairingEngine, c2: G1Element, commitment: GtElement, fragment: Fragment, challenge: Scalar): boolean {
  const holds = (point: G1Element, first: GtElement, image: GtElement) =>
    engine.equalGt(engine.pairingProduct([point, fragment.s]), engine.multiplyGt(first, engine.powerGt(image, challenge)));
  return holds(engine.g1, fragment.t1, commitment) && holds(c2, fragment.t2, fragment.f);
}

/** The value at `x` of the polynomial in the exponent through the given points. */
export function interpolate(engine: PairingEngine, points: readonly [SharedValue, ...SharedValue[]], x: number): GtElement {
  const indices = points.map((point) => point.index);
  return points
    .map(({ index, value }) => engine.powerGt(value, lagrangeCoefficient(index, indices, x)))
    .reduce((product, factor) => engine.multiplyGt(product, factor));
}

/** T = C1 * e(C2, K2) / e(C4, K1), given e(C2, K2). */
export function transformationOf(engine: PairingEngine, header: Header, k1: G2Element, masked: GtElement): GtElement {
  return engine.divideGt(engine.multiplyGt(header.c1, masked), engine.pairingProduct([header.c4, k1]));
}

/** m = T / e(C2, mask). */
export function unmaskingOf(engine: PairingEngine, transformation: GtElement, c2: G1Element, mask: G2Element): GtElement {
  return engine.divideGt(transformation, engine.pairingProduct([c2, mask]));
}

/** e(F(ID_u), K1) * e(g, mask) = Zc * e(g, K2), given e(g, K2). */
export function reEncryptionKeyFits(
  engine: PairingEngine,
  parameters: PublicParameters,
  ownerPoint: G1Element,
  k1: G2Element,
  mask: G2Element,
  commitment: GtElement,
): boolean {
  return engine.equalGt(engine.pairingProduct([ownerPoint, k1], [engine.g1, mask]), engine.multiplyGt(parameters.zc, commitment));
}
