/** Laws of the dataset: one Poseidon in two libraries, exact rounding, times in order, and a container that survives any change but one. */
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { type CsvRecord, csvRecords, csvText } from '../../core/adapters/csv-records.ts';
import { loadPoseidon } from '../../core/adapters/poseidon.ts';
import { segmentPacks, viewOf, writeStored } from '../../core/dataset/canonical-column.ts';
import { encodeCell, formatStored } from '../../core/dataset/cell.ts';
import { FIELD_ORDER, SEGMENT_ROWS } from '../../core/dataset/constants.ts';
import { compareDecimals, type Decimal, decimalPlaces, formatDecimal, parseDecimal, toFixedPoint } from '../../core/dataset/decimal.ts';
import type { FieldHash } from '../../core/dataset/field.ts';
import { treeLevels, treePath, treeRoot } from '../../core/dataset/poseidon-tree.ts';
import { normalizeKeyword } from '../../core/dataset/schema.ts';
import { parseTimestamp } from '../../core/dataset/timestamp.ts';
import { plainPoseidon } from '../vectors/plain-commitment.ts';

const calendar = { format: 'calendar', zoneOffsetMinutes: 0 } as const;
const decimal = fc.record({ digits: fc.bigInt(-(10n ** 25n), 10n ** 25n), exponent: fc.integer({ min: -30, max: 30 }) });
const power = (exponent: number) => 10n ** BigInt(exponent);
/** The value times 10^60, an integer for all of the above. */
const scaled = ({ digits, exponent }: Decimal) => digits * power(exponent + 60);

describe('Poseidon', () => {
  let hash: FieldHash;
  beforeAll(async () => {
    hash = await loadPoseidon();
  });
  const element = fc.oneof(fc.constantFrom(0n, 1n, FIELD_ORDER - 1n), fc.bigInt(0n, FIELD_ORDER - 1n));

  test.each([2, 5, 6, 7, 8, 9, 10, 16])('of %i inputs is the same in WebAssembly and in plain JavaScript', (arity) => {
    fc.assert(
      fc.property(fc.array(element, { minLength: arity, maxLength: arity }), (inputs) => {
        expect(hash.hash(inputs)).toBe(plainPoseidon(inputs));
      }),
      { numRuns: 10 },
    );
  });

  test('takes field elements only', () => {
    expect(() => hash.hash([FIELD_ORDER])).toThrow('field elements');
    expect(() => hash.hash([-1n, 0n])).toThrow('field elements');
  });

  test('every path of a tree leads to its root', () => {
    // A hash that is not one-way but shows every input: trees do not depend on which it is.
    const sum: FieldHash = {
      hash: (inputs) => inputs.reduce((total, input, index) => (total * 31n + input + BigInt(index)) % FIELD_ORDER, 7n),
    };
    fc.assert(
      fc.property(fc.array(element, { minLength: 1, maxLength: 600 }), fc.nat(), (leaves, choice) => {
        const leaf = choice % leaves.length;
        const levels = treeLevels(sum, leaves, 4);
        const root = treePath(levels, leaf).reduce((node, { index, children }) => {
          expect(children[index]).toBe(node);
          return sum.hash(children);
        }, leaves[leaf] as bigint);
        expect(levels.at(-1)).toEqual([root]);
        if (leaves.length > 16 ** 3) expect(treeRoot(sum, leaves)).toBe(root);
      }),
      { numRuns: 30 },
    );
  });
});

describe('decimals', () => {
  test('are read as they were written', () => {
    fc.assert(
      fc.property(decimal, fc.constantFrom('.' as const, ',' as const), (value, mark) => {
        const read = parseDecimal(formatDecimal(value).replace('.', mark), mark) as Decimal;
        expect(scaled({ ...read })).toBe(scaled(value));
        expect(compareDecimals(read, value)).toBe(0);
      }),
    );
  });

  test('compare like the numbers they are', () => {
    fc.assert(
      fc.property(decimal, decimal, (left, right) => {
        const difference = scaled(left) - scaled(right);
        expect(compareDecimals(left, right)).toBe(difference > 0n ? 1 : difference < 0n ? -1 : 0);
      }),
    );
  });

  test('round to the nearest fixed-point number, a tie to the even one, with the exact error', () => {
    fc.assert(
      fc.property(decimal, fc.integer({ min: 0, max: 18 }), (value, scale) => {
        const fixed = toFixedPoint(value, scale);
        if (fixed === null) {
          expect((value.digits < 0n ? -scaled(value) : scaled(value)) * power(scale)).toBeGreaterThanOrEqual(power(60 + 41));
          return;
        }
        const unit = power(60 - scale);
        const difference = scaled(value) - fixed.integer * unit;
        const error = difference < 0n ? -difference : difference;
        expect(scaled(fixed.error)).toBe(error);
        expect(2n * error <= unit).toBe(true);
        if (2n * error === unit) expect(fixed.integer % 2n).toBe(0n);
        expect(decimalPlaces(value) <= scale).toBe(error === 0n);
      }),
      { numRuns: 1000 },
    );
  });
});

