/**
 * One member's part in the agreement among groups (paper section 6.10, steps 2 to 7; rules V1 to V4 of the design): which block it may
 * PREPARE and COMMIT, what it is locked on, when a block is final to it, and when it leaves its view.
 * It decides from what proves itself - certificates, statements, NEW-VIEWs - whoever brought it. Nothing here sends: it tells
 * what to write, what it voted and stated, and what it needs, and whoever drives it passes that on.
 *
 * Invariants: one hash per vote key (the vote book keeps that); a lock is replaced only by a later COMMIT and cleared only by finality of
 * its own height; a view never decreases; block h-1 is final, and written, before any vote at h; after the block that ends the epoch
 * nothing is signed.
 */
import type { Hex } from '../../base/bytes.ts';
import type { Committee, MemberId } from '../committee.ts';
import { bodiesBytesMax, bodiesMax, tickMs, verdictsMax, viewTimeoutMaxMs, viewTimeoutMs } from '../limits.ts';
import type { Proposal, ProposedBlock } from '../proposal.ts';
import type { DurableRecord } from '../record.ts';
import type { EpochStart, NewView, ProvenStatement } from '../view-change.ts';
import type { Certificate, MemberVote } from '../vote.ts';
import type { VoteBook } from '../vote-book.ts';
import { StatementPool } from './statement-pool.ts';

/** The last final block. */
export interface FinalBlock {
  readonly height: number;
  readonly blockHash: Hex;
  /** Null for the block that the epoch began after. */
  readonly certificate: Certificate | null;
}

/** What a replica tells whoever drives it. */
export interface ReplicaOutput {
  persist(record: DurableRecord): void;
  /** A vote to send; what made it possible is persisted. */
  voted(vote: MemberVote): void;
  /** A statement to send to every member. */
  stated(statement: ProvenStatement): void;
  /** Execute a block on the last final one and say whether it is valid. A fresh block's clock is checked. */
  execute(block: ProposedBlock, isFresh: boolean): void;
  /** A block is final. */
  finalized(block: ProposedBlock, certificate: Certificate): void;
  /** A body that is needed and not here. */
  bodyWanted(blockHash: Hex): void;
  /** Blocks above the own final height are certified; they are needed. */
  fellBehind(): void;
  /** The view was entered, or another one was. */
  viewEntered(): void;
}

export interface ReplicaOptions {
  readonly committee: Committee;
  readonly epochStart: EpochStart;
  readonly book: VoteBook;
  readonly output: ReplicaOutput;
}

type Permission = { readonly kind: 'any' } | { readonly kind: 'locked' | 'own'; readonly hash: Hex } | { readonly kind: 'none' };

export class Replica {
  readonly #committee: Committee;
  readonly #epochStart: EpochStart;
  readonly #book: VoteBook;
  readonly #out: ReplicaOutput;
  /** Whether blocks may be prepared in the view: it is the first, or its NEW-VIEW or a certificate of it is here. */
  #isEntered = true;
  #newView: NewView | null = null;
  #final: FinalBlock;
  /** The view in which the last block became final here; -1 before the first of the epoch. */
  #finalView = -1;
  #lock: Certificate | null = null;
  /** What is proposed for the next height in this view, and what each of its primary's members proposed there. */
  #proposal: ProposedBlock | null = null;
  readonly #proposedBy = new Map<MemberId, Hex>();
  /** Whether the last final block ended the epoch. */
  #isOver = false;
  readonly #bodies = new Map<Hex, ProposedBlock>();
  /** What this member PREPAREd at the next height: its bodies are kept, for whoever needs them. */
  readonly #prepared = new Set<Hex>();
  /** What execution said of blocks on the last final one, with and without a look at the clock; `undefined` while it runs. */
  readonly #executed = new Map<string, boolean | undefined>();
  /** A final block whose body is not here yet. */
  #awaited: Certificate | null = null;
  readonly #statements: StatementPool;
  #hasExecutable = false;
  #isNewViewOwed = false;
  #elapsed = 0;

