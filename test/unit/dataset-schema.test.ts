/** Schemas and keywords: what is refused, and what the hashes depend on. */
import { describe, expect, test } from 'vitest';
import { isPlainFileName } from '../../core/dataset/description.ts';
import {
  columnHash,
  keywordHash,
  keywordTags,
  normalizeKeyword,
  type PromisedColumn,
  parseSchema,
  promisedColumns,
} from '../../core/dataset/schema.ts';

const value = { source: 1, name: 'value', unit: '°C', type: 'number', scale: 3, width: 32 } as const;
const time = { source: 0, name: 'time', unit: 'ms', type: 'time', scale: 0, width: 64 } as const;

describe('schema', () => {
  test('text columns are not promised and do not count', () => {
    const schema = parseSchema({ columns: [time, value, { source: 4, name: 'note', type: 'text' }] });
    expect(promisedColumns(schema)).toEqual([time, value]);
  });

  const refused: readonly (readonly [string, readonly unknown[], RegExp])[] = [
    ['no column', [], /columns/],
    ['only text', [{ source: 0, name: 'note', type: 'text' }], /no column is promised/],
    ['one column twice', [value, { ...value, source: 2 }], /two columns are called "value"/],
    ['two time columns', [time, { ...time, source: 3 }], /two columns are called "time"/],
    ['a number called time', [{ ...value, name: 'time' }], /kept for the time column/],
    ['a time column of another name', [{ ...time, name: 'when' }], /columns\.0\.name/],
    ['a width of 24 bits', [{ ...value, width: 24 }], /columns\.0\.width/],
    ['a negative scale', [{ ...value, scale: -1 }], /columns\.0\.scale/],
    ['19 decimal places', [{ ...value, scale: 19 }], /columns\.0\.scale/],
    ['an empty name', [{ ...value, name: '' }], /columns\.0\.name/],
    ['a name with white space around it', [{ ...value, name: ' value' }], /NFC/],
    ['a name with a control character', [{ ...value, name: 'a\u0007b' }], /NFC/],
    ['half a character', [{ ...value, name: '\ud800' }], /NFC/],
    ['an unknown member', [{ ...value, salt: 1 }], /columns\.0/],
    [
      'another order than the file',
      [
        { ...value, source: 2 },
        { ...value, name: 'b', source: 1 },
      ],
      /order of the file/,
    ],
    ['17 promised columns', Array.from({ length: 17 }, (_, source) => ({ ...value, name: `c${source}`, source })), /17 columns/],
  ];
  test.each(refused)('%s is refused', (_, columns, message) => {
    expect(() => parseSchema({ columns })).toThrow(
      expect.objectContaining({ code: 'DATASET_SCHEMA_INVALID', message: expect.stringMatching(message) }),
    );
  });

  test('the hash depends on name, unit, type, width and scale, and on nothing else', () => {
    const hash = columnHash(value);
    const changed = [{ name: 'values' }, { unit: 'K' }, { type: 'category' as const }, { width: 64 as const }, { scale: 2 }];
    for (const change of changed) expect(columnHash({ ...value, ...change })).not.toBe(hash);
    const elsewhere: PromisedColumn = { ...value, source: 9 };
    expect(columnHash(elsewhere)).toBe(hash);
    expect(columnHash({ ...value, name: 'value°', unit: 'C' })).not.toBe(hash);
  });
});

describe('keywords', () => {
  test('they are normalized, counted once and ordered by their hashes', () => {
    const tags = keywordTags([' Temperature', 'MACHINE', 'temperature', 'fa\u0301brica']);
    expect(new Set(tags.map((tag) => tag.keyword))).toEqual(new Set(['temperature', 'machine', 'fábrica']));
    expect(tags.every((tag, index) => index === 0 || (tags[index - 1]?.hash as bigint) < tag.hash)).toBe(true);
    expect(keywordHash('Fábrica')).toBe(keywordHash('fa\u0301brica '));
    expect(normalizeKeyword(normalizeKeyword('İSTANBUL'))).toBe(normalizeKeyword('İSTANBUL'));
  });

  test.each([[['']], [['   ']], [['x'.repeat(65)]], [['a\nb']], [['\udc00']], [Array.from({ length: 17 }, (_, index) => `k${index}`)]])(
    '%j are refused',
    (keywords) => {
      expect(() => keywordTags(keywords)).toThrow(expect.objectContaining({ code: 'DATASET_KEYWORDS_INVALID' }));
    },
  );
});

describe('file names', () => {
  test.each(['data.csv', 'Messung Süd (2).csv', '.data', '数据.csv'])('%s is a plain name', (name) => {
    expect(isPlainFileName(name)).toBe(true);
  });

  test.each([
    '',
    '.',
    '..',
    '../x',
    'a/b',
    'a\\b',
    'C:x',
    'a\u0000b',
    'nul',
    'COM1.csv',
    'x.',
    'x ',
    'a\u202Ecsv.exe',
    'x'.repeat(256),
    'ü'.repeat(128),
    '\ud800',
  ])('"%s" is refused', (name) => {
    expect(isPlainFileName(name)).toBe(false);
  });
});
