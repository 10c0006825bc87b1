/**
 * Runs a requirement's predicates on the owner's own data before anything is proved: which hold, which fail, and in which rows.
 * Invariant: all predicates hold exactly when the segment and aggregate circuits accept the data's statements.
 */
import { type ColumnReader, storedValues } from '../dataset/canonical-column.ts';
import { formatStored } from '../dataset/cell.ts';
import { type Commitment, segmentRows } from '../dataset/commitment.ts';
import { SEGMENT_ROWS, STORED_MIN, TIME_DELTA_BITS } from '../dataset/constants.ts';
import { promisedColumns, type Schema } from '../dataset/schema.ts';
import type { RequirementFields } from './requirement.ts';
import { type MatchedSlot, matchSlots, timePosition } from './requirement-document.ts';
import { templateFor } from './templates.ts';

/** Most failing rows that one predicate lists. */
export const FAILING_ROWS_MAX = 100;
const TIME_GAP_MAX = 1n << BigInt(TIME_DELTA_BITS);

/** A row that fails a predicate. */
export interface FailingRow {
  /** Number of the data row, from 1, a header not counted. */
  readonly row: number;
  /** The cell as a reader writes it; empty when it is missing. */
  readonly value: string;
}

/** What a predicate is about. `slot` counts from 0. */
export type PredicateName =
  | { readonly kind: 'column' | 'range' | 'mean'; readonly slot: number }
  | { readonly kind: 'rows' | 'template' | 'time-column' | 'time-order' | 'time-from' | 'time-to' | 'time-span' }
  | { readonly kind: 'keyword'; readonly keyword: bigint };

/** The outcome of one predicate. */
export interface PredicateVerdict {
  readonly predicate: PredicateName;
  readonly holds: boolean;
  /** What is asked and what the data has, for a reader. */
  readonly asked: string;
  readonly found: string;
  readonly failingCount: number;
  /** The first {@link FAILING_ROWS_MAX} of them. */
  readonly failingRows: readonly FailingRow[];
}

/** The outcome of a dry run. */
export interface DryRun {
  readonly holds: boolean;
  readonly predicates: readonly PredicateVerdict[];
}

/** The facts of a dataset that predicates ask about. */
export type DryRunDataset = Pick<Commitment, 'segmentCount' | 'totalRows' | 'tags'> & { readonly schema: Schema };

/**
 * Runs all predicates over all rows.
 * @throws the signal's reason when it is aborted, and what `columns` throws
 */
export async function dryRun(
  fields: RequirementFields,
  dataset: DryRunDataset,
  columns: ColumnReader,
  options: { readonly signal?: AbortSignal | undefined; readonly onProgress?: ((segmentsDone: number) => void) | undefined } = {},
): Promise<DryRun> {
  const { schema, segmentCount, totalRows } = dataset;
  const slots = matchSlots(fields, schema);
  const ranges = slots.map((matched) => (matched.position === undefined ? undefined : new RangeCheck(matched)));
  const position = timePosition(schema);
  const times = fields.timeUsed && position !== undefined ? new TimeCheck(fields) : undefined;
  for (let segment = 0; segment < segmentCount; segment++) {
    options.signal?.throwIfAborted();
    const firstRow = segment * SEGMENT_ROWS;
    const rows = segmentRows(totalRows, segment);
    for (const [index, range] of ranges.entries()) {
      if (range === undefined) continue;
      range.take(storedValues(range.width, await columns.read(slots[index]?.position as number, firstRow, rows)), firstRow);
    }
    times?.take(storedValues(64, await columns.read(position as number, firstRow, rows)), firstRow);
    options.onProgress?.(segment + 1);
  }

  const template = templateFor(fields.slotCount, fields.width, segmentCount);
  const predicates: PredicateVerdict[] = [
    verdict(
      { kind: 'template' },
      template !== undefined,
      'a dataset that a circuit holds',
      `${segmentCount} segments of ${SEGMENT_ROWS} rows`,
    ),
    verdict({ kind: 'rows' }, BigInt(totalRows) >= fields.minRows, `at least ${fields.minRows} rows`, `${totalRows} rows`),
    ...fields.keywords
      .filter((keyword) => keyword !== 0n)
      .map((keyword) => {
        const tagged = dataset.tags.includes(keyword);
        return verdict({ kind: 'keyword', keyword }, tagged, 'the keyword', tagged ? 'among the keywords' : 'not among the keywords');
      }),
    ...ranges.flatMap((range, slot) =>
      range === undefined
        ? [verdict({ kind: 'column', slot }, false, 'a column of this name, unit, type, scale and width', 'no such column')]
        : range.verdicts(slot, totalRows),
    ),
    ...(fields.timeUsed
      ? (times?.verdicts(promisedColumns(schema)) ?? [verdict({ kind: 'time-column' }, false, 'a time column', 'none')])
      : []),
  ];
  return { holds: predicates.every((predicate) => predicate.holds), predicates };
}

