/**
 * RBFT (paper section 6.10, figure 5): Raft inside groups, PBFT among their leaders, as one member runs it for one epoch. Not the protocol
 * of the same name that orders twice in parallel (Redundant BFT).
 *
 * Pure and synchronous: `step` takes what happened, `tick` the passing of time, `ready` gives what follows from it, `advance` says that it was
 * taken over. No I/O, no clock; randomness is an argument. Order of effects: everything in `persist` is durable before anything in
 * `send` leaves or `apply` is done.
 * Whatever decides - certificates, statements, NEW-VIEWs - proves itself and is taken from anybody. A leader only brings things sooner.
 * Callers check signatures before they step (message.ts).
 */
import type { Committee, GroupId, MemberId } from '../committee.ts';
import { heightsAheadMax, obligationMs, pollAnswerMs, pollMs, resendMs, tickMs } from '../limits.ts';
import { Replica } from '../pbft/replica.ts';
import { Tally } from '../pbft/tally.ts';
import type { ProposedBlock } from '../proposal.ts';
import { Raft, type RaftState } from '../raft/raft.ts';
import type { ProvenStatement } from '../view-change.ts';
import type { Ballot, Certificate, GroupVote, MemberVote } from '../vote.ts';
import { VoteBook } from '../vote-book.ts';
import { CatchUp } from './catch-up.ts';
import { Directory, supervisorOf } from './directory.ts';
import type { Input, MachineOptions, Ready } from './effects.ts';
import { LostVotes } from './lost-votes.ts';
import { entryBytes, type LogEntry, type Message, type Offer } from './message.ts';
import { Obligations } from './obligations.ts';
import { OfferStore } from './offer-store.ts';
import { Outbox } from './outbox.ts';
import { Proposer } from './proposer.ts';
import { Watch } from './watch.ts';

export class Machine {
  readonly #committee: Committee;
  readonly #self: MemberId;
  readonly #group: GroupId;
  readonly #book: VoteBook;
  readonly #replica: Replica;
  readonly #tally: Tally;
  readonly #raft: Raft<LogEntry>;
  readonly #directory: Directory;
  readonly #offers: OfferStore;
  readonly #obligations = new Obligations();
  readonly #watch: Watch;
  readonly #out: Outbox;
  #hasReady = false;
  #now = 0;
  /** The term whose leader was greeted with what this member has. */
  #greetedTerm = 0;
  readonly #catchUp: CatchUp;
  readonly #lostVotes: LostVotes;
  readonly #proposer: Proposer;
  #executableSince: number | null = null;
  /** Since when the NEW-VIEW of the own group could have been made. */
  #newViewSince: number | null = null;
  #newsAt = 0;
  #resentAt = 0;

