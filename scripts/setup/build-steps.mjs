/**
 * What is generated from the sources before anything runs: contracts, circuits, development proving
 * keys. Each step is a program of its own area that decides what of its output is out of date; here
 * one record of all inputs and outputs saves starting three processes when nothing has changed.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { SetUpError } from './failure.mjs';
import { buildFolder, projectRoot, setUpFolder } from './places.mjs';
import { runElectronNode } from './processes.mjs';
import { step } from './progress.mjs';

/** In this order: keys belong to circuits. */
const buildSteps = [
  { text: 'compiling the contracts', program: 'contracts/build.ts' },
  { text: 'compiling the circuits', program: 'circuits/build.ts' },
  { text: 'making the development proving keys', program: 'circuits/development-keys.ts' },
  { text: 'building the windows', program: 'electron/build.ts' },
];

/** The steps read sources of their own folders and code of core. */
const inputFolders = ['contracts', 'circuits', 'core', 'electron', 'renderer'];
const outputFolders = ['contracts', 'circuits', 'keys', 'app', 'main'];
const recordFile = path.join(setUpFolder, 'built.json');

/** Whether the outputs of these very inputs are all there. */
export function isBuilt() {
  if (!existsSync(recordFile)) return false;
  const record = JSON.parse(readFileSync(recordFile, 'utf8'));
  return (
    record.inputs === hashInputs() &&
    Object.entries(record.outputs).every(([file, bytes]) => sizeOf(path.join(buildFolder, file)) === bytes)
  );
}

/** Runs every step; each redoes only what is out of date. */
export async function build(lend) {
  const inputs = hashInputs();
  rmSync(recordFile, { force: true });
  for (const { text, program } of buildSteps) {
    if (!existsSync(path.join(projectRoot, program))) continue;
    const compile = async () => {
      const code = await runElectronNode([program], { onStart: lend });
      if (code !== 0) {
        throw new SetUpError(
          `${program} ended with code ${code}.`,
          'What it builds is incomplete; nothing was run with it.',
          'Its message is above. Mend the cause, then run the same command again.',
        );
      }
    };
    await step(text, compile, { silent: false });
  }
  const outputs = Object.fromEntries(
    outputFolders
      .flatMap((folder) => filesUnder(path.join(buildFolder, folder)))
      .map((file) => [path.relative(buildFolder, file), sizeOf(file)]),
  );
  mkdirSync(setUpFolder, { recursive: true });
  writeFileSync(`${recordFile}.partial`, JSON.stringify({ inputs, outputs }));
  renameSync(`${recordFile}.partial`, recordFile);
}

function hashInputs() {
  const hash = createHash('sha256');
  const files = [
    'package-lock.json',
    ...inputFolders.flatMap((folder) => filesUnder(path.join(projectRoot, folder)).map((file) => path.relative(projectRoot, file))),
  ];
  for (const file of files.sort()) {
    const content = readFileSync(path.join(projectRoot, file));
    hash.update(`${file}\0${content.length}\0`).update(content);
  }
  return hash.digest('hex');
}

/** All files below a folder, links followed; none if it does not exist. */
function filesUnder(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder).flatMap((name) => {
    const file = path.join(folder, name);
    return statSync(file).isDirectory() ? filesUnder(file) : [file];
  });
}

function sizeOf(file) {
  return statSync(file, { throwIfNoEntry: false })?.size;
}
