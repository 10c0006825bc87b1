/**
 * Services of one kind of a network that this installation made, as a process: `validator.ts`, `pkg.ts` and `proxy.ts` are this with
 * their kind. The services themselves are core/services/service-home.ts, the same as on the command line.
 */
import { z } from 'zod';
import { AppError } from '../../core/base/app-error.ts';
import { say } from '../../core/base/sentence.ts';
import { type Running, readServiceDescription, type ServiceName, startService } from '../../core/services/service-home.ts';
import { viewOfError } from '../link.ts';
import { serviceWords } from '../service-words.ts';
import { runService, type StartedService, type Surroundings } from './service-process.ts';

const configSchema = z.strictObject({
  homes: z.array(z.string().min(1).max(4096)).min(1).max(64),
  /** Unlocks the homes. */
  key: z.instanceof(Uint8Array),
});

/** Runs the services of this kind in this process. */
export function runNetworkService(kind: ServiceName): void {
  runService((config, surroundings) => startNetworkService(kind, config, surroundings));
}

/** Starts services of this kind with the configuration `{homes, key}`; of a proxy and a PKG there is one. */
export async function startNetworkService(kind: ServiceName, config: unknown, { main, log }: Surroundings): Promise<StartedService> {
  const { homes, key } = configSchema.parse(config);
  const running: Running[] = [];
  const stop = async (): Promise<void> => {
    for (const service of running.reverse()) await service.stop();
  };
  const giveUp = async (error: unknown): Promise<void> => {
    main.tell('failed', viewOfError(error));
    // What cannot be put away any more was the failure, which main knows now.
    await stop().catch((after: unknown) => log(`stopping failed too: ${after instanceof Error ? after.message : String(after)}`));
    setImmediate(() => process.exit(1));
  };
  try {
    for (const home of homes) {
      const { service } = await readServiceDescription(home);
      if (service !== kind)
        throw new AppError('HOME_NOT_A_SERVICE', {
          what: say`The folder ${home} is the home of a ${serviceWords(service)}, not of a ${serviceWords(kind)}.`,
          consequence: 'Nothing was started and nothing was changed.',
          remedy: 'The folder of this network was mixed up: restore it from a backup, or make the network again.',
        });
      running.push(
        await startService(
          home,
          { key },
          ({ event, data }) => {
            log(`${event} ${JSON.stringify(data)}`);
            // Whoever operates the network sees at once that somebody has applied.
            if (event === 'application-received') main.tell('data.changed', { topics: ['operator'] });
          },
          (error) => void giveUp(error),
        ),
      );
    }
  } catch (error) {
    await stop();
    throw error;
  }
  const [first] = running;
  const handlers = {
    status: async () => ({ service: kind, url: first?.url, storage: (await first?.storage?.()) ?? null }),
  };
  return {
    handlers,
    // The operator asks its proxies what they hold.
    peerHandlers: handlers,
    stop,
  };
}
