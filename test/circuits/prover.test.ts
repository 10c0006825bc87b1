/**
 * Proofs end to end on a small circuit with development keys: made in the prover's process, checked, refused when anything is changed; and the
 * prover's behaviour when a job is false, cancelled or its process dies.
 */
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { groth16 } from 'snarkjs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { circuitFolder } from '../../circuits/build.ts';
import { type DevelopmentKeys, developmentKeys } from '../../circuits/development-keys.ts';
import { loadPoseidon } from '../../core/adapters/poseidon.ts';
import { checkProvingKey } from '../../core/adapters/proving-key-file.ts';
import { createSnarkjsProver } from '../../core/adapters/snarkjs-prover.ts';
import { isAppError } from '../../core/base/app-error.ts';
import { type Groth16Proof, type Prover, proofShape } from '../../core/proofs/proof.ts';
import type { Statement } from '../../core/proofs/statements.ts';
import { requirementOf, type SmallDataset, smallStatements } from './small-dataset.ts';
import { calculateWitness, witnessValues } from './witness.ts';

const circuit = 'small-segment-1x16';
const data: SmallDataset = {
  segmentRows: 6,
  depth: 1,
  width: 16,
  values: [[40000n, 40001n, 40003n, 39999n, 40002n, 40000n, 40007n]],
  times: Array.from({ length: 7 }, (_, row) => (1n << 63n) + BigInt(row + 1) * 300_000n),
  tags: [5n],
  positions: [1],
  timePosition: 0,
};

let keys: DevelopmentKeys;
let prover: Prover;
let statement: Statement;
let proof: Groth16Proof;
beforeAll(async () => {
  keys = await developmentKeys(circuit);
  prover = createSnarkjsProver(async () => ({
    witnessCalculator: path.join(circuitFolder(circuit), 'circuit.wasm'),
    provingKey: keys.provingKeyPath,
  }));
  statement = smallStatements(data, requirementOf(data), 4, await loadPoseidon()).segments[0] as Statement;
  const fractions: number[] = [];
  proof = await prover.prove(circuit, statement, { onProgress: ({ fraction }) => fractions.push(fraction) });
  expect(fractions.at(-1)).toBe(1);
  expect(fractions).toEqual([...fractions].sort((left, right) => left - right));
});
afterAll(async () => {
  await prover.close();
  await (globalThis as { curve_bn128?: { terminate(): Promise<void> } }).curve_bn128?.terminate();
});

it('verifies, and not for any other public signal', async () => {
  expect(await prover.verify(keys.verifyingKey, statement.publicSignals, proof)).toBe(true);
  for (const index of statement.publicSignals.keys()) {
    const changed = statement.publicSignals.map((signal, at) => (at === index ? signal + 1n : signal));
    expect(await prover.verify(keys.verifyingKey, changed, proof)).toBe(false);
  }
});

it('does not verify when a point is exchanged or malformed', async () => {
  expect(await prover.verify(keys.verifyingKey, statement.publicSignals, { ...proof, pi_a: proof.pi_c })).toBe(false);
  expect(await prover.verify(keys.verifyingKey, statement.publicSignals, { ...proof, pi_a: ['1', '1', '1'] })).toBe(false);
  expect(await prover.verify(keys.verifyingKey, statement.publicSignals, { ...proof, pi_a: ['x', '1', '1'] })).toBe(false);
});

it('proves nothing false, even from a witness made by hand', async () => {
  const witness = await calculateWitness(circuit, statement.inputs);
  const honest = witnessValues(witness);
  // A private wire: the owner claims another value behind the same public signals.
  const forged = Uint8Array.from(witness);
  const offset = forged.length - 32 * honest.length + 32 * (statement.publicSignals.length + 40);
  forged[offset] = (forged[offset] as number) ^ 1;
  const made = await groth16.prove(keys.provingKeyPath, { type: 'mem', data: forged });
  expect(made.publicSignals).toEqual(statement.publicSignals.map(String));
  expect(await prover.verify(keys.verifyingKey, statement.publicSignals, proofShape.parse(made.proof))).toBe(false);
});

it('says that a false statement has no proof', async () => {
  const false_ = { ...statement, inputs: { ...statement.inputs, rows: 5n } };
  await expect(prover.prove(circuit, false_)).rejects.toSatisfy((error) => isAppError(error, 'PROOF_WITNESS_REFUSED'));
});

it('stops at once when cancelled, and proves again afterwards', async () => {
  const stop = new AbortController();
  const cancelled = prover.prove(circuit, statement, {
    signal: stop.signal,
    onProgress: ({ fraction }) => fraction > 0 && stop.abort(new Error('enough')),
  });
  await expect(cancelled).rejects.toThrow('enough');
  const again = await prover.prove(circuit, statement);
  expect(await prover.verify(keys.verifyingKey, statement.publicSignals, again)).toBe(true);
});

it('reports a proving key that is damaged, and one that is missing', async () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'vouchsafe-prover-'));
  const damaged = path.join(folder, 'damaged.zkey');
  writeFileSync(damaged, readFileSync(keys.provingKeyPath).subarray(0, 1000));
  for (const provingKey of [damaged, path.join(folder, 'missing.zkey')]) {
    const broken = createSnarkjsProver(async () => ({ witnessCalculator: path.join(circuitFolder(circuit), 'circuit.wasm'), provingKey }));
    await expect(broken.prove(circuit, statement)).rejects.toSatisfy((error) => isAppError(error, 'PROOF_PROVER_CRASHED'));
    await broken.close();
  }
});

it('tells a key whose set-up had no contribution, and a file that is no key', async () => {
  await checkProvingKey(keys.provingKeyPath);
  const folder = mkdtempSync(path.join(os.tmpdir(), 'vouchsafe-key-'));
  const file = path.join(folder, 'key.zkey');
  const bytes = readFileSync(keys.provingKeyPath);
  // Sections 1 and 2 begin the file; gamma and delta stand in the second one.
  const gamma = 12 + (12 + 4) + 12 + 84 + 2 * 64 + 128;
  const delta = gamma + 128 + 64;
  const forgeable = Buffer.from(bytes.subarray(0, 4096));
  forgeable.set(bytes.subarray(gamma, gamma + 128), delta);
  writeFileSync(file, forgeable);
  await expect(checkProvingKey(file)).rejects.toSatisfy((error) => isAppError(error, 'PROOF_KEY_FORGEABLE'));
  for (const content of [bytes.subarray(0, 100), bytes.subarray(0, 3), Buffer.from('not a key at all, but long enough')]) {
    writeFileSync(file, content);
    await expect(checkProvingKey(file)).rejects.toSatisfy((error) => isAppError(error, 'PROOF_KEY_INVALID'));
  }
});
