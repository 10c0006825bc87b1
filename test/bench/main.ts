/**
 * `npm run bench [NAME ...]`: runs the benchmarks one after another, each in a process of its own, and writes what they
 * print to docs/benchmarks.md with machine, date and command. A benchmark compares candidates within one run; its
 * absolute figures belong to the machine.
 */
import { spawn } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';

interface Bench {
  readonly title: string;
  readonly arguments: readonly string[];
  /** Its file, where that is not named after it: whoever asks for the file's name gets all benchmarks of it. */
  readonly file?: string;
  readonly window?: true;
}

const benches: Readonly<Record<string, Bench>> = {
  proof: { title: 'Proving, beside bare snarkjs on the same circuit', arguments: [] },
  're-encryption': { title: 'Re-encryption: noble, mcl, Umbral', arguments: [] },
  'file-encryption': { title: 'A file of 1 GB encrypted, beside age', arguments: [] },
  ledger: { title: 'The ledger without its consensus, beside anvil', arguments: [] },
  'consensus-protocols': { title: 'RBFT beside flat PBFT and flat Raft', arguments: ['protocols'], file: 'consensus' },
  'consensus-transfers': { title: 'Twelve validators with real transfers, beside anvil', arguments: ['transfers'], file: 'consensus' },
  'consensus-recovery': { title: 'The next final block after a leader or a group is gone', arguments: ['recovery'], file: 'consensus' },
  app: { title: 'The app beside an empty Electron app', arguments: [], window: true },
  'app-data': { title: 'The window while a gigabyte is imported, and over a million rows', arguments: [], window: true },
};

const documentPath = fileURLToPath(new URL('../../docs/benchmarks.md', import.meta.url));
const begin = (name: string) => `<!-- begin ${name} -->`;
const end = (name: string) => `<!-- end ${name} -->`;

const asked = process.argv.slice(2);
const namesOf = (word: string) => Object.keys(benches).filter((name) => name === word || benches[name]?.file === word);
const unknown = asked.find((word) => namesOf(word).length === 0);
if (unknown !== undefined) {
  process.stderr.write(`There is no benchmark "${unknown}"; there are ${Object.keys(benches).join(', ')}.\n`);
  process.exit(2);
}
for (const name of asked.length > 0 ? asked.flatMap(namesOf) : Object.keys(benches)) {
  const load = (loadavg()[0] ?? 0).toFixed(1);
  record(name, await run(name), load);
}

/** What a benchmark printed; it is shown while it runs. */
function run(name: string): Promise<string> {
  const file = fileURLToPath(new URL(`./${benches[name]?.file ?? name}.ts`, import.meta.url));
  const words = [process.execPath, file, ...(benches[name]?.arguments ?? [])];
  // A window needs a display; where there is none, a virtual one.
  if (benches[name]?.window && process.platform === 'linux' && !process.env.DISPLAY) words.unshift('xvfb-run', '-a');
  const child = spawn(words[0] as string, words.slice(1), {
    env: { ...process.env, ELECTRON_RUN_AS_NODE: '1' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  process.stdout.write(`\n${benches[name]?.title}\n`);
  let text = '';
  child.stdout.on('data', (chunk: Buffer) => {
    text += chunk.toString();
    process.stdout.write(chunk);
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => (code === 0 ? resolve(text) : reject(new Error(`the benchmark ${name} ended with code ${code}`))));
  });
}

/** Puts the result into the document in place of the last one. */
function record(name: string, text: string, load: string): void {
  const machine = `${cpus().length} x ${cpus()[0]?.model ?? 'unknown processor'}, ${Math.round(totalmem() / 2 ** 30)} GiB, ${process.platform}, Node ${process.versions.node}`;
  const section = [
    begin(name),
    `## ${benches[name]?.title}`,
    '',
    `\`npm run bench -- ${name}\` on ${new Date().toISOString().slice(0, 10)}; ${machine}; load average ${load} when it began.`,
    '',
    '```',
    text.trimEnd(),
    '```',
    end(name),
  ].join('\n');
  const before = existsSync(documentPath) ? readFileSync(documentPath, 'utf8') : '# Benchmarks\n';
  const [from, to] = [before.indexOf(begin(name)), before.indexOf(end(name))];
  const after =
    from >= 0 && to > from ? before.slice(0, from) + section + before.slice(to + end(name).length) : `${before.trimEnd()}\n\n${section}\n`;
  writeFileSync(documentPath, after);
}
