/**
 * Rows and series of datasets for windows, however many rows there are: numbers and times come from the canonical integers, where a row's place
 * is known; text and categories from the original file through an index of its rows. Memory is bounded by what is asked for.
 */
import { CsvRowIndex } from '../../core/adapters/csv-row-index.ts';
import { DatasetFolder } from '../../core/adapters/dataset-folder.ts';
import { AppError } from '../../core/base/app-error.ts';
import { readStored, storedValues, viewOf } from '../../core/dataset/canonical-column.ts';
import { formatStored, storedOffset } from '../../core/dataset/cell.ts';
import { STORED_MIN } from '../../core/dataset/constants.ts';
import { type PromisedColumn, promisedColumns } from '../../core/dataset/schema.ts';
import type { TransferOptions } from '../../core/sharing/services.ts';
import type { ResponseOf } from '../ipc-contract.ts';
import { clipped, columnView } from './data-columns.ts';

/** Characters of a cell in a table. */
const CELL_LENGTH_MAX = 1024;
/** Rows of a series that are read at once. */
const BATCH_ROWS = 8192;

type TableView = ResponseOf<'table.rows'>;
type SeriesView = ResponseOf<'table.series'>;

/** What part of which column is drawn, in how many buckets. */
export interface SeriesRequest {
  readonly source: number;
  /** Milliseconds, or row numbers from 1 where there is no time; null from the first, or to the last row. */
  readonly from: number | null;
  readonly to: number | null;
  readonly buckets: number;
}

/** An open dataset whose rows can be looked at. */
export class DataTable {
  readonly #folder: DatasetFolder;
  #index: Promise<CsvRowIndex> | undefined;

  private constructor(folder: DatasetFolder) {
    this.#folder = folder;
  }

  /** Opens the dataset in a folder. */
  static async open(path: string): Promise<DataTable> {
    return new DataTable(await DatasetFolder.open(path));
  }

  /** A page of rows. The first one with text takes as long as reading the original file once. */
  async rows(offset: number, count: number, options: TransferOptions): Promise<TableView> {
    const { schema, rows: totalRows } = this.#folder.document;
    const present = Math.max(0, Math.min(count, totalRows - offset));
    const promised = promisedColumns(schema);
    const rows: string[][] = Array.from({ length: present }, () => []);
    const needsFile = present > 0 && schema.columns.some(({ type }) => type === 'text' || type === 'category');
    const cells = needsFile ? await (await this.#rowIndex(options)).rows(offset, present) : [];
    for (const column of schema.columns) {
      if (column.type === 'text' || column.type === 'category') {
        for (const [index, row] of rows.entries()) row.push(clipped(cells[index]?.[column.source] ?? '', CELL_LENGTH_MAX));
        continue;
      }
      const view = viewOf(await this.#folder.read(promised.indexOf(column), offset, present));
      for (const [index, row] of rows.entries()) row.push(formatStored(column, readStored(view, column.width, index)));
    }
    return { totalRows, columns: schema.columns.map(columnView), offset, rows };
  }

  /** The least and the greatest values of a column along its time, or its rows. @throws AppError `TABLE_COLUMN_NOT_NUMBERS` */
  async series(request: SeriesRequest, signal: AbortSignal): Promise<SeriesView> {
    const { schema, rows: totalRows } = this.#folder.document;
    const promised = promisedColumns(schema);
    const position = promised.findIndex(({ source }) => source === request.source);
    const column = promised[position];
    if (column === undefined || column.type === 'category') throw notNumbers();
    const timePosition = promised.findIndex(({ type }) => type === 'time');
    const axis = timePosition < 0 ? 'row' : 'time';
    const at = axis === 'row' ? async (row: number) => row + 1 : (row: number) => this.#number(timePosition, row);
    const first = request.from === null ? 0 : await firstRow(totalRows, at, (value) => value >= (request.from as number));
    const end = request.to === null ? totalRows : await firstRow(totalRows, at, (value) => value > (request.to as number));
    const series: SeriesView = { column: columnView(column), axis, at: [], minimum: [], maximum: [] };
    if (first >= end) return series;

    const from = await at(first);
    const width = Math.max((await at(end - 1)) - from, 0) / request.buckets;
    let bucket = -1;
    for (let row = first; row < end; row += BATCH_ROWS) {
      signal.throwIfAborted();
      const rows = Math.min(BATCH_ROWS, end - row);
      const values = await this.#numbers(position, row, rows);
      const places = axis === 'time' ? await this.#numbers(timePosition, row, rows) : undefined;
      for (const [index, value] of values.entries()) {
        const place = places === undefined ? row + index + 1 : (places[index] ?? Number.NaN);
        // Fewer rows than buckets are drawn one by one.
        const next =
          end - first <= request.buckets ? row + index - first : Math.min(Math.floor((place - from) / width), request.buckets - 1);
        if (next !== bucket) {
          bucket = next;
          series.at.push(place);
          series.minimum.push(value);
          series.maximum.push(value);
        } else widen(series, value);
      }
    }
    return series;
  }

  async close(): Promise<void> {
    await this.#folder.close();
  }

  #rowIndex({ signal, onProgress }: TransferOptions): Promise<CsvRowIndex> {
    const { reading, file } = this.#folder.document;
    const index =
      this.#index ??
      CsvRowIndex.build(this.#folder.sourcePath, reading, file.size, {
        signal,
        onProgress: ({ bytesRead, bytesTotal }) => onProgress?.(bytesRead, bytesTotal),
      });
    this.#index = index;
    // One that failed or was cancelled is built anew by the next who asks; this one's asker gets the error.
    index.catch(() => {
      if (this.#index === index) this.#index = undefined;
    });
    return index;
  }

  async #numbers(position: number, firstRow: number, rows: number): Promise<(number | null)[]> {
    const column = promisedColumns(this.#folder.document.schema)[position] as PromisedColumn;
    const offset = storedOffset(column.width);
    const divisor = 10 ** column.scale;
    const bytes = await this.#folder.read(position, firstRow, rows);
    return storedValues(column.width, bytes).map((stored) => (stored < STORED_MIN ? null : Number(stored - offset) / divisor));
  }

  async #number(position: number, row: number): Promise<number> {
    // A time is never missing.
    return (await this.#numbers(position, row, 1))[0] ?? Number.NaN;
  }
}

function widen({ minimum, maximum }: SeriesView, value: number | null): void {
  if (value === null) return;
  const last = minimum.length - 1;
  minimum[last] = Math.min(minimum[last] ?? value, value);
  maximum[last] = Math.max(maximum[last] ?? value, value);
}

/** The first row whose place satisfies the condition, which holds for all rows after one for which it holds; `totalRows` when none does. */
async function firstRow(totalRows: number, at: (row: number) => Promise<number>, holds: (place: number) => boolean): Promise<number> {
  let [low, high] = [0, totalRows];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (holds(await at(middle))) high = middle;
    else low = middle + 1;
  }
  return low;
}

function notNumbers(): AppError {
  return new AppError('TABLE_COLUMN_NOT_NUMBERS', {
    what: 'This column holds no numbers.',
    consequence: 'There is nothing to draw; the table shows its cells.',
    remedy: 'Choose a column of numbers for the chart.',
  });
}
