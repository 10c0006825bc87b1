/** Where the set-up keeps things: inside the project, and in the user's cache folder. */
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of package.json. */
export const projectRoot = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..', '..');

/** Build output and the set-up's own records; never committed. */
export const buildFolder = path.join(projectRoot, 'build');

/** The set-up's records: its stamps and the lock of a running set-up. */
export const setUpFolder = path.join(buildFolder, 'setup');

/** The installed package `electron`; its `dist` is the runtime. */
export const electronPackage = path.join(projectRoot, 'node_modules', 'electron');

/** Downloads that outlive a checkout: the Electron runtime, development proving keys. */
export function cacheFolder() {
  const base = process.env.XDG_CACHE_HOME || path.join(os.homedir(), '.cache');
  return path.join(base, 'vouchsafe');
}

/** The executable inside an Electron distribution, as the package `electron` writes it to path.txt. */
export function executableName(platform = process.platform) {
  if (platform === 'darwin') return 'Electron.app/Contents/MacOS/Electron';
  return platform === 'win32' ? 'electron.exe' : 'electron';
}

/** The folder of the Electron distribution in use. */
export function electronFolder() {
  return process.env.ELECTRON_OVERRIDE_DIST_PATH || path.join(electronPackage, 'dist');
}

/** The Electron executable in use. */
export function electronExecutable() {
  return path.join(electronFolder(), executableName());
}
