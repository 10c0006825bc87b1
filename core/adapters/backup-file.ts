/**
 * The backup file: a tar under the STREAM encryption of core/crypto/file-stream.ts, whose random key is sealed under a passphrase in a
 * header before it. docs/formats.md, "Backups".
 *
 * Invariants: written beside its place and renamed when complete. The first entry is a manifest that names every other one with size and
 * SHA-256 in order; a reader hands nothing on before the manifest is checked whole, and refuses whatever differs from it by name.
 * One chunk and the manifest are in memory, however large the backup is.
 */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { type FileHandle, open } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { extract as extractTar, type Header, type Pack, pack as packTar } from 'tar-stream';
import { z } from 'zod';
import { AppError, isAppError } from '../base/app-error.ts';
import { assert } from '../base/assert.ts';
import { concatBytes, equalBytes, fromHex, type Hex, isHex, toHex, utf8 } from '../base/bytes.ts';
import { Decoder, Encoder } from '../base/codec.ts';
import { type Sentence, say } from '../base/sentence.ts';
import { aeadTagBytes } from '../crypto/aead.ts';
import {
  decodeFileHeader,
  encodeFileHeader,
  type FileDefect,
  FileOpener,
  FileSealer,
  fileHeaderBytes,
  plaintextBytesMax,
} from '../crypto/file-stream.ts';
import {
  documentBytesMax,
  openDocument,
  type PassphraseCost,
  requireAcceptablePassphrase,
  sealDocument,
} from '../crypto/sealed-document.ts';
import { systemSealing } from './argon2id.ts';
import { AtomicFile } from './atomic-file.ts';
import { nodeAead } from './node-aead.ts';
import { systemRandom } from './system-random.ts';

const magic = utf8('vouchbak');
const formatVersion = 1;
const prefixBytes = magic.length + 2 + 4;
const sealedKeyBytesMax = 4096;
const sealedKeyName = 'backup-key';
const chunkBytes = 1 << 20;

const manifestVersion = 1;
const manifestName = 'manifest.json';
const manifestBytesMax = 64 << 20;
const filesMax = 200_000;
/** Header, digest, check value and tag of a sealed document, and room to spare. */
const sealedDocumentBytesMax = documentBytesMax + 1024;
const tarBlockBytes = 512;

const folderFile = '(?:dataset\\.json|original|column-(?:0|[1-9][0-9]{0,3}))';
/** Everything that a backup may hold, and nothing else: no absolute path, no `..`, no name that a system could take for another one. */
const pathPattern = new RegExp(
  `^(?:network\\.json|documents/[a-z0-9][a-z0-9-]{0,99}|datasets/[0-9a-f]{64}/${folderFile}|received/(?:0|[1-9][0-9]{0,77})/${folderFile}|ciphertexts/[0-9a-f]{64})$`,
);

const hash32 = z.custom<Hex>((text) => isHex(text) && text.length === 66, 'must be 32 bytes in hexadecimal');
const fileShape = z.strictObject({
  path: z.string().max(200).regex(pathPattern),
  size: z.int().min(0).max(plaintextBytesMax),
  sha256: hash32,
});
const manifestShape = z
  .strictObject({
    version: z.literal(manifestVersion),
    createdAtMs: z.int().min(0),
    /** Opens the documents; sealed under the new home's own lock when they are restored. */
    homeKey: hash32,
    files: z.array(fileShape).max(filesMax),
  })
  .superRefine(({ files }, context) => {
    const refuse = (message: string): void => context.addIssue({ code: 'custom', message });
    if (files.some(({ path }, index) => index > 0 && path <= (files[index - 1]?.path ?? ''))) refuse('its files are not in order');
    for (const needed of ['documents/identity', 'network.json'])
      if (!files.some(({ path }) => path === needed)) refuse(`it does not name ${needed}`);
    if (files.some(({ path, size }) => path.startsWith('documents/') && size > sealedDocumentBytesMax)) refuse('a document is too large');
    if (tarBytes(files) > plaintextBytesMax) refuse('its files are larger than a backup can be');
  });

/** One file of a home as a backup names it. */
export type BackupEntry = z.infer<typeof fileShape>;
/** What a backup holds, in the order of its entries. */
export type BackupManifest = z.infer<typeof manifestShape>;

/** A file to be saved: the same bytes every time they are asked for. */
export interface BackupInput extends BackupEntry {
  bytes(): AsyncIterable<Uint8Array>;
}

/** Cancelling and watching; bytes of the files. */
export interface BackupOptions {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
}

