/**
 * Finds rows of a CSV file by their number without reading all before: the places of every so many rows, found once by following line ends and
 * quotes alone. For files that were imported: there a quote stands only around a cell or doubled inside one, so that an even number of quotes
 * before a line end means that it ends a row.
 */
import { createReadStream } from 'node:fs';
import type { FileReading } from '../dataset/description.ts';
import type { ImportOptions } from './csv-import.ts';
import { csvRecords, csvText } from './csv-records.ts';

const READ_CHUNK_BYTES = 1024 * 1024;
/** Rows from one known place to the next. */
const ROWS_PER_PLACE = 256;
const QUOTE = 0x22;
const NEWLINE = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const BYTE_ORDER_MARK = [0xef, 0xbb, 0xbf];

/** Where the rows of one file are. */
export class CsvRowIndex {
  readonly #file: string;
  readonly #reading: FileReading;
  /** Offsets of data rows 0, ROWS_PER_PLACE, 2 * ROWS_PER_PLACE, ... */
  readonly #places: readonly number[];

  private constructor(file: string, reading: FileReading, places: readonly number[]) {
    this.#file = file;
    this.#reading = reading;
    this.#places = places;
  }

  /** Reads the file once. `bytesTotal` is its size. */
  static async build(file: string, reading: FileReading, bytesTotal: number, options: ImportOptions = {}): Promise<CsvRowIndex> {
    const places: number[] = [];
    let row = reading.header ? -1 : 0;
    let offset = 0;
    let inQuotes = false;
    let begin = -1; // of the row that is being read; none between rows
    for await (const chunk of createReadStream(file, { highWaterMark: READ_CHUNK_BYTES }) as AsyncIterable<Uint8Array>) {
      options.signal?.throwIfAborted();
      const isMarked = offset === 0 && BYTE_ORDER_MARK.every((byte, index) => chunk[index] === byte);
      for (let index = isMarked ? BYTE_ORDER_MARK.length : 0; index < chunk.length; index++) {
        const byte = chunk[index];
        if (!inQuotes && (byte === NEWLINE || byte === CARRIAGE_RETURN)) {
          if (begin >= 0) row++; // a line without anything is no row
          begin = -1;
          continue;
        }
        if (begin < 0) {
          begin = offset + index;
          if (row >= 0 && row % ROWS_PER_PLACE === 0) places.push(begin);
        }
        if (byte === QUOTE) inQuotes = !inQuotes;
      }
      offset += chunk.length;
      options.onProgress?.({ bytesRead: offset, bytesTotal });
    }
    return new CsvRowIndex(file, reading, places);
  }

  /** The cells of up to `count` rows from data row `first`, which counts from 0. */
  async rows(first: number, count: number): Promise<readonly (readonly string[])[]> {
    const block = Math.floor(first / ROWS_PER_PLACE);
    const start = this.#places[block];
    if (start === undefined || count < 1) return [];
    const skip = first - block * ROWS_PER_PLACE;
    const next = this.#places[Math.ceil((first + count) / ROWS_PER_PLACE)];
    const bytes = createReadStream(this.#file, { start, ...(next === undefined ? {} : { end: next - 1 }) }) as AsyncIterable<Uint8Array>;
    const found: (readonly string[])[] = [];
    let row = 0;
    for await (const { cells } of csvRecords(csvText(bytes), this.#reading.delimiter)) {
      if (row++ < skip) continue;
      found.push(cells);
      if (found.length === count) break;
    }
    return found;
  }
}
