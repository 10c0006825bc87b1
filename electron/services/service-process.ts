/**
 * What every utility process does: waits for its one `start`, then answers calls until main lets it go. Main sends the
 * configuration once; keys in it are nowhere else in this process' input.
 */
import { AppError } from '../../core/base/app-error.ts';
import { say } from '../../core/base/sentence.ts';
import { keepMemoryOutOfCoreFiles } from '../core-files.ts';
import { type Handlers, Link, type Port } from '../link.ts';
import { serviceWords } from '../service-words.ts';

/** How a service sees main, and services that main has connected it with. */
export interface Surroundings {
  readonly main: Link;
  /** Resolves when main has connected the other service; each time anew after the other was restarted. */
  readonly peer: (kind: string) => Promise<Link>;
  /** One line of text for the log of this service; never a secret. */
  readonly log: (line: string) => void;
}

/** A started service. */
export interface StartedService {
  /** What main may ask. */
  readonly handlers: Handlers;
  /** What a process that main has connected may ask: nothing unless it is said here. One of them reads foreign files. */
  readonly peerHandlers?: Handlers;
  /** Ends what runs and closes what is open; the process exits after. */
  stop(): Promise<void>;
}

interface ConnectedPort extends Port {
  start(): void;
  on(event: 'message', listener: (message: unknown) => void): unknown;
  on(event: 'close', listener: () => void): unknown;
}

interface ParentPort extends Port {
  on(event: 'message', listener: (event: { readonly data: unknown; readonly ports: readonly ConnectedPort[] }) => void): unknown;
}

/** Runs the service of this process. `start` gets the configuration that main sent, unchecked. */
export function runService(start: (config: unknown, surroundings: Surroundings) => Promise<StartedService>): void {
  keepMemoryOutOfCoreFiles();
  const parent = (process as unknown as { readonly parentPort: ParentPort }).parentPort;
  let service: StartedService | undefined;
  let starting: Promise<void> | undefined;
  const peers = new Map<string, PromiseWithResolvers<Link>>();
  const expected = (kind: string) => {
    const known = peers.get(kind) ?? Promise.withResolvers<Link>();
    peers.set(kind, known);
    return known;
  };
  const log = (line: string): void => main.tell('log', line.slice(0, 2000));
  parent.on('message', (event) => {
    const [port] = event.ports;
    const kind = (event.data as { readonly connect?: unknown } | null)?.connect;
    if (port === undefined || typeof kind !== 'string') return;
    const link = new Link(port, service?.peerHandlers ?? {}, log);
    // Whoever waits for the first connection gets it; later callers get the newest, for the other may have been restarted.
    expected(kind).resolve(link);
    const newest = Promise.withResolvers<Link>();
    newest.resolve(link);
    peers.set(kind, newest);
    port.on('close', () => {
      link.close(peerEnded(kind));
      // Whoever asks from now on waits for the one that main starts in its place.
      if (peers.get(kind) === newest) peers.delete(kind);
    });
    port.start();
  });
  const main: Link = new Link(
    parent as Port,
    {
      start: (config: unknown) => {
        starting = begin(config);
        return starting;
      },
      stop: () => stop(),
    },
    log,
  );
  const begin = async (config: unknown) => {
    service = await start(config, { main, peer: (kind) => expected(kind).promise, log });
    main.answer({ ...service.handlers, stop });
  };
  const stop = async () => {
    // A start that goes on has opened things that must be closed.
    await starting?.catch(() => undefined); // one that failed has closed them, and told main why
    await service?.stop();
    setImmediate(() => process.exit(0));
  };
}

function peerEnded(kind: string): AppError {
  return new AppError(
    'SERVICE_ENDED',
    {
      what: say`The part of Vouchsafe that does this work (${serviceWords(kind)}) has ended.`,
      consequence: 'This step was not finished. What was saved before is safe.',
      remedy: 'It is started again by itself; repeat the step.',
    },
    { data: { service: kind } },
  );
}
