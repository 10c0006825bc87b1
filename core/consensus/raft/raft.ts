/**
 * Raft inside a group (Ongaro and Ousterhout, 2014; pre-vote and check-quorum from Ongaro's thesis, section 9.6): one leader a term,
 * who replicates a log to the members of its group. What is in the log proves itself, so that a leader who lies is only ever slow:
 * safety never depends on this file, and an entry is handed on when it arrives, not when it is committed.
 * What is not in the textbook: votes are signed, a new term needs the signed pre-votes of a majority, and every append carries the votes
 * that made its sender leader, so that one Byzantine member can neither raise terms nor pose as leader; a deposed leader gets no
 * vote for as many terms as the group has members, unless nobody leads for three election timeouts.
 * Each term has a log of its own, which begins empty: whatever counts is re-sent to every new leader, and a leader that lies can only use up
 * the places of its own term. So whoever is elected need not have a longer log than its voters: if it had to, one that is ahead in terms and
 * others that are ahead in entries could keep each other from being elected. Invariants: one leader a term; logs of one term agree wherever both have an entry, if its leader is honest.
 * Only term and vote are durable: a member that restarts begins with an empty log and is caught up.
 * The signed pre-votes are the complaints of the design: a majority of them rotates the leader, fewer do nothing.
 */
import { assert } from '../../base/assert.ts';
import { utf8 } from '../../base/bytes.ts';
import type { Committee, GroupId, MemberId } from '../committee.ts';
import { firstFitting } from '../fitting.ts';
import {
  appendBytesMax,
  appendEntriesMax,
  counterMax,
  deposedTimeouts,
  electionMs,
  heartbeatMs,
  logBytesMax,
  logEntriesMax,
  resendMs,
  termLeapMax,
  tickMs,
} from '../limits.ts';
import { type MemberSignature, type Sign, signedIn, type Verify } from '../signing.ts';

const termVoteTags = { 'pre-vote': utf8('vouchsafe:rbft:raft-pre-vote:1'), vote: utf8('vouchsafe:rbft:raft-vote:1') };

/** What a member must not forget over a restart. */
export interface RaftState {
  readonly term: number;
  /** Who got this member's vote in the term. */
  readonly vote: MemberId | null;
}

export type RaftMessage<Entry> =
  | { readonly kind: 'pre-vote-request'; readonly term: number }
  | { readonly kind: 'pre-vote'; readonly term: number; readonly signature: Uint8Array }
  | {
      readonly kind: 'vote-request';
      readonly term: number;
      /** Of a majority, over this term and the sender. */
      readonly preVotes: readonly MemberSignature[];
    }
  | { readonly kind: 'vote'; readonly term: number; readonly signature: Uint8Array }
  | {
      readonly kind: 'append';
      readonly term: number;
      /** Why the sender leads: the votes of a majority. */
      readonly votes: readonly MemberSignature[];
      /** Entries of this term that come before those here. */
      readonly previous: number;
      /** The leader no longer has what comes before: the follower's log begins anew after `previous`. */
      readonly fresh: boolean;
      readonly entries: readonly Entry[];
      readonly commitIndex: number;
    }
  | { readonly kind: 'appended'; readonly term: number; readonly matched: boolean; readonly index: number };

/** What a member signs to let another stand, or lead, in a term. */
export function termVoteBytes(
  committee: Committee,
  purpose: 'pre-vote' | 'vote',
  group: GroupId,
  term: number,
  candidate: MemberId,
): Uint8Array {
  return signedIn(committee, termVoteTags[purpose]).uint(group, 2).uint(term, 8).uint(candidate, 2).finish();
}

/** Whether a majority of a member's group elected it in a term. */
export function isTermCertificate(
  committee: Committee,
  verify: Verify,
  leader: MemberId,
  term: number,
  votes: readonly MemberSignature[],
): boolean {
  return isMajority(committee, verify, 'vote', term, leader, votes);
}

function isMajority(
  committee: Committee,
  verify: Verify,
  purpose: 'pre-vote' | 'vote',
  term: number,
  candidate: MemberId,
  signatures: readonly MemberSignature[],
): boolean {
  return (
    signatures.length === committee.majority(committee.groupOf(candidate)) &&
    new Set(signatures.map(({ member }) => member)).size === signatures.length &&
    signatures.every((signature) => isTermVote(committee, verify, purpose, term, candidate, signature))
  );
}

