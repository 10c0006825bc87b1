/** One seed from set-up to verdict: the size of the network, who is Byzantine and everything that happens follow from the seed. */
import type { Hex } from '../../core/base/bytes.ts';
import { type Coverage, noCoverage } from './coverage.ts';
import { Violation } from './invariants.ts';
import { ed25519Keys, quickKeys } from './keys.ts';
import type { SimulatedNode } from './node.ts';
import { Seeded } from './seeded.ts';
import { type NetworkOptions, World } from './world.ts';

export interface Outcome {
  /** The invariant that did not hold; null if all did. */
  readonly violation: string | null;
  readonly coverage: Coverage;
  readonly traceHash: string;
}

/** What a seed stands for. */
export interface SeedOptions extends Omit<NetworkOptions, 'onTrace'> {
  /** Ticks with faults; afterwards the network heals. */
  readonly faultTicks: number;
  /** Whole groups that do not come back. */
  readonly deadGroups: readonly number[];
  /** Whether a membership transaction is submitted. */
  readonly changesMembers: boolean;
  /** Whether the log of an honest member loses what had been durable. */
  readonly forgets: boolean;
}

/** Within this virtual time after healing everything must be final: two minutes, four of the longest view timers. */
const healedTicksMax = 4_800;
/** An idle chain must stay quiet for this long: three seconds, three of the longest election timeouts. */
const idleTicks = 120;
/** A view change that is under way may come to its end first. */
const idleWindowsMax = 20;
/** Within this time most of those that stand for election first are elected: three seconds. */
const electedTicks = 120;
/** Under load a leader that does nothing must be deposed within this time: thirty seconds. */
const deposedTicksMax = 1_200;

/** The set-up that a seed stands for. */
export function setUpOf(seed: number): SeedOptions {
  const random = new Seeded(seed * 7_919);
  const [groups = 4, members = 3] = random.pick([
    [4, 3],
    [4, 3],
    [4, 3],
    [4, 3],
    [4, 3],
    [4, 3],
    [5, 3],
    [4, 4],
    [7, 3],
    [4, 5],
    [4, 1],
    [7, 1],
    [1, 3],
    [1, 5],
  ]);
  const unsafeMax = Math.floor((groups - 1) / 3);
  const unsafe = random.chance(0.65) ? (random.chance(0.7) ? unsafeMax : random.below(unsafeMax + 1)) : 0;
  const shuffled = random.shuffled(Array.from({ length: groups }, (_, group) => group));
  const membersOf = (group: number) => random.shuffled(Array.from({ length: members }, (_, member) => group * members + member));
  const byzantine = shuffled.slice(0, unsafe).flatMap((group) => membersOf(group).slice(0, 1 + random.below(members)));
  // In groups of five, one more Byzantine member each leaves the group safe.
  if (members === 5 && groups > 1 && random.chance(0.5))
    for (const group of shuffled.slice(unsafe)) byzantine.push(...membersOf(group).slice(0, 1));
  return {
    seed,
    groups,
    members,
    byzantine,
    twins: byzantine.filter(() => random.chance(0.25)),
    idleLeaders: byzantine.filter(() => random.chance(members === 5 ? 0.6 : 0.2)),
    spares: members >= 3 && groups >= 4 ? 1 : 0,
    keys: random.chance(0.02) ? ed25519Keys : quickKeys,
    faultTicks: 200 + random.below(300),
    // A group that is gone counts as one that may be unsafe.
    deadGroups: unsafe < unsafeMax && random.chance(0.5) ? shuffled.slice(unsafe, unsafeMax) : [],
    changesMembers: random.chance(0.3),
    forgets: members >= 3 && new Seeded(seed * 104_729).chance(0.3),
  };
}

/** Runs a seed. What is no violation is a bug of the simulator, and thrown. */
export function runSeed(seed: number, onTrace?: (line: string) => void, changes: Partial<SeedOptions> = {}): Outcome {
  const options = { ...setUpOf(seed), ...changes };
  const run = new Run(options, onTrace);
  try {
    run.go();
    return { violation: null, ...run.outcome };
  } catch (error) {
    if (!(error instanceof Violation)) throw error;
    return { violation: error.message, ...run.outcome };
  }
}

class Run {
  readonly #options: SeedOptions;
  readonly #onTrace: ((line: string) => void) | undefined;
  #world: World | null = null;

  constructor(options: SeedOptions, onTrace?: (line: string) => void) {
    this.#options = options;
    this.#onTrace = onTrace;
  }

