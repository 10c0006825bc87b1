/** Quorums at many sizes: they meet where they must, exist without those that may fail, and are no larger than that. */
import { describe, expect, test } from 'vitest';
import { Committee } from '../../core/consensus/committee.ts';
import { changeMembers, type Members, membershipFault } from '../../core/consensus/membership.ts';
import { genesisHash } from '../consensus-scene.ts';

/** A key that is only told apart. */
function key(number: number): Uint8Array {
  const bytes = new Uint8Array(32);
  new DataView(bytes.buffer).setUint32(0, number);
  return bytes;
}

function membersOf(...sizes: readonly number[]): Members {
  let next = 1;
  return sizes.map((size) => Array.from({ length: size }, () => key(next++)));
}

const sizes = Array.from({ length: 64 }, (_, index) => index + 1);

describe('groups', () => {
  test.each(sizes)('k = %i', (k) => {
    const { quorum, unsafeGroupsMax } = new Committee(genesisHash, 0, membersOf(...Array.from({ length: k }, () => 1)));
    expect(3 * unsafeGroupsMax).toBeLessThan(k);
    // Two quorums share a group that is safe.
    expect(2 * quorum - k).toBeGreaterThan(unsafeGroupsMax);
    // Without the unsafe groups there is still one.
    expect(quorum).toBeLessThanOrEqual(k - unsafeGroupsMax);
    // One fewer would not do.
    expect(2 * (quorum - 1) - k).toBeLessThanOrEqual(unsafeGroupsMax);
  });

  test('2F + 1 is a quorum only when k = 3F + 1', () => {
    const different = sizes.filter((k) => {
      const { quorum, unsafeGroupsMax } = new Committee(genesisHash, 0, membersOf(...Array.from({ length: k }, () => 1)));
      return quorum !== 2 * unsafeGroupsMax + 1;
    });
    expect(different.slice(0, 4)).toEqual([2, 3, 5, 6]);
    expect(different.some((k) => k % 3 === 1)).toBe(false);
  });
});

describe('members', () => {
  test.each(sizes)('m = %i', (m) => {
    const committee = new Committee(genesisHash, 0, membersOf(m, 1, m));
    const majority = committee.majority(0);
    expect(2 * majority).toBeGreaterThan(m);
    expect(2 * (majority - 1)).toBeLessThanOrEqual(m);
    expect(majority).toBeLessThanOrEqual(m - Math.floor((m - 1) / 2));
    expect(committee.majority(1)).toBe(1);
    expect(committee.members(2)).toHaveLength(m);
    expect(committee.members(2).every((member) => committee.groupOf(member) === 2)).toBe(true);
    expect(committee.has(committee.size)).toBe(false);
  });

  test('the primary goes round', () => {
    const committee = new Committee(genesisHash, 0, membersOf(3, 3, 3, 3));
    expect([0, 1, 2, 3, 4, 7].map((view) => committee.primaryOf(view))).toEqual([0, 1, 2, 3, 0, 3]);
  });
});

describe('membership', () => {
  const smallest = membersOf(3, 3, 3, 3);

  test('the smallest network is four groups of three', () => {
    expect(membershipFault(smallest)).toBeNull();
    expect(membershipFault(membersOf(3, 3, 3))).toMatch(/4 to 64 groups/);
    expect(membershipFault(membersOf(3, 3, 3, 2))).toMatch(/3 to 64 members/);
    expect(membershipFault([...smallest.slice(0, 3), smallest[0] ?? []])).toMatch(/named once/);
    expect(membershipFault([...smallest.slice(0, 3), [key(90), key(91), new Uint8Array(31)]])).toMatch(/32 bytes/);
  });

  test('there a member is replaced in one step, and not removed', () => {
    expect(changeMembers(smallest, { kind: 'remove', key: key(1) })).toEqual({ fault: expect.stringMatching(/3 to 64 members/) });
    const outcome = changeMembers(smallest, { kind: 'replace', key: key(5), by: key(99) });
    expect(outcome).toEqual({ members: [smallest[0], [key(4), key(99), key(6)], smallest[2], smallest[3]] });
  });

  test('a member is added and removed', () => {
    const added = changeMembers(smallest, { kind: 'add', group: 3, key: key(99) });
    expect('members' in added && added.members.map((group) => group.length)).toEqual([3, 3, 3, 4]);
    expect('members' in added && changeMembers(added.members, { kind: 'remove', key: key(99) })).toEqual({ members: smallest });
  });

  test('a change that names nobody, a known key or no group is refused', () => {
    expect(changeMembers(smallest, { kind: 'replace', key: key(77), by: key(99) })).toHaveProperty('fault');
    expect(changeMembers(smallest, { kind: 'replace', key: key(1), by: key(2) })).toEqual({ fault: expect.stringMatching(/named once/) });
    expect(changeMembers(smallest, { kind: 'add', group: 4, key: key(99) })).toHaveProperty('fault');
    expect(changeMembers(smallest, { kind: 'add', group: 0, key: key(12) })).toEqual({ fault: expect.stringMatching(/named once/) });
  });
});