function isTermVote(
  committee: Committee,
  verify: Verify,
  purpose: 'pre-vote' | 'vote',
  term: number,
  candidate: MemberId,
  { member, signature }: MemberSignature,
): boolean {
  const group = committee.groupOf(candidate);
  return (
    committee.has(member) &&
    committee.groupOf(member) === group &&
    verify(committee.publicKey(member), termVoteBytes(committee, purpose, group, term, candidate), signature)
  );
}

/**
 * Whether a message between members of a group is signed where it must be, and names no term or place that counting on from would not be exact;
 * `from` is who the transport says it is.
 */
export function isRaftMessage<Entry>(
  committee: Committee,
  verify: Verify,
  from: MemberId,
  to: MemberId,
  message: RaftMessage<Entry>,
): boolean {
  if (committee.groupOf(from) !== committee.groupOf(to) || message.term > counterMax) return false;
  switch (message.kind) {
    case 'pre-vote':
    case 'vote':
      return isTermVote(committee, verify, message.kind, message.term, to, { member: from, signature: message.signature });
    case 'vote-request':
      return isMajority(committee, verify, 'pre-vote', message.term, from, message.preVotes);
    case 'append':
      return message.previous <= counterMax && isTermCertificate(committee, verify, from, message.term, message.votes);
    case 'pre-vote-request':
    case 'appended':
      return true;
  }
}

interface Follower {
  /** The next entry to send. */
  next: number;
  /** The last entry that the follower is known to have. */
  match: number;
  /** When it was heard from, when entries were last sent to it or acknowledged, and when it was last sent what it had missed, in ticks. */
  heardAt: number;
  progressAt: number;
  repeatedAt: number;
}

export interface RaftOptions<Entry> {
  readonly committee: Committee;
  readonly self: MemberId;
  readonly sign: Sign;
  /** A number from 0 to `bound` - 1. */
  readonly random: (bound: number) => number;
  readonly restored: RaftState;
  /** Whether it only follows until {@link Raft.unmute}. */
  readonly isMute?: boolean;
  /** Sends to another member of the group. What must be durable first is written before anything leaves. */
  readonly send: (to: MemberId, message: RaftMessage<Entry>) => void;
  readonly persist: (state: RaftState) => void;
  /** About how many bytes an entry has. */
  readonly bytesOf: (entry: Entry) => number;
  /** An entry arrived, in the order of the log. */
  readonly onEntry: (entry: Entry) => void;
}

export class Raft<Entry> {
  readonly #options: RaftOptions<Entry>;
  readonly #group: GroupId;
  readonly #peers: readonly MemberId[];
  readonly #majority: number;
  #role: 'follower' | 'pre-candidate' | 'candidate' | 'leader' = 'follower';
  #term: number;
  #vote: MemberId | null;
  #leader: MemberId | null = null;
  #votes: MemberSignature[] = [];
  /** The term whose leader the log is of. */
  #logTerm = 0;
  /** Its entries after the first `#base`, and about how many bytes they have. */
  #log: Entry[] = [];
  #logBytes = 0;
  #base = 0;
  #commitIndex = 0;
  readonly #followers = new Map<MemberId, Follower>();
  readonly #deposed = new Map<MemberId, number>();
  #now = 0;
  #leaderHeardAt = 0;
  #timeoutAt = 0;
  #heartbeatAt = 0;
  #hasGrievance = false;
  #owesReply = false;
  /** Whether it neither stands nor votes, because it may have voted and forgotten it. */
  #isMute: boolean;

