/**
 * Points in time as cells write them: ISO 8601 and its form with a space, or seconds and milliseconds since 1970-01-01 UTC.
 * The result is whole milliseconds; a finer fraction is rounded half to even and reported.
 */
import { type DecimalMark, type FixedPoint, parseDecimal, toFixedPoint } from './decimal.ts';

/** How the time column is written. */
export interface TimeReading {
  readonly format: 'calendar' | 'epoch-seconds' | 'epoch-milliseconds';
  /** Minutes east of UTC of timestamps that name no zone; 0 takes them as UTC. */
  readonly zoneOffsetMinutes: number;
}

const calendarPattern = /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,18}))?)?(?: ?(Z|z|[+-]\d\d(?::?\d\d)?))?)?$/;
const MINUTE_MS = 60_000;

/** Milliseconds since 1970-01-01 UTC with the rounding error in milliseconds; null when the text is no timestamp of that format. */
export function parseTimestamp(text: string, reading: TimeReading, mark: DecimalMark): FixedPoint | null {
  if (reading.format === 'calendar') return parseCalendar(text, reading.zoneOffsetMinutes);
  const value = parseDecimal(text, mark);
  if (value === null) return null;
  return toFixedPoint(reading.format === 'epoch-seconds' ? { ...value, exponent: value.exponent + 3 } : value, 0);
}

function parseCalendar(text: string, zoneOffsetMinutes: number): FixedPoint | null {
  const match = calendarPattern.exec(text);
  if (match === null) return null;
  const [, year, month, day, hour = '00', minute = '00', second = '00', fraction = '0', zone] = match;
  const date = new Date(Date.UTC(Number(year), Number(month) - 1, Number(day), Number(hour), Number(minute), Number(second)));
  // Date.UTC carries over what no calendar or clock has (February 30, 24:00, a leap second); such a cell is an error, not another day.
  if (!date.toISOString().startsWith(`${year}-${month}-${day}T${hour}:${minute}:${second}`)) return null;
  const offset = zone === undefined ? zoneOffsetMinutes : parseZone(zone);
  if (offset === null) return null;
  const milliseconds = toFixedPoint({ digits: BigInt(fraction), exponent: 3 - fraction.length }, 0);
  return milliseconds && { integer: BigInt(date.getTime() - offset * MINUTE_MS) + milliseconds.integer, error: milliseconds.error };
}

/** Minutes east of UTC; the ends are those of the zones in use, -12:00 to +14:00. */
function parseZone(text: string): number | null {
  if (text === 'Z' || text === 'z') return 0;
  const hours = Number(text.slice(1, 3));
  const minutes = Number(text.slice(3).replace(':', '') || 0);
  const offset = (text.startsWith('-') ? -1 : 1) * (60 * hours + minutes);
  return minutes < 60 && offset >= -12 * 60 && offset <= 14 * 60 ? offset : null;
}
