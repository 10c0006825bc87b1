/**
 * Proxy re-encryption with a threshold: ReKeyGen, shares, fragments with proofs, ReEncrypt and Open
 * (paper sections 6.8 and 6.9, repaired as docs/paper-scheme.md says). One proxy is t = n = 1.
 *
 * Invariant: what is opened re-encapsulates to the header whose hash the chain recorded; otherwise the
 * verdict names who is at fault. One identity has exactly one header: old shares would open a new one.
 */
import { assert } from '../base/assert.ts';
import { type Hex, toHex } from '../base/bytes.ts';
import type { Random } from '../base/ports.ts';
import { encodeGrantContext, encodeSourceContext, type GrantContext, type SourceContext } from './context.ts';
import { checkIdentityKey, decapsulateElement, encapsulateElement, isEncapsulationOf, randomElement } from './identity-encryption.ts';
import type { G2Element, GtElement, PairingEngine } from './pairing-engine.ts';
import { randomScalar } from './scalar.ts';
import {
  commitmentOf,
  type Fragment,
  fragmentFits,
  fragmentOf,
  type Header,
  type IdentityKey,
  identityPoint,
  interpolate,
  type PublicParameters,
  reEncryptionKeyFits,
  type SharedValue,
  sharesOf,
  transformationOf,
  unmaskingOf,
} from './scheme-algebra.ts';
import { type Grant, isThresholdGroup, type ProxyShare } from './scheme-encodings.ts';
import { challengeOf, grantHash, headerHash, identityScalar, keyOf, maskOf } from './scheme-hashes.ts';

/** rk = (K1, K2, R). Secret: with the receiver's key it opens the owner's identity. */
export interface ReEncryptionKey {
  readonly k1: G2Element;
  readonly k2: G2Element;
  readonly receiverHeader: Header;
}

/** ReKeyGen: the owner makes it alone, from its dataset's identity key, for the receiver and offer of `context`. */
export function generateReEncryptionKey(
  engine: PairingEngine,
  parameters: PublicParameters,
  ownerKey: IdentityKey,
  context: GrantContext,
  random: Random,
): ReEncryptionKey {
  const x = randomElement(engine, random);
  const encoded = encodeGrantContext(context);
  return {
    k1: ownerKey.a1,
    k2: engine.addG2(ownerKey.a2, maskOf(engine, x, encoded)),
    receiverHeader: encapsulateElement(engine, parameters, context.receiverIdentity, x, encoded),
  };
}

/**
 * Splits a re-encryption key so that any `threshold` of the proxies can serve and fewer cannot.
 * `proxies` are their Ed25519 keys (distinct, at most 32); share i is for `proxies[i - 1]` and its eyes only.
 */
export function shareReEncryptionKey(
  engine: PairingEngine,
  key: ReEncryptionKey,
  threshold: number,
  proxies: readonly Uint8Array[],
  random: Random,
): { grant: Grant; shares: readonly ProxyShare[] } {
  assert(isThresholdGroup(threshold, proxies), 'a grant has t of n distinct proxies');
  const coefficients = Array.from({ length: threshold - 1 }, () => randomScalar(random));
  const points = sharesOf(engine, key.k2, coefficients, proxies.length);
  return {
    grant: {
      threshold,
      proxies,
      k1: key.k1,
      commitments: points.map((share) => commitmentOf(engine, share)),
      receiverHeader: key.receiverHeader,
    },
    shares: points.map((share, position) => ({ index: position + 1, share })),
  };
}

function firstPoints(grant: Grant): [SharedValue, ...SharedValue[]] {
  const points = grant.commitments.slice(0, grant.threshold).map((value, position) => ({ index: position + 1, value }));
  assert(points[0] !== undefined, 'a grant has at least one commitment');
  return points as [SharedValue, ...SharedValue[]];
}

/**
 * Whether W_1..W_n lie on one polynomial of degree below t. Otherwise some sets of fragments open and
 * others do not, and the blame would fall wrong: proxies refuse to keep, and receivers to open, such a grant.
 */
export function commitmentsAgree(engine: PairingEngine, grant: Grant): boolean {
  const points = firstPoints(grant);
  return grant.commitments
    .slice(grant.threshold)
    .every((commitment, position) => engine.equalGt(commitment, interpolate(engine, points, grant.threshold + 1 + position)));
}

