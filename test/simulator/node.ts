/** One node of the simulated network: the runtime that validators run, on a virtual disk and a toy ledger. */
import type { Hex } from '../../core/base/bytes.ts';
import { type Evidence, isProof } from '../../core/consensus/evidence.ts';
import type { Members } from '../../core/consensus/membership.ts';
import type { ProposedBlock } from '../../core/consensus/proposal.ts';
import type { CertifiedBlock, isAuthentic } from '../../core/consensus/rbft/message.ts';
import { type ConsensusLedger, type Envelope, Runtime } from '../../core/consensus/runtime.ts';
import type { Certificate } from '../../core/consensus/vote.ts';
import type { Coverage } from './coverage.ts';
import { VirtualDisk } from './disk.ts';
import { type Invariants, Violation } from './invariants.ts';
import type { Keys } from './keys.ts';
import { Seeded } from './seeded.ts';
import { genesisHash, isWellFormed, ToyLedger, type ToyTransaction, transactionsOf } from './toy-ledger.ts';

/** What a node is put into. */
export interface Surroundings {
  readonly keys: Keys;
  readonly members: Members;
  readonly accounts: number;
  readonly random: Seeded;
  readonly invariants: Invariants;
  readonly coverage: Coverage;
  readonly isAuthentic: typeof isAuthentic;
  now(): number;
  /** Has something happen some ticks later. */
  in(delay: number, event: () => void): void;
  send(from: SimulatedNode, to: Hex, envelope: Envelope): void;
  note(node: string, what: string): void;
  onEpoch(members: Members, epoch: number): void;
  /** Whether the members of an epoch signed a certificate. */
  isCertified(certificate: Certificate, epoch: number): boolean;
}

export class SimulatedNode {
  readonly id: number;
  /** The number of its key; two nodes with one key are twins. */
  readonly key: number;
  readonly name: Hex;
  readonly isHonest: boolean;
  readonly disk: VirtualDisk;
  runtime!: Runtime;
  ledger!: ToyLedger;
  isUp = false;
  /** Whether it never comes back. */
  isGone = false;
  pausedUntil = 0;
  /** How far its clock is off, in ticks. */
  clockOffset = 0;
  /** Whether its election timeouts are always the shortest. */
  standsFirst = false;
  /** A leader that leaves these transactions out. */
  censors: (transaction: ToyTransaction) => boolean = () => false;
  /** Whether its log was cut or restored, and others were not asked yet. */
  mustAsk = false;
  /** Whether its log lost what had been durable. */
  isForgetful = false;
  readonly #around: Surroundings;
  /** Blocks that its ledger has, whatever its log does. */
  #settled: readonly CertifiedBlock[] = [];
  #wasMute = false;
  /** Tells what was scheduled before a restart. */
  #life = 0;
  #ledgerWork: (() => void)[] = [];
  #isLedgerBusy = false;
  #isBooting = false;
  #ledTerm = '';
  #inbox: (() => void)[] = [];

