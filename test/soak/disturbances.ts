/**
 * What is done to the validators while they work, drawn from a seed. Never more is away at once than the network survives: one whole
 * group, and one member of every other; a member that signs nothing because its log was cut counts as away.
 */
import type { Seeded } from '../simulator/seeded.ts';

export const disturbances = ['kill', 'kill-leaders', 'pause-leader', 'cut-group', 'kill-group', 'cut-and-kill', 'full-disk'] as const;
export type Disturbance = (typeof disturbances)[number];

/** A member by group and place in it. */
export interface Place {
  readonly group: number;
  readonly index: number;
}

/** What the network looks like when a disturbance is chosen. */
export interface Scene {
  readonly groups: number;
  readonly membersPerGroup: number;
  /** The members that lead, one a group where that is known. */
  readonly leaders: readonly Place[];
  readonly primaryGroup: number;
  /** Members that are up but sign nothing. */
  readonly mute: readonly Place[];
  /** Members whose disk can be made full. */
  readonly smallDisks: readonly Place[];
}

export interface Plan {
  readonly kill: readonly Place[];
  readonly pause: readonly Place[];
  readonly fill: readonly Place[];
  /** How long they stay away. */
  readonly awayMs: number;
}

/** All kinds, each as often as the others, in an order of the seed. */
export function* disturbanceOrder(random: Seeded): Generator<Disturbance, never> {
  for (;;) yield* random.shuffled(disturbances);
}

/** Whom a disturbance strikes; nobody where somebody is away who may not be. */
export function planOf(kind: Disturbance, scene: Scene, random: Seeded): Plan {
  const groups = Array.from({ length: scene.groups }, (_, group) => group);
  /** One of a group: the member that is away already, or else the one that is wanted. */
  const oneOf = (group: number, wanted: number): Place => scene.mute.find((place) => place.group === group) ?? { group, index: wanted };
  const any = (group: number) => oneOf(group, random.below(scene.membersPerGroup));
  const leaderOf = (group: number) => oneOf(group, scene.leaders.find((place) => place.group === group)?.index ?? 0);
  const whole = (group: number) => Array.from({ length: scene.membersPerGroup }, (_, index) => ({ group, index }));
  const some = random.shuffled(groups).slice(0, 1 + random.below(scene.groups));
  // The group that proposes half of the time: losing it costs a view.
  const cut = random.chance(0.5) ? scene.primaryGroup : random.below(scene.groups);
  const awayMs = 500 + random.below(7_500);
  const nobody = { kill: [], pause: [], fill: [], awayMs };
  switch (kind) {
    case 'kill':
      return { ...nobody, kill: some.map(any) };
    case 'kill-leaders':
      return { ...nobody, kill: some.map(leaderOf) };
    case 'pause-leader':
      return { ...nobody, pause: [leaderOf(cut)] };
    case 'cut-group':
      return { ...nobody, pause: whole(cut) };
    case 'kill-group':
      return { ...nobody, kill: whole(cut) };
    case 'cut-and-kill':
      return { ...nobody, pause: whole(cut), kill: groups.filter((group) => group !== cut).map(any) };
    case 'full-disk': {
      const allowed = scene.smallDisks.filter(
        (disk) => !scene.mute.some(({ group, index }) => group === disk.group && index !== disk.index),
      );
      return { ...nobody, fill: allowed.length === 0 ? [] : [random.pick(allowed)] };
    }
  }
}