/** Failing rows, counted in full and listed up to the limit. */
class FailingRows {
  count = 0;
  readonly rows: FailingRow[] = [];

  add(row: number, value: string): void {
    this.count++;
    if (this.rows.length < FAILING_ROWS_MAX) this.rows.push({ row, value });
  }
}

class RangeCheck {
  readonly #matched: MatchedSlot;
  readonly #column: NonNullable<MatchedSlot['column']>;
  readonly #failing = new FailingRows();
  #sum = 0n;
  #present = 0;
  #least: bigint | undefined;
  #most: bigint | undefined;

  constructor(matched: MatchedSlot) {
    this.#matched = matched;
    this.#column = matched.column as NonNullable<MatchedSlot['column']>;
  }

  get width(): 16 | 32 | 64 {
    return this.#column.width;
  }

  take(values: readonly bigint[], firstRow: number): void {
    const { lo, hi } = this.#matched.slot;
    for (const [index, value] of values.entries()) {
      this.#sum += value;
      if (value < lo || value > hi) this.#failing.add(firstRow + index + 1, formatStored(this.#column, value));
      if (value < STORED_MIN) continue;
      this.#present++;
      if (this.#least === undefined || value < this.#least) this.#least = value;
      if (this.#most === undefined || value > this.#most) this.#most = value;
    }
  }

  verdicts(slot: number, totalRows: number): PredicateVerdict[] {
    const show = (stored: bigint): string => formatStored(this.#column, stored);
    const { lo, hi, meanLo } = this.#matched.slot;
    const { meanHi } = this.#matched;
    const found =
      this.#least === undefined || this.#most === undefined
        ? 'no value'
        : `${show(this.#least)} to ${show(this.#most)}${this.#present < totalRows ? `, ${totalRows - this.#present} missing` : ''}`;
    const range = verdict(
      { kind: 'range', slot },
      this.#failing.count === 0,
      `every ${this.#column.name} between ${show(lo)} and ${show(hi)}`,
      found,
      this.#failing,
    );
    if (meanLo === lo && meanHi === hi) return [range];
    const rows = BigInt(totalRows);
    const holds = meanLo * rows <= this.#sum && this.#sum <= meanHi * rows;
    const asked = `a mean between ${show(meanLo)} and ${show(meanHi)}`;
    return [range, verdict({ kind: 'mean', slot }, holds, asked, `about ${show((this.#sum + rows / 2n) / rows)}`)];
  }
}

class TimeCheck {
  readonly #fields: RequirementFields;
  readonly #failing: { row: number; stored: bigint }[] = [];
  #failingCount = 0;
  #first: bigint | undefined;
  #last: bigint | undefined;

  constructor(fields: RequirementFields) {
    this.#fields = fields;
  }

  take(values: readonly bigint[], firstRow: number): void {
    for (const [index, value] of values.entries()) {
      // Between segments any later time will do; inside one the gap is bounded by the circuit.
      const inOrder = this.#last === undefined || (value > this.#last && (index === 0 || value - this.#last <= TIME_GAP_MAX));
      if (!inOrder) {
        this.#failingCount++;
        if (this.#failing.length < FAILING_ROWS_MAX) this.#failing.push({ row: firstRow + index + 1, stored: value });
      }
      this.#first ??= value;
      this.#last = value;
    }
  }

  verdicts(columns: ReturnType<typeof promisedColumns>): PredicateVerdict[] {
    const column = columns.find(({ type }) => type === 'time') as ReturnType<typeof promisedColumns>[number];
    const show = (stored: bigint): string => formatStored(column, stored);
    const { timeFrom, timeTo, minSpan } = this.#fields;
    const first = this.#first ?? 0n;
    const last = this.#last ?? 0n;
    const failing = { count: this.#failingCount, rows: this.#failing.map(({ row, stored }) => ({ row, value: show(stored) })) };
    return [
      verdict(
        { kind: 'time-order' },
        failing.count === 0,
        'times that ascend, rows less than 34 years apart',
        failing.count === 0 ? 'in order' : 'out of order',
        failing,
      ),
      verdict({ kind: 'time-from' }, first >= timeFrom, `first row not before ${show(timeFrom)}`, show(first)),
      verdict({ kind: 'time-to' }, last <= timeTo, `last row not after ${show(timeTo)}`, show(last)),
      verdict({ kind: 'time-span' }, last - first >= minSpan, `at least ${minSpan} ms from first to last row`, `${last - first} ms`),
    ];
  }
}

function verdict(
  predicate: PredicateName,
  holds: boolean,
  asked: string,
  found: string,
  failing: { readonly count: number; readonly rows: readonly FailingRow[] } = { count: 0, rows: [] },
): PredicateVerdict {
  return { predicate, holds, asked, found, failingCount: failing.count, failingRows: failing.rows };
}
