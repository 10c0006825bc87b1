/** AES-256-GCM of node:crypto behind the {@link Aead} port. */
import { createCipheriv, createDecipheriv, createSecretKey } from 'node:crypto';
import { assert } from '../base/assert.ts';
import { type Aead, type AeadKey, aeadKeyBytes, aeadTagBytes } from '../crypto/aead.ts';

const algorithm = 'aes-256-gcm';
const options = { authTagLength: aeadTagBytes };

/**
 * Copies what a cipher put out and frees it at once. Left to the garbage collector, every chunk would
 * take fresh pages from the kernel, which costs five times the encryption itself.
 */
function moveInto(target: Uint8Array, output: Buffer<ArrayBuffer>): void {
  target.set(output);
  if (output.length === output.buffer.byteLength) output.buffer.transfer(0); // a small output may live in Node's shared pool
}

export const nodeAead: Aead = {
  key(bytes: Uint8Array): AeadKey {
    assert(bytes.length === aeadKeyBytes, 'an AES-256 key has 32 bytes');
    const key = createSecretKey(bytes);
    return {
      sealInto(sealed, nonce, associatedData, plaintext) {
        assert(sealed.length === plaintext.length + aeadTagBytes, 'the sealed bytes are the plaintext and a tag');
        const cipher = createCipheriv(algorithm, key, nonce, options);
        cipher.setAAD(associatedData);
        moveInto(sealed, cipher.update(plaintext));
        cipher.final();
        sealed.set(cipher.getAuthTag(), plaintext.length);
      },
      openInto(plaintext, nonce, associatedData, sealed) {
        assert(sealed.length === plaintext.length + aeadTagBytes, 'the sealed bytes are the plaintext and a tag');
        const decipher = createDecipheriv(algorithm, key, nonce, options);
        decipher.setAAD(associatedData);
        decipher.setAuthTag(sealed.subarray(plaintext.length));
        const opened = decipher.update(sealed.subarray(0, plaintext.length));
        try {
          decipher.final();
        } catch {
          return false; // final throws for exactly one reason: the tag does not fit
        }
        moveInto(plaintext, opened);
        return true;
      },
    };
  },
};
