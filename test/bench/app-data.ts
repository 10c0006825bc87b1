/**
 * The window while a gigabyte of CSV is imported through it, and while a table of the million rows in it is scrolled.
 * Goals: no stall of the window over 100 ms while importing; no frame longer than 100 ms while scrolling.
 *
 * A machine with other work stalls every process now and then. So each measurement has its twin, taken at the same time or
 * right after: an idle window beside the one that imports, and the same table at rest.
 */
import { once } from 'node:events';
import { createWriteStream, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import type { Page } from '@playwright/test';
import { launch } from '../e2e/app.ts';
import { ask } from '../e2e/bridge.ts';
import { trySample } from '../e2e/sample-trade.ts';

const rows = Number(process.argv[2] ?? 1_000_000);
const rowBytes = 1000;
const longMs = 100;
const patienceMs = 1_800_000;
const passphrase = 'a passphrase for the benchmark alone';

/** A time, twenty figures and a remark that fills the row up, a thousand bytes each. */
async function writeRows(path: string): Promise<void> {
  const file = createWriteStream(path);
  const figures = Array.from({ length: 20 }, (_, column) => column);
  file.write(`time,${figures.map((column) => `figure ${column + 1}`).join(',')},remark\n`);
  const begin = Date.UTC(2020, 0, 1);
  for (let row = 0; row < rows; row++) {
    const time = new Date(begin + row * 1000).toISOString().slice(0, 19).replace('T', ' ');
    const cells = figures.map((column) => (((row * 7919 + column * 104_729) % 1_000_000) / 1000).toFixed(3));
    const text = `${time},${cells.join(',')},`;
    if (!file.write(`${text}${'all is well at this machine; '.repeat(40).slice(0, rowBytes - 1 - text.length)}\n`))
      await once(file, 'drain');
  }
  file.end();
  await finished(file);
}

/** Begins to note how long the page's event loop was away, which should come back every few milliseconds. */
function watchStalls(page: Page): Promise<void> {
  return page.evaluate(() => {
    const stalls: number[] = [];
    let last = performance.now();
    Reflect.set(globalThis, 'stalls', stalls);
    const beat = () => {
      const now = performance.now();
      stalls.push(now - last);
      last = now;
      setTimeout(beat, 4);
    };
    setTimeout(beat, 4);
  });
}

const stallsOf = (page: Page) => page.evaluate(() => Reflect.get(globalThis, 'stalls') as number[]);

/** Notes the intervals of the frames while `work` is done. */
async function framesDuring(page: Page, work: () => Promise<void>): Promise<number[]> {
  await page.evaluate(() => {
    const frames: number[] = [];
    const nextFrame = Reflect.get(globalThis, 'requestAnimationFrame') as (tick: (atMs: number) => void) => void;
    let last: number | undefined;
    Reflect.set(globalThis, 'frames', frames);
    const tick = (atMs: number) => {
      if (last !== undefined) frames.push(atMs - last);
      last = atMs;
      if (Reflect.get(globalThis, 'frames') === frames) nextFrame(tick);
    };
    nextFrame(tick);
  });
  await work();
  return page.evaluate(() => {
    const frames = Reflect.get(globalThis, 'frames') as number[];
    Reflect.set(globalThis, 'frames', []);
    return frames;
  });
}

const quantile = (values: readonly number[], share: number) =>
  [...values].sort((left, right) => left - right)[Math.min(values.length - 1, Math.floor(values.length * share))] ?? Number.NaN;
const row = (name: string, ...cells: readonly string[]) =>
  process.stdout.write(`${name.padEnd(34)}${cells.map((cell) => cell.padStart(16)).join('')}\n`);
const ms = (value: number) => `${value.toFixed(value < 100 ? 1 : 0)} ms`;
const report = (name: string, values: readonly number[]) =>
  row(
    name,
    ms(quantile(values, 0.5)),
    ms(quantile(values, 0.99)),
    ms(quantile(values, 1)),
    String(values.filter((value) => value > longMs).length),
  );

const folder = mkdtempSync(join(tmpdir(), 'vouchsafe-bench-data-'));
const file = join(folder, 'machine.csv');
const running = await launch({ userData: join(folder, 'user-data'), keyring: 'none' });
try {
  await writeRows(file);
  const { app, window } = running;
  app.context().setDefaultTimeout(patienceMs);
  const opened = app.waitForEvent('window', { timeout: patienceMs });
  const answered = opened.then(async (secretWindow) => {
    for (const place of [0, 1]) await secretWindow.locator('input').nth(place).fill(passphrase);
    await secretWindow.locator('button[type=submit]').click();
  });
  await Promise.all([trySample(window), answered]);

  // The twin: a page of the same process model that has nothing to do.
  const twinOpened = app.waitForEvent('window');
  await app.evaluate(({ BrowserWindow }) => void new BrowserWindow({ width: 300, height: 200 }).loadURL('about:blank'));
  const twin = await twinOpened;
  await app.evaluate(({ dialog }, path) => {
    dialog.showOpenDialog = async () => ({ canceled: false, filePaths: [path] });
  }, file);
  await window.evaluate(() => Reflect.set(Reflect.get(globalThis, 'location'), 'hash', '/datasets/import'));
  await Promise.all([watchStalls(window), watchStalls(twin)]);
  const begun = performance.now();
  await window.getByRole('button', { name: /^Choose/ }).click();
  await window.getByRole('button', { name: /^Import [\d,]+ rows/ }).click();
  await window.getByRole('tab', { name: 'Data' }).waitFor();
  const seconds = (performance.now() - begun) / 1000;
  row('event loop, time away', 'median', '99 of 100', 'longest', `over ${longMs} ms`);
  report(`importing ${(statSync(file).size / 1e9).toFixed(2)} GB`, await stallsOf(window));
  report('  an idle window meanwhile', await stallsOf(twin));
  process.stdout.write(`  the import took ${seconds.toFixed(0)} s, with a look at the whole file before it\n\n`);
  await twin.close();

  await window.getByRole('tab', { name: 'Data' }).click();
  const table = window.getByRole('grid', { name: 'Rows of the dataset' });
  await table.getByText('all is well', { exact: false }).first().waitFor();
  const { datasetId } = (await ask(window, 'dataset.list', {})).find((each) => each.rows === rows) ?? { datasetId: '' };
  if (datasetId === '') throw new Error('the imported dataset is not in the list');
  const wheel = async () => {
    await table.hover();
    for (let step = 0; step < 200; step++) await window.mouse.wheel(0, 320);
  };
  const drag = () =>
    table.evaluate(async (element) => {
      const scroller = element as unknown as { scrollTop: number; scrollHeight: number };
      const nextFrame = Reflect.get(globalThis, 'requestAnimationFrame') as (tick: () => void) => void;
      for (let step = 0; step <= 200; step++) {
        scroller.scrollTop = (scroller.scrollHeight * step) / 200;
        await new Promise<void>((resolve) => nextFrame(resolve));
      }
    });
  row(`frames, ${rows} rows`, 'median', '99 of 100', 'longest', `over ${longMs} ms`);
  report('scrolling by the wheel', await framesDuring(window, wheel));
  report('dragging through all of them', await framesDuring(window, drag));
  report('  the table at rest, after that', await framesDuring(window, () => window.waitForTimeout(6000)));
} finally {
  await running.close();
  rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
}
