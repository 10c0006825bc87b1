/**
 * What a network can still bear, computed from who is able to vote: whether it makes blocks, how many more of its parts may fail before it
 * makes none, and how many that lie could make it contradict itself. Only what docs/consensus.md claims is said.
 */
import { majorityOf, quorumOf, unsafeGroupsOf } from './committee.ts';

/** A group's size, and how many of its members can vote now. */
export interface GroupStrength {
  readonly members: number;
  readonly able: number;
}

/** One group in the judgement. */
export interface GroupResilience {
  /** Members that its vote needs. */
  readonly majority: number;
  readonly canVote: boolean;
  /** Members that may still fail before it cannot vote. */
  readonly membersToSpare: number;
}

/** The judgement. */
export interface Resilience {
  readonly makesBlocks: boolean;
  /** Groups that a block needs. */
  readonly quorum: number;
  readonly groupsThatVote: number;
  /** Whole groups that may still fail; the others then need their majorities. */
  readonly groupsToSpare: number;
  /** Members that may still fail wherever they are: one more in the worst places, and no block is made. */
  readonly membersToSpare: number;
  readonly groups: readonly GroupResilience[];
  /** Groups of which all members may lie, and no two blocks contradict each other. */
  readonly lyingGroupsMax: number;
  /** So many members that lie, in the worst places, can make two blocks final that contradict each other. */
  readonly liarsThatFork: number;
}

/** Judges a network by its groups. */
export function resilienceOf(strengths: readonly GroupStrength[]): Resilience {
  const quorum = quorumOf(strengths.length);
  const lyingGroupsMax = unsafeGroupsOf(strengths.length);
  const groups = strengths.map(({ members, able }) => {
    const majority = majorityOf(members);
    return { majority, canVote: able >= majority, membersToSpare: Math.max(0, able - majority) };
  });
  const voting = groups.filter(({ canVote }) => canVote);
  const groupsToSpare = Math.max(0, voting.length - quorum);
  const makesBlocks = voting.length >= quorum;
  // The cheapest way to stop it: one group more than can be spared, those that lose their majority first.
  const toStop = sumOfLeast(
    voting.map(({ membersToSpare }) => membersToSpare + 1),
    groupsToSpare + 1,
  );
  return {
    makesBlocks,
    quorum,
    groupsThatVote: voting.length,
    groupsToSpare,
    membersToSpare: makesBlocks ? toStop - 1 : 0,
    groups,
    lyingGroupsMax,
    // A group is unsafe once two majorities of it can have nobody honest in common.
    liarsThatFork: sumOfLeast(
      strengths.map(({ members }) => 2 * majorityOf(members) - members),
      lyingGroupsMax + 1,
    ),
  };
}

function sumOfLeast(values: readonly number[], count: number): number {
  return values
    .toSorted((left, right) => left - right)
    .slice(0, count)
    .reduce((sum, value) => sum + value, 0);
}
