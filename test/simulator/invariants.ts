/**
 * What must hold at every step, whatever the network, the disks and the Byzantine members do. The quorums are computed here again, so that
 * a mistake in the product's cannot hide itself.
 *
 * S1  no two COMMIT certificates that could be formed of all signatures ever emitted (and any that Byzantine members may add) conflict at a
 *     height, nor two PREPARE certificates at a height and view
 * S2  honest chains are prefixes of one another, and never roll back over a restart
 * S3  every transaction is applied once, in nonce order
 * S4  state roots are equal
 * S5  a certificate has Q distinct groups of q distinct members of its epoch
 * S6  an honest member signs one hash a key, across crashes, and what it signs is durable before it is sent
 * S7  if a COMMIT certificate for B at (h, v) could be formed, no PREPARE certificate for another block at h in a view above v could
 * S8  Raft: one leader a term, and logs match where the term's leader is honest
 * S9  (epoch, view) of an honest member never decreases, nor its height
 * S10 a proof never names an honest member
 * S11 what a client was told is final survives power loss
 */
import { type Hex, toHex } from '../../core/base/bytes.ts';
import { accusedBy, type Evidence, forgets } from '../../core/consensus/evidence.ts';
import type { Members } from '../../core/consensus/membership.ts';
import type { LogEntry } from '../../core/consensus/rbft/message.ts';
import type { Statement } from '../../core/consensus/view-change.ts';
import type { Certificate, MemberVote, Phase } from '../../core/consensus/vote.ts';

/** An invariant that did not hold. */
export class Violation extends Error {
  override name = 'Violation';
}

/** What is known of one epoch. */
interface Epoch {
  readonly groupOf: readonly number[];
  /** By group. */
  readonly majorities: readonly number[];
  readonly quorum: number;
  readonly byzantine: readonly boolean[];
  readonly byzantineIn: readonly number[];
  readonly names: readonly Hex[];
}

interface Count {
  readonly signers: Set<number>;
  readonly honestIn: number[];
}

/** The log of one honest member, as far as it is kept. */
export interface GroupLog {
  readonly term: number;
  readonly base: number;
  readonly entries: readonly LogEntry[];
}

/** Watches everything that leaves members. Nodes are named by their number, members by their number in an epoch. */
export class Invariants {
  readonly #epochs: Epoch[] = [];
  /** By epoch, phase, height and view, then by hash. */
  readonly #votes = new Map<string, Map<Hex, Count>>();
  readonly #commits = new Map<string, MemberVote[]>();
  readonly #statements = new Map<string, Statement[]>();
  /** Hashes of PREPARE certificates that could be formed, by epoch and height, then by view. */
  readonly #prepared = new Map<string, Map<number, Hex>>();
  /** By height: the block that could be final, and the lowest view in which. */
  readonly #committed = new Map<number, { readonly hash: Hex; readonly views: Map<string, number> }>();
  readonly #chain: { readonly hash: Hex; readonly stateRoot: string }[] = [];
  readonly #applied = new Set<string>();
  readonly #told = new Map<number, number>();
  readonly #places = new Map<number, { readonly epoch: number; readonly view: number; readonly height: number }>();
  readonly #shownViews = new Map<string, number>();
  readonly #leaders = new Map<string, number>();
  readonly #seen = new WeakSet<Uint8Array>();
  /** Members, by their keys, whose log lost what was durable. */
  readonly #forgetful = new Set<Hex>();

