/** Files that were chosen or dropped: which get a token, and what the others are told. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ChosenFiles } from '../../electron/main/files.ts';
import { readNetworkText } from '../../electron/main/network-files.ts';
import { fileView } from '../../electron/views.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'vouchsafe-files-'));
  writeFileSync(join(folder, 'data.csv'), 'time,temperature\n1,2\n');
  writeFileSync(join(folder, 'empty.csv'), '');
  writeFileSync(join(folder, 'picture.png'), Buffer.from([0x89, 0x50, 0x4e, 0x47, 0, 0, 0, 13]));
  writeFileSync(join(folder, 'home.vouchsafe-backup'), Buffer.concat([Buffer.from('vouchbak'), Buffer.alloc(20)]));
  mkdirSync(join(folder, 'folder.csv'));
  symlinkSync(join(folder, 'nowhere'), join(folder, 'broken.csv'));
});
afterAll(() => rmSync(folder, { recursive: true }));

test('a text file gets a token that stands for its path', async () => {
  const files = new ChosenFiles();
  const path = join(folder, 'data.csv');
  const file = fileView.parse(await files.add(path));
  expect(file).toMatchObject({ name: 'data.csv', path, bytes: 21 });
  expect(files.get(file.token)).toEqual(file);
});

test('what was read of a file to be shown is what is used, whatever becomes of the file', async () => {
  const files = new ChosenFiles();
  const path = join(folder, 'network.json');
  writeFileSync(path, 'of the harbour');
  const { token } = await files.add(path);
  let broken = true;
  const read = async (place: string) => {
    if (broken) throw new Error('the disk was away');
    return readFileSync(place, 'utf8');
  };
  await expect(files.text(token, read)).rejects.toThrow('the disk was away');
  broken = false;
  expect(await files.text(token, read)).toBe('of the harbour');
  writeFileSync(path, 'of somebody else');
  expect(await files.text(token, read)).toBe('of the harbour');
  expect(() => files.text('othertoken', read)).toThrow(expect.objectContaining({ code: 'FILE_TOKEN_UNKNOWN' }));
});

test('a network file that is gone when it is read is told of', async () => {
  await expect(readNetworkText(join(folder, 'unplugged.json'))).rejects.toMatchObject({ code: 'FILE_UNREADABLE' });
});

test("a backup of this program's own is taken although it is no text", async () => {
  expect(await new ChosenFiles().add(join(folder, 'home.vouchsafe-backup'))).toMatchObject({ bytes: 28 });
});

test.each([
  ['folder.csv', 'FILE_IS_FOLDER'],
  ['missing.csv', 'FILE_MISSING'],
  ['broken.csv', 'FILE_MISSING'],
  ['empty.csv', 'FILE_EMPTY'],
  ['picture.png', 'FILE_IS_BINARY'],
])('%s is refused as %s', async (name, code) => {
  await expect(new ChosenFiles().add(join(folder, name))).rejects.toMatchObject({ code });
});

test('what has no path of its own, and a device, are refused', async () => {
  await expect(new ChosenFiles().add('data.csv')).rejects.toMatchObject({ code: 'FILE_MISSING' });
  await expect(new ChosenFiles().add('/dev/null')).rejects.toMatchObject({ code: 'FILE_NOT_PLAIN' });
});

test('a token is good until a hundred newer ones are, or until all are forgotten', async () => {
  const files = new ChosenFiles();
  const path = join(folder, 'data.csv');
  const first = await files.add(path);
  const second = await files.add(path);
  for (let more = 0; more < 99; more++) await files.add(path);
  expect(() => files.get(first.token)).toThrow(expect.objectContaining({ code: 'FILE_TOKEN_UNKNOWN' }));
  expect(files.get(second.token).path).toBe(path);
  files.clear();
  expect(() => files.get(second.token)).toThrow(expect.objectContaining({ code: 'FILE_TOKEN_UNKNOWN' }));
});
