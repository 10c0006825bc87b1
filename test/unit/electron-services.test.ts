/** The supervisor: with processes of the test's own making, that answer, die, and hear what they are told. */
import { EventEmitter } from 'node:events';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { AppError } from '../../core/base/app-error.ts';
import { english } from '../../core/base/sentence.ts';
import { ServiceLogs } from '../../electron/main/service-logs.ts';
import { type ServicePlan, type ServiceProcess, Services } from '../../electron/main/services.ts';
import type { ServiceKind } from '../../electron/views.ts';

/** What a process does with what it is told. */
type Behaviour = (process: FakeProcess, message: { readonly kind?: string; readonly id?: number; readonly name?: string }) => void;

class FakeProcess extends EventEmitter implements ServiceProcess {
  readonly stdout = null;
  readonly stderr = null;
  readonly heard: unknown[] = [];
  readonly transferred: unknown[] = [];
  readonly #behaviour: Behaviour;

  constructor(behaviour: Behaviour) {
    super();
    this.#behaviour = behaviour;
  }

  postMessage(message: unknown, transfer?: unknown[]): void {
    this.heard.push(message);
    this.transferred.push(...(transfer ?? []));
    queueMicrotask(() => this.#behaviour(this, message as Parameters<Behaviour>[1]));
  }

  answer(id: number | undefined, answer: unknown): void {
    this.emit('message', { kind: 'answer', id, answer });
  }

  tell(name: string, value: unknown): void {
    this.emit('message', { kind: 'event', name, value });
  }

  die(code = 1): void {
    this.emit('exit', code);
  }

  kill(): boolean {
    queueMicrotask(() => this.die(15));
    return true;
  }
}

/** Starts, and echoes whatever it is asked. */
const obedient: Behaviour = (process, { kind, id, name }) => {
  if (kind !== 'call') return;
  if (name === 'stop') process.die(0);
  else process.answer(id, { ok: true, value: name });
};
/** Ends at each start. */
const dying: Behaviour = (process, { kind }) => {
  if (kind === 'call') process.die();
};
/** Says why it cannot start. */
const refusing: Behaviour = (process, { id, name }) => {
  const error = { code: 'HOME_IN_USE', what: 'In use.', consequence: 'None.', remedy: 'Close it.', data: {} };
  if (name === 'start') process.answer(id, { ok: false, error });
};

function supervisor(behaviourOf: (kind: ServiceKind) => Behaviour = () => obedient) {
  const forked: FakeProcess[] = [];
  const logs = new ServiceLogs();
  const services = new Services(
    {
      fork: (kind) => {
        const process = new FakeProcess(behaviourOf(kind));
        forked.push(process);
        return process;
      },
      channel: () => ['one end', 'other end'],
    },
    logs,
    () => undefined,
  );
  return { services, forked, logs };
}

const plan = (change: Partial<ServicePlan> = {}): ServicePlan => ({
  id: 'data',
  kind: 'data',
  belongsTo: null,
  configuration: () => ({}),
  peers: [],
  ...change,
});

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

test('a service is forked once, gets its configuration, and answers', async () => {
  const { services, forked } = supervisor();
  await Promise.all([services.start(plan({ configuration: () => ({ home: '/homes/ada' }) })), services.start(plan())]);
  expect(forked).toHaveLength(1);
  expect(forked[0]?.heard[0]).toMatchObject({ kind: 'call', name: 'start', value: { home: '/homes/ada' } });
  expect(await services.call('data', 'file.inspect', {})).toBe('file.inspect');
  expect(services.views()).toMatchObject([{ id: 'data', state: 'running', restarts: 0, error: null }]);
});

test('a service that dies is started again, with a configuration made anew; calls wait for it', async () => {
  const { services, forked } = supervisor();
  let made = 0;
  await services.start(plan({ configuration: () => ({ start: ++made }) }));
  forked[0]?.die();
  expect(services.views()).toMatchObject([{ state: 'restarting', restarts: 1 }]);
  const waiting = services.call('data', 'file.inspect', {});
  await vi.advanceTimersByTimeAsync(300);
  expect(await waiting).toBe('file.inspect');
  expect(forked[1]?.heard[0]).toMatchObject({ value: { start: 2 } });
});

test('a call that was open when a service died fails in words', async () => {
  const { services, forked } = supervisor(() => (process, message) => {
    if (message.name === 'start') obedient(process, message);
  });
  await services.start(plan());
  const open = services.call('data', 'file.inspect', {});
  await vi.advanceTimersByTimeAsync(0);
  const failed = expect(open).rejects.toMatchObject({ code: 'SERVICE_ENDED' });
  forked[0]?.die();
  await failed;
});

test('a service that dies at each start is left alone after the fourth time, and the rest goes on', async () => {
  const { services, forked, logs } = supervisor((kind) => (kind === 'prover' ? dying : obedient));
  await services.start(plan());
  const failed = expect(services.start(plan({ id: 'prover', kind: 'prover' }))).rejects.toMatchObject({ code: 'SERVICE_FAILING' });
  await vi.advanceTimersByTimeAsync(120_000);
  await failed;
  expect(forked.length).toBe(1 + 4);
  expect(services.stateOf('prover')).toBe('failing');
  expect(services.views()[1]?.error?.code).toBe('SERVICE_FAILING');
  await expect(services.call('prover', 'perform', {})).rejects.toMatchObject({ code: 'SERVICE_FAILING' });
  expect(await services.call('data', 'table.rows', {})).toBe('table.rows');
  // Windows that ask for it again and again do not start it again and again; whoever says so does.
  await expect(services.start(plan({ id: 'prover', kind: 'prover' }))).rejects.toMatchObject({ code: 'SERVICE_FAILING' });
  expect(forked.length).toBe(1 + 4);
  const failedAgain = expect(services.startAnew(plan({ id: 'prover', kind: 'prover' }))).rejects.toMatchObject({ code: 'SERVICE_FAILING' });
  await vi.advanceTimersByTimeAsync(120_000);
  await failedAgain;
  expect(forked.length).toBe(1 + 4 + 4);
  expect(logs.lines('prover').length).toBeGreaterThan(3);
});

test('deaths far apart are no failing', async () => {
  const { services, forked } = supervisor();
  await services.start(plan());
  for (let death = 0; death < 8; death++) {
    forked.at(-1)?.die();
    await vi.advanceTimersByTimeAsync(30_000);
  }
  expect(services.views()).toMatchObject([{ state: 'running', restarts: 8 }]);
});

test('a service that says why it cannot start is not tried again by itself, but when someone needs it or asks', async () => {
  let behaviour = refusing;
  const { services, forked } = supervisor(() => behaviour);
  await expect(services.start(plan())).rejects.toMatchObject({ code: 'HOME_IN_USE' });
  await vi.advanceTimersByTimeAsync(60_000);
  expect(forked).toHaveLength(1);
  expect(services.views()).toMatchObject([{ state: 'failing', error: { code: 'HOME_IN_USE' } }]);
  await expect(services.start(plan())).rejects.toMatchObject({ code: 'HOME_IN_USE' });
  expect(forked).toHaveLength(2);
  behaviour = obedient;
  await services.restart('data');
  expect(services.views()).toMatchObject([{ state: 'running', error: null }]);
});

test('a service without its key waits for the unlock', async () => {
  const { services, forked } = supervisor();
  let isLocked = true;
  const locked = new AppError('LOCKED', { what: 'Locked.', consequence: 'None.', remedy: 'Unlock.' });
  const configuration = () => {
    if (isLocked) throw locked;
    return { key: 'key' };
  };
  await expect(services.start(plan({ id: 'pkg-1', kind: 'pkg', configuration }))).rejects.toMatchObject({ code: 'LOCKED' });
  expect(forked).toHaveLength(0);
  isLocked = false;
  services.resume('LOCKED');
  await vi.advanceTimersByTimeAsync(0);
  expect(services.stateOf('pkg-1')).toBe('running');
});

test('why a service could not go on is in its error', async () => {
  const { services, forked } = supervisor();
  await services.start(plan());
  for (let death = 0; death < 4; death++) {
    const process = forked.at(-1);
    process?.tell('failed', { code: 'DISK_FULL', what: 'The disk is full.', consequence: 'None.', remedy: 'Make room.', data: {} });
    process?.die();
    await vi.advanceTimersByTimeAsync(10_000);
  }
  const error = services.views()[0]?.error;
  expect(error?.code).toBe('SERVICE_FAILING');
  expect(english(error?.what ?? '')).toMatch(/left alone\. The disk is full\.$/);
});

test('services that work together get the ends of a channel, each time that one of them comes up', async () => {
  const { services, forked } = supervisor();
  await services.start(plan());
  const peers = [{ id: 'data', name: 'data' }];
  await services.start(plan({ id: 'vault-1', kind: 'vault', peers }));
  const [data, vault] = forked;
  expect(vault?.heard[0]).toEqual({ connect: 'data' });
  expect(data?.heard.at(-1)).toEqual({ connect: 'vault' });
  expect([...(vault?.transferred ?? []), ...(data?.transferred ?? [])]).toEqual(['one end', 'other end']);
  data?.die();
  await vi.advanceTimersByTimeAsync(1000);
  expect(vault?.heard.at(-1)).toEqual({ connect: 'data' });
});

test('a stopped service ends, is forgotten, and answers nobody', async () => {
  const { services, forked } = supervisor();
  await services.start(plan());
  await services.stop('data');
  expect(services.views()).toEqual([]);
  expect(services.stateOf('data')).toBe('stopped');
  await vi.advanceTimersByTimeAsync(60_000);
  expect(forked).toHaveLength(1);
  await expect(services.call('data', 'table.rows', {})).rejects.toMatchObject({ code: 'SERVICE_STOPPED' });
});

test('a service that is wanted again while it ends is started when it has ended', async () => {
  const slow: Behaviour = (process, message) => void setTimeout(() => obedient(process, message), message.name === 'stop' ? 5000 : 0);
  const { services, forked } = supervisor(() => slow);
  const starting = services.start(plan());
  await vi.advanceTimersByTimeAsync(10);
  await starting;
  const stopped = services.stop('data');
  const again = services.start(plan());
  await vi.advanceTimersByTimeAsync(4000);
  expect(forked).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(2000);
  await Promise.all([stopped, again]);
  expect(services.views()).toMatchObject([{ state: 'running' }]);
  expect(forked).toHaveLength(2);
});

test('a service that does not end by itself is ended', async () => {
  const deaf: Behaviour = (process, message) => {
    if (message.name !== 'stop') obedient(process, message);
  };
  const { services } = supervisor(() => deaf);
  await services.start(plan());
  const stopped = services.stop('data');
  await vi.advanceTimersByTimeAsync(11_000);
  await stopped;
  expect(services.views()).toEqual([]);
});

test('the log keeps the last two thousand lines, cut to a bearable length', () => {
  const logs = new ServiceLogs();
  for (let line = 0; line < 5000; line++) logs.add(line % 2 === 0 ? 'data' : 'prover', `line ${line}`);
  logs.add('data', 'x'.repeat(10_000));
  logs.add('data', { not: 'text' });
  expect(logs.lines()).toHaveLength(2000);
  expect(logs.lines().at(-1)?.text).toHaveLength(2000);
  expect(logs.lines('prover').every(({ service }) => service === 'prover')).toBe(true);
});
