/** Proofs of misbehaviour: what proves it, and that nobody is framed with what an honest member signs. */
import { describe, expect, test } from 'vitest';
import { accusedBy, type Evidence, isProof } from '../../core/consensus/evidence.ts';
import { certificate, committeeOf, hashOf, memberVote, proposal, statement, verify } from '../consensus-scene.ts';

const committee = committeeOf(4, 3);
const holds = (evidence: Evidence) => isProof(committee, verify, evidence);
const ballot = (phase: 'prepare' | 'commit', height: number, view: number, number: number) => ({
  phase,
  height,
  view,
  blockHash: hashOf(number),
});
const vote = (member: number, ...[phase, height, view, number]: Parameters<typeof ballot>) =>
  memberVote(committee, member, ballot(phase, height, view, number));

describe('two votes for one key', () => {
  const first = vote(4, 'commit', 2, 1, 1);

  test('prove that their member is faulty', () => {
    const evidence: Evidence = { kind: 'two-votes', first, second: vote(4, 'commit', 2, 1, 2) };
    expect(holds(evidence)).toBe(true);
    expect(accusedBy(evidence)).toBe(4);
  });

  test.each([
    ['the same hash', vote(4, 'commit', 2, 1, 1)],
    ['another phase', vote(4, 'prepare', 2, 1, 2)],
    ['another view', vote(4, 'commit', 2, 2, 2)],
    ['another height', vote(4, 'commit', 3, 1, 2)],
    ['another member', vote(5, 'commit', 2, 1, 2)],
    ['a signature by somebody else', { ...vote(5, 'commit', 2, 1, 2), member: 4 }],
    ['a signature under another hash', { ...first, blockHash: hashOf(2) }],
    ['another network', memberVote(committeeOf(4, 3, 0, hashOf(9)), 4, ballot('commit', 2, 1, 2))],
    ['another epoch', memberVote(committeeOf(4, 3, 1), 4, ballot('commit', 2, 1, 2))],
  ])('but not with %s', (_, second) => {
    expect(holds({ kind: 'two-votes', first, second })).toBe(false);
  });
});

describe('two proposals for one key', () => {
  const first = proposal(committee, 3, 2, 1, hashOf(1));

  test('prove that their proposer is faulty', () => {
    expect(holds({ kind: 'two-proposals', first, second: proposal(committee, 3, 2, 1, hashOf(2)) })).toBe(true);
  });

  test.each([
    ['the same hash', proposal(committee, 3, 2, 1, hashOf(1))],
    ['another view', proposal(committee, 3, 2, 5, hashOf(2))],
    ['another leader of the group', proposal(committee, 4, 2, 1, hashOf(2))],
    ['a member that is not of the primary group', proposal(committee, 0, 2, 1, hashOf(2))],
  ])('but not with %s', (_, second) => {
    expect(holds({ kind: 'two-proposals', first, second })).toBe(false);
  });
});

describe('amnesia', () => {
  const parent = certificate(committee, 'commit', { height: 1, view: 0, blockHash: hashOf(1) });
  const lock = certificate(committee, 'prepare', { height: 2, view: 1, blockHash: hashOf(2) });
  const later = certificate(committee, 'prepare', { height: 2, view: 2, blockHash: hashOf(3) });
  const rival = certificate(committee, 'prepare', { height: 2, view: 1, blockHash: hashOf(3) });
  const older = certificate(committee, 'prepare', { height: 2, view: 0, blockHash: hashOf(2) });
  const own = certificate(committee, 'commit', { height: 2, view: 1, blockHash: hashOf(2) });
  const commit = vote(0, 'commit', 2, 1, 2);
  const amnesia = (statementOf: ReturnType<typeof statement>, of = commit): Evidence => ({
    kind: 'amnesia',
    commit: of,
    statement: statementOf.statement,
  });

  test.each([
    ['no lock', statement(committee, 0, 3, parent, null)],
    ['the height before', statement(committee, 0, 3, null, null)],
    ['a lock of a lower view', statement(committee, 0, 3, parent, older)],
    ['another lock of the same view', statement(committee, 0, 3, parent, rival)],
  ])('is a later statement with %s', (_, forgetful) => {
    expect(holds(amnesia(forgetful))).toBe(true);
  });

  test.each([
    ['the lock', statement(committee, 0, 3, parent, lock)],
    ['a lock of a higher view', statement(committee, 0, 3, parent, later)],
    ['finality of the block', statement(committee, 0, 3, own, null)],
  ])('is not a statement with %s', (_, honest) => {
    expect(holds(amnesia(honest))).toBe(false);
  });

  test('needs a COMMIT of the same member in a lower view, and both signatures', () => {
    const forgetful = statement(committee, 0, 3, parent, null);
    expect(holds(amnesia(forgetful, vote(1, 'commit', 2, 1, 2)))).toBe(false);
    expect(holds(amnesia(forgetful, { ...vote(1, 'commit', 2, 1, 2), member: 0 }))).toBe(false);
    expect(holds(amnesia(forgetful, vote(0, 'prepare', 2, 1, 2)))).toBe(false);
    expect(holds(amnesia(forgetful, vote(0, 'commit', 2, 3, 2)))).toBe(false);
    const forged = { ...forgetful, statement: { ...forgetful.statement, newView: 4 } };
    expect(holds(amnesia(forged))).toBe(false);
  });
});
