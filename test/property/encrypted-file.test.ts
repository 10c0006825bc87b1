/** Round trips at every size around the borders of chunks and blocks, and mutation of every region, on real files. */
import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { decryptToFile, encryptToFile } from '../../core/adapters/encrypted-file.ts';
import { concatBytes, utf8 } from '../../core/base/bytes.ts';
import { ciphertextLength, type FileLabel, fileHeaderBytes } from '../../core/crypto/file-stream.ts';

const chunkBytes = 4096;
const sealedBytes = chunkBytes + 16;
const context = utf8('context of the dataset');
let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'vouchsafe-'));
});
afterAll(() => rm(folder, { recursive: true }));

const labelFor = (plaintext: Uint8Array, bytes = chunkBytes): FileLabel => ({
  context,
  plaintextBytes: plaintext.length,
  chunkBytes: bytes,
});

/** Cuts bytes into blocks of the given sizes, over and over. */
async function* blocksOf(bytes: Uint8Array, sizes: readonly number[]): AsyncGenerator<Uint8Array> {
  for (let offset = 0, turn = 0; offset < bytes.length; turn++) {
    const size = sizes[turn % sizes.length] ?? 1;
    yield bytes.subarray(offset, offset + size);
    offset += size;
  }
}

async function encrypted(plaintext: Uint8Array, key = new Uint8Array(randomBytes(32)), label = labelFor(plaintext)) {
  const path = join(folder, 'ciphertext');
  const report = await encryptToFile({ source: blocksOf(plaintext, [5000]), outputPath: path, encapsulatedKey: key.slice(), label });
  return { key, label, report, ciphertext: new Uint8Array(await readFile(path)) };
}

async function codeOfDecrypting(ciphertext: Uint8Array, key: Uint8Array, label: FileLabel): Promise<string> {
  const inputPath = join(folder, 'input');
  await writeFile(inputPath, ciphertext);
  await rm(join(folder, 'output'), { force: true });
  const code = await decryptToFile({ inputPath, outputPath: join(folder, 'output'), encapsulatedKey: key, label }).then(
    () => 'accepted',
    (error: { code?: string }) => error.code ?? String(error),
  );
  if (code !== 'accepted') expect((await readdir(folder)).filter((name) => name.includes('output'))).toEqual([]);
  return code;
}

describe('files on disk', () => {
  const borders = [0, 1, 15, 16, 17].concat(
    [1, 2, 3, 255, 256, 257].flatMap((chunks) => [-1, 0, 1].map((offset) => chunks * chunkBytes + offset)),
  );
  test.each(borders)('%i bytes come back, and the digests are those of the files', async (length) => {
    const plaintext = new Uint8Array(randomBytes(length));
    const { key, label, report, ciphertext } = await encrypted(plaintext);
    const sha256 = (bytes: Uint8Array) => new Uint8Array(createHash('sha256').update(bytes).digest());
    expect(report).toEqual({
      plaintextBytes: length,
      ciphertextBytes: ciphertextLength(length, chunkBytes),
      ciphertextSha256: sha256(ciphertext),
    });
    expect(ciphertext.length).toBe(report.ciphertextBytes);
    const outputPath = join(folder, 'plaintext');
    await decryptToFile({ inputPath: join(folder, 'ciphertext'), outputPath, encapsulatedKey: key, label });
    expect(Buffer.compare(await readFile(outputPath), plaintext)).toBe(0);
  });

  test('the ciphertext does not depend on how the source comes in pieces', async () => {
    const plaintext = new Uint8Array(randomBytes(3 * chunkBytes + 100));
    const key = new Uint8Array(randomBytes(32));
    const whole = await encrypted(plaintext, key);
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 9000 }), { minLength: 1, maxLength: 6 }), async (sizes) => {
        const report = await encryptToFile({
          source: blocksOf(plaintext, sizes),
          outputPath: join(folder, 'pieces'),
          encapsulatedKey: key.slice(),
          label: whole.label,
        });
        expect(report).toEqual(whole.report);
      }),
      { numRuns: 25 },
    );
  });
});

