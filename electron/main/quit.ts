/** How the program ends: the window may close, the services run on in the tray; quitting ends them first. */
import { app } from 'electron';
import type { Services } from './services.ts';

/** Services end within this time at quitting, or are ended with the program. */
const quitMsMax = 15_000;

/** Ends the services before the program ends. */
export function endWithServices(services: Services): void {
  let isEnding = false;
  app.on('before-quit', (event) => {
    if (isEnding) return;
    isEnding = true;
    event.preventDefault();
    const force = setTimeout(() => app.exit(0), quitMsMax);
    void services
      .stopKinds(['vault', 'operator', 'data', 'prover'])
      .then(() => services.stopKinds(['proxy', 'pkg']))
      .then(() => services.stopKinds(['validator']))
      .finally(() => {
        clearTimeout(force);
        app.quit();
      });
  });
  // Networks and proofs go on behind the tray, and a second start brings the window back.
  app.on('window-all-closed', () => {
    if (process.platform !== 'darwin' && !services.views().some(({ state }) => state === 'running')) app.quit();
  });
}
