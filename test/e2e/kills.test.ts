/**
 * Processes that are ended by force, each in the middle of its work, and then the whole app: what is here afterwards is what
 * was finished, the work goes on, and nothing half-done looks done.
 */
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { TaskView } from '../../electron/views.ts';
import { launch, newFolder, picture, type RunningApp } from './app.ts';
import { killApp, killAtEachStart, killPage, killService, restarted } from './app-processes.ts';
import { ask, until } from './bridge.ts';
import { type Sample, trySample } from './sample-trade.ts';
import { buy, importFewRows, record, recorded, requireFewRows, verified } from './small-trade.ts';
import { chooseFile } from './system-dialogs.ts';
import { heightOf } from './validators.ts';

const allRows = fileURLToPath(new URL('../../resources/sample/machine-temperature.csv', import.meta.url));
const interrupted = (call: Promise<unknown>) =>
  call.then(
    () => 'done',
    (error: unknown) => String(error),
  );

describe('kill -9', () => {
  let running: RunningApp;
  let sample: Sample;
  let requestId: string;
  let datasetId: string;

  beforeAll(async () => {
    running = await launch();
    running.window.setDefaultTimeout(120_000);
    sample = await trySample(running.window);
    await running.window.reload();
  }, 600_000);
  afterAll(() => running.close());

  const tasks = () => ask(running.window, 'app.tasks', {});
  /** Waits until a task of this kind is at a step. */
  const at = (kind: string, isThere: (task: TaskView) => boolean) =>
    until(`a step of ${kind}`, tasks, (all) => all.some((task) => task.kind === kind && task.state === 'running' && isThere(task)));
  const become = (profileId: string) => ask(running.window, 'profile.switch', { profileId });

  test('the data process, in an import: the step says so, nothing half-imported is there, and it can be repeated', async () => {
    const { app, window } = running;
    await become(sample.owner);
    const before = await ask(window, 'dataset.list', {});
    const path = join(newFolder(), 'all-rows.csv');
    copyFileSync(allRows, path);
    const { token } = await chooseFile(app, window, 'data', path);
    const { columns, reading } = await ask(window, 'file.inspect', { file: token, reading: {} });
    const request = { file: token, name: 'All rows', columns, reading, keywords: [], pseudonymIndex: 0 };
    const importing = interrupted(ask(window, 'dataset.import', request));
    await at('dataset.import', () => true);
    await killService(app, 'data');
    const outcome = await importing;
    expect(outcome).toContain('SERVICE_ENDED');
    expect(outcome).toContain('repeat the step');
    await restarted(running, 'data');
    expect(await ask(window, 'dataset.list', {})).toEqual(before);
    const { datasetId: imported } = await ask(window, 'dataset.import', request);
    expect(await ask(window, 'dataset.get', { datasetId: imported })).toMatchObject({ rows: 22_695, state: 'imported' });
    expect((await ask(window, 'table.rows', { place: { kind: 'own', datasetId: imported }, offset: 22_690, count: 10 })).rows).toHaveLength(
      5,
    );
  });

  test('the vault, while it shares a dataset: it goes on by itself', async () => {
    const { app, window } = running;
    datasetId = await importFewRows(running, 'Few rows');
    const sharing = interrupted(ask(window, 'dataset.publish', { datasetId }));
    await at('dataset.publish', ({ progress }) => progress !== null);
    await killService(app, `vault-${sample.owner}`);
    await sharing;
    await restarted(running, 'vault');
    await recorded(window, datasetId);
    expect(await ask(window, 'dataset.activity', { datasetId }), 'recorded once').toHaveLength(1);
    await until('the end of every task', tasks, (all) => all.every(({ endedAtMs }) => endedAtMs !== null));
  });

  test('the prover, in a proof: it is proved again', async () => {
    const { app, window } = running;
    await become(sample.consumer);
    const publishing = interrupted(requireFewRows(window));
    await at('requirement.publish', ({ progress }) => progress?.step === 'prove');
    await killService(app, 'prover');
    await publishing;
    await restarted(running, 'prover');
    const [requirement] = await until(
      'the publication',
      () => ask(window, 'requirement.mine', {}),
      ([mine]) => mine?.state === 'open' && mine.publishedInBlock !== null,
    );
    requestId = requirement?.requestId ?? '';
    expect(await ask(window, 'requirement.mine', {})).toHaveLength(1);
  });

  test('the chain, the PKG and the proxies, while a dataset is shared: the network comes back, and it goes on', async () => {
    const { app, window } = running;
    await become(sample.owner);
    const other = await importFewRows(running, 'Other rows', 50);
    const sharing = interrupted(ask(window, 'dataset.publish', { datasetId: other }));
    await at('dataset.publish', ({ progress }) => progress !== null);
    for (const kind of ['validator', 'pkg', 'proxy'] as const) await killService(app, kind);
    await sharing;
    for (const kind of ['validator', 'pkg', 'proxy'] as const) await restarted(running, kind);
    await recorded(window, other);
    expect(await ask(window, 'dataset.activity', { datasetId: other }), 'recorded once').toHaveLength(1);
  });

  test('one group of validators, until it is left alone: the trade goes on with the others, and a restart brings it up to them', async () => {
    const { app, window } = running;
    const networkId = (await ask(window, 'app.get', {})).networks[0]?.id ?? '';
    const group = `validator-${networkId}-1`;
    const more = await importFewRows(running, 'More rows', 45);
    const sharing = interrupted(ask(window, 'dataset.publish', { datasetId: more }));
    await at('dataset.publish', ({ progress }) => progress !== null);
    await killAtEachStart(running, group);
    await sharing;
    await recorded(window, more);
    const { recordedInBlock } = await ask(window, 'dataset.get', { datasetId: more });
    expect(await ask(window, 'dataset.activity', { datasetId: more }), 'recorded once').toHaveLength(1);
    // Whatever is sent while nobody of the group is there is final without it.
    await record(window, await importFewRows(running, 'Rows that three groups record', 46));
    expect((await ask(window, 'app.services', {})).find(({ id }) => id === group)?.state).toBe('failing');
    await picture(app, 'killed-group');
    await ask(window, 'app.restartService', { id: group });
    for (const member of [1, 2, 3])
      await until(
        'the blocks that it missed',
        () => heightOf(running, networkId, `validator-1-${member}`),
        (height) => height > (recordedInBlock ?? Number.POSITIVE_INFINITY),
      );
  });

  test("the operator's process: the step says so, and its next one is answered", async () => {
    const { app, window } = running;
    const networkId = (await ask(window, 'app.get', {})).networks[0]?.id ?? '';
    const { pseudonyms } = await ask(window, 'identity.get', {});
    const { index, address } = pseudonyms[0] as (typeof pseudonyms)[number];
    const balance = async () =>
      BigInt((await ask(window, 'identity.get', {})).pseudonyms.find((pseudonym) => pseudonym.index === index)?.balance ?? '0');
    const before = await balance();
    const funding = interrupted(ask(window, 'ownNetwork.fund', { networkId, address, amount: '5' }));
    await at('ownNetwork.fund', () => true);
    await killService(app, 'operator');
    const outcome = await funding;
    if (outcome !== 'done') expect(outcome).toContain('SERVICE_ENDED');
    await restarted(running, 'operator');
    await ask(window, 'ownNetwork.fund', { networkId, address, amount: '7' });
    // Each sum arrives whole, or not at all.
    await until(
      'the coins',
      async () => String((await balance()) - before),
      (more) => more === '7' || more === '12',
    );
  });

  test('the screen of the services tells what was started again', async () => {
    const { app, window } = running;
    await window.evaluate(() => {
      location.hash = '/settings/services';
    });
    await window
      .getByText(/restarted (once|\d+ times)/)
      .first()
      .waitFor();
    await picture(app, 'killed-services');
    const services = await ask(window, 'app.services', {});
    expect(services.filter(({ restarts }) => restarts > 0).map(({ kind }) => kind)).toEqual(
      expect.arrayContaining(['data', 'vault', 'prover', 'validator', 'pkg', 'proxy', 'operator']),
    );
    expect(services.filter(({ state }) => state !== 'running')).toEqual([]);
  });

  test("the window's own process, while a proof runs: the same screen comes back, and the proof goes on", async () => {
    const { app, window } = running;
    await window.evaluate(() => {
      location.hash = '/datasets';
    });
    await window.getByRole('row', { name: /Few rows/ }).waitFor();
    // Its answer goes to a page that is no more.
    void interrupted(ask(window, 'offer.make', { requestId, datasetId, shortWindows: false }));
    await at('offer.make', ({ progress }) => progress?.step === 'prove');
    const inPage = (code: string) =>
      app.evaluate(({ BrowserWindow }, script) => BrowserWindow.getAllWindows()[0]?.webContents.executeJavaScript(script), code);
    await killPage(app);
    await until(
      'the screen that was there',
      () => inPage('document.querySelector("main")?.textContent ?? ""'),
      (text) => String(text).includes('Few rows'),
      120_000,
    );
    expect(await inPage('location.hash')).toBe('#/datasets');
    await picture(app, 'killed-window');
    const answer = (await inPage('window.vouchsafe.call("app.tasks", {})')) as { value: TaskView[] };
    expect(answer.value.filter(({ kind, state }) => kind === 'offer.make' && state !== 'failed')).toHaveLength(1);
  });

  /** Ends the app with all its processes, and starts it again as its user would. */
  async function killAndStart(): Promise<void> {
    await killApp(running);
    running = await launch({ userData: running.userData });
    const { window } = running;
    window.setDefaultTimeout(120_000);
    await window.getByRole('button', { name: 'Unlock' }).click();
    await window.getByRole('navigation').first().waitFor();
    await become(sample.owner);
  }

  test('the whole app, in a proof: the next start goes on with it', async () => {
    await killAndStart();
    const { window } = running;
    const [offer] = await ask(window, 'offer.list', {});
    expect(offer?.workState).not.toBe('ended');
    await verified(window, offer?.offerId ?? '');
    expect(await ask(window, 'offer.list', {})).toHaveLength(1);
  });

  test.each([
    ['commits and encrypts', ['imported', 'committed']],
    ['uploads', ['encrypted']],
    ['records', ['uploaded']],
  ])('the whole app, while it %s: the next start goes on, and what is ready is on the chain', async (what, steps) => {
    const { window } = running;
    const killed = await importFewRows(running, `Rows that it ${what}`, 1500);
    void interrupted(ask(window, 'dataset.publish', { datasetId: killed }));
    await at('dataset.publish', ({ progress }) => progress !== null && steps.includes(progress.step));
    await killAndStart();
    const begun = await ask(running.window, 'dataset.get', { datasetId: killed });
    expect(begun.state === 'ready', 'it is ready only when it is recorded').toBe(begun.state === 'ready' && begun.recordedInBlock !== null);
    expect(begun.obstacle).toBeNull();
    await recorded(running.window, killed);
    expect(await ask(running.window, 'dataset.activity', { datasetId: killed }), 'recorded once').toHaveLength(1);
  });

  test('after all of it the trade is finished', async () => {
    const { window } = running;
    const [offer] = await ask(window, 'offer.list', {});
    const offerId = offer?.offerId ?? '';
    await buy(window, sample.consumer, offerId);
    const { checks } = await ask(window, 'received.check', { offerId });
    expect(checks.length).toBeGreaterThan(5);
    expect(checks.filter(({ holds }) => !holds)).toEqual([]);
  });
});
