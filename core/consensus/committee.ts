/**
 * Who decides: k groups of members, and the quorums that follow from their numbers (docs: RBFT, paper section 6.10). Members are
 * numbered through all groups, group by group, in the order of the genesis document. The machine takes any k and m;
 * that a network has k >= 4 and m >= 3 is checked where networks are made.
 */
import { assert } from '../base/assert.ts';
import { fromHex, type Hex } from '../base/bytes.ts';
import { groupMembersMax, groupsMax, publicKeyBytes } from './limits.ts';

/** A member's number among all members of the committee. */
export type MemberId = number;
/** A group's number. */
export type GroupId = number;

/** The members of one epoch. */
export class Committee {
  /** Hash of the network's genesis block: a signature counts in one network only. */
  readonly genesisHash: Hex;
  readonly genesisBytes: Uint8Array;
  readonly epoch: number;
  /** Groups that may be unsafe: F = floor((k - 1) / 3). */
  readonly unsafeGroupsMax: number;
  /** Groups that make a quorum: Q = floor((k + F) / 2) + 1. */
  readonly quorum: number;
  readonly #keys: readonly Uint8Array[];
  readonly #groupOf: readonly GroupId[];
  readonly #groups: readonly (readonly MemberId[])[];

  /** `groups` holds the Ed25519 public keys of each group's members. */
  constructor(genesisHash: Hex, epoch: number, groups: readonly (readonly Uint8Array[])[]) {
    assert(groups.length >= 1 && groups.length <= groupsMax, `a committee has 1 to ${groupsMax} groups`);
    this.genesisHash = genesisHash;
    this.genesisBytes = fromHex(genesisHash);
    this.epoch = epoch;
    this.unsafeGroupsMax = Math.floor((groups.length - 1) / 3);
    this.quorum = Math.floor((groups.length + this.unsafeGroupsMax) / 2) + 1;
    this.#keys = groups.flat();
    this.#groupOf = groups.flatMap((members, group) => members.map(() => group));
    let next = 0;
    this.#groups = groups.map((members) => {
      assert(members.length >= 1 && members.length <= groupMembersMax, `a group has 1 to ${groupMembersMax} members`);
      assert(
        members.every((key) => key.length === publicKeyBytes),
        `a public key has ${publicKeyBytes} bytes`,
      );
      return members.map(() => next++);
    });
  }

  /** Number of groups. */
  get groups(): number {
    return this.#groups.length;
  }

  /** Number of members. */
  get size(): number {
    return this.#keys.length;
  }

  /** Members of a group that make its majority: q = floor(m / 2) + 1. */
  majority(group: GroupId): number {
    return Math.floor(this.members(group).length / 2) + 1;
  }

  members(group: GroupId): readonly MemberId[] {
    const members = this.#groups[group];
    assert(members !== undefined, `group ${group} exists`);
    return members;
  }

  /** Whether a number names a member; what comes from outside is asked about first. */
  has(member: MemberId): boolean {
    return Number.isInteger(member) && member >= 0 && member < this.size;
  }

  groupOf(member: MemberId): GroupId {
    const group = this.#groupOf[member];
    assert(group !== undefined, `member ${member} exists`);
    return group;
  }

  publicKey(member: MemberId): Uint8Array {
    const key = this.#keys[member];
    assert(key !== undefined, `member ${member} exists`);
    return key;
  }

  /** The group that proposes in a view. */
  primaryOf(view: number): GroupId {
    return view % this.groups;
  }
}
