/**
 * Calls over a message port: between main and a service, and between two services that main has connected. Both sides
 * call and answer. A call can be cancelled, tells its progress, and fails with the error of whoever answered.
 *
 * Invariant: everything that arrives is checked before it is used; a message of another shape is dropped, since only our
 * own processes hold an end of a port and one that is broken must not break the others.
 */
import { z } from 'zod';
import { AppError, isAppError } from '../core/base/app-error.ts';
import { english, plainly, type Said, type Sentence } from '../core/base/sentence.ts';
import type { Answer } from './ipc-contract.ts';
import { type ErrorView, errorView, sentenceLengthMax } from './views.ts';

/** What Electron's ports have in common: `process.parentPort`, `UtilityProcess` and `MessagePortMain`. */
export interface Port {
  postMessage(message: unknown, transfer?: unknown[]): void;
  on(event: 'message', listener: (message: unknown) => void): unknown;
}

/** What an answerer hears beside the value. */
export interface CallContext {
  readonly signal: AbortSignal;
  readonly onProgress: (progress: unknown) => void;
}

/** Answers calls by name. */
export type Handlers = Readonly<Record<string, (value: never, context: CallContext) => unknown>>;

const id = z.int().min(0);
const name = z.string().max(100);
const messageShape = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('call'), id, name, value: z.unknown() }),
  z.strictObject({ kind: z.literal('cancel'), id }),
  z.strictObject({ kind: z.literal('progress'), id, value: z.unknown() }),
  z.strictObject({
    kind: z.literal('answer'),
    id,
    answer: z.discriminatedUnion('ok', [
      z.strictObject({ ok: z.literal(true), value: z.unknown() }),
      z.strictObject({ ok: z.literal(false), error: errorView }),
    ]),
  }),
  z.strictObject({ kind: z.literal('event'), name, value: z.unknown() }),
]);
type Message = z.infer<typeof messageShape>;

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
  readonly onProgress: (progress: unknown) => void;
}

/** One end of a port. */
export class Link {
  readonly #port: Port;
  readonly #waiting = new Map<number, Waiting>();
  readonly #running = new Map<number, AbortController>();
  readonly #listeners = new Map<string, (value: unknown) => void>();
  readonly #onFault: (fault: string) => void;
  #handlers: Handlers;
  #next = 0;
  #closed: AppError | undefined;

  /** `onFault` hears, for a log, where a handler failed by a fault of the program. */
  constructor(port: Port, handlers: Handlers = {}, onFault: (fault: string) => void = () => undefined) {
    this.#port = port;
    this.#handlers = handlers;
    this.#onFault = onFault;
    // Electron gives the data itself on a UtilityProcess, and an event around it elsewhere.
    port.on('message', (event) => this.#hear(messageShape.safeParse(isEvent(event) ? event.data : event).data));
  }

  /** Replaces what this end answers. */
  answer(handlers: Handlers): void {
    this.#handlers = handlers;
  }

  /** Hears events of the other end. */
  listen(event: string, listener: (value: unknown) => void): void {
    this.#listeners.set(event, listener);
  }

  /** Tells the other end something. */
  tell(event: string, value: unknown): void {
    this.#send({ kind: 'event', name: event, value });
  }

  /**
   * Asks the other end. The caller knows the type, or checks it.
   * @throws AppError of the answerer, `SERVICE_ENDED` when it dies before it has answered, the signal's reason when aborted
   */
  call<Result>(
    method: string,
    value: unknown,
    options: { readonly signal?: AbortSignal | undefined; readonly onProgress?: ((progress: unknown) => void) | undefined } = {},
  ): Promise<Result> {
    const { signal, onProgress = () => undefined } = options;
    return new Promise<Result>((resolve, reject) => {
      if (this.#closed) return reject(this.#closed);
      if (signal?.aborted) return reject(signal.reason);
      const call = this.#next++;
      const cancel = () => this.#send({ kind: 'cancel', id: call });
      const settle = <Value>(end: (value: Value) => void) => {
        return (outcome: Value) => {
          signal?.removeEventListener('abort', cancel);
          this.#waiting.delete(call);
          end(outcome);
        };
      };
      this.#waiting.set(call, {
        resolve: settle((result) => resolve(result as Result)),
        // A cancelled call ends with the caller's own reason, as an aborted one does everywhere.
        reject: settle((error) => reject(signal?.aborted ? signal.reason : error)),
        onProgress,
      });
      signal?.addEventListener('abort', cancel, { once: true });
      this.#send({ kind: 'call', id: call, name: method, value });
    });
  }

