/**
 * Who speaks for each other group, as far as can be told, and who watches there. A leader shows the votes that elected it; that is a
 * hint, believed while it is heard: a wrong one costs messages and time, and never safety.
 */
import { assert } from '../../base/assert.ts';
import type { Committee, GroupId, MemberId } from '../committee.ts';
import { leaderHintMs, tickMs } from '../limits.ts';

interface Hint {
  readonly member: MemberId;
  readonly term: number;
  heardAt: number;
}

export class Directory {
  readonly #committee: Committee;
  readonly #hints = new Map<GroupId, Hint>();

  constructor(committee: Committee) {
    this.#committee = committee;
  }

  /** A member showed that it was elected in a term. */
  onLeader(member: MemberId, term: number, now: number): void {
    const group = this.#committee.groupOf(member);
    const known = this.#hints.get(group);
    if (known === undefined || known.term <= term) this.#hints.set(group, { member, term, heardAt: now });
  }

  /** Something came from a member. */
  onHeard(member: MemberId, now: number): void {
    const hint = this.#hints.get(this.#committee.groupOf(member));
    if (hint?.member === member) hint.heardAt = now;
  }

  /** To whom goes what a group's leader should have: the leader, or everyone while it is unknown or silent. */
  speakersOf(group: GroupId, now: number): readonly MemberId[] {
    const hint = this.#hints.get(group);
    return hint !== undefined && now - hint.heardAt <= leaderHintMs / tickMs ? [hint.member] : this.#committee.members(group);
  }

  /** The leader and the supervisor of a group. */
  watchersOf(group: GroupId, now: number): ReadonlySet<MemberId> {
    const speakers = this.speakersOf(group, now);
    const hint = this.#hints.get(group);
    return new Set(speakers.length > 1 || hint === undefined ? speakers : [hint.member, supervisorOf(this.#committee, group, hint)]);
  }
}

/** The follower that receives the other groups' votes directly, besides the leader: it rotates with the term. */
export function supervisorOf(committee: Committee, group: GroupId, leader: { readonly member: MemberId; readonly term: number }): MemberId {
  const followers = committee.members(group).filter((member) => member !== leader.member);
  if (followers.length === 0) return leader.member;
  const supervisor = followers[leader.term % followers.length];
  assert(supervisor !== undefined, 'the supervisor is a follower');
  return supervisor;
}
