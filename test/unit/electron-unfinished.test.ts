/** Folders that are being made: marked until the installation knows them, and removed at the next start where it does not. */
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { clearUnfinished, whileMaking } from '../../electron/main/unfinished.ts';

let parent: string;
beforeEach(() => {
  parent = join(mkdtempSync(join(tmpdir(), 'unfinished-')), 'profiles');
});
afterEach(() => rmSync(join(parent, '..'), { recursive: true }));

const nothingToUndo = async () => undefined;
function fill(id: string): void {
  mkdirSync(join(parent, id), { recursive: true });
  writeFileSync(join(parent, id, 'data'), 'of somebody');
}

test('what was made stays without its mark, and what failed leaves nothing', async () => {
  await whileMaking(join(parent, 'made'), async () => fill('made'), nothingToUndo);
  const undone: string[] = [];
  const fail = async () => {
    fill('failed');
    throw new Error('the disk is full');
  };
  await expect(whileMaking(join(parent, 'failed'), fail, async () => undone.push('stopped'))).rejects.toThrow('the disk is full');
  expect([readdirSync(parent), undone]).toEqual([['made'], ['stopped']]);
});

test('a start removes what was being made and is not known, and nothing that has no mark', async () => {
  await clearUnfinished(parent, []); // before anything was ever made
  // Ended while `begun` was made, and again right after `known` was recorded; `old` has no mark and belongs to nobody known.
  for (const id of ['begun', 'known', 'old']) fill(id);
  for (const id of ['begun', 'known', 'never-there']) writeFileSync(join(parent, `${id}.unfinished`), '');
  await clearUnfinished(parent, ['known']);
  expect(readdirSync(parent).sort()).toEqual(['known', 'old']);
  expect(readdirSync(join(parent, 'known'))).toEqual(['data']);
});
