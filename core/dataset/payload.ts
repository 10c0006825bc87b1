/**
 * The container that is encrypted (docs/formats.md, "The payload"): a manifest, the canonical integers that were committed
 * to, and the original file. Its length is known before it is written. A reader takes nothing on trust: counts are bounded by the length that the
 * chain names, cells must be canonical, and the root is recomputed from them.
 */
import { z } from 'zod';
import { assert } from '../base/assert.ts';
import { concatBytes, equalBytes, fromBigEndian, type Hex, utf8 } from '../base/bytes.ts';
import { Encoder } from '../base/codec.ts';
import { english, type Sentence, say } from '../base/sentence.ts';
import { columnLength, readStored, storedBytes, viewOf } from './canonical-column.ts';
import { STORED_MIN, STORED_MISSING, TAGS_MAX } from './constants.ts';
import { type DatasetDescription, descriptionMembers, hexOf } from './description.ts';
import { type ColumnStatistics, StatisticsCounter, timeOrderProblem } from './row-encoder.ts';
import { isKeyword, keywordHash, keywordTags, type PromisedColumn, promisedColumns } from './schema.ts';

/** Version of the container. */
export const PAYLOAD_VERSION = 1;
/** Most bytes of a manifest. */
export const MANIFEST_BYTES_MAX = 1024 * 1024;

const MAGIC = utf8('VOUCHSAFEPAYLOAD');
const VERSION_BYTES = 2;
const LENGTH_BYTES = 4;
const COLUMN_CHUNK_ROWS = 8192;
const FILE_CHUNK_BYTES = 256 * 1024;

/** What a receiver needs to know to read the rest and to recompute the root. */
export interface PayloadManifest extends DatasetDescription {
  /** 32 bytes, from which the salts of the leaves derive. */
  readonly seed: Hex;
  /** Normalized, in the order of their tags. */
  readonly keywords: readonly string[];
}

const keywords = z
  .array(z.string().refine(isKeyword, 'is not a keyword in normal form'))
  .max(TAGS_MAX)
  .refine(
    (list) => list.every((keyword, index) => index === 0 || keywordHash(list[index - 1] as string) < keywordHash(keyword)),
    'are not in the order of their tags',
  );

const manifestShape = z.strictObject({ ...descriptionMembers, seed: hexOf(32), keywords });

/** The content of a dataset, streamed. */
export interface PayloadContent {
  /** The canonical integers of the promised column at a position. */
  columnBytes(position: number): AsyncIterable<Uint8Array>;
  /** The original file. */
  sourceBytes(): AsyncIterable<Uint8Array>;
}

/** The manifest of a dataset under these keywords, in canonical form. */
export function payloadManifest(description: DatasetDescription, seed: Hex, keywordList: readonly string[]): PayloadManifest {
  const { schema, reading, rows, file } = description;
  return manifestShape.parse({ schema, reading, rows, file, seed, keywords: keywordTags(keywordList).map((tag) => tag.keyword) });
}

/** Bytes of the whole payload. */
export function payloadLength(manifest: PayloadManifest): number {
  return payloadHead(manifest).length + contentLength(manifest);
}

/** The payload, exactly {@link payloadLength} bytes. Content of another length is a broken invariant. */
export async function* payloadBytes(manifest: PayloadManifest, content: PayloadContent): AsyncGenerator<Uint8Array> {
  yield payloadHead(manifest);
  for (const [position, column] of promisedColumns(manifest.schema).entries()) {
    yield* ofLength(content.columnBytes(position), columnLength(column.width, manifest.rows));
  }
  yield* ofLength(content.sourceBytes(), manifest.file.size);
}

async function* ofLength(chunks: AsyncIterable<Uint8Array>, length: number): AsyncGenerator<Uint8Array> {
  let seen = 0;
  for await (const chunk of chunks) {
    seen += chunk.length;
    assert(seen <= length, 'a part of the payload is as long as its manifest says');
    yield chunk;
  }
  assert(seen === length, 'a part of the payload is as long as its manifest says');
}

function payloadHead(manifest: PayloadManifest): Uint8Array {
  const head = new Encoder().fixed(MAGIC, MAGIC.length).uint(PAYLOAD_VERSION, VERSION_BYTES);
  return head.text(JSON.stringify(manifestShape.parse(manifest))).finish();
}

function contentLength(manifest: PayloadManifest): number {
  return promisedColumns(manifest.schema).reduce(
    (length, column) => length + columnLength(column.width, manifest.rows),
    manifest.file.size,
  );
}

/** Where the parts of a payload go as they are read; columns in order, then the file. */
export interface PayloadSink {
  begin(manifest: PayloadManifest): Promise<void>;
  column(position: number, bytes: Uint8Array): Promise<void>;
  file(bytes: Uint8Array): Promise<void>;
}

/** Why a payload is refused. */
export type PayloadProblem =
  | 'not-a-payload'
  | 'newer-version'
  | 'manifest-malformed'
  | 'length-differs'
  | 'cell-not-canonical'
  | 'file-differs'
  | 'root-differs'
  | 'file-contradicts-cells';

/** A refusal, with a sentence for the log and the user. */
export interface PayloadRefusal {
  readonly ok: false;
  readonly problem: PayloadProblem;
  readonly detail: Sentence;
}

/** What {@link readPayload} found. */
export type PayloadReading =
  | { readonly ok: true; readonly manifest: PayloadManifest; readonly statistics: readonly ColumnStatistics[] }
  | PayloadRefusal;

