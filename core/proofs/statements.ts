/**
 * The three statements: what goes into a circuit, and the public signals that come out (docs/formats.md, "Requirement and statements").
 * Invariant: the public signals are computed here from the same facts as in the circuit, so a proof of other signals is a bug or an attack.
 * Nothing here checks that a statement is true: that is the dry run's work before, and the circuit's after.
 */
import { z } from 'zod';
import { assert } from '../base/assert.ts';
import { Encoder } from '../base/codec.ts';
import type { ColumnOpening, Commitment, SegmentOpening } from '../dataset/commitment.ts';
import { SEGMENT_ROWS, STORED_MIN, STORED_PADDING, TAG_PARTIAL, TAG_PARTIAL_COLUMN, TREE_ARITY } from '../dataset/constants.ts';
import { type FieldHash, prf } from '../dataset/field.ts';
import { fillChildren, treeRoot } from '../dataset/poseidon-tree.ts';
import { evaluatePartials, partialsChallenge } from './identifiers.ts';
import { type RequirementFields, requirementHash } from './requirement.ts';

/** A circuit's inputs by the names of its signals. */
export interface WitnessInputs {
  readonly [signal: string]: WitnessInput;
}
/** A field element, or a list of inputs. */
export type WitnessInput = bigint | readonly WitnessInput[];

/** A statement ready to be proved. */
export interface Statement {
  readonly inputs: WitnessInputs;
  /** In the circuit's order. */
  readonly publicSignals: readonly bigint[];
}

const RESULT = 1n;

/** pi': the requirement is well-formed and h is its hash. */
export function requirementStatement(fields: RequirementFields, binding: bigint, hash: FieldHash): Statement {
  const inputs = {
    R: RESULT,
    h: requirementHash(fields, hash),
    slotCount: BigInt(fields.slotCount),
    minRows: fields.minRows,
    timeUsed: fields.timeUsed ? 1n : 0n,
    timeFrom: fields.timeFrom,
    timeTo: fields.timeTo,
    minSpan: fields.minSpan,
    width: BigInt(fields.width),
    keywords: fields.keywords,
    meanHi: fields.meanHi,
    slots: fields.slots.map((slot) => [slot.colHash, slot.lo, slot.hi, slot.meanLo]),
    binding,
  };
  return { inputs, publicSignals: flatten(Object.values(inputs)) };
}

/** What the aggregate statement needs of a segment; as secret as sums of the data. Kept beside the segment's proof. */
export interface SegmentSummary {
  readonly segmentIndex: number;
  readonly rows: number;
  /** Stored times, 0 without time predicates. */
  readonly firstTime: bigint;
  readonly lastTime: bigint;
  /** One a slot. */
  readonly trees: readonly bigint[];
  readonly sums: readonly bigint[];
  readonly blind: bigint;
  readonly partial: bigint;
}

const element = z
  .string()
  .regex(/^(?:0|[1-9]\d{0,77})$/)
  .transform((text) => BigInt(text));

/** A summary in JSON, field elements in decimal text; parsing gives a {@link SegmentSummary}. */
export const segmentSummaryShape = z.strictObject({
  segmentIndex: z.int().min(0),
  rows: z.int().min(1),
  firstTime: element,
  lastTime: element,
  trees: z.array(element),
  sums: z.array(element),
  blind: element,
  partial: element,
});

/** The JSON form of a summary. */
export function encodeSegmentSummary(summary: SegmentSummary): z.input<typeof segmentSummaryShape> {
  return {
    ...summary,
    firstTime: `${summary.firstTime}`,
    lastTime: `${summary.lastTime}`,
    trees: summary.trees.map(String),
    sums: summary.sums.map(String),
    blind: `${summary.blind}`,
    partial: `${summary.partial}`,
  };
}

/** The blind of a segment's partial: without it the partial would tell the sum to whoever guesses it. */
export function partialBlind(seed: Uint8Array, offerId: bigint, segmentIndex: number): bigint {
  return prf(seed, 'vouchsafe:partial:1', new Encoder().uint(offerId, 32).uint(segmentIndex, 4).finish());
}

