/**
 * Hashes into BN254's scalar field: SHA-256 for names and keyed values (docs/formats.md, "Notation"), and the port through which the
 * commitment reaches a Poseidon. Every result is below 2^248 or below the field's order, so it is always a canonical field element.
 */
import { hmac } from '@noble/hashes/hmac.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { concatBytes, fromBigEndian } from '../base/bytes.ts';
import { Encoder } from '../base/codec.ts';

/** circomlib's Poseidon over BN254, with as many inputs as are given (1 to 16). */
export interface FieldHash {
  /** Field elements to one field element. An input outside the field is a programmer's error. */
  hash(inputs: readonly bigint[]): bigint;
}

const FIELD_HASH_BYTES = 31;

/** `fieldHash(tag, encoding)` of docs/formats.md: 248 bits of SHA-256 as an integer. */
export function fieldHash(tag: string, encoding: Uint8Array): bigint {
  return fromBigEndian(taggedDigest(tag, encoding).subarray(0, FIELD_HASH_BYTES));
}

/** SHA-256 over the tag, length first, and the encoding. */
export function taggedDigest(tag: string, encoding: Uint8Array): Uint8Array {
  return sha256(concatBytes(new Encoder().text(tag).finish(), encoding));
}

/** `prf(seed, tag, encoding)` of docs/formats.md: 248 bits of HMAC-SHA-256 as an integer. */
export function prf(seed: Uint8Array, tag: string, encoding: Uint8Array): bigint {
  return fromBigEndian(hmac(sha256, seed, concatBytes(new Encoder().text(tag).finish(), encoding)).subarray(0, FIELD_HASH_BYTES));
}
