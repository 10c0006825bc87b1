/**
 * A member whose vote log was cut, or restored, may have forgotten what it signed. Before it signs anything it asks the others: Q groups with
 * a majority of members each must answer. If one knows of a signature that is not in the log, the key is given up for good.
 *
 * A signature may also be on its way, or with somebody who does not answer. So nothing is ever signed again in a view that this member
 * may have been in. Whatever view it voted in, Q groups with a majority each had left for or voted in, and of at least Q - F groups as many
 * honest members as a majority has beyond its Byzantine ones; each of them says a view as high, or has not answered. The highest view
 * for which that may be so bounds what was signed; own statements may be of the view after it. And if a COMMIT was part of what may be final, one of
 * those who answer has the lock, or is further: the highest lock is taken over before anything is signed.
 */
import { assert } from '../../base/assert.ts';
import type { MemberId } from '../committee.ts';
import { pollAnswerMs, resendMs, tickMs, viewTimeoutMaxMs } from '../limits.ts';
import type { Certificate } from '../vote.ts';
import type { Message } from './message.ts';
import type { Parts } from './parts.ts';

/** How many heights after the last final one a forgotten vote may have been at, so that until then the log may not be called whole. */
const heightsInDoubt = 2;
const nonceBound = 2 ** 32;

export type KnownVotes = Extract<Message, { kind: 'votes-known' }>;

export class LostVotes {
  readonly #parts: Parts;
  readonly #nonce: number;
  #state: 'asking' | 'rejoined' | 'whole' | 'lost';
  /** The views that others said they were in, and the highest lock of each. */
  readonly #views = new Map<MemberId, number>();
  readonly #locks = new Map<MemberId, Certificate>();
  readonly #answeredAt = new Map<MemberId, number>();
  #finalHeight = 0;
  #askedAt = Number.NEGATIVE_INFINITY;
  #begunAt: number | null = null;
  #rejoinedHeight = 0;

  constructor(parts: Parts, mustAsk: boolean) {
    this.#parts = parts;
    this.#state = mustAsk ? 'asking' : 'whole';
    this.#nonce = mustAsk ? parts.random(nonceBound) : 0;
  }

  /** Whether nothing may be signed. */
  get isMute(): boolean {
    return this.#state === 'asking' || this.#state === 'lost';
  }

  tick(now: number): void {
    if (this.#state !== 'asking') return;
    this.#begunAt ??= now;
    if (now - this.#askedAt >= resendMs / tickMs) {
      this.#askedAt = now;
      const { committee, out } = this.#parts;
      for (let member = 0; member < committee.size; member++) out.send(member, { kind: 'votes-wanted', nonce: this.#nonce });
    }
    this.#rejoin(now - this.#begunAt >= viewTimeoutMaxMs / tickMs);
  }

  /** Tells a member what it signed, as far as is known here, and what shows how far it may have come. Also those who ask themselves answer. */
  answer(to: MemberId, nonce: number, proposals: KnownVotes['proposals'], now: number): void {
    if (now - (this.#answeredAt.get(to) ?? Number.NEGATIVE_INFINITY) < pollAnswerMs / tickMs) return;
    this.#answeredAt.set(to, now);
    const { replica, tally, out } = this.#parts;
    out.send(to, {
      kind: 'votes-known',
      nonce,
      view: replica.view,
      finalCertificate: replica.final.certificate,
      lockCertificate: replica.lock,
      votes: tally.votesOf(to),
      statement: replica.statementOf(to)?.statement ?? null,
      proposals,
    });
  }

  /** An answer; everything in it is signed by whom it should be. */
  onKnown(from: MemberId, known: KnownVotes): void {
    if (this.#state !== 'asking' || known.nonce !== this.#nonce) return;
    const { book, replica, out } = this.#parts;
    const { votes, statement, proposals, finalCertificate, lockCertificate } = known;
    const { height } = replica.final;
    const isForgotten =
      votes.some((vote) => vote.height > height && !book.knowsVote(vote)) ||
      proposals.some((proposal) => proposal.height > height && !book.knowsProposal(proposal)) ||
      (statement !== null && !book.knowsStatement(statement));
    if (isForgotten) {
      this.#state = 'lost';
      out.persist({ kind: 'lost' });
      out.apply({ kind: 'votes-lost' });
      return;
    }
    this.#views.set(from, Math.max(known.view, this.#views.get(from) ?? 0));
    this.#finalHeight = Math.max(this.#finalHeight, finalCertificate?.height ?? 0);
    if (lockCertificate !== null && isAbove(lockCertificate, this.#locks.get(from))) this.#locks.set(from, lockCertificate);
    // Whatever is final to others is needed before this member may go on.
    if (finalCertificate !== null) replica.onCertificate(finalCertificate);
  }

  /** A block is final. Once no height is left that a forgotten vote may have been at, the log may be called whole. */
  onFinal(height: number): void {
    if (this.#state !== 'rejoined' || height < this.#rejoinedHeight + heightsInDoubt) return;
    this.#state = 'whole';
    this.#parts.out.apply({ kind: 'votes-asked' });
  }

  #rejoin(isPatienceOver: boolean): void {
    const { committee, replica, book, raft } = this.#parts;
    const { final } = replica;
    if (final.height < this.#finalHeight || replica.isOver) return;
    const groups = Array.from({ length: committee.groups }, (_, group) => group);
    const answered = (group: number) => committee.members(group).filter((member) => this.#views.has(member)).length;
    if (groups.filter((group) => answered(group) >= committee.majority(group)).length < committee.quorum) return;
    const view = this.#highestView(true);
    // Somebody may claim any view. What only one claims is no hindrance once the others have answered, and they are given the time for it.
    if (view === Number.POSITIVE_INFINITY) return;
    if (view > Math.max(replica.view, this.#highestView(false)) + 1 && !isPatienceOver) return;
    let lock: Certificate | undefined;
    for (const other of this.#locks.values()) if (other.height === final.height + 1 && isAbove(other, lock)) lock = other;
    this.#state = 'rejoined';
    this.#rejoinedHeight = final.height;
    this.#locks.clear();
    replica.rejoin(view + 1, lock ?? null);
    book.unmute();
    raft.unmute();
  }

  /** The highest view that Q - F groups may have been in, by what was said; `counts` says whether those who said nothing may have been in any. */
  #highestView(counts: boolean): number {
    const { committee } = this.#parts;
    const highest = Array.from({ length: committee.groups }, (_, group) => {
      const members = committee.members(group);
      const views = members
        .map((member) => this.#views.get(member) ?? (counts ? Number.POSITIVE_INFINITY : 0))
        .sort((left, right) => right - left);
      // So many of a majority are honest in a group that is safe.
      const view = views[members.length - committee.majority(group)];
      assert(view !== undefined, 'a majority is no more than all');
      return view;
    }).sort((left, right) => right - left);
    return highest[committee.quorum - committee.unsafeGroupsMax - 1] ?? 0;
  }
}

function isAbove(lock: Certificate, other: Certificate | undefined): boolean {
  return other === undefined || lock.height > other.height || (lock.height === other.height && lock.view > other.view);
}
