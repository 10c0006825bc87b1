/** The installation's file, with errors of the disk put in words. */
import { join } from 'node:path';
import { writingTo } from './disk.ts';
import { type InstallationState, type InstallationStore, setAside, setAsideIfUnreadable } from './installation.ts';
import { readJsonFile, writeJsonFile } from './json-file.ts';

/** Opens it. `unreadable` is the new name of a file that could not be read, or null. @throws AppError `DISK_FULL`, `DISK_NOT_WRITABLE` */
export function openInstallationFile(userData: string): { readonly store: InstallationStore; readonly unreadable: string | null } {
  const path = join(userData, 'installation.json');
  const unreadable = writingTo(userData, () => setAsideIfUnreadable(path, Date.now()));
  const store = {
    read: () => (readJsonFile(path) as { readonly state?: unknown } | undefined)?.state,
    write: (state: InstallationState) => writingTo(userData, () => writeJsonFile(path, { state })),
    setAside: () => writingTo(userData, () => setAside(path, 'locked', Date.now())),
  };
  return { store, unreadable };
}
