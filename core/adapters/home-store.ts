/**
 * The home directory of a person or a service: one sealed file a document, each replaced atomically.
 * A random home key seals the documents; the passphrase (or a key from the keychain) only wraps the
 * home key, so saving costs no Argon2id and changing the passphrase rewrites one small file.
 *
 * Invariants: one process a home (home-lock.ts). Folder 0700, files 0600. A document on disk is always
 * a whole version of itself, whenever the process dies.
 */
import { chmod, mkdir, readdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { AppError } from '../base/app-error.ts';
import { assert } from '../base/assert.ts';
import { fromHex, isHex, toHex } from '../base/bytes.ts';
import { say } from '../base/sentence.ts';
import {
  type DocumentLock,
  openDocument,
  requireAcceptablePassphrase,
  type SealingPorts,
  sealDocument,
} from '../crypto/sealed-document.ts';
import { systemSealing } from './argon2id.ts';
import { clearPartialFiles, flushFolder, writeFileAtomically, writing } from './atomic-file.ts';
import { type HomeLock, lockHome } from './home-lock.ts';

const homeKeyName = 'home-key';
const suffix = '.sealed';
const documentNamePattern = /^[a-z0-9][a-z0-9-]{0,99}$/;

const homeKeyDocument = z.object({ version: z.literal(1), key: z.string().refine((text) => isHex(text) && text.length === 66) });

/** Everything of a home that is sealed, at one moment. */
export interface HomeSnapshot {
  /** Opens the documents. */
  readonly key: Uint8Array;
  /** Sealed documents by name. */
  readonly documents: ReadonlyMap<string, Uint8Array>;
}

/** An open home. Close it when done; nothing is buffered, so a process may also simply end. */
export class HomeStore {
  readonly folder: string;
  readonly #ports: SealingPorts;
  readonly #lock: HomeLock;
  readonly #key: Uint8Array;
  /** Writes run one after another, so that the last one asked for is the one that stays. */
  #writing: Promise<unknown> = Promise.resolve();
  #closed = false;

  private constructor(folder: string, ports: SealingPorts, lock: HomeLock, key: Uint8Array) {
    this.folder = folder;
    this.#ports = ports;
    this.#lock = lock;
    this.#key = key;
  }

  /** Whether `folder` holds a home. */
  static async exists(folder: string): Promise<boolean> {
    return (await readOrNull(folder, homeKeyName)) !== null;
  }

  /** Opens the home in `folder`, or makes it. Errors: those of {@link HomeStore.open} and {@link HomeStore.create}. */
  static async openOrCreate(folder: string, lock: DocumentLock): Promise<HomeStore> {
    return (await HomeStore.exists(folder)) ? HomeStore.open(folder, lock) : HomeStore.create(folder, lock);
  }

  /**
   * Makes a home in `folder` (which may exist) and opens it.
   * @throws AppError `HOME_EXISTS`, `HOME_IN_USE`, `PASSPHRASE_TOO_SHORT`, `PASSPHRASE_TOO_LONG`, `DISK_FULL`, `DISK_NOT_WRITABLE`.
   */
  static async create(folder: string, lock: DocumentLock, ports = systemSealing): Promise<HomeStore> {
    if ('passphrase' in lock) requireAcceptablePassphrase(lock.passphrase);
    await writing(folder, async () => {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      await chmod(folder, 0o700); // the folder may have been there with other rights
    });
    return HomeStore.#locked(folder, async (homeLock) => {
      if (await HomeStore.exists(folder))
        throw new AppError(
          'HOME_EXISTS',
          {
            what: say`There is a Vouchsafe home in ${folder} already.`,
            consequence: 'It was not changed.',
            remedy: 'Open it, or choose another folder.',
          },
          { data: { folder } },
        );
      const key = ports.random.bytes(32);
      await writeHomeKey(folder, ports, lock, key);
      return new HomeStore(folder, ports, homeLock, key);
    });
  }

  /**
   * Opens the home in `folder`.
   * @throws AppError `HOME_MISSING`, `HOME_IN_USE`, and those of openDocument (`SEALED_WRONG_PASSPHRASE`, `SEALED_DAMAGED`, ...).
   */
  static async open(folder: string, lock: DocumentLock, ports = systemSealing): Promise<HomeStore> {
    if (!(await HomeStore.exists(folder)))
      throw new AppError(
        'HOME_MISSING',
        {
          what: say`There is no Vouchsafe home in ${folder}.`,
          consequence: 'Nothing was read or made.',
          remedy: 'Check the path, or make a home there first.',
        },
        { data: { folder } },
      );
    return HomeStore.#locked(folder, async (homeLock) => {
      const key = await readHomeKey(folder, ports, lock);
      await clearPartialFiles(folder);
      return new HomeStore(folder, ports, homeLock, key);
    });
  }

  /**
   * Makes a home of a folder with the documents of a {@link HomeSnapshot}, each under its {@link documentFile}: locks their key with `lock`.
   * @throws AppError `PASSPHRASE_TOO_SHORT`, `PASSPHRASE_TOO_LONG`, `DISK_FULL`, `DISK_NOT_WRITABLE`
   */
  static async adopt(folder: string, lock: DocumentLock, key: Uint8Array, ports = systemSealing): Promise<void> {
    if ('passphrase' in lock) requireAcceptablePassphrase(lock.passphrase);
    await writeHomeKey(folder, ports, lock, key);
  }

  static async #locked(folder: string, open: (lock: HomeLock) => Promise<HomeStore>): Promise<HomeStore> {
    const homeLock = lockHome(folder);
    try {
      return await open(homeLock);
    } catch (error) {
      homeLock.release();
      throw error;
    }
  }

  /**
   * The document called `name`, checked by `schema`, or null when there is none.
   * @throws AppError `SEALED_DAMAGED`, `SEALED_NEWER_VERSION`, `HOME_DOCUMENT_INVALID`.
   */
  async read<T>(name: string, schema: z.ZodType<T>): Promise<T | null> {
    this.#requireOpen(name);
    await this.#writing;
    const sealed = await readOrNull(this.folder, name);
    if (sealed === null) return null;
    return parseDocument(name, schema, await openDocument(this.#ports, name, { key: this.#key }, sealed));
  }

  /** Saves a document; when the promise resolves it is on disk for good. Errors: `DISK_FULL`, `DISK_NOT_WRITABLE`, `SEALED_TOO_LARGE`. */
  async write(name: string, value: unknown): Promise<void> {
    this.#requireOpen(name);
    // Sealed here and now: the caller may change the value while earlier writes are under way.
    const sealing = sealDocument(this.#ports, name, { key: this.#key }, value);
    sealing.catch(() => undefined); // awaited in its turn; until then a failure is not an unhandled one
    await this.#inTurn(async () => writeFileAtomically(pathOf(this.folder, name), await sealing));
  }

  /** Removes a document for good; absent ones too. */
  async remove(name: string): Promise<void> {
    this.#requireOpen(name);
    await this.#inTurn(async () => {
      await rm(pathOf(this.folder, name), { force: true });
      await flushFolder(this.folder);
    });
  }

  /** Names of all documents in alphabetical order. */
  async list(): Promise<string[]> {
    await this.#writing;
    return this.#names();
  }

  async #names(): Promise<string[]> {
    const names = (await readdir(this.folder)).filter((file) => file.endsWith(suffix)).map((file) => file.slice(0, -suffix.length));
    return names.filter((name) => name !== homeKeyName && documentNamePattern.test(name)).sort();
  }

  /** Every document as it is on disk between two writes, for a backup: what is written later is in none of them. */
  async snapshot(): Promise<HomeSnapshot> {
    return this.#inTurn(async () => {
      assert(!this.#closed, 'the home is open');
      const documents = new Map<string, Uint8Array>();
      for (const name of await this.#names()) {
        const sealed = await readOrNull(this.folder, name);
        assert(sealed !== null, 'nobody else removes a document');
        documents.set(name, sealed);
      }
      return { key: this.#key.slice(), documents };
    });
  }

  /** When a document was saved last, in Unix milliseconds. */
  async savedAtMs(name: string): Promise<number> {
    this.#requireOpen(name);
    await this.#writing;
    return Math.floor((await stat(pathOf(this.folder, name))).mtimeMs);
  }

  /** Replaces the lock of the home; the documents stay as they are. `current` must open it. Errors as {@link HomeStore.open} and {@link HomeStore.create}. */
  async changeLock(current: DocumentLock, next: DocumentLock): Promise<void> {
    if ('passphrase' in next) requireAcceptablePassphrase(next.passphrase);
    await this.#inTurn(async () => writeHomeKey(this.folder, this.#ports, next, await readHomeKey(this.folder, this.#ports, current)));
  }

  /** Waits for what is being written, forgets the key and lets others use the home. */
  async close(): Promise<void> {
    await this.#writing;
    this.#closed = true;
    this.#key.fill(0);
    this.#lock.release();
  }

  #requireOpen(name: string): void {
    assert(!this.#closed, 'the home is open');
    assert(documentNamePattern.test(name) && name !== homeKeyName, 'a document name has small letters, digits and hyphens');
  }

  #inTurn<T>(step: () => Promise<T>): Promise<T> {
    const turn = this.#writing.then(step);
    this.#writing = turn.catch(() => undefined); // the caller hears of it; the next write starts afresh
    return turn;
  }
}

