/** The tasks drawer's registry: what runs, how it ends, and what a vault tells of its own work. */
import { expect, test } from 'vitest';
import { AppError } from '../../core/base/app-error.ts';
import { Tasks } from '../../electron/main/tasks.ts';
import { taskView } from '../../electron/views.ts';

function registry() {
  const progress: unknown[] = [];
  let changes = 0;
  let nowMs = 0;
  const tasks = new Tasks(
    {
      changed: () => {
        changes++;
      },
      progress: (id, value) => progress.push({ id, value }),
    },
    () => ++nowMs,
  );
  return { tasks, progress, changes: () => changes };
}

const about = { kind: 'offer.make', subject: 'pump.csv', route: '/grants/1', cancellable: true } as const;

test('a task shows its progress and its end', async () => {
  const { tasks, progress } = registry();
  const answer = await tasks.run(about, async ({ onProgress }) => {
    onProgress({ step: 'prove', fraction: 0.5 });
    onProgress({ step: 'prove', fraction: 7 });
    const [view] = tasks.views();
    expect(taskView.parse(view)).toMatchObject({ ...about, state: 'running', progress: { step: 'prove', fraction: 0.5 } });
    return 42;
  });
  expect(answer).toBe(42);
  expect(progress).toEqual([{ id: expect.any(String), value: { step: 'prove', fraction: 0.5 } }]);
  expect(tasks.views()).toMatchObject([{ state: 'done', cancellable: false, error: null }]);
});

test('a task that fails shows the error in words, and so does the caller get it', async () => {
  const { tasks } = registry();
  const error = new AppError('DISK_FULL', { what: 'The disk is full.', consequence: 'Nothing was lost.', remedy: 'Make room.' });
  await expect(tasks.run(about, () => Promise.reject(error))).rejects.toBe(error);
  expect(tasks.views()).toMatchObject([{ state: 'failed', error: { code: 'DISK_FULL', remedy: 'Make room.' } }]);
});

test('a cancelled task ends as cancelled; one that cannot be cancelled goes on', async () => {
  const { tasks } = registry();
  const started = tasks.run(about, ({ id, signal }) => {
    const ended = new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
    tasks.cancel(id);
    return ended;
  });
  await expect(started).rejects.toMatchObject({ name: 'AbortError' });
  expect(tasks.views()).toMatchObject([{ state: 'cancelled', error: null }]);
  await tasks.run({ ...about, cancellable: false }, async ({ id, signal }) => {
    tasks.cancel(id);
    expect(signal.aborted).toBe(false);
  });
});

test("a vault's own work is taken over, updated, and cancelled there", () => {
  const { tasks, progress } = registry();
  const cancelled: string[] = [];
  const work = { id: 'work0001', kind: 'dataset', subject: 'pump', route: '/datasets/1', error: null, cancellable: true };
  const note = (value: unknown) => tasks.noteWork('vault-ada', value, (id) => cancelled.push(id));
  note([{ ...work, state: 'waiting-for-network', progress: null }, { id: 'malformed!' }]);
  note({ ...work, state: 'running', progress: { step: 'upload', fraction: 0.1 } });
  expect(tasks.views()).toMatchObject([{ id: 'work0001', state: 'running', endedAtMs: null }]);
  expect(progress).toHaveLength(1);
  tasks.cancel('work0001');
  expect(cancelled).toEqual(['work0001']);
  note({ ...work, state: 'done', progress: null, cancellable: false });
  expect(tasks.views()[0]?.endedAtMs).not.toBeNull();
  tasks.forgetEnded();
  expect(tasks.views()).toEqual([]);
});

test('what is locked away: main ends its own work, a vault is asked for nothing, and neither is remembered', async () => {
  const { tasks } = registry();
  const cancelled: string[] = [];
  const work = { id: 'work0001', kind: 'offer.continue', subject: '7', route: '/offers/7', error: null, cancellable: true };
  tasks.noteWork('vault-ada', { ...work, state: 'waiting-for-network', progress: null }, (id) => cancelled.push(id));
  const untilAborted = (kind: string) =>
    tasks.run(
      { ...about, kind },
      ({ signal }) => new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
    );
  const backup = expect(untilAborted('backup.save')).rejects.toMatchObject({ name: 'AbortError' });
  const offer = Promise.withResolvers<void>();
  const offering = tasks.run({ ...about, kind: 'offer.make' }, () => offer.promise);
  tasks.cancelOfMain();
  await backup;
  // To cancel work of a vault is to pause it, for good: a lock is no wish to stop sharing.
  expect(cancelled).toEqual([]);
  expect(tasks.views().find(({ kind }) => kind === 'offer.make')?.state).toBe('running');
  offer.resolve();
  await offering;
  tasks.forgetEnded();
  expect(tasks.views()).toEqual([]);
});

test("a vault cannot pass its work off as main's, or as that of another vault", async () => {
  const { tasks } = registry();
  const work = { kind: 'offer.continue', subject: 'forged', route: '/', error: null, cancellable: true, state: 'done', progress: null };
  const cancelled: string[] = [];
  await tasks.run(about, async ({ id }) => {
    tasks.noteWork('vault-eve', { ...work, id }, () => cancelled.push('eve'));
    expect(tasks.views()).toMatchObject([{ id, subject: 'pump.csv', state: 'running' }]);
  });
  tasks.noteWork('vault-ada', { ...work, id: 'work0001', subject: 'hers', state: 'running' }, () => cancelled.push('ada'));
  tasks.noteWork('vault-eve', { ...work, id: 'work0001' }, () => cancelled.push('eve'));
  expect(tasks.views().find(({ id }) => id === 'work0001')?.subject).toBe('hers');
  tasks.cancel('work0001');
  expect(cancelled).toEqual(['ada']);
});

test('what a vault worked on is forgotten with its process, and nothing else is', async () => {
  const { tasks } = registry();
  const work = { kind: 'dataset.publish', subject: 'pump', route: null, progress: null, error: null, cancellable: true };
  const note = (service: string, id: string, state: string) => tasks.noteWork(service, { ...work, id, state }, () => undefined);
  note('vault-1', 'running1', 'running');
  note('vault-1', 'waiting1', 'waiting-for-network');
  note('vault-1', 'finished', 'done');
  note('vault-2', 'another1', 'running');
  await tasks.run(about, async () => undefined);
  tasks.forgetWork('vault-1');
  expect(tasks.views().filter(({ id }) => ['running1', 'waiting1'].includes(id))).toEqual([]);
  expect(tasks.views()).toHaveLength(3);
});

test('only so many ended tasks are remembered, and none that runs is forgotten', async () => {
  const { tasks } = registry();
  const endless = Promise.withResolvers<void>();
  const running = tasks.run({ ...about, subject: 'runs' }, () => endless.promise);
  for (let more = 0; more < 300; more++) await tasks.run(about, async () => undefined);
  expect(tasks.views()).toHaveLength(200);
  expect(tasks.views().some(({ subject }) => subject === 'runs')).toBe(true);
  endless.resolve();
  await running;
});
