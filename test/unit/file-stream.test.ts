/** The format of the encrypted file: known answers, a plain twin on node:crypto, headers, and where a file was cut. */
import { createCipheriv, createHash, hkdfSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { nodeAead } from '../../core/adapters/node-aead.ts';
import { isAppError } from '../../core/base/app-error.ts';
import { concatBytes, fromHex, toHex } from '../../core/base/bytes.ts';
import {
  chunkBytesMax,
  chunkBytesMin,
  chunkCount,
  ciphertextLength,
  decodeFileHeader,
  encodeFileHeader,
  FileOpener,
  FileSealer,
  fileHeaderBytes,
  fileRefused,
  isChunkSize,
} from '../../core/crypto/file-stream.ts';

const answers = JSON.parse(readFileSync(new URL('../vectors/encrypted-file.json', import.meta.url), 'utf8')) as {
  encapsulatedKey: string;
  context: string;
  chunkBytes: number;
  files: { plaintextBytes: number; ciphertextBytes: number; ciphertext?: string; ciphertextSha256: string }[];
};
const context = fromHex(answers.context);
const { chunkBytes } = answers;
const header = { chunkBytes };
const freshKey = () => fromHex(answers.encapsulatedKey);
const plaintextOf = (length: number) => Uint8Array.from({ length }, (_, index) => index % 251);

/** The chunks of a plaintext, sealed by the code under test. */
function sealAll(plaintext: Uint8Array): Uint8Array[] {
  const sealer = new FileSealer(nodeAead, freshKey(), context, header);
  const chunks = chunkCount(plaintext.length, chunkBytes);
  return Array.from({ length: chunks }, (_, index) => {
    const part = plaintext.subarray(index * chunkBytes, (index + 1) * chunkBytes);
    const sealed = new Uint8Array(part.length + 16);
    sealer.seal(sealed, part, index === chunks - 1);
    return sealed;
  });
}

/** The format written out once more on node:crypto: the plain twin. */
function encryptPlainly(plaintext: Uint8Array): Uint8Array {
  const head = fromHex('0x766f756368656e63000100001000');
  const key = new Uint8Array(hkdfSync('sha256', freshKey(), head, 'vouchsafe:1:file', 32));
  const parts: Uint8Array[] = [head];
  const chunks = Math.max(1, Math.ceil(plaintext.length / chunkBytes));
  for (let index = 0; index < chunks; index++) {
    const nonce = Buffer.alloc(12);
    nonce.writeUInt32BE(index, 7);
    nonce[11] = index === chunks - 1 ? 1 : 0;
    const cipher = createCipheriv('aes-256-gcm', key, nonce);
    cipher.setAAD(context);
    parts.push(cipher.update(plaintext.subarray(index * chunkBytes, (index + 1) * chunkBytes)), cipher.final(), cipher.getAuthTag());
  }
  return concatBytes(...parts);
}

describe('the encrypted file', () => {
  test('known answers, from the code and from its plain twin', () => {
    for (const answer of answers.files) {
      const plaintext = plaintextOf(answer.plaintextBytes);
      const ciphertext = concatBytes(encodeFileHeader(header), ...sealAll(plaintext));
      expect(toHex(new Uint8Array(createHash('sha256').update(ciphertext).digest()))).toBe(answer.ciphertextSha256);
      if (answer.ciphertext !== undefined) expect(toHex(ciphertext)).toBe(answer.ciphertext);
      expect(ciphertext.length).toBe(answer.ciphertextBytes);
      expect(ciphertextLength(answer.plaintextBytes, chunkBytes)).toBe(answer.ciphertextBytes);
      expect(encryptPlainly(plaintext)).toEqual(ciphertext);
    }
  });

  test('a counter beyond 32 bits is written whole', () => {
    const nonces: string[] = [];
    const recording = { key: () => ({ sealInto: (_: Uint8Array, nonce: Uint8Array) => nonces.push(toHex(nonce)), openInto: () => true }) };
    const sealer = new FileSealer(recording, freshKey(), context, header);
    for (let index = 0; index < 300; index++) sealer.seal(new Uint8Array(chunkBytes + 16), new Uint8Array(chunkBytes), index === 299);
    expect(nonces[0]).toBe('0x000000000000000000000000');
    expect(nonces[255]).toBe('0x00000000000000000000ff00');
    expect(nonces[256]).toBe('0x000000000000000000010000');
    expect(nonces[299]).toBe('0x000000000000000000012b01');
    expect(new Set(nonces).size).toBe(300);
  });

  test('chunk sizes are the powers of two from 4 KiB to 4 MiB', () => {
    expect([chunkBytesMin, 65_536, chunkBytesMax].every(isChunkSize)).toBe(true);
    expect([0, 1, 2048, 4095, 5000, 65_537, 2 * chunkBytesMax, 4096.5, -4096, Number.NaN].some(isChunkSize)).toBe(false);
  });

  test('a header of another format, a newer version or a bad chunk size is refused by name', () => {
    const good = encodeFileHeader(header);
    expect(decodeFileHeader(good)).toEqual(header);
    const codeOf = (bytes: Uint8Array): string => {
      try {
        decodeFileHeader(bytes);
      } catch (error) {
        if (isAppError(error)) return error.code;
        throw error;
      }
      return 'accepted';
    };
    const patched = (offset: number, value: number): Uint8Array => {
      const bytes = good.slice();
      bytes[offset] = value;
      return bytes;
    };
    for (let length = 0; length < fileHeaderBytes; length++) expect(codeOf(good.subarray(0, length))).toBe('FILE_NOT_ENCRYPTED');
    for (let offset = 0; offset < 8; offset++) expect(codeOf(patched(offset, 0))).toBe('FILE_NOT_ENCRYPTED');
    expect(codeOf(patched(9, 2))).toBe('FILE_NEWER_VERSION');
    expect(codeOf(patched(9, 0))).toBe('FILE_HEADER_INVALID');
    expect(codeOf(patched(12, 0x11))).toBe('FILE_HEADER_INVALID');
    expect(codeOf(patched(10, 0xff))).toBe('FILE_HEADER_INVALID');
  });

  test('a chunk size in the header other than the sealed one changes the key', () => {
    const [sealed] = sealAll(plaintextOf(100));
    const opener = new FileOpener(nodeAead, freshKey(), context, { chunkBytes: 2 * chunkBytes });
    expect(opener.open(new Uint8Array(100), sealed ?? new Uint8Array(16), true)).toBe('changed');
  });

  test('where a file was cut or continued is told apart from a changed chunk', () => {
    const chunks = sealAll(plaintextOf(3 * chunkBytes));
    const openerAt = (index: number) => {
      const opener = new FileOpener(nodeAead, freshKey(), context, header);
      for (const chunk of chunks.slice(0, index)) expect(opener.open(new Uint8Array(chunkBytes), chunk, false)).toBeNull();
      return opener;
    };
    const plaintext = new Uint8Array(chunkBytes);
    const [first, second, third] = chunks as [Uint8Array, Uint8Array, Uint8Array];
    expect(openerAt(1).open(plaintext, second, true)).toBe('truncated');
    expect(openerAt(2).open(plaintext, third, false)).toBe('trailing');
    expect(openerAt(1).open(plaintext, third, true)).toBe('changed');
    expect(openerAt(1).open(plaintext, first, false)).toBe('changed');
    expect(openerAt(1).open(new Uint8Array(0), second.subarray(0, 16), true)).toBe('truncated');
    expect(openerAt(1).open(new Uint8Array(0), second.subarray(0, 3), true)).toBe('truncated');
    expect(plaintext).toEqual(new Uint8Array(chunkBytes));
    expect((['truncated', 'trailing', 'changed'] as const).map((defect) => fileRefused(defect, 4).code)).toEqual([
      'FILE_TRUNCATED',
      'FILE_TRAILING_BYTES',
      'FILE_CHANGED',
    ]);
  });

  test('a key that has sealed, a chunk after the last and a short chunk in the middle stop the program', () => {
    const key = freshKey();
    const sealer = new FileSealer(nodeAead, key, context, header);
    expect(() => new FileSealer(nodeAead, key, context, header)).toThrow('fresh key');
    expect(() => sealer.seal(new Uint8Array(20), new Uint8Array(4), false)).toThrow('full');
    sealer.seal(new Uint8Array(20), new Uint8Array(4), true);
    expect(() => sealer.seal(new Uint8Array(20), new Uint8Array(4), true)).toThrow('last chunk');
  });
});
