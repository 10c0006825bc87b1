/** The search behind `npm run check:secrets`: a leak is found in every encoding, at any place of a file, and nowhere else. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { placeOf } from '../secrets/allowed-places.ts';
import { leaksOf } from '../secrets/canaries.ts';
import { patternsOf, type Secret } from '../secrets/encodings.ts';
import { chunkBytes, Search } from '../secrets/search.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'vouchsafe-search-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const bytes = fc.uint8Array({ minLength: 16, maxLength: 64 });
const secret = fc.oneof(
  fc.record({ name: fc.constant('key'), bytes, form: fc.constantFrom('bytes' as const, 'number' as const) }),
  fc.record({
    name: fc.constant('text'),
    bytes: fc.string({ minLength: 8, maxLength: 60, unit: 'grapheme-ascii' }).map((value) => new Uint8Array(Buffer.from(value))),
    form: fc.constant('text' as const),
  }),
);

describe('the search for secrets', () => {
  it('finds a leak in every encoding', () => {
    fc.assert(
      fc.property(secret, (value) => {
        const search = new Search(patternsOf(value));
        for (const [encoding, leak] of leaksOf(value)) {
          const found = search.bytes(Buffer.concat([Buffer.from('2013-12-02 line of a log '), leak, Buffer.from('\n')]), 'log');
          expect(found, encoding).not.toHaveLength(0);
        }
      }),
    );
  });

  it('finds nothing in text that has no secret', () => {
    fc.assert(
      fc.property(secret, fc.uint8Array({ maxLength: 500 }), (value, other) => {
        expect(new Search(patternsOf(value)).bytes(Buffer.from(other), 'log')).toEqual([]);
      }),
    );
  });

  it('finds what lies across the end of what is read at a time, and at both ends of a file', async () => {
    const value: Secret = { name: 'key', bytes: new Uint8Array(32).map((_, index) => index * 7 + 1), form: 'bytes' };
    const search = new Search(patternsOf(value));
    const path = join(folder, 'file');
    for (const before of [0, 5, chunkBytes - 31, chunkBytes - 1, chunkBytes, 2 * chunkBytes - 16]) {
      writeFileSync(path, Buffer.concat([Buffer.alloc(before), value.bytes]));
      expect((await search.file(path)).map(({ offset }) => offset)).toEqual([before]);
    }
  });

  it('lets no secret stand in a log, nor in the traffic or the folder of a service', () => {
    const hit = (name: string) => ({
      file: '',
      offset: 0,
      pattern: { secret: { name, bytes: new Uint8Array(8), form: 'bytes' as const }, encoding: 'raw', bytes: Buffer.alloc(8) },
    });
    for (const name of [
      'the passphrase',
      'A2 of the dataset',
      'the data-encryption key',
      'readings as text',
      'K2',
      'the chain key of the owner',
    ])
      for (const file of [
        'logs/PKG',
        'logs/story',
        'traffic/proxy-1-1-request',
        'network/proxy-1/proxy.sqlite',
        'network/pkg/pkg.sqlite',
        'cores/proxy-1',
      ])
        if (!(name === 'the passphrase' && file === 'cores/proxy-1')) expect(placeOf(hit(name), file)).toBeUndefined();
  });
});
