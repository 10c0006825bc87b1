/**
 * The three statements on small circuits: an honest statement has a witness whose public signals are those that core/proofs computes; and for
 * each rule a statement that breaks it alone has none.
 */
import { beforeAll, describe, expect, it } from 'vitest';
import { buildCircuits } from '../../circuits/build.ts';
import { smallCircuits } from '../../circuits/catalogue.ts';
import { loadPoseidon } from '../../core/adapters/poseidon.ts';
import type { FieldHash } from '../../core/dataset/field.ts';
import type { RequirementFields } from '../../core/proofs/requirement.ts';
import { requirementStatement, type Statement, type WitnessInput } from '../../core/proofs/statements.ts';
import { requirementOf, type SmallDataset, smallStatements } from './small-dataset.ts';
import { calculateWitness, witnessValues } from './witness.ts';

let hash: FieldHash;
beforeAll(async () => {
  await buildCircuits(['requirement', ...smallCircuits]);
  hash = await loadPoseidon();
});

const TIME_ZERO = 1n << 63n;

function dataset(width: 16 | 32 | 64, slots: number, segmentRows: number, depth: number, rows: number): SmallDataset {
  const middle = 1n << BigInt(width - 1);
  return {
    segmentRows,
    depth,
    width,
    values: Array.from({ length: slots }, (_, slot) =>
      Array.from({ length: rows }, (_, row) => middle - 3n + BigInt((row * 5 + slot) % 11)),
    ),
    times: Array.from({ length: rows }, (_, row) => TIME_ZERO + 1_000_000n + BigInt(row * row + row) * 1000n),
    tags: [7n, 70n, 700n],
    positions: slots === 1 ? [3] : [9, 2],
    timePosition: 0,
  };
}

async function accepts(circuit: string, statement: Statement): Promise<void> {
  const values = witnessValues(await calculateWitness(circuit, statement.inputs));
  expect(values.slice(1, 1 + statement.publicSignals.length)).toEqual([...statement.publicSignals]);
}

async function refuses(circuit: string, statement: Statement, change: Record<string, WitnessInput> = {}): Promise<void> {
  await expect(calculateWitness(circuit, { ...statement.inputs, ...change })).rejects.toThrow(/Assert Failed|assert/i);
}

function replaceAt(list: WitnessInput | undefined, index: number, value: WitnessInput): WitnessInput {
  const copy = [...(list as readonly WitnessInput[])];
  copy[index] = value;
  return copy;
}

describe('an honest statement', () => {
  const untimed: Partial<RequirementFields> = { timeUsed: false, timeFrom: 0n, timeTo: 0n, minSpan: 0n };
  it.each([
    ['small-segment-1x16', 'small-aggregate-1x16', dataset(16, 1, 6, 1, 15), {}],
    ['small-segment-1x16', 'small-aggregate-1x16', dataset(16, 1, 6, 1, 24), {}],
    ['small-segment-1x16', 'small-aggregate-1x16', dataset(16, 1, 6, 1, 1), {}],
    ['small-segment-1x16', 'small-aggregate-1x16', dataset(16, 1, 6, 1, 13), untimed],
    ['small-segment-2x32', 'small-aggregate-2x32', dataset(32, 2, 14, 2, 40), {}],
    ['small-segment-2x32', 'small-aggregate-2x32', dataset(32, 2, 14, 2, 28), { ...untimed, keywords: [0n, 0n, 0n, 0n] }],
    ['small-segment-1x64', undefined, dataset(64, 1, 4, 1, 11), {}],
  ] as const)('has a witness in %s and %s', async (segment, aggregate, data, change) => {
    const statements = smallStatements(data, requirementOf(data, change), 4, hash);
    for (const statement of statements.segments) await accepts(segment, statement);
    if (aggregate !== undefined) await accepts(aggregate, statements.aggregate);
  });

  it('may take the ends of the width', async () => {
    const data = { ...dataset(16, 1, 6, 1, 4), values: [[2n, 65535n, 2n, 40000n]] };
    await accepts('small-segment-1x16', smallStatements(data, requirementOf(data), 4, hash).segments[0] as Statement);
    const wide = { ...dataset(64, 1, 4, 1, 3), values: [[2n, (1n << 64n) - 1n, 1n << 63n]] };
    await accepts('small-segment-1x64', smallStatements(wide, requirementOf(wide), 4, hash).segments[0] as Statement);
  });

  it('of a requirement has the 34 public signals in order', async () => {
    const fields = requirementOf(dataset(32, 2, 14, 2, 20), { keywords: [7n, 70n, 0n, 0n] });
    const statement = requirementStatement(fields, 99n, hash);
    expect(statement.publicSignals).toHaveLength(34);
    await accepts('requirement', statement);
    await accepts('requirement', requirementStatement({ ...fields, timeUsed: false, timeFrom: 0n, timeTo: 0n, minSpan: 0n }, 99n, hash));
  });
});

