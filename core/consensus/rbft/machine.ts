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
import type { Hex } from '../../base/bytes.ts';
import type { Committee, GroupId, MemberId } from '../committee.ts';
import { accusedBy, type Evidence, forgets } from '../evidence.ts';
import { obligationMs, pollMs, proofsMax, resendMs, tickMs, wantedBodiesMax } from '../limits.ts';
import { Replica } from '../pbft/replica.ts';
import { Tally } from '../pbft/tally.ts';
import type { Proposal, ProposedBlock } from '../proposal.ts';
import { Raft, type RaftState } from '../raft/raft.ts';
import type { DurableRecord } from '../record.ts';
import type { Sign } from '../signing.ts';
import type { EpochStart, ProvenStatement } from '../view-change.ts';
import type { Ballot, Certificate, GroupVote, MemberVote } from '../vote.ts';
import { VoteBook } from '../vote-book.ts';
import { Directory, supervisorOf } from './directory.ts';
import type { LogEntry, Message, Offer } from './message.ts';
import { Obligations } from './obligations.ts';
import { OfferStore } from './offer-store.ts';

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
  | { readonly kind: 'serve'; readonly to: MemberId; readonly fromHeight: number }
  /** A member is proven to be faulty: have it recorded. */
  | { readonly kind: 'report'; readonly evidence: Evidence };

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

/** The shortest time between two answers to polls of one member, in ticks. */
const answerTicks = 2;

export class Machine {
  readonly #committee: Committee;
  readonly #self: MemberId;
  readonly #group: GroupId;
  readonly #random: (bound: number) => number;
  readonly #book: VoteBook;
  readonly #replica: Replica;
  readonly #tally: Tally;
  readonly #raft: Raft<LogEntry>;
  readonly #directory: Directory;
  readonly #offers: OfferStore;
  readonly #obligations = new Obligations();
  #persist: DurableRecord[] = [];
  #send = new Map<MemberId, Message[]>();
  #apply: Action[] = [];
  #hasReady = false;
  #now = 0;
  /** The term whose leader was greeted with what this member has. */
  #greetedTerm = 0;
  /** Bodies that are missing. */
  readonly #wanted = new Set<Hex>();
  /** The first proposal of each signer for each place, at heights that are not final. */
  readonly #proposals = new Map<string, Proposal>();
  /** Who was reported, and for what. */
  readonly #reported = new Set<string>();
  readonly #answeredAt = new Map<MemberId, number>();
  #building: { readonly height: number; readonly view: number } | null = null;
  #executableSince: number | null = null;
  /** Since when the NEW-VIEW of the own group could have been made. */
  #newViewSince: number | null = null;
  #adoptSince = 0;
  #newsAt = 0;
  #resentAt = 0;

