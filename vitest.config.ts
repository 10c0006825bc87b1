/**
 * The test runner. Light suites share the cores; the heavy ones (proving, whole stories, forge) run
 * one file after another when those are done, each in a process of its own: snarkjs does not survive
 * worker threads, and two provers on two cores only slow each other down.
 */
import { defineConfig } from 'vitest/config';

const endToEnd = ['test/e2e/**/*.test.ts'];
const heavy = ['test/circuits/**/*.test.ts', 'test/contracts/**/*.test.ts', 'test/integration/**/*.test.ts', 'test/simulator/**/*.test.ts'];

export default defineConfig({
  test: {
    pool: 'forks',
    setupFiles: ['test/fixed-seeds.ts'],
    allowOnly: false,
    passWithNoTests: false,
    retry: 0,
    projects: [
      {
        extends: true,
        test: {
          name: 'light',
          include: ['test/**/*.test.ts'],
          exclude: [...heavy, ...endToEnd],
          maxWorkers: 2,
          testTimeout: 60_000,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: {
          name: 'heavy',
          include: heavy,
          fileParallelism: false,
          testTimeout: 900_000,
          hookTimeout: 900_000,
          sequence: { groupOrder: 1 },
        },
      },
      {
        extends: true,
        test: {
          name: 'e2e',
          include: endToEnd,
          fileParallelism: false,
          testTimeout: 900_000,
          hookTimeout: 300_000,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});
