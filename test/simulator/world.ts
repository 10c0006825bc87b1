/**
 * A network of nodes under a virtual clock, with virtual links and disks, all from one seed. The nodes run the machine and the runtime
 * that validators run. Time passes in ticks; messages and disks take some; nothing else happens than what the seed, or a scenario, says.
 */
import { type Hex, toHex } from '../../core/base/bytes.ts';
import { Committee } from '../../core/consensus/committee.ts';
import { type Members, membershipFault } from '../../core/consensus/membership.ts';
import { isAuthentic, type Message, type Trust } from '../../core/consensus/rbft/message.ts';
import type { Envelope } from '../../core/consensus/runtime.ts';
import type { MemberSignature } from '../../core/consensus/signing.ts';
import { type Ballot, type Certificate, isCertificate, type Phase } from '../../core/consensus/vote.ts';
import { Adversary } from './adversary.ts';
import { noCoverage } from './coverage.ts';
import { Invariants } from './invariants.ts';
import type { Keys } from './keys.ts';
import { SimulatedNode, type Surroundings } from './node.ts';
import { Fingerprint, Seeded } from './seeded.ts';
import { encodeTransaction, genesisHash, isWellFormed, type ToyTransaction } from './toy-ledger.ts';

/** How a network is set up. */
export interface NetworkOptions {
  readonly seed: number;
  readonly groups: number;
  readonly members: number;
  /** Nodes that are Byzantine. */
  readonly byzantine: readonly number[];
  /** Byzantine nodes of which there are two copies. */
  readonly twins: readonly number[];
  /** Byzantine nodes that send heartbeats when they lead, and nothing else. */
  readonly idleLeaders: readonly number[];
  /** Nodes that are no members at first. */
  readonly spares: number;
  readonly keys: Keys;
  readonly onTrace?: (line: string) => void;
  /** Told what a node did; of the whole network where the name is empty. */
  readonly onNote?: (node: string, what: string) => void;
}

const accounts = 3;

export class World {
  readonly coverage = noCoverage();
  readonly random: Seeded;
  readonly nodes: readonly SimulatedNode[];
  readonly adversary: Adversary;
  readonly invariants = new Invariants();
  readonly submitted: { readonly transaction: ToyTransaction; readonly bytes: Uint8Array }[] = [];
  now = 0;
  /** The weather: chances of loss and of a second copy, and the longest delay. */
  loss = 0;
  duplication = 0;
  delayTicks = 2;
  /** The network may also choose: what it hides from everybody, and how often. */
  hides: { readonly phase: Phase; readonly chance: number } | null = null;
  /** One-way: messages from the first to the second node are lost. */
  readonly cut = new Set<number>();
  readonly #options: NetworkOptions;
  readonly #byName = new Map<Hex, SimulatedNode[]>();
  readonly #byzantine: ReadonlySet<number>;
  readonly #events = new Map<number, (() => void)[]>();
  #isHappening = false;
  readonly #nonces = Array.from({ length: accounts }, () => 0);
  readonly #trace = new Fingerprint();
  readonly #authentic = new WeakMap<object, { readonly epoch: number; readonly holds: boolean }>();
  readonly #certified = new WeakSet<Certificate>();
  readonly #elected = new WeakMap<object, string>();
  readonly #observed = new WeakSet<object>();
  readonly #committees: Committee[] = [];