  constructor(id: number, key: number, name: Hex, isHonest: boolean, around: Surroundings) {
    this.id = id;
    this.key = key;
    this.name = name;
    this.isHonest = isHonest;
    this.#around = around;
    this.disk = new VirtualDisk(() => {
      const life = this.#life;
      around.in(1 + around.random.below(2), () => {
        if (life === this.#life && this.isUp) this.disk.sync();
      });
    });
  }

  get epoch(): number {
    return this.runtime.committee.epoch;
  }

  /** Its number among the members of its epoch. */
  get member(): number | undefined {
    return this.runtime.committee.memberWith(this.name);
  }

  start(): void {
    const isRestart = this.#life > 0;
    this.#life++;
    this.isUp = true;
    this.#ledgerWork = [];
    this.#isLedgerBusy = false;
    this.#inbox = [];
    this.ledger = new ToyLedger(this.#around.accounts, this.#around.members);
    for (const { block, certificate } of this.#settled) this.ledger.commit(block, certificate);
    this.#isBooting = true;
    this.runtime = this.#makeRuntime();
    this.#isBooting = false;
    const { invariants } = this.#around;
    if (isRestart && this.isHonest) {
      const view = this.runtime.machine?.status.view ?? 0;
      const isSure = !this.isForgetful || !this.mustAsk;
      invariants.onRestart(this.id, this.epoch, isSure ? this.member : undefined, view, this.ledger.height);
      if (!isSure) invariants.onForgotten(this.id, this.name);
    }
    this.#wasMute = this.runtime.isMute;
    this.runtime.tellExecutable();
    this.check();
  }

  /** Power loss: what was not synced is lost, but for a first part. How many records were lost. */
  crash(kept: (count: number) => number): number {
    this.isUp = false;
    this.#life++;
    return this.disk.crash(kept);
  }

  /** While it is down its log is cut, or an old copy put in its place; its ledger is on another disk. */
  forget(records: number): void {
    this.isForgetful = true;
    this.mustAsk = true;
    this.#settled = [...this.ledger.chain];
    this.disk.cut(records);
  }

  receive(from: Hex, envelope: Envelope): void {
    if (!this.isUp) return;
    if (this.pausedUntil > this.#around.now()) {
      this.#inbox.push(() => this.runtime.receive(from, envelope));
      return;
    }
    this.runtime.receive(from, envelope);
    this.check();
  }

  tick(): void {
    if (!this.isUp || this.pausedUntil > this.#around.now()) return;
    // After a stall what arrived comes before the tick, and the stall counts as one.
    const inbox = this.#inbox;
    this.#inbox = [];
    for (const deliver of inbox) deliver();
    this.runtime.tick();
    this.check();
  }

  /** The clock runs ahead: many ticks at once. */
  jump(ticks: number): void {
    for (let tick = 0; tick < ticks; tick++) this.tick();
  }

  check(): void {
    if (!this.isHonest) return;
    const { machine, final } = this.runtime;
    const status = machine?.status;
    const { invariants, coverage } = this.#around;
    if (this.#wasMute && status !== undefined && !status.isMute) {
      coverage.rejoined++;
      invariants.onRejoined(this.id, this.epoch, this.member, status.view);
      this.#around.note(this.label, `rejoins in view ${status.view}`);
    }
    this.#wasMute = this.runtime.isMute;
    invariants.onPlace(this.id, this.epoch, status?.view ?? 0, final.height);
    if (status === undefined || status.leader !== this.member) return;
    const term = `${this.epoch} ${status.term}`;
    if (this.#ledTerm === term) return;
    this.#ledTerm = term;
    coverage.leaderChanges++;
    invariants.onLeader(this.epoch, status.leader ?? 0, status.term);
    this.#around.note(this.label, `leads its group in term ${status.term}`);
  }

  get label(): string {
    return `n${this.id}`;
  }

  #makeRuntime(): Runtime {
    const { keys, members, random, isAuthentic, coverage } = this.#around;
    const own = new Seeded(random.below(2 ** 30));
    return new Runtime({
      genesisHash,
      members,
      key: this.name,
      sign: keys.signerOf(this.key),
      verify: keys.verify,
      isWellFormed,
      isAuthentic,
      random: (bound) => (this.standsFirst ? 0 : own.below(bound)),
      restored: [...this.disk.durable],
      log: this.disk,
      ledger: this.#ledgerPort(),
      send: (to, envelope) => this.#around.send(this, to, envelope),
      onRefused: () => {
        coverage.refused++;
      },
      mustAsk: this.mustAsk,
      onAsked: () => {
        this.mustAsk = false;
      },
      onVotesLost: () => {
        this.#around.invariants.onForgotten(this.id, this.name);
        if (this.#isBooting) return;
        coverage.votesLost++;
        this.#around.note(this.label, 'refuses to sign: votes are not in its log');
      },
      onEvidence: (evidence, epoch) => this.#onEvidence(evidence, epoch),
    });
  }

  #ledgerPort(): ConsensusLedger {
    const { ledger } = this;
    const clock = () => this.#around.now() + this.clockOffset;
    return {
      get height() {
        return ledger.height;
      },
      get hasExecutable() {
        return ledger.hasExecutable;
      },
      accept: (transaction) => ledger.accept(transaction),
      isPending: (transaction) => ledger.isPending(transaction),
      execute: (block, isFresh, done) => this.#work(() => done(ledger.isValid(block, isFresh ? clock() : null))),
      build: (place, done) => this.#work(() => done(ledger.build(place, clock(), this.censors))),
      commit: (block, certificate, done) =>
        this.#work(() => {
          const { nextEpoch: epoch } = ledger;
          if (!ledger.commit(block, certificate)) throw new Violation(`S4: node ${this.id} cannot execute the final block ${block.height}`);
          this.#onFinal(block, certificate, epoch);
          done();
          if (ledger.takeLeftOut()) {
            this.#around.coverage.leftOut++;
            if (!this.#isBooting) this.runtime.tellLeftOut();
          }
        }),
      read: (fromHeight, done) =>
        this.#work(() => {
          const { blocks, epoch } = ledger.read(fromHeight);
          if (blocks.length > 0) this.#around.coverage.catchUps++;
          done(blocks, epoch);
        }),
    };
  }

  /** The ledger does one thing after another, and takes its time. */
  #work(work: () => void): void {
    if (this.#isBooting) {
      work();
      return;
    }
    this.#ledgerWork.push(work);
    if (this.#isLedgerBusy) return;
    this.#isLedgerBusy = true;
    const life = this.#life;
    const { random } = this.#around;
    const next = (): void => {
      if (life !== this.#life || !this.isUp) return;
      const first = this.#ledgerWork.shift();
      if (first === undefined) {
        this.#isLedgerBusy = false;
        return;
      }
      first();
      this.#around.in(random.below(2), next);
    };
    this.#around.in(random.below(2), next);
  }

  #onEvidence(evidence: Evidence, epoch: number): void {
    if (!this.isHonest) return;
    this.#around.coverage.proofs++;
    // The proof is shown to somebody who knows nothing but the members.
    const { committee } = this.runtime;
    const holds = committee.epoch !== epoch || isProof(committee, this.#around.keys.verify, evidence);
    this.#around.invariants.onEvidence(epoch, evidence, holds);
    this.#around.note(this.label, `proves ${evidence.kind}`);
  }

  #onFinal(block: ProposedBlock, certificate: Certificate, epoch: number): void {
    if (block.nextMembers !== null) this.#around.onEpoch(block.nextMembers, epoch + 1);
    if (!this.isHonest) return;
    const { invariants, coverage, note } = this.#around;
    if (!this.#around.isCertified(certificate, epoch))
      throw new Violation(`S5: the certificate of block ${block.height} is not of its epoch`);
    invariants.onFinal(this.id, block.height, block.hash, certificate, epoch, this.ledger.stateRoot, transactionsOf(block));
    if (this.#isBooting) return;
    coverage.blocks++;
    note(this.label, `FINAL h${block.height} ${block.hash.slice(2, 8)}`);
  }
}
