/**
 * The supervisor of the utility processes: forks them, hands each its configuration once, connects those that work
 * together, starts again what dies, and leaves alone what dies at each start.
 *
 * Invariant: whatever a service does, the program stays usable: a call to a service that is not there fails with an error
 * that says so, and never hangs.
 */
import { AppError, isAppError } from '../../core/base/app-error.ts';
import { english, say, sentenceOf } from '../../core/base/sentence.ts';
import { Link, type Port, viewOfError } from '../link.ts';
import { serviceWords } from '../service-words.ts';
import { type ErrorView, errorView, type ServiceKind, type ServiceView } from '../views.ts';
import type { ServiceLogs } from './service-logs.ts';

/** A process that was forked. */
export interface ServiceProcess extends Port {
  on(event: 'message', listener: (message: unknown) => void): unknown;
  on(event: 'exit', listener: (code: number) => void): unknown;
  kill(): boolean;
  readonly stdout: NodeJS.ReadableStream | null;
  readonly stderr: NodeJS.ReadableStream | null;
}

/** What the supervisor asks of Electron. */
export interface ServicePorts {
  fork(kind: ServiceKind, id: string): ServiceProcess;
  /** Two ends of a new channel. */
  channel(): readonly [unknown, unknown];
}

/** A service that is wanted. */
export interface ServicePlan {
  readonly id: string;
  readonly kind: ServiceKind;
  /** Profile or network that it serves. */
  readonly belongsTo: string | null;
  /** Made anew for each start, since it may hold a key. @throws AppError when it may not start now, such as while locked */
  readonly configuration: () => unknown;
  /** Services that it talks with directly, each under the name by which it asks for it; both sides get an end of a channel. */
  readonly peers: readonly { readonly id: string; readonly name: string }[];
  /** Hears what the service tells, and `ended` when its process is gone, for whatever reason. */
  readonly onEvent?: (event: string, value: unknown) => void;
}

/** Deaths in a row, within {@link deathsWindowMs}, after which a service is left alone. */
const deathsMax = 4;
const deathsWindowMs = 60_000;
const restartDelayMs = { first: 250, max: 8_000 } as const;
/** How long a service may take to end by itself. */
const stopMsMax = 10_000;
/** Code of the error of a service that ended too often. */
const leftAlone = 'SERVICE_FAILING';
/** What services tell beside their log. */
const eventNames = ['changed', 'data.changed', 'work', 'notice', 'failed'] as const;

type State = ServiceView['state'];

interface Service {
  readonly plan: ServicePlan;
  state: State;
  restarts: number;
  error: ErrorView | null;
  deathsAtMs: number[];
  process: ServiceProcess | undefined;
  link: Link | undefined;
  /** Resolves when the service answers. */
  ready: PromiseWithResolvers<Link>;
  timer: NodeJS.Timeout | undefined;
  ended: PromiseWithResolvers<void> | undefined;
}

/** All services of the program. */
export class Services {
  readonly #ports: ServicePorts;
  readonly #logs: ServiceLogs;
  readonly #changed: () => void;
  readonly #services = new Map<string, Service>();

  constructor(ports: ServicePorts, logs: ServiceLogs, changed: () => void) {
    this.#ports = ports;
    this.#logs = logs;
    this.#changed = changed;
  }

