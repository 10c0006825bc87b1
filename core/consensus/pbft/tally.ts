/**
 * Counts votes. Members' votes make group votes, group votes make certificates; whoever holds enough may assemble one. Only the heights
 * that the next blocks can have are counted, and of each group only so many different votes as an honest one could make.
 */
import type { Hex } from '../../base/bytes.ts';
import type { Committee, GroupId, MemberId } from '../committee.ts';
import { groupVotesMax } from '../limits.ts';
import type { MemberSignature } from '../signing.ts';
import type { Ballot, Certificate, GroupVote, MemberVote } from '../vote.ts';

/** Heights above the last final one whose votes are counted: the next, and the one that others may already be at. */
const heightsAhead = 2;

interface GroupCount {
  readonly ballot: Ballot;
  readonly signatures: Map<MemberId, Uint8Array>;
  /** Once a majority has signed. */
  vote: GroupVote | null;
}

export class Tally {
  readonly #committee: Committee;
  /** By group, then by ballot. */
  readonly #counts: Map<GroupId, Map<string, GroupCount>>;
  #finalHeight: number;

  constructor(committee: Committee, finalHeight: number) {
    this.#committee = committee;
    this.#finalHeight = finalHeight;
    this.#counts = new Map(Array.from({ length: committee.groups }, (_, group) => [group, new Map()]));
  }

  /** Counts a member's vote; gives the group's vote when this one completes it. */
  addMemberVote(vote: MemberVote): GroupVote | null {
    const group = this.#committee.groupOf(vote.member);
    const count = this.#countOf(group, vote);
    if (count === null || count.vote !== null || count.signatures.has(vote.member)) return null;
    count.signatures.set(vote.member, vote.signature);
    if (count.signatures.size < this.#committee.majority(group)) return null;
    count.vote = { ...count.ballot, group, signatures: [...count.signatures].map(([member, signature]) => ({ member, signature })) };
    return count.vote;
  }

  /** Takes a group's vote that holds; whether it was not known. */
  addGroupVote(vote: GroupVote): boolean {
    const count = this.#countOf(vote.group, vote);
    if (count === null || count.vote !== null) return false;
    count.vote = vote;
    return true;
  }

  /** The certificate for a ballot, once a quorum of groups has voted. */
  certificate({ phase, height, view, blockHash }: Ballot): Certificate | null {
    const groups: { group: GroupId; signatures: readonly MemberSignature[] }[] = [];
    const key = ballotKey({ phase, height, view, blockHash });
    for (const [group, counts] of this.#counts) {
      const vote = counts.get(key)?.vote;
      if (vote) groups.push({ group, signatures: vote.signatures });
      if (groups.length === this.#committee.quorum) return { phase, height, view, blockHash, groups };
    }
    return null;
  }

  /** The hashes that members of a group voted for in a phase of a height and view, the most voted first. */
  votedIn(group: GroupId, { phase, height, view }: Omit<Ballot, 'blockHash'>): Hex[] {
    return [...(this.#counts.get(group)?.values() ?? [])]
      .filter(({ ballot }) => ballot.phase === phase && ballot.height === height && ballot.view === view)
      .sort((left, right) => right.signatures.size - left.signatures.size)
      .map(({ ballot }) => ballot.blockHash);
  }

  /** A group's votes at a height, to be sent again. */
  groupVotes(group: GroupId, height: number): GroupVote[] {
    return [...(this.#counts.get(group)?.values() ?? [])].flatMap(({ vote }) => (vote !== null && vote.height === height ? [vote] : []));
  }

  /** Forgets what a final block has settled. */
  settle(finalHeight: number): void {
    this.#finalHeight = finalHeight;
    for (const counts of this.#counts.values())
      for (const [key, { ballot }] of counts) if (ballot.height <= finalHeight) counts.delete(key);
  }

  #countOf(group: GroupId, { phase, height, view, blockHash }: Ballot): GroupCount | null {
    if (height <= this.#finalHeight || height > this.#finalHeight + heightsAhead) return null;
    const counts = this.#counts.get(group);
    if (counts === undefined) return null;
    const key = ballotKey({ phase, height, view, blockHash });
    const known = counts.get(key);
    if (known !== undefined) return known;
    const rivals = [...counts].filter(([, { ballot }]) => ballot.phase === phase && ballot.height === height);
    if (rivals.length >= groupVotesMax) {
      // The lowest view is the least likely to matter.
      const [lowest, count] = rivals.reduce((left, right) => (left[1].ballot.view <= right[1].ballot.view ? left : right));
      if (count.ballot.view >= view) return null;
      counts.delete(lowest);
    }
    const count: GroupCount = { ballot: { phase, height, view, blockHash }, signatures: new Map(), vote: null };
    counts.set(key, count);
    return count;
  }
}

function ballotKey({ phase, height, view, blockHash }: Ballot): string {
  return `${phase} ${height} ${view} ${blockHash}`;
}
