/**
 * A dataset on disk: the original file, the canonical integers of each promised column, and `dataset.json` that describes them. Written beside its
 * place under another name and moved there complete and flushed, so a folder that exists under its own name is whole.
 */
import { createHash, type Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { z } from 'zod';
import { AppError, isAppError } from '../base/app-error.ts';
import { assert } from '../base/assert.ts';
import { type Hex, toHex } from '../base/bytes.ts';
import { type Sentence, say } from '../base/sentence.ts';
import { type ColumnReader, columnLength, storedBytes } from '../dataset/canonical-column.ts';
import { type DatasetDescription, descriptionMembers, hexOf } from '../dataset/description.ts';
import { promisedColumns } from '../dataset/schema.ts';
import { flushFolder } from './atomic-file.ts';

const FOLDER_VERSION = 1;
const DOCUMENT_NAME = 'dataset.json';
const SOURCE_NAME = 'original';
const PARTIAL_SUFFIX = '.partial';
/** Read by their owner only, and not changed by mistake. */
const FILE_MODE = 0o400;
const READ_CHUNK_BYTES = 256 * 1024;

const storedText = z
  .string()
  .regex(/^(?:0|[1-9]\d{0,19})$/)
  .nullable();

const documentShape = z.strictObject({
  version: z.literal(FOLDER_VERSION),
  ...descriptionMembers,
  columnHashes: z.array(hexOf(32)),
  statistics: z.array(z.strictObject({ missing: z.int().min(0), minimum: storedText, maximum: storedText })),
  rounding: z.array(z.strictObject({ rounded: z.int().min(0), largestError: z.string() })).nullable(),
  received: z.strictObject({ seed: hexOf(32), keywords: z.array(z.string()) }).nullable(),
});

/** `dataset.json`: the description, and what was counted while the dataset was written. */
export interface DatasetDocument extends DatasetDescription {
  /** SHA-256 of each promised column's canonical integers. */
  readonly columnHashes: readonly Hex[];
  /** For each promised column; stored values as decimal texts. */
  readonly statistics: readonly { readonly missing: number; readonly minimum: string | null; readonly maximum: string | null }[];
  /** For each promised column; null in a dataset that was received, not imported. */
  readonly rounding: readonly { readonly rounded: number; readonly largestError: string }[] | null;
  /** What a receiver needs to recompute the root; null in a dataset that was imported. */
  readonly received: { readonly seed: Hex; readonly keywords: readonly string[] } | null;
}

/** A dataset folder being written. */
export class DatasetFolderWriter {
  readonly #folder: string;
  readonly #partial: string;
  readonly #source: HashedFile;
  readonly #columns: readonly HashedFile[];

  private constructor(folder: string, partial: string, source: HashedFile, columns: readonly HashedFile[]) {
    this.#folder = folder;
    this.#partial = partial;
    this.#source = source;
    this.#columns = columns;
  }

  /**
   * Starts a folder; the remains of an earlier attempt are removed.
   * @throws AppError `DATASET_FOLDER_EXISTS`, `DATASET_STORAGE_FAILED`
   */
  static async create(folder: string, columnCount: number): Promise<DatasetFolderWriter> {
    const place = resolve(folder);
    const partial = place + PARTIAL_SUFFIX;
    return storage(place, async () => {
      if (await exists(place)) throw folderExists(place);
      await rm(partial, { recursive: true, force: true });
      await mkdir(partial, { recursive: true, mode: 0o700 });
      const source = await createHashedFile(join(partial, SOURCE_NAME));
      const columns: HashedFile[] = [];
      for (let position = 0; position < columnCount; position++) columns.push(await createHashedFile(join(partial, columnName(position))));
      return new DatasetFolderWriter(place, partial, source, columns);
    });
  }

  /** Appends to the original file. */
  async writeSource(bytes: Uint8Array): Promise<void> {
    await storage(this.#folder, () => append(this.#source, bytes));
  }

  /** Appends canonical integers to a promised column. */
  async writeColumn(position: number, bytes: Uint8Array): Promise<void> {
    await storage(this.#folder, () => append(this.#column(position), bytes));
  }

  /** Canonical integers that were written, by their place in the column's bytes. */
  async readColumn(position: number, offset: number, length: number): Promise<Uint8Array> {
    return storage(this.#folder, () => readExactly(this.#column(position).file, offset, length));
  }

  /** Where the original file is until the folder is finished, for reading only. */
  get sourcePath(): string {
    return join(this.#partial, SOURCE_NAME);
  }

  /** Size and SHA-256 of the original file; nothing may be written to it afterwards. */
  sealSource(): { readonly size: number; readonly sha256: Hex } {
    return { size: this.#source.size, sha256: toHex(this.#source.hash.digest()) };
  }

  /** Flushes everything and puts the folder in its place. Returns the whole document. */
  async finish(content: Omit<DatasetDocument, 'columnHashes'>): Promise<DatasetDocument> {
    const document = { ...content, columnHashes: this.#columns.map(({ hash }) => toHex(hash.digest())) };
    return storage(this.#folder, async () => {
      const description = await open(join(this.#partial, DOCUMENT_NAME), 'wx', FILE_MODE);
      await description.writeFile(`${JSON.stringify({ version: FOLDER_VERSION, ...document }, null, 2)}\n`);
      for (const file of [this.#source.file, ...this.#columns.map((column) => column.file), description]) {
        await file.sync();
        await file.close();
      }
      await flushFolder(this.#partial);
      if (await exists(this.#folder)) throw folderExists(this.#folder);
      await rename(this.#partial, this.#folder);
      await flushFolder(dirname(this.#folder));
      return document;
    });
  }

  /** Removes what was written. */
  async abandon(): Promise<void> {
    for (const { file } of [this.#source, ...this.#columns]) await file.close();
    await rm(this.#partial, { recursive: true, force: true });
  }

  #column(position: number): HashedFile {
    const column = this.#columns[position];
    assert(column !== undefined, 'the column exists');
    return column;
  }
}

/** A file that is hashed as it is written. */
interface HashedFile {
  readonly file: FileHandle;
  readonly hash: Hash;
  size: number;
}

async function createHashedFile(path: string): Promise<HashedFile> {
  return { file: await open(path, 'wx+', FILE_MODE), hash: createHash('sha256'), size: 0 };
}

async function append(target: HashedFile, bytes: Uint8Array): Promise<void> {
  await target.file.writeFile(bytes);
  target.hash.update(bytes);
  target.size += bytes.length;
}

/** Bytes at a place of a file; fewer than asked for if it ends before. */
async function readExactly(file: FileHandle, offset: number, length: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await file.read(bytes, filled, length - filled, offset + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return bytes.subarray(0, filled);
}

/** A whole dataset on disk. */
export class DatasetFolder implements ColumnReader {
  readonly path: string;
  readonly document: DatasetDocument;
  readonly #columns: readonly FileHandle[];

  private constructor(path: string, document: DatasetDocument, columns: readonly FileHandle[]) {
    this.path = path;
    this.document = document;
    this.#columns = columns;
  }

  /**
   * Opens a folder and checks that its files have the lengths that `dataset.json` says.
   * @throws AppError `DATASET_FOLDER_NEWER`, `DATASET_FOLDER_DAMAGED`, `DATASET_STORAGE_FAILED`
   */
  static async open(folder: string): Promise<DatasetFolder> {
    const path = resolve(folder);
    const document = await readDocument(path);
    const columns: FileHandle[] = [];
    try {
      await storage(path, async () => {
        for (const [position, column] of promisedColumns(document.schema).entries()) {
          const file = await open(join(path, columnName(position)), 'r');
          columns.push(file);
          if ((await file.stat()).size !== columnLength(column.width, document.rows))
            throw damaged(path, say`the column "${column.name}" has another length`);
        }
        if ((await stat(join(path, SOURCE_NAME))).size !== document.file.size)
          throw damaged(path, say`the original file has another length`);
      });
    } catch (error) {
      for (const file of columns) await file.close();
      throw error;
    }
    return new DatasetFolder(path, document, columns);
  }

  async read(position: number, firstRow: number, rows: number): Promise<Uint8Array> {
    const column = promisedColumns(this.document.schema)[position];
    const file = this.#columns[position];
    assert(column !== undefined && file !== undefined, 'the column exists');
    const length = columnLength(column.width, rows);
    const bytes = await storage(this.path, () => readExactly(file, firstRow * storedBytes(column.width), length));
    if (bytes.length !== length) throw damaged(this.path, say`the column "${column.name}" ends early`);
    return bytes;
  }

  /**
   * All canonical integers of a promised column.
   * @throws AppError `DATASET_FOLDER_DAMAGED` at the end, if they are not those that were written
   */
  columnBytes(position: number): AsyncIterable<Uint8Array> {
    return this.#verified(columnName(position), this.document.columnHashes[position]);
  }

  /**
   * The original file.
   * @throws AppError `DATASET_FOLDER_DAMAGED` at the end, if it is not the one that was imported
   */
  sourceBytes(): AsyncIterable<Uint8Array> {
    return this.#verified(SOURCE_NAME, this.document.file.sha256);
  }

  /** The original file's place, for reading only. */
  get sourcePath(): string {
    return join(this.path, SOURCE_NAME);
  }

  async *#verified(name: string, sha256: Hex | undefined): AsyncGenerator<Uint8Array> {
    const hash = createHash('sha256');
    for await (const chunk of createReadStream(join(this.path, name), { highWaterMark: READ_CHUNK_BYTES }) as AsyncIterable<Uint8Array>) {
      hash.update(chunk);
      yield chunk;
    }
    if (toHex(hash.digest()) !== sha256) throw damaged(this.path, say`the file "${name}" was changed`);
  }

  async close(): Promise<void> {
    for (const file of this.#columns) await file.close();
  }
}

async function readDocument(path: string): Promise<DatasetDocument> {
  const text = await storage(path, () => readFile(join(path, DOCUMENT_NAME), 'utf8'));
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw damaged(path, say`dataset.json is not JSON`, error);
  }
  const version = z.looseObject({ version: z.int() }).safeParse(json);
  if (version.success && version.data.version > FOLDER_VERSION) {
    throw new AppError('DATASET_FOLDER_NEWER', {
      what: say`The dataset in ${path} was written by a newer version of Vouchsafe.`,
      consequence: 'It is intact but cannot be read by this version.',
      remedy: 'Update Vouchsafe.',
    });
  }
  const result = documentShape.safeParse(json);
  if (!result.success) throw damaged(path, say`dataset.json is malformed: ${z.prettifyError(result.error)}`, result.error);
  const { statistics, rounding, columnHashes } = result.data;
  const columnCount = promisedColumns(result.data.schema).length;
  if (statistics.length !== columnCount || columnHashes.length !== columnCount || (rounding !== null && rounding.length !== columnCount))
    throw damaged(path, say`dataset.json does not describe every column`);
  const { version: _, ...content } = result.data;
  return content;
}

function columnName(position: number): string {
  return `column-${position}`;
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return false;
      throw error;
    },
  );
}

/** Runs a file operation; a refusal of the system becomes an AppError that names the place. */
async function storage<Result>(path: string, operation: () => Promise<Result>): Promise<Result> {
  try {
    return await operation();
  } catch (error) {
    if (isAppError(error) || !(error instanceof Error) || !('code' in error)) throw error;
    throw new AppError(
      'DATASET_STORAGE_FAILED',
      {
        what:
          error.code === 'ENOSPC'
            ? say`The disk is full: the dataset in ${path} cannot be written.`
            : say`The dataset in ${path} cannot be read or written (${String(error.code)}).`,
        consequence: 'Nothing was changed in finished datasets.',
        remedy:
          error.code === 'ENOSPC' ? 'Free some space and try again.' : 'Check that the folder exists and may be used, then try again.',
      },
      { cause: error },
    );
  }
}

function folderExists(path: string): AppError {
  return new AppError('DATASET_FOLDER_EXISTS', {
    what: say`There is already something at ${path}.`,
    consequence: 'It was left as it is; nothing was written.',
    remedy: 'Choose another folder.',
  });
}

function damaged(path: string, reason: Sentence, cause?: unknown): AppError {
  return new AppError(
    'DATASET_FOLDER_DAMAGED',
    {
      what: say`The dataset in ${path} is damaged: ${reason}.`,
      consequence: 'It can no longer be proved or shared from this folder.',
      remedy: 'Remove the folder and import the original file, or receive the dataset, again.',
    },
    { cause },
  );
}
