/**
 * The first page of the README, done by mouse and keyboard: from a cold start to a dataset that somebody received. Each step is timed
 * and told; none is asserted, since a machine may be slow.
 */
import type { Page } from '@playwright/test';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { launch, picture, type RunningApp } from './app.ts';

/** What the contract and the proofs take at most, on a machine with much to do. */
const PATIENCE_MS = 400_000;

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
  /** What is pressed, be it a button or a link that looks like one. */
  const button = (name: string) => window.getByRole('button', { name, exact: true }).or(window.getByRole('link', { name, exact: true }));
  const press = (name: string) => button(name).first().click();
  const open = (screen: string) => window.getByRole('navigation').getByRole('link', { name: screen, exact: true }).click();

  await step('Try with sample data', async () => {
    await window.getByRole('button', { name: /^Try with sample data/ }).click();
    await press('Continue');
    await press('Set it up');
    await window.getByRole('heading', { name: 'Hello, Ada' }).waitFor({ timeout: PATIENCE_MS });
  });
  await step('Carl says what he needs', async () => {
    await become(window, 'Carl');
    await open('Requirements');
    await press('New requirement');
    await window.getByLabel('Name of the column').fill('value');
    // The rest of the form by keyboard alone.
    for (const [label, text] of [
      ['At least', '0'],
      ['At most', '110'],
      ['Decimal places', '6'],
      ['Rows, at least', '1000'],
      ['Price', '5'],
    ] as const) {
      await window.getByRole('textbox', { name: label, exact: true }).focus();
      await window.keyboard.press('ControlOrMeta+a');
      await window.keyboard.type(text);
    }
    await press('Publish');
    await window.getByRole('alertdialog').or(window.getByRole('dialog')).getByRole('button', { name: 'Publish' }).click();
    await window
      .getByRole('region', { name: /requirement/i })
      .getByText('Open', { exact: true })
      .waitFor({ timeout: PATIENCE_MS });
  });
  await step('Ada encrypts and records her data', async () => {
    await become(window, 'Ada');
    await open('Datasets');
    await window.getByRole('row', { name: /Machine temperature/ }).click();
    await press('Encrypt & record');
    await button('See open requirements').first().waitFor({ timeout: PATIENCE_MS });
  });
  await step('Ada tries the requirement, offers and proves', async () => {
    await press('See open requirements');
    await window.getByRole('row', { name: /value/ }).click();
    await press('Try it');
    await window.getByText('Your data meets the requirement').waitFor();
    await press('Offer & prove');
    await window.getByText('The contract has verified your proofs.', { exact: false }).first().waitFor({ timeout: PATIENCE_MS });
  });
  await step('Carl accepts, and Ada grants by herself', async () => {
    await become(window, 'Carl');
    await open('Requirements');
    await window.getByRole('row', { name: /value/ }).click();
    await press('Fetch and check');
    await button('Accept and lock the price').first().click({ timeout: PATIENCE_MS });
    await window.getByRole('dialog').or(window.getByRole('alertdialog')).getByRole('button', { name: 'Accept and lock the price' }).click();
    await window.getByText('See the data').or(button('Receive')).first().waitFor({ timeout: PATIENCE_MS });
  });
  await step('Carl receives, looks and pays', async () => {
    if (await button('Receive').first().isVisible()) await press('Receive');
    await window.getByText('See the data').click({ timeout: PATIENCE_MS });
    await window.getByText('2013-12-02', { exact: false }).first().waitFor();
    await press('Confirm and pay');
    await window.getByRole('dialog').or(window.getByRole('alertdialog')).getByRole('button', { name: 'Confirm and pay' }).click();
    await window.getByText('Paid', { exact: true }).first().waitFor({ timeout: PATIENCE_MS });
  });
  const total = (performance.now() - begun) / 1000;
  process.stdout.write(`${times.join('\n')}\n${total.toFixed(1).padStart(7)} s  in all\n`);
  expect(times).toHaveLength(6);
});

/** Switches to another profile in the title bar. */
async function become(window: Page, name: string): Promise<void> {
  await window.getByRole('button', { name: /^Profile .*; switch$/ }).click();
  await window.getByRole('menuitem', { name: new RegExp(name) }).click();
  await window.getByRole('heading', { name: `Hello, ${name}` }).waitFor();
}
