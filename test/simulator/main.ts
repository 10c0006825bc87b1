/** `npm run simulate -- --seeds N --from S`: runs seeds and sums up; `--seed X --trace` replays one and shows what happened. */
import { parseArgs } from 'node:util';
import { runSeed } from './run.ts';

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '200' },
    from: { type: 'string', default: '1' },
    seed: { type: 'string' },
    trace: { type: 'boolean', default: false },
  },
});
const begun = performance.now();
if (values.seed !== undefined) {
  const outcome = runSeed(Number(values.seed), values.trace ? (line) => process.stdout.write(`${line}\n`) : undefined);
  process.stdout.write(
    `seed ${values.seed}: ${outcome.violation ?? 'holds'}; trace ${outcome.traceHash}\n${JSON.stringify(outcome.coverage)}\n`,
  );
  process.exit(outcome.violation === null ? 0 : 1);
}
const from = Number(values.from);
const count = Number(values.seeds);
const total: Record<string, number> = {};
let failures = 0;
for (let seed = from; seed < from + count; seed++) {
  const { violation, coverage } = runSeed(seed);
  for (const [name, value] of Object.entries(coverage)) total[name] = (total[name] ?? 0) + value;
  if (violation === null) continue;
  failures++;
  process.stdout.write(`seed ${seed}: ${violation}\n`);
  if (failures >= 10) break;
}
const minutes = (performance.now() - begun) / 60_000;
process.stdout.write(`${count} seeds, ${failures} failed, ${Math.round(count / minutes)} a minute\n`);
for (const [name, value] of Object.entries(total)) process.stdout.write(`  ${name}: ${value}\n`);
process.exitCode = failures === 0 ? 0 : 1;
