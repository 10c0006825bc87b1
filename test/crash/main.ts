/** `npm run crash -- --kills 200 --seed S`: kills services and workflow at random moments of the story, and checks what is left. */
import { parseArgs } from 'node:util';
import { crash } from './crash-run.ts';

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '200' },
    seed: { type: 'string', default: '1' },
    rows: { type: 'string', default: '40' },
  },
});
const [kills, rows] = [Number(values.kills), Number(values.rows)];
if (!(Number.isInteger(kills) && kills > 0 && Number.isInteger(rows) && rows > 0)) {
  console.error('usage: npm run crash -- [--kills NUMBER] [--seed TEXT] [--rows NUMBER]');
  process.exit(2);
}
const begun = performance.now();
const elapsed = () => `${((performance.now() - begun) / 1000).toFixed(1).padStart(7)} s`;
const report = await crash({ kills, seed: values.seed, rows, onNote: (text) => console.log(`${elapsed()}  ${text}`) });
const { aftermath } = report;
const table = (counts: ReadonlyMap<string, number>) =>
  [...counts]
    .sort()
    .map(([name, times]) => `${name}: ${times}`)
    .join(', ') || 'none';
console.log(`
seed ${values.seed}: ${report.kills} kills in ${report.stories} stories, each told to its end
  by victim: ${table(report.byVictim)} (${report.whileStarting} while starting)
  by stage: ${table(report.byStage)}
  steps that found a service down and were repeated: ${table(report.interrupted)}
present afterwards: ${aftermath.transactions} final transactions, ${aftermath.identityKeys} issued identity keys, ${aftermath.ciphertexts} whole ciphertexts,
  ${aftermath.documents} sealed documents that open, ${aftermath.blocks} blocks that a replay from genesis makes again
violations: ${aftermath.violations.length}`);
for (const violation of aftermath.violations) console.log(`  ${violation}`);
process.exitCode = aftermath.violations.length === 0 ? 0 : 1;
