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

/** Waits until a service runs that was started again at least `restarts` times. */
export async function restarted({ window }: RunningApp, kind: ServiceKind, restarts = 1): Promise<ServiceView[]> {
  return until(
    `the restart of ${kind}`,
    () => ask(window, 'app.services', {}),
    (services) => {
      const some = services.filter((service) => service.kind === kind);
      return some.some((service) => service.restarts >= restarts) && some.every(({ state }) => state === 'running');
    },
    60_000,
  );
}
