/**
 * Authenticated encryption as the pure code asks for it: AES-256-GCM (NIST SP 800-38D) with 96-bit
 * nonces and 128-bit tags. `core/adapters/node-aead.ts` implements it on node:crypto.
 *
 * Invariant of every caller: one (key, nonce) pair seals at most once. Here each key is derived for
 * one file or one document, so the nonces need no randomness.
 */

export const aeadKeyBytes = 32;
export const aeadNonceBytes = 12;
export const aeadTagBytes = 16;

/** A key that is ready for use. The output arrays are given, so that a file of any size needs a fixed amount of memory. */
export interface AeadKey {
  /** Encrypts into `sealed`, which is {@link aeadTagBytes} longer than `plaintext` and ends with the tag. */
  sealInto(sealed: Uint8Array, nonce: Uint8Array, associatedData: Uint8Array, plaintext: Uint8Array): void;
  /**
   * Decrypts into `plaintext`, which is {@link aeadTagBytes} shorter than `sealed`. When the tag does
   * not fit the answer is false and `plaintext` holds zeros: nothing unauthenticated gets out.
   */
  openInto(plaintext: Uint8Array, nonce: Uint8Array, associatedData: Uint8Array, sealed: Uint8Array): boolean;
}

/** Makes keys of {@link aeadKeyBytes} bytes ready. */
export interface Aead {
  key(bytes: Uint8Array): AeadKey;
}
