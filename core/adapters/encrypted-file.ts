/**
 * Encrypts to disk and decrypts from disk in constant memory: reading, encrypting, hashing and writing
 * overlap, in blocks of about {@link blockBytes}. The format is core/crypto/file-stream.ts.
 *
 * Invariants: the source is read once, and what was encrypted is what was announced, or there is no
 * output. No byte of a file that does not authenticate to its end is ever under the output's name.
 */
import { createHash, type Hash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import { AppError } from '../base/app-error.ts';
import { equalBytes } from '../base/bytes.ts';
import { say } from '../base/sentence.ts';
import { aeadTagBytes } from '../crypto/aead.ts';
import {
  chunkCount,
  ciphertextLength,
  decodeFileHeader,
  encodeFileHeader,
  type FileLabel,
  FileOpener,
  FileSealer,
  fileHeaderBytes,
  fileRefused,
} from '../crypto/file-stream.ts';
import { AtomicFile } from './atomic-file.ts';
import { nodeAead } from './node-aead.ts';

/** Size of one read or write. */
const blockBytes = 1 << 20;
/** Bytes after which the writer asks the disk to begin writing, so that the last flush is short. */
const flushBytes = 64 << 20;

/** Blocks of bytes in order. A block is read before the next is asked for, and may be overwritten after. */
export type ByteSource = AsyncIterable<Uint8Array>;

/** Cancelling and watching. */
export interface Supervision {
  /** Aborting removes the unfinished output and rejects with `FILE_CANCELLED`. */
  readonly signal?: AbortSignal;
  /** Called after every block with the plaintext bytes done so far. */
  readonly onProgress?: (plaintextBytesDone: number) => void;
}

export interface EncryptToFileOptions extends Supervision {
  readonly source: ByteSource;
  readonly outputPath: string;
  /** 32 bytes of an encapsulation made for this attempt alone; an array that was used before is a bug. */
  readonly encapsulatedKey: Uint8Array;
  readonly label: FileLabel;
  /**
   * SHA-256 that was committed to for the whole plaintext. Left out where the source checks itself, as
   * a dataset's payload does: hashing costs three times what encrypting does.
   */
  readonly plaintextSha256?: Uint8Array;
}

export interface DecryptToFileOptions extends Supervision {
  readonly inputPath: string;
  readonly outputPath: string;
  readonly encapsulatedKey: Uint8Array;
  readonly label: FileLabel;
}

/** What was encrypted, and to what. */
export interface EncryptedFileReport {
  readonly plaintextBytes: number;
  readonly ciphertextBytes: number;
  /** 32 bytes, computed in the same pass. */
  readonly ciphertextSha256: Uint8Array;
}

/**
 * Encrypts a source to `outputPath`.
 * @throws AppError `FILE_SOURCE_CHANGED` when the source is not what the label and digest announced,
 * `FILE_CANCELLED`, `DISK_FULL`, `DISK_NOT_WRITABLE`. In every case no output remains.
 */
export async function encryptToFile(options: EncryptToFileOptions): Promise<EncryptedFileReport> {
  const { chunkBytes, plaintextBytes, context } = options.label;
  const sealer = new FileSealer(nodeAead, options.encapsulatedKey, context, { chunkBytes });
  const chunks = chunkCount(plaintextBytes, chunkBytes);
  const ciphertextHash = createHash('sha256');
  const plaintextHash = options.plaintextSha256 === undefined ? null : createHash('sha256');
  const carry = new Uint8Array(chunkBytes);
  let carried = 0;
  let sealed = 0;
  let read = 0;

  return produce(options.outputPath, async (file) => {
    const writer = new BlockWriter(file, chunkBytes + aeadTagBytes, ciphertextHash);
    const seal = async (plaintext: Uint8Array): Promise<void> => {
      const room = await writer.room(plaintext.length + aeadTagBytes);
      sealer.seal(room, plaintext, sealed === chunks - 1);
      sealed++;
    };
    try {
      (await writer.room(fileHeaderBytes)).set(encodeFileHeader({ chunkBytes }));
      if (plaintextBytes === 0) await seal(carry.subarray(0, 0));
      for await (const block of options.source) {
        throwIfCancelled(options.signal);
        read += block.length;
        if (read > plaintextBytes) throw sourceChanged('longer', plaintextBytes, read);
        plaintextHash?.update(block);
        for (let offset = 0; offset < block.length; ) {
          const wanted = Math.min(chunkBytes, plaintextBytes - sealed * chunkBytes) - carried;
          const part = block.subarray(offset, offset + wanted);
          offset += part.length;
          if (carried === 0 && part.length === wanted) {
            await seal(part);
            continue;
          }
          carry.set(part, carried);
          carried += part.length;
          if (part.length < wanted) continue;
          await seal(carry.subarray(0, carried));
          carried = 0;
        }
        options.onProgress?.(read);
      }
      if (read < plaintextBytes) throw sourceChanged('shorter', plaintextBytes, read);
      await writer.end();
    } finally {
      await writer.settle();
    }
    if (plaintextHash !== null && options.plaintextSha256 !== undefined && !equalBytes(options.plaintextSha256, plaintextHash.digest()))
      throw sourceChanged('other', plaintextBytes, read);
    throwIfCancelled(options.signal);
    return {
      plaintextBytes,
      ciphertextBytes: ciphertextLength(plaintextBytes, chunkBytes),
      ciphertextSha256: new Uint8Array(ciphertextHash.digest()),
    };
  });
}

/**
 * Decrypts a file to `outputPath`, which appears only after the last chunk has authenticated.
 * @throws AppError `FILE_NOT_ENCRYPTED`, `FILE_NEWER_VERSION`, `FILE_HEADER_INVALID`, `FILE_TRUNCATED`,
 * `FILE_TRAILING_BYTES`, `FILE_CHANGED` (data.chunk), `FILE_NOT_READABLE`, `FILE_CANCELLED`, `DISK_FULL`,
 * `DISK_NOT_WRITABLE`. In every case no output remains.
 */
export async function decryptToFile(options: DecryptToFileOptions): Promise<void> {
  const { chunkBytes, plaintextBytes, context } = options.label;
  const sealedBytes = chunkBytes + aeadTagBytes;
  const chunks = chunkCount(plaintextBytes, chunkBytes);
  const ciphertextBytes = ciphertextLength(plaintextBytes, chunkBytes);
  const input = await openForReading(options.inputPath);
  try {
    const headerBytes = new Uint8Array(fileHeaderBytes);
    const header = decodeFileHeader(headerBytes.subarray(0, await readFully(input, headerBytes, 0)));
    if (header.chunkBytes !== chunkBytes) throw fileRefused('changed', 0);
    const { size } = await input.stat();
    if (size < ciphertextBytes) throw fileRefused('truncated', Math.floor((size - fileHeaderBytes) / sealedBytes));
    if (size > ciphertextBytes) throw fileRefused('trailing', chunks - 1);
    const opener = new FileOpener(nodeAead, options.encapsulatedKey, context, header);

    await produce(options.outputPath, async (file) => {
      const writer = new BlockWriter(file, chunkBytes, null);
      const blocks = readBlocks(
        input,
        sealedBytes * Math.max(1, Math.floor(blockBytes / sealedBytes)),
        fileHeaderBytes,
        ciphertextBytes - fileHeaderBytes,
      );
      let done = 0;
      try {
        for await (const block of blocks) {
          throwIfCancelled(options.signal);
          for (let offset = 0; offset < block.length; offset += sealedBytes) {
            const sealed = block.subarray(offset, offset + sealedBytes);
            const chunk = opener.nextChunk;
            const room = await writer.room(Math.max(0, sealed.length - aeadTagBytes));
            const defect = opener.open(room, sealed, offset + sealed.length === block.length && chunk === chunks - 1);
            if (defect !== null) throw fileRefused(defect, chunk);
            done += room.length;
          }
          options.onProgress?.(done);
        }
        if (done !== plaintextBytes || opener.nextChunk !== chunks) throw fileRefused('truncated', opener.nextChunk);
        await writer.end();
      } finally {
        await writer.settle();
      }
      throwIfCancelled(options.signal);
    });
  } finally {
    await input.close();
  }
}

/** Runs `work` on an output that appears when it succeeds and vanishes when it fails. */
async function produce<T>(outputPath: string, work: (file: AtomicFile) => Promise<T>): Promise<T> {
  const file = await AtomicFile.create(outputPath);
  try {
    const result = await work(file);
    await file.commit();
    return result;
  } finally {
    await file.discard();
  }
}

/** The blocks of a file, read once with one read ahead. Errors: `FILE_NOT_READABLE`. */
export async function* fileSource(path: string): AsyncGenerator<Uint8Array> {
  const input = await openForReading(path);
  try {
    yield* readBlocks(input, blockBytes, 0, Number.MAX_SAFE_INTEGER);
  } finally {
    await input.close();
  }
}

function sourceChanged(how: 'longer' | 'shorter' | 'other', expectedBytes: number, readBytes: number): AppError {
  const what =
    how === 'other'
      ? say`The source has the announced length, but its content is not what was committed to.`
      : how === 'longer'
        ? say`The source is longer than announced (${expectedBytes} bytes expected, at least ${readBytes} read).`
        : say`The source is shorter than announced (${expectedBytes} bytes expected, ${readBytes} read).`;
  return new AppError(
    'FILE_SOURCE_CHANGED',
    {
      what,
      consequence: 'Nothing was encrypted: a commitment to one content must not travel with another.',
      remedy: 'Import the file again and encrypt the new dataset; keep the file unchanged meanwhile.',
    },
    { data: { expectedBytes, readBytes } },
  );
}

function throwIfCancelled(signal: AbortSignal | undefined): void {
  if (!signal?.aborted) return;
  throw new AppError('FILE_CANCELLED', {
    what: 'The work on the file was cancelled.',
    consequence: 'The unfinished output was removed; the source is unchanged.',
    remedy: 'Start it again whenever you like.',
  });
}

/** Opens a file. @throws AppError `FILE_NOT_READABLE` */
export async function openForReading(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'r');
  } catch (cause) {
    throw notReadable(path, cause);
  }
}

