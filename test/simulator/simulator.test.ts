/** Thousands of seeds, each a network with faults and liars, keep every invariant; and enough of everything takes place in them. */
import { describe, expect, test } from 'vitest';
import { addCoverage, coverageNames, noCoverage } from './coverage.ts';
import { ed25519Keys } from './keys.ts';
import { runSeed } from './run.ts';

/** Seeds from 1 on, in parts, so that a failure tells which. */
const parts = 8;
const seedsPerPart = 250;
const total = noCoverage();
let holding = 0;

describe('seeds', () => {
  test.each(Array.from({ length: parts }, (_, part) => 1 + part * seedsPerPart))(
    `${seedsPerPart} from %i`,
    { timeout: 1_800_000 },
    (from) => {
      const violations: string[] = [];
      for (let seed = from; seed < from + seedsPerPart; seed++) {
        const { violation, coverage } = runSeed(seed);
        addCoverage(total, coverage);
        if (violation === null) holding++;
        else violations.push(`npm run simulate -- --seed ${seed} --trace: ${violation}`);
      }
      expect(violations).toEqual([]);
    },
  );

  test('at least 2,000 of them hold, and no fault and no step of the protocol is missing', () => {
    expect(holding).toBeGreaterThanOrEqual(2_000);
    expect(coverageNames.filter((name) => total[name] === 0)).toEqual([]);
  });
});

describe('replay', () => {
  test('a seed replays exactly, traced or not', () => {
    const lines: string[] = [];
    const first = runSeed(11, (line) => lines.push(line));
    const second = runSeed(11);
    expect(lines.length).toBeGreaterThan(50);
    expect(second).toEqual(first);
    expect(runSeed(12).traceHash).not.toBe(first.traceHash);
  });

  test.each([3, 7])('with real signatures seed %i goes exactly as with the quick ones', (seed) => {
    const real = runSeed(seed, undefined, { keys: ed25519Keys });
    expect(real.violation).toBeNull();
    expect(real.coverage.ed25519Seeds).toBe(1);
    expect(real.traceHash).toBe(runSeed(seed).traceHash);
  });
});
