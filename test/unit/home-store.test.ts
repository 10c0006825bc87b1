/** A home on disk: what is sealed, who may open it, damage, and processes killed while saving. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { HomeStore } from '../../core/adapters/home-store.ts';

const cost = { memoryKibibytes: 64, passes: 1, lanes: 1 };
const lock = { passphrase: 'a test passphrase', cost };
let parent = '';
let folder = '';
beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), 'vouchsafe-'));
  folder = join(parent, 'home');
});
afterEach(() => rm(parent, { recursive: true }));

const person = z.object({ phrase: z.string() });

/** Starts the child and waits until it has acknowledged `saves` saves; then it is killed. Answers the last acknowledged count. */
async function killAfter(saves: number): Promise<number> {
  const child = spawn(process.execPath, [fileURLToPath(new URL('./home-store-child.ts', import.meta.url)), folder], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.setEncoding('utf8');
  child.stdout.on('data', (text: string) => {
    output += text;
    if (output.split('\n').length > saves) child.kill('SIGKILL');
  });
  await once(child, 'close');
  return Number(output.trimEnd().split('\n').at(-1));
}

describe('a home', () => {
  test('documents come back after reopening, and nothing on disk shows them', async () => {
    const store = await HomeStore.create(folder, lock);
    await store.write('person', { phrase: 'a very secret phrase' });
    await store.write('dataset-0x12'.replace('0x', ''), { n: 1 });
    await store.remove('dataset-12');
    await store.remove('never-there');
    await store.close();
    const again = await HomeStore.open(folder, lock);
    expect(await again.read('person', person)).toEqual({ phrase: 'a very secret phrase' });
    expect(await again.read('dataset-12', z.unknown())).toBeNull();
    expect(await again.list()).toEqual(['person']);
    await again.close();
    for (const file of await readdir(folder)) {
      expect((await readFile(join(folder, file))).includes('secret')).toBe(false);
      if (file.endsWith('.sealed')) expect((await stat(join(folder, file))).mode & 0o777).toBe(0o600);
    }
    expect((await stat(folder)).mode & 0o777).toBe(0o700);
  });

  test('the last of several saves under way at once is the one that stays', async () => {
    const store = await HomeStore.create(folder, lock);
    const value = { phrase: '' };
    const saves = Array.from({ length: 20 }, (_, index) => {
      value.phrase = String(index);
      return store.write('person', value);
    });
    await Promise.all(saves);
    expect(await store.read('person', person)).toEqual({ phrase: '19' });
    await store.close();
  });

  test('making twice, opening none, opening twice and a short passphrase are refused', async () => {
    await expect(HomeStore.open(folder, lock)).rejects.toMatchObject({ code: 'HOME_MISSING' });
    await expect(HomeStore.create(folder, { passphrase: 'short' })).rejects.toMatchObject({ code: 'PASSPHRASE_TOO_SHORT' });
    const store = await HomeStore.create(folder, lock);
    await expect(HomeStore.open(folder, lock)).rejects.toMatchObject({ code: 'HOME_IN_USE' });
    await expect(HomeStore.create(folder, lock)).rejects.toMatchObject({ code: 'HOME_IN_USE' });
    await store.close();
    await expect(HomeStore.create(folder, lock)).rejects.toMatchObject({ code: 'HOME_EXISTS' });
    await (await HomeStore.open(folder, lock)).close();
  });

  test('a home whose place is taken by a file is refused by name', async () => {
    await writeFile(folder, '');
    await expect(HomeStore.create(folder, lock)).rejects.toMatchObject({ code: 'DISK_NOT_WRITABLE' });
  });

  test('a wrong passphrase does not open it, does not change its lock, and does not keep it locked', async () => {
    const store = await HomeStore.create(folder, lock);
    await store.write('person', { phrase: 'p' });
    await expect(store.changeLock({ passphrase: 'not the passphrase' }, { passphrase: 'another one', cost })).rejects.toMatchObject({
      code: 'SEALED_WRONG_PASSPHRASE',
    });
    await store.close();
    await expect(HomeStore.open(folder, { passphrase: 'not the passphrase' })).rejects.toMatchObject({ code: 'SEALED_WRONG_PASSPHRASE' });
    const again = await HomeStore.open(folder, lock);
    await again.changeLock(lock, { passphrase: 'another one', cost });
    await again.write('person', { phrase: 'q' });
    await again.close();
    await expect(HomeStore.open(folder, lock)).rejects.toMatchObject({ code: 'SEALED_WRONG_PASSPHRASE' });
    const last = await HomeStore.open(folder, { passphrase: 'another one' });
    expect(await last.read('person', person)).toEqual({ phrase: 'q' });
    await last.close();
  });

  test('a key from a keychain opens a home as well', async () => {
    const key = new Uint8Array(32).fill(3);
    const store = await HomeStore.create(folder, { key });
    await store.write('person', { phrase: 'p' });
    await store.close();
    await expect(HomeStore.open(folder, lock)).rejects.toMatchObject({ code: 'SEALED_OTHER_LOCK' });
    await expect(HomeStore.open(folder, { key: new Uint8Array(32) })).rejects.toMatchObject({ code: 'SEALED_WRONG_KEY' });
    await (await HomeStore.open(folder, { key })).close();
  });

  test('a damaged document is refused, the others still open; exchanged documents are noticed', async () => {
    const store = await HomeStore.create(folder, lock);
    await store.write('person', { phrase: 'p' });
    await store.write('other', { phrase: 'o' });
    const sealed = await readFile(join(folder, 'person.sealed'));
    sealed[sealed.length - 1] = (sealed.at(-1) ?? 0) ^ 1;
    await writeFile(join(folder, 'person.sealed'), sealed);
    await expect(store.read('person', person)).rejects.toMatchObject({ code: 'SEALED_DAMAGED', data: { name: 'person' } });
    expect(await store.read('other', person)).toEqual({ phrase: 'o' });
    await writeFile(join(folder, 'person.sealed'), await readFile(join(folder, 'other.sealed')));
    await expect(store.read('person', person)).rejects.toMatchObject({ code: 'SEALED_DAMAGED' });
    await store.close();
  });

  test('a document of another form names the place and not the value', async () => {
    const store = await HomeStore.create(folder, lock);
    await store.write('person', { phrase: ['top', 'secret'] });
    const failure = await store.read('person', person).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 'HOME_DOCUMENT_INVALID', data: { name: 'person', places: 'phrase' } });
    expect(JSON.stringify(failure) + String(failure)).not.toContain('secret');
    await store.close();
  });

  test('a process killed while saving loses nothing acknowledged, leaves no half document and no lock', async () => {
    await (await HomeStore.create(folder, lock)).close();
    for (const saves of [1, 7, 20]) {
      const acknowledged = await killAfter(saves);
      expect(acknowledged).toBeGreaterThanOrEqual(saves);
      const store = await HomeStore.open(folder, lock);
      const counter = await store.read('counter', z.object({ count: z.number() }));
      expect([acknowledged, acknowledged + 1]).toContain(counter?.count);
      expect((await readdir(folder)).filter((name) => name.endsWith('.partial'))).toEqual([]);
      await store.close();
    }
  });
});
