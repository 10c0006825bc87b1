/** The builder of requirements: what people type becomes exactly what they mean, or is refused beside the field. */
import { describe, expect, test } from 'vitest';
import { contract } from '../../electron/ipc-contract.ts';
import { compareNumbers, decimalMarkOf, readCoins, readNumber } from '../../renderer/features/requirements/decimal-input.ts';
import {
  emptyDraft,
  emptyNumberColumn,
  keywordsOf,
  type NumberColumnDraft,
  type RequirementDraft,
  readDraft,
  withColumn,
  withType,
} from '../../renderer/features/requirements/requirement-draft.ts';

const pressure: NumberColumnDraft = { ...emptyNumberColumn(0), name: 'Pressure', unit: 'bar', low: '0', high: '3.5' };
const complete: RequirementDraft = { ...emptyDraft(), columns: [pressure], price: '5' };

describe('numbers', () => {
  test.each([
    ['3.5', '.', '3.5'],
    ['3,5', ',', '3.5'],
    ['3,5', '.', '3.5'],
    ['-0.25', '.', '-0.25'],
    ['−7', '.', '-7'],
    ['1 000', '.', '1000'],
    ['007', '.', '7'],
    ['1,000', ',', '1.000'],
    ['0.001', ',', '0.001'],
  ] as const)('"%s" with the mark %s is %s', (typed, mark, text) => {
    expect(readNumber(typed, mark)).toEqual({ ok: true, text });
  });

  test.each([
    ['1,000', '.', 'ambiguous'],
    ['1.000', ',', 'ambiguous'],
    ['1.000,5', ',', 'ambiguous'],
    ['', '.', 'empty'],
    ['abc', '.', 'notNumber'],
    ['1e3', '.', 'notNumber'],
    ['.5', '.', 'notNumber'],
  ] as const)('"%s" with the mark %s is refused as %s', (typed, mark, problem) => {
    expect(readNumber(typed, mark)).toEqual({ ok: false, problem });
  });

  test('coins are exact to the last wei, and nothing finer or negative passes', () => {
    expect(readCoins('0.000000000000000001', '.')).toBe(1n);
    expect(readCoins('12345678901234567890', '.')).toBe(12345678901234567890n * 10n ** 18n);
    expect(readCoins('0.0000000000000000001', '.')).toBeNull();
    expect(readCoins('-1', '.')).toBeNull();
  });

  test('numbers are compared beyond what floating point tells apart', () => {
    expect(compareNumbers('9007199254740993', '9007199254740992')).toBe(1);
    expect(compareNumbers('-0.2', '-0.1')).toBe(-1);
    expect(compareNumbers('1.0', '1')).toBe(0);
  });

  test('the mark follows the language', () => {
    expect([decimalMarkOf('en'), decimalMarkOf('de')]).toEqual(['.', ',']);
  });
});

describe('a draft', () => {
  test('that is complete gives a request that the contract takes', () => {
    const { problems, request, escrow } = readDraft({ ...complete, offers: '3' }, '.');
    expect([...problems]).toEqual([]);
    expect(escrow).toBe(15n * 10n ** 18n);
    expect(contract['requirement.publish'].request.parse(request)).toMatchObject({
      price: '5000000000000000000',
      document: { columns: [{ name: 'Pressure', unit: 'bar', between: ['0', '3.5'] }], minRows: 1, keywords: [] },
    });
  });

  test('names every field that is missing, and sketches the rest', () => {
    const { problems, request, document, sketch } = readDraft(emptyDraft(), '.');
    expect([...problems.keys()].sort()).toEqual(['columns.0.high', 'columns.0.low', 'columns.0.name', 'price']);
    expect([request, document]).toEqual([null, null]);
    expect(sketch.columns).toEqual([{ type: 'number', name: '…', unit: '', scale: 2, between: ['…', '…'] }]);
  });

  test('has a document to check while only its price is missing', () => {
    const reading = readDraft({ ...complete, price: '' }, '.');
    expect(reading.document).not.toBeNull();
    expect(reading.request).toBeNull();
  });

  test.each<[Partial<RequirementDraft>, string, string]>([
    [{ columns: [{ ...pressure, low: '4' }] }, 'columns.0.high', 'order'],
    [{ columns: [{ ...pressure, meanUsed: true, meanLow: '1.234', meanHigh: '2' }] }, 'columns.0.meanLow', 'meanDecimals'],
    [{ columns: [pressure, { ...pressure, key: 1 }] }, 'columns.1.name', 'sameColumn'],
    [{ columns: [{ key: 0, type: 'category', name: 'Site', equals: 'North' }] }, 'width', 'categoryWidth'],
    [{ minRows: '0' }, 'minRows', 'whole'],
    [{ bond: '6' }, 'bond', 'bondAbovePrice'],
    [{ price: '0' }, 'price', 'zero'],
    [{ keywords: 'a, b, c, d, e' }, 'keywords', 'tooManyKeywords'],
    [{ timeUsed: true, from: '2026-02-30', to: '2026-03-01' }, 'from', 'date'],
    [{ timeUsed: true, from: '2026-03-02', to: '2026-03-01' }, 'to', 'order'],
    [{ timeUsed: true, from: '2026-03-01', to: '2026-03-02', minSpanDays: '3' }, 'minSpanDays', 'spanTooLong'],
    [{ confirmHours: '721' }, 'confirmHours', 'range'],
  ])('%j is refused at %s as %s', (change, path, problem) => {
    const { problems, request } = readDraft({ ...complete, ...change }, '.');
    expect(problems.get(path)).toBe(problem);
    expect(request).toBeNull();
  });

  test('asks for whole days of the calendar in UTC', () => {
    const { document } = readDraft({ ...complete, timeUsed: true, from: '2026-03-01', to: '2026-03-02', minSpanDays: '1.5' }, '.');
    expect(document?.time).toEqual({ from: '2026-03-01T00:00:00Z', to: '2026-03-02T23:59:59.999Z', minSpanMs: 129_600_000 });
  });

  test('becomes wide enough when a column becomes a category', () => {
    const changed = withColumn(complete, withType(pressure, 'category'));
    expect(changed.width).toBe('64');
    expect(changed.columns).toEqual([{ key: 0, type: 'category', name: 'Pressure', equals: '' }]);
  });

  test('takes keywords once each, without blanks', () => {
    expect(keywordsOf(' pipeline,pressure; pipeline\n\n north ')).toEqual(['pipeline', 'pressure', 'north']);
  });
});
