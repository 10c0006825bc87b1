/** The system calls under the vote log, one each: so that a test can let the power fail between any two of them. */
import { constants } from 'node:fs';
import { open, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { flushFolder } from './atomic-file.ts';

/** An open file that only grows, or is cut. */
export interface LogFile {
  /** Writes all of `bytes` at the end. */
  append(bytes: Uint8Array): Promise<void>;
  truncate(length: number): Promise<void>;
  /** Resolves once everything that was written is on the disk for good. */
  sync(): Promise<void>;
  close(): Promise<void>;
}

/** The files of a folder. Names become durable with {@link LogFiles.sync}. */
export interface LogFiles {
  /** What the user knows the folder by. */
  readonly folder: string;
  /** All of a file; null if there is none. */
  read(name: string): Promise<Uint8Array | null>;
  /** Opens a file that exists, to append to it. */
  open(name: string): Promise<LogFile>;
  /** Makes a file, in place of one of that name. */
  create(name: string): Promise<LogFile>;
  rename(from: string, to: string): Promise<void>;
  /** Removes a file, if there is one. */
  remove(name: string): Promise<void>;
  sync(): Promise<void>;
}

/** The files of a folder that exists. */
export function filesIn(folder: string): LogFiles {
  const openFile = async (name: string, flags: number): Promise<LogFile> => {
    const handle = await open(join(folder, name), flags, 0o600);
    return {
      append: async (bytes) => {
        for (let offset = 0; offset < bytes.length; ) {
          const { bytesWritten } = await handle.write(bytes, offset, bytes.length - offset);
          offset += bytesWritten;
        }
      },
      truncate: (length) => handle.truncate(length),
      sync: () => handle.datasync(),
      close: () => handle.close(),
    };
  };
  return {
    folder,
    read: async (name) => {
      try {
        return new Uint8Array(await readFile(join(folder, name)));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
        throw error;
      }
    },
    open: (name) => openFile(name, constants.O_WRONLY | constants.O_APPEND),
    create: (name) => openFile(name, constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_TRUNC),
    rename: (from, to) => rename(join(folder, from), join(folder, to)),
    remove: (name) => rm(join(folder, name), { force: true }),
    sync: () => flushFolder(folder),
  };
}
