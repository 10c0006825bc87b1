/**
 * What the user decides about the columns of a file before it is imported, and what is wrong with it. Pure.
 * The same rules as core/dataset/schema.ts, said early and beside the field; the import itself checks them again.
 */
import type { ResponseOf } from '../../../electron/ipc-contract.ts';
import type { ColumnView, InspectionView, RequirementDocumentView } from '../../../electron/views.ts';

/** Most columns that proofs can speak about. */
export const promisedMax = 16;
/** Most keywords of a dataset. */
export const keywordsMax = 16;
const keywordLengthMax = 64;
const timeName = 'time';

export type ColumnType = ColumnView['type'];
/** What was measured of one column. */
export type ColumnReport = ResponseOf<'file.preview'>['report'][number];

/** Something wrong with a column; the words are in the catalogue, under `problem.<key>`. */
export interface ColumnProblem {
  readonly source: number;
  readonly field: 'name' | 'type' | 'width' | 'scale';
  readonly key: 'name-empty' | 'name-time' | 'name-taken' | 'second-time' | 'too-wide';
  readonly values: Record<string, string | number>;
}

/** Something wrong with the whole. */
export type PlanProblem = 'nothing-promised' | 'too-many-promised';

/** One column with another type: the fields that the type fixes take their fixed values. */
export function withType(column: ColumnView, type: ColumnType, header: string): ColumnView {
  const name = column.type === 'time' && type !== 'time' ? header || `column ${column.source + 1}` : column.name;
  if (type === 'time') return { ...column, type, name: timeName, unit: 'ms', scale: 0, width: 64 };
  if (type === 'number')
    return {
      ...column,
      type,
      name,
      unit: column.type === 'number' ? column.unit : '',
      width: column.type === 'number' ? column.width : 32,
    };
  return { ...column, type, name, unit: '', scale: 0, width: 64 };
}

/** What decides a column's report: two columns with one key have one report. */
export function reportKey({ source, type, scale, width }: ColumnView): string {
  return `${source}/${type}/${scale}/${width}`;
}

/** The columns' problems. `reports` gives what is known of a column's least and greatest value, as decimals with a point. */
export function columnProblems(
  columns: readonly ColumnView[],
  reports: (source: number) => { readonly minimum: string | null; readonly maximum: string | null } | undefined,
): readonly ColumnProblem[] {
  const problems: ColumnProblem[] = [];
  const taken = new Map<string, number>();
  let time: number | undefined;
  for (const column of columns) {
    const { source, type, scale, width } = column;
    const name = normalLabel(column.name);
    if (type === 'text') continue;
    if (name === '') problems.push({ source, field: 'name', key: 'name-empty', values: {} });
    else if (name === timeName && type !== 'time') problems.push({ source, field: 'name', key: 'name-time', values: {} });
    const identity = JSON.stringify([name, column.unit.normalize('NFC').trim(), type, scale, width]);
    const other = taken.get(identity);
    if (type === 'time' && time !== undefined) problems.push({ source, field: 'type', key: 'second-time', values: { other: time + 1 } });
    else if (other !== undefined && name !== '') problems.push({ source, field: 'name', key: 'name-taken', values: { other: other + 1 } });
    if (type === 'time') time ??= source;
    taken.set(identity, source);
    if (type !== 'number') continue;
    const seen = reports(source);
    const beyond = [seen?.minimum, seen?.maximum].find((value) => typeof value === 'string' && !fits(value, scale, width));
    if (beyond) {
      const narrow = ([16, 32, 64] as const).find((wider) => fits(beyond, scale, wider));
      problems.push({ source, field: narrow === undefined ? 'scale' : 'width', key: 'too-wide', values: { value: beyond, bits: width } });
    }
  }
  return problems;
}

/** What is wrong with the choice as a whole, or null. */
export function planProblem(columns: readonly ColumnView[]): PlanProblem | null {
  const promised = columns.filter(({ type }) => type !== 'text').length;
  if (promised === 0) return 'nothing-promised';
  return promised > promisedMax ? 'too-many-promised' : null;
}

