/**
 * The prover on snarkjs, in a child process (prover-process.ts): proving never blocks the caller, can be cancelled at any moment by ending the
 * process, and a crash is an error of the one job. Invariant: at most one job runs; the others wait in order, at most JOBS_MAX of them.
 */
import type { ChildProcess } from 'node:child_process';
import { AppError } from '../base/app-error.ts';
import { type Sentence, say, verbatim } from '../base/sentence.ts';
import { type Groth16Proof, type ProofProgress, type Prover, proofShape } from '../proofs/proof.ts';
import type { WitnessInput, WitnessInputs } from '../proofs/statements.ts';
import { startOwnProcess } from './own-process.ts';
import type { ProverAnswer, ProverJob } from './snarkjs-jobs.ts';

/** Most jobs that wait. */
const JOBS_MAX = 1024;
const STDERR_TAIL = 2048;
/** Of the time of a proof, about what its witness takes. */
const WITNESS_FRACTION = 0.1;
/** Steps of snarkjs' work before the first multi-exponentiation. */
const POLYNOMIAL_STEPS = 8;

/** Where the files of a circuit are: the witness calculator (circuit.wasm) and the proving key (zkey). */
export interface ProvingFiles {
  readonly witnessCalculator: string;
  readonly provingKey: string;
}

/** Who does the jobs, one at a time in the order in which they came. */
export interface JobRunner {
  /** @throws AppError `PROOF_PROVER_CRASHED`; the signal's reason */
  run(job: ProverJob, signal: AbortSignal | undefined, onStep: (step: number, steps: number) => void): Promise<ProverAnswer>;
  close(): Promise<void>;
}

/** Creates a prover in a process of its own. `filesOf` finds a circuit's files and may fetch them first. No process is started before the first job. */
export function createSnarkjsProver(filesOf: (circuit: string) => Promise<ProvingFiles>): Prover {
  return createProver(filesOf, childRunner());
}

/** Creates a prover whose jobs `runner` does. */
export function createProver(filesOf: (circuit: string) => Promise<ProvingFiles>, runner: JobRunner): Prover {
  return {
    async prove(circuit, statement, options = {}) {
      const files = await filesOf(circuit);
      const progress = (fraction: number, stage: ProofProgress['stage']): void => options.onProgress?.({ fraction, stage });
      progress(0, 'witness');
      const job: ProverJob = {
        kind: 'prove',
        inputs: decimalInputs(statement.inputs),
        publicSignals: statement.publicSignals.map(String),
        witnessCalculator: files.witnessCalculator,
        provingKey: files.provingKey,
      };
      const answer = await runner.run(job, options.signal, (step, steps) =>
        progress(WITNESS_FRACTION + ((1 - WITNESS_FRACTION) * step) / steps, step <= POLYNOMIAL_STEPS ? 'polynomials' : 'points'),
      );
      if (answer.kind === 'refused') throw witnessRefused(circuit, answer.reason);
      if (answer.kind !== 'proof') throw crashed(answer.kind === 'failed' ? verbatim(answer.reason) : say`it gave no proof`);
      const proof: Groth16Proof = proofShape.parse(answer.proof);
      progress(1, 'points');
      return proof;
    },
    async verify(verifyingKey, publicSignals, proof) {
      if (!proofShape.safeParse(proof).success) return false;
      const job = { kind: 'verify', verifyingKey, publicSignals: publicSignals.map(String), proof } as const;
      const answer = await runner.run(job, undefined, () => undefined);
      // snarkjs throws on points that are not on the curve.
      return answer.kind === 'verdict' && answer.holds;
    },
    close: () => runner.close(),
  };
}

/** Runs jobs in a child process: cancelling ends it. */
function childRunner(): JobRunner {
  let child: ChildProcess | undefined;
  let last: Promise<unknown> = Promise.resolve();
  let waiting = 0;
  return {
    async run(job, signal, onStep) {
      if (waiting >= JOBS_MAX) throw queueFull();
      waiting++;
      const result = last.then(async () => {
        signal?.throwIfAborted();
        if (child === undefined || !child.connected) child = startProcess();
        return await ask(child, job, signal, onStep);
      });
      last = result.catch(() => undefined); // whoever asked for this job gets its error
      try {
        return await result;
      } finally {
        waiting--;
      }
    },
    async close() {
      const ended = child;
      child = undefined;
      if (ended !== undefined) await endProcess(ended);
      await last;
    },
  };
}

