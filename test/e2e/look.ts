/**
 * A look at what a window shows, as its users may see it: in both themes, in the smallest window, at twice the size of text,
 * and in German, which is longer. Axe must find nothing, nothing may lie beyond an edge, and a picture of each is kept.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { ElectronApplication, Page } from '@playwright/test';
import { picture, type RunningApp } from './app.ts';
import { ask } from './bridge.ts';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
type Seen = Pick<RunningApp, 'app' | 'window'>;
const smallest = { width: 1024, height: 700 };

/** Looks at the main window, whatever it shows; the answer is what is wrong, each with the name. */
export async function lookAt({ app, window }: Seen, name: string): Promise<string[]> {
  const frame = await app.browserWindow(window);
  await frame.evaluate((main, { width, height }) => main.setContentSize(width, height), smallest);
  return look({ app, window }, name, window);
}

/** Looks at the secret window in its own size; its language is the one that it was opened in. */
export function lookAtSecret({ app, window }: Seen, name: string, page: Page): Promise<string[]> {
  return look({ app, window }, name, page);
}

async function look({ app, window }: Seen, name: string, page: Page): Promise<string[]> {
  const faults: string[] = [];
  const add = (how: string, found: readonly string[]) => faults.push(...found.map((fault) => `${name}, ${how}: ${fault}`));
  await page.mouse.move(0, 0);
  const begun = (await ask(window, 'app.get', {})).settings.language;
  for (const theme of ['light', 'dark'] as const) {
    await ask(window, 'app.settings', { theme });
    await page.locator(`html[data-theme="${theme}"]`).waitFor({ state: 'attached' });
    await settled(page);
    await picture(app, `${name}-${theme}`, page);
    add(theme, await accessibilityFaults(page));
  }
  for (const language of page === window ? (['en', 'de'] as const) : [begun]) {
    await ask(window, 'app.settings', { language });
    if (page === window) await page.locator(`html[lang="${language}"]`).waitFor({ state: 'attached' });
    await settled(page);
    add(language, await overflows(page));
    if (language === 'de') await picture(app, `${name}-de`, page);
    await zoom(app, page, 2);
    await settled(page);
    add(`${language} at 200 %`, await overflows(page));
    await picture(app, language === 'de' ? `${name}-de-200` : `${name}-200`, page);
    await zoom(app, page, 1);
  }
  await ask(window, 'app.settings', { language: begun });
  await settled(page);
  return faults;
}

async function zoom(app: ElectronApplication, page: Page, factor: number): Promise<void> {
  await (await app.browserWindow(page)).evaluate(({ webContents }, value) => webContents.setZoomFactor(value), factor);
}

/** Nothing is being loaded or drawn any more. */
export async function settled(window: Page): Promise<void> {
  await window.waitForFunction(() => document.querySelector('[aria-busy="true"]') === null, undefined, { timeout: 20_000 });
  await window.waitForTimeout(250);
}

/** What axe finds in a page. */
export async function accessibilityFaults(window: Page): Promise<string[]> {
  await window.evaluate(axe);
  return window.evaluate(async () => {
    interface Result {
      readonly violations: readonly {
        readonly id: string;
        readonly nodes: readonly { readonly html: string; readonly failureSummary?: string }[];
      }[];
    }
    const runner = Reflect.get(window, 'axe') as { run(context: { readonly exclude: readonly string[] }): Promise<Result> };
    // What is read aloud for seconds may name an element that was there when its reading began.
    const { violations } = await runner.run({ exclude: ['[data-live-announcer]'] });
    // A list whose entries are gone through from the field above it needs no focus of its own.
    const led = document.activeElement?.getAttribute('aria-controls') ?? null;
    const isLed = (id: string, html: string) => id === 'scrollable-region-focusable' && led !== null && html.includes(`id="${led}"`);
    return violations.flatMap(({ id, nodes }) =>
      nodes
        .filter(({ html }) => !isLed(id, html))
        .map(({ html, failureSummary = '' }) => `${id}: ${html.slice(0, 160)} ${failureSummary.replaceAll('\n', ' ').slice(0, 200)}`),
    );
  });
}

/**
 * Elements beyond an edge of the window, a page that can be scrolled sideways, words cut off in a button or a title, and
 * what lies over the page (a dialog, the drawer) with a part that cannot be reached.
 */
export function overflows(window: Page): Promise<string[]> {
  return window.evaluate(() => {
    const { clientWidth: edge, clientHeight: floor, scrollWidth } = document.documentElement;
    const faults: string[] = [];
    const told = (element: Element) => element.outerHTML.replaceAll(/ class="[^"]*"/g, '').slice(0, 140);
    if (scrollWidth > edge) faults.push(`the page is ${scrollWidth} wide in ${edge}`);
    for (const element of document.querySelectorAll('h1, h2, button, a, input, label, p')) {
      const { left, right, width } = element.getBoundingClientRect();
      // Inside a table that scrolls by itself, and for screen readers only, elements may lie beyond the edge.
      const scrolls = element.closest('[data-scrolls], [role="grid"], [role="table"]') !== null;
      if (width <= 1 || scrolls) continue;
      if (right > edge + 1 || left < -1)
        faults.push(`${told(element)} reaches from ${Math.round(left)} to ${Math.round(right)} of ${edge}`);
      const { overflowX, color } = getComputedStyle(element);
      // A title in a narrow rail is a line for the eye, and words for the ear.
      const cuts = ['hidden', 'clip'].includes(overflowX) && !color.endsWith(', 0)');
      if (cuts && element.matches('h1, h2, button, label') && element.scrollWidth > element.clientWidth + 1)
        faults.push(`${told(element)} cuts its words off: ${element.scrollWidth} in ${element.clientWidth}`);
    }
    const words = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let text = words.nextNode(); text !== null; text = words.nextNode()) {
      const holder = text.parentElement as HTMLElement;
      if (text.textContent?.trim() === '' || holder.clientWidth <= 1 || getComputedStyle(holder).overflowX !== 'visible') continue;
      const range = document.createRange();
      range.selectNodeContents(text);
      const [end, edgeOfHolder] = [range.getBoundingClientRect().right, holder.getBoundingClientRect().right];
      if (end > edgeOfHolder + 1) faults.push(`${told(holder)}: words end at ${Math.round(end)} of ${Math.round(edgeOfHolder)}`);
    }
    for (const over of document.querySelectorAll('[role="dialog"], [role="alertdialog"], aside:not(main *)')) {
      const { top, bottom } = over.getBoundingClientRect();
      if (top < -1 || bottom > floor + 1) faults.push(`${told(over)} reaches from ${Math.round(top)} to ${Math.round(bottom)} of ${floor}`);
      for (const element of over.querySelectorAll('button, footer')) {
        const rect = element.getBoundingClientRect();
        let holder = element.parentElement;
        while (holder !== null && holder !== over && !['auto', 'scroll'].includes(getComputedStyle(holder).overflowY))
          holder = holder.parentElement;
        if (holder === over && (rect.bottom > floor + 1 || rect.top < -1)) faults.push(`${told(element)} cannot be reached`);
      }
      // What is over the page and scrolls must leave something to be seen of what it scrolls.
      for (const holder of over.querySelectorAll('*'))
        if (
          ['auto', 'scroll'].includes(getComputedStyle(holder).overflowY) &&
          holder.scrollHeight > holder.clientHeight + 1 &&
          holder.clientHeight < 64
        )
          faults.push(`${told(holder)} shows ${holder.clientHeight} of ${holder.scrollHeight}`);
    }
    return faults;
  });
}
