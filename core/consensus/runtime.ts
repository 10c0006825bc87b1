/**
 * Drives the machine through ports: the same file in a validator and in the simulator. It checks what arrives before the machine sees it,
 * keeps the order of effects (what a step wants written is durable before anything that follows from it leaves or is applied), and
 * goes from epoch to epoch: each has its own machine, and a node that is no member follows the chain until it is one.
 * Callbacks and no promises, so that a simulator decides when each thing happens.
 */
import type { Hex } from '../base/bytes.ts';
import { Committee, type MemberId } from './committee.ts';
import type { Evidence } from './evidence.ts';
import { pollAnswerMs, pollMs, servedNodesMax, tickMs } from './limits.ts';
import type { Members } from './membership.ts';
import type { ProposedBlock } from './proposal.ts';
import type { Action, Packet } from './rbft/effects.ts';
import { Machine } from './rbft/machine.ts';
import { type CertifiedBlock, isAuthentic, type Message, type Trust } from './rbft/message.ts';
import type { DurableRecord } from './record.ts';
import type { Sign, Verify } from './signing.ts';
import { TransactionSpread } from './transaction-spread.ts';
import type { EpochStart } from './view-change.ts';
import type { Certificate } from './vote.ts';

/** The vote log. Appends become durable in their order; `done` is called once this one and all before it are. A failed write is fatal. */
export interface VoteLog {
  append(records: readonly DurableRecord[], done: () => void): void;
}

/** What the consensus asks of the ledger. Calls are carried out in their order. */
export interface ConsensusLedger {
  /** The highest block that is durable in the ledger. */
  readonly height: number;
  /** Executes a block on the head; the clock is looked at only if it is fresh. */
  execute(block: ProposedBlock, isFresh: boolean, done: (isValid: boolean) => void): void;
  /** Builds a block on the head; null if nothing is to be put into one, or the head is another. */
  build(
    place: { readonly height: number; readonly view: number; readonly parentHash: Hex; readonly mayBeEmpty: boolean },
    done: (block: ProposedBlock | null) => void,
  ): void;
  commit(block: ProposedBlock, certificate: Certificate, done: () => void): void;
  /**
   * Final blocks from a height on, as many as {@link firstFitting} gives of them within `catchUpBlocksMax` and `catchUpBytesMax`, and the epoch
   * that they all belong to.
   */
  read(fromHeight: number, done: (blocks: readonly CertifiedBlock[], epoch: number) => void): void;
  /** Takes a transaction of a client or a member; false if it is known, final or refused. */
  accept(transaction: Uint8Array): boolean;
  /** Whether a transaction is neither final nor refused. */
  isPending(transaction: Uint8Array): boolean;
  /** Whether a transaction waits that could be executed. */
  readonly hasExecutable: boolean;
}

/** What goes from one node to another. */
export interface Envelope {
  readonly epoch: number;
  readonly messages: readonly Message[];
}

export interface RuntimeOptions {
  readonly genesisHash: Hex;
  /** The members at the beginning: those of the genesis document. */
  readonly members: Members;
  /** The own public key. */
  readonly key: Hex;
  readonly sign: Sign;
  readonly verify: Verify;
  readonly isWellFormed: (block: ProposedBlock) => boolean;
  /** Whether a message holds; costly, so that a validator may remember or share answers. */
  readonly isAuthentic?: typeof isAuthentic;
  /** A number from 0 to `bound` - 1. */
  readonly random: (bound: number) => number;
  /** What was written before the last stop, in its order. */
  readonly restored: readonly DurableRecord[];
  /** Whether that may not be all that was signed, because the log was cut or restored: then others are asked before anything is signed. */
  readonly mustAsk: boolean;
  /** Others were asked and know of nothing that was forgotten: the log may be relied on again. */
  readonly onAsked: () => void;
  /** Others know of a vote that is not in the log: nothing is signed any more, and a membership transaction must replace the key. */
  readonly onVotesLost: () => void;
  readonly log: VoteLog;
  readonly ledger: ConsensusLedger;
  /** Sends to the node with a public key. */
  readonly send: (to: Hex, envelope: Envelope) => void;
  /** Told of a message that was dropped because something in it is not what it says. */
  readonly onRefused: (from: Hex, kind: Message['kind']) => void;
  /** Told of proofs of misbehaviour, to have them recorded. */
  readonly onEvidence: (evidence: Evidence, epoch: number) => void;
}

