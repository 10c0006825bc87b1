/**
 * Whoever runs a network sees it survive: a group is stopped and the rest makes blocks, two are and it does not, and says so; a port that
 * somebody else has is named; a block is checked; and the log is saved without what tells who somebody is.
 */
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import type { Page } from '@playwright/test';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { launch, newFolder, type RunningApp } from './app.ts';
import { ask, until } from './bridge.ts';
import { handsAt } from './hands.ts';
import { lookAt, settled } from './look.ts';
import { trySample } from './sample-trade.ts';
import { willSaveTo } from './system-dialogs.ts';

const PATIENCE_MS = 900_000;

describe('an operator', () => {
  let running: RunningApp;
  let networkId: string;
  let hands: ReturnType<typeof handsAt>;

  beforeAll(async () => {
    running = await launch();
    const { window } = running;
    const { owner } = await trySample(window);
    await ask(window, 'profile.switch', { profileId: owner });
    networkId = (await ask(window, 'app.get', {})).networks[0]?.id ?? '';
    hands = handsAt(window);
  }, PATIENCE_MS);
  afterAll(() => running.close());

  async function goTo(route: string): Promise<void> {
    await running.window.evaluate((target) => {
      location.hash = target;
    }, route);
    await settled(running.window);
  }
  const says = (window: Page, words: string) => window.getByText(words, { exact: true }).first().waitFor({ timeout: 120_000 });
  /** Coins arrive only in a block that is final. */
  async function giveCoins(): Promise<void> {
    const { pseudonyms } = await ask(running.window, 'identity.get', {});
    await ask(running.window, 'ownNetwork.fund', { networkId, address: pseudonyms[0]?.address ?? '', amount: '1' });
  }

  test('sees who leads each group and what the network can bear', async () => {
    const { window } = running;
    await goTo('/network');
    await says(window, 'The network makes blocks');
    await says(window, '3 more members may fail, wherever they are.');
    for (const group of [1, 2, 3, 4]) {
      const members = window.getByRole('grid', { name: `Members of Group ${group}`, exact: true });
      await members.getByText('Leader', { exact: true }).waitFor({ timeout: 60_000 });
      expect(await members.getByRole('row').count()).toBe(4);
    }
    expect(await lookAt(running, 'operator-overview')).toEqual([]);
    await window
      .getByRole('grid', { name: 'Members of Group 2', exact: true })
      .getByRole('row', { name: /^Member 1/ })
      .click();
    await window.getByRole('dialog', { name: 'Group 2, Member 1' }).waitFor();
    expect(await lookAt(running, 'operator-member')).toEqual([]);
    await window.keyboard.press('Escape');
  });

  test('stops a group and sees the others go on, stops another and is told that nothing does, and starts both again', async () => {
    const { window } = running;
    await goTo('/network');
    await hands.press('Stop group 2');
    await says(window, 'The other groups go on. When it is started again it catches up with their blocks. Nothing is lost.');
    await hands.agree('Stop group 2');
    await says(window, 'The network makes blocks, though not all of it is there');
    await says(window, 'No other whole group may fail.');
    await giveCoins();
    expect(await lookAt(running, 'operator-without-a-group')).toEqual([]);
    await hands.press('Stop group 3');
    await window.getByText('Without it too few groups can vote', { exact: false }).waitFor();
    await hands.agree('Stop group 3');
    await says(window, 'The network makes no blocks');
    await says(window, '2 of 4 groups can vote; 3 are needed.');
    expect(await lookAt(running, 'operator-no-blocks')).toEqual([]);
    const late = giveCoins();
    await hands.press('Start group 3');
    // What was handed in meanwhile becomes final.
    await late;
    await hands.press('Start group 2');
    await says(window, 'The network makes blocks');
  });

  test('is told when something else has the port of a group, and starts it when the port is free', async () => {
    const { window } = running;
    await goTo('/network');
    const { groups } = await ask(window, 'ownNetwork.validators', { networkId });
    const port = Number(new URL(groups[3]?.[0]?.url ?? '').port);
    await ask(window, 'ownNetwork.stopGroup', { networkId, group: 3 });
    const other = createServer((caller) => caller.destroy());
    await new Promise<void>((resolve) => other.listen(port, '127.0.0.1', resolve));
    await hands.press('Start group 4');
    await window.getByText('LEDGER_PORT_TAKEN').first().waitFor({ timeout: 60_000 });
    await window
      .getByText(new RegExp(`${port}`))
      .first()
      .waitFor();
    expect(await lookAt(running, 'operator-port-taken')).toEqual([]);
    await new Promise((resolve) => other.close(resolve));
    await hands.press('Start group 4');
    await says(window, 'The network makes blocks');
    expect(await window.getByText('LEDGER_PORT_TAKEN').count()).toBe(0);
  });

  test('opens a block, sees what is in it, and why it is final with nothing but the genesis document', async () => {
    const { window } = running;
    await goTo(`/network/${networkId}/blocks`);
    expect(await lookAt(running, 'operator-blocks')).toEqual([]);
    const blocks = window.getByRole('grid', { name: 'Blocks', exact: true });
    await blocks.getByRole('row').nth(1).focus();
    await window.keyboard.press('Enter');
    await says(window, 'It is final: 3 of 4 groups signed it');
    await says(window, 'Coins sent');
    await hands.press('Check it');
    await says(window, '6 signatures hold, each of another member of the block’s epoch, as it follows from the genesis document.');
    expect(await lookAt(running, 'operator-block')).toEqual([]);
    await goTo(`/network/${networkId}/blocks/0`);
    await window.getByText('This is where the chain begins', { exact: false }).waitFor();
    await goTo(`/network/${networkId}/blocks/99999999`);
    await window.getByText('BLOCK_UNKNOWN').waitFor();
  });

  test('sees how fast blocks became final', async () => {
    const { window } = running;
    await giveCoins();
    await goTo(`/network/${networkId}/pace`);
    await window.getByRole('img', { name: /^Final transactions a second over time/ }).waitFor();
    await window.getByRole('img', { name: /^Time until transactions were final/ }).waitFor();
    expect(await lookAt(running, 'operator-pace')).toEqual([]);
  });

  test('reads what the services wrote, and saves it without what tells who somebody is', async () => {
    const { window, app } = running;
    await goTo(`/network/${networkId}/services`);
    const log = window.getByRole('region', { name: 'Lines of the log', exact: true });
    await log
      .getByText('ended', { exact: false })
      .or(log.getByText('started', { exact: false }))
      .first()
      .waitFor();
    expect(await lookAt(running, 'operator-services')).toEqual([]);
    const path = join(newFolder(), 'network.log');
    await willSaveTo(app, path);
    await hands.press('Save redacted');
    await until(
      'the log',
      async () => window.getByText(`Saved as ${path}`).count(),
      (count) => count > 0,
    );
    const text = readFileSync(path, 'utf8');
    expect(text).toContain('started');
    expect(text).not.toMatch(/0x[0-9a-f]{16}/i);
    expect(text).not.toContain(running.userData);
  });
});
