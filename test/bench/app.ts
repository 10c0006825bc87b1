/**
 * The app beside an empty Electron app, taking turns in one run: time from the start of the process to the first painted
 * frame, and the memory of all its processes (proportional set size) once it is at rest. Goals: 1.3 times the time, 1.4 times the memory.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { _electron } from '@playwright/test';

const ROUNDS = 5;
const REST_MS = 3000;
const project = fileURLToPath(new URL('../..', import.meta.url));
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
  readonly memoryMiB: number;
}

async function measure(place: string, name: string): Promise<Figures> {
  const { ELECTRON_RUN_AS_NODE: _, ...env } = process.env;
  const begun = performance.now();
  const app = await _electron.launch({
    executablePath: process.execPath,
    args: [place, `--user-data-dir=${mkdtempSync(join(folder, name))}`, ...(process.getuid?.() === 0 ? ['--no-sandbox'] : [])],
    env: env as Record<string, string>,
  });
  try {
    const window = await app.firstWindow();
    // Text on the screen, and the frame in which it was painted.
    await window.waitForFunction('document.body !== null && document.body.innerText.trim() !== ""', undefined, { polling: 'raf' });
    const firstFrameMs = performance.now() - begun;
    await wait(REST_MS);
    const processes = await app.evaluate(({ app: electron }) => electron.getAppMetrics().map(({ pid }) => pid));
    return { firstFrameMs, memoryMiB: processes.reduce((sum, pid) => sum + proportionalKibibytes(pid), 0) / 1024 };
  } finally {
    await app.close();
  }
}

/** Memory of a process with each shared page divided among those who share it. */
function proportionalKibibytes(pid: number): number {
  return Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1] ?? Number.NaN);
}

function median(values: readonly number[]): number {
  return [...values].sort((left, right) => left - right)[Math.floor(values.length / 2)] ?? Number.NaN;
}

try {
  const candidates = { empty: emptyApp(), vouchsafe: project };
  const figures: Record<keyof typeof candidates, Figures[]> = { empty: [], vouchsafe: [] };
  // One round warms the disk's cache and is thrown away; then each goes first in turn.
  for (let round = -1; round < ROUNDS; round++) {
    const names = (['empty', 'vouchsafe'] as const).toSorted(() => (round % 2 === 0 ? 1 : -1));
    for (const name of names) {
      const found = await measure(candidates[name], name);
      if (round >= 0) figures[name].push(found);
    }
  }
  const middle = (name: keyof typeof candidates, figure: keyof Figures) => median(figures[name].map((entry) => entry[figure]));
  const row = (name: string, ...cells: readonly string[]) =>
    process.stdout.write(`${name.padEnd(18)}${cells.map((cell) => cell.padStart(16)).join('')}\n`);
  row(`medians of ${ROUNDS}`, 'first frame', 'memory at rest');
  for (const name of ['empty', 'vouchsafe'] as const)
    row(name, `${middle(name, 'firstFrameMs').toFixed(0)} ms`, `${middle(name, 'memoryMiB').toFixed(0)} MiB`);
  const ratio = (figure: keyof Figures) => (middle('vouchsafe', figure) / middle('empty', figure)).toFixed(2);
  row('ratio', ratio('firstFrameMs'), ratio('memoryMiB'));
} finally {
  rmSync(folder, { recursive: true, force: true });
}
