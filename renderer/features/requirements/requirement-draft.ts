/**
 * A requirement while it is being written: every field as typed, what is wrong with it and where, and the document and
 * terms once nothing is. What only the vault can judge (whether any data can meet it) it judges by `requirement.check`.
 */
import type { RequestOf } from '../../../electron/ipc-contract.ts';
import type { RequirementDocumentView } from '../../../electron/views.ts';
import { compareNumbers, type DecimalMark, decimalsOf, readCoins, readNumber, readWhole } from './decimal-input.ts';

/** Columns and keywords of one requirement: what its circuit has room for. */
export const COLUMNS_MAX = 4;
export const KEYWORDS_MAX = 4;
const SCALE_MAX = 18;
const ROWS_MAX = 2 ** 32 - 1;
const LABEL_MAX = 64;
const DAY_MS = 24 * 3600 * 1000;
/** Stands in the sketch for what is not there yet. */
const MISSING = '…';

export interface NumberColumnDraft {
  readonly key: number;
  readonly type: 'number';
  readonly name: string;
  readonly unit: string;
  readonly scale: string;
  readonly low: string;
  readonly high: string;
  readonly meanUsed: boolean;
  readonly meanLow: string;
  readonly meanHigh: string;
}
export interface CategoryColumnDraft {
  readonly key: number;
  readonly type: 'category';
  readonly name: string;
  readonly equals: string;
}
export type ColumnDraft = NumberColumnDraft | CategoryColumnDraft;

/** Everything that the builder holds. */
export interface RequirementDraft {
  readonly columns: readonly ColumnDraft[];
  readonly width: '16' | '32' | '64';
  readonly minRows: string;
  readonly timeUsed: boolean;
  /** Days in the calendar, UTC, as YYYY-MM-DD; both belong to the time. */
  readonly from: string;
  readonly to: string;
  readonly minSpanDays: string;
  readonly keywords: string;
  readonly price: string;
  readonly offers: string;
  readonly bond: string;
  readonly days: string;
  readonly grantHours: string;
  readonly deliverHours: string;
  readonly confirmHours: string;
  readonly pseudonymIndex: number;
}

/** Key of a text of the catalogue (`problem.<key>`), for the field that it stands at. */
export type DraftProblem =
  | 'empty'
  | 'notNumber'
  | 'ambiguous'
  | 'whole'
  | 'order'
  | 'tooLong'
  | 'sameColumn'
  | 'categoryWidth'
  | 'meanDecimals'
  | 'coins'
  | 'zero'
  | 'bondAbovePrice'
  | 'date'
  | 'spanTooLong'
  | 'tooManyKeywords'
  | 'range';

export type PublishRequest = RequestOf<'requirement.publish'>;

/** What a draft comes to. */
export interface DraftReading {
  /** By the field's path, such as `columns.0.low` or `price`. */
  readonly problems: ReadonlyMap<string, DraftProblem>;
  /** For the sentence: the document with `…` where nothing, or nothing readable, stands yet. */
  readonly sketch: RequirementDocumentView;
  /** Null while something in the document's own part is wrong. */
  readonly document: RequirementDocumentView | null;
  /** Null while anything is wrong. */
  readonly request: PublishRequest | null;
  /** Wei that leave the account with the publication; null while price or offers cannot be read. */
  readonly escrow: bigint | null;
  readonly price: bigint | null;
}

export function emptyNumberColumn(key: number): NumberColumnDraft {
  return { key, type: 'number', name: '', unit: '', scale: '2', low: '', high: '', meanUsed: false, meanLow: '', meanHigh: '' };
}

/** A draft to begin with. */
export function emptyDraft(): RequirementDraft {
  return {
    columns: [emptyNumberColumn(0)],
    width: '32',
    minRows: '1',
    timeUsed: false,
    from: '',
    to: '',
    minSpanDays: '0',
    keywords: '',
    price: '',
    offers: '1',
    bond: '0.01',
    days: '7',
    grantHours: '24',
    deliverHours: '24',
    confirmHours: '72',
    pseudonymIndex: 0,
  };
}

