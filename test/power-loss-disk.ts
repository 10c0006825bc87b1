/**
 * A folder whose power fails at a chosen system call. What was not synced then is lost, there in part, or there with holes, as the seed
 * says; a name that was not synced leads to the old file or to the new one.
 */
import type { LogFile, LogFiles } from '../core/adapters/log-files.ts';
import { concatBytes } from '../core/base/bytes.ts';
import type { Seeded } from './simulator/seeded.ts';

interface Content {
  synced: Uint8Array;
  written: Uint8Array;
}

export class PowerLossDisk implements LogFiles {
  readonly folder = 'the-folder';
  /** System calls so far. */
  calls = 0;
  syncs = 0;
  /** The call that does not come back, and nothing after it does. */
  failAt = Number.POSITIVE_INFINITY;
  /** The code of that error. */
  failure = 'EIO';
  /** What a sync waits for. */
  gate: Promise<void> = Promise.resolve();
  #names = new Map<string, Content>();
  #syncedNames = new Map<string, Content>();

  /** What is in a file now. */
  bytesOf(name: string): Uint8Array {
    return this.#names.get(name)?.written ?? new Uint8Array(0);
  }

  /** Puts a file there, durably. */
  put(name: string, bytes: Uint8Array): void {
    const content = { synced: bytes, written: bytes };
    this.#names.set(name, content);
    this.#syncedNames.set(name, content);
  }

  /** The folder after the power came back. */
  survivor(random: Seeded): PowerLossDisk {
    const disk = new PowerLossDisk();
    const names = random.chance(0.5) ? this.#names : this.#syncedNames;
    for (const [name, content] of names) disk.put(name, survived(random, content));
    return disk;
  }

  async read(name: string): Promise<Uint8Array | null> {
    this.#call();
    return this.#names.get(name)?.written.slice() ?? null;
  }

  async open(name: string): Promise<LogFile> {
    this.#call();
    const content = this.#names.get(name);
    if (content === undefined) throw Object.assign(new Error('no such file'), { code: 'ENOENT' });
    return this.#fileOf(content);
  }

  async create(name: string): Promise<LogFile> {
    this.#call();
    const content = { synced: new Uint8Array(0), written: new Uint8Array(0) };
    this.#names.set(name, content);
    return this.#fileOf(content);
  }

  async rename(from: string, to: string): Promise<void> {
    this.#call();
    const content = this.#names.get(from);
    if (content === undefined) throw Object.assign(new Error('no such file'), { code: 'ENOENT' });
    this.#names.delete(from);
    this.#names.set(to, content);
  }

  async remove(name: string): Promise<void> {
    this.#call();
    this.#names.delete(name);
  }

  async sync(): Promise<void> {
    this.#call();
    this.#syncedNames = new Map(this.#names);
  }

  #fileOf(content: Content): LogFile {
    return {
      append: async (bytes) => {
        const isLast = this.calls + 1 === this.failAt;
        // The call that fails may have written a part.
        if (isLast) content.written = concatBytes(content.written, bytes.slice(0, Math.floor(bytes.length / 2)));
        this.#call();
        content.written = concatBytes(content.written, bytes);
      },
      truncate: async (length) => {
        this.#call();
        content.written = content.written.slice(0, length);
      },
      sync: async () => {
        await this.gate;
        this.#call();
        this.syncs++;
        content.synced = content.written;
      },
      close: async () => {
        await Promise.resolve();
      },
    };
  }

  #call(): void {
    this.calls++;
    if (this.calls >= this.failAt) throw Object.assign(new Error('the power failed'), { code: this.failure });
  }
}

function survived(random: Seeded, { synced, written }: Content): Uint8Array {
  if (written.length < synced.length) return random.chance(0.5) ? written : synced;
  const unsynced = written.slice(synced.length);
  switch (random.below(5)) {
    case 0:
      return synced;
    case 1:
      return written;
    case 2:
      return concatBytes(synced, new Uint8Array(unsynced.length));
    case 3: {
      // Its pages reached the disk in another order.
      const hole = random.below(unsynced.length + 1);
      unsynced.fill(0, hole, hole + 1 + random.below(64));
      return concatBytes(synced, unsynced);
    }
    default:
      return concatBytes(synced, unsynced.slice(0, random.below(unsynced.length + 1)));
  }
}
