/**
 * Every screen, in both themes, with the things of a whole trade on it: axe finds nothing, nothing overflows at the smallest
 * window and at twice the size of text, and a picture of each is kept for people to look at.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Page } from '@playwright/test';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { launch, picture, type RunningApp } from './app.ts';
import { ask } from './bridge.ts';
import { type Sample, tradeSample, trySample } from './sample-trade.ts';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
/** What the sample calls its two people. */
const names = { owner: 'Ada', consumer: 'Carl' } as const;
const smallest = { width: 1024, height: 700 };

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
    await picture(running.app, 'welcome');
    sample = await trySample(window);
    const { requestId, datasetId, offerId } = await tradeSample(window, sample);
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
      { name: 'pkg', route: '/pkg', as: 'owner' },
      { name: 'proxy', route: '/proxy', as: 'owner' },
      { name: 'settings', route: '/settings', as: 'owner' },
      { name: 'new-profile', route: '/welcome', as: 'owner' },
    ];
  });
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

  test.each(['light', 'dark'] as const)('axe finds nothing, and nothing overflows: %s', async (theme) => {
    const { app, window } = running;
    await ask(window, 'app.settings', { theme });
    await window.locator(`[data-theme="${theme}"]`).waitFor({ state: 'attached' });
    const faults: string[] = [];
    for (const screen of screens) {
      await app.evaluate(({ BrowserWindow }, size) => BrowserWindow.getAllWindows()[0]?.setContentSize(size.width, size.height), smallest);
      await show(window, screen);
      await picture(running.app, `${screen.name}-${theme}`);
      faults.push(...(await accessibilityFaults(window)).map((fault) => `${screen.name}: ${fault}`));
      faults.push(...(await overflows(window)).map((fault) => `${screen.name}: ${fault}`));
      await app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.webContents.setZoomFactor(2));
      await settled(window);
      await picture(running.app, `${screen.name}-${theme}-200`);
      faults.push(...(await overflows(window)).map((fault) => `${screen.name} at 200%: ${fault}`));
      await app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.webContents.setZoomFactor(1));
    }
    expect(faults).toEqual([]);
  });
});

/** Nothing is being loaded or drawn any more. */
async function settled(window: Page): Promise<void> {
  await window.waitForFunction(() => document.querySelector('[aria-busy="true"]') === null, undefined, { timeout: 20_000 });
  await window.waitForTimeout(250);
}

async function accessibilityFaults(window: Page): Promise<string[]> {
  await window.evaluate(axe);
  return window.evaluate(async () => {
    interface Result {
      readonly violations: readonly {
        readonly id: string;
        readonly nodes: readonly { readonly html: string; readonly failureSummary?: string }[];
      }[];
    }
    const runner = Reflect.get(window, 'axe') as { run(context: Document): Promise<Result> };
    const { violations } = await runner.run(document);
    return violations.flatMap(({ id, nodes }) =>
      nodes.map(({ html, failureSummary = '' }) => `${id}: ${html.slice(0, 160)} ${failureSummary.replaceAll('\n', ' ').slice(0, 200)}`),
    );
  });
}

/** Elements that reach beyond the window's right edge, and a page that can be scrolled sideways. */
function overflows(window: Page): Promise<string[]> {
  return window.evaluate(() => {
    const edge = document.documentElement.clientWidth;
    const faults: string[] = [];
    if (document.documentElement.scrollWidth > edge) faults.push(`the page is ${document.documentElement.scrollWidth} wide in ${edge}`);
    for (const element of document.querySelectorAll('h1, h2, button, a, input, label, p')) {
      const { right, width } = element.getBoundingClientRect();
      // Inside a table that scrolls by itself, and for screen readers only, elements may lie beyond the edge.
      const scrolls = element.closest('[data-scrolls], [role="grid"], [role="table"]') !== null;
      if (width > 1 && right > edge + 1 && !scrolls)
        faults.push(`${element.outerHTML.slice(0, 120)} ends at ${Math.round(right)} of ${edge}`);
    }
    return faults;
  });
}
