/**
 * The commitment to a dataset (docs/formats.md, "Data and commitment"): one root over every promised cell, the keywords,
 * the original file, its owner and its identity. Segments are read one at a time, so memory does not grow with their content.
 * Invariant: the root is a function of the canonical integers and the facts of {@link DatasetFacts} alone, not of how they were read.
 */
import { assert } from '../base/assert.ts';
import { fromBigEndian, fromHex, type Hex } from '../base/bytes.ts';
import { Encoder } from '../base/codec.ts';
import { type ColumnReader, segmentPacks, storedValues } from './canonical-column.ts';
import { COLUMNS_MAX, ROWS_MAX, SEGMENT_ROWS, SEGMENT_TREE_DEPTH, STORED_PADDING, TAG_DATASET, TAG_SEGMENT } from './constants.ts';
import { type FieldHash, prf } from './field.ts';
import { fillChildren, hashChildren, type PathStep, treeLevels, treePath, treeRoot } from './poseidon-tree.ts';
import { type ColumnWidth, columnHash, keywordTags, promisedColumns, type Schema } from './schema.ts';

/** What a dataset root covers besides its cells. */
export interface DatasetFacts {
  readonly schema: Schema;
  /** 1 to ROWS_MAX. */
  readonly totalRows: number;
  readonly keywords: readonly string[];
  /** SHA-256 of the original file, 32 bytes. */
  readonly fileHash: Hex;
  /** The owner's pseudonym, 20 bytes. */
  readonly owner: Hex;
  /** 32 bytes, the first of them zero. */
  readonly datasetId: Hex;
}

/** The committed form of one promised column. */
export interface ColumnCommitment {
  readonly colHash: bigint;
  readonly width: ColumnWidth;
  readonly root: bigint;
  /** For each segment the root over its packs. Without salt: as secret as the values. */
  readonly trees: readonly bigint[];
  /** The tree over the segment leaves, leaves first, `[root]` last; absent nodes are left out. */
  readonly levels: readonly (readonly bigint[])[];
}

/** Everything needed to open a segment besides its values and the seed. */
export interface Commitment {
  readonly datasetRoot: bigint;
  readonly columnsRoot: bigint;
  readonly tagsRoot: bigint;
  /** In the order of the promised columns. */
  readonly columns: readonly ColumnCommitment[];
  /** The keywords' field elements, strictly ascending, absent ones left out. */
  readonly tags: readonly bigint[];
  readonly fileHashHigh: bigint;
  readonly fileHashLow: bigint;
  readonly owner: bigint;
  readonly datasetId: bigint;
  readonly segmentCount: number;
  readonly totalRows: number;
}

/** Told after each segment. */
export interface CommitProgress {
  readonly segmentsDone: number;
  readonly segmentCount: number;
}

/** Segments of a dataset of so many rows. */
export function segmentCountOf(totalRows: number): number {
  return Math.ceil(totalRows / SEGMENT_ROWS);
}

/** Rows of one segment: SEGMENT_ROWS for every segment but the last. */
export function segmentRows(totalRows: number, segmentIndex: number): number {
  return Math.min(SEGMENT_ROWS, totalRows - segmentIndex * SEGMENT_ROWS);
}

/** The salt of one leaf, never shared between leaves. */
export function leafSalt(seed: Uint8Array, position: number, segmentIndex: number): bigint {
  return prf(seed, 'vouchsafe:salt:1', new Encoder().uint(position, 2).uint(segmentIndex, 4).finish());
}

/**
 * Commits to a dataset.
 * @param columns the canonical integers, valid stored values only
 * @param seed 32 random bytes, secret to the owner and the receivers
 * @throws the signal's reason when it is aborted, and what `columns` throws
 */
export async function commitDataset(
  facts: DatasetFacts,
  seed: Uint8Array,
  columns: ColumnReader,
  hash: FieldHash,
  options: { readonly signal?: AbortSignal | undefined; readonly onProgress?: ((progress: CommitProgress) => void) | undefined } = {},
): Promise<Commitment> {
  const promised = promisedColumns(facts.schema);
  assert(facts.totalRows >= 1 && facts.totalRows <= ROWS_MAX, 'a dataset has 1 to ROWS_MAX rows');
  assert(promised.length >= 1 && promised.length <= COLUMNS_MAX, 'a dataset has 1 to COLUMNS_MAX promised columns');
  assert(seed.length === 32, 'the seed has 32 bytes');
  const segmentCount = segmentCountOf(facts.totalRows);
  const drafts = promised.map((column) => ({
    width: column.width,
    colHash: columnHash(column),
    trees: [] as bigint[],
    leaves: [] as bigint[],
  }));
  for (let segmentIndex = 0; segmentIndex < segmentCount; segmentIndex++) {
    options.signal?.throwIfAborted();
    const rows = segmentRows(facts.totalRows, segmentIndex);
    for (const [position, draft] of drafts.entries()) {
      const tree = treeRoot(hash, segmentPacks(draft.width, await columns.read(position, segmentIndex * SEGMENT_ROWS, rows)));
      draft.trees.push(tree);
      draft.leaves.push(segmentLeaf(hash, draft.colHash, segmentIndex, rows, tree, leafSalt(seed, position, segmentIndex)));
    }
    options.onProgress?.({ segmentsDone: segmentIndex + 1, segmentCount });
  }
  const committed = drafts.map(({ width, colHash, trees, leaves }): ColumnCommitment => {
    const levels = treeLevels(hash, leaves, SEGMENT_TREE_DEPTH);
    return { colHash, width, root: levels.at(-1)?.[0] as bigint, trees, levels };
  });
  return sealDataset(facts, segmentCount, committed, hash);
}

