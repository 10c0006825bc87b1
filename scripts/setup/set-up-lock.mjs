/**
 * One set-up at a time in a checkout, surviving kill -9 without a stale lock.
 *
 * Each process that wants to work puts a file named after itself (process id and start time) into
 * one folder, then looks for others. Two cannot both go on, because each put its file there before
 * it looked. A file whose process is gone is removed by whoever sees it: names are never reused, so
 * nobody can remove a live owner's file. The owner adds a file for a child that changes the
 * checkout, so that a child left behind by a killed owner still holds the lock.
 */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { setUpFolder } from './places.mjs';

const ownersFolder = path.join(setUpFolder, 'owners');
const retryMs = 150;

/** Runs `work` while no other set-up of this checkout runs. `work` gets a function that lends the lock to a child. */
export async function whileAlone(work) {
  const own = processName(process.pid);
  const lent = [];
  let announced = false;
  for (;;) {
    mkdirSync(ownersFolder, { recursive: true });
    writeFileSync(path.join(ownersFolder, own), '');
    const others = liveOwners().filter((name) => name !== own);
    if (others.length === 0) break;
    rmSync(path.join(ownersFolder, own), { force: true });
    if (!announced) console.log(`set-up: waiting for another set-up of this checkout (process ${others.map(processId).join(', ')})`);
    announced = true;
    await wait(retryMs + Math.random() * retryMs);
  }
  try {
    return await work((childId) => {
      const name = processName(childId);
      lent.push(name);
      writeFileSync(path.join(ownersFolder, name), '');
    });
  } finally {
    for (const name of [...lent, own]) rmSync(path.join(ownersFolder, name), { force: true });
  }
}

function liveOwners() {
  return readdirSync(ownersFolder).filter((name) => {
    if (isAlive(name)) return true;
    rmSync(path.join(ownersFolder, name), { force: true });
    return false;
  });
}

/** A name that no other process ever has on this machine: process id and, where known, start time. */
export function processName(id) {
  return `${id}-${startTime(id)}`;
}

/** Whether the process that {@link processName} named still runs. */
export function isAlive(name) {
  const id = processId(name);
  try {
    process.kill(id, 0);
  } catch (error) {
    if (error.code === 'ESRCH') return false;
    if (error.code !== 'EPERM') throw error;
  }
  return name === processName(id);
}

function processId(name) {
  return Number.parseInt(name, 10);
}

/**
 * Clock ticks since boot at which the process started; empty where the system does not say, and for a
 * process that has ended but that nobody has waited for (a container's first process may never do so).
 */
function startTime(id) {
  if (process.platform !== 'linux') return '';
  try {
    const [state, ...fields] = readFileSync(`/proc/${id}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ');
    return state === 'Z' || state === 'X' ? '' : fields[18];
  } catch (error) {
    if (error.code === 'ENOENT' || error.code === 'ESRCH') return '';
    throw error;
  }
}
