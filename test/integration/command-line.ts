/** The command line as a user runs it, in processes of its own: commands to their end, services until they are stopped, and an existing chain. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const main = fileURLToPath(new URL('../../core/cli/main.ts', import.meta.url));

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
}

function start(words: readonly string[], { passphrase, phrase, environment }: Run): ChildProcess {
  const secrets = [...(passphrase === undefined ? [] : ['--passphrase-fd', '3']), ...(phrase === undefined ? [] : ['--phrase-fd', '4'])];
  const child = spawn(process.execPath, [main, ...words, ...secrets], {
    env: { ...process.env, ...environment, ELECTRON_RUN_AS_NODE: '1' },
    stdio: ['ignore', 'pipe', 'pipe', 'pipe', 'pipe'],
  });
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
  let [output, errors] = ['', ''];
  child.stdout?.on('data', (chunk: Buffer) => {
    output += chunk.toString();
  });
  child.stderr?.on('data', (chunk: Buffer) => {
    errors += chunk.toString();
  });
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, output, errors };
}

/** A command that goes on until it is stopped. */
export interface Service {
  stop(): Promise<void>;
}

/** Starts a command that serves, and waits until it has said `ready:` so many times. */
export async function serve(words: readonly string[], count: number, run: Run = {}): Promise<Service> {
  const child = start(words, run);
  const stop = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exit = once(child, 'exit');
    child.kill('SIGTERM');
    await exit;
  };
  let text = '';
  await new Promise<void>((resolve, reject) => {
    const hear = (chunk: Buffer) => {
      text += chunk.toString();
      if ((text.match(/^ready: /gm) ?? []).length >= count) resolve();
    };
    child.stdout?.on('data', hear);
    child.stderr?.on('data', hear);
    child.once('exit', (code) => reject(new Error(`${words.join(' ')} ended with ${code}: ${text}`)));
  });
  return { stop };
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
