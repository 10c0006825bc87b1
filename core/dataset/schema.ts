/**
 * What a dataset's columns are called and how their cells become integers (docs/formats.md, "Data and commitment").
 * A column's hash covers name, unit, type, width and scale, so a commitment cannot be opened under another meaning.
 * Invariant: a schema that passed {@link parseSchema} has 1 to COLUMNS_MAX promised columns with pairwise distinct hashes.
 */
import { z } from 'zod';
import { AppError } from '../base/app-error.ts';
import { Encoder } from '../base/codec.ts';
import { english, type Sentence, say, verbatim } from '../base/sentence.ts';
import { COLUMNS_MAX, SCALE_MAX, TAGS_MAX } from './constants.ts';
import { fieldHash } from './field.ts';

/** Most columns of an imported file, promised or not. */
export const FILE_COLUMNS_MAX = 1024;
const NAME_LENGTH_MAX = 64;
const UNIT_LENGTH_MAX = 32;
/** Most characters of a keyword. */
const KEYWORD_LENGTH_MAX = 64;

/** Bits of a stored value. */
export type ColumnWidth = 16 | 32 | 64;

/** A column that the commitment promises, cell by cell. */
export interface PromisedColumn {
  /** Zero-based position in the original file. */
  readonly source: number;
  /** Name inside the commitment; the time column is always called `time`. */
  readonly name: string;
  /** Unit of the values, `ms` for time, empty for a category or a pure number. */
  readonly unit: string;
  readonly type: 'number' | 'time' | 'category';
  /** Decimal places that are kept: a cell is stored as value * 10^scale. */
  readonly scale: number;
  readonly width: ColumnWidth;
}

/** A column that travels inside the original file only and is not promised. */
export interface TextColumn {
  readonly source: number;
  readonly name: string;
  readonly type: 'text';
}

/** Any column of the original file. */
export type Column = PromisedColumn | TextColumn;

/** The columns of a dataset in the order of the file. */
export interface Schema {
  readonly columns: readonly Column[];
}

function isLabel(text: string): boolean {
  return text.isWellFormed() && text === normalizeLabel(text) && !/\p{Cc}/u.test(text);
}

/** A name or unit as the commitment spells it: Unicode NFC without surrounding white space. */
export function normalizeLabel(text: string): string {
  return text.normalize('NFC').trim();
}

const source = z
  .int()
  .min(0)
  .max(FILE_COLUMNS_MAX - 1);
const name = z
  .string()
  .min(1)
  .max(NAME_LENGTH_MAX)
  .refine(isLabel, 'is not in NFC, is surrounded by white space or holds control characters');
const unit = z.string().max(UNIT_LENGTH_MAX).refine(isLabel, 'is not in NFC, is surrounded by white space or holds control characters');

const columnSchema = z.discriminatedUnion('type', [
  z.strictObject({
    source,
    name: name.refine((text) => text !== 'time', 'is kept for the time column'),
    unit,
    type: z.literal('number'),
    scale: z.int().min(0).max(SCALE_MAX),
    width: z.literal([16, 32, 64]),
  }),
  z.strictObject({
    source,
    name: z.literal('time'),
    unit: z.literal('ms'),
    type: z.literal('time'),
    scale: z.literal(0),
    width: z.literal(64),
  }),
  z.strictObject({
    source,
    name: name.refine((text) => text !== 'time', 'is kept for the time column'),
    unit: z.literal(''),
    type: z.literal('category'),
    scale: z.literal(0),
    width: z.literal(64),
  }),
  z.strictObject({ source, name, type: z.literal('text') }),
]);

/** Shape and rules of a schema, for documents that hold one. */
export const schemaShape = z.strictObject({ columns: z.array(columnSchema).min(1).max(FILE_COLUMNS_MAX) }).check((context) => {
  // A width or scale that was already refused has no encoding to hash.
  if (context.issues.length > 0) return;
  for (const problem of schemaProblems(context.value))
    context.issues.push({ code: 'custom', message: english(problem), params: { problem }, input: context.value });
});

