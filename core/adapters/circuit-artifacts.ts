/**
 * What a network needs of a circuit: the witness calculator and the keys. A package has those of some circuits; a
 * checkout compiles what it has not yet, and makes the keys, which are of a single party and good for development only.
 */
import { stat } from 'node:fs/promises';
import { z } from 'zod';
import { AppError } from '../base/app-error.ts';
import { say } from '../base/sentence.ts';
import { parseVerifyingKey, type VerifyingKey } from '../proofs/verifying-key.ts';
import { sha256OfFile } from './artifact-store.ts';
import { type ArtifactFile, builtArtifacts } from './built-artifacts.ts';

/** A circuit, ready to be offered by a network. */
export interface CircuitArtifacts {
  readonly witnessCalculator: ArtifactFile;
  readonly provingKey: ArtifactFile;
  readonly verifyingKey: VerifyingKey;
}

/** Names of a circuit's files below the folder of the artifacts. */
export const circuitArtifactNames = (circuit: string) => ({
  witnessCalculator: `circuits/${circuit}/circuit.wasm`,
  provingKey: `keys/${circuit}.zkey`,
  /** JSON with the verifying key. */
  keys: `keys/${circuit}.json`,
});

const keysSchema = z.object({ verifyingKey: z.unknown() });

/** Finds or makes them. @throws AppError `CIRCUIT_NOT_PACKAGED`, `RESOURCES_*` */
export async function circuitArtifacts(circuit: string, report: (text: string) => void): Promise<CircuitArtifacts> {
  const names = circuitArtifactNames(circuit);
  if (!builtArtifacts.packaged) return madeHere(circuit, report);
  if (!builtArtifacts.lists(names.provingKey))
    throw new AppError(
      'CIRCUIT_NOT_PACKAGED',
      {
        what: say`This package of Vouchsafe has no keys for the circuit ${circuit}, and no compiler to make them.`,
        consequence: 'The network was not made.',
        remedy: 'Leave that form of requirement out, or make the network from the sources, which can compile it.',
      },
      { data: { circuit } },
    );
  const [witnessCalculator, provingKey] = await Promise.all([
    builtArtifacts.file(names.witnessCalculator),
    builtArtifacts.file(names.provingKey),
  ]);
  const { verifyingKey } = keysSchema.parse(JSON.parse(new TextDecoder().decode(builtArtifacts.read(names.keys))));
  return { witnessCalculator, provingKey, verifyingKey: parseVerifyingKey(verifyingKey) };
}

async function madeHere(circuit: string, report: (text: string) => void): Promise<CircuitArtifacts> {
  // A package has neither the compiler nor the code that drives it.
  const { developmentKeys } = await import('../../circuits/development-keys.ts');
  const { provingKeyPath, verifyingKey } = await developmentKeys(circuit, report);
  const witnessCalculator = await builtArtifacts.file(circuitArtifactNames(circuit).witnessCalculator);
  return { witnessCalculator, provingKey: await fileAt(provingKeyPath), verifyingKey };
}

async function fileAt(path: string): Promise<ArtifactFile> {
  return { path, sha256: await sha256OfFile(path), bytes: (await stat(path)).size };
}