function notReadable(path: string, cause: unknown): AppError {
  const reason = (cause as NodeJS.ErrnoException).code ?? 'unknown';
  return new AppError(
    'FILE_NOT_READABLE',
    {
      what: say`${path} cannot be read (${reason}).`,
      consequence: 'Nothing was made from it.',
      remedy: 'Check that the file is there and may be read, then repeat the step.',
    },
    { data: { path, reason }, cause },
  );
}

/** Reads until `buffer` is full or the file ends; answers the bytes read. */
async function readFully(input: FileHandle, buffer: Uint8Array, position: number): Promise<number> {
  let length = 0;
  while (length < buffer.length) {
    const { bytesRead } = await input.read(buffer, length, buffer.length - length, position + length);
    if (bytesRead === 0) break;
    length += bytesRead;
  }
  return length;
}

/** At most `lengthMax` bytes from `start` in blocks of `size` (the last may be shorter); the next block is read while one is in use. */
async function* readBlocks(input: FileHandle, size: number, start: number, lengthMax: number): AsyncGenerator<Uint8Array> {
  const buffers = [new Uint8Array(size), new Uint8Array(size)] as const;
  const readAt = (turn: number): Promise<number> => {
    const length = Math.max(0, Math.min(size, lengthMax - turn * size));
    return readFully(input, buffers[turn % 2 === 0 ? 0 : 1].subarray(0, length), start + turn * size);
  };
  let pending = readAt(0);
  try {
    for (let turn = 0; ; turn++) {
      const length = await pending;
      pending = length === size ? readAt(turn + 1) : Promise.resolve(0);
      if (length > 0) yield buffers[turn % 2 === 0 ? 0 : 1].subarray(0, length);
      if (length < size) return;
    }
  } catch (cause) {
    throw cause instanceof AppError ? cause : notReadable('The input', cause);
  } finally {
    await pending.catch(() => undefined); // a read ahead that nobody will use must end before the file is closed
  }
}