  constructor(options: NetworkOptions) {
    this.#options = options;
    this.random = new Seeded(options.seed);
    this.#byzantine = new Set(options.byzantine);
    const size = options.groups * options.members;
    const members: Members = Array.from({ length: options.groups }, (_, group) =>
      Array.from({ length: options.members }, (_, member) => options.keys.publicKey(group * options.members + member)),
    );
    const around: Surroundings = {
      keys: options.keys,
      members,
      accounts,
      random: this.random,
      invariants: this.invariants,
      coverage: this.coverage,
      isAuthentic: (trust, from, to, message) => this.#isAuthentic(trust, from, to, message),
      now: () => this.now,
      in: (delay, event) => this.in(delay, event),
      send: (from, to, envelope) => this.#send(from, to, envelope),
      note: (node, what) => this.note(node, what),
      onEpoch: (next, epoch) => this.#onEpoch(next, epoch),
      isCertified: (certificate, epoch) => this.#isCertified(certificate, epoch),
    };
    const keys = [...Array.from({ length: size + options.spares }, (_, key) => key), ...options.twins];
    this.nodes = keys.map((key, id) => {
      const node = new SimulatedNode(id, key, toHex(options.keys.publicKey(key)), !this.#byzantine.has(key), around);
      this.#byName.set(node.name, [...(this.#byName.get(node.name) ?? []), node]);
      return node;
    });
    this.adversary = new Adversary(
      {
        keyOf: new Map(options.byzantine.map((key) => [toHex(options.keys.publicKey(key)), key])),
        idleLeaders: new Set(options.idleLeaders.map((key) => toHex(options.keys.publicKey(key)))),
        keys: options.keys,
        random: new Seeded(options.seed ^ 0x5eed),
        coverage: this.coverage,
        transmit: (from, to, envelope) => this.#fromAdversary(from, to, envelope),
      },
      new Committee(genesisHash, 0, members),
    );
    this.#onEpoch(members, 0);
    this.coverage.twins += options.twins.length;
    for (const key of options.idleLeaders) for (const node of this.nodes) if (node.key === key) node.standsFirst = true;
    for (const node of this.nodes) node.start();
  }

  /** A fingerprint of everything that happened. */
  get traceHash(): string {
    return this.#trace.text;
  }

  /** The members' names in the newest epoch. */
  get committee(): Committee {
    return this.#committees[this.#committees.length - 1] as Committee;
  }

  get honest(): readonly SimulatedNode[] {
    return this.nodes.filter(({ isHonest }) => isHonest);
  }

  /** Whether a change of the members is possible with this many groups and members. */
  get mayChangeMembers(): boolean {
    return membershipFault(this.committee.keys) === null;
  }

  /** One tick: what is due happens, then every node's clock moves. */
  turn(): void {
    this.now++;
    const due = this.#events.get(this.now);
    if (due !== undefined) {
      this.#isHappening = true;
      this.#events.delete(this.now);
      // What an event schedules for this very tick comes in the same turn.
      for (let index = 0; index < due.length; index++) {
        due[index]?.();
        const more = this.#events.get(this.now);
        if (more === undefined) continue;
        this.#events.delete(this.now);
        due.push(...more);
      }
      this.#isHappening = false;
    }
    for (const node of this.nodes) node.tick();
    if (this.now % 16 === 0) this.#compareLogs();
  }

  in(delay: number, event: () => void): void {
    // Events of this very tick are over when the nodes' clocks move.
    const at = this.now + (this.#isHappening ? delay : Math.max(1, delay));
    const due = this.#events.get(at);
    if (due === undefined) this.#events.set(at, [event]);
    else due.push(event);
  }

  /** A client gives the next transaction of an account to one node. */
  submit(account = this.random.below(accounts), to?: SimulatedNode): void {
    const nonce = this.#nonces[account] ?? 0;
    this.#nonces[account] = nonce + 1;
    this.give({ account, nonce }, to);
  }

  /** A client gives a transaction to a node, any that runs if none is named. */
  give(transaction: ToyTransaction, to?: SimulatedNode): void {
    const bytes = encodeTransaction(transaction);
    this.submitted.push({ transaction, bytes });
    this.coverage.transactions++;
    this.#hand(bytes, to);
  }

  /** Clients that have no receipt ask again. */
  resubmit(): void {
    for (const { transaction, bytes } of this.submitted)
      if (!this.honest.some(({ ledger }) => ledger.isSettled(transaction))) this.#hand(bytes);
  }

  crash(node: SimulatedNode): void {
    if (!node.isUp) return;
    const isAnswered = this.isAnswered(node);
    const lost = node.crash((count) => {
      const kept = this.random.below(count + 1);
      if (kept > 0 && kept < count) {
        if (!isAnswered) return 0;
        this.coverage.tornTails++;
        node.mustAsk = true; // the log is cut
      }
      return kept;
    });
    this.coverage.crashes++;
    if (lost > 0) this.coverage.lostWrites++;
    this.note(node.label, 'CRASH');
  }

  /** Whether all others of a node's group can say what it signed: a member that must ask counts as one that crashed, and no more than a minority may. */
  isAnswered(node: SimulatedNode): boolean {
    const { member } = node;
    if (member === undefined) return true;
    const group = this.committee.members(this.committee.groupOf(member));
    return this.honest.every(
      (other) => other === node || other.member === undefined || !group.includes(other.member) || !(other.mustAsk || other.isForgetful),
    );
  }

  /** A node crashes, and its log keeps only its first records, although all had been durable. */
  forget(node: SimulatedNode, records: number): void {
    this.crash(node);
    node.forget(records);
    this.coverage.logsCut++;
    this.note(node.label, 'LOG CUT');
  }

  restart(node: SimulatedNode): void {
    if (node.isUp || node.isGone) return;
    this.coverage.restarts++;
    this.note(node.label, 'RESTART');
    node.start();
  }

  /** Cuts the links from some nodes to others. */
  disconnect(from: readonly SimulatedNode[], to: readonly SimulatedNode[]): void {
    for (const left of from) for (const right of to) if (left !== right) this.cut.add(this.#link(left, right));
  }

  /** The network is timely, and everybody runs, but for those that are gone for good. */
  heal(gone: readonly SimulatedNode[] = []): void {
    this.loss = 0;
    this.duplication = 0;
    this.delayTicks = 2;
    this.hides = null;
    this.cut.clear();
    for (const node of this.nodes) {
      node.pausedUntil = 0;
      node.clockOffset = 0;
      node.isGone = gone.includes(node);
      if (node.isGone) this.crash(node);
      else this.restart(node);
    }
    this.note('', 'HEALED');
  }

  /** Whether every transaction is settled at every honest node that runs, and all stand at one height. */
  isSettled(): boolean {
    const running = this.honest.filter(({ isUp }) => isUp);
    const height = this.invariants.finalHeight;
    return (
      running.every(({ ledger }) => ledger.height === height) &&
      running.slice(0, 1).every(({ ledger }) => this.submitted.every(({ transaction }) => ledger.isSettled(transaction)))
    );
  }

  /** Where everybody stands. */
  describe(): string {
    return this.nodes
      .map(({ label, isUp, isHonest, epoch, runtime, ledger }) => {
        const place = `${label}${isHonest ? '' : ' byzantine'}${isUp ? '' : ' down'} epoch ${epoch} height ${runtime.final.height}`;
        const status = runtime.machine?.status;
        if (status === undefined) return `${place}, no member`;
        const { view, isEntered, lock, proposal, term, leader } = status;
        return `${place}, view ${view}${isEntered ? '' : ' not entered'}, term ${term} led by ${leader ?? 'nobody'}${lock === null ? '' : `, lock of view ${lock.view}`}${proposal === null ? '' : ', proposal'}, ${ledger.waiting} waiting`;
      })
      .join('\n');
  }

  note(node: string, what: string): void {
    this.#trace.add(this.now).addText(node).addText(what);
    this.#options.onNote?.(node, what);
    this.#options.onTrace?.(`${String(this.now).padStart(6)} ${node} ${what}`);
  }

  #hand(bytes: Uint8Array, to?: SimulatedNode): void {
    const running = this.honest.filter(({ isUp }) => isUp);
    const node = to ?? (running.length > 0 ? this.random.pick(running) : undefined);
    node?.runtime.submit(bytes);
  }

  #onEpoch(members: Members, epoch: number): void {
    if (epoch < this.#committees.length) return;
    const committee = new Committee(genesisHash, epoch, members);
    this.#committees.push(committee);
    if (epoch > 0) {
      this.coverage.epochs++;
      this.adversary.onEpoch(committee);
      this.note('', `epoch ${epoch} begins`);
    }
    const names = new Set([...this.#byzantine].map((key) => toHex(this.#options.keys.publicKey(key))));
    this.invariants.addEpoch(
      members,
      Array.from({ length: committee.size }, (_, member) => names.has(committee.nameOf(member))),
    );
  }

  #send(from: SimulatedNode, to: Hex, envelope: Envelope): void {
    if (!from.isHonest) {
      this.adversary.onSend(from.name, to, envelope);
      return;
    }
    for (const message of envelope.messages) this.#observe(from, envelope.epoch, message);
    for (const receiver of this.#byName.get(to) ?? []) this.#carry(from, receiver, envelope);
  }

  #fromAdversary(from: Hex, to: Hex, envelope: Envelope): void {
    const [sender] = this.#byName.get(from) ?? [];
    if (sender === undefined) return;
    for (const message of envelope.messages) this.#observe(sender, envelope.epoch, message);
    for (const receiver of this.#byName.get(to) ?? []) this.#carry(sender, receiver, envelope);
  }

  /** One link: it may lose, delay, reorder and repeat. */
  #carry(from: SimulatedNode, to: SimulatedNode, envelope: Envelope): void {
    this.coverage.messages++;
    this.#trace.add(from.id * 64 + to.id).add(envelope.messages.length);
    if (!to.isUp || this.cut.has(this.#link(from, to)) || (this.loss > 0 && this.random.chance(this.loss))) {
      this.coverage.lost++;
      return;
    }
    const shown = this.#shown(from, to, envelope);
    if (shown.messages.length === 0) return;
    const copies = this.duplication > 0 && this.random.chance(this.duplication) ? 2 : 1;
    if (copies > 1) this.coverage.duplicated++;
    for (let copy = 0; copy < copies; copy++) {
      const delay = 1 + this.random.below(this.delayTicks);
      if (delay > 4) this.coverage.delayed++;
      this.in(delay, () => to.receive(from.name, shown));
    }
  }

  /** What is left of an envelope when certificates of a phase, and what they are made of, are kept from other groups. */
  #shown(from: SimulatedNode, to: SimulatedNode, envelope: Envelope): Envelope {
    const { hides } = this;
    if (hides === null || !this.random.chance(hides.chance)) return envelope;
    const isNeighbour =
      from.member !== undefined && to.member !== undefined && this.committee.groupOf(from.member) === this.committee.groupOf(to.member);
    // Members' votes reach their leaders.
    const messages = envelope.messages.filter((message) => (message.kind === 'vote' && isNeighbour) || isSilentOn(message, hides.phase));
    this.coverage.hidden += envelope.messages.length - messages.length;
    return messages.length === envelope.messages.length ? envelope : { ...envelope, messages };
  }

  /** Everything that is signed and leaves a node is counted, once. */
  #observe(from: SimulatedNode, epoch: number, message: Message): void {
    if (message.kind === 'raft') {
      if (message.message.kind === 'append') for (const entry of message.message.entries) this.#observe(from, epoch, entry);
      this.adversary.onSeen(message);
      return;
    }
    if (this.#observed.has(message)) return;
    this.#observed.add(message);
    // What is forged was signed by nobody.
    if (!from.isHonest && !this.#holds(epoch, message)) return;
    switch (message.kind) {
      case 'vote':
        this.#observeVotes(from, epoch, message.vote, [message.vote]);
        break;
      case 'group-vote':
        this.#observeVotes(from, epoch, message.vote, message.vote.signatures);
        break;
      case 'certificate':
        for (const { signatures } of message.certificate.groups) this.#observeVotes(from, epoch, message.certificate, signatures);
        break;
      case 'offer':
        this.#checkDurable(from, epoch, message.offer.proposal, 'proposal');
        if (message.offer.groupVote !== null) this.#observeVotes(from, epoch, message.offer.groupVote, message.offer.groupVote.signatures);
        break;
      case 'statement':
        this.#checkDurable(from, epoch, message.proven.statement, 'statement');
        if (this.invariants.onStatement(epoch, message.proven.statement)) {
          this.coverage.statements++;
          const { newView, finalHeight, lock } = message.proven.statement;
          this.note(from.label, `STATEMENT v${newView} final h${finalHeight}${lock === null ? '' : ` lock v${lock.view}`}`);
        }
        break;
      case 'new-view':
        if (!from.isHonest) break;
        this.coverage.newViews++;
        if (message.newView.lockCertificate !== null) this.coverage.locksCarried++;
        this.note(from.label, `NEW-VIEW v${message.newView.view}${message.newView.lockCertificate === null ? '' : ' with a lock'}`);
        break;
      default:
        break;
    }
    if (epoch === this.committee.epoch) this.adversary.onSeen(message);
  }

  #observeVotes(from: SimulatedNode, epoch: number, ballot: Ballot, signatures: readonly MemberSignature[]): void {
    const { phase, height, view, blockHash } = ballot;
    for (const { member, signature } of signatures) {
      this.#checkDurable(from, epoch, { member, signature }, 'vote');
      this.invariants.onVote(epoch, { phase, height, view, blockHash, member, signature });
      if (from.isHonest && member === from.member && signatures.length === 1)
        this.note(from.label, `${phase.toUpperCase()} h${height} v${view} ${blockHash.slice(2, 8)}`);
    }
  }

  #checkDurable(from: SimulatedNode, epoch: number, { member, signature }: MemberSignature, what: string): void {
    if (from.isHonest && epoch === from.epoch && member === from.member) this.invariants.onLeaves(from.id, from.disk.has(signature), what);
  }

  #holds(epoch: number, message: Message): boolean {
    const committee = this.#committees[epoch];
    const start = this.nodes.find((node) => node.epoch === epoch)?.runtime.epochStart;
    if (committee === undefined || start === undefined) return false;
    const { keys } = this.#options;
    return this.#isAuthentic({ committee, epochStart: start, verify: keys.verify, isWellFormed }, 0, 0, message);
  }

  /** Messages do not change: each is checked once for the whole network. Raft's depend on who sends and receives them. */
  #isAuthentic(trust: Trust, from: number, to: number, message: Message): boolean {
    const { committee } = trust;
    const { epoch } = committee;
    if (message.kind === 'votes-known') return isAuthentic(trust, from, to, message);
    if (message.kind === 'leading') return this.#isElected(trust, from, to, message.votes, message.term, message);
    if (message.kind === 'raft') {
      const { message: inner } = message;
      if (inner.kind !== 'append') return isAuthentic(trust, from, to, message);
      const empty: Message = { kind: 'raft', message: { ...inner, entries: [] } };
      if (committee.groupOf(from) !== committee.groupOf(to) || !this.#isElected(trust, from, to, inner.votes, inner.term, empty))
        return false;
      return inner.entries.every((entry) => this.#isAuthentic(trust, from, to, entry));
    }
    const known = this.#authentic.get(message);
    if (known !== undefined && known.epoch === epoch) return known.holds;
    const holds = isAuthentic(trust, from, to, message);
    this.#authentic.set(message, { epoch, holds });
    return holds;
  }

  #isCertified(certificate: Certificate, epoch: number): boolean {
    const committee = this.#committees[epoch];
    if (this.#certified.has(certificate)) return true;
    if (committee === undefined || !isCertificate(committee, this.#options.keys.verify, certificate)) return false;
    this.#certified.add(certificate);
    return true;
  }

  /** The votes that elected a leader are in all that it sends. */
  #isElected(trust: Trust, from: number, to: number, votes: object, term: number, message: Message): boolean {
    const elected = `${trust.committee.epoch} ${from} ${term}`;
    if (this.#elected.get(votes) === elected) return true;
    if (!isAuthentic(trust, from, to, message)) return false;
    this.#elected.set(votes, elected);
    return true;
  }

  #compareLogs(): void {
    const { committee } = this;
    for (let group = 0; group < committee.groups; group++) {
      const logs = committee.members(group).flatMap((member) => {
        const [node] = this.#byName.get(committee.nameOf(member)) ?? [];
        const log = node?.isHonest && node.isUp && node.epoch === committee.epoch ? node.runtime.machine?.log : undefined;
        return log === undefined ? [] : [log];
      });
      for (let index = 1; index < logs.length; index++)
        this.invariants.onLogs(committee.epoch, group, logs[index - 1] as (typeof logs)[0], logs[index] as (typeof logs)[0]);
    }
  }

  #link(from: SimulatedNode, to: SimulatedNode): number {
    return from.id * 1_024 + to.id;
  }
}

/** Whether a message says nothing of votes in a phase. */
function isSilentOn(message: Message, phase: Phase): boolean {
  switch (message.kind) {
    case 'vote':
    case 'group-vote':
      return message.vote.phase !== phase;
    case 'certificate':
      return message.certificate.phase !== phase;
    case 'blocks':
      return phase !== 'commit';
    case 'raft':
      return message.message.kind !== 'append' || message.message.entries.every((entry) => isSilentOn(entry, phase));
    default:
      return true;
  }
}