/** Who takes what a backup holds. */
export interface BackupSink {
  /** The manifest is good; nothing has been handed on yet. */
  begin(manifest: BackupManifest): Promise<void>;
  /** The next file. `bytes` throws at its end unless they are those of the manifest, and must be read to the end. */
  file(entry: BackupEntry, bytes: AsyncIterable<Uint8Array>, manifest: BackupManifest): Promise<void>;
}

/** Whether a home's file of this name belongs in a backup. */
export function isBackupPath(path: string): boolean {
  return pathPattern.test(path);
}

/**
 * Writes a backup to `path`, replacing what has that name only when the new one is whole.
 * @throws AppError `BACKUP_SOURCE_CHANGED`, `PASSPHRASE_TOO_SHORT`, `PASSPHRASE_TOO_LONG`, `DISK_FULL`, `DISK_NOT_WRITABLE`; the signal's reason
 */
export async function writeBackup(
  path: string,
  passphrase: string,
  facts: Pick<BackupManifest, 'createdAtMs' | 'homeKey'>,
  inputs: readonly BackupInput[],
  options: BackupOptions & { readonly cost?: PassphraseCost } = {},
): Promise<{ bytes: number }> {
  requireAcceptablePassphrase(passphrase);
  const sorted = [...inputs].sort((left, right) => (left.path < right.path ? -1 : 1));
  const files = sorted.map(({ path: name, size, sha256 }) => ({ path: name, size, sha256 }));
  const manifest = manifestShape.parse({ version: manifestVersion, ...facts, files });
  const key = systemRandom.bytes(32);
  const { cost } = options;
  const lock = { passphrase, ...(cost ? { cost } : {}) };
  const sealedKey = await sealDocument(systemSealing, sealedKeyName, lock, { version: 1, key: toHex(key) });
  const prefix = concatBytes(new Encoder().fixed(magic, magic.length).uint(formatVersion, 2).bytes(sealedKey).finish());
  const file = await AtomicFile.create(path);
  try {
    const header = encodeFileHeader({ chunkBytes });
    await file.write(prefix);
    await file.write(header);
    let bytes = prefix.length + header.length;
    for await (const sealed of sealChunks(packed(manifest, sorted, options), new FileSealer(nodeAead, key, prefix, { chunkBytes }))) {
      await file.write(sealed);
      bytes += sealed.length;
    }
    options.signal?.throwIfAborted();
    await file.commit();
    return { bytes };
  } finally {
    key.fill(0);
    await file.discard();
  }
}

/**
 * Reads a whole backup and hands it to `sink`; when it returns, every byte was authenticated and every file is the one of the manifest.
 * @throws AppError `BACKUP_NOT_A_BACKUP`, `BACKUP_NEWER_VERSION`, `BACKUP_WRONG_PASSPHRASE`, `BACKUP_DAMAGED`, `BACKUP_CONTENT_INVALID`,
 * `FILE_NOT_READABLE`; what the sink throws; the signal's reason
 */
export async function readBackup(path: string, passphrase: string, sink: BackupSink, options: BackupOptions = {}): Promise<BackupManifest> {
  const input = await openBackup(path);
  try {
    const { size } = await input.stat();
    const { prefix, key } = await readPrefix(input, passphrase);
    const start = prefix.length + fileHeaderBytes;
    const opener = new FileOpener(nodeAead, key, prefix, readFileHeader(await readAt(input, prefix.length, fileHeaderBytes)));
    return await unpack(openChunks(input, start, size, opener, options.signal), sink, options);
  } finally {
    await input.close();
  }
}

/** Bytes of the tar of a manifest's files without the manifest. */
function tarBytes(files: readonly { readonly size: number }[]): number {
  return files.reduce((sum, { size }) => sum + entryBytes(size), 2 * tarBlockBytes);
}

function entryBytes(size: number): number {
  return tarBlockBytes + Math.ceil(size / tarBlockBytes) * tarBlockBytes;
}

function headerOf(name: string, size: number): Header {
  return { name, size, mode: 0o600, mtime: new Date(0), type: 'file' };
}

