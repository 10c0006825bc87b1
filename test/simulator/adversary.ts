/**
 * Byzantine members. Each runs an honest machine, whose messages pass through here: withheld, sent to some, changed. Beside it the adversary
 * signs with the members' keys whatever serves: votes for every block it sees, statements that hide locks and heights, NEW-VIEWs made
 * of the statements that suit it, proposals of two blocks for one place, elections. All Byzantine members act as one and share their keys.
 */
import type { Hex } from '../../core/base/bytes.ts';
import { Committee, type MemberId } from '../../core/consensus/committee.ts';
import { counterMax } from '../../core/consensus/limits.ts';
import { type ProposedBlock, proposalBytes } from '../../core/consensus/proposal.ts';
import { termVoteBytes } from '../../core/consensus/raft/raft.ts';
import type { LogEntry, Message } from '../../core/consensus/rbft/message.ts';
import type { Envelope } from '../../core/consensus/runtime.ts';
import { type NewView, type ProvenStatement, type Statement, statementBytes, summaryOf } from '../../core/consensus/view-change.ts';
import { type Ballot, type Certificate, type GroupVote, type MemberVote, voteBytes } from '../../core/consensus/vote.ts';
import type { Coverage } from './coverage.ts';
import type { Keys } from './keys.ts';
import type { Seeded } from './seeded.ts';
import { genesisHash, movedTo, withOtherTime, withWrongRoot } from './toy-ledger.ts';

const keptMax = 60;

export interface AdversaryOptions {
  /** Keys that Byzantine nodes have, by name. */
  readonly keyOf: ReadonlyMap<Hex, number>;
  /** Those that stand for election, and then do nothing but keep their group from electing another. */
  readonly idleLeaders: ReadonlySet<Hex>;
  readonly keys: Keys;
  readonly random: Seeded;
  readonly coverage: Coverage;
  readonly transmit: (from: Hex, to: Hex, envelope: Envelope) => void;
}

