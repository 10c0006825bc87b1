/** Every broken variant of the machine is caught by the simulator within its number of seeds; a simulator that catches none proves nothing. */
import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { makeBrokenCopy } from './broken-copy.ts';
import { canaries } from './canaries.ts';

describe('canaries', () => {
  test('there are enough of them, with names of their own', () => {
    expect(canaries.length).toBeGreaterThanOrEqual(12);
    expect(new Set(canaries.map(({ name }) => name)).size).toBe(canaries.length);
  });

  test.each(canaries)('$name', { timeout: 600_000 }, ({ edits, caughtAs, seedsMax, network }) => {
    const folder = makeBrokenCopy(edits);
    try {
      const options = ['--seeds', String(seedsMax), '--failures', '1', ...(network === undefined ? [] : ['--network', network])];
      const run = spawnSync(process.execPath, [path.join(folder, 'test/simulator/main.ts'), ...options], {
        encoding: 'utf8',
        env: { ...process.env, ELECTRON_RUN_AS_NODE: '1' },
      });
      const [, violation = `nothing was caught: ${run.stdout}${run.stderr}`] = /^seed \d+: (.*)$/m.exec(run.stdout) ?? [];
      expect(violation).toMatch(caughtAs);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
