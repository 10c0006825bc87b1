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
  const note = (value: unknown) => tasks.noteWork(value, (id) => cancelled.push(id));
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
