/**
 * Imports a CSV file: inspects it for a preview, then writes a dataset folder. The file is read once while importing, and the same bytes are
 * copied, hashed and parsed, so that what was committed to is what will be encrypted even if the file changes meanwhile.
 */
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { AppError, isAppError } from '../base/app-error.ts';
import { type Sentence, say } from '../base/sentence.ts';
import { storedBytes, viewOf, writeStored } from '../dataset/canonical-column.ts';
import { columnRange, formatStored } from '../dataset/cell.ts';
import { ROWS_MAX } from '../dataset/constants.ts';
import { formatDecimal } from '../dataset/decimal.ts';
import { type FileReading, isPlainFileName } from '../dataset/description.ts';
import { CATEGORIES_MAX, CATEGORY_CHARACTERS_MAX, RowEncoder, type RowRefusal } from '../dataset/row-encoder.ts';
import { FILE_COLUMNS_MAX, type PromisedColumn, parseSchema, type Schema } from '../dataset/schema.ts';
import { ColumnObserver, type ColumnObstacles, suggestSchema } from '../dataset/schema-suggestion.ts';
import { DIALECT_SAMPLE_BYTES, detectReading } from './csv-dialect.ts';
import { type CsvRecord, csvRecords, csvText } from './csv-records.ts';
import { type DatasetDocument, DatasetFolderWriter } from './dataset-folder.ts';

const READ_CHUNK_BYTES = 256 * 1024;
const BATCH_ROWS = 8192;
const PREVIEW_ROWS = 20;
const CELL_QUOTED_MAX = 40;

/** Told now and then while a file is read. */
export interface ImportProgress {
  readonly bytesRead: number;
  readonly bytesTotal: number;
}

/** How a long reading is watched and stopped. */
export interface ImportOptions {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: ImportProgress) => void) | undefined;
}

/** What the fixed-point form does to a column, with values as a reader writes them. */
export interface ColumnReport {
  readonly column: PromisedColumn;
  readonly missing: number;
  readonly minimum: string | null;
  readonly maximum: string | null;
  readonly rounded: number;
  /** Largest |value - stored value|, a decimal in the column's unit. */
  readonly largestError: string;
}

/** What a file holds, and the suggestion that the user confirms. */
export interface CsvInspection {
  readonly reading: FileReading;
  /** The names in the file; `column N` where it has none. */
  readonly headers: readonly string[];
  readonly schema: Schema;
  readonly rows: number;
  readonly firstRows: readonly (readonly string[])[];
  /** For each column of the file why it was not suggested as numbers or as the time, where most of it looks like that. */
  readonly obstacles: readonly ColumnObstacles[];
  /** For each promised column of the suggestion. */
  readonly report: readonly ColumnReport[];
}

/**
 * Reads the whole file and suggests how to import it.
 * @param forced what the user has chosen about the way the file is written
 * @throws AppError `DATASET_SOURCE_UNREADABLE`, `DATASET_NOT_TEXT`, `DATASET_CSV_MALFORMED`, `DATASET_EMPTY`, `DATASET_TOO_LARGE`
 */
export async function inspectCsv(file: string, forced: Partial<FileReading> = {}, options: ImportOptions = {}): Promise<CsvInspection> {
  const detected = detectReading(await readSample(file), forced);
  let headers: readonly string[] = [];
  let observers: readonly ColumnObserver[] = [];
  let rows = 0;
  const firstRows: (readonly string[])[] = [];
  for await (const record of dataRecords(readSource(file, options), detected, (first) => {
    headers = first;
    observers = first.map(() => new ColumnObserver(detected));
  })) {
    for (const [source, observer] of observers.entries()) observer.observe(record.line, record.cells[source] ?? '');
    if (rows < PREVIEW_ROWS) firstRows.push(record.cells);
    rows++;
  }
  const suggestion = suggestSchema(headers, observers, detected);
  const reading = { ...detected, time: forced.time ?? suggestion.time };
  const schema = { columns: suggestion.columns };
  const report = schema.columns.some((column) => column.type !== 'text') ? await previewCsv(file, schema, reading, options) : [];
  return {
    reading,
    headers,
    schema,
    rows,
    firstRows,
    obstacles: observers.map(({ notNumber, notTime }) => ({ notNumber, notTime })),
    report,
  };
}

/**
 * Shows what an import under this schema would do, without writing anything.
 * @throws AppError as {@link importCsv}
 */
