/** The bytes that members sign, as docs/formats.md lays them out: a change of them would void every certificate. */
import { describe, expect, test } from 'vitest';
import { toHex, utf8 } from '../../core/base/bytes.ts';
import { proposalBytes } from '../../core/consensus/proposal.ts';
import { termVoteBytes } from '../../core/consensus/raft/raft.ts';
import { statementBytes } from '../../core/consensus/view-change.ts';
import { voteBytes } from '../../core/consensus/vote.ts';
import { committeeOf, hashOf } from '../consensus-scene.ts';

const committee = committeeOf(4, 3, 5, hashOf(0xaa));
const hash = (number: number) => hashOf(number).slice(2);
const u64 = (number: number) => number.toString(16).padStart(16, '0');
const u16 = (number: number) => number.toString(16).padStart(4, '0');
const inNetwork = (tag: string) => `${tag.length.toString(16).padStart(8, '0')}${toHex(utf8(tag)).slice(2)}${hash(0xaa)}${u64(5)}`;

describe('signed bytes', () => {
  test('votes', () => {
    const ballot = { height: 7, view: 9, blockHash: hashOf(0xbb) };
    const expected = (phase: string) => `0x${inNetwork('vouchsafe:rbft:vote:1')}${u16(2)}${u64(7)}${u64(9)}${phase}${hash(0xbb)}`;
    expect(toHex(voteBytes(committee, 2, { phase: 'prepare', ...ballot }))).toBe(expected('00'));
    expect(toHex(voteBytes(committee, 2, { phase: 'commit', ...ballot }))).toBe(expected('01'));
  });

  test('proposals', () => {
    const expected = `0x${inNetwork('vouchsafe:rbft:propose:1')}${u64(7)}${u64(9)}${hash(0xbb)}`;
    expect(toHex(proposalBytes(committee, { height: 7, view: 9, blockHash: hashOf(0xbb) }))).toBe(expected);
  });

  test('statements, with a lock and without', () => {
    const said = { member: 4, newView: 3, finalHeight: 6, finalHash: hashOf(0xcc) };
    const start = `0x${inNetwork('vouchsafe:rbft:statement:1')}${u16(1)}${u16(4)}${u64(3)}${u64(6)}${hash(0xcc)}`;
    expect(toHex(statementBytes(committee, 1, { ...said, lock: null }))).toBe(`${start}00`);
    expect(toHex(statementBytes(committee, 1, { ...said, lock: { view: 2, blockHash: hashOf(0xdd) } }))).toBe(
      `${start}01${u64(2)}${hash(0xdd)}`,
    );
  });

  test('votes for leaders', () => {
    for (const [purpose, tag] of [
      ['pre-vote', 'vouchsafe:rbft:raft-pre-vote:1'],
      ['vote', 'vouchsafe:rbft:raft-vote:1'],
    ] as const)
      expect(toHex(termVoteBytes(committee, purpose, 1, 8, 4))).toBe(`0x${inNetwork(tag)}${u16(1)}${u64(8)}${u16(4)}`);
  });
});
