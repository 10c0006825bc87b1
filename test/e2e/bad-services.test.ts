/**
 * Services that die at each start, that find their state damaged, or that have another time: the window says so, everything
 * else goes on, and with the cause away the service comes back with all that it had.
 */
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { start as startValidator, type Validator } from '../../core/services/validator.ts';
import { alone } from '../local-proposer.ts';
import { alertOf } from './alert.ts';
import { launch, picture, type RunningApp } from './app.ts';
import { killAtEachStart, pidsOf } from './app-processes.ts';
import { ask, until } from './bridge.ts';
import { type Sample, trySample } from './sample-trade.ts';
import { heightOf, rpcPortOf } from './validators.ts';

let running: RunningApp;
let sample: Sample;
let network: string;
beforeAll(async () => {
  running = await launch();
  running.window.setDefaultTimeout(30_000);
  sample = await trySample(running.window);
  await ask(running.window, 'profile.switch', { profileId: sample.owner });
  network = (await ask(running.window, 'app.get', {})).networks[0]?.id ?? '';
});
afterAll(() => running.close());

const stateOf = async (id: string) => (await ask(running.window, 'app.services', {})).find((service) => service.id === id);
const open = (screen: string) => running.window.getByRole('navigation').getByRole('link', { name: screen, exact: true }).click();

describe('a service that ends at each start', () => {
  test("a person's vault: left alone after four times, said so, and started again by a button", async () => {
    const { window, app } = running;
    const id = `vault-${sample.owner}`;
    const before = await ask(window, 'dataset.list', {});
    expect(await killAtEachStart(running, id)).toBe(4);
    // Said above every screen, also one that still shows what it knew before. Whatever a window asks of it starts nothing.
    await open('Datasets');
    expect(await alertOf(window, 'SERVICE_FAILING')).toMatch(/ended 4 times.*What was saved is safe.*Settings, Services/s);
    await picture(app, 'service-failing');
    for (let question = 0; question < 5; question++) await expect(ask(window, 'dataset.list', {})).rejects.toThrow('SERVICE_FAILING');
    expect(await pidsOf(app, id)).toEqual([]);
    // Another profile works meanwhile.
    await ask(window, 'profile.switch', { profileId: sample.consumer });
    expect((await ask(window, 'network.status', {})).online).toBe(true);
    await expect(ask(window, 'profile.switch', { profileId: sample.owner })).rejects.toThrow('SERVICE_FAILING');
    await open('Settings');
    await window.getByRole('link', { name: 'Services and logs', exact: true }).click();
    await alertOf(window, 'SERVICE_FAILING');
    await picture(app, 'service-failing-settings');
    await window.getByRole('button', { name: 'Restart', exact: true }).click();
    await until(
      'the vault',
      () => stateOf(id),
      (service) => service?.state === 'running',
    );
    expect(await ask(window, 'dataset.list', {})).toEqual(before);
    await window.getByRole('alert').filter({ hasText: 'SERVICE_FAILING' }).first().waitFor({ state: 'detached' });
  });

  test('the process that reads files: what is under way fails in words, the rest goes on', async () => {
    const { window } = running;
    expect(await killAtEachStart(running, 'data')).toBe(4);
    const { token } = await ask(window, 'file.sample', {});
    await expect(ask(window, 'file.inspect', { file: token, reading: {} })).rejects.toThrow('SERVICE_FAILING');
    expect((await ask(window, 'network.status', {})).online).toBe(true);
    await window.getByRole('alert').filter({ hasText: 'SERVICE_FAILING' }).getByRole('button', { name: 'Try again' }).click();
    await until(
      'the process',
      () => stateOf('data'),
      (service) => service?.state === 'running',
    );
    expect((await ask(window, 'file.inspect', { file: token, reading: {} })).rows).toBeGreaterThan(20_000);
  });

  test('a proxy: the network says that it runs in part, and its button starts it again', async () => {
    const { window } = running;
    const id = `proxy-${network}-1`;
    await killAtEachStart(running, id);
    await open('Network');
    await window.getByText('SERVICE_FAILING').first().waitFor();
    await picture(running.app, 'proxy-failing');
    await window.getByRole('button', { name: 'Start', exact: true }).click();
    await until(
      'the proxy',
      () => stateOf(id),
      (service) => service?.state === 'running',
    );
  });
});

