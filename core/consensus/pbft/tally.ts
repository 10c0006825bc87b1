/**
 * Counts votes. Members' votes make group votes, group votes make certificates; whoever holds enough may assemble one.
 * What is remembered is bounded by member and by group, so that one that signs everything only crowds out itself: of a member two hashes a
 * place, which are the proof that it is faulty, and of everyone only the highest places. An honest one votes in ascending places.
 */
import type { Hex } from '../../base/bytes.ts';
import type { Committee, GroupId, MemberId } from '../committee.ts';
import { heightsAheadMax, rivalVotesMax, votePlacesMax } from '../limits.ts';
import type { MemberSignature } from '../signing.ts';
import type { Ballot, Certificate, GroupVote, MemberVote, Phase } from '../vote.ts';

/** Where a vote counts: for one hash. */
interface Place {
  readonly phase: Phase;
  readonly height: number;
  readonly view: number;
}

export class Tally {
  readonly #committee: Committee;
  readonly #onVote: (vote: MemberVote, rival: MemberVote | undefined) => void;
  /** By member, then by place: the votes for different hashes. */
  readonly #memberVotes: Map<string, MemberVote[]>[];
  /** By group, then by place. */
  readonly #groupVotes: Map<string, GroupVote[]>[];
  #finalHeight: number;

  /** `onVote` is told of each vote that is new, with another of the same member in the same place, if there is one. */
  constructor(committee: Committee, finalHeight: number, onVote: (vote: MemberVote, rival: MemberVote | undefined) => void) {
    this.#committee = committee;
    this.#finalHeight = finalHeight;
    this.#onVote = onVote;
    this.#memberVotes = Array.from({ length: committee.size }, () => new Map());
    this.#groupVotes = Array.from({ length: committee.groups }, () => new Map());
  }

  /** Counts a member's vote; gives the group's vote when this one completes it. */
  addMemberVote(vote: MemberVote): GroupVote | null {
    if (!this.#rememberMemberVote(vote)) return null;
    const group = this.#committee.groupOf(vote.member);
    if (this.#groupVote(group, vote) !== undefined) return null;
    const signatures: MemberSignature[] = [];
    for (const member of this.#committee.members(group)) {
      const same = this.#memberVotes[member]?.get(placeKey(vote))?.find(({ blockHash }) => blockHash === vote.blockHash);
      if (same !== undefined) signatures.push({ member, signature: same.signature });
    }
    if (signatures.length < this.#committee.majority(group)) return null;
    const { phase, height, view, blockHash } = vote;
    const whole = { phase, height, view, blockHash, group, signatures };
    return remember(this.#groupVotes[group], whole) ? whole : null;
  }

  /** Takes a group's vote that holds; whether it was not known. */
  addGroupVote(vote: GroupVote): boolean {
    if (!this.#counts(vote) || this.#groupVote(vote.group, vote) !== undefined) return false;
    const { phase, height, view, blockHash } = vote;
    for (const { member, signature } of vote.signatures) this.#rememberMemberVote({ phase, height, view, blockHash, member, signature });
    return remember(this.#groupVotes[vote.group], vote);
  }

  /** The certificate for a ballot, once a quorum of groups has voted. */
  certificate({ phase, height, view, blockHash }: Ballot): Certificate | null {
    const groups: { group: GroupId; signatures: readonly MemberSignature[] }[] = [];
    for (let group = 0; group < this.#committee.groups; group++) {
      const vote = this.#groupVote(group, { phase, height, view, blockHash });
      if (vote !== undefined) groups.push({ group, signatures: vote.signatures });
      if (groups.length === this.#committee.quorum) return { phase, height, view, blockHash, groups };
    }
    return null;
  }

  /** The hashes that members of a group voted for in a place, the most voted first. */
  votedIn(group: GroupId, place: Place): Hex[] {
    const counts = new Map<Hex, number>();
    for (const member of this.#committee.members(group))
      for (const { blockHash } of this.#memberVotes[member]?.get(placeKey(place)) ?? [])
        counts.set(blockHash, (counts.get(blockHash) ?? 0) + 1);
    return [...counts].sort(([, left], [, right]) => right - left).map(([hash]) => hash);
  }

  /** A group's votes at a height, to be sent again. */
  groupVotesAt(group: GroupId, height: number): GroupVote[] {
    return [...(this.#groupVotes[group]?.values() ?? [])].flat().filter((vote) => vote.height === height);
  }

  /** What a member voted, as far as it is remembered. */
  votesOf(member: MemberId): MemberVote[] {
    return [...(this.#memberVotes[member]?.values() ?? [])].flat();
  }

  /** A member's COMMITs, as far as they are remembered. */
  commitsOf(member: MemberId): MemberVote[] {
    return this.votesOf(member).filter(({ phase }) => phase === 'commit');
  }

  /** Forgets what a final block has settled. */
  settle(finalHeight: number): void {
    this.#finalHeight = finalHeight;
    for (const votes of [...this.#memberVotes, ...this.#groupVotes])
      for (const [key, [first]] of votes) if (first === undefined || first.height <= finalHeight) votes.delete(key);
  }

  #counts({ height }: Place): boolean {
    return height > this.#finalHeight && height <= this.#finalHeight + heightsAheadMax;
  }

  #groupVote(group: GroupId, ballot: Ballot): GroupVote | undefined {
    return this.#groupVotes[group]?.get(placeKey(ballot))?.find(({ blockHash }) => blockHash === ballot.blockHash);
  }

  #rememberMemberVote(vote: MemberVote): boolean {
    if (!this.#counts(vote)) return false;
    const votes = this.#memberVotes[vote.member];
    const rival = votes?.get(placeKey(vote))?.find(({ blockHash }) => blockHash !== vote.blockHash);
    if (!remember(votes, vote)) return false;
    this.#onVote(vote, rival);
    return true;
  }
}

/** Adds a vote unless it is known, or there is no room for it; gives up the lowest place for a higher one. */
function remember<Vote extends Ballot>(votes: Map<string, Vote[]> | undefined, vote: Vote): boolean {
  if (votes === undefined) return false;
  const key = placeKey(vote);
  const known = votes.get(key);
  if (known !== undefined) {
    if (known.length >= rivalVotesMax || known.some(({ blockHash }) => blockHash === vote.blockHash)) return false;
    known.push(vote);
    return true;
  }
  if (votes.size >= votePlacesMax) {
    let lowest: { readonly key: string; readonly vote: Vote } | undefined;
    for (const [place, [first]] of votes)
      if (first !== undefined && (lowest === undefined || isBelow(first, lowest.vote))) lowest = { key: place, vote: first };
    if (lowest === undefined || !isBelow(lowest.vote, vote)) return false;
    votes.delete(lowest.key);
  }
  votes.set(key, [vote]);
  return true;
}

/** Lower views matter less; of one view, PREPAREs less than COMMITs. */
function isBelow(left: Place, right: Place): boolean {
  if (left.view !== right.view) return left.view < right.view;
  return left.phase === 'prepare' && right.phase === 'commit';
}

function placeKey({ phase, height, view }: Place): string {
  return `${phase} ${height} ${view}`;
}
