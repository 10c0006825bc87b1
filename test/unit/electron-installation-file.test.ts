/** Main's small files: whole or absent, for this user alone, and a window's place that is lost does no harm. */
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { emptyInstallation } from '../../electron/main/installation.ts';
import { openInstallationFile } from '../../electron/main/installation-file.ts';
import { windowStateFile } from '../../electron/main/window-state-file.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'vouchsafe-installation-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const place = { x: 1, y: 2, width: 1280, height: 820, maximized: false };

test('the installation is read back as it was written, and a disk that refuses is told of in words', () => {
  const { store, unreadable } = openInstallationFile(folder);
  expect(unreadable).toBeNull();
  expect(store.read()).toBeUndefined();
  store.write(emptyInstallation);
  expect(openInstallationFile(folder).store.read()).toEqual(emptyInstallation);
  expect(statSync(join(folder, 'installation.json')).mode & 0o777).toBe(0o600);
  const occupied = join(folder, 'file');
  writeFileSync(occupied, '');
  expect(() => openInstallationFile(occupied)).toThrow(expect.objectContaining({ code: 'DISK_NOT_WRITABLE' }));
});

test("the window's place is kept, and a file that is broken or cannot be written is as good as none", () => {
  windowStateFile(folder).set(place);
  expect(windowStateFile(folder).get()).toEqual(place);
  writeFileSync(join(folder, 'window.json'), '{"main": ');
  expect(windowStateFile(folder).get()).toBeUndefined();
  const occupied = join(folder, 'file');
  windowStateFile(occupied).set(place);
  expect(windowStateFile(occupied).get()).toBeUndefined();
});
