/**
 * Small files of JSON that main itself keeps: a change is on the disk when the call returns, and a file is the old one or
 * the new one, never half of one. Synchronous, since it is part of deciding what the window is told next.
 */
import { closeSync, existsSync, fsyncSync, openSync, readFileSync, renameSync, writeFileSync } from 'node:fs';

/** What a file holds; undefined when there is none. @throws SyntaxError when it is not JSON */
export function readJsonFile(path: string): unknown {
  return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : undefined;
}

/** Replaces a file, for this user alone. @throws the system's error when it cannot be written */
export function writeJsonFile(path: string, value: unknown): void {
  const partial = `${path}.partial`;
  const file = openSync(partial, 'w', 0o600);
  try {
    writeFileSync(file, `${JSON.stringify(value, null, 2)}\n`);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(partial, path);
}