  constructor(options: RaftOptions<Entry>) {
    this.#isMute = options.isMute ?? false;
    this.#options = options;
    this.#group = options.committee.groupOf(options.self);
    this.#peers = options.committee.members(this.#group).filter((member) => member !== options.self);
    this.#majority = options.committee.majority(this.#group);
    this.#term = options.restored.term;
    this.#vote = options.restored.vote;
    this.#drawTimeout();
    // The first term of a network comes quickly, and mostly without rivals.
    if (this.#term === 0) this.#timeoutAt = ticks(heartbeatMs) * (1 + this.#peers.filter((member) => member < options.self).length);
  }

  get term(): number {
    return this.#term;
  }

  /** Who leads, as far as this member knows. */
  get leader(): MemberId | null {
    return this.#leader;
  }

  get isLeader(): boolean {
    return this.#role === 'leader';
  }

  /** The votes that elected this leader. */
  get votes(): readonly MemberSignature[] {
    return this.isLeader ? this.#votes : [];
  }

  /** Whether a majority of the group, this member included, has answered in this leader's term. */
  get hasMajority(): boolean {
    let heard = 1;
    for (const { match, heardAt } of this.#followers.values()) if (heardAt > 0 && match >= 0) heard++;
    return this.isLeader && heard >= this.#majority;
  }

  /** The entries that are still kept, and how many came before them; for whoever compares logs. */
  get log(): { readonly term: number; readonly base: number; readonly entries: readonly Entry[] } {
    return { term: this.#logTerm, base: this.#base, entries: this.#log };
  }

  /** While the leader owes something that it has not done for too long, its heartbeats do not count. */
  setGrievance(hasGrievance: boolean): void {
    this.#hasGrievance = hasGrievance;
  }

  /** Appends an entry and sends it. Of the leader alone. */
  append(entry: Entry): void {
    assert(this.isLeader, 'only a leader appends');
    this.#keep([entry]);
    for (const peer of this.#peers) this.#sendEntries(peer);
    this.#advanceCommit();
  }

  tick(): void {
    this.#now++;
    if (this.#role === 'leader') {
      const heard = [...this.#followers.values()].filter(({ heardAt }) => this.#now - heardAt <= ticks(2 * electionMs)).length + 1;
      if (heard < this.#majority) {
        this.#follow(this.#term, null); // check-quorum
        return;
      }
      if (this.#now >= this.#heartbeatAt) {
        this.#heartbeatAt = this.#now + ticks(heartbeatMs);
        for (const peer of this.#peers) this.#sendEntries(peer, true);
      }
      return;
    }
    if (this.#now >= this.#timeoutAt && !this.#isMute) this.#stand();
  }

  /** Others were asked what this member signed: from the next term on it stands and votes. */
  unmute(): void {
    this.#isMute = false;
    this.#vote ??= this.#options.self;
    this.#options.persist({ term: this.#term, vote: this.#vote });
    this.#drawTimeout();
  }

  /** An acknowledgement that was put off, if one is owed: sent with something else, or at the next tick. */
  flushReply(): void {
    if (!this.#owesReply || this.#leader === null || this.#role === 'leader') return;
    this.#owesReply = false;
    this.#options.send(this.#leader, { kind: 'appended', term: this.#term, matched: true, index: this.#lastIndex });
  }

  step(from: MemberId, message: RaftMessage<Entry>): void {
    switch (message.kind) {
      case 'pre-vote-request':
        this.#onPreVoteRequest(from, message.term);
        return;
      case 'pre-vote':
        if (this.#role === 'pre-candidate' && message.term === this.#term + 1)
          this.#collect({ member: from, signature: message.signature });
        return;
      case 'vote-request':
        this.#onVoteRequest(from, message.term);
        return;
      case 'vote':
        if (this.#role === 'candidate' && message.term === this.#term) this.#collect({ member: from, signature: message.signature });
        return;
      case 'append':
        this.#onAppend(from, message);
        return;
      case 'appended':
        this.#onAppended(from, message.term, message.matched, message.index);
        return;
    }
  }

  #onPreVoteRequest(from: MemberId, term: number): void {
    if (this.#isMute || term <= this.#term || term > this.#term + termLeapMax) return;
    // Who hears a leader that does its work helps nobody to depose it.
    if (this.#hasLeader() || this.#isDeposed(from, term)) return;
    this.#options.send(from, { kind: 'pre-vote', term, signature: this.#signTerm('pre-vote', term, from) });
  }

  #onVoteRequest(from: MemberId, term: number): void {
    if (this.#isMute || term < this.#term) return;
    if (term > this.#term) this.#follow(term, null);
    if (this.#vote !== null && this.#vote !== from) return;
    if (this.#role !== 'follower' || this.#leader !== null || this.#isDeposed(from, term)) return;
    if (this.#vote === null) {
      this.#vote = from;
      this.#options.persist({ term: this.#term, vote: from });
    }
    this.#drawTimeout();
    this.#options.send(from, { kind: 'vote', term, signature: this.#signTerm('vote', term, from) });
  }

  #stand(): void {
    this.#drawTimeout();
    if (this.#leader !== null) {
      this.#deposed.set(this.#leader, this.#term + this.#peers.length + 1);
      this.#leader = null;
    }
    this.#role = 'pre-candidate';
    const term = this.#term + 1;
    this.#votes = [];
    for (const peer of this.#peers) this.#options.send(peer, { kind: 'pre-vote-request', term });
    this.#collect({ member: this.#options.self, signature: this.#signTerm('pre-vote', term, this.#options.self) });
  }

  #collect(vote: MemberSignature): void {
    if (this.#votes.some(({ member }) => member === vote.member)) return;
    this.#votes.push(vote);
    if (this.#votes.length < this.#majority) return;
    if (this.#role === 'pre-candidate') {
      const preVotes = this.#votes;
      const self = this.#options.self;
      this.#role = 'candidate';
      this.#term++;
      this.#vote = self;
      this.#votes = [];
      this.#options.persist({ term: this.#term, vote: self });
      for (const peer of this.#peers) this.#options.send(peer, { kind: 'vote-request', term: this.#term, preVotes });
      this.#collect({ member: self, signature: this.#signTerm('vote', this.#term, self) });
      return;
    }
    this.#role = 'leader';
    this.#leader = this.#options.self;
    this.#beginLog(this.#term);
    this.#followers.clear();
    // Whether a follower is there is not known until it answers in this term.
    for (const peer of this.#peers)
      this.#followers.set(peer, { next: 1, match: -1, heardAt: this.#now, progressAt: this.#now, repeatedAt: -1 });
    this.#heartbeatAt = this.#now + ticks(heartbeatMs);
    for (const peer of this.#peers) this.#sendEntries(peer, true);
  }

  #onAppend(from: MemberId, message: Extract<RaftMessage<Entry>, { kind: 'append' }>): void {
    if (message.term < this.#term) return;
    if (message.term > this.#term || this.#role !== 'follower' || this.#leader !== from) this.#follow(message.term, from);
    if (!this.#hasGrievance) {
      this.#leaderHeardAt = this.#now;
      this.#drawTimeout();
    }
    const { previous, entries } = message;
    if (this.#logTerm !== message.term) this.#beginLog(message.term);
    if (previous > this.#lastIndex) {
      if (!message.fresh) {
        this.#options.send(from, { kind: 'appended', term: this.#term, matched: false, index: this.#lastIndex });
        return;
      }
      this.#beginLog(message.term, previous);
    }
    // Of what came before, the first that was heard of a place stays.
    const arrived = entries.slice(Math.max(0, this.#lastIndex - previous));
    this.#keep(arrived);
    this.#commitIndex = Math.max(this.#commitIndex, Math.min(message.commitIndex, this.#lastIndex));
    this.#owesReply = true;
    for (const entry of arrived) this.#options.onEntry(entry);
  }

  #onAppended(from: MemberId, term: number, matched: boolean, index: number): void {
    const follower = this.#followers.get(from);
    if (this.#role !== 'leader' || term !== this.#term || follower === undefined) return;
    follower.heardAt = this.#now;
    if (matched) {
      if (index > follower.match) follower.progressAt = this.#now;
      follower.match = Math.max(follower.match, Math.min(index, this.#lastIndex));
      follower.next = Math.max(follower.next, follower.match + 1);
      this.#advanceCommit();
    } else {
      // Also less than it once had: it may have restarted.
      follower.match = Math.max(0, Math.min(follower.match, index));
      follower.next = Math.max(1, Math.min(follower.next - 1, index + 1));
      // However often it asks: the next heartbeat brings the same.
      if (follower.repeatedAt === this.#now) return;
      follower.repeatedAt = this.#now;
      this.#sendEntries(from, true);
    }
  }

  #sendEntries(to: MemberId, always = false): void {
    const follower = this.#followers.get(to);
    if (follower === undefined) return;
    // What was sent and not acknowledged for long is taken for lost.
    if (follower.next > follower.match + 1 && this.#now - follower.progressAt >= ticks(resendMs)) {
      follower.next = Math.max(follower.match, 0) + 1;
      follower.progressAt = this.#now;
    }
    const fresh = follower.next <= this.#base;
    const previous = fresh ? this.#base : follower.next - 1;
    const rest = this.#log.slice(previous - this.#base, previous - this.#base + appendEntriesMax);
    const entries = firstFitting(rest, { count: appendEntriesMax, bytes: appendBytesMax }, this.#options.bytesOf);
    if (entries.length === 0 && !always) return;
    if (follower.next === follower.match + 1) follower.progressAt = this.#now;
    this.#options.send(to, {
      kind: 'append',
      term: this.#term,
      votes: this.#votes,
      previous,
      fresh,
      entries,
      commitIndex: this.#commitIndex,
    });
    follower.next = previous + 1 + entries.length;
  }

  /** Raft's rule: an entry of the own term that a majority has is committed, with all before it. Nothing hangs on it. */
  #advanceCommit(): void {
    const matches = [this.#lastIndex, ...[...this.#followers.values()].map(({ match }) => match)].sort((left, right) => right - left);
    this.#commitIndex = Math.max(this.#commitIndex, matches[this.#majority - 1] ?? 0);
  }

  #follow(term: number, leader: MemberId | null): void {
    if (this.#leader !== null && this.#leader !== leader && term > this.#term)
      this.#deposed.set(this.#leader, this.#term + this.#peers.length + 1);
    this.#role = 'follower';
    this.#leader = leader;
    this.#votes = [];
    this.#followers.clear();
    this.#owesReply = false;
    if (term > this.#term) {
      this.#term = term;
      this.#vote = null;
      this.#options.persist({ term, vote: null });
    }
    if (leader !== null) {
      this.#leaderHeardAt = this.#now;
      this.#hasGrievance = false;
    }
    this.#drawTimeout();
  }

  #hasLeader(): boolean {
    if (this.#role === 'leader') return true;
    return this.#leader !== null && !this.#hasGrievance && this.#now - this.#leaderHeardAt < ticks(electionMs);
  }

  #isDeposed(member: MemberId, term: number): boolean {
    const until = this.#deposed.get(member);
    if (until === undefined) return false;
    if (term > until || this.#now - this.#leaderHeardAt > ticks(deposedTimeouts * 2 * electionMs)) this.#deposed.delete(member);
    return this.#deposed.has(member);
  }

  get #lastIndex(): number {
    return this.#base + this.#log.length;
  }

  #beginLog(term: number, base = 0): void {
    this.#logTerm = term;
    this.#log = [];
    this.#logBytes = 0;
    this.#base = base;
    this.#commitIndex = 0;
  }

  /** Adds entries and gives up the oldest beyond the bounds; the newest stays. */
  #keep(entries: readonly Entry[]): void {
    const { bytesOf } = this.#options;
    for (const entry of entries) this.#logBytes += bytesOf(entry);
    this.#log.push(...entries);
    let spare = 0;
    for (const entry of this.#log) {
      const length = this.#log.length - spare;
      if (length === 1 || (length <= logEntriesMax && this.#logBytes <= logBytesMax)) break;
      this.#logBytes -= bytesOf(entry);
      spare++;
    }
    if (spare === 0) return;
    this.#base += spare;
    this.#log = this.#log.slice(spare);
  }

  #signTerm(purpose: 'pre-vote' | 'vote', term: number, candidate: MemberId): Uint8Array {
    return this.#options.sign(termVoteBytes(this.#options.committee, purpose, this.#group, term, candidate));
  }

  #drawTimeout(): void {
    const shortest = ticks(electionMs);
    this.#timeoutAt = this.#now + shortest + this.#options.random(shortest);
  }
}

function ticks(ms: number): number {
  return Math.ceil(ms / tickMs);
}
