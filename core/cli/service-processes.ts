/** Services as processes of their own: started with their passphrase, awaited, stopped. */
import type { ChildProcess } from 'node:child_process';
import { startOwnProcess } from '../adapters/own-process.ts';
import { AppError } from '../base/app-error.ts';

/** Tells a service to stop and waits until it has. */
export function stopService(service: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (service.exitCode !== null || service.signalCode !== null) return resolve();
    service.once('exit', () => resolve());
    service.kill('SIGTERM');
  });
}

/** Starts a service of the command line as a process; the passphrase goes through file descriptor 3, and the service ends when this process is gone. */
export function spawnService(kind: string, homes: readonly string[], passphrase: string): ChildProcess {
  const child = startOwnProcess(
    'command-line',
    [kind, '--home', ...homes, '--passphrase-fd', '3'],
    ['ignore', 'pipe', 'pipe', 'pipe', 'ipc'],
  );
  const pipe = child.stdio[3] as NodeJS.WritableStream;
  // A process that dies before it has read leaves a broken pipe; its exit says so.
  pipe.on('error', () => undefined);
  pipe.end(`${passphrase}\n`);
  return child;
}

/** Waits until the service says so often that it is ready; what it printed goes into the error if it ends instead. */
export function ready(child: ChildProcess, kind: string, times = 1): Promise<void> {
  return new Promise((resolve, reject) => {
    let text = '';
    const failed = () =>
      reject(
        new AppError('SERVICE_NOT_STARTED', {
          what: `The ${kind} did not start: ${text.trim().slice(-600)}`,
          consequence: 'The story was not begun.',
          remedy: 'Correct what it names and try again.',
        }),
      );
    const hear = (chunk: Buffer) => {
      text = (text + chunk.toString()).slice(-4096);
      if ((text.match(/^ready: /gm)?.length ?? 0) < times) return;
      child.off('exit', failed);
      child.stdout?.off('data', hear).resume();
      child.stderr?.off('data', hear).resume();
      resolve();
    };
    child.stdout?.on('data', hear);
    child.stderr?.on('data', hear);
    child.once('exit', failed);
  });
}
