/**
 * Tries the Debian package as a user gets it: installs it, opens its window as an ordinary user with Chromium's sandbox on,
 * makes a network in it, tells the whole story without a display, and takes it off again. Needs root, to install.
 */
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { runOnDesktop, testUser } from '../e2e.mjs';
import { SetUpError } from '../setup/failure.mjs';
import { projectRoot } from '../setup/places.mjs';
import { run } from '../setup/processes.mjs';
import { step } from '../setup/progress.mjs';

/** Where the package puts the command. */
const installedCommand = '/usr/bin/vouchsafe';

/** Installs the package that lies in `folder`, tries it and removes it. Throws what did not work. */
export async function checkInstalledApp(folder) {
  const file = readdirSync(folder).find((name) => name.endsWith('.deb'));
  if (process.platform !== 'linux' || process.getuid() !== 0 || file === undefined)
    throw new SetUpError(
      'The installed app can be tried by root on Debian only, where the Debian package was built.',
      'The packages are built; none was installed.',
      'Run the command in a container or virtual machine that is there to be thrown away.',
    );
  const place = mkdtempSync(path.join(os.tmpdir(), 'vouchsafe-installed-'));
  try {
    await must('installing the package', 'apt-get', ['install', '--yes', '--no-install-recommends', path.join(folder, file)]);
    await onDesktop(place, 'trying the window as an ordinary user', [
      process.execPath,
      path.join(projectRoot, 'scripts', 'package', 'try-window.mjs'),
      installedCommand,
    ]);
    await step('telling the whole story without a display', async () => {
      const home = path.join(place, 'headless');
      mkdirSync(home);
      await run('chown', [testUser, home]);
      const words = ['-u', testUser, '--', 'env', '-i', `HOME=${home}`, `TMPDIR=${home}`, 'PATH=/usr/bin:/bin'];
      const story = [installedCommand, '--headless', 'demo', '--rows', '600'];
      const { code } = await run('runuser', [...words, ...story], { cwd: home, stdio: ['ignore', 'inherit', 'ignore'] });
      if (code !== 0) throw failed(`the story ended with code ${code}`);
    });
  } finally {
    await run('apt-get', ['purge', '--yes', 'vouchsafe'], { stdio: 'ignore' });
    // Processes of the app may be ending still.
    rmSync(place, { recursive: true, force: true, maxRetries: 10, retryDelay: 500 });
  }
  console.log('the installed package works: window, sandbox, network, and the story without a display');
}

async function onDesktop(place, text, words) {
  const { ELECTRON_RUN_AS_NODE: _, ...inherited } = process.env;
  const environment = { ...inherited, HOME: place, XDG_CONFIG_HOME: path.join(place, 'config'), XDG_CACHE_HOME: path.join(place, 'cache') };
  await step(
    text,
    async () => {
      const code = await runOnDesktop(words, { place, environment, owned: [place] });
      if (code !== 0) throw failed(`${text} ended with code ${code}`);
    },
    { silent: false },
  );
}

async function must(text, command, words) {
  await step(text, async () => {
    const { code, output } = await run(command, words, { stdio: ['ignore', 'pipe', 'inherit'] });
    if (code !== 0) throw failed(`${text} ended with code ${code}: ${output.slice(-2000)}`);
  });
}

function failed(what) {
  return new SetUpError(
    `${what[0].toUpperCase()}${what.slice(1)}.`,
    'The package is built, but it does not do what it must.',
    'Its messages are above. Mend the cause, then package again.',
  );
}
