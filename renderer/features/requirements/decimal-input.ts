/**
 * Numbers as people type them, in the spelling of their language, into the decimal texts and wei that the contract takes.
 * What could be read in two ways is refused rather than guessed: a price or a bound that is a thousand times off costs money.
 */
import { decimalMark } from '../../model/figures.ts';

/** The mark between whole and fraction in the user's language. */
export type DecimalMark = '.' | ',';

/** A number that was read, or the key of the text that says why not. */
export type NumberReading = { readonly ok: true; readonly text: string } | { readonly ok: false; readonly problem: NumberProblem };
export type NumberProblem = 'empty' | 'notNumber' | 'ambiguous';

const DIGITS_OF_A_COIN = 18;

/** The mark that the language uses. */
export function decimalMarkOf(language: string): DecimalMark {
  return decimalMark(language) === ',' ? ',' : '.';
}

/** Reads a decimal number. Spaces group digits; the other language's mark is accepted where it cannot mean thousands. */
export function readNumber(typed: string, mark: DecimalMark): NumberReading {
  const text = typed
    .trim()
    .replace(/[\s'’]/g, '')
    .replace(/^[−–]/, '-');
  if (text === '') return { ok: false, problem: 'empty' };
  const marks = text.match(/[.,]/g) ?? [];
  if (marks.length > 1) return { ok: false, problem: 'ambiguous' };
  // "1,000" is a thousand to some and one to others; in a language whose mark it is, it is a fraction.
  if (marks.length === 1 && marks[0] !== mark && /^-?[1-9]\d{0,2}[.,]\d{3}$/.test(text)) return { ok: false, problem: 'ambiguous' };
  const match = /^(-?)0*(\d{1,40})(?:\.(\d{1,38}))?$/.exec(text.replace(',', '.'));
  if (match === null) return { ok: false, problem: 'notNumber' };
  const [, sign = '', whole = '0', fraction] = match;
  return { ok: true, text: `${sign}${whole}${fraction === undefined ? '' : `.${fraction}`}` };
}

/** Reads an amount of coins into wei; null where it is none, is negative, or has more decimals than a coin has. */
export function readCoins(typed: string, mark: DecimalMark): bigint | null {
  const reading = readNumber(typed, mark);
  if (!reading.ok) return null;
  const match = /^(\d{1,20})(?:\.(\d{1,18}))?$/.exec(reading.text);
  if (match === null) return null;
  const [, whole = '0', fraction = ''] = match;
  return BigInt(whole) * 10n ** BigInt(DIGITS_OF_A_COIN) + BigInt(fraction.padEnd(DIGITS_OF_A_COIN, '0'));
}

/** Reads a whole number between two ends; null where it is none. */
export function readWhole(typed: string, least: number, most: number): number | null {
  const text = typed.trim().replace(/[\s'’]/g, '');
  if (!/^\d{1,16}$/.test(text)) return null;
  const value = Number(text);
  return value >= least && value <= most ? value : null;
}

/** Which of two decimal texts is greater: negative, zero or positive, without the rounding of floating point. */
export function compareNumbers(left: string, right: string): number {
  const places = Math.max(fractionOf(left).length, fractionOf(right).length);
  const difference = scaled(left, places) - scaled(right, places);
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
}

/** How many decimals a decimal text has, without the zeros at its end. */
export function decimalsOf(text: string): number {
  return fractionOf(text).replace(/0+$/, '').length;
}

function fractionOf(text: string): string {
  return text.split('.')[1] ?? '';
}

function scaled(text: string, places: number): bigint {
  const [whole = '0', fraction = ''] = text.replace('-', '').split('.');
  const size = BigInt(whole + fraction.padEnd(places, '0'));
  return text.startsWith('-') ? -size : size;
}