describe('the segment circuit refuses', () => {
  const data = dataset(16, 1, 6, 1, 10);
  const circuit = 'small-segment-1x16';
  const statement = (change: Partial<SmallDataset> = {}, fields: Partial<RequirementFields> = {}): Statement => {
    const changed = { ...data, ...change };
    return smallStatements(changed, requirementOf(data, fields), 4, hash).segments[1] as Statement;
  };
  const value = (row: number, stored: bigint): Partial<SmallDataset> => ({
    values: [(data.values[0] as bigint[]).map((old, index) => (index === row ? stored : old))],
  });
  const time = (row: number, stored: bigint): Partial<SmallDataset> => ({
    times: data.times.map((old, index) => (index === row ? stored : old)),
  });
  const honest = requirementSlot(requirementOf(data));

  it('a value below, a value above, a missing value', async () => {
    await accepts(circuit, statement(value(7, honest.lo)));
    await refuses(circuit, statement(value(7, honest.lo - 1n)));
    await refuses(circuit, statement(value(7, honest.hi + 1n)));
    await refuses(circuit, statement(value(7, 1n)));
  });

  it('a row that is not there counted, and one that is there left out', async () => {
    await refuses(circuit, statement(), { rows: 5n });
    await refuses(circuit, statement(), { rows: 3n });
    await refuses(circuit, statement(), { rows: 0n });
  });

  it('padding that is not zero', async () => {
    const { inputs } = statement();
    const values = inputs['values'] as readonly WitnessInput[];
    await refuses(circuit, statement(), { values: [replaceAt(values[0], 5, honest.lo)] });
    await refuses(circuit, statement(), { times: replaceAt(inputs['times'], 5, TIME_ZERO * 2n - 1n) });
  });

  it('times that stand still, go back, or leap too far', async () => {
    await refuses(circuit, statement(time(8, data.times[7] as bigint)));
    await refuses(circuit, statement(time(8, (data.times[7] as bigint) - 1n)));
    await refuses(circuit, statement(time(9, (data.times[8] as bigint) + (1n << 40n) + 1n)));
    await accepts(circuit, statement(time(9, (data.times[8] as bigint) + (1n << 40n))));
  });

  it('another position in the file, another leaf, another dataset, another owner', async () => {
    for (const signal of [
      'datasetRoot',
      'owner',
      'datasetId',
      'segmentIndex',
      'partial',
      'h',
      'totalRows',
      'segmentCount',
      'tagsRoot',
      'fileHashHigh',
      'fileHashLow',
    ]) {
      const { inputs } = statement();
      await refuses(circuit, statement(), { [signal]: (inputs[signal] as bigint) + 1n });
    }
    for (const signal of ['salt', 'position', 'colHash']) {
      const { inputs } = statement();
      await refuses(circuit, statement(), { [signal]: [((inputs[signal] as readonly bigint[])[0] as bigint) + 1n] });
    }
    await refuses(circuit, statement(), { timeSalt: 1n });
    await refuses(circuit, statement(), { timePosition: 1n });
    await refuses(circuit, statement(), { segmentIndex: 16n });
  });

  it('a result other than 1, and bounds other than those of h', async () => {
    await refuses(circuit, statement(), { R: 0n });
    await refuses(circuit, statement(), { lo: [honest.lo - 1n] });
    await refuses(circuit, statement(), { timeUsed: 2n });
    await refuses(circuit, statement(), { minRows: 1n });
  });

  it('a requirement whose bounds leave the width', async () => {
    const wide = (lo: bigint, hi: bigint): Partial<RequirementFields> => ({
      slots: requirementOf(data).slots.map((slot, index) => (index === 0 ? { ...slot, lo, hi } : slot)),
    });
    await accepts(circuit, statement({}, wide(2n, 65535n)));
    await refuses(circuit, statement({}, wide(1n, 65535n)));
    await refuses(circuit, statement({}, wide(2n, 65536n)));
    await refuses(circuit, statement({}, wide(65535n, 2n)));
  });
});

