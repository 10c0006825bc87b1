/**
 * A requirement as contracts and circuits hold it: columns by their hash, values in the stored form u (docs/formats.md, "Requirement and
 * statements"). Invariant: fields that passed {@link parseRequirementFields} obey every rule that pi' shows, so pi' can be proved for them.
 */
import { z } from 'zod';
import { AppError } from '../base/app-error.ts';
import { type Sentence, say, verbatim } from '../base/sentence.ts';
import { FIELD_ORDER, KEYWORDS_MAX, SLOTS_MAX, STORED_MIN, TAG_REQUIREMENT } from '../dataset/constants.ts';
import type { FieldHash } from '../dataset/field.ts';

/** One column that a requirement names. All zero when the slot is unused. */
export interface RequirementSlot {
  readonly colHash: bigint;
  /** Every cell lies in [lo, hi]. */
  readonly lo: bigint;
  readonly hi: bigint;
  /** The mean over all rows is at least this; its upper bound is in `meanHi`. */
  readonly meanLo: bigint;
}

/** The public content of a requirement; unused places are 0. */
export interface RequirementFields {
  readonly slotCount: number;
  readonly minRows: bigint;
  readonly timeUsed: boolean;
  readonly timeFrom: bigint;
  readonly timeTo: bigint;
  /** Milliseconds from the first to the last row, at least. */
  readonly minSpan: bigint;
  /** Bits of a value: 16, 32 or 64. */
  readonly width: number;
  readonly keywords: readonly bigint[];
  readonly meanHi: readonly bigint[];
  readonly slots: readonly RequirementSlot[];
}

const TIME_END = 1n << 64n;
const ROWS_END = 1n << 32n;
const KEYWORD_END = 1n << 248n;

/** Every rule that the fields break, in words; none when pi' can be proved. */
export function requirementProblems(fields: RequirementFields): Sentence[] {
  const problems: Sentence[] = [];
  const rule = (holds: boolean, problem: Sentence): void => {
    if (!holds) problems.push(problem);
  };
  rule(
    fields.slots.length === SLOTS_MAX && fields.meanHi.length === SLOTS_MAX && fields.keywords.length === KEYWORDS_MAX,
    say`a list has the wrong length`,
  );
  rule(
    Number.isInteger(fields.slotCount) && fields.slotCount >= 1 && fields.slotCount <= SLOTS_MAX,
    say`it names fewer than 1 or more than ${SLOTS_MAX} columns`,
  );
  rule(fields.width === 16 || fields.width === 32 || fields.width === 64, say`the width is not 16, 32 or 64 bits`);
  if (problems.length > 0) return problems;

  rule(fields.minRows >= 1n && fields.minRows < ROWS_END, say`the least number of rows is not between 1 and 2^32 - 1`);
  if (fields.timeUsed) {
    rule(
      fields.timeFrom >= STORED_MIN && fields.timeFrom <= fields.timeTo && fields.timeTo < TIME_END,
      say`the earliest time is later than the latest, or out of range`,
    );
    rule(
      fields.minSpan >= 0n && fields.minSpan <= fields.timeTo - fields.timeFrom,
      say`the span does not fit between the earliest and the latest time`,
    );
  } else {
    rule(fields.timeFrom === 0n && fields.timeTo === 0n && fields.minSpan === 0n, say`time bounds are given although time is not used`);
  }
  const end = 1n << BigInt(fields.width);
  for (const [index, slot] of fields.slots.entries()) {
    const meanHi = fields.meanHi[index] as bigint;
    if (index >= fields.slotCount) {
      rule(
        [slot.colHash, slot.lo, slot.hi, slot.meanLo, meanHi].every((value) => value === 0n),
        say`slot ${index + 1} is unused and not empty`,
      );
      continue;
    }
    rule(slot.colHash > 0n && slot.colHash < FIELD_ORDER, say`slot ${index + 1} names no column`);
    rule(
      STORED_MIN <= slot.lo && slot.lo <= slot.meanLo && slot.meanLo <= meanHi && meanHi <= slot.hi && slot.hi < end,
      say`the bounds of slot ${index + 1} are not in order, or outside the width`,
    );
    rule(
      fields.slots.slice(0, index).every((earlier) => earlier.colHash !== slot.colHash),
      say`slot ${index + 1} names a column a second time`,
    );
  }
  for (const [index, keyword] of fields.keywords.entries()) {
    const before = index === 0 ? undefined : (fields.keywords[index - 1] as bigint);
    rule(keyword >= 0n && keyword < KEYWORD_END, say`a keyword has more than 248 bits`);
    rule(keyword === 0n || before === undefined || before < keyword, say`the keywords do not ascend`);
    rule(keyword === 0n || before !== 0n, say`there is a gap between keywords`);
  }
  return problems;
}

