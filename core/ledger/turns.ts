/**
 * Who may use the EVM and the state: one piece of work at a time, blocks before calls. However many calls
 * wait, a block waits for no more than the one that runs.
 */

/** Runs pieces of work one after another. */
export class Turns {
  readonly #blocks: (() => Promise<void>)[] = [];
  readonly #calls: (() => Promise<void>)[] = [];
  #running = false;

  /** Calls that have not begun. */
  get waitingCalls(): number {
    return this.#calls.length;
  }

  /** Runs work on a block alone, before all calls that wait. */
  block<Result>(work: () => Promise<Result>): Promise<Result> {
    return this.#take(this.#blocks, work);
  }

  /** Runs a call alone, after the blocks and calls that wait. */
  call<Result>(work: () => Promise<Result>): Promise<Result> {
    return this.#take(this.#calls, work);
  }

  #take<Result>(queue: (() => Promise<void>)[], work: () => Promise<Result>): Promise<Result> {
    return new Promise((resolve, reject) => {
      queue.push(() => work().then(resolve, reject));
      if (!this.#running) void this.#runAll();
    });
  }

  async #runAll(): Promise<void> {
    this.#running = true;
    for (let next = this.#next(); next !== undefined; next = this.#next()) await next();
    this.#running = false;
  }

  #next(): (() => Promise<void>) | undefined {
    return this.#blocks.shift() ?? this.#calls.shift();
  }
}
