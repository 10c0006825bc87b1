/** `npm run soak -- --minutes M --seed S`: twelve validators under load and disturbances, and what is left of them afterwards. */
import { parseArgs } from 'node:util';
import { soak } from './soak-run.ts';

const print = (text: string) => process.stdout.write(`${text}\n`);

const { values } = parseArgs({ options: { minutes: { type: 'string', default: '10' }, seed: { type: 'string', default: '1' } } });
const [minutes, seed] = [Number(values.minutes), Number(values.seed)];
if (!(minutes > 0 && Number.isInteger(seed))) {
  process.stderr.write('usage: npm run soak -- [--minutes NUMBER] [--seed NUMBER]\n');
  process.exit(2);
}
const begun = performance.now();
const elapsed = () => `${((performance.now() - begun) / 1000).toFixed(1).padStart(7)} s`;
const report = await soak({ minutes, seed, onNote: (text) => print(`${elapsed()}  ${text}`) });
const { aftermath, violations, latencyMs, memoryMiB } = report;
const seconds = latencyMs.map((ms) => `${(ms / 1000).toFixed(1)} s`);
const disks = { full: 'full', limited: 'limits on files', none: 'none' }[report.diskKind];
print(`
seed ${seed}, ${minutes} minutes: ${[...report.byKind.values()].reduce((total, times) => total + times, 0)} disturbances
  ${[...report.byKind].map(([kind, times]) => `${kind}: ${times}`).join(', ')}
  ${report.kills} kills, ${report.pauses} pauses of processes, ${report.fullDisks} disks (${disks}); ${report.cutLogs} logs were cut by it
  ${report.viewChanges} view changes, ${report.leaderChanges} leader changes
  ${[...new Set(report.diskWords)].map((words) => `it said: ${words}`).join('\n  ')}
load: ${report.acknowledged} transactions acknowledged, ${report.retries} sent again to another; final after ${seconds[0]} (half), ${seconds[1]} (99 of 100), ${seconds[2]} (all)
memory of a process: ${memoryMiB[0]} MiB when warm, at most ${memoryMiB[1]} MiB at the end
present afterwards on each validator: ${aftermath.blocks} blocks with ${aftermath.transactions} transactions; ${aftermath.certificates} certificates verified with the genesis document
violations: ${violations.length}`);
for (const violation of violations) print(`  ${violation}`);
process.exitCode = violations.length === 0 ? 0 : 1;
