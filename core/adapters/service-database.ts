/**
 * The durable state of one service: a SQLite file in its home, written with full synchronization, so
 * that what a service has acknowledged survives `kill -9` and a power cut. The file carries its format in
 * `user_version`; a newer one is refused, an older one is brought up to date step by step.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { AppError } from '../base/app-error.ts';
import { say } from '../base/sentence.ts';

/** Milliseconds that a statement waits for another process that holds the file. */
const busyTimeoutMs = 2000;

/** Opens (or makes) `fileName` in `home`. `migrations[k]` brings format k to format k + 1; their number is the current format. */
export function openServiceDatabase(home: string, fileName: string, migrations: readonly string[]): DatabaseSync {
  mkdirSync(home, { recursive: true, mode: 0o700 });
  const path = join(home, fileName);
  const database = new DatabaseSync(path);
  try {
    database.exec(
      `PRAGMA busy_timeout = ${busyTimeoutMs}; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;`,
    );
    const format = Number((database.prepare('PRAGMA user_version').get() as { user_version: number }).user_version);
    if (format > migrations.length)
      throw new AppError(
        'HOME_FORMAT_NEWER',
        {
          what: say`The service's data has format ${format}; this program knows up to format ${migrations.length}.`,
          consequence: 'The service was not started and its data was not touched.',
          remedy: 'Start it with the version of Vouchsafe that wrote it, or a newer one.',
        },
        { data: { path, format } },
      );
    for (let step = format; step < migrations.length; step++)
      inTransaction(database, () => database.exec(`${migrations[step]}; PRAGMA user_version = ${step + 1};`));
  } catch (error) {
    database.close();
    if (error instanceof AppError) throw error;
    throw new AppError(
      'HOME_UNREADABLE',
      {
        what: say`The service's data file cannot be used: ${error instanceof Error ? error.message : String(error)}.`,
        consequence: 'The service was not started; the file was left as it is.',
        remedy: 'If another copy of the service runs, stop it. If the file is damaged, restore the home folder from a backup.',
      },
      { data: { path }, cause: error },
    );
  }
  return database;
}

/** Runs `work` as one transaction: all of it is durable when this returns, or none of it happened. */
export function inTransaction<Result>(database: DatabaseSync, work: () => Result): Result {
  database.exec('BEGIN IMMEDIATE');
  try {
    const result = work();
    database.exec('COMMIT');
    return result;
  } catch (error) {
    database.exec('ROLLBACK');
    throw error;
  }
}
