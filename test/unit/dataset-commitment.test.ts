/** The commitment against its plain twin, and the openings that circuits are given. */
import { beforeAll, describe, expect, test } from 'vitest';
import { loadPoseidon } from '../../core/adapters/poseidon.ts';
import { type ColumnReader, columnLength, storedValues, viewOf, writeStored } from '../../core/dataset/canonical-column.ts';
import { type Commitment, commitDataset, type DatasetFacts, openSegment } from '../../core/dataset/commitment.ts';
import { SEGMENT_ROWS } from '../../core/dataset/constants.ts';
import type { FieldHash } from '../../core/dataset/field.ts';
import { fillChildren, treeRoot } from '../../core/dataset/poseidon-tree.ts';
import { type PromisedColumn, promisedColumns } from '../../core/dataset/schema.ts';
import { plainPoseidon, plainRoot } from '../vectors/plain-commitment.ts';

const seed = new Uint8Array(32).map((_, index) => index);
const seedHex = `0x${Buffer.from(seed).toString('hex')}`;
const rows = 2 * SEGMENT_ROWS + 5;
const columns: readonly PromisedColumn[] = [
  { source: 0, name: 'time', unit: 'ms', type: 'time', scale: 0, width: 64 },
  { source: 1, name: 'temperature', unit: '°C', type: 'number', scale: 3, width: 32 },
  { source: 3, name: 'level', unit: '', type: 'number', scale: 0, width: 16 },
];
const facts: DatasetFacts = {
  schema: { columns },
  totalRows: rows,
  keywords: ['machine', 'temperature'],
  fileHash: `0x${'a1'.repeat(32)}`,
  owner: `0x${'b2'.repeat(20)}`,
  datasetId: `0x00${'c3'.repeat(31)}`,
};
/** Row r of a column of width B: anything from 1 to 2^B - 1. */
const cells = columns.map(({ width }) =>
  Array.from({ length: rows }, (_, row) => 1n + ((BigInt(row) * 0x9e3779b97f4a7c15n) % (2n ** BigInt(width) - 1n))),
);

function readerOf(stored: readonly (readonly bigint[])[]): ColumnReader & { reads: [number, number, number][] } {
  const bytes = stored.map((values, position) => {
    const width = (columns[position] as PromisedColumn).width;
    const column = new Uint8Array(columnLength(width, values.length));
    for (const [index, value] of values.entries()) writeStored(viewOf(column), width, index, value);
    return column;
  });
  const reads: [number, number, number][] = [];
  return {
    reads,
    async read(position, firstRow, count) {
      reads.push([position, firstRow, count]);
      const width = (columns[position] as PromisedColumn).width;
      return (bytes[position] as Uint8Array).subarray(columnLength(width, firstRow), columnLength(width, firstRow + count));
    },
  };
}

let hash: FieldHash;
let commitment: Commitment;
beforeAll(async () => {
  hash = await loadPoseidon();
  commitment = await commitDataset(facts, seed, readerOf(cells), hash);
});

describe('the root', () => {
  test('equals the plain twin', () => {
    const plain = columns.map((column, position) => ({ ...column, stored: cells[position] as bigint[] }));
    expect(commitment.datasetRoot).toBe(plainRoot({ ...facts, columns: plain, seed: seedHex, keywords: facts.keywords }));
    expect(commitment).toMatchObject({ segmentCount: 3, totalRows: rows });
  });

  test('changes with every fact, and not with the spelling of keywords', async () => {
    const one = { ...facts, schema: { columns: columns.slice(2) } };
    const reader: ColumnReader = { read: (_, firstRow, count) => readerOf(cells).read(2, firstRow, count) };
    const rootOf = async (change: Partial<DatasetFacts>, otherSeed = seed) =>
      (await commitDataset({ ...one, ...change }, otherSeed, reader, hash)).datasetRoot;
    const roots = await Promise.all([
      rootOf({}),
      rootOf({ keywords: ['machine'] }),
      rootOf({ fileHash: `0x${'a2'.repeat(32)}` }),
      rootOf({ owner: `0x${'b3'.repeat(20)}` }),
      rootOf({ datasetId: `0x00${'c4'.repeat(31)}` }),
      rootOf({ totalRows: rows - 1 }),
      rootOf({}, new Uint8Array(32)),
      rootOf({ schema: { columns: [{ ...(columns[2] as PromisedColumn), unit: '%' }] } }),
    ]);
    expect(new Set(roots).size).toBe(roots.length);
    expect(await rootOf({ keywords: ['Temperature ', 'MACHINE', 'machine'] })).toBe(roots[0]);
  });

  test('reports each segment and stops when asked to', async () => {
    const controller = new AbortController();
    const seen: number[] = [];
    const stopped = commitDataset(facts, seed, readerOf(cells), hash, {
      signal: controller.signal,
      onProgress: ({ segmentsDone }) => {
        seen.push(segmentsDone);
        if (segmentsDone === 2) controller.abort();
      },
    });
    await expect(stopped).rejects.toMatchObject({ name: 'AbortError' });
    expect(seen).toEqual([1, 2]);
  });
});

