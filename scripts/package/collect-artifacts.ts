/**
 * Collects what the set-up has built and a package carries: contracts, the circuits of the default template with their
 * DEVELOPMENT keys, and a manifest with the SHA-256 of every file, which goes into the archive of code.
 */

import { createHash } from 'node:crypto';
import { createReadStream, mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { copyFile, link, readdir } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { circuitFolder } from '../../circuits/build.ts';
import { defaultCircuits } from '../../circuits/catalogue.ts';
import { developmentKeys } from '../../circuits/development-keys.ts';
import { type ArtifactManifest, manifestName, packagedFolderName } from '../../core/adapters/built-artifacts.ts';
import { circuitArtifactNames } from '../../core/adapters/circuit-artifacts.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const folder = path.join(root, 'build', packagedFolderName);
const files: Record<string, { sha256: string; bytes: number }> = {};

/** Puts a file into the folder under its name, as a second name of the same file where that can be. */
async function collect(source: string, name: string): Promise<void> {
  const target = path.join(folder, name);
  mkdirSync(path.dirname(target), { recursive: true });
  await link(source, target).catch(() => copyFile(source, target));
  await list(name);
}

async function list(name: string): Promise<void> {
  const target = path.join(folder, name);
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(target)) hash.update(chunk as Buffer);
  files[name] = { sha256: `0x${hash.digest('hex')}`, bytes: statSync(target).size };
}

rmSync(folder, { recursive: true, force: true });
const contracts = path.join(root, 'build', 'contracts');
for (const file of (await readdir(contracts)).filter((name) => /^[A-Z]\w*\.json$/.test(name)))
  await collect(path.join(contracts, file), `contracts/${file}`);
for (const circuit of defaultCircuits) {
  const names = circuitArtifactNames(circuit);
  const { provingKeyPath, verifyingKey, sha256, r1cs } = await developmentKeys(circuit);
  await collect(path.join(circuitFolder(circuit), 'circuit.wasm'), names.witnessCalculator);
  await collect(provingKeyPath, names.provingKey);
  if (files[names.provingKey]?.sha256 !== `0x${sha256}`)
    throw new Error(`the proving key of ${circuit} in the cache is not the one that was made: remove ${provingKeyPath} and its record`);
  writeFileSync(path.join(folder, names.keys), `${JSON.stringify({ kind: 'DEVELOPMENT', circuit, r1cs, verifyingKey }, null, 2)}\n`);
  await list(names.keys);
}
const manifest: ArtifactManifest = { version: 1, files };
writeFileSync(path.join(root, manifestName), `${JSON.stringify(manifest, null, 2)}\n`);
process.stdout.write(`collected ${Object.keys(files).length} artifacts\n`);
