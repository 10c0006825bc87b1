/**
 * `npm test`: lint, types, then every test on Electron's Node. The last line is the whole verdict,
 * `N passed, N failed`. Lint and types count as one test each. A test that was skipped, left to do or
 * never collected counts as failed, so that the line cannot be green by doing less.
 */
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { buildFolder } from './setup/places.mjs';
import { runElectronNode } from './setup/processes.mjs';

/** What vitest wrote about its last run. */
export const reportFile = path.join(buildFolder, 'test-report.json');

/** Runs everything, or only the test files whose path contains one of `filters`. Resolves to the exit code. */
export async function runTests(filters) {
  const results = [];
  if (filters.length === 0) {
    const lint = ['node_modules/@biomejs/biome/bin/biome', 'check', '--error-on-warnings', '--diagnostic-level=warn'];
    results.push(await runCheck('lint', () => runElectronNode(lint)));
    results.push(await runCheck('types', checkTypes));
  }
  results.push(await runVitest(filters));
  const passed = sum(results, 'passed');
  const failed = sum(results, 'failed');
  console.log(`${passed} passed, ${failed} failed`);
  return failed === 0 ? 0 : 1;
}

/** Checks the types of the three programs: what runs on Node, in a window, and beside a window in the end-to-end tests. Resolves to the exit code. */
export async function checkTypes() {
  const codes = [];
  for (const project of ['.', 'renderer', 'test/e2e'])
    codes.push(await runElectronNode(['node_modules/typescript/bin/tsc', '--noEmit', '-p', project]));
  return Math.max(...codes);
}

async function runCheck(name, check) {
  console.log(`\n${name}`);
  const ok = (await check()) === 0;
  return { passed: ok ? 1 : 0, failed: ok ? 0 : 1 };
}

async function runVitest(filters) {
  mkdirSync(buildFolder, { recursive: true });
  rmSync(reportFile, { force: true });
  const code = await runElectronNode([
    'node_modules/vitest/vitest.mjs',
    'run',
    '--project=light',
    '--project=heavy',
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${reportFile}`,
    ...filters,
  ]);
  return countReport(code, reportFile);
}

/**
 * What a run of vitest that ended with `code` came to, from its JSON report. Every test is passed or failed; a file that broke
 * before its tests counts as one failure, and so does a run that ended badly without a failed test.
 */
export function countReport(code, file) {
  const counts = existsSync(file) ? countTests(JSON.parse(readFileSync(file, 'utf8'))) : { passed: 0, failed: 0 };
  if (code !== 0 && counts.failed === 0) {
    console.error(`The test runner ended with code ${code} although no test failed: see its message above.`);
    counts.failed = 1;
  }
  return counts;
}

function countTests(report) {
  const counts = { passed: 0, failed: 0 };
  for (const file of report.testResults) {
    if (file.assertionResults.length === 0) {
      console.error(`no test was collected: ${file.name}`);
      counts.failed++;
    }
    for (const test of file.assertionResults) {
      if (test.status === 'passed') counts.passed++;
      else counts.failed++;
      if (test.status !== 'passed' && test.status !== 'failed') console.error(`${test.status}, counted as failed: ${test.fullName}`);
    }
  }
  return counts;
}

function sum(results, key) {
  return results.reduce((total, result) => total + result[key], 0);
}
