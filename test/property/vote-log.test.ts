/** The vote log against a model, and compaction against the machine: whoever starts from what is left stands where it would have stood. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FileVoteLog } from '../../core/adapters/vote-log.ts';
import type { AppError } from '../../core/base/app-error.ts';
import { toHex } from '../../core/base/bytes.ts';
import type { DurableRecord } from '../../core/consensus/record.ts';
import { neededRecords } from '../../core/consensus/record-compaction.ts';
import { encodeRecord } from '../../core/consensus/record-encoding.ts';
import { Runtime } from '../../core/consensus/runtime.ts';
import { PowerLossDisk } from '../power-loss-disk.ts';
import { quickKeys } from '../simulator/keys.ts';
import { setUpOf } from '../simulator/run.ts';
import { Seeded } from '../simulator/seeded.ts';
import { genesisHash, isWellFormed } from '../simulator/toy-ledger.ts';
import { World } from '../simulator/world.ts';
import { voteHistory } from '../vote-history.ts';

const textOf = (records: readonly DurableRecord[]) => records.map((record) => toHex(encodeRecord(record))).join('\n');

describe('the log', () => {
  it('holds what was acknowledged and a first part of the rest, whatever is appended, closed, cut off and compacted', async () => {
    const act = fc.oneof(
      { weight: 12, arbitrary: fc.constant('append' as const) },
      { weight: 4, arbitrary: fc.constant('wait' as const) },
      { weight: 1, arbitrary: fc.constant('close' as const) },
      { weight: 2, arbitrary: fc.constant('power-loss' as const) },
    );
    let losses = 0;
    await fc.assert(
      fc.asyncProperty(fc.nat(), fc.array(act, { minLength: 20, maxLength: 120 }), async (seed, acts) => {
        const random = new Seeded(seed);
        const history = voteHistory(seed, 40);
        let disk = new PowerLossDisk();
        const logId = await FileVoteLog.create(disk);
        let durable: DurableRecord[] = [];
        let acknowledged = 0;
        let open = await reopen(disk, logId);
        let pending: (readonly DurableRecord[])[] = [];
        let next = 0;
        const failures: AppError[] = [];
        async function reopen(from: PowerLossDisk, id: Uint8Array): Promise<Awaited<ReturnType<typeof FileVoteLog.open>>> {
          const settledHeight = () => 0;
          return FileVoteLog.open({
            files: from,
            logId: id,
            settledHeight,
            onFailure: (error) => failures.push(error),
            compactionBytes: 500,
          });
        }
        for (const what of acts) {
          const records = history[next];
          if (what === 'append' && records !== undefined) {
            next++;
            pending.push(records);
            open.log.append(records, () => acknowledged++);
          } else if (what === 'wait') for (let turn = 0; turn < random.below(300); turn++) await Promise.resolve();
          else if (what === 'close') {
            await open.log.close();
            expect(acknowledged).toBe(pending.length);
            open = await reopen(disk, logId);
            expect(open.records).toEqual(neededRecords([...durable, ...pending.flat()], 0));
          } else if (what === 'power-loss') {
            losses++;
            disk.failAt = disk.calls + random.below(4);
            for (let turn = 0; turn < 300; turn++) await Promise.resolve();
            const survivor = disk.survivor(random);
            disk = survivor;
            open = await reopen(disk, logId);
            const possible = Array.from({ length: pending.length - acknowledged + 1 }, (_, more) => [
              ...durable,
              ...pending.slice(0, acknowledged + more).flat(),
            ]);
            const found = possible.find((candidate) => textOf(neededRecords(candidate, 0)) === textOf(open.records));
            expect(found).toBeDefined();
            durable = found ?? [];
            pending = [];
            acknowledged = 0;
          }
        }
        await open.log.close();
      }),
      { numRuns: 150 },
    );
    expect(losses).toBeGreaterThan(300);
  });

  it('needs the same whether it was compacted before or not', () => {
    fc.assert(
      fc.property(fc.nat(), fc.nat({ max: 30 }), fc.nat({ max: 30 }), (seed, at, settled) => {
        const history = voteHistory(seed, 30);
        const cut = Math.floor((history.length * at) / 30);
        const [first, second] = [history.slice(0, cut).flat(), history.slice(cut).flat()];
        const heightThen = Math.max(0, ...first.map((record) => (record.kind === 'final' ? record.certificate.height : 0)));
        const before = neededRecords(first, Math.min(settled, heightThen));
        expect(textOf(neededRecords([...before, ...second], settled))).toBe(textOf(neededRecords(history.flat(), settled)));
      }),
      { numRuns: 300 },
    );
  });
});

const [groups, groupMembers] = [4, 3];

/** A network after faults: links that lose, crashes with unsynced writes, and a member that is replaced. */
function troubledWorld(seed: number): World {
  const options = {
    ...setUpOf(seed),
    groups,
    members: groupMembers,
    byzantine: [],
    twins: [],
    idleLeaders: [],
    spares: 1,
    keys: quickKeys,
  };
  const world = new World(options);
  const { random } = world;
  while (world.now < 1_200) {
    if (world.now % 100 === 0) world.loss = random.pick([0, 0.1, 0.4, 0.7]);
    if (random.chance(0.05)) world.submit();
    const node = random.pick(world.nodes);
    if (random.chance(0.01)) {
      world.crash(node);
      world.in(1 + random.below(60), () => world.restart(node));
    }
    if (world.now === 500) world.give({ replaced: world.committee.nameOf(random.below(12)), by: world.nodes[12]!.name });
    world.turn();
  }
  return world;
}

