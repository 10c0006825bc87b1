/** The main job: all readings of the sample go from an owner to a consumer through the ten stages, by the command that a user types. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { vouchsafe } from './command-line.ts';

test('the demo tells the whole story on the sample: 22,695 readings, every stage, every check', async () => {
  const { code, output, errors } = await vouchsafe(['demo'], { msMax: 3_500_000 });
  expect(errors).toBe('');
  const stages = [...output.matchAll(/^Stage (\d+): /gm)].map(([, number]) => Number(number));
  expect(stages).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  expect(output).toContain('22695 rows imported');
  expect(output).toMatch(/checked: the contract verified 23 segments, 22695 rows and the whole/);
  const sample = readFileSync(new URL('../../resources/sample/machine-temperature.csv', import.meta.url));
  expect(output).toContain(`checked: the received file equals the sent one: SHA-256 ${createHash('sha256').update(sample).digest('hex')}`);
  // The count that is announced is that of the checks that were printed, and none was left out.
  expect(output.match(/^ {2}checked: /gm)).toHaveLength(12);
  expect(output).toContain('All 12 checks hold.');
  expect(code).toBe(0);
  // Five minutes alone on two cores; a machine that does other things as well may take its time.
}, 3_600_000);
