/** The installation's file: electron-store, whose errors of the disk are put in words. */
import { join } from 'node:path';
import Store from 'electron-store';
import { AppError } from '../../core/base/app-error.ts';
import { type InstallationState, type InstallationStore, setAsideIfUnreadable } from './installation.ts';

/** Opens it. `setAside` is the new name of a file that could not be read, or null. */
export function openInstallationFile(userData: string): { readonly store: InstallationStore; readonly setAside: string | null } {
  const setAside = setAsideIfUnreadable(join(userData, 'installation.json'), Date.now());
  const file = new Store<{ state?: InstallationState }>({ name: 'installation', cwd: userData });
  const write = (state: InstallationState): void => {
    try {
      file.set('state', state);
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
  return { store: { read: () => file.get('state'), write }, setAside };
}