/** Whether `share` is the one behind the grant's commitment of that index. A proxy checks it before it keeps the share. */
export function checkProxyShare(engine: PairingEngine, grant: Grant, share: ProxyShare): boolean {
  const commitment = grant.commitments[share.index - 1];
  return commitment !== undefined && engine.equalGt(commitmentOf(engine, share.share), commitment);
}

/** A proxy's answer: its fragment of the header that `context` names, with the proof. The share has passed {@link checkProxyShare}. */
export function createFragment(
  engine: PairingEngine,
  parameters: PublicParameters,
  context: GrantContext,
  grant: Grant,
  share: ProxyShare,
  header: Header,
  random: Random,
): Fragment {
  const commitment = grant.commitments[share.index - 1];
  assert(commitment !== undefined, 'the share belongs to the grant');
  const { respond, ...claim } = fragmentOf(engine, header.c2, share.share, randomScalar(random));
  const statement = { index: share.index, ...claim };
  return { ...statement, s: respond(challengeOf(engine, parameters, context, commitment, statement)) };
}

/** Whether the proxy of `fragment.index` made it from its share, for this header and grant. If not, that proxy is at fault. */
export function verifyFragment(
  engine: PairingEngine,
  parameters: PublicParameters,
  context: GrantContext,
  grant: Grant,
  fragment: Fragment,
  header: Header,
): boolean {
  const commitment = grant.commitments[fragment.index - 1];
  if (commitment === undefined) return false;
  return fragmentFits(engine, header.c2, commitment, fragment, challengeOf(engine, parameters, context, commitment, fragment));
}

/** e(C2, K2) from exactly t verified fragments of distinct proxies. */
export function combineFragments(engine: PairingEngine, grant: Grant, fragments: readonly Fragment[]): GtElement {
  assert(fragments.length === grant.threshold, 'exactly t fragments are combined');
  const points = fragments.map(({ index, f }) => ({ index, value: f }));
  return interpolate(engine, points as [SharedValue, ...SharedValue[]], 0);
}

/** ReEncrypt: T = m * e(C2, H2(X, grantCtx)), from the combined fragments. */
export function reEncrypt(engine: PairingEngine, grant: Grant, header: Header, combined: GtElement): GtElement {
  return transformationOf(engine, header, grant.k1, combined);
}

/** Whether K1, K2 (by the grant's commitments) and X belong together and to the owner's identity. If not, the owner is at fault. */
export function checkReEncryptionKey(
  engine: PairingEngine,
  parameters: PublicParameters,
  context: GrantContext,
  grant: Grant,
  x: GtElement,
): boolean {
  const ownerPoint = identityPoint(engine, parameters, identityScalar(context.ownerIdentity));
  const mask = maskOf(engine, x, encodeGrantContext(context));
  return reEncryptionKeyFits(engine, parameters, ownerPoint, grant.k1, mask, interpolate(engine, firstPoints(grant), 0));
}

/** What a receiver, or an arbiter to whom it shows its key, has in hand. */
export interface Delivery {
  readonly sourceContext: SourceContext;
  readonly grantContext: GrantContext;
  /** The original header, as stored. */
  readonly header: Header;
  readonly grant: Grant;
  /** In any order, each with its proxy's signature already checked; at least t from distinct proxies have to prove. */
  readonly fragments: readonly Fragment[];
  /** What the chain says: the hashes and the t of n that the owner signed, and the identity of the offer's receiver. */
  readonly recorded: {
    readonly headerHash: Hex;
    readonly grantHash: Hex;
    readonly threshold: number;
    readonly proxies: number;
    readonly receiverIdentity: string;
  };
}

/** Why a delivery does not open, in the order in which it is tested. */
export type OpenFault =
  /** The key is not one of the receiving identity: the receiver's own fault. */
  | 'RECEIVING_KEY'
  /** Header and context do not hash to what is recorded: whoever supplied them. */
  | 'HEADER_NOT_RECORDED'
  /** The grant does not hash to what is recorded: whoever supplied it. */
  | 'GRANT_NOT_RECORDED'
  /** The recorded grant is of another header or identity, for another receiver, or of another t or n than its record says: the owner. */
  | 'GRANT_CONTEXT'
  /** Fewer than t distinct fragments prove: the proxies named, or nobody if too few were asked. */
  | 'FRAGMENTS'
  /** W_1..W_n lie on no polynomial of degree below t: the owner. */
  | 'COMMITMENTS'
  /** R does not open for the receiver: the owner. */
  | 'RECEIVER_HEADER'
  /** K1, K2 and X do not belong together: the owner. */
  | 'RE_ENCRYPTION_KEY'
  /** The recorded header is no encapsulation for the owner's identity and context: the owner. */
  | 'HEADER';

