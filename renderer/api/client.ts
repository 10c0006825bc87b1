/**
 * The typed way to everything outside the window, and the only file that touches `window`'s bridge. Answers are checked
 * against the contract on this side too; what does not match never reaches a screen. Invariant: what a screen shows of the
 * outside is asked for again as soon as an event says that it changed.
 */

import { keepPreviousData, QueryClient, type UseQueryResult, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useCallback, useEffect, useRef, useState } from 'react';
import { z } from 'zod';
import {
  type ChannelName,
  contract,
  type EventName,
  type EventOf,
  events,
  type RequestOf,
  type ResponseOf,
} from '../../electron/ipc-contract.ts';
import { english, say } from '../../electron/language.ts';
import { type ErrorView, errorView, type FileView, fileView, type ProgressView, type TaskView } from '../../electron/views.ts';

// The page's policy allows no code made from text, which zod would try for speed.
z.config({ jitless: true });

interface Bridge {
  readonly call: (channel: string, value: unknown) => Promise<unknown>;
  readonly dropped: (file: File) => Promise<unknown>;
  readonly listen: (listener: (event: string, value: unknown) => void) => void;
}

declare global {
  interface Window {
    readonly vouchsafe?: Bridge;
  }
}

/** A call that failed, with the three sentences that say so. */
export class CallError extends Error {
  readonly view: ErrorView;
  constructor(view: ErrorView) {
    super(english(view.what));
    this.name = 'CallError';
    this.view = view;
  }
}

/** Any error in the shape that screens show. */
export function errorViewOf(error: unknown): ErrorView {
  if (error instanceof CallError) return error.view;
  return {
    code: 'window-failed',
    what: error instanceof Error ? error.message : String(error),
    consequence: 'This window could not go on with what you asked for. Nothing that is stored was changed by it.',
    remedy: 'Try it once more. If it fails again, save a diagnostics bundle in the settings and send it to whoever helps you.',
    data: {},
  };
}

function bridge(): Bridge {
  if (window.vouchsafe === undefined) {
    throw new CallError({
      code: 'bridge-missing',
      what: 'This page runs outside the application.',
      consequence: 'It can reach no data.',
      remedy: 'Open it from the application.',
      data: {},
    });
  }
  return window.vouchsafe;
}

function answerNotUnderstood(channel: string, detail: string): CallError {
  return new CallError({
    code: 'answer-not-understood',
    what: say`The answer to ${channel} has a shape that this window does not know: ${detail.slice(0, 500)}`,
    consequence: 'The window shows nothing of it. What is stored is as it was.',
    remedy: 'Restart the application. If it happens again, save a diagnostics bundle in the settings.',
    data: { channel },
  });
}

/** The value of an answer, or its error thrown. */
function answerValue(channel: string, answer: unknown): unknown {
  if (typeof answer === 'object' && answer !== null && 'ok' in answer) {
    if (answer.ok === true && 'value' in answer) return answer.value;
    if (answer.ok === false && 'error' in answer) {
      const error = errorView.safeParse(answer.error);
      if (error.success) throw new CallError(error.data);
    }
  }
  throw answerNotUnderstood(channel, 'neither a value nor an error');
}

/** Asks `channel`, and resolves with its checked answer. */
export async function call<Name extends ChannelName>(channel: Name, request: RequestOf<Name>): Promise<ResponseOf<Name>> {
  const value = answerValue(channel, await bridge().call(channel, request));
  const parsed = contract[channel].response.safeParse(value);
  if (!parsed.success) throw answerNotUnderstood(channel, parsed.error.message);
  return parsed.data as ResponseOf<Name>;
}

/** Hands over a file that was dropped on the window. */
export async function dropFile(file: File): Promise<FileView> {
  const parsed = fileView.safeParse(answerValue('file.dropped', await bridge().dropped(file)));
  if (!parsed.success) throw answerNotUnderstood('file.dropped', parsed.error.message);
  return parsed.data;
}

/** The answers that the window keeps. Everything is on this machine, so being offline pauses nothing. */
export function makeQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: { networkMode: 'always', retry: false, staleTime: 15_000 },
      mutations: { networkMode: 'always', retry: false },
    },
  });
}

type Topic = EventOf<'data.changed'>['topics'][number];
const channelsOf: Record<Topic, readonly string[]> = {
  datasets: ['dataset.', 'table.', 'requirement.open'],
  requirements: ['requirement.'],
  offers: ['offer.', 'purchase.', 'requirement.'],
  received: ['received.', 'table.'],
  activity: ['activity.', 'dataset.activity'],
  people: ['person.'],
  identity: ['identity.'],
  network: ['network.'],
  outbox: ['outbox.'],
  operator: ['ownNetwork.'],
};

type Listener = (event: EventName, value: unknown) => void;
const listeners = new Set<Listener>();

