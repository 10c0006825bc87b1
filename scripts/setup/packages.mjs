/**
 * The packages of the lock file, every one and in exactly that version.
 *
 * npm is told to install into an empty folder and its result is compared with the lock file here,
 * instead of using `npm ci`, for two reasons. A registry mirror may lack packages for other platforms:
 * then no lock file is ever complete in the eyes of `npm ci`. And npm skips, without an error, an
 * optional package that fails to download, although the native code of a tool may be in it.
 *
 * The stamp is written last: a folder node_modules proves nothing, because an interrupted install
 * leaves one behind. Install scripts of packages are not run: the native packages ship their
 * binaries, and code of strangers has no business at install time.
 */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { SetUpError } from './failure.mjs';
import { projectRoot } from './places.mjs';
import { run } from './processes.mjs';
import { step } from './progress.mjs';

const lockFile = path.join(projectRoot, 'package-lock.json');
const packagesFolder = path.join(projectRoot, 'node_modules');
const stampFile = path.join(packagesFolder, '.vouchsafe-packages');

/** Whether the last install of exactly this lock file, on this platform, ended well. */
export function arePackagesReady() {
  return existsSync(stampFile) && readFileSync(stampFile, 'utf8') === stamp();
}

/** Installs what the lock file says, development packages included whatever NODE_ENV says. */
export async function installPackages(lend) {
  const expected = stamp();
  await step('installing the packages of the lock file', async () => {
    emptyFolder(packagesFolder);
    const { code } = await runNpm(
      ['install', '--no-save', '--include=dev', '--include=optional', '--ignore-scripts', '--no-audit', '--no-fund'],
      {
        env: {
          ...process.env,
          NODE_OPTIONS: `${process.env.NODE_OPTIONS ?? ''} --import=${new URL('electron-node-version.mjs', import.meta.url)}`,
        },
        onStart: lend,
      },
    );
    const consequence = 'The packages are incomplete; your data is not touched.';
    const remedy = 'Check the network and the free disk space, then run the same command again: it starts over by itself.';
    if (code !== 0) throw new SetUpError(`npm install ended with code ${code}.`, consequence, remedy);
    const differences = compareWithLock();
    if (differences.length > 0) {
      throw new SetUpError(`npm did not install what the lock file says:\n  ${differences.join('\n  ')}`, consequence, remedy);
    }
  });
  writeFileSync(stampFile, expected);
}

/** Runs npm, which is a script that Windows starts only through a shell. */
export function runNpm(args, options) {
  const windows = process.platform === 'win32';
  return run(windows ? 'npm.cmd' : 'npm', args, { ...options, shell: windows });
}

/** What differs between the lock file and npm's record of what it installed, a line each. */
function compareWithLock() {
  const installed = JSON.parse(readFileSync(path.join(packagesFolder, '.package-lock.json'), 'utf8')).packages;
  const { '': _project, ...locked } = JSON.parse(readFileSync(lockFile, 'utf8')).packages;
  const missing = Object.entries(locked).filter(([place, entry]) => !(place in installed) && isForHere(entry));
  const changed = Object.entries(installed).filter(([place, { version, integrity }]) =>
    place in locked ? locked[place].version !== version || locked[place].integrity !== integrity : !installed[place].optional,
  );
  return [...missing.map(([place]) => `missing: ${place}`), ...changed.map(([place]) => `not in the lock file like this: ${place}`)];
}

/**
 * Whether this platform needs the package. An optional one that names no platform is needed only by
 * one that does, or by nobody.
 */
function isForHere({ optional, os, cpu, libc }) {
  if (!optional) return true;
  const glibc = process.platform === 'linux' && process.report.getReport().header.glibcVersionRuntime !== undefined;
  return (
    os?.includes(process.platform) &&
    (cpu === undefined || cpu.includes(process.arch)) &&
    (libc === undefined || libc.includes(glibc ? 'glibc' : 'musl'))
  );
}

function emptyFolder(folder) {
  if (!existsSync(folder)) return;
  for (const name of readdirSync(folder)) rmSync(path.join(folder, name), { recursive: true, force: true });
}

function stamp() {
  const hash = createHash('sha256').update(readFileSync(lockFile)).digest('hex');
  return `${hash} ${process.platform} ${process.arch}\n`;
}