/** The tar: the manifest, then every file. */
async function* packed(manifest: BackupManifest, inputs: readonly BackupInput[], options: BackupOptions): AsyncGenerator<Uint8Array> {
  const { signal, onProgress } = options;
  const total = inputs.reduce((sum, { size }) => sum + size, 0);
  let done = 0;
  const tar = packTar();
  const fill = async (): Promise<void> => {
    const encoded = utf8(JSON.stringify(manifest));
    assert(encoded.length <= manifestBytesMax, 'the manifest of so many files is not too large');
    await addEntry(tar, headerOf(manifestName, encoded.length), [encoded]);
    for (const input of inputs) {
      const checked = checkedBytes(input, input.bytes(), () => sourceChanged(input.path));
      await addEntry(tar, headerOf(input.path, input.size), checked, (bytes) => {
        signal?.throwIfAborted();
        done += bytes;
        onProgress?.(done, total);
      });
    }
    tar.finalize();
  };
  const filling = fill().catch((error: unknown) => {
    tar.destroy(error instanceof Error ? error : new Error(String(error)));
    throw error;
  });
  filling.catch(() => undefined); // whoever reads the tar hears of it below
  try {
    yield* tar as AsyncIterable<Uint8Array>;
  } catch (error) {
    // The reason of the one who filled it, not that of the stream that was cut off.
    await filling;
    throw error;
  } finally {
    tar.destroy();
  }
  await filling;
}

async function addEntry(
  tar: Pack,
  header: Header,
  bytes: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  onWritten: (bytes: number) => void = () => undefined,
): Promise<void> {
  const sink = tar.entry(header);
  const ended = new Promise<void>((resolve, reject) => {
    sink.once('finish', resolve);
    sink.once('error', reject);
    sink.once('close', () => reject(new Error('the archive was abandoned')));
  });
  ended.catch(() => undefined); // awaited below; until then a failure is not an unhandled one
  for await (const piece of bytes) {
    if (!sink.write(piece)) await Promise.race([once(sink, 'drain'), ended]);
    onWritten(piece.length);
  }
  sink.end();
  await ended;
}

/** The bytes, with `refusal` thrown as soon as they are more than the entry says, or at the end if they are others. */
async function* checkedBytes(
  { size, sha256 }: Pick<BackupEntry, 'size' | 'sha256'>,
  bytes: AsyncIterable<Uint8Array>,
  refusal: () => AppError,
): AsyncGenerator<Uint8Array> {
  const hash = createHash('sha256');
  let read = 0;
  for await (const piece of bytes) {
    read += piece.length;
    if (read > size) throw refusal();
    hash.update(piece);
    yield piece;
  }
  if (read !== size || toHex(hash.digest()) !== sha256) throw refusal();
}

/** The sealed chunks; each is used before the next is asked for. */
async function* sealChunks(plaintext: AsyncIterable<Uint8Array>, sealer: FileSealer): AsyncGenerator<Uint8Array> {
  const chunk = new Uint8Array(chunkBytes);
  const room = new Uint8Array(chunkBytes + aeadTagBytes);
  let filled = 0;
  const seal = (last: boolean): Uint8Array => {
    const sealed = room.subarray(0, filled + aeadTagBytes);
    sealer.seal(sealed, chunk.subarray(0, filled), last);
    filled = 0;
    return sealed;
  };
  for await (const piece of plaintext)
    for (let offset = 0; offset < piece.length; ) {
      // Only what follows a full chunk shows that it is not the last one.
      if (filled === chunkBytes) yield seal(false);
      const part = piece.subarray(offset, offset + chunkBytes - filled);
      chunk.set(part, filled);
      filled += part.length;
      offset += part.length;
    }
  yield seal(true);
}

