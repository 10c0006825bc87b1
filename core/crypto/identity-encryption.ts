/**
 * Identity-based encryption: Setup, KeyGen, Encapsulate, Decapsulate (paper sections 6.2, 6.4 and 6.9,
 * repaired as docs/paper-scheme.md says).
 *
 * Invariant: a header opens only if encapsulating what came out, for the same identity and context,
 * gives exactly this header again; a tampered header is a refusal, never garbage.
 */
import { equalBytes } from '../base/bytes.ts';
import type { Random } from '../base/ports.ts';
import { encodeSourceContext, type SourceContext } from './context.ts';
import type { GtElement, PairingEngine } from './pairing-engine.ts';
import { randomScalar } from './scalar.ts';
import {
  decapsulationOf,
  encapsulationOf,
  type Header,
  type IdentityKey,
  identityKeyFits,
  identityKeyOf,
  identityPoint,
  type MasterSecret,
  type PublicParameters,
  publicParametersOf,
} from './scheme-algebra.ts';
import { encodeHeader } from './scheme-encodings.ts';
import { identityScalar, keyOf, randomnessOf } from './scheme-hashes.ts';

/** Setup: the PKG's master secret and the parameters that it publishes. */
export function setUp(engine: PairingEngine, random: Random): { masterSecret: MasterSecret; publicParameters: PublicParameters } {
  const masterSecret = { a: randomScalar(random), b: randomScalar(random), c: randomScalar(random) };
  return { masterSecret, publicParameters: publicParametersOf(engine, masterSecret) };
}

/** KeyGen: a key of `identity`, with a fresh t. Keys of one identity differ and open the same headers. */
export function generateIdentityKey(engine: PairingEngine, masterSecret: MasterSecret, identity: string, random: Random): IdentityKey {
  for (;;) {
    const key = identityKeyOf(engine, masterSecret, identityScalar(identity), randomScalar(random));
    if (key !== null) return key;
  }
}

/** Whether `key` is a key of `identity` under these parameters. Anyone who receives a key checks it. */
export function checkIdentityKey(engine: PairingEngine, parameters: PublicParameters, identity: string, key: IdentityKey): boolean {
  return identityKeyFits(engine, parameters, identityPoint(engine, parameters, identityScalar(identity)), key);
}

/** A uniform element of GT other than the identity. */
export function randomElement(engine: PairingEngine, random: Random): GtElement {
  return engine.powerGt(engine.gt, randomScalar(random));
}

/** Encapsulates the element `m` for `identity`; `context` is encoded. Determined by its arguments: r = H4(m, context). */
export function encapsulateElement(
  engine: PairingEngine,
  parameters: PublicParameters,
  identity: string,
  m: GtElement,
  context: Uint8Array,
): Header {
  const point = identityPoint(engine, parameters, identityScalar(identity));
  return encapsulationOf(engine, parameters, point, m, randomnessOf(engine, m, context));
}

/** Whether `header` is the encapsulation of `m` for this identity and context, C1 included. */
export function isEncapsulationOf(
  engine: PairingEngine,
  parameters: PublicParameters,
  identity: string,
  m: GtElement,
  context: Uint8Array,
  header: Header,
): boolean {
  const expected = encapsulateElement(engine, parameters, identity, m, context);
  return equalBytes(encodeHeader(engine, expected), encodeHeader(engine, header));
}

/** The element in `header`, or null if it is not an encapsulation for this identity and context that this key opens. */
export function decapsulateElement(
  engine: PairingEngine,
  parameters: PublicParameters,
  identity: string,
  key: IdentityKey,
  header: Header,
  context: Uint8Array,
): GtElement | null {
  const m = decapsulationOf(engine, key, header);
  return isEncapsulationOf(engine, parameters, identity, m, context, header) ? m : null;
}

/** Encapsulate: a fresh data-encryption key of 32 bytes for the dataset of `context`, and its header. Needs no secret and no network. */
export function encapsulate(
  engine: PairingEngine,
  parameters: PublicParameters,
  context: SourceContext,
  random: Random,
): { header: Header; key: Uint8Array } {
  const m = randomElement(engine, random);
  const encoded = encodeSourceContext(context);
  const header = encapsulateElement(engine, parameters, context.ownerIdentity, m, encoded);
  return { header, key: keyOf(engine, m, encoded) };
}

/** Decapsulate: the data-encryption key with the dataset's own identity key, or null if the header does not open. */
export function decapsulate(
  engine: PairingEngine,
  parameters: PublicParameters,
  identityKey: IdentityKey,
  header: Header,
  context: SourceContext,
): Uint8Array | null {
  const encoded = encodeSourceContext(context);
  const m = decapsulateElement(engine, parameters, context.ownerIdentity, identityKey, header, encoded);
  return m === null ? null : keyOf(engine, m, encoded);
}