function* schemaProblems(schema: Schema): Generator<Sentence> {
  const promised = promisedColumns(schema);
  if (promised.length === 0) yield say`no column is promised`;
  if (promised.length > COLUMNS_MAX) yield say`${promised.length} columns are promised, at most ${COLUMNS_MAX} can be`;
  const hashes = new Set<bigint>();
  for (const column of promised) {
    const hash = columnHash(column);
    if (hashes.has(hash)) yield say`two columns are called "${column.name}" with the same unit, type, scale and width`;
    hashes.add(hash);
  }
  const positions = schema.columns.map((column) => column.source);
  if (positions.some((position, index) => index > 0 && position <= (positions[index - 1] as number)))
    yield say`columns are not in the order of the file`;
}

/**
 * Checks a schema chosen by a user.
 * @throws AppError `DATASET_SCHEMA_INVALID` naming the first rule that is broken
 */
export function parseSchema(schema: unknown): Schema {
  const result = schemaShape.safeParse(schema);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const place = issue === undefined || issue.path.length === 0 ? '' : ` (${issue.path.join('.')})`;
  const rule = issue?.code === 'custom' ? (issue.params?.problem as Sentence | undefined) : undefined;
  throw new AppError('DATASET_SCHEMA_INVALID', {
    what: say`The choice of columns cannot be used: ${rule ?? verbatim(issue?.message ?? 'it is malformed')}${place}.`,
    consequence: 'Nothing was imported.',
    remedy: say`Choose 1 to ${COLUMNS_MAX} columns with different names; a time column is called "time".`,
  });
}

/** The promised columns in order; an index into them is a column's position in the commitment. */
export function promisedColumns(schema: Schema): readonly PromisedColumn[] {
  return schema.columns.filter((column) => column.type !== 'text');
}

/** `colHash`: what a requirement and a proof call a column by. */
export function columnHash(column: Omit<PromisedColumn, 'source'>): bigint {
  const encoding = new Encoder().text(column.name).text(column.unit).text(column.type).uint(column.width, 1).uint(column.scale, 1).finish();
  return fieldHash('vouchsafe:column:1', encoding);
}

/** A keyword with the field element that stands for it. */
export interface Tag {
  readonly keyword: string;
  readonly hash: bigint;
}

/** A keyword as it is hashed: NFC, trimmed, lower case. Doing it twice changes nothing. */
export function normalizeKeyword(keyword: string): string {
  return keyword.normalize('NFC').toLowerCase().normalize('NFC').trim();
}

/** Whether a text is a keyword in its normal form. */
export function isKeyword(text: string): boolean {
  return (
    text.length >= 1 && text.length <= KEYWORD_LENGTH_MAX && text === normalizeKeyword(text) && text.isWellFormed() && !/\p{Cc}/u.test(text)
  );
}

/** `tag`: the field element of one keyword. */
export function keywordHash(keyword: string): bigint {
  return fieldHash('vouchsafe:keyword:1', new Encoder().text(normalizeKeyword(keyword)).finish());
}

/**
 * Keywords of a dataset as the commitment orders them: normalized, without repetition, ascending by hash.
 * @throws AppError `DATASET_KEYWORDS_INVALID` when one is empty or too long, or there are more than TAGS_MAX
 */
export function keywordTags(keywords: readonly string[]): readonly Tag[] {
  const normalized = [...new Set(keywords.map(normalizeKeyword))];
  const unusable = normalized.find((keyword) => !isKeyword(keyword));
  if (unusable !== undefined || normalized.length > TAGS_MAX) {
    throw new AppError('DATASET_KEYWORDS_INVALID', {
      what:
        unusable === undefined
          ? say`There are ${normalized.length} keywords.`
          : say`The keyword "${unusable.slice(0, KEYWORD_LENGTH_MAX)}" is empty, too long or holds control characters.`,
      consequence: 'The dataset was not committed to.',
      remedy: say`Give at most ${TAGS_MAX} keywords of 1 to ${KEYWORD_LENGTH_MAX} characters.`,
    });
  }
  return normalized.map((keyword) => ({ keyword, hash: keywordHash(keyword) })).sort((left, right) => (left.hash < right.hash ? -1 : 1));
}
