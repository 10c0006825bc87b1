/** Figures as people read them: exact decimals, times and durations in a language. Pure: nothing here passes through binary floating point. */

/** A decimal text, such as `-1234.50`, with the language's marks. Every digit stays. */
export function localDecimal(text: string, language: string): string {
  const match = /^(-?)(\d+)(?:\.(\d+))?$/.exec(text);
  if (match === null) return text;
  const [, minus = '', whole = '', fraction] = match;
  const grouped = new Intl.NumberFormat(language).format(BigInt(whole));
  return `${minus === '' ? '' : '−'}${grouped}${fraction === undefined ? '' : `${decimalMark(language)}${fraction}`}`;
}

/** A whole number with the language's grouping. */
export function localInteger(value: number | bigint, language: string): string {
  return new Intl.NumberFormat(language, { maximumFractionDigits: 0 }).format(value);
}

/** The sign between the whole and the fractional part. */
export function decimalMark(language: string): string {
  return new Intl.NumberFormat(language).formatToParts(1.5).find(({ type }) => type === 'decimal')?.value ?? '.';
}

/** A point in time, written in ISO 8601, as date and time in UTC with all that it says; the text itself where it is none, or finer than a second. */
export function utcTime(iso: string, language: string): string {
  const joined = iso.trim().replace(' ', 'T');
  // A date alone is UTC to a browser already; a time without a zone is UTC to a requirement.
  const time = new Date(!joined.includes('T') || /(?:[zZ]|[+-]\d\d(?::?\d\d)?)$/.test(joined) ? joined : `${joined}Z`);
  if (Number.isNaN(time.getTime()) || time.getTime() % 1000 !== 0) return iso;
  const timeStyle = time.getTime() % 60_000 === 0 ? 'short' : 'medium';
  return `${new Intl.DateTimeFormat(language === 'en' ? 'en-GB' : language, { dateStyle: 'medium', timeStyle, timeZone: 'UTC' }).format(time)} UTC`;
}

const units = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
  ['second', 1000],
  ['millisecond', 1],
] as const;

/** A length of time in its two largest units, such as "2 days 3 hours". */
export function localDuration(milliseconds: number, language: string): string {
  const start = units.findIndex(([, size]) => milliseconds >= size);
  const first = start < 0 ? units.length - 1 : start;
  let rest = milliseconds;
  const words: string[] = [];
  for (const [unit, size] of units.slice(first, first + 2)) {
    const count = Math.floor(rest / size);
    rest -= count * size;
    if (count === 0 && words.length > 0) continue;
    words.push(new Intl.NumberFormat(language, { style: 'unit', unit, unitDisplay: 'long' }).format(count));
  }
  return words.join(' ');
}