  /** What the windows see. */
  views(): ServiceView[] {
    return [...this.#services.values()].map(({ plan, state, restarts, error }) => ({
      id: plan.id,
      kind: plan.kind,
      state,
      belongsTo: plan.belongsTo,
      restarts,
      error,
    }));
  }

  /** State of one service; `stopped` for one that is not wanted. */
  stateOf(id: string): State {
    return this.#services.get(id)?.state ?? 'stopped';
  }

  /**
   * Wants a service. Resolves when it answers; does nothing more for one that is wanted already. One that said why it could
   * not start is tried again. One that ended again and again stays alone, however often a window asks for what it does:
   * {@link restart} is the way to try it again. @throws AppError of why it does not run
   */
  async start(plan: ServicePlan): Promise<void> {
    const known = this.#services.get(plan.id);
    if (known?.state === 'stopped') {
      // It is on its way out, and could neither answer nor be started beside itself.
      await known.ended?.promise;
      return this.start(plan);
    }
    if (known !== undefined && (known.state !== 'failing' || known.error?.code === leftAlone)) {
      await known.ready.promise;
      return;
    }
    const service: Service = {
      plan,
      state: 'starting',
      restarts: 0,
      error: null,
      deathsAtMs: [],
      process: undefined,
      link: undefined,
      ready: newReady(),
      timer: undefined,
      ended: undefined,
    };
    this.#services.set(plan.id, service);
    this.#launch(service);
    await service.ready.promise;
  }

  /** Asks a service, and waits for one that is starting. @throws AppError `SERVICE_STOPPED`, `SERVICE_FAILING`, `SERVICE_ENDED`, or its own */
  async call<Result>(id: string, method: string, value: unknown, options: Parameters<Link['call']>[2] = {}): Promise<Result> {
    const service = this.#services.get(id);
    if (service === undefined || service.state === 'stopped') throw notRunning(id);
    const link = await service.ready.promise;
    return link.call<Result>(method, value, options);
  }

  /** Wants a service because a person asked for it: also one that was left alone. */
  async startAnew(plan: ServicePlan): Promise<void> {
    if (this.stateOf(plan.id) === 'failing') await this.restart(plan.id);
    else await this.start(plan);
  }

  /** Starts a service again, also one that was left alone. */
  async restart(id: string): Promise<void> {
    const service = this.#services.get(id);
    if (service === undefined) throw notRunning(id);
    if (service.state !== 'failing') {
      // Its end is noticed like any other, and it starts again.
      service.process?.kill();
      return;
    }
    service.deathsAtMs = [];
    service.error = null;
    service.ready = newReady();
    this.#launch(service);
    await service.ready.promise;
  }

  /** Starts everything again that could not start for the reason of this code. */
  resume(code: string): void {
    for (const service of this.#services.values())
      if (service.state === 'failing' && service.error?.code === code) {
        this.restart(service.plan.id).catch(() => undefined); // its state shows that it failed
      }
  }

  /** Ends a service and forgets it; at once if it is not there. */
  async stop(id: string): Promise<void> {
    const service = this.#services.get(id);
    if (service === undefined) return;
    clearTimeout(service.timer);
    service.state = 'stopped';
    service.ready.reject(notRunning(id));
    this.#changed();
    if (service.process !== undefined) {
      service.ended ??= Promise.withResolvers<void>();
      const force = setTimeout(() => service.process?.kill(), stopMsMax);
      service.link?.call('stop', {}).catch(() => undefined); // it ends without an answer, or is made to
      await service.ended.promise;
      clearTimeout(force);
    }
    if (this.#services.get(id) === service) this.#services.delete(id);
    this.#changed();
  }

  /** Ends all services that are of one of these kinds. */
  async stopKinds(kinds: readonly ServiceKind[]): Promise<void> {
    const ids = [...this.#services.values()].filter(({ plan }) => kinds.includes(plan.kind)).map(({ plan }) => plan.id);
    await Promise.all(ids.map((id) => this.stop(id)));
  }

  #launch(service: Service): void {
    const { plan } = service;
    service.state = service.restarts > 0 ? 'restarting' : 'starting';
    let configuration: unknown;
    try {
      configuration = plan.configuration();
    } catch (error) {
      this.#giveUp(service, viewOfError(error), error);
      return;
    }
    const child = this.#ports.fork(plan.kind, plan.id);
    const link = new Link(child);
    service.process = child;
    service.link = link;
    link.listen('log', (line) => this.#logs.add(plan.id, line));
    for (const event of eventNames)
      link.listen(event, (value) => {
        if (event === 'failed') this.#hearFailure(service, value);
        plan.onEvent?.(event, value);
      });
    this.#logs.follow(plan.id, child.stdout);
    this.#logs.follow(plan.id, child.stderr);
    child.on('exit', (code) => this.#ended(service, child, code));
    for (const { id, name } of plan.peers) this.#connect(service, id, name);
    this.#changed();
    link.call('start', configuration).then(
      () => {
        if (service.process !== child || service.state === 'stopped') return;
        service.state = 'running';
        service.error = null;
        this.#logs.add(plan.id, 'started');
        service.ready.resolve(link);
        this.#connectToThoseWhoWant(service);
        this.#changed();
      },
      (error: unknown) => {
        if (service.process !== child || service.state === 'stopped' || isAppError(error, 'SERVICE_ENDED')) return;
        // It said why it cannot start: starting it again would say the same.
        this.#giveUp(service, viewOfError(error), error);
        child.kill();
      },
    );
  }

  #hearFailure(service: Service, value: unknown): void {
    const error = errorView.safeParse(value).data;
    service.error = error ?? null;
    this.#logs.add(service.plan.id, `cannot go on: ${error === undefined ? 'no reason given' : `${error.code}: ${english(error.what)}`}`);
  }

  #giveUp(service: Service, view: ErrorView, error: unknown): void {
    service.state = 'failing';
    service.error = view;
    this.#logs.add(service.plan.id, `cannot start: ${view.code}: ${english(view.what)}`);
    service.ready.reject(error);
    this.#changed();
  }

  #ended(service: Service, child: ServiceProcess, code: number): void {
    if (service.process !== child) return;
    service.process = undefined;
    service.link?.close(ended(service.plan.kind));
    service.link = undefined;
    service.plan.onEvent?.('ended', null);
    service.ended?.resolve();
    if (service.state === 'stopped' || service.state === 'failing') return;
    const nowMs = Date.now();
    this.#logs.add(service.plan.id, `ended unexpectedly with code ${code}`);
    service.deathsAtMs = [...service.deathsAtMs.filter((atMs) => nowMs - atMs < deathsWindowMs), nowMs];
    const deaths = service.deathsAtMs.length;
    if (deaths >= deathsMax) {
      const error = failing(service.plan.kind, deaths, service.error);
      this.#giveUp(service, viewOfError(error), error);
      return;
    }
    // Whoever waits for the first start goes on waiting; whoever comes now waits for the next one.
    if (service.state === 'running') service.ready = newReady();
    service.restarts++;
    service.state = 'restarting';
    this.#changed();
    const delayMs = Math.min(restartDelayMs.max, restartDelayMs.first * 2 ** (deaths - 1));
    service.timer = setTimeout(() => this.#launch(service), delayMs);
  }

  /** Gives `service` and a peer that runs the two ends of a channel. */
  #connect(service: Service, peerId: string, name: string): void {
    const peer = this.#services.get(peerId);
    if (peer?.state !== 'running' || peer.process === undefined || service.process === undefined) return;
    const [one, other] = this.#ports.channel();
    service.process.postMessage({ connect: name }, [one]);
    peer.process.postMessage({ connect: service.plan.kind }, [other]);
  }

  /** A service that has just come up is connected with all who named it. */
  #connectToThoseWhoWant({ plan }: Service): void {
    for (const other of this.#services.values())
      for (const { id, name } of other.plan.peers) if (id === plan.id) this.#connect(other, id, name);
  }
}