/** What a member does that starts from some records on a ledger of some height: how it stands, and what it sends unasked. */
function lifeFrom(world: World, nodeId: number, restored: readonly DurableRecord[], ledgerHeight: number): unknown {
  const node = world.nodes[nodeId]!;
  const members = Array.from({ length: groups }, (_, group) =>
    Array.from({ length: groupMembers }, (_, member) => quickKeys.publicKey(group * groupMembers + member)),
  );
  const random = new Seeded(7);
  const sent: string[] = [];
  const committed: number[] = [];
  const runtime = new Runtime({
    genesisHash,
    members,
    key: node.name,
    sign: quickKeys.signerOf(node.key),
    verify: quickKeys.verify,
    isWellFormed,
    random: (bound) => random.below(bound),
    restored,
    log: { append: (_records, done) => done() },
    ledger: {
      height: ledgerHeight,
      hasExecutable: true,
      accept: () => false,
      isPending: () => false,
      execute: () => undefined,
      build: () => undefined,
      commit: (block) => {
        committed.push(block.height);
      },
      read: () => undefined,
    },
    send: (to, envelope) => sent.push(JSON.stringify([to, envelope])),
    onRefused: () => undefined,
    onEvidence: () => undefined,
    mustAsk: false,
    onAsked: () => undefined,
    onVotesLost: () => undefined,
  });
  runtime.tellExecutable();
  const standing = { ...runtime.machine?.status };
  for (let tick = 0; tick < 200; tick++) runtime.tick();
  return { epoch: runtime.committee.epoch, start: runtime.epochStart, final: runtime.final, standing, committed, sent };
}

describe('compaction', () => {
  it('changes nothing of where a member stands, in simulated networks with faults, view changes and epochs', () => {
    let views = 0;
    let epochs = 0;
    let dropped = 0;
    for (let seed = 1; seed <= 6; seed++) {
      const world = troubledWorld(seed);
      epochs += world.coverage.epochs;
      for (const node of world.honest) {
        const records = node.disk.durable;
        for (const settled of new Set([0, world.random.below(node.ledger.height + 1), node.ledger.height])) {
          const needed = neededRecords(records, settled);
          dropped += records.length - needed.length;
          if ((node.runtime.machine?.status.view ?? 0) > 0) views++;
          expect(lifeFrom(world, node.id, needed, settled)).toEqual(lifeFrom(world, node.id, records, settled));
        }
      }
    }
    expect(Math.min(views, 10 * epochs, dropped)).toBeGreaterThan(20);
  });
});