function sealDataset(facts: DatasetFacts, segmentCount: number, columns: readonly ColumnCommitment[], hash: FieldHash): Commitment {
  const fileHash = bytesOf(facts.fileHash, 32);
  const datasetIdBytes = bytesOf(facts.datasetId, 32);
  assert(datasetIdBytes[0] === 0, 'the first byte of a datasetId is zero');
  const columnsRoot = hashChildren(
    hash,
    columns.map((column) => column.root),
  );
  const tags = keywordTags(facts.keywords).map((tag) => tag.hash);
  const tagsRoot = hashChildren(hash, tags);
  const fileHashHigh = fromBigEndian(fileHash.subarray(0, 16));
  const fileHashLow = fromBigEndian(fileHash.subarray(16));
  const owner = fromBigEndian(bytesOf(facts.owner, 20));
  const datasetId = fromBigEndian(datasetIdBytes);
  const datasetRoot = hash.hash([
    TAG_DATASET,
    columnsRoot,
    tagsRoot,
    fileHashHigh,
    fileHashLow,
    BigInt(segmentCount),
    BigInt(facts.totalRows),
    owner,
    datasetId,
  ]);
  return {
    datasetRoot,
    columnsRoot,
    tagsRoot,
    columns,
    tags,
    fileHashHigh,
    fileHashLow,
    owner,
    datasetId,
    segmentCount,
    totalRows: facts.totalRows,
  };
}

function segmentLeaf(hash: FieldHash, colHash: bigint, segmentIndex: number, rows: number, tree: bigint, salt: bigint): bigint {
  return hash.hash([TAG_SEGMENT, colHash, BigInt(segmentIndex), BigInt(rows), tree, salt]);
}

function bytesOf(hex: Hex, length: number): Uint8Array {
  const bytes = fromHex(hex);
  assert(bytes.length === length, `the value has ${length} bytes`);
  return bytes;
}

/** One column of an opened segment. */
export interface ColumnOpening {
  /** Place among the promised columns. */
  readonly position: number;
  readonly colHash: bigint;
  readonly width: ColumnWidth;
  /** SEGMENT_ROWS stored values; 0 from the segment's rows on. */
  readonly values: readonly bigint[];
  readonly tree: bigint;
  readonly salt: bigint;
  readonly leaf: bigint;
  /** From the leaf to the column root, SEGMENT_TREE_DEPTH steps. */
  readonly path: readonly PathStep[];
  readonly root: bigint;
}

/** What shows that a segment lies under a dataset root. */
export interface SegmentOpening {
  readonly segmentIndex: number;
  readonly rows: number;
  /** In the order asked for. */
  readonly columns: readonly ColumnOpening[];
  /** The roots of all promised columns, filled with 0 to 16. */
  readonly columnRoots: readonly bigint[];
  readonly commitment: Commitment;
}

/**
 * Opens some columns of one segment; reads the values of these columns in this segment and nothing else.
 * @param positions places among the promised columns
 */
export async function openSegment(
  commitment: Commitment,
  seed: Uint8Array,
  columns: ColumnReader,
  segmentIndex: number,
  positions: readonly number[],
): Promise<SegmentOpening> {
  assert(Number.isInteger(segmentIndex) && segmentIndex >= 0 && segmentIndex < commitment.segmentCount, 'the segment exists');
  const rows = segmentRows(commitment.totalRows, segmentIndex);
  const opened: ColumnOpening[] = [];
  for (const position of positions) {
    const column = commitment.columns[position];
    assert(column !== undefined, 'the column is promised');
    const present = storedValues(column.width, await columns.read(position, segmentIndex * SEGMENT_ROWS, rows));
    opened.push({
      position,
      colHash: column.colHash,
      width: column.width,
      values: [...present, ...new Array<bigint>(SEGMENT_ROWS - rows).fill(STORED_PADDING)],
      tree: column.trees[segmentIndex] as bigint,
      salt: leafSalt(seed, position, segmentIndex),
      leaf: column.levels[0]?.[segmentIndex] as bigint,
      path: treePath(column.levels, segmentIndex),
      root: column.root,
    });
  }
  return { segmentIndex, rows, columns: opened, columnRoots: fillChildren(commitment.columns.map((column) => column.root)), commitment };
}
