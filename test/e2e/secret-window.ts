/** Answers the window in which secrets are shown and typed, as a person does. */
import type { ElectronApplication, Page } from '@playwright/test';

/** The secret window, once it is there. */
export async function secretWindow(app: ElectronApplication): Promise<Page> {
  const isSecret = (page: Page) => page.url().includes('/secret.html');
  for (;;) {
    const open = app.windows().find((page) => !page.isClosed() && isSecret(page));
    if (open !== undefined) return open;
    await app.waitForEvent('window', { timeout: 30_000 });
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** Types a passphrase into every field of the secret window and presses its last button. */
export async function givePassphrase(app: ElectronApplication, passphrase: string): Promise<void> {
  const page = await secretWindow(app);
  const fields = page.locator('input');
  await fields.first().waitFor();
  for (let at = 0; at < (await fields.count()); at++) await fields.nth(at).fill(passphrase);
  const closed = page.waitForEvent('close');
  await page.getByRole('button').last().click();
  await closed;
}

/** Writes a new phrase down and gives the three words that are asked for. */
export async function takePhrase(app: ElectronApplication): Promise<string> {
  const page = await secretWindow(app);
  const items = page.getByRole('list').getByRole('listitem');
  await items.first().waitFor();
  const words = (await items.allTextContents()).map((text) => text.replace(/^\d+/, ''));
  await page.getByRole('button').last().click();
  const fields = page.locator('input');
  await fields.first().waitFor();
  for (let at = 0; at < (await fields.count()); at++) {
    const label = await fields.nth(at).evaluate((field) => (field as HTMLInputElement).labels?.[0]?.textContent ?? field.ariaLabel ?? '');
    await fields.nth(at).fill(words[Number(/\d+/.exec(label)?.[0]) - 1] ?? '');
  }
  const closed = page.waitForEvent('close');
  await page.getByRole('button').last().click();
  await closed;
  return words.join(' ');
}
