/** What docs/formats.md fixes of the services, recomputed without the code or the libraries that make it. */
import { createHash, createPrivateKey, sign } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { keySigner, signRequest } from '../../../core/adapters/request-signature.ts';
import { fromHex, type Hex, toHex, utf8 } from '../../../core/base/bytes.ts';
import { requestKeyFrom, signWithRequestKey } from '../../../core/crypto/request-key.ts';
import {
  deletionStatement,
  fragmentStatement,
  isFragmentSignedBy,
  isReceiptSignedBy,
  uploadIdOf,
} from '../../../core/sharing/proxy-messages.ts';

const seed = new Uint8Array(32).fill(1);
const key = requestKeyFrom(seed);
const keyId = toHex(key.publicKey);
/** PKCS #8 of an Ed25519 seed (RFC 8410). */
const privateKey = createPrivateKey({
  key: Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), seed]),
  format: 'der',
  type: 'pkcs8',
});
const random = { bytes: (length: number) => new Uint8Array(length).fill(0xab) };
const clock = { nowMs: () => 1_790_000_000_500 };

describe('the formats of the services', () => {
  it('sign exactly the signature base of RFC 9421', async () => {
    const body = utf8('{"version":1}');
    const headers = await signRequest(
      { method: 'PATCH', url: 'https://proxy.example/v1/uploads/x', headers: { 'upload-offset': '7' }, body },
      keySigner(key),
      clock,
      random,
    );
    const digest = `sha-256=:${createHash('sha256').update(body).digest('base64')}:`;
    const input = `("@method" "@authority" "@path" "content-digest" "upload-offset");created=1790000000;nonce="${'ab'.repeat(16)}";keyid="${keyId}";tag="vouchsafe"`;
    const base = [
      '"@method": PATCH',
      '"@authority": proxy.example',
      '"@path": /v1/uploads/x',
      `"content-digest": ${digest}`,
      '"upload-offset": 7',
      `"@signature-params": ${input}`,
    ].join('\n');
    expect(headers).toEqual({
      'upload-offset': '7',
      'content-digest': digest,
      'Signature-Input': `vouchsafe=${input}`,
      Signature: `vouchsafe=:${sign(null, Buffer.from(base), privateKey).toString('base64')}:`,
    });
  });

  const word = (byte: string): Hex => `0x${byte.repeat(32)}`;

  it('sign fragments with their tag, hashes and length', () => {
    const statement = fragmentStatement(word('11'), word('22'), fromHex('0xaabbcc'));
    const text = Buffer.from('vouchsafe:fragment:1').toString('hex');
    expect(toHex(statement)).toBe(`0x00000014${text}${'11'.repeat(32)}${'22'.repeat(32)}00000003aabbcc`);
    const fragment = {
      version: 1 as const,
      grantHash: word('11'),
      headerHash: word('22'),
      fragment: '0xaabbcc' as const,
      proxyKey: keyId,
      signature: toHex(signWithRequestKey(key, statement)),
    };
    expect(isFragmentSignedBy(keyId, fragment)).toBe(true);
    expect(isFragmentSignedBy(word('33'), fragment)).toBe(false);
    for (const change of [
      { grantHash: word('12') },
      { headerHash: word('23') },
      { fragment: '0xaabbcd' as const },
      { proxyKey: word('44') },
    ])
      expect(isFragmentSignedBy(keyId, { ...fragment, ...change })).toBe(false);
  });

  it('sign receipts with their tag, hash and time', () => {
    const statement = deletionStatement(word('11'), 258);
    const text = Buffer.from('vouchsafe:share-deleted:1').toString('hex');
    expect(toHex(statement)).toBe(`0x00000019${text}${'11'.repeat(32)}0000000000000102`);
    const signature = toHex(signWithRequestKey(key, statement));
    const receipt = { version: 1 as const, grantHash: word('11'), deletedAt: 258, proxyKey: keyId, signature };
    expect(isReceiptSignedBy(keyId, receipt)).toBe(true);
    expect(isReceiptSignedBy(keyId, { ...receipt, grantHash: word('12') })).toBe(false);
  });

  it('name an upload by its hash and owner', () => {
    expect(uploadIdOf(`0x${'cd'.repeat(20)}`, word('ab'))).toBe(`${'ab'.repeat(32)}-${'cd'.repeat(20)}`);
  });
});
