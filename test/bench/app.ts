/**
 * The app beside an empty Electron app, taking turns in one run: time from the start of the process to the first frame with
 * something to read, time to the frame with the largest of it (of the app: its whole first screen), and the memory of all its processes (proportional set size) once it is at rest. Both are started as
 * users start them, by the executable alone; nothing is connected to them before they are at rest. Goals: 1.3 times the
 * time, 1.4 times the memory.
 *
 * Each is measured from its sources and, where `npm run package` has laid out the app, from the package: both run the same
 * TypeScript, the package out of an archive.
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { chromium } from '@playwright/test';

const ROUNDS = Number(process.argv[2] ?? 7);
const REST_MS = 10_000;
const project = fileURLToPath(new URL('../..', import.meta.url));
const packaged = join(project, 'build', 'package', 'linux-unpacked', 'vouchsafe');
const folder = mkdtempSync(join(tmpdir(), 'vouchsafe-bench-app-'));

/** The least that opens a window. */
function emptyApp(): string {
  const place = join(folder, 'empty');
  mkdirSync(place);
  writeFileSync(join(place, 'package.json'), JSON.stringify({ name: 'empty', main: 'main.js' }));
  writeFileSync(join(place, 'index.html'), '<!doctype html><title>Empty</title><p>Empty</p>');
  writeFileSync(
    join(place, 'main.js'),
    `const { app, BrowserWindow } = require('electron');
     app.whenReady().then(() => new BrowserWindow({ width: 1280, height: 820 }).loadFile('index.html'));`,
  );
  return place;
}

interface Figures {
  readonly firstFrameMs: number;
  readonly wholeScreenMs: number;
  readonly memoryMiB: number;
}

/** Starts the program of these words with `userData`, lets it come to rest, measures and ends it; null when it did not come to rest. */
async function measure([executable, ...words]: readonly string[], userData: string): Promise<Figures | null> {
  const { ELECTRON_RUN_AS_NODE: _, ...env } = process.env;
  const sandbox = process.getuid?.() === 0 ? ['--no-sandbox'] : []; // Chromium has none for root
  const begunMs = Date.now();
  const child = spawn(executable as string, [...words, `--user-data-dir=${userData}`, '--remote-debugging-port=0', ...sandbox], {
    env,
    stdio: 'ignore',
  });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  try {
    await wait(REST_MS);
    const memoryMiB = processesBelow(child.pid as number).reduce((sum, pid) => sum + proportionalKibibytes(pid), 0) / 1024;
    const port = readFileSync(join(userData, 'DevToolsActivePort'), 'utf8').split('\n')[0];
    const browser = await chromium.connectOverCDP(`http://127.0.0.1:${port}`);
    // The frames are long painted; Chromium has kept when.
    const painted = await browser
      .contexts()[0]
      ?.pages()[0]
      ?.evaluate(async () => {
        const largest = await new Promise<number>((resolve) =>
          new PerformanceObserver((list) => resolve(list.getEntries().at(-1)?.startTime ?? Number.NaN)).observe({
            // Chromium's own kind of entry, which Node's types do not have.
            type: 'largest-contentful-paint' as 'mark',
            buffered: true,
          }),
        );
        const first = performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? Number.NaN;
        return { firstMs: performance.timeOrigin + first, largestMs: performance.timeOrigin + largest };
      });
    await browser.close();
    // On a machine so busy that nothing is painted yet, this start says nothing of memory at rest.
    if (painted === undefined || !Number.isFinite(painted.firstMs)) return null;
    return { firstFrameMs: painted.firstMs - begunMs, wholeScreenMs: painted.largestMs - begunMs, memoryMiB };
  } finally {
    child.kill('SIGTERM');
    await ended;
  }
}

/** The process and all that it started, by /proc. */
function processesBelow(pid: number): number[] {
  const parents = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const fields = readFileSync(`/proc/${name}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
        return [[Number(name), Number(fields[1])] as const];
      } catch {
        return []; // it has ended meanwhile
      }
    });
  const below = (parent: number): number[] => [parent, ...parents.filter(([, its]) => its === parent).flatMap(([child]) => below(child))];
  return below(pid);
}

/** Memory of a process with each shared page divided among those who share it. */
function proportionalKibibytes(pid: number): number {
  try {
    return Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1] ?? Number.NaN);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH' || (error as NodeJS.ErrnoException).code === 'ENOENT') return 0; // it has ended meanwhile
    throw error;
  }
}

function median(values: readonly number[]): number {
  return [...values].sort((left, right) => left - right)[Math.floor(values.length / 2)] ?? Number.NaN;
}

try {
  const candidates: Record<string, readonly string[]> = {
    empty: [process.execPath, emptyApp()],
    vouchsafe: [process.execPath, project],
    ...(existsSync(packaged) ? { 'vouchsafe, packaged': [packaged] } : {}),
  };
  const names = Object.keys(candidates);
  const figures = new Map<string, Figures[]>(names.map((name) => [name, []]));
  const userData = new Map(names.map((name) => [name, mkdtempSync(join(folder, 'user-data-'))]));
  // One round warms the disk's cache and is thrown away, as is what a program does at its very first start; then each goes first in turn.
  for (let round = -1; round < ROUNDS; round++) {
    for (const name of round % 2 === 0 ? names : names.toReversed()) {
      const found = await measure(candidates[name] as readonly string[], userData.get(name) as string);
      if (found === null) process.stderr.write(`${name} was not at rest after ${REST_MS} ms; this start is left out\n`);
      else if (round >= 0) figures.get(name)?.push(found);
    }
  }
  const middle = (name: string, figure: keyof Figures) => median((figures.get(name) ?? []).map((entry) => entry[figure]));
  const row = (name: string, ...cells: readonly string[]) =>
    process.stdout.write(`${name.padEnd(22)}${cells.map((cell) => cell.padStart(23)).join('')}\n`);
  row(`medians of ${ROUNDS} starts`, 'first frame', 'whole screen', 'memory at rest');
  for (const name of names) {
    const cell = (figure: keyof Figures, unit: string) => {
      const ratio = (middle(name, figure) / middle('empty', figure)).toFixed(2);
      return `${middle(name, figure).toFixed(0)} ${unit}, ${ratio} times`;
    };
    row(name, cell('firstFrameMs', 'ms'), cell('wholeScreenMs', 'ms'), cell('memoryMiB', 'MiB'));
  }
  row('goal', '1.30 times', '', '1.40 times');
} finally {
  rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
}