/** A segment, opened for the columns that a requirement names. */
export interface OpenedSegment {
  readonly opening: SegmentOpening;
  /** One a slot, in the requirement's order. */
  readonly columns: readonly ColumnOpening[];
  /** The time column; not needed without time predicates. */
  readonly time: ColumnOpening | undefined;
}

/** The segment statement of one segment, and its summary for the aggregate statement. */
export function segmentStatement(
  fields: RequirementFields,
  segment: OpenedSegment,
  binding: bigint,
  blind: bigint,
  hash: FieldHash,
): Statement & { readonly summary: SegmentSummary } {
  const { opening, columns, time } = segment;
  const { commitment, rows } = opening;
  assert(columns.length === fields.slotCount, 'a column is opened for each slot');
  assert(!fields.timeUsed || time !== undefined, 'the time column is opened for time predicates');
  const capacity = (columns[0] as ColumnOpening).values.length;
  const depth = (columns[0] as ColumnOpening).path.length;
  const times = fields.timeUsed && time !== undefined ? time : absentTime(capacity, depth, rows);
  const summary = summarize(fields, opening, columns, times, blind, hash);
  const publicInputs = {
    R: RESULT,
    h: requirementHash(fields, hash),
    datasetRoot: commitment.datasetRoot,
    binding,
    owner: commitment.owner,
    datasetId: commitment.datasetId,
    segmentIndex: BigInt(opening.segmentIndex),
    rows: BigInt(rows),
    partial: summary.partial,
  };
  const inputs = {
    ...publicInputs,
    ...requirementInputs(fields),
    columnRoots: opening.columnRoots,
    tagsRoot: commitment.tagsRoot,
    fileHashHigh: commitment.fileHashHigh,
    fileHashLow: commitment.fileHashLow,
    segmentCount: BigInt(commitment.segmentCount),
    totalRows: BigInt(commitment.totalRows),
    position: columns.map((column) => BigInt(column.position)),
    salt: columns.map((column) => column.salt),
    children: columns.map((column) => column.path.map((step) => step.children)),
    values: columns.map((column) => column.values),
    blind,
    timePosition: BigInt(times.position),
    timeSalt: times.salt,
    timeChildren: times.path.map((step) => step.children),
    times: times.values,
  };
  return { inputs, publicSignals: Object.values(publicInputs), summary };
}

/** The aggregate statement. `summaries` in the order of the segments, all of them. */
export function aggregateStatement(
  fields: RequirementFields,
  commitment: Commitment,
  /** Places of the slots' columns, and of the time column, among the promised columns. */
  positions: { readonly slots: readonly number[]; readonly time: number | undefined },
  summaries: readonly SegmentSummary[],
  binding: bigint,
  /** The template's capacity, and the rows of a full segment. */
  shape: { readonly capacity: number; readonly segmentRows?: number },
  hash: FieldHash,
): Statement {
  const segmentRows = shape.segmentRows ?? SEGMENT_ROWS;
  assert(
    summaries.length === commitment.segmentCount && summaries.length <= shape.capacity,
    'every segment has a summary, and the template holds them',
  );
  assert(
    summaries.every((summary, index) => summary.segmentIndex === index),
    'summaries are in the order of the segments',
  );
  const filled = <Value>(of: (summary: SegmentSummary) => Value, absent: Value): Value[] =>
    Array.from({ length: shape.capacity }, (_, index) => (index < summaries.length ? of(summaries[index] as SegmentSummary) : absent));
  const partials = summaries.map((summary) => summary.partial);
  const partialsDigest = treeRoot(
    hash,
    filled((summary) => summary.partial, 0n),
  );
  const challenge = partialsChallenge(binding, partialsDigest, partials);
  const publicInputs = {
    R: RESULT,
    h: requirementHash(fields, hash),
    datasetRoot: commitment.datasetRoot,
    binding,
    owner: commitment.owner,
    datasetId: commitment.datasetId,
    segmentCount: BigInt(commitment.segmentCount),
    totalRows: BigInt(commitment.totalRows),
    partialsDigest,
    challenge,
    evaluation: evaluatePartials(partials, challenge),
  };
  const none = new Array<bigint>(fields.slotCount).fill(0n);
  const inputs = {
    ...publicInputs,
    ...requirementInputs(fields),
    columnsRoot: commitment.columnsRoot,
    tags: fillChildren(commitment.tags),
    fileHashHigh: commitment.fileHashHigh,
    fileHashLow: commitment.fileHashLow,
    lastRows: BigInt(commitment.totalRows - (commitment.segmentCount - 1) * segmentRows),
    timePosition: fields.timeUsed ? BigInt(positions.time ?? 0) : 0n,
    position: positions.slots.map(BigInt),
    firstTime: filled((summary) => summary.firstTime, 0n),
    lastTime: filled((summary) => summary.lastTime, 0n),
    tree: filled<readonly bigint[]>((summary) => summary.trees, none),
    sum: filled<readonly bigint[]>((summary) => summary.sums, none),
    blind: filled((summary) => summary.blind, 0n),
  };
  return { inputs, publicSignals: Object.values(publicInputs) };
}

