/**
 * Compiles circuits to build/circuits/<name>/: `circuit.r1cs`, `circuit.wasm` (the witness calculator), `circuit.sym` and `circuit.json` (what
 * they were made of, and their SHA-256). Without arguments the default circuits; `--template NAME` those of a network template, `--circuit NAME`
 * one; tests compile the small ones that they need. A circuit whose sources, parameters and compiler are unchanged is left alone.
 * Invariant: a folder build/circuits/<name> is complete or absent.
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import * as constants from '../core/dataset/constants.ts';
import { columnHash } from '../core/dataset/schema.ts';
import { type CircuitEntry, circuitNamed, circuitsOfTemplate, defaultCircuits, mainSource } from './catalogue.ts';

const projectRoot = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const templatesFolder = path.join('circuits', 'templates');
const outputFolder = path.join('build', 'circuits');
const compiler = path.join('node_modules', 'circom2', 'cli.js');

/** `circuit.json`: a compiled circuit's description. */
export interface CircuitDescription {
  readonly name: string;
  readonly statement: string;
  readonly parameters: readonly number[];
  /** SHA-256 of everything that the output depends on. */
  readonly sources: string;
  /** SHA-256 of circuit.r1cs: the hash by which keys belong to a circuit. */
  readonly r1cs: string;
  /** SHA-256 of circuit.wasm. */
  readonly wasm: string;
}

/** The folder of a compiled circuit. */
export function circuitFolder(name: string): string {
  return path.join(projectRoot, outputFolder, name);
}

/** The description of a compiled circuit, or null if it is not compiled. */
export function readDescription(name: string): CircuitDescription | null {
  const file = path.join(circuitFolder(name), 'circuit.json');
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as CircuitDescription) : null;
}

/** Compiles what is out of date of the named circuits. */
export async function buildCircuits(names: readonly string[], report: (text: string) => void = () => undefined): Promise<void> {
  for (const name of names) {
    const circuit = circuitNamed(name);
    const sources = sourcesHash(circuit);
    if (readDescription(name)?.sources === sources) continue;
    report(`compiling ${name}`);
    await compile(circuit, sources);
  }
}

async function compile(circuit: CircuitEntry, sources: string): Promise<void> {
  const work = path.join(outputFolder, `.${circuit.name}-${process.pid}`);
  mkdirSync(path.join(projectRoot, work), { recursive: true });
  try {
    writeFileSync(path.join(projectRoot, work, 'constants.circom'), constantsSource());
    writeFileSync(path.join(projectRoot, work, 'circuit.circom'), mainSource(circuit));
    await runCompiler([
      path.join(work, 'circuit.circom'),
      '--r1cs',
      '--wasm',
      '--sym',
      `--${circuit.optimization ?? 'O2'}`,
      '-o',
      work,
      '-l',
      work,
      '-l',
      templatesFolder,
      '-l',
      'node_modules',
    ]);
    const made = path.join(projectRoot, work, 'made');
    mkdirSync(made);
    renameSync(path.join(projectRoot, work, 'circuit.r1cs'), path.join(made, 'circuit.r1cs'));
    renameSync(path.join(projectRoot, work, 'circuit.sym'), path.join(made, 'circuit.sym'));
    renameSync(path.join(projectRoot, work, 'circuit_js', 'circuit.wasm'), path.join(made, 'circuit.wasm'));
    const description: CircuitDescription = {
      ...circuit,
      sources,
      r1cs: fileHash(path.join(made, 'circuit.r1cs')),
      wasm: fileHash(path.join(made, 'circuit.wasm')),
    };
    writeFileSync(path.join(made, 'circuit.json'), `${JSON.stringify(description, null, 2)}\n`);
    rmSync(circuitFolder(circuit.name), { recursive: true, force: true });
    renameSync(made, circuitFolder(circuit.name));
  } finally {
    rmSync(path.join(projectRoot, work), { recursive: true, force: true });
  }
}

/** Runs the circom compiler in a process of its own: it ends its process when it is done. */
function runCompiler(compilerArguments: readonly string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [compiler, ...compilerArguments], {
      cwd: projectRoot,
      env: { ...process.env, ELECTRON_RUN_AS_NODE: '1' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    const keep = (chunk: Buffer): void => {
      output = (output + chunk.toString()).slice(-8192);
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    child.on('error', reject);
    child.on('close', (code) => (code === 0 ? resolve() : reject(new Error(`circom ended with code ${code}:\n${output}`))));
  });
}

/** The circuits' copy of the constants in core/dataset/constants.ts. */
function constantsSource(): string {
  const timeColumn = columnHash({ name: 'time', unit: 'ms', type: 'time', width: 64, scale: 0 });
  const shared = {
    TREE_ARITY: constants.TREE_ARITY,
    COLUMNS_MAX: constants.COLUMNS_MAX,
    TAGS_MAX: constants.TAGS_MAX,
    SLOTS_MAX: constants.SLOTS_MAX,
    KEYWORDS_MAX: constants.KEYWORDS_MAX,
    TIME_DELTA_BITS: constants.TIME_DELTA_BITS,
    PACK_BITS: constants.PACK_BITS,
    TAG_SEGMENT: constants.TAG_SEGMENT,
    TAG_DATASET: constants.TAG_DATASET,
    TAG_REQUIREMENT: constants.TAG_REQUIREMENT,
    TAG_PARTIAL: constants.TAG_PARTIAL,
    TAG_PARTIAL_COLUMN: constants.TAG_PARTIAL_COLUMN,
    TIME_COLUMN_HASH: timeColumn,
  };
  const functions = Object.entries(shared).map(([name, value]) => `function ${name}() { return ${value}; }`);
  return ['// Generated by circuits/build.ts from core/dataset/constants.ts.', 'pragma circom 2.1.6;', ...functions, ''].join('\n');
}

function sourcesHash(circuit: CircuitEntry): string {
  const hash = createHash('sha256');
  for (const file of readdirSync(path.join(projectRoot, templatesFolder)).sort()) {
    hash.update(`${file}\0`).update(readFileSync(path.join(projectRoot, templatesFolder, file)));
  }
  for (const name of ['circom2', 'circomlib']) {
    const manifest = JSON.parse(readFileSync(path.join(projectRoot, 'node_modules', name, 'package.json'), 'utf8')) as { version: string };
    hash.update(`${name}@${manifest.version}\0`);
  }
  return hash
    .update(constantsSource())
    .update(mainSource(circuit))
    .update(circuit.optimization ?? 'O2')
    .digest('hex');
}

function fileHash(file: string): string {
  return createHash('sha256').update(readFileSync(file)).digest('hex');
}

if (import.meta.main) {
  const { values } = parseArgs({ options: { template: { type: 'string', multiple: true }, circuit: { type: 'string', multiple: true } } });
  const asked = [...(values.template ?? []).flatMap(circuitsOfTemplate), ...(values.circuit ?? [])];
  await buildCircuits(asked.length > 0 ? asked : defaultCircuits, (text) => process.stdout.write(`${text}\n`));
}
