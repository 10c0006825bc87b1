/** What a chart shows, in figures: for whoever cannot see it, and for the line below it. */
import type { ResponseOf } from '../../../electron/ipc-contract.ts';

export interface SeriesFacts {
  readonly least: number | null;
  readonly greatest: number | null;
  /** First and last place on the axis that has a value. */
  readonly from: number | null;
  readonly to: number | null;
}

/** The ends of a series. */
export function seriesFacts({ at, minimum, maximum }: ResponseOf<'table.series'>): SeriesFacts {
  let least: number | null = null;
  let greatest: number | null = null;
  let from: number | null = null;
  let to: number | null = null;
  for (const [index, place] of at.entries()) {
    const [low, high] = [minimum[index] ?? null, maximum[index] ?? null];
    if (low === null || high === null) continue;
    if (least === null || low < least) least = low;
    if (greatest === null || high > greatest) greatest = high;
    from ??= place;
    to = place;
  }
  return { least, greatest, from, to };
}
