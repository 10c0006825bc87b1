/** What a validator remembers of its blocks' pace, and the figures over time that follow. */
import { describe, expect, test } from 'vitest';
import type { Hex } from '../../core/base/bytes.ts';
import type { FinalBlock } from '../../core/ledger/ledger.ts';
import { mempoolTransactionsMax, paceBlocksMax } from '../../core/ledger/limits.ts';
import { type BlockPace, type FollowedLedger, joinedPace, PaceHistory, paceSeries } from '../../core/ledger/pace.ts';

const hashOf = (number: number): Hex => `0x${number.toString(16).padStart(64, '0')}`;
const rawOf = (number: number) => new TextEncoder().encode(String(number));

/** A history whose ledger and clock are the test's. */
function history() {
  let nowMs = 1_000;
  let height = 0;
  const submitted: ((raw: Uint8Array) => void)[] = [];
  const blocks: ((block: FinalBlock) => void)[] = [];
  const ledger: FollowedLedger = { onSubmitted: (listener) => submitted.push(listener), onBlock: (listener) => blocks.push(listener) };
  const pace = new PaceHistory(ledger, { nowMs: () => nowMs }, (raw) => hashOf(Number(new TextDecoder().decode(raw))));
  return {
    pace,
    handIn: (atMs: number, ...numbers: number[]) => {
      nowMs = atMs;
      for (const number of numbers) for (const listener of submitted) listener(rawOf(number));
    },
    block: (atMs: number, ...numbers: number[]) => {
      nowMs = atMs;
      const block = {
        block: { header: { height: ++height, gasUsed: BigInt(21_000 * numbers.length) } },
        transactions: numbers.map((number) => ({ hash: hashOf(number) })),
      };
      for (const listener of blocks) listener(block as unknown as FinalBlock);
    },
  };
}

describe('a history', () => {
  test('knows of each block what was in it, and how long what was handed in here took', () => {
    const { pace, handIn, block } = history();
    handIn(2_000, 1);
    handIn(2_300, 2);
    block(2_500, 1, 2, 7);
    block(3_000, 8);
    expect(pace.since(0)).toEqual({
      sinceMs: 1_000,
      blocks: [
        { height: 1, atMs: 2_500, transactions: 3, gasUsed: 63_000, waits: { count: 2, totalMs: 700, leastMs: 200, greatestMs: 500 } },
        { height: 2, atMs: 3_000, transactions: 1, gasUsed: 21_000, waits: null },
      ],
    });
    expect(pace.since(2_501).blocks.map(({ height }) => height)).toEqual([2]);
  });

  test('counts a transaction once, and no wait below zero when the clock was set back', () => {
    const { pace, handIn, block } = history();
    handIn(5_000, 1);
    block(4_000, 1);
    block(6_000, 1);
    expect(pace.since(0).blocks.map(({ waits }) => waits?.greatestMs ?? null)).toEqual([0, null]);
  });

  test('forgets the oldest blocks, and says since when it remembers', () => {
    const { pace, block } = history();
    for (let count = 1; count <= 2 * paceBlocksMax + 1; count++) block(10_000 + count);
    const { sinceMs, blocks } = pace.since(0);
    expect(blocks).toHaveLength(paceBlocksMax);
    expect(blocks.at(-1)?.height).toBe(2 * paceBlocksMax + 1);
    expect(sinceMs).toBe(blocks[0]?.atMs);
  });

  test('forgets when the oldest transactions were handed in once more wait than may', () => {
    const { pace, handIn, block } = history();
    handIn(2_000, ...Array.from({ length: mempoolTransactionsMax + 1 }, (_, number) => number));
    block(3_000, 0, 1);
    expect(pace.since(0).blocks[0]?.waits?.count).toBe(1);
  });
});

describe('figures', () => {
  const block = (height: number, atMs: number, transactions: number, waitMs?: number): BlockPace => ({
    height,
    atMs,
    transactions,
    gasUsed: 0,
    waits: waitMs === undefined ? null : { count: 1, totalMs: waitMs, leastMs: waitMs, greatestMs: waitMs },
  });

  test('of several validators count each block once, with the waits of all', () => {
    const joined = joinedPace([
      { sinceMs: 500, blocks: [block(2, 2_010, 4, 90), block(3, 3_000, 1)] },
      { sinceMs: 100, blocks: [block(1, 1_000, 2), block(2, 2_000, 4, 30)] },
    ]);
    expect(joined?.sinceMs).toBe(100);
    expect(joined?.blocks.map(({ height, atMs }) => [height, atMs])).toEqual([
      [1, 1_000],
      [2, 2_000],
      [3, 3_000],
    ]);
    expect(joined?.blocks[1]?.waits).toEqual({ count: 2, totalMs: 120, leastMs: 30, greatestMs: 90 });
    expect(joinedPace([])).toBeNull();
  });

  test('stand in parts of time; what is not remembered is no zero', () => {
    const blocks = [block(1, 4_000, 3, 10), block(2, 4_900, 1, 40), block(3, 7_999, 2), block(4, 8_000, 9)];
    const series = paceSeries({ sinceMs: 3_500, blocks }, { fromMs: 0, toMs: 8_000, parts: 4 });
    expect(series.at).toEqual([1_000, 3_000, 5_000, 7_000]);
    expect(series.perSecond).toEqual([null, 0, 2, 1]);
    expect(series.leastMs).toEqual([null, null, 10, null]);
    expect(series.greatestMs).toEqual([null, null, 40, null]);
    expect(series).toMatchObject({ blocks: 3, transactions: 6, waits: { count: 2, totalMs: 50, leastMs: 10, greatestMs: 40 } });
  });
});
