/**
 * `npm run check:secrets`: looks for planted secrets wherever a process writes, sends or keeps them; first in the story that
 * is told without a window, then in the app, which runs on a virtual desktop as an ordinary user. `headless` or `app` in
 * front of the options runs one of the two.
 */
import { inSession } from './e2e.mjs';
import { runElectronNode } from './setup/processes.mjs';

export async function checkSecrets([half, ...options]) {
  const only = ['headless', 'app'].includes(half) ? half : undefined;
  const words = only === undefined && half !== undefined ? [half, ...options] : options;
  let code = 0;
  if (only !== 'app') code = await runElectronNode(['test/secrets/main.ts', ...words]);
  if (only === 'headless') return code;
  if (process.platform !== 'linux') {
    console.log('\nThe app was NOT searched: that needs Linux, where the memory of other processes can be read.');
    return code;
  }
  console.log('\nThe app, used with planted secrets:');
  return (await inSession((_, runNode) => runNode(['test/secrets/app-main.ts']))) || code;
}
