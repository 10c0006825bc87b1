/** The installation's file, with errors of the disk put in words. */
import { join } from 'node:path';
import { AppError } from '../../core/base/app-error.ts';
import { type InstallationState, type InstallationStore, setAsideIfUnreadable } from './installation.ts';
import { readJsonFile, writeJsonFile } from './json-file.ts';

/** Opens it. `setAside` is the new name of a file that could not be read, or null. */
export function openInstallationFile(userData: string): { readonly store: InstallationStore; readonly setAside: string | null } {
  const path = join(userData, 'installation.json');
  const setAside = setAsideIfUnreadable(path, Date.now());
  const write = (state: InstallationState): void => {
    try {
      writeJsonFile(path, { state });
    } catch (cause) {
      const reason = (cause as NodeJS.ErrnoException).code ?? 'unknown reason';
      throw new AppError(
        reason === 'ENOSPC' || reason === 'EDQUOT' ? 'DISK_FULL' : 'DISK_NOT_WRITABLE',
        {
          what: `Vouchsafe cannot write to its folder (${reason}).`,
          consequence: 'What was to be remembered is not; what was remembered before is unchanged.',
          remedy: 'Make room on the disk, or check that the folder may be written to, and repeat the step.',
        },
        { data: { reason }, cause },
      );
    }
  };
  const read = () => (readJsonFile(path) as { readonly state?: unknown } | undefined)?.state;
  return { store: { read, write }, setAside };
}
