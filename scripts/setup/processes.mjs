/**
 * Child processes of the set-up and of the commands. A signal to this process reaches the child,
 * and the child's end is this process' end: nobody is left running behind a stopped command.
 */
import { spawn } from 'node:child_process';
import { electronExecutable, projectRoot } from './places.mjs';

const forwarded = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/**
 * Runs a program to its end, with this process' terminal unless `stdio` says otherwise.
 * @returns {Promise<{code: number, output: string}>} exit code (128 + n after a
 *   signal n, 127 if the program could not be started) and what was piped from stdout.
 */
export function run(
  program,
  args,
  { env = process.env, cwd = projectRoot, stdio = 'inherit', timeoutMs = 0, onStart = () => {}, shell = false } = {},
) {
  return new Promise((resolve) => {
    const child = spawn(program, args, { cwd, env, stdio, shell });
    let output = '';
    const timer = timeoutMs > 0 ? setTimeout(() => child.kill('SIGKILL'), timeoutMs) : undefined;
    const forward = (signal) => child.kill(signal);
    for (const signal of forwarded) process.on(signal, forward);
    const settle = (code) => {
      clearTimeout(timer);
      for (const signal of forwarded) process.off(signal, forward);
      resolve({ code, output });
    };
    child.stdout?.setEncoding('utf8').on('data', (text) => (output += text));
    child.on('spawn', () => onStart(child.pid));
    child.on('error', (error) => {
      output += error.message;
      settle(127);
    });
    child.on('close', (code, signal) => settle(code ?? 128 + signalNumber(signal)));
  });
}

/** Runs a JavaScript or TypeScript file on Electron's Node. Resolves to its exit code. */
export async function runElectronNode(args, options = {}) {
  const { code } = await run(electronExecutable(), args, { ...options, env: electronNodeEnvironment(options.env) });
  return code;
}

/** The environment in which the Electron executable behaves as Node, and its children do too. */
export function electronNodeEnvironment(env = process.env) {
  return { ...env, ELECTRON_RUN_AS_NODE: '1' };
}

function signalNumber(signal) {
  return { SIGHUP: 1, SIGINT: 2, SIGKILL: 9, SIGTERM: 15 }[signal] ?? 1;
}