/** Connects the events of the rest with the answers that `queries` keeps. Once a window. */
export function connect(queries: QueryClient): void {
  const again = (prefixes: readonly string[]) =>
    queries.invalidateQueries({ predicate: ({ queryKey: [channel] }) => prefixes.some((prefix) => String(channel).startsWith(prefix)) });
  bridge().listen((name, value) => {
    if (!Object.hasOwn(events, name)) return;
    const event = name as EventName;
    const parsed = events[event].safeParse(value);
    if (!parsed.success) return;
    if (event === 'app.changed') void again(['app.get']);
    if (event === 'services.changed') void again(['app.services', 'app.logs']);
    if (event === 'tasks.changed') void again(['app.tasks']);
    if (event === 'data.changed') {
      const { topics } = parsed.data as EventOf<'data.changed'>;
      void again(topics.flatMap((topic) => channelsOf[topic]));
    }
    if (event === 'task.progress') {
      const { id, progress } = parsed.data as EventOf<'task.progress'>;
      queries.setQueryData<TaskView[]>(['app.tasks', {}], (tasks) => tasks?.map((task) => (task.id === id ? { ...task, progress } : task)));
    }
    for (const listener of listeners) listener(event, parsed.data);
  });
}

/** Hears an event while the component is there. */
export function useEvent<Name extends EventName>(name: Name, react: (value: EventOf<Name>) => void): void {
  const latest = useRef(react);
  useEffect(() => {
    latest.current = react;
  });
  useEffect(() => {
    const listener: Listener = (event, value) => {
      if (event === name) latest.current(value as EventOf<Name>);
    };
    listeners.add(listener);
    return () => {
      listeners.delete(listener);
    };
  }, [name]);
}

export interface CallOptions {
  /** False while the request is not known yet. */
  readonly enabled?: boolean;
  /** Goes on showing the answer to the last request until the new one is there. */
  readonly keepPrevious?: boolean;
  /** Asks again so often while the window is seen: for what changes and nobody tells of. */
  readonly everyMs?: number;
}

/** The answer of `channel`, kept, and asked for anew when an event says that it changed. */
export function useCall<Name extends ChannelName>(
  channel: Name,
  request: RequestOf<Name>,
  { enabled = true, keepPrevious = false, everyMs }: CallOptions = {},
): UseQueryResult<ResponseOf<Name>, Error> {
  return useQuery<ResponseOf<Name>, Error>({
    queryKey: [channel, request],
    queryFn: () => call(channel, request),
    enabled,
    ...(everyMs === undefined ? {} : { refetchInterval: everyMs }),
    ...(keepPrevious ? { placeholderData: keepPreviousData as never } : {}),
  });
}

export interface Action<Name extends ChannelName> {
  /** Resolves with the answer, rejects with a CallError. */
  readonly run: (request: RequestOf<Name>) => Promise<ResponseOf<Name>>;
  /** The same for an event handler: an error is in `error`, and nowhere else. */
  readonly start: (request: RequestOf<Name>) => void;
  readonly running: boolean;
  readonly value: ResponseOf<Name> | undefined;
  readonly error: Error | null;
  readonly reset: () => void;
}

/** Something that the user does; a repeated start begins anew. */
export function useAction<Name extends ChannelName>(channel: Name): Action<Name> {
  const mutation = useMutation<ResponseOf<Name>, Error, RequestOf<Name>>({ mutationFn: (request) => call(channel, request) });
  return {
    run: mutation.mutateAsync,
    start: mutation.mutate,
    running: mutation.isPending,
    value: mutation.data,
    error: mutation.error,
    reset: mutation.reset,
  };
}

export interface Task<Name extends ChannelName> extends Action<Name> {
  readonly channel: Name;
  /** When it was started last, in Unix milliseconds. */
  readonly startedAtMs: number;
}

/** An action that takes its time. {@link useRunning} tells how far it is: whoever starts it is not drawn anew ten times a second. */
export function useTask<Name extends ChannelName>(channel: Name): Task<Name> {
  const action = useAction(channel);
  const queries = useQueryClient();
  const [startedAtMs, setStartedAtMs] = useState(0);
  const { run, start } = action;
  const begin = useCallback(() => {
    setStartedAtMs(Date.now());
    void queries.invalidateQueries({ queryKey: ['app.tasks'] });
  }, [queries]);
  return {
    ...action,
    channel,
    startedAtMs,
    run: (request) => {
      begin();
      return run(request);
    },
    start: (request) => {
      begin();
      start(request);
    },
  };
}

/** How far a task is that runs, and the way to end it. */
export function useRunning<Name extends ChannelName>({
  channel,
  running,
  startedAtMs,
}: Task<Name>): { readonly task: TaskView | null; readonly progress: ProgressView | null; readonly cancel: () => void } {
  const tasks = useCall('app.tasks', {}, { enabled: running });
  // The newest task of this channel that began with this start is this one: a window starts a channel once at a time.
  const newest = tasks.data
    ?.filter((candidate) => candidate.kind === channel && candidate.startedAtMs >= startedAtMs - 1000)
    .toSorted((first, second) => second.startedAtMs - first.startedAtMs)[0];
  const task = running ? (newest ?? null) : null;
  return {
    task,
    progress: task?.progress ?? null,
    cancel: () => {
      if (task !== null) void call('app.cancelTask', { id: task.id });
    },
  };
}
