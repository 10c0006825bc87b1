/**
 * Datasets for the small circuits of circuits.json: the same commitment as core/dataset makes, with fewer rows a segment and a lower tree.
 * Everything follows from the arguments; nothing is random.
 */
import type { ColumnOpening, Commitment } from '../../core/dataset/commitment.ts';
import { COLUMNS_MAX, PACK_BITS, TAG_DATASET, TAG_SEGMENT } from '../../core/dataset/constants.ts';
import type { FieldHash } from '../../core/dataset/field.ts';
import { fillChildren, hashChildren, treeLevels, treePath, treeRoot } from '../../core/dataset/poseidon-tree.ts';
import { type ColumnWidth, columnHash } from '../../core/dataset/schema.ts';
import type { RequirementFields, RequirementSlot } from '../../core/proofs/requirement.ts';
import {
  aggregateStatement,
  type OpenedSegment,
  type SegmentSummary,
  type Statement,
  segmentStatement,
} from '../../core/proofs/statements.ts';

/** Parameters of the segment circuit, and what the dataset holds. */
export interface SmallDataset {
  readonly segmentRows: number;
  readonly depth: number;
  readonly width: ColumnWidth;
  /** Stored values of each column, one list a slot. */
  readonly values: readonly (readonly bigint[])[];
  /** Stored times; as many as rows. */
  readonly times: readonly bigint[];
  /** Keywords' field elements, ascending. */
  readonly tags: readonly bigint[];
  /** Places of the slots' columns among the 16, and of the time column. */
  readonly positions: readonly number[];
  readonly timePosition: number;
}

/** A committed small dataset. */
export interface CommittedSmallDataset {
  readonly commitment: Commitment;
  open(segmentIndex: number): OpenedSegment;
}

/** Names of slot columns. */
export function slotHash(slot: number, width: ColumnWidth): bigint {
  return columnHash({ name: `reading ${slot}`, unit: 'bar', type: 'number', scale: 2, width });
}

/** Commits to a small dataset. */
export function commitSmall(dataset: SmallDataset, hash: FieldHash): CommittedSmallDataset {
  const { segmentRows, depth } = dataset;
  const totalRows = dataset.times.length;
  const segmentCount = Math.ceil(totalRows / segmentRows);
  const columns = [
    ...dataset.values.map((values, slot) => ({
      values,
      width: dataset.width,
      colHash: slotHash(slot, dataset.width),
      position: dataset.positions[slot] as number,
    })),
    {
      values: dataset.times,
      width: 64 as const,
      colHash: columnHash({ name: 'time', unit: 'ms', type: 'time', scale: 0, width: 64 }),
      position: dataset.timePosition,
    },
  ].map((column) => {
    const segments = Array.from({ length: segmentCount }, (_, segmentIndex) => {
      const present = column.values.slice(segmentIndex * segmentRows, (segmentIndex + 1) * segmentRows);
      const values = Array.from({ length: segmentRows }, (_, row) => present[row] ?? 0n);
      const tree = treeRoot(hash, packsOf(values, column.width));
      const salt = 1_000_003n * BigInt(column.position + 1) + BigInt(segmentIndex);
      return {
        rows: present.length,
        values,
        tree,
        salt,
        leaf: hash.hash([TAG_SEGMENT, column.colHash, BigInt(segmentIndex), BigInt(present.length), tree, salt]),
      };
    });
    const levels = treeLevels(
      hash,
      segments.map((segment) => segment.leaf),
      depth,
    );
    return { ...column, segments, levels, root: levels.at(-1)?.[0] as bigint };
  });
  const columnRoots = Array.from(
    { length: COLUMNS_MAX },
    (_, position) => columns.find((column) => column.position === position)?.root ?? BigInt(position + 77),
  );
  const facts = { fileHashHigh: 11n, fileHashLow: 12n, owner: 0xabcdefn, datasetId: 0x123456n };
  const columnsRoot = hashChildren(hash, columnRoots);
  const tagsRoot = hashChildren(hash, dataset.tags);
  const datasetRoot = hash.hash([
    TAG_DATASET,
    columnsRoot,
    tagsRoot,
    facts.fileHashHigh,
    facts.fileHashLow,
    BigInt(segmentCount),
    BigInt(totalRows),
    facts.owner,
    facts.datasetId,
  ]);
  const commitment: Commitment = { ...facts, datasetRoot, columnsRoot, tagsRoot, tags: dataset.tags, segmentCount, totalRows, columns: [] };
  return {
    commitment,
    open(segmentIndex) {
      const openings = columns.map((column): ColumnOpening => {
        const { values, tree, salt, leaf } = column.segments[segmentIndex] as (typeof column.segments)[number];
        return {
          position: column.position,
          colHash: column.colHash,
          width: column.width,
          values,
          tree,
          salt,
          leaf,
          path: treePath(column.levels, segmentIndex),
          root: column.root,
        };
      });
      const rows = columns[0]?.segments[segmentIndex]?.rows as number;
      return {
        opening: { segmentIndex, rows, columns: openings, columnRoots: fillChildren(columnRoots), commitment },
        columns: openings.slice(0, -1),
        time: openings.at(-1),
      };
    },
  };
}

