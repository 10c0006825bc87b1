/** A disk that is full: the app says so, keeps what it had, and goes on when there is room. */
import { closeSync, openSync, readdirSync, readFileSync, rmSync, statfsSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { alertOf } from './alert.ts';
import { launch, picture, type RunningApp, remove } from './app.ts';
import { ask, until } from './bridge.ts';
import { trySample } from './sample-trade.ts';

const smallDisk = process.env.VOUCHSAFE_E2E_SMALL_DISK;

describe('a full disk', () => {
  let running: RunningApp;
  let filler: string;
  beforeAll(async () => {
    if (smallDisk === undefined)
      throw new Error(
        'No disk can be filled here: run the end-to-end tests as root, or name a folder on a file system of some hundred megabytes in VOUCHSAFE_E2E_SMALL_DISK.',
      );
    filler = join(smallDisk, 'filler');
    running = await launch({ userData: join(smallDisk, 'user-data') });
    running.window.setDefaultTimeout(30_000);
  });
  afterAll(async () => {
    await running.close();
    remove(join(smallDisk as string, 'user-data'));
  });

  /** Leaves this much room. */
  function fill(bytesLeft: number): void {
    const { bavail, bsize } = statfsSync(smallDisk as string);
    const file = openSync(filler, 'w');
    const piece = Buffer.alloc(1 << 16);
    try {
      for (let left = bavail * bsize - bytesLeft; left > 0; left -= piece.length) writeSync(file, piece, 0, Math.min(left, piece.length));
    } finally {
      closeSync(file);
    }
  }
  const makeRoom = () => rmSync(filler, { force: true });

  test('a network that does not fit: nothing of it stays, and with room it is made', async () => {
    const { window, app } = running;
    await ask(window, 'lock.begin', { withPassphrase: false });
    fill(300_000);
    await window.getByRole('button', { name: /^Try with sample data/ }).click();
    await window.getByRole('button', { name: 'Set it up' }).click();
    expect(await alertOf(window, 'DISK_FULL')).toMatch(/disk is full|cannot write|no room/i);
    await picture(app, 'disk-full-network');
    const { profiles, networks } = await ask(window, 'app.get', {});
    expect({ profiles, networks }).toEqual({ profiles: [], networks: [] });
    for (const folder of ['networks', 'profiles']) expect(list(join(smallDisk as string, 'user-data', folder))).toEqual([]);
    makeRoom();
    const sample = await trySample(window);
    await window.reload();
    await ask(window, 'profile.switch', { profileId: sample.owner });
    expect((await ask(window, 'dataset.list', {})).length).toBe(1);
  });

  test('an import that does not fit: said with its code, no half of it stays, and it succeeds with room', async () => {
    const { window, app } = running;
    const before = await ask(window, 'dataset.list', {});
    const profile = (await ask(window, 'app.get', {})).activeProfile ?? '';
    const datasets = join(smallDisk as string, 'user-data', 'profiles', profile, 'datasets');
    const folders = list(datasets);
    fill(100_000);
    await window.reload();
    await window.evaluate(() => {
      location.hash = '#/datasets/import';
    });
    await window.getByRole('button', { name: 'Use the sample data' }).click();
    const start = window.getByRole('button', { name: /^Import [\d,]+ rows/ });
    await start.click();
    expect(await alertOf(window, 'DATASET_STORAGE_FAILED')).toMatch(/disk is full.*Free some space/s);
    await picture(app, 'disk-full-import');
    expect(await ask(window, 'dataset.list', {})).toEqual(before);
    makeRoom();
    await start.click();
    await until(
      'the import',
      () => ask(window, 'dataset.list', {}),
      (all) => all.length === before.length + 1,
    );
    expect(list(datasets).length).toBe(folders.length + 1);
  });

  test('settings that cannot be kept are not changed, and what was kept is read again', async () => {
    const { window } = running;
    const path = join(smallDisk as string, 'user-data', 'installation.json');
    const kept = readFileSync(path, 'utf8');
    fill(0);
    await window.evaluate(() => {
      location.hash = '#/settings';
    });
    const notify = window.getByRole('switch').first();
    await notify.click({ force: true });
    expect(await alertOf(window, 'DISK_FULL')).toMatch(/cannot write.*unchanged.*Make room/s);
    await picture(running.app, 'disk-full-settings');
    expect(readFileSync(path, 'utf8')).toBe(kept);
    expect((await ask(window, 'app.get', {})).settings.notifications).toBe(true);
    expect(await notify.isChecked()).toBe(true);
    makeRoom();
    await notify.click({ force: true });
    await until(
      'the setting',
      async () => (await ask(window, 'app.get', {})).settings.notifications,
      (isOn) => !isOn,
    );
  });
});

function list(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
