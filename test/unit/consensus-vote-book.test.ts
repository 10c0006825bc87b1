/** The one place that signs: it refuses a second hash for a key, and everything that a statement or an entered view forbids. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { forgets } from '../../core/consensus/evidence.ts';
import { type Signed, type SignedRecord, VoteBook } from '../../core/consensus/vote-book.ts';
import { committeeOf, genesisHash, hashOf, signerOf } from '../consensus-scene.ts';
import { quickKeys } from '../simulator/keys.ts';

const committee = committeeOf(4, 3);
const book = () => new VoteBook(committee, 0, signerOf(0));

function outcomeOf(signed: Signed<unknown>): string {
  return signed.outcome;
}

describe('vote book', () => {
  test('a second hash for a key is refused, the first is given again', () => {
    const votes = book();
    const ballot = { phase: 'prepare', height: 1, view: 0, blockHash: hashOf(1) } as const;
    const first = votes.vote(ballot);
    expect(first.outcome).toBe('new');
    expect(votes.vote(ballot)).toEqual({ ...first, outcome: 'known' });
    expect(votes.vote({ ...ballot, blockHash: hashOf(2) }).outcome).toBe('refused');
    // Another key: another phase, view or height.
    expect(votes.vote({ ...ballot, phase: 'commit', blockHash: hashOf(2) }).outcome).toBe('new');
    expect(votes.vote({ ...ballot, view: 1, blockHash: hashOf(2) }).outcome).toBe('new');
  });

  test('a statement forbids PREPARE, COMMIT and PROPOSE in the views below it (V2)', () => {
    const votes = book();
    expect(votes.state(3, 0, genesisHash, null).outcome).toBe('new');
    for (const phase of ['prepare', 'commit'] as const)
      expect([0, 2, 3].map((view) => outcomeOf(votes.vote({ phase, height: 1, view, blockHash: hashOf(1) })))).toEqual([
        'refused',
        'refused',
        'new',
      ]);
    expect(votes.propose(1, 2, hashOf(1)).outcome).toBe('refused');
    expect(votes.propose(1, 3, hashOf(1)).outcome).toBe('new');
    expect(votes.propose(1, 3, hashOf(2)).outcome).toBe('refused');
  });

  test('a statement exceeds the own view, whether stated, voted in or entered (V1)', () => {
    const votes = book();
    votes.vote({ phase: 'commit', height: 1, view: 2, blockHash: hashOf(1) });
    expect(votes.state(2, 0, genesisHash, null).outcome).toBe('refused');
    votes.enter(4);
    expect(votes.state(4, 0, genesisHash, null).outcome).toBe('refused');
    expect(votes.state(5, 0, genesisHash, null).outcome).toBe('new');
    expect(votes.state(5, 0, genesisHash, null).outcome).toBe('refused');
    votes.enter(1);
    expect(votes.view).toBe(5);
  });

  test('nothing is signed at a height that is final', () => {
    const votes = book();
    votes.vote({ phase: 'commit', height: 1, view: 0, blockHash: hashOf(1) });
    votes.settle(1);
    expect(votes.vote({ phase: 'commit', height: 1, view: 1, blockHash: hashOf(1) }).outcome).toBe('refused');
    expect(votes.propose(1, 1, hashOf(1)).outcome).toBe('refused');
    expect(votes.vote({ phase: 'prepare', height: 2, view: 0, blockHash: hashOf(2) }).outcome).toBe('new');
  });

  test('whatever is asked for, in any order and over restarts, no two signatures contradict each other', () => {
    const ask = fc.record({
      what: fc.constantFrom('prepare', 'commit', 'state', 'propose', 'enter', 'settle', 'restart'),
      height: fc.integer({ min: 1, max: 3 }),
      view: fc.integer({ min: 0, max: 4 }),
      hash: fc.integer({ min: 1, max: 2 }),
    });
    fc.assert(
      fc.property(fc.array(ask, { maxLength: 40 }), (asks) => {
        const sign = quickKeys.signerOf(0);
        let votes = new VoteBook(committee, 0, sign);
        const records: (
          | SignedRecord
          | { readonly kind: 'settle'; readonly height: number }
          | { readonly kind: 'enter'; readonly view: number }
        )[] = [];
        const hashes = new Map<string, string>();
        let highestStatement = 0;
        for (const { what, height, view, hash } of asks) {
          const blockHash = hashOf(hash);
          if (what === 'restart') {
            votes = new VoteBook(committee, 0, sign);
            for (const record of records)
              if (record.kind === 'settle') votes.settle(record.height);
              else if (record.kind === 'enter') votes.enter(record.view);
              else votes.restore(record);
          } else if (what === 'enter') {
            votes.enter(view);
            records.push({ kind: 'enter', view });
          } else if (what === 'settle') {
            votes.settle(height);
            records.push({ kind: 'settle', height });
          } else if (what === 'state') {
            const signed = votes.state(view, 0, genesisHash, null);
            if (signed.outcome !== 'new') continue;
            expect(view).toBeGreaterThan(highestStatement);
            highestStatement = view;
            records.push({ kind: 'statement', proven: { statement: signed.value, finalCertificate: null, lockCertificate: null } });
          } else {
            const key = `${what} ${height} ${view}`;
            const proposed = what === 'propose' ? votes.propose(height, view, blockHash) : null;
            const voted = what === 'propose' ? null : votes.vote({ phase: what, height, view, blockHash });
            const { outcome } = proposed ?? voted ?? { outcome: 'refused' };
            if (outcome === 'refused') continue;
            expect(hashes.get(key) ?? blockHash).toBe(blockHash);
            hashes.set(key, blockHash);
            if (outcome === 'known') continue;
            expect(view).toBeGreaterThanOrEqual(highestStatement);
            if (proposed?.outcome === 'new') records.push({ kind: 'proposal', proposal: proposed.value });
            if (voted?.outcome === 'new') records.push({ kind: 'vote', vote: voted.value });
          }
        }
      }),
      { numRuns: 2_000 },
    );
  });

  test('a COMMIT that is followed by a statement without its lock would be amnesia; the book leaves locks to the replica', () => {
    const votes = book();
    const commit = votes.vote({ phase: 'commit', height: 1, view: 0, blockHash: hashOf(1) });
    const bare = votes.state(1, 0, genesisHash, null);
    if (commit.outcome !== 'new' || bare.outcome !== 'new') throw new Error('both are signed');
    expect(forgets(bare.value, commit.value)).toBe(true);
  });
});
