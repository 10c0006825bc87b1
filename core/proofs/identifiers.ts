/**
 * The keccak256 values that bind a proof to its place (docs/formats.md, "Requirement and statements"): the same words that the contracts
 * hash with abi.encode. Invariant: every binding is a field element.
 */
import { keccak_256 } from '@noble/hashes/sha3.js';
import { assert } from '../base/assert.ts';
import { concatBytes, fromBigEndian, fromHex, type Hex, toBigEndian, toHex, utf8 } from '../base/bytes.ts';
import { FIELD_ORDER } from '../dataset/constants.ts';

/** The place of an offer that its proofs are bound to. */
export interface OfferPlace {
  readonly chainId: bigint;
  /** Address of the market. */
  readonly market: Hex;
  readonly offerId: bigint;
  readonly requestId: Hex;
  readonly datasetId: Hex;
  readonly datasetRoot: bigint;
  readonly owner: Hex;
  /** Name of the template. */
  readonly template: string;
  /** Unix seconds: the offer's own deadline. */
  readonly deadline: bigint;
}

/** The place of a requirement that pi' is bound to. */
export interface RequirementPlace {
  readonly chainId: bigint;
  readonly market: Hex;
  readonly requestId: Hex;
  readonly publisher: Hex;
  /** Unix seconds. */
  readonly deadline: bigint;
}

/** The public signal `binding` of segment and aggregate proofs. */
export function offerBinding(place: OfferPlace): bigint {
  const { chainId, market, offerId, requestId, datasetId, datasetRoot, owner, template, deadline } = place;
  return (
    hashWords(
      chainId,
      word(market),
      offerId,
      word(requestId),
      word(datasetId),
      datasetRoot,
      word(owner),
      word(templateId(template)),
      deadline,
    ) % FIELD_ORDER
  );
}

/** The public signal `binding` of pi'. */
export function requirementBinding(place: RequirementPlace): bigint {
  return hashWords(place.chainId, word(place.market), word(place.requestId), word(place.publisher), place.deadline) % FIELD_ORDER;
}

/** `requestId` of a requirement published with this salt of 32 bytes. */
export function requestIdOf(publisher: Hex, salt: Hex): Hex {
  return toHex(toBigEndian(hashWords(word(publisher), word(salt)), 32));
}

/** `offerId` of an offer made with this salt of 32 bytes. */
export function offerIdOf(requestId: Hex, datasetId: Hex, owner: Hex, salt: Hex): bigint {
  return hashWords(word(requestId), word(datasetId), word(owner), word(salt));
}

/** `datasetId` of a dataset that this owner records with this salt of 32 bytes: 31 bytes after a zero byte, hence a field element. */
export function datasetIdOf(owner: Hex, salt: Hex): Hex {
  return toHex(toBigEndian(hashWords(word(owner), word(salt)) >> 8n, 32));
}

/** keccak256 of a template's name. */
export function templateId(template: string): Hex {
  return toHex(keccak_256(utf8(template)));
}

/** keccak256 of a circuit's name, by which the verifier lists its key. */
export function circuitId(circuit: string): Hex {
  return toHex(keccak_256(utf8(circuit)));
}

/** The point at which the contract's partials and the opened ones are compared; fixed only after `partialsDigest`. */
export function partialsChallenge(binding: bigint, partialsDigest: bigint, partials: readonly bigint[]): bigint {
  const count = BigInt(partials.length);
  const offset = 4n * 32n;
  return hashWords(binding, count, partialsDigest, offset, count, ...partials) % FIELD_ORDER;
}

/** The partials as a polynomial's coefficients, lowest first, at the challenge. */
export function evaluatePartials(partials: readonly bigint[], challenge: bigint): bigint {
  return partials.reduceRight((sum, partial) => (sum * challenge + partial) % FIELD_ORDER, 0n);
}

function hashWords(...words: readonly bigint[]): bigint {
  return fromBigEndian(keccak_256(concatBytes(...words.map((value) => toBigEndian(value, 32)))));
}

/** An address or 32 bytes as a word. */
function word(hex: Hex): bigint {
  const bytes = fromHex(hex);
  assert(bytes.length === 20 || bytes.length === 32, 'a word is an address or 32 bytes');
  return fromBigEndian(bytes);
}