/** Collects pieces into blocks, and writes one block while the next is filled. */
class BlockWriter {
  readonly #file: AtomicFile;
  readonly #hash: Hash | null;
  /** The block being filled, and the one being written. */
  #filling: Uint8Array;
  #spare: Uint8Array;
  #length = 0;
  #unflushed = 0;
  #writing: Promise<void> = Promise.resolve();
  #flushing: Promise<void> = Promise.resolve();

  /** `hash` takes in everything that is written. */
  constructor(file: AtomicFile, pieceBytesMax: number, hash: Hash | null) {
    this.#file = file;
    this.#hash = hash;
    const size = Math.max(blockBytes, pieceBytesMax);
    this.#filling = new Uint8Array(size);
    this.#spare = new Uint8Array(size);
  }

  /** Space for the next `length` bytes of the file, to be filled before the next call. */
  async room(length: number): Promise<Uint8Array> {
    if (this.#length + length > this.#filling.length) await this.#pass();
    this.#length += length;
    return this.#filling.subarray(this.#length - length, this.#length);
  }

  /** Writes what is left. */
  async end(): Promise<void> {
    await this.#pass();
    await this.#writing;
    await this.#flushing;
  }

  /** Waits until nothing is under way, without caring how it went: {@link room} and {@link end} have said so. */
  async settle(): Promise<void> {
    await Promise.allSettled([this.#writing, this.#flushing]);
  }

  async #pass(): Promise<void> {
    await this.#writing;
    const block = this.#filling.subarray(0, this.#length);
    [this.#filling, this.#spare] = [this.#spare, this.#filling];
    this.#length = 0;
    this.#writing = quietly(this.#file.write(block));
    this.#hash?.update(block); // while the block is on its way to the disk
    this.#unflushed += block.length;
    if (this.#unflushed < flushBytes) return;
    await this.#flushing;
    this.#unflushed = 0;
    this.#flushing = quietly(this.#writing.then(() => this.#file.flush()));
  }
}

/** Marks a promise whose failure is awaited later, so that until then it does not count as unhandled. */
function quietly<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined); // whoever awaits the promise hears of it
  return promise;
}