async function* openChunks(
  input: FileHandle,
  start: number,
  end: number,
  opener: FileOpener,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array> {
  // A fresh one for every chunk would cost more in pages from the kernel than the decryption does.
  const room = new Uint8Array(chunkBytes + aeadTagBytes);
  let offset = start;
  do {
    signal?.throwIfAborted();
    const chunk = opener.nextChunk;
    const sealed = await readAt(input, offset, Math.min(room.length, end - offset), room);
    offset += sealed.length;
    if (sealed.length < aeadTagBytes) throw damaged('truncated', chunk);
    const plaintext = new Uint8Array(sealed.length - aeadTagBytes);
    const defect = opener.open(plaintext, sealed, offset === end);
    if (defect !== null) throw damaged(defect, chunk);
    yield plaintext;
  } while (offset < end);
}

/** Reads the tar against its manifest. */
async function unpack(plaintext: AsyncIterable<Uint8Array>, sink: BackupSink, options: BackupOptions): Promise<BackupManifest> {
  let read = 0;
  const counted = async function* (): AsyncGenerator<Uint8Array> {
    for await (const piece of plaintext) {
      read += piece.length;
      yield piece;
    }
  };
  const tar = extractTar();
  const source = Readable.from(counted(), { objectMode: false, highWaterMark: chunkBytes });
  let failure: unknown;
  source.once('error', (error) => {
    failure = error;
    tar.destroy(error);
  });
  source.pipe(tar);
  let manifest: BackupManifest | undefined;
  let manifestBytes = 0;
  let position = 0;
  let done = 0;
  let total = 0;
  const watched = async function* (bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const piece of bytes) {
      options.signal?.throwIfAborted();
      yield piece;
      done += piece.length;
      options.onProgress?.(done, total);
    }
  };
  try {
    for await (const entry of tar) {
      const { name, size, type, pax, linkname } = entry.header;
      if (type !== 'file' || (pax ?? null) !== null || (linkname ?? null) !== null)
        throw contentInvalid(say`the entry ${shown(name)} is not a plain file`);
      if (manifest === undefined) {
        manifest = await readManifest(entry.header, entry);
        manifestBytes = size;
        total = manifest.files.reduce((sum, file) => sum + file.size, 0);
        await sink.begin(manifest);
        continue;
      }
      const { files } = manifest;
      const expected = files[position];
      if (expected === undefined) throw contentInvalid(say`it goes on with ${shown(name)} after the last file of its manifest`);
      if (expected.path !== name || expected.size !== size)
        throw contentInvalid(say`where its manifest names ${expected.path} it has ${shown(name)}, or of another size`);
      position++;
      const bytes = checkedBytes(expected, entry, () => contentInvalid(say`${expected.path} has another SHA-256 than its manifest says`));
      await sink.file(expected, watched(bytes), manifest);
    }
  } catch (error) {
    // What kept the chunks from opening, rather than how the archive took it.
    if (failure !== undefined) throw failure;
    if (error instanceof Error && !isAppError(error) && isTarRefusal(error)) throw contentInvalid(say`it is not a whole archive`);
    throw error;
  } finally {
    source.destroy();
    tar.destroy();
  }
  if (failure !== undefined) throw failure;
  if (manifest === undefined) throw contentInvalid(say`it has no manifest`);
  const missing = manifest.files[position];
  if (missing !== undefined) throw contentInvalid(say`it ends before ${missing.path}`);
  if (read !== tarBytes(manifest.files) + entryBytes(manifestBytes))
    throw contentInvalid(say`it has bytes that belong to none of its files`);
  return manifest;
}

/** Whether the error is what tar-stream says of bytes that are no archive. */
function isTarRefusal({ message }: Error): boolean {
  return /^(Invalid tar header|Invalid header|Header exceeds max size|Unexpected end of data)/.test(message);
}

async function readManifest({ name, size }: Header, bytes: AsyncIterable<Uint8Array>): Promise<BackupManifest> {
  if (name !== manifestName || size > manifestBytesMax) throw contentInvalid(say`it does not begin with a manifest`);
  const pieces: Uint8Array[] = [];
  for await (const piece of bytes) pieces.push(piece);
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(concatBytes(...pieces)));
  } catch {
    throw contentInvalid(say`its manifest is not JSON`);
  }
  const version = z.looseObject({ version: z.int() }).safeParse(value);
  if (version.success && version.data.version > manifestVersion) throw newerVersion(version.data.version);
  const parsed = manifestShape.safeParse(value);
  if (parsed.success) return parsed.data;
  // The manifest holds the home's key: only the place of the fault is repeated.
  const [issue] = parsed.error.issues;
  throw contentInvalid(say`its manifest is not one of this format (${issue?.path.join('.') || (issue?.message ?? 'malformed')})`);
}

async function readPrefix(input: FileHandle, passphrase: string): Promise<{ prefix: Uint8Array; key: Uint8Array }> {
  const fixed = await readAt(input, 0, prefixBytes);
  if (fixed.length < magic.length || !equalBytes(fixed.subarray(0, magic.length), magic)) throw notABackup();
  if (fixed.length < prefixBytes) throw damaged('truncated', 0);
  const fields = new Decoder(fixed.subarray(magic.length));
  const version = fields.count(2);
  if (version > formatVersion) throw newerVersion(version);
  const length = fields.count(4);
  if (version !== formatVersion || length > sealedKeyBytesMax) throw damaged('changed', 0);
  const sealedKey = await readAt(input, prefixBytes, length);
  if (sealedKey.length < length) throw damaged('truncated', 0);
  try {
    const value = await openDocument(systemSealing, sealedKeyName, { passphrase }, sealedKey);
    const parsed = z.strictObject({ version: z.literal(1), key: hash32 }).safeParse(value);
    if (!parsed.success) throw damaged('changed', 0);
    return { prefix: concatBytes(fixed, sealedKey), key: fromHex(parsed.data.key) };
  } catch (error) {
    if (isAppError(error, 'SEALED_WRONG_PASSPHRASE')) throw wrongPassphrase();
    if (isAppError(error, 'SEALED_NEWER_VERSION')) throw newerVersion(Number(error.data.version));
    if (isAppError(error) && error.code.startsWith('SEALED_')) throw damaged('changed', 0, error);
    throw error;
  }
}

