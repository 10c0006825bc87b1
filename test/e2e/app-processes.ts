/** The processes of the app: their ids, and their end by force. */
import type { ElectronApplication } from '@playwright/test';
import type { ServiceKind, ServiceView } from '../../electron/views.ts';
import type { RunningApp } from './app.ts';
import { ask, until } from './bridge.ts';

/** Process ids of the services of a kind, or of one service by its id. */
export async function pidsOf(app: ElectronApplication, service: ServiceKind | string): Promise<number[]> {
  // Electron gives the name of a utility process as the supervisor named it.
  return (await processes(app)).filter(({ name }) => name.startsWith(`vouchsafe-${service}`)).map(({ pid }) => pid);
}

/** Every process of the app. */
async function processes(app: ElectronApplication): Promise<{ readonly pid: number; readonly name: string }[]> {
  for (;;) {
    try {
      return await app.evaluate(({ app: electronApp }) => electronApp.getAppMetrics().map(({ pid, name = '' }) => ({ pid, name })));
    } catch (error) {
      // Playwright loses an answer when main collects its garbage at that moment; asking changes nothing, so it is asked again.
      if (!(error instanceof Error && error.message.includes('garbage collected'))) throw error;
    }
  }
}

/** Ends every process of a service at once, as the system does when memory runs out. */
export async function killService(app: ElectronApplication, service: ServiceKind | string): Promise<void> {
  const pids = await pidsOf(app, service);
  if (pids.length === 0) throw new Error(`no process of ${service} runs`);
  for (const pid of pids) process.kill(pid, 'SIGKILL');
}

/** Ends a service from outside each time that it comes up, until it is left alone. Gives how often. */
export async function killAtEachStart({ app, window }: RunningApp, id: string): Promise<number> {
  const killed = new Set<number>();
  await until(
    `the end of ${id}`,
    async () => {
      for (const pid of await pidsOf(app, id)) {
        if (killed.has(pid)) continue;
        killed.add(pid);
        try {
          process.kill(pid, 'SIGKILL');
        } catch {
          killed.delete(pid); // it has ended already
        }
      }
      return (await ask(window, 'app.services', {})).find((service) => service.id === id)?.state;
    },
    (state) => state === 'failing',
  );
  return killed.size;
}

/** Ends the process of the main window's page at once, and waits until the page is there again. Playwright gives such a page up: ask main of it. */
export async function killPage(app: ElectronApplication): Promise<void> {
  const pid = await app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.webContents.getOSProcessId() ?? 0);
  const back = app.evaluate(
    ({ BrowserWindow }) =>
      new Promise<void>((resolve) => BrowserWindow.getAllWindows()[0]?.webContents.once('did-finish-load', () => resolve())),
  );
  process.kill(pid, 'SIGKILL');
  await back;
}

/** Ends the whole app at once, with every process of it. */
export async function killApp({ app }: RunningApp): Promise<void> {
  const pids = (await processes(app)).map(({ pid }) => pid);
  const gone = new Promise((resolve) => app.process().once('exit', resolve));
  for (const pid of new Set([app.process().pid as number, ...pids])) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch (error) {
      // It had ended between the list and the signal.
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  }
  await gone;
}

/** Waits until a service runs that was started again at least `restarts` times. */
export async function restarted({ window }: RunningApp, kind: ServiceKind, restarts = 1): Promise<ServiceView[]> {
  return until(
    `the restart of ${kind}`,
    () => ask(window, 'app.services', {}),
    (services) => {
      const some = services.filter((service) => service.kind === kind);
      return some.some((service) => service.restarts >= restarts) && some.every(({ state }) => state === 'running');
    },
  );
}
