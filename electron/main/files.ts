/**
 * Files that the user chose or dropped. A window gets a token; the path stays here, so that a page can never name a file
 * that nobody has pointed at.
 */
import { open, stat } from 'node:fs/promises';
import { basename, isAbsolute } from 'node:path';
import { AppError } from '../../core/base/app-error.ts';
import { type Sentence, say } from '../../core/base/sentence.ts';
import type { FileView } from '../views.ts';
import { newLocalId } from './tasks.ts';

/** Tokens that are good at a time; the oldest ends first. */
const tokensMax = 100;
const sniffedBytes = 8192;
/** How the backups of this program begin (backup.ts). */
export const backupMagic = 'vouchbak';

/** Chosen files by token. */
export class ChosenFiles {
  readonly #files = new Map<string, { readonly view: FileView; text?: Promise<string> }>();

  /** Takes a file in. @throws AppError `FILE_MISSING`, `FILE_IS_FOLDER`, `FILE_NOT_PLAIN`, `FILE_UNREADABLE`, `FILE_EMPTY`, `FILE_IS_BINARY` */
  async add(path: string): Promise<FileView> {
    const bytes = await checkedSize(path);
    await requireUsable(path);
    const file: FileView = { token: newLocalId(), name: basename(path).slice(0, 255), path, bytes };
    this.#files.set(file.token, { view: file });
    for (const token of this.#files.keys()) {
      if (this.#files.size <= tokensMax) break;
      this.#files.delete(token);
    }
    return file;
  }

  /** What a token stands for. @throws AppError `FILE_TOKEN_UNKNOWN` */
  get(token: string): FileView {
    return this.#chosen(token).view;
  }

  /**
   * The text of a file by `read`, which is asked once: what a window was shown of it is what is used, whatever becomes of the
   * file meanwhile. @throws AppError `FILE_TOKEN_UNKNOWN`, what `read` throws
   */
  text(token: string, read: (path: string) => Promise<string>): Promise<string> {
    const file = this.#chosen(token);
    file.text ??= read(file.view.path);
    file.text.catch(() => delete file.text); // whoever asked has the error; the next who asks reads anew
    return file.text;
  }

  #chosen(token: string) {
    const file = this.#files.get(token);
    if (file !== undefined) return file;
    throw refusal('FILE_TOKEN_UNKNOWN', say`The file is no longer at hand.`, say`Choose it again.`);
  }

  /** Forgets all, when the installation is locked. */
  clear(): void {
    this.#files.clear();
  }
}

async function checkedSize(path: string): Promise<number> {
  const name = basename(path);
  if (!isAbsolute(path))
    throw refusal('FILE_MISSING', say`What was dropped is no file of this computer.`, say`Choose a file from a folder.`);
  const status = await stat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT')
      throw refusal('FILE_MISSING', say`The file ${name} is not there any more.`, say`Choose it where it is now.`);
    throw unreadable(name, error);
  });
  if (status.isDirectory())
    throw refusal(
      'FILE_IS_FOLDER',
      say`${name} is a folder; Vouchsafe takes one file at a time.`,
      say`Open the folder and choose the file in it.`,
    );
  if (!status.isFile())
    throw refusal('FILE_NOT_PLAIN', say`${name} is a device or a link, not a plain file.`, say`Choose a file with data in it.`);
  if (status.size === 0) throw refusal('FILE_EMPTY', say`The file ${name} is empty.`, say`Choose a file with data in it.`);
  return status.size;
}

/** Everything that Vouchsafe reads is text, except its own backups. */
async function requireUsable(path: string): Promise<void> {
  const name = basename(path);
  const file = await open(path, 'r').catch((error: NodeJS.ErrnoException) => {
    throw unreadable(name, error);
  });
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(sniffedBytes), 0, sniffedBytes, 0);
    const start = buffer.subarray(0, bytesRead);
    if (start.includes(0) && !start.subarray(0, backupMagic.length).equals(Buffer.from(backupMagic)))
      throw refusal(
        'FILE_IS_BINARY',
        say`${name} is not a text file: it may be a spreadsheet, a picture or an archive.`,
        say`Save the data as CSV (comma-separated text) in the program that made it, and choose that file.`,
      );
  } finally {
    await file.close();
  }
}

/** A file that the system does not give. */
export function unreadable(name: string, error: NodeJS.ErrnoException): AppError {
  return refusal(
    'FILE_UNREADABLE',
    say`The file ${name} cannot be read (${error.code ?? say`unknown reason`}).`,
    say`Check that it is yours to read and that its disk is connected.`,
  );
}

function refusal(code: string, what: Sentence, remedy: Sentence): AppError {
  return new AppError(code, { what, consequence: 'Nothing was read from it and nothing was changed.', remedy });
}
