/**
 * The shared libraries that the Electron executable links to, on Linux. As root on a Debian system
 * they are installed; anybody else is told the exact command.
 */
import { existsSync, readFileSync } from 'node:fs';
import { SetUpError } from './failure.mjs';
import { electronExecutable } from './places.mjs';
import { run } from './processes.mjs';
import { step } from './progress.mjs';

/** What a bare Debian 12 lacks. Newer releases renamed some to NAMEt64. */
const debianPackages = [
  'libgtk-3-0',
  'libnss3',
  'libasound2',
  'libgbm1',
  'libxss1',
  'libatk-bridge2.0-0',
  'libcups2',
  'libdrm2',
  'libnotify4',
  'libsecret-1-0',
];

/** Names of the shared libraries that the loader does not find; none on other systems than Linux. */
export async function missingLibraries() {
  if (process.platform !== 'linux') return [];
  const { output } = await run('ldd', [electronExecutable()], { stdio: ['ignore', 'pipe', 'ignore'] });
  return [...output.matchAll(/^\s*(\S+) => not found$/gm)].map((match) => match[1]);
}

/** Installs the libraries as root on Debian; otherwise stops with the command to give. */
export async function installLibraries(missing) {
  const what = `Electron needs system libraries that are not installed: ${missing.join(', ')}.`;
  await installDebianPackages(debianPackages, what);
  const still = await missingLibraries();
  if (still.length === 0) return;
  throw new SetUpError(
    `Electron still lacks system libraries: ${still.join(', ')}.`,
    'The packages are in place, but nothing can run before the libraries are.',
    "Install what contains them with your system's package manager, then run the same command again.",
  );
}

/** Installs Debian packages as root; anybody else is told the exact command. `what` says why they are needed. */
export async function installDebianPackages(packages, what) {
  const consequence = 'Nothing was run: what needs them would only fail.';
  if (!isDebian())
    throw new SetUpError(what, consequence, `Install with your system's package manager what Debian calls: ${packages.join(' ')}`);
  if (process.getuid() !== 0) {
    const names = await availableNames(packages);
    throw new SetUpError(
      what,
      consequence,
      `Run this, then the same command again:\n  sudo apt-get update && sudo apt-get install -y --no-install-recommends ${names.join(' ')}`,
    );
  }
  await step(`installing ${packages.join(' ')}`, async () => {
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
    const quiet = { env, stdio: ['ignore', 'ignore', 'inherit'] };
    await run('apt-get', ['update', '-q'], quiet);
    const command = ['install', '-y', '-q', '--no-install-recommends', ...(await availableNames(packages))];
    const { code } = await run('apt-get', command, quiet);
    if (code !== 0)
      throw new SetUpError(
        `apt-get ${command.join(' ')} ended with code ${code}.`,
        consequence,
        'Mend what apt-get reports above, then run the same command again.',
      );
  });
}

function isDebian() {
  return (
    existsSync('/etc/os-release') &&
    /^ID(?:_LIKE)?=.*\b(?:debian|ubuntu)\b/m.test(readFileSync('/etc/os-release', 'utf8')) &&
    existsSync('/usr/bin/apt-get')
  );
}

/** The names under which this release has the packages. */
async function availableNames(packages) {
  const { output } = await run('apt-cache', ['pkgnames'], { stdio: ['ignore', 'pipe', 'ignore'] });
  const known = new Set(output.split('\n'));
  return packages.map((name) => (known.has(`${name}t64`) ? `${name}t64` : name));
}
