/** The lock in the real window: how it closes, what a closed one shows, answers and lets go on, and how it opens. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ChannelName, RequestOf } from '../../electron/ipc-contract.ts';
import type { ServiceKind } from '../../electron/views.ts';
import { launch, picture, type RunningApp } from './app.ts';
import { killService, pidsOf } from './app-processes.ts';
import { ask, until } from './bridge.ts';
import { answered, choosePassphrase, secretPage, typePassphrase } from './secret-page.ts';
import { buy, importFewRows, record, requireFewRows, verified } from './small-trade.ts';

const passphrase = 'correct horse battery';
const id = `0x${'11'.repeat(32)}`;
/** Kinds of processes that hold what is somebody's. */
const personal: readonly ServiceKind[] = ['vault', 'operator', 'data', 'prover'];
/** Names that stand on the screens of the open lock. */
const names = ['Ada', 'Carl', 'Machine temperature', 'Sample network', 'few-rows.csv', 'Secret rows'];

describe('the lock', () => {
  let running: RunningApp;
  let consumer: string;
  let owner: string;

  beforeAll(async () => {
    running = await launch();
    const { app, window } = running;
    window.setDefaultTimeout(120_000);
    await window.getByRole('button', { name: /^Try with sample data/ }).click();
    await window.getByText('The keychain and a passphrase').click();
    await window.getByRole('button', { name: 'Choose a passphrase' }).click();
    expect(await choosePassphrase(app, passphrase)).toContain('whenever Vouchsafe unlocks');
    await window.getByRole('button', { name: 'Set it up' }).click();
    await window.getByRole('heading', { name: 'Hello, Ada' }).waitFor({ timeout: 250_000 });
    const { profiles } = await ask(window, 'app.get', {});
    consumer = profiles.find(({ name }) => name === 'Carl')?.id ?? '';
    owner = profiles.find(({ name }) => name === 'Ada')?.id ?? '';
  });
  afterAll(() => running.close());

  const lockedScreen = () => running.window.getByRole('heading', { name: 'Vouchsafe is locked' });
  /** Waits until the lock is closed, and every process that holds something of a person has ended. */
  async function locked(): Promise<void> {
    await lockedScreen().waitFor({ timeout: 120_000 });
    await until(
      'the end of the processes that hold keys',
      async () => (await Promise.all(personal.map((kind) => pidsOf(running.app, kind)))).flat(),
      (pids) => pids.length === 0,
      60_000,
    );
  }
  async function unlock(): Promise<void> {
    const { app, window } = running;
    await window.getByRole('button', { name: 'Unlock' }).click();
    const page = await secretPage(app);
    await answered(page, () => typePassphrase(page, passphrase));
    await lockedScreen().waitFor({ state: 'detached' });
    await window.getByRole('navigation').first().waitFor();
  }

  test('the button locks: nothing of anybody is on the screen, and nothing is answered', async () => {
    const { app, window } = running;
    await window.getByRole('navigation').getByRole('link', { name: 'Datasets', exact: true }).click();
    await window.getByRole('row', { name: /Machine temperature/ }).waitFor();
    await window.getByRole('button', { name: 'Lock now' }).click();
    await locked();
    await picture(app, 'locked');
    const text = await window.evaluate(() => `${document.title} ${document.body.textContent}`);
    expect(names.filter((name) => text.includes(name))).toEqual([]);

    for (const [channel, request] of Object.entries(requests)) {
      const answer = ask(window, channel as ChannelName, request as never);
      await expect(answer, channel).rejects.toThrow('LOCKED');
    }
    // Whatever was asked for, nothing was started to answer it.
    await locked();
    const rest = [
      await ask(window, 'app.tasks', {}),
      await ask(window, 'app.logs', { service: null }),
      await ask(window, 'app.services', {}),
    ];
    expect(names.filter((name) => JSON.stringify(rest).includes(name))).toEqual([]);
  });

  test('while locked the network of this machine goes on, and one of its services that dies waits for the unlock', async () => {
    const { app, window } = running;
    const networks = await ask(window, 'app.get', {});
    expect(networks.networks).toMatchObject([{ state: 'running' }]);
    expect(await blockNumber(running.userData)).toBeGreaterThan(0);
    await killService(app, 'pkg');
    const failing = await until(
      'the state of the PKG',
      () => ask(window, 'app.services', {}),
      (services) => services.some(({ kind, state }) => kind === 'pkg' && state === 'failing'),
      30_000,
    );
    expect(failing.find(({ kind }) => kind === 'pkg')?.error?.code).toBe('LOCKED');
    expect(await blockNumber(running.userData)).toBeGreaterThan(0);
  });

  test('a wrong passphrase is told, goes on being told, and the right one opens all the same', async () => {
    const { app, window } = running;
    await window.getByRole('button', { name: 'Unlock' }).click();
    const page = await secretPage(app);
    for (const [wrong, words] of [
      ['wrong horse battery', 'This is not the passphrase.'],
      ['Correct horse battery', 'Mind capital letters'],
      ['correct horse', 'try again'],
      ['correct horse batter', 'makes the next take longer'],
    ] as const) {
      await typePassphrase(page, wrong);
      const problem = page.getByRole('alert').filter({ hasText: words });
      await problem.waitFor();
      expect(await problem.textContent(), 'what was typed is not repeated').not.toContain(wrong);
    }
    await picture(app, 'unlock-wrong');
    expect(await lockedScreen().isVisible()).toBe(true);
    await answered(page, () => typePassphrase(page, passphrase));
    // The screen that was left is there again, with what was on it.
    await window.getByRole('row', { name: /Machine temperature/ }).waitFor();
    await until(
      'the PKG',
      () => ask(window, 'app.services', {}),
      (services) => services.every(({ state }) => state === 'running'),
      60_000,
    );
  });

  test('the tray locks', async () => {
    await pressInTray('Lock now');
    await locked();
    await unlock();
  });

  test.each(['suspend', 'lock-screen'] as const)('the system’s %s locks, even over an open question', async (event) => {
    const { app, window } = running;
    await window.evaluate(() => {
      location.hash = '/settings';
    });
    const change = ask(window, 'lock.changePassphrase', {});
    const question = await secretPage(app);
    const closed = question.waitForEvent('close');
    await app.evaluate(({ powerMonitor }, name) => powerMonitor.emit(name), event);
    await closed;
    expect(await change).toEqual({ changed: false });
    await locked();
    await unlock();
  });

  test('nobody at the keyboard for the minutes of the setting locks', async () => {
    const { window } = running;
    // The virtual desktop has no keyboard that anybody touches: its idle time is real.
    await ask(window, 'app.settings', { autoLockMinutes: 1 });
    await locked();
    await ask(window, 'app.settings', { autoLockMinutes: 0 });
    await unlock();
  });

  test('a proof that runs when it is locked goes on with the unlock, and the trade is finished', async () => {
    const { window } = running;
    await ask(window, 'profile.switch', { profileId: consumer });
    const requestId = await requireFewRows(window);
    await ask(window, 'profile.switch', { profileId: owner });
    const datasetId = await importFewRows(running, 'Secret rows');
    await record(window, datasetId);
    const interrupted = ask(window, 'offer.make', { requestId, datasetId, shortWindows: false }).then(
      () => 'made',
      () => 'interrupted',
    );
    await until(
      'the proof',
      () => ask(window, 'app.tasks', {}),
      (tasks) => tasks.some(({ kind, progress }) => kind === 'offer.make' && progress?.step === 'prove'),
    );
    await window.getByRole('button', { name: 'Lock now' }).click();
    await locked();
    expect(await interrupted).toBe('interrupted');
    expect(await ask(window, 'app.tasks', {})).toEqual([]);
    await unlock();
    const [offer] = await until(
      'the offer',
      () => ask(window, 'offer.list', {}),
      (offers) => offers.length === 1,
    );
    const offerId = offer?.offerId ?? '';
    await verified(window, offerId);
    await buy(window, consumer, offerId);
    // What it was for a while is not shown as running for ever.
    await until(
      'the end of every task',
      () => ask(window, 'app.tasks', {}),
      (tasks) => tasks.every(({ endedAtMs }) => endedAtMs !== null),
    );
  });

  /** Presses an entry of the tray's menu, which the desktop draws and no test can click: its own action runs. */
  async function pressInTray(label: string): Promise<void> {
    const { app, window } = running;
    await app.evaluate(({ Menu }) => {
      const build = Menu.buildFromTemplate;
      Menu.buildFromTemplate = (template) => {
        const menu = build.call(Menu, template);
        Reflect.set(globalThis, 'trayMenu', menu);
        return menu;
      };
    });
    // Any change of the installation draws the tray anew.
    await ask(window, 'app.settings', { theme: 'light' });
    await app.evaluate((_, text) => {
      const menu = Reflect.get(globalThis, 'trayMenu') as Electron.Menu;
      const item = menu.items.find((each) => each.label === text);
      if (item?.enabled !== true) throw new Error(`the tray has no ${text} to press`);
      item.click();
    }, label);
  }
});

