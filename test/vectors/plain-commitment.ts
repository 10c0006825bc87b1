/**
 * The commitment of docs/formats.md once more, as slowly and plainly as it reads there: poseidon-lite, whole arrays, perfect trees written out,
 * node:crypto for the hashes. The product's commitment is compared with it.
 */
import { createHash, createHmac } from 'node:crypto';
import * as poseidon from 'poseidon-lite';

const poseidons = poseidon as unknown as Record<`poseidon${number}`, (inputs: readonly bigint[]) => bigint>;

/** Poseidon of as many inputs as there are, by poseidon-lite. */
export function plainPoseidon(inputs: readonly bigint[]): bigint {
  const hash = poseidons[`poseidon${inputs.length}`];
  if (hash === undefined) throw new Error(`no Poseidon of ${inputs.length} inputs`);
  return hash(inputs);
}

export interface PlainColumn {
  readonly name: string;
  readonly unit: string;
  readonly type: string;
  readonly width: number;
  readonly scale: number;
  readonly stored: readonly bigint[];
}

export interface PlainDataset {
  readonly columns: readonly PlainColumn[];
  readonly keywords: readonly string[];
  readonly seed: string;
  readonly fileHash: string;
  readonly owner: string;
  readonly datasetId: string;
}

/** The dataset root. */
export function plainRoot(dataset: PlainDataset): bigint {
  const rows = dataset.columns[0]?.stored.length ?? 0;
  const segments = Math.ceil(rows / 1008);
  const columnRoots = dataset.columns.map((column, position) => plainColumnRoot(column, position, segments, dataset.seed));
  const tags = dataset.keywords.map((keyword) => plainFieldHash('vouchsafe:keyword:1', text(keyword)));
  const sorted = [...tags].sort((left, right) => (left < right ? -1 : 1));
  const fileHash = BigInt(dataset.fileHash);
  return plainPoseidon([
    2n,
    plainPoseidon(fill(columnRoots, 16)),
    plainPoseidon(fill(sorted, 16)),
    fileHash >> 128n,
    fileHash & (2n ** 128n - 1n),
    BigInt(segments),
    BigInt(rows),
    BigInt(dataset.owner),
    BigInt(dataset.datasetId),
  ]);
}

function plainColumnRoot(column: PlainColumn, position: number, segments: number, seed: string): bigint {
  const colHash = plainFieldHash('vouchsafe:column:1', [...text(column.name), ...text(column.unit), ...text(column.type), column.width, column.scale]);
  const leaves = Array.from({ length: segments }, (_, segment) => {
    const stored = column.stored.slice(segment * 1008, (segment + 1) * 1008);
    const salt = BigInt(
      `0x${createHmac('sha256', Buffer.from(seed.slice(2), 'hex'))
        .update(Buffer.from([...text('vouchsafe:salt:1'), ...uint(position, 2), ...uint(segment, 4)]))
        .digest('hex')
        .slice(0, 62)}`,
    );
    return plainPoseidon([1n, colHash, BigInt(segment), BigInt(stored.length), plainTree(packs(fill(stored, 1008), column.width)), salt]);
  });
  let level = leaves;
  for (let step = 0; step < 4; step++) level = parents(level);
  return level[0] as bigint;
}

function packs(stored: readonly bigint[], width: number): bigint[] {
  const perPack = Math.floor(224 / width);
  return groups(stored, perPack).map((group) => group.reduce((sum, value, index) => sum + value * 2n ** BigInt(width * index), 0n));
}

function plainTree(nodes: readonly bigint[]): bigint {
  return nodes.length === 1 ? (nodes[0] as bigint) : plainTree(parents(nodes));
}

function parents(nodes: readonly bigint[]): bigint[] {
  return groups(nodes, 16).map((group) => plainPoseidon(fill(group, 16)));
}

function plainFieldHash(tag: string, encoding: readonly number[]): bigint {
  return BigInt(`0x${createHash('sha256').update(Buffer.from([...text(tag), ...encoding])).digest('hex').slice(0, 62)}`);
}

function text(value: string): number[] {
  const bytes = [...Buffer.from(value, 'utf8')];
  return [...uint(bytes.length, 4), ...bytes];
}

function uint(value: number, length: number): number[] {
  return Array.from({ length }, (_, index) => Math.floor(value / 256 ** (length - 1 - index)) % 256);
}

function fill(values: readonly bigint[], length: number): bigint[] {
  return [...values, ...new Array<bigint>(length - values.length).fill(0n)];
}

function groups<Value>(values: readonly Value[], size: number): Value[][] {
  return Array.from({ length: Math.ceil(values.length / size) }, (_, index) => values.slice(index * size, (index + 1) * size));
}
