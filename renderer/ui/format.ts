/** How numbers, amounts, times and hashes are written for readers. */
import { localeOf } from '../../electron/language.ts';
import type { Language } from '../../electron/views.ts';

const wei = 10n ** 18n;

/** Wei as coins in decimal, without trailing zeros. */
export function formatCoins(amount: string, language: Language = 'en'): string {
  const value = BigInt(amount);
  const fraction = (value % wei).toString().padStart(18, '0').replace(/0+$/, '');
  const whole = formatCount(value / wei, language);
  return fraction === '' ? whole : `${whole}${language === 'de' ? ',' : '.'}${fraction}`;
}

/** What a user typed as coins, in wei; null when it is no amount. */
export function parseCoins(text: string): string | null {
  const match = /^(\d{1,12})(?:[.,](\d{1,18}))?$/.exec(text.trim());
  if (match === null) return null;
  return (BigInt(match[1] ?? '0') * wei + BigInt((match[2] ?? '').padEnd(18, '0'))).toString();
}

/** A whole number with its groups. */
export function formatCount(value: number | bigint, language: Language = 'en'): string {
  return new Intl.NumberFormat(localeOf[language]).format(value);
}

/** A size in the largest unit that keeps it readable. */
export function formatBytes(value: number, language: Language = 'en'): string {
  const units = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte'];
  let size = value;
  let unit = 0;
  while (size >= 1000 && unit < units.length - 1) {
    size /= 1000;
    unit += 1;
  }
  return new Intl.NumberFormat(localeOf[language], {
    style: 'unit',
    unit: units[unit] ?? 'byte',
    unitDisplay: unit === 0 ? 'long' : 'short',
    maximumFractionDigits: unit === 0 || size >= 100 ? 0 : 1,
  }).format(size);
}

/** A moment in local time; `full` adds seconds and the zone. */
export function formatTime(milliseconds: number, language: Language = 'en', full = false): string {
  return new Intl.DateTimeFormat(
    localeOf[language],
    full
      ? { dateStyle: 'full', timeStyle: 'long' }
      : { day: 'numeric', month: 'short', year: 'numeric', hour: '2-digit', minute: '2-digit' },
  ).format(milliseconds);
}

/** How far away a moment is, in words. */
export function formatDistance(milliseconds: number, nowMs: number, language: Language = 'en'): string {
  const seconds = (milliseconds - nowMs) / 1000;
  const format = new Intl.RelativeTimeFormat(localeOf[language], { numeric: 'auto' });
  const size = Math.abs(seconds);
  if (size < 60) return format.format(Math.trunc(seconds), 'second');
  if (size < 3600) return format.format(Math.trunc(seconds / 60), 'minute');
  if (size < 48 * 3600) return format.format(Math.trunc(seconds / 3600), 'hour');
  return format.format(Math.trunc(seconds / 86400), 'day');
}

/** The two ends of a long hash, address or id. */
export function shortHex(text: string): string {
  return text.length > 16 ? `${text.slice(0, 8)}…${text.slice(-4)}` : text;
}
