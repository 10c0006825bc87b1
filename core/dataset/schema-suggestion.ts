/**
 * Suggests what the columns of a file are from all their cells, for a preview that a user then confirms or changes.
 * The suggested schema accepts every cell that was seen.
 */
import type { CellReading } from './cell.ts';
import { columnRange } from './cell.ts';
import { COLUMNS_MAX } from './constants.ts';
import { compareDecimals, type Decimal, decimalPlaces, parseDecimal } from './decimal.ts';
import { timeOrderProblem } from './row-encoder.ts';
import { type Column, type ColumnWidth, normalizeLabel, type PromisedColumn } from './schema.ts';
import { parseTimestamp, type TimeReading } from './timestamp.ts';

/** Decimal places that are suggested at most: a millionth. More in a file is mostly noise of floating point. */
export const SUGGESTED_SCALE_MAX = 6;
const SUGGESTED_CATEGORIES_MAX = 100;
/** Characters kept of a header: with two UTF-16 units each, and a number behind, they fit a column's name. */
const HEADER_LENGTH_MAX = 28;

/** A cell and where it stands. */
export interface PlacedCell {
  readonly line: number;
  readonly text: string;
}

/** The cells that keep a column from being what others of its cells are; null where there is none. */
export interface ColumnObstacles {
  /** The first that is no number, in a column with numbers. */
  readonly notNumber: PlacedCell | null;
  /** The first that is no time later than the one before, in a column with times. */
  readonly notTime: PlacedCell | null;
}

/** Follows one column through the file. */
export class ColumnObserver implements ColumnObstacles {
  readonly #reading: CellReading;
  readonly #distinct = new Set<string>();
  readonly #times: Record<TimeReading['format'], { possible: boolean; last: bigint | null }> = {
    calendar: { possible: true, last: null },
    'epoch-seconds': { possible: true, last: null },
    'epoch-milliseconds': { possible: true, last: null },
  };
  #rows = 0;
  #numbers = 0;
  #firstOther: PlacedCell | null = null;
  /** Empty cells. */
  missing = 0;
  notTime: PlacedCell | null = null;
  minimum: Decimal | null = null;
  maximum: Decimal | null = null;
  /** The most decimal places of a cell, trailing zeros aside. */
  decimals = 0;

  constructor(reading: CellReading) {
    this.#reading = reading;
  }

  observe(line: number, cell: string): void {
    this.#rows++;
    const text = cell.trim();
    this.#observeTime(line, text);
    if (text === '') {
      this.missing++;
      return;
    }
    if (this.#distinct.size <= SUGGESTED_CATEGORIES_MAX) this.#distinct.add(text);
    const value = this.#firstOther === null ? parseDecimal(text, this.#reading.decimalMark) : null;
    if (value !== null) this.#observeNumber(value);
    else this.#firstOther ??= { line, text };
  }

  get notNumber(): PlacedCell | null {
    return this.#numbers > 0 ? this.#firstOther : null;
  }

  /** Whether every present cell is a number. */
  get isNumber(): boolean {
    return this.#numbers > 0 && this.#firstOther === null;
  }

  /** Whether few values come back often. */
  get isCategory(): boolean {
    return this.#distinct.size > 0 && this.#distinct.size <= SUGGESTED_CATEGORIES_MAX && this.#distinct.size * 2 <= this.#rows;
  }

  /** Whether every cell is a time of this format, each later than the one before. */
  isTime(format: TimeReading['format']): boolean {
    return this.#rows > 0 && this.#times[format].possible;
  }

  #observeNumber(value: Decimal): void {
    this.#numbers++;
    if (this.minimum === null || compareDecimals(value, this.minimum) < 0) this.minimum = value;
    if (this.maximum === null || compareDecimals(value, this.maximum) > 0) this.maximum = value;
    this.decimals = Math.max(this.decimals, decimalPlaces(value));
  }

  #observeTime(line: number, text: string): void {
    for (const format of ['calendar', 'epoch-seconds', 'epoch-milliseconds'] as const) {
      const time = this.#times[format];
      if (!time.possible) continue;
      const point = parseTimestamp(text, { ...this.#reading.time, format }, this.#reading.decimalMark);
      time.possible =
        point !== null &&
        (format === 'calendar' || isRecent(point.integer)) &&
        (time.last === null || timeOrderProblem(time.last, point.integer) === null);
      if (!time.possible && time.last !== null && format === 'calendar') this.notTime = { line, text };
      time.last = point === null ? null : point.integer;
    }
  }
}

