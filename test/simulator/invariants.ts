/**
 * What must hold at every step, whatever the network, the disks and the Byzantine members do. The numbers are those of the design:
 * S1 no two conflicting certificates can be formed from all signatures ever emitted; S2 honest chains are prefixes of one another and never
 * roll back; S5 certificates have a quorum of distinct groups with a majority of distinct members; S6 one hash per key and honest member,
 * across crashes, durable before sent; S7 below a formable COMMIT no other block is PREPAREd in a higher view; S8 one leader a term;
 * S9 views and heights do not decrease; S10 no proof names an honest member; S11 what was final survives.
 */
import type { Committee, MemberId } from '../../core/consensus/committee.ts';
import type { ProvenStatement } from '../../core/consensus/view-change.ts';
import type { Certificate, MemberVote, Phase } from '../../core/consensus/vote.ts';

/** An invariant that did not hold. */
export class Violation extends Error {
  override name = 'Violation';
}

interface Ballots {
  /** By hash: who signed. */
  readonly signers: Map<string, Set<MemberId>>;
}

/** Watches everything that leaves members. */
export class Invariants {
  readonly #committee: Committee;
  readonly #byzantine: ReadonlySet<MemberId>;
  /** By phase, height and view. */
  readonly #emitted = new Map<string, Ballots>();
  readonly #commitsOf = new Map<MemberId, MemberVote[]>();
  /** Formable COMMITs and PREPAREs by height: view and hash. */
  readonly #formable: Record<Phase, Map<number, Map<number, string>>> = { prepare: new Map(), commit: new Map() };
  readonly #chain: string[] = [];
  readonly #heights = new Map<MemberId, number>();
  readonly #views = new Map<MemberId, number>();
  readonly #leaders = new Map<string, MemberId>();

  constructor(committee: Committee, byzantine: ReadonlySet<MemberId>) {
    this.#committee = committee;
    this.#byzantine = byzantine;
  }

  /** Highest height that is final anywhere. */
  get finalHeight(): number {
    return this.#chain.length;
  }

  /** A vote left a member. */
  onVote(vote: MemberVote): void {
    const { phase, height, view, blockHash, member } = vote;
    const key = `${phase} ${height} ${view}`;
    const ballots = this.#emitted.get(key) ?? { signers: new Map() };
    this.#emitted.set(key, ballots);
    const signers = ballots.signers.get(blockHash) ?? new Set();
    if (signers.has(member)) return;
    if (!this.#byzantine.has(member)) {
      for (const [other, set] of ballots.signers)
        if (other !== blockHash && set.has(member)) throw new Violation(`S6: member ${member} signed two hashes for ${key}`);
      if (phase === 'commit') this.#commitsOf.set(member, [...(this.#commitsOf.get(member) ?? []), vote]);
    }
    signers.add(member);
    ballots.signers.set(blockHash, signers);
    if (this.#isFormable(signers)) this.#onFormable(phase, height, view, blockHash);
  }

  /** A statement left a member. */
  onStatement({ statement }: ProvenStatement): void {
    if (this.#byzantine.has(statement.member)) return;
    for (const { height, view, blockHash } of this.#commitsOf.get(statement.member) ?? []) {
      if (view >= statement.newView || statement.finalHeight >= height) continue;
      const { lock } = statement;
      const forgets =
        statement.finalHeight < height - 1 || lock === null || lock.view < view || (lock.view === view && lock.blockHash !== blockHash);
      if (forgets) throw new Violation(`S10: amnesia could be proven of the honest member ${statement.member}`);
    }
  }

  /** A member made a block final. */
  onFinal(member: MemberId, height: number, blockHash: string, certificate: Certificate): void {
    if (this.#byzantine.has(member)) return;
    this.#checkCertificate(certificate);
    const last = this.#heights.get(member) ?? 0;
    if (height <= last) {
      if (this.#chain[height - 1] !== blockHash) throw new Violation(`S2: member ${member} has another block at ${height}`);
      return;
    }
    if (height !== last + 1) throw new Violation(`S2: member ${member} went from height ${last} to ${height}`);
    const known = this.#chain[height - 1];
    if (known !== undefined && known !== blockHash) throw new Violation(`S2: two final blocks at ${height}: ${known} and ${blockHash}`);
    this.#chain[height - 1] = blockHash;
    this.#heights.set(member, height);
  }

  /** How a member stands after a step. */
  onStatus(member: MemberId, view: number, finalHeight: number): void {
    if (this.#byzantine.has(member)) return;
    const lastView = this.#views.get(member) ?? 0;
    if (view < lastView) throw new Violation(`S9: member ${member} went from view ${lastView} to ${view}`);
    this.#views.set(member, view);
    if (finalHeight > (this.#heights.get(member) ?? 0)) throw new Violation(`S11: member ${member} claims a height that it never told`);
  }

  /** A member restarted from what was durable. */
  onRestart(member: MemberId, view: number, finalHeight: number): void {
    if (finalHeight < (this.#heights.get(member) ?? 0)) throw new Violation(`S11: member ${member} lost final blocks in a restart`);
    // A view that was entered and never shown to anybody may be lost; one that was signed for may not.
    this.#views.set(member, view);
  }

  onLeader(member: MemberId, term: number): void {
    const key = `${this.#committee.groupOf(member)} ${term}`;
    const known = this.#leaders.get(key);
    if (known !== undefined && known !== member && !this.#byzantine.has(member) && !this.#byzantine.has(known))
      throw new Violation(`S8: members ${known} and ${member} both lead in term ${term}`);
    if (!this.#byzantine.has(member)) this.#leaders.set(key, member);
  }

  #checkCertificate({ groups }: Certificate): void {
    if (new Set(groups.map(({ group }) => group)).size < this.#committee.quorum) throw new Violation('S5: too few distinct groups');
    for (const { group, signatures } of groups)
      if (new Set(signatures.map(({ member }) => member)).size < this.#committee.majority(group))
        throw new Violation('S5: too few distinct members');
  }

  /** Whether a quorum could be made of these signatures and of any that Byzantine members might add. */
  #isFormable(signers: ReadonlySet<MemberId>): boolean {
    let groups = 0;
    for (let group = 0; group < this.#committee.groups; group++) {
      const count = this.#committee.members(group).filter((member) => signers.has(member) || this.#byzantine.has(member)).length;
      if (count >= this.#committee.majority(group)) groups++;
    }
    return groups >= this.#committee.quorum;
  }

  #onFormable(phase: Phase, height: number, view: number, blockHash: string): void {
    const views = this.#formable[phase].get(height) ?? new Map<number, string>();
    this.#formable[phase].set(height, views);
    const rival = views.get(view);
    if (rival !== undefined && rival !== blockHash) throw new Violation(`S1: two ${phase} certificates at height ${height}, view ${view}`);
    views.set(view, blockHash);
    for (const [committedView, committed] of this.#formable.commit.get(height) ?? []) {
      if (phase === 'commit' && committed !== blockHash) throw new Violation(`S1: two blocks can be final at height ${height}`);
      for (const [preparedView, prepared] of this.#formable.prepare.get(height) ?? [])
        if (preparedView > committedView && prepared !== committed)
          throw new Violation(`S7: height ${height}: a COMMIT in view ${committedView}, another PREPARE in view ${preparedView}`);
    }
  }
}
