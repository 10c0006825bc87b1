/**
 * How members that lag, or lost something, are brought up: by polls, which anybody answers with what proves itself, and by bodies asked for by
 * their hash. A poll also carries a height on where leaders do not: its answer holds votes.
 */
import type { Hex } from '../../base/bytes.ts';
import type { MemberId } from '../committee.ts';
import { pollAnswerMs, pollMs, tickMs, wantedBodiesMax } from '../limits.ts';
import type { ProposedBlock } from '../proposal.ts';
import type { Message } from './message.ts';
import type { Parts } from './parts.ts';

/** The shortest time between two answers to one member. */
const answerTicks = pollAnswerMs / tickMs;

export class CatchUp {
  readonly #parts: Parts;
  /** Bodies that are missing. */
  readonly #wanted = new Set<Hex>();
  readonly #answeredAt = new Map<MemberId, number>();
  /** How many bodies each member was given, and since when that is counted. */
  readonly #given = new Map<MemberId, { count: number; readonly since: number }>();

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Asks somebody for whatever this member should know, and for the bodies that it misses. */
  poll(): void {
    const { final, view, isEntered } = this.#parts.replica;
    for (const blockHash of this.#wanted)
      this.#parts.out.send(this.#anybody(), { kind: 'body-wanted', height: final.height + 1, blockHash });
    this.#parts.out.send(this.#anybody(), { kind: 'poll', finalHeight: final.height, view, isEntered });
  }

  /** Tells a member what it should know, and not oftener than it may ask. */
  answer(to: MemberId, { finalHeight, view, isEntered }: Extract<Message, { kind: 'poll' }>, now: number): void {
    if (now - (this.#answeredAt.get(to) ?? -answerTicks) < answerTicks) return;
    this.#answeredAt.set(to, now);
    const own = this.#parts.replica.final.height;
    if (own > finalHeight) this.serve(to, finalHeight + 1);
    const { newView, lock } = this.#parts.replica;
    if (newView !== null && (newView.view > view || (newView.view === view && !isEntered)))
      this.#parts.out.send(to, { kind: 'new-view', newView });
    else
      for (const proven of this.#parts.replica.statements)
        if (proven.statement.newView > view || (proven.statement.newView === view && !isEntered))
          this.#parts.out.send(to, { kind: 'statement', proven });
    if (own !== finalHeight) return;
    if (lock !== null) this.#parts.out.send(to, { kind: 'certificate', certificate: lock });
    for (const vote of this.#parts.book.votesAt(own + 1)) this.#parts.out.send(to, { kind: 'vote', vote });
    for (const offer of this.#parts.offers.all)
      if (offer.groupVote !== null && offer.proposal.view >= view) this.#parts.out.send(to, { kind: 'offer', offer });
  }

  /** Sends final blocks. */
  serve(to: MemberId, fromHeight: number): void {
    this.#parts.out.apply({ kind: 'serve', to, fromHeight });
  }

  /** Asks for a body until it comes, the neighbours and somebody else first. */
  want(blockHash: Hex): void {
    if (this.#wanted.has(blockHash)) return;
    // What was asked for in vain the longest may not exist.
    if (this.#wanted.size >= wantedBodiesMax) for (const oldest of [...this.#wanted].slice(0, 1)) this.#wanted.delete(oldest);
    this.#wanted.add(blockHash);
    const message: Message = { kind: 'body-wanted', height: this.#parts.replica.final.height + 1, blockHash };
    this.#parts.out.sendAll(this.#parts.committee.members(this.#parts.group), message);
    this.#parts.out.send(this.#anybody(), message);
  }

  /** Gives a body to whoever misses it, and not more of them than an honest member asks for. */
  onWanted(from: MemberId, { blockHash, height }: Extract<Message, { kind: 'body-wanted' }>, now: number): void {
    const block = this.#parts.replica.body(blockHash);
    if (block !== undefined) {
      let given = this.#given.get(from);
      if (given === undefined || now - given.since >= pollMs / tickMs) given = { count: 0, since: now };
      this.#given.set(from, given);
      if (given.count++ < wantedBodiesMax) this.#parts.out.send(from, { kind: 'body', block });
    } else if (height <= this.#parts.replica.final.height) this.serve(from, height);
  }

  /** Takes a body that was asked for; others are not listened to. */
  onBody(block: ProposedBlock): void {
    if (this.#wanted.delete(block.hash)) this.#parts.replica.onBody(block);
  }

  /** Another height: what was missing at the last one is not any more. */
  settle(): void {
    this.#wanted.clear();
  }

  /** A member of another group, or of the own one where there is no other. */
  #anybody(): MemberId {
    const own = this.#parts.committee.members(this.#parts.group);
    const others = this.#parts.committee.size - own.length;
    if (others === 0) return own[this.#parts.random(own.length)] ?? this.#parts.self;
    const drawn = this.#parts.random(others);
    return drawn < (own[0] ?? 0) ? drawn : drawn + own.length;
  }
}
