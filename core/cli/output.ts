/** What the command line prints: plain lines on standard output, errors in three sentences on standard error. */
import { AppError } from '../base/app-error.ts';

/** Prints one line. */
export function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** Prints rows of named values, one a line, aligned. */
export function printFields(fields: Readonly<Record<string, string | number | bigint>>): void {
  const width = Math.max(...Object.keys(fields).map((name) => name.length));
  for (const [name, value] of Object.entries(fields)) print(`${name.padEnd(width)}  ${value}`);
}

/** Prints an error as a user reads it; an unexpected one with its stack, for a report. */
export function printError(error: unknown): void {
  if (error instanceof AppError) {
    const { what, consequence, remedy } = error.text;
    process.stderr.write(`\n${error.code}\n  ${what}\n  ${consequence}\n  ${remedy}\n`);
  } else process.stderr.write(`\nUNEXPECTED\n${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
}

const ETHER = 10n ** 18n;

/** Wei as coins in decimal. */
export function formatCoins(wei: bigint): string {
  const fraction = (wei % ETHER).toString().padStart(18, '0').replace(/0+$/, '');
  return `${wei / ETHER}${fraction === '' ? '' : `.${fraction}`}`;
}

/** Coins in decimal (at most 18 places) as wei. @throws AppError `ARGUMENT_INVALID` */
export function parseCoins(text: string): bigint {
  const match = /^(\d{1,20})(?:\.(\d{1,18}))?$/.exec(text);
  if (!match) throw argumentInvalid(`"${text}" is not an amount of coins, such as 5 or 0.25`);
  return BigInt(match[1] as string) * ETHER + BigInt((match[2] ?? '').padEnd(18, '0'));
}

/** The error for an argument that cannot be used. */
export function argumentInvalid(what: string): AppError {
  return new AppError('ARGUMENT_INVALID', {
    what: `${what}.`,
    consequence: 'Nothing was done.',
    remedy: 'Correct the argument; --help shows the form of every command.',
  });
}
