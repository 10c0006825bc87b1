/**
 * What stands before the screens and what lies over them, looked at in every way (look.ts): the pages of the first start, the
 * closed lock, the secret window, the palette, menus, the tasks drawer, and the questions before what is not taken back.
 */
import { join } from 'node:path';
import type { Page } from '@playwright/test';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { launch, newFolder, type RunningApp, startBare } from './app.ts';
import { ask, until } from './bridge.ts';
import { handsAt } from './hands.ts';
import { lookAt, lookAtSecret, settled } from './look.ts';
import { receive, requireValues } from './sample-trade.ts';
import { answered, choosePassphrase, secretPage, typePassphrase } from './secret-page.ts';
import { importFewRows, record, recorded, verified } from './small-trade.ts';
import { willChoose, willSaveTo } from './system-dialogs.ts';

/** What a busy machine may take for the longest steps. */
const PATIENCE_MS = 280_000;
const passphrase = 'correct horse battery';

describe('before and over the screens', () => {
  let running: RunningApp;
  let hands: ReturnType<typeof handsAt>;
  let faults: string[];
  let ada: string;
  let carl: string;

  beforeAll(async () => {
    running = await launch();
    running.window.setDefaultTimeout(60_000);
    hands = handsAt(running.window);
  });
  afterAll(() => running.close());

  const look = async (name: string) => void faults.push(...(await lookAt(running, name)));
  /** Opens the secret window by `asking`, looks at it, and closes it unanswered. */
  async function lookAtQuestion(name: string, asking: () => Promise<unknown>): Promise<void> {
    const asked = asking();
    const page = await secretPage(running.app);
    await lookAndLeave(name, page);
    await asked;
  }
  async function lookAndLeave(name: string, page: Page): Promise<void> {
    faults.push(...(await lookAtSecret(running, name, page)));
    await answered(page, () => page.getByRole('button').first().click());
  }
  /** Looks at the open question, and does not agree to it. */
  async function lookAndCancel(name: string): Promise<void> {
    const { window } = running;
    const question = window.getByRole('dialog').or(window.getByRole('alertdialog'));
    await question.waitFor();
    await look(name);
    await question.getByRole('button', { name: 'Cancel', exact: true }).click();
    await question.waitFor({ state: 'detached' });
  }
  async function lookAtMenu(name: string): Promise<void> {
    const { window } = running;
    await window.getByRole('menu').waitFor();
    await look(name);
    await window.keyboard.press('Escape');
    await window.getByRole('menu').waitFor({ state: 'detached' });
  }
  async function goTo(route: string): Promise<void> {
    await running.window.evaluate((target) => {
      location.hash = target;
    }, route);
    await settled(running.window);
  }
  /** Does the work of a test and expects that no look found anything. */
  async function withoutFaults(work: () => Promise<void>): Promise<void> {
    faults = [];
    await work();
    expect(faults).toEqual([]);
  }

  test('the first start', () =>
    withoutFaults(async () => {
      const { app, window } = running;
      const { press } = hands;
      await window.getByRole('heading', { name: 'Vouch for data. Share it safely.' }).waitFor();
      await look('first-start');
      await window.getByRole('button', { name: /^Try with sample data/ }).click();
      await look('first-start-keys');
      await window.getByText('The keychain and a passphrase').click();
      await press('Choose a passphrase');
      faults.push(...(await lookAtSecret(running, 'secret-new-passphrase', await secretPage(app))));
      await choosePassphrase(app, passphrase);
      await window.getByRole('button', { name: 'Set it up' }).waitFor();
      await look('first-start-sample');
      await press('Back');
      await window.getByRole('button', { name: /^Run a network here/ }).click();
      await look('first-start-run');
      await press('Back');
      await window.getByRole('button', { name: /^Join a network/ }).click();
      await look('first-start-join');
      await press('Back');
      await window.getByRole('button', { name: /^Restore/ }).click();
      await look('first-start-restore');
      await window.getByText('The phrase of 24 words').click();
      await look('first-start-restore-phrase');
      await press('Back');
      await window.getByRole('button', { name: /^Try with sample data/ }).click();
      await press('Set it up');
      await look('first-start-steps');
      await window.getByRole('heading', { name: 'Hello, Ada' }).waitFor({ timeout: PATIENCE_MS });
      const { profiles } = await ask(window, 'app.get', {});
      ada = profiles.find(({ name }) => name === 'Ada')?.id ?? '';
      carl = profiles.find(({ name }) => name === 'Carl')?.id ?? '';
    }));

  test('the lock, the palette, the menu of profiles and a link from outside', () =>
    withoutFaults(async () => {
      const { app, window, userData } = running;
      await window.getByRole('button', { name: 'Lock now' }).click();
      await window.getByRole('heading', { name: 'Vouchsafe is locked' }).waitFor();
      await look('locked');
      await window.getByRole('button', { name: 'Unlock' }).click();
      const page = await secretPage(app);
      faults.push(...(await lookAtSecret(running, 'secret-unlock', page)));
      await typePassphrase(page, 'not this one');
      await page.getByRole('alert').filter({ hasText: 'This is not the passphrase.' }).waitFor();
      faults.push(...(await lookAtSecret(running, 'secret-unlock-wrong', page)));
      await answered(page, () => typePassphrase(page, passphrase));
      await window.getByRole('navigation').first().waitFor();

      // The lock forgets what has ended.
      await window.getByRole('button', { name: 'Show tasks' }).click();
      await window.getByText('Nothing is running').waitFor();
      await look('tasks-empty');
      await window.getByRole('button', { name: 'Close tasks' }).click();

      await window.keyboard.press('ControlOrMeta+k');
      await window.getByRole('dialog', { name: 'Commands' }).waitFor();
      await look('palette');
      await window.keyboard.type('zzz');
      await window.getByText('Nothing has that name.').waitFor();
      await look('palette-none');
      await window.keyboard.press('Escape');
      await window.keyboard.press('Escape');
      await window.getByRole('dialog').waitFor({ state: 'detached' });

      await window.getByRole('button', { name: 'Profile Ada; switch' }).click();
      await lookAtMenu('profiles-menu');

      const second = startBare(userData, { words: ['vouchsafe://offer/17'] });
      expect(await second.ended, second.output()).toBe(0);
      await lookAndCancel('ask-link');
    }));

  test('the questions of settings and of one’s own network', () =>
    withoutFaults(async () => {
      const { window } = running;
      const { press } = hands;
      await goTo('/settings/lock');
      await press('Remove');
      await lookAndCancel('ask-remove-passphrase');
      await goTo('/network');
      await press('Stop');
      await lookAndCancel('ask-stop-network');
      await goTo('/pkg');
      await window.getByRole('row', { name: /Carl/ }).first().click();
      await press('Revoke');
      await lookAndCancel('ask-revoke');
      await goTo('/datasets');
      await window.getByRole('row', { name: /Machine temperature/ }).click();
      await window.getByRole('button', { name: 'More actions' }).click();
      await lookAtMenu('dataset-menu');
      await window.getByRole('button', { name: 'More actions' }).click();
      await window.getByRole('menuitem', { name: 'Remove from this machine' }).click();
      await lookAndCancel('ask-remove-dataset');
    }));

  test('a second profile, and the ways back, with their phrases', () =>
    withoutFaults(async () => {
      const { app, window } = running;
      const { press } = hands;
      const networkFile = join(newFolder(), 'network.json');
      await willSaveTo(app, networkFile);
      const [network] = (await ask(window, 'app.get', {})).networks;
      await ask(window, 'ownNetwork.saveFile', { networkId: network?.id ?? '' });
      await goTo('/welcome');
      await window.getByRole('button', { name: /^Join a network/ }).click();
      await willChoose(app, networkFile);
      await press('Choose a file');
      await window.getByRole('button', { name: 'Join this network' }).waitFor();
      await look('join-file');
      await press('Join this network');
      await press('Set up the profile');
      await look('profile-form');
      await fillProfile('Third');
      await press('Set up the profile');
      const page = await secretPage(app);
      faults.push(...(await lookAtSecret(running, 'secret-new-phrase', page)));
      await page.getByRole('button', { name: 'I have written them down' }).click();
      await page.getByRole('heading', { name: 'Three of your words' }).waitFor();
      faults.push(...(await lookAtSecret(running, 'secret-confirm-phrase', page)));
      await page.getByRole('button', { name: 'Show the words again' }).click();
      await answered(page, () => page.getByRole('button', { name: 'Cancel' }).click());
      await window.getByRole('button', { name: 'Set up the profile' }).waitFor();
      await look('profile-form-ended');

      await goTo('/');
      await goTo('/welcome');
      await window.getByRole('button', { name: /^Restore/ }).click();
      await window.getByText('The phrase of 24 words').click();
      await willChoose(app, networkFile);
      await press('Choose a file');
      await press('Join this network');
      await fillProfile('Third');
      await press('Restore');
      await lookAndLeave('secret-enter-phrase', await secretPage(app));
    }));

  test.each(['en', 'de'] as const)('the secret window: %s', (language) =>
    withoutFaults(async () => {
      const { app, window } = running;
      await goTo('/');
      await ask(window, 'profile.switch', { profileId: ada });
      await ask(window, 'app.settings', { language });
      const name = (page: string) => (language === 'en' ? `secret-${page}` : `secret-${page}-de`);
      await lookAtQuestion(name('show-phrase'), () => ask(window, 'profile.showPhrase', {}));
      await lookAtQuestion(name('rehearse'), () => ask(window, 'profile.rehearsePhrase', {}));
      await lookAtQuestion(name('passphrase'), () => ask(window, 'lock.changePassphrase', {}));
      await willSaveTo(app, join(newFolder(), 'Ada.vouchsafe-backup'));
      await lookAtQuestion(name('backup'), () => ask(window, 'backup.save', {}));
      await ask(window, 'app.settings', { language: 'en' });
    }),
  );

  test('the questions of a trade, and its tasks', () =>
    withoutFaults(async () => {
      const { window } = running;
      const { press } = hands;
      await ask(window, 'profile.switch', { profileId: carl });
      await goTo('/requirements/new');
      await window.getByLabel('Name of the column').fill('value');
      await hands.type({ 'At least': '0', 'At most': '110', 'Decimal places': '6', 'Rows, at least': '10', Price: '5' });
      await press('Publish');
      await lookAndCancel('ask-publish');
      const requestId = await requireValues(window, 10);
      await goTo(`/requirements/${requestId}`);
      await press('Add to escrow');
      await lookAndCancel('ask-fund');

      await ask(window, 'profile.switch', { profileId: ada });
      await goTo('/');
      const datasetId = await importFewRows(running, 'Few rows');
      await record(window, datasetId);
      await recorded(window, datasetId);
      const made = ask(window, 'offer.make', { requestId, datasetId, shortWindows: false });
      await window.getByRole('button', { name: /^(Show tasks|Tasks: )/ }).click();
      await window.getByRole('complementary', { name: 'Tasks' }).getByRole('listitem').first().waitFor();
      await look('tasks-running');
      const { offerId } = await made;
      await verified(window, offerId);
      await look('tasks-done');
      await window.getByRole('button', { name: 'Close tasks' }).click();
      await goTo(`/grants/${offerId}`);
      await press('Take back');
      await lookAndCancel('ask-take-back');

      await ask(window, 'profile.switch', { profileId: carl });
      await ask(window, 'purchase.fetch', { offerId });
      await goTo(`/requirements/${requestId}`);
      await press('Accept and lock the price');
      await lookAndCancel('ask-accept');
      await ask(window, 'purchase.accept', { offerId });
      await receive(window, offerId);
      await goTo(`/received/${offerId}`);
      await press('Confirm and pay');
      await lookAndCancel('ask-confirm');
      await ask(window, 'purchase.confirm', { offerId });

      await ask(window, 'profile.switch', { profileId: ada });
      await until(
        'the price',
        () => ask(window, 'identity.get', {}),
        ({ pseudonyms }) => pseudonyms.some(({ credit }) => credit !== null && credit !== '0'),
      );
      await goTo('/settings/identity');
      await window
        .getByRole('button', { name: /^Withdraw from pseudonym/, disabled: false })
        .first()
        .click();
      await lookAndCancel('ask-withdraw');
    }));

  async function fillProfile(as: string): Promise<void> {
    const { window } = running;
    await window.getByLabel('Name on this computer').fill(as);
    await window.getByLabel('Your real name').fill('Thea Third');
    await window.getByLabel('How to reach you').fill('third@example.org');
  }
});
