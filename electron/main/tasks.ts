/**
 * What runs, ran lately or waits, for the tasks drawer: calls of windows that take a while, and work that a vault goes on
 * with by itself.
 */
import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { viewOfError } from '../link.ts';
import { type ProgressView, progressView, type TaskView, taskView } from '../views.ts';
import { routeFor } from './window-routes.ts';

/** Tasks that are remembered; the ones that ended longest ago are forgotten first. */
const tasksMax = 200;
/** Records of one vault's own work that are shown. */
const workMax = 200;

/** What a vault tells of its own work. */
const workRecord = taskView.omit({ startedAtMs: true, endedAtMs: true }).extend({
  startedAtMs: z.int().optional(),
  endedAtMs: z.int().nullable().optional(),
});

/** Tells whoever shows tasks. */
export interface TaskListener {
  changed(): void;
  progress(id: string, progress: ProgressView): void;
}

/** What the work of a task gets. */
export interface TaskRun {
  readonly id: string;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: unknown) => void;
}

/** Random name for something that lives on this machine only. */
export function newLocalId(): string {
  return randomBytes(10).toString('hex');
}

/** The registry. */
export class Tasks {
  readonly #listener: TaskListener;
  readonly #nowMs: () => number;
  readonly #tasks = new Map<string, { view: TaskView; readonly cancel: () => void }>();

  constructor(listener: TaskListener, nowMs: () => number = Date.now) {
    this.#listener = listener;
    this.#nowMs = nowMs;
  }

  /** All of them, the newest first. */
  views(): TaskView[] {
    return [...this.#tasks.values()]
      .map(({ view }) => view)
      .sort((one, other) => other.startedAtMs - one.startedAtMs)
      .slice(0, 500);
  }

  /** Runs `work` as a task. Its outcome is the task's and the caller's. */
  async run<Result>(
    about: { readonly kind: string; readonly subject: string; readonly route: string | null; readonly cancellable: boolean },
    work: (run: TaskRun) => Promise<Result>,
  ): Promise<Result> {
    const id = newLocalId();
    const controller = new AbortController();
    const begun: TaskView = { id, ...about, state: 'running', progress: null, error: null, startedAtMs: this.#nowMs(), endedAtMs: null };
    const task = { view: begun, cancel: () => controller.abort(new DOMException('cancelled', 'AbortError')) };
    this.#tasks.set(id, task);
    this.#forgetOldest();
    this.#listener.changed();
    const end = (state: TaskView['state'], error: TaskView['error']) => {
      task.view = { ...task.view, state, error, cancellable: false, endedAtMs: this.#nowMs() };
      this.#listener.changed();
    };
    const onProgress = (value: unknown) => {
      const progress = progressView.safeParse(value).data;
      if (progress === undefined || task.view.endedAtMs !== null) return;
      const isFirst = task.view.progress?.step !== progress.step;
      task.view = { ...task.view, progress };
      this.#listener.progress(id, progress);
      if (isFirst) this.#listener.changed();
    };
    try {
      const result = await work({ id, signal: controller.signal, onProgress });
      end('done', null);
      return result;
    } catch (error) {
      const view = viewOfError(error);
      if (view.code === 'CANCELLED') end('cancelled', null);
      else end('failed', view);
      throw error;
    }
  }

  /** Asks a task to end; without effect on one that has ended or is not there. */
  cancel(id: string): void {
    const task = this.#tasks.get(id);
    if (task?.view.cancellable) task.cancel();
  }

  /** Takes over what a vault tells of its own work. `cancel` ends one there. What is malformed is left out. */
  noteWork(value: unknown, cancel: (id: string) => void): void {
    const records = (Array.isArray(value) ? value.slice(0, workMax) : [value]).flatMap((record) => workRecord.safeParse(record).data ?? []);
    for (const record of records) {
      const { id } = record;
      const known = this.#tasks.get(id)?.view;
      const hasEnded = record.state !== 'running' && record.state !== 'waiting-for-network';
      const view: TaskView = {
        ...record,
        route: record.route === null ? null : routeFor(record.kind, record.route),
        startedAtMs: record.startedAtMs ?? known?.startedAtMs ?? this.#nowMs(),
        endedAtMs: hasEnded ? (record.endedAtMs ?? known?.endedAtMs ?? this.#nowMs()) : null,
      };
      this.#tasks.set(id, { view, cancel: () => cancel(id) });
      if (view.progress !== null && !hasEnded) this.#listener.progress(id, view.progress);
    }
    this.#forgetOldest();
    if (records.length > 0) this.#listener.changed();
  }

  /** Forgets what has ended, when what it was about is locked away. */
  forgetEnded(): void {
    for (const [id, { view }] of this.#tasks) if (view.endedAtMs !== null) this.#tasks.delete(id);
    this.#listener.changed();
  }

  #forgetOldest(): void {
    const ended = [...this.#tasks.values()].filter(({ view }) => view.endedAtMs !== null);
    ended.sort((one, other) => (one.view.endedAtMs as number) - (other.view.endedAtMs as number));
    for (const { view } of ended.slice(0, Math.max(0, this.#tasks.size - tasksMax))) this.#tasks.delete(view.id);
  }
}
