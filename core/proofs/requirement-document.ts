/**
 * A requirement in the words of its author ("every Pressure (bar) between 0 and 3.5"), and the way to and from the stored form.
 * Invariant: the fields made from a document ask exactly what the document says of values rounded to the column's scale.
 */

import { z } from 'zod';
import { say, verbatim } from '../base/sentence.ts';
import { categoryStored, storedEnd, storedOffset } from '../dataset/cell.ts';
import { KEYWORDS_MAX, SCALE_MAX, SLOTS_MAX, STORED_MIN } from '../dataset/constants.ts';
import { compareDecimals, DECIMAL_ZERO, decimalPlaces, parseDecimal, toFixedPoint } from '../dataset/decimal.ts';
import { columnHash, keywordHash, type PromisedColumn, promisedColumns, type Schema } from '../dataset/schema.ts';
import { parseTimestamp } from '../dataset/timestamp.ts';
import {
  encodeRequirementFields,
  invalidRequirement,
  type RequirementFields,
  type RequirementSlot,
  requirementProblems,
} from './requirement.ts';

const label = z.string().max(64);
/** One spelling, which readers and windows take as it is. */
const decimalText = z
  .string()
  .max(64)
  .regex(/^-?\d+(?:\.\d+)?$/, 'is not a number in digits, such as -12.5');
const bounds = z.tuple([decimalText, decimalText]);
const numberColumn = z.strictObject({
  type: z.literal('number'),
  name: label.min(1),
  unit: label,
  scale: z.int().min(0).max(SCALE_MAX),
  /** Decimals with a point; both bounds are allowed values. */
  between: bounds,
  /** Bounds of the mean over all rows, with no more decimals than the scale. */
  mean: bounds.optional(),
});
const categoryColumn = z.strictObject({ type: z.literal('category'), name: label.min(1), equals: z.string().min(1).max(1024) });
const shape = z.strictObject({
  version: z.literal(1),
  width: z.literal([16, 32, 64]),
  columns: z
    .array(z.discriminatedUnion('type', [numberColumn, categoryColumn]))
    .min(1)
    .max(SLOTS_MAX),
  minRows: z
    .int()
    .min(1)
    .max(2 ** 32 - 1),
  /** ISO 8601 times with a zone, or UTC; the span in milliseconds. */
  time: z.strictObject({ from: z.string().max(64), to: z.string().max(64), minSpanMs: z.int().min(0) }).optional(),
  keywords: z.array(z.string().min(1).max(64)).max(KEYWORDS_MAX),
});

/** A requirement in words. */
export type RequirementDocument = z.infer<typeof shape>;
/** One column of it. */
export type RequirementColumn = RequirementDocument['columns'][number];

/**
 * Reads a requirement that somebody wrote.
 * @throws AppError `REQUIREMENT_INVALID`
 */
export function parseRequirementDocument(value: unknown): RequirementDocument {
  const result = shape.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  throw invalidRequirement(verbatim(`${issue?.path.join('.') || 'it'}: ${issue?.message ?? 'is malformed'}`));
}

/**
 * The stored form of a requirement. A bound beyond what the width holds is moved to its end; one with more decimals than the scale is moved
 * inwards to the next value that a cell can have.
 * @throws AppError `REQUIREMENT_INVALID` when a number or time cannot be read, or no data can meet it
 */
export function requirementFields(document: RequirementDocument): RequirementFields {
  const slots: RequirementSlot[] = [];
  const meanHi: bigint[] = [];
  for (const column of document.columns) {
    const { lo, hi, meanLow, meanHigh } = columnBounds(column, document.width);
    slots.push({ colHash: columnHash(namedColumn(column, document.width)), lo, hi, meanLo: meanLow });
    meanHi.push(meanHigh);
  }
  const fill = <Value>(list: readonly Value[], length: number, value: Value): Value[] =>
    Array.from({ length }, (_, index) => list[index] ?? value);
  const fields: RequirementFields = {
    slotCount: document.columns.length,
    minRows: BigInt(document.minRows),
    timeUsed: document.time !== undefined,
    timeFrom: document.time === undefined ? 0n : storedTime(document.time.from),
    timeTo: document.time === undefined ? 0n : storedTime(document.time.to),
    minSpan: BigInt(document.time?.minSpanMs ?? 0),
    width: document.width,
    keywords: fill(
      [...new Set(document.keywords.map(keywordHash))].sort((left, right) => (left < right ? -1 : 1)),
      KEYWORDS_MAX,
      0n,
    ),
    meanHi: fill(meanHi, SLOTS_MAX, 0n),
    slots: fill(slots, SLOTS_MAX, { colHash: 0n, lo: 0n, hi: 0n, meanLo: 0n }),
  };
  const [problem] = requirementProblems(fields);
  if (problem !== undefined) throw invalidRequirement(problem);
  return fields;
}

