/**
 * A network of members under a virtual clock, with virtual links and disks, all from one seed. The members run the machine and the runtime
 * that validators run; the faults are made here.
 */

import { utf8 } from '../../core/base/bytes.ts';
import { Committee, type MemberId } from '../../core/consensus/committee.ts';
import type { ProposedBlock } from '../../core/consensus/proposal.ts';
import type { MachineOptions } from '../../core/consensus/rbft/machine.ts';
import { isAuthentic, type Message } from '../../core/consensus/rbft/message.ts';
import type { DurableRecord } from '../../core/consensus/record.ts';
import { Runtime } from '../../core/consensus/runtime.ts';
import type { Verify } from '../../core/consensus/signing.ts';
import { Adversary } from './adversary.ts';
import { Invariants, Violation } from './invariants.ts';
import { fingerprint, keyOf, Seeded, signerOf, verify } from './seeded.ts';
import { genesisHash, ToyLedger, type ToyTransaction } from './toy-ledger.ts';

/** How a run is set up. */
export interface WorldOptions {
  readonly seed: number;
  readonly groups: number;
  readonly members: number;
  readonly byzantine: readonly MemberId[];
  /** Ticks with faults; afterwards the network heals. */
  readonly faultTicks: number;
  /** Ticks after healing within which everything must be final. */
  readonly healedTicks: number;
  /** Replaces the machine's parts by broken ones, for canaries. */
  readonly breakMachine?: (options: MachineOptions) => Runtime['machine'];
  readonly verify?: Verify;
  readonly onTrace?: (line: string) => void;
}

/** How often things took place: a run in which nothing happened proves nothing. */
export interface Coverage {
  blocks: number;
  viewChanges: number;
  leaderChanges: number;
  restarts: number;
  lostWrites: number;
  messages: number;
  messagesLost: number;
  refused: number;
  equivocations: number;
  transactions: number;
}

interface Node {
  readonly id: MemberId;
  runtime: Runtime;
  ledger: ToyLedger;
  /** What survives a crash. */
  durable: DurableRecord[];
  unsynced: { readonly records: readonly DurableRecord[]; readonly done: () => void }[];
  isUp: boolean;
  pausedUntil: number;
  /** Distinguishes what was scheduled before a restart. */
  life: number;
  ledgerWork: (() => void)[];
  isLedgerBusy: boolean;
}

const accounts = 3;
const gossipTicks = 20;

export class World {
  readonly committee: Committee;
  readonly coverage: Coverage = {
    blocks: 0,
    viewChanges: 0,
    leaderChanges: 0,
    restarts: 0,
    lostWrites: 0,
    messages: 0,
    messagesLost: 0,
    refused: 0,
    equivocations: 0,
    transactions: 0,
  };
  readonly #options: WorldOptions;
  readonly #random: Seeded;
  readonly #nodes: Node[];
  readonly #invariants: Invariants;
  readonly #adversary: Adversary;
  readonly #events = new Map<number, (() => void)[]>();
  readonly #submitted: { readonly transaction: ToyTransaction; readonly at: number }[] = [];
  readonly #nonces = Array.from({ length: accounts }, () => 0);
  #now = 0;
  #loss = 0;
  #delay = 2;
  /** One-way: messages from the first to the second are lost. */
  readonly #cut = new Set<string>();
  readonly #authentic = new WeakMap<Message, boolean>();
  readonly #leaderTerms = new Map<MemberId, number>();
  #trace = '';