export async function previewCsv(
  file: string,
  schema: Schema,
  reading: FileReading,
  options: ImportOptions = {},
): Promise<readonly ColumnReport[]> {
  const encoder = new RowEncoder(parseSchema(schema), reading);
  for await (const record of dataRecords(readSource(file, options), reading, (first) => requireColumns(schema, first)))
    encodeRecord(encoder, record);
  return encoder.columns.map((column, position) => {
    const { missing, minimum, maximum } = encoder.statistics[position] ?? { missing: 0, minimum: null, maximum: null };
    const { rounded, largestError } = roundingText(encoder)[position] ?? { rounded: 0, largestError: '0' };
    const format = (stored: bigint | null) => (stored === null ? null : formatStored(column, stored));
    return { column, missing, minimum: format(minimum), maximum: format(maximum), rounded, largestError };
  });
}

/**
 * Imports a file into a new dataset folder. If it fails or is stopped nothing remains.
 * @param options `rowsMax`: rows after which the file is refused, where fewer are expected than a dataset may have
 * @returns the folder's `dataset.json`
 * @throws AppError those of {@link inspectCsv}, `DATASET_SCHEMA_INVALID`, `DATASET_CELL_REFUSED` with line and column, and those of the folder
 */
export async function importCsv(
  file: string,
  schema: Schema,
  reading: FileReading,
  folder: string,
  options: ImportOptions & { readonly rowsMax?: number } = {},
): Promise<DatasetDocument> {
  const encoder = new RowEncoder(parseSchema(schema), reading);
  const name = basename(file);
  if (!isPlainFileName(name)) throw unusableName(name);
  const writer = await DatasetFolderWriter.create(folder, encoder.columns.length);
  try {
    const copied = async function* (): AsyncGenerator<Uint8Array> {
      for await (const chunk of readSource(file, options)) {
        await writer.writeSource(chunk);
        yield chunk;
      }
    };
    const rows = await writeRows(
      writer,
      encoder,
      dataRecords(copied(), reading, (first) => requireColumns(schema, first), options.rowsMax),
    );
    return await writer.finish({
      schema,
      reading,
      rows,
      file: { name, ...writer.sealSource() },
      statistics: encoder.statistics.map(({ missing, minimum, maximum }) => ({
        missing,
        minimum: minimum?.toString() ?? null,
        maximum: maximum?.toString() ?? null,
      })),
      rounding: roundingText(encoder),
      received: null,
    });
  } catch (error) {
    await writer.abandon();
    throw error;
  }
}

/** Encodes the records and writes them batch by batch; returns how many there are. */
async function writeRows(writer: DatasetFolderWriter, encoder: RowEncoder, records: AsyncIterable<CsvRecord>): Promise<number> {
  const batches = encoder.columns.map(({ width }) => ({ width, bytes: new Uint8Array(BATCH_ROWS * storedBytes(width)) }));
  let rows = 0;
  let batched = 0;
  const flush = async (): Promise<void> => {
    for (const [position, { width, bytes }] of batches.entries())
      await writer.writeColumn(position, bytes.subarray(0, batched * storedBytes(width)));
    batched = 0;
  };
  for await (const record of records) {
    const stored = encodeRecord(encoder, record);
    for (const [position, { width, bytes }] of batches.entries()) writeStored(viewOf(bytes), width, batched, stored[position] as bigint);
    rows++;
    if (++batched === BATCH_ROWS) await flush();
  }
  await flush();
  return rows;
}

/** The records that hold data; `onFirst` is told the names of the columns before. */
async function* dataRecords(
  bytes: AsyncIterable<Uint8Array>,
  reading: FileReading,
  onFirst: (headers: readonly string[]) => void,
  rowsMax = ROWS_MAX,
): AsyncGenerator<CsvRecord> {
  let rows = 0;
  let first = true;
  for await (const record of csvRecords(csvText(bytes), reading.delimiter)) {
    if (first) {
      if (record.cells.length > FILE_COLUMNS_MAX) throw tooLarge(say`${record.cells.length} columns, more than ${FILE_COLUMNS_MAX}`);
      onFirst(record.cells.map((cell, source) => (reading.header && cell.trim()) || `column ${source + 1}`));
      first = false;
      if (reading.header) continue;
    }
    if (++rows > rowsMax) throw tooLarge(say`more than ${rowsMax} rows`);
    yield record;
  }
  if (rows === 0) throw empty();
}

async function* readSource(file: string, options: ImportOptions): AsyncGenerator<Uint8Array> {
  try {
    const bytesTotal = (await stat(file)).size;
    let bytesRead = 0;
    for await (const chunk of createReadStream(file, { highWaterMark: READ_CHUNK_BYTES }) as AsyncIterable<Uint8Array>) {
      options.signal?.throwIfAborted();
      bytesRead += chunk.length;
      yield chunk;
      options.onProgress?.({ bytesRead, bytesTotal });
    }
  } catch (error) {
    throw unreadable(file, error);
  }
}

