/**
 * What only the leader of the primary group does: it makes the NEW-VIEW of its view, and proposes. First what must be proposed - the block that
 * the NEW-VIEW locks, what it proposed itself before a restart -, then what its group already voted for or was offered under
 * an earlier leader, if it is valid; a new block only if there is none of these.
 */
import type { Hex } from '../../base/bytes.ts';
import { pollMs, tickMs } from '../limits.ts';
import type { ProposedBlock } from '../proposal.ts';
import type { NewView } from '../view-change.ts';
import type { Offer } from './message.ts';
import type { Parts } from './parts.ts';

interface Place {
  readonly height: number;
  readonly view: number;
}

export interface ProposerOptions {
  readonly wantBody: (blockHash: Hex) => void;
  readonly onNewView: (newView: NewView) => void;
  /** A proposal is signed: it goes to the group, and then to the replica. */
  readonly onProposed: (offer: Offer) => void;
  /** The replica has it: votes of the group for it may have been here before. */
  readonly onFollowed: (offer: Offer) => void;
}

export class Proposer {
  readonly #parts: Parts;
  readonly #options: ProposerOptions;
  #building: Place | null = null;
  /** Since when this is the place. */
  #since = 0;

  constructor(parts: Parts, options: ProposerOptions) {
    this.#parts = parts;
    this.#options = options;
  }

  /** Another height, view or leader. */
  onPlace(now: number): void {
    this.#building = null;
    this.#since = now;
  }

  /** Does what is due. */
  lead(now: number): void {
    if (
      !this.#parts.raft.isLeader ||
      this.#parts.replica.isOver ||
      this.#parts.committee.primaryOf(this.#parts.replica.view) !== this.#parts.group
    )
      return;
    const newView = this.#parts.replica.makeNewView();
    if (newView !== null) this.#options.onNewView(newView);
    if (!this.#parts.raft.hasMajority || !this.#parts.replica.mayPropose) return;
    const place = { height: this.#parts.replica.final.height + 1, view: this.#parts.replica.view };
    const known = this.#parts.replica.lockedHash ?? this.#parts.book.proposalAt(place.height, place.view)?.blockHash;
    if (known !== undefined) {
      const block = this.#parts.replica.body(known);
      if (block === undefined) this.#options.wantBody(known);
      else this.#propose(block);
      return;
    }
    const adopted = this.#blockToAdopt(place, now);
    if (adopted === 'wait') return;
    if (adopted !== null) {
      this.#propose(adopted);
      return;
    }
    if (this.#building !== null) return;
    // V4: after NEW-VIEW the primary proposes at once, empty if need be.
    const mayBeEmpty = this.#parts.replica.newView !== null && this.#parts.replica.isOwed;
    if (!this.#parts.replica.hasExecutable && !mayBeEmpty) return;
    this.#building = place;
    this.#parts.out.apply({ kind: 'build', ...place, parentHash: this.#parts.replica.final.blockHash, mayBeEmpty });
  }

  /** What the group voted for or was offered under an earlier leader: a new one goes on with it. */
  #blockToAdopt(place: Place, now: number): ProposedBlock | 'wait' | null {
    const offers = this.#parts.offers.at(place.height, place.view);
    const hashes = new Set([
      ...this.#parts.tally.votedIn(this.#parts.group, { phase: 'prepare', ...place }),
      ...offers.map(({ proposal }) => proposal.blockHash),
    ]);
    for (const hash of hashes) {
      const block = this.#parts.replica.body(hash) ?? offers.find(({ proposal }) => proposal.blockHash === hash)?.block;
      if (block === undefined) {
        // Perhaps there is no such block: one member alone may have voted for it.
        if (now - this.#since >= pollMs / tickMs) continue;
        this.#options.wantBody(hash);
        return 'wait';
      }
      if (block.view !== place.view || block.parentHash !== this.#parts.replica.final.blockHash) continue;
      const verdict = this.#parts.replica.verdict(block);
      if (verdict === undefined) return 'wait';
      if (verdict) return block;
    }
    return null;
  }

  /** The ledger built a block for a place, or had nothing to put into one. */
  onBuilt({ height, view }: Place, block: ProposedBlock | null, now: number): void {
    if (this.#building?.height !== height || this.#building.view !== view) return;
    this.#building = null;
    // Nothing to put into a block: the ledger tells when that changes.
    if (block === null) this.#parts.replica.setExecutable(false);
    if (
      block === null ||
      !this.#parts.raft.isLeader ||
      this.#parts.replica.view !== view ||
      this.#parts.replica.final.height + 1 !== height
    )
      return;
    if (!this.#parts.replica.mayPropose || this.#parts.replica.lockedHash !== null || this.#blockToAdopt({ height, view }, now) !== null)
      return;
    this.#propose(block, true);
  }

  #propose(block: ProposedBlock, isBuilt = false): void {
    const { view } = this.#parts.replica;
    const signed = this.#parts.book.propose(block.height, view, block.hash);
    if (signed.outcome === 'refused') return;
    if (signed.outcome === 'new') this.#parts.out.persist({ kind: 'proposal', proposal: signed.value });
    const offer: Offer = { proposal: signed.value, block, groupVote: null };
    this.#parts.offers.add(offer);
    this.#options.onProposed(offer);
    if (isBuilt) this.#parts.replica.onBuilt(signed.value, block);
    else this.#parts.replica.onProposal(signed.value, block);
    this.#options.onFollowed(offer);
  }
}
