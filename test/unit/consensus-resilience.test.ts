/** What a network can still bear: compared with every way in which members can fail. */
import { describe, expect, test } from 'vitest';
import { majorityOf, quorumOf, unsafeGroupsOf } from '../../core/consensus/committee.ts';
import { type GroupStrength, resilienceOf } from '../../core/consensus/resilience.ts';

const groups = (...able: number[]): GroupStrength[] => able.map((count) => ({ members: 3, able: count }));

describe('four groups of three', () => {
  test('survive one whole group and one member in each other group, and any three members', () => {
    expect(resilienceOf(groups(3, 3, 3, 3))).toEqual({
      makesBlocks: true,
      quorum: 3,
      groupsThatVote: 4,
      groupsToSpare: 1,
      membersToSpare: 3,
      groups: Array.from({ length: 4 }, () => ({ majority: 2, canVote: true, membersToSpare: 1 })),
      lyingGroupsMax: 1,
      liarsThatFork: 2,
    });
    expect(resilienceOf(groups(0, 2, 2, 2))).toMatchObject({ makesBlocks: true, groupsToSpare: 0, membersToSpare: 0 });
  });

  test('without one group spare no other, and one member of each', () => {
    const { makesBlocks, groupsToSpare, membersToSpare, groups: each } = resilienceOf(groups(3, 0, 3, 3));
    expect({ makesBlocks, groupsToSpare, membersToSpare }).toEqual({ makesBlocks: true, groupsToSpare: 0, membersToSpare: 1 });
    expect(each[1]).toEqual({ majority: 2, canVote: false, membersToSpare: 0 });
  });

  test('without two make no blocks, and two members of two groups are as good as two groups', () => {
    for (const able of [
      [0, 0, 3, 3],
      [1, 1, 3, 3],
    ])
      expect(resilienceOf(groups(...able))).toMatchObject({ makesBlocks: false, groupsThatVote: 2, groupsToSpare: 0, membersToSpare: 0 });
  });

  test('are forked by two that lie, however many of the others fail', () => {
    expect(resilienceOf(groups(0, 0, 0, 0))).toMatchObject({ makesBlocks: false, lyingGroupsMax: 1, liarsThatFork: 2 });
  });
});

test('larger committees spare more, and groups of five take three liars to be unsafe only by their numbers', () => {
  const seven = Array.from({ length: 7 }, () => ({ members: 5, able: 5 }));
  // F = 2, Q = 5, q = 3: three groups must lose three members each, and three groups one liar each.
  expect(resilienceOf(seven)).toMatchObject({ quorum: 5, groupsToSpare: 2, membersToSpare: 8, lyingGroupsMax: 2, liarsThatFork: 3 });
  expect(resilienceOf([...groups(3, 3, 3), { members: 4, able: 4 }])).toMatchObject({ liarsThatFork: 2, membersToSpare: 3 });
});

test('the members to spare are as many as may fail anywhere, and one more may not: tried in every way', () => {
  const makesBlocks = (able: readonly number[], sizes: readonly number[]) =>
    able.filter((count, group) => count >= majorityOf(sizes[group] as number)).length >= quorumOf(sizes.length);
  const sizes = [3, 4, 5, 3];
  const each = (group: number): number[][] =>
    group === sizes.length
      ? [[]]
      : each(group + 1).flatMap((rest) => Array.from({ length: (sizes[group] as number) + 1 }, (_, able) => [able, ...rest]));
  for (const able of each(0)) {
    // The most that stay able in any way to make no blocks.
    const left = each(0)
      .filter((later) => later.every((count, group) => count <= (able[group] as number)) && !makesBlocks(later, sizes))
      .map((later) => later.reduce((sum, count, group) => sum + (able[group] as number) - count, 0));
    const judged = resilienceOf(able.map((count, group) => ({ members: sizes[group] as number, able: count })));
    expect(judged.makesBlocks, String(able)).toBe(makesBlocks(able, sizes));
    expect(judged.membersToSpare, String(able)).toBe(Math.max(0, Math.min(...left) - 1));
  }
  expect(unsafeGroupsOf(sizes.length)).toBe(1);
});
