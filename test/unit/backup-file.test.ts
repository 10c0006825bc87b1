/** Backups: what comes back is what went in, and whatever an enemy or a failing disk does to the file is refused before anything is restored. */
import { createHash, randomBytes } from 'node:crypto';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statfsSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { type Header, pack } from 'tar-stream';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { systemSealing } from '../../core/adapters/argon2id.ts';
import { HomeStore } from '../../core/adapters/home-store.ts';
import { nodeAead } from '../../core/adapters/node-aead.ts';
import { concatBytes, fromHex, toHex, utf8 } from '../../core/base/bytes.ts';
import { Encoder } from '../../core/base/codec.ts';
import { encodeFileHeader, FileSealer } from '../../core/crypto/file-stream.ts';
import { openDocument, sealDocument } from '../../core/crypto/sealed-document.ts';
import { clearInterruptedRestores, rehearseBackup, restoreBackup, saveBackup } from '../../core/services/backup.ts';
import { signNetworkFile } from '../../core/sharing/network-file.ts';

const passphrase = 'correct horse battery';
const cost = { memoryKibibytes: 64, passes: 1, lanes: 1 };
const CHUNK = 1 << 20;
const SEALED = CHUNK + 16;
const dataset = 'ab'.repeat(32);
const repeated = (byte: string, length: number) => `0x${byte.repeat(length)}` as const;
const networkFile = signNetworkFile(
  {
    format: 'vouchsafe-network',
    version: 1,
    name: 'A network',
    development: true,
    chain: { chainId: 31337, genesisHash: null, rpcUrls: ['http://127.0.0.1:8545'], confirmations: 0 },
    contracts: {
      entityRegistry: repeated('01', 20),
      dataRecords: repeated('02', 20),
      groth16Verifier: repeated('03', 20),
      sharingMarket: repeated('04', 20),
    },
    pkg: { url: 'https://pkg.example', enrolmentAddress: repeated('05', 20), parameters: '0x00', parametersHash: repeated('06', 32) },
    proxies: [{ index: 1, url: 'https://proxy.example', signingKey: repeated('07', 32), messageKey: repeated('08', 32) }],
    threshold: 1,
    templates: ['range-1x32'],
    circuits: {},
  } as never,
  new Uint8Array(32).fill(7),
);
const codeOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'done',
    (error: { code?: string; message: string }) => error.code ?? error.message,
  );
const messageOf = (work: Promise<unknown>): Promise<string> => work.then(() => 'done', String);