/** Name of the file of a document in its home. */
export function documentFile(name: string): string {
  return name + suffix;
}

function pathOf(folder: string, name: string): string {
  return join(folder, documentFile(name));
}

async function readOrNull(folder: string, name: string): Promise<Uint8Array | null> {
  try {
    return await readFile(pathOf(folder, name));
  } catch (cause) {
    const reason = (cause as NodeJS.ErrnoException).code ?? 'unknown';
    if (reason === 'ENOENT') return null;
    throw new AppError(
      'HOME_UNREADABLE',
      {
        what: say`The document ${name} of the home ${folder} cannot be read (${reason}).`,
        consequence: 'Nothing was changed.',
        remedy: 'Check that the folder and its files belong to you and the disk is healthy.',
      },
      { data: { folder, name, reason }, cause },
    );
  }
}

async function writeHomeKey(folder: string, ports: SealingPorts, lock: DocumentLock, key: Uint8Array): Promise<void> {
  await writeFileAtomically(pathOf(folder, homeKeyName), await sealDocument(ports, homeKeyName, lock, { version: 1, key: toHex(key) }));
}

async function readHomeKey(folder: string, ports: SealingPorts, lock: DocumentLock): Promise<Uint8Array> {
  const sealed = await readOrNull(folder, homeKeyName);
  assert(sealed !== null, 'the home key was there when the home was looked up');
  return fromHex(parseDocument(homeKeyName, homeKeyDocument, await openDocument(ports, homeKeyName, lock, sealed)).key);
}

function parseDocument<T>(name: string, schema: z.ZodType<T>, value: unknown): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  // Zod's message may quote the value, which is secret: only the places of the faults are repeated.
  const places = parsed.error.issues.map((issue) => issue.path.join('.') || 'the whole').join(', ');
  throw new AppError(
    'HOME_DOCUMENT_INVALID',
    {
      what: say`The document ${name} opens, but does not have the expected form (${places}).`,
      consequence: 'It was not used and not changed.',
      remedy: 'Open the home with the version of Vouchsafe that wrote it, or restore a backup.',
    },
    { data: { name, places } },
  );
}
