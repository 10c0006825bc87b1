/** Proposals with their blocks, kept for the height and the views that this member is at or about to reach, and for a new leader. */
import type { Committee, GroupId } from '../committee.ts';
import { offersPerGroupMax } from '../limits.ts';
import type { Offer } from './message.ts';

export class OfferStore {
  readonly #committee: Committee;
  /** By primary group, so that one cannot crowd out another. */
  readonly #offers = new Map<GroupId, Offer[]>();

  constructor(committee: Committee) {
    this.#committee = committee;
  }

  get all(): readonly Offer[] {
    return [...this.#offers.values()].flat();
  }

  /** Keeps an offer; with a group's vote it takes the place of the same without one. */
  add(offer: Offer): void {
    const { height, view, blockHash, member } = offer.proposal;
    const group = this.#committee.primaryOf(view);
    const offers = this.#offers.get(group) ?? [];
    const known = offers.find(({ proposal }) => proposal.height === height && proposal.view === view && proposal.blockHash === blockHash);
    if (known !== undefined && (known.groupVote !== null || (offer.groupVote === null && known.proposal.member === member))) return;
    const others = offers.filter((other) => other !== known);
    // The newest is the least likely to be settled already.
    this.#offers.set(group, [...others.slice(-(offersPerGroupMax - 1)), offer]);
  }

  at(height: number, view: number): readonly Offer[] {
    return (this.#offers.get(this.#committee.primaryOf(view)) ?? []).filter(
      ({ proposal }) => proposal.height === height && proposal.view === view,
    );
  }

  /** Forgets final heights and views that were left. */
  settle(finalHeight: number, view: number): void {
    for (const [group, offers] of this.#offers) {
      const left = offers.filter(({ proposal }) => proposal.height > finalHeight && proposal.view >= view);
      if (left.length === 0) this.#offers.delete(group);
      else this.#offers.set(group, left);
    }
  }
}
