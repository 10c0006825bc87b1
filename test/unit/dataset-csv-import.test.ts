/** CSV import: every way a file may be written, every way it may be wrong, and what is left on disk after a failure. */
import { createHash } from 'node:crypto';
import { appendFile, chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { importCsv, inspectCsv, previewCsv } from '../../core/adapters/csv-import.ts';
import { csvRecords, csvText } from '../../core/adapters/csv-records.ts';
import { DatasetFolder } from '../../core/adapters/dataset-folder.ts';
import { storedValues } from '../../core/dataset/canonical-column.ts';
import { formatStored } from '../../core/dataset/cell.ts';
import { type PromisedColumn, promisedColumns, type Schema } from '../../core/dataset/schema.ts';

const sample = new URL('../../resources/sample/machine-temperature.csv', import.meta.url).pathname;
const calendar = { format: 'calendar', zoneOffsetMinutes: 0 } as const;
const commas = { delimiter: ',', header: true, decimalMark: '.', time: calendar } as const;
const time: PromisedColumn = { source: 0, name: 'time', unit: 'ms', type: 'time', scale: 0, width: 64 };
const value = (source: number, scale = 2, width: 16 | 32 | 64 = 32): PromisedColumn => ({
  source,
  name: 'value',
  unit: '',
  type: 'number',
  scale,
  width,
});

let home: string;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'dataset-import-'));
});
afterEach(async () => {
  await rm(home, { recursive: true, force: true });
});

async function save(content: string | Uint8Array): Promise<string> {
  const file = join(home, 'data.csv');
  await writeFile(file, content);
  return file;
}

async function collect<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const collected: Item[] = [];
  for await (const item of items) collected.push(item);
  return collected;
}

/** Imports as inspected; gives the cells of the promised columns as they read afterwards. */
async function roundTrip(content: string | Uint8Array): Promise<{ names: string[]; rows: string[][] }> {
  const file = await save(content);
  const { schema, reading } = await inspectCsv(file);
  await importCsv(file, schema, reading, join(home, 'out'));
  return readBack(schema);
}

async function readBack(schema: Schema): Promise<{ names: string[]; rows: string[][] }> {
  const folder = await DatasetFolder.open(join(home, 'out'));
  const columns = promisedColumns(schema);
  const cells = await Promise.all(
    columns.map(async (column, position) =>
      storedValues(column.width, await folder.read(position, 0, folder.document.rows)).map((stored) => formatStored(column, stored)),
    ),
  );
  await folder.close();
  return {
    names: columns.map((column) => column.name),
    rows: (cells[0] ?? []).map((_, row) => cells.map((column) => column[row] as string)),
  };
}

