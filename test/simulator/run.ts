/** One seed from set-up to verdict: the size of the network, who is Byzantine and everything that happens follow from the seed. */
import { Violation } from './invariants.ts';
import { Seeded } from './seeded.ts';
import { type Coverage, World, type WorldOptions } from './world.ts';

export interface Outcome {
  /** The invariant that did not hold; null if all did. */
  readonly violation: string | null;
  readonly coverage: Coverage;
  readonly traceHash: string;
}

/** The set-up that a seed stands for. */
export function setUpOf(seed: number): WorldOptions {
  const random = new Seeded(seed * 7919);
  const groups = random.pick([4, 4, 4, 5, 7]);
  const members = random.pick([3, 3, 4]);
  // At most as many groups as the quorum allows for hold Byzantine members.
  const unsafe = random.chance(0.6) ? random.below(Math.floor((groups - 1) / 3) + 1) : 0;
  const byzantine = random
    .shuffled(Array.from({ length: groups }, (_, group) => group))
    .slice(0, unsafe)
    .flatMap((group) => {
      const count = 1 + random.below(members);
      return random.shuffled(Array.from({ length: members }, (_, member) => group * members + member)).slice(0, count);
    });
  return { seed, groups, members, byzantine, faultTicks: 400 + random.below(400), healedTicks: 4_800 };
}

/** Runs a seed. What is no violation is a bug of the simulator, and thrown. */
export function runSeed(seed: number, onTrace?: (line: string) => void, changes: Partial<WorldOptions> = {}): Outcome {
  const world = new World({ ...setUpOf(seed), ...changes, ...(onTrace === undefined ? {} : { onTrace }) });
  try {
    world.run();
    return { violation: null, coverage: world.coverage, traceHash: world.traceHash };
  } catch (error) {
    if (!(error instanceof Violation)) throw error;
    return { violation: error.message, coverage: world.coverage, traceHash: world.traceHash };
  }
}