function summarize(
  fields: RequirementFields,
  opening: SegmentOpening,
  columns: readonly ColumnOpening[],
  times: TimeInputs,
  blind: bigint,
  hash: FieldHash,
): SegmentSummary {
  const sums = columns.map((column) => column.values.reduce((sum, value) => sum + value, 0n));
  const used = <Value>(value: Value, absent: Value): Value => (fields.timeUsed ? value : absent);
  const firstTime = used(times.values[0] as bigint, 0n);
  const lastTime = used(times.values[opening.rows - 1] as bigint, 0n);
  const digests = columns.map((column, index) =>
    hash.hash([TAG_PARTIAL_COLUMN, column.colHash, BigInt(column.position), column.tree, sums[index] as bigint]),
  );
  const partial = hash.hash([
    TAG_PARTIAL,
    BigInt(opening.segmentIndex),
    BigInt(opening.rows),
    BigInt(used(times.position, 0)),
    firstTime,
    lastTime,
    ...digests,
    blind,
  ]);
  return {
    segmentIndex: opening.segmentIndex,
    rows: opening.rows,
    firstTime,
    lastTime,
    trees: columns.map((column) => column.tree),
    sums,
    blind,
    partial,
  };
}

type TimeInputs = Pick<ColumnOpening, 'position' | 'salt' | 'path' | 'values'>;

/** Without time predicates the circuit takes any ascending times; these reach neither the root nor the partial. */
function absentTime(capacity: number, depth: number, rows: number): TimeInputs {
  return {
    position: 0,
    salt: 0n,
    path: Array.from({ length: depth }, () => ({ index: 0, children: new Array<bigint>(TREE_ARITY).fill(0n) })),
    values: Array.from({ length: capacity }, (_, row) => (row < rows ? STORED_MIN + BigInt(row) : STORED_PADDING)),
  };
}

function requirementInputs(fields: RequirementFields): WitnessInputs {
  const slots = fields.slots.slice(0, fields.slotCount);
  return {
    minRows: fields.minRows,
    timeUsed: fields.timeUsed ? 1n : 0n,
    timeFrom: fields.timeFrom,
    timeTo: fields.timeTo,
    minSpan: fields.minSpan,
    keywords: fields.keywords,
    colHash: slots.map((slot) => slot.colHash),
    lo: slots.map((slot) => slot.lo),
    hi: slots.map((slot) => slot.hi),
    meanLo: slots.map((slot) => slot.meanLo),
    meanHi: fields.meanHi.slice(0, fields.slotCount),
  };
}

function flatten(inputs: readonly WitnessInput[]): bigint[] {
  return inputs.flatMap((input) => (typeof input === 'bigint' ? [input] : flatten(input)));
}
