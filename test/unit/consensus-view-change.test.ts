/** Statements and NEW-VIEWs (rule V1), attacked by hand: what is not proven does not count, and no honest lock can be made to vanish. */
import { describe, expect, test } from 'vitest';
import { isNewView, isProvenStatement, type NewView, type ProvenStatement } from '../../core/consensus/view-change.ts';
import { isCertificate, isGroupVote } from '../../core/consensus/vote.ts';
import {
  certificate,
  committeeOf,
  genesisHash,
  groupVote,
  hashOf,
  memberVote,
  newViewOf,
  quorumOf,
  statement,
  verify,
} from '../consensus-scene.ts';

const committee = committeeOf(4, 3);
const start = { height: 0, blockHash: genesisHash };
const signers = quorumOf(committee);
const lockA = certificate(committee, 'prepare', { height: 1, view: 0, blockHash: hashOf(1) });
const lockB = certificate(committee, 'prepare', { height: 1, view: 1, blockHash: hashOf(2) });
const final = certificate(committee, 'commit', { height: 1, view: 0, blockHash: hashOf(1) });
const next = certificate(committee, 'prepare', { height: 2, view: 1, blockHash: hashOf(3) });

const holds = (newView: NewView) => isNewView(committee, verify, start, newView);
const isProven = (proven: ProvenStatement) => isProvenStatement(committee, verify, start, proven);
/** Statements of a quorum for view 2; `special` in the place of the first. */
const statements = (
  special: ProvenStatement,
  others: (member: number) => ProvenStatement = (member) => statement(committee, member, 2, null, null),
) => [special, ...signers.slice(1).map(others)];

describe('votes and certificates', () => {
  const ballot = { phase: 'commit', height: 1, view: 0, blockHash: hashOf(1) } as const;
  const vote = groupVote(committee, 1, ballot);
  const [first, second] = vote.signatures;

  test('a majority of distinct members of the group, no fewer and no other', () => {
    expect(isGroupVote(committee, verify, vote)).toBe(true);
    const bad = [
      { ...vote, signatures: first === undefined ? [] : [first] },
      { ...vote, signatures: first === undefined ? [] : [first, first] },
      { ...vote, group: 2 },
      { ...vote, group: 4 },
      { ...vote, view: 1 },
      { ...vote, phase: 'prepare' as const },
      {
        ...vote,
        signatures: [{ member: 0, signature: memberVote(committee, 0, ballot).signature }, ...(second === undefined ? [] : [second])],
      },
    ];
    expect(bad.filter((forged) => isGroupVote(committee, verify, forged))).toEqual([]);
  });

  test('a quorum of distinct groups', () => {
    expect(isCertificate(committee, verify, final)).toBe(true);
    expect(isCertificate(committee, verify, { ...final, groups: final.groups.slice(1) })).toBe(false);
    expect(isCertificate(committee, verify, { ...final, groups: [...final.groups.slice(1), ...final.groups.slice(1, 2)] })).toBe(false);
    expect(isCertificate(committee, verify, { ...final, blockHash: hashOf(2) })).toBe(false);
  });

  test('of one network and one epoch', () => {
    expect(isCertificate(committeeOf(4, 3, 1), verify, final)).toBe(false);
    expect(isCertificate(committeeOf(4, 3, 0, hashOf(9)), verify, final)).toBe(false);
  });
});

describe('a statement with any field that is not proven does not count', () => {
  test.each([
    ['nothing final, no lock', statement(committee, 0, 2, null, null), true],
    ['a final block', statement(committee, 0, 2, final, null), true],
    ['a lock', statement(committee, 0, 2, null, lockB), true],
    ['a final block and a lock after it', statement(committee, 0, 2, final, next), true],
    ['a height without a certificate', statement(committee, 0, 2, null, null, { finalHeight: 1, finalHash: hashOf(1) }), false],
    ['another hash than the certificate', statement(committee, 0, 2, final, null, { finalHash: hashOf(2) }), false],
    ['another genesis', statement(committee, 0, 2, null, null, { finalHash: hashOf(5) }), false],
    ['a PREPARE certificate for finality', statement(committee, 0, 2, lockA, null), false],
    ['a lock without a certificate', statement(committee, 0, 2, null, null, { lock: { view: 1, blockHash: hashOf(2) } }), false],
    [
      'a lock of a higher view than its certificate',
      statement(committee, 0, 3, null, lockB, { lock: { view: 2, blockHash: hashOf(2) } }),
      false,
    ],
    ['a lock of the new view itself', statement(committee, 0, 1, null, lockB), false],
    ['a lock at a height that is not the next', statement(committee, 0, 2, final, lockB), false],
    ['a COMMIT certificate for a lock', statement(committee, 0, 2, null, final), false],
    ['a certificate of a lock that is not named', { ...statement(committee, 0, 2, null, null), lockCertificate: lockB }, false],
  ] as const)('%s', (_, proven, expected) => {
    expect(isProven(proven)).toBe(expected);
  });

  test('it is bound to its member, view, network and epoch', () => {
    const { statement: said, ...proofs } = statement(committee, 0, 2, null, lockB);
    for (const changed of [{ member: 1 }, { newView: 3 }, { lock: null }, { finalHeight: 1 }])
      expect(isProven({ statement: { ...said, ...changed }, ...proofs })).toBe(false);
    expect(isProvenStatement(committeeOf(4, 3, 1), verify, start, statement(committee, 0, 2, null, null))).toBe(false);
  });

  test('of the epoch before nothing is said again', () => {
    expect(isProvenStatement(committee, verify, { height: 1, blockHash: hashOf(1) }, statement(committee, 0, 2, null, null))).toBe(false);
  });
});

