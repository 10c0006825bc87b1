/** AES-256-GCM of node:crypto behind the {@link Aead} port. */
import { type CipherGCM, createCipheriv, createDecipheriv, createSecretKey, type DecipherGCM } from 'node:crypto';
import { assert } from '../base/assert.ts';
import { type Aead, type AeadKey, aeadKeyBytes, aeadTagBytes } from '../crypto/aead.ts';

const algorithm = 'aes-256-gcm';
const options = { authTagLength: aeadTagBytes };

/** Bytes given to a cipher at once: its output of that size is taken from memory that the process already has. */
const pieceBytes = 16 * 1024;

/**
 * Runs a cipher over `input` into `target`, freeing each piece of output at once. Left to the garbage
 * collector, or in pieces of a whole chunk, the output would take fresh pages from the kernel again and
 * again, which costs several times the encryption itself.
 */
function run(cipher: CipherGCM | DecipherGCM, input: Uint8Array, target: Uint8Array): void {
  for (let offset = 0; offset < input.length; offset += pieceBytes) {
    const output = cipher.update(input.subarray(offset, offset + pieceBytes));
    target.set(output, offset);
    if (output.length === output.buffer.byteLength) output.buffer.transfer(0); // a short one may lie in a pool that Node shares
  }
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
        run(cipher, plaintext, sealed);
        cipher.final();
        sealed.set(cipher.getAuthTag(), plaintext.length);
      },
      openInto(plaintext, nonce, associatedData, sealed) {
        assert(sealed.length === plaintext.length + aeadTagBytes, 'the sealed bytes are the plaintext and a tag');
        const decipher = createDecipheriv(algorithm, key, nonce, options);
        decipher.setAAD(associatedData);
        decipher.setAuthTag(sealed.subarray(plaintext.length));
        run(decipher, sealed.subarray(0, plaintext.length), plaintext);
        try {
          decipher.final();
        } catch {
          plaintext.fill(0);
          return false; // final throws for exactly one reason: the tag does not fit
        }
        return true;
      },
    };
  },
};