describe('stored values', () => {
  test('a number that was stored reads as itself', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(16 as const, 32 as const, 64 as const),
        fc.integer({ min: 0, max: 18 }),
        fc.bigInt(2n, 2n ** 64n - 1n),
        (width, scale, value) => {
          const column = { source: 0, name: 'v', unit: '', type: 'number', scale, width } as const;
          const stored = 2n + ((value - 2n) % (2n ** BigInt(width) - 2n));
          expect(encodeCell(column, formatStored(column, stored), { decimalMark: '.', time: calendar })).toMatchObject({
            ok: true,
            stored,
            error: { digits: 0n },
          });
        },
      ),
    );
  });

  test('a time reads as the millisecond it is', () => {
    fc.assert(
      fc.property(
        fc.date({ min: new Date('0100-01-01T00:00:00Z'), max: new Date('9999-12-31T23:59:59.999Z'), noInvalidDate: true }),
        (date) => {
          expect(parseTimestamp(date.toISOString(), calendar, '.')?.integer).toBe(BigInt(date.getTime()));
          expect(parseTimestamp(`${date.getTime()}`, { format: 'epoch-milliseconds', zoneOffsetMinutes: 0 }, '.')?.integer).toBe(
            BigInt(date.getTime()),
          );
        },
      ),
    );
  });

  test('packs hold the values of a segment in order, and zeros after them', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(16 as const, 32 as const, 64 as const),
        fc.array(fc.bigInt(0n, 2n ** 64n - 1n), { maxLength: 40 }),
        (width, drawn) => {
          const values = drawn.map((value) => value % 2n ** BigInt(width));
          const bytes = new Uint8Array((values.length * width) / 8);
          for (const [index, value] of values.entries()) writeStored(viewOf(bytes), width, index, value);
          const perPack = Math.floor(224 / width);
          const packs = segmentPacks(width, bytes);
          expect(packs).toHaveLength(SEGMENT_ROWS / perPack);
          const unpacked = packs.flatMap((pack) =>
            Array.from({ length: perPack }, (_, index) => (pack >> BigInt(width * index)) & (2n ** BigInt(width) - 1n)),
          );
          expect(unpacked.slice(0, values.length)).toEqual(values);
          expect(unpacked.slice(values.length).every((value) => value === 0n)).toBe(true);
        },
      ),
    );
  });
});

test('keywords do not change when they are normalized again', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      expect(normalizeKeyword(normalizeKeyword(text))).toBe(normalizeKeyword(text));
    }),
  );
});

test('any rows of any cells come back from CSV, however it is cut', async () => {
  const cell = fc.string({ unit: fc.constantFrom('a', 'ü', '"', ',', ';', '\n', ' ', '1') });
  const row = fc.array(cell, { minLength: 2, maxLength: 2 });
  await fc.assert(
    fc.asyncProperty(
      fc.array(row, { minLength: 1, maxLength: 6 }),
      fc.constantFrom('\n', '\r\n', '\r'),
      fc.integer({ min: 1, max: 7 }),
      async (rows, end, size) => {
        const text = rows.map((cells) => cells.map((content) => `"${content.replaceAll('"', '""')}"`).join(';') + end).join('');
        const bytes = Buffer.from(text);
        const chunks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) =>
          bytes.subarray(index * size, (index + 1) * size),
        );
        const records: CsvRecord[] = [];
        for await (const record of csvRecords(csvText(chunks), ';')) records.push(record);
        expect(records.map((record) => record.cells)).toEqual(rows);
      },
    ),
    { numRuns: 60 },
  );
});
