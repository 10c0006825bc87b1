/**
 * The first page of the README, done by mouse and keyboard: from a cold start to a dataset that somebody received. Each step is timed
 * and told; none is asserted, since a machine may be slow.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { launch, picture, type RunningApp } from './app.ts';
import { handsAt } from './hands.ts';

/** What the contract and the proofs take at most, on a machine with much to do. */
const PATIENCE_MS = 900_000;

let running: RunningApp;
beforeAll(async () => {
  running = await launch();
  running.window.setDefaultTimeout(30_000);
});
afterAll(() => running.close());

test('a newcomer takes data from Ada to Carl', async () => {
  const { window, app } = running;
  const begun = performance.now();
  const times: string[] = [];
  const step = async (name: string, work: () => Promise<unknown>) => {
    const from = performance.now();
    try {
      await work();
    } catch (error) {
      await picture(app, 'newcomer-stopped');
      process.stdout.write(`${await window.locator('main').textContent()}\n`);
      throw error;
    }
    times.push(`${((performance.now() - from) / 1000).toFixed(1).padStart(7)} s  ${name}`);
    await picture(app, `newcomer-${times.length}`);
  };
  const { button, press, open, choose, agree, type, become } = handsAt(window);

  await step('Try with sample data', async () => {
    await window.getByRole('button', { name: /^Try with sample data/ }).click();
    await press('Continue');
    await press('Set it up');
    await window.getByRole('heading', { name: 'Hello, Ada' }).waitFor({ timeout: PATIENCE_MS });
  });
  await step('Carl says what he needs', async () => {
    await become('Carl');
    await open('Requirements');
    await press('New requirement');
    await window.getByLabel('Name of the column').fill('value');
    // The rest of the form by keyboard alone.
    await type({ 'At least': '0', 'At most': '110', 'Decimal places': '6', 'Rows, at least': '1000', Price: '5' });
    await press('Publish');
    await agree('Publish');
    await window
      .getByRole('region', { name: /requirement/i })
      .getByText('Open', { exact: true })
      .waitFor({ timeout: PATIENCE_MS });
  });
  await step('Ada encrypts and records her data', async () => {
    await become('Ada');
    await open('Datasets');
    await choose(/Machine temperature/);
    await press('Encrypt & record');
    await button('See open requirements').first().waitFor({ timeout: PATIENCE_MS });
  });
  await step('Ada tries the requirement, offers and proves', async () => {
    await press('See open requirements');
    await choose(/value/);
    await press('Try it');
    await window.getByText('Your data meets the requirement').waitFor();
    await press('Offer & prove');
    await window.getByText('The contract has verified your proofs.', { exact: false }).first().waitFor({ timeout: PATIENCE_MS });
  });
  await step('Carl accepts, and Ada grants by herself', async () => {
    await become('Carl');
    await open('Requirements');
    await choose(/value/);
    await press('Fetch and check');
    await button('Accept and lock the price').first().click({ timeout: PATIENCE_MS });
    await agree('Accept and lock the price');
    await window.getByText('See the data').or(button('Receive')).first().waitFor({ timeout: PATIENCE_MS });
  });
  await step('Carl receives, looks and pays', async () => {
    // The app receives by itself what was granted while it was open.
    if (await button('Receive').first().isVisible()) await press('Receive');
    await window.getByText('See the data').click({ timeout: PATIENCE_MS });
    await window.getByText('2013-12-02', { exact: false }).first().waitFor();
    await press('Confirm and pay');
    await agree('Confirm and pay');
    await window.getByText('Complete', { exact: true }).first().waitFor({ timeout: PATIENCE_MS });
  });
  const total = (performance.now() - begun) / 1000;
  process.stdout.write(`${times.join('\n')}\n${total.toFixed(1).padStart(7)} s  in all\n`);
  expect(times).toHaveLength(6);
});
