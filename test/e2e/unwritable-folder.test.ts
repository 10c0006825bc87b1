/** A folder that may not be written to: the app says so, keeps what it had, and can be closed. */
import { chmodSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { launch, newFolder, remove, startBare } from './app.ts';
import { ask, until } from './bridge.ts';

describe('a folder that may not be written to', () => {
  const userData = newFolder();
  afterAll(() => {
    chmodSync(userData, 0o700);
    remove(userData);
  });

  test('at the start: it says which folder and why, and ends', async () => {
    chmodSync(userData, 0o500);
    const start = startBare(userData);
    await until(
      'the words',
      async () => start.output(),
      (text) => text.includes('DISK_NOT_WRITABLE'),
      60_000,
    );
    expect(start.output()).toContain(userData);
    expect(start.output()).toMatch(/cannot write to its folder.*EACCES.*check that the folder may be written to/s);
    // A person reads the same in a box, and presses its button; nobody is there to press it.
    start.end();
    await start.ended;
    expect(readdirSync(userData)).toEqual([]);
  });

  test('later: what it remembered stays, and it can still be closed', async () => {
    chmodSync(userData, 0o700);
    const running = await launch({ userData });
    const { window } = running;
    await ask(window, 'app.settings', { theme: 'light' });
    const kept = readFileSync(join(userData, 'installation.json'), 'utf8');
    chmodSync(userData, 0o500);
    await expect(ask(window, 'app.settings', { theme: 'dark' })).rejects.toThrow('DISK_NOT_WRITABLE');
    await running.close();
    expect(running.output()).not.toMatch(/Uncaught|TypeError|ReferenceError/);
    expect(readFileSync(join(userData, 'installation.json'), 'utf8')).toBe(kept);
    chmodSync(userData, 0o700);
    const again = await launch({ userData });
    expect((await ask(again.window, 'app.get', {})).settings.theme).toBe('light');
    await again.close();
  });
});
