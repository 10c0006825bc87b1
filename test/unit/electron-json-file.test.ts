/** Main's small files: whole or absent, for this user alone, and a window's place that is lost does no harm. */
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { emptyInstallation } from '../../electron/main/installation.ts';
import { openInstallationFile } from '../../electron/main/installation-file.ts';
import { readJsonFile, writeJsonFile } from '../../electron/main/json-file.ts';
import { windowStateFile } from '../../electron/main/window-state-file.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'vouchsafe-json-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const place = { x: 1, y: 2, width: 1280, height: 820, maximized: false };

test('a file holds what was last written, and only its user may read it', () => {
  const path = join(folder, 'one.json');
  expect(readJsonFile(path)).toBeUndefined();
  writeJsonFile(path, { first: 1 });
  writeJsonFile(path, { second: [2] });
  expect(readJsonFile(path)).toEqual({ second: [2] });
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(readdirSync(folder)).toEqual(['one.json']);
});

test('the installation is read back as it was written, and a disk that refuses is told of in words', () => {
  const { store, unreadable } = openInstallationFile(folder);
  expect(unreadable).toBeNull();
  expect(store.read()).toBeUndefined();
  store.write(emptyInstallation);
  expect(openInstallationFile(folder).store.read()).toEqual(emptyInstallation);
  const missing = openInstallationFile(join(folder, 'no such folder')).store;
  expect(() => missing.write(emptyInstallation)).toThrow(expect.objectContaining({ code: 'DISK_NOT_WRITABLE' }));
});

test("the window's place is kept, and a file that is broken or cannot be written is as good as none", () => {
  const path = join(folder, 'window.json');
  windowStateFile(path).set(place);
  expect(windowStateFile(path).get()).toEqual(place);
  writeFileSync(path, '{"main": ');
  expect(windowStateFile(path).get()).toBeUndefined();
  mkdirSync(join(folder, 'blocked.json.partial'));
  windowStateFile(join(folder, 'blocked.json')).set(place);
  expect(windowStateFile(join(folder, 'blocked.json')).get()).toBeUndefined();
});
