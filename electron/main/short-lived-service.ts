/** A utility process for one call: it is forked, asked, and ended, whatever the answer. */
import { utilityProcess } from 'electron';
import { AppError } from '../../core/base/app-error.ts';
import { say } from '../../core/base/sentence.ts';
import { Link, type Port } from '../link.ts';
import { serviceWords } from '../service-words.ts';
import { serviceProgram } from './places.ts';
import { environment } from './service-forks.ts';

/** Cancelling and watching; `log` hears what the process says for the log. */
type AskOptions = NonNullable<Parameters<Link['call']>[2]> & { readonly log?: (line: string) => void };

/** Asks a fresh process. @throws AppError of the process, or `SERVICE_ENDED` */
export async function askOnce<Result>(
  kind: Parameters<typeof serviceProgram>[0],
  method: string,
  value: unknown,
  { log, ...options }: AskOptions = {},
): Promise<Result> {
  const child = utilityProcess.fork(serviceProgram(kind), [], { serviceName: `vouchsafe-${kind}`, stdio: 'ignore', env: environment() });
  const link = new Link(child as unknown as Port);
  link.listen('log', (line) => {
    if (typeof line === 'string') log?.(line);
  });
  child.on('exit', () =>
    link.close(
      new AppError('SERVICE_ENDED', {
        what: say`The part of Vouchsafe that does this (${serviceWords(kind)}) ended unexpectedly.`,
        consequence: 'This step was not done. What was saved before is safe.',
        remedy: 'Try again.',
      }),
    ),
  );
  try {
    await link.call('start', {});
    return await link.call<Result>(method, value, options);
  } finally {
    child.kill();
  }
}
