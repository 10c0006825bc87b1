/** The secret window as its user sees it: what it asks, and what is typed into it. */
import { type ElectronApplication, expect, type Page } from '@playwright/test';
import { until } from './bridge.ts';

/** Waits for the secret window. */
export async function secretPage(app: ElectronApplication): Promise<Page> {
  const open = () => app.windows().find((page) => page.url().endsWith('/secret.html'));
  await until(
    'the secret window',
    async () => open() !== undefined,
    (isOpen) => isOpen,
    30_000,
  );
  const page = open() as Page;
  await page.getByRole('heading').waitFor();
  return page;
}

/** Chooses a new passphrase; the answer is what the window said about why. */
export async function choosePassphrase(app: ElectronApplication, passphrase: string): Promise<string> {
  const page = await secretPage(app);
  const text = (await page.getByRole('main').textContent()) ?? '';
  await page.getByLabel('Passphrase', { exact: true }).fill(passphrase);
  await page.getByLabel('The same once more').fill(passphrase);
  await answered(page, () => page.getByRole('button', { name: 'Use this passphrase' }).click());
  return text;
}

/** Types the passphrase of the lock, or of a backup, into the open question. */
export async function typePassphrase(page: Page, passphrase: string): Promise<void> {
  await page.getByLabel('Passphrase', { exact: true }).fill(passphrase);
  await page.keyboard.press('Enter');
}

/** Reads a new phrase from the window, and confirms the words that it asks for. */
export async function confirmNewPhrase(app: ElectronApplication): Promise<string> {
  const page = await secretPage(app);
  const words = await page
    .getByRole('listitem')
    .evaluateAll((items) => items.map((item) => item.textContent?.replace(/^\d+/, '').trim() ?? ''));
  expect(words).toHaveLength(24);
  await page.getByRole('button', { name: 'I have written them down' }).click();
  const fields = page.getByRole('textbox');
  await fields.first().waitFor();
  for (const field of await fields.all()) {
    const label = (await field.evaluate((input) => (input as HTMLInputElement).labels?.[0]?.textContent)) ?? '';
    const place = Number(/\d+/.exec(label)?.[0]);
    await field.fill(words[place - 1] as string);
  }
  await answered(page, () => page.getByRole('button', { name: 'Confirm' }).click());
  return words.join(' ');
}

/** Types a phrase word by word, as from paper. */
export async function enterPhrase(app: ElectronApplication, phrase: string): Promise<void> {
  const page = await secretPage(app);
  await page.getByRole('textbox').first().focus();
  await page.keyboard.type(`${phrase} `);
  await answered(page, () => page.getByRole('button', { name: 'Restore' }).click());
}

/** Answers a question, and waits until its window is gone. */
export async function answered(page: Page, answer: () => Promise<unknown>): Promise<void> {
  const closed = page.waitForEvent('close');
  await answer();
  await closed;
}