describe('a damaged state', () => {
  /** Writes other bytes over the middle of a file; gives what puts it right again. */
  function damage(path: string): () => void {
    const good = readFileSync(path);
    const bad = Buffer.from(good);
    for (let at = Math.floor(bad.length / 3); at < bad.length; at += 7) bad[at] = (bad[at] as number) ^ 0x5a;
    writeFileSync(path, bad);
    return () => writeFileSync(path, good);
  }
  /** The largest file of a folder whose name ends so. */
  const largest = (folder: string, end: string) =>
    readdirSync(folder)
      .filter((name) => name.endsWith(end))
      .map((name) => join(folder, name))
      .toSorted((one, other) => statSync(other).size - statSync(one).size)[0] as string;

  test("a validator's: its group says so and changes nothing, the chain goes on with the others, and the good files bring it back", async () => {
    const { window, app } = running;
    const group = `validator-${network}-1`;
    const damaged = 'validator-1-1';
    await ask(window, 'ownNetwork.stop', { networkId: network });
    const ledger = join(running.userData, 'networks', network, damaged, 'ledger');
    const heal = damage(largest(ledger, '.ldb') ?? largest(ledger, '.log'));
    await open('Network');
    await window.getByRole('button', { name: 'Start', exact: true }).click();
    // A group's process is a while in starting where the machine has much to do.
    expect(await alertOf(window, 'LEDGER_STORE_CORRUPT', 300_000)).toMatch(/ledger|chain/);
    await picture(app, 'ledger-damaged');
    await until(
      'the other services',
      () => ask(window, 'app.services', {}),
      (services) => services.every(({ id, state }) => state === (id === group ? 'failing' : 'running')),
    );
    // Clients ask another validator, and the three other groups order what is sent to them.
    const { pseudonyms } = await ask(window, 'identity.get', {});
    await ask(window, 'ownNetwork.fund', { networkId: network, address: pseudonyms[0]?.address ?? '', amount: '5' });
    const { online, blockNumber } = await ask(window, 'network.status', {});
    expect(online).toBe(true);
    heal();
    await window.getByRole('button', { name: 'Start', exact: true }).click();
    await until(
      'the group',
      () => stateOf(group),
      (service) => service?.state === 'running',
    );
    await until(
      'the blocks that it missed',
      () => heightOf(running, network, damaged),
      (height) => height >= (blockNumber ?? Number.POSITIVE_INFINITY),
    );
  });

  test("a person's identity: that profile says so, the others work, and the good file brings it back", async () => {
    const { window, app } = running;
    const id = `vault-${sample.owner}`;
    await ask(window, 'lock.lock', {});
    const heal = damage(join(running.userData, 'profiles', sample.owner, 'identity.sealed'));
    await window.getByRole('button', { name: 'Unlock' }).click();
    await until(
      'the vault to give up',
      () => stateOf(id),
      (service) => service?.state === 'failing',
    );
    await window.getByRole('navigation').waitFor();
    await open('Datasets');
    expect(await alertOf(window, 'SEALED_DAMAGED')).toMatch(/damaged|changed/);
    await picture(app, 'identity-damaged');
    await ask(window, 'profile.switch', { profileId: sample.consumer });
    expect((await ask(window, 'network.status', {})).chainId).toBeGreaterThan(0);
    heal();
    await ask(window, 'profile.switch', { profileId: sample.owner });
    expect((await ask(window, 'dataset.list', {})).length).toBeGreaterThan(0);
  });

  test('what the app remembers of itself: kept under another name, and an empty one begun', async () => {
    const other = await launch();
    await ask(other.window, 'app.settings', { theme: 'dark' });
    await other.close();
    const path = join(other.userData, 'installation.json');
    writeFileSync(path, '{"state": {"version": 1, "profiles": "none"');
    const again = await launch({ userData: other.userData });
    try {
      await again.window.getByRole('heading', { name: 'Vouch for data. Share it safely.' }).first().waitFor();
      const aside = readdirSync(other.userData).filter((name) => name.startsWith('installation.unreadable-'));
      expect(aside).toHaveLength(1);
      await again.window.getByText(aside[0] as string, { exact: false }).waitFor();
      await picture(again.app, 'installation-unreadable');
      expect(readFileSync(join(other.userData, aside[0] as string), 'utf8')).toContain('"profiles": "none"');
      await ask(again.window, 'lock.begin', { withPassphrase: false });
      expect((await ask(again.window, 'app.get', {})).lock).toBe('unlocked');
    } finally {
      await again.close();
    }
  });
});

describe('a clock that is an hour off', () => {
  let validator: Validator | undefined;
  afterAll(() => validator?.stop());

  /** The sample's chain, answered for by this process with another time. */
  async function chainAt(offsetMs: number): Promise<void> {
    await validator?.stop();
    const home = join(running.userData, 'networks', network, 'validator-1-1');
    validator = await startValidator({
      folder: join(home, 'ledger'),
      genesis: JSON.parse(readFileSync(join(home, 'genesis.json'), 'utf8')),
      port: rpcPortOf(running, network, 'validator-1-1'),
      order: alone,
      clock: { nowMs: () => Date.now() + offsetMs },
    });
  }
  test('an idle chain is no wrong clock, however old its newest block is', async () => {
    const { window } = running;
    await ask(window, 'ownNetwork.stop', { networkId: network });
    await chainAt(0);
    const { clockAheadSeconds, blockSeconds } = await until(
      'the chain',
      () => ask(window, 'network.status', {}),
      ({ online }) => online,
    );
    expect(Math.abs(clockAheadSeconds ?? Number.NaN)).toBeLessThan(60);
    expect(blockSeconds).toBeLessThan(Date.now() / 1000);
  });

  test('a chain that is an hour ahead is seen, said, and no hindrance once it is right', async () => {
    const { window, app } = running;
    await chainAt(3_600_000);
    await open('Network');
    await window.getByRole('tab', { name: /Ada/ }).click();
    await window.getByRole('button', { name: 'Look again' }).click();
    const title = window.getByText('The clock of this machine is behind');
    await title.waitFor();
    const { clockAheadSeconds } = await ask(window, 'network.status', {});
    expect(Math.abs((clockAheadSeconds ?? Number.NaN) + 3600)).toBeLessThan(120);
    await picture(app, 'clock-behind');
    await chainAt(0);
    await window.getByRole('button', { name: 'Look again' }).click();
    await title.waitFor({ state: 'detached' });
  });
});
