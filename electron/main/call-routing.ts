/**
 * Takes a window's call to whoever answers it: checks the request by the contract, adds what only main knows (the path
 * behind a file's token, the home of the profile), makes a task of what takes a while, and checks the answer before the
 * window gets it. It computes nothing.
 */

import { RateLimiter } from '../../core/adapters/rate-limiter.ts';
import { systemClock } from '../../core/adapters/system-clock.ts';
import { AppError } from '../../core/base/app-error.ts';
import { type Sentence, say } from '../../core/base/sentence.ts';
import { type Answer, type ChannelName, contract, type RequestOf, type ResponseOf } from '../ipc-contract.ts';
import { answerOf } from '../link.ts';
import type { FileView } from '../views.ts';
import type { TaskRun, Tasks } from './tasks.ts';

/** What an answerer in main gets beside the request. */
export interface CallContext {
  readonly signal: AbortSignal;
  readonly onProgress: (progress: unknown) => void;
}

/** Main's own answers. */
export type MainAnswers = Partial<{
  readonly [Name in ChannelName]: (request: RequestOf<Name>, context: CallContext) => Promise<ResponseOf<Name>> | ResponseOf<Name>;
}>;

/** Channels that main is to answer and does not. */
export function unanswered(answers: MainAnswers): ChannelName[] {
  const names = Object.keys(contract) as ChannelName[];
  return names.filter((name) => contract[name].answeredBy === 'main' && answers[name] === undefined);
}

/** What the routing asks of the rest of main. */
export interface RoutingPorts {
  /** Asks a service. */
  ask(service: string, method: string, value: unknown, context: CallContext): Promise<unknown>;
  /** @throws AppError `LOCKED` */
  requireUnlocked(): void;
  /** Id of the service of this kind that belongs to the active profile, or to nobody; started if need be. @throws AppError `LOCKED`, `NO_PROFILE` */
  serviceFor(kind: 'vault' | 'data'): Promise<string>;
  /** Id of the service that operates a network, started if need be. @throws AppError `LOCKED`, `NETWORK_UNKNOWN` */
  operatorOf(networkId: string): Promise<string>;
  /** Folder of the active profile. @throws AppError `NO_PROFILE` */
  activeHome(): string;
  /** What a token stands for. @throws AppError `FILE_TOKEN_UNKNOWN` */
  fileOf(token: string): FileView;
  /** Asks where to save; null when the user thought better of it. */
  askWhereToSave(suggestion: string): Promise<string | null>;
  log(line: string): void;
}

/** A call as JSON is no longer than this: the longest, an import, has a thousand columns. */
const callBytesMax = 1 << 20;
/** Calls of one window that may be open at the same time. */
const openCallsMax = 200;
const rate = { burst: 600, perSecond: 200 } as const;

/** Saving is asked about before the vault is: the suggestion is the file's name. */
const savedAs: Partial<Record<ChannelName, string>> = { 'received.save': 'received.csv', 'activity.export': 'activity.csv' };

/** Where the window shows what a task is about: by the beginning of its channel, and by the field that names the thing. */
const routes = [
  ['offer.', 'offerId', '/grants/'],
  ['offer.', 'requestId', '/open-requirements/'],
  ['purchase.', 'offerId', '/received/'],
  ['received.', 'offerId', '/received/'],
  ['requirement.', 'requestId', '/requirements/'],
  ['dataset.', 'datasetId', '/datasets/'],
] as const;

/** The routing of all ordinary windows. */
export class CallRouting {
  readonly #answers: MainAnswers;
  readonly #ports: RoutingPorts;
  readonly #tasks: Tasks;
  readonly #rate = new RateLimiter(rate, systemClock);
  readonly #open = new Map<string, number>();

  constructor(answers: MainAnswers, ports: RoutingPorts, tasks: Tasks) {
    this.#answers = answers;
    this.#ports = ports;
    this.#tasks = tasks;
  }

