/** The scenarios say what happens: each is played, and must be told as it is written. `SCENARIOS=write` writes what happened instead. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { playScenario } from './scenario.ts';

const folder = path.join(import.meta.dirname, 'scenarios');
const files = readdirSync(folder).sort();

describe('scenarios', () => {
  test('there are some, each a Markdown file', () => {
    expect(files.length).toBeGreaterThanOrEqual(8);
    expect(files.filter((file) => !file.endsWith('.md'))).toEqual([]);
  });

  test.each(files)('%s', (file) => {
    const written = readFileSync(path.join(folder, file), 'utf8');
    const played = playScenario(written);
    if (process.env.SCENARIOS === 'write') writeFileSync(path.join(folder, file), played);
    else expect(played).toBe(written);
  });
});