describe('an opening', () => {
  test('leads from the values to the dataset root by Poseidon alone', async () => {
    const opening = await openSegment(commitment, seed, readerOf(cells), 2, [2, 1]);
    expect(opening.rows).toBe(5);
    expect(opening.columns.map((column) => column.position)).toEqual([2, 1]);
    for (const column of opening.columns) {
      expect(column.values).toHaveLength(SEGMENT_ROWS);
      expect(column.values.slice(0, 5)).toEqual(cells[column.position]?.slice(2 * SEGMENT_ROWS));
      expect(column.values.slice(5).every((value) => value === 0n)).toBe(true);
      const perPack = Math.floor(224 / column.width);
      const packs = Array.from({ length: SEGMENT_ROWS / perPack }, (_, pack) =>
        column.values.slice(pack * perPack, (pack + 1) * perPack).reduceRight((sum, value) => (sum << BigInt(column.width)) + value, 0n),
      );
      expect(treeRoot({ hash: plainPoseidon }, packs)).toBe(column.tree);
      expect(plainPoseidon([1n, column.colHash, 2n, 5n, column.tree, column.salt])).toBe(column.leaf);
      let node = column.leaf;
      for (const { index, children } of column.path) {
        expect(children).toHaveLength(16);
        expect(children[index]).toBe(node);
        node = hash.hash(children);
      }
      expect(column.path.map((step) => step.index)).toEqual([2, 0, 0, 0]);
      expect(node).toBe(column.root);
      expect(opening.columnRoots[column.position]).toBe(node);
    }
    const { commitment: facts } = opening;
    expect(hash.hash(opening.columnRoots)).toBe(facts.columnsRoot);
    expect(hash.hash(fillChildren(facts.tags))).toBe(facts.tagsRoot);
    const root = [
      2n,
      facts.columnsRoot,
      facts.tagsRoot,
      facts.fileHashHigh,
      facts.fileHashLow,
      BigInt(facts.segmentCount),
      BigInt(facts.totalRows),
      facts.owner,
      facts.datasetId,
    ];
    expect(hash.hash(root)).toBe(commitment.datasetRoot);
  });

  test('reads the opened column of the segment and nothing else', async () => {
    const reader = readerOf(cells);
    await openSegment(commitment, seed, reader, 1, [1]);
    expect(reader.reads).toEqual([[1, SEGMENT_ROWS, SEGMENT_ROWS]]);
  });

  test('of a segment or column that does not exist is a programming error', async () => {
    await expect(openSegment(commitment, seed, readerOf(cells), 3, [0])).rejects.toThrow('the segment exists');
    await expect(openSegment(commitment, seed, readerOf(cells), 0, [3])).rejects.toThrow('the column is promised');
  });

  test('no two leaves share a salt', async () => {
    const openings = await Promise.all([0, 1, 2].map((segment) => openSegment(commitment, seed, readerOf(cells), segment, [0, 1, 2])));
    expect(new Set(openings.flatMap((opening) => opening.columns.map((column) => column.salt))).size).toBe(9);
  });
});

test('canonical integers are read as they were written', () => {
  for (const [position, column] of promisedColumns(facts.schema).entries()) {
    const values = (cells[position] as bigint[]).slice(0, 20);
    const bytes = new Uint8Array(columnLength(column.width, 20));
    for (const [index, value] of values.entries()) writeStored(viewOf(bytes), column.width, index, value);
    expect(storedValues(column.width, bytes)).toEqual(values);
  }
});
