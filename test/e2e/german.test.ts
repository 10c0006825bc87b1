/** The second language: what core and the shell say comes in German wherever it is said, and follows the settings at once. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { alertOf } from './alert.ts';
import { launch, newFolder, picture, type RunningApp, startBare } from './app.ts';
import { ask, until } from './bridge.ts';
import { drop } from './drop.ts';
import { readMessageBoxes } from './message-boxes.ts';
import { answered, secretPage } from './secret-page.ts';
import { importFewRows, record, requireFewRows, verified } from './small-trade.ts';
import { hearShell } from './system-words.ts';

let running: RunningApp;
let shell: Awaited<ReturnType<typeof hearShell>>;
beforeAll(async () => {
  running = await launch();
  running.window.setDefaultTimeout(30_000);
  shell = await hearShell(running.app);
  await ask(running.window, 'app.settings', { language: 'de' });
  await running.window.locator('html[lang="de"]').waitFor({ state: 'attached' });
});
afterAll(() => running.close());

test('the menu and the tray follow the language of the settings', async () => {
  const { window } = running;
  expect(await shell.menu()).toEqual(['Datei', 'Bearbeiten', 'Ansicht', 'Gehe zu', 'Fenster']);
  expect(await shell.tray()).toEqual(['Vouchsafe öffnen', 'Jetzt sperren', 'Beenden']);
  await ask(window, 'app.settings', { language: 'en' });
  expect(await shell.menu()).toEqual(['File', 'Edit', 'View', 'Go', 'Window']);
  expect(await shell.tray()).toEqual(['Open Vouchsafe', 'Lock now', 'Quit']);
  await ask(window, 'app.settings', { language: 'de' });
});

test('a link that leads nowhere is answered in German', async () => {
  const boxes = await readMessageBoxes(running.app);
  expect(await startBare(running.userData, { words: ['vouchsafe://wallet/1'] }).ended).toBe(0);
  const [said] = await until('a box', boxes, (texts) => texts.length > 0, 30_000);
  expect(said).toMatch(/^Den geöffneten Link kennt Vouchsafe nicht\.\n.*es wurde nichts geändert\. Bitten Sie den Absender/);
});

test('the secret window asks, and says what is wrong, in German', async () => {
  const { app, window } = running;
  await window.getByRole('button', { name: /^Mit Beispieldaten/ }).click();
  await window.getByText('Der Schlüsselbund und eine Passphrase').click();
  await window.getByRole('button', { name: 'Passphrase wählen' }).click();
  const page = await secretPage(app);
  const fill = async (passphrase: string) => {
    for (const field of await page.locator('input').all()) await field.fill(passphrase);
    await page.getByRole('button', { name: 'Diese Passphrase verwenden' }).click();
  };
  await fill('sieben7');
  await page.getByRole('alert').filter({ hasText: 'Die Passphrase hat 7 Zeichen; mindestens 8 sind nötig.' }).waitFor();
  await answered(page, () => fill('acht genügen'));
});

test('errors and notices are German', async () => {
  const { app, window } = running;
  await window.getByRole('button', { name: 'Einrichten' }).click();
  await window.getByRole('heading', { name: 'Hallo, Ada' }).waitFor({ timeout: 250_000 });
  const { profiles } = await ask(window, 'app.get', {});
  const [owner = '', consumer = ''] = ['Ada', 'Carl'].map((person) => profiles.find(({ name }) => name === person)?.id);
  await window.evaluate(() => {
    location.hash = '/datasets/import';
  });
  const empty = join(newFolder(), 'leer.csv');
  writeFileSync(empty, '');
  await drop(window, 'CSV-Datei hier ablegen', empty);
  expect(await alertOf(window, 'FILE_EMPTY')).toBe(
    'Die Datei leer.csv ist leer. Es wurde nichts daraus gelesen und nichts geändert. Wählen Sie eine Datei, die Daten enthält.',
  );
  await picture(app, 'german-error');

  await ask(window, 'profile.switch', { profileId: consumer });
  const requestId = await requireFewRows(window);
  await ask(window, 'profile.switch', { profileId: owner });
  const datasetId = await importFewRows(running, 'Wenige Zeilen');
  await record(window, datasetId);
  const { offerId } = await ask(window, 'offer.make', { requestId, datasetId, shortWindows: false });
  await verified(window, offerId);
  const notices = await until('the notice of the offer', shell.notices, (said) => said.length > 0, 120_000);
  expect(notices).toEqual([
    'Ein Angebot ist angekommen: Es erfüllt Ihre Anforderung: Der Beweis ist geprüft. Sie können die Daten holen und annehmen.',
  ]);
});