  /** The other end is gone: every open call fails with this. */
  close(error: AppError): void {
    this.#closed = error;
    for (const { reject } of [...this.#waiting.values()]) reject(error);
    for (const controller of this.#running.values()) controller.abort(error);
  }

  #send(message: Message): void {
    if (!this.#closed) this.#port.postMessage(message);
  }

  #hear(message: Message | undefined): void {
    if (message === undefined) return;
    if (message.kind === 'call') void this.#perform(message.id, message.name, message.value);
    if (message.kind === 'cancel') this.#running.get(message.id)?.abort(new DOMException('cancelled', 'AbortError'));
    if (message.kind === 'progress') this.#waiting.get(message.id)?.onProgress(message.value);
    if (message.kind === 'event') this.#listeners.get(message.name)?.(message.value);
    if (message.kind !== 'answer') return;
    const waiting = this.#waiting.get(message.id);
    if (message.answer.ok) waiting?.resolve(message.answer.value);
    else waiting?.reject(errorOf(message.answer.error));
  }

  async #perform(call: number, method: string, value: unknown): Promise<void> {
    const controller = new AbortController();
    this.#running.set(call, controller);
    const onProgress = (progress: unknown) => this.#send({ kind: 'progress', id: call, value: progress });
    const answer = await answerOf(async () => {
      const handler = Object.hasOwn(this.#handlers, method) ? this.#handlers[method] : undefined;
      if (handler === undefined) throw new TypeError(`nobody answers ${method}`);
      return handler(value as never, { signal: controller.signal, onProgress });
    }, this.#onFault);
    this.#running.delete(call);
    this.#send({ kind: 'answer', id: call, answer });
  }
}

/** Runs `work` and puts its result, or its error in words, into an answer. `onFault` hears of faults of the program. */
export async function answerOf<Value>(
  work: () => Promise<Value>,
  onFault: (fault: string) => void = () => undefined,
): Promise<Answer<Value>> {
  try {
    return { ok: true, value: await work() };
  } catch (error) {
    const view = viewOfError(error);
    if (view.code === programFault) onFault(faultText(error));
    return { ok: false, error: view };
  }
}

const programFault = 'PROGRAM_FAULT';
const faultFramesMax = 8;

/** Where a fault of the program happened. Its message is left out: it may quote what was secret. */
export function faultText(error: unknown): string {
  if (error instanceof z.ZodError)
    return `fault: unexpected shape at ${error.issues.map(({ code, path }) => `${path.join('.')} (${code})`).join(', ')}`;
  if (!(error instanceof Error)) return 'fault: something was thrown that is no error';
  const frames = (error.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line));
  return `fault: ${error.name}${frames
    .slice(0, faultFramesMax)
    .map((frame) => ` <${frame.trim()}`)
    .join('')}`;
}

/** An error as windows get it. What is no operating error is a fault of the program: its message may hold anything, so it stays in this process. */
export function viewOfError(error: unknown): ErrorView {
  if (error instanceof Error && error.name === 'AbortError')
    return {
      code: 'CANCELLED',
      what: 'This was cancelled.',
      consequence: 'What was finished before is kept.',
      remedy: 'Start it again whenever you like; it goes on where it stopped.',
      data: {},
    };
  if (isAppError(error)) {
    // Some quote what others wrote, such as a contract's reason. An answer whose error is too long would be dropped, and whoever asked would wait for ever.
    const bounded = (sentence: Sentence): Said => {
      const text = english(sentence);
      return text.length > sentenceLengthMax ? text.slice(0, sentenceLengthMax) : plainly(sentence);
    };
    const { what, consequence, remedy } = error.sentences;
    return {
      code: error.code,
      what: bounded(what),
      consequence: bounded(consequence),
      remedy: bounded(remedy),
      data: { ...error.data },
    };
  }
  return {
    code: programFault,
    what: 'Something went wrong inside Vouchsafe.',
    consequence: 'This step was not done. What was saved before is safe.',
    remedy: 'Try again. If it happens again, save the diagnostics in Settings and report it.',
    data: {},
  };
}

/** The error behind a view. */
export function errorOf({ code, data, ...sentences }: ErrorView): AppError | DOMException {
  return code === 'CANCELLED' ? new DOMException('cancelled', 'AbortError') : new AppError(code, sentences, { data });
}

function isEvent(event: unknown): event is { data: unknown } {
  return typeof event === 'object' && event !== null && 'data' in event && !('kind' in event);
}