describe('what is refused', () => {
  const plaintext = new Uint8Array(Array.from({ length: 3 * chunkBytes + 50 }, (_, index) => (index * 7) % 256));

  test('any flipped bit in header, chunks, tags and last chunk', async () => {
    const { key, label, ciphertext } = await encrypted(plaintext);
    const regions = [
      0,
      8,
      10,
      fileHeaderBytes,
      fileHeaderBytes + chunkBytes,
      fileHeaderBytes + sealedBytes,
      fileHeaderBytes + 3 * sealedBytes,
      ciphertext.length - 1,
    ];
    const position = fc.oneof(fc.constantFrom(...regions), fc.nat(ciphertext.length - 1));
    await fc.assert(
      fc.asyncProperty(position, fc.nat(7), async (at, bit) => {
        const changed = ciphertext.slice();
        changed[at] = (changed[at] ?? 0) ^ (1 << bit);
        const code = await codeOfDecrypting(changed, key, label);
        const inHeader = ['FILE_NOT_ENCRYPTED', 'FILE_NEWER_VERSION', 'FILE_HEADER_INVALID', 'FILE_CHANGED'];
        expect(at < fileHeaderBytes ? inHeader : ['FILE_CHANGED']).toContain(code);
      }),
      { numRuns: 120 },
    );
  });

  test('truncation at any length, and any trailing bytes', async () => {
    const { key, label, ciphertext } = await encrypted(plaintext);
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(fc.constantFrom(...[1, 2, 3].map((count) => fileHeaderBytes + count * sealedBytes)), fc.nat(ciphertext.length - 1)),
        async (length) => {
          expect(await codeOfDecrypting(ciphertext.subarray(0, length), key, label)).toBe(
            length < fileHeaderBytes ? 'FILE_NOT_ENCRYPTED' : 'FILE_TRUNCATED',
          );
        },
      ),
      { numRuns: 40 },
    );
    for (const extra of [new Uint8Array(1), new Uint8Array(16), ciphertext.subarray(fileHeaderBytes)])
      expect(await codeOfDecrypting(concatBytes(ciphertext, extra), key, label)).toBe('FILE_TRAILING_BYTES');
  });

  test('chunks in another order, doubled, or from another file', async () => {
    const { key, label, ciphertext } = await encrypted(plaintext);
    const other = await encrypted(plaintext);
    const head = ciphertext.subarray(0, fileHeaderBytes);
    const chunk = (from: Uint8Array, index: number) =>
      from.subarray(fileHeaderBytes + index * sealedBytes, fileHeaderBytes + (index + 1) * sealedBytes);
    const of = (...chunks: Uint8Array[]) => codeOfDecrypting(concatBytes(head, ...chunks), key, label);
    const own = (index: number) => chunk(ciphertext, index);
    expect(await of(own(0), own(1), own(2), own(3))).toBe('accepted');
    expect(await of(own(1), own(0), own(2), own(3))).toBe('FILE_CHANGED');
    expect(await of(own(0), own(0), own(2), own(3))).toBe('FILE_CHANGED');
    expect(await of(own(0), own(1), chunk(other.ciphertext, 2), own(3))).toBe('FILE_CHANGED');
    expect(await of(own(0), own(1), own(2), chunk(other.ciphertext, 3))).toBe('FILE_CHANGED');
  });

  test('another key, context, announced length or chunk size', async () => {
    const { key, label, ciphertext } = await encrypted(plaintext);
    expect(await codeOfDecrypting(ciphertext, new Uint8Array(32), label)).toBe('FILE_CHANGED');
    expect(await codeOfDecrypting(ciphertext, key, { ...label, context: utf8('context of another') })).toBe('FILE_CHANGED');
    expect(await codeOfDecrypting(ciphertext, key, { ...label, plaintextBytes: plaintext.length + 1 })).toBe('FILE_TRUNCATED');
    expect(await codeOfDecrypting(ciphertext, key, { ...label, plaintextBytes: plaintext.length - 1 })).toBe('FILE_TRAILING_BYTES');
    expect(await codeOfDecrypting(ciphertext, key, { ...label, chunkBytes: 2 * chunkBytes })).toBe('FILE_CHANGED');
  });
});