/** Who answers for a fault. */
export const faultParty = {
  RECEIVING_KEY: 'receiver',
  HEADER_NOT_RECORDED: 'supplier',
  GRANT_NOT_RECORDED: 'supplier',
  GRANT_CONTEXT: 'owner',
  FRAGMENTS: 'proxies',
  COMMITMENTS: 'owner',
  RECEIVER_HEADER: 'owner',
  RE_ENCRYPTION_KEY: 'owner',
  HEADER: 'owner',
} as const satisfies Record<OpenFault, 'receiver' | 'supplier' | 'proxies' | 'owner'>;

/** The outcome of {@link open}. `faultyProxies` are indices whose fragment fails its proof, ascending, also when others sufficed. */
export type OpenVerdict =
  | { readonly opened: true; readonly key: Uint8Array; readonly faultyProxies: readonly number[] }
  | {
      readonly opened: false;
      readonly fault: OpenFault;
      readonly party: (typeof faultParty)[OpenFault];
      readonly faultyProxies: readonly number[];
    };

/** Whether the grant has the t of n under which the owner recorded it. */
export function isOfRecordedSize({ threshold, proxies }: Grant, recorded: Pick<Delivery['recorded'], 'threshold' | 'proxies'>): boolean {
  return threshold === recorded.threshold && proxies.length === recorded.proxies;
}

/** Open: the data-encryption key (32 bytes) with the key of the receiving identity, or who is at fault. */
export function open(engine: PairingEngine, parameters: PublicParameters, receiverKey: IdentityKey, delivery: Delivery): OpenVerdict {
  const { sourceContext, grantContext, header, grant, recorded } = delivery;
  const faulty = new Set<number>();
  const faultyProxies = () => [...faulty].sort((left, right) => left - right);
  const refused = (fault: OpenFault): OpenVerdict => ({ opened: false, fault, party: faultParty[fault], faultyProxies: faultyProxies() });

  // Against the chain's word, not the grant's: whoever names another receiver in a grant must not make this key look wrong.
  if (!checkIdentityKey(engine, parameters, recorded.receiverIdentity, receiverKey)) return refused('RECEIVING_KEY');
  if (toHex(headerHash(engine, sourceContext, header)) !== recorded.headerHash) return refused('HEADER_NOT_RECORDED');
  if (toHex(grantHash(engine, grantContext, grant)) !== recorded.grantHash) return refused('GRANT_NOT_RECORDED');
  if (
    grantContext.headerHash !== recorded.headerHash ||
    grantContext.ownerIdentity !== sourceContext.ownerIdentity ||
    grantContext.receiverIdentity !== recorded.receiverIdentity ||
    !isOfRecordedSize(grant, recorded)
  )
    return refused('GRANT_CONTEXT');

  const proven = new Map<number, Fragment>();
  for (const fragment of delivery.fragments) {
    if (verifyFragment(engine, parameters, grantContext, grant, fragment, header)) proven.set(fragment.index, fragment);
    else if (fragment.index <= grant.proxies.length) faulty.add(fragment.index);
  }
  if (proven.size < grant.threshold) return refused('FRAGMENTS');
  if (!commitmentsAgree(engine, grant)) return refused('COMMITMENTS');

  const encodedGrant = encodeGrantContext(grantContext);
  const x = decapsulateElement(engine, parameters, grantContext.receiverIdentity, receiverKey, grant.receiverHeader, encodedGrant);
  if (x === null) return refused('RECEIVER_HEADER');
  if (!checkReEncryptionKey(engine, parameters, grantContext, grant, x)) return refused('RE_ENCRYPTION_KEY');

  const combined = combineFragments(engine, grant, [...proven.values()].slice(0, grant.threshold));
  const m = unmaskingOf(engine, reEncrypt(engine, grant, header, combined), header.c2, maskOf(engine, x, encodedGrant));
  const encodedSource = encodeSourceContext(sourceContext);
  if (!isEncapsulationOf(engine, parameters, sourceContext.ownerIdentity, m, encodedSource, header)) return refused('HEADER');
  return { opened: true, key: keyOf(engine, m, encodedSource), faultyProxies: faultyProxies() };
}
