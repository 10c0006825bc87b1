/**
 * The packages of the lock file. The stamp is written after npm has finished: a folder node_modules
 * proves nothing, because an interrupted install leaves one behind.
 *
 * Install scripts of packages are not run: the native packages ship their binaries (prebuilds, or
 * packages of their own), and code of strangers has no business at install time.
 */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { SetUpError } from './failure.mjs';
import { projectRoot } from './places.mjs';
import { run } from './processes.mjs';
import { step } from './progress.mjs';

const lockFile = path.join(projectRoot, 'package-lock.json');
const stampFile = path.join(projectRoot, 'node_modules', '.vouchsafe-packages');

/** Whether the last install of exactly this lock file, on this platform, ended well. */
export function arePackagesReady() {
  return existsSync(stampFile) && readFileSync(stampFile, 'utf8') === stamp();
}

/** Installs what the lock file says, development packages included whatever NODE_ENV says. */
export async function installPackages(lend) {
  const expected = stamp();
  rmSync(stampFile, { force: true });
  await step('installing the packages of the lock file', async () => {
    const { code } = await runNpm(['ci', '--include=dev', '--include=optional', '--ignore-scripts', '--no-audit', '--no-fund'], {
      onStart: lend,
    });
    if (code !== 0) {
      throw new SetUpError(
        `npm ci ended with code ${code}.`,
        'The packages are incomplete; your data is not touched.',
        'Check the network and the free disk space, then run the same command again: it starts over by itself.',
      );
    }
  });
  writeFileSync(stampFile, expected);
}

/** Runs npm, which is a script that Windows starts only through a shell. */
export function runNpm(args, options) {
  const windows = process.platform === 'win32';
  return run(windows ? 'npm.cmd' : 'npm', args, { ...options, shell: windows });
}

function stamp() {
  const hash = createHash('sha256').update(readFileSync(lockFile)).digest('hex');
  return `${hash} ${process.platform} ${process.arch}\n`;
}
