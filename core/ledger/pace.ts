/**
 * How fast blocks become final: what a validator remembers of its latest blocks, and the figures over time that follow. In memory only and
 * bounded, so a history begins with its process.
 */
import type { Hex } from '../base/bytes.ts';
import type { Clock } from '../base/ports.ts';
import type { FinalBlock } from './ledger.ts';
import { mempoolTransactionsMax, paceBlocksMax } from './limits.ts';

/** How long transactions took, from when they were handed in until they were final. */
export interface Waits {
  readonly count: number;
  readonly totalMs: number;
  readonly leastMs: number;
  readonly greatestMs: number;
}

/** What is remembered of a block. */
export interface BlockPace {
  readonly height: number;
  /** When it became final here, in Unix milliseconds. */
  readonly atMs: number;
  readonly transactions: number;
  readonly gasUsed: number;
  /** Of those of its transactions that clients handed in here; null if none was. */
  readonly waits: Waits | null;
}

/** A validator's memory of its latest blocks. */
export interface Pace {
  /** Since when nothing is missing, in Unix milliseconds. */
  readonly sinceMs: number;
  readonly blocks: readonly BlockPace[];
}

/** What of the ledger is followed. */
export interface FollowedLedger {
  onSubmitted(listener: (raw: Uint8Array) => void): void;
  onBlock(listener: (block: FinalBlock) => void): unknown;
}

/** Follows a ledger, and remembers. */
export class PaceHistory {
  readonly #clock: Clock;
  #sinceMs: number;
  #blocks: BlockPace[] = [];
  /** When each transaction was handed in, the oldest first; one that never becomes final gives way in the end. */
  readonly #handedInMs = new Map<Hex, number>();

  constructor(ledger: FollowedLedger, clock: Clock, hashOf: (raw: Uint8Array) => Hex) {
    this.#clock = clock;
    this.#sinceMs = clock.nowMs();
    ledger.onSubmitted((raw) => {
      this.#handedInMs.set(hashOf(raw), clock.nowMs());
      if (this.#handedInMs.size > mempoolTransactionsMax)
        for (const oldest of [...this.#handedInMs.keys()].slice(0, 1)) this.#handedInMs.delete(oldest);
    });
    ledger.onBlock((block) => this.#add(block));
  }

  /** The blocks that became final at a time or later, the oldest first. */
  since(atMs: number): Pace {
    return { sinceMs: this.#sinceMs, blocks: this.#blocks.filter((block) => block.atMs >= atMs) };
  }

  #add({ block: { header }, transactions }: FinalBlock): void {
    const atMs = this.#clock.nowMs();
    let waits: Waits | null = null;
    for (const { hash } of transactions) {
      const handedInMs = this.#handedInMs.get(hash);
      if (handedInMs === undefined) continue;
      this.#handedInMs.delete(hash);
      // A clock that was set back says nothing of how long it took.
      const waitMs = Math.max(0, atMs - handedInMs);
      waits = joinedWaits(waits, { count: 1, totalMs: waitMs, leastMs: waitMs, greatestMs: waitMs });
    }
    this.#blocks.push({ height: header.height, atMs, transactions: transactions.length, gasUsed: Number(header.gasUsed), waits });
    if (this.#blocks.length <= 2 * paceBlocksMax) return;
    this.#blocks = this.#blocks.slice(-paceBlocksMax);
    this.#sinceMs = (this.#blocks[0] as BlockPace).atMs;
  }
}

/** What several validators remember of one chain: each block once, final when the first had it, with the waits of all. */
export function joinedPace(paces: readonly Pace[]): Pace | null {
  if (paces.length === 0) return null;
  const blocks = new Map<number, BlockPace>();
  for (const block of paces.flatMap((pace) => pace.blocks)) {
    const known = blocks.get(block.height);
    blocks.set(
      block.height,
      known === undefined ? block : { ...known, atMs: Math.min(known.atMs, block.atMs), waits: joinedWaits(known.waits, block.waits) },
    );
  }
  return {
    sinceMs: Math.min(...paces.map(({ sinceMs }) => sinceMs)),
    blocks: [...blocks.values()].sort((left, right) => left.height - right.height),
  };
}

/** Figures over time, a place for each part of it. */
export interface PaceSeries {
  /** The middle of each part, in Unix milliseconds. */
  readonly at: readonly number[];
  /** Final transactions a second; null where nothing is remembered. */
  readonly perSecond: readonly (number | null)[];
  /** The shortest and the longest wait in milliseconds; null where no transaction became final whose beginning is known. */
  readonly leastMs: readonly (number | null)[];
  readonly greatestMs: readonly (number | null)[];
  /** Of the whole time. */
  readonly blocks: number;
  readonly transactions: number;
  readonly gasUsed: number;
  readonly waits: Waits | null;
}

/** The figures of a time in `parts` equal parts. */
export function paceSeries({ sinceMs, blocks }: Pace, time: { fromMs: number; toMs: number; parts: number }): PaceSeries {
  const { fromMs, toMs, parts } = time;
  const partMs = (toMs - fromMs) / parts;
  const within = blocks.filter(({ atMs }) => atMs >= fromMs && atMs < toMs);
  const counts = new Array<number>(parts).fill(0);
  const waits = new Array<Waits | null>(parts).fill(null);
  for (const block of within) {
    const part = Math.min(parts - 1, Math.floor((block.atMs - fromMs) / partMs));
    counts[part] = (counts[part] as number) + block.transactions;
    waits[part] = joinedWaits(waits[part] as Waits | null, block.waits);
  }
  return {
    at: counts.map((_, part) => Math.round(fromMs + (part + 0.5) * partMs)),
    perSecond: counts.map((count, part) => (fromMs + (part + 1) * partMs <= sinceMs ? null : (count * 1000) / partMs)),
    leastMs: waits.map((wait) => wait?.leastMs ?? null),
    greatestMs: waits.map((wait) => wait?.greatestMs ?? null),
    blocks: within.length,
    transactions: within.reduce((sum, block) => sum + block.transactions, 0),
    gasUsed: within.reduce((sum, block) => sum + block.gasUsed, 0),
    waits: waits.reduce(joinedWaits, null),
  };
}

function joinedWaits(left: Waits | null, right: Waits | null): Waits | null {
  if (left === null || right === null) return left ?? right;
  return {
    count: left.count + right.count,
    totalMs: left.totalMs + right.totalMs,
    leastMs: Math.min(left.leastMs, right.leastMs),
    greatestMs: Math.max(left.greatestMs, right.greatestMs),
  };
}
