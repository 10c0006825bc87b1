/** One story that is killed and told again until it has come to its end, with what it said on the way. */
import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { StoryLine } from '../story/story-process.ts';
import { ProcessUnderFire } from './process-under-fire.ts';

const script = fileURLToPath(new URL('../story/story-process.ts', import.meta.url));

/** A step that found a service down says one of these, and is repeated. */
const interruptions = new Set(['SERVICE_UNREACHABLE', 'SERVICE_STOPPING', 'SERVICE_BUSY', 'CHAIN_UNREACHABLE']);

export interface StoryOptions {
  readonly folder: string;
  readonly data: string;
  readonly passphrase: string;
  readonly environment: NodeJS.ProcessEnv;
  /** Whether services have been killed of late, so that the story may find one of them down. */
  readonly underFire: () => boolean;
  readonly onViolation: (what: string) => void;
  /** Lines of the story and its failures, for who wants to watch. */
  readonly onTold: (text: string) => void;
}

export class StoryUnderFire {
  readonly process: ProcessUnderFire;
  /** Resolves when the story has been told to its end. */
  readonly finished: Promise<void>;
  /** Failures by their code: steps that found a service down. */
  readonly interrupted = new Map<string, number>();
  readonly #options: StoryOptions;
  readonly #heard = new Set<string>();
  #stage = '0 Start';
  #waiting: (() => void)[] = [];
  #killsSinceNews = 0;
  #lastNewsMs = performance.now();

  constructor(options: StoryOptions) {
    this.#options = options;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.finished = promise;
    this.process = new ProcessUnderFire({
      name: 'workflow',
      spawn: () => spawnStory(options),
      onLine: (line) => this.#hear(line),
      onEnd: (code, signal, tail) => {
        if (code === 0) {
          resolve();
          this.#news();
          return false;
        }
        if (signal !== null || !tail.includes('"kind":"failed"')) options.onViolation(`the story ended with ${signal ?? code}: ${tail}`);
        return true;
      },
    });
  }

  /** Stage of the paper that the story has reached. */
  get stage(): string {
    return this.#stage;
  }

  /** Kills of the workflow since it last said something new. */
  get killsSinceNews(): number {
    return this.#killsSinceNews;
  }

  /** Milliseconds since the story last said something new. */
  get silentMs(): number {
    return performance.now() - this.#lastNewsMs;
  }

  countKill(): void {
    this.#killsSinceNews++;
  }

  /** Waits until the story says something that it has not said before, or ends. */
  nextNews(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #hear(text: string): void {
    const line = JSON.parse(text) as StoryLine;
    if (line.kind === 'ended') return;
    this.#options.onTold(line.kind === 'failed' ? `failed: ${line.code}: ${line.text}` : `${line.kind}: ${line.text}`);
    if (line.kind === 'failed') this.#fail(line.code, line.text);
    if (line.kind === 'failed' || this.#heard.has(text)) return;
    this.#heard.add(text);
    if (line.kind === 'stage') this.#stage = line.text;
    this.#news();
  }

  #fail(code: string, text: string): void {
    // A purchase that waits for fragments of proxies that are down is not an error of any step, but the story cannot end there.
    const waiting = code === 'STORY_CHECK_FAILED' && text.startsWith('fragments proved');
    if (!this.#options.underFire() || !(interruptions.has(code) || waiting))
      this.#options.onViolation(`the story failed: ${code}: ${text}`);
    this.interrupted.set(code, (this.interrupted.get(code) ?? 0) + 1);
  }

  #news(): void {
    this.#killsSinceNews = 0;
    this.#lastNewsMs = performance.now();
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }
}

/** Starts the story as a process; the passphrase goes through file descriptor 3. */
function spawnStory({ folder, data, passphrase, environment }: StoryOptions): ChildProcess {
  const child = spawn(process.execPath, [script, folder, data], { env: environment, stdio: ['ignore', 'pipe', 'pipe', 'pipe'] });
  const pipe = child.stdio[3] as NodeJS.WritableStream;
  pipe.on('error', () => undefined); // a process that dies before it has read leaves a broken pipe; its end says so
  pipe.end(`${passphrase}\n`);
  return child;
}