/** Whether a decimal can be stored with so many places in so many bits. */
export function fits(decimal: string, scale: number, width: 16 | 32 | 64): boolean {
  const match = /^(-?)(\d+)(?:\.(\d+))?$/.exec(decimal);
  if (match === null) return true;
  const [, minus, whole = '', fraction = ''] = match;
  const kept = fraction.slice(0, scale).padEnd(scale, '0');
  const dropped = fraction.slice(scale);
  const halfUp = dropped !== '' && (dropped[0] ?? '0') >= '5' ? 1n : 0n;
  const magnitude = BigInt(`${whole}${kept}`) + halfUp;
  const integer = minus === '-' ? -magnitude : magnitude;
  const half = 1n << BigInt(width - 1);
  // The two lowest stored values stand for an absent row and an empty cell.
  return integer >= 2n - half && integer < half;
}

/** How a file stands to what a requirement asks of its columns. */
export interface Mismatch {
  readonly column: string;
  readonly key: 'no-column' | 'not-number' | 'not-category' | 'no-time' | 'few-rows' | 'rounding';
  readonly values: Record<string, string | number>;
}

/**
 * Gives columns the names, units, decimal places and widths that a requirement asks for, where the file has a column of
 * that name, capital letters and white space aside; and says where it has none.
 */
export function prepareFor(
  document: RequirementDocumentView,
  { columns, rows, obstacles }: Pick<InspectionView, 'columns' | 'rows' | 'obstacles'>,
): { readonly columns: readonly ColumnView[]; readonly mismatches: readonly Mismatch[] } {
  const mismatches: Mismatch[] = [];
  const prepared = [...columns];
  for (const asked of document.columns) {
    const at = likeliest(prepared, asked.name);
    const column = prepared[at];
    if (column === undefined) {
      mismatches.push({ column: asked.name, key: 'no-column', values: {} });
    } else if (asked.type === 'category') {
      if (column.type === 'time') mismatches.push({ column: asked.name, key: 'not-category', values: {} });
      else prepared[at] = { ...column, type: 'category', name: asked.name, unit: '', scale: 0, width: 64 };
    } else if (column.type === 'number') {
      if (column.scale > asked.scale)
        mismatches.push({ column: asked.name, key: 'rounding', values: { has: column.scale, count: asked.scale } });
      prepared[at] = { ...column, name: asked.name, unit: asked.unit, scale: asked.scale, width: document.width };
    } else {
      const cell = obstacles[column.source]?.notNumber;
      mismatches.push({ column: asked.name, key: 'not-number', values: { line: cell?.line ?? 0, text: cell?.text ?? '' } });
    }
  }
  if (document.time !== undefined && !columns.some(({ type }) => type === 'time'))
    mismatches.push({ column: timeName, key: 'no-time', values: {} });
  if (rows < document.minRows) mismatches.push({ column: '', key: 'few-rows', values: { has: rows, count: document.minRows } });
  return { columns: prepared, mismatches };
}

/** Keywords as the commitment takes them: in lower case, each once, in the order in which they were typed. */
export function keywordsOf(text: string): readonly string[] {
  const words = text.split(/[,;\n]/).map((word) => word.normalize('NFC').toLowerCase().normalize('NFC').trim());
  return [...new Set(words.filter((word) => word !== ''))];
}

/** What is wrong with keywords, or null. */
export function keywordsProblem(keywords: readonly string[]): 'too-many-keywords' | 'keyword-too-long' | null {
  if (keywords.length > keywordsMax) return 'too-many-keywords';
  return keywords.some((keyword) => keyword.length > keywordLengthMax) ? 'keyword-too-long' : null;
}

function likeliest(columns: readonly ColumnView[], name: string): number {
  const exact = columns.findIndex((column) => column.name === name);
  return exact >= 0 ? exact : columns.findIndex((column) => loose(column.name) === loose(name));
}

function loose(name: string): string {
  return normalLabel(name)
    .toLowerCase()
    .replace(/[\s_-]+/g, ' ');
}

function normalLabel(name: string): string {
  return name.normalize('NFC').trim();
}