/** h: Poseidon over every field. */
export function requirementHash(fields: RequirementFields, hash: FieldHash): bigint {
  const left = hash.hash([
    TAG_REQUIREMENT,
    BigInt(fields.slotCount),
    fields.minRows,
    fields.timeUsed ? 1n : 0n,
    fields.timeFrom,
    fields.timeTo,
    fields.minSpan,
    BigInt(fields.width),
    ...fields.keywords,
    ...fields.meanHi,
  ]);
  const right = hash.hash(fields.slots.flatMap((slot) => [slot.colHash, slot.lo, slot.hi, slot.meanLo]));
  return hash.hash([left, right]);
}

const integer = z
  .string()
  .regex(/^(?:0|[1-9]\d{0,77})$/, 'is not a decimal integer')
  .transform((text) => BigInt(text));
const shape = z.strictObject({
  slotCount: z.int(),
  minRows: integer,
  timeUsed: z.boolean(),
  timeFrom: integer,
  timeTo: integer,
  minSpan: integer,
  width: z.int(),
  keywords: z.array(integer).length(KEYWORDS_MAX),
  meanHi: z.array(integer).length(SLOTS_MAX),
  slots: z.array(z.strictObject({ colHash: integer, lo: integer, hi: integer, meanLo: integer })).length(SLOTS_MAX),
});

/** The fields as a JSON document: field elements in decimal text, keys in the order of docs/formats.md. */
export function encodeRequirementFields(fields: RequirementFields): z.input<typeof shape> {
  return {
    slotCount: fields.slotCount,
    minRows: fields.minRows.toString(),
    timeUsed: fields.timeUsed,
    timeFrom: fields.timeFrom.toString(),
    timeTo: fields.timeTo.toString(),
    minSpan: fields.minSpan.toString(),
    width: fields.width,
    keywords: fields.keywords.map(String),
    meanHi: fields.meanHi.map(String),
    slots: fields.slots.map((slot) => ({ colHash: `${slot.colHash}`, lo: `${slot.lo}`, hi: `${slot.hi}`, meanLo: `${slot.meanLo}` })),
  };
}

/**
 * Reads what {@link encodeRequirementFields} wrote, or somebody else sent.
 * @throws AppError `REQUIREMENT_INVALID` naming the first rule that is broken
 */
export function parseRequirementFields(value: unknown): RequirementFields {
  const result = shape.safeParse(value);
  const issue = result.error?.issues[0];
  if (!result.success) throw invalidRequirement(verbatim(`${issue?.path.join('.') || 'it'} ${issue?.message ?? 'is malformed'}`));
  const [problem] = requirementProblems(result.data);
  if (problem !== undefined) throw invalidRequirement(problem);
  return result.data;
}

/** The error for a requirement that cannot be published or proved. */
export function invalidRequirement(problem: Sentence): AppError<'REQUIREMENT_INVALID'> {
  return new AppError('REQUIREMENT_INVALID', {
    what: say`The requirement cannot be used: ${problem}.`,
    consequence: 'No data can be shown to meet it; nothing was published or proved.',
    remedy: 'Correct the requirement and try again.',
  });
}
