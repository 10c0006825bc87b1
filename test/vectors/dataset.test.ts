/** The known answers of dataset.json, by the product and, for the sample's root, by the plain twin. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { importCsv } from '../../core/adapters/csv-import.ts';
import { DatasetFolder } from '../../core/adapters/dataset-folder.ts';
import { loadPoseidon } from '../../core/adapters/poseidon.ts';
import { fromHex, type Hex } from '../../core/base/bytes.ts';
import { storedValues } from '../../core/dataset/canonical-column.ts';
import { categoryStored } from '../../core/dataset/cell.ts';
import { commitDataset, leafSalt } from '../../core/dataset/commitment.ts';
import { columnHash, keywordHash, normalizeKeyword, type PromisedColumn } from '../../core/dataset/schema.ts';
import { plainRoot } from './plain-commitment.ts';

interface Vectors {
  readonly poseidon: readonly { readonly inputs: readonly string[]; readonly hash: string }[];
  readonly columns: readonly (PromisedColumn & { readonly colHash: string })[];
  readonly keywords: readonly { readonly keyword: string; readonly normalized: string; readonly tag: string }[];
  readonly categories: readonly { readonly value: string; readonly stored: string }[];
  readonly salts: readonly { readonly seed: string; readonly position: number; readonly segmentIndex: number; readonly salt: string }[];
  readonly sample: {
    readonly file: string;
    readonly column: PromisedColumn;
    readonly rows: number;
    readonly segmentCount: number;
    readonly seed: Hex;
    readonly keywords: readonly string[];
    readonly fileHash: Hex;
    readonly owner: Hex;
    readonly datasetId: Hex;
    readonly firstStored: readonly string[];
    readonly datasetRoot: string;
  };
}

const vectors: Vectors = JSON.parse(await readFile(new URL('dataset.json', import.meta.url), 'utf8'));

test('Poseidon', async () => {
  const hash = await loadPoseidon();
  for (const { inputs, hash: expected } of vectors.poseidon) expect(hash.hash(inputs.map(BigInt)).toString()).toBe(expected);
});

test('hashes of columns, keywords and categories', () => {
  for (const column of vectors.columns) expect(columnHash(column).toString()).toBe(column.colHash);
  for (const { keyword, normalized, tag } of vectors.keywords) {
    expect(normalizeKeyword(keyword)).toBe(normalized);
    expect(keywordHash(keyword).toString()).toBe(tag);
  }
  for (const { value, stored } of vectors.categories) expect(categoryStored(value).toString()).toBe(stored);
});

test('salts', () => {
  for (const { seed, position, segmentIndex, salt } of vectors.salts) expect(leafSalt(fromHex(seed), position, segmentIndex).toString()).toBe(salt);
});

test('the root of the sample', async () => {
  const { sample } = vectors;
  const home = await mkdtemp(join(tmpdir(), 'dataset-vectors-'));
  const schema = { columns: [sample.column] };
  const reading = { delimiter: ',', header: true, decimalMark: '.', time: { format: 'calendar', zoneOffsetMinutes: 0 } } as const;
  const document = await importCsv(new URL(`../../${sample.file}`, import.meta.url).pathname, schema, reading, join(home, 'sample'));
  expect(document).toMatchObject({ rows: sample.rows, file: { sha256: sample.fileHash } });
  const folder = await DatasetFolder.open(join(home, 'sample'));
  const facts = { ...sample, schema, totalRows: document.rows };
  const commitment = await commitDataset(facts, fromHex(sample.seed), folder, await loadPoseidon());
  const stored = storedValues(sample.column.width, await folder.read(0, 0, document.rows));
  await folder.close();
  await rm(home, { recursive: true });
  expect(stored.slice(0, 3).map(String)).toEqual(sample.firstStored);
  expect(commitment.segmentCount).toBe(sample.segmentCount);
  expect(commitment.datasetRoot.toString()).toBe(sample.datasetRoot);
  expect(plainRoot({ ...sample, columns: [{ ...sample.column, stored }] }).toString()).toBe(sample.datasetRoot);
});
