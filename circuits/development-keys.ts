/**
 * DEVELOPMENT proving keys: made by one party on this machine, kept in the user's cache folder by the hash of the circuit, and good for
 * development networks only. Without arguments it makes those of the default circuits; `--template NAME`, `--circuit NAME` others.
 * Writes build/keys/<circuit>.json, which holds the proving key's hash and the verifying key for the contracts.
 * Invariant: a key file in the cache is complete, and its record holds its SHA-256.
 */
import { createHash, randomBytes } from 'node:crypto';
import { createReadStream, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { FIELD_ORDER } from '../core/dataset/constants.ts';
import { parseVerifyingKey, type VerifyingKey } from '../core/proofs/verifying-key.ts';
import { buildCircuits, circuitFolder, readDescription } from './build.ts';
import { circuitsOfTemplate, defaultCircuits } from './catalogue.ts';
import { type SetUpSecrets, writeProvingKey } from './proving-key-writer.ts';
import { parseR1cs } from './r1cs.ts';

/** The keys of one circuit. */
export interface DevelopmentKeys {
  readonly circuit: string;
  /** Always true: the set-up had a single party. */
  readonly development: true;
  /** SHA-256 of the circuit's r1cs file. */
  readonly r1cs: string;
  readonly provingKeyPath: string;
  readonly verifyingKey: VerifyingKey;
  /** SHA-256 of the proving key's file, hexadecimal. */
  readonly sha256: string;
}

interface KeyRecord {
  readonly kind: 'DEVELOPMENT';
  readonly sha256: string;
  readonly verifyingKey: unknown;
}

const recordsFolder = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..', 'build', 'keys');

/** The development keys of a circuit, compiled and made if they are not there. Takes about 20 s for 100,000 constraints. */
export async function developmentKeys(circuit: string, report: (text: string) => void = () => undefined): Promise<DevelopmentKeys> {
  await buildCircuits([circuit], report);
  const r1cs = readDescription(circuit)?.r1cs;
  if (r1cs === undefined) throw new Error(`${circuit} was not compiled`);
  const folder = path.join(process.env['XDG_CACHE_HOME'] || path.join(os.homedir(), '.cache'), 'vouchsafe', 'keys');
  const provingKeyPath = path.join(folder, `${r1cs}.zkey`);
  const recordPath = path.join(folder, `${r1cs}.json`);
  if (!existsSync(recordPath) || !existsSync(provingKeyPath)) {
    report(`making the DEVELOPMENT keys of ${circuit}`);
    mkdirSync(folder, { recursive: true });
    const partial = `${provingKeyPath}.${process.pid}.partial`;
    try {
      const system = parseR1cs(readFileSync(path.join(circuitFolder(circuit), 'circuit.r1cs')));
      const verifyingKey = await writeProvingKey(system, randomSecrets(), partial, (part) => report(`  ${part}`));
      const record: KeyRecord = { kind: 'DEVELOPMENT', sha256: await fileHash(partial), verifyingKey };
      // The record comes last: while it is missing the key is made again.
      rmSync(recordPath, { force: true });
      renameSync(partial, provingKeyPath);
      writeAtomically(recordPath, record);
    } finally {
      rmSync(partial, { force: true });
    }
  }
  const record = JSON.parse(readFileSync(recordPath, 'utf8')) as KeyRecord;
  const keys: DevelopmentKeys = {
    circuit,
    development: true,
    r1cs,
    provingKeyPath,
    verifyingKey: parseVerifyingKey(record.verifyingKey),
    sha256: record.sha256,
  };
  // What is listed is the same for whoever uses this checkout; where the key lies is each user's own cache.
  const { provingKeyPath: _, ...shared } = keys;
  const listed = path.join(recordsFolder, `${circuit}.json`);
  if (!existsSync(listed) || readFileSync(listed, 'utf8') !== `${JSON.stringify(shared, null, 2)}\n`) {
    mkdirSync(recordsFolder, { recursive: true });
    writeAtomically(listed, shared);
  }
  return keys;
}

function randomSecrets(): SetUpSecrets {
  const secret = (): bigint => {
    // 64 bytes reduced are uniform up to 2^-256.
    const value = BigInt(`0x${randomBytes(64).toString('hex')}`) % FIELD_ORDER;
    return value > 1n ? value : secret();
  };
  return { tau: secret(), alpha: secret(), beta: secret(), delta: secret() };
}

function writeAtomically(file: string, value: object): void {
  const partial = `${file}.${process.pid}.partial`;
  writeFileSync(partial, `${JSON.stringify(value, null, 2)}\n`);
  renameSync(partial, file);
}

async function fileHash(file: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer);
  return hash.digest('hex');
}

if (import.meta.main) {
  const { values } = parseArgs({ options: { template: { type: 'string', multiple: true }, circuit: { type: 'string', multiple: true } } });
  const asked = [...(values.template ?? []).flatMap(circuitsOfTemplate), ...(values.circuit ?? [])];
  for (const circuit of asked.length > 0 ? asked : defaultCircuits)
    await developmentKeys(circuit, (text) => process.stdout.write(`${text}\n`));
}