  /** Answers one call of a window; never throws. */
  perform(window: string, channel: unknown, value: unknown): Promise<Answer<unknown>> {
    return answerOf(async () => {
      const name = nameOf(channel);
      const open = this.#open.get(window) ?? 0;
      if (open >= openCallsMax || this.#rate.take(window) > 0) throw tooMany();
      this.#open.set(window, open + 1);
      try {
        return await this.#route(name, requestOf(name, value));
      } finally {
        const left = (this.#open.get(window) as number) - 1;
        if (left === 0) this.#open.delete(window);
        else this.#open.set(window, left);
      }
    }, this.#ports.log);
  }

  async #route(name: ChannelName, request: Record<string, unknown>): Promise<unknown> {
    if (!answeredWhileLocked(name)) this.#ports.requireUnlocked();
    const { task } = contract[name] as { readonly task?: { readonly cancellable: boolean } };
    const work = async (context: CallContext) => {
      const answer = contract[name].response.safeParse(await this.#answer(name, request, context));
      if (answer.success) return answer.data;
      this.#ports.log(`the answer to ${name} is not of the contract's shape: ${answer.error.issues.map(placeOf).join('; ')}`);
      throw new TypeError(`the answer to ${name} is malformed`);
    };
    if (task === undefined) return work({ signal: new AbortController().signal, onProgress: () => undefined });
    return this.#tasks.run({ kind: name, ...this.#aboutOf(name, request), cancellable: task.cancellable }, (run: TaskRun) => work(run));
  }

  async #answer(name: ChannelName, request: Record<string, unknown>, context: CallContext): Promise<unknown> {
    const { answeredBy } = contract[name];
    if (answeredBy === 'main') return this.#answerHere(name, request, context);
    if (answeredBy === 'operator' || answeredBy === 'proxy') {
      const service = await this.#ports.operatorOf(request.networkId as string);
      return this.#ports.ask(service, name, request, context);
    }
    const service = await this.#ports.serviceFor(answeredBy);
    const suggestion = savedAs[name];
    if (suggestion !== undefined) {
      const path = await this.#ports.askWhereToSave(await this.#suggestionFor(name, suggestion, service, request, context));
      return path === null ? { path } : this.#ports.ask(service, name, { ...request, path }, context);
    }
    const { file, ...rest } = request;
    const chosen = typeof file === 'string' ? this.#ports.fileOf(file) : undefined;
    const answer = await this.#ports.ask(
      service,
      name,
      {
        ...rest,
        ...(chosen === undefined ? {} : { path: chosen.path }),
        ...(name.startsWith('table.') ? { home: this.#ports.activeHome() } : {}),
      },
      context,
    );
    // The data process knows a path; which token the window holds for it is known here.
    return name === 'file.inspect' && chosen !== undefined ? { ...(answer as object), file: chosen } : answer;
  }

  async #answerHere(name: ChannelName, request: Record<string, unknown>, context: CallContext): Promise<unknown> {
    const answer = this.#answers[name] as ((request: unknown, context: CallContext) => unknown) | undefined;
    if (answer === undefined) throw new TypeError(`main does not answer ${name}`);
    return answer(request, context);
  }

  /** A received file is saved under its own name. */
  async #suggestionFor(
    name: ChannelName,
    fallback: string,
    service: string,
    request: Record<string, unknown>,
    context: CallContext,
  ): Promise<string> {
    if (name !== 'received.save') return fallback;
    const list = contract['received.list'].response.safeParse(await this.#ports.ask(service, 'received.list', {}, context));
    const fileName = list.data?.find(({ offerId }) => offerId === request.offerId)?.fileName;
    return fileName === undefined ? fallback : savedName(fileName);
  }

  #aboutOf(channel: ChannelName, request: Record<string, unknown>): { readonly subject: string; readonly route: string | null } {
    const found = routes.find(([beginning, field]) => channel.startsWith(beginning) && typeof request[field] === 'string');
    const id = found === undefined ? '' : String(request[found[1]]);
    const route = found === undefined ? null : `${found[2]}${id}`;
    if (typeof request.name === 'string') return { subject: request.name, route };
    if (typeof request.file === 'string') return { subject: this.#ports.fileOf(request.file).name, route };
    return { subject: id, route };
  }
}

/** The installation and its lock answer always; everything else is somebody's. */
function answeredWhileLocked(name: ChannelName): boolean {
  return name.startsWith('app.') || name.startsWith('lock.');
}

/**
 * The name that is proposed for a received file. Its owner has chosen it, and what it begins with: so that it is opened as
 * data, whatever it says, it is no hidden file and ends as one of data.
 */
function savedName(name: string): string {
  const shown = name.replace(/^\.+/, '');
  return /\.(?:csv|tsv|txt)$/i.test(shown) ? shown : `${shown}.csv`;
}

function nameOf(channel: unknown): ChannelName {
  if (typeof channel === 'string' && Object.hasOwn(contract, channel)) return channel as ChannelName;
  throw refused(say`A window asked for something that does not exist.`);
}

function requestOf(name: ChannelName, value: unknown): Record<string, unknown> {
  if (jsonLength(value) > callBytesMax) throw refused(say`What a window sent for ${name} is larger than any such call.`);
  const request = contract[name].request.safeParse(value);
  if (request.success) return request.data as Record<string, unknown>;
  throw new AppError(
    'REQUEST_INVALID',
    {
      what: say`Something that was entered cannot be used: ${request.error.issues.slice(0, 3).map(placeOf).join('; ')}.`,
      consequence: 'Nothing was done and nothing was changed.',
      remedy: 'Correct it and try again.',
    },
    { data: { channel: name } },
  );
}

/** What a structured clone may hold that JSON cannot is not of any request. */
function jsonLength(value: unknown): number {
  try {
    return (JSON.stringify(value) ?? '').length;
  } catch {
    return Number.POSITIVE_INFINITY; // circular, or a bigint
  }
}

function placeOf({ path, message }: { readonly path: readonly PropertyKey[]; readonly message: string }): string {
  return `${path.map(String).join('.')}: ${message}`.slice(0, 300);
}

function refused(what: Sentence): AppError {
  return new AppError('REQUEST_REFUSED', { what, consequence: 'Nothing was done.', remedy: 'Close the window and open it again.' });
}

function tooMany(): AppError {
  return new AppError('REQUESTS_TOO_MANY', {
    what: 'The window asked for more at once than Vouchsafe answers.',
    consequence: 'This request was not done; what was begun before goes on.',
    remedy: 'Wait a moment and try again.',
  });
}
