/** `npm run simulate -- --seeds N --from S`: runs seeds and sums up; `--seed X --trace` replays one and shows what happened. */
import { parseArgs } from 'node:util';
import { addCoverage, coverageNames, noCoverage } from './coverage.ts';
import { runSeed, setUpOf } from './run.ts';

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '200' },
    from: { type: 'string', default: '1' },
    seed: { type: 'string' },
    trace: { type: 'boolean', default: false },
    /** Stops after so many failures. */
    failures: { type: 'string', default: '10' },
    /** Only seeds whose set-up has these numbers of groups and members, as `5x3`. */
    network: { type: 'string' },
  },
});
const print = (line: string) => process.stdout.write(`${line}\n`);
const failuresMax = Number(values.failures);

if (values.seed !== undefined) {
  const { violation, traceHash, coverage } = runSeed(Number(values.seed), values.trace ? print : undefined);
  print(`seed ${values.seed}: ${violation ?? 'holds'}; trace ${traceHash}`);
  for (const name of coverageNames) print(`  ${name}: ${coverage[name]}`);
  process.exitCode = violation === null ? 0 : 1;
} else {
  const begun = performance.now();
  const total = noCoverage();
  let failures = 0;
  let run = 0;
  for (let seed = Number(values.from); run < Number(values.seeds) && failures < failuresMax; seed++) {
    const { groups, members } = setUpOf(seed);
    if (values.network !== undefined && values.network !== `${groups}x${members}`) continue;
    const { violation, coverage } = runSeed(seed);
    run++;
    addCoverage(total, coverage);
    if (violation === null) continue;
    failures++;
    print(`seed ${seed}: ${violation}\n  replay: npm run simulate -- --seed ${seed} --trace`);
  }
  const { user, system } = process.cpuUsage();
  const aMinute = (milliseconds: number) => Math.round(run / (milliseconds / 60_000));
  const rates = `${aMinute(performance.now() - begun)} a minute, ${aMinute((user + system) / 1_000)} a minute of processor time`;
  print(`${run} seeds, ${failures} failed, ${rates}`);
  for (const name of coverageNames) print(`  ${name}: ${total[name]}`);
  process.exitCode = failures === 0 ? 0 : 1;
}
