/**
 * The encrypted file: a short header, then chunks of a fixed size under AES-256-GCM in the STREAM
 * construction (Hoang, Reyhanitabar, Rogaway, Vizár, CRYPTO 2015, as in age and Tink): the nonce of a
 * chunk is its number and a flag that marks the last one, its associated data is the source context.
 * docs/formats.md, "The encrypted file".
 *
 * Invariants: a key seals one file, once. The header is in the key, the context in every chunk, so
 * both are authenticated with the first one. A plaintext of n bytes has exactly one ciphertext length,
 * and a chunk that is truncated, moved, doubled, swapped or changed does not open.
 */
import { hkdf } from '@noble/hashes/hkdf.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { AppError } from '../base/app-error.ts';
import { assert } from '../base/assert.ts';
import { equalBytes, utf8 } from '../base/bytes.ts';
import { Decoder, Encoder } from '../base/codec.ts';
import { say } from '../base/sentence.ts';
import { type Aead, type AeadKey, aeadNonceBytes, aeadTagBytes } from './aead.ts';
import { encodeSourceContext, type SourceContext } from './context.ts';

const magic = utf8('vouchenc');
const formatVersion = 1;
/** Magic, version (2 bytes), chunk size (4 bytes). */
export const fileHeaderBytes = magic.length + 2 + 4;

export const chunkBytesDefault = 64 * 1024;
export const chunkBytesMin = 4 * 1024;
export const chunkBytesMax = 4 * 1024 * 1024;
/** Keeps the bound of AES-GCM on the blocks under one key far away: 2^36 blocks, advantage below 2^-56. */
export const plaintextBytesMax = 2 ** 40;

/** What a file's header says. */
export interface FileHeader {
  /** Plaintext bytes of every chunk but the last: a power of two from {@link chunkBytesMin} to {@link chunkBytesMax}. */
  readonly chunkBytes: number;
}

/** What key, nonces and lengths of an encrypted file depend on, besides the encapsulated key. */
export interface FileLabel {
  /** The encoded source context: associated data of every chunk. */
  readonly context: Uint8Array;
  /** Length of the plaintext, which the context names too. */
  readonly plaintextBytes: number;
  readonly chunkBytes: number;
}

/** Why a ciphertext is refused. `changed` is everything that the mathematics cannot tell apart. */
export type FileDefect = 'truncated' | 'trailing' | 'changed';

/** The label of the file that a source context describes. */
export function fileLabelOf(context: SourceContext): FileLabel {
  return {
    context: encodeSourceContext(context),
    plaintextBytes: Number(context.plaintextLength),
    chunkBytes: context.chunkSize,
  };
}

const refetch = say`Fetch the ciphertext again from a proxy and compare its SHA-256 with the record on chain.`;

/** The error for a refused ciphertext. `chunk` counts from 0. */
export function fileRefused(defect: FileDefect, chunk: number): AppError {
  const consequence = say`Nothing of the file was released; only whole authenticated files appear under their name.`;
  const data = { chunk };
  switch (defect) {
    case 'truncated':
      return new AppError(
        'FILE_TRUNCATED',
        { what: say`The encrypted file ends early, in or after chunk ${chunk}.`, consequence, remedy: refetch },
        { data },
      );
    case 'trailing':
      return new AppError(
        'FILE_TRAILING_BYTES',
        { what: say`The encrypted file goes on after its last chunk (${chunk}).`, consequence, remedy: refetch },
        { data },
      );
    case 'changed':
      return new AppError(
        'FILE_CHANGED',
        {
          what:
            chunk === 0
              ? 'The first chunk of the encrypted file does not open: it was changed, or the key or the source context belongs to another file.'
              : say`Chunk ${chunk} of the encrypted file was changed, moved or exchanged.`,
          consequence,
          remedy: refetch,
        },
        { data },
      );
  }
}

/** Whether `chunkBytes` is a chunk size of the format. */
export function isChunkSize(chunkBytes: number): boolean {
  return (
    Number.isInteger(chunkBytes) && chunkBytes >= chunkBytesMin && chunkBytes <= chunkBytesMax && (chunkBytes & (chunkBytes - 1)) === 0
  );
}

/** Number of chunks of a plaintext: an empty one has a single empty chunk. */
export function chunkCount(plaintextBytes: number, chunkBytes: number): number {
  assert(
    Number.isInteger(plaintextBytes) && plaintextBytes >= 0 && plaintextBytes <= plaintextBytesMax,
    'plaintext length within the format',
  );
  assert(isChunkSize(chunkBytes), 'chunk size of the format');
  return Math.max(1, Math.ceil(plaintextBytes / chunkBytes));
}

/** Bytes of the encrypted file of a plaintext of `plaintextBytes`, header included. */
export function ciphertextLength(plaintextBytes: number, chunkBytes: number): number {
  return fileHeaderBytes + plaintextBytes + aeadTagBytes * chunkCount(plaintextBytes, chunkBytes);
}

export function encodeFileHeader(header: FileHeader): Uint8Array {
  assert(isChunkSize(header.chunkBytes), 'chunk size of the format');
  return new Encoder().fixed(magic, magic.length).uint(formatVersion, 2).uint(header.chunkBytes, 4).finish();
}

/**
 * Reads the first {@link fileHeaderBytes} bytes of a file (fewer when the file is shorter).
 * @throws AppError `FILE_NOT_ENCRYPTED`, `FILE_NEWER_VERSION` or `FILE_HEADER_INVALID`.
 */