/** Number of the newest block of the network that runs here, asked as any other machine would ask. */
async function blockNumber(userData: string): Promise<number> {
  const folder = join(userData, 'networks');
  const [network] = readdirSync(folder);
  const file = join(folder, network as string, 'network.json');
  expect(existsSync(file)).toBe(true);
  const [url] = /http:\/\/127\.0\.0\.1:\d+/.exec(readFileSync(file, 'utf8')) ?? [];
  const answer = await fetch(url as string, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'eth_blockNumber', params: [] }),
  });
  return Number(((await answer.json()) as { result: string }).result);
}

const offerId = '1';
const networkId = 'network1';
const file = 'token001';
const reading = { delimiter: ',', header: true, decimalMark: '.', time: { format: 'calendar', zoneOffsetMinutes: 0 } } as const;
const columns = [{ source: 0, name: 'value', unit: '', type: 'number', scale: 2, width: 32 }] as const;
const wanted = { version: 1, width: 32, columns: [{ type: 'category', name: 'a', equals: 'b' }], minRows: 1, keywords: [] } as const;

/** What is somebody's, with a request for each channel: none of these is answered while locked. */
const requests: { readonly [Name in Exclude<ChannelName, `app.${string}` | `lock.${string}` | 'file.dropped'>]: RequestOf<Name> } = {
  'profile.create': { name: 'Eve', realName: 'Eve', contact: 'e', roles: ['owner'], network: { own: networkId }, restore: false },
  'profile.switch': { profileId: 'profile1' },
  'profile.rename': { profileId: 'profile1', name: 'Eve' },
  'profile.showPhrase': {},
  'profile.rehearsePhrase': {},
  'profile.trySample': {},
  'backup.save': {},
  'backup.restore': { file },
  'file.choose': { kind: 'data' },
  'file.sample': {},
  'file.readNetwork': { file },
  'file.inspect': { file, reading: {} },
  'file.preview': { file, columns: [...columns], reading },
  'dataset.list': {},
  'dataset.get': { datasetId: id },
  'dataset.import': { file, name: 'x', columns: [...columns], reading, keywords: [], pseudonymIndex: 0 },
  'dataset.publish': { datasetId: id },
  'dataset.pause': { datasetId: id },
  'dataset.remove': { datasetId: id },
  'dataset.activity': { datasetId: id },
  'table.rows': { place: { kind: 'own', datasetId: id }, offset: 0, count: 10 },
  'table.series': { place: { kind: 'own', datasetId: id }, source: 0, from: null, to: null, buckets: 100 },
  'requirement.open': {},
  'requirement.mine': {},
  'requirement.get': { requestId: id },
  'requirement.check': { document: { ...wanted, columns: [...wanted.columns], keywords: [] } },
  'requirement.publish': {
    document: { ...wanted, columns: [...wanted.columns], keywords: [] },
    price: '1',
    bond: '1',
    offers: 1,
    days: 1,
    grantHours: 1,
    deliverHours: 1,
    confirmHours: 1,
    pseudonymIndex: 0,
  },
  'requirement.continue': { requestId: id },
  'requirement.discard': { requestId: id },
  'requirement.fund': { requestId: id, amount: '1' },
  'requirement.reclaim': { requestId: id },
  'requirement.offers': { requestId: id },
  'offer.dryRun': { requestId: id, datasetId: id },
  'offer.make': { requestId: id, datasetId: id, shortWindows: false },
  'offer.continue': { offerId },
  'offer.list': {},
  'offer.get': { offerId },
  'offer.step': { offerId, step: 'revoke' },
  'purchase.fetch': { offerId },
  'purchase.accept': { offerId },
  'purchase.receive': { offerId },
  'purchase.confirm': { offerId },
  'received.list': {},
  'received.check': { offerId },
  'received.save': { offerId },
  'activity.list': {},
  'activity.export': {},
  'person.list': {},
  'person.name': { address: `0x${'11'.repeat(20)}`, name: 'Eve' },
  'outbox.list': {},
  'identity.get': {},
  'identity.apply': { realName: 'Eve', contact: 'e', roles: ['owner'] },
  'identity.enrol': { count: 1 },
  'identity.withdraw': { pseudonymIndex: 0, to: `0x${'11'.repeat(20)}` },
  'network.status': {},
  'ownNetwork.create': { name: 'x', proxies: 1, threshold: 1 },
  'ownNetwork.start': { networkId },
  'ownNetwork.stop': { networkId },
  'ownNetwork.saveFile': { networkId },
  'ownNetwork.startGroup': { networkId, group: 0 },
  'ownNetwork.stopGroup': { networkId, group: 0 },
  'ownNetwork.validators': { networkId },
  'ownNetwork.pace': { networkId, minutes: 10 },
  'ownNetwork.saveLogs': { networkId },
  'ownNetwork.blocks': { networkId, before: null },
  'ownNetwork.block': { networkId, number: 1 },
  'ownNetwork.checkBlock': { networkId, number: 1 },
  'ownNetwork.applications': { networkId },
  'ownNetwork.decide': { networkId, applicationId: `0x${'11'.repeat(16)}`, outcome: 'approve', reason: '' },
  'ownNetwork.fund': { networkId, address: `0x${'11'.repeat(20)}`, amount: '1' },
  'ownNetwork.proxies': { networkId },
};