/** The requirement that a small dataset meets exactly at its bounds; `change` replaces fields. */
export function requirementOf(dataset: SmallDataset, change: Partial<RequirementFields> = {}): RequirementFields {
  const bounds = dataset.values.map((values) => {
    const sorted = [...values].sort((left, right) => (left < right ? -1 : 1));
    return { lo: sorted[0] as bigint, hi: sorted.at(-1) as bigint };
  });
  const slots = bounds.map(
    (bound, slot): RequirementSlot => ({ colHash: slotHash(slot, dataset.width), lo: bound.lo, hi: bound.hi, meanLo: bound.lo }),
  );
  const first = dataset.times[0] as bigint;
  const last = dataset.times.at(-1) as bigint;
  return {
    slotCount: slots.length,
    minRows: BigInt(dataset.times.length),
    timeUsed: true,
    timeFrom: first,
    timeTo: last,
    minSpan: last - first,
    width: dataset.width,
    keywords: [dataset.tags.at(-1) ?? 0n, 0n, 0n, 0n],
    meanHi: [...bounds.map((bound) => bound.hi), 0n, 0n, 0n, 0n].slice(0, 4),
    slots: [...slots, ...Array.from({ length: 4 - slots.length }, () => ({ colHash: 0n, lo: 0n, hi: 0n, meanLo: 0n }))],
    ...change,
  };
}

/** All segment statements of a small dataset, and its aggregate statement. */
export function smallStatements(
  dataset: SmallDataset,
  fields: RequirementFields,
  capacity: number,
  hash: FieldHash,
): { readonly segments: readonly (Statement & { readonly summary: SegmentSummary })[]; readonly aggregate: Statement } {
  const committed = commitSmall(dataset, hash);
  const binding = 987654321n;
  const segments = Array.from({ length: committed.commitment.segmentCount }, (_, index) =>
    segmentStatement(fields, committed.open(index), binding, 555n + BigInt(index), hash),
  );
  const positions = { slots: dataset.positions, time: dataset.timePosition };
  const shape = { capacity, segmentRows: dataset.segmentRows };
  const summaries = segments.map((segment) => segment.summary);
  return { segments, aggregate: aggregateStatement(fields, committed.commitment, positions, summaries, binding, shape, hash) };
}

function packsOf(values: readonly bigint[], width: ColumnWidth): bigint[] {
  const count = Math.floor(PACK_BITS / width);
  return Array.from({ length: Math.ceil(values.length / count) }, (_, pack) =>
    values.slice(pack * count, (pack + 1) * count).reduce((sum, value, index) => sum + (value << BigInt(width * index)), 0n),
  );
}
