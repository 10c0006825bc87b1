/** Proposals with their blocks, kept for the height and the views that this member is at or about to reach, and for a new leader. */
import type { Committee, MemberId } from '../committee.ts';
import { offersPerProposerMax } from '../limits.ts';
import type { Offer } from './message.ts';

export class OfferStore {
  readonly #committee: Committee;
  /** By who proposed, so that one that proposes everything only crowds out itself. */
  readonly #offers = new Map<MemberId, Offer[]>();

  constructor(committee: Committee) {
    this.#committee = committee;
  }

  get all(): readonly Offer[] {
    return [...this.#offers.values()].flat();
  }

  /** Keeps an offer; with its group's vote it takes the place of the same without one. */
  add(offer: Offer): void {
    const { height, view, blockHash, member } = offer.proposal;
    const offers = this.#offers.get(member) ?? [];
    const same = offers.find(({ proposal }) => proposal.height === height && proposal.view === view && proposal.blockHash === blockHash);
    if (same !== undefined && (same.groupVote !== null || offer.groupVote === null)) return;
    const others = offers.filter((other) => other !== same);
    // An honest one proposes in ascending views: its newest is the least likely to be settled.
    this.#offers.set(member, [...others.slice(-(offersPerProposerMax - 1)), offer]);
  }

  at(height: number, view: number): readonly Offer[] {
    return this.#committee
      .members(this.#committee.primaryOf(view))
      .flatMap((member) => this.#offers.get(member) ?? [])
      .filter(({ proposal }) => proposal.height === height && proposal.view === view);
  }

  /** Forgets final heights and views that were left. */
  settle(finalHeight: number, view: number): void {
    for (const [member, offers] of this.#offers) {
      const left = offers.filter(({ proposal }) => proposal.height > finalHeight && proposal.view >= view);
      if (left.length === 0) this.#offers.delete(member);
      else this.#offers.set(member, left);
    }
  }
}
