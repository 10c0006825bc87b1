/** `npm run check:secrets`: tells the story once with planted secrets and looks for them wherever a process writes or sends. */
import { parseArgs } from 'node:util';
import { checkSecrets } from './secrets-run.ts';

const { values } = parseArgs({ options: { rows: { type: 'string', default: '12' } } });
const rows = Number(values.rows);
if (!(Number.isInteger(rows) && rows > 4)) {
  console.error('usage: npm run check:secrets -- [--rows NUMBER], at least 5');
  process.exit(2);
}
const begun = performance.now();
const report = await checkSecrets({
  rows,
  onNote: (text) => console.log(`${((performance.now() - begun) / 1000).toFixed(1).padStart(7)} s  ${text}`),
});
console.log(
  `\n${report.secrets} secrets in ${report.patterns} forms; each, leaked on purpose into a copy of a log in every encoding, was looked for first`,
);
console.log('searched:');
for (const [kind, { files, bytes }] of [...report.searched].sort()) console.log(`  ${kind}: ${files} files, ${bytes} bytes`);
if (report.coresMissing !== undefined) console.log(`  NOT searched: core files, because ${report.coresMissing}`);
console.log('found where they may be:');
for (const [reason, secrets] of report.expected) console.log(`  ${reason}\n    ${[...secrets].sort().join(', ') || 'nothing'}`);
console.log(`leaks: ${report.violations.length}`);
for (const violation of report.violations) console.log(`  ${violation}`);
process.exitCode = report.violations.length === 0 ? 0 : 1;