describe('a backup', () => {
  let folder: string;
  let home: HomeStore;
  const lock = { key: new Uint8Array(32).fill(1) };
  const otherLock = { key: new Uint8Array(32).fill(2) };
  const at = (...names: string[]) => join(folder, ...names);

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'backup-'));
    home = await HomeStore.create(at('home'), lock);
    writeFileSync(at('home', 'network.json'), networkFile);
    await home.write('identity', { phrase: 'words' });
    await home.write(`outbox-segment-0-${'9'.repeat(78)}`, { a: 1 });
    await home.write(`dataset-${dataset}`, { name: 'Ångström' });
    for (const place of [['datasets', dataset], ['received', '12345'], ['ciphertexts']])
      mkdirSync(at('home', ...place), { recursive: true });
    writeFileSync(at('home', 'datasets', dataset, 'dataset.json'), '{}');
    writeFileSync(at('home', 'datasets', dataset, 'original'), randomBytes(3 * CHUNK + 5));
    writeFileSync(at('home', 'datasets', dataset, 'column-0'), '');
    writeFileSync(at('home', 'datasets', dataset, 'column-11'), randomBytes(512));
    writeFileSync(at('home', 'received', '12345', 'original'), 'received');
    writeFileSync(at('home', 'ciphertexts', dataset), randomBytes(1000));
    // What is no whole part of a home stays out of its backup.
    for (const name of [`${dataset}.download`, 'download.lock', '.x.partial']) writeFileSync(at('home', 'ciphertexts', name), 'x');
    mkdirSync(at('home', 'datasets', `${'cd'.repeat(32)}.import`));
    writeFileSync(at('home', 'unknown.txt'), 'x');
  });
  afterEach(async () => {
    await home.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const save = (options = {}) => saveBackup(home, at('backup'), passphrase, { cost, ...options });
  const restore = (options = {}) => restoreBackup(at('backup'), passphrase, at('restored'), otherLock, options);
  const contents = (path: string): string[] =>
    readdirSync(path, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .sort()
      .map((file) => `${file.slice(path.length)} ${createHash('sha256').update(readFileSync(file)).digest('hex')}`);
  /** Nothing is left of a restoration that was refused. */
  const expectNothing = () => expect(readdirSync(folder).filter((name) => name.includes('restor'))).toEqual([]);

  test('comes back whole under another lock, while the home stayed open', async () => {
    const { bytes, summary } = await save();
    expect(statSync(at('backup')).size).toBe(bytes);
    expect(summary).toMatchObject({ documents: 3, datasets: 1, received: 1, ciphertexts: 1, files: 10 });
    expect(await rehearseBackup(at('backup'), passphrase)).toEqual(summary);
    expect(existsSync(at('restored'))).toBe(false);
    const seen: number[] = [];
    expect(await restore({ onProgress: ({ done }: { done: number }) => seen.push(done) })).toEqual(summary);
    expect(seen.at(-1)).toBe(summary.bytes);
    expect(await codeOf(HomeStore.open(at('restored'), lock))).toBe('SEALED_WRONG_KEY');
    const restored = await HomeStore.open(at('restored'), otherLock);
    expect(await restored.read('identity', z.unknown())).toEqual({ phrase: 'words' });
    expect(await restored.list()).toEqual(await home.list());
    await restored.close();
    for (const part of ['datasets', 'received', 'ciphertexts'])
      expect(contents(at('restored', part))).toEqual(contents(at('home', part)).filter((line) => isOfHome(line)));
    expect(statSync(at('restored')).mode & 0o777).toBe(0o700);
    expect(statSync(at('restored', 'identity.sealed')).mode & 0o777).toBe(0o600);
    expect(statSync(at('restored', 'datasets', dataset, 'original')).mode & 0o777).toBe(0o400);
    expect(existsSync(at('restored', 'unknown.txt'))).toBe(false);
  });
  test('what a restoration left that was ended by force is removed, and nothing else', async () => {
    const left = at('.0123456789.restoring.partial');
    mkdirSync(join(left, 'datasets', dataset), { recursive: true });
    writeFileSync(join(left, 'datasets', dataset, 'original'), 'in clear', { mode: 0o400 });
    const before = readdirSync(folder);
    await clearInterruptedRestores(folder);
    expect(readdirSync(folder)).toEqual(before.filter((name) => name !== '.0123456789.restoring.partial'));
    await clearInterruptedRestores(at('nowhere'));
  });

  const isOfHome = (line: string): boolean => !/download|partial|import/.test(line);

  test('leaves ciphertexts out when it is told to', async () => {
    expect((await save({ ciphertexts: false })).summary.ciphertexts).toBe(0);
    await restore();
    expect(existsSync(at('restored', 'ciphertexts'))).toBe(false);
    expect(existsSync(at('restored', 'datasets', dataset, 'original'))).toBe(true);
  });

  test('holds the documents of one moment, whatever is written meanwhile', async () => {
    const saving = save();
    const writes = Array.from({ length: 20 }, (_, index) => home.write(`later-${index}`, index));
    await Promise.all([saving, ...writes]);
    await restore();
    const restored = await HomeStore.open(at('restored'), otherLock);
    const later = (await restored.list()).filter((name) => name.startsWith('later-'));
    await restored.close();
    expect(later.map((_, index) => `later-${index}`)).toEqual(
      [...later].sort((left, right) => Number(left.slice(6)) - Number(right.slice(6))),
    );
  });

  test('shows nothing of the home, not even the names of its files', async () => {
    await save();
    const bytes = readFileSync(at('backup')).toString('latin1');
    for (const word of ['words', 'network', 'received', 'manifest', dataset.slice(0, 16)]) expect(bytes).not.toContain(word);
  });

  test('is not made of a damaged document, of a service, or over a disk that is gone; what had its name stays', async () => {
    writeFileSync(at('backup'), 'earlier');
    expect(await codeOf(saveBackup(home, at('nowhere', 'backup'), passphrase, { cost }))).toBe('DISK_NOT_WRITABLE');
    expect(await codeOf(saveBackup(home, at('backup'), 'short', { cost }))).toBe('PASSPHRASE_TOO_SHORT');
    const stopped = AbortSignal.abort(new Error('stopped'));
    expect(await codeOf(save({ signal: stopped }))).toBe('stopped');
    const original = at('home', 'datasets', dataset, 'original');
    let changed = false;
    const change = ({ step }: { step: string }) => {
      if (step === 'write' && !changed) appendFileSync(original, 'x');
      if (step === 'write') changed = true;
    };
    expect(await codeOf(save({ onProgress: change }))).toBe('BACKUP_SOURCE_CHANGED');
    const document = readFileSync(at('home', 'identity.sealed'));
    document[document.length - 1] = (document.at(-1) ?? 0) ^ 1;
    writeFileSync(at('home', 'identity.sealed'), document);
    expect(await codeOf(save())).toBe('SEALED_DAMAGED');
    rmSync(at('home', 'identity.sealed'));
    expect(await codeOf(save())).toBe('BACKUP_NOT_A_PERSONS_HOME');
    expect(readFileSync(at('backup'), 'utf8')).toBe('earlier');
    expect(readdirSync(folder).sort()).toEqual(['backup', 'home']);
  });

  test('that is cancelled in the middle leaves nothing, whether it was being saved or restored', async () => {
    const stopAt = (share: number) => {
      const controller = new AbortController();
      const onProgress = ({ step, done, total }: { step: string; done: number; total: number }) => {
        if (step !== 'read' && done >= share * total) controller.abort(new Error('stopped'));
      };
      return { signal: controller.signal, onProgress };
    };
    expect(await codeOf(save(stopAt(0.5)))).toBe('stopped');
    expect(readdirSync(folder)).toEqual(['home']);
    await save();
    expect(await codeOf(restore(stopAt(0)))).toBe('stopped');
    expectNothing();
  });

  test('is not restored with a wrong passphrase, into a folder in use, or after it was cancelled', async () => {
    await save();
    expect(await codeOf(restoreBackup(at('backup'), 'another passphrase', at('restored'), otherLock))).toBe('BACKUP_WRONG_PASSPHRASE');
    expect(await codeOf(rehearseBackup(at('backup'), 'another passphrase'))).toBe('BACKUP_WRONG_PASSPHRASE');
    expect(await codeOf(restore({ signal: AbortSignal.abort(new Error('stopped')) }))).toBe('stopped');
    expect(await codeOf(restoreBackup(at('backup'), passphrase, at('home'), otherLock))).toBe('HOME_FOLDER_OCCUPIED');
    expect(await codeOf(restoreBackup(at('backup'), passphrase, at('backup'), otherLock))).toBe('HOME_FOLDER_OCCUPIED');
    expect(await codeOf(rehearseBackup(at('nothing'), passphrase))).toBe('FILE_NOT_READABLE');
    expectNothing();
    mkdirSync(at('restored'));
    await restore();
    expect(existsSync(at('restored', 'network.json'))).toBe(true);
  });

  test('that was flipped, cut, appended to, reordered, doubled or mixed with another is refused, and nothing is left', async () => {
    await save();
    const whole = readFileSync(at('backup'));
    await saveBackup(home, at('other'), passphrase, { cost });
    const other = readFileSync(at('other'));
    const start = 14 + whole.readUInt32BE(10) + 14;
    const chunk = (number: number): Buffer => whole.subarray(start + number * SEALED, start + (number + 1) * SEALED);
    const flipped = (offset: number): Buffer => {
      const copy = Buffer.from(whole);
      copy[offset] = (copy[offset] ?? 0) ^ 1;
      return copy;
    };
    const chunks = Math.ceil((whole.length - start) / SEALED);
    expect(chunks).toBe(4);
    const attacks: [string, Buffer, string][] = [
      ['magic', flipped(0), 'BACKUP_NOT_A_BACKUP'],
      ['version', flipped(8), 'BACKUP_NEWER_VERSION'],
      ['no version', Buffer.concat([whole.subarray(0, 8), Buffer.from([0, 0]), whole.subarray(10)]), 'BACKUP_DAMAGED'],
      ['length of the sealed key', flipped(13), 'BACKUP_DAMAGED'],
      ['sealed key', flipped(30), 'BACKUP_DAMAGED'],
      ['chunk size', flipped(start - 2), 'BACKUP_DAMAGED'],
      ['first byte of a chunk', flipped(start), 'BACKUP_DAMAGED'],
      ['middle', flipped(start + 2 * SEALED + 1000), 'BACKUP_DAMAGED'],
      ['last tag', flipped(whole.length - 1), 'BACKUP_DAMAGED'],
      ['nothing', Buffer.alloc(0), 'BACKUP_NOT_A_BACKUP'],
      ['cut in the prefix', whole.subarray(0, 12), 'BACKUP_DAMAGED'],
      ['cut in the sealed key', whole.subarray(0, 100), 'BACKUP_DAMAGED'],
      ['cut before the chunks', whole.subarray(0, start), 'BACKUP_DAMAGED'],
      ['cut at a chunk', whole.subarray(0, start + 2 * SEALED), 'BACKUP_DAMAGED'],
      ['cut in a chunk', whole.subarray(0, start + 2 * SEALED + 5), 'BACKUP_DAMAGED'],
      ['cut by a byte', whole.subarray(0, -1), 'BACKUP_DAMAGED'],
      ['a byte more', Buffer.concat([whole, Buffer.alloc(1)]), 'BACKUP_DAMAGED'],
      ['a chunk more', Buffer.concat([whole, chunk(0)]), 'BACKUP_DAMAGED'],
      ['swapped', Buffer.concat([whole.subarray(0, start), chunk(1), chunk(0), chunk(2), chunk(3)]), 'BACKUP_DAMAGED'],
      ['doubled', Buffer.concat([whole.subarray(0, start), chunk(0), chunk(0), chunk(2), chunk(3)]), 'BACKUP_DAMAGED'],
      ['left out', Buffer.concat([whole.subarray(0, start), chunk(0), chunk(2), chunk(3)]), 'BACKUP_DAMAGED'],
      ['header of another', Buffer.concat([other.subarray(0, start), whole.subarray(start)]), 'BACKUP_DAMAGED'],
      [
        'chunk of another',
        Buffer.concat([whole.subarray(0, start), other.subarray(start, start + SEALED), chunk(1), chunk(2), chunk(3)]),
        'BACKUP_DAMAGED',
      ],
    ];
    for (const [name, bytes, code] of attacks) {
      writeFileSync(at('backup'), bytes);
      expect(await codeOf(rehearseBackup(at('backup'), passphrase)), name).toBe(code);
      expect(await codeOf(restore()), name).toBe(code);
      expectNothing();
    }
    // An early end is told from a change: the one asks for the rest of the file, the other for another copy.
    writeFileSync(at('backup'), whole.subarray(0, start + 2 * SEALED));
    expect(await messageOf(rehearseBackup(at('backup'), passphrase))).toContain('ends early');
    writeFileSync(at('backup'), whole);
    await restore();
  });

  describe('that somebody made on purpose, with its passphrase', () => {
    type Named = { name: string; bytes: Uint8Array; header?: Partial<Header> };
    const digest = (bytes: Uint8Array): string => `0x${createHash('sha256').update(bytes).digest('hex')}`;

    /** Writes a backup with any manifest and any entries, as docs/formats.md says and no further than it must. */
    async function forge(manifest: unknown, entries: readonly Named[], tail: Uint8Array = new Uint8Array()): Promise<void> {
      const tar = pack();
      const all = buffer(tar);
      for (const { name, bytes, header } of [{ name: 'manifest.json', bytes: utf8(JSON.stringify(manifest)) } as Named, ...entries]) {
        const entry = tar.entry({ name, size: bytes.length, ...header });
        entry.end(Buffer.from(bytes));
      }
      tar.finalize();
      const plaintext = concatBytes(await all, tail);
      const key = randomBytes(32);
      const sealedKey = await sealDocument(systemSealing, 'backup-key', { passphrase, cost }, { version: 1, key: toHex(key) });
      const prefix = new Encoder().fixed(utf8('vouchbak'), 8).uint(1, 2).bytes(sealedKey).finish();
      const sealer = new FileSealer(nodeAead, new Uint8Array(key), prefix, { chunkBytes: CHUNK });
      const pieces: Uint8Array[] = [prefix, encodeFileHeader({ chunkBytes: CHUNK })];
      for (let offset = 0; offset < plaintext.length; offset += CHUNK) {
        const part = plaintext.subarray(offset, offset + CHUNK);
        const sealed = new Uint8Array(part.length + 16);
        sealer.seal(sealed, part, offset + CHUNK >= plaintext.length);
        pieces.push(sealed);
      }
      writeFileSync(at('backup'), concatBytes(...pieces));
    }

    const homeKey = new Uint8Array(32).fill(9);
    let good: Named[];
    const manifestOf = (entries: readonly Named[], changes: object = {}) => ({
      version: 1,
      createdAtMs: 1,
      homeKey: toHex(homeKey),
      files: entries.map(({ name, bytes }) => ({ path: name, size: bytes.length, sha256: digest(bytes) })),
      ...changes,
    });
    const named = (entries: readonly Named[]) => [...entries].sort((left, right) => (left.name < right.name ? -1 : 1));

    beforeEach(async () => {
      const identity = await sealDocument(systemSealing, 'identity', { key: homeKey }, { phrase: 'forged' });
      good = named([
        { name: 'ciphertexts/'.concat(dataset), bytes: utf8('cipher') },
        { name: 'documents/identity', bytes: identity },
        { name: 'network.json', bytes: utf8(networkFile) },
      ]);
    });

    test('opens when it is as it should be', async () => {
      await forge(manifestOf(good), good);
      await restore();
      expect(readFileSync(at('restored', 'ciphertexts', dataset), 'utf8')).toBe('cipher');
      const sealed = readFileSync(at('restored', 'identity.sealed'));
      expect(await openDocument(systemSealing, 'identity', { key: homeKey }, sealed)).toEqual({ phrase: 'forged' });
    });

    const hostile = [
      '../outside',
      '/tmp/outside',
      'documents/../../outside',
      'datasets/../network.json',
      `datasets/${dataset}/../../outside`,
      `datasets/${dataset}/other`,
      `datasets/${dataset.toUpperCase()}/original`,
      'documents/home-key.sealed',
      'documents/CON',
      'documents/',
      'home-key.sealed',
      'home.lock',
      'received/01/original',
      'network.json\0',
      'c:\\outside',
      '',
    ];
    test.each(hostile)('with the name %j is refused before anything is written', async (name) => {
      const entries = named([...good, { name, bytes: utf8('x') }]);
      await forge(manifestOf(entries), entries);
      expect(await codeOf(restore())).toBe('BACKUP_CONTENT_INVALID');
      expectNothing();
      expect(existsSync(at('outside'))).toBe(false);
    });

    test.each(['symlink', 'link', 'directory', 'character-device', 'fifo'])('with a %s is refused', async (type) => {
      const entries = good.map((entry) => (entry.name.startsWith('cipher') ? { ...entry, bytes: new Uint8Array() } : entry));
      const header = { type, size: 0, linkname: type.endsWith('link') ? '/etc/passwd' : null };
      await forge(
        manifestOf(entries),
        entries.map((entry) => (entry.name.startsWith('cipher') ? { ...entry, header } : entry)),
      );
      expect(await codeOf(restore())).toBe('BACKUP_CONTENT_INVALID');
      expectNothing();
    });

    test('with a manifest that is newer, malformed, out of order, doubled, too large, or lacks what a home needs is refused', async () => {
      const [first, second, third] = manifestOf(good).files as [object, object, object];
      const disk = statfsSync(folder);
      const isTooSmall = disk.bavail * disk.bsize < 2 ** 39;
      const manifests: [string, unknown, string][] = [
        ['newer', manifestOf(good, { version: 2 }), 'BACKUP_NEWER_VERSION'],
        ['text', 'x', 'BACKUP_CONTENT_INVALID'],
        ['more fields', manifestOf(good, { extra: 1 }), 'BACKUP_CONTENT_INVALID'],
        ['order', manifestOf(good, { files: [second, first, third] }), 'BACKUP_CONTENT_INVALID'],
        ['doubled', manifestOf(good, { files: [first, first, second, third] }), 'BACKUP_CONTENT_INVALID'],
        ['no identity', manifestOf(good, { files: [first, third] }), 'BACKUP_CONTENT_INVALID'],
        ['no network', manifestOf(good, { files: [first, second] }), 'BACKUP_CONTENT_INVALID'],
        ['huge', manifestOf(good, { files: [{ ...first, size: 2 ** 41 }, second, third] }), 'BACKUP_CONTENT_INVALID'],
        ['huge document', manifestOf(good, { files: [first, { ...second, size: 2 ** 30 }, third] }), 'BACKUP_CONTENT_INVALID'],
        [
          'more than the disk has',
          manifestOf(good, { files: [{ ...first, size: 2 ** 39 }, second, third] }),
          isTooSmall ? 'DISK_FULL' : 'BACKUP_CONTENT_INVALID',
        ],
        ['negative', manifestOf(good, { files: [{ ...first, size: -1 }, second, third] }), 'BACKUP_CONTENT_INVALID'],
        ['hash', manifestOf(good, { files: [{ ...first, sha256: digest(utf8('y')) }, second, third] }), 'BACKUP_CONTENT_INVALID'],
        ['size', manifestOf(good, { files: [{ ...first, size: 7 }, second, third] }), 'BACKUP_CONTENT_INVALID'],
        ['key', manifestOf(good, { homeKey: toHex(randomBytes(32)) }), 'SEALED_WRONG_KEY'],
      ];
      for (const [name, manifest, code] of manifests) {
        await forge(manifest, good);
        expect(await codeOf(restore()), name).toBe(code);
        expectNothing();
      }
      expect(await messageOf(rehearseBackup(at('backup'), passphrase))).not.toContain(toHex(homeKey));
    });

    test('with entries that are not those of its manifest is refused', async () => {
      const manifest = manifestOf(good);
      const [first, second, third] = good as [Named, Named, Named];
      const archives: [string, Named[]][] = [
        ['swapped', [second, first, third]],
        ['doubled', [first, first, second, third]],
        ['missing at the end', [first, second]],
        ['missing in the middle', [first, third]],
        ['more', [first, second, third, { ...first, name: 'zzz' }]],
        ['doubled at the end', [first, second, third, third]],
        ['other content', [{ ...first, bytes: utf8('CIPHER') }, second, third]],
        ['extended header', [{ ...first, header: { pax: { comment: 'x' } } }, second, third]],
        ['renamed by an extended header', [{ ...first, header: { pax: { path: '../outside' } } }, second, third]],
      ];
      for (const [name, entries] of archives) {
        await forge(manifest, entries);
        expect(await codeOf(restore()), name).toBe('BACKUP_CONTENT_INVALID');
        expectNothing();
      }
      await forge(manifest, good, new Uint8Array(512));
      expect(await codeOf(restore())).toBe('BACKUP_CONTENT_INVALID');
      await forge(manifest, good, utf8('x'));
      expect(await codeOf(restore())).toBe('BACKUP_CONTENT_INVALID');
      expectNothing();
    });

    test('whose document or network file is none is refused', async () => {
      const { key } = await home.snapshot();
      expect(key).not.toEqual(homeKey);
      for (const [name, bytes, code] of [
        ['documents/identity', utf8('x'), 'SEALED_DAMAGED'],
        ['documents/identity', readFileSync(at('home', 'identity.sealed')), 'SEALED_WRONG_KEY'],
        ['network.json', utf8('{}'), 'NETWORK_FILE_MALFORMED'],
      ] as const) {
        const entries = good.map((entry) => (entry.name === name ? { ...entry, bytes } : entry));
        await forge(manifestOf(entries), entries);
        expect(await codeOf(restore()), name).toBe(code);
        expect(await codeOf(rehearseBackup(at('backup'), passphrase)), name).toBe(code);
        expectNothing();
      }
      expect(fromHex(toHex(homeKey))).toEqual(homeKey);
    });
  });
});