describe('how a file may be written', () => {
  const expected = {
    names: ['time', 'value'],
    rows: [
      ['2020-01-01T00:00:00.000Z', '1.5'],
      ['2020-01-01T00:05:00.000Z', ''],
      ['2020-01-01T00:10:00.000Z', '-2.25'],
    ],
  };
  const plain = 'when,value\n2020-01-01 00:00:00,1.5\n2020-01-01 00:05:00,\n2020-01-01 00:10:00,-2.25\n';
  const variants: Record<string, string> = {
    'commas and \\n': plain,
    'no line end at the end': plain.trimEnd(),
    '\\r\\n': plain.replaceAll('\n', '\r\n'),
    '\\r alone': plain.replaceAll('\n', '\r'),
    'a byte-order mark': `\ufeff${plain}`,
    tabs: plain.replaceAll(',', '\t'),
    bars: plain.replaceAll(',', '|'),
    semicolons: plain.replaceAll(',', ';'),
    'semicolons and decimal commas': plain.replaceAll(',', ';').replaceAll('.', ','),
    'quotes around every cell': plain.replace(/[^,\n]+/g, '"$&"').replace(',\n', ',""\n'),
    'blank lines': plain.replaceAll('\n', '\n\n'),
    'white space around cells': plain.replaceAll(',', ' , '),
    'scientific notation': plain.replace('1.5', '15e-1'),
  };
  test.each(Object.entries(variants))('%s', async (_, content) => {
    expect(await roundTrip(content)).toEqual(expected);
  });

  test('no header, with decimal commas and nothing but numbers', async () => {
    expect(await roundTrip('1,5;2,5\n3,5;4\n')).toEqual({
      names: ['column 1', 'column 2'],
      rows: [
        ['1.5', '2.5'],
        ['3.5', '4'],
      ],
    });
  });

  test('seconds since 1970 under a name that says so, and a category', async () => {
    const rows = Array.from({ length: 8 }, (_, row) => `${1_600_000_000 + row};${row % 2 ? 'on' : 'off'}`);
    const file = await save(`timestamp;state\n${rows.join('\n')}\n`);
    const { schema, reading } = await inspectCsv(file);
    expect(reading.time.format).toBe('epoch-seconds');
    expect(schema.columns.map((column) => column.type)).toEqual(['time', 'category']);
    const document = await importCsv(file, schema, reading, join(home, 'out'));
    expect(document.statistics[0]?.minimum).toBe((2n ** 63n + 1_600_000_000_000n).toString());
  });

  test('text with delimiters, quotes and line ends in quotes stays one cell; lines are counted through it', async () => {
    const text = 'a,"say ""hi"",\r\nthere"\r\nb,c\r\n"d\ne",f\r\n';
    const records = await collect(csvRecords(csvText([Buffer.from(text)]), ','));
    expect(records).toEqual([
      { line: 1, cells: ['a', 'say "hi",\nthere'] },
      { line: 3, cells: ['b', 'c'] },
      { line: 4, cells: ['d\ne', 'f'] },
    ]);
  });

  test('how the bytes are cut into chunks changes nothing', async () => {
    const bytes = Buffer.from('\ufeffü;"b\r\nc"\r\n\r\n1;2\r3;4\n5;6\r');
    const whole = await collect(csvRecords(csvText([bytes]), ';'));
    for (const size of [1, 2, 3, 5]) {
      const chunks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) => bytes.subarray(index * size, (index + 1) * size));
      expect(await collect(csvRecords(csvText(chunks), ';'))).toEqual(whole);
    }
    expect(whole.map((record) => record.line)).toEqual([1, 4, 5, 6]);
  });

  test('what the user chooses is not guessed', async () => {
    const file = await save('1,2\n3,4\n');
    const inspection = await inspectCsv(file, { delimiter: ';', decimalMark: ',', header: false });
    expect(inspection.schema.columns).toEqual([{ source: 0, name: 'column 1', unit: '', type: 'number', scale: 1, width: 32 }]);
  });
});

describe('the preview', () => {
  test('the sample: rows, rounding, and why its time is not promised', async () => {
    const inspection = await inspectCsv(sample);
    expect(inspection).toMatchObject({
      rows: 22_695,
      headers: ['timestamp', 'value'],
      reading: commas,
      schema: {
        columns: [
          { source: 0, name: 'timestamp', type: 'text' },
          { source: 1, name: 'value', type: 'number', scale: 6, width: 32 },
        ],
      },
      obstacles: [{ notTime: { line: 10_151, text: '2014-01-07 02:00:00' } }, { notNumber: null, notTime: null }],
      report: [{ missing: 0, minimum: '2.084721', maximum: '108.510543', rounded: 22_406, largestError: '0.0000005' }],
    });
    expect(inspection.firstRows).toHaveLength(20);
  });

  test('one word among numbers is named with its line', async () => {
    const { schema, obstacles } = await inspectCsv(await save('value\n1\n2\nbroken\n4\n'));
    expect(schema.columns).toEqual([{ source: 0, name: 'value', type: 'text' }]);
    expect(obstacles).toEqual([{ notNumber: { line: 4, text: 'broken' }, notTime: null }]);
  });

  test('the suggested width and scale hold every cell', async () => {
    const { schema } = await inspectCsv(await save('a,b,c,d,e\n1,2.125,3000000000.25,1e15,1e30\n-7,0.1234567890123,1,0.0000001,2\n'));
    expect(schema.columns).toMatchObject([
      { name: 'a', scale: 0, width: 32 },
      { name: 'b', scale: 6, width: 32 },
      { name: 'c', scale: 2, width: 64 },
      { name: 'd', scale: 0, width: 64 },
      { name: 'e', type: 'text' },
    ]);
  });

  test('equal and forbidden names get others; beyond 16 columns the rest are text', async () => {
    const names = ['x', 'x', 'time', ...Array.from({ length: 15 }, (_, index) => `c${index}`)];
    const { schema } = await inspectCsv(await save(`${names.join(',')}\n${names.map((_, index) => index).join(',')}\n`), { header: true });
    expect(schema.columns.slice(0, 3).map((column) => column.name)).toEqual(['x', 'x 2', 'time 2']);
    expect(promisedColumns(schema)).toHaveLength(16);
    expect(schema.columns.slice(16).map((column) => column.type)).toEqual(['text', 'text']);
  });

  test('another scale can be tried without writing', async () => {
    const [report] = await previewCsv(await save('v\n0.125\n0.5\n'), { columns: [value(0, 2)] }, commas);
    expect(report).toMatchObject({ rounded: 1, largestError: '0.005', minimum: '0.12', maximum: '0.5' });
    expect(await readdir(home)).toEqual(['data.csv']);
  });
});