function newReady(): PromiseWithResolvers<Link> {
  const ready = Promise.withResolvers<Link>();
  ready.promise.catch(() => undefined); // nobody may be waiting for this service just now
  return ready;
}

function ended(kind: ServiceKind): AppError {
  return new AppError('SERVICE_ENDED', {
    what: say`The part of Vouchsafe that does this (${serviceWords(kind)}) ended unexpectedly and is being started again.`,
    consequence: 'This step was interrupted. What was saved before is safe.',
    remedy: 'Try again in a moment; it goes on where it stopped.',
  });
}

function failing(kind: ServiceKind, deaths: number, reason: ErrorView | null): AppError {
  return new AppError(
    leftAlone,
    {
      what: say`The part of Vouchsafe that does this (${serviceWords(kind)}) ended ${deaths} times within a minute, so it is left alone.${reason === null ? '' : say` ${sentenceOf(reason.what)}`}`,
      consequence: 'What needs it does not work just now; everything else does. What was saved is safe.',
      remedy: 'Start it again in Settings, Services and logs. If it fails again, save the diagnostics there and report it.',
    },
    { data: { service: kind } },
  );
}

function notRunning(id: string): AppError {
  return new AppError(
    'SERVICE_STOPPED',
    {
      what: 'The part of Vouchsafe that does this is not running.',
      consequence: 'Nothing was done and nothing was changed.',
      remedy: 'Unlock Vouchsafe, or start the network, and try again.',
    },
    { data: { service: id } },
  );
}
