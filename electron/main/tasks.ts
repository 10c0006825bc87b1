/**
 * What runs, ran lately or waits, for the tasks drawer: calls of windows that take a while, and work that a vault goes on
 * with by itself.
 */
import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { type ChannelName, contract } from '../ipc-contract.ts';
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

interface Task {
  view: TaskView;
  /** Service whose own work it is; null for what main runs. */
  readonly vault: string | null;
  readonly cancel: () => void;
}

/** Random name for something that lives on this machine only. */
export function newLocalId(): string {
  return randomBytes(10).toString('hex');
}

/** The registry. */
export class Tasks {
  readonly #listener: TaskListener;
  readonly #nowMs: () => number;
  readonly #tasks = new Map<string, Task>();

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
    const task: Task = { view: begun, vault: null, cancel: () => controller.abort(new DOMException('cancelled', 'AbortError')) };
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

  /** Takes over what a vault tells of its own work. `cancel` ends one there. What is malformed, or another's, is left out. */
  noteWork(vault: string, value: unknown, cancel: (id: string) => void): void {
    const records = (Array.isArray(value) ? value.slice(0, workMax) : [value]).flatMap((record) => workRecord.safeParse(record).data ?? []);
    for (const record of records) {
      const { id } = record;
      const task = this.#tasks.get(id);
      if (task !== undefined && task.vault !== vault) continue;
      const known = task?.view;
      const hasEnded = record.state !== 'running' && record.state !== 'waiting-for-network';
      const view: TaskView = {
        ...record,
        route: record.route === null ? null : routeFor(record.kind, record.route),
        startedAtMs: record.startedAtMs ?? known?.startedAtMs ?? this.#nowMs(),
        endedAtMs: hasEnded ? (record.endedAtMs ?? known?.endedAtMs ?? this.#nowMs()) : null,
      };
      this.#tasks.set(id, { view, vault, cancel: () => cancel(id) });
      if (view.progress !== null && !hasEnded) this.#listener.progress(id, view.progress);
    }
    this.#forgetOldest();
    if (records.length > 0) this.#listener.changed();
  }

  /** Asks to end what main does itself, such as a backup, whose process holds a key. A vault's work ends with the vault, and goes on with the next. */
  cancelOfMain(): void {
    const ofMain = (kind: string) => Object.hasOwn(contract, kind) && contract[kind as ChannelName].answeredBy === 'main';
    for (const [id, { view, vault }] of this.#tasks) if (vault === null && ofMain(view.kind)) this.cancel(id);
  }

  /** Forgets the work that a vault had told of when its process ended: the next one tells anew what it goes on with. */
  forgetWork(vault: string): void {
    for (const [id, task] of this.#tasks) if (task.vault === vault && task.view.endedAtMs === null) this.#tasks.delete(id);
    this.#listener.changed();
  }

  /** Forgets what has ended, and what vaults did, which have ended too, when what it was about is locked away. */
  forgetEnded(): void {
    for (const [id, { view, vault }] of this.#tasks) if (view.endedAtMs !== null || vault !== null) this.#tasks.delete(id);
    this.#listener.changed();
  }

  #forgetOldest(): void {
    const ended = [...this.#tasks.values()].filter(({ view }) => view.endedAtMs !== null);
    ended.sort((one, other) => (one.view.endedAtMs as number) - (other.view.endedAtMs as number));
    for (const { view } of ended.slice(0, Math.max(0, this.#tasks.size - tasksMax))) this.#tasks.delete(view.id);
  }
}
