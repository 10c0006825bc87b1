/**
 * The system's keychain is reset, or gone, between two starts: the app says that the sealing key cannot be read, keeps the
 * sealed key as it is, and offers the way back over a backup or the 24 words.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { alertOf } from './alert.ts';
import { launch, newFolder, picture, type RunningApp, remove } from './app.ts';
import { ask, until } from './bridge.ts';
import { drop } from './drop.ts';
import { resetKeyring } from './keyring.ts';
import { lookAt } from './look.ts';
import { saveTo } from './message-boxes.ts';
import { trySample } from './sample-trade.ts';
import { givePassphrase } from './secret-window.ts';

const userData = newFolder();
const backupFolder = newFolder();
const backup = join(backupFolder, 'Ada.vouchsafe-backup');
const passphrase = 'four small words, a comma';
let running: RunningApp | undefined;
let datasets: readonly string[];

interface Kept {
  readonly state: { readonly keychain: { readonly mode: string; readonly sealed: string }; readonly profiles: readonly { id: string }[] };
}
const kept = (name = 'installation.json') => JSON.parse(readFileSync(join(userData, name), 'utf8')) as Kept;
const setAside = () => readdirSync(userData).filter((name) => name.startsWith('installation.locked-'));

beforeAll(async () => {
  running = await launch({ userData });
  const { app, window } = running;
  const { owner } = await trySample(window);
  await ask(window, 'profile.switch', { profileId: owner });
  datasets = (await ask(window, 'dataset.list', {})).map(({ datasetId }) => datasetId);
  await saveTo(app, backup);
  const saved = ask(window, 'backup.save', {});
  await givePassphrase(app, passphrase);
  expect((await saved).saved).toBe(true);
  await running.close();
});
afterAll(async () => {
  await running?.close();
  remove(userData);
  remove(backupFolder);
});

test('without a keychain the key stays locked, and comes back with it', async () => {
  const before = kept();
  running = await launch({ userData, keyring: 'none' });
  await running.window.getByRole('button', { name: 'Unlock' }).click();
  expect(await alertOf(running.window, 'KEYCHAIN_UNAVAILABLE')).toMatch(/keychain.*cannot be reached.*intact.*keyring/s);
  await picture(running.app, 'keychain-unavailable');
  await running.close();
  running = await launch({ userData });
  await running.window.getByRole('button', { name: 'Unlock' }).click();
  await running.window.getByRole('navigation').waitFor();
  expect(kept().state.keychain).toEqual(before.state.keychain);
  await running.close();
});

test('after a reset nothing opens the key, nothing overwrites it, and a backup brings the profile back', async () => {
  const before = kept();
  expect(resetKeyring()).toBeGreaterThan(0);
  running = await launch({ userData });
  const { app, window } = running;
  window.setDefaultTimeout(30_000);
  const unlock = window.getByRole('button', { name: 'Unlock' });
  await unlock.click();
  expect(await alertOf(window, 'KEYCHAIN_RESET')).toMatch(/keychain was reset.*intact.*nothing can open it.*24 words or from a backup/s);
  await picture(app, 'keychain-reset');
  await unlock.click();
  await alertOf(window, 'KEYCHAIN_RESET');
  expect(kept()).toEqual(before);

  await window.getByRole('button', { name: 'Restore from your 24 words or a backup' }).click();
  const question = window.getByRole('dialog');
  expect(await question.textContent()).toMatch(/Nothing is deleted/);
  expect(await lookAt(running, 'ask-begin-anew')).toEqual([]);
  await question.getByRole('button', { name: 'Cancel' }).click();
  expect(kept()).toEqual(before);
  await window.getByRole('button', { name: 'Restore from your 24 words or a backup' }).click();
  await question.getByRole('button', { name: 'Begin anew' }).click();
  await window.getByRole('button', { name: /^Restore/ }).waitFor();
  const [aside, ...more] = setAside();
  expect(more).toEqual([]);
  expect(kept(aside).state).toEqual(before.state);
  await window.getByText(join(userData, aside as string), { exact: false }).waitFor();
  await picture(app, 'keychain-begun-anew');
  for (const { id } of before.state.profiles) expect(existsSync(join(userData, 'profiles', id))).toBe(true);

  await window.getByRole('button', { name: /^Restore/ }).click();
  await window.getByRole('button', { name: 'Continue' }).click();
  await drop(window, 'Drop the backup here', backup);
  await givePassphrase(app, passphrase);
  await window.getByRole('navigation').waitFor({ timeout: 120_000 });
  const found = await until(
    'the datasets',
    () => ask(window, 'dataset.list', {}),
    (list) => list.length === datasets.length,
  );
  expect(found.map(({ datasetId }) => datasetId)).toEqual(datasets);
  await picture(app, 'keychain-restored');
  await running.close();

  // The new key is in the keychain now, and the next start finds it.
  running = await launch({ userData });
  await running.window.getByRole('button', { name: 'Unlock' }).click();
  await running.window.getByRole('navigation').waitFor();
  expect(kept(aside).state).toEqual(before.state);
});
