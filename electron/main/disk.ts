/** Writing to the folder that the program keeps its things in, with the disk's refusals in words. */
import { mkdtempSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { AppError } from '../../core/base/app-error.ts';
import { say } from '../../core/base/sentence.ts';

/** Runs `write`, which writes to `folder`. @throws AppError `DISK_FULL`, `DISK_NOT_WRITABLE` */
export function writingTo<Result>(folder: string, write: () => Result): Result {
  try {
    return write();
  } catch (cause) {
    const reason = (cause as NodeJS.ErrnoException).code ?? 'unknown reason';
    throw new AppError(
      reason === 'ENOSPC' || reason === 'EDQUOT' ? 'DISK_FULL' : 'DISK_NOT_WRITABLE',
      {
        what: say`Vouchsafe cannot write to its folder ${folder} (${reason}).`,
        consequence: 'What was to be remembered is not; what was remembered before is unchanged.',
        remedy: 'Make room on the disk, or check that the folder may be written to, and repeat the step.',
      },
      { data: { reason }, cause },
    );
  }
}

/** Refuses a folder in which nothing new can be made. @throws AppError `DISK_FULL`, `DISK_NOT_WRITABLE` */
export function requireWritable(folder: string): void {
  writingTo(folder, () => rmdirSync(mkdtempSync(join(folder, 'try-'))));
}
