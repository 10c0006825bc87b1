/**
 * Looks for proofs of misbehaviour in all that a member sees. Every follower does; the supervisor of a group sees the most, because it
 * receives the other groups' votes directly. Each proof is reported once a signer and kind.
 */
import type { MemberId } from '../committee.ts';
import { accusedBy, type Evidence, forgets } from '../evidence.ts';
import { knownVotesMax, proofsMax } from '../limits.ts';
import type { Proposal } from '../proposal.ts';
import type { Statement } from '../view-change.ts';
import type { MemberVote } from '../vote.ts';

export interface WatchOptions {
  readonly statementOf: (member: MemberId) => Statement | undefined;
  readonly commitsOf: (member: MemberId) => readonly MemberVote[];
  readonly report: (evidence: Evidence) => void;
}

export class Watch {
  readonly #options: WatchOptions;
  /** The first proposal of each signer for each place, at heights that are not final. */
  readonly #proposals = new Map<string, Proposal>();
  /** Who was reported, and for what. */
  readonly #reported = new Set<string>();

  constructor(options: WatchOptions) {
    this.#options = options;
  }

  /** A vote that is new, with another of the same member in the same place, if there is one. */
  onVote(vote: MemberVote, rival: MemberVote | undefined): void {
    if (rival !== undefined) this.#report({ kind: 'two-votes', first: rival, second: vote });
    const statement = vote.phase === 'commit' ? this.#options.statementOf(vote.member) : undefined;
    if (statement !== undefined && forgets(statement, vote)) this.#report({ kind: 'amnesia', commit: vote, statement });
  }

  onStatement(statement: Statement): void {
    for (const commit of this.#options.commitsOf(statement.member))
      if (forgets(statement, commit)) this.#report({ kind: 'amnesia', commit, statement });
  }

  onProposal(proposal: Proposal): void {
    const key = `${proposal.height} ${proposal.view} ${proposal.member}`;
    const first = this.#proposals.get(key);
    if (first === undefined && this.#proposals.size < proofsMax) this.#proposals.set(key, proposal);
    if (first !== undefined && first.blockHash !== proposal.blockHash) this.#report({ kind: 'two-proposals', first, second: proposal });
  }

  /** What a member proposed, as far as it is remembered: the newest. */
  proposalsOf(member: MemberId): Proposal[] {
    return [...this.#proposals.values()].filter((proposal) => proposal.member === member).slice(-knownVotesMax);
  }

  /** Forgets proposals at heights that are final. */
  settle(finalHeight: number): void {
    for (const [key, { height }] of this.#proposals) if (height <= finalHeight) this.#proposals.delete(key);
  }

  #report(evidence: Evidence): void {
    const key = `${evidence.kind} ${accusedBy(evidence)}`;
    if (this.#reported.has(key) || this.#reported.size >= proofsMax) return;
    this.#reported.add(key);
    this.#options.report(evidence);
  }
}
