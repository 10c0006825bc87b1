/**
 * Proving time for each reading, in the product's prover and in bare snarkjs (`groth16.fullProve`) on the same circuit, key and segment.
 * Run with `npm run bench`, or by itself on Electron's Node; `--proofs N` (3) proofs of each kind after one that warms up.
 */
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { groth16 } from 'snarkjs';
import { circuitFolder } from '../../circuits/build.ts';
import { developmentKeys } from '../../circuits/development-keys.ts';
import { loadPoseidon } from '../../core/adapters/poseidon.ts';
import { createSnarkjsProver } from '../../core/adapters/snarkjs-prover.ts';
import { columnLength, writeStored } from '../../core/dataset/canonical-column.ts';
import { commitDataset, openSegment } from '../../core/dataset/commitment.ts';
import { SEGMENT_ROWS } from '../../core/dataset/constants.ts';
import type { Schema } from '../../core/dataset/schema.ts';
import { requirementFields } from '../../core/proofs/requirement-document.ts';
import { segmentStatement } from '../../core/proofs/statements.ts';

const CIRCUIT = 'segment-range-1x32';
const { values } = parseArgs({ options: { proofs: { type: 'string', default: '3' } } });
const proofs = Number(values.proofs);

const schema: Schema = {
  columns: [
    { source: 0, name: 'time', unit: 'ms', type: 'time', scale: 0, width: 64 },
    { source: 1, name: 'reading', unit: 'bar', type: 'number', scale: 3, width: 32 },
  ],
};
const columns = ([64, 32] as const).map((width) => {
  const bytes = new Uint8Array(columnLength(width, SEGMENT_ROWS));
  const middle = 1n << BigInt(width - 1);
  for (let row = 0; row < SEGMENT_ROWS; row++) {
    writeStored(new DataView(bytes.buffer), width, row, middle + (width === 64 ? BigInt(row + 1) * 300_000n : BigInt((row * 7919) % 5000)));
  }
  return bytes;
});
const hash = await loadPoseidon();
const reader = { read: async (position: number) => columns[position] as Uint8Array };
const seed = new Uint8Array(32).fill(1);
const facts = {
  schema,
  totalRows: SEGMENT_ROWS,
  keywords: [],
  fileHash: `0x${'11'.repeat(32)}`,
  owner: `0x${'22'.repeat(20)}`,
  datasetId: `0x00${'33'.repeat(31)}`,
} as const;
const commitment = await commitDataset(facts, seed, reader, hash);
const opening = await openSegment(commitment, seed, reader, 0, [1, 0]);
const fields = requirementFields({
  version: 1,
  width: 32,
  columns: [{ type: 'number', name: 'reading', unit: 'bar', scale: 3, between: ['0', '5'] }],
  minRows: 1000,
  time: { from: '1970-01-01', to: '1980-01-01', minSpanMs: 1000 },
  keywords: [],
});
const statement = segmentStatement(fields, { opening, columns: opening.columns.slice(0, 1), time: opening.columns[1] }, 1n, 2n, hash);
const { provingKeyPath } = await developmentKeys(CIRCUIT);
const witnessCalculator = path.join(circuitFolder(CIRCUIT), 'circuit.wasm');

const prover = createSnarkjsProver(async () => ({ witnessCalculator, provingKey: provingKeyPath }));
const ours = await measure(() => prover.prove(CIRCUIT, statement));
await prover.close();
const bare = await measure(() => groth16.fullProve(statement.inputs, witnessCalculator, provingKeyPath));
await (globalThis as { curve_bn128?: { terminate(): Promise<void> } }).curve_bn128?.terminate();

process.stdout.write(
  [
    `proof of ${CIRCUIT}: ${SEGMENT_ROWS} readings with their times, ${os.cpus().length} cores, ${os.cpus()[0]?.model}`,
    `  product's prover  ${line(ours)}`,
    `  bare snarkjs      ${line(bare)}`,
    '',
  ].join('\n'),
);

async function measure(prove: () => Promise<unknown>): Promise<number[]> {
  await prove();
  const times: number[] = [];
  for (let index = 0; index < proofs; index++) {
    const start = performance.now();
    await prove();
    times.push(performance.now() - start);
  }
  return times.sort((left, right) => left - right);
}

function line(times: readonly number[]): string {
  const median = times[Math.floor(times.length / 2)] as number;
  return `${(median / 1000).toFixed(2)} s a proof, ${(median / SEGMENT_ROWS).toFixed(2)} ms a reading (median of ${times.length})`;
}
