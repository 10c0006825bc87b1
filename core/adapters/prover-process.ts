/** The prover's own process (snarkjs-prover.ts starts it): it takes one job at a time and ends with its parent. */
import { type ProverAnswer, type ProverJob, performJob } from './snarkjs-jobs.ts';

function answer(value: ProverAnswer): void {
  process.send?.(value);
}

process.on('message', (job: ProverJob) => void performJob(job, answer).then(answer));
process.on('disconnect', () => process.exit(0));