  constructor({ committee, self, epochStart, sign, random, restored }: MachineOptions) {
    this.#committee = committee;
    this.#self = self;
    this.#group = committee.groupOf(self);
    this.#random = random;
    this.#directory = new Directory(committee);
    this.#offers = new OfferStore(committee);
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
        fellBehind: () => this.#pollSoon(),
        viewEntered: () => this.#onViewEntered(),
      },
    });
    let raftState: RaftState = { term: 0, vote: null };
    for (const record of restored) {
      if (record.kind === 'vote' || record.kind === 'statement' || record.kind === 'proposal') this.#book.restore(record);
      if (record.kind === 'raft') raftState = record.state;
      this.#replica.restore(record);
    }
    this.#tally = new Tally(committee, this.#replica.final.height, (vote, rival) => this.#onVoteSeen(vote, rival));
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
    const { view, isEntered, isOver, final, lock, proposal } = this.#replica;
    return { view, isEntered, isOver, final, lock, proposal, term: this.#raft.term, leader: this.#raft.leader };
  }

  /** The follower of the own group whose duty is to report what every follower checks. */
  get supervisor(): MemberId | null {
    const { leader, term } = this.#raft;
    return leader === null ? null : supervisorOf(this.#committee, this.#group, { member: leader, term });
  }

  /** The group's log, as far as it is kept; for whoever compares logs. */
  get log() {
    return this.#raft.log;
  }

  /** The members to whom a batch of transactions goes: the own leader, and whoever speaks for the group that proposes. */
  get transactionTargets(): readonly MemberId[] {
    const leader = this.#raft.leader;
    const primary = this.#committee.primaryOf(this.#replica.view);
    const speakers = primary === this.#group ? [] : this.#directory.speakersOf(primary, this.#now);
    return [...new Set([...(leader === null ? [] : [leader]), ...speakers])].filter((member) => member !== this.#self);
  }

  step(input: Input): void {
    this.#hasReady = true;
    switch (input.kind) {
      case 'messages':
        this.#directory.onHeard(input.from, this.#now);
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
        if (this.#countGroupVote(message.vote)) this.#forward(from, message);
        return;
      case 'statement':
        this.#onStatement(message.proven);
        return;
      case 'offer':
        if (message.offer.block.height <= this.#replica.final.height) this.#serve(from, message.offer.block.height);
        else if (this.#isNews(message)) this.#forward(from, message);
        this.#learn(message, false);
        return;
      case 'certificate':
      case 'new-view':
        this.#learn(message, false);
        return;
      case 'leading':
        this.#directory.onLeader(from, message.term, this.#now);
        return;
      case 'poll':
        this.#answer(from, message);
        return;
      case 'body-wanted': {
        const block = this.#replica.body(message.blockHash);
        if (block !== undefined) this.#sendTo(from, { kind: 'body', block });
        else if (message.height <= this.#replica.final.height) this.#serve(from, message.height);
        return;
      }
      case 'body':
        if (this.#wanted.delete(message.block.hash)) this.#replica.onBody(message.block);
        return;
      case 'blocks':
        for (const { block, certificate } of message.blocks) {
          if (block.height !== this.#replica.final.height + 1) continue;
          this.#replica.onBody(block);
          this.#replica.onCertificate(certificate);
          this.#share({ kind: 'certificate', certificate }, false);
        }
        return;
      case 'transactions':
        return; // the mempool's
    }
  }

  /** Something that proves itself arrived: from the own leader by the log, or from anybody. */
  #learn(entry: LogEntry, byLeader: boolean): void {
    this.#share(entry, byLeader);
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

  /** What one knows the group should know by its leader. */
  #share(entry: LogEntry, byLeader: boolean): void {
    if (this.#raft.isLeader) {
      // Also what this leader cannot vote in: others of its group may.
      if (this.#isRelayed(entry) && this.#obligations.fulfil(entry)) this.#raft.append(entry);
    } else if (byLeader) this.#obligations.fulfil(entry);
    else if (this.#isNews(entry) || (entry.kind === 'certificate' && entry.certificate === this.#replica.final.certificate))
      this.#obligations.owe(entry, this.#now);
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

  /** Whether an entry may still tell something to a follower. */
  #isRelayed(entry: LogEntry): boolean {
    const { final } = this.#replica;
    switch (entry.kind) {
      case 'offer':
        return entry.offer.block.height > final.height && (entry.offer.groupVote !== null || entry.offer.proposal.member === this.#self);
      case 'certificate':
        return entry.certificate.height > final.height || entry.certificate === final.certificate;
      case 'new-view':
        return entry.newView.view >= (final.certificate?.view ?? 0);
    }
  }

  #onOffer(offer: Offer, byLeader: boolean): void {
    const { proposal, block, groupVote } = offer;
    if (block.height <= this.#replica.final.height) return;
    this.#watchProposal(proposal);
    const isOwn = this.#committee.primaryOf(proposal.view) === this.#group;
    // A leader alone says nothing to another group: its group's vote shows its authority. In its own group the log does.
    if (groupVote === null && !(isOwn && (byLeader || this.#raft.isLeader))) return;
    if (groupVote !== null) this.#countGroupVote(groupVote);
    if (proposal.view < this.#replica.view) return;
    this.#offers.add(offer);
    // What earlier leaders proposed, a leader adopts only once it is found valid.
    if (groupVote !== null || byLeader) this.#replica.onProposal(proposal, block);
  }

  #retryOffers(): void {
    const { final, view } = this.#replica;
    this.#offers.settle(final.height, view);
    for (const { proposal, block, groupVote } of this.#offers.at(final.height + 1, view))
      if (groupVote !== null || !this.#raft.isLeader) this.#replica.onProposal(proposal, block);
  }

  #countMemberVote(vote: MemberVote): void {
    const groupVote = this.#tally.addMemberVote(vote);
    if (groupVote === null) return;
    if (this.#raft.isLeader && groupVote.group === this.#group) this.#sendGroupVote(groupVote);
    this.#certify(groupVote);
  }

  /** Whether the vote was not known. */
  #countGroupVote(vote: GroupVote): boolean {
    if (!this.#tally.addGroupVote(vote)) return false;
    this.#certify(vote);
    return true;
  }

  /** The primary group's PREPARE travels with what it is for. */
  #sendGroupVote(vote: GroupVote): void {
    const offer =
      vote.phase === 'prepare' && this.#committee.primaryOf(vote.view) === this.#group
        ? this.#offers.at(vote.height, vote.view).find(({ proposal }) => proposal.blockHash === vote.blockHash)
        : undefined;
    if (offer === undefined) {
      this.#sendToGroups({ kind: 'group-vote', vote });
      return;
    }
    const whole = { ...offer, groupVote: vote };
    this.#offers.add(whole);
    this.#sendToGroups({ kind: 'offer', offer: whole });
  }

  #certify(ballot: Ballot): void {
    const certificate = this.#tally.certificate(ballot);
    if (certificate !== null) this.#learn({ kind: 'certificate', certificate }, false);
  }

  #onVoted(vote: MemberVote): void {
    this.#newsAt = this.#now;
    this.#resentAt = this.#now;
    const leader = this.#raft.leader;
    if (leader !== null) this.#sendTo(leader, { kind: 'vote', vote });
    this.#countMemberVote(vote);
  }

  #onStated(proven: ProvenStatement): void {
    this.#newsAt = this.#now;
    this.#resentAt = this.#now;
    this.#obligations.keep((entry) => this.#isNews(entry));
    this.#sendToAll({ kind: 'statement', proven });
  }

  #onStatement(proven: ProvenStatement): void {
    for (const commit of this.#tally.commitsOf(proven.statement.member))
      if (forgets(proven.statement, commit)) this.#report({ kind: 'amnesia', commit, statement: proven.statement });
    this.#replica.onStatement(proven);
  }

  /** Every follower checks what it sees; the supervisor sees the most. */
  #onVoteSeen(vote: MemberVote, rival: MemberVote | undefined): void {
    if (rival !== undefined) this.#report({ kind: 'two-votes', first: rival, second: vote });
    const statement = vote.phase === 'commit' ? this.#replica.statementOf(vote.member)?.statement : undefined;
    if (statement !== undefined && forgets(statement, vote)) this.#report({ kind: 'amnesia', commit: vote, statement });
  }

  #watchProposal(proposal: Proposal): void {
    const key = `${proposal.height} ${proposal.view} ${proposal.member}`;
    const first = this.#proposals.get(key);
    if (first === undefined && this.#proposals.size < proofsMax) this.#proposals.set(key, proposal);
    if (first !== undefined && first.blockHash !== proposal.blockHash) this.#report({ kind: 'two-proposals', first, second: proposal });
  }

  #report(evidence: Evidence): void {
    const key = `${evidence.kind} ${accusedBy(evidence)}`;
    if (this.#reported.has(key) || this.#reported.size >= proofsMax) return;
    this.#reported.add(key);
    this.#apply.push({ kind: 'report', evidence });
  }

  #onFinalized(block: ProposedBlock, certificate: Certificate): void {
    this.#newsAt = this.#now;
    this.#resentAt = this.#now;
    this.#apply.push({ kind: 'commit', block, certificate });
    this.#tally.settle(block.height);
    this.#wanted.clear();
    for (const [key, { height }] of this.#proposals) if (height <= block.height) this.#proposals.delete(key);
    this.#beginPlace();
    // Votes for the next height that came before its parent was final.
    for (let group = 0; group < this.#committee.groups; group++)
      for (const vote of this.#tally.groupVotesAt(group, block.height + 1)) this.#certify(vote);
  }

  #onViewEntered(): void {
    this.#newsAt = this.#now;
    this.#resentAt = this.#now;
    this.#beginPlace();
  }

  /** Another height or view: what the leader owes is owed anew, and what was kept for it is looked at. */
  #beginPlace(): void {
    this.#building = null;
    this.#adoptSince = this.#now;
    this.#newViewSince = null;
    this.#executableSince = this.#replica.hasExecutable ? this.#now : null;
    this.#obligations.keep((entry) => this.#isNews(entry));
    this.#retryOffers();
  }

  /** What only a leader does: NEW-VIEWs and proposals of its group's views. */
  #lead(): void {
    if (!this.#raft.isLeader || this.#replica.isOver || this.#committee.primaryOf(this.#replica.view) !== this.#group) return;
    const newView = this.#replica.makeNewView();
    if (newView !== null) {
      this.#sendToAll({ kind: 'new-view', newView });
      this.#learn({ kind: 'new-view', newView }, false);
    }
    if (!this.#raft.hasMajority || !this.#replica.mayPropose) return;
    const place = { height: this.#replica.final.height + 1, view: this.#replica.view };
    const known = this.#replica.lockedHash ?? this.#book.proposalAt(place.height, place.view)?.blockHash;
    if (known !== undefined) {
      const block = this.#replica.body(known);
      if (block === undefined) this.#wantBody(known);
      else this.#propose(block);
      return;
    }
    const adopted = this.#blockToAdopt(place);
    if (adopted === 'wait') return;
    if (adopted !== null) {
      this.#propose(adopted);
      return;
    }
    if (this.#building !== null) return;
    // V4: after NEW-VIEW the primary proposes at once, empty if need be.
    const mayBeEmpty = this.#replica.newView !== null && this.#replica.isOwed;
    if (!this.#replica.hasExecutable && !mayBeEmpty) return;
    this.#building = place;
    this.#apply.push({ kind: 'build', ...place, parentHash: this.#replica.final.blockHash, mayBeEmpty });
  }

  /** What the group voted for or was offered under an earlier leader: a new one goes on with it. */
  #blockToAdopt(place: { readonly height: number; readonly view: number }): ProposedBlock | 'wait' | null {
    const offers = this.#offers.at(place.height, place.view);
    const hashes = new Set([
      ...this.#tally.votedIn(this.#group, { phase: 'prepare', ...place }),
      ...offers.map(({ proposal }) => proposal.blockHash),
    ]);
    for (const hash of hashes) {
      const block = this.#replica.body(hash) ?? offers.find(({ proposal }) => proposal.blockHash === hash)?.block;
      if (block === undefined) {
        // Perhaps there is no such block: one member alone may have voted for it.
        if (this.#now - this.#adoptSince >= ticks(pollMs)) continue;
        this.#wantBody(hash);
        return 'wait';
      }
      if (block.view !== place.view || block.parentHash !== this.#replica.final.blockHash) continue;
      const verdict = this.#replica.verdict(block);
      if (verdict === undefined) return 'wait';
      if (verdict) return block;
    }
    return null;
  }

  #onBuilt(height: number, view: number, block: ProposedBlock | null): void {
    if (this.#building?.height !== height || this.#building.view !== view) return;
    this.#building = null;
    // Nothing to put into a block: the ledger tells when that changes.
    if (block === null) this.#replica.setExecutable(false);
    if (block === null || !this.#raft.isLeader || this.#replica.view !== view || this.#replica.final.height + 1 !== height) return;
    if (!this.#replica.mayPropose || this.#replica.lockedHash !== null || this.#blockToAdopt({ height, view }) !== null) return;
    this.#propose(block, true);
  }

  #propose(block: ProposedBlock, isBuilt = false): void {
    const { view } = this.#replica;
    const signed = this.#book.propose(block.height, view, block.hash);
    if (signed.outcome === 'refused') return;
    if (signed.outcome === 'new') this.#persist.push({ kind: 'proposal', proposal: signed.value });
    const offer: Offer = { proposal: signed.value, block, groupVote: null };
    this.#watchProposal(signed.value);
    this.#offers.add(offer);
    if (this.#obligations.fulfil({ kind: 'offer', offer })) this.#raft.append({ kind: 'offer', offer });
    if (isBuilt) this.#replica.onBuilt(signed.value, block);
    else this.#replica.onProposal(signed.value, block);
    // The group's votes may have been here before its leader.
    for (const vote of this.#tally.groupVotesAt(this.#group, block.height))
      if (vote.phase === 'prepare' && vote.view === view) this.#sendGroupVote(vote);
  }

  /** Depose a leader who does not do its work: its heartbeats no longer count. */
  #watchLeader(): void {
    const { isLate, untold } = this.#obligations.late(this.#now);
    for (const entry of untold) for (const member of this.#committee.members(this.#group)) this.#sendTo(member, entry);
    const { isEntered, proposal, view } = this.#replica;
    let isIdle = false;
    if (this.#committee.primaryOf(view) === this.#group) {
      if (isEntered || this.#replica.makeNewView() === null) this.#newViewSince = null;
      else this.#newViewSince ??= this.#now;
      // Only while the view is entered, its parent final and nothing proposed: waiting for NEW-VIEW must not churn leaders.
      const shouldPropose = isEntered && proposal === null && this.#replica.mayPropose;
      isIdle = this.#isOld(this.#newViewSince) || (shouldPropose && this.#isOld(this.#executableSince));
    }
    this.#raft.setGrievance((isLate || isIdle) && !this.#raft.isLeader);
  }

  #isOld(since: number | null): boolean {
    return since !== null && this.#now - since >= ticks(obligationMs);
  }

  /** A new leader is told what this member has, so that it goes on from there. */
  #greetLeader(): void {
    const { leader, term } = this.#raft;
    if (leader === null || this.#greetedTerm === term) return;
    this.#greetedTerm = term;
    this.#obligations.onNewLeader(this.#now);
    this.#beginPlace();
    const held = this.#heldEntries();
    if (leader === this.#self) {
      this.#announce();
      for (const entry of held) this.#learn(entry, false);
      for (const vote of this.#tally.groupVotesAt(this.#group, this.#replica.final.height + 1)) this.#sendGroupVote(vote);
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
      ...this.#offers.all.map((offer) => ({ kind: 'offer' as const, offer })),
      ...(lock === null ? [] : [{ kind: 'certificate' as const, certificate: lock }]),
    ];
  }

  /** Tells the other groups who leads. */
  #announce(): void {
    const message: Message = { kind: 'leading', term: this.#raft.term, votes: this.#raft.votes };
    for (let member = 0; member < this.#committee.size; member++)
      if (this.#committee.groupOf(member) !== this.#group) this.#sendTo(member, message);
  }

  /** Says again what was said and came to nothing. */
  #resend(): void {
    this.#resentAt = this.#now;
    const { isOwed, ownStatement, isEntered, final, newView, view } = this.#replica;
    if (!isOwed) return;
    if (!isEntered && ownStatement !== null) this.#sendToAll({ kind: 'statement', proven: ownStatement });
    const leader = this.#raft.leader;
    const height = final.height + 1;
    if (leader !== null) for (const vote of this.#book.votesAt(height)) this.#sendTo(leader, { kind: 'vote', vote });
    if (leader !== this.#self) return;
    this.#announce();
    if (newView !== null && this.#committee.primaryOf(view) === this.#group) this.#sendToAll({ kind: 'new-view', newView });
    for (const vote of this.#tally.groupVotesAt(this.#group, height)) this.#sendGroupVote(vote);
  }

  #poll(): void {
    this.#newsAt = this.#now;
    const { final, view, isEntered } = this.#replica;
    for (const blockHash of this.#wanted) this.#sendTo(this.#anybody(), { kind: 'body-wanted', height: final.height + 1, blockHash });
    this.#sendTo(this.#anybody(), { kind: 'poll', finalHeight: final.height, view, isEntered });
  }

  #answer(to: MemberId, { finalHeight, view, isEntered }: Extract<Message, { kind: 'poll' }>): void {
    if (this.#now - (this.#answeredAt.get(to) ?? -answerTicks) < answerTicks) return;
    this.#answeredAt.set(to, this.#now);
    const own = this.#replica.final.height;
    if (own > finalHeight) this.#serve(to, finalHeight + 1);
    const { newView, lock } = this.#replica;
    if (newView !== null && (newView.view > view || (newView.view === view && !isEntered))) this.#sendTo(to, { kind: 'new-view', newView });
    else
      for (const proven of this.#replica.statements)
        if (proven.statement.newView > view || (proven.statement.newView === view && !isEntered))
          this.#sendTo(to, { kind: 'statement', proven });
    if (own !== finalHeight) return;
    if (lock !== null) this.#sendTo(to, { kind: 'certificate', certificate: lock });
    for (const vote of this.#book.votesAt(own + 1)) this.#sendTo(to, { kind: 'vote', vote });
    for (const offer of this.#offers.all)
      if (offer.groupVote !== null && offer.proposal.view >= view) this.#sendTo(to, { kind: 'offer', offer });
  }

  #serve(to: MemberId, fromHeight: number): void {
    this.#apply.push({ kind: 'serve', to, fromHeight });
  }

  /** Somebody is ahead: ask for the blocks between soon. */
  #pollSoon(): void {
    this.#newsAt = Math.min(this.#newsAt, this.#now - ticks(pollMs) + answerTicks);
  }

  #wantBody(blockHash: Hex): void {
    if (this.#wanted.has(blockHash) || this.#wanted.size >= wantedBodiesMax) return;
    this.#wanted.add(blockHash);
    const message: Message = { kind: 'body-wanted', height: this.#replica.final.height + 1, blockHash };
    for (const member of this.#committee.members(this.#group)) this.#sendTo(member, message);
    this.#sendTo(this.#anybody(), message);
  }

  /** A member of another group, or of the own one where there is no other. */
  #anybody(): MemberId {
    const own = this.#committee.members(this.#group);
    const others = this.#committee.size - own.length;
    if (others === 0) return own[this.#random(own.length)] ?? this.#self;
    const drawn = this.#random(others);
    return drawn < (own[0] ?? 0) ? drawn : drawn + own.length;
  }

  /** To the leaders of the other groups, and to those who watch them. */
  #sendToGroups(message: Message): void {
    for (let group = 0; group < this.#committee.groups; group++) {
      if (group === this.#group) continue;
      for (const member of this.#directory.watchersOf(group, this.#now)) this.#sendTo(member, message);
    }
  }

  /** Who does not lead passes on what was meant for its leader; the supervisor's copy is its own. */
  #forward(from: MemberId, message: Message): void {
    const leader = this.#raft.leader;
    if (leader === null || leader === this.#self || this.#committee.groupOf(from) === this.#group) return;
    if (this.supervisor !== this.#self) this.#sendTo(leader, message);
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

function ticks(ms: number): number {
  return Math.ceil(ms / tickMs);
}
