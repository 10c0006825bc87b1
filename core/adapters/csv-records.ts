/**
 * Records of a CSV file with the lines they begin at, on csv-parse, in bounded memory. Text that is not UTF-8 and rows that are malformed or of
 * another length than the first are refused with their line; nothing is skipped or repaired.
 */
import { isUtf8 } from 'node:buffer';
import { pipeline, Readable } from 'node:stream';
import { TextDecoder } from 'node:util';
import { CsvError, type Options, parse } from 'csv-parse';
import { AppError } from '../base/app-error.ts';
import { type Sentence, say, verbatim } from '../base/sentence.ts';

/** One row of a file. */
export interface CsvRecord {
  /** The line that the row begins at, counted from 1. */
  readonly line: number;
  readonly cells: readonly string[];
}

const NEWLINE = 0x0a;
/** Most characters of one row. */
const RECORD_LENGTH_MAX = 1_000_000;

/**
 * Text of a file as UTF-8 with `\n` between lines and no byte-order mark, so that lines are counted alike everywhere.
 * @throws AppError `DATASET_NOT_TEXT` for UTF-16, a binary file or malformed UTF-8
 */
export async function* csvText(chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let line = 1;
  let start = true;
  let carriageReturn = '';
  for await (const chunk of chunks) {
    if (start) refuseUtf16(chunk);
    start = false;
    const zero = chunk.indexOf(0);
    if (zero >= 0)
      throw notText(
        line + newlines(chunk.subarray(0, zero)),
        say`it holds zero bytes, which no CSV file does: it is a binary file, or UTF-16`,
      );
    const text = carriageReturn + decode(decoder, line, chunk);
    // A carriage return at the end may be the first half of a line end that continues in the next chunk.
    carriageReturn = text.endsWith('\r') ? '\r' : '';
    const lines = text.slice(0, text.length - carriageReturn.length).replace(/\r\n?/g, '\n');
    for (let at = lines.indexOf('\n'); at >= 0; at = lines.indexOf('\n', at + 1)) line++;
    if (lines !== '') yield lines;
  }
  const rest = (carriageReturn + decode(decoder, line)).replace('\r', '\n');
  if (rest !== '') yield rest;
}

function decode(decoder: TextDecoder, line: number, chunk?: Uint8Array): string {
  try {
    return chunk === undefined ? decoder.decode() : decoder.decode(chunk, { stream: true });
  } catch (error) {
    throw notText(chunk === undefined ? line : line + malformedLine(chunk), say`it is not UTF-8`, error);
  }
}

/** How many lines after the first of a chunk the malformed bytes are. The first may begin in the chunk before, so it is the last to be accused. */
function malformedLine(chunk: Uint8Array): number {
  const first = chunk.indexOf(NEWLINE) + 1;
  let line = 1;
  for (let begin = first; begin > 0; line++) {
    const end = chunk.indexOf(NEWLINE, begin) + 1;
    if (!isUtf8(chunk.subarray(begin, end > 0 ? end : chunk.length))) return line;
    begin = end;
  }
  return 0;
}

function newlines(bytes: Uint8Array): number {
  let count = 0;
  for (let at = bytes.indexOf(NEWLINE); at >= 0; at = bytes.indexOf(NEWLINE, at + 1)) count++;
  return count;
}

function refuseUtf16(chunk: Uint8Array): void {
  const [first, second] = chunk;
  if ((first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff)) throw notText(1, say`it is UTF-16`);
}

function notText(line: number, reason: Sentence, cause?: unknown): AppError {
  return new AppError(
    'DATASET_NOT_TEXT',
    {
      what: say`The file cannot be read as text: near line ${line} ${reason}.`,
      consequence: 'Nothing was imported.',
      remedy: 'Save the data as CSV in UTF-8 and import that file.',
    },
    { data: { line }, cause },
  );
}

/**
 * Rows of the text, all of the length of the first.
 * @throws AppError `DATASET_CSV_MALFORMED` with the line, and what `text` throws
 */
export async function* csvRecords(text: AsyncIterable<string> | Iterable<string>, delimiter: string): AsyncGenerator<CsvRecord> {
  let lastLine = 0;
  let width = 0;
  const options: Options<CsvRecord, string[]> = {
    delimiter,
    record_delimiter: '\n',
    skip_empty_lines: true,
    max_record_size: RECORD_LENGTH_MAX,
    on_record(cells, { lines }) {
      lastLine = lines;
      width = cells.length;
      return { line: firstLine(cells, lines), cells };
    },
  };
  // csv-parse's types allow records of another shape only together with named columns; its code does not care.
  const parser = parse(options as unknown as Options);
  const source = Readable.from(text);
  // The parser carries the error to the loop below.
  pipeline(source, parser, () => {});
  try {
    for await (const record of parser) yield record as CsvRecord;
  } catch (error) {
    throw error instanceof CsvError ? malformed(error, lastLine + 1, width) : error;
  }
}

/** The line at which a row begins that ends in line `last`: cells in quotes may go over several. */
function firstLine(cells: readonly string[], last: number): number {
  let line = last;
  for (const cell of cells) for (let at = cell.indexOf('\n'); at >= 0; at = cell.indexOf('\n', at + 1)) line--;
  return line;
}

function malformed(error: CsvError, nextLine: number, width: number): AppError {
  const [line, reason] = malformation(error, nextLine, width);
  return new AppError(
    'DATASET_CSV_MALFORMED',
    {
      what: say`Line ${line} of the file is malformed: ${reason}.`,
      consequence: 'Nothing was imported.',
      remedy: 'Correct the line, or choose another delimiter if the file uses one.',
    },
    { data: { line }, cause: error },
  );
}

function malformation(error: CsvError, nextLine: number, width: number): [line: number, reason: Sentence] {
  const { lines, record, column } = error as CsvError & { lines: number; record?: readonly string[]; column: number };
  switch (error.code as string) {
    case 'CSV_RECORD_INCONSISTENT_FIELDS_LENGTH':
      return [firstLine(record ?? [], lines), say`it has ${record?.length ?? 0} cells where the rows before have ${width}`];
    case 'CSV_QUOTE_NOT_CLOSED':
      return [nextLine, say`a quote is opened in this row and never closed`];
    case 'CSV_MAX_RECORD_SIZE':
      return [nextLine, say`the row is longer than ${RECORD_LENGTH_MAX} characters; perhaps a quote is not closed`];
    case 'CSV_INVALID_CLOSING_QUOTE':
      return [lines, say`text follows the closing quote of cell ${column + 1}`];
    case 'INVALID_OPENING_QUOTE':
      return [lines, say`a quote stands inside cell ${column + 1}, which does not begin with one`];
    default:
      return [lines, verbatim(error.message)];
  }
}