export class Adversary {
  readonly #options: AdversaryOptions;
  readonly #random: Seeded;
  readonly #coverage: Coverage;
  #committee: Committee;
  #foreign: Committee;
  /** Its members in the present epoch. */
  #members: MemberId[] = [];
  #blocks: { readonly block: ProposedBlock; readonly view: number }[] = [];
  #statements: ProvenStatement[] = [];
  #newViews: NewView[] = [];
  #certificates: Certificate[] = [];
  #groupVotes: GroupVote[] = [];
  #votes = new Map<string, MemberVote[]>();
  readonly #old: Envelope[] = [];
  readonly #seen = new WeakSet<object>();
  /** What it made up for views of which it is the primary: NEW-VIEWs and blocks. */
  #crafted = new Map<number, NewView>();
  #rivals = new Map<number, ProposedBlock>();
  readonly #idleLeaders: Set<Hex>;
  readonly #lying: boolean;
  #term = 0;
  /** Each as likely as it is often here. */
  readonly #acts: readonly ((from: MemberId) => void)[] = [
    (from) => this.#voteForEverything(from),
    (from) => this.#voteForEverything(from),
    (from) => this.#lie(from),
    (from) => this.#sendNewView(from),
    (from) => this.#sendNewView(from),
    (from) => this.#propose(from),
    (from) => this.#replay(from),
    (from) => this.#forge(from),
    (from) => this.#campaign(from),
    (from) => this.#joinVotes(from),
    (from) => this.#press(from),
    (from) => this.#press(from),
  ];

  constructor(options: AdversaryOptions, committee: Committee) {
    this.#options = options;
    this.#random = options.random;
    this.#coverage = options.coverage;
    this.#idleLeaders = new Set(options.idleLeaders);
    this.#lying = options.random.chance(0.7);
    this.#committee = committee;
    this.#foreign = committee;
    this.onEpoch(committee);
  }

  /** The members changed: what was learnt is only good for replays. */
  onEpoch(committee: Committee): void {
    if (this.#groupVotes.length > 0)
      this.#old.push({ epoch: this.#committee.epoch, messages: this.#groupVotes.map((vote) => ({ kind: 'group-vote', vote })) });
    if (this.#statements.length > 0)
      this.#old.push({ epoch: this.#committee.epoch, messages: this.#statements.map((proven) => ({ kind: 'statement', proven })) });
    this.#committee = committee;
    this.#foreign = new Committee(`0x${'ff'.repeat(32)}`, committee.epoch, committee.keys);
    this.#members = Array.from({ length: committee.size }, (_, member) => member).filter((member) =>
      this.#options.keyOf.has(committee.nameOf(member)),
    );
    this.#blocks = [];
    this.#statements = [];
    this.#newViews = [];
    this.#certificates = [];
    this.#groupVotes = [];
    this.#votes = new Map();
    this.#crafted = new Map();
    this.#rivals = new Map();
  }

  /** From now on a member does nothing but keep its group from electing another leader. */
  beIdle(name: Hex): void {
    this.#idleLeaders.add(name);
  }

  get isActive(): boolean {
    return this.#members.length > 0;
  }

  /** A message that somebody sent: whoever listens learns from it. */
  onSeen(message: Message): void {
    if (!this.isActive || this.#seen.has(message)) return;
    this.#seen.add(message);
    switch (message.kind) {
      case 'offer':
        keep(this.#blocks, { block: message.offer.block, view: message.offer.proposal.view });
        if (message.offer.groupVote !== null) keep(this.#groupVotes, message.offer.groupVote);
        break;
      case 'statement':
        keep(this.#statements, message.proven);
        if (message.proven.lockCertificate !== null) keep(this.#certificates, message.proven.lockCertificate);
        if (message.proven.finalCertificate !== null) keep(this.#certificates, message.proven.finalCertificate);
        break;
      case 'new-view':
        keep(this.#newViews, message.newView);
        break;
      case 'certificate':
        keep(this.#certificates, message.certificate);
        break;
      case 'group-vote':
        keep(this.#groupVotes, message.vote);
        break;
      case 'vote':
        this.#seeVote(message.vote);
        break;
      case 'raft':
        this.#term = Math.max(this.#term, message.message.term);
        if (message.message.kind === 'append') for (const entry of message.message.entries) this.onSeen(entry);
        break;
      default:
        break;
    }
  }

  /** What the honest machine of a Byzantine member would send. */
  onSend(from: Hex, to: Hex, envelope: Envelope): void {
    if (this.#random.chance(0.2)) {
      this.#coverage.withheld++;
      return;
    }
    if (this.#idleLeaders.has(from)) {
      this.#coverage.heartbeatsOnly++;
      const heartbeats = envelope.messages.flatMap(heartbeatOf);
      if (heartbeats.length > 0) this.#options.transmit(from, to, { epoch: envelope.epoch, messages: heartbeats });
      return;
    }
    const member = this.#committee.memberWith(from);
    const changed =
      member === undefined || envelope.epoch !== this.#committee.epoch
        ? envelope.messages
        : envelope.messages.flatMap((message) => this.#changed(member, message));
    if (changed.length > 0) this.#options.transmit(from, to, { epoch: envelope.epoch, messages: changed });
  }

  /** Does one thing that no honest member would. */
  act(): void {
    if (!this.isActive) return;
    const from = this.#random.pick(this.#members);
    this.#random.pick(this.#acts)(from);
  }

  #changed(from: MemberId, message: Message): Message[] {
    if (message.kind === 'statement' && message.proven.statement.member === from && this.#random.chance(0.7))
      return [{ kind: 'statement', proven: this.#statement(from, message.proven.statement.newView) }];
    if (message.kind === 'vote' && this.#random.chance(0.3)) return [];
    if (message.kind === 'new-view' || message.kind === 'offer') return this.#rivalOf(from, message);
    if (message.kind === 'raft' && message.message.kind === 'append' && this.#lying) {
      const entries = message.message.entries.map((entry) => {
        const [rival] = entry.kind === 'certificate' ? [entry] : this.#rivalOf(from, entry);
        return rival ?? entry;
      });
      if (this.#random.chance(0.05)) {
        // As if its log were as long as may be: what it sends next counts for nothing.
        this.#coverage.farPlaces++;
        return [{ kind: 'raft', message: { ...message.message, previous: counterMax, fresh: true, entries } }];
      }
      return [{ kind: 'raft', message: { ...message.message, entries } }];
    }
    if (message.kind === 'body' && this.#random.chance(0.5)) {
      this.#coverage.falseBodies++;
      return [{ kind: 'body', block: { ...withWrongRoot(message.block), hash: message.block.hash } }];
    }
    return [message];
  }

  /** What a primary that lies sends in the place of what its honest machine would: a NEW-VIEW that hides, and a block of its own. */
  #rivalOf(from: MemberId, entry: Extract<LogEntry, { kind: 'new-view' | 'offer' }>): Extract<LogEntry, { kind: 'new-view' | 'offer' }>[] {
    const view = entry.kind === 'offer' ? entry.offer.proposal.view : entry.newView.view;
    if (!this.#lying || view === 0 || this.#committee.primaryOf(view) !== this.#committee.groupOf(from)) return [entry];
    if (entry.kind === 'new-view') {
      const crafted = this.#crafted.get(view) ?? this.#craftNewView(view);
      if (crafted !== null) this.#crafted.set(view, crafted);
      return [{ kind: 'new-view', newView: crafted ?? entry.newView }];
    }
    const { block } = entry.offer;
    const rival = this.#rivals.get(view) ?? withOtherTime(movedTo(block, { view }), 1);
    this.#rivals.set(view, rival);
    this.#coverage.doubleProposals++;
    return [this.#offer(from, rival, view)];
  }

  /** Says again what it lied about the newest view of its group, now perhaps with its group's votes. */
  #press(from: MemberId): void {
    const [view, newView] = [...this.#crafted].at(-1) ?? [];
    if (view === undefined || newView === undefined || this.#committee.primaryOf(view) !== this.#committee.groupOf(from)) return;
    const everybody = Array.from({ length: this.#committee.size }, (_, member) => member);
    this.#send(from, everybody, [{ kind: 'new-view', newView }]);
    const known = this.#blocks.findLast(({ block }) => block.height > (newView.finalCertificate?.height ?? 0));
    const rival = this.#rivals.get(view) ?? (known === undefined ? undefined : withOtherTime(movedTo(known.block, { view }), 1));
    if (rival === undefined) return;
    this.#rivals.set(view, rival);
    this.#send(from, everybody, [this.#offer(from, rival, view)]);
  }

  #send(from: MemberId, to: readonly MemberId[], messages: readonly Message[], epoch = this.#committee.epoch): void {
    for (const member of to) this.#options.transmit(this.#committee.nameOf(from), this.#committee.nameOf(member), { epoch, messages });
  }

  #voteForEverything(from: MemberId): void {
    if (this.#blocks.length === 0) return;
    const { block, view } = this.#recent(this.#blocks);
    const ballot = { height: block.height, view: view + this.#random.below(2), blockHash: block.hash };
    const members = this.#random.chance(0.5) ? [from] : this.#members;
    this.#coverage.equivocations++;
    for (const phase of this.#random.pick([['prepare'], ['commit'], ['prepare', 'commit']] as const))
      for (const member of members) {
        const vote = this.#vote(member, { phase, ...ballot });
        this.#seeVote(vote);
        this.#send(member, this.#someMembers(), [{ kind: 'vote', vote }]);
      }
  }

  /** A statement that hides the lock, or how far the member has come; every field of it is proven. */
  #statement(from: MemberId, newView: number): ProvenStatement {
    const finals = this.#certificates.filter(({ phase }) => phase === 'commit');
    const finalCertificate = this.#random.pick([null, ...finals, finals.at(-1) ?? null]);
    const start = this.#statements.find(({ finalCertificate: certificate }) => certificate === null)?.statement;
    const finalHeight = finalCertificate?.height ?? start?.finalHeight ?? 0;
    const locks = this.#certificates.filter(
      ({ phase, height, view }) => phase === 'prepare' && height === finalHeight + 1 && view < newView,
    );
    const lockCertificate = locks.length > 0 && this.#random.chance(0.3) ? this.#random.pick(locks) : null;
    if (finalHeight < Math.max(0, ...finals.map(({ height }) => height))) this.#coverage.hiddenHeights++;
    if (locks.length > 0 && lockCertificate === null) this.#coverage.hiddenLocks++;
    const unsigned: Omit<Statement, 'signature'> = {
      member: from,
      newView,
      finalHeight,
      finalHash: finalCertificate?.blockHash ?? start?.finalHash ?? genesisHash,
      lock: lockCertificate === null ? null : { view: lockCertificate.view, blockHash: lockCertificate.blockHash },
    };
    // Now and then one that cannot be proven.
    const claimed = this.#random.chance(0.05) ? { ...unsigned, finalHeight: finalHeight + 1 } : unsigned;
    const signature = this.#signerOf(from)(statementBytes(this.#committee, this.#committee.groupOf(from), claimed));
    return { statement: { ...claimed, signature }, finalCertificate, lockCertificate };
  }

  #lie(from: MemberId): void {
    const views = this.#statements.map(({ statement }) => statement.newView);
    const newView = (views.length > 0 ? this.#recent(views) : 0) + this.#random.below(2) + (views.length > 0 ? 0 : 1);
    // Half of the time all of them leave together, so that others must follow if they are enough.
    for (const member of this.#random.chance(0.5) ? [from] : this.#members) {
      const proven = this.#statement(member, newView);
      keep(this.#statements, proven);
      this.#send(member, this.#someMembers(), [{ kind: 'statement', proven }]);
    }
  }

  #sendNewView(from: MemberId): void {
    if (this.#statements.length === 0) return;
    const view = this.#recent(this.#statements).statement.newView;
    const newView = this.#craftNewView(view);
    if (newView === null) return;
    if (this.#committee.primaryOf(view) === this.#committee.groupOf(from)) this.#crafted.set(view, newView);
    const receivers = this.#someMembers();
    this.#send(from, receivers, [{ kind: 'new-view', newView }]);
    if (this.#random.chance(0.7)) this.#proposeIn(from, view, receivers);
  }

  /** A NEW-VIEW of the statements that suit: whichever it may hold is tried, lies and fields left out included. */
  #craftNewView(view: number): NewView | null {
    const statements: Statement[] = [];
    let groups = 0;
    const of = this.#random.shuffled(this.#statements.filter(({ statement }) => statement.newView === view));
    for (const group of this.#random.shuffled(Array.from({ length: this.#committee.groups }, (_, index) => index))) {
      if (groups === this.#committee.quorum) break;
      const own = new Map(
        of
          .filter(({ statement }) => this.#committee.groupOf(statement.member) === group)
          .map(({ statement }) => [statement.member, statement]),
      );
      for (const member of this.#members)
        if (this.#committee.groupOf(member) === group && this.#random.chance(0.7)) own.set(member, this.#statement(member, view).statement);
      // Its own members first: they say what it wants. Now and then one of them twice.
      const sorted = [...own.values()].sort(
        (left, right) => Number(this.#members.includes(right.member)) - Number(this.#members.includes(left.member)),
      );
      const first = sorted[0];
      if (first !== undefined && this.#members.includes(first.member) && this.#random.chance(0.05)) sorted.splice(1, 0, first, first);
      if (sorted.length < this.#committee.majority(group)) continue;
      statements.push(...sorted.slice(0, this.#committee.majority(group)));
      groups++;
    }
    const summary = summaryOf(statements);
    if (groups < this.#committee.quorum || summary === null) return null;
    this.#coverage.craftedNewViews++;
    const { finalHeight } = summary;
    // The lock that the statements give, or none, or one that it likes better.
    const lock = this.#random.pick([summary.lock, null]);
    const locks = this.#certificates.filter(({ phase, height }) => phase === 'prepare' && height === finalHeight + 1);
    return {
      view,
      statements,
      finalCertificate: this.#certificates.find(({ phase, height }) => phase === 'commit' && height === finalHeight) ?? null,
      lockCertificate: lock === null ? null : (locks.find((held) => held.view === lock.view) ?? null),
    };
  }

  /** Signs a block for a place of its group, perhaps a second one, and shows each to some. */
  #propose(from: MemberId): void {
    if (this.#blocks.length > 0) this.#proposeIn(from, this.#recent(this.#blocks).view, this.#someMembers());
  }

  #proposeIn(from: MemberId, view: number, receivers: readonly MemberId[]): void {
    if (this.#blocks.length === 0 || this.#committee.primaryOf(view) !== this.#committee.groupOf(from)) return;
    const { block: known } = this.#recent(this.#blocks);
    const block = this.#variant(known, view);
    keep(this.#blocks, { block, view });
    this.#coverage.doubleProposals++;
    this.#send(from, receivers, [this.#offer(from, block, view)]);
    // Another block to the others.
    const others = Array.from({ length: this.#committee.size }, (_, member) => member).filter((member) => !receivers.includes(member));
    if (this.#random.chance(0.5)) this.#send(from, others, [this.#offer(from, this.#variant(known, view), view)]);
  }

  #variant(block: ProposedBlock, view: number): ProposedBlock {
    switch (this.#random.below(6)) {
      case 0:
        this.#coverage.wrongRoots++;
        return withWrongRoot(block);
      case 1:
        return withOtherTime(movedTo(block, { view }), 1);
      case 2:
        // Dates the block back to a lower view, so that its clock would not be looked at.
        this.#coverage.backdated++;
        return withOtherTime(movedTo(block, { view: Math.max(0, view - 1) }), 100_000);
      case 3:
        return movedTo(block, { view });
      default:
        return block;
    }
  }

  #offer(from: MemberId, block: ProposedBlock, view: number): Extract<LogEntry, { kind: 'offer' }> {
    const fields = { height: block.height, view, blockHash: block.hash };
    const proposal = { ...fields, member: from, signature: this.#signerOf(from)(proposalBytes(this.#committee, fields)) };
    const group = this.#committee.groupOf(from);
    const ballot: Ballot = { phase: 'prepare', ...fields };
    for (const member of this.#members) if (this.#committee.groupOf(member) === group) this.#seeVote(this.#vote(member, ballot));
    return { kind: 'offer', offer: { proposal, block, groupVote: this.#groupVoteOf(group, ballot) } };
  }

  /** Old messages, to whoever was not meant: of this epoch, of the one before, or under another epoch's number. */
  #replay(from: MemberId): void {
    const messages: Message[] = [];
    if (this.#certificates.length > 0) messages.push({ kind: 'certificate', certificate: this.#random.pick(this.#certificates) });
    if (this.#groupVotes.length > 0) messages.push({ kind: 'group-vote', vote: this.#random.pick(this.#groupVotes) });
    if (this.#statements.length > 0) messages.push({ kind: 'statement', proven: this.#random.pick(this.#statements) });
    if (this.#newViews.length > 0) messages.push({ kind: 'new-view', newView: this.#random.pick(this.#newViews) });
    this.#coverage.replays++;
    const { epoch } = this.#committee;
    switch (this.#random.below(4)) {
      case 0: {
        this.#coverage.foreignEpochs++;
        const old = this.#old.length > 0 ? this.#random.pick(this.#old) : { messages };
        this.#send(from, this.#someMembers(), old.messages, epoch + this.#random.below(2));
        return;
      }
      case 1: {
        // Signed for another network.
        this.#coverage.foreignChains++;
        if (this.#blocks.length === 0) return;
        const { block, view } = this.#random.pick(this.#blocks);
        const ballot: Ballot = { phase: 'prepare', height: block.height, view, blockHash: block.hash };
        const signature = this.#signerOf(from)(voteBytes(this.#foreign, this.#foreign.groupOf(from), ballot));
        this.#send(from, this.#someMembers(), [{ kind: 'vote', vote: { ...ballot, member: from, signature } }]);
        return;
      }
      default:
        this.#send(from, this.#someMembers(), messages);
    }
  }

  /** Votes and certificates that are none: one signer twice, signatures under another ballot, a group twice. */
  #forge(from: MemberId): void {
    if (this.#groupVotes.length === 0 || this.#blocks.length === 0) return;
    const vote = this.#recent(this.#groupVotes);
    const first = vote.signatures[0];
    if (first === undefined) return;
    this.#coverage.forgeries++;
    const { block } = this.#recent(this.#blocks);
    const { phase, view } = vote;
    const ballot: Ballot = { phase: this.#random.pick(['prepare', 'commit'] as const), height: block.height, view, blockHash: block.hash };
    const own = this.#vote(from, ballot);
    const doubled: GroupVote = {
      ...ballot,
      group: this.#committee.groupOf(from),
      signatures: vote.signatures.map(() => ({ member: from, signature: own.signature })),
    };
    const certificate: Certificate = {
      ...ballot,
      groups: Array.from({ length: this.#committee.quorum }, () => ({ group: doubled.group, signatures: doubled.signatures })),
    };
    this.#send(from, this.#someMembers(), [
      { kind: 'group-vote', vote: { ...vote, signatures: vote.signatures.map(() => first) } },
      { kind: 'group-vote', vote: { ...vote, phase, blockHash: block.hash, height: block.height } },
      { kind: 'group-vote', vote: doubled },
      { kind: 'certificate', certificate },
    ]);
  }

  /** Stands for election without a reason, or in a term far ahead; votes for everybody who stands. */
  #campaign(from: MemberId): void {
    const group = this.#committee.groupOf(from);
    const term = this.#term + (this.#random.chance(0.3) ? 1 + this.#random.below(1_000_000) : 1);
    if (term > this.#term + 1) this.#coverage.termInflations++;
    else this.#coverage.falseComplaints++;
    const others = this.#committee.members(group).filter((member) => member !== from);
    const own = this.#members.filter((member) => this.#committee.groupOf(member) === group);
    const sign = (purpose: 'pre-vote' | 'vote', member: MemberId, candidate: MemberId) =>
      this.#signerOf(member)(termVoteBytes(this.#committee, purpose, group, term, candidate));
    const preVotes = own.map((member) => ({ member, signature: sign('pre-vote', member, from) }));
    const majority = this.#committee.majority(group);
    this.#send(from, others, [
      { kind: 'raft', message: { kind: 'pre-vote-request', term } },
      { kind: 'raft', message: { kind: 'vote-request', term, preVotes: preVotes.slice(0, majority) } },
    ]);
    for (const candidate of others)
      this.#send(
        from,
        [candidate],
        [
          { kind: 'raft', message: { kind: 'pre-vote', term, signature: sign('pre-vote', from, candidate) } },
          { kind: 'raft', message: { kind: 'vote', term, signature: sign('vote', from, candidate) } },
        ],
      );
  }

  /** Completes group votes with its own signatures and shows them to some. */
  #joinVotes(from: MemberId): void {
    const group = this.#committee.groupOf(from);
    const ballots = [...this.#votes.values()].flatMap(([first]) =>
      first !== undefined && this.#committee.groupOf(first.member) === group ? [first] : [],
    );
    if (ballots.length === 0) return;
    const { phase, height, view, blockHash } = this.#recent(ballots);
    const ballot: Ballot = { phase, height, view, blockHash };
    for (const member of this.#members) if (this.#committee.groupOf(member) === group) this.#seeVote(this.#vote(member, ballot));
    const vote = this.#groupVoteOf(group, ballot);
    if (vote !== null) this.#send(from, this.#someMembers(), [{ kind: 'group-vote', vote }]);
  }

  #groupVoteOf(group: number, ballot: Ballot): GroupVote | null {
    const votes = this.#votes.get(keyOf(group, ballot)) ?? [];
    const majority = this.#committee.majority(group);
    if (votes.length < majority) return null;
    const { phase, height, view, blockHash } = ballot;
    const signatures = votes.slice(0, majority).map(({ member, signature }) => ({ member, signature }));
    return { phase, height, view, blockHash, group, signatures };
  }

  #seeVote(vote: MemberVote): void {
    const key = keyOf(this.#committee.groupOf(vote.member), vote);
    const votes = this.#votes.get(key);
    if (votes === undefined) {
      this.#votes.set(key, [vote]);
      if (this.#votes.size > 8 * keptMax) for (const oldest of [...this.#votes.keys()].slice(0, 1)) this.#votes.delete(oldest);
    } else if (!votes.some(({ member }) => member === vote.member)) votes.push(vote);
  }

  #vote(member: MemberId, { phase, height, view, blockHash }: Ballot): MemberVote {
    const ballot = { phase, height, view, blockHash };
    return { ...ballot, member, signature: this.#signerOf(member)(voteBytes(this.#committee, this.#committee.groupOf(member), ballot)) };
  }

  #signerOf(member: MemberId) {
    const key = this.#options.keyOf.get(this.#committee.nameOf(member));
    if (key === undefined) throw new Error('the adversary has only the keys of Byzantine members');
    return this.#options.keys.signerOf(key);
  }

  /** Mostly what came last: it is what matters at the present height and view. */
  #recent<Value>(values: readonly Value[]): Value {
    return this.#random.chance(0.8) ? this.#random.pick(values.slice(-6)) : this.#random.pick(values);
  }

  #someMembers(): MemberId[] {
    const density = this.#random.pick([0.3, 0.6, 1]);
    if (density < 1) this.#coverage.sentToSome++;
    return Array.from({ length: this.#committee.size }, (_, member) => member).filter(() => this.#random.chance(density));
  }
}

/** What keeps a group quiet: elections, and appends without entries. */
function heartbeatOf(message: Message): Message[] {
  if (message.kind !== 'raft') return [];
  if (message.message.kind !== 'append') return [message];
  const { entries: _, ...append } = message.message;
  return [{ kind: 'raft', message: { ...append, entries: [], previous: 0 } }];
}

function keyOf(group: number, { phase, height, view, blockHash }: Ballot): string {
  return `${group} ${phase} ${height} ${view} ${blockHash}`;
}

function keep<Value>(list: Value[], value: Value): void {
  list.push(value);
  if (list.length > keptMax) list.shift();
}