  constructor({ committee, self, epochStart, sign, random, restored, mustAsk = false }: MachineOptions) {
    this.#committee = committee;
    this.#self = self;
    this.#group = committee.groupOf(self);
    this.#out = new Outbox(self);
    this.#directory = new Directory(committee);
    this.#offers = new OfferStore(committee);
    this.#book = new VoteBook(committee, self, sign, mustAsk);
    this.#replica = new Replica({
      committee,
      epochStart,
      book: this.#book,
      output: {
        persist: (record) => this.#out.persist(record),
        voted: (vote) => this.#onVoted(vote),
        stated: (proven) => this.#onStated(proven),
        execute: (block, isFresh) => this.#out.apply({ kind: 'execute', block, isFresh }),
        finalized: (block, certificate) => this.#onFinalized(block, certificate),
        bodyWanted: (blockHash) => this.#catchUp.want(blockHash),
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
    this.#tally = new Tally(committee, this.#replica.final.height, (vote, rival) => this.#watch.onVote(vote, rival));
    this.#watch = new Watch({
      statementOf: (member) => this.#replica.statementOf(member)?.statement,
      commitsOf: (member) => this.#tally.commitsOf(member),
      report: (evidence) => this.#out.apply({ kind: 'report', evidence }),
    });
    for (const vote of this.#book.votesAt(this.#replica.final.height + 1)) this.#tally.addMemberVote(vote);
    this.#raft = new Raft<LogEntry>({
      committee,
      self,
      sign,
      random,
      restored: raftState,
      isMute: mustAsk,
      send: (to, message) => this.#out.send(to, { kind: 'raft', message }),
      persist: (state) => this.#out.persist({ kind: 'raft', state }),
      bytesOf: entryBytes,
      onEntry: (entry) => this.#learn(entry, true),
    });
    const parts = {
      committee,
      self,
      group: this.#group,
      random,
      book: this.#book,
      replica: this.#replica,
      tally: this.#tally,
      raft: this.#raft,
      offers: this.#offers,
      out: this.#out,
    };
    this.#catchUp = new CatchUp(parts);
    this.#lostVotes = new LostVotes(parts, mustAsk);
    this.#proposer = new Proposer(parts, {
      wantBody: (blockHash) => this.#catchUp.want(blockHash),
      onNewView: (newView) => {
        this.#sendToAll({ kind: 'new-view', newView });
        this.#learn({ kind: 'new-view', newView }, false);
      },
      onProposed: (offer) => {
        this.#watch.onProposal(offer.proposal);
        this.#share({ kind: 'offer', offer }, false);
      },
      onFollowed: ({ proposal }) => {
        for (const vote of this.#tally.groupVotesAt(this.#group, proposal.height))
          if (vote.phase === 'prepare' && vote.view === proposal.view) this.#sendGroupVote(vote);
      },
    });
  }

  /** Where this member stands; for whoever shows, logs or checks it. */
  get status() {
    const { view, isEntered, isOver, final, lock, proposal } = this.#replica;
    return {
      view,
      isEntered,
      isOver,
      final,
      lock,
      proposal,
      term: this.#raft.term,
      leader: this.#raft.leader,
      isMute: this.#lostVotes.isMute,
    };
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
        this.#proposer.onBuilt(input, input.block, this.#now);
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
    this.#proposer.lead(this.#now);
  }

  /** `tickMs` have passed. */
  tick(): void {
    this.#hasReady = true;
    this.#now++;
    this.#lostVotes.tick(this.#now);
    this.#replica.tick();
    this.#watchLeader();
    this.#raft.tick();
    this.#raft.flushReply();
    this.#greetLeader();
    if (this.#now - this.#resentAt >= ticks(resendMs)) this.#resend();
    if (this.#now - this.#newsAt >= ticks(pollMs)) {
      this.#newsAt = this.#now;
      this.#catchUp.poll();
    }
    this.#proposer.lead(this.#now);
  }

  /** What follows from the steps and ticks since the last `advance`; null if nothing does. */
  ready(): Ready | null {
    if (!this.#hasReady) return null;
    // An acknowledgement travels with what goes to the leader anyway.
    if (this.#raft.leader !== null && this.#out.hasFor(this.#raft.leader)) this.#raft.flushReply();
    return this.#out.ready;
  }

  /** What `ready` gave was taken over: it is, or will be, done in its order. */
  advance(): void {
    this.#out.clear();
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
        this.#watch.onStatement(message.proven.statement);
        this.#replica.onStatement(message.proven);
        return;
      case 'offer':
        if (message.offer.block.height <= this.#replica.final.height) this.#catchUp.serve(from, message.offer.block.height);
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
        this.#catchUp.answer(from, message, this.#now);
        return;
      case 'body-wanted':
        this.#catchUp.onWanted(from, message, this.#now);
        return;
      case 'body':
        this.#catchUp.onBody(message.block);
        return;
      case 'blocks':
        for (const { block, certificate } of message.blocks) {
          if (block.height !== this.#replica.final.height + 1) continue;
          this.#replica.onBody(block);
          this.#replica.onCertificate(certificate);
          this.#share({ kind: 'certificate', certificate }, false);
        }
        return;
      case 'votes-wanted':
        this.#lostVotes.answer(from, message.nonce, this.#watch.proposalsOf(from), this.#now);
        return;
      case 'votes-known':
        this.#lostVotes.onKnown(from, message);
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
        return entry.offer.groupVote !== null && this.#isNear(entry.offer.block.height) && entry.offer.proposal.view >= view;
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
        return this.#isNear(entry.offer.block.height) && (entry.offer.groupVote !== null || entry.offer.proposal.member === this.#self);
      case 'certificate':
        return entry.certificate.height > final.height || entry.certificate === final.certificate;
      case 'new-view':
        return entry.newView.view >= (final.certificate?.view ?? 0);
    }
  }

  /** Whether a height is one that is voted at now, or soon. */
  #isNear(height: number): boolean {
    return height > this.#replica.final.height && height <= this.#replica.final.height + heightsAheadMax;
  }

  #onOffer(offer: Offer, byLeader: boolean): void {
    const { proposal, block, groupVote } = offer;
    if (block.height <= this.#replica.final.height) return;
    if (!this.#isNear(block.height)) {
      this.#pollSoon();
      return;
    }
    this.#watch.onProposal(proposal);
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
    if (leader !== null) this.#out.send(leader, { kind: 'vote', vote });
    this.#countMemberVote(vote);
  }

  #onStated(proven: ProvenStatement): void {
    this.#newsAt = this.#now;
    this.#resentAt = this.#now;
    this.#obligations.keep((entry) => this.#isNews(entry));
    this.#sendToAll({ kind: 'statement', proven });
  }

  #onFinalized(block: ProposedBlock, certificate: Certificate): void {
    this.#newsAt = this.#now;
    this.#resentAt = this.#now;
    this.#out.apply({ kind: 'commit', block, certificate });
    this.#tally.settle(block.height);
    this.#catchUp.settle();
    this.#watch.settle(block.height);
    this.#lostVotes.onFinal(block.height);
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
    this.#proposer.onPlace(this.#now);
    this.#newViewSince = null;
    this.#executableSince = this.#replica.hasExecutable ? this.#now : null;
    this.#obligations.keep((entry) => this.#isNews(entry));
    this.#retryOffers();
  }

  /** Depose a leader who does not do its work: its heartbeats no longer count. */
  #watchLeader(): void {
    const { isLate, untold } = this.#obligations.late(this.#now);
    for (const entry of untold) for (const member of this.#committee.members(this.#group)) this.#out.send(member, entry);
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
    for (const entry of held) this.#out.send(leader, entry);
    for (const vote of this.#book.votesAt(this.#replica.final.height + 1)) this.#out.send(leader, { kind: 'vote', vote });
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
      if (this.#committee.groupOf(member) !== this.#group) this.#out.send(member, message);
  }

  /** Says again what was said and came to nothing. */
  #resend(): void {
    this.#resentAt = this.#now;
    const { isOwed, ownStatement, isEntered, final, newView, view } = this.#replica;
    if (!isOwed) return;
    if (!isEntered && ownStatement !== null) this.#sendToAll({ kind: 'statement', proven: ownStatement });
    const leader = this.#raft.leader;
    const height = final.height + 1;
    if (leader !== null) for (const vote of this.#book.votesAt(height)) this.#out.send(leader, { kind: 'vote', vote });
    if (leader !== this.#self) return;
    this.#announce();
    if (newView !== null && this.#committee.primaryOf(view) === this.#group) this.#sendToAll({ kind: 'new-view', newView });
    for (const vote of this.#tally.groupVotesAt(this.#group, height)) this.#sendGroupVote(vote);
  }

  /** Somebody is ahead: ask for the blocks between soon. */
  #pollSoon(): void {
    this.#newsAt = Math.min(this.#newsAt, this.#now - ticks(pollMs) + ticks(pollAnswerMs));
  }

  /** To the leaders of the other groups, and to those who watch them. */
  #sendToGroups(message: Message): void {
    for (let group = 0; group < this.#committee.groups; group++) {
      if (group === this.#group) continue;
      for (const member of this.#directory.watchersOf(group, this.#now)) this.#out.send(member, message);
    }
  }

  /** Who does not lead passes on what was meant for its leader; the supervisor's copy is its own. */
  #forward(from: MemberId, message: Message): void {
    const leader = this.#raft.leader;
    if (leader === null || leader === this.#self || this.#committee.groupOf(from) === this.#group) return;
    if (this.supervisor !== this.#self) this.#out.send(leader, message);
  }

  #sendToAll(message: Message): void {
    for (let member = 0; member < this.#committee.size; member++) this.#out.send(member, message);
  }
}

function ticks(ms: number): number {
  return Math.ceil(ms / tickMs);
}
