/**
 * Backup of a person's home to one encrypted file, its rehearsal, and the way back to a home under another lock.
 *
 * Invariants: the documents are those of one moment, and every other file that is saved never changes under its name; nothing is at the
 * place of a restored home before all of it was verified there.
 */
import { createHash } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { mkdir, open, readdir, rename, rm, rmdir, stat, statfs } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { systemSealing } from '../adapters/argon2id.ts';
import { flushFolder, partialSuffix, writing } from '../adapters/atomic-file.ts';
import {
  type BackupEntry,
  type BackupInput,
  type BackupManifest,
  type BackupOptions,
  type BackupSink,
  isBackupPath,
  readBackup,
  writeBackup,
} from '../adapters/backup-file.ts';
import { fileSource } from '../adapters/encrypted-file.ts';
import { documentFile, HomeStore } from '../adapters/home-store.ts';
import { systemClock } from '../adapters/system-clock.ts';
import { AppError } from '../base/app-error.ts';
import { concatBytes, fromHex, type Hex, toHex } from '../base/bytes.ts';
import { say } from '../base/sentence.ts';
import { type DocumentLock, openDocument, type PassphraseCost, requireAcceptablePassphrase } from '../crypto/sealed-document.ts';
import { readNetworkFile } from '../sharing/network-file.ts';

/** A home that is open: what a backup of it needs. */
export type OpenHome = Pick<HomeStore, 'folder' | 'snapshot'>;

/** Watching a backup: bytes of the home's files. Saving reads them twice. */
export interface BackupProgress {
  readonly step: 'read' | 'write' | 'verify';
  readonly done: number;
  readonly total: number;
}

/** Cancelling and watching. */
export interface BackupWatch {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: BackupProgress) => void) | undefined;
}

/** What a backup holds, in numbers. */
export interface BackupSummary {
  readonly createdAtMs: number;
  readonly files: number;
  /** Bytes of the files. */
  readonly bytes: number;
  readonly documents: number;
  readonly datasets: number;
  readonly received: number;
  readonly ciphertexts: number;
}

const networkFile = 'network.json';
/** End of the name of a home that is being restored. */
const restoringSuffix = `.restoring${partialSuffix}`;
/** What a file system may need beyond the bytes of the files. */
const spareBytes = 64 << 20;
/** How long an import that has just ended may take to get its name. */
const settleMs = 100;
const settleAttempts = 50;

/**
 * Saves everything of an open home to `path`. Ciphertexts, which the proxies hold too, may be left out.
 * @throws AppError `BACKUP_NOT_A_PERSONS_HOME`, `BACKUP_HOME_UNSETTLED`, `SEALED_DAMAGED`, `FILE_NOT_READABLE`, and those of {@link writeBackup}
 */
export async function saveBackup(
  home: OpenHome,
  path: string,
  passphrase: string,
  options: BackupWatch & { readonly ciphertexts?: boolean; readonly cost?: PassphraseCost } = {},
): Promise<{ bytes: number; summary: BackupSummary }> {
  requireAcceptablePassphrase(passphrase);
  const { signal, onProgress, ciphertexts = true, cost } = options;
  const createdAtMs = systemClock.nowMs();
  const { key, documents } = await home.snapshot();
  try {
    if (!documents.has('identity') || !existsSync(join(home.folder, networkFile))) throw notAPersonsHome();
    await settled(home.folder, [...documents.keys()]);
    const inputs: BackupInput[] = [];
    for (const [name, sealed] of documents) {
      // Somebody who learns now that the home is damaged can still go back to an earlier backup.
      await openDocument(systemSealing, name, { key }, sealed);
      inputs.push({
        path: `documents/${name}`,
        size: sealed.length,
        sha256: toHex(createHash('sha256').update(sealed).digest()),
        bytes: async function* () {
          yield sealed;
        },
      });
    }
    const paths = [networkFile, ...(await immutableFiles(home.folder, ciphertexts))];
    const sizes = await Promise.all(paths.map(async (file) => (await stat(join(home.folder, file))).size));
    const total = sizes.reduce((sum, size) => sum + size, 0);
    let done = 0;
    for (const file of paths) {
      const place = join(home.folder, file);
      const { size, sha256 } = await digestOf(place, (bytes) => {
        signal?.throwIfAborted();
        done += bytes;
        onProgress?.({ step: 'read', done, total });
      });
      inputs.push({ path: file, size, sha256, bytes: () => createReadStream(place) });
    }
    const { bytes } = await writeBackup(path, passphrase, { createdAtMs, homeKey: toHex(key) }, inputs, {
      signal,
      ...(cost ? { cost } : {}),
      onProgress: (written, all) => onProgress?.({ step: 'write', done: written, total: all }),
    });
    return { bytes, summary: summaryOf({ createdAtMs, files: inputs }) };
  } finally {
    key.fill(0);
  }
}

