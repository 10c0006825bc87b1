/** Message boxes: the known answer, RFC 9180 written out once more as a plain twin, and every way not to open one. */
import { createCipheriv, createHmac, createPrivateKey, createPublicKey, diffieHellman } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { systemRandom } from '../../core/adapters/system-random.ts';
import { concatBytes, fromHex, toBigEndian, toHex, utf8 } from '../../core/base/bytes.ts';
import {
  type BoxLabel,
  boxInfo,
  boxOverheadBytes,
  boxPlaintextBytesMax,
  messageKeyFrom,
  openBox,
  sealBox,
} from '../../core/crypto/message-box.ts';

const answer = JSON.parse(readFileSync(new URL('../vectors/message-box.json', import.meta.url), 'utf8')) as Record<string, string> & {
  purpose: 'proxy-share';
};
const bytesOf = (field: string) => fromHex(answer[field] ?? '');
const recipient = messageKeyFrom(bytesOf('recipientPrivateKey'));
const label: BoxLabel = { purpose: answer.purpose, context: bytesOf('context') };

const hmac = (key: Uint8Array, ...parts: Uint8Array[]) =>
  new Uint8Array(
    createHmac('sha256', key)
      .update(concatBytes(...parts))
      .digest(),
  );
const pkcs8 = fromHex('0x302e020100300506032b656e04220420');
const spki = fromHex('0x302a300506032b656e032100');

/** RFC 9180 in base mode, written out once more on node:crypto: the plain twin of the library. */
function hpkeSeal(
  ephemeralSeed: Uint8Array,
  recipientPublicKey: Uint8Array,
  info: Uint8Array,
  aad: Uint8Array,
  plaintext: Uint8Array,
): Uint8Array {
  const version = utf8('HPKE-v1');
  const kem = concatBytes(utf8('KEM'), toBigEndian(0x20n, 2));
  const suite = concatBytes(utf8('HPKE'), toBigEndian(0x20n, 2), toBigEndian(1n, 2), toBigEndian(2n, 2));
  const empty = new Uint8Array();
  const extract = (id: Uint8Array, salt: Uint8Array, name: string, ikm: Uint8Array) =>
    hmac(salt.length === 0 ? new Uint8Array(32) : salt, version, id, utf8(name), ikm);
  const expand = (id: Uint8Array, prk: Uint8Array, name: string, about: Uint8Array, length: number) =>
    hmac(prk, toBigEndian(BigInt(length), 2), version, id, utf8(name), about, new Uint8Array([1])).subarray(0, length);
  const ephemeral = messageKeyFrom(expand(kem, extract(kem, empty, 'dkp_prk', ephemeralSeed), 'sk', empty, 32));
  const shared = new Uint8Array(
    diffieHellman({
      privateKey: createPrivateKey({ key: Buffer.from(concatBytes(pkcs8, ephemeral.privateKey)), format: 'der', type: 'pkcs8' }),
      publicKey: createPublicKey({ key: Buffer.from(concatBytes(spki, recipientPublicKey)), format: 'der', type: 'spki' }),
    }),
  );
  const secret = expand(
    kem,
    extract(kem, empty, 'eae_prk', shared),
    'shared_secret',
    concatBytes(ephemeral.publicKey, recipientPublicKey),
    32,
  );
  const schedule = concatBytes(new Uint8Array([0]), extract(suite, empty, 'psk_id_hash', empty), extract(suite, empty, 'info_hash', info));
  const prk = extract(suite, secret, 'secret', empty);
  const cipher = createCipheriv('aes-256-gcm', expand(suite, prk, 'key', schedule, 32), expand(suite, prk, 'base_nonce', schedule, 12));
  cipher.setAAD(aad);
  return concatBytes(new Uint8Array([1]), ephemeral.publicKey, cipher.update(plaintext), cipher.final(), cipher.getAuthTag());
}

describe('message boxes', () => {
  test('the known answer, from the library and from its plain twin', async () => {
    expect(toHex(boxInfo(label))).toBe(answer.info);
    const random = { bytes: () => bytesOf('ephemeralSeed') };
    const box = await sealBox(random, recipient.publicKey, label, bytesOf('plaintext'), bytesOf('associatedData'));
    expect(toHex(box)).toBe(answer.box);
    expect(
      toHex(hpkeSeal(bytesOf('ephemeralSeed'), recipient.publicKey, boxInfo(label), bytesOf('associatedData'), bytesOf('plaintext'))),
    ).toBe(answer.box);
    expect(await openBox(recipient, label, box, bytesOf('associatedData'))).toEqual(bytesOf('plaintext'));
  });

  test('sizes from nothing to the most that a box holds', async () => {
    for (const length of [0, 1, 1000, boxPlaintextBytesMax]) {
      const plaintext = new Uint8Array(length).fill(7);
      const box = await sealBox(systemRandom, recipient.publicKey, label, plaintext);
      expect(box.length).toBe(length + boxOverheadBytes);
      expect(await openBox(recipient, label, box)).toEqual(plaintext);
    }
  });

  test('a box does not open for another purpose, context, associated data or key', async () => {
    const box = await sealBox(systemRandom, recipient.publicKey, label, utf8('secret'), utf8('aad'));
    expect(await openBox(recipient, { ...label, purpose: 'identity-key' }, box, utf8('aad'))).toBeNull();
    expect(await openBox(recipient, { ...label, context: utf8('another grant') }, box, utf8('aad'))).toBeNull();
    expect(await openBox(recipient, label, box)).toBeNull();
    expect(await openBox(messageKeyFrom(new Uint8Array(32).fill(5)), label, box, utf8('aad'))).toBeNull();
  });

  test('every changed byte, every shortening and any addition is refused', async () => {
    const box = await sealBox(systemRandom, recipient.publicKey, label, utf8('secret'));
    for (let index = 1; index < box.length; index++) {
      const changed = box.slice();
      changed[index] = (changed[index] ?? 0) ^ 1;
      expect(await openBox(recipient, label, changed)).toBeNull();
    }
    for (let length = 0; length < box.length; length += 5) expect(await openBox(recipient, label, box.subarray(0, length))).toBeNull();
    expect(await openBox(recipient, label, concatBytes(box, new Uint8Array(1)))).toBeNull();
    expect(await openBox(recipient, label, concatBytes(new Uint8Array([0]), box.subarray(1)))).toBeNull();
  });

  test('a newer format is refused politely', async () => {
    await expect(openBox(recipient, label, new Uint8Array([2, 0, 0]))).rejects.toMatchObject({
      code: 'BOX_NEWER_VERSION',
      data: { version: 2 },
    });
  });

  test('keys of small order and of wrong length are no recipients', async () => {
    for (const key of [new Uint8Array(32), new Uint8Array(31).fill(9)])
      await expect(sealBox(systemRandom, key, label, utf8('secret'))).rejects.toMatchObject({ code: 'BOX_RECIPIENT_INVALID' });
    const box = await sealBox(systemRandom, recipient.publicKey, label, utf8('secret'));
    box.fill(0, 1, 33);
    expect(await openBox(recipient, label, box)).toBeNull();
  });
});
