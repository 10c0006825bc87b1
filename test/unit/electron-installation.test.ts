/** What an installation remembers, and what becomes of a file of it that cannot be read. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { emptyInstallation, Installation, type InstallationState, setAsideIfUnreadable } from '../../electron/main/installation.ts';

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vouchsafe-installation-'));
  file = join(folder, 'installation.json');
});
afterEach(() => rmSync(folder, { recursive: true }));

const profile = {
  id: 'profile1',
  name: 'Ada',
  networkName: 'Sample',
  networkId: null,
  roles: ['owner' as const],
  createdAtMs: 1,
  phraseUnseen: true,
  lastBackupAtMs: null,
};

test('what is changed is kept, and told', () => {
  let kept: InstallationState | undefined;
  let changes = 0;
  const store = {
    read: () => kept,
    write: (state: InstallationState) => {
      kept = state;
    },
    setAside: () => {
      kept = undefined;
      return 'installation.locked-5.json';
    },
  };
  const installation = new Installation(store, () => changes++);
  expect(installation.state).toEqual(emptyInstallation);
  installation.update({ profiles: [profile], activeProfile: profile.id });
  installation.updateProfile(profile.id, { phraseUnseen: false });
  expect(changes).toBe(2);
  const again = new Installation(store, () => undefined);
  expect(again.state.activeProfile).toBe(profile.id);
  expect(again.profile(profile.id)).toEqual({ ...profile, phraseUnseen: false });
  again.update({ settings: { ...emptyInstallation.settings, language: 'de' } });
  expect(again.beginAnew()).toBe('installation.locked-5.json');
  expect(kept).toEqual({ ...emptyInstallation, settings: { ...emptyInstallation.settings, language: 'de' } });
  expect(again.state).toEqual(kept);
});

test('what does not fit the schema is not kept', () => {
  const written: unknown[] = [];
  const installation = new Installation(
    { read: () => undefined, write: (state) => written.push(state), setAside: () => '' },
    () => undefined,
  );
  expect(() => installation.update({ settings: { ...emptyInstallation.settings, autoLockMinutes: -1 } })).toThrow();
  expect(written).toEqual([]);
  expect(installation.state).toEqual(emptyInstallation);
});

test('a good file, a fresh one and none stay where they are', () => {
  expect(setAsideIfUnreadable(file, 5)).toBeNull();
  for (const content of [{}, { state: emptyInstallation }]) {
    writeFileSync(file, JSON.stringify(content));
    expect(setAsideIfUnreadable(file, 5)).toBeNull();
    expect(existsSync(file)).toBe(true);
  }
});

test.each([
  ['half a file', '{"state": {"version": 1, "pro'],
  ['a file of a newer version', JSON.stringify({ state: { ...emptyInstallation, version: 2 } })],
  ['a file with a field of another type', JSON.stringify({ state: { ...emptyInstallation, profiles: 'none' } })],
  ['nothing but zeros', '\0\0\0\0'],
])('%s is kept under another name', (_, content) => {
  writeFileSync(file, content);
  const aside = setAsideIfUnreadable(file, 5);
  expect(aside).toBe(join(folder, 'installation.unreadable-5.json'));
  expect(existsSync(file)).toBe(false);
  expect(readFileSync(aside!, 'utf8')).toBe(content);
});