/** A column of the other type under the same name. */
export function withType(column: ColumnDraft, type: ColumnDraft['type']): ColumnDraft {
  if (column.type === type) return column;
  return type === 'number'
    ? { ...emptyNumberColumn(column.key), name: column.name }
    : { key: column.key, type: 'category', name: column.name, equals: '' };
}

/** A draft with one column more; a category needs the widest values, so the width follows. */
export function withColumn(draft: RequirementDraft, column: ColumnDraft): RequirementDraft {
  const known = draft.columns.some(({ key }) => key === column.key);
  const columns = known ? draft.columns.map((other) => (other.key === column.key ? column : other)) : [...draft.columns, column];
  return { ...draft, columns, width: column.type === 'category' ? '64' : draft.width };
}

/** The keywords in a text that separates them by commas or new lines. */
export function keywordsOf(typed: string): string[] {
  return [
    ...new Set(
      typed
        .split(/[,;\n]/)
        .map((word) => word.trim())
        .filter((word) => word !== ''),
    ),
  ];
}

/** Reads a draft in the number spelling of the user's language. */
export function readDraft(draft: RequirementDraft, mark: DecimalMark): DraftReading {
  const problems = new Map<string, DraftProblem>();
  const note = (path: string, problem: DraftProblem | undefined): void => {
    if (problem !== undefined && !problems.has(path)) problems.set(path, problem);
  };
  const document = readDocument(draft, mark, note);
  const documentIsWhole = problems.size === 0;

  const coins = (path: 'price' | 'bond'): bigint | null => {
    const value = readCoins(draft[path], mark);
    note(path, draft[path].trim() === '' ? 'empty' : value === null ? 'coins' : value === 0n ? 'zero' : undefined);
    return value;
  };
  const whole = (path: 'offers' | 'days' | 'grantHours' | 'deliverHours' | 'confirmHours', most: number): number => {
    const value = readWhole(draft[path], 1, most);
    note(path, value === null ? 'range' : undefined);
    return value ?? 1;
  };
  const price = coins('price');
  const bond = coins('bond');
  if (price !== null && bond !== null && bond > price) note('bond', 'bondAbovePrice');
  const offers = whole('offers', 1000);
  const terms = {
    offers,
    days: whole('days', 365),
    grantHours: whole('grantHours', 720),
    deliverHours: whole('deliverHours', 720),
    confirmHours: whole('confirmHours', 720),
    pseudonymIndex: draft.pseudonymIndex,
  };
  const complete = problems.size === 0 && price !== null && bond !== null;
  return {
    problems,
    sketch: document,
    document: documentIsWhole ? document : null,
    request: complete ? { document, price: price.toString(), bond: bond.toString(), ...terms } : null,
    escrow: price === null || problems.has('offers') ? null : price * BigInt(offers),
    price,
  };
}

type Note = (path: string, problem: DraftProblem | undefined) => void;

function readDocument(draft: RequirementDraft, mark: DecimalMark, note: Note): RequirementDocumentView {
  const columns = draft.columns.map((column, index) => {
    const path = `columns.${index}`;
    const name = column.name.trim();
    note(`${path}.name`, labelProblem(name));
    if (draft.columns.some((other, at) => at < index && other.name.trim() === name && name !== '')) note(`${path}.name`, 'sameColumn');
    return column.type === 'number'
      ? readNumberColumn(column, name, path, mark, note)
      : readCategoryColumn(column, name, path, draft, note);
  });
  const minRows = readWhole(draft.minRows, 1, ROWS_MAX);
  note('minRows', minRows === null ? 'whole' : undefined);
  const keywords = keywordsOf(draft.keywords);
  note(
    'keywords',
    keywords.length > KEYWORDS_MAX ? 'tooManyKeywords' : keywords.some((word) => word.length > LABEL_MAX) ? 'tooLong' : undefined,
  );
  return {
    version: 1,
    width: draft.width === '16' ? 16 : draft.width === '32' ? 32 : 64,
    columns,
    minRows: minRows ?? 1,
    ...(draft.timeUsed ? { time: readTime(draft, mark, note) } : {}),
    keywords,
  };
}

