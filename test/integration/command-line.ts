/** The command line as a user runs it, in processes of its own: commands to their end, services until they are stopped, and an existing chain. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const main = fileURLToPath(new URL('../../core/cli/main.ts', import.meta.url));

/** Half of the time of a short command is compiling it, which is the same every time. */
const compiled = mkdtempSync(join(tmpdir(), 'compiled-'));
process.once('exit', () => rmSync(compiled, { recursive: true, force: true }));

/** A command that hangs is ended before its test times out, so that the test can say what it printed. Shorter than the heavy tests' own limit. */
const commandMsMax = 840_000;

/** A test that times out must not leave its commands running. */
const running = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of running) child.kill('SIGTERM');
});

/** What a command printed and how it ended. */
export interface Ended {
  readonly code: number | null;
  readonly output: string;
  readonly errors: string;
}

export interface Run {
  /** Goes through file descriptor 3, as `--passphrase-fd 3` asks. */
  readonly passphrase?: string;
  /** Goes through file descriptor 4, as `--phrase-fd 4` asks. */
  readonly phrase?: string;
  readonly environment?: Readonly<Record<string, string>>;
  /** For a command whose test may take longer than others. */
  readonly msMax?: number;
}

function start(words: readonly string[], { passphrase, phrase, environment }: Run): ChildProcess {
  const secrets = [...(passphrase === undefined ? [] : ['--passphrase-fd', '3']), ...(phrase === undefined ? [] : ['--phrase-fd', '4'])];
  const child = spawn(process.execPath, [main, ...words, ...secrets], {
    env: { ...process.env, NODE_COMPILE_CACHE: compiled, ...environment, ELECTRON_RUN_AS_NODE: '1' },
    stdio: ['ignore', 'pipe', 'pipe', 'pipe', 'pipe'],
  });
  running.add(child);
  child.once('exit', () => running.delete(child));
  for (const [fd, secret] of [
    [3, passphrase],
    [4, phrase],
  ] as const) {
    const pipe = child.stdio[fd] as NodeJS.WritableStream;
    // A command that ends before it has read leaves a broken pipe; its exit says so.
    pipe.on('error', () => undefined);
    pipe.end(secret === undefined ? '' : `${secret}\n`);
  }
  return child;
}

/** Runs a command to its end. */
export async function vouchsafe(words: readonly string[], run: Run = {}): Promise<Ended> {
  const child = start(words, run);
  const hanging = setTimeout(() => child.kill('SIGTERM'), run.msMax ?? commandMsMax);
  let [output, errors] = ['', ''];
  child.stdout?.on('data', (chunk: Buffer) => {
    output += chunk.toString();
  });
  child.stderr?.on('data', (chunk: Buffer) => {
    errors += chunk.toString();
  });
  const [code] = (await once(child, 'close')) as [number | null];
  clearTimeout(hanging);
  return { code, output, errors };
}

/** A command that goes on by itself, watched from outside. */
export function begin(words: readonly string[], run: Run = {}) {
  const child = start(words, run);
  let text = '';
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (chunk: Buffer) => {
      text += chunk.toString();
    });
  return {
    /** Waits until it has printed `words`, so many times. */
    says: (what: string, times = 1) =>
      new Promise<void>((resolve, reject) => {
        const look = () => {
          if (text.split(what).length > times) resolve();
        };
        for (const stream of [child.stdout, child.stderr]) stream?.on('data', look);
        child.once('exit', (code) => reject(new Error(`${words.join(' ')} ended with ${code}: ${text}`)));
        look();
      }),
    /** Ends it, unless it has ended, and waits until it has. */
    async end(signal: NodeJS.Signals): Promise<void> {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const exit = once(child, 'exit');
      child.kill(signal);
      await exit;
    },
  };
}

/** A command that serves until it is stopped. */
export interface Service {
  stop(): Promise<void>;
}

/** Starts a command that serves, and waits until it has said so often that a service is ready. */
export async function serve(words: readonly string[], count: number, run: Run = {}): Promise<Service> {
  const service = begin(words, run);
  await service.says('ready: ', count);
  return { stop: () => service.end('SIGTERM') };
}

/** Anvil, a chain that somebody else runs, on a free port. */
export async function startAnvil(): Promise<Service & { readonly url: string }> {
  const binary = createRequire(import.meta.url).resolve('@foundry-rs/anvil-linux-amd64/bin/anvil');
  const child = spawn(binary, ['--port', '0'], { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  const url = await new Promise<string>((resolve, reject) => {
    child.stdout?.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      const port = /Listening on 127\.0\.0\.1:(\d+)/.exec(text)?.[1];
      if (port !== undefined) resolve(`http://127.0.0.1:${port}`);
    });
    child.once('exit', (code) => reject(new Error(`anvil ended with ${code}: ${text}`)));
  });
  return {
    url,
    async stop() {
      const exit = once(child, 'exit');
      child.kill('SIGTERM');
      await exit;
    },
  };
}
