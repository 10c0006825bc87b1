/** Electron's utility processes and channels, for the supervisor. */
import { app, MessageChannelMain, utilityProcess } from 'electron';
import { serviceProgram } from './places.ts';
import type { ServicePorts, ServiceProcess } from './services.ts';

/** Environment of a process of ours: what a program needs of the system, without what changes how Node runs. */
export function environment(): Record<string, string> {
  const dropped = new Set(['NODE_OPTIONS', 'ELECTRON_RUN_AS_NODE', 'NODE_EXTRA_CA_CERTS']);
  return Object.fromEntries(
    Object.entries(process.env).flatMap(([name, value]) => (value === undefined || dropped.has(name) ? [] : [[name, value]])),
  );
}

/** The real ones. */
export const utilityProcesses: ServicePorts = {
  fork: (kind, id) =>
    utilityProcess.fork(serviceProgram(kind), [], {
      serviceName: `vouchsafe-${id}`.slice(0, 60),
      stdio: 'pipe',
      cwd: app.getPath('userData'),
      env: environment(),
    }) as unknown as ServiceProcess,
  channel: () => {
    const { port1, port2 } = new MessageChannelMain();
    return [port1, port2];
  },
};
