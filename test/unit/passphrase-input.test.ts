/** Passphrases from a descriptor and typed at a real pseudo-terminal, which must not show them. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readPassphrase } from '../../core/adapters/passphrase-input.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'vouchsafe-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function fromDescriptor(content: string | Uint8Array): Promise<string> {
  const path = join(folder, 'passphrase');
  await writeFile(path, content);
  const fd = openSync(path, 'r');
  try {
    return await readPassphrase({ fd });
  } finally {
    closeSync(fd);
  }
}

/** Types at a prompt of a process in a pseudo-terminal of its own (`script` of util-linux) and answers all that its screen shows. */
async function type(keys: string): Promise<string> {
  const child = fileURLToPath(new URL('./passphrase-input-child.ts', import.meta.url));
  const terminal = spawn('script', ['--quiet', '--return', '--command', `"${process.execPath}" "${child}"`, '/dev/null'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  let screen = '';
  let typed = false;
  terminal.stdout.setEncoding('utf8');
  terminal.stdout.on('data', (text: string) => {
    screen += text;
    if (typed || !screen.includes('Secret: ')) return;
    typed = true;
    terminal.stdin.write(keys);
  });
  await once(terminal, 'close');
  return screen;
}

describe('from a file descriptor', () => {
  test('the first line, with or without its end, in any UTF-8', async () => {
    expect(await fromDescriptor('correct horse')).toBe('correct horse');
    expect(await fromDescriptor('correct horse\r\nsecond line\n')).toBe('correct horse');
    expect(await fromDescriptor(' pässwörd 🔑 \n')).toBe(' pässwörd 🔑 ');
  });

  test('nothing, too much, no text and no descriptor are refused by name', async () => {
    await expect(fromDescriptor('')).rejects.toMatchObject({ code: 'PASSPHRASE_EMPTY' });
    await expect(fromDescriptor('\nsecond')).rejects.toMatchObject({ code: 'PASSPHRASE_EMPTY' });
    await expect(fromDescriptor('x'.repeat(100_000))).rejects.toMatchObject({ code: 'PASSPHRASE_TOO_LONG' });
    await expect(fromDescriptor(new Uint8Array([0xff, 0xfe, 0x0a]))).rejects.toMatchObject({ code: 'PASSPHRASE_UNAVAILABLE' });
    await expect(readPassphrase({ fd: 9_999 })).rejects.toMatchObject({ code: 'PASSPHRASE_UNAVAILABLE' });
  });
});

describe('at a terminal', () => {
  test('typed without echo; backspace and Ctrl-U correct', async () => {
    const screen = await type('wrong\u0015corrrect\u007f\u007f\u007f\u007fect höfse\u007f\u007f\u007frse\r');
    expect(screen).toContain('length 13');
    expect(screen).toContain('digest equal');
    expect(screen).not.toMatch(/corr|wrong/);
  });

  test('Ctrl-C is an answer of its own', async () => {
    expect(await type('half\u0003')).toContain('PASSPHRASE_CANCELLED');
  });

  test('without a terminal and without a descriptor nothing is asked', async () => {
    const child = spawn(process.execPath, [fileURLToPath(new URL('./passphrase-input-child.ts', import.meta.url))], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let output = '';
    child.stdout.on('data', (text: Buffer) => {
      output += text.toString();
    });
    await once(child, 'close');
    expect(output).toContain('PASSPHRASE_UNAVAILABLE');
  });
});
