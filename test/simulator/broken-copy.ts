/** Copies of the sources that the simulator runs, with edits. */
import { cpSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Edit } from './canaries.ts';

const projectRoot = path.resolve(import.meta.dirname, '../..');

/** Makes a copy in a folder of its own and edits it; each text must be there, once. */
export function makeBrokenCopy(edits: readonly Edit[]): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'vouchsafe-canary-'));
  writeFileSync(path.join(folder, 'package.json'), '{ "type": "module" }\n');
  for (const part of ['core/base', 'core/consensus', 'test/simulator'])
    cpSync(path.join(projectRoot, part), path.join(folder, part), { recursive: true });
  for (const { file, find, replace } of edits) {
    const source = readFileSync(path.join(folder, file), 'utf8');
    const pieces = source.split(find);
    if (pieces.length !== 2) throw new Error(`${file} has ${pieces.length - 1} places to edit, and must have one: ${find}`);
    writeFileSync(path.join(folder, file), pieces.join(replace));
  }
  return folder;
}
