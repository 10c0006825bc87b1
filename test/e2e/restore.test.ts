/**
 * A machine without a keyring, from its first start on, and an empty machine to which its profile comes back: from the
 * phrase, and from a backup. Phrases and passphrases are typed where a user types them, into the secret window.
 */
import { readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from '@playwright/test';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { launch, newFolder, picture, type RunningApp } from './app.ts';
import { ask, until } from './bridge.ts';
import { answered, choosePassphrase, confirmNewPhrase, enterPhrase, secretPage, typePassphrase } from './secret-page.ts';
import { importFewRows, record, requireFewRows } from './small-trade.ts';
import { willChoose, willSaveTo } from './system-dialogs.ts';

/** What a busy machine may take for the longest steps. */
const PATIENCE_MS = 280_000;
const passphrase = 'a lock without a keyring';
const backupPassphrase = 'and one for the backup';
const name = 'Rows of Ada';

describe('a profile and its way back', () => {
  let first: RunningApp;
  let second: RunningApp | undefined;
  let phrase: string;
  let datasetId: string;
  let requestId: string;
  const folder = newFolder();
  const backup = join(folder, 'Ada.vouchsafe-backup');
  const networkFile = join(folder, 'network.json');

  beforeAll(async () => {
    first = await launch({ keyring: 'none' });
    first.window.setDefaultTimeout(120_000);
  });
  afterAll(async () => {
    await second?.close();
    await first.close();
  });

  test('without a keyring the first start says so, and asks for a passphrase', async () => {
    const { app, window } = first;
    await window.getByRole('button', { name: /^Run a network here/ }).click();
    await window.getByText('This system has no keychain').waitFor();
    await window.getByText('It offers only “basic_text”, which hides a key without protecting it.', { exact: false }).waitFor();
    expect(await window.getByRole('radio').count(), 'there is nothing to choose from').toBe(0);
    await window.getByRole('button', { name: 'Choose a passphrase' }).click();
    const page = await secretPage(app);
    await page.getByLabel('Passphrase', { exact: true }).fill('short');
    await page.getByLabel('The same once more').fill('short');
    await page.keyboard.press('Enter');
    await page.getByRole('alert').filter({ hasText: 'at least 8' }).waitFor();
    expect(await choosePassphrase(app, passphrase)).toContain('This system has no keychain that protects a key');
    await window.getByLabel('Name of the network').waitFor();
    expect((await ask(window, 'app.get', {})).keychain).toMatchObject({ mode: 'passphrase', available: false });
    // Sealed under a passphrase is the first of the locks; 64 MiB of Argon2id, three passes, one lane.
    const { state } = JSON.parse(readFileSync(join(first.userData, 'installation.json'), 'utf8'));
    const sealed = Buffer.from(state.keychain.sealed, 'base64');
    expect(sealed.subarray(0, 8).toString()).toBe('vouchdoc');
    expect([sealed[10], sealed.readUInt32BE(11), sealed.readUInt32BE(15), sealed[19]]).toEqual([1, 64 * 1024, 3, 1]);
  });

  test('a network and a profile are made, whose phrase is written down and confirmed', async () => {
    const { app, window } = first;
    await window.getByLabel('Name of the network').fill('A small network');
    await window.getByRole('button', { name: 'Make the network' }).click();
    await window.getByText('A small network is running').waitFor({ timeout: PATIENCE_MS });
    await fillProfile(window, 'Ada');
    await window.getByRole('button', { name: 'Set up the profile' }).click();
    phrase = await confirmNewPhrase(app);
    await window.getByRole('heading', { name: 'Hello, Ada' }).waitFor({ timeout: PATIENCE_MS });
    datasetId = await importFewRows(first, name);
    await record(window, datasetId);
    requestId = await requireFewRows(window);
  });

  test('a backup is saved and read back', async () => {
    const { app, window } = first;
    await willSaveTo(app, backup);
    await window.evaluate(() => {
      location.hash = '/settings/backup';
    });
    await window.getByText('There is no backup of this profile').waitFor();
    await window.getByRole('button', { name: 'Save a backup' }).click();
    expect(await choosePassphrase(app, backupPassphrase)).toContain('The backup holds everything of this profile');
    // The screens go on asking for what the home holds while it is closed: they wait for it.
    const rows = ask(window, 'dataset.list', {});
    await window.getByText('The backup is saved and verified', { exact: false }).waitFor({ timeout: PATIENCE_MS });
    expect(await rows).toMatchObject([{ datasetId, name }]);
    const bytes = readFileSync(backup);
    for (const secret of [phrase, phrase.split(' ').slice(0, 3).join(' '), name, backupPassphrase])
      expect(bytes.includes(secret), 'the backup is sealed').toBe(false);
  });

  test('after a restart it is locked, and the passphrase opens it', async () => {
    await first.close();
    first = await launch({ keyring: 'none', userData: first.userData });
    const { app, window } = first;
    window.setDefaultTimeout(120_000);
    await window.getByRole('heading', { name: 'Vouchsafe is locked' }).waitFor();
    await expect(ask(window, 'dataset.list', {})).rejects.toThrow('LOCKED');
    await window.getByRole('button', { name: 'Unlock' }).click();
    const page = await secretPage(app);
    await typePassphrase(page, 'another passphrase');
    await page.getByRole('alert').filter({ hasText: 'This is not the passphrase.' }).waitFor();
    await answered(page, () => typePassphrase(page, passphrase));
    await window.getByRole('heading', { name: 'Hello, Ada' }).waitFor();
    expect(await ask(window, 'dataset.list', {})).toMatchObject([{ datasetId, name, state: 'ready' }]);
    await until(
      'the network',
      () => ask(window, 'app.get', {}),
      ({ networks }) => networks[0]?.state === 'running',
    );
    await willSaveTo(app, networkFile);
    const [network] = (await ask(window, 'app.get', {})).networks;
    await ask(window, 'ownNetwork.saveFile', { networkId: network?.id ?? '' });
  });

  test('on an empty machine the phrase brings back identity and history', async () => {
    second = await launch();
    const { app, window } = second;
    window.setDefaultTimeout(120_000);
    await window.getByRole('button', { name: /^Restore/ }).click();
    await window.getByRole('button', { name: 'Continue' }).click();
    await window.getByText('The phrase of 24 words').click();
    await willChoose(app, networkFile);
    await window.getByRole('button', { name: 'Choose a file' }).click();
    await window.getByRole('button', { name: 'Join this network' }).click();
    await fillProfile(window, 'Ada again');
    await window.getByRole('button', { name: 'Restore' }).click();
    // Words that are no phrase are refused before anything is made of them.
    const page = await secretPage(app);
    await page.getByRole('textbox').first().focus();
    await page.keyboard.type(`${phrase.split(' ').reverse().join(' ')} `);
    await page.getByRole('button', { name: 'Restore' }).click();
    await page.getByRole('alert').waitFor();
    expect((await ask(window, 'app.get', {})).profiles).toEqual([]);
    for (const field of await page.getByRole('textbox').all()) await field.fill('');
    await enterPhrase(app, phrase);
    await window.getByRole('heading', { name: 'Hello, Ada again' }).waitFor({ timeout: PATIENCE_MS });
    await picture(app, 'restored');

    expect(await ask(window, 'identity.get', {})).toMatchObject({ state: 'enrolled', pseudonyms: [{}, {}, {}, {}] });
    expect(await ask(window, 'dataset.list', {})).toMatchObject([{ datasetId, state: 'ready', rows: 40 }]);
    const { rows } = await ask(window, 'table.rows', { place: { kind: 'own', datasetId }, offset: 0, count: 3 });
    expect(rows[0]?.[0]).toContain('2013-12-02');
    expect(await ask(window, 'requirement.mine', {})).toMatchObject([{ requestId, state: 'open' }]);
  });

  test('a backup opens with its passphrase alone, and not when it is damaged', async () => {
    const { app, window } = second as RunningApp;
    const damaged = join(folder, 'damaged.vouchsafe-backup');
    const bytes = readFileSync(backup);
    writeFileSync(damaged, bytes);
    truncateSync(damaged, bytes.length - 100);
    await window.evaluate(() => {
      location.hash = '/welcome';
    });
    await window.getByRole('button', { name: /^Restore/ }).click();
    const restore = async (path: string, text: string) => {
      await willChoose(app, path);
      await window.getByRole('button', { name: 'Choose a file' }).click();
      const page = await secretPage(app);
      await answered(page, () => typePassphrase(page, text));
    };
    const refused = async (code: string) => {
      await window.getByRole('alert').filter({ hasText: code }).waitFor({ timeout: PATIENCE_MS });
      expect((await ask(window, 'app.get', {})).profiles).toHaveLength(1);
    };
    await restore(backup, 'not the passphrase');
    await refused('BACKUP_WRONG_PASSPHRASE');
    await picture(app, 'backup-wrong');
    await restore(damaged, backupPassphrase);
    await refused('BACKUP_DAMAGED');
    await restore(backup, backupPassphrase);
    await window.getByRole('heading', { name: 'Hello, Ada' }).waitFor({ timeout: PATIENCE_MS });
    const { profiles, activeProfile } = await ask(window, 'app.get', {});
    expect(profiles).toHaveLength(2);
    expect(profiles.find(({ id }) => id === activeProfile)).toMatchObject({
      name: 'Ada',
      networkName: 'A small network',
      roles: ['owner', 'consumer'],
    });
    // What no phrase brings back: names and files as they were here.
    expect(await ask(window, 'dataset.list', {})).toMatchObject([{ datasetId, name, state: 'ready', fileName: 'few-rows.csv' }]);
    expect(await ask(window, 'requirement.mine', {})).toMatchObject([{ requestId, state: 'open' }]);
  });
});

/** Fills in who takes part, on both sides. */
async function fillProfile(window: Page, as: string): Promise<void> {
  await window.getByLabel('Name on this computer').fill(as);
  await window.getByLabel('Your real name').fill('Ada Lovelace');
  await window.getByLabel('How to reach you').fill('ada@example.org');
  await window.getByText('I need data').click();
}
