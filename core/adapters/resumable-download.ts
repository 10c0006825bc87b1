/**
 * Downloads a file of known size and hash in ranges, next to its final name, and goes on where an earlier
 * try stopped. Only a file whose bytes hash to the name that was asked for gets the final name.
 *
 * Invariant: one download at a time in a folder, of all processes: two that append to one file would spoil it,
 * and one could go on writing to a file whose hash the other has checked.
 */
import { createHash } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { setTimeout as wait } from 'node:timers/promises';
import { AppError } from '../base/app-error.ts';
import type { Hex } from '../base/bytes.ts';
import { english, say } from '../base/sentence.ts';
import { flushFolder, writeFailure, writing } from './atomic-file.ts';
import { type HomeLock, isHeldByAnother, lockFile } from './home-lock.ts';
import type { RequestSigner } from './request-signature.ts';
import type { ServiceConnection } from './service-connection.ts';

/** Bytes asked for at a time; also what is held in memory. */
const rangeBytes = 4 * 2 ** 20;
const lockRetryMs = 100;

export interface FileDownload {
  /** Address of the file, from `/v1/`. */
  readonly path: string;
  readonly sha256: Hex;
  /** Bytes of the file, as a source that is trusted for it says. */
  readonly bytes: number;
  /** Where it goes; a partial file of this name with `.download` may be there from before. */
  readonly destination: string;
  readonly signer?: RequestSigner | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((bytesDone: number, bytesTotal: number) => void) | undefined;
}

/** @throws AppError `DOWNLOAD_HASH_MISMATCH` (names the service), `DISK_FULL`, `DISK_NOT_WRITABLE`, and those of {@link ServiceConnection} */
export async function downloadFile(connection: ServiceConnection, download: FileDownload): Promise<void> {
  const lock = await lockFolder(dirname(download.destination), download.signal);
  try {
    await downloadAlone(connection, download);
  } finally {
    lock.release();
  }
}

async function lockFolder(folder: string, signal: AbortSignal | undefined): Promise<HomeLock> {
  for (;;) {
    signal?.throwIfAborted();
    try {
      return lockFile(join(folder, 'download.lock'));
    } catch (error) {
      if (!isHeldByAnother(error)) throw writeFailure(folder, error);
      await wait(lockRetryMs);
    }
  }
}

async function downloadAlone(connection: ServiceConnection, download: FileDownload): Promise<void> {
  const { destination, bytes, sha256 } = download;
  const partial = `${destination}.download`;
  // Another process may have brought it while this one waited for its turn.
  if (existsSync(destination) && (await sha256Of(destination)) === sha256) return;
  const file = await writing(destination, () => open(partial, 'a'));
  let kept: number;
  try {
    kept = (await file.stat()).size;
    for (let offset = kept; offset < bytes; ) {
      const part = await readRange(connection, download, offset, Math.min(offset + rangeBytes, bytes) - 1);
      await writing(destination, () => file.appendFile(part));
      offset += part.length;
      download.onProgress?.(offset, bytes);
    }
    await writing(destination, () => file.sync());
  } finally {
    await file.close();
  }
  if ((await sha256Of(partial)) !== sha256) {
    await rm(partial, { force: true });
    // What was there before may be another service's lie, or what a loss of power left: this service answers for a whole file of its own.
    if (kept > 0) return downloadAlone(connection, download);
    throw new AppError(
      'DOWNLOAD_HASH_MISMATCH',
      {
        what: say`The file that the ${connection.serviceName} sent is not the one that was asked for: its SHA-256 differs.`,
        consequence: 'It was thrown away; nothing was opened and nothing was paid.',
        remedy: 'Get it from another proxy. If all give the same wrong file, the one who uploaded it is at fault.',
      },
      { data: { service: english(connection.serviceName), sha256 } },
    );
  }
  await writing(destination, async () => {
    await rename(partial, destination);
    await flushFolder(dirname(destination));
  });
}

async function sha256Of(path: string): Promise<Hex> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return `0x${hash.digest('hex')}`;
}

async function readRange(connection: ServiceConnection, download: FileDownload, start: number, end: number): Promise<Uint8Array> {
  const { path, signer, signal } = download;
  const answer = await connection.request({
    method: 'GET',
    path,
    headers: { range: `bytes=${start}-${end}` },
    answerBytesMax: rangeBytes,
    signer,
    signal,
  });
  if (answer.status !== 206 || answer.body.length !== end - start + 1)
    throw connection.malformed(say`it is not the part of the file that was asked for`);
  return answer.body;
}