describe('the aggregate circuit refuses', () => {
  const data = dataset(16, 1, 6, 1, 15);
  const circuit = 'small-aggregate-1x16';
  const honest = requirementOf(data);
  const aggregate = (fields: Partial<RequirementFields> = {}, change: Partial<SmallDataset> = {}): Statement =>
    smallStatements({ ...data, ...change }, { ...honest, ...fields }, 4, hash).aggregate;

  it('too few rows, too short a span, a start too early, an end too late', async () => {
    await refuses(circuit, aggregate({ minRows: 16n }));
    await refuses(circuit, aggregate({ minSpan: honest.minSpan + 1n }));
    await refuses(circuit, aggregate({ timeFrom: honest.timeFrom + 1n }));
    await refuses(circuit, aggregate({ timeTo: honest.timeTo - 1n }));
  });

  it('a mean outside its bounds', async () => {
    const values = data.values[0] as bigint[];
    const floor = values.reduce((sum, value) => sum + value, 0n) / BigInt(values.length);
    const slots = (meanLo: bigint): RequirementFields['slots'] =>
      honest.slots.map((slot, index) => (index === 0 ? { ...slot, meanLo } : slot));
    await accepts(circuit, aggregate({ slots: slots(floor), meanHi: [floor + 1n, 0n, 0n, 0n] }));
    await refuses(circuit, aggregate({ slots: slots(floor + 1n) }));
    await refuses(circuit, aggregate({ meanHi: [floor, 0n, 0n, 0n] }));
  });

  it('a keyword that the dataset does not have', async () => {
    await accepts(circuit, aggregate({ keywords: [7n, 70n, 700n, 0n] }));
    await refuses(circuit, aggregate({ keywords: [7n, 71n, 0n, 0n] }));
  });

  it('times that do not ascend from one segment to the next', async () => {
    const times = data.times.map((time, row) => (row === 6 ? (data.times[5] as bigint) : time));
    await refuses(circuit, aggregate({}, { times }));
  });

  it("segments left out, doubled or exchanged, and partials other than the contract's", async () => {
    const { inputs } = aggregate();
    for (const signal of [
      'segmentCount',
      'totalRows',
      'lastRows',
      'partialsDigest',
      'challenge',
      'evaluation',
      'datasetRoot',
      'owner',
      'datasetId',
      'h',
      'columnsRoot',
    ]) {
      await refuses(circuit, aggregate(), { [signal]: (inputs[signal] as bigint) + 1n });
    }
    for (const signal of ['firstTime', 'lastTime', 'blind']) {
      await refuses(circuit, aggregate(), { [signal]: replaceAt(inputs[signal], 1, 5n) });
    }
    await refuses(circuit, aggregate(), { sum: replaceAt(inputs['sum'], 1, [5n]) });
    await refuses(circuit, aggregate(), { tree: replaceAt(inputs['tree'], 1, [5n]) });
    await refuses(circuit, aggregate(), { position: [4n] });
    await refuses(circuit, aggregate(), { timePosition: 4n });
    await refuses(circuit, aggregate(), { R: 0n });
  });
});

describe('the requirement circuit refuses', () => {
  const honest = requirementOf(dataset(32, 2, 14, 2, 20), { keywords: [7n, 70n, 0n, 0n] });
  const slot = (index: number, change: Partial<RequirementFields['slots'][number]>): Partial<RequirementFields> => ({
    slots: honest.slots.map((old, at) => (at === index ? { ...old, ...change } : old)),
  });
  const first = requirementSlot(honest);

  it.each<[string, Partial<RequirementFields>]>([
    ['no column', { slotCount: 0 }],
    ['five columns', { slotCount: 5 }],
    ['a column too few', { slotCount: 1 }],
    ['an empty column', { slotCount: 3 }],
    ['no rows', { minRows: 0n }],
    ['2^32 rows', { minRows: 1n << 32n }],
    ['a width of 33 bits', { width: 33 }],
    ['values beyond the width', { width: 16 }],
    ['lo below 2', slot(0, { lo: 1n, meanLo: 1n })],
    ['lo above hi', slot(0, { lo: first.hi + 1n })],
    ['a mean below lo', slot(0, { meanLo: first.lo - 1n })],
    ['a mean above hi', { meanHi: [first.hi + 1n, honest.meanHi[1] as bigint, 0n, 0n] }],
    ['hi at 2^width', { ...slot(0, { hi: 1n << 32n }) }],
    ['one column twice', slot(1, { colHash: first.colHash })],
    ['an unused slot that is not empty', slot(2, { lo: 2n, hi: 3n, meanLo: 2n })],
    ['an unused slot that names a column', slot(3, { colHash: 5n })],
    ['a time range upside down', { timeFrom: honest.timeTo + 1n }],
    ['a span that does not fit', { minSpan: honest.timeTo - honest.timeFrom + 1n }],
    ['a time of 65 bits', { timeTo: 1n << 64n }],
    ['a start below 2', { timeFrom: 1n }],
    ['times without time predicates', { timeUsed: false }],
    ['keywords that descend', { keywords: [70n, 7n, 0n, 0n] }],
    ['a keyword twice', { keywords: [7n, 7n, 0n, 0n] }],
    ['a gap between keywords', { keywords: [7n, 0n, 70n, 0n] }],
    ['a keyword of 249 bits', { keywords: [7n, 1n << 248n, 0n, 0n] }],
  ])('%s', async (_, change) => {
    await refuses('requirement', requirementStatement({ ...honest, ...change }, 99n, hash));
  });

  it('another hash, another result', async () => {
    await refuses('requirement', requirementStatement(honest, 99n, hash), { h: 5n });
    await refuses('requirement', requirementStatement(honest, 99n, hash), { R: 0n });
  });
});

function requirementSlot(fields: RequirementFields): RequirementFields['slots'][number] {
  return fields.slots[0] as RequirementFields['slots'][number];
}