  constructor({ committee, epochStart, book, output }: ReplicaOptions) {
    this.#committee = committee;
    this.#epochStart = epochStart;
    this.#book = book;
    this.#out = output;
    this.#statements = new StatementPool(committee);
    this.#final = { height: epochStart.height, blockHash: epochStart.blockHash, certificate: null };
  }

  /** Takes back what was written before a restart, record by record. */
  restore(record: DurableRecord): void {
    switch (record.kind) {
      case 'lock':
        this.#lock = record.certificate;
        this.#rise(record.certificate.view);
        break;
      case 'entry':
        if (record.view < this.view) break;
        this.#book.enter(record.view);
        this.#isEntered = true;
        this.#newView = record.newView;
        this.#isNewViewOwed = record.newView !== null;
        break;
      case 'statement':
        this.#statements.add(record.proven);
        this.#isEntered = false;
        this.#newView = null;
        this.#isNewViewOwed = false;
        break;
      case 'body':
        this.#bodies.set(record.block.hash, record.block);
        break;
      case 'final':
        this.#settle(record.certificate, this.#bodies.get(record.certificate.blockHash)?.nextMembers != null);
        break;
      case 'vote':
        if (record.vote.phase === 'prepare') this.#prepared.add(record.vote.blockHash);
        break;
      case 'asked':
        this.#skipTo(record.view);
        break;
      case 'proposal':
      case 'raft':
      case 'epoch':
      case 'lost':
        break;
    }
  }

  /** The own view: the highest signed for, voted in or entered. */
  get view(): number {
    return this.#book.view;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  get isEntered(): boolean {
    return this.#isEntered;
  }

  get newView(): NewView | null {
    return this.#newView;
  }

  get final(): FinalBlock {
    return this.#final;
  }

  get lock(): Certificate | null {
    return this.#lock;
  }

  get proposal(): ProposedBlock | null {
    return this.#proposal;
  }

  get hasExecutable(): boolean {
    return this.#hasExecutable;
  }

  /** The highest statement of each member, with what proves it. */
  get statements(): readonly ProvenStatement[] {
    return this.#statements.all;
  }

  statementOf(member: MemberId): ProvenStatement | null {
    return this.#statements.of(member);
  }

  /** The own statement of the present view, while its NEW-VIEW is waited for. */
  get ownStatement(): ProvenStatement | null {
    const statement = this.#book.statement;
    return statement === null || statement.newView !== this.view ? null : this.#statements.of(statement.member);
  }