describe('a NEW-VIEW', () => {
  const free = statements(statement(committee, 0, 2, null, null));
  const locked = statements(statement(committee, 0, 2, null, lockA));
  const twice = statements(statement(committee, 0, 2, null, lockA), (member) =>
    statement(committee, member, 2, null, member === 3 ? lockB : null),
  );
  const ahead = statements(statement(committee, 0, 2, final, null));

  test('holds with nothing, with a lock, with the higher of two locks, with a final height and a lock after it', () => {
    expect(holds(newViewOf(2, free))).toBe(true);
    expect(holds(newViewOf(2, locked, { lockCertificate: lockA }))).toBe(true);
    expect(holds(newViewOf(2, twice, { lockCertificate: lockB }))).toBe(true);
    expect(holds(newViewOf(2, ahead, { finalCertificate: final }))).toBe(true);
    const both = statements(statement(committee, 0, 2, final, next));
    expect(holds(newViewOf(2, both, { finalCertificate: final, lockCertificate: next }))).toBe(true);
  });

  test('cannot make an honest lock vanish', () => {
    expect(holds(newViewOf(2, locked))).toBe(false);
    expect(holds(newViewOf(2, twice, { lockCertificate: lockA }))).toBe(false);
    expect(holds(newViewOf(2, twice))).toBe(false);
  });

  test('cannot hide a lock behind one that is claimed and not proven, of the same view or above', () => {
    for (const lock of [
      { view: 0, blockHash: hashOf(2) },
      { view: 1, blockHash: hashOf(2) },
    ]) {
      const lie = statement(committee, 3, 2, null, null, { lock });
      const mixed = statements(statement(committee, 0, 2, null, lockA), (member) =>
        member === 3 ? lie : statement(committee, member, 2, null, null),
      );
      expect(holds(newViewOf(2, mixed, { lockCertificate: lockA }))).toBe(false);
      expect(holds(newViewOf(2, mixed))).toBe(false);
    }
  });

  test('cannot hide a final height, nor claim one', () => {
    expect(holds(newViewOf(2, ahead))).toBe(false);
    const lie = statement(committee, 3, 2, null, null, { finalHeight: 2, finalHash: hashOf(3) });
    expect(holds(newViewOf(2, statements(lie)))).toBe(false);
    expect(holds(newViewOf(2, statements(lie), { finalCertificate: final }))).toBe(false);
  });

  test('cannot use a lock below the highest final height', () => {
    const mixed = statements(statement(committee, 0, 2, final, null), (member) => statement(committee, member, 2, null, lockB));
    expect(holds(newViewOf(2, mixed, { finalCertificate: final, lockCertificate: lockB }))).toBe(false);
    expect(holds(newViewOf(2, mixed, { finalCertificate: final }))).toBe(true);
  });

  test('takes a quorum of groups with a majority of distinct members each, all of exactly its view', () => {
    expect(holds(newViewOf(2, free.slice(1)))).toBe(false);
    expect(holds(newViewOf(2, [...free.slice(1), ...free.slice(1, 2)]))).toBe(false);
    expect(holds(newViewOf(3, free))).toBe(false);
    const mixedViews = [...free.slice(1), statement(committee, 0, 3, null, null)];
    expect(holds(newViewOf(2, mixedViews))).toBe(false);
    // The quorum's size, but two groups only.
    const members = [0, 1, 2, 3, 4, 5].map((member) => statement(committee, member, 2, null, null));
    expect(holds(newViewOf(2, members))).toBe(false);
  });
});