/** Whether a number of milliseconds may be meant as a time: 1990 to 2100. Seconds taken for milliseconds, or a plain counter, are outside. */
function isRecent(milliseconds: bigint): boolean {
  return milliseconds >= 631_152_000_000n && milliseconds < 4_102_444_800_000n;
}

/** The suggested columns, and how the time column is written. */
export interface SchemaSuggestion {
  readonly columns: readonly Column[];
  readonly time: TimeReading;
}

/** Suggests a column for each observed one. `headers` are the names in the file. */
export function suggestSchema(headers: readonly string[], observers: readonly ColumnObserver[], reading: CellReading): SchemaSuggestion {
  const time = findTime(headers, observers);
  const names = new Set(['time']);
  let promised = 0;
  const columns = observers.map((observer, source): Column => {
    const draft =
      source === time?.source
        ? ({ source, name: 'time', unit: 'ms', type: 'time', scale: 0, width: 64 } as const)
        : suggestColumn(observer, source, uniqueName(headers[source] ?? '', source, names));
    if (draft.type === 'text' || promised < COLUMNS_MAX) {
      promised += draft.type === 'text' ? 0 : 1;
      return draft;
    }
    return { source, name: draft.name, type: 'text' };
  });
  return { columns, time: { ...reading.time, format: time?.format ?? reading.time.format } };
}

function findTime(
  headers: readonly string[],
  observers: readonly ColumnObserver[],
): { source: number; format: TimeReading['format'] } | null {
  const calendar = observers.findIndex((observer) => observer.isTime('calendar'));
  if (calendar >= 0) return { source: calendar, format: 'calendar' };
  for (const format of ['epoch-seconds', 'epoch-milliseconds'] as const) {
    const epoch = observers.findIndex((observer, source) => observer.isTime(format) && /time|date|epoch|^ts$/i.test(headers[source] ?? ''));
    if (epoch >= 0) return { source: epoch, format };
  }
  return null;
}

function suggestColumn(observer: ColumnObserver, source: number, name: string): Column {
  if (!observer.isNumber)
    return observer.isCategory ? { source, name, unit: '', type: 'category', scale: 0, width: 64 } : { source, name, type: 'text' };
  // Not 16 bits: the columns of one requirement have one width, and 32 bits hold nearly all measurements.
  for (const width of [32, 64] as const) {
    const column = { source, name, unit: '', type: 'number', scale: Math.min(observer.decimals, SUGGESTED_SCALE_MAX), width } as const;
    if (holds(column, observer)) return column;
  }
  const whole = { source, name, unit: '', type: 'number', scale: 0, width: 64 as ColumnWidth } as const;
  return holds(whole, observer) ? whole : { source, name, type: 'text' };
}

function holds(column: PromisedColumn, { minimum, maximum }: ColumnObserver): boolean {
  const range = columnRange(column);
  const [low, high] = [parseDecimal(range.low, '.'), parseDecimal(range.high, '.')];
  return (
    minimum !== null &&
    maximum !== null &&
    low !== null &&
    high !== null &&
    compareDecimals(minimum, low) >= 0 &&
    compareDecimals(maximum, high) <= 0
  );
}

/** A label of the commitment for a name of the file: never empty, never taken. */
function uniqueName(header: string, source: number, taken: Set<string>): string {
  const base = [...normalizeLabel(header.replace(/\p{Cc}+/gu, ' '))].slice(0, HEADER_LENGTH_MAX).join('').trim() || `column ${source + 1}`;
  let name = base;
  for (let number = 2; taken.has(name); number++) name = `${base} ${number}`;
  taken.add(name);
  return name;
}
