/**
 * Updates of the packaged app, by electron-updater from where the release was published: signed packages, never an older
 * version, and none unasked when the user has switched updates off.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { app } from 'electron';
import { AppError } from '../../core/base/app-error.ts';
import { english } from '../../core/base/sentence.ts';
import { viewOfError } from '../link.ts';

/** Time after a start, and between two looks. */
const firstLookMs = 30_000;
const lookEveryMs = 24 * 3600_000;

/** Looks for updates for as long as the program runs and they are wanted. */
export function watchForUpdates(isWanted: () => boolean, log: (line: string) => void): void {
  if (!updatesItself()) return;
  const look = () => {
    if (!isWanted()) return;
    checkForUpdate().then(
      ({ version }) => {
        if (version !== null) log(`version ${version} is installed when the program ends`);
      },
      (error: unknown) => log(`no look for updates: ${english(viewOfError(error).what)}`),
    );
  };
  setTimeout(look, firstLookMs).unref();
  setInterval(look, lookEveryMs).unref();
}

/**
 * Whether this build fetches newer versions: whoever published it has said where they are, and has signed it so that the
 * system or electron-updater knows the next one by its signature. On Linux neither does: the hash that would be compared
 * comes from where the package does, and a .deb would be installed as root. A checkout is updated by its version control.
 */
export function updatesItself(): boolean {
  const source = join(process.resourcesPath, 'app-update.yml');
  if (!app.isPackaged || process.platform === 'linux' || !existsSync(source)) return false;
  return process.platform === 'darwin' || /^publisherName:/m.test(readFileSync(source, 'utf8'));
}

/**
 * Looks for a newer version and fetches it; it is installed when the program ends.
 * @throws AppError `UPDATE_NOT_HERE` (this build does not update itself), `UPDATE_UNREACHABLE`
 */
export async function checkForUpdate(): Promise<{ version: string | null }> {
  if (!updatesItself())
    throw new AppError('UPDATE_NOT_HERE', {
      what: 'This build of Vouchsafe does not update itself, so whether there is a newer version is not known.',
      consequence: 'This version goes on working; nothing was changed.',
      remedy: 'Get a newer one where you got this one: the package’s source, or the version control of this checkout.',
    });
  const { autoUpdater } = (await import('electron-updater')).default;
  autoUpdater.allowDowngrade = false;
  autoUpdater.autoInstallOnAppQuit = true;
  try {
    const result = await autoUpdater.checkForUpdates();
    await result?.downloadPromise;
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
