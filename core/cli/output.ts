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

/** A time of the chain, for a reader. */
export function formatSeconds(seconds: bigint): string {
  return `${new Date(Number(seconds) * 1000).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}
