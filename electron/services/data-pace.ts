/** Progress that is told often enough for an eye and no more often: every message costs each process on its way. */

/** Least milliseconds from one message to the next. */
const PACE_MS = 100;

/** Passes progress on: the first, the last, and those in between that are far enough apart. */
export class ProgressPace {
  readonly #pass: (done: number, total: number) => void;
  #lastMs = Number.NEGATIVE_INFINITY;

  constructor(pass: (done: number, total: number) => void) {
    this.#pass = pass;
  }

  readonly tell = (done: number, total: number): void => {
    const nowMs = performance.now();
    if (done < total && nowMs - this.#lastMs < PACE_MS) return;
    this.#lastMs = nowMs;
    this.#pass(done, total);
  };
}