  /** Whether something should happen that has not: what the view timer runs for. */
  get isOwed(): boolean {
    if (this.#isOver) return false;
    const isLeaving = !this.#isEntered && this.ownStatement !== null;
    return this.#hasExecutable || this.#proposal !== null || this.#lock !== null || this.#isNewViewOwed || isLeaving;
  }

  body(hash: Hex): ProposedBlock | undefined {
    return this.#bodies.get(hash);
  }

  /** The hash that must be proposed at the next height, because the NEW-VIEW locks it. */
  get lockedHash(): Hex | null {
    const newView = this.#newView;
    if (newView === null || newView.lockCertificate === null) return null;
    return newView.lockCertificate.height === this.#final.height + 1 ? newView.lockCertificate.blockHash : null;
  }

  /** Whether a primary may propose now: the view is entered in a way that permits PREPARE at the next height. */
  get mayPropose(): boolean {
    const { kind } = this.#permission();
    return (kind === 'any' || kind === 'locked') && this.#proposal === null;
  }

  /** Transactions that could be executed wait, or no longer. */
  setExecutable(hasExecutable: boolean): void {
    this.#hasExecutable = hasExecutable;
  }

  /** An executable transaction was left out of too many blocks that had room: the primary is not to be waited for. */
  expire(): void {
    if (this.#isEntered) this.#leave(this.view + 1);
  }

  /** What execution on the last final block says of a block: valid or not, and `undefined` while it runs; it is begun if it was not. */
  verdict(block: ProposedBlock): boolean | undefined {
    const isFresh = block.view === this.view;
    const key = executionKey(block.hash, isFresh);
    const known = this.#executed.get(key);
    if (known !== undefined || this.#executed.has(key)) return known;
    if (this.#executed.size >= verdictsMax) for (const first of [...this.#executed.keys()].slice(0, 1)) this.#executed.delete(first);
    this.#executed.set(key, undefined);
    this.#out.execute(block, isFresh);
    return undefined;
  }

  /** A block proposed in the present view at the next height, by a member of its primary group. */
  onProposal({ member, view }: Proposal, block: ProposedBlock): void {
    if (this.#isOver || view !== this.view || block.height !== this.#final.height + 1) return;
    if (block.parentHash !== this.#final.blockHash) return;
    // One place, one block of each proposer: a second one is proof against it, and not worth an execution.
    if (this.#proposedBy.has(member)) return;
    // Whoever has not voted yet may follow a new leader to another block.
    if (this.#book.voteIn({ phase: 'prepare', height: block.height, view }) !== undefined && this.#proposal !== null) return;
    this.onBody(block);
    if (!this.#bodies.has(block.hash)) return;
    this.#proposedBy.set(member, block.hash);
    this.#proposal = block;
    this.#tryPrepare();
  }

  /** The body of a block that was proposed, asked for, or certified. */
  onBody(block: ProposedBlock): void {
    if (block.height <= this.#final.height || this.#bodies.has(block.hash)) return;
    while (this.#bodies.size >= bodiesMax || this.#bodyBytes + block.bytes.length > bodiesBytesMax) {
      if (this.#forgetBody()) continue;
      // Nothing is left but what is needed, or was voted for. A block that is final is needed, too.
      if (block.hash !== this.#awaited?.blockHash && this.#bodies.size > 0) return;
      break;
    }
    this.#bodies.set(block.hash, block);
    this.#out.persist({ kind: 'body', block });
    if (this.#awaited?.blockHash === block.hash) this.onCertificate(this.#awaited);
  }

  /** Execution of a block on the last final one came to its end. */
  onExecuted(hash: Hex, isFresh: boolean, isValid: boolean): void {
    if (!this.#executed.has(executionKey(hash, isFresh))) return;
    this.#executed.set(executionKey(hash, isFresh), isValid);
    if (!isValid && this.#proposal?.hash === hash && isFresh === (this.#proposal.view === this.view)) this.#proposal = null;
    this.#tryPrepare();
  }

  /** This member built a block: it is executed. */
  onBuilt(proposal: Proposal, block: ProposedBlock): void {
    this.#executed.set(executionKey(block.hash, true), true);
    this.onProposal(proposal, block);
  }

  /** A certificate that holds. */
  onCertificate(certificate: Certificate): void {
    const next = this.#final.height + 1;
    if (certificate.height < next || this.#isOver) return;
    if (certificate.height > next) {
      this.#out.fellBehind();
      return;
    }
    if (certificate.phase === 'commit') this.#onCommitted(certificate);
    else this.#onPrepared(certificate);
  }

  /** A statement that is proven. */
  onStatement(proven: ProvenStatement): void {
    if (!this.#statements.add(proven)) return;
    if (proven.statement.finalHeight > this.#final.height) this.#out.fellBehind();
    this.#join();
  }

  /** A NEW-VIEW that holds. */
  onNewView(newView: NewView): void {
    if (this.#isOver || newView.view < this.view || (newView.view === this.view && this.#newView !== null)) return;
    const isEntry = newView.view > this.view || !this.#isEntered;
    if (newView.view > this.view) this.#dropProposals();
    this.#book.enter(newView.view);
    this.#isEntered = true;
    this.#newView = newView;
    this.#out.persist({ kind: 'entry', view: newView.view, newView });
    if ((newView.finalCertificate?.height ?? 0) > this.#final.height) this.#out.fellBehind();
    if (isEntry) {
      this.#isNewViewOwed = true;
      this.#elapsed = 0;
      this.#out.viewEntered();
    }
    this.#tryPrepare();
  }

  /** The NEW-VIEW of the own view, if it is not here and a quorum of groups has left for that view. */
  makeNewView(): NewView | null {
    return this.#isOver || this.#newView !== null || this.view === 0 ? null : this.#statements.newView(this.view);
  }

  tick(): void {
    // V3: a member that nobody follows stays one view ahead, and no further. One that rejoined has not left its view for the next yet.
    const mayLeave = this.#isEntered || this.ownStatement === null || this.#statements.backing(this.view) >= this.#committee.quorum;
    if (!this.isOwed || !mayLeave) {
      this.#elapsed = 0;
      return;
    }
    this.#elapsed += tickMs;
    if (this.#elapsed >= this.#timeout()) this.#leave(this.view + 1);
  }

  /** Goes on after others were asked for forgotten votes: with the lock that this member may have had, and in no view below `view`. */
  rejoin(view: number, lock: Certificate | null): void {
    if (lock !== null && lock.view > (this.#lock?.view ?? -1)) {
      this.#lock = lock;
      this.#out.persist({ kind: 'lock', certificate: lock });
    }
    this.#out.persist({ kind: 'asked', view });
    this.#skipTo(view);
  }

  #onPrepared(certificate: Certificate): void {
    const { height, view, blockHash } = certificate;
    if (view < this.view) return;
    if (this.#lock !== null && this.#lock.height === height && this.#lock.view >= view) return;
    // V2: a certificate of a view at or above the own one permits COMMIT there.
    this.#enterBy(view);
    const signed = this.#book.vote({ phase: 'commit', height, view, blockHash });
    if (signed.outcome === 'refused') return;
    this.#lock = certificate;
    // The lock first: of a torn log a lock without its vote may remain, but no vote without its lock.
    this.#out.persist({ kind: 'lock', certificate });
    if (signed.outcome === 'new') this.#out.persist({ kind: 'vote', vote: signed.value });
    this.#out.voted(signed.value);
  }

  #onCommitted(certificate: Certificate): void {
    const block = this.#bodies.get(certificate.blockHash);
    if (block === undefined) {
      this.#awaited = certificate;
      this.#out.bodyWanted(certificate.blockHash);
      return;
    }
    this.#out.persist({ kind: 'final', certificate });
    const before = this.view;
    this.#settle(certificate, block.nextMembers !== null);
    this.#out.finalized(block, certificate);
    if (this.view !== before) this.#out.viewEntered();
  }

  /** Moves to the next height. */
  #settle(certificate: Certificate, endsEpoch: boolean): void {
    const { height, view, blockHash } = certificate;
    this.#final = { height, blockHash, certificate };
    this.#finalView = view;
    this.#rise(view);
    if (view === this.view) this.#isEntered = true;
    if (this.#lock !== null && this.#lock.height <= height) this.#lock = null;
    this.#dropProposals();
    this.#awaited = null;
    this.#isNewViewOwed = false;
    this.#elapsed = 0;
    this.#executed.clear();
    this.#prepared.clear();
    for (const [hash, body] of this.#bodies) if (body.height <= height) this.#bodies.delete(hash);
    this.#book.settle(height);
    this.#isOver = endsEpoch;
  }

  /**
   * What may be PREPAREd at the next height in this view: any fresh block; the one that the NEW-VIEW locks; without a NEW-VIEW nothing
   * against the own lock; or nothing at all.
   */
  #permission(): Permission {
    const next = this.#final.height + 1;
    if (!this.#isEntered || this.#isOver) return { kind: 'none' };
    const newView = this.#newView;
    if (newView !== null) {
      const finalHeight = newView.finalCertificate?.height ?? this.#epochStart.height;
      if (next > finalHeight + 1) return { kind: 'any' };
      if (next < finalHeight + 1) return { kind: 'none' }; // blocks are missing here
      return newView.lockCertificate === null ? { kind: 'any' } : { kind: 'locked', hash: newView.lockCertificate.blockHash };
    }
    // V2: without a NEW-VIEW a block that is final in this very view permits the next.
    if (this.view !== 0 && this.#finalView !== this.view) return { kind: 'none' };
    const lock = this.#lock;
    return lock !== null && lock.height === next ? { kind: 'own', hash: lock.blockHash } : { kind: 'any' };
  }

  #tryPrepare(): void {
    const block = this.#proposal;
    if (block === null || block.height !== this.#final.height + 1) return;
    const permission = this.#permission();
    if (permission.kind === 'none' || (permission.kind !== 'any' && permission.hash !== block.hash)) return;
    // A header names the view that the block was first proposed in. Only the block that a NEW-VIEW locks may name a lower one.
    const isFresh = block.view === this.view;
    if (!isFresh && !(permission.kind === 'locked' && block.view < this.view)) return;
    if (this.verdict(block) !== true) return;
    const signed = this.#book.vote({ phase: 'prepare', height: block.height, view: this.view, blockHash: block.hash });
    if (signed.outcome !== 'new') return;
    this.#prepared.add(block.hash);
    this.#out.persist({ kind: 'vote', vote: signed.value });
    this.#out.voted(signed.value);
  }

  /** A certificate of a view takes its holder there. */
  #enterBy(view: number): void {
    if (view === this.view && this.#isEntered) return;
    if (view > this.view) {
      this.#newView = null;
      this.#dropProposals();
    }
    this.#book.enter(view);
    this.#isEntered = true;
    this.#elapsed = 0;
    this.#out.persist({ kind: 'entry', view, newView: this.#newView });
    this.#out.viewEntered();
  }

  /** V3: follows when more groups than may be unsafe have left for a higher view. */
  #join(): void {
    const view = this.#statements.viewToJoin(this.view);
    if (view !== null) this.#leave(view);
  }

  #leave(view: number): void {
    if (this.#isOver) return;
    const { height, blockHash, certificate } = this.#final;
    const lock = this.#lock;
    const signed = this.#book.state(view, height, blockHash, lock === null ? null : { view: lock.view, blockHash: lock.blockHash });
    if (signed.outcome === 'refused') return;
    this.#isEntered = false;
    this.#newView = null;
    this.#isNewViewOwed = false;
    this.#dropProposals();
    this.#elapsed = 0;
    const proven = { statement: signed.value, finalCertificate: certificate, lockCertificate: lock };
    this.#out.persist({ kind: 'statement', proven });
    this.#statements.add(proven);
    this.#out.stated(proven);
    this.#join();
  }

  /** Makes a view the own one that nothing was heard of: it is left for the next one, or entered if the others come there. */
  #skipTo(view: number): void {
    if (view <= this.view) return;
    this.#book.enter(view);
    this.#isEntered = false;
    this.#newView = null;
    this.#isNewViewOwed = false;
    this.#dropProposals();
  }

  #dropProposals(): void {
    this.#proposal = null;
    this.#proposedBy.clear();
  }

  get #bodyBytes(): number {
    let bytes = 0;
    for (const body of this.#bodies.values()) bytes += body.bytes.length;
    return bytes;
  }

  /** Makes room by a body that this member did not vote for: others have it, if anybody needs it. Whether there is room. */
  #forgetBody(): boolean {
    const needed = [this.#proposal?.hash, this.#lock?.blockHash, this.#awaited?.blockHash, this.lockedHash];
    for (const hash of this.#bodies.keys()) {
      if (this.#prepared.has(hash) || needed.includes(hash)) continue;
      this.#bodies.delete(hash);
      return true;
    }
    return false;
  }

  #timeout(): number {
    const views = Math.max(0, this.view - Math.max(0, this.#finalView));
    return Math.min(viewTimeoutMs * 2 ** Math.min(views, 10), viewTimeoutMaxMs);
  }

  #rise(view: number): void {
    if (view <= this.view) return;
    this.#book.enter(view);
    this.#isEntered = true;
    this.#newView = null;
  }
}

function executionKey(hash: Hex, isFresh: boolean): string {
  return isFresh ? hash : `${hash} again`;
}
