/**
 * Ciphertexts and artifacts, each under the SHA-256 of its content. The interface asks for no more than an
 * S3-compatible store has (put a file, read a range, remove, list), so one can take the disk's place.
 *
 * Invariant: a blob that is there is whole; its name was checked against its bytes before it got it.
 */
import { createReadStream } from 'node:fs';
import { mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import type { Hex } from '../base/bytes.ts';
import { flushFolder } from './atomic-file.ts';

/** Bytes `start` to `end`, both included. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

export interface BlobStore {
  /** Bytes of the blob, or null if it is not there. */
  size(sha256: Hex): Promise<number | null>;
  /** The bytes of the blob, which is there. */
  read(sha256: Hex, range?: ByteRange): Readable;
  /** Takes over the local file at `path`, whose SHA-256 the caller has checked. Durable when it returns; the file is gone from `path`. */
  adopt(sha256: Hex, path: string): Promise<void>;
  /** Removes the blob if it is there. */
  remove(sha256: Hex): Promise<void>;
  list(): Promise<Hex[]>;
}

const fileNamePattern = /^[0-9a-f]{64}$/;

/** Blobs as files of one folder, named by the hexadecimal digits of their hash. */
export class DiskBlobStore implements BlobStore {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Makes the folder; call once before use. */
  async prepare(): Promise<void> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
  }

  #path(sha256: Hex): string {
    return join(this.#folder, sha256.slice(2));
  }

  async size(sha256: Hex): Promise<number | null> {
    try {
      return (await stat(this.#path(sha256))).size;
    } catch (error) {
      if ((error as { code?: unknown }).code === 'ENOENT') return null;
      throw error;
    }
  }

  read(sha256: Hex, range?: ByteRange): Readable {
    return createReadStream(this.#path(sha256), range === undefined ? {} : { start: range.start, end: range.end });
  }

  async adopt(sha256: Hex, path: string): Promise<void> {
    const file = await open(path, 'r+');
    try {
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(path, this.#path(sha256));
    await flushFolder(this.#folder);
    await flushFolder(dirname(path));
  }

  async remove(sha256: Hex): Promise<void> {
    await rm(this.#path(sha256), { force: true });
    await flushFolder(this.#folder);
  }

  async list(): Promise<Hex[]> {
    return (await readdir(this.#folder)).filter((name) => fileNamePattern.test(name)).map((name): Hex => `0x${name}`);
  }
}
