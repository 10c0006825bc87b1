/**
 * The prover's own process (snarkjs-prover.ts starts it): snarkjs blocks for seconds and crashes inside worker threads. It takes one job at a
 * time, keeps the last proving key in memory for the next one, and ends with its parent.
 */
import { readFile } from 'node:fs/promises';
import { groth16, type MemoryFile, wtns } from 'snarkjs';

/** What the parent asks. Field elements are decimal text. */
export type ProverJob =
  | {
      readonly kind: 'prove';
      readonly inputs: unknown;
      readonly publicSignals: readonly string[];
      readonly witnessCalculator: string;
      readonly provingKey: string;
    }
  | { readonly kind: 'verify'; readonly verifyingKey: unknown; readonly publicSignals: readonly string[]; readonly proof: unknown };

/** What the parent hears: progress, then one result. */
export type ProverAnswer =
  | { readonly kind: 'progress'; readonly step: number; readonly steps: number }
  | { readonly kind: 'proof'; readonly proof: unknown }
  | { readonly kind: 'verdict'; readonly holds: boolean }
  | { readonly kind: 'refused'; readonly reason: string }
  | { readonly kind: 'failed'; readonly reason: string };

/** snarkjs' own messages at which a new part of the work begins, in order. */
const stepMessages = [
  'Building ABC',
  'IFFT_A',
  'FFT_A',
  'IFFT_B',
  'FFT_B',
  'IFFT_C',
  'FFT_C',
  'Join ABC',
  'Reading A',
  'Reading B1',
  'Reading B2',
  'Reading C P',
  'Reading H',
];

let loaded: { readonly path: string; readonly bytes: Uint8Array } | undefined;

async function prove(job: Extract<ProverJob, { kind: 'prove' }>): Promise<ProverAnswer> {
  const witness: MemoryFile = { type: 'mem' };
  try {
    await wtns.calculate(job.inputs, job.witnessCalculator, witness);
  } catch (error) {
    return { kind: 'refused', reason: reasonOf(error) };
  }
  if (loaded?.path !== job.provingKey) {
    // Dropped before the next one is read: keys have a hundred megabytes and more.
    loaded = undefined;
    loaded = { path: job.provingKey, bytes: await readFile(job.provingKey) };
  }
  let step = 0;
  const heard = (message: string): void => {
    const index = stepMessages.findIndex((start) => message.startsWith(start));
    if (index < step) return;
    step = index + 1;
    answer({ kind: 'progress', step, steps: stepMessages.length + 1 });
  };
  const silent = (): void => undefined;
  answer({ kind: 'progress', step, steps: stepMessages.length + 1 });
  const { proof, publicSignals } = await groth16.prove({ type: 'mem', data: loaded.bytes }, witness, {
    debug: heard,
    info: silent,
    warn: silent,
    error: silent,
  });
  if (publicSignals.join() !== job.publicSignals.join())
    return { kind: 'failed', reason: 'the circuit has other public signals than the statement' };
  return { kind: 'proof', proof };
}

async function perform(job: ProverJob): Promise<ProverAnswer> {
  try {
    if (job.kind === 'prove') return await prove(job);
    return { kind: 'verdict', holds: await groth16.verify(job.verifyingKey, job.publicSignals, job.proof) };
  } catch (error) {
    return { kind: 'failed', reason: reasonOf(error) };
  }
}

function reasonOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).slice(0, 2048);
}

function answer(value: ProverAnswer): void {
  process.send?.(value);
}

process.on('message', (job: ProverJob) => void perform(job).then(answer));
process.on('disconnect', () => process.exit(0));
