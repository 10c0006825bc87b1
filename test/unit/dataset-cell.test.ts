/** Cells to stored values: decimals, times, categories, and everything that is refused. */
import { describe, expect, test } from 'vitest';
import { type CellReading, categoryStored, columnRange, encodeCell, formatStored } from '../../core/dataset/cell.ts';
import { compareDecimals, type Decimal, decimalPlaces, formatDecimal, parseDecimal, toFixedPoint } from '../../core/dataset/decimal.ts';
import type { PromisedColumn } from '../../core/dataset/schema.ts';
import { parseTimestamp, type TimeReading } from '../../core/dataset/timestamp.ts';

const calendar: TimeReading = { format: 'calendar', zoneOffsetMinutes: 0 };
const reading: CellReading = { decimalMark: '.', time: calendar };
const number = (scale: number, width: 16 | 32 | 64): PromisedColumn => ({
  source: 0,
  name: 'value',
  unit: '',
  type: 'number',
  scale,
  width,
});
const time: PromisedColumn = { source: 0, name: 'time', unit: 'ms', type: 'time', scale: 0, width: 64 };
const category: PromisedColumn = { source: 0, name: 'state', unit: '', type: 'category', scale: 0, width: 64 };

const fixed = (text: string, scale: number) => toFixedPoint(parseDecimal(text, '.') as Decimal, scale);

describe('decimal numbers', () => {
  test.each([
    ['12', 12n, 0],
    ['-12.50', -1250n, -2],
    ['+.5', 5n, -1],
    ['5.', 5n, 0],
    ['1e-3', 1n, -3],
    ['1.5E+4', 15n, 3],
    ['007', 7n, 0],
  ])('%s is read exactly', (text, digits, exponent) => {
    expect(parseDecimal(text, '.')).toEqual({ digits, exponent });
  });

  test.each([
    '',
    '.',
    '-',
    'e5',
    '1,234',
    '1 234',
    "1'234",
    '1_000',
    '0x10',
    'NaN',
    'Infinity',
    '1.2.3',
    '--1',
    '1e',
    '1e99999',
    '9'.repeat(300),
    '١',
  ])('"%s" is no number', (text) => {
    expect(parseDecimal(text, '.')).toBeNull();
  });

  test('with a decimal comma a point is refused, and thousands separators always are', () => {
    expect(parseDecimal('-1,25', ',')).toEqual({ digits: -125n, exponent: -2 });
    expect(parseDecimal('1.25', ',')).toBeNull();
    expect(parseDecimal('1.234,5', ',')).toBeNull();
    expect(parseDecimal('1,234.5', '.')).toBeNull();
  });

  test.each([
    ['0.5', 0, 0n],
    ['1.5', 0, 2n],
    ['2.5', 0, 2n],
    ['-0.5', 0, 0n],
    ['-1.5', 0, -2n],
    ['2.5000000000000000000000001', 0, 3n],
    ['0.125', 2, 12n],
    ['0.135', 2, 14n],
    ['1e-400', 6, 0n],
    ['0.05', 1, 0n],
    ['9.999', 2, 1000n],
  ])('%s with %i places rounds half to even: %s', (text, scale, integer) => {
    expect(fixed(text, scale)?.integer).toBe(integer);
  });

  test('the error is exact, and a number beyond every width costs no work', () => {
    expect(formatDecimal((fixed('74.93588199999998', 6) as { error: Decimal }).error)).toBe('0.00000000000002');
    expect(formatDecimal((fixed('1e-400', 6) as { error: Decimal }).error)).toBe('1e-400');
    expect(fixed('1e9999', 0)).toBeNull();
    expect(fixed('0e9999', 0)?.integer).toBe(0n);
  });

  test.each([
    [{ digits: -1250n, exponent: -2 }, '-12.5'],
    [{ digits: 5n, exponent: -3 }, '0.005'],
    [{ digits: 12n, exponent: 3 }, '12000'],
    [{ digits: 0n, exponent: 9 }, '0'],
    [{ digits: -15n, exponent: -60 }, '-1.5e-59'],
    [{ digits: 1n, exponent: 50 }, '1e50'],
  ])('%o is written as %s', (value, text) => {
    expect(formatDecimal(value)).toBe(text);
  });

  test('comparing and counting places do not depend on how a number is written', () => {
    const of = (text: string) => parseDecimal(text, '.') as Decimal;
    expect(compareDecimals(of('1.50'), of('15e-1'))).toBe(0);
    expect(compareDecimals(of('-2'), of('1e-9'))).toBe(-1);
    expect(compareDecimals(of('-2'), of('-10'))).toBe(1);
    expect(compareDecimals(of('1e300'), of('9'))).toBe(1);
    expect(compareDecimals(of('0'), of('-0.1'))).toBe(1);
    expect(decimalPlaces(of('73.500'))).toBe(1);
    expect(decimalPlaces(of('1e3'))).toBe(0);
    expect(decimalPlaces(of('12e-1'))).toBe(1);
  });
});

