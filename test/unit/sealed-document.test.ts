/** Sealed documents: known answers, a plain twin, damage told from a wrong passphrase, and hostile headers. */
import { createCipheriv, createHash, hkdfSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { argon2id } from '@noble/hashes/argon2.js';
import { describe, expect, test } from 'vitest';
import { systemSealing } from '../../core/adapters/argon2id.ts';
import { isAppError } from '../../core/base/app-error.ts';
import { concatBytes, fromHex, toHex, utf8 } from '../../core/base/bytes.ts';
import { Encoder } from '../../core/base/codec.ts';
import { type DocumentLock, openDocument, requireAcceptablePassphrase, sealDocument } from '../../core/crypto/sealed-document.ts';

const answer = JSON.parse(readFileSync(new URL('../vectors/sealed-document.json', import.meta.url), 'utf8')) as {
  name: string;
  value: unknown;
  salt: string;
  passphrase: string;
  cost: { memoryKibibytes: number; passes: number; lanes: number };
  sealedWithPassphrase: string;
  key: string;
  sealedWithKey: string;
};
const { name, value, passphrase, cost } = answer;
const byPassphrase: DocumentLock = { passphrase, cost };
const byKey: DocumentLock = { key: fromHex(answer.key) };
const sealedByPassphrase = fromHex(answer.sealedWithPassphrase);
const sealedByKey = fromHex(answer.sealedWithKey);
const headerBytes = 8 + 2 + 1 + 4 + 4 + 1 + 32;

async function failureOf(sealed: Uint8Array, lock: DocumentLock = byPassphrase, as = name): Promise<{ code: string; message: string }> {
  try {
    await openDocument(systemSealing, as, lock, sealed);
  } catch (error) {
    if (isAppError(error)) return { code: error.code, message: JSON.stringify([error.message, error.data, String(error.cause)]) };
    throw error;
  }
  return { code: 'opened', message: '' };
}

/** A document with a changed header whose header digest fits: what an attacker can write without the passphrase. */
function withHeader(sealed: Uint8Array, change: (header: DataView) => void): Uint8Array {
  const header = sealed.slice(0, headerBytes);
  change(new DataView(header.buffer));
  return concatBytes(header, createHash('sha256').update(header).digest().subarray(0, 8), sealed.subarray(headerBytes + 8));
}

describe('sealed documents', () => {
  test('known answers', async () => {
    const ports = { ...systemSealing, random: { bytes: () => fromHex(answer.salt) } };
    expect(toHex(await sealDocument(ports, name, byPassphrase, value))).toBe(answer.sealedWithPassphrase);
    expect(toHex(await sealDocument(ports, name, byKey, value))).toBe(answer.sealedWithKey);
    expect(await openDocument(systemSealing, name, byPassphrase, sealedByPassphrase)).toEqual(value);
    expect(await openDocument(systemSealing, name, byKey, sealedByKey)).toEqual(value);
  });

  test('the plain twin: the format once more on @noble/hashes and node:crypto', () => {
    const salt = fromHex(answer.salt);
    const header = concatBytes(
      utf8('vouchdoc'),
      new Encoder().uint(1, 2).uint(1, 1).uint(cost.memoryKibibytes, 4).uint(cost.passes, 4).uint(cost.lanes, 1).finish(),
      salt,
    );
    const root = argon2id(utf8(passphrase), salt, { m: cost.memoryKibibytes, t: cost.passes, p: cost.lanes });
    const key = new Uint8Array(hkdfSync('sha256', root, salt, 'vouchsafe:1:sealed:key', 32));
    const check = new Uint8Array(hkdfSync('sha256', root, salt, 'vouchsafe:1:sealed:check', 16));
    const cipher = createCipheriv('aes-256-gcm', key, new Uint8Array(12));
    cipher.setAAD(new Encoder().text('vouchsafe:1:sealed').text(name).bytes(header).finish());
    const digest = createHash('sha256').update(header).digest().subarray(0, 8);
    const body = concatBytes(cipher.update(JSON.stringify(value)), cipher.final(), cipher.getAuthTag());
    expect(toHex(concatBytes(header, digest, check, body))).toBe(answer.sealedWithPassphrase);
  });

  test('a wrong passphrase and a wrong key are told from damage', async () => {
    expect((await failureOf(sealedByPassphrase, { passphrase: 'correct horse battery' })).code).toBe('SEALED_WRONG_PASSPHRASE');
    expect((await failureOf(sealedByKey, { key: new Uint8Array(32) })).code).toBe('SEALED_WRONG_KEY');
    expect((await failureOf(sealedByKey)).code).toBe('SEALED_OTHER_LOCK');
    expect((await failureOf(sealedByPassphrase, byKey)).code).toBe('SEALED_OTHER_LOCK');
  });

  test('passphrases that look the same are the same (NFKC)', async () => {
    const sealed = await sealDocument(systemSealing, name, { passphrase: 'caf\u00e9 caf\u00e9', cost }, value);
    expect(await openDocument(systemSealing, name, { passphrase: 'cafe\u0301 cafe\u0301' }, sealed)).toEqual(value);
  });

  test('every changed byte is refused: header and body as damage, the check value as a wrong passphrase', async () => {
    for (let index = 0; index < sealedByPassphrase.length; index++) {
      const changed = sealedByPassphrase.slice();
      changed[index] = (changed[index] ?? 0) ^ 0x10;
      const inVersion = index === 8 || index === 9;
      const inCheck = index >= headerBytes + 8 && index < headerBytes + 24;
      expect((await failureOf(changed)).code).toBe(
        inVersion ? 'SEALED_NEWER_VERSION' : inCheck ? 'SEALED_WRONG_PASSPHRASE' : 'SEALED_DAMAGED',
      );
    }
  });

  test('every truncation and any addition is damage', async () => {
    for (let length = 0; length < sealedByPassphrase.length; length++)
      expect((await failureOf(sealedByPassphrase.subarray(0, length))).code).toBe('SEALED_DAMAGED');
    expect((await failureOf(concatBytes(sealedByPassphrase, new Uint8Array(1)))).code).toBe('SEALED_DAMAGED');
  });

  test('a document under the name of another is damage', async () => {
    expect((await failureOf(sealedByKey, byKey, 'other')).code).toBe('SEALED_DAMAGED');
  });

  test('a newer version is refused politely', async () => {
    expect((await failureOf(withHeader(sealedByPassphrase, (header) => header.setUint16(8, 2)))).code).toBe('SEALED_NEWER_VERSION');
  });

  test('a hostile header cannot demand memory or time', async () => {
    const memory = withHeader(sealedByPassphrase, (header) => header.setUint32(11, 10 << 20));
    const passes = withHeader(sealedByPassphrase, (header) => header.setUint32(15, 1_000_000));
    const lanes = withHeader(sealedByPassphrase, (header) => header.setUint8(19, 255));
    const none = withHeader(sealedByPassphrase, (header) => header.setUint32(15, 0));
    for (const sealed of [memory, passes, lanes, none]) expect((await failureOf(sealed)).code).toBe('SEALED_COST_REFUSED');
  });

  test('no error repeats the passphrase, the key or the content', async () => {
    const damagedBody = sealedByPassphrase.slice();
    damagedBody.set([1, 2, 3], damagedBody.length - 3);
    const messages = [
      (await failureOf(sealedByPassphrase, { passphrase: 'a wrong passphrase' })).message,
      (await failureOf(damagedBody)).message,
      (await failureOf(sealedByKey, { key: new Uint8Array(32).fill(0xab) })).message,
    ].join();
    for (const secret of [passphrase, 'a wrong passphrase', 'hello', 'abab', answer.key.slice(2, 20)])
      expect(messages).not.toContain(secret);
  });

  test('the same value sealed twice shares no key and no byte of the body', async () => {
    const [one, two] = [await sealDocument(systemSealing, name, byKey, value), await sealDocument(systemSealing, name, byKey, value)];
    expect(toHex(one.subarray(20, 52))).not.toBe(toHex(two.subarray(20, 52)));
    expect(toHex(one.subarray(headerBytes + 24))).not.toBe(toHex(two.subarray(headerBytes + 24)));
  });

  test('a passphrase has from 8 to 1024 characters', () => {
    expect(() => requireAcceptablePassphrase('1234567')).toThrow(expect.objectContaining({ code: 'PASSPHRASE_TOO_SHORT' }));
    expect(() => requireAcceptablePassphrase('x'.repeat(1025))).toThrow(expect.objectContaining({ code: 'PASSPHRASE_TOO_LONG' }));
    expect(() => requireAcceptablePassphrase('12345678')).not.toThrow();
  });
});
