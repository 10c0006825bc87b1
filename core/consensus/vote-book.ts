/**
 * The only place that signs votes, statements and proposals. It knows every one that this member signed in the epoch and that is not settled,
 * and the own view: the highest signed for, voted in or entered. It refuses a second hash for a key, anything of a lower view (which is how
 * a statement forbids PREPARE and COMMIT below it, V2), and anything at a height that is final.
 * What it signs must be durable before it leaves: every call gives the record to write, and a restart reads the records back.
 */
import type { Hex } from '../base/bytes.ts';
import type { Committee, MemberId } from './committee.ts';
import { ownVotesMax } from './limits.ts';
import { type Proposal, proposalBytes } from './proposal.ts';
import type { Sign } from './signing.ts';
import { type LockedBlock, type ProvenStatement, type Statement, statementBytes } from './view-change.ts';
import { type Ballot, type MemberVote, voteBytes } from './vote.ts';

/** What was signed. */
export type SignedRecord =
  | { readonly kind: 'vote'; readonly vote: MemberVote }
  | { readonly kind: 'statement'; readonly proven: ProvenStatement }
  | { readonly kind: 'proposal'; readonly proposal: Proposal };

/** What came of asking for a signature: a new one, to be written first; the one made before; or none. */
export type Signed<Value> = { readonly outcome: 'new' | 'known'; readonly value: Value } | { readonly outcome: 'refused' };

const refused = { outcome: 'refused' } as const;

export class VoteBook {
  readonly #committee: Committee;
  readonly #self: MemberId;
  readonly #sign: Sign;
  readonly #votes = new Map<string, MemberVote>();
  readonly #proposals = new Map<string, Proposal>();
  #statement: Statement | null = null;
  /** The lowest height at which may be signed. */
  #height = 0;
  #view = 0;
  /** Whether nothing is signed, because something may have been that is not remembered. */
  #isMute: boolean;

  constructor(committee: Committee, self: MemberId, sign: Sign, isMute = false) {
    this.#isMute = isMute;
    this.#committee = committee;
    this.#self = self;
    this.#sign = sign;
  }

  /** Takes back what was written before a restart. */
  restore(record: SignedRecord): void {
    switch (record.kind) {
      case 'vote':
        this.#votes.set(ballotKey(record.vote), record.vote);
        this.#rise(record.vote.height, record.vote.view);
        break;
      case 'statement':
        this.#statement = record.proven.statement;
        this.#rise(0, record.proven.statement.newView);
        break;
      case 'proposal':
        this.#proposals.set(placeKey(record.proposal.height, record.proposal.view), record.proposal);
        this.#rise(record.proposal.height, record.proposal.view);
        break;
    }
  }

  /** The own view: it never decreases. */
  get view(): number {
    return this.#view;
  }

  /** Makes a view the own one, if it is higher: nothing is signed below it from then on. */
  enter(view: number): void {
    this.#view = Math.max(this.#view, view);
  }

  /** The newest statement. */
  get statement(): Statement | null {
    return this.#statement;
  }

