/**
 * Exact decimal numbers and their fixed-point form (docs/formats.md, "Data and commitment"). Nothing here passes through binary floating point: the text of a
 * cell and the integer that is committed differ by at most half a unit of the last place, and that difference is known exactly.
 */

/** The value `digits * 10^exponent`. */
export interface Decimal {
  readonly digits: bigint;
  readonly exponent: number;
}

/** The sign between the whole and the fractional part. */
export type DecimalMark = '.' | ',';

/** Zero, the error of a cell that was not rounded. */
export const DECIMAL_ZERO: Decimal = { digits: 0n, exponent: 0 };

const NUMBER_TEXT_MAX = 256;
/** 10^40 lies beyond every width and scale, so larger powers need not be computed. */
const POWER_MAX = 40;

const patterns = {
  '.': /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,4}))?$/,
  ',': /^([+-]?)(\d*)(?:,(\d*))?(?:[eE]([+-]?\d{1,4}))?$/,
} as const satisfies Record<DecimalMark, RegExp>;

/** Reads `-12.5`, `.5`, `5.`, `1e-3`; thousands separators, words and anything else are null. */
export function parseDecimal(text: string, mark: DecimalMark): Decimal | null {
  if (text.length > NUMBER_TEXT_MAX) return null;
  const match = patterns[mark].exec(text);
  if (match === null) return null;
  const [, sign, whole = '', fraction = '', power = '0'] = match;
  if (whole === '' && fraction === '') return null;
  const digits = BigInt(whole + fraction);
  return { digits: sign === '-' ? -digits : digits, exponent: Number(power) - fraction.length };
}

/** A fixed-point integer and how far it is from the value. */
export interface FixedPoint {
  readonly integer: bigint;
  /** |value - integer / 10^scale|, exactly. */
  readonly error: Decimal;
}

/** `round-half-even(value * 10^scale)`; null when the result has more than 40 digits and so fits no width. */
export function toFixedPoint(value: Decimal, scale: number): FixedPoint | null {
  const shift = value.exponent + scale;
  if (value.digits === 0n) return { integer: 0n, error: DECIMAL_ZERO };
  if (shift >= 0) return shift > POWER_MAX ? null : { integer: value.digits * 10n ** BigInt(shift), error: DECIMAL_ZERO };
  const magnitude = value.digits < 0n ? -value.digits : value.digits;
  // Below a tenth of a unit: rounds to zero, and the power of ten would be as large as the cell's exponent says.
  if (-shift > magnitude.toString().length) return { integer: 0n, error: { digits: magnitude, exponent: value.exponent } };
  const unit = 10n ** BigInt(-shift);
  const remainder = magnitude % unit;
  const floor = magnitude / unit;
  const rounded = 2n * remainder > unit || (2n * remainder === unit && floor % 2n === 1n) ? floor + 1n : floor;
  const error = rounded === floor ? remainder : unit - remainder;
  return { integer: value.digits < 0n ? -rounded : rounded, error: { digits: error, exponent: value.exponent } };
}

/** The fewest decimal places that hold the value exactly. */
export function decimalPlaces(value: Decimal): number {
  if (value.digits === 0n) return 0;
  let places = -value.exponent;
  for (let digits = value.digits; places > 0 && digits % 10n === 0n; digits /= 10n) places--;
  return Math.max(places, 0);
}

/** Negative, zero or positive as `left` is below, equal to or above `right`. */
export function compareDecimals(left: Decimal, right: Decimal): number {
  if (left.digits === 0n || right.digits === 0n || left.digits < 0n !== right.digits < 0n)
    return Math.sign(Number(sign(left.digits) - sign(right.digits)));
  // Of two values of one sign, the one whose leading digit stands higher is larger in magnitude; only equal ones are aligned.
  const height = leadingPower(left) - leadingPower(right);
  if (height !== 0) return Math.sign(height) * Number(sign(left.digits));
  const shift = left.exponent - right.exponent;
  const difference = shift >= 0 ? left.digits * 10n ** BigInt(shift) - right.digits : left.digits - right.digits * 10n ** BigInt(-shift);
  return Number(sign(difference));
}

/** Decimal text with a point, without trailing zeros; values far from 1 in scientific notation. */
export function formatDecimal(value: Decimal): string {
  if (value.digits === 0n) return '0';
  const minus = value.digits < 0n ? '-' : '';
  const stripped = (value.digits < 0n ? -value.digits : value.digits).toString().replace(/0+$/, '');
  const power = leadingPower(value) - 1;
  if (power < -POWER_MAX || power > POWER_MAX)
    return `${minus}${stripped[0]}${stripped.length > 1 ? `.${stripped.slice(1)}` : ''}e${power}`;
  const whole = power < 0 ? '0' : stripped.slice(0, power + 1).padEnd(power + 1, '0');
  const fraction = power < 0 ? '0'.repeat(-power - 1) + stripped : stripped.slice(power + 1);
  return `${minus}${whole}${fraction === '' ? '' : `.${fraction}`}`;
}

function sign(value: bigint): bigint {
  return value > 0n ? 1n : value < 0n ? -1n : 0n;
}

/** The power of ten just above the leading digit. */
function leadingPower(value: Decimal): number {
  return (value.digits < 0n ? -value.digits : value.digits).toString().length + value.exponent;
}
