/**
 * The set-up's lock: one owner at a time, whoever else tries and however the last one ended. The real
 * processes run in a copy of scripts/ in a folder of its own, because the lock belongs to a checkout.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';

const scripts = path.resolve(import.meta.dirname, '../../scripts');

/** Notes in a journal that it is alone, stays so for a few turns of the event loop, and leaves. */
const visitor = `
import { appendFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { whileAlone } from './scripts/setup/set-up-lock.mjs';
await whileAlone(async () => {
  appendFileSync('journal', 'enter ' + process.pid + '\\n');
  await wait(20);
  appendFileSync('journal', 'leave ' + process.pid + '\\n');
});
`;

/** Takes the lock, lends it to a child if told to, says so, and stays. */
const squatter = `
import { spawn } from 'node:child_process';
import { whileAlone } from './scripts/setup/set-up-lock.mjs';
await whileAlone(async (lend) => {
  let child;
  if (process.argv[2] === 'lend') {
    child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
    lend(child.pid);
  }
  process.send(child?.pid ?? 0);
  await new Promise(() => setInterval(() => {}, 1000));
});
`;

let folder: string;
const started: ChildProcess[] = [];

function start(program: string, ...args: string[]): ChildProcess {
  const child = spawn(process.execPath, [path.join(folder, program), ...args], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  started.push(child);
  return child;
}

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'vouchsafe-lock-'));
  cpSync(path.join(scripts, 'setup'), path.join(folder, 'scripts/setup'), { recursive: true });
  writeFileSync(path.join(folder, 'visitor.mjs'), visitor);
  writeFileSync(path.join(folder, 'squatter.mjs'), squatter);
});

afterEach(() => {
  for (const child of started.splice(0)) child.kill('SIGKILL');
  rmSync(folder, { recursive: true });
});

/** The journal's pairs: every enter is followed by the leave of the same process. */
function expectOneAtATime(visits: number) {
  const lines = readFileSync(path.join(folder, 'journal'), 'utf8').trim().split('\n');
  expect(lines).toHaveLength(2 * visits);
  for (let index = 0; index < lines.length; index += 2) {
    expect(lines[index]).toMatch(/^enter /);
    expect(lines[index + 1]).toBe(lines[index]!.replace('enter', 'leave'));
  }
}

test('processes that start together go on one after another', async () => {
  const codes = await Promise.all(Array.from({ length: 5 }, async () => (await once(start('visitor.mjs'), 'exit'))[0]));
  expect(codes).toEqual([0, 0, 0, 0, 0]);
  expectOneAtATime(5);
  expect(readdirSync(path.join(folder, 'build/setup/owners'))).toEqual([]);
});

test('a killed owner leaves nothing that stops the next', async () => {
  const owner = start('squatter.mjs');
  await once(owner, 'message');
  owner.kill('SIGKILL');
  await once(owner, 'exit');
  expect((await once(start('visitor.mjs'), 'exit'))[0]).toBe(0);
  expectOneAtATime(1);
});

test('a child that outlives its killed owner still holds the lock', async () => {
  const owner = start('squatter.mjs', 'lend');
  const [orphan] = (await once(owner, 'message')) as [number];
  owner.kill('SIGKILL');
  await once(owner, 'exit');
  const next = start('visitor.mjs');
  const [announcement] = (await once(next.stdout!, 'data')) as [Buffer];
  expect(announcement.toString()).toContain(`waiting for another set-up of this checkout (process ${orphan})`);
  expect(existsSync(path.join(folder, 'journal'))).toBe(false);
  process.kill(orphan, 'SIGKILL');
  expect((await once(next, 'exit'))[0]).toBe(0);
  expectOneAtATime(1);
});