describe('what is refused, and with which line', () => {
  const utf16 = (text: string) => Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(text, 'utf16le')]);
  const withTime: Schema = { columns: [time, value(1)] };
  const cases: readonly (readonly [string, string | Uint8Array, Schema, string, number | undefined, RegExp])[] = [
    [
      'a row with a cell too many',
      'a,b\n1,2\n3,4,5\n',
      { columns: [value(0)] },
      'DATASET_CSV_MALFORMED',
      3,
      /3 cells where the rows before have 2/,
    ],
    [
      'a row with a cell too few after a cell of two lines',
      'a,b\n"1\n",2\n3\n',
      { columns: [value(1)] },
      'DATASET_CSV_MALFORMED',
      4,
      /1 cells/,
    ],
    ['a quote that is never closed', 'a,b\n1,2\n3,"4\n5,6\n', { columns: [value(0)] }, 'DATASET_CSV_MALFORMED', 3, /never closed/],
    ['text behind a closing quote', 'a,b\n1,"2"x\n', { columns: [value(0)] }, 'DATASET_CSV_MALFORMED', 2, /closing quote/],
    ['a quote inside a cell', 'a,b\n1,2"x"\n', { columns: [value(0)] }, 'DATASET_CSV_MALFORMED', 2, /quote stands inside/],
    ['an endless row', `a,b\n1,"${'x'.repeat(1_100_000)}`, { columns: [value(0)] }, 'DATASET_CSV_MALFORMED', 2, /longer than 1000000/],
    [
      'a word in a number column',
      'a,b\n1,2\nx,4\n',
      { columns: [value(0)] },
      'DATASET_CELL_REFUSED',
      3,
      /column "value": "x" is not a number/,
    ],
    ['thousands separators', 'a,b\n1,2\n"1,234.5",4\n', { columns: [value(0)] }, 'DATASET_CELL_REFUSED', 3, /"1,234\.5" is not a number/],
    ['another delimiter', 'a;b\n1;2\n', { columns: [value(0)] }, 'DATASET_CELL_REFUSED', 2, /"1;2" is not a number/],
    [
      'a value outside its width',
      'a,b\n1,2\n327.68,4\n',
      { columns: [value(0, 2, 16)] },
      'DATASET_CELL_REFUSED',
      3,
      /327\.68 is outside -327\.66 to 327\.67, which 16 bits hold with 2 decimal places/,
    ],
    ['a time that is none', 'a,b\n2020-01-01,1\nsoon,2\n', withTime, 'DATASET_CELL_REFUSED', 3, /not a time/],
    ['a missing time', 'a,b\n2020-01-01,1\n,2\n', withTime, 'DATASET_CELL_REFUSED', 3, /time is missing/],
    ['a time twice', 'a,b\n2020-01-01,1\n2020-01-01,2\n', withTime, 'DATASET_CELL_REFUSED', 3, /not later/],
    ['a time that goes back', 'a,b\n2020-01-02,1\n2020-01-01,2\n', withTime, 'DATASET_CELL_REFUSED', 3, /not later/],
    ['a gap of 35 years', 'a,b\n1980-01-01,1\n2020-01-01,2\n', withTime, 'DATASET_CELL_REFUSED', 3, /35 years/],
    ['UTF-16 with its mark', utf16('a,b\n1,2\n'), { columns: [value(0)] }, 'DATASET_NOT_TEXT', 1, /UTF-16/],
    ['UTF-16 without', Buffer.from('a,b\n1,2\n', 'utf16le'), { columns: [value(0)] }, 'DATASET_NOT_TEXT', 1, /UTF-16/],
    ['a binary file', Buffer.from([0x50, 0x4b, 3, 4, 0, 0]), { columns: [value(0)] }, 'DATASET_NOT_TEXT', 1, /binary/],
    ['Latin-1', Buffer.from('a,b\n1,2\n3,\xfc\n', 'latin1'), { columns: [value(0)] }, 'DATASET_NOT_TEXT', 3, /not UTF-8/],
    ['UTF-8 that breaks off', Buffer.from([0x61, 0x0a, 0x31, 0x0a, 0xc3]), { columns: [value(0)] }, 'DATASET_NOT_TEXT', 3, /not UTF-8/],
    ['an empty file', '', { columns: [value(0)] }, 'DATASET_EMPTY', undefined, /no rows/],
    ['a header alone', 'a,b\n', { columns: [value(0)] }, 'DATASET_EMPTY', undefined, /no rows/],
    [
      'a column that the file does not have',
      'a,b\n1,2\n',
      { columns: [value(7)] },
      'DATASET_SCHEMA_INVALID',
      undefined,
      /number 8, but the file has 2/,
    ],
  ];
  test.each(cases)('%s', async (_, content, schema, code, line, message) => {
    const file = await save(content);
    const importing = importCsv(file, schema, commas, join(home, 'out'));
    await expect(importing).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message),
      ...(line === undefined ? {} : { data: { line } }),
    });
    expect(await readdir(home)).toEqual(['data.csv']);
  });

  test('a file that is not there, and a folder in its place', async () => {
    await expect(inspectCsv(join(home, 'none.csv'))).rejects.toMatchObject({ code: 'DATASET_SOURCE_UNREADABLE' });
    await expect(inspectCsv(home)).rejects.toMatchObject({ code: 'DATASET_SOURCE_UNREADABLE' });
  });

  test('more categories than can be told apart', async () => {
    const file = await save(`state\n${Array.from({ length: 65_537 }, (_, row) => `s${row}`).join('\n')}\n`);
    const schema: Schema = { columns: [{ source: 0, name: 'state', unit: '', type: 'category', scale: 0, width: 64 }] };
    await expect(previewCsv(file, schema, commas)).rejects.toMatchObject({
      code: 'DATASET_CELL_REFUSED',
      data: { line: 65_538, problem: 'too-many-categories' },
    });
  });
});