  /** Votes at a height, to be sent again. */
  votesAt(height: number): MemberVote[] {
    return [...this.#votes.values()].filter((vote) => vote.height === height);
  }

  /** The vote in a phase of a height and view, if one was signed. */
  voteIn({ phase, height, view }: Omit<Ballot, 'blockHash'>): MemberVote | undefined {
    return this.#votes.get(ballotKey({ phase, height, view }));
  }

  /** The proposal made at a height and view. */
  proposalAt(height: number, view: number): Proposal | undefined {
    return this.#proposals.get(placeKey(height, view));
  }

  /** Others were asked what this member signed. */
  unmute(): void {
    this.#isMute = false;
  }

  /** Whether a vote of this member, at a height that is not settled, is remembered. */
  knowsVote(vote: MemberVote): boolean {
    return this.#votes.get(ballotKey(vote))?.blockHash === vote.blockHash;
  }

  /** Whether a proposal of this member, at a height that is not settled, is remembered. */
  knowsProposal({ height, view, blockHash }: Proposal): boolean {
    return this.#proposals.get(placeKey(height, view))?.blockHash === blockHash;
  }

  /** Whether a statement of this member is the newest that is remembered, or an older one. */
  knowsStatement({ newView, finalHeight, finalHash, lock }: Statement): boolean {
    const own = this.#statement;
    if (own === null || newView > own.newView) return false;
    if (newView < own.newView) return true;
    return (
      own.finalHeight === finalHeight &&
      own.finalHash === finalHash &&
      own.lock?.view === lock?.view &&
      own.lock?.blockHash === lock?.blockHash
    );
  }

  vote(ballot: Ballot): Signed<MemberVote> {
    if (this.#isMute) return refused;
    const { phase, height, view, blockHash } = ballot;
    const known = this.#votes.get(ballotKey(ballot));
    if (known !== undefined) return known.blockHash === blockHash ? { outcome: 'known', value: known } : refused;
    if (view < this.#view || height < this.#height) return refused;
    const signature = this.#sign(voteBytes(this.#committee, this.#committee.groupOf(this.#self), ballot));
    const value = { phase, height, view, blockHash, member: this.#self, signature };
    this.#votes.set(ballotKey(ballot), value);
    this.#rise(height, view);
    forgetLowest(this.#votes, this.#view);
    return { outcome: 'new', value };
  }

  /** Leaves every view below `newView` for good. */
  state(newView: number, finalHeight: number, finalHash: Hex, lock: LockedBlock | null): Signed<Statement> {
    if (this.#isMute || newView <= this.#view) return refused;
    const unsigned = { member: this.#self, newView, finalHeight, finalHash, lock };
    const value = { ...unsigned, signature: this.#sign(statementBytes(this.#committee, this.#committee.groupOf(this.#self), unsigned)) };
    this.#statement = value;
    this.#rise(0, newView);
    return { outcome: 'new', value };
  }

  propose(height: number, view: number, blockHash: Hex): Signed<Proposal> {
    if (this.#isMute) return refused;
    const known = this.#proposals.get(placeKey(height, view));
    if (known !== undefined) return known.blockHash === blockHash ? { outcome: 'known', value: known } : refused;
    if (view < this.#view || height < this.#height) return refused;
    const unsigned = { member: this.#self, height, view, blockHash };
    const value = { ...unsigned, signature: this.#sign(proposalBytes(this.#committee, unsigned)) };
    this.#proposals.set(placeKey(height, view), value);
    this.#rise(height, view);
    forgetLowest(this.#proposals, this.#view);
    return { outcome: 'new', value };
  }

  /** Forgets what was signed at heights that are final: nothing is signed there again, because heights never go back. */
  settle(finalHeight: number): void {
    this.#height = Math.max(this.#height, finalHeight + 1);
    for (const [key, { height }] of this.#votes) if (height <= finalHeight) this.#votes.delete(key);
    for (const [key, { height }] of this.#proposals) if (height <= finalHeight) this.#proposals.delete(key);
  }

  #rise(height: number, view: number): void {
    this.#height = Math.max(this.#height, height);
    this.#view = Math.max(this.#view, view);
  }
}

/** Forgets one of a view below the own when there are too many: nothing is signed there again, so that it guards nothing any more. */
function forgetLowest(signed: Map<string, { readonly view: number }>, ownView: number): void {
  if (signed.size <= ownVotesMax) return;
  for (const [key, { view }] of signed) {
    if (view >= ownView) continue;
    signed.delete(key);
    return;
  }
}

function ballotKey({ phase, height, view }: Omit<Ballot, 'blockHash'>): string {
  return `${phase} ${height} ${view}`;
}

function placeKey(height: number, view: number): string {
  return `${height} ${view}`;
}
