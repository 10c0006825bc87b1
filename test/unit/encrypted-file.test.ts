/** Files encrypted to disk and back: the snapshot rule, cancelling, bad disks, and a process killed in the middle. */
import { spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { appendFile, mkdtemp, open, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { AtomicFile, clearPartialFiles, writing } from '../../core/adapters/atomic-file.ts';
import { decryptToFile, encryptToFile, fileSource } from '../../core/adapters/encrypted-file.ts';
import { utf8 } from '../../core/base/bytes.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'vouchsafe-'));
});
afterEach(() => rm(folder, { recursive: true }));

const bytes = 3_000_000;
const label = { context: utf8('context'), plaintextBytes: bytes, chunkBytes: 65_536 };
const freshKey = () => new Uint8Array(randomBytes(32));

async function sourceFile(): Promise<{ path: string; content: Uint8Array; plaintextSha256: Uint8Array }> {
  const path = join(folder, 'source');
  const content = new Uint8Array(randomBytes(bytes));
  await writeFile(path, content);
  return { path, content, plaintextSha256: new Uint8Array(createHash('sha256').update(content).digest()) };
}

describe('files encrypted to disk', () => {
  test('the source that was committed to is encrypted, and the output is private', async () => {
    const { path, content, plaintextSha256 } = await sourceFile();
    const outputPath = join(folder, 'out');
    const progress: number[] = [];
    const key = freshKey();
    const onProgress = (done: number) => progress.push(done);
    await encryptToFile({ source: fileSource(path), outputPath, encapsulatedKey: key, label, plaintextSha256, onProgress });
    expect(progress).toEqual([1 << 20, 2 << 20, bytes]);
    expect((await stat(outputPath)).mode & 0o777).toBe(0o600);
    await decryptToFile({ inputPath: outputPath, outputPath: join(folder, 'back'), encapsulatedKey: key, label });
    expect(Buffer.compare(await readFile(join(folder, 'back')), content)).toBe(0);
  });

  test('a source that was changed, grew or shrank is refused and leaves nothing', async () => {
    const { path, content, plaintextSha256 } = await sourceFile();
    const attempt = () =>
      encryptToFile({ source: fileSource(path), outputPath: join(folder, 'out'), encapsulatedKey: freshKey(), label, plaintextSha256 });
    content[1_500_000] = (content[1_500_000] ?? 0) ^ 1;
    await writeFile(path, content);
    await expect(attempt()).rejects.toMatchObject({ code: 'FILE_SOURCE_CHANGED', data: { expectedBytes: bytes, readBytes: bytes } });
    await appendFile(path, 'x');
    await expect(attempt()).rejects.toMatchObject({ code: 'FILE_SOURCE_CHANGED', data: { expectedBytes: bytes, readBytes: bytes + 1 } });
    await writeFile(path, content.subarray(1));
    await expect(attempt()).rejects.toMatchObject({ code: 'FILE_SOURCE_CHANGED', data: { expectedBytes: bytes, readBytes: bytes - 1 } });
    expect(await readdir(folder)).toEqual(['source']);
  });

  test('an error of the source is passed on and leaves nothing', async () => {
    async function* failing(): AsyncGenerator<Uint8Array> {
      yield new Uint8Array(1 << 20);
      throw new Error('the source broke');
    }
    const attempt = encryptToFile({ source: failing(), outputPath: join(folder, 'out'), encapsulatedKey: freshKey(), label });
    await expect(attempt).rejects.toThrow('the source broke');
    expect(await readdir(folder)).toEqual([]);
  });

  test('a failed attempt leaves an earlier output as it was', async () => {
    const { path } = await sourceFile();
    const outputPath = join(folder, 'out');
    await writeFile(outputPath, 'earlier');
    const source = fileSource(path);
    await expect(
      encryptToFile({ source, outputPath, encapsulatedKey: freshKey(), label: { ...label, plaintextBytes: bytes + 1 } }),
    ).rejects.toMatchObject({ code: 'FILE_SOURCE_CHANGED' });
    expect(await readFile(outputPath, 'utf8')).toBe('earlier');
    expect((await readdir(folder)).sort()).toEqual(['out', 'source']);
  });

  test('cancelling removes the unfinished output, while encrypting and while decrypting', async () => {
    const { path } = await sourceFile();
    const key = freshKey();
    const cancelled = () => {
      const controller = new AbortController();
      return { signal: controller.signal, onProgress: () => controller.abort() };
    };
    const outputPath = join(folder, 'out');
    await expect(
      encryptToFile({ source: fileSource(path), outputPath, encapsulatedKey: freshKey(), label, ...cancelled() }),
    ).rejects.toMatchObject({
      code: 'FILE_CANCELLED',
    });
    expect(await readdir(folder)).toEqual(['source']);
    await encryptToFile({ source: fileSource(path), outputPath, encapsulatedKey: key, label });
    await expect(
      decryptToFile({ inputPath: outputPath, outputPath: join(folder, 'back'), encapsulatedKey: key, label, ...cancelled() }),
    ).rejects.toMatchObject({ code: 'FILE_CANCELLED' });
    expect((await readdir(folder)).sort()).toEqual(['out', 'source']);
  });

  test('one key array encrypts once', async () => {
    const key = freshKey();
    const empty = { ...label, plaintextBytes: 0 };
    const attempt = () =>
      encryptToFile({ source: fileSource('/dev/null'), outputPath: join(folder, 'out'), encapsulatedKey: key, label: empty });
    await attempt();
    await expect(attempt()).rejects.toThrow('fresh key');
  });

  test('a missing source and a folder that is not there are named', async () => {
    const missing = join(folder, 'missing');
    await expect(
      encryptToFile({ source: fileSource(missing), outputPath: join(folder, 'out'), encapsulatedKey: freshKey(), label }),
    ).rejects.toMatchObject({ code: 'FILE_NOT_READABLE', data: { reason: 'ENOENT' } });
    await expect(
      encryptToFile({ source: fileSource('/dev/null'), outputPath: join(missing, 'out'), encapsulatedKey: freshKey(), label }),
    ).rejects.toMatchObject({ code: 'DISK_NOT_WRITABLE', data: { reason: 'ENOENT' } });
    expect(await readdir(folder)).toEqual([]);
  });

  test('a full disk is named: /dev/full answers every write with ENOSPC', async () => {
    const full = await open('/dev/full', 'w');
    const step = writing(join(folder, 'out'), () => full.write(new Uint8Array(10)));
    await expect(step).rejects.toMatchObject({ code: 'DISK_FULL', data: { reason: 'ENOSPC' } });
    await full.close();
  });

  test('discarding twice is harmless, and what had the name stays', async () => {
    await writeFile(join(folder, 'out'), 'earlier');
    const file = await AtomicFile.create(join(folder, 'out'));
    await file.write(utf8('half'));
    await file.discard();
    await file.discard();
    expect(await readdir(folder)).toEqual(['out']);
    expect(await readFile(join(folder, 'out'), 'utf8')).toBe('earlier');
  });

  test('a process that is killed in the middle leaves no output, only a leftover that is cleared', async () => {
    const outputPath = join(folder, 'out');
    const child = spawn(process.execPath, [fileURLToPath(new URL('./encrypted-file-child.ts', import.meta.url)), outputPath], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(child.stdout, 'data');
    child.kill('SIGKILL');
    await once(child, 'exit');
    const left = await readdir(folder);
    expect(left).toHaveLength(1);
    expect(left[0]).toMatch(/^\.out\.[0-9a-f]{16}\.partial$/);
    await clearPartialFiles(folder);
    expect(await readdir(folder)).toEqual([]);
  });
});
