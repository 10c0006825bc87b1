/**
 * The prover as a service: does snarkjs' work for whoever is connected, one job at a time in the order of asking. A cancelled job ends at once;
 * one that takes this process with it is an error of that job alone, for the next finds the process that main starts in its place.
 */
import { z } from 'zod';
import { type ProverAnswer, type ProverJob, performJob } from '../../core/adapters/snarkjs-jobs.ts';
import type { CallContext } from '../link.ts';
import type { StartedService } from './service-process.ts';

const path = z.string().min(1).max(4096);
const jobShape = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('prove'),
    inputs: z.record(z.string(), z.unknown()),
    publicSignals: z.array(z.string().max(80)).max(64),
    witnessCalculator: path,
    provingKey: path,
  }),
  z.strictObject({
    kind: z.literal('verify'),
    verifyingKey: z.unknown(),
    publicSignals: z.array(z.string().max(80)).max(64),
    proof: z.unknown(),
  }),
]);

/** Starts it. It has no configuration and keeps nothing. */
export async function startProver(): Promise<StartedService> {
  const stopping = new AbortController();
  let last: Promise<unknown> = Promise.resolve();
  const perform = (value: unknown, { signal, onProgress }: CallContext): Promise<ProverAnswer> => {
    const job: ProverJob = jobShape.parse(value);
    const ended = AbortSignal.any([signal, stopping.signal]);
    const result = last.then(() => {
      ended.throwIfAborted();
      return performJob(job, onProgress, ended);
    });
    last = result.catch(() => undefined); // whoever asked for this job gets its error
    return result;
  };
  return {
    handlers: {},
    peerHandlers: { perform },
    async stop() {
      stopping.abort();
      await last;
    },
  };
}
