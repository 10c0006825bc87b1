/** Files of many rows: read piece by piece while the window goes on, and let go of at a press. */
import { once } from 'node:events';
import { createWriteStream, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { alertOf } from './alert.ts';
import { launch, newFolder, picture, type RunningApp, remove } from './app.ts';
import { ask, until } from './bridge.ts';
import { drop } from './drop.ts';
import { trySample } from './sample-trade.ts';

const dropData = 'Drop a CSV file here';
let running: RunningApp;
const folder = newFolder();
beforeAll(async () => {
  running = await launch();
  running.window.setDefaultTimeout(30_000);
  const { owner } = await trySample(running.window);
  await ask(running.window, 'profile.switch', { profileId: owner });
});
afterAll(async () => {
  await running.close();
  remove(folder);
});

/** The import screen without a file. */
async function openImport(): Promise<void> {
  await running.window.evaluate(() => {
    location.hash = '#/datasets/import';
  });
  const other = running.window.getByRole('button', { name: 'Another file', exact: true });
  const zone = running.window.getByText(dropData).first();
  await zone.or(other).first().waitFor();
  if (await other.isVisible()) await other.click();
  await zone.waitFor();
}

test('ten million rows are read without holding them, while the window goes on', async () => {
  const { window } = running;
  const path = await rows('large.csv', 10_000_000, 'reading\n', (row) => `${row % 1000}\n`);
  await openImport();
  await drop(window, dropData, path);
  await window.getByRole('progressbar').first().waitFor();
  let questions = 0;
  let largestKilobytes = 0;
  await until(
    'the look at ten million rows',
    async () => {
      // Another screen's data, and the memory of every process of the app.
      await ask(window, 'dataset.list', {});
      questions++;
      largestKilobytes = Math.max(largestKilobytes, await memoryKilobytes());
      return window.getByText('10,000,000').first().isVisible();
    },
    (isThere) => isThere,
    850_000,
  );
  process.stdout.write(`ten million rows: ${questions} questions answered meanwhile, the largest process had ${largestKilobytes} kB\n`);
  await picture(running.app, 'ten-million-rows');
  expect(questions).toBeGreaterThan(3);
  expect(largestKilobytes).toBeLessThan(1_500_000);
  rmSync(path);
});

test('a long reading is ended by a press, and leaves nothing', async () => {
  const { window } = running;
  const before = (await ask(window, 'dataset.list', {})).length;
  const path = await rows('cancelled.csv', 3_000_000, 'reading\n', (row) => `${row % 1000}\n`);
  await openImport();
  await drop(window, dropData, path);
  await window.getByRole('button', { name: 'Cancel', exact: true }).click();
  expect(await alertOf(window, 'CANCELLED')).toMatch(/cancelled/);
  expect(await ask(window, 'dataset.list', {})).toHaveLength(before);
  await openImport();
  await window.getByRole('button', { name: 'Use the sample data' }).click();
  await window.getByRole('button', { name: /^Import [\d,]+ rows/ }).waitFor();
  rmSync(path);
});

/** A file of many rows, written piece by piece. */
async function rows(name: string, count: number, head: string, row: (at: number) => string): Promise<string> {
  const path = join(folder, name);
  const stream = createWriteStream(path);
  stream.write(head);
  const piece = 1_000_000;
  for (let from = 0; from < count; from += piece) {
    let text = '';
    for (let at = from; at < Math.min(count, from + piece); at++) text += row(at);
    if (!stream.write(text)) await once(stream, 'drain');
  }
  stream.end();
  await once(stream, 'close');
  return path;
}

/** Working set of the app's largest process. */
function memoryKilobytes(): Promise<number> {
  return running.app.evaluate(({ app }) => Math.max(...app.getAppMetrics().map(({ memory }) => memory.workingSetSize)));
}
