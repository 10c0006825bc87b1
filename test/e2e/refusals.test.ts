/** What a person asks for and does not get: the window says why, in words and with a code, and nothing has changed. */
import { chmodSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { launch, type RunningApp } from './app.ts';
import { ask, until } from './bridge.ts';
import { handsAt } from './hands.ts';
import { publishRequirement, type Sample, tradeSample, trySample } from './sample-trade.ts';

const COIN = 10n ** 18n;
const PATIENCE_MS = 600_000;

describe('what is refused', () => {
  let running: RunningApp;
  let sample: Sample;
  beforeAll(async () => {
    running = await launch();
    running.window.setDefaultTimeout(60_000);
    sample = await trySample(running.window);
    await until('the coins to begin with', balance, (coins) => coins > 0n);
  });
  afterAll(() => running.close());

  /** Waits for the panel of an error with this code, and gives its words. */
  async function refused(code: string): Promise<string> {
    const panel = running.window.getByRole('alert').filter({ hasText: code }).first();
    await panel.waitFor();
    return (await panel.textContent()) ?? '';
  }
  /** Carl's coins. */
  async function balance(): Promise<bigint> {
    await ask(running.window, 'profile.switch', { profileId: sample.consumer });
    await running.window.getByRole('button', { name: 'Profile Carl; switch', exact: true }).waitFor();
    return BigInt((await ask(running.window, 'identity.get', {})).pseudonyms[0]?.balance ?? 0);
  }

  test('a requirement that contradicts itself stays a draft on the screen', async () => {
    const { window } = running;
    const hands = handsAt(window);
    await hands.become('Carl');
    await hands.open('Requirements');
    await hands.press('New requirement');
    await window.getByLabel('Name of the column').fill('value');
    await hands.type({ 'At least': '110', 'At most': '0', 'Decimal places': '6', Price: '5' });
    await hands.press('Publish');
    await window.getByText('This must not be below the other end.').first().waitFor();
    expect(await ask(window, 'requirement.mine', {})).toEqual([]);
  });

  test('a price above what the account holds is warned of, refused by the chain, and costs nothing', async () => {
    const { window } = running;
    const hands = handsAt(window);
    const before = await balance();
    await hands.open('Requirements');
    await hands.press('New requirement');
    await window.getByLabel('Name of the column').fill('value');
    await hands.type({ 'At least': '0', 'At most': '110', 'Decimal places': '6', Price: '50000' });
    await window.getByText('Your account holds less than this', { exact: false }).waitFor();
    await hands.press('Publish');
    await hands.agree('Publish');
    expect(await refused('CHAIN_INSUFFICIENT_FUNDS')).toContain('Nothing was sent.');
    expect(await balance()).toBe(before);
    await window.getByRole('link', { name: 'See what was kept' }).click();
  });

  test('data that does not meet a requirement is named row by row, and cannot be offered', async () => {
    const { window } = running;
    const hands = handsAt(window);
    await ask(window, 'profile.switch', { profileId: sample.consumer });
    await publish({ name: 'value', high: '50', price: 3n });
    await publish({ name: 'pressure', high: '50', price: 2n });
    await hands.become('Ada');
    await hands.open('Open requirements');
    await hands.choose(/value/);
    await window.getByRole('main').getByText('Machine temperature', { exact: true }).click();
    await hands.press('Try it');
    await window.getByText('Your data does not meet the requirement').waitFor();
    await window
      .getByText(/^Row \d/)
      .first()
      .waitFor();
    expect(await hands.button('Offer & prove').count()).toBe(0);
    await hands.open('Open requirements');
    await hands.choose(/pressure/);
    await window.getByText('has none of the columns', { exact: false }).first().waitFor();
  });

  test('what the contract does not allow yet is refused before anything is sent', async () => {
    const { window } = running;
    const before = await balance();
    const [requirement] = await ask(window, 'requirement.mine', {});
    await expect(ask(window, 'requirement.reclaim', { requestId: requirement?.requestId ?? '' })).rejects.toThrow(
      'CHAIN_TRANSACTION_REJECTED',
    );
    expect(await balance()).toBe(before);
  });

  test('an address with a typing error gets no coins', async () => {
    const { window } = running;
    const hands = handsAt(window);
    await hands.open('Network');
    await hands.type({ Address: '0x12', Amount: '1' });
    await window.getByText('0x and 40', { exact: false }).first().waitFor();
    expect(await hands.button('Give coins').isDisabled()).toBe(true);
  });

  test('received data that somebody changed on the disk is not shown as good', async () => {
    const { window } = running;
    const hands = handsAt(window);
    const { offerId } = await tradeSample(window, sample);
    damageReceived(running.userData, offerId);
    await hands.open('Received');
    await hands.choose(/machine-temperature/);
    await window.getByRole('tab', { name: 'Checks' }).click();
    await hands.press('Check now');
    await window.getByText('Do not rely on this data', { exact: false }).waitFor({ timeout: PATIENCE_MS });
  });

  test('a revoked person is told so, and begins nothing more', async () => {
    const { window } = running;
    const hands = handsAt(window);
    await hands.open('PKG');
    await hands.choose(/Carl/);
    await hands.press('Revoke');
    await hands.agree('Revoke');
    await window.getByText('Its pseudonyms can begin nothing new', { exact: false }).waitFor({ timeout: PATIENCE_MS });
    await expect(publishRequirement(window, sample)).rejects.toThrow('IDENTITY_NOT_LIVE');
    await hands.open('Settings');
    await hands.press('Identity and coins');
    await window.getByText('The operator revoked this identity', { exact: false }).waitFor();
  });

  async function publish({ name, high, price }: { readonly name: string; readonly high: string; readonly price: bigint }): Promise<void> {
    const { window } = running;
    await ask(window, 'requirement.publish', {
      document: {
        version: 1,
        width: 32,
        columns: [{ type: 'number', name, unit: '', scale: 6, between: ['0', high] }],
        minRows: 1000,
        keywords: [],
      },
      price: (price * COIN).toString(),
      bond: (COIN / 100n).toString(),
      offers: 1,
      days: 7,
      grantHours: 24,
      deliverHours: 24,
      confirmHours: 72,
      pseudonymIndex: 0,
    });
  }
});

/** Changes a digit in the file of what was received. */
function damageReceived(userData: string, offerId: string): void {
  const found = readdirSync(userData, { recursive: true, encoding: 'utf8' }).filter((path) =>
    path.endsWith(join('received', offerId, 'original')),
  );
  expect(found).not.toEqual([]);
  for (const path of found) {
    // What is received is written to no more, by the program itself.
    chmodSync(join(userData, path), 0o600);
    const text = readFileSync(join(userData, path), 'utf8');
    const digit = text.search(/\d\n$/);
    writeFileSync(join(userData, path), `${text.slice(0, digit)}${(Number(text[digit]) + 1) % 10}${text.slice(digit + 1)}`);
  }
}