/**
 * Reads a payload from any sender. What the sink received counts only after an `ok` verdict; the file's hash and the root are still to be compared.
 * @param length bytes of the payload as the chain names them; a manifest that asks for more or fewer is refused before anything is written
 * @throws what `bytes` and `sink` throw
 */
export async function readPayload(bytes: AsyncIterable<Uint8Array>, length: number, sink: PayloadSink): Promise<PayloadReading> {
  const source = new ByteSource(bytes);
  try {
    const manifest = await readManifest(source, length);
    await sink.begin(manifest);
    const statistics: ColumnStatistics[] = [];
    for (const [position, column] of promisedColumns(manifest.schema).entries())
      statistics.push(await readColumn(source, position, column, manifest.rows, sink));
    for (let left = manifest.file.size; left > 0; ) {
      const chunk = await source.atMost(Math.min(left, FILE_CHUNK_BYTES));
      await sink.file(chunk);
      left -= chunk.length;
    }
    if (!(await source.ended())) throw new Refused('length-differs', say`bytes follow after its end`);
    return { ok: true, manifest, statistics };
  } catch (error) {
    if (error instanceof Refused) return { ok: false, problem: error.problem, detail: say`The payload is refused: ${error.reason}.` };
    throw error;
  } finally {
    await source.close();
  }
}

class Refused extends Error {
  readonly problem: PayloadProblem;
  readonly reason: Sentence;

  constructor(problem: PayloadProblem, reason: Sentence) {
    super(english(reason));
    this.problem = problem;
    this.reason = reason;
  }
}

async function readManifest(source: ByteSource, length: number): Promise<PayloadManifest> {
  if (!equalBytes(await source.exactly(MAGIC.length), MAGIC)) throw new Refused('not-a-payload', say`it does not begin like one`);
  const version = Number(fromBigEndian(await source.exactly(VERSION_BYTES)));
  if (version > PAYLOAD_VERSION)
    throw new Refused('newer-version', say`it has version ${version}, and this program reads version ${PAYLOAD_VERSION}`);
  if (version !== PAYLOAD_VERSION) throw new Refused('not-a-payload', say`version ${version} does not exist`);
  const manifestLength = Number(fromBigEndian(await source.exactly(LENGTH_BYTES)));
  if (manifestLength > MANIFEST_BYTES_MAX)
    throw new Refused('manifest-malformed', say`its manifest is longer than ${MANIFEST_BYTES_MAX} bytes`);
  const manifest = parseManifest(await source.exactly(manifestLength));
  if (MAGIC.length + VERSION_BYTES + LENGTH_BYTES + manifestLength + contentLength(manifest) !== length) {
    throw new Refused('length-differs', say`its manifest describes another length than ${length} bytes`);
  }
  return manifest;
}

function parseManifest(bytes: Uint8Array): PayloadManifest {
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch {
    throw new Refused('manifest-malformed', say`its manifest is not JSON in UTF-8`);
  }
  const result = manifestShape.safeParse(json);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw new Refused('manifest-malformed', say`its manifest is wrong at "${issue?.path.join('.') ?? ''}": ${issue?.message ?? ''}`);
}

async function readColumn(
  source: ByteSource,
  position: number,
  column: PromisedColumn,
  rows: number,
  sink: PayloadSink,
): Promise<ColumnStatistics> {
  const statistics = new StatisticsCounter();
  let time: bigint | null = null;
  for (let row = 0; row < rows; ) {
    const count = Math.min(rows - row, COLUMN_CHUNK_ROWS);
    const bytes = await source.exactly(count * storedBytes(column.width));
    const view = viewOf(bytes);
    for (let index = 0; index < count; index++) {
      const stored = readStored(view, column.width, index);
      const canonical =
        stored >= (column.type === 'time' ? STORED_MIN : STORED_MISSING) && (time === null || timeOrderProblem(time, stored) === null);
      if (!canonical)
        throw new Refused(
          'cell-not-canonical',
          say`row ${row + index + 1} of the column "${column.name}" holds a value that no import gives`,
        );
      if (column.type === 'time') time = stored;
      statistics.add(stored);
    }
    await sink.column(position, bytes);
    row += count;
  }
  return statistics;
}

/** Cuts a stream of chunks into the pieces that are asked for. */
class ByteSource {
  readonly #chunks: AsyncIterator<Uint8Array>;
  #chunk: Uint8Array = new Uint8Array();

  constructor(chunks: AsyncIterable<Uint8Array>) {
    this.#chunks = chunks[Symbol.asyncIterator]();
  }

  /** Between 1 and `length` bytes, without copying. */
  async atMost(length: number): Promise<Uint8Array> {
    if (await this.ended()) throw new Refused('length-differs', say`it ends early`);
    const piece = this.#chunk.subarray(0, length);
    this.#chunk = this.#chunk.subarray(piece.length);
    return piece;
  }

  /** Exactly `length` bytes. */
  async exactly(length: number): Promise<Uint8Array> {
    const pieces: Uint8Array[] = [];
    for (let left = length; left > 0; ) {
      const piece = await this.atMost(left);
      pieces.push(piece);
      left -= piece.length;
    }
    return concatBytes(...pieces);
  }

  async ended(): Promise<boolean> {
    while (this.#chunk.length === 0) {
      const next = await this.#chunks.next();
      if (next.done === true) return true;
      this.#chunk = next.value;
    }
    return false;
  }

  async close(): Promise<void> {
    await this.#chunks.return?.();
  }
}
