/** The process in which proofs are made. */
import { startProver } from './prover-service.ts';
import { runService } from './service-process.ts';

runService(startProver);