function labelProblem(text: string): DraftProblem | undefined {
  return text === '' ? 'empty' : text.length > LABEL_MAX ? 'tooLong' : undefined;
}

function readNumberColumn(column: NumberColumnDraft, name: string, path: string, mark: DecimalMark, note: Note) {
  const number = (field: 'low' | 'high' | 'meanLow' | 'meanHigh'): string => {
    const reading = readNumber(column[field], mark);
    note(`${path}.${field}`, reading.ok ? undefined : reading.problem);
    return reading.ok ? reading.text : MISSING;
  };
  const inOrder = (low: string, high: string): boolean => low === MISSING || high === MISSING || compareNumbers(low, high) <= 0;
  const unit = column.unit.trim();
  note(`${path}.unit`, unit.length > 32 ? 'tooLong' : undefined);
  const scale = readWhole(column.scale, 0, SCALE_MAX);
  note(`${path}.scale`, scale === null ? 'whole' : undefined);
  const between: [string, string] = [number('low'), number('high')];
  if (!inOrder(...between)) note(`${path}.high`, 'order');
  const required = { type: 'number' as const, name: name || MISSING, unit, scale: scale ?? 0, between };
  if (!column.meanUsed) return required;
  const mean: [string, string] = [number('meanLow'), number('meanHigh')];
  if (!inOrder(...mean)) note(`${path}.meanHigh`, 'order');
  // A mean lies between the values that a cell can have, so its bounds may not be finer than they are.
  for (const [at, field] of (['meanLow', 'meanHigh'] as const).entries())
    if (scale !== null && decimalsOf(mean[at] ?? '0') > scale) note(`${path}.${field}`, 'meanDecimals');
  return { ...required, mean };
}

function readCategoryColumn(column: CategoryColumnDraft, name: string, path: string, { width }: RequirementDraft, note: Note) {
  note(`${path}.equals`, column.equals === '' ? 'empty' : column.equals.length > 1024 ? 'tooLong' : undefined);
  if (width !== '64') note('width', 'categoryWidth');
  return { type: 'category' as const, name: name || MISSING, equals: column.equals || MISSING };
}

function readTime({ from, to, minSpanDays }: RequirementDraft, mark: DecimalMark, note: Note) {
  note('from', isDay(from) ? undefined : 'date');
  note('to', isDay(to) ? undefined : 'date');
  if (isDay(from) && isDay(to) && from > to) note('to', 'order');
  const reading = readNumber(minSpanDays.trim() === '' ? '0' : minSpanDays, mark);
  const days = reading.ok ? Number(reading.text) : Number.NaN;
  note('minSpanDays', days >= 0 ? undefined : 'notNumber');
  const whole = Date.parse(`${to}T23:59:59.999Z`) - Date.parse(`${from}T00:00:00Z`);
  if (days * DAY_MS > whole + 1) note('minSpanDays', 'spanTooLong');
  return {
    from: isDay(from) ? `${from}T00:00:00Z` : MISSING,
    to: isDay(to) ? `${to}T23:59:59.999Z` : MISSING,
    // The last millisecond of the last day is the last that can be there.
    minSpanMs: days >= 0 ? Math.min(Math.round(days * DAY_MS), Math.max(whole, 0)) : 0,
  };
}

function isDay(text: string): boolean {
  if (!/^\d{4}-\d\d-\d\d$/.test(text)) return false;
  const time = new Date(`${text}T00:00:00Z`);
  // A day that no calendar has (February 30) is carried over into another one.
  return !Number.isNaN(time.getTime()) && time.toISOString().startsWith(text);
}
