/**
 * From the text of a cell to the stored value u of docs/formats.md and back: u = integer + 2^(B-1) for numbers and times, a truncated hash
 * for categories, 1 for an empty cell. Invariant: a stored value lies in [1, 2^B), and is 1 only for an empty cell.
 */
import { fromBigEndian } from '../base/bytes.ts';
import { Encoder } from '../base/codec.ts';
import { STORED_MIN, STORED_MISSING } from './constants.ts';
import { DECIMAL_ZERO, type Decimal, type DecimalMark, type FixedPoint, formatDecimal, parseDecimal, toFixedPoint } from './decimal.ts';
import { taggedDigest } from './field.ts';
import { type ColumnWidth, normalizeLabel, type PromisedColumn } from './schema.ts';
import { parseTimestamp, type TimeReading } from './timestamp.ts';

/** How the cells of a file are written. */
export interface CellReading {
  readonly decimalMark: DecimalMark;
  readonly time: TimeReading;
}

/** Why a cell cannot be stored. */
export type CellProblem = 'not-a-number' | 'not-a-timestamp' | 'missing-time' | 'out-of-range' | 'reserved-category';

/** A cell's stored value and rounding error, or the reason there is none. */
export type CellVerdict =
  | { readonly ok: true; readonly stored: bigint; readonly error: Decimal }
  | { readonly ok: false; readonly problem: CellProblem };

/** The stored value of a cell's text. Surrounding white space does not count. */
export function encodeCell(column: PromisedColumn, cell: string, reading: CellReading): CellVerdict {
  const text = cell.trim();
  if (text === '') return column.type === 'time' ? refused('missing-time') : { ok: true, stored: STORED_MISSING, error: DECIMAL_ZERO };
  if (column.type === 'category') return encodeCategory(text);
  if (column.type === 'time') {
    const time = parseTimestamp(text, reading.time, reading.decimalMark);
    return time === null ? refused('not-a-timestamp') : offsetInteger(column.width, time);
  }
  const value = parseDecimal(text, reading.decimalMark);
  return value === null ? refused('not-a-number') : offsetInteger(column.width, toFixedPoint(value, column.scale));
}

/** The stored value of a category's name, by which a requirement may also name it. */
export function categoryStored(value: string): bigint {
  return fromBigEndian(taggedDigest('vouchsafe:category:1', new Encoder().text(normalizeLabel(value)).finish()).subarray(0, 8));
}

/** The end of the stored values of a width, itself excluded. */
export function storedEnd(width: ColumnWidth): bigint {
  return 1n << BigInt(width);
}

/** What an integer is moved by to become a stored value. */
export function storedOffset(width: ColumnWidth): bigint {
  return 1n << BigInt(width - 1);
}

/** A stored value as a reader writes it: a decimal, an ISO 8601 time in UTC, a category's hash, empty when missing. */
export function formatStored(column: Pick<PromisedColumn, 'type' | 'scale' | 'width'>, stored: bigint): string {
  if (stored < STORED_MIN) return '';
  if (column.type === 'category') return `0x${stored.toString(16).padStart(16, '0')}`;
  const integer = stored - storedOffset(column.width);
  if (column.type === 'number') return formatDecimal({ digits: integer, exponent: -column.scale });
  const date = new Date(Number(integer));
  return Number.isNaN(date.getTime()) ? `${integer} ms` : date.toISOString();
}

/** The smallest and the largest value that a column of numbers or times can hold. */
export function columnRange(column: PromisedColumn): { readonly low: string; readonly high: string } {
  return { low: formatStored(column, STORED_MIN), high: formatStored(column, storedEnd(column.width) - 1n) };
}

function encodeCategory(text: string): CellVerdict {
  const stored = categoryStored(text);
  return stored < STORED_MIN ? refused('reserved-category') : { ok: true, stored, error: DECIMAL_ZERO };
}

function offsetInteger(width: ColumnWidth, value: FixedPoint | null): CellVerdict {
  if (value === null) return refused('out-of-range');
  const stored = value.integer + storedOffset(width);
  return stored < STORED_MIN || stored >= storedEnd(width) ? refused('out-of-range') : { ok: true, stored, error: value.error };
}

function refused(problem: CellProblem): CellVerdict {
  return { ok: false, problem };
}
