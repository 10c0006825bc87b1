/** The first half of `npm run check:secrets`: tells the story once with planted secrets and looks for them wherever a process writes or sends. */
import { parseArgs } from 'node:util';
import { noteSince, printFindings } from './report.ts';
import { checkSecrets } from './secrets-run.ts';

const { values } = parseArgs({ options: { rows: { type: 'string', default: '12' } } });
const rows = Number(values.rows);
if (!(Number.isInteger(rows) && rows > 4)) {
  console.error('usage: npm run check:secrets -- [--rows NUMBER], at least 5');
  process.exit(2);
}
const report = await checkSecrets({ rows, onNote: noteSince(performance.now()) });
printFindings(report, 'a log');
process.exitCode = report.violations.length === 0 ? 0 : 1;