async function readSample(file: string): Promise<string> {
  let bytes = 0;
  let sample = '';
  const beginning = async function* (): AsyncGenerator<Uint8Array> {
    for await (const chunk of readSource(file, {})) {
      bytes += chunk.length;
      yield chunk;
      if (bytes >= DIALECT_SAMPLE_BYTES) return;
    }
  };
  for await (const text of csvText(beginning())) sample += text;
  return sample;
}

function encodeRecord(encoder: RowEncoder, record: CsvRecord): bigint[] {
  const row = encoder.encode(record.cells);
  if (Array.isArray(row)) return row;
  throw cellRefused(record.line, row);
}

function roundingText(encoder: RowEncoder): { rounded: number; largestError: string }[] {
  return encoder.rounding.map(({ rounded, largestError }) => ({ rounded, largestError: formatDecimal(largestError) }));
}

function requireColumns(schema: Schema, headers: readonly string[]): void {
  const beyond = schema.columns.find((column) => column.source >= headers.length);
  if (beyond === undefined) return;
  throw new AppError('DATASET_SCHEMA_INVALID', {
    what: say`The column "${beyond.name}" is number ${beyond.source + 1}, but the file has ${headers.length}.`,
    consequence: 'Nothing was imported.',
    remedy: 'Inspect the file again and choose among its columns; perhaps its delimiter is another.',
  });
}

function cellRefused(line: number, { problem, column, text }: RowRefusal): AppError {
  const cell = text.length > CELL_QUOTED_MAX ? `${text.slice(0, CELL_QUOTED_MAX)}...` : text;
  const { low, high } = columnRange(column);
  const [what, remedy] = {
    'not-a-number': [
      say`"${cell}" is not a number`,
      say`Correct the cell or leave it empty, choose another decimal mark, or import the column as a category or as text. Thousands separators are not accepted.`,
    ],
    'not-a-timestamp': [
      say`"${cell}" is not a time of the chosen format`,
      say`Write times as 2026-01-31 12:00:00 or as seconds or milliseconds since 1970, or import the column as text.`,
    ],
    'missing-time': [say`the time is missing`, say`Fill in the time or remove the row.`],
    'out-of-range': [
      say`${cell} is outside ${low} to ${high}, which ${column.width} bits hold with ${column.scale} decimal places`,
      say`Choose a larger width or fewer decimal places.`,
    ],
    'reserved-category': [say`"${cell}" cannot be used as a category`, say`Spell the value in another way.`],
    'time-not-increasing': [
      say`the time ${cell} is not later than that of the row before`,
      say`Sort the rows by time and remove repetitions, or import the column as text.`,
    ],
    'time-gap': [say`the time ${cell} is 35 years or more after that of the row before`, say`Correct the time, or split the file.`],
    'too-many-categories': [
      say`there are more than ${CATEGORIES_MAX} different values, or they have more than ${CATEGORY_CHARACTERS_MAX} characters together`,
      say`Import the column as text.`,
    ],
    'category-collision': [
      say`"${cell}" cannot be told from another value of the column`,
      say`Spell one of the two values in another way.`,
    ],
  }[problem] as [Sentence, Sentence];
  return new AppError(
    'DATASET_CELL_REFUSED',
    { what: say`Line ${line}, column "${column.name}": ${what}.`, consequence: 'Nothing was imported.', remedy },
    { data: { line, column: column.name, source: column.source, problem, low, high } },
  );
}

function unreadable(file: string, error: unknown): unknown {
  if (isAppError(error) || !(error instanceof Error) || !('syscall' in error)) return error;
  const code = 'code' in error ? String(error.code) : 'unknown';
  return new AppError(
    'DATASET_SOURCE_UNREADABLE',
    {
      what: say`The file ${file} cannot be read (${code}).`,
      consequence: 'Nothing was imported.',
      remedy: 'Check that the file exists and may be read.',
    },
    { data: { code }, cause: error },
  );
}

function unusableName(name: string): AppError {
  return new AppError('DATASET_FILE_NAME_REFUSED', {
    what: say`The file is called "${name}", which not every system takes as a file's name.`,
    consequence: 'Nothing was imported.',
    remedy: 'Rename the file.',
  });
}

function tooLarge(what: Sentence): AppError {
  return new AppError('DATASET_TOO_LARGE', {
    what: say`The file has ${what}.`,
    consequence: 'Nothing was imported.',
    remedy: 'Split the file into several datasets.',
  });
}

function empty(): AppError {
  return new AppError('DATASET_EMPTY', {
    what: 'The file holds no rows of data.',
    consequence: 'Nothing was imported.',
    remedy: 'Choose a file with at least one row besides the names of the columns.',
  });
}
