/** Files that are none, or not what they should be: the window says so in words, nothing of them stays, and the next good one is taken. */
import { generateKeyPairSync } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { alertOf } from './alert.ts';
import { launch, newFolder, picture, type RunningApp, remove } from './app.ts';
import { ask } from './bridge.ts';
import { drop } from './drop.ts';
import { type Sample, trySample } from './sample-trade.ts';

const dropData = 'Drop a CSV file here';
const dropNetwork = 'Drop the network’s file here';

let running: RunningApp;
let sample: Sample;
const folder = newFolder();
beforeAll(async () => {
  running = await launch();
  running.window.setDefaultTimeout(30_000);
  sample = await trySample(running.window);
  await ask(running.window, 'profile.switch', { profileId: sample.owner });
});
afterAll(async () => {
  await running.close();
  remove(folder);
});

/** A file of this test. */
function file(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

/** Goes to a screen over the first one, so that it begins anew. */
async function go(route: string): Promise<void> {
  const to = (target: string) =>
    running.window.evaluate((hash) => {
      location.hash = hash;
    }, target);
  await to('/');
  await running.window.getByRole('heading', { name: 'Hello, Ada' }).waitFor();
  await to(route);
}

/** The import screen without a file. */
async function openImport(): Promise<void> {
  await go('/datasets/import');
  const other = running.window.getByRole('button', { name: 'Another file', exact: true });
  const zone = running.window.getByText(dropData).first();
  await zone.or(other).first().waitFor();
  if (await other.isVisible()) await other.click();
  await zone.waitFor();
}

/** A good file is taken, and the list has as many datasets as before. */
async function goesOn(datasets: number): Promise<void> {
  const { window } = running;
  await openImport();
  await drop(window, dropData, file('good.csv', 'time,level\n2026-01-01 00:00:00,1.5\n2026-01-01 00:05:00,1.6\n'));
  await window.getByRole('heading', { name: /good\.csv/ }).waitFor();
  await window.getByRole('button', { name: 'Import 2 rows' }).waitFor();
  expect((await ask(window, 'dataset.list', {})).length).toBe(datasets);
}

describe('data', () => {
  test.each([
    ['a folder', () => mkdir('a folder'), 'FILE_IS_FOLDER', /folder/],
    [
      'a picture',
      () =>
        file(
          'picture.csv',
          new Uint8Array(4096).map((_, at) => at % 251),
        ),
      'FILE_IS_BINARY',
      /not a text file.*CSV/s,
    ],
    ['an empty file', () => file('empty.csv', ''), 'FILE_EMPTY', /empty/],
    ['text that is not UTF-8', () => file('latin.csv', Buffer.from('name,value\nM\xfcller,1\n', 'latin1')), 'DATASET_NOT_TEXT', /UTF-8/],
    ['only the names of columns', () => file('names.csv', 'time,level\n'), 'DATASET_EMPTY', /no rows/],
    ['ragged rows', () => file('ragged.csv', 'a,b,c\n1,2,3\n4,5,6\n7,8\n'), 'DATASET_CSV_MALFORMED', /Line 4 .* 2 cells .* 3/],
    ['a row that is too long', () => file('longer.csv', 'a,b\n1,2\n3,4,5\n'), 'DATASET_CSV_MALFORMED', /Line 3 .* 3 cells .* 2/],
    [
      'more columns than a file may have',
      () => file('wide.csv', wide(1025)),
      'DATASET_TOO_LARGE',
      /1025 columns, more than 1024.*Split the file/s,
    ],
    ['a quote that is never closed', () => file('quote.csv', 'a,b\n1,2\n"3,4\n5,6\n'), 'DATASET_CSV_MALFORMED', /quote/],
  ])('%s', async (_, make, code, words) => {
    const { window } = running;
    const before = (await ask(window, 'dataset.list', {})).length;
    await openImport();
    await drop(window, dropData, make());
    expect(await alertOf(window, code)).toMatch(words);
    await picture(running.app, `bad-${code.toLowerCase()}`);
    await goesOn(before);
  });

  test('two files at once', async () => {
    const { window } = running;
    await openImport();
    await drop(window, dropData, file('one.csv', 'a\n1\n'), file('two.csv', 'a\n1\n'));
    expect(await alertOf(window, 'FILE_NOT_ONE')).toMatch(/one file at a time/);
  });

  test('a file that loses a column between the look and the import', async () => {
    const { window } = running;
    const before = (await ask(window, 'dataset.list', {})).length;
    await openImport();
    const path = file('changing.csv', 'a,b\n1,2\n3,4\n');
    await drop(window, dropData, path);
    const start = window.getByRole('button', { name: 'Import 2 rows' });
    await start.waitFor();
    writeFileSync(path, 'a\n1\n3\n');
    await start.click();
    expect(await alertOf(window, 'DATASET_SCHEMA_INVALID')).toMatch(/"b" is number 2, but the file has 1/);
    await picture(running.app, 'bad-missing-column');
    await goesOn(before);
  });
});

describe("a network's file", () => {
  /** A good file of a network: that of the sample. */
  const good = (): Record<string, unknown> => JSON.parse(readFileSync(path, 'utf8'));
  let path = '';
  beforeAll(async () => {
    const [network] = (await ask(running.window, 'app.get', {})).networks;
    path = join(running.userData, 'networks', network?.id ?? '', 'network.json');
  });
  const otherKey = () => {
    const { publicKey } = generateKeyPairSync('ed25519');
    return `0x${publicKey.export({ type: 'spki', format: 'der' }).subarray(-32).toString('hex')}`;
  };

  test.each<[string, () => string, string, RegExp]>([
    ['no JSON', () => 'this is a letter, not a network\n', 'NETWORK_FILE_MALFORMED', /network/],
    ['JSON of something else', () => '{"name":"a","version":"1.0.0"}', 'NETWORK_FILE_MALFORMED', /network/],
    ['a changed name under the old signature', () => changed(good(), 'name'), 'NETWORK_FILE_SIGNATURE_INVALID', /sign/],
    ["another's key beside the signature", () => withSigner(good(), otherKey()), 'NETWORK_FILE_SIGNATURE_INVALID', /sign/],
    ['a megabyte of it', () => JSON.stringify({ ...good(), more: 'x'.repeat(1 << 20) }), 'NETWORK_FILE_MALFORMED', /far larger/],
  ])('%s', async (name, make, code, words) => {
    const { window } = running;
    const before = (await ask(window, 'app.get', {})).profiles.length;
    await go('/welcome');
    await window.getByRole('button', { name: /^Join a network/ }).click();
    await drop(window, dropNetwork, file(`${name.replaceAll(/\W/g, '-')}.json`, make()));
    expect(await alertOf(window, code)).toMatch(words);
    await picture(running.app, `bad-network-${code.toLowerCase()}`);
    expect(await window.getByRole('button', { name: 'Join this network' }).count()).toBe(0);
    await window.getByRole('button', { name: 'Choose another file' }).click();
    await drop(window, dropNetwork, file('good.json', JSON.stringify(good())));
    await window.getByRole('button', { name: 'Join this network' }).waitFor();
    expect((await ask(window, 'app.get', {})).profiles.length).toBe(before);
  });
});

/** One row under so many columns. */
const wide = (columns: number): string => {
  const row = (cell: (at: number) => string) => Array.from({ length: columns }, (_, at) => cell(at)).join(',');
  return `${row((at) => `c${at}`)}\n${row(String)}\n`;
};

const mkdir = (name: string): string => {
  const path = join(folder, name);
  mkdirSync(path, { recursive: true });
  return path;
};

function changed(document: Record<string, unknown>, field: string): string {
  const text = JSON.stringify(document);
  const inner = (document.network ?? document) as Record<string, unknown>;
  return text.replace(JSON.stringify(inner[field]), JSON.stringify(`${inner[field]}!`));
}

function withSigner(document: Record<string, unknown>, signer: string): string {
  return JSON.stringify(document).replace(/"signer":"0x[0-9a-f]{64}"/, `"signer":"${signer}"`);
}
