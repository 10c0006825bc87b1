/**
 * The contracts' own tests (contracts/test), run by forge once; each of them counts here as a test of its own. The gas figures in
 * contracts/snapshots are compared too; `FORGE_SNAPSHOT_EMIT=true` in the environment rewrites them (then format them).
 */
import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';

interface ForgeResult {
  readonly status: 'Success' | 'Failure' | 'Skipped';
  readonly reason: string | null;
  readonly counterexample: unknown;
  readonly gas_snapshots: Record<string, Record<string, string>>;
}

type ForgeReport = Record<string, { readonly test_results: Record<string, ForgeResult> }>;

const projectRoot = path.resolve(import.meta.dirname, '../..');
const testFolder = path.join(projectRoot, 'contracts', 'test');
const snapshotFolder = path.join(projectRoot, 'contracts', 'snapshots');

/** The report, not the exit code: the package's launcher drops forge's own. */
function runForge(): Promise<ForgeReport> {
  return new Promise((resolve, reject) => {
    execFile(
      path.join(projectRoot, 'node_modules', '.bin', 'forge'),
      ['test', '--json'],
      {
        cwd: projectRoot,
        maxBuffer: 1 << 26,
        env: { FORGE_SNAPSHOT_EMIT: 'false', ...process.env, FOUNDRY_CONFIG: path.join('contracts', 'foundry.toml') },
      },
      (_, stdout, stderr) => {
        const report = stdout.split('\n').find((line) => line.startsWith('{"contracts/'));
        if (report === undefined) reject(new Error(`forge ran no test:\n${stdout.slice(-4000)}\n${stderr.slice(-4000)}`));
        else resolve(JSON.parse(report) as ForgeReport);
      },
    );
  });
}

const report = await runForge();

for (const [suite, { test_results: results }] of Object.entries(report)) {
  describe(suite.slice(suite.indexOf(':') + 1), () => {
    test.each(Object.entries(results))('%s', (_, result) => {
      expect({ status: result.status, reason: result.reason, counterexample: result.counterexample }).toEqual({
        status: 'Success',
        reason: null,
        counterexample: null,
      });
    });
  });
}

test('every file of tests was run', () => {
  const run = new Set(Object.keys(report).map((suite) => path.basename(suite.slice(0, suite.indexOf(':')))));
  expect([...run].sort()).toEqual(
    readdirSync(testFolder)
      .filter((file) => file.endsWith('.t.sol'))
      .sort(),
  );
});

test('gas is what contracts/snapshots says', () => {
  const measured: Record<string, Record<string, string>> = {};
  for (const { test_results: results } of Object.values(report)) {
    for (const { gas_snapshots: groups } of Object.values(results)) {
      for (const [group, figures] of Object.entries(groups)) measured[group] = { ...measured[group], ...figures };
    }
  }
  expect(existsSync(snapshotFolder)).toBe(true);
  const committed = Object.fromEntries(
    readdirSync(snapshotFolder).map((file) => [
      path.basename(file, '.json'),
      JSON.parse(readFileSync(path.join(snapshotFolder, file), 'utf8')),
    ]),
  );
  expect(measured).toEqual(committed);
});
