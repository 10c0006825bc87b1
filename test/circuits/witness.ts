/** Witnesses of compiled circuits, computed by the circuit's own calculator in this process. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { type MemoryFile, wtns } from 'snarkjs';
import { circuitFolder } from '../../circuits/build.ts';
import type { WitnessInputs } from '../../core/proofs/statements.ts';

/** The calculator's verdict: the witness file, or the line of the circuit that refused. */
export async function calculateWitness(circuit: string, inputs: WitnessInputs): Promise<Uint8Array> {
  const witness: MemoryFile = { type: 'mem' };
  const wasm: MemoryFile = { type: 'mem', data: calculatorOf(circuit) };
  await wtns.calculate(inputs, wasm, witness);
  return witness.data as Uint8Array;
}

const calculators = new Map<string, Uint8Array>();

function calculatorOf(circuit: string): Uint8Array {
  const known = calculators.get(circuit) ?? readFileSync(path.join(circuitFolder(circuit), 'circuit.wasm'));
  calculators.set(circuit, known);
  return known;
}

/** The values of a witness file, wire by wire. */
export function witnessValues(file: Uint8Array): bigint[] {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const values: bigint[] = [];
  for (let offset = 12; offset < file.byteLength; ) {
    const length = Number(view.getBigUint64(offset + 4, true));
    if (view.getUint32(offset, true) === 2) {
      for (let at = offset + 12; at < offset + 12 + length; at += 32)
        values.push([24, 16, 8, 0].reduce((sum, step) => (sum << 64n) | view.getBigUint64(at + step, true), 0n));
    }
    offset += 12 + length;
  }
  return values;
}
