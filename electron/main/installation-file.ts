/** The installation's file: electron-store, whose errors of the disk are put in words. */
import { join } from 'node:path';
import Store from 'electron-store';
import { writingTo } from './disk.ts';
import { type InstallationState, type InstallationStore, setAside, setAsideIfUnreadable } from './installation.ts';

/** Opens it. `unreadable` is the new name of a file that could not be read, or null. @throws AppError `DISK_FULL`, `DISK_NOT_WRITABLE` */
export function openInstallationFile(userData: string): { readonly store: InstallationStore; readonly unreadable: string | null } {
  const path = join(userData, 'installation.json');
  const unreadable = writingTo(userData, () => setAsideIfUnreadable(path, Date.now()));
  // Only this user reads it: the sealed key of everything lies in it.
  const file = writingTo(
    userData,
    () => new Store<{ state?: InstallationState }>({ name: 'installation', cwd: userData, configFileMode: 0o600 }),
  );
  const store = {
    read: () => file.get('state'),
    write: (state: InstallationState) => writingTo(userData, () => file.set('state', state)),
    setAside: () => writingTo(userData, () => setAside(path, 'locked', Date.now())),
  };
  return { store, unreadable };
}
