/**
 * The work of a prover's process on snarkjs, which blocks for seconds and crashes inside worker threads: it has a process of its own, forked by
 * the command line (prover-process.ts) and one of the desktop app's services. The last proving key stays in memory for the next job.
 */
import { readFile } from 'node:fs/promises';
import { buildBn128 } from 'ffjavascript';
import { groth16, type MemoryFile, wtns } from 'snarkjs';

/** What is asked. Field elements are decimal text. */
export type ProverJob =
  | {
      readonly kind: 'prove';
      readonly inputs: unknown;
      readonly publicSignals: readonly string[];
      readonly witnessCalculator: string;
      readonly provingKey: string;
    }
  | { readonly kind: 'verify'; readonly verifyingKey: unknown; readonly publicSignals: readonly string[]; readonly proof: unknown };

/** What the asker hears: progress, then one result. */
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

async function prove(
  job: Extract<ProverJob, { kind: 'prove' }>,
  answer: (progress: ProverAnswer) => void,
  signal: AbortSignal | undefined,
): Promise<ProverAnswer> {
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
  signal?.throwIfAborted();
  let step = 0;
  const heard = (message: string): void => {
    const index = stepMessages.findIndex((start) => message.startsWith(start));
    if (index < step) return;
    step = index + 1;
    answer({ kind: 'progress', step, steps: stepMessages.length + 1 });
  };
  const silent = (): void => undefined;
  answer({ kind: 'progress', step, steps: stepMessages.length + 1 });
  const proving = groth16.prove({ type: 'mem', data: loaded.bytes }, witness, { debug: heard, info: silent, warn: silent, error: silent });
  const { proof, publicSignals } = await (signal ? orEnded(proving, signal) : proving);
  if (publicSignals.join() !== job.publicSignals.join())
    return { kind: 'failed', reason: 'the circuit has other public signals than the statement' };
  return { kind: 'proof', proof };
}

/**
 * Gives what snarkjs proves, unless the signal ends it. snarkjs knows no cancelling, but all its long work is done by the threads of one engine:
 * without them it never goes on, and the next job gets a new engine.
 */
async function orEnded<Result>(proving: Promise<Result>, signal: AbortSignal): Promise<Result> {
  const ended = Promise.withResolvers<never>();
  const onAbort = (): void => {
    buildBn128()
      .then((engine) => engine.terminate())
      .then(() => ended.reject(signal.reason), ended.reject);
  };
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    signal.throwIfAborted();
    return await Promise.race([proving, ended.promise]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

/**
 * Does one job; `answer` hears its progress. A process does one at a time.
 * @throws the signal's reason
 */
export async function performJob(job: ProverJob, answer: (progress: ProverAnswer) => void, signal?: AbortSignal): Promise<ProverAnswer> {
  try {
    if (job.kind === 'prove') return await prove(job, answer, signal);
    return { kind: 'verdict', holds: await groth16.verify(job.verifyingKey, job.publicSignals, job.proof) };
  } catch (error) {
    signal?.throwIfAborted();
    return { kind: 'failed', reason: reasonOf(error) };
  }
}

function reasonOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).slice(0, 2048);
}
