/** `npm start`: opens the app from the sources. Everything that it needs has been made before. */
import { SetUpError } from './setup/failure.mjs';
import { electronExecutable, projectRoot } from './setup/places.mjs';
import { run } from './setup/processes.mjs';

/** Opens the app with further words of the command line. Resolves to its exit code. */
export async function openApp(args) {
  if (process.platform === 'linux' && !process.env.DISPLAY && !process.env.WAYLAND_DISPLAY) {
    throw new SetUpError(
      'There is no display to open a window on: neither DISPLAY nor WAYLAND_DISPLAY is set.',
      'Everything is ready, but the app was not started.',
      'Run it in a desktop session, or on a virtual display:\n' +
        '  apt-get install -y xvfb xauth && xvfb-run -a npm start\n' +
        'The same story without any window: npm run demo',
    );
  }
  const isRoot = process.platform === 'linux' && process.getuid() === 0;
  if (isRoot)
    console.log("Running as root, for whom Chromium's sandbox does not work: starting without it. Use an ordinary user for real data.");
  const { ELECTRON_RUN_AS_NODE: _, ...env } = process.env;
  const { code } = await run(electronExecutable(), [projectRoot, ...(isRoot ? ['--no-sandbox'] : []), ...args], { env });
  return code;
}
