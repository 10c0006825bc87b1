/** What users type: numbers, coins, ids, addresses and files, each read once and refused in words. */
import { textFile } from '../adapters/text-file.ts';
import { AppError } from '../base/app-error.ts';
import { type Hex, isHex } from '../base/bytes.ts';
import { verbatim } from '../base/sentence.ts';

const ETHER = 10n ** 18n;

/** The error for an argument that cannot be used. */
export function argumentInvalid(what: string): AppError {
  return new AppError('ARGUMENT_INVALID', {
    what: `${what.slice(0, 1).toUpperCase()}${what.slice(1)}.`,
    consequence: 'Nothing was done.',
    remedy: 'Correct the argument; --help shows the form of every command.',
  });
}

/** A non-negative whole number of an option. */
export function wholeNumber(text: string, option: string): number {
  if (!/^\d{1,15}$/.test(text)) throw argumentInvalid(`${option} takes a whole number, not "${text}"`);
  return Number(text);
}

/** Coins in decimal (at most 18 places) as wei. */
export function parseCoins(text: string): bigint {
  const match = /^(\d{1,20})(?:\.(\d{1,18}))?$/.exec(text);
  if (!match) throw argumentInvalid(`"${text}" is not an amount of coins, such as 5 or 0.25`);
  return BigInt(match[1] as string) * ETHER + BigInt((match[2] ?? '').padEnd(18, '0'));
}

/** Wei as coins in decimal. */
export function formatCoins(wei: bigint): string {
  const fraction = (wei % ETHER).toString().padStart(18, '0').replace(/0+$/, '');
  return `${wei / ETHER}${fraction === '' ? '' : `.${fraction}`}`;
}

/** Bytes of a fixed length in hexadecimal, in any case. */
export function hexArgument(text: string, byteLength: number, what: string): Hex {
  const hex = text.toLowerCase();
  if (!isHex(hex) || hex.length !== 2 + 2 * byteLength) throw argumentInvalid(`"${text}" is not ${what}`);
  return hex;
}

/** The id of a dataset or requirement. */
export function id32(text: string, kind: 'dataset' | 'requirement'): Hex {
  return hexArgument(text, 32, `the id of a ${kind}`);
}

/** A chain address. */
export function addressArgument(text: string): Hex {
  return hexArgument(text, 20, 'an address');
}

/** The id of an offer: a decimal number. */
export function offerIdArgument(text: string): bigint {
  if (!/^(0|[1-9]\d{0,77})$/.test(text)) throw argumentInvalid(`"${text}" is not the id of an offer`);
  return BigInt(text);
}

/** A JSON file that the user named. @throws AppError `FILE_NOT_READABLE`, `ARGUMENT_INVALID` */
export async function jsonFile(path: string, what: string): Promise<unknown> {
  const text = await textFile(path, verbatim(what));
  try {
    return JSON.parse(text);
  } catch {
    throw argumentInvalid(`the file ${path} is not ${what}: it is not JSON`);
  }
}
