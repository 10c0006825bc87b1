/**
 * One process a home: an exclusive lock that the kernel holds for us (SQLite's lock on a file of the
 * home) and drops when the process ends, however it ends. So a dead process never blocks its home, and
 * no process number has to be guessed about.
 */
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { AppError } from '../base/app-error.ts';
import { say } from '../base/sentence.ts';

/** Name of the file in a home whose lock it is. */
export const lockFileName = 'home.lock';
/** SQLITE_BUSY: somebody else holds the lock. */
const busy = 5;

/** A held lock. Releasing twice does nothing. */
export interface HomeLock {
  release(): void;
}

/**
 * Takes the lock of the home in `folder`, without waiting.
 * @throws AppError `HOME_IN_USE` when another process, or another store of this one, holds it; `HOME_UNREADABLE`.
 */
export function lockHome(folder: string): HomeLock {
  try {
    return lockFile(join(folder, lockFileName));
  } catch (cause) {
    throw isHeldByAnother(cause) ? inUse(folder, cause) : unreadable(folder, cause);
  }
}

/** Whether {@link lockFile} failed because somebody else holds the lock. */
export function isHeldByAnother(error: unknown): boolean {
  return (error as { errcode?: number } | null)?.errcode === busy;
}

/** Takes the lock that the file at `path` stands for, without waiting; makes the file. Throws SQLite's error. */
export function lockFile(path: string): HomeLock {
  const held = new DatabaseSync(path);
  try {
    held.exec('PRAGMA busy_timeout = 0; BEGIN EXCLUSIVE');
  } catch (error) {
    held.close();
    throw error;
  }
  return {
    release() {
      if (held.isOpen) held.close();
    },
  };
}

function inUse(folder: string, cause: unknown): AppError {
  return new AppError(
    'HOME_IN_USE',
    {
      what: say`Another Vouchsafe process uses the home directory ${folder}.`,
      consequence: 'Nothing in it was read or changed.',
      remedy: 'Close the other process, or choose another home directory.',
    },
    { data: { folder }, cause },
  );
}

function unreadable(folder: string, cause: unknown): AppError {
  return new AppError(
    'HOME_UNREADABLE',
    {
      what: say`The home directory ${folder} cannot be locked: ${cause instanceof Error ? cause.message : String(cause)}.`,
      consequence: 'Nothing in it was read or changed.',
      remedy: 'Check that the folder belongs to you and that the disk has room and is healthy.',
    },
    { data: { folder }, cause },
  );
}
