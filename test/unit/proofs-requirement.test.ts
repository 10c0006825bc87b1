/** Requirements: from words to stored values and back, the rules, the encodings, and the dry run. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isAppError } from '../../core/base/app-error.ts';
import { writeStored } from '../../core/dataset/canonical-column.ts';
import { columnHash, keywordHash, type Schema } from '../../core/dataset/schema.ts';
import { dryRun, FAILING_ROWS_MAX } from '../../core/proofs/dry-run.ts';
import {
  encodeRequirementFields,
  parseRequirementFields,
  type RequirementFields,
  requirementProblems,
} from '../../core/proofs/requirement.ts';
import {
  matchSlots,
  parseRequirementDocument,
  type RequirementDocument,
  readRequirementWords,
  requirementFields,
} from '../../core/proofs/requirement-document.ts';
import { requirementDocumentView } from '../../electron/views.ts';

const schema: Schema = {
  columns: [
    { source: 0, name: 'time', unit: 'ms', type: 'time', scale: 0, width: 64 },
    { source: 1, name: 'Pressure', unit: 'bar', type: 'number', scale: 2, width: 32 },
  ],
};
const document: RequirementDocument = {
  version: 1,
  width: 32,
  columns: [{ type: 'number', name: 'Pressure', unit: 'bar', scale: 2, between: ['-1', '3.5'] }],
  minRows: 3,
  keywords: ['Pump', 'sensor'],
};
const ZERO = 1n << 31n;

function refusesDocument(change: Record<string, unknown>): void {
  expect(() => requirementFields(parseRequirementDocument({ ...document, ...change }))).toSatisfy((call) => {
    try {
      (call as () => unknown)();
      return false;
    } catch (error) {
      return isAppError(error, 'REQUIREMENT_INVALID');
    }
  });
}

describe('a requirement in words', () => {
  it('writes numbers in one way, which every window takes', () => {
    const between = (low: string, high: string) => ({ columns: [{ ...document.columns[0], between: [low, high] }] });
    for (const text of ['+1', '.5', '5.', '1e1', '1E+1', ' 1', '', '-']) {
      refusesDocument(between(text, '9999'));
      refusesDocument(between('-9999', text));
    }
    const spelled = parseRequirementDocument({ ...document, ...between('-007.50', '3.50') });
    expect(requirementDocumentView.parse(spelled)).toEqual(spelled);
    const fields = requirementFields(spelled);
    expect(readRequirementWords(JSON.stringify(spelled), fields)).toEqual(spelled);
    // Whoever publishes by another program may write it otherwise: the same fields, in words that nobody has to show.
    const hostile = { ...spelled, ...between('-7.5', '35e-1') };
    expect(readRequirementWords(JSON.stringify(hostile), fields)).toBeNull();
  });

  it('becomes stored bounds, negative ones too', () => {
    const fields = requirementFields(document);
    expect(fields.slots[0]).toEqual({
      colHash: columnHash({ name: 'Pressure', unit: 'bar', type: 'number', scale: 2, width: 32 }),
      lo: ZERO - 100n,
      hi: ZERO + 350n,
      meanLo: ZERO - 100n,
    });
    expect(fields.meanHi).toEqual([ZERO + 350n, 0n, 0n, 0n]);
    expect(fields.keywords.slice(0, 2)).toEqual(
      [keywordHash('pump'), keywordHash('sensor')].sort((left, right) => (left < right ? -1 : 1)),
    );
    expect(requirementProblems(fields)).toEqual([]);
  });

  it('moves a finer bound inwards, so that every cell in between is really meant', () => {
    fc.assert(
      fc.property(fc.integer({ min: -1e7, max: 1e7 }), fc.integer({ min: 0, max: 1e7 }), (from, length) => {
        const decimal = (thousandths: number): string =>
          `${thousandths < 0 ? '-' : ''}${Math.floor(Math.abs(thousandths) / 1000)}.${String(Math.abs(thousandths) % 1000).padStart(3, '0')}`;
        const [low, high] = [from, from + 10 + length];
        const [slot] = requirementFields({
          ...document,
          columns: [{ type: 'number', name: 'p', unit: '', scale: 2, between: [decimal(low), decimal(high)] }],
        }).slots;
        const [lo, hi] = [Number((slot?.lo as bigint) - ZERO), Number((slot?.hi as bigint) - ZERO)];
        expect(lo * 10).toBeGreaterThanOrEqual(low);
        expect((lo - 1) * 10).toBeLessThan(low);
        expect(hi * 10).toBeLessThanOrEqual(high);
        expect((hi + 1) * 10).toBeGreaterThan(high);
      }),
    );
  });

  it('moves a bound beyond the width to its end', () => {
    const [slot] = requirementFields({
      ...document,
      columns: [{ type: 'number', name: 'p', unit: '', scale: 0, between: ['-1e30', '1e30'] }],
    }).slots;
    expect(slot).toMatchObject({ lo: 2n, hi: (1n << 32n) - 1n });
  });

  it.each([
    ['no number', { columns: [{ ...document.columns[0], between: ['low', '3'] }] }],
    ['bounds upside down', { columns: [{ ...document.columns[0], between: ['3', '2'] }] }],
    ['no value in between', { columns: [{ ...document.columns[0], between: ['1.001', '1.009'] }] }],
    ['bounds beyond the width', { columns: [{ ...document.columns[0], between: ['1e20', '2e20'] }] }],
    ['a mean finer than the scale', { columns: [{ ...document.columns[0], mean: ['0', '1.005'] }] }],
    ['a mean outside the range', { columns: [{ ...document.columns[0], mean: ['5', '6'] }] }],
    ['one column twice', { columns: [document.columns[0], document.columns[0]] }],
    ['a category of 32 bits', { columns: [{ type: 'category', name: 'kind', equals: 'a' }] }],
    ['no rows', { minRows: 0 }],
    ['no time', { time: { from: 'yesterday', to: '2020-01-01', minSpanMs: 0 } }],
    ['a span that does not fit', { time: { from: '2020-01-01', to: '2020-01-02', minSpanMs: 86_400_001 } }],
    ['five keywords', { keywords: ['a', 'b', 'c', 'd', 'e'] }],
    ['an unknown field', { price: 5 }],
  ])('is refused with %s', (_, change) => refusesDocument(change));

  it('reads a mean, a category and a time range', () => {
    const mean = requirementFields({
      ...document,
      columns: [{ type: 'number', name: 'p', unit: '', scale: 2, between: ['0', '10'], mean: ['-5', '7.25'] }],
    });
    expect([mean.slots[0]?.meanLo, mean.meanHi[0]]).toEqual([ZERO, ZERO + 725n]);
    const category = requirementFields({ ...document, width: 64, columns: [{ type: 'category', name: 'kind', equals: 'pump' }] });
    expect(category.slots[0]?.lo).toBe(category.slots[0]?.hi);
    const timed = requirementFields({ ...document, time: { from: '1970-01-01T00:00:01Z', to: '1970-01-01T00:00:02Z', minSpanMs: 1000 } });
    expect([timed.timeFrom - (1n << 63n), timed.timeTo - (1n << 63n), timed.minSpan]).toEqual([1000n, 2000n, 1000n]);
  });

  it('finds its column in a dataset by name, unit, scale and width', () => {
    expect(matchSlots(requirementFields(document), schema)[0]).toMatchObject({ position: 1, column: { name: 'Pressure' } });
    const [other] = matchSlots(requirementFields({ ...document, width: 64 }), schema);
    expect(other?.position).toBeUndefined();
  });
});

describe('the stored form', () => {
  const fields = requirementFields(document);

  it('survives JSON', () => {
    expect(parseRequirementFields(JSON.parse(JSON.stringify(encodeRequirementFields(fields))))).toEqual(fields);
  });

  it.each<[string, (encoded: Record<string, unknown>) => Record<string, unknown>]>([
    ['a missing field', ({ minRows: _, ...rest }) => rest],
    ['a field too many', (encoded) => ({ ...encoded, more: 1 })],
    ['a number for a text', (encoded) => ({ ...encoded, minRows: 3 })],
    ['a sign', (encoded) => ({ ...encoded, minRows: '-3' })],
    ['leading zeros', (encoded) => ({ ...encoded, minRows: '03' })],
    ['a list too short', (encoded) => ({ ...encoded, keywords: [] })],
    ['a broken rule', (encoded) => ({ ...encoded, minRows: '0' })],
  ])('is refused with %s', (_, change) => {
    expect(() => parseRequirementFields(change(encodeRequirementFields(fields)))).toThrow(/requirement cannot be used/);
  });

  it('is refused as no object at all', () => {
    for (const value of [null, 5, 'x', []]) expect(() => parseRequirementFields(value)).toThrow(/requirement cannot be used/);
  });
});

describe('the dry run', () => {
  const readings = [0n, 100n, -100n, 350n];
  const reader = (values: readonly bigint[], times: readonly bigint[]) => ({
    read: async (position: number, first: number, rows: number) => {
      const width = position === 0 ? 64 : 32;
      const bytes = new Uint8Array((rows * width) / 8);
      const list = position === 0 ? times : values;
      for (let row = 0; row < rows; row++) writeStored(new DataView(bytes.buffer), width, row, list[first + row] as bigint);
      return bytes;
    },
  });
  const run = (
    fields: RequirementFields,
    values = readings.map((value) => ZERO + value),
    times = values.map((_, row) => (1n << 63n) + BigInt(row + 1) * 1000n),
  ) =>
    dryRun(
      fields,
      {
        schema,
        segmentCount: Math.ceil(values.length / 1008),
        totalRows: values.length,
        tags: [keywordHash('pump'), keywordHash('sensor')],
      },
      reader(values, times),
    );

  it('accepts what meets every predicate', async () => {
    const result = await run(requirementFields({ ...document, time: { from: '1970-01-01', to: '1970-01-02', minSpanMs: 3000 } }));
    expect(result.predicates.filter((predicate) => !predicate.holds)).toEqual([]);
    expect(result.holds).toBe(true);
  });

  it('names the rows that fail, missing cells among them', async () => {
    const result = await run(requirementFields(document), [ZERO, ZERO + 351n, 1n, ZERO - 101n]);
    const range = result.predicates.find((verdict) => verdict.predicate.kind === 'range');
    expect(range).toMatchObject({
      holds: false,
      failingCount: 3,
      failingRows: [
        { row: 2, value: '3.51' },
        { row: 3, value: '' },
        { row: 4, value: '-1.01' },
      ],
    });
  });

  it('lists only so many rows, and counts all', async () => {
    const result = await run(requirementFields(document), new Array<bigint>(3000).fill(ZERO + 1000n));
    const range = result.predicates.find((verdict) => verdict.predicate.kind === 'range');
    expect(range?.failingCount).toBe(3000);
    expect(range?.failingRows).toHaveLength(FAILING_ROWS_MAX);
  });

  it('names each predicate over the whole that fails', async () => {
    const timed = {
      ...document,
      minRows: 5,
      keywords: ['valve'],
      time: { from: '1970-01-01T00:00:02Z', to: '1970-01-01T00:00:03Z', minSpanMs: 1000 },
    };
    const columns = [
      {
        type: 'number' as const,
        name: 'Pressure',
        unit: 'bar',
        scale: 2,
        between: ['-1', '3.5'] as [string, string],
        mean: ['1', '3.5'] as [string, string],
      },
    ];
    const failing = (await run(requirementFields({ ...timed, columns }))).predicates
      .filter((verdict) => !verdict.holds)
      .map((verdict) => verdict.predicate.kind);
    expect(failing).toEqual(['rows', 'keyword', 'mean', 'time-from', 'time-to']);
    const still = await run(
      requirementFields({ ...document, time: { from: '1970-01-01', to: '1970-01-02', minSpanMs: 5 } }),
      [ZERO, ZERO, ZERO],
      [5n, 5n, 4n].map((time) => (1n << 63n) + time),
    );
    expect(still.predicates.find((verdict) => verdict.predicate.kind === 'time-order')).toMatchObject({
      failingCount: 2,
      failingRows: [{ row: 2 }, { row: 3 }],
    });
  });

  it('says that a column is missing', async () => {
    const result = await run(
      requirementFields({ ...document, columns: [{ type: 'number', name: 'Pressure', unit: 'psi', scale: 2, between: ['0', '1'] }] }),
    );
    expect(result.predicates.find((verdict) => verdict.predicate.kind === 'column')?.holds).toBe(false);
    expect(result.holds).toBe(false);
  });
});
