/** The app without windows: the command line in Electron itself, with no display to be found. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';

const project = fileURLToPath(new URL('../..', import.meta.url));

describe('the app without windows', () => {
  const folder = mkdtempSync(join(tmpdir(), 'headless-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  /** Starts `vouchsafe --headless ...`; `secret` comes through file descriptor 3. */
  function start(words: readonly string[], secret = '') {
    const { DISPLAY: _, WAYLAND_DISPLAY: __, ELECTRON_RUN_AS_NODE: ___, ...inherited } = process.env;
    // Chromium has no sandbox for root, and starts for it only when told so.
    const sandbox = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
    const child: ChildProcess = spawn(process.execPath, [...sandbox, project, '--headless', ...words], {
      env: { ...inherited, XDG_CONFIG_HOME: join(folder, 'config') },
      stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    });
    let output = '';
    let errors = '';
    child.stdout?.setEncoding('utf8').on('data', (text) => (output += text));
    child.stderr?.setEncoding('utf8').on('data', (text) => (errors += text));
    const pipe = child.stdio[3] as NodeJS.WritableStream;
    // A command that needs no secret ends before it has read one.
    pipe.on('error', () => undefined);
    pipe.end(secret);
    const ended = new Promise<{ code: number | null; output: string; errors: string }>((resolve) =>
      child.once('close', (code) => resolve({ code, output, errors })),
    );
    return { child, ended, output: () => output };
  }

  test('answers as the command line does', async () => {
    const { code, output } = await start(['--version']).ended;
    expect(output).toMatch(/^\d+\.\d+\.\d+\n$/);
    expect(code).toBe(0);
  });

  test('says in words what is wrong, and ends with an error', async () => {
    const { code, output, errors } = await start(['validator', '--home', join(folder, 'nowhere')]).ended;
    expect(errors).toContain('HOME_NOT_A_SERVICE');
    expect(output).toBe('');
    expect(code).toBe(1);
  });

  test('makes a network, runs a validator of it, and ends when it is told to', async () => {
    const home = join(folder, 'network');
    const made = await start(['network', 'create', '--home', home, '--first-port', '0', '--passphrase-fd', '3'], 'a passphrase\n').ended;
    expect(made.output).toContain('made: signed network file');
    expect(made.code).toBe(0);
    const validator = start(['validator', '--home', join(home, 'validator-1-1'), '--passphrase-fd', '3'], 'a passphrase\n');
    await expect.poll(validator.output, { timeout: 60_000 }).toContain('ready: validator at http://127.0.0.1:');
    validator.child.kill('SIGTERM');
    expect((await validator.ended).code).toBe(0);
  });
});