/** Verifies a whole backup without writing anything. @throws AppError as {@link readBackup}, `BACKUP_CONTENT_INVALID` */
export async function rehearseBackup(file: string, passphrase: string, options: BackupWatch = {}): Promise<BackupSummary> {
  const sink: BackupSink = {
    begin: async () => undefined,
    file: async (entry, bytes, manifest) => {
      for await (const _ of verified(entry, bytes, manifest));
    },
  };
  return summaryOf(await readBackup(file, passphrase, sink, watchOf(options)));
}

/**
 * Makes the home of a backup again in `targetHome`, which is empty or does not exist, under a lock of its own.
 * @throws AppError `HOME_FOLDER_OCCUPIED`, `DISK_FULL`, `DISK_NOT_WRITABLE`, and those of {@link readBackup}
 */
export async function restoreBackup(
  file: string,
  passphrase: string,
  targetHome: string,
  lock: DocumentLock,
  options: BackupWatch = {},
): Promise<BackupSummary> {
  if ('passphrase' in lock) requireAcceptablePassphrase(lock.passphrase);
  const target = resolve(targetHome);
  await requireEmpty(target);
  const parent = dirname(target);
  const partial = join(parent, `.${basename(target)}${restoringSuffix}`);
  const sink: BackupSink = {
    begin: async (manifest) => {
      await writing(parent, () => mkdir(parent, { recursive: true, mode: 0o700 }));
      await requireRoom(parent, summaryOf(manifest).bytes + spareBytes);
      await rm(partial, { recursive: true, force: true });
      await writing(partial, () => mkdir(partial, { mode: 0o700 }));
    },
    file: (entry, bytes, manifest) => writeEntry(join(partial, placeOf(entry)), isImmutable(entry), verified(entry, bytes, manifest)),
  };
  try {
    const manifest = await readBackup(file, passphrase, sink, watchOf(options));
    await HomeStore.adopt(partial, lock, fromHex(manifest.homeKey));
    for (const folder of foldersOf(manifest)) await flushFolder(join(partial, folder));
    await requireEmpty(target);
    await writing(target, async () => {
      if (existsSync(target)) await rmdir(target);
      await rename(partial, target);
      await flushFolder(parent);
    });
    return summaryOf(manifest);
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
}

/** Removes what interrupted restorations into homes in `folder` have left, which is in clear and whose home may never be asked for again. Only while none goes on. */
export async function clearInterruptedRestores(folder: string): Promise<void> {
  const left = (await namesIn(folder)).filter((name) => name.startsWith('.') && name.endsWith(restoringSuffix));
  for (const name of left) await rm(join(folder, name), { recursive: true, force: true });
}

function watchOf({ signal, onProgress }: BackupWatch): BackupOptions {
  return { signal, onProgress: (done, total) => onProgress?.({ step: 'verify', done, total }) };
}

function summaryOf({ createdAtMs, files }: Pick<BackupManifest, 'createdAtMs'> & { files: readonly BackupEntry[] }): BackupSummary {
  const distinct = (folder: string): number =>
    new Set(files.filter(({ path }) => path.startsWith(`${folder}/`)).map(({ path }) => path.split('/')[1])).size;
  return {
    createdAtMs,
    files: files.length,
    bytes: files.reduce((sum, { size }) => sum + size, 0),
    documents: distinct('documents'),
    datasets: distinct('datasets'),
    received: distinct('received'),
    ciphertexts: distinct('ciphertexts'),
  };
}

/** Waits until the folder of every dataset that has a document is in its place: it gets there right after the document was saved. */
async function settled(home: string, documents: readonly string[]): Promise<void> {
  const datasets = documents
    .filter((name) => name.startsWith('dataset-'))
    .map((name) => join(home, 'datasets', name.slice('dataset-'.length)));
  for (let attempt = 0; datasets.some((folder) => existsSync(`${folder}.import`)); attempt++) {
    if (attempt === settleAttempts)
      throw new AppError('BACKUP_HOME_UNSETTLED', {
        what: 'An import was interrupted, and its dataset is not in its place yet.',
        consequence: 'No backup was made.',
        remedy: 'Close the home and open it again, which finishes the import; then save the backup.',
      });
    await wait(settleMs);
  }
}

/** Files of datasets and received data, and ciphertexts, by their path in the home. */
async function immutableFiles(home: string, ciphertexts: boolean): Promise<string[]> {
  const found: string[] = [];
  for (const kind of ['datasets', 'received'])
    for (const folder of await namesIn(join(home, kind)))
      for (const file of await namesIn(join(home, kind, folder))) found.push(`${kind}/${folder}/${file}`);
  if (ciphertexts) for (const file of await namesIn(join(home, 'ciphertexts'))) found.push(`ciphertexts/${file}`);
  // What has another name is not whole yet, or not ours.
  return found.filter(isBackupPath);
}

/** Names in a folder; none when there is no such folder. */
async function namesIn(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).sort();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return [];
    throw error;
  }
}