describe('the dataset folder', () => {
  const schema: Schema = { columns: [value(0)] };
  const content = 'a\n1\n2\n';

  test('holds the file as it was read, with its hash', async () => {
    const file = await save(content);
    const document = await importCsv(file, schema, commas, join(home, 'out'));
    expect(document).toMatchObject({
      rows: 2,
      file: { name: 'data.csv', size: 6, sha256: `0x${createHash('sha256').update(content).digest('hex')}` },
    });
    await writeFile(file, 'changed');
    const folder = await DatasetFolder.open(join(home, 'out'));
    expect(folder.document).toEqual(document);
    expect(Buffer.concat(await collect(folder.sourceBytes())).toString()).toBe(content);
    await folder.close();
  });

  test('is not overwritten, and the remains of an interrupted import are replaced', async () => {
    const file = await save(content);
    await mkdir(join(home, 'out.partial'));
    await writeFile(join(home, 'out.partial', 'column-0'), 'half');
    await importCsv(file, schema, commas, join(home, 'out'));
    await expect(importCsv(file, schema, commas, join(home, 'out'))).rejects.toMatchObject({ code: 'DATASET_FOLDER_EXISTS' });
    expect((await readdir(home)).sort()).toEqual(['data.csv', 'out']);
  });

  test('is not there when the import was stopped', async () => {
    const file = await save(`a\n${'1\n'.repeat(400_000)}`);
    const controller = new AbortController();
    const importing = importCsv(file, schema, commas, join(home, 'out'), {
      signal: controller.signal,
      onProgress: () => controller.abort(),
    });
    await expect(importing).rejects.toMatchObject({ name: 'AbortError' });
    expect(await readdir(home)).toEqual(['data.csv']);
  });

  test('says when it was damaged, or written by a newer version', async () => {
    const file = await save(content);
    const out = join(home, 'out');
    await importCsv(file, schema, commas, out);
    const opened = await DatasetFolder.open(out);
    await chmod(join(out, 'original'), 0o600);
    await writeFile(join(out, 'original'), 'a\n1\n3\n');
    await expect(collect(opened.sourceBytes())).rejects.toMatchObject({ code: 'DATASET_FOLDER_DAMAGED' });
    await opened.close();
    await chmod(join(out, 'column-0'), 0o600);
    await appendFile(join(out, 'column-0'), 'x');
    await expect(DatasetFolder.open(out)).rejects.toMatchObject({ code: 'DATASET_FOLDER_DAMAGED' });
    await chmod(join(out, 'dataset.json'), 0o600);
    const document = JSON.parse(await readFile(join(out, 'dataset.json'), 'utf8'));
    await writeFile(join(out, 'dataset.json'), JSON.stringify({ ...document, version: 2 }));
    await expect(DatasetFolder.open(out)).rejects.toMatchObject({ code: 'DATASET_FOLDER_NEWER' });
    await writeFile(join(out, 'dataset.json'), '{');
    await expect(DatasetFolder.open(out)).rejects.toMatchObject({ code: 'DATASET_FOLDER_DAMAGED' });
    await expect(DatasetFolder.open(home)).rejects.toMatchObject({ code: 'DATASET_STORAGE_FAILED' });
  });
});