export function decodeFileHeader(bytes: Uint8Array): FileHeader {
  const consequence = say`Nothing of it was decrypted.`;
  if (bytes.length < fileHeaderBytes || !equalBytes(bytes.subarray(0, magic.length), magic))
    throw new AppError('FILE_NOT_ENCRYPTED', {
      what: 'The file is not a Vouchsafe ciphertext: its first bytes are not those of the format.',
      consequence,
      remedy: 'Choose the ciphertext of the dataset, or fetch it again from a proxy.',
    });
  const fields = new Decoder(bytes.subarray(magic.length));
  const version = fields.count(2);
  if (version > formatVersion)
    throw new AppError(
      'FILE_NEWER_VERSION',
      {
        what: say`The file is of format version ${version}; this program knows version ${formatVersion}.`,
        consequence: 'It was left as it is.',
        remedy: 'Update Vouchsafe and open the file again.',
      },
      { data: { version } },
    );
  const chunkBytes = fields.count(4);
  if (version !== formatVersion || !isChunkSize(chunkBytes))
    throw new AppError(
      'FILE_HEADER_INVALID',
      {
        what: say`The header of the encrypted file is damaged (version ${version}, chunk size ${chunkBytes}).`,
        consequence,
        remedy: refetch,
      },
      { data: { version, chunkBytes } },
    );
  return { chunkBytes };
}

/** The key of the chunks: HKDF-SHA-256 of the 32 encapsulated bytes with the header as salt. */
function fileKey(aead: Aead, encapsulatedKey: Uint8Array, header: FileHeader): AeadKey {
  assert(encapsulatedKey.length === 32, 'an encapsulated key has 32 bytes');
  return aead.key(hkdf(sha256, encapsulatedKey, encodeFileHeader(header), utf8('vouchsafe:1:file'), 32));
}

/** 11 bytes of counter, big-endian, and the flag of the last chunk. */
function writeNonce(nonce: Uint8Array, index: number, last: boolean): void {
  // A safe integer fills the low 7 of the 11 bytes.
  for (let position = 10, rest = index; position >= 4; position--, rest = Math.floor(rest / 256)) nonce[position] = rest % 256;
  nonce[11] = last ? 1 : 0;
}

const sealedWith = new WeakSet<Uint8Array>();

/** Seals the chunks of one file in order. */
export class FileSealer {
  readonly #key: AeadKey;
  readonly #chunkBytes: number;
  readonly #context: Uint8Array;
  readonly #nonce = new Uint8Array(aeadNonceBytes);
  #index = 0;
  #ended = false;

  /**
   * @param encapsulatedKey 32 bytes of a fresh encapsulation. The array is remembered: a second sealer
   * on it is a bug, because two plaintexts under one key betray each other.
   * @param context the encoded source context.
   */
  constructor(aead: Aead, encapsulatedKey: Uint8Array, context: Uint8Array, header: FileHeader) {
    assert(!sealedWith.has(encapsulatedKey), 'every attempt to encrypt takes a fresh key');
    sealedWith.add(encapsulatedKey);
    this.#key = fileKey(aead, encapsulatedKey, header);
    this.#chunkBytes = header.chunkBytes;
    this.#context = context;
  }

  /** Encrypts the next chunk into `sealed` ({@link aeadTagBytes} longer). Only the last may be short; only an only one may be empty. */
  seal(sealed: Uint8Array, plaintext: Uint8Array, last: boolean): void {
    assert(!this.#ended, 'nothing follows the last chunk');
    assert(
      plaintext.length === this.#chunkBytes || (last && plaintext.length < this.#chunkBytes && (plaintext.length > 0 || this.#index === 0)),
      'every chunk but the last is full',
    );
    writeNonce(this.#nonce, this.#index, last);
    this.#key.sealInto(sealed, this.#nonce, this.#context, plaintext);
    this.#index++;
    this.#ended = last;
  }
}

/** Opens the chunks of one file in order. */
export class FileOpener {
  readonly #key: AeadKey;
  readonly #chunkBytes: number;
  readonly #context: Uint8Array;
  readonly #nonce = new Uint8Array(aeadNonceBytes);
  #index = 0;

  constructor(aead: Aead, encapsulatedKey: Uint8Array, context: Uint8Array, header: FileHeader) {
    this.#key = fileKey(aead, encapsulatedKey, header);
    this.#chunkBytes = header.chunkBytes;
    this.#context = context;
  }

  /** Number of the chunk that {@link open} takes next, from 0. */
  get nextChunk(): number {
    return this.#index;
  }

  /**
   * Decrypts the next chunk into `plaintext` ({@link aeadTagBytes} shorter). `last` says that the file
   * ends with it. Answers null, or why the file is refused; then `plaintext` holds nothing of it.
   */
  open(plaintext: Uint8Array, sealed: Uint8Array, last: boolean): FileDefect | null {
    assert(sealed.length === this.#chunkBytes + aeadTagBytes || last, 'every chunk but the last is full');
    if (sealed.length < aeadTagBytes + (this.#index === 0 ? 0 : 1)) return 'truncated';
    if (this.#fits(plaintext, sealed, last)) {
      this.#index++;
      return null;
    }
    // The same chunk with the other flag: an authentic chunk at the wrong end of the file tells which way it was cut.
    if (!this.#fits(new Uint8Array(plaintext.length), sealed, !last)) return 'changed';
    return last ? 'truncated' : 'trailing';
  }

  #fits(plaintext: Uint8Array, sealed: Uint8Array, last: boolean): boolean {
    writeNonce(this.#nonce, this.#index, last);
    return this.#key.openInto(plaintext, this.#nonce, this.#context, sealed);
  }
}
