/**
 * What a view change is made of (rules V1 to V3). A statement says how far a member has come and what it is locked on, and forbids it to
 * vote in lower views; a quorum of groups, each with a majority of statements for one view, makes the NEW-VIEW of that view's primary.
 */
import { fromHex, type Hex, utf8 } from '../base/bytes.ts';
import type { Committee, GroupId } from './committee.ts';
import { type MemberSignature, signedIn, type Verify } from './signing.ts';
import { type Certificate, isCertificate, isPlace } from './vote.ts';

const statementTag = utf8('vouchsafe:rbft:statement:1');

/** The block that a member must not forget: a quorum of groups PREPAREd it in `view`. */
export interface LockedBlock {
  readonly view: number;
  readonly blockHash: Hex;
}

/** What a member says and signs when it leaves its view. */
export interface Statement extends MemberSignature {
  readonly newView: number;
  /** The highest block that is final to the member; 0 is the genesis block. */
  readonly finalHeight: number;
  readonly finalHash: Hex;
  /** The lock at `finalHeight` + 1. */
  readonly lock: LockedBlock | null;
}

/** A statement with what proves its fields. */
export interface ProvenStatement {
  readonly statement: Statement;
  /** The certificate of the block at `finalHeight`; null for the block that the epoch began with. */
  readonly finalCertificate: Certificate | null;
  /** The PREPARE certificate of the lock, where there is one. */
  readonly lockCertificate: Certificate | null;
}

/** Why a view may be entered, and what its primary may propose. */
export interface NewView {
  readonly view: number;
  /** Of a quorum of groups, a majority of members each. */
  readonly statements: readonly Statement[];
  /** Proves the highest final height among the statements; null where that is the block that the epoch began with. */
  readonly finalCertificate: Certificate | null;
  /** The lock of the highest view at the height after it; null where no statement has one. */
  readonly lockCertificate: Certificate | null;
}

/** The block that an epoch begins after: final without a certificate of this epoch. */
export interface EpochStart {
  readonly height: number;
  readonly blockHash: Hex;
}

/** What a member signs for a statement. */
export function statementBytes(committee: Committee, group: GroupId, statement: Omit<Statement, 'signature'>): Uint8Array {
  const { member, newView, finalHeight, finalHash, lock } = statement;
  const encoder = signedIn(committee, statementTag)
    .uint(group, 2)
    .uint(member, 2)
    .uint(newView, 8)
    .uint(finalHeight, 8)
    .fixed(fromHex(finalHash), 32)
    .uint(lock === null ? 0 : 1, 1);
  if (lock !== null) encoder.uint(lock.view, 8).fixed(fromHex(lock.blockHash), 32);
  return encoder.finish();
}

/** Whether a statement is its member's; its fields may still be lies. */
export function isStatementSigned(committee: Committee, verify: Verify, statement: Statement): boolean {
  const { member, newView, finalHeight, signature } = statement;
  return (
    committee.has(member) &&
    isPlace({ height: finalHeight, view: newView }) &&
    verify(committee.publicKey(member), statementBytes(committee, committee.groupOf(member), statement), signature)
  );
}

/** V1: whether a statement is signed and every field of it proven. One field that is not makes all of it void. */
export function isProvenStatement(
  committee: Committee,
  verify: Verify,
  epochStart: EpochStart,
  { statement, finalCertificate, lockCertificate }: ProvenStatement,
): boolean {
  const { newView, finalHeight, finalHash, lock } = statement;
  if (!isStatementSigned(committee, verify, statement)) return false;
  if (!isFinal(committee, verify, epochStart, finalHeight, finalHash, finalCertificate)) return false;
  if (lock === null) return lockCertificate === null;
  return (
    lock.view < newView &&
    lockCertificate !== null &&
    lockCertificate.phase === 'prepare' &&
    lockCertificate.height === finalHeight + 1 &&
    lockCertificate.view === lock.view &&
    lockCertificate.blockHash === lock.blockHash &&
    isCertificate(committee, verify, lockCertificate)
  );
}

function isFinal(
  committee: Committee,
  verify: Verify,
  epochStart: EpochStart,
  height: number,
  hash: Hex,
  certificate: Certificate | null,
): boolean {
  // What was final before the epoch began is every member's, and certified by other members.
  if (height < epochStart.height) return false;
  if (height === epochStart.height) return hash === epochStart.blockHash && certificate === null;
  return (
    certificate !== null &&
    certificate.phase === 'commit' &&
    certificate.height === height &&
    certificate.blockHash === hash &&
    isCertificate(committee, verify, certificate)
  );
}

/** The highest final height among statements, the hash there, and the lock of the highest view at the height after it. */
export function summaryOf(statements: readonly Statement[]): { finalHeight: number; finalHash: Hex; lock: LockedBlock | null } | null {
  let highest: Statement | undefined;
  for (const statement of statements) if (highest === undefined || statement.finalHeight > highest.finalHeight) highest = statement;
  if (highest === undefined) return null;
  let lock: LockedBlock | null = null;
  for (const statement of statements)
    if (statement.finalHeight === highest.finalHeight && statement.lock !== null && (lock === null || statement.lock.view > lock.view))
      lock = statement.lock;
  return { finalHeight: highest.finalHeight, finalHash: highest.finalHash, lock };
}

/**
 * Whether a NEW-VIEW holds: a quorum of distinct groups, each with a majority of distinct members that signed exactly this view; its
 * highest final height is certified; the lock of the highest view at the height after it is certified, and no statement claims
 * another one there of that view or above.
 */
export function isNewView(committee: Committee, verify: Verify, epochStart: EpochStart, newView: NewView): boolean {
  const { view, statements, finalCertificate, lockCertificate } = newView;
  if (statements.length > committee.size || new Set(statements.map(({ member }) => member)).size !== statements.length) return false;
  if (!statements.every((statement) => statement.newView === view && isStatementSigned(committee, verify, statement))) return false;
  const members = new Map<GroupId, number>();
  for (const { member } of statements) members.set(committee.groupOf(member), (members.get(committee.groupOf(member)) ?? 0) + 1);
  if (members.size !== committee.quorum) return false;
  if (![...members].every(([group, count]) => count === committee.majority(group))) return false;
  const summary = summaryOf(statements);
  if (summary === null) return false;
  const { finalHeight, finalHash, lock } = summary;
  if (!isFinal(committee, verify, epochStart, finalHeight, finalHash, finalCertificate)) return false;
  // Two hashes at one final height: one of them is a lie, and its author's statement counts for nothing.
  if (statements.some((statement) => statement.finalHeight === finalHeight && statement.finalHash !== finalHash)) return false;
  if (lock === null) return lockCertificate === null;
  if (
    lockCertificate === null ||
    lockCertificate.phase !== 'prepare' ||
    lockCertificate.height !== finalHeight + 1 ||
    lockCertificate.view !== lock.view ||
    lockCertificate.blockHash !== lock.blockHash ||
    lock.view >= view ||
    !isCertificate(committee, verify, lockCertificate)
  )
    return false;
  return !statements.some(
    (statement) =>
      statement.finalHeight === finalHeight &&
      statement.lock !== null &&
      statement.lock.view >= lockCertificate.view &&
      (statement.lock.view !== lockCertificate.view || statement.lock.blockHash !== lockCertificate.blockHash),
  );
}