  get outcome(): Pick<Outcome, 'coverage' | 'traceHash'> {
    return { coverage: this.#world?.coverage ?? noCoverage(), traceHash: this.#world?.traceHash ?? '' };
  }

  /** From faults to healing; throws a {@link Violation} at the first invariant that does not hold. */
  go(): void {
    const { faultTicks, byzantine, members, deadGroups, keys } = this.#options;
    const world = new World({ ...this.#options, ...(this.#onTrace === undefined ? {} : { onTrace: this.#onTrace }) });
    this.#world = world;
    const { coverage, random } = world;
    if (byzantine.length > 0) coverage.byzantineSeeds++;
    if (byzantine.length >= members && members > 1) coverage.wholeGroupsByzantine++;
    if (new Set(byzantine.map((member) => Math.floor(member / members))).size > 1) coverage.manyUnsafeGroups++;
    if (keys === ed25519Keys) coverage.ed25519Seeds++;
    coverage.deadGroups += deadGroups.length;
    for (const node of world.nodes)
      if (!node.isHonest && random.chance(0.3))
        node.censors = (transaction) => {
          coverage.censored++;
          return 'account' in transaction && transaction.account === 0;
        };
    const changeAt = this.#options.changesMembers && world.mayChangeMembers ? random.below(faultTicks) : -1;
    const forgetsAt = this.#options.forgets ? faultTicks / 4 + random.below(faultTicks / 2) : Number.POSITIVE_INFINITY;
    let hasForgotten = false;
    while (world.now < faultTicks) {
      if (world.now % 40 === 0) changeWeather(world);
      if (world.now % 160 === 0) chooseWhatToHide(world);
      if (random.chance(0.03)) world.submit();
      if (world.now === changeAt) replaceMember(world);
      if (random.chance(0.012)) disturb(world);
      if (!hasForgotten && world.now >= forgetsAt) hasForgotten = forget(world);
      if (byzantine.length > 0 && random.chance(0.35)) world.adversary.act();
      world.turn();
    }
    const gone = world.nodes.filter(({ member }) => member !== undefined && deadGroups.includes(world.committee.groupOf(member)));
    world.heal(gone);
    for (let account = 0; account < 3; account++) world.submit(account);
    this.#settle(world);
    if (byzantine.length === 0) this.#idle(world);
    else this.#depose(world);
  }

  #settle(world: World): void {
    const end = world.now + healedTicksMax;
    while (world.now < end) {
      if (world.now % 20 === 0 && world.isSettled()) return;
      if (world.now % 200 === 0) world.resubmit();
      if (this.#options.byzantine.length > 0 && world.random.chance(0.05)) world.adversary.act();
      world.turn();
    }
    throw new Violation(`not live ${healedTicksMax} ticks after healing:\n${world.describe()}`);
  }

  /** Nothing is owed to anyone: before long no view is left any more, and no leader either. */
  #idle(world: World): void {
    const { coverage } = world;
    for (let window = 0; window < idleWindowsMax; window++) {
      const { leaderChanges, statements } = coverage;
      for (let tick = 0; tick < idleTicks; tick++) world.turn();
      if (coverage.leaderChanges !== leaderChanges || coverage.statements !== statements) continue;
      coverage.idleChecks++;
      return;
    }
    throw new Violation(`an idle chain is not quiet:\n${world.describe()}`);
  }

  /** Under load, leaders that send nothing but heartbeats are replaced, where enough honest members are. */
  #depose(world: World): void {
    const { coverage } = world;
    // One of each group, whatever it did before.
    const idle = new Set<Hex>();
    const idleGroups = new Set<number>();
    const { committee } = world;
    for (const node of world.nodes) {
      const group = node.member === undefined ? undefined : committee.groupOf(node.member);
      if (node.isHonest || !node.isUp || group === undefined || idleGroups.has(group)) continue;
      idle.add(node.name);
      idleGroups.add(group);
      node.standsFirst = true;
      world.adversary.beIdle(node.name);
    }
    const ledByIdle = (node: SimulatedNode) => {
      const leader = node.runtime.machine?.status.leader ?? null;
      return leader !== null && idle.has(node.runtime.committee.nameOf(leader));
    };
    const groups = Array.from({ length: committee.groups }, (_, group) =>
      world.honest.filter(
        ({ isUp, member, runtime }) =>
          isUp && member !== undefined && committee.groupOf(member) === group && runtime.machine !== null && !runtime.isMute,
      ),
    ).filter((members, group) => idleGroups.has(group) && members.length >= committee.majority(group));
    // Members that restart have forgotten whom they deposed, and idle leaders stand first.
    for (const node of groups.flat()) {
      world.crash(node);
      world.restart(node);
    }
    for (let tick = 0; tick < electedTicks && !groups.every((members) => members.some(ledByIdle)); tick++) world.turn();
    let pending = groups.filter((members) => members.some(ledByIdle));
    coverage.idleLeaders += pending.length;
    for (let tick = 0; pending.length > 0; tick++) {
      if (tick > deposedTicksMax) throw new Violation(`a leader that only sends heartbeats is not deposed:\n${world.describe()}`);
      if (tick % 40 === 0) world.submit();
      world.turn();
      pending = pending.filter((members) => !members.some((node) => node.runtime.machine?.status.leader !== null && !ledByIdle(node)));
    }
  }
}

/** Another network for a while. */
function changeWeather(world: World): void {
  const { random, nodes, coverage } = world;
  world.loss = random.pick([0, 0, 0.02, 0.1, 0.3]);
  world.duplication = random.pick([0, 0.03, 0.1]);
  world.delayTicks = random.pick([2, 2, 4, 12, 40]);
  world.cut.clear();
  if (random.chance(0.3)) {
    const side = nodes.filter(() => random.chance(0.35));
    const others = nodes.filter((node) => !side.includes(node));
    world.disconnect(side, others);
    if (random.chance(0.3)) coverage.oneWayCuts++;
    else {
      world.disconnect(others, side);
      coverage.partitions++;
    }
  } else if (random.chance(0.2)) {
    // Partial: some links are gone, in no order.
    coverage.partitions++;
    for (const node of nodes)
      world.disconnect(
        [node],
        nodes.filter(() => random.chance(0.2)),
      );
  }
}

/** The network sides with the adversary: blocks are prepared, or committed to, and few get to know. */
function chooseWhatToHide(world: World): void {
  const { random } = world;
  world.hides = random.chance(0.5) ? { phase: random.pick(['prepare', 'commit', 'commit']), chance: random.pick([0.7, 0.9, 1]) } : null;
}

/** Something happens to one node. */
function disturb(world: World): void {
  const { random, coverage } = world;
  // Half of the time where something is being written: that is when a crash loses it.
  const writing = world.nodes.filter(({ isUp, disk }) => isUp && disk.isDirty);
  const node = random.pick(writing.length > 0 && random.chance(0.5) ? writing : world.nodes);
  switch (random.below(8)) {
    case 0:
      coverage.pauses++;
      node.pausedUntil = world.now + random.below(80);
      return;
    case 1:
      coverage.clockJumps++;
      node.clockOffset += random.below(400) - 200;
      node.jump(random.below(30));
      return;
    case 2:
      // An fsync error is fatal: the node stops, and what it wrote may or may not be there.
      if (node.disk.isDirty) coverage.diskErrors++;
      crashFor(world, node);
      return;
    case 3: {
      // A whole group at once.
      const group = random.pick(world.nodes).member;
      const { committee } = world;
      if (group === undefined || group >= committee.size) return;
      for (const member of world.nodes)
        if (
          member.member !== undefined &&
          member.epoch === committee.epoch &&
          committee.groupOf(member.member) === committee.groupOf(group)
        )
          crashFor(world, member);
      return;
    }
    default:
      crashFor(world, node);
  }
}

function crashFor(world: World, node: SimulatedNode): void {
  if (!node.isUp) return;
  world.crash(node);
  world.in(1 + world.random.below(120), () => world.restart(node));
}

/** An honest member's log is cut, or put back to an old copy, while no other of its group waits for answers. Whether there was one. */
function forget(world: World): boolean {
  const { random } = world;
  const members = world.honest.filter(
    (node) => node.isUp && node.member !== undefined && node.disk.durable.length > 3 && world.isAnswered(node),
  );
  if (members.length === 0) return false;
  const node = random.pick(members);
  const { length } = node.disk.durable;
  world.forget(node, random.chance(0.6) ? length - 1 - random.below(Math.min(8, length)) : random.below(length));
  world.in(1 + random.below(60), () => world.restart(node));
  return true;
}

/** A node that is no member takes the place of one that is. */
function replaceMember(world: World): void {
  const spare = world.nodes.find(({ member }) => member === undefined);
  if (spare === undefined) return;
  const replaced = world.committee.nameOf(world.random.below(world.committee.size));
  world.give({ replaced, by: spare.name });
}
