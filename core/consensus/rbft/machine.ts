/**
 * RBFT (paper section 6.10, figure 5): Raft inside groups, PBFT among their leaders, as one member runs it for one epoch. Not the protocol
 * of the same name that orders twice in parallel (Redundant BFT).
 *
 * Pure and synchronous: `step` takes what happened, `tick` the passing of time, `ready` gives what follows from it, `advance` says that it was
 * done. No I/O, no clock; randomness is an argument. Order of effects: everything in `persist` is durable before anything in `send`
 * leaves or `apply` is done.
 * Whatever decides - certificates, statements, NEW-VIEWs - proves itself and is taken from anybody. A leader only brings things sooner.
 * Callers check signatures before they step (message.ts).
 */
import { assert } from '../../base/assert.ts';
import type { Hex } from '../../base/bytes.ts';
import type { Committee, GroupId, MemberId } from '../committee.ts';
import { obligationMs, pollMs, resendMs } from '../limits.ts';
import { Replica } from '../pbft/replica.ts';
import { Tally } from '../pbft/tally.ts';
import type { Proposal, ProposedBlock } from '../proposal.ts';
import { Raft, type RaftState, tickMs } from '../raft/raft.ts';
import type { DurableRecord } from '../record.ts';
import type { Sign } from '../signing.ts';
import type { EpochStart, ProvenStatement } from '../view-change.ts';
import type { Ballot, Certificate, GroupVote, MemberVote } from '../vote.ts';
import { VoteBook } from '../vote-book.ts';
import type { LogEntry, Message, Offer } from './message.ts';

/** What happened. */
export type Input =
  /** Messages of one member, their signatures checked. */
  | { readonly kind: 'messages'; readonly from: MemberId; readonly messages: readonly Message[] }
  /** The verdict on a block whose execution was asked for. */
  | { readonly kind: 'executed'; readonly blockHash: Hex; readonly isFresh: boolean; readonly isValid: boolean }
  /** The block that was asked for, executed; null if there was nothing to put into one. */
  | { readonly kind: 'built'; readonly height: number; readonly view: number; readonly block: ProposedBlock | null }
  /** Whether a transaction waits that could be executed. */
  | { readonly kind: 'executable'; readonly waits: boolean }
  /** An executable transaction was left out of too many blocks that had room. */
  | { readonly kind: 'left-out' };

/** What to do, after what is written. */
export type Action =
  /** Execute a block on the last final one, and answer with `executed`. The clock is looked at only if it is fresh. */
  | { readonly kind: 'execute'; readonly block: ProposedBlock; readonly isFresh: boolean }
  /** Build a block on the last final one and execute it, and answer with `built`. */
  | { readonly kind: 'build'; readonly height: number; readonly view: number; readonly parentHash: Hex; readonly mayBeEmpty: boolean }
  /** A block is final: execute it if that was not done, and make it part of the chain. */
  | { readonly kind: 'commit'; readonly block: ProposedBlock; readonly certificate: Certificate }
  /** Send a member final blocks with their certificates, from a height on. */
  | { readonly kind: 'serve'; readonly to: MemberId; readonly fromHeight: number };

/** Messages for one member. */
export interface Packet {
  readonly to: MemberId;
  readonly messages: readonly Message[];
}

export interface Ready {
  readonly persist: readonly DurableRecord[];
  readonly send: readonly Packet[];
  readonly apply: readonly Action[];
}

export interface MachineOptions {
  readonly committee: Committee;
  readonly self: MemberId;
  readonly epochStart: EpochStart;
  readonly sign: Sign;
  /** A number from 0 to `bound` - 1. */
  readonly random: (bound: number) => number;
  /** What was written before the last stop, in its order. */
  readonly restored: readonly DurableRecord[];
}

/** How long somebody is taken for its group's leader after it was last heard as one. */
const hintMs = 2 * obligationMs;
/** Offers of views and heights that the member has not reached. */
const offersMax = 4;

