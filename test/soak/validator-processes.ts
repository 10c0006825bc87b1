/**
 * A network of validators as processes of the command line, for whoever disturbs or measures them. A process runs one validator, or
 * all of a group. Invariant: a process that ends without having been told to is reported, with the end of what it wrote.
 */
import { execFileSync } from 'node:child_process';
import { basename } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { OrderingStatus } from '../../core/adapters/rbft-ordering.ts';
import { spawnService } from '../../core/cli/service-processes.ts';
import { ProcessUnderFire } from '../crash/process-under-fire.ts';
import type { ValidatorNetwork } from '../validators.ts';

const answerMsMax = 5_000;
const pollMs = 100;
/** A process that is not ready after so long hangs. */
const startMsMax = 300_000;

/** One validator, and the process that it runs in. */
export interface Member {
  readonly group: number;
  readonly name: string;
  readonly home: string;
  readonly rpcUrl: string;
  readonly process: ValidatorProcess;
}

/** A process, and what it said. */
export interface ValidatorProcess {
  readonly fire: ProcessUnderFire;
  /** Whether all its validators said so since it was started. */
  isReady: boolean;
  isPaused: boolean;
  startedMs: number;
  /** What it said at its end, if it may end: set before. */
  mayEnd: ((code: number | null, tail: string) => void) | null;
}

export interface ProcessesOptions {
  readonly network: ValidatorNetwork;
  readonly passphrase: string;
  readonly perProcess: 'member' | 'group';
  /** Lines that a validator logged, but for that it is ready. */
  readonly onLine: (process: string, line: string) => void;
  readonly onEnd: (what: string) => void;
}

export class ValidatorProcesses {
  readonly members: readonly Member[];
  readonly processes: readonly ValidatorProcess[];

  constructor({ network, passphrase, perProcess, onLine, onEnd }: ProcessesOptions) {
    const members: Member[] = [];
    const processes: ValidatorProcess[] = [];
    const urls = [...network.rpcUrls];
    for (const [group, homes] of network.homes.entries()) {
      const parts = perProcess === 'group' ? [homes] : homes.map((home) => [home]);
      for (const part of parts) {
        const process = this.#process(part, passphrase, onLine, onEnd);
        processes.push(process);
        for (const home of part) members.push({ group, name: basename(home), home, rpcUrl: urls.shift() as string, process });
      }
    }
    this.members = members;
    this.processes = processes;
  }

  start(process: ValidatorProcess): void {
    process.startedMs = performance.now();
    process.fire.start();
  }

  /** kill -9; it stays ended. */
  async kill(process: ValidatorProcess): Promise<void> {
    process.isReady = false;
    process.isPaused = false;
    await process.fire.kill();
  }

  pause(process: ValidatorProcess): void {
    process.isPaused = true;
    process.fire.pause();
  }

  resume(process: ValidatorProcess): void {
    process.isPaused = false;
    process.fire.resume();
  }

  async stopAll(): Promise<void> {
    await Promise.all(this.processes.map(({ fire }) => fire.stop()));
  }

  async killAll(): Promise<void> {
    await Promise.all(this.processes.map(({ fire }) => fire.kill()));
  }

  async untilReady(processes: readonly ValidatorProcess[] = this.processes): Promise<void> {
    const begunMs = performance.now();
    while (processes.some(({ isReady }) => !isReady)) {
      if (performance.now() - begunMs > startMsMax)
        throw new Error(
          `not ready: ${processes
            .filter(({ isReady }) => !isReady)
            .map(({ fire }) => fire.name)
            .join(', ')}`,
        );
      await delay(pollMs);
    }
  }

  /** Bytes of memory that the processes hold, by their names, of those that run. */
  memory(): Map<string, number> {
    const running = this.processes.filter(({ fire }) => fire.pid !== undefined);
    const listing = execFileSync('ps', ['-o', 'pid=,rss=', '-p', running.map(({ fire }) => fire.pid).join(',')], { encoding: 'utf8' });
    const byPid = new Map(
      listing
        .trim()
        .split('\n')
        .map((line) => line.trim().split(/\s+/).map(Number) as [number, number]),
    );
    return new Map(running.map(({ fire }) => [fire.name, (byPid.get(fire.pid as number) ?? 0) * 1024]));
  }

  #process(homes: readonly string[], passphrase: string, onLine: ProcessesOptions['onLine'], onEnd: ProcessesOptions['onEnd']) {
    const name = homes.map((home) => basename(home)).join('+');
    let ready = 0;
    const process: ValidatorProcess = {
      isReady: false,
      isPaused: false,
      startedMs: 0,
      mayEnd: null,
      fire: new ProcessUnderFire({
        name,
        spawn: () => {
          ready = 0;
          return spawnService('validator', homes, passphrase);
        },
        onLine: (line) => {
          if (!line.startsWith('ready: ')) onLine(name, line);
          else if (++ready === homes.length) process.isReady = true;
        },
        onEnd: (code, signal, tail) => {
          process.isReady = false;
          if (process.mayEnd === null) onEnd(`${name} ended by itself with ${signal ?? code}: ${tail}`);
          else process.mayEnd(code, tail);
          return false;
        },
      }),
    };
    return process;
  }
}

/** Asks one validator; throws if it does not answer, or with an error. */
export async function ask<Result>(rpcUrl: string, method: string, params: readonly unknown[], timeoutMs = answerMsMax): Promise<Result> {
  const response = await fetch(rpcUrl, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
    signal: AbortSignal.timeout(timeoutMs),
  });
  const { result, error } = (await response.json()) as { result: Result; error?: { code: number; message: string } };
  if (error !== undefined) throw new Error(`${method}: ${error.message}`);
  return result;
}

/** Where a validator says that it stands; null if it does not answer. */
export async function statusOf(member: Member): Promise<OrderingStatus | null> {
  if (!member.process.isReady || member.process.isPaused) return null;
  try {
    return await ask<OrderingStatus>(member.rpcUrl, 'vouchsafe_status', []);
  } catch {
    return null; // it is down, or too busy: the caller asks again, or another
  }
}
