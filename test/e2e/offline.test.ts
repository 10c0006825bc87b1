/** Without a network an owner goes on working: imports, encrypts, tries and proves. What waits is shown, and goes out when the network is back. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { launch, picture, type RunningApp } from './app.ts';
import { ask, until } from './bridge.ts';
import { type Sample, trySample } from './sample-trade.ts';
import { buy, importFewRows, record, recorded, requireFewRows, verified } from './small-trade.ts';

describe('with the network stopped', () => {
  let running: RunningApp;
  let sample: Sample;
  let networkId: string;
  let requestId: string;
  let ready: string;
  let fresh: string;
  let offerId: string;

  beforeAll(async () => {
    running = await launch();
    const { window } = running;
    window.setDefaultTimeout(120_000);
    sample = await trySample(window);
    await window.reload();
    await ask(window, 'profile.switch', { profileId: sample.consumer });
    requestId = await requireFewRows(window);
    await ask(window, 'profile.switch', { profileId: sample.owner });
    ready = await importFewRows(running, 'Recorded rows');
    await record(window, ready);
    // What the owner has seen of the chain is what can be tried without it.
    expect(await ask(window, 'requirement.open', {})).toHaveLength(1);
    networkId = (await ask(window, 'app.get', {})).networks[0]?.id ?? '';
    await ask(window, 'ownNetwork.stop', { networkId });
  }, 600_000);
  afterAll(() => running.close());

  test('the window says that it is offline, and what is here can be looked at', async () => {
    const { window } = running;
    await window.getByRole('banner').getByText('offline', { exact: true }).waitFor();
    expect(await ask(window, 'network.status', {})).toMatchObject({ online: false, pkg: 'unreachable' });
    await window.getByRole('navigation').getByRole('link', { name: 'Datasets', exact: true }).click();
    await window.getByRole('row', { name: /Recorded rows/ }).waitFor();
  });

  test('an owner imports and encrypts, and the upload waits', async () => {
    const { window } = running;
    fresh = await importFewRows(running, 'Offline rows', 60);
    await window.getByRole('row', { name: /Offline rows/ }).click();
    await window.getByRole('button', { name: 'Encrypt & record' }).click();
    const waiting = await until(
      'the encryption',
      () => ask(window, 'dataset.get', { datasetId: fresh }),
      ({ state, obstacle }) => state === 'encrypted' && obstacle !== null,
    );
    expect(waiting).toMatchObject({ publishing: true, recordedInBlock: null });
    expect(waiting.ciphertextHash).toMatch(/^0x/);
    expect(['SERVICE_UNREACHABLE', 'CHAIN_UNREACHABLE']).toContain(waiting.obstacle?.code);
    await picture(running.app, 'offline-dataset');
  });

  test('an owner tries the requirement, and proves', async () => {
    const { window } = running;
    expect(await ask(window, 'offer.dryRun', { requestId, datasetId: ready })).toMatchObject({ holds: true });
    const steps: string[] = [];
    const watching = setInterval(() => {
      ask(window, 'app.tasks', {}).then(
        (tasks) => steps.push(...tasks.flatMap(({ kind, progress }) => (kind === 'offer.make' ? (progress?.step ?? []) : []))),
        (error: unknown) => steps.push(String(error)),
      );
    }, 300);
    const offer = await ask(window, 'offer.make', { requestId, datasetId: ready, shortWindows: false });
    clearInterval(watching);
    offerId = offer.offerId;
    expect(offer).toMatchObject({ workState: 'drafted', chainState: 'none' });
    expect(steps, 'it was proved').toContain('prove');
  });

  test('what waits is shown in the tasks, in the outbox and at home', async () => {
    const { window } = running;
    const waiting = await until(
      'the outbox',
      () => ask(window, 'outbox.list', {}),
      (steps) => steps.filter(({ method }) => method === 'waiting-for-network').length === 2,
    );
    // In the order in which it was asked for.
    expect(waiting.map(({ name }) => name)).toEqual([`dataset-${fresh}`, `offer-${offerId}`]);
    await window.getByRole('button', { name: /tasks|Tasks/ }).click();
    const drawer = window.getByRole('complementary', { name: 'Tasks' });
    await drawer.getByText('Waiting for the network').nth(1).waitFor();
    await drawer.getByText('Share a dataset').first().waitFor();
    await picture(running.app, 'offline-tasks');
    await window.keyboard.press('Escape');
    await window.getByRole('navigation').getByRole('link', { name: 'Home', exact: true }).click();
    await window.getByText('2 steps wait to be sent', { exact: false }).waitFor();
  });

  test('when the network is back everything goes out by itself, in order, and the trade is finished', async () => {
    const { window } = running;
    await ask(window, 'ownNetwork.start', { networkId });
    await recorded(window, fresh);
    await verified(window, offerId);
    await until(
      'the end of what waits',
      () => ask(window, 'outbox.list', {}),
      (steps) => steps.length === 0,
    );
    const events = (await ask(window, 'activity.list', {}))
      .filter((entry) => entry.offerId === offerId)
      .toSorted((one, other) => one.blockNumber - other.blockNumber)
      .map(({ event }) => event);
    expect(events.slice(0, 3)).toEqual(['OfferMade', 'SegmentProved', 'OfferVerified']);
    expect(await ask(window, 'dataset.activity', { datasetId: fresh })).toHaveLength(1);
    await buy(window, sample.consumer, offerId);
    const { checks } = await ask(window, 'received.check', { offerId });
    expect(checks.filter(({ holds }) => !holds)).toEqual([]);
  });
});