  /** An epoch began; `isByzantine` by member. */
  addEpoch(members: Members, byzantine: readonly boolean[]): void {
    const groups = members.length;
    const groupOf = members.flatMap((group, index) => group.map(() => index));
    this.#epochs.push({
      groupOf,
      majorities: members.map((group) => Math.floor(group.length / 2) + 1),
      quorum: Math.floor((groups + Math.floor((groups - 1) / 3)) / 2) + 1,
      byzantine,
      names: members.flat().map(toHex),
      byzantineIn: members.map((_, group) => groupOf.filter((other, member) => other === group && byzantine[member]).length),
    });
  }

  get epochs(): number {
    return this.#epochs.length;
  }

  /** Highest height that is final anywhere. */
  get finalHeight(): number {
    return this.#chain.length;
  }

  /** A vote was shown to somebody. */
  onVote(epochNumber: number, vote: MemberVote): void {
    if (this.#seen.has(vote.signature)) return;
    this.#seen.add(vote.signature);
    const epoch = this.#epoch(epochNumber);
    const { phase, height, view, blockHash, member } = vote;
    const place = `${epochNumber} ${phase} ${height} ${view}`;
    let hashes = this.#votes.get(place);
    if (hashes === undefined) {
      hashes = new Map();
      this.#votes.set(place, hashes);
    }
    let count = hashes.get(blockHash);
    if (count === undefined) {
      count = { signers: new Set(), honestIn: epoch.majorities.map(() => 0) };
      hashes.set(blockHash, count);
    }
    if (count.signers.has(member)) return;
    count.signers.add(member);
    if (epoch.byzantine[member]) return;
    for (const [other, { signers }] of hashes)
      if (other !== blockHash && signers.has(member)) throw new Violation(`S6: member ${member} signed two hashes for ${place}`);
    this.#show(epochNumber, member, view);
    const group = epoch.groupOf[member] ?? 0;
    count.honestIn[group] = (count.honestIn[group] ?? 0) + 1;
    if (phase === 'commit') {
      const key = `${epochNumber} ${member}`;
      const commits = this.#commits.get(key) ?? [];
      commits.push(vote);
      this.#commits.set(key, commits);
      for (const statement of this.#statements.get(key) ?? []) this.#checkMemory(epoch, statement, vote);
    }
    const groups = count.honestIn.filter(
      (honest, index) => honest + (epoch.byzantineIn[index] ?? 0) >= (epoch.majorities[index] ?? 0),
    ).length;
    if (groups >= epoch.quorum) this.#onFormable(epochNumber, phase, height, view, blockHash);
  }

  /** A statement was shown to somebody; whether it is an honest member's, and was not seen before. */
  onStatement(epochNumber: number, statement: Statement): boolean {
    if (this.#seen.has(statement.signature)) return false;
    this.#seen.add(statement.signature);
    const { member, newView } = statement;
    if (this.#epoch(epochNumber).byzantine[member]) return false;
    this.#show(epochNumber, member, newView);
    const key = `${epochNumber} ${member}`;
    const statements = this.#statements.get(key) ?? [];
    if (statements.some((other) => other.newView === newView))
      throw new Violation(`S6: member ${member} made two statements for ${newView}`);
    statements.push(statement);
    this.#statements.set(key, statements);
    for (const commit of this.#commits.get(key) ?? []) this.#checkMemory(this.#epoch(epochNumber), statement, commit);
    return true;
  }

  /** A signature of an honest node left it; `isDurable` says whether its disk has it. */
  onLeaves(node: number, isDurable: boolean, what: string): void {
    if (!isDurable) throw new Violation(`S6: node ${node} sent a ${what} that was not durable`);
  }

  /** A block became final in an honest node's ledger, and clients are told. */
  onFinal(
    node: number,
    height: number,
    blockHash: Hex,
    certificate: Certificate,
    epoch: number,
    stateRoot: string,
    applied: readonly string[],
  ): void {
    this.#checkCertificate(epoch, certificate, height, blockHash);
    const last = this.#told.get(node) ?? 0;
    const known = this.#chain[height - 1];
    if (known !== undefined && known.hash !== blockHash)
      throw new Violation(`S2: two final blocks at ${height}: ${known.hash} and ${blockHash}`);
    if (known !== undefined && known.stateRoot !== stateRoot) throw new Violation(`S4: two states after block ${height}`);
    if (known === undefined) {
      if (height !== this.#chain.length + 1)
        throw new Violation(`S2: node ${node} went to height ${height}, and nobody was at ${height - 1}`);
      this.#chain.push({ hash: blockHash, stateRoot });
      for (const transaction of applied) {
        if (this.#applied.has(transaction)) throw new Violation(`S3: transaction ${transaction} was applied twice`);
        const [account = '', nonce = ''] = transaction.split(' ');
        if (!account.startsWith('0x') && nonce !== '0' && !this.#applied.has(`${account} ${Number(nonce) - 1}`))
          throw new Violation(`S3: transaction ${transaction} was applied out of its order`);
        this.#applied.add(transaction);
      }
    }
    if (height > last + 1) throw new Violation(`S2: node ${node} went from height ${last} to ${height}`);
    this.#told.set(node, Math.max(last, height));
  }

  /** How an honest node stands after a step. */
  onPlace(node: number, epoch: number, view: number, height: number): void {
    const last = this.#places.get(node);
    if (last !== undefined && last.epoch === epoch && last.view === view && last.height === height) return;
    if (last !== undefined && (epoch < last.epoch || (epoch === last.epoch && view < last.view) || height < last.height))
      throw new Violation(
        `S9: node ${node} went from epoch ${last.epoch}, view ${last.view}, height ${last.height} to ${epoch}, ${view}, ${height}`,
      );
    this.#places.set(node, { epoch, view, height });
  }

  /** An honest node started again from what was durable. */
  onRestart(node: number, epoch: number, member: number | undefined, view: number, height: number): void {
    if (height < (this.#told.get(node) ?? 0)) throw new Violation(`S11: node ${node} lost final blocks in a restart`);
    // A view that was entered and never shown to anybody may be lost; one that was signed for may not.
    const shown = member === undefined ? 0 : (this.#shownViews.get(`${epoch} ${member}`) ?? 0);
    if (view < shown) throw new Violation(`S9: node ${node} signed for view ${shown} and restarted in view ${view}`);
    this.#places.set(node, { epoch, view, height });
  }

  /** The log of a node lost what was durable: until it rejoins it may stand anywhere, and it may forget what it COMMITted to. */
  onForgotten(node: number, name: Hex): void {
    this.#forgetful.add(name);
    this.#places.delete(node);
  }

  /** A node whose log was cut signs again: nothing in views that it may have signed in. */
  onRejoined(node: number, epoch: number, member: number | undefined, view: number): void {
    const shown = member === undefined ? 0 : (this.#shownViews.get(`${epoch} ${member}`) ?? 0);
    if (view < shown) throw new Violation(`S9: node ${node} signed for view ${shown} and rejoined in view ${view}`);
  }

  /** A member leads its group in a term. */
  onLeader(epochNumber: number, member: number, term: number): void {
    const epoch = this.#epoch(epochNumber);
    if (epoch.byzantine[member]) return;
    const key = `${epochNumber} ${epoch.groupOf[member]} ${term}`;
    const known = this.#leaders.get(key);
    if (known !== undefined && known !== member && this.#isSafe(epoch, member))
      throw new Violation(`S8: members ${known} and ${member} both lead in term ${term}`);
    this.#leaders.set(key, member);
  }

  /** Two honest members of a group show their logs. */
  onLogs(epochNumber: number, group: number, left: GroupLog, right: GroupLog): void {
    const epoch = this.#epoch(epochNumber);
    if (!this.#isSafe(epoch, epoch.groupOf.indexOf(group))) return;
    // A leader who lies may send different entries for one place.
    if (left.term !== right.term || !this.#leaders.has(`${epochNumber} ${group} ${left.term}`)) return;
    const first = Math.max(left.base, right.base);
    const last = Math.min(left.base + left.entries.length, right.base + right.entries.length);
    for (let index = first; index < last; index++)
      if (left.entries[index - left.base] !== right.entries[index - right.base])
        throw new Violation(`S8: the logs of group ${group} differ at index ${index + 1}`);
  }

  /** An honest member reported somebody. */
  onEvidence(epochNumber: number, evidence: Evidence, holds: boolean): void {
    if (!holds) throw new Violation('S10: a proof does not hold');
    const epoch = this.#epoch(epochNumber);
    if (evidence.kind === 'amnesia' && this.#mayForget(epoch, accusedBy(evidence))) return;
    if (!epoch.byzantine[accusedBy(evidence)])
      throw new Violation(`S10: a proof of ${evidence.kind} names the honest member ${accusedBy(evidence)}`);
  }

  #epoch(epochNumber: number): Epoch {
    const epoch = this.#epochs[epochNumber];
    if (epoch === undefined) throw new Violation(`S5: somebody signed for epoch ${epochNumber}, which has not begun`);
    return epoch;
  }

  /** Whether a COMMIT of a member may be forgotten by everybody: it could not be part of a certificate (S7 and S1 say so). */
  #mayForget(epoch: Epoch, member: number): boolean {
    return this.#forgetful.has(epoch.names[member] ?? '0x');
  }

  #isSafe(epoch: Epoch, member: number): boolean {
    const group = epoch.groupOf[member] ?? 0;
    // Whom it voted for is not asked about: no safety hangs on it.
    if (epoch.names.some((name, other) => epoch.groupOf[other] === group && this.#forgetful.has(name))) return false;
    const size = epoch.groupOf.filter((other) => other === group).length;
    return (epoch.byzantineIn[group] ?? 0) < 2 * (epoch.majorities[group] ?? 0) - size;
  }

  #show(epoch: number, member: number, view: number): void {
    const key = `${epoch} ${member}`;
    const shown = this.#shownViews.get(key) ?? 0;
    if (view > shown) this.#shownViews.set(key, view);
  }

  #checkMemory(epoch: Epoch, statement: Statement, commit: MemberVote): void {
    if (forgets(statement, commit) && !this.#mayForget(epoch, statement.member))
      throw new Violation(`S10: amnesia could be proven of the honest member ${statement.member}`);
  }

  #checkCertificate(epochNumber: number, certificate: Certificate, height: number, blockHash: Hex): void {
    const epoch = this.#epoch(epochNumber);
    if (certificate.phase !== 'commit' || certificate.height !== height || certificate.blockHash !== blockHash)
      throw new Violation('S5: a certificate of something else');
    const groups = new Map<number, Set<number>>();
    for (const { group, signatures } of certificate.groups)
      for (const { member } of signatures)
        if (epoch.groupOf[member] === group) groups.set(group, (groups.get(group) ?? new Set()).add(member));
    const whole = [...groups].filter(([group, members]) => members.size >= (epoch.majorities[group] ?? 0));
    if (whole.length < epoch.quorum) throw new Violation(`S5: a certificate has ${whole.length} distinct groups with a majority`);
  }

  #onFormable(epoch: number, phase: Phase, height: number, view: number, blockHash: Hex): void {
    const key = `${epoch} ${height}`;
    let prepared = this.#prepared.get(key);
    if (prepared === undefined) {
      prepared = new Map();
      this.#prepared.set(key, prepared);
    }
    if (phase === 'prepare') {
      const rival = prepared.get(view);
      if (rival !== undefined && rival !== blockHash) throw new Violation(`S1: two PREPARE certificates at height ${height}, view ${view}`);
      prepared.set(view, blockHash);
    } else {
      const known = this.#committed.get(height);
      if (known !== undefined && known.hash !== blockHash) throw new Violation(`S1: two blocks can be final at height ${height}`);
      const committed = known ?? { hash: blockHash, views: new Map<string, number>() };
      committed.views.set(key, Math.min(view, committed.views.get(key) ?? view));
      this.#committed.set(height, committed);
    }
    const committed = this.#committed.get(height);
    const committedView = committed?.views.get(key);
    if (committed === undefined || committedView === undefined) return;
    for (const [preparedView, hash] of prepared)
      if (preparedView > committedView && hash !== committed.hash)
        throw new Violation(`S7: height ${height}: a COMMIT in view ${committedView}, another PREPARE in view ${preparedView}`);
  }
}
