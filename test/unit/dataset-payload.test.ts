/** Payloads: what goes in comes out, whatever the chunks; and everything that a hostile sender may write is refused without a trace. */
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { importCsv, inspectCsv } from '../../core/adapters/csv-import.ts';
import { DatasetFolder } from '../../core/adapters/dataset-folder.ts';
import { type ExpectedDataset, folderPayload, type ReceivedPayload, receivePayload } from '../../core/adapters/dataset-payload.ts';
import { loadPoseidon } from '../../core/adapters/poseidon.ts';
import { fromHex, toHex } from '../../core/base/bytes.ts';
import { english } from '../../core/base/sentence.ts';
import type { ColumnReader } from '../../core/dataset/canonical-column.ts';
import { commitDataset } from '../../core/dataset/commitment.ts';
import { MANIFEST_BYTES_MAX, type PayloadManifest, payloadBytes, payloadLength, payloadManifest } from '../../core/dataset/payload.ts';

const seed = `0x${'07'.repeat(32)}` as const;
const owner = `0x${'b2'.repeat(20)}` as const;
const datasetId = `0x00${'c3'.repeat(31)}` as const;
const content = `when;state;level;note\n${Array.from({ length: 1500 }, (_, row) => `${1_600_000_000 + 60 * row};${row % 3 ? 'on' : 'off'};${row % 7 ? row / 8 : ''};n${row}`).join('\n')}\n`;

let built: string;
let home: string;
let payload: Buffer;
let expected: ExpectedDataset;

beforeAll(async () => {
  built = await mkdtemp(join(tmpdir(), 'dataset-payload-sent-'));
  await writeFile(join(built, 'data.csv'), content);
  const { schema, reading } = await inspectCsv(join(built, 'data.csv'), { time: { format: 'epoch-seconds', zoneOffsetMinutes: 0 } });
  const [when, ...others] = schema.columns;
  const columns = [{ source: when?.source ?? 0, name: 'time', unit: 'ms', type: 'time', scale: 0, width: 64 } as const, ...others];
  const document = await importCsv(join(built, 'data.csv'), { columns }, reading, join(built, 'sent'));
  const folder = await DatasetFolder.open(join(built, 'sent'));
  const keywords = ['Machine', 'level'];
  const facts = { schema: document.schema, totalRows: document.rows, keywords, fileHash: document.file.sha256, owner, datasetId };
  const { datasetRoot } = await commitDataset(facts, fromHex(seed), folder, await loadPoseidon());
  const { length, bytes } = folderPayload(folder, seed, keywords);
  const chunks: Uint8Array[] = [];
  for await (const chunk of bytes()) chunks.push(chunk);
  payload = Buffer.concat(chunks);
  expected = { length, owner, datasetId, datasetRoot };
  await folder.close();
});
afterAll(async () => {
  await rm(built, { recursive: true, force: true });
});
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'dataset-payload-'));
});
afterEach(async () => {
  await rm(home, { recursive: true, force: true });
});

async function* cut(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let offset = 0; offset < bytes.length; offset += size) yield bytes.subarray(offset, offset + size);
}

async function receive(bytes: Uint8Array, change: Partial<ExpectedDataset> = {}, chunk = 4096) {
  return receivePayload(cut(bytes, chunk), { ...expected, ...change }, join(home, 'received'), await loadPoseidon());
}

/** The payload under another manifest; the rest follows unchanged. */
function withManifest(change: (manifest: Record<string, unknown>) => unknown): Buffer {
  const length = payload.readUInt32BE(18);
  const manifest = JSON.parse(payload.subarray(22, 22 + length).toString());
  return withManifestText(JSON.stringify(change(manifest)));
}

function withManifestText(text: string | Uint8Array): Buffer {
  const manifest = Buffer.from(text);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(manifest.length);
  return Buffer.concat([payload.subarray(0, 18), length, manifest, payload.subarray(22 + payload.readUInt32BE(18))]);
}

/** The payload with other bytes at a place, counted from the first column. */
function withBytes(offset: number, bytes: Uint8Array): Buffer {
  const changed = Buffer.from(payload);
  changed.set(bytes, 22 + payload.readUInt32BE(18) + offset);
  return changed;
}

