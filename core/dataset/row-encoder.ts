/**
 * From the rows of a file to stored values: checks what the circuits rely on (values inside their width, time strictly increasing by less than
 * 2^TIME_DELTA_BITS ms) and counts what a user has to know before committing (missing and rounded cells, largest error, smallest and largest value).
 */

import { type CellProblem, type CellReading, encodeCell } from './cell.ts';
import { STORED_MIN, TIME_DELTA_BITS } from './constants.ts';
import { compareDecimals, DECIMAL_ZERO, type Decimal } from './decimal.ts';
import { normalizeLabel, type PromisedColumn, promisedColumns, type Schema } from './schema.ts';

/** Most different values of a category column; more of them are text. */
export const CATEGORIES_MAX = 65_536;
/** Most characters of all different values of a category column together, so that a hostile file cannot fill the memory. */
export const CATEGORY_CHARACTERS_MAX = 4 * 1024 * 1024;

const TIME_DELTA_END = 1n << BigInt(TIME_DELTA_BITS);

/** Why a row cannot be stored. */
export type RowProblem = CellProblem | 'time-not-increasing' | 'time-gap' | 'too-many-categories' | 'category-collision';

/** The first cell of a row that cannot be stored. */
export interface RowRefusal {
  readonly problem: RowProblem;
  readonly column: PromisedColumn;
  readonly text: string;
}

/** What is known of a column's stored values. */
export interface ColumnStatistics {
  readonly missing: number;
  /** Smallest and largest stored value; null when every cell is missing. */
  readonly minimum: bigint | null;
  readonly maximum: bigint | null;
}

/** What the fixed-point form cost a column. */
export interface ColumnRounding {
  readonly rounded: number;
  /** Largest |value - stored value|, in the column's unit. */
  readonly largestError: Decimal;
}

/** Whether the time may follow the one before it: later, by less than 2^TIME_DELTA_BITS ms. */
export function timeOrderProblem(before: bigint, stored: bigint): 'time-not-increasing' | 'time-gap' | null {
  if (stored <= before) return 'time-not-increasing';
  return stored - before >= TIME_DELTA_END ? 'time-gap' : null;
}

/** Counts a column's stored values as they pass. */
export class StatisticsCounter implements ColumnStatistics {
  missing = 0;
  minimum: bigint | null = null;
  maximum: bigint | null = null;

  add(stored: bigint): void {
    if (stored < STORED_MIN) {
      this.missing++;
      return;
    }
    if (this.minimum === null || stored < this.minimum) this.minimum = stored;
    if (this.maximum === null || stored > this.maximum) this.maximum = stored;
  }
}

/** The different texts of a category column, so that each is hashed once and no two share a stored value. */
class CategoryRegister {
  readonly #stored = new Map<string, bigint>();
  readonly #values = new Map<bigint, string>();
  #characters = 0;

  find(text: string): bigint | undefined {
    return this.#stored.get(text);
  }

  add(text: string, stored: bigint): 'too-many-categories' | 'category-collision' | null {
    const value = normalizeLabel(text);
    const other = this.#values.get(stored);
    if (other !== undefined && other !== value) return 'category-collision';
    this.#characters += text.length;
    if (this.#stored.size === CATEGORIES_MAX || this.#characters > CATEGORY_CHARACTERS_MAX) return 'too-many-categories';
    this.#stored.set(text, stored);
    this.#values.set(stored, value);
    return null;
  }
}

/** Encodes the rows of one file, in order. */
export class RowEncoder {
  readonly columns: readonly PromisedColumn[];
  readonly statistics: readonly StatisticsCounter[];
  readonly #rounding: { rounded: number; largestError: Decimal }[];
  readonly #reading: CellReading;
  readonly #categories: readonly CategoryRegister[];
  #time: bigint | null = null;

  constructor(schema: Schema, reading: CellReading) {
    this.columns = promisedColumns(schema);
    this.statistics = this.columns.map(() => new StatisticsCounter());
    this.#rounding = this.columns.map(() => ({ rounded: 0, largestError: DECIMAL_ZERO }));
    this.#reading = reading;
    this.#categories = this.columns.map(() => new CategoryRegister());
  }

  /** What rounding has cost each promised column so far. */
  get rounding(): readonly ColumnRounding[] {
    return this.#rounding;
  }

  /** The stored value of each promised column, or the first refusal; after a refusal the encoder is not used again. */
  encode(cells: readonly string[]): bigint[] | RowRefusal {
    const row: bigint[] = [];
    for (const [position, column] of this.columns.entries()) {
      const text = cells[column.source] ?? '';
      const stored = column.type === 'category' ? this.#encodeCategory(position, column, text) : this.#encodeValue(position, column, text);
      if (typeof stored === 'string') return { problem: stored, column, text };
      this.statistics[position]?.add(stored);
      row.push(stored);
    }
    return row;
  }

  #encodeCategory(position: number, column: PromisedColumn, text: string): bigint | RowProblem {
    const register = this.#categories[position] as CategoryRegister;
    const known = register.find(text);
    if (known !== undefined) return known;
    const verdict = encodeCell(column, text, this.#reading);
    return verdict.ok ? (register.add(text, verdict.stored) ?? verdict.stored) : verdict.problem;
  }

  #encodeValue(position: number, column: PromisedColumn, text: string): bigint | RowProblem {
    const verdict = encodeCell(column, text, this.#reading);
    if (!verdict.ok) return verdict.problem;
    if (verdict.error.digits !== 0n) this.#addRounding(position, verdict.error);
    if (column.type === 'number') return verdict.stored;
    const problem = this.#time === null ? null : timeOrderProblem(this.#time, verdict.stored);
    this.#time = verdict.stored;
    return problem ?? verdict.stored;
  }

  #addRounding(position: number, error: Decimal): void {
    const rounding = this.#rounding[position] as { rounded: number; largestError: Decimal };
    rounding.rounded++;
    if (compareDecimals(error, rounding.largestError) > 0) rounding.largestError = error;
  }
}