export class Machine {
  readonly #committee: Committee;
  readonly #self: MemberId;
  readonly #group: GroupId;
  readonly #random: (bound: number) => number;
  readonly #book: VoteBook;
  readonly #replica: Replica;
  readonly #tally: Tally;
  readonly #raft: Raft<LogEntry>;
  #persist: DurableRecord[] = [];
  #send = new Map<MemberId, Message[]>();
  #apply: Action[] = [];
  #hasReady = false;
  #now = 0;
  /** The term whose leader was greeted with what this member has. */
  #greetedTerm = 0;
  /** What this leader has put into the log in its term. */
  #appended = new Set<string>();
  #offers: Offer[] = [];
  /** What the leader should replicate, by what it is, with since when. */
  readonly #obligations = new Map<string, { readonly since: number; readonly entry: LogEntry; told: boolean }>();
  /** Who speaks for each other group, as far as can be told. */
  readonly #hints = new Map<GroupId, { readonly member: MemberId; readonly heardAt: number }>();
  readonly #wanted = new Set<Hex>();
  #building: { readonly height: number; readonly view: number } | null = null;
  #executableSince: number | null = null;
  #newsAt = 0;
  #resentAt = 0;

  constructor({ committee, self, epochStart, sign, random, restored }: MachineOptions) {
    this.#committee = committee;
    this.#self = self;
    this.#group = committee.groupOf(self);
    this.#random = random;
    this.#book = new VoteBook(committee, self, sign);
    this.#replica = new Replica({
      committee,
      epochStart,
      book: this.#book,
      output: {
        persist: (record) => this.#persist.push(record),
        voted: (vote) => this.#onVoted(vote),
        stated: (proven) => this.#onStated(proven),
        execute: (block, isFresh) => this.#apply.push({ kind: 'execute', block, isFresh }),
        finalized: (block, certificate) => this.#onFinalized(block, certificate),
        bodyWanted: (blockHash) => this.#wantBody(blockHash),
        fellBehind: () => this.#fallBehind(),
        viewEntered: () => this.#onViewEntered(),
      },
    });
    let raftState: RaftState = { term: 0, vote: null };
    for (const record of restored) {
      if (record.kind === 'vote' || record.kind === 'statement' || record.kind === 'proposal') this.#book.restore(record);
      if (record.kind === 'raft') raftState = record.state;
      this.#replica.restore(record);
    }
    this.#tally = new Tally(committee, this.#replica.final.height);
    for (const vote of this.#book.votesAt(this.#replica.final.height + 1)) this.#tally.addMemberVote(vote);
    this.#raft = new Raft<LogEntry>({
      committee,
      self,
      sign,
      random,
      restored: raftState,
      send: (to, message) => this.#sendTo(to, { kind: 'raft', message }),
      persist: (state) => this.#persist.push({ kind: 'raft', state }),
      onEntry: (entry) => this.#learn(entry, true),
    });
  }

  /** Where this member stands; for whoever shows, logs or checks it. */
  get status() {
    const { view, isEntered, final, lock, proposal } = this.#replica;
    return { view, isEntered, final, lock, proposal, term: this.#raft.term, leader: this.#raft.leader };
  }

  /** The group's log, as far as it is kept; for whoever compares logs. */
  get log() {
    return this.#raft.log;
  }

  /** The members to whom a batch of transactions goes: the own leader, and whoever speaks for the group that proposes. */
  get transactionTargets(): readonly MemberId[] {
    const leader = this.#raft.leader;
    const primary = this.#committee.primaryOf(this.#replica.view);
    return [...new Set([...(leader === null ? [] : [leader]), ...(primary === this.#group ? [] : this.#speakersOf(primary))])].filter(
      (member) => member !== this.#self,
    );
  }

  step(input: Input): void {
    this.#hasReady = true;
    switch (input.kind) {
      case 'messages':
        for (const message of input.messages) this.#onMessage(input.from, message);
        break;
      case 'executed':
        this.#replica.onExecuted(input.blockHash, input.isFresh, input.isValid);
        break;
      case 'built':
        this.#onBuilt(input.height, input.view, input.block);
        break;
      case 'executable':
        this.#replica.setExecutable(input.waits);
        if (!input.waits) this.#executableSince = null;
        else this.#executableSince ??= this.#now;
        break;
      case 'left-out':
        this.#replica.expire();
        break;
    }
    this.#lead();
  }

  /** `tickMs` have passed. */
  tick(): void {
    this.#hasReady = true;
    this.#now++;
    this.#replica.tick();
    this.#watchLeader();
    this.#raft.tick();
    this.#raft.flushReply();
    this.#greetLeader();
    if (this.#now - this.#resentAt >= ticks(resendMs)) this.#resend();
    if (this.#now - this.#newsAt >= ticks(pollMs)) this.#poll();
    this.#lead();
  }

  /** What follows from the steps and ticks since the last `advance`; null if nothing does. */
  ready(): Ready | null {
    if (!this.#hasReady) return null;
    // An acknowledgement travels with what goes to the leader anyway.
    if (this.#raft.leader !== null && this.#send.has(this.#raft.leader)) this.#raft.flushReply();
    if (this.#persist.length === 0 && this.#send.size === 0 && this.#apply.length === 0) return null;
    return { persist: this.#persist, send: [...this.#send].map(([to, messages]) => ({ to, messages })), apply: this.#apply };
  }

  /** What `ready` gave was taken over: it is, or will be, done in its order. */
  advance(): void {
    this.#persist = [];
    this.#send = new Map();
    this.#apply = [];
    this.#hasReady = false;
  }

  #onMessage(from: MemberId, message: Message): void {
    switch (message.kind) {
      case 'raft':
        this.#raft.step(from, message.message);
        this.#greetLeader();
        return;
      case 'vote':
        this.#countMemberVote(message.vote);
        return;
      case 'group-vote':
        this.#hear(from);
        if (this.#countGroupVote(message.vote)) this.#forward(from, message);
        return;
      case 'statement':
        this.#replica.onStatement(message.proven);
        return;
      case 'offer':
        this.#hear(from);
        this.#forward(from, message);
        this.#learn(message, false);
        return;
      case 'certificate':
      case 'new-view':
        this.#learn(message, false);
        return;
      case 'poll':
        this.#answer(from, message.finalHeight, message.view);
        return;
      case 'body-wanted': {
        const block = this.#replica.body(message.blockHash);
        if (block !== undefined) this.#sendTo(from, { kind: 'body', block });
        else if (message.height <= this.#replica.final.height) this.#apply.push({ kind: 'serve', to: from, fromHeight: message.height });
        return;
      }
      case 'body':
        if (!this.#wanted.delete(message.block.hash)) return;
        this.#replica.onBody(message.block);
        return;
      case 'blocks':
        for (const { block, certificate } of message.blocks) {
          if (block.height !== this.#replica.final.height + 1) continue;
          this.#replica.onBody(block);
          this.#replica.onCertificate(certificate);
        }
        return;
    }
  }

  /** Something that proves itself arrived: from the own leader by the log, or from anybody. */
  #learn(entry: LogEntry, byLeader: boolean): void {
    const key = keyOf(entry);
    const isNews = this.#isNews(entry);
    if (byLeader) this.#obligations.delete(key);
    else if (isNews && !this.#raft.isLeader && !this.#obligations.has(key))
      this.#obligations.set(key, { since: this.#now, entry, told: false });
    if (isNews) this.#replicate(key, entry);
    switch (entry.kind) {
      case 'offer':
        this.#onOffer(entry.offer, byLeader);
        return;
      case 'certificate':
        this.#replica.onCertificate(entry.certificate);
        return;
      case 'new-view':
        this.#replica.onNewView(entry.newView);
        return;
    }
  }

  /** Whether an entry tells something that counts at the height and view where this member is. */
  #isNews(entry: LogEntry): boolean {
    const { final, view, lock, newView } = this.#replica;
    switch (entry.kind) {
      case 'offer':
        return entry.offer.groupVote !== null && entry.offer.block.height > final.height && entry.offer.proposal.view >= view;
      case 'certificate': {
        const { phase, height, view: certified } = entry.certificate;
        if (height <= final.height) return false;
        return phase === 'commit' || (certified >= view && !(lock !== null && lock.height === height && lock.view >= certified));
      }
      case 'new-view':
        return entry.newView.view > view || (entry.newView.view === view && newView === null);
    }
  }

  /** A leader puts what its group should know into the log, once. */
  #replicate(key: string, entry: LogEntry): void {
    if (!this.#raft.isLeader || this.#appended.has(key)) return;
    this.#appended.add(key);
    this.#raft.append(entry);
  }

  #onOffer(offer: Offer, byLeader: boolean): void {
    const { proposal, block, groupVote } = offer;
    const primary = this.#committee.primaryOf(proposal.view);
    // A leader alone says nothing to another group: its group's vote shows its authority. In its own group the log does.
    if (groupVote === null && !(primary === this.#group && byLeader)) {
      if (primary === this.#group && this.#raft.isLeader) this.#keepOffer(offer);
      return;
    }
    if (groupVote !== null) this.#countGroupVote(groupVote);
    this.#keepOffer(offer);
    this.#replica.onProposal(block, proposal.view);
  }

  /** Keeps what may be needed: for a new leader, and for a height or view that this member is about to reach. */
  #keepOffer(offer: Offer): void {
    const { height, view } = offer.proposal;
    if (height <= this.#replica.final.height || view < this.#replica.view) return;
    const known = this.#offers.findIndex(({ proposal }) => proposal.height === height && proposal.view === view);
    if (known >= 0) {
      if (this.#offers[known]?.groupVote !== null && offer.groupVote === null) return;
      this.#offers.splice(known, 1);
    }
    this.#offers.push(offer);
    if (this.#offers.length > offersMax) this.#offers.shift();
  }

  #retryOffers(): void {
    const { final, view } = this.#replica;
    this.#offers = this.#offers.filter(({ proposal }) => proposal.height > final.height && proposal.view >= view);
    for (const { proposal, block, groupVote } of this.#offers)
      if (groupVote !== null || this.#committee.primaryOf(proposal.view) === this.#group) this.#replica.onProposal(block, proposal.view);
  }

  #countMemberVote(vote: MemberVote): void {
    const groupVote = this.#tally.addMemberVote(vote);
    if (groupVote !== null) this.#onGroupVote(groupVote);
  }

  /** Whether the vote was not known. */
  #countGroupVote(vote: GroupVote): boolean {
    if (!this.#tally.addGroupVote(vote)) return false;
    this.#certify(vote);
    return true;
  }

  /** A group's vote was assembled here. */
  #onGroupVote(vote: GroupVote): void {
    if (this.#raft.isLeader && vote.group === this.#group) this.#sendGroupVote(vote);
    this.#certify(vote);
  }

  /** The primary group's PREPARE travels with what it is for. */
  #sendGroupVote(vote: GroupVote): void {
    const offer =
      vote.phase === 'prepare' && this.#committee.primaryOf(vote.view) === this.#group
        ? this.#offers.find(({ proposal }) => proposal.blockHash === vote.blockHash && proposal.view === vote.view)
        : undefined;
    if (offer === undefined) {
      this.#sendToGroups({ kind: 'group-vote', vote }, vote.height);
      return;
    }
    const whole = { ...offer, groupVote: vote };
    this.#keepOffer(whole);
    this.#sendToGroups({ kind: 'offer', offer: whole }, vote.height);
  }

  #certify(ballot: Ballot): void {
    const certificate = this.#tally.certificate(ballot);
    if (certificate !== null) this.#learn({ kind: 'certificate', certificate }, false);
  }

  #onVoted(vote: MemberVote): void {
    this.#newsAt = this.#now;
    this.#resentAt = this.#now;
    const leader = this.#raft.leader;
    if (leader !== null && leader !== this.#self) this.#sendTo(leader, { kind: 'vote', vote });
    this.#countMemberVote(vote);
  }

  #onStated(proven: ProvenStatement): void {
    this.#newsAt = this.#now;
    this.#resentAt = this.#now;
    this.#obligations.clear();
    this.#sendToAll({ kind: 'statement', proven });
  }

  #onFinalized(block: ProposedBlock, certificate: Certificate): void {
    this.#newsAt = this.#now;
    this.#resentAt = this.#now;
    this.#executableSince = this.#replica.hasExecutable ? this.#now : null;
    this.#apply.push({ kind: 'commit', block, certificate });
    this.#tally.settle(block.height);
    this.#building = null;
    this.#wanted.clear();
    for (const [key, { entry }] of this.#obligations) if (!this.#isNews(entry)) this.#obligations.delete(key);
    this.#appended = new Set([...this.#appended].filter((key) => Number(key.split(' ')[1]) >= block.height));
    this.#retryOffers();
    // Votes for the next height that came before its parent was final.
    for (const vote of this.#groupVotesAt(block.height + 1)) this.#certify(vote);
  }

  #onViewEntered(): void {
    this.#newsAt = this.#now;
    this.#resentAt = this.#now;
    this.#building = null;
    this.#executableSince = this.#replica.hasExecutable ? this.#now : null;
    for (const [key, { entry }] of this.#obligations) if (!this.#isNews(entry)) this.#obligations.delete(key);
    this.#retryOffers();
  }

  #groupVotesAt(height: number): GroupVote[] {
    return Array.from({ length: this.#committee.groups }, (_, group) => this.#tally.groupVotes(group, height)).flat();
  }

  /** What only a leader does: NEW-VIEWs and proposals of its group's views. */
  #lead(): void {
    if (!this.#raft.isLeader || this.#committee.primaryOf(this.#replica.view) !== this.#group) return;
    const newView = this.#replica.makeNewView();
    if (newView !== null) {
      this.#sendToAll({ kind: 'new-view', newView });
      this.#learn({ kind: 'new-view', newView }, false);
    }
    if (!this.#raft.hasMajority || !this.#replica.mayPropose) return;
    const height = this.#replica.final.height + 1;
    const view = this.#replica.view;
    const hash = this.#hashToPropose(height, view);
    if (hash !== null) {
      const block = this.#replica.body(hash);
      if (block === undefined) this.#wantBody(hash);
      else this.#propose(block);
      return;
    }
    if (this.#building !== null && this.#building.height === height && this.#building.view === view) return;
    // After a NEW-VIEW the primary proposes at once, empty if need be.
    const mayBeEmpty = this.#replica.newView !== null && this.#replica.isOwed;
    if (!this.#replica.hasExecutable && !mayBeEmpty) return;
    this.#building = { height, view };
    this.#apply.push({ kind: 'build', height, view, parentHash: this.#replica.final.blockHash, mayBeEmpty });
  }

  /** What must or should be proposed rather than a new block: what the NEW-VIEW locks, then what the group already knows of. */
  #hashToPropose(height: number, view: number): Hex | null {
    return (
      this.#replica.lockedHash ??
      this.#book.proposalAt(height, view)?.blockHash ??
      this.#tally.votedIn(this.#group, { phase: 'prepare', height, view })[0] ??
      this.#offers.find(({ proposal }) => proposal.height === height && proposal.view === view)?.proposal.blockHash ??
      null
    );
  }

  #onBuilt(height: number, view: number, block: ProposedBlock | null): void {
    if (this.#building?.height !== height || this.#building.view !== view) return;
    this.#building = null;
    if (block === null || !this.#raft.isLeader || this.#replica.view !== view || this.#replica.final.height + 1 !== height) return;
    if (!this.#replica.mayPropose || this.#hashToPropose(height, view) !== null) return;
    this.#propose(block, true);
  }

  #propose(block: ProposedBlock, isBuilt = false): void {
    const { view } = this.#replica;
    const signed = this.#book.propose(block.height, view, block.hash);
    if (signed.outcome === 'refused') return;
    if (signed.outcome === 'new') this.#persist.push({ kind: 'proposal', proposal: signed.value });
    const offer: Offer = { proposal: signed.value, block, groupVote: null };
    this.#keepOffer(offer);
    if (isBuilt) this.#replica.onBuilt(block);
    else this.#replica.onProposal(block, view);
    this.#replicate(keyOf({ kind: 'offer', offer }), { kind: 'offer', offer });
    // The group's votes may have been here before its leader.
    for (const vote of this.#tally.groupVotes(this.#group, block.height))
      if (vote.phase === 'prepare' && vote.view === view) this.#sendGroupVote(vote);
  }

  /** Depose a leader who does not do its work: its heartbeats no longer count. */
  #watchLeader(): void {
    const late = ticks(obligationMs);
    let isLate = false;
    for (const obligation of this.#obligations.values()) {
      if (this.#now - obligation.since < late) continue;
      isLate = true;
      if (obligation.told) continue;
      // The others of the group must see it, too: a majority deposes.
      obligation.told = true;
      for (const member of this.#committee.members(this.#group)) if (member !== this.#self) this.#sendTo(member, obligation.entry);
    }
    const { isEntered, proposal, view } = this.#replica;
    const shouldPropose = this.#committee.primaryOf(view) === this.#group && isEntered && proposal === null && this.#replica.mayPropose;
    if (shouldPropose && this.#executableSince !== null && this.#now - this.#executableSince >= late) isLate = true;
    this.#raft.setGrievance(isLate && !this.#raft.isLeader);
  }

  /** A new leader is told what this member has, so that it goes on from there. */
  #greetLeader(): void {
    const leader = this.#raft.leader;
    if (leader === null || this.#greetedTerm === this.#raft.term) return;
    this.#greetedTerm = this.#raft.term;
    this.#appended.clear();
    this.#building = null;
    const held = this.#heldEntries();
    if (leader === this.#self) {
      for (const entry of held) this.#replicate(keyOf(entry), entry);
      for (const vote of this.#tally.groupVotes(this.#group, this.#replica.final.height + 1)) this.#sendGroupVote(vote);
      return;
    }
    for (const entry of held) this.#sendTo(leader, entry);
    for (const vote of this.#book.votesAt(this.#replica.final.height + 1)) this.#sendTo(leader, { kind: 'vote', vote });
  }

  /** What this member has that decides how its height goes on. */
  #heldEntries(): LogEntry[] {
    const { newView, lock, final } = this.#replica;
    return [
      ...(final.certificate === null ? [] : [{ kind: 'certificate' as const, certificate: final.certificate }]),
      ...(newView === null ? [] : [{ kind: 'new-view' as const, newView }]),
      ...this.#offers.map((offer) => ({ kind: 'offer' as const, offer })),
      ...(lock === null ? [] : [{ kind: 'certificate' as const, certificate: lock }]),
    ];
  }

  /** Says again what was said and came to nothing. */
  #resend(): void {
    this.#resentAt = this.#now;
    const { isOwed, ownStatement, isEntered, final, newView, view } = this.#replica;
    if (!isOwed) return;
    if (!isEntered && ownStatement !== null) this.#sendToAll({ kind: 'statement', proven: ownStatement });
    const leader = this.#raft.leader;
    const height = final.height + 1;
    if (leader !== null && leader !== this.#self)
      for (const vote of this.#book.votesAt(height)) this.#sendTo(leader, { kind: 'vote', vote });
    if (leader !== this.#self) return;
    if (newView !== null && this.#committee.primaryOf(view) === this.#group) this.#sendToAll({ kind: 'new-view', newView });
    for (const vote of this.#tally.groupVotes(this.#group, height)) this.#sendGroupVote(vote);
  }

  #poll(): void {
    this.#newsAt = this.#now;
    for (const hash of this.#wanted)
      this.#sendTo(this.#anybody(), { kind: 'body-wanted', height: this.#replica.final.height + 1, blockHash: hash });
    this.#sendTo(this.#anybody(), { kind: 'poll', finalHeight: this.#replica.final.height, view: this.#replica.view });
  }

  #answer(to: MemberId, finalHeight: number, view: number): void {
    const own = this.#replica.final.height;
    if (own > finalHeight) this.#apply.push({ kind: 'serve', to, fromHeight: finalHeight + 1 });
    for (const proven of this.#replica.statements)
      if (proven.statement.newView >= view && proven.statement.member !== to) this.#sendTo(to, { kind: 'statement', proven });
    const { newView, lock } = this.#replica;
    if (newView !== null && newView.view >= view) this.#sendTo(to, { kind: 'new-view', newView });
    if (own !== finalHeight) return;
    if (lock !== null) this.#sendTo(to, { kind: 'certificate', certificate: lock });
    for (const vote of this.#book.votesAt(own + 1)) this.#sendTo(to, { kind: 'vote', vote });
    for (const offer of this.#offers)
      if (offer.groupVote !== null && offer.proposal.view >= view) this.#sendTo(to, { kind: 'offer', offer });
  }

  /** Somebody is ahead: ask for the blocks between, at most once in a while. */
  #fallBehind(): void {
    this.#newsAt = Math.min(this.#newsAt, this.#now - ticks(pollMs) + 2);
  }

  #wantBody(blockHash: Hex): void {
    if (this.#wanted.has(blockHash)) return;
    this.#wanted.add(blockHash);
    const message: Message = { kind: 'body-wanted', height: this.#replica.final.height + 1, blockHash };
    for (const member of this.#committee.members(this.#group)) if (member !== this.#self) this.#sendTo(member, message);
    this.#sendTo(this.#anybody(), message);
  }

  /** A member of another group, or of the own one where there is no other. */
  #anybody(): MemberId {
    const others = Array.from({ length: this.#committee.size }, (_, member) => member).filter((member) =>
      this.#committee.groups === 1 ? member !== this.#self : this.#committee.groupOf(member) !== this.#group,
    );
    return others[this.#random(others.length)] ?? this.#self;
  }

  /** Who sends what only leaders send speaks for its group; believed for a while, since it costs at most messages. */
  #hear(from: MemberId): void {
    if (this.#committee.groupOf(from) !== this.#group) this.#hints.set(this.#committee.groupOf(from), { member: from, heardAt: this.#now });
  }

  #speakersOf(group: GroupId): readonly MemberId[] {
    const hint = this.#hints.get(group);
    return hint !== undefined && this.#now - hint.heardAt <= ticks(hintMs) ? [hint.member] : this.#committee.members(group);
  }

  /** The member that receives the other groups' votes directly, besides the leader: one of the group, rotating with the height. */
  #supervisorOf(group: GroupId, height: number): MemberId {
    const members = this.#committee.members(group);
    const supervisor = members[height % members.length];
    assert(supervisor !== undefined, 'a group has members');
    return supervisor;
  }

  /** To the leaders of the other groups, and to those who watch them. */
  #sendToGroups(message: Message, height: number): void {
    for (let group = 0; group < this.#committee.groups; group++) {
      if (group === this.#group) continue;
      for (const member of new Set([...this.#speakersOf(group), this.#supervisorOf(group, height)])) this.#sendTo(member, message);
    }
  }

  /** Who does not lead passes on what was meant for its leader. */
  #forward(from: MemberId, message: Message): void {
    const leader = this.#raft.leader;
    if (leader === null || leader === this.#self || leader === from || this.#committee.groupOf(from) === this.#group) return;
    if (message.kind === 'group-vote' && this.#supervisorOf(this.#group, message.vote.height) === this.#self) return;
    if (message.kind === 'offer' && (this.#supervisorOf(this.#group, message.offer.block.height) === this.#self || !this.#isNews(message)))
      return;
    this.#sendTo(leader, message);
  }

  #sendToAll(message: Message): void {
    for (let member = 0; member < this.#committee.size; member++) this.#sendTo(member, message);
  }

  #sendTo(to: MemberId, message: Message): void {
    if (to === this.#self) return;
    const messages = this.#send.get(to);
    if (messages === undefined) this.#send.set(to, [message]);
    else messages.push(message);
  }
}

function keyOf(entry: LogEntry): string {
  switch (entry.kind) {
    case 'offer': {
      const { height, view, blockHash }: Proposal = entry.offer.proposal;
      return `offer ${height} ${view} ${blockHash}`;
    }
    case 'certificate': {
      const { phase, height, view, blockHash } = entry.certificate;
      return `${phase} ${height} ${view} ${blockHash}`;
    }
    case 'new-view':
      return `new-view ${entry.newView.finalCertificate?.height ?? 0} ${entry.newView.view}`;
  }
}

function ticks(ms: number): number {
  return Math.ceil(ms / tickMs);
}
