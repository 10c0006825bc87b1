/**
 * Request signatures: Ed25519 (RFC 8032), by which a pseudonym signs what it asks of the PKG and the
 * proxies. Verification is strict: canonical encodings, no key or nonce of small order, so that a
 * signature names one key and one message.
 */
import { ed25519 } from '@noble/curves/ed25519.js';
import { assert } from '../base/assert.ts';

export const requestPublicKeyBytes = 32;
export const requestSignatureBytes = 64;

/** A request key. `privateKey` is the 32-byte seed of RFC 8032. */
export interface RequestKey {
  readonly privateKey: Uint8Array;
  readonly publicKey: Uint8Array;
}

/** The key whose RFC 8032 seed is `privateKey` (32 bytes). */
export function requestKeyFrom(privateKey: Uint8Array): RequestKey {
  assert(privateKey.length === 32, 'an Ed25519 private key has 32 bytes');
  return { privateKey, publicKey: ed25519.getPublicKey(privateKey) };
}

/** The 64-byte Ed25519 signature of `message`. */
export function signWithRequestKey(key: RequestKey, message: Uint8Array): Uint8Array {
  return ed25519.sign(message, key.privateKey);
}

/** Whether `signature` is the strict Ed25519 signature of `message` under `publicKey`; false for anything malformed. */
export function verifyRequestSignature(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  if (publicKey.length !== requestPublicKeyBytes || signature.length !== requestSignatureBytes) return false;
  return ed25519.verify(signature, message, publicKey, { zip215: false });
}
