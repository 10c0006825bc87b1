/**
 * A file encrypted and decrypted beside `age` (https://age-encryption.org), in rounds of changing order on
 * one machine, and the peak memory at two sizes. Each of our runs is a process of its own that times the call
 * alone; it ends with the file on the disk (fsync, rename) and the SHA-256 of the ciphertext known. age
 * is timed from start to exit, and once more with `sync FILE`, because it does not flush; it hashes nothing.
 * Usage: file-encryption.ts [bytes] [rounds]
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { createCipheriv, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { decryptToFile, encryptToFile, fileSource } from '../../core/adapters/encrypted-file.ts';
import { assert } from '../../core/base/assert.ts';
import { chunkBytesDefault } from '../../core/crypto/file-stream.ts';

interface Measurement {
  readonly encryptSeconds: number;
  readonly decryptSeconds: number;
  /** Processor time of the encryption over all threads. */
  readonly encryptProcessorSeconds: number;
  /** Of the process up to the end of the encryption, and up to its own end. */
  readonly encryptPeakMebibytes: number;
  readonly peakMebibytes: number;
}

const smallBytes = 50_000_000;
const peakGrowthMebibytesMax = 64;

const [mode, ...parameters] = process.argv.slice(2);
if (mode === 'one') await measureHere(parameters[0] ?? '');
else await compare(Number(mode ?? 1_000_000_000), Number(parameters[0] ?? 3));

async function measureHere(sourcePath: string): Promise<void> {
  const encapsulatedKey = new Uint8Array(randomBytes(32));
  const label = { context: new Uint8Array(300), plaintextBytes: statSync(sourcePath).size, chunkBytes: chunkBytesDefault };
  const [sealedPath, openedPath] = [`${sourcePath}.sealed`, `${sourcePath}.opened`];
  const processorBefore = process.cpuUsage();
  const start = performance.now();
  await encryptToFile({ source: fileSource(sourcePath), outputPath: sealedPath, encapsulatedKey, label });
  const middle = performance.now();
  const { user, system } = process.cpuUsage(processorBefore);
  const encryptPeakMebibytes = process.resourceUsage().maxRSS / 1024;
  await decryptToFile({ inputPath: sealedPath, outputPath: openedPath, encapsulatedKey, label });
  const measurement: Measurement = {
    encryptSeconds: (middle - start) / 1000,
    decryptSeconds: (performance.now() - middle) / 1000,
    encryptProcessorSeconds: (user + system) / 1e6,
    encryptPeakMebibytes,
    peakMebibytes: process.resourceUsage().maxRSS / 1024,
  };
  rmSync(sealedPath);
  rmSync(openedPath);
  process.stdout.write(JSON.stringify(measurement));
}

