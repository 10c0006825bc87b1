/**
 * What grouping saves: RBFT beside flat PBFT and flat Raft over the same connections, with nothing to execute; what twelve validators do
 * with real transfers, beside anvil; and how long nothing is final after a leader or a group is gone.
 * Usage: consensus.ts protocols|transfers|recovery
 */
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { launchAnvil } from './anvil.ts';
import { type CountedFigures, countCluster, type MeasuredFigures, measureCluster } from './no-op-cluster.ts';
import { measure } from './transaction-rate.ts';
import { accounts, chainId, MeasuredNetwork, SignedTransfers, type Spread } from './validator-figures.ts';

const rounds = 3;
const countedBlocks = 5;
const kills = 50;
const warmMs = 2_000;
const measureMs = 6_000;
/** Groups by number of nodes: RBFT's ways to group them, then flat PBFT, then flat Raft. */
const clusters: Readonly<Record<number, readonly (readonly [name: string, groups: number, members: number])[]>> = {
  12: [
    ['RBFT 4 x 3', 4, 3],
    ['flat PBFT', 12, 1],
    ['flat Raft', 1, 12],
  ],
  24: [
    ['RBFT 8 x 3', 8, 3],
    ['RBFT 4 x 6', 4, 6],
    ['flat PBFT', 24, 1],
    ['flat Raft', 1, 24],
  ],
  48: [
    ['RBFT 16 x 3', 16, 3],
    ['flat PBFT', 48, 1],
  ],
};

const print = (line: string) => process.stdout.write(`${line}\n`);
const [part] = process.argv.slice(2);
if (part === 'protocols') await protocols();
else if (part === 'transfers') await transfers();
else if (part === 'recovery') await recovery();
else throw new Error('usage: consensus.ts protocols|transfers|recovery');
process.exit(0);

async function protocols(): Promise<void> {
  print(
    'consensus alone, 200 transactions of 110 bytes a block, executed by nobody; what a block costs all nodes together, counted where every',
  );
  print('message takes equally long and nothing else takes time: the same on every machine');
  for (const [nodes, kinds] of Object.entries(clusters)) {
    print(`${nodes.padStart(2)} nodes        messages  (others)      kB  signed  checked  hops`);
    const costs = new Map<string, CountedFigures>();
    for (const [name, groups, members] of kinds) {
      const cost = countCluster(new Array<number>(groups).fill(members), countedBlocks);
      costs.set(name, cost);
      const columns = [
        name.padEnd(12),
        cost.messages.toFixed(0).padStart(11),
        `(${cost.otherMessages.toFixed(0)})`.padStart(9),
        (cost.bytes / 1_000).toFixed(0).padStart(7),
        cost.signatures.toFixed(0).padStart(7),
        cost.verifications.toFixed(0).padStart(8),
        cost.hops.toFixed(0).padStart(5),
      ];
      print(columns.join(' '));
    }
    const flat = costs.get('flat PBFT') as CountedFigures;
    for (const [name, cost] of costs)
      if (name.startsWith('RBFT'))
        print(
          `  ${name}: ${(cost.messages / flat.messages).toFixed(2)} of the messages of flat PBFT, ${(cost.bytes / flat.bytes).toFixed(2)} of its bytes, ` +
            `${(cost.signatures / flat.signatures).toFixed(2)} of its signatures, ${(cost.verifications / flat.verifications).toFixed(2)} of its checks`,
        );
  }
  print(
    `the same over TLS on loopback, all nodes in one process, so one core for all: medians of ${rounds} rounds of ${measureMs / 1_000} s (least to most)`,
  );
  for (const [nodes, kinds] of Object.entries(clusters).slice(0, 2)) {
    const figures = new Map<string, MeasuredFigures[]>();
    for (let round = 0; round < rounds; round++)
      for (const [name, groups, members] of kinds) {
        const found = await measureCluster(new Array<number>(groups).fill(members), { warmMs, measureMs });
        figures.set(name, [...(figures.get(name) ?? []), found]);
      }
    for (const [name, found] of figures) {
      const rates = found.map(({ blocksPerSecond }) => blocksPerSecond);
      const p50 = medianOf(found.map(({ latencyMs }) => latencyMs[0]));
      const p99 = medianOf(found.map(({ latencyMs }) => latencyMs[1]));
      const flat = medianOf((figures.get('flat PBFT') ?? []).map(({ blocksPerSecond }) => blocksPerSecond));
      print(
        `${nodes.padStart(2)} nodes, ${name.padEnd(11)} ${medianOf(rates).toFixed(1)} blocks a second (${Math.min(...rates).toFixed(1)} to ${Math.max(...rates).toFixed(1)}), ` +
          `${(medianOf(rates) / flat).toFixed(2)} times flat PBFT; a block final after ${p50.toFixed(0)} ms (half), ${p99.toFixed(0)} ms (99 of 100)` +
          `; ${found.reduce((total, { viewChanges }) => total + viewChanges, 0)} views left`,
      );
    }
  }
  const etcd = spawnSync('etcd', ['--version'], { encoding: 'utf8' });
  print(`etcd: ${etcd.error === undefined ? 'installed, and not compared yet' : 'not installed here, so not measured'}`);
}