/** The words as they are published: the document in JSON. */
export function requirementWords(document: RequirementDocument): string {
  return JSON.stringify(document);
}

/** The document behind published words, or null unless exactly the published fields follow from it: words that say something else say nothing. */
export function readRequirementWords(words: string, fields: RequirementFields): RequirementDocument | null {
  try {
    const document = parseRequirementDocument(JSON.parse(words));
    const stated = encodeRequirementFields(requirementFields(document));
    return JSON.stringify(stated) === JSON.stringify(encodeRequirementFields(fields)) ? document : null;
  } catch {
    return null; // not JSON, not a requirement, or one that no data can meet
  }
}

/** A slot of a requirement beside the column of a dataset that it names. */
export interface MatchedSlot {
  /** Place among the promised columns; undefined when the dataset has no such column. */
  readonly position: number | undefined;
  readonly column: PromisedColumn | undefined;
  readonly slot: RequirementSlot;
  readonly meanHi: bigint;
}

/** Finds the columns that a requirement names in a dataset. */
export function matchSlots(fields: RequirementFields, schema: Schema): readonly MatchedSlot[] {
  const columns = promisedColumns(schema);
  return fields.slots.slice(0, fields.slotCount).map((slot, index) => {
    const position = columns.findIndex((column) => columnHash(column) === slot.colHash && column.width === fields.width);
    return { position: position < 0 ? undefined : position, column: columns[position], slot, meanHi: fields.meanHi[index] as bigint };
  });
}

/** Place of the time column among the promised columns, or undefined. */
export function timePosition(schema: Schema): number | undefined {
  const position = promisedColumns(schema).findIndex((column) => column.type === 'time');
  return position < 0 ? undefined : position;
}

function namedColumn(column: RequirementColumn, width: RequirementDocument['width']): Omit<PromisedColumn, 'source'> {
  return column.type === 'number'
    ? { name: column.name, unit: column.unit, type: 'number', scale: column.scale, width }
    : { name: column.name, unit: '', type: 'category', scale: 0, width };
}

function columnBounds(
  column: RequirementColumn,
  width: RequirementDocument['width'],
): { lo: bigint; hi: bigint; meanLow: bigint; meanHigh: bigint } {
  if (column.type === 'category') {
    if (width !== 64) throw invalidRequirement(say`"${column.name}" is a category, whose width is 64 bits`);
    const stored = categoryStored(column.equals);
    return { lo: stored, hi: stored, meanLow: stored, meanHigh: stored };
  }
  const stored = (text: string, side: 'low' | 'high'): bigint => storedBound(text, column.scale, width, side);
  const lo = stored(column.between[0], 'low');
  const hi = stored(column.between[1], 'high');
  if (lo > hi) throw invalidRequirement(say`no value of "${column.name}" lies between ${column.between[0]} and ${column.between[1]}`);
  if (column.mean === undefined) return { lo, hi, meanLow: lo, meanHigh: hi };
  // A mean lies between the values that a cell can have, so moving its bound to one of them would ask something else.
  const finer = column.mean.find((text) => decimalPlaces(parseDecimal(text, '.') ?? DECIMAL_ZERO) > column.scale);
  if (finer !== undefined)
    throw invalidRequirement(say`the mean's bound ${finer} has more than the ${column.scale} decimals of "${column.name}"`);
  let meanLow = stored(column.mean[0], 'low');
  let meanHigh = stored(column.mean[1], 'high');
  // Values in [lo, hi] have a mean in [lo, hi], so a wider bound of the mean asks nothing more.
  if (meanLow < lo) meanLow = lo;
  if (meanHigh > hi) meanHigh = hi;
  return { lo, hi, meanLow, meanHigh };
}

function storedBound(text: string, scale: number, width: RequirementDocument['width'], side: 'low' | 'high'): bigint {
  const value = parseDecimal(text, '.');
  if (value === null) throw invalidRequirement(say`"${text}" is not a number`);
  const least = STORED_MIN;
  const most = storedEnd(width) - 1n;
  const fixed = toFixedPoint(value, scale);
  if (fixed === null) return value.digits < 0n ? least : most;
  const difference = compareDecimals({ digits: fixed.integer, exponent: -scale }, value);
  const inwards = side === 'low' ? (difference < 0 ? 1n : 0n) : difference > 0 ? -1n : 0n;
  const stored = fixed.integer + inwards + storedOffset(width);
  // A bound on the far side of the width leaves no value: one step beyond the end keeps lo > hi visible.
  if (side === 'low') return stored < least ? least : stored > most ? most + 1n : stored;
  return stored > most ? most : stored < least ? least - 1n : stored;
}

function storedTime(text: string): bigint {
  const time = parseTimestamp(text, { format: 'calendar', zoneOffsetMinutes: 0 }, '.');
  if (time === null) throw invalidRequirement(say`"${text}" is not a time`);
  return time.integer + storedOffset(64);
}
