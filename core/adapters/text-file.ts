/** Reading a file as text, with what the system refuses in words. */
import { readFile } from 'node:fs/promises';
import { AppError } from '../base/app-error.ts';
import { type Sentence, say } from '../base/sentence.ts';

/** The text of a file; `what` says which one it is. @throws AppError `FILE_NOT_READABLE` */
export async function textFile(path: string, what: Sentence): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw new AppError(
      'FILE_NOT_READABLE',
      {
        what: say`${path}, ${what}, cannot be read (${(cause as NodeJS.ErrnoException).code ?? say`unknown`}).`,
        consequence: 'Nothing was done.',
        remedy: 'Check the path and that you may read the file.',
      },
      { data: { path }, cause },
    );
  }
}
