/** AES-256-GCM of node:crypto behind the {@link Aead} port. */
import { createCipheriv, createDecipheriv, createSecretKey } from 'node:crypto';
import { assert } from '../base/assert.ts';
import { type Aead, type AeadKey, aeadKeyBytes, aeadTagBytes } from '../crypto/aead.ts';

const algorithm = 'aes-256-gcm';
const options = { authTagLength: aeadTagBytes };

export const nodeAead: Aead = {
  key(bytes: Uint8Array): AeadKey {
    assert(bytes.length === aeadKeyBytes, 'an AES-256 key has 32 bytes');
    const key = createSecretKey(bytes);
    return {
      sealInto(sealed, nonce, associatedData, plaintext) {
        assert(sealed.length === plaintext.length + aeadTagBytes, 'the sealed bytes are the plaintext and a tag');
        const cipher = createCipheriv(algorithm, key, nonce, options);
        cipher.setAAD(associatedData);
        sealed.set(cipher.update(plaintext));
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
        plaintext.set(opened);
        return true;
      },
    };
  },
};
