/**
 * Updates of the packaged app, by electron-updater from where the release was published: signed packages, never an older
 * version, and none when the user has switched updates off.
 */
import { app } from 'electron';
import { AppError } from '../../core/base/app-error.ts';

/** Looks for a newer version and fetches it; it is installed when the program ends. */
export async function checkForUpdate(isWanted: boolean): Promise<{ version: string | null }> {
  // A checkout is updated by its version control, and has no place from which to update.
  if (!isWanted || !app.isPackaged) return { version: null };
  const { autoUpdater } = (await import('electron-updater')).default;
  autoUpdater.allowDowngrade = false;
  autoUpdater.autoInstallOnAppQuit = true;
  try {
    const result = await autoUpdater.checkForUpdates();
    return { version: result?.isUpdateAvailable ? result.updateInfo.version : null };
  } catch (cause) {
    throw new AppError(
      'UPDATE_UNREACHABLE',
      {
        what: 'Whether there is a newer version could not be found out.',
        consequence: 'This version goes on working; nothing was changed.',
        remedy: 'Check the connection to the internet and try again later.',
      },
      { cause },
    );
  }
}
