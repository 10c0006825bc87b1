/**
 * Who decides in one epoch: k groups of members, and the quorums that follow from their numbers (paper section 6.10). Members are numbered
 * through all groups, group by group. The machine takes any k and m; that a network has k >= 4 and m >= 3 is checked where
 * members are named (membership.ts).
 */
import { assert } from '../base/assert.ts';
import { fromHex, type Hex, toHex } from '../base/bytes.ts';
import { groupMembersMax, groupsMax, publicKeyBytes } from './limits.ts';
import type { Members } from './membership.ts';

/** A member's number among all members of the committee. */
export type MemberId = number;
/** A group's number. */
export type GroupId = number;

/** Groups of so many that may be unsafe: F = floor((k - 1) / 3). */
export function unsafeGroupsOf(groups: number): number {
  return Math.floor((groups - 1) / 3);
}

/** Groups of so many that make a quorum: Q = floor((k + F) / 2) + 1. */
export function quorumOf(groups: number): number {
  return Math.floor((groups + unsafeGroupsOf(groups)) / 2) + 1;
}

/** Members of so many that make a group's majority: q = floor(m / 2) + 1. */
export function majorityOf(members: number): number {
  return Math.floor(members / 2) + 1;
}

/** The members of one epoch. */
export class Committee {
  /** Hash of the network's genesis block: a signature counts in one network only. */
  readonly genesisHash: Hex;
  readonly genesisBytes: Uint8Array;
  readonly epoch: number;
  /** The keys, by group. */
  readonly keys: Members;
  /** Number of groups: k. */
  readonly groups: number;
  /** Number of members of all groups. */
  readonly size: number;
  /** Groups that may be unsafe: F. */
  readonly unsafeGroupsMax: number;
  /** Groups that make a quorum: Q. */
  readonly quorum: number;
  readonly #keys: readonly Uint8Array[];
  readonly #names: readonly Hex[];
  readonly #groupOf: readonly GroupId[];
  readonly #groups: readonly (readonly MemberId[])[];
  readonly #majorities: readonly number[];
  readonly #memberOf: ReadonlyMap<Hex, MemberId>;

  constructor(genesisHash: Hex, epoch: number, keys: Members) {
    assert(keys.length >= 1 && keys.length <= groupsMax, `a committee has 1 to ${groupsMax} groups`);
    this.genesisHash = genesisHash;
    this.genesisBytes = fromHex(genesisHash);
    this.epoch = epoch;
    this.keys = keys;
    this.groups = keys.length;
    this.unsafeGroupsMax = unsafeGroupsOf(keys.length);
    this.quorum = quorumOf(keys.length);
    this.#keys = keys.flat();
    this.size = this.#keys.length;
    this.#groupOf = keys.flatMap((members, group) => members.map(() => group));
    this.#names = this.#keys.map(toHex);
    this.#memberOf = new Map(this.#names.map((name, member) => [name, member]));
    assert(this.#memberOf.size === this.size, 'a key belongs to one member');
    let next = 0;
    this.#groups = keys.map((members) => {
      assert(members.length >= 1 && members.length <= groupMembersMax, `a group has 1 to ${groupMembersMax} members`);
      assert(
        members.every((key) => key.length === publicKeyBytes),
        `a public key has ${publicKeyBytes} bytes`,
      );
      return members.map(() => next++);
    });
    this.#majorities = keys.map((members) => majorityOf(members.length));
  }

  /** Members of a group that make its majority: q. */
  majority(group: GroupId): number {
    const majority = this.#majorities[group];
    assert(majority !== undefined, `group ${group} exists`);
    return majority;
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

  /** A member's public key as text: how the transport names it, whatever its number in an epoch. */
  nameOf(member: MemberId): Hex {
    const name = this.#names[member];
    assert(name !== undefined, `member ${member} exists`);
    return name;
  }

  /** The member with a key, if there is one. */
  memberWith(key: Hex): MemberId | undefined {
    return this.#memberOf.get(key);
  }

  /** The group that proposes in a view. */
  primaryOf(view: number): GroupId {
    return view % this.groups;
  }
}