  constructor(options: WorldOptions) {
    this.#options = options;
    this.#random = new Seeded(options.seed);
    this.committee = new Committee(
      genesisHash,
      0,
      Array.from({ length: options.groups }, (_, group) =>
        Array.from({ length: options.members }, (_, member) => keyOf(group * options.members + member)),
      ),
    );
    const byzantine = new Set(options.byzantine);
    this.#invariants = new Invariants(this.committee, byzantine);
    this.#adversary = new Adversary(this.committee, byzantine, new Seeded(options.seed ^ 0x5eed), (from, to, messages) =>
      this.#transmit(from, to, messages),
    );
    this.#nodes = Array.from({ length: this.committee.size }, (_, id) => {
      const node = {
        id,
        durable: [],
        unsynced: [],
        isUp: true,
        pausedUntil: 0,
        life: 0,
        ledgerWork: [],
        isLedgerBusy: false,
      } as unknown as Node;
      this.#boot(node);
      return node;
    });
  }

  /** A fingerprint of everything that happened. */
  get traceHash(): string {
    return this.#trace;
  }

  get now(): number {
    return this.#now;
  }

  /** Runs from faults to healing; throws a {@link Violation} at the first invariant that does not hold. */
  run(): void {
    const { faultTicks, healedTicks } = this.#options;
    while (this.#now < faultTicks) {
      if (this.#now % 40 === 0) this.#changeWeather();
      if (this.#random.chance(0.02)) this.#submit();
      if (this.#random.chance(0.01)) this.#crashOrRestart();
      if (this.#options.byzantine.length > 0 && this.#random.chance(0.2)) this.#adversary.act();
      this.#turn();
    }
    this.#heal();
    for (let account = 0; account < accounts; account++) this.#submit(account);
    const end = this.#now + healedTicks;
    while (this.#now < end) {
      if (this.#options.byzantine.length > 0 && this.#random.chance(0.05)) this.#adversary.act();
      this.#turn();
      if (this.#now % 20 === 0 && this.#isSettled()) return;
    }
    throw new Violation(`not live: after ${healedTicks} ticks ${this.describe()}`);
  }

  /** Where everybody stands. */
  describe(): string {
    return this.#nodes
      .map(({ id, runtime, ledger, isUp }) => {
        const { view, isEntered, final, lock, proposal, term, leader } = runtime.machine.status;
        return `m${id}${isUp ? '' : ' down'} h${final.height} v${view}${isEntered ? 'e' : ''} t${term}L${leader ?? '-'}${lock === null ? '' : ` lock${lock.height}@${lock.view}`}${proposal === null ? '' : ' prop'} pool${ledger.pool.length}`;
      })
      .join('\n');
  }

  #isHonest(id: MemberId): boolean {
    return !this.#options.byzantine.includes(id);
  }

  #boot(node: Node): void {
    const life = ++node.life;
    const { id } = node;
    node.unsynced = [];
    node.ledgerWork = [];
    node.isLedgerBusy = false;
    node.ledger = new ToyLedger(accounts);
    this.#replay(node);
    const random = new Seeded(this.#random.below(2 ** 30));
    const options = {
      committee: this.committee,
      self: id,
      epochStart: { height: 0, blockHash: genesisHash },
      sign: signerOf(id),
      random: (bound: number) => random.below(bound),
      restored: node.durable,
    };
    node.runtime = new Runtime({
      ...options,
      isAuthentic: (from, message) => this.#isAuthentic(from, id, message),
      log: { append: (records, done) => this.#append(node, life, records, done) },
      ledger: {
        execute: (block, _, done) => this.#ledgerDoes(node, life, () => done(node.ledger.isValid(block))),
        build: ({ height, view, mayBeEmpty }, done) =>
          this.#ledgerDoes(node, life, () => done(node.ledger.height === height - 1 ? node.ledger.build(height, view, mayBeEmpty) : null)),
        commit: (block, certificate) =>
          this.#ledgerDoes(node, life, () => {
            if (!node.ledger.commit(block, certificate)) {
              if (this.#isHonest(id)) throw new Violation(`S4: member ${id} cannot execute the final block ${block.height}`);
              return;
            }
            this.#invariants.onFinal(id, block.height, block.hash, certificate);
            if (this.#isHonest(id)) this.coverage.blocks++;
            this.#note(`m${id} FINAL h${block.height} ${block.hash.slice(-6)}`);
            this.#tellExecutable(node);
          }),
        serve: (to, fromHeight) =>
          this.#ledgerDoes(node, life, () => {
            const blocks = node.ledger.chain.slice(fromHeight - 1, fromHeight - 1 + 16);
            if (blocks.length > 0) this.#send(node, to, [{ kind: 'blocks', blocks }]);
          }),
      },
      send: ({ to, messages }) => this.#send(node, to, messages),
      onRefused: () => this.coverage.refused++,
      ...(this.#options.breakMachine === undefined ? {} : { makeMachine: this.#options.breakMachine }),
    });
    const { view, final } = node.runtime.machine.status;
    if (life > 1 && this.#isHonest(id)) this.#invariants.onRestart(id, view, final.height);
    this.#tellExecutable(node);
  }

  /** Makes the ledger what the durable records say. */
  #replay(node: Node): void {
    const bodies = new Map<string, ProposedBlock>();
    for (const record of node.durable) {
      if (record.kind === 'body') bodies.set(record.block.hash, record.block);
      if (record.kind !== 'final') continue;
      const block = bodies.get(record.certificate.blockHash);
      if (block === undefined || !node.ledger.commit(block, record.certificate)) throw new Violation(`S11: member ${node.id} lost a body`);
    }
  }

  #append(node: Node, life: number, records: readonly DurableRecord[], done: () => void): void {
    if (records.length === 0 && node.unsynced.length === 0) {
      done();
      return;
    }
    node.unsynced.push({ records, done });
    if (node.unsynced.length === 1) this.#in(1 + this.#random.below(2), () => this.#sync(node, life));
  }

  /** Group commit: one sync for all that waits. */
  #sync(node: Node, life: number): void {
    if (node.life !== life || !node.isUp) return;
    const batch = node.unsynced;
    node.unsynced = [];
    for (const { records } of batch) node.durable.push(...records);
    for (const { done } of batch) done();
  }

  #ledgerDoes(node: Node, life: number, work: () => void): void {
    node.ledgerWork.push(work);
    if (node.isLedgerBusy) return;
    node.isLedgerBusy = true;
    const next = (): void => {
      if (node.life !== life || !node.isUp) return;
      const first = node.ledgerWork.shift();
      if (first === undefined) {
        node.isLedgerBusy = false;
        return;
      }
      first();
      this.#in(this.#random.below(2), next);
    };
    this.#in(this.#random.below(2), next);
  }

  #send(node: Node, to: MemberId, messages: readonly Message[]): void {
    if (!this.#isHonest(node.id)) {
      this.#adversary.onSend(node.id, to, messages);
      return;
    }
    this.#transmit(node.id, to, messages);
  }

  #transmit(from: MemberId, to: MemberId, messages: readonly Message[]): void {
    for (const message of messages) this.#observe(from, message);
    this.coverage.messages++;
    if (this.#cut.has(`${from} ${to}`) || this.#random.chance(this.#loss)) {
      this.coverage.messagesLost++;
      return;
    }
    const copies = this.#loss > 0 && this.#random.chance(0.03) ? 2 : 1;
    for (let copy = 0; copy < copies; copy++)
      this.#in(1 + this.#random.below(this.#delay), () => {
        const node = this.#nodes[to];
        if (node === undefined || !node.isUp) return;
        if (node.pausedUntil > this.#now) {
          this.#in(node.pausedUntil - this.#now, () => this.#deliver(node, from, messages));
          return;
        }
        this.#deliver(node, from, messages);
      });
  }

  #deliver(node: Node, from: MemberId, messages: readonly Message[]): void {
    if (!node.isUp) return;
    node.runtime.receive(from, messages);
    this.#check(node);
  }

  #observe(from: MemberId, message: Message): void {
    // What is forged was signed by nobody.
    if (message.kind !== 'raft' && !this.#isAuthentic(from, from, message)) return;
    if (message.kind === 'vote' && message.vote.member === from) {
      if (this.#isHonest(from))
        this.#note(
          `m${from} ${message.vote.phase.toUpperCase()} h${message.vote.height} v${message.vote.view} ${message.vote.blockHash.slice(-6)}`,
        );
      this.#invariants.onVote(message.vote);
    }
    if (message.kind === 'group-vote')
      for (const signature of message.vote.signatures) this.#invariants.onVote({ ...message.vote, ...signature });
    if (message.kind === 'offer' && message.offer.groupVote !== null)
      for (const signature of message.offer.groupVote.signatures) this.#invariants.onVote({ ...message.offer.groupVote, ...signature });
    if (message.kind === 'statement' && message.proven.statement.member === from) {
      this.#invariants.onStatement(message.proven);
      if (this.#isHonest(from)) this.#note(`m${from} STATEMENT v${message.proven.statement.newView}`);
    }
    this.#adversary.onSeen(message);
  }

  /** Messages do not change: each is checked once. Raft's depend on who receives them. */
  #isAuthentic(from: MemberId, to: MemberId, message: Message): boolean {
    const known = this.#authentic.get(message);
    if (known !== undefined) return known;
    const holds = isAuthentic(
      { committee: this.committee, verify: this.#options.verify ?? verify, epochStart: { height: 0, blockHash: genesisHash } },
      from,
      to,
      message,
    );
    this.#authentic.set(message, holds);
    return holds;
  }

  #check(node: Node): void {
    const { view, final, term, leader } = node.runtime.machine.status;
    this.#invariants.onStatus(node.id, view, this.#isHonest(node.id) ? Math.min(final.height, node.ledger.height) : 0);
    if (leader !== node.id || this.#leaderTerms.get(node.id) === term) return;
    this.#leaderTerms.set(node.id, term);
    this.coverage.leaderChanges++;
    this.#invariants.onLeader(node.id, term);
  }

  #turn(): void {
    this.#now++;
    const due = this.#events.get(this.#now) ?? [];
    this.#events.delete(this.#now);
    // What an event schedules for this very tick comes in the same turn.
    for (let index = 0; index < due.length; index++) {
      due[index]?.();
      const more = this.#events.get(this.#now);
      if (more !== undefined) {
        this.#events.delete(this.#now);
        due.push(...more);
      }
    }
    for (const node of this.#nodes) {
      if (!node.isUp || node.pausedUntil > this.#now) continue;
      const { view } = node.runtime.machine.status;
      node.runtime.tick();
      this.#check(node);
      if (node.runtime.machine.status.view !== view && this.#isHonest(node.id)) this.coverage.viewChanges++;
    }
    this.#gossip();
  }

  #in(delay: number, event: () => void): void {
    const at = this.#now + delay;
    const due = this.#events.get(at);
    if (due === undefined) this.#events.set(at, [event]);
    else due.push(event);
  }

  /** A client gives a transaction to one member, who passes it on to those who order. */
  #submit(account = this.#random.below(accounts)): void {
    const up = this.#nodes.filter(({ id, isUp }) => isUp && this.#isHonest(id));
    if (up.length === 0) return;
    const transaction = { account, nonce: this.#nonces[account] ?? 0 };
    this.#nonces[account] = transaction.nonce + 1;
    this.#submitted.push({ transaction, at: this.#now });
    this.coverage.transactions++;
    const node = this.#random.pick(up);
    this.#give(node, transaction);
    for (const to of node.runtime.machine.transactionTargets) this.#passOn(to, transaction);
  }

  /** What is not final after half a second goes to everybody. */
  #gossip(): void {
    if (this.#now % gossipTicks !== 0) return;
    for (const { transaction, at } of this.#submitted)
      if (this.#now - at >= gossipTicks && !this.#nodes.every(({ ledger }) => ledger.has(transaction)))
        for (const { id, ledger } of this.#nodes) if (!ledger.has(transaction)) this.#passOn(id, transaction);
  }

  #passOn(to: MemberId, transaction: ToyTransaction): void {
    if (this.#random.chance(this.#loss)) return;
    const node = this.#nodes[to];
    if (node?.isUp) this.#give(node, transaction);
  }

  #give(node: Node, transaction: ToyTransaction): void {
    node.ledger.add(transaction);
    this.#tellExecutable(node);
  }

  #tellExecutable(node: Node): void {
    node.runtime.step({ kind: 'executable', waits: node.ledger.hasExecutable });
  }

  #changeWeather(): void {
    this.#loss = this.#random.pick([0, 0.02, 0.1, 0.3]);
    this.#delay = this.#random.pick([2, 4, 12, 40]);
    this.#cut.clear();
    if (this.#random.chance(0.4)) {
      const side = new Set(this.#nodes.filter(() => this.#random.chance(0.35)).map(({ id }) => id));
      const isOneWay = this.#random.chance(0.3);
      for (const { id: from } of this.#nodes)
        for (const { id: to } of this.#nodes)
          if (side.has(from) && !side.has(to)) {
            this.#cut.add(`${from} ${to}`);
            if (!isOneWay) this.#cut.add(`${to} ${from}`);
          }
    }
    for (const node of this.#nodes) if (this.#random.chance(0.05)) node.pausedUntil = this.#now + this.#random.below(120);
  }

  #crashOrRestart(): void {
    const node = this.#random.pick(this.#nodes);
    if (node.isUp) {
      this.#crash(node);
      this.#in(1 + this.#random.below(160), () => this.#restart(node));
    }
  }

  #crash(node: Node): void {
    node.isUp = false;
    node.life++;
    // Of what was not synced, a first part may have reached the disk.
    const kept = this.#random.below(node.unsynced.length + 1);
    if (node.unsynced.length > kept) this.coverage.lostWrites++;
    for (const { records } of node.unsynced.slice(0, kept)) node.durable.push(...records);
    node.unsynced = [];
    this.#note(`m${node.id} CRASH`);
  }

  #restart(node: Node): void {
    if (node.isUp) return;
    node.isUp = true;
    this.coverage.restarts++;
    this.#note(`m${node.id} RESTART`);
    this.#boot(node);
  }

  #heal(): void {
    this.#loss = 0;
    this.#delay = 2;
    this.#cut.clear();
    for (const node of this.#nodes) {
      node.pausedUntil = 0;
      this.#restart(node);
    }
    this.coverage.equivocations = this.#adversary.equivocations;
    this.#note('HEALED');
  }

  /** Whether every transaction is final at every honest member, and all stand at one height with one state. */
  #isSettled(): boolean {
    const honest = this.#nodes.filter(({ id }) => this.#isHonest(id));
    const first = honest[0];
    return (
      first !== undefined &&
      honest.every(
        ({ ledger }) =>
          ledger.height === first.ledger.height &&
          ledger.stateRoot === first.ledger.stateRoot &&
          this.#submitted.every(({ transaction }) => ledger.has(transaction)),
      )
    );
  }

  #note(line: string): void {
    this.#trace = fingerprint(utf8(`${this.#trace} ${this.#now} ${line}`));
    this.#options.onTrace?.(`${String(this.#now).padStart(6)} ${line}`);
  }
}