function readFileHeader(bytes: Uint8Array): ReturnType<typeof decodeFileHeader> {
  if (bytes.length < fileHeaderBytes) throw damaged('truncated', 0);
  try {
    const header = decodeFileHeader(bytes);
    if (header.chunkBytes === chunkBytes) return header;
  } catch (error) {
    if (!isAppError(error)) throw error;
    throw damaged('changed', 0, error);
  }
  throw damaged('changed', 0);
}

async function openBackup(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'r');
  } catch (cause) {
    throw notReadable(path, cause);
  }
}

/** The bytes at a place, fewer where the file ends; into the beginning of `room` if it is given. */
async function readAt(input: FileHandle, position: number, length: number, room?: Uint8Array): Promise<Uint8Array> {
  const bytes = room?.subarray(0, Math.max(0, length)) ?? new Uint8Array(Math.max(0, length));
  let filled = 0;
  try {
    while (filled < bytes.length) {
      const { bytesRead } = await input.read(bytes, filled, bytes.length - filled, position + filled);
      if (bytesRead === 0) break;
      filled += bytesRead;
    }
  } catch (cause) {
    throw notReadable('The backup', cause);
  }
  return bytes.subarray(0, filled);
}

/** A name from a file that may be hostile, fit to be shown. */
function shown(name: string): string {
  return JSON.stringify(name.slice(0, 100));
}

const untouched = say`Nothing was restored, and the backup was not changed.`;
const anotherCopy = say`Use another copy of the backup, or an earlier one; the 24 words restore what chain and proxies hold.`;

function notReadable(path: string, cause: unknown): AppError {
  const reason = (cause as NodeJS.ErrnoException).code ?? 'unknown';
  return new AppError(
    'FILE_NOT_READABLE',
    {
      what: say`${path} cannot be read (${reason}).`,
      consequence: untouched,
      remedy: 'Check that the file is there, that you may read it and that its disk is healthy.',
    },
    { data: { path, reason }, cause },
  );
}

function notABackup(): AppError {
  return new AppError('BACKUP_NOT_A_BACKUP', {
    what: 'The file is not a backup of Vouchsafe: its first bytes are not those of one.',
    consequence: untouched,
    remedy: 'Choose the file that was saved as a backup.',
  });
}

function newerVersion(version: number): AppError {
  return new AppError(
    'BACKUP_NEWER_VERSION',
    {
      what: say`The backup was written by a newer version of Vouchsafe (format ${version}; this program knows ${formatVersion}).`,
      consequence: untouched,
      remedy: 'Update Vouchsafe and restore the backup again.',
    },
    { data: { version } },
  );
}

function wrongPassphrase(): AppError {
  return new AppError('BACKUP_WRONG_PASSPHRASE', {
    what: 'The passphrase does not open this backup.',
    consequence: untouched,
    remedy: 'Try again with the passphrase that you chose when you saved it; mind capital letters and the keyboard layout.',
  });
}

function damaged(defect: FileDefect, chunk: number, cause?: unknown): AppError {
  const what = {
    truncated: say`The backup ends early: a part of the file is missing.`,
    trailing: say`The backup goes on after its end: something was appended to the file.`,
    changed: say`The backup was changed after it was saved (in its part ${chunk}), or its disk is failing.`,
  }[defect];
  return new AppError('BACKUP_DAMAGED', { what, consequence: untouched, remedy: anotherCopy }, { data: { defect, chunk }, cause });
}

function contentInvalid(reason: Sentence): AppError {
  return new AppError('BACKUP_CONTENT_INVALID', {
    what: say`The backup opens, but it is not one that this program writes: ${reason}.`,
    consequence: untouched,
    remedy: say`If somebody gave it to you, do not trust it. ${anotherCopy}`,
  });
}

function sourceChanged(path: string): AppError {
  return new AppError(
    'BACKUP_SOURCE_CHANGED',
    {
      what: say`The file ${path} of the home changed while it was saved.`,
      consequence: 'No backup was made; an earlier one under this name is unchanged.',
      remedy: 'Save the backup again. If this repeats, the disk of the home is failing.',
    },
    { data: { path } },
  );
}