export class Runtime {
  readonly #options: RuntimeOptions;
  readonly #isAuthentic: typeof isAuthentic;
  readonly #transactions: TransactionSpread;
  #trust: Trust;
  /** Null while this node is no member. */
  #machine: Machine | null = null;
  /** How far a node that is no member has followed the chain. */
  #followed: EpochStart;
  #isEpochOver = false;
  #mustAsk: boolean;
  #hasLostVotes = false;
  #isPumping = false;
  #now = 0;
  #polledAt = 0;
  /** When nodes were last given blocks, the least recent first. */
  readonly #servedAt = new Map<Hex, number>();

  constructor(options: RuntimeOptions) {
    this.#options = options;
    this.#isAuthentic = options.isAuthentic ?? isAuthentic;
    this.#mustAsk = options.mustAsk;
    const { genesisHash, members, ledger, restored } = options;
    this.#transactions = new TransactionSpread((transaction) => ledger.isPending(transaction));
    let start: EpochStart = { height: 0, blockHash: genesisHash };
    let committee = new Committee(genesisHash, 0, members);
    let records: DurableRecord[] = [];
    let followed = start;
    const bodies = new Map<Hex, ProposedBlock>();
    for (const record of restored) {
      if (record.kind === 'epoch') {
        // The block before it may have told.
        if (record.epoch === committee.epoch) continue;
        committee = new Committee(genesisHash, record.epoch, record.members);
        start = record.start;
        followed = start;
        records = [];
        continue;
      }
      records.push(record);
      if (record.kind === 'lost') this.#hasLostVotes = true;
      if (record.kind === 'body') bodies.set(record.block.hash, record.block);
      if (record.kind !== 'final') continue;
      const { height, blockHash } = record.certificate;
      const block = bodies.get(blockHash);
      followed = { height, blockHash };
      for (const [hash, body] of bodies) if (body.height <= height) bodies.delete(hash);
      if (block === undefined) continue;
      // The ledger may have been behind the log.
      if (block.height > ledger.height) ledger.commit(block, record.certificate, () => this.tellExecutable());
      if (block.nextMembers === null) continue;
      committee = new Committee(genesisHash, committee.epoch + 1, block.nextMembers);
      start = followed;
      records = [];
    }
    // A crash may have come between the block that ends an epoch and the record of the next one.
    const last = restored.at(-1);
    if (last?.kind === 'final' && start.height === last.certificate.height)
      options.log.append([{ kind: 'epoch', epoch: committee.epoch, start, members: committee.keys }], () => undefined);
    this.#followed = followed;
    this.#trust = this.#trustIn(committee, start);
    this.#startMachine(records);
    if (this.#hasLostVotes) options.onVotesLost();
  }

  /** Whether nothing is signed, because something may have been, or was, that the log does not hold. */
  get isMute(): boolean {
    return this.#hasLostVotes || (this.#machine?.status.isMute ?? false);
  }

  /** The members that decide now. */
  get committee(): Committee {
    return this.#trust.committee;
  }

  /** The block that this epoch began after. */
  get epochStart(): EpochStart {
    return this.#trust.epochStart;
  }

  /** The machine of this epoch; null while this node is no member. */
  get machine(): Machine | null {
    return this.#machine;
  }

  /** The last final block that is durable here. */
  get final(): { readonly height: number; readonly blockHash: Hex } {
    return this.#machine?.status.final ?? this.#followed;
  }

  /** What the transport brought from the node with a public key. */
  receive(from: Hex, { epoch, messages }: Envelope): void {
    for (const message of messages) if (message.kind === 'transactions') this.#accept(message.transactions);
    const member = this.committee.memberWith(from);
    const self = this.committee.memberWith(this.#options.key);
    const isOwnEpoch = epoch === this.committee.epoch;
    if (!isOwnEpoch || member === undefined) this.#answerOutsider(from, epoch, messages);
    if (!isOwnEpoch) return;
    const authentic = messages.filter((message) => {
      // Blocks prove themselves, whoever brings them.
      if (member === undefined && message.kind !== 'blocks') return false;
      if (message.kind === 'blocks' && !message.blocks.some(({ block }) => block.height === this.final.height + 1)) return false;
      const holds = this.#isAuthentic(this.#trust, member ?? 0, self ?? 0, message);
      if (!holds) this.#options.onRefused(from, message.kind);
      return holds;
    });
    if (authentic.length === 0) return;
    if (this.#machine !== null && self !== undefined) {
      this.#machine.step({ kind: 'messages', from: member ?? self, messages: authentic });
      this.#pump();
      return;
    }
    for (const message of authentic)
      if (message.kind === 'blocks') for (const block of message.blocks) this.#follow(block);
      else if (message.kind === 'poll') this.#serve(from, message.finalHeight + 1);
  }

  /** Takes a client's transaction and sees that it gets to those who order, with others at the next tick; false if the ledger refuses it. */
  submit(transaction: Uint8Array): boolean {
    if (!this.#accept([transaction])) return false;
    this.spread(transaction);
    return true;
  }

  /** Sees that a transaction which the ledger took from a client gets to those who order, with others at the next tick. */
  spread(transaction: Uint8Array): void {
    this.#transactions.add(transaction, this.#now);
    if (this.#transactions.isBatchFull) this.#sendSubmitted();
  }

  /** The ledger's mempool or head changed. */
  tellExecutable(): void {
    this.#machine?.step({ kind: 'executable', waits: this.#options.ledger.hasExecutable });
    this.#pump();
  }

  /** The ledger found an executable transaction left out of too many blocks that had room. */
  tellLeftOut(): void {
    this.#machine?.step({ kind: 'left-out' });
    this.#pump();
  }

  /** `tickMs` have passed. After a stall, what arrived is delivered first, and one tick given. */
  tick(): void {
    this.#now++;
    this.#sendSubmitted();
    for (const transactions of this.#transactions.due(this.#now))
      for (const to of this.#everybody()) this.#sendTo(to, [{ kind: 'transactions', transactions }]);
    if (this.#machine === null) {
      if (this.#now - this.#polledAt >= pollMs / tickMs) this.#poll(this.#options.random(this.committee.size));
      return;
    }
    this.#machine.tick();
    this.#pump();
  }

  #sendSubmitted(): void {
    const targets = this.#machine?.transactionTargets ?? this.#everybody();
    for (const transactions of this.#transactions.takeSubmitted())
      for (const to of targets) this.#sendTo(to, [{ kind: 'transactions', transactions }]);
  }

  #accept(transactions: readonly Uint8Array[]): boolean {
    let isNew = false;
    for (const transaction of transactions) if (this.#options.ledger.accept(transaction)) isNew = true;
    if (isNew) this.tellExecutable();
    return isNew;
  }

  /** Somebody of another epoch, or no member: who is behind is given blocks, and who is ahead is asked for them. */
  #answerOutsider(from: Hex, epoch: number, messages: readonly Message[]): void {
    for (const message of messages)
      if (message.kind === 'poll' && epoch <= this.committee.epoch) this.#serve(from, message.finalHeight + 1);
    if (epoch <= this.committee.epoch || this.#now - this.#polledAt < pollMs / tickMs) return;
    this.#poll(this.committee.memberWith(from) ?? this.#options.random(this.committee.size));
  }

  #poll(member: MemberId): void {
    this.#polledAt = this.#now;
    this.#sendTo(member, [{ kind: 'poll', finalHeight: this.final.height, view: 0, isEntered: true }]);
  }

  /** A final block, for a node that is no member. */
  #follow({ block, certificate }: CertifiedBlock): void {
    if (this.#machine !== null || block.height !== this.#followed.height + 1 || certificate.height !== block.height) return;
    // What comes after the last block of an epoch is for the next committee to certify.
    if (this.#isEpochOver) return;
    this.#isEpochOver = block.nextMembers !== null;
    this.#followed = { height: block.height, blockHash: block.hash };
    this.#options.log.append(
      [
        { kind: 'body', block },
        { kind: 'final', certificate },
      ],
      () => this.#commit(block, certificate),
    );
  }

  /** Gives final blocks to a node, and not oftener than it may ask. */
  #serve(to: Hex, fromHeight: number): void {
    if (fromHeight < 1 || fromHeight > this.final.height) return;
    const interval = (this.committee.memberWith(to) === undefined ? pollMs : pollAnswerMs) / tickMs;
    if (this.#now - (this.#servedAt.get(to) ?? Number.NEGATIVE_INFINITY) < interval) return;
    this.#servedAt.delete(to);
    this.#servedAt.set(to, this.#now);
    if (this.#servedAt.size > servedNodesMax) for (const oldest of [...this.#servedAt.keys()].slice(0, 1)) this.#servedAt.delete(oldest);
    this.#options.ledger.read(fromHeight, (blocks, epoch) => {
      if (blocks.length > 0) this.#options.send(to, { epoch, messages: [{ kind: 'blocks', blocks }] });
    });
  }

  #pump(): void {
    // A ledger may answer at once, within the effects of a step.
    if (this.#isPumping) return;
    this.#isPumping = true;
    for (let ready = this.#machine?.ready() ?? null; ready !== null; ready = this.#machine?.ready() ?? null) {
      const { persist, send, apply } = ready;
      const machine = this.#machine;
      const { committee } = this;
      machine?.advance();
      this.#options.log.append(persist, () => {
        for (const { to, messages } of send) this.#send(committee, { to, messages });
        for (const action of apply) this.#perform(machine, committee, action);
      });
    }
    this.#isPumping = false;
  }

  #perform(machine: Machine | null, committee: Committee, action: Action): void {
    const { ledger } = this.#options;
    switch (action.kind) {
      case 'execute': {
        const { block, isFresh } = action;
        ledger.execute(block, isFresh, (isValid) => {
          machine?.step({ kind: 'executed', blockHash: block.hash, isFresh, isValid });
          this.#pump();
        });
        return;
      }
      case 'build':
        ledger.build(action, (block) => {
          machine?.step({ kind: 'built', height: action.height, view: action.view, block });
          this.#pump();
        });
        return;
      case 'commit':
        this.#commit(action.block, action.certificate);
        return;
      case 'serve':
        this.#serve(committee.nameOf(action.to), action.fromHeight);
        return;
      case 'votes-lost':
        this.#hasLostVotes = true;
        if (this.#machine !== null) {
          this.#followed = this.#machine.status.final;
          this.#isEpochOver = this.#machine.status.isOver;
          this.#machine = null;
        }
        this.#options.onVotesLost();
        return;
      case 'votes-asked':
        this.#mustAsk = false;
        this.#options.onAsked();
        return;
      case 'report':
        this.#options.onEvidence(action.evidence, committee.epoch);
        return;
    }
  }

  /** A final block is durable in the log. */
  #commit(block: ProposedBlock, certificate: Certificate): void {
    // After a log was cut the ledger may be ahead of it.
    if (block.height > this.#options.ledger.height) this.#options.ledger.commit(block, certificate, () => this.tellExecutable());
    else this.tellExecutable();
    if (block.nextMembers !== null) this.#beginEpoch(block.nextMembers, { height: block.height, blockHash: block.hash });
  }

  #beginEpoch(members: Members, start: EpochStart): void {
    const epoch = this.committee.epoch + 1;
    this.#options.log.append([{ kind: 'epoch', epoch, start, members }], () => undefined);
    this.#followed = start;
    this.#isEpochOver = false;
    this.#trust = this.#trustIn(new Committee(this.#options.genesisHash, epoch, members), start);
    this.#startMachine([]);
    this.#machine?.step({ kind: 'executable', waits: this.#options.ledger.hasExecutable });
    this.#pump();
  }

  #startMachine(restored: readonly DurableRecord[]): void {
    const { committee, epochStart } = this.#trust;
    const self = committee.memberWith(this.#options.key);
    const { sign, random } = this.#options;
    this.#machine =
      self === undefined || this.#hasLostVotes
        ? null
        : new Machine({ committee, self, epochStart, sign, random, restored, mustAsk: this.#mustAsk });
  }

  #trustIn(committee: Committee, epochStart: EpochStart): Trust {
    const { verify, isWellFormed } = this.#options;
    return { committee, epochStart, verify, isWellFormed };
  }

  #everybody(): MemberId[] {
    return Array.from({ length: this.committee.size }, (_, member) => member);
  }

  #sendTo(to: MemberId, messages: readonly Message[]): void {
    this.#send(this.committee, { to, messages });
  }

  #send(committee: Committee, { to, messages }: Packet): void {
    const key = committee.nameOf(to);
    if (key !== this.#options.key) this.#options.send(key, { epoch: committee.epoch, messages });
  }
}