/** What a refusal says. */
const wordsOf = (verdict: ReceivedPayload) => (verdict.ok ? '' : english(verdict.detail));

describe('a payload', () => {
  test.each([1000, 7, 1_000_000])('comes out as it went in, in chunks of %i bytes', async (chunk) => {
    expect(payload.length).toBe(expected.length);
    const sent = await DatasetFolder.open(join(built, 'sent'));
    const verdict = await receive(payload, {}, chunk);
    expect(verdict).toMatchObject({ ok: true, datasetRoot: expected.datasetRoot, fileHash: sent.document.file.sha256 });
    const received = await DatasetFolder.open(join(home, 'received'));
    expect(received.document).toEqual({
      ...sent.document,
      rounding: null,
      received: { seed, keywords: expect.arrayContaining(['machine', 'level']) },
    });
    const file: Uint8Array[] = [];
    for await (const part of received.sourceBytes()) file.push(part);
    expect(Buffer.concat(file).toString()).toBe(content);
    for (const position of [0, 1, 2]) expect(await received.read(position, 0, 1500)).toEqual(await sent.read(position, 0, 1500));
    await received.close();
    await sent.close();
  });

  test('is not written from a folder that was changed to another length', async () => {
    const folder = await DatasetFolder.open(join(built, 'sent'));
    const manifest = payloadManifest({ ...folder.document, rows: 1499 }, seed, []);
    const writing = async () => {
      let length = 0;
      for await (const chunk of payloadBytes(manifest, folder)) length += chunk.length;
      return length;
    };
    await expect(writing()).rejects.toThrow('as long as its manifest says');
    await folder.close();
    expect(payloadLength(manifest)).toBeLessThan(expected.length + 200);
  });
});

describe('an original file that does not give the cells', () => {
  /** What an owner sends and records who proves good cells and adds this file to them. */
  async function lie(file: string | Uint8Array, change: (manifest: PayloadManifest) => PayloadManifest = (manifest) => manifest) {
    const folder = await DatasetFolder.open(join(built, 'sent'));
    const source = Buffer.from(file);
    const sha256 = toHex(createHash('sha256').update(source).digest());
    const manifest = change(
      payloadManifest({ ...folder.document, file: { name: 'data.csv', size: source.length, sha256 } }, seed, ['level']),
    );
    const facts = { ...manifest, totalRows: manifest.rows, fileHash: sha256, owner, datasetId };
    const { datasetRoot } = await commitDataset(facts, fromHex(seed), folder satisfies ColumnReader, await loadPoseidon());
    const chunks: Uint8Array[] = [];
    const bytes = { columnBytes: (position: number) => folder.columnBytes(position), sourceBytes: () => cut(source, 4096) };
    for await (const chunk of payloadBytes(manifest, bytes)) chunks.push(chunk);
    await folder.close();
    return receive(Buffer.concat(chunks), { length: payloadLength(manifest), datasetRoot });
  }
  const lines = content.trimEnd().split('\n');
  const [header = ''] = lines;
  const other = (lines[700] ?? '').replace(/;([^;]*);n/, ';1$1;n');

  test.each<[string, string | Uint8Array, string]>([
    ['random bytes', Buffer.alloc(5000, 0xfb), 'not UTF-8'],
    ['zero bytes', new Uint8Array(5000), 'binary file'],
    ['nothing', '', 'no rows'],
    ['the names of the columns alone', `${header}\n`, 'no rows'],
    ['other text', 'You have been had.\n'.repeat(1501), 'the file has 1'],
    ['a quote that never ends', `${header}\n"${'x'.repeat(2_000_000)}`, 'longer than'],
    ['columns left out', lines.map((line) => line.split(';').slice(0, 2).join(';')).join('\n'), 'the file has 2'],
    ['a cell changed in one row', lines.with(700, other).join('\n'), 'rows 1 to 1500 of the column "level" differ'],
    ['a row left out', lines.slice(0, -1).join('\n'), '1499 rows instead of 1500'],
    ['a row added', [...lines, `${1_600_000_000 + 60 * 1500};on;1;n`].join('\n'), 'more than 1500 rows'],
    [
      'categories that fill the memory',
      lines.map((line, row) => line.replace(/;o[nf]+;/, `;${row}${'x'.repeat(9_000)};`)).join('\n'),
      'characters together',
    ],
  ])('is refused without a trace: %s', async (_, file, reason) => {
    const verdict = await lie(file);
    expect(verdict).toMatchObject({ ok: false, problem: 'file-contradicts-cells' });
    expect(wordsOf(verdict)).toContain(reason);
    expect(await readdir(home)).toEqual([]);
  });

  test('is refused also when the manifest says to read the good file in another way', async () => {
    const reading = (change: Partial<PayloadManifest['reading']>) => (manifest: PayloadManifest) => ({
      ...manifest,
      reading: { ...manifest.reading, ...change },
    });
    for (const change of [
      { delimiter: ',' },
      { header: false },
      { decimalMark: ',' } as const,
      { time: { format: 'epoch-milliseconds', zoneOffsetMinutes: 0 } } as const,
    ])
      expect(await lie(content, reading(change))).toMatchObject({ ok: false, problem: 'file-contradicts-cells' });
    expect(await readdir(home)).toEqual([]);
    expect(await lie(content)).toMatchObject({ ok: true });
  });

  test('is compared anew after an attempt that was cut short', async () => {
    await mkdir(join(home, 'received.imported'));
    expect(await lie(content)).toMatchObject({ ok: true });
    expect(await readdir(home)).toEqual(['received']);
  });
});