async function digestOf(path: string, onRead: (bytes: number) => void): Promise<{ size: number; sha256: Hex }> {
  const hash = createHash('sha256');
  let size = 0;
  for await (const piece of fileSource(path)) {
    hash.update(piece);
    size += piece.length;
    onRead(piece.length);
  }
  return { size, sha256: toHex(hash.digest()) };
}

/** The bytes of a file, and at their end whether documents and network file say what they should: a backup that could not be used is none. */
async function* verified({ path }: BackupEntry, bytes: AsyncIterable<Uint8Array>, manifest: BackupManifest): AsyncGenerator<Uint8Array> {
  const isDocument = path.startsWith('documents/');
  if (!isDocument && path !== networkFile) {
    yield* bytes;
    return;
  }
  const pieces: Uint8Array[] = [];
  for await (const piece of bytes) {
    pieces.push(piece);
    yield piece;
  }
  const whole = concatBytes(...pieces);
  if (isDocument) await openDocument(systemSealing, path.slice('documents/'.length), { key: fromHex(manifest.homeKey) }, whole);
  else readNetworkFile(new TextDecoder().decode(whole));
}

function isImmutable({ path }: BackupEntry): boolean {
  return path.startsWith('datasets/') || path.startsWith('received/');
}

/** Where a file of a backup belongs in a home. */
function placeOf({ path }: BackupEntry): string {
  return path.startsWith('documents/') ? documentFile(path.slice('documents/'.length)) : path;
}

/** Folders of the restored home, the inner ones first. */
function foldersOf(manifest: BackupManifest): string[] {
  const folders = new Set(['.']);
  for (const entry of manifest.files)
    for (let folder = dirname(placeOf(entry)); folder !== '.'; folder = dirname(folder)) folders.add(folder);
  return [...folders].sort((left, right) => right.length - left.length);
}

async function writeEntry(path: string, immutable: boolean, bytes: AsyncIterable<Uint8Array>): Promise<void> {
  await writing(path, () => mkdir(dirname(path), { recursive: true, mode: 0o700 }));
  const file = await writing(path, () => open(path, 'wx', immutable ? 0o400 : 0o600));
  try {
    for await (const piece of bytes) await writing(path, () => file.writeFile(piece));
    await writing(path, () => file.sync());
  } finally {
    await file.close();
  }
}

async function requireEmpty(folder: string): Promise<void> {
  let names: string[];
  try {
    names = await readdir(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    names = [folder];
  }
  if (names.length === 0) return;
  throw new AppError(
    'HOME_FOLDER_OCCUPIED',
    {
      what: say`The folder ${folder} holds other files already, or is none.`,
      consequence: 'Nothing was restored and nothing was changed.',
      remedy: 'Name a folder that is empty or does not exist yet.',
    },
    { data: { folder } },
  );
}

async function requireRoom(folder: string, bytes: number): Promise<void> {
  const disk = await statfs(folder);
  if (disk.bavail * disk.bsize >= bytes) return;
  throw new AppError(
    'DISK_FULL',
    {
      what: say`The backup holds ${bytes} bytes, for which the disk of ${folder} has no room.`,
      consequence: 'Nothing was restored, and the backup was not changed.',
      remedy: 'Free space or choose another folder, then restore it again.',
    },
    { data: { path: folder, bytes } },
  );
}

function notAPersonsHome(): AppError {
  return new AppError('BACKUP_NOT_A_PERSONS_HOME', {
    what: 'This home belongs to a service, or joining it was interrupted.',
    consequence: 'No backup was made.',
    remedy: 'Name the home of a person. The homes of services are copied as folders while the service is stopped.',
  });
}
