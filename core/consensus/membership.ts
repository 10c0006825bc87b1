/**
 * Who belongs to which group, and how that may change. A change is a transaction; the block that holds it is the last of its epoch, and
 * the next epoch begins with the new members. Genesis and every change keep k >= 4 and m >= 3: with fewer, nothing is tolerated.
 */
import { type Hex, toHex } from '../base/bytes.ts';
import { groupMembersMax, groupMembersMin, groupsMax, groupsMin, publicKeyBytes } from './limits.ts';

/** The Ed25519 public keys of each group's members. */
export type Members = readonly (readonly Uint8Array[])[];

/** One change of the membership. At 4 groups of 3 a member can only be replaced, in one step: removing it first is refused. */
export type MembershipChange =
  | { readonly kind: 'add'; readonly group: number; readonly key: Uint8Array }
  | { readonly kind: 'remove'; readonly key: Uint8Array }
  | { readonly kind: 'replace'; readonly key: Uint8Array; readonly by: Uint8Array };

/** Why these members make no network; null if they do. */
export function membershipFault(members: Members): string | null {
  if (members.length < groupsMin || members.length > groupsMax) return `a network has ${groupsMin} to ${groupsMax} groups`;
  if (members.some((group) => group.length < groupMembersMin || group.length > groupMembersMax))
    return `a group has ${groupMembersMin} to ${groupMembersMax} members`;
  const keys = members.flat();
  if (keys.some((key) => key.length !== publicKeyBytes)) return `a public key has ${publicKeyBytes} bytes`;
  if (new Set(keys.map(toHex)).size !== keys.length) return 'every key is named once';
  return null;
}

/** The members after a change, or why it is refused. */
export function changeMembers(members: Members, change: MembershipChange): { readonly members: Members } | { readonly fault: string } {
  const changed = apply(members, change);
  if (changed === null) return { fault: 'the change names a group or key that is not there' };
  const fault = membershipFault(changed);
  return fault === null ? { members: changed } : { fault };
}

function apply(members: Members, change: MembershipChange): Members | null {
  if (change.kind === 'add') {
    if (members[change.group] === undefined) return null;
    return members.map((group, index) => (index === change.group ? [...group, change.key] : group));
  }
  const key: Hex = toHex(change.key);
  if (!members.flat().some((member) => toHex(member) === key)) return null;
  return members.map((group) =>
    group.flatMap((member) => {
      if (toHex(member) !== key) return [member];
      return change.kind === 'replace' ? [change.by] : [];
    }),
  );
}

/** Why no single change leads from members to others; null if one does, or they are the same. */
export function transitionFault(members: Members, next: Members): string | null {
  const fault = membershipFault(next);
  if (fault !== null) return fault;
  const had = new Set(members.flat().map(toHex));
  const has = new Set(next.flat().map(toHex));
  const leaving = members.flat().filter((key) => !has.has(toHex(key)));
  const coming = next.flatMap((keys, group) => keys.filter((key) => !had.has(toHex(key))).map((key) => ({ key, group })));
  if (leaving.length > 1 || coming.length > 1) return 'one member is changed at a time';
  const change = changeOf(leaving[0], coming[0]);
  const reached = change === null ? { members } : changeMembers(members, change);
  if ('fault' in reached) return reached.fault;
  return isSame(reached.members, next) ? null : 'whoever stays keeps its group and place, and who is added comes last';
}

function changeOf(leaving: Uint8Array | undefined, coming: { key: Uint8Array; group: number } | undefined): MembershipChange | null {
  if (leaving === undefined) return coming === undefined ? null : { kind: 'add', ...coming };
  return coming === undefined ? { kind: 'remove', key: leaving } : { kind: 'replace', key: leaving, by: coming.key };
}

function isSame(left: Members, right: Members): boolean {
  const spell = (members: Members): string => members.map((keys) => keys.map(toHex).join()).join(';');
  return spell(left) === spell(right);
}
