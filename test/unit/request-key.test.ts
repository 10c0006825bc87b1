/** Request signatures: RFC 8032 vectors, and what strict verification refuses. */
import { describe, expect, test } from 'vitest';
import { fromHex, toHex, utf8 } from '../../core/base/bytes.ts';
import { requestKeyFrom, signWithRequestKey, verifyRequestSignature } from '../../core/crypto/request-key.ts';

describe('request signatures', () => {
  const key = requestKeyFrom(fromHex('0x9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60'));

  test('RFC 8032 section 7.1, test 1', () => {
    expect(toHex(key.publicKey)).toBe('0xd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a');
    expect(toHex(signWithRequestKey(key, new Uint8Array()))).toBe(
      '0xe5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b',
    );
  });

  test('any changed bit of key, message or signature is refused', () => {
    const message = utf8('GET /v1/info');
    const signature = signWithRequestKey(key, message);
    expect(verifyRequestSignature(key.publicKey, message, signature)).toBe(true);
    for (let bit = 0; bit < 8 * signature.length; bit += 7) {
      const changed = signature.slice();
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(verifyRequestSignature(key.publicKey, message, changed)).toBe(false);
    }
    expect(verifyRequestSignature(key.publicKey, utf8('GET /v1/infO'), signature)).toBe(false);
    expect(verifyRequestSignature(requestKeyFrom(new Uint8Array(32).fill(1)).publicKey, message, signature)).toBe(false);
  });

  test('malformed lengths and the key of small order are a verdict, not an exception', () => {
    const signature = signWithRequestKey(key, utf8('m'));
    expect(verifyRequestSignature(key.publicKey.subarray(1), utf8('m'), signature)).toBe(false);
    expect(verifyRequestSignature(key.publicKey, utf8('m'), signature.subarray(1))).toBe(false);
    expect(verifyRequestSignature(new Uint8Array(32).fill(0xff), utf8('m'), signature)).toBe(false);
    // The neutral element as key, and as nonce with s = 0: satisfies the equation for every message.
    const neutral = new Uint8Array(32);
    neutral[0] = 1;
    const forged = new Uint8Array(64);
    forged.set(neutral);
    expect(verifyRequestSignature(neutral, utf8('m'), forged)).toBe(false);
  });
});
