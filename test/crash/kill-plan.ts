/** Who is killed when: drawn from a seed, so that a run's choices (not the machine's timing) can be repeated. */
import { seededRandom } from '../seeded-random.ts';

/** Whom a kill may strike; proxies by their index from 0. */
export const victims = ['group 1', 'group 2', 'group 3', 'group 4', 'PKG', 'proxy 1', 'proxy 2', 'proxy 3', 'workflow'] as const;
export type Victim = (typeof victims)[number];

/** One kill to come. */
export interface PlannedKill {
  readonly victim: Victim;
  /** Counted from the last kill, or from the next news of the story: most of its time goes into proofs, most of its danger is elsewhere. */
  readonly after: 'last-kill' | 'next-news';
  readonly delayMs: number;
}

/** Of thirteen kills, so many strike each victim; a group is three validators at once. */
const weights: Readonly<Record<Victim, number>> = {
  'group 1': 1,
  'group 2': 1,
  'group 3': 1,
  'group 4': 1,
  PKG: 2,
  'proxy 1': 1,
  'proxy 2': 1,
  'proxy 3': 1,
  workflow: 4,
};
const lot = victims.flatMap((victim) => Array.from({ length: weights[victim] }, () => victim));
const pauseMs = { min: 200, max: 2000 };
const afterNewsMsMax = 400;

/** The endless plan of a seed. */
export function* killPlan(seed: string): Generator<PlannedKill, never> {
  const random = seededRandom(`crash ${seed}`);
  const below = (bound: number): number => new DataView(random.bytes(4).buffer).getUint32(0) % bound;
  for (;;) {
    const victim = lot[below(lot.length)] as Victim;
    const after = below(2) === 0 ? 'last-kill' : 'next-news';
    const delayMs = after === 'last-kill' ? pauseMs.min + below(pauseMs.max - pauseMs.min) : below(afterNewsMsMax);
    yield { victim, after, delayMs };
  }
}
