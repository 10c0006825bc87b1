/**
 * A process that is killed at any moment and started again at once. Invariants: at most one child is alive; an end that
 * nobody asked for is told to the owner of this object, never hidden.
 */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';

const tailLength = 4000;

/** What to run, and who hears of it. */
export interface UnderFire {
  readonly name: string;
  readonly spawn: () => ChildProcess;
  /** Each line of standard output. */
  readonly onLine?: (line: string) => void;
  /** The process ended by itself; `tail` is the end of what it wrote. Gives whether to start it again. */
  readonly onEnd: (code: number | null, signal: string | null, tail: string) => boolean;
}

export class ProcessUnderFire {
  readonly name: string;
  readonly #options: UnderFire;
  #child: ChildProcess | undefined;
  #struck = false;
  #ended: Promise<void> = Promise.resolve();

  constructor(options: UnderFire) {
    this.name = options.name;
    this.#options = options;
  }

  start(): void {
    const child = this.#options.spawn();
    this.#child = child;
    this.#struck = false;
    let tail = '';
    let unfinished = '';
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      tail = (tail + text).slice(-tailLength);
      const lines = (unfinished + text).split('\n');
      unfinished = lines.pop() ?? '';
      for (const line of lines) this.#options.onLine?.(line);
    });
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      tail = (tail + text).slice(-tailLength);
    });
    // 'close' comes after the last line of output.
    this.#ended = once(child, 'close').then(([code, signal]) => {
      this.#child = undefined;
      if (this.#struck) return;
      if (this.#options.onEnd(code, signal, tail)) this.start();
    });
  }

  get running(): boolean {
    return this.#child !== undefined;
  }

  /** kill -9, and a new process at once. False when it had just ended by itself. */
  async strike(): Promise<boolean> {
    const struck = await this.#end('SIGKILL');
    if (struck) this.start();
    return struck;
  }

  /** Its number, while it runs. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Stops its clock, so to say: it keeps its connections and does nothing, until {@link resume}. */
  pause(): void {
    this.#child?.kill('SIGSTOP');
  }

  resume(): void {
    this.#child?.kill('SIGCONT');
  }

  /** Ends the process in good order and leaves it ended. */
  async stop(): Promise<void> {
    await this.#end('SIGTERM');
  }

  /** Ends the process at once and leaves it ended. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  async #end(signal: 'SIGKILL' | 'SIGTERM'): Promise<boolean> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return false;
    this.#struck = true;
    child.kill(signal);
    await this.#ended;
    return true;
  }
}
