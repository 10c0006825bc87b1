/**
 * How a program without a window gets a passphrase: from a file descriptor (for services) or typed at a
 * terminal without echo. Never from an argument or the environment, which other processes can read.
 */
import { readSync } from 'node:fs';
import { stderr, stdin } from 'node:process';
import type { ReadStream, WriteStream } from 'node:tty';
import { AppError } from '../base/app-error.ts';
import { type Sentence, say } from '../base/sentence.ts';
import { passphraseLengthMax } from '../crypto/sealed-document.ts';

/** Longest first line that is taken from a descriptor: every character may have 4 bytes. */
const lineBytesMax = 4 * passphraseLengthMax + 2;

export interface PassphraseRequest {
  /** Read the first line of this descriptor instead of asking. */
  readonly fd?: number;
  /** What is asked at the terminal. */
  readonly prompt?: string;
  readonly terminal?: { readonly input: ReadStream; readonly output: WriteStream };
}

/**
 * Reads one passphrase.
 * @throws AppError `PASSPHRASE_UNAVAILABLE` when there is neither a readable descriptor nor a terminal,
 * `PASSPHRASE_EMPTY`, `PASSPHRASE_TOO_LONG`, `PASSPHRASE_CANCELLED` (Ctrl-C or Ctrl-D at the prompt).
 */
export async function readPassphrase(request: PassphraseRequest = {}): Promise<string> {
  const { fd, prompt = 'Passphrase: ', terminal = { input: stdin, output: stderr } } = request;
  if (fd === undefined && !terminal.input.isTTY) throw unavailable(say`there is no terminal to ask at`);
  const passphrase = fd === undefined ? await ask(prompt, terminal.input, terminal.output) : readLine(fd);
  if (passphrase === '')
    throw refused('PASSPHRASE_EMPTY', say`The passphrase is empty.`, say`Give a passphrase of at least eight characters.`);
  return passphrase;
}

function readLine(fd: number): string {
  const buffer = new Uint8Array(lineBytesMax);
  let length = 0;
  try {
    while (length < buffer.length) {
      const read = readSync(fd, buffer, length, buffer.length - length, null);
      if (read === 0) break;
      length += read;
      if (buffer.subarray(length - read, length).includes(0x0a)) break;
    }
  } catch (cause) {
    throw unavailable(say`file descriptor ${fd} cannot be read (${(cause as NodeJS.ErrnoException).code ?? say`unknown`})`, cause);
  }
  const end = buffer.subarray(0, length).indexOf(0x0a);
  if (end < 0 && length === buffer.length) throw tooLong();
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(buffer.subarray(0, end < 0 ? length : end)).replace(/\r$/, '');
  } catch {
    throw unavailable(say`the first line of file descriptor ${fd} is not UTF-8 text`); // the cause would quote nothing useful
  } finally {
    buffer.fill(0);
  }
}

function ask(prompt: string, input: ReadStream, output: WriteStream): Promise<string> {
  return new Promise((resolve, reject) => {
    const decoder = new TextDecoder();
    const wasRaw = input.isRaw;
    let typed: string[] = [];
    const onData = (data: Uint8Array): void => {
      for (const character of decoder.decode(data, { stream: true })) {
        const outcome = press(character);
        if (outcome === null) continue;
        input.off('data', onData);
        input.setRawMode(wasRaw);
        input.pause();
        output.write('\n');
        outcome();
        return;
      }
    };
    /** What a key does to the line; how the question ends, if it does. */
    const press = (character: string): (() => void) | null => {
      if (character === '\r' || character === '\n') return () => resolve(typed.join(''));
      if (character === '\u0003' || character === '\u0004')
        return () =>
          reject(refused('PASSPHRASE_CANCELLED', say`No passphrase was entered.`, say`Start the command again when you have it.`));
      if (character === '\u007f' || character === '\b') typed.pop();
      else if (character === '\u0015') typed = [];
      else if (character >= ' ') typed.push(character);
      return typed.length > passphraseLengthMax ? () => reject(tooLong()) : null;
    };
    input.setRawMode(true); // no echo: the terminal hands over each key instead of showing it; before asking, as some type fast
    output.write(prompt);
    input.on('data', onData);
    input.resume();
  });
}

function tooLong(): AppError {
  return refused(
    'PASSPHRASE_TOO_LONG',
    say`The passphrase is longer than ${passphraseLengthMax} characters.`,
    say`Check that the right file is connected; its first line is the passphrase.`,
  );
}

function unavailable(why: Sentence, cause?: unknown): AppError {
  return refused(
    'PASSPHRASE_UNAVAILABLE',
    say`A passphrase is needed, but ${why}.`,
    say`Start the command in a terminal, or pass the passphrase through a file descriptor.`,
    cause,
  );
}

function refused(code: string, what: Sentence, remedy: Sentence, cause?: unknown): AppError {
  return new AppError(
    code,
    { what, consequence: 'Nothing was opened and nothing was changed.', remedy },
    cause === undefined ? {} : { cause },
  );
}
