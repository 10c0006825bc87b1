/** Every screen, with the things of a whole trade on it: looked at in every way (look.ts). What lies over screens: overlays.test.ts. */
import type { Page } from '@playwright/test';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { launch, type RunningApp } from './app.ts';
import { ask } from './bridge.ts';
import { lookAt, settled } from './look.ts';
import { type Sample, tradeSample, trySample } from './sample-trade.ts';

/** What a whole trade may take on a machine with much to do. */
const PATIENCE_MS = 900_000;
/** What the sample calls its two people. */
const names = { owner: 'Ada', consumer: 'Carl' } as const;

interface Screen {
  readonly name: string;
  readonly route: string;
  readonly as: keyof Sample;
}

describe('every screen', () => {
  let running: RunningApp;
  let sample: Sample;
  let screens: Screen[];

  beforeAll(async () => {
    running = await launch();
    const { window } = running;
    sample = await trySample(window);
    const { requestId, datasetId, offerId } = await tradeSample(window, sample);
    const network = (await ask(window, 'app.get', {})).networks[0]?.id ?? '';
    const [newest] = await ask(window, 'ownNetwork.blocks', { networkId: network, before: null });
    screens = [
      { name: 'home-owner', route: '/', as: 'owner' },
      { name: 'datasets', route: '/datasets', as: 'owner' },
      { name: 'dataset', route: `/datasets/${datasetId}`, as: 'owner' },
      { name: 'import', route: '/datasets/import', as: 'owner' },
      { name: 'open-requirements', route: '/open-requirements', as: 'owner' },
      { name: 'open-requirement', route: `/open-requirements/${requestId}`, as: 'owner' },
      { name: 'grants', route: '/grants', as: 'owner' },
      { name: 'grant', route: `/grants/${offerId}`, as: 'owner' },
      { name: 'home-consumer', route: '/', as: 'consumer' },
      { name: 'requirements', route: '/requirements', as: 'consumer' },
      { name: 'requirement', route: `/requirements/${requestId}`, as: 'consumer' },
      { name: 'new-requirement', route: '/requirements/new', as: 'consumer' },
      { name: 'received', route: '/received', as: 'consumer' },
      { name: 'received-data', route: `/received/${offerId}`, as: 'consumer' },
      { name: 'activity', route: '/activity', as: 'consumer' },
      { name: 'people', route: '/people', as: 'consumer' },
      { name: 'network', route: '/network', as: 'owner' },
      { name: 'network-blocks', route: `/network/${network}/blocks`, as: 'owner' },
      { name: 'network-block', route: `/network/${network}/blocks/${newest?.number}`, as: 'owner' },
      { name: 'network-pace', route: `/network/${network}/pace`, as: 'owner' },
      { name: 'network-services', route: `/network/${network}/services`, as: 'owner' },
      { name: 'network-joined', route: '/network/joined', as: 'owner' },
      { name: 'network-new', route: '/network/new', as: 'owner' },
      { name: 'pkg', route: '/pkg', as: 'owner' },
      { name: 'proxy', route: '/proxy', as: 'owner' },
      { name: 'settings', route: '/settings', as: 'owner' },
      { name: 'new-profile', route: '/welcome', as: 'owner' },
    ];
  }, PATIENCE_MS);
  afterAll(() => running.close());

  async function show(window: Page, { route, as }: Screen): Promise<void> {
    await ask(window, 'profile.switch', { profileId: sample[as] });
    await window.getByRole('banner').getByText(names[as], { exact: true }).waitFor({ state: 'attached' });
    await settled(window);
    await window.evaluate((target) => {
      location.hash = target;
    }, route);
    await settled(window);
    expect(await window.evaluate(() => location.hash), `${route} as ${as}`).toBe(`#${route}`);
  }

  test('axe finds nothing, and nothing overflows', async () => {
    const { window } = running;
    const faults: string[] = [];
    for (const screen of screens) {
      await show(window, screen);
      faults.push(...(await lookAt(running, screen.name)));
    }
    expect(faults).toEqual([]);
  });
});