async function transfers(): Promise<void> {
  const anvil: number[] = [];
  for (const [perProcess, processes, goal, seconds] of [
    ['group', 4, 250, 1.5],
    ['member', 12, 80, 2],
  ] as const) {
    const network = await MeasuredNetwork.start(perProcess);
    const rates: number[] = [];
    let half: Spread;
    try {
      await network.throughput(200);
      for (let round = 0; round < rounds; round++) {
        rates.push(await network.throughput(goal * 6));
        anvil.push(await ofAnvil());
      }
      half = await network.finality(goal / 2, 30);
    } finally {
      await network.stop();
    }
    print(
      `12 validators in ${String(processes).padStart(2)} processes  ${spread(rates)} transfers a second (goal ${goal}); at ${goal / 2} a second final after ` +
        `${(half.p50 / 1_000).toFixed(2)} s (half), ${(half.p99 / 1_000).toFixed(2)} s (99 of 100; goal ${seconds}), ${(half.max / 1_000).toFixed(2)} s (all)`,
    );
  }
  print(`anvil, between the rounds      ${spread(anvil)} transfers a second`);
}

async function recovery(): Promise<void> {
  const network = await MeasuredNetwork.start('member');
  try {
    await network.throughput(100);
    for (const [who, times, goal] of [
      ['leader', kills, 2],
      ['group', Math.ceil(kills / 5), 5],
    ] as const) {
      const { p50, p99, max, count } = await network.recovery(who, times);
      print(
        `the ${who === 'leader' ? 'leader that proposes' : 'group that proposes'} killed ${count} times: next final block after ` +
          `${(p50 / 1_000).toFixed(2)} s (half), ${(p99 / 1_000).toFixed(2)} s (99 of 100; goal ${goal}), ${(max / 1_000).toFixed(2)} s (all)`,
      );
    }
  } finally {
    await network.stop();
  }
}

async function ofAnvil(): Promise<number> {
  const transfers = await new SignedTransfers().sign(2_000);
  const { child, url } = await launchAnvil(chainId, accounts);
  try {
    return await measure(
      url,
      transfers.map(({ raw }) => raw),
    );
  } finally {
    child.kill('SIGTERM');
    await once(child, 'exit');
  }
}

function spread(values: readonly number[]): string {
  return `${medianOf(values).toFixed(0).padStart(5)} (${Math.min(...values).toFixed(0)} to ${Math.max(...values).toFixed(0)})`;
}

function medianOf(values: readonly number[]): number {
  return [...values].sort((left, right) => left - right)[Math.floor(values.length / 2)] ?? Number.NaN;
}