async function compare(bytes: number, rounds: number): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'vouchsafe-bench-'));
  try {
    process.stdout.write(`${cpus().length} x ${cpus()[0]?.model ?? 'unknown'}; ${bytes} bytes, median of ${rounds} rounds\n`);
    const [small, large] = [join(folder, 'small'), join(folder, 'large')];
    await writeRandomFile(small, smallBytes);
    await writeRandomFile(large, bytes);
    const recipient = prepareAge(folder);
    const ours: Measurement[] = [];
    const theirs: { encrypt: number; encryptToDisk: number; decrypt: number; decryptToDisk: number }[] = [];
    // The first round warms the machine and is not counted: memory that a virtual machine has never used is slow to write to.
    for (let round = 0; round <= rounds; round++) {
      const oursOfRound = round % 2 === 0 ? await measureApart(large) : null;
      const theirsOfRound = recipient === null ? null : await measureAge(folder, recipient, large);
      const own = oursOfRound ?? (await measureApart(large));
      if (round === 0) continue;
      ours.push(own);
      if (theirsOfRound !== null) theirs.push(theirsOfRound);
    }
    const median = <T>(runs: readonly T[], pick: (run: T) => number): number => {
      const sorted = runs.map(pick).sort((left, right) => left - right);
      return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
    };
    const line = (what: string, seconds: number): void => {
      process.stdout.write(
        `${what.padEnd(58)} ${seconds.toFixed(2).padStart(7)} s ${(bytes / seconds / 1e6).toFixed(0).padStart(7)} MB/s\n`,
      );
    };
    line(
      'vouchsafe encrypt, on disk, with SHA-256 of the ciphertext',
      median(ours, (run) => run.encryptSeconds),
    );
    line(
      '  processor time of that, all threads',
      median(ours, (run) => run.encryptProcessorSeconds),
    );
    line(
      'vouchsafe decrypt, on disk',
      median(ours, (run) => run.decryptSeconds),
    );
    if (recipient === null) process.stdout.write('age is not installed (Debian: apt-get install age): no comparison\n');
    else {
      line(
        'age encrypt',
        median(theirs, (run) => run.encrypt),
      );
      line(
        'age encrypt and sync FILE',
        median(theirs, (run) => run.encryptToDisk),
      );
      line(
        'age decrypt',
        median(theirs, (run) => run.decrypt),
      );
      line(
        'age decrypt and sync FILE',
        median(theirs, (run) => run.decryptToDisk),
      );
    }
    const smallRun = await measureApart(small);
    for (const [what, pick] of [
      ['encrypting', (run: Measurement) => run.encryptPeakMebibytes],
      ['encrypting, then decrypting', (run: Measurement) => run.peakMebibytes],
    ] as const) {
      const growth = median(ours, pick) - pick(smallRun);
      process.stdout.write(
        `peak memory ${what}: ${pick(smallRun).toFixed(0)} MiB at ${smallBytes} bytes, ${median(ours, pick).toFixed(0)} MiB at ${bytes}: ` +
          `${growth.toFixed(0)} MiB more (goal: at most ${peakGrowthMebibytesMax})\n`,
      );
      if (growth > peakGrowthMebibytesMax) process.exitCode = 1;
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function writeRandomFile(path: string, bytes: number): Promise<void> {
  const stream = createCipheriv('aes-256-ctr', new Uint8Array(32), new Uint8Array(16));
  const zeros = new Uint8Array(1 << 20);
  const file = await open(path, 'w');
  for (let written = 0; written < bytes; written += zeros.length)
    await file.write(stream.update(zeros.subarray(0, Math.min(zeros.length, bytes - written))));
  await file.sync();
  await file.close();
}

async function measureApart(sourcePath: string): Promise<Measurement> {
  const child = spawn(process.execPath, [import.meta.filename, 'one', sourcePath], { stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  child.stdout.on('data', (text: Buffer) => {
    output += text.toString();
  });
  await succeeded(child, 'our own measurement');
  return JSON.parse(output) as Measurement;
}

/** Makes a key for age; answers its public half, or null where age is not installed. */
function prepareAge(folder: string): string | null {
  const made = spawnSync('age-keygen', ['-o', join(folder, 'age-key')], { encoding: 'utf8' });
  if (made.error !== undefined) return null;
  const recipient = /age1\S+/.exec(made.stderr)?.[0];
  assert(recipient !== undefined, 'age-keygen names the public key');
  return recipient;
}

async function measureAge(
  folder: string,
  recipient: string,
  sourcePath: string,
): Promise<{ encrypt: number; encryptToDisk: number; decrypt: number; decryptToDisk: number }> {
  const [sealedPath, openedPath] = [join(folder, 'age-sealed'), join(folder, 'age-opened')];
  const encrypt = await timed('age', ['-r', recipient, '-o', sealedPath, sourcePath]);
  const sync = await timed('sync', [sealedPath]);
  const decrypt = await timed('age', ['-d', '-i', join(folder, 'age-key'), '-o', openedPath, sealedPath]);
  const syncOpened = await timed('sync', [openedPath]);
  rmSync(sealedPath);
  rmSync(openedPath);
  return { encrypt, encryptToDisk: encrypt + sync, decrypt, decryptToDisk: decrypt + syncOpened };
}

async function timed(command: string, values: readonly string[]): Promise<number> {
  const start = performance.now();
  await succeeded(spawn(command, values, { stdio: ['ignore', 'ignore', 'inherit'] }), command);
  return (performance.now() - start) / 1000;
}

async function succeeded(child: ChildProcess, what: string): Promise<void> {
  const [code] = (await once(child, 'close')) as [number | null];
  assert(code === 0, `${what} succeeds`);
}