function startProcess(): ChildProcess {
  const child = startOwnProcess('prover', [], ['ignore', 'ignore', 'pipe', 'ipc']);
  // An idle prover does not keep the program alive; while a job runs, `ask` holds it.
  child.unref();
  child.channel?.unref();
  (child.stderr as unknown as { unref(): void } | null)?.unref();
  return child;
}

function ask(
  child: ChildProcess,
  job: ProverJob,
  signal: AbortSignal | undefined,
  onStep: (step: number, steps: number) => void,
): Promise<ProverAnswer> {
  return new Promise((resolve, reject) => {
    let stderr = '';
    const settle = (finish: () => void): void => {
      child.off('message', onMessage);
      child.off('exit', onExit);
      child.off('error', onError);
      child.stderr?.off('data', onStderr);
      signal?.removeEventListener('abort', onAbort);
      child.channel?.unref();
      finish();
    };
    const onMessage = (message: ProverAnswer): void => {
      if (message.kind === 'progress') onStep(message.step, message.steps);
      else settle(() => resolve(message));
    };
    const onExit = (code: number | null, killedBy: string | null): void => {
      settle(() => reject(crashed(say`it ended with ${killedBy ?? say`code ${code ?? 0}`}${stderr === '' ? '' : `: ${stderr}`}`)));
    };
    const onError = (error: Error): void => settle(() => reject(crashed(verbatim(error.message), error)));
    const onStderr = (chunk: Buffer): void => {
      stderr = (stderr + chunk.toString()).slice(-STDERR_TAIL);
    };
    const onAbort = (): void => settle(() => void endProcess(child).then(() => reject(signal?.reason)));
    child.on('message', onMessage);
    child.on('exit', onExit);
    child.on('error', onError);
    child.stderr?.on('data', onStderr);
    signal?.addEventListener('abort', onAbort, { once: true });
    child.channel?.ref();
    child.send(job, (error) => {
      if (error !== null) onError(error);
    });
  });
}

/** Ends the process at once: it holds nothing that must be saved. */
function endProcess(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) return resolve();
    child.ref();
    child.once('exit', () => resolve());
    child.kill('SIGKILL');
  });
}

function decimalInputs(inputs: WitnessInputs): Record<string, unknown> {
  const decimal = (input: WitnessInput): unknown => (typeof input === 'bigint' ? input.toString() : input.map(decimal));
  return Object.fromEntries(Object.entries(inputs).map(([name, input]) => [name, decimal(input)]));
}

function witnessRefused(circuit: string, reason: string): AppError<'PROOF_WITNESS_REFUSED'> {
  return new AppError(
    'PROOF_WITNESS_REFUSED',
    {
      what: say`The circuit ${circuit} refuses the statement: it is not true of this data.`,
      consequence: 'No proof exists, and none was made.',
      remedy: 'Run the dry run to see which predicate fails and where.',
    },
    { data: { circuit, reason } },
  );
}

/** The prover's end, or what it gave instead of a proof, as an error of the one job. */
export function crashed(reason: Sentence, cause?: unknown): AppError<'PROOF_PROVER_CRASHED'> {
  return new AppError(
    'PROOF_PROVER_CRASHED',
    {
      what: say`The prover's process failed: ${reason}.`,
      consequence: 'This proof was not made; proofs made before are kept.',
      remedy: "Prove again. If it fails each time, check free memory (about 1 GB is needed) and the proving key's file.",
    },
    { cause },
  );
}

function queueFull(): AppError<'PROOF_QUEUE_FULL'> {
  return new AppError('PROOF_QUEUE_FULL', {
    what: say`More than ${JOBS_MAX} proofs wait to be made.`,
    consequence: 'This one was not queued.',
    remedy: 'Wait until some are done, then try again.',
  });
}