describe('refused without a trace', () => {
  const manifestOf = (change: Record<string, unknown>) => () => withManifest((manifest) => ({ ...manifest, ...change }));
  const file = { name: 'data.csv', size: content.length, sha256: `0x${'00'.repeat(32)}` };
  const time = 0;
  const state = 8 * 1500;
  const level = 16 * 1500;
  const source = 20 * 1500;
  const cases: Record<string, [make: () => Uint8Array, problem: string]> = {
    'nothing at all': [() => new Uint8Array(), 'length-differs'],
    'another kind of file': [() => Buffer.from('PK\u0003\u0004 and so on, long enough to read a head'), 'not-a-payload'],
    'version 0': [() => Buffer.concat([payload.subarray(0, 17), Buffer.from([0]), payload.subarray(18)]), 'not-a-payload'],
    'a newer version': [() => Buffer.concat([payload.subarray(0, 17), Buffer.from([2]), payload.subarray(18)]), 'newer-version'],
    'a manifest without end': [() => Buffer.concat([payload.subarray(0, 18), Buffer.from([0xff, 0xff, 0xff, 0xff])]), 'manifest-malformed'],
    'a manifest that is not JSON': [() => withManifestText('{'), 'manifest-malformed'],
    'a manifest that is not UTF-8': [() => withManifestText(new Uint8Array([0xff, 0xfe])), 'manifest-malformed'],
    'a manifest that is a number': [() => withManifestText('7'), 'manifest-malformed'],
    'a manifest nested beyond reason': [() => withManifestText('['.repeat(MANIFEST_BYTES_MAX)), 'manifest-malformed'],
    'an unknown member': [manifestOf({ more: 1 }), 'manifest-malformed'],
    'no rows': [manifestOf({ rows: 0 }), 'manifest-malformed'],
    'a fraction of rows': [manifestOf({ rows: 1.5 }), 'manifest-malformed'],
    'more rows than any dataset': [manifestOf({ rows: 66_060_289 }), 'manifest-malformed'],
    'more rows than the length holds': [manifestOf({ rows: 60_000_000 }), 'length-differs'],
    'a negative size': [manifestOf({ file: { ...file, size: -1 } }), 'manifest-malformed'],
    'a size beyond exact integers': [manifestOf({ file: { ...file, size: 2 ** 60 } }), 'manifest-malformed'],
    'a file name that climbs out': [manifestOf({ file: { ...file, name: '../../evil' } }), 'manifest-malformed'],
    'an absolute file name': [manifestOf({ file: { ...file, name: '/etc/passwd' } }), 'manifest-malformed'],
    'a schema that is a word': [manifestOf({ schema: 'all' }), 'manifest-malformed'],
    'a column that is nothing': [manifestOf({ schema: { columns: [null] } }), 'manifest-malformed'],
    'a scale that has no encoding': [
      manifestOf({ schema: { columns: [{ source: 0, name: 'x', unit: '', type: 'number', scale: -1, width: 32 }] } }),
      'manifest-malformed',
    ],
    'a width that has no encoding': [
      manifestOf({ schema: { columns: [{ source: 0, name: 'x', unit: '', type: 'number', scale: 0, width: 1e9 }] } }),
      'manifest-malformed',
    ],
    'a seed of another length': [manifestOf({ seed: '0x07' }), 'manifest-malformed'],
    'keywords in another order': [
      () => withManifest((manifest) => ({ ...manifest, keywords: [...(manifest.keywords as string[])].reverse() })),
      'manifest-malformed',
    ],
    'a keyword not in normal form': [manifestOf({ keywords: ['Machine'] }), 'manifest-malformed'],
    'a keyword of control characters': [manifestOf({ keywords: ['\u0000'] }), 'manifest-malformed'],
    'a keyword twice': [manifestOf({ keywords: ['level', 'level'] }), 'manifest-malformed'],
    'half of it': [() => payload.subarray(0, payload.length / 2), 'length-differs'],
    'one byte less': [() => payload.subarray(0, -1), 'length-differs'],
    'one byte more': [() => Buffer.concat([payload, Buffer.from([0])]), 'length-differs'],
    'padding as a cell': [() => withBytes(level + 4 * 700, new Uint8Array(4)), 'cell-not-canonical'],
    'a missing time': [() => withBytes(time, new Uint8Array([1, 0, 0, 0, 0, 0, 0, 0])), 'cell-not-canonical'],
    'a time that stands still': [
      () => withBytes(time + 8, payload.subarray(22 + payload.readUInt32BE(18), 30 + payload.readUInt32BE(18))),
      'cell-not-canonical',
    ],
    'a time beyond the gap': [() => withBytes(time + 8, new Uint8Array(8).fill(0xff)), 'cell-not-canonical'],
    'another number': [() => withBytes(level + 4 * 9, new Uint8Array([9, 9, 9, 9])), 'root-differs'],
    'another category': [() => withBytes(state, new Uint8Array(8).fill(9)), 'root-differs'],
    'another original file': [() => withBytes(source + 100, new Uint8Array([0x78])), 'file-differs'],
    'another hash of the file': [manifestOf({ file }), 'file-differs'],
    'another seed': [manifestOf({ seed: `0x${'08'.repeat(32)}` }), 'root-differs'],
    'other keywords': [manifestOf({ keywords: ['level'] }), 'root-differs'],
  };
  test.each(Object.entries(cases))('%s', async (name, [make, problem]) => {
    const bytes = make();
    // Where the manifest is the point, the length is the one that it describes.
    const keep = problem === 'length-differs' || name === 'half of it';
    const verdict = await receive(bytes, keep ? {} : { length: bytes.length });
    expect(verdict).toMatchObject({ ok: false, problem });
    expect(wordsOf(verdict)).toMatch(/^The payload is refused: .+[^.]\.$/);
    expect(await readdir(home)).toEqual([]);
  });

  test('a payload of another owner, dataset or root', async () => {
    const others: Partial<ExpectedDataset>[] = [
      { owner: `0x${'b3'.repeat(20)}` },
      { datasetId: `0x00${'c4'.repeat(31)}` },
      { datasetRoot: 1n },
    ];
    for (const change of others) expect(await receive(payload, change)).toMatchObject({ ok: false, problem: 'root-differs' });
    expect(await readdir(home)).toEqual([]);
  });

  test('a stream that fails', async () => {
    const failing = async function* (): AsyncGenerator<Uint8Array> {
      yield payload.subarray(0, 20_000);
      throw new Error('the chunk was changed');
    };
    await expect(receivePayload(failing(), expected, join(home, 'received'), await loadPoseidon())).rejects.toThrow(
      'the chunk was changed',
    );
    expect(await readdir(home)).toEqual([]);
  });
});
