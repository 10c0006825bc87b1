/**
 * Files that are either whole or absent, whatever moment the power fails: written beside their final
 * name, flushed, renamed, and the folder flushed (POSIX rename is atomic). A half-written file never
 * carries the final name; what a crash leaves behind ends in `.partial` and is cleared at the next start.
 */
import { randomBytes } from 'node:crypto';
import { type FileHandle, open, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { AppError } from '../base/app-error.ts';
import { assert } from '../base/assert.ts';
import { say } from '../base/sentence.ts';

/** End of the name of a file that is not whole yet. */
export const partialSuffix = '.partial';

/** A file in the making. Exactly one of {@link commit} and {@link discard} ends it; discarding twice does nothing. */
export class AtomicFile {
  readonly path: string;
  readonly #handle: FileHandle;
  readonly #partialPath: string;
  #ended = false;

  private constructor(path: string, partialPath: string, handle: FileHandle) {
    this.path = path;
    this.#partialPath = partialPath;
    this.#handle = handle;
  }

  /** Starts a file that will be called `path` and replace what has that name. `mode` holds from the first byte. */
  static async create(path: string, mode = 0o600): Promise<AtomicFile> {
    const partialPath = join(dirname(path), `.${basename(path)}.${randomBytes(8).toString('hex')}${partialSuffix}`);
    return new AtomicFile(path, partialPath, await writing(path, () => open(partialPath, 'wx', mode)));
  }

  /** Appends all of `bytes`, which must stay as they are until the promise settles. */
  async write(bytes: Uint8Array): Promise<void> {
    await writing(this.path, async () => {
      for (let offset = 0; offset < bytes.length; ) {
        const { bytesWritten } = await this.#handle.write(bytes, offset, bytes.length - offset);
        offset += bytesWritten;
      }
    });
  }

  /** Hands what is written so far to the disk, so that {@link commit} has less to wait for. */
  async flush(): Promise<void> {
    await writing(this.path, () => this.#handle.datasync());
  }

  /** Makes the file appear under its name, durably. */
  async commit(): Promise<void> {
    assert(!this.#ended, 'a file ends once');
    await writing(this.path, async () => {
      await this.#handle.sync();
      await this.#handle.close();
      await rename(this.#partialPath, this.path);
      this.#ended = true;
      await flushFolder(dirname(this.path));
    });
  }

  /** Removes what was written; the file under the final name, if any, stays. */
  async discard(): Promise<void> {
    if (this.#ended) return;
    this.#ended = true;
    await this.#handle.close();
    await rm(this.#partialPath, { force: true });
  }
}

/** Runs a step of writing `path`; what the system refuses becomes `DISK_FULL` or `DISK_NOT_WRITABLE`. */
export async function writing<T>(path: string, step: () => Promise<T>): Promise<T> {
  try {
    return await step();
  } catch (cause) {
    throw writeFailure(path, cause);
  }
}

/** What the system refused while `path` was written, as `DISK_FULL` or `DISK_NOT_WRITABLE`; anything else as it is. */
export function writeFailure(path: string, cause: unknown): unknown {
  const reason = (cause as NodeJS.ErrnoException).code;
  if (reason === undefined) return cause;
  const full = reason === 'ENOSPC' || reason === 'EDQUOT';
  return new AppError(
    full ? 'DISK_FULL' : 'DISK_NOT_WRITABLE',
    {
      what: full ? say`There is no room on the disk to write ${path}.` : say`${path} cannot be written (${reason}).`,
      consequence: 'The file was not written; what had that name before is unchanged.',
      remedy: full
        ? 'Free space or choose another folder, then repeat the step.'
        : 'Check that the folder exists and may be written to, then repeat the step.',
    },
    { data: { path, reason }, cause },
  );
}

/** Writes a whole file atomically and durably. */
export async function writeFileAtomically(path: string, bytes: Uint8Array, mode = 0o600): Promise<void> {
  const file = await AtomicFile.create(path, mode);
  try {
    await file.write(bytes);
    await file.commit();
  } finally {
    await file.discard();
  }
}

/** Makes renames and removals in `folder` durable; Windows has no such call and flushes them itself. */
export async function flushFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Removes what crashed writers left in `folder`. Only for a folder in which nobody else is writing. */
export async function clearPartialFiles(folder: string): Promise<void> {
  const leftovers = (await readdir(folder)).filter((name) => name.startsWith('.') && name.endsWith(partialSuffix));
  for (const name of leftovers) await rm(join(folder, name), { force: true });
}
