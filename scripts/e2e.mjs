/**
 * `npm run e2e`: drives the real app in a real window, under a virtual display with a real keyring. Chromium's sandbox
 * refuses to work for root, so as root everything runs as a throwaway user, who sees the project read-only and owns
 * nothing but a temporary folder.
 */
import { cpSync, existsSync, linkSync, mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { SetUpError } from './setup/failure.mjs';
import { buildFolder, cacheFolder, electronFolder, executableName } from './setup/places.mjs';
import { electronNodeEnvironment, run } from './setup/processes.mjs';
import { installDebianPackages } from './setup/system-libraries.mjs';
import { countReport } from './test.mjs';

/** Who runs the app where root may not. */
export const testUser = 'vouchsafe-e2e';
/** Commands that the session needs, with the Debian package of each. */
const sessionCommands = {
  'xvfb-run': ['xvfb', 'xauth'],
  'dbus-run-session': ['dbus', 'dbus-x11'],
  'gnome-keyring-daemon': ['gnome-keyring'],
  'fc-match': ['fontconfig', 'fonts-dejavu-core'],
};

/** Room for what Chromium keeps and for a network with its keys, and little more. */
const smallDiskMegabytes = 400;

/** Runs the end-to-end tests whose path contains one of `filters`, or all. Resolves to the exit code. */
export async function runEndToEnd(filters) {
  mkdirSync(buildFolder, { recursive: true });
  return inSession(async (place, runNode) => {
    const report = path.join(place, 'report.json');
    const vitest = ['node_modules/vitest/vitest.mjs', 'run', '--configLoader=native', '--project=e2e'];
    const code = await runNode([...vitest, '--reporter=verbose', '--reporter=json', `--outputFile.json=${report}`, ...filters]);
    const pictures = path.join(place, 'screenshots');
    if (existsSync(pictures)) cpSync(pictures, path.join(buildFolder, 'screenshots'), { recursive: true });
    const counts = countReport(code, report);
    console.log(`${counts.passed} passed, ${counts.failed} failed`);
    return counts.failed === 0 ? 0 : 1;
  });
}

/**
 * Prepares for the app to be driven, and does `work`: with a folder that is removed after it, and with a function that runs
 * a program on Electron's Node where windows can be opened, and resolves to its exit code.
 */
export async function inSession(work) {
  const place = mkdtempSync(path.join(os.tmpdir(), 'vouchsafe-e2e-'));
  let smallDisk;
  try {
    const root = process.platform === 'linux' && process.getuid() === 0;
    const owned = [
      place,
      path.join(place, 'cache'),
      path.join(place, 'cache', 'vouchsafe'),
      path.join(place, 'cache', 'vouchsafe', 'keys'),
    ];
    const electron = root ? await readableElectron(place) : electronFolder();
    const environment = {
      ...electronNodeEnvironment(),
      ELECTRON_OVERRIDE_DIST_PATH: electron,
      XDG_CACHE_HOME: root ? sharedCache(place) : path.dirname(cacheFolder()),
      VOUCHSAFE_E2E_FOLDER: place,
      HOME: root ? place : os.homedir(),
    };
    smallDisk = root ? await mountSmallDisk(place) : undefined;
    if (smallDisk !== undefined) {
      environment.VOUCHSAFE_E2E_SMALL_DISK = smallDisk;
      owned.push(smallDisk);
    }
    const program = path.join(electron, executableName());
    return await work(place, async (words) => {
      if (process.platform !== 'linux') return (await run(program, words, { env: environment })).code;
      return runOnDesktop([program, ...words], { place, environment, owned });
    });
  } finally {
    if (smallDisk !== undefined) await run('umount', [smallDisk]);
    rmSync(place, { recursive: true, force: true });
  }
}

async function ensureSession() {
  const missing = Object.entries(sessionCommands)
    .filter(([command]) => !(process.env.PATH ?? '').split(':').some((folder) => existsSync(path.join(folder, command))))
    .flatMap(([, packages]) => packages);
  if (missing.length > 0) await installDebianPackages(missing, `The end-to-end tests need ${missing.join(', ')}.`);
}

/**
 * A file system that is soon full. Only root can make one; whoever is not names a folder on one of about this size in
 * VOUCHSAFE_E2E_SMALL_DISK, without which the test of a full disk fails and says so.
 */
async function mountSmallDisk(place) {
  const folder = path.join(place, 'small-disk');
  mkdirSync(folder);
  const { code } = await run('mount', ['-t', 'tmpfs', '-o', `size=${smallDiskMegabytes}m`, 'tmpfs', folder]);
  return code === 0 ? folder : undefined;
}

/**
 * Runs a command on a virtual desktop: a display, a message bus and an unlocked keyring. As root it runs as the throwaway
 * user, who gets the folders `owned`, of which `place` is home. Resolves to the exit code. Linux only.
 */
export async function runOnDesktop(words, { place, environment, owned }) {
  await ensureSession();
  // The keyring is opened inside the session, so that the app finds it as it would on a desktop.
  const session = `printf test | gnome-keyring-daemon --unlock --components=secrets >/dev/null && exec xvfb-run -a -s "-screen 0 1600x1000x24" "$@"`;
  const command = ['dbus-run-session', '--', 'bash', '-c', session, 'bash', ...words];
  if (process.getuid() !== 0) return (await run(command[0], command.slice(1), { env: environment })).code;
  await ensureTestUser();
  await run('chown', [testUser, ...owned]);
  const { code } = await run('runuser', ['-u', testUser, '--preserve-environment', '--', ...command], {
    env: { ...environment, USER: testUser, LOGNAME: testUser, XDG_RUNTIME_DIR: place },
  });
  return code;
}

async function ensureTestUser() {
  const { code } = await run('id', [testUser], { stdio: 'ignore' });
  if (code === 0) return;
  const added = await run('useradd', ['--system', '--no-create-home', '--shell', '/usr/sbin/nologin', testUser]);
  if (added.code !== 0)
    throw new SetUpError(
      'The throwaway user for the end-to-end tests cannot be made.',
      'No test was run.',
      'Run the command as an ordinary user.',
    );
}

/** Another user cannot look into root's cache: the runtime is copied to where he can. */
async function readableElectron(place) {
  const target = path.join(place, 'electron');
  await run('cp', ['-rL', realpathSync(electronFolder()), target]);
  return target;
}

/** The development keys, under a second name where the user can read them. */
function sharedCache(place) {
  const from = path.join(cacheFolder(), 'keys');
  const to = path.join(place, 'cache', 'vouchsafe', 'keys');
  mkdirSync(to, { recursive: true });
  for (const name of readdirSync(from)) {
    try {
      linkSync(path.join(from, name), path.join(to, name));
    } catch {
      cpSync(path.join(from, name), path.join(to, name)); // another file system
    }
  }
  return path.join(place, 'cache');
}