describe('times', () => {
  const at = (text: string, how: TimeReading = calendar) => parseTimestamp(text, how, '.')?.integer ?? null;

  test.each([
    ['2013-12-02 21:15:00', '2013-12-02T21:15:00.000Z'],
    ['2013-12-02T21:15', '2013-12-02T21:15:00.000Z'],
    ['2013-12-02', '2013-12-02T00:00:00.000Z'],
    ['2013-12-02T21:15:00.250Z', '2013-12-02T21:15:00.250Z'],
    ['2013-12-02T21:15:00,5+01:30', '2013-12-02T19:45:00.500Z'],
    ['2013-12-02 21:15:00 -0500', '2013-12-03T02:15:00.000Z'],
    ['1969-12-31 23:59:59.999', '1969-12-31T23:59:59.999Z'],
    ['2016-02-29', '2016-02-29T00:00:00.000Z'],
  ])('%s is %s', (text, iso) => {
    expect(at(text)).toBe(BigInt(Date.parse(iso)));
  });

  test('without a zone the chosen offset counts, with one it does not', () => {
    const berlin: TimeReading = { format: 'calendar', zoneOffsetMinutes: 60 };
    expect(at('2013-12-02 21:15:00', berlin)).toBe(BigInt(Date.parse('2013-12-02T20:15:00Z')));
    expect(at('2013-12-02 21:15:00Z', berlin)).toBe(BigInt(Date.parse('2013-12-02T21:15:00Z')));
  });

  test('a fraction finer than a millisecond is rounded half to even and reported', () => {
    expect(parseTimestamp('2020-01-01 00:00:00.0005', calendar, '.')).toMatchObject({
      integer: BigInt(Date.parse('2020-01-01T00:00:00Z')),
      error: { digits: 5n, exponent: -1 },
    });
    expect(at('2020-01-01 00:00:00.9996')).toBe(BigInt(Date.parse('2020-01-01T00:00:01Z')));
  });

  test('seconds and milliseconds since 1970', () => {
    expect(at('1385850000.5', { format: 'epoch-seconds', zoneOffsetMinutes: 0 })).toBe(1_385_850_000_500n);
    expect(at('1385850000500', { format: 'epoch-milliseconds', zoneOffsetMinutes: 0 })).toBe(1_385_850_000_500n);
    expect(at('2013-12-02', { format: 'epoch-seconds', zoneOffsetMinutes: 0 })).toBeNull();
  });

  test.each([
    '2013-02-30',
    '2013-13-01',
    '2013-12-02 24:00:00',
    '2013-12-02 21:60',
    '2013-12-02 21:15:60',
    '2013-12-02T21:15:00+15:00',
    '2013-12-02T21:15:00+01:75',
    '02.12.2013',
    '12/02/2013',
    '0050-01-01',
    '1385850000',
    'yesterday',
  ])('%s is refused', (text) => {
    expect(at(text)).toBeNull();
  });
});

describe('stored values', () => {
  test('a number is moved by half its width; white space around it does not count', () => {
    expect(encodeCell(number(2, 32), ' -12.345 ', reading)).toEqual({
      ok: true,
      stored: 2n ** 31n - 1234n,
      error: { digits: 5n, exponent: -3 },
    });
    expect(formatStored(number(2, 32), 2n ** 31n - 1234n)).toBe('-12.34');
  });

  test('the ends of a width are stored, the values beyond refused', () => {
    for (const width of [16, 32, 64] as const) {
      const column = number(0, width);
      const { low, high } = columnRange(column);
      expect(encodeCell(column, low, reading)).toMatchObject({ ok: true, stored: 2n });
      expect(encodeCell(column, high, reading)).toMatchObject({ ok: true, stored: 2n ** BigInt(width) - 1n });
      expect(encodeCell(column, `${BigInt(low) - 1n}`, reading)).toEqual({ ok: false, problem: 'out-of-range' });
      expect(encodeCell(column, `${BigInt(high) + 1n}`, reading)).toEqual({ ok: false, problem: 'out-of-range' });
    }
    expect(encodeCell(number(0, 64), '1e9999', reading)).toEqual({ ok: false, problem: 'out-of-range' });
  });

  test('an empty cell is missing, but not in the time column', () => {
    expect(encodeCell(number(0, 16), '  ', reading)).toMatchObject({ ok: true, stored: 1n });
    expect(encodeCell(category, '', reading)).toMatchObject({ ok: true, stored: 1n });
    expect(encodeCell(time, '', reading)).toEqual({ ok: false, problem: 'missing-time' });
    expect(formatStored(number(0, 16), 1n)).toBe('');
  });

  test('what is no number or time says so', () => {
    expect(encodeCell(number(0, 16), 'n/a', reading)).toEqual({ ok: false, problem: 'not-a-number' });
    expect(encodeCell(time, '12', reading)).toEqual({ ok: false, problem: 'not-a-timestamp' });
  });

  test('a category has one stored value however it is composed and padded', () => {
    const stored = categoryStored('Zürich');
    expect(encodeCell(category, ' Zu\u0308rich ', reading)).toMatchObject({ ok: true, stored });
    expect(formatStored(category, stored)).toBe(`0x${stored.toString(16).padStart(16, '0')}`);
    expect(categoryStored('zürich')).not.toBe(stored);
  });

  test('a time is written in UTC, one outside the calendar in milliseconds', () => {
    expect(formatStored(time, 2n ** 63n)).toBe('1970-01-01T00:00:00.000Z');
    expect(formatStored(time, 2n)).toBe(`${2n - 2n ** 63n} ms`);
  });
});
