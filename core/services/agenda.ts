/**
 * What the user has asked for and what goes on by itself until it is done: datasets being published, requirements, offers, purchases. It is kept
 * in the sealed home, so it goes on after a restart and when the network is back; cancelling pauses an entry until the user asks again.
 *
 * Invariants: an entry is worked on by one run at a time; waiting costs a question to the chain every few seconds at most; what fails for a reason
 * that time does not mend stands still until the user asks again or the program starts anew.
 */
import { z } from 'zod';
import { isAppError } from '../base/app-error.ts';
import type { Clock } from '../base/ports.ts';
import type { Documents } from '../sharing/documents.ts';
import { passingServiceErrors } from '../sharing/services.ts';

/** Milliseconds between two looks at the chain while something goes on, and while nothing does. */
const POLL_MS = { open: 2000, quiet: 10_000 };
/** Deadlines pass without a block: what waits for somebody is looked at this often at least. */
const LOOK_MS = 30_000;
const RETRY_MS = { first: 2000, most: 60_000 };
/** Times that a step is repeated whose process died. */
const REPETITIONS_MAX = 3;

const documentName = 'agenda';
const entrySchema = z.strictObject({
  kind: z.enum(['dataset', 'requirement', 'offer', 'purchase']),
  id: z.string().min(1).max(80),
  paused: z.boolean(),
  /** Of a purchase: what the user has decided. */
  decided: z.strictObject({ accept: z.boolean(), confirm: z.boolean() }),
  sinceMs: z.int(),
});
const agendaSchema = z.strictObject({ version: z.literal(1), entries: z.array(entrySchema).max(100_000) });
/** Something that was asked for. */
export type AgendaEntry = z.infer<typeof entrySchema>;
export type EntryName = Pick<AgendaEntry, 'kind' | 'id'>;

/** Where an entry stands. */
export type EntryState = 'running' | 'waiting-for-network' | 'waiting-for-other' | 'failed' | 'paused';

/** How far a run is. */
export interface EntryProgress {
  readonly step: string;
  readonly fraction: number | null;
}

/** An entry as others see it. */
export interface EntryView {
  readonly entry: AgendaEntry;
  readonly state: EntryState;
  /** Of the run that goes on; null before it has done anything. */
  readonly progress: EntryProgress | null;
  /** Why it waits for the network, or failed: an AppError, or a fault of the program; null where nothing went wrong. */
  readonly error: unknown;
  /** Whether somebody waits for the end of the run. */
  readonly attended: boolean;
}

/** How a run ended. */
export type RunEnd = { readonly kind: 'done' } | { readonly kind: 'waits' } | { readonly kind: 'error'; readonly error: unknown };

/** What follows from the end of a run. `retryMs` is when to try again by itself. */
export interface Verdict {
  readonly state: EntryState | 'gone';
  readonly retryMs: number | null;
}

/** Errors that pass when the network is back, or a service is whole again: an offer that stood still for one would miss its time and lose its bond. */
const networkErrors = [...passingServiceErrors, 'CHAIN_UNREACHABLE', 'CHAIN_LIMIT_REACHED'];
/** Errors of a process that is started again. */
const processErrors = ['SERVICE_ENDED', 'PROOF_PROVER_CRASHED'];

/** Decides what an entry does after a run. `tries` counts the runs that failed in a row before this one. */
export function verdictOf(end: RunEnd, tries: number): Verdict {
  if (end.kind === 'done') return { state: 'gone', retryMs: null };
  if (end.kind === 'waits') return { state: 'waiting-for-other', retryMs: null };
  if (isCancelled(end.error)) return { state: 'paused', retryMs: null };
  const retryMs = Math.min(RETRY_MS.first * 2 ** Math.min(tries, 10), RETRY_MS.most);
  if (isAppError(end.error) && networkErrors.includes(end.error.code)) return { state: 'waiting-for-network', retryMs };
  const repeated = isAppError(end.error) && processErrors.includes(end.error.code) && tries < REPETITIONS_MAX;
  return { state: 'failed', retryMs: repeated ? retryMs : null };
}

/** What the chain's new state, or the time, means for an entry. */
export function isDue(
  { state, retryAtMs, lookedAtMs }: { readonly state: EntryState; readonly retryAtMs: number | null; readonly lookedAtMs: number },
  now: { readonly ms: number; readonly newBlock: boolean; readonly backOnline: boolean },
): boolean {
  if (state === 'waiting-for-other') return now.newBlock || now.ms - lookedAtMs >= LOOK_MS;
  if (state === 'waiting-for-network' && now.backOnline) return true;
  return (state === 'waiting-for-network' || state === 'failed') && retryAtMs !== null && now.ms >= retryAtMs;
}

function isCancelled(error: unknown): boolean {
  return error instanceof Error && error.name === 'AbortError';
}

/** What the agenda needs. */
export interface AgendaPorts {
  readonly documents: Documents;
  readonly clock: Clock;
  /** Number of the newest block. @throws AppError when the chain does not answer */
  readonly newestBlock: () => Promise<number>;
  /** Goes on with an entry as far as possible: `done` when nothing is left to do by itself, `waits` when somebody else must act. */
  readonly run: (
    entry: AgendaEntry,
    watch: { readonly signal: AbortSignal; readonly onProgress: (progress: EntryProgress) => void },
  ) => Promise<'done' | 'waits'>;
  /** Told of every change of an entry; `null` when it is gone. */
  readonly onChange: (name: EntryName, view: EntryView | null) => void;
  /** Told when the chain has a new block, and when it answers again or no longer. */
  readonly onChain: (chain: { readonly online: boolean; readonly newBlock: boolean }) => void;
  /** What went wrong in the program itself, for the log. */
  readonly onFault: (error: unknown) => void;
}

interface Item {
  entry: AgendaEntry;
  state: EntryState;
  progress: EntryProgress | null;
  error: unknown;
  tries: number;
  retryAtMs: number | null;
  lookedAtMs: number;
  attended: number;
  run: { readonly controller: AbortController; readonly ended: Promise<RunEnd>; again: boolean } | undefined;
  readonly listeners: Set<(progress: EntryProgress) => void>;
}

/** The list, and the one loop that works on it. */
export class Agenda {
  readonly #ports: AgendaPorts;
  readonly #items = new Map<string, Item>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #block: number | undefined;
  #online = true;
  #closed = false;
  #looking: Promise<void> = Promise.resolve();

  private constructor(ports: AgendaPorts, entries: readonly AgendaEntry[]) {
    this.#ports = ports;
    for (const entry of entries) this.#items.set(keyOf(entry), newItem(entry));
  }

  /** Opens the list of a home. Nothing runs before {@link begin}. */
  static async open(ports: AgendaPorts): Promise<Agenda> {
    const stored = await ports.documents.load(documentName, agendaSchema);
    return new Agenda(ports, stored?.entries ?? []);
  }

  /** Goes on with everything that is not paused, and from now on by itself. */
  begin(): void {
    for (const item of this.#items.values()) if (!item.entry.paused) this.#start(item);
    this.#look();
  }

  /** Whether the chain answered when it was asked last. */
  get online(): boolean {
    return this.#online;
  }

  /** Where an entry stands; undefined when it is not on the list. */
  view(name: EntryName): EntryView | undefined {
    const item = this.#items.get(keyOf(name));
    return item && viewOf(item);
  }

  /** All entries. */
  views(): EntryView[] {
    return [...this.#items.values()].map(viewOf);
  }

  /** Puts something on the list, or goes on with it, and works on it by itself. */
  async add(name: EntryName, decided: Partial<AgendaEntry['decided']> = {}): Promise<void> {
    this.#start(await this.#put(name, decided));
  }

  /**
   * As {@link add}, and waits until the run has gone as far as it goes: to its end, or until somebody else or the network must come first. An abort
   * pauses the entry.
   * @throws what the run failed with; the signal's reason
   */
  async attend(
    name: EntryName,
    watch: { readonly signal: AbortSignal; readonly onProgress: (progress: EntryProgress) => void },
    decided: Partial<AgendaEntry['decided']> = {},
  ): Promise<void> {
    const item = await this.#put(name, decided);
    item.attended++;
    item.listeners.add(watch.onProgress);
    const cancel = () => void this.pause(name).catch(this.#ports.onFault);
    watch.signal.addEventListener('abort', cancel, { once: true });
    try {
      watch.signal.throwIfAborted();
      let end = await this.#start(item);
      // What was decided while an earlier run went on is done by the next one.
      while (end.kind !== 'error' && item.run !== undefined) end = await item.run.ended;
      if (end.kind === 'error' && verdictOf(end, 0).state !== 'waiting-for-network') throw end.error;
    } finally {
      watch.signal.removeEventListener('abort', cancel);
      item.listeners.delete(watch.onProgress);
      item.attended--;
      if (this.#items.has(keyOf(name))) this.#ports.onChange(name, viewOf(item));
    }
  }

  /** Stops working on an entry until the user asks for it again. */
  async pause(name: EntryName): Promise<void> {
    const item = this.#items.get(keyOf(name));
    if (item === undefined) return;
    item.entry = { ...item.entry, paused: true };
    await this.#save();
    const { run } = item;
    run?.controller.abort(new DOMException('cancelled', 'AbortError'));
    await run?.ended;
    // It may have come to its end before the abort.
    if (this.#items.get(keyOf(name)) !== item) return;
    item.state = 'paused';
    this.#ports.onChange(name, viewOf(item));
  }

  /** Takes an entry off the list. */
  async remove(name: EntryName): Promise<void> {
    await this.pause(name);
    this.#items.delete(keyOf(name));
    await this.#save();
    this.#ports.onChange(name, null);
  }

  /** Looks at the chain now rather than in a while. */
  wake(): void {
    clearTimeout(this.#timer);
    this.#look();
  }

  /** Ends every run; nothing is paused by it. */
  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    const runs = [...this.#items.values()].flatMap(({ run }) => run ?? []);
    for (const { controller } of runs) controller.abort(new DOMException('closing', 'AbortError'));
    await Promise.all(runs.map(({ ended }) => ended));
    await this.#looking;
  }

  async #put(name: EntryName, decided: Partial<AgendaEntry['decided']>): Promise<Item> {
    const key = keyOf(name);
    const known = this.#items.get(key);
    const before = known?.entry ?? {
      ...name,
      paused: false,
      decided: { accept: false, confirm: false },
      sinceMs: this.#ports.clock.nowMs(),
    };
    const entry: AgendaEntry = {
      kind: before.kind,
      id: before.id,
      paused: false,
      decided: {
        accept: before.decided.accept || decided.accept === true,
        confirm: before.decided.confirm || decided.confirm === true,
      },
      sinceMs: before.sinceMs,
    };
    const item = known ?? newItem(entry);
    const isNew = known === undefined || JSON.stringify(known.entry) !== JSON.stringify(entry);
    if (item.run !== undefined && isNew) item.run.again = true;
    item.entry = entry;
    item.tries = 0;
    this.#items.set(key, item);
    if (isNew) await this.#save();
    return item;
  }

  /** Starts a run unless one goes on; gives its end. */
  #start(item: Item): Promise<RunEnd> {
    if (item.run !== undefined) return item.run.ended;
    const controller = new AbortController();
    const { entry } = item;
    item.state = 'running';
    item.progress = null;
    item.retryAtMs = null;
    const onProgress = (progress: EntryProgress) => {
      item.progress = progress;
      for (const listener of item.listeners) listener(progress);
      this.#ports.onChange(entry, viewOf(item));
    };
    const work = async (): Promise<RunEnd> => {
      try {
        return { kind: await this.#ports.run(entry, { signal: controller.signal, onProgress }) };
      } catch (error) {
        if (!isAppError(error) && !isCancelled(error)) this.#ports.onFault(error);
        return { kind: 'error', error };
      }
    };
    const run = { controller, again: false, ended: work().then((end) => this.#settle(item, end)) };
    item.run = run;
    return run.ended;
  }

  async #settle(item: Item, end: RunEnd): Promise<RunEnd> {
    const again = item.run?.again === true;
    item.run = undefined;
    const verdict = verdictOf(end, item.tries);
    const nowMs = this.#ports.clock.nowMs();
    item.tries = end.kind === 'error' ? item.tries + 1 : 0;
    item.lookedAtMs = nowMs;
    item.error = end.kind === 'error' && !isCancelled(end.error) ? end.error : null;
    item.retryAtMs = verdict.retryMs === null ? null : nowMs + verdict.retryMs;
    item.progress = null;
    if (this.#closed) return end;
    if (again && !item.entry.paused && end.kind !== 'error') {
      this.#start(item);
      return end;
    }
    if (verdict.state === 'gone') {
      this.#items.delete(keyOf(item.entry));
      // An entry that could not be taken off the stored list is found done at the next start.
      await this.#save().catch(this.#ports.onFault);
      this.#ports.onChange(item.entry, null);
    } else {
      item.state = verdict.state;
      this.#ports.onChange(item.entry, viewOf(item));
    }
    return end;
  }

  #look(): void {
    this.#looking = this.#lookOnce().catch(this.#ports.onFault);
  }

  async #lookOnce(): Promise<void> {
    const wasOnline = this.#online;
    let newBlock = false;
    try {
      const block = await this.#ports.newestBlock();
      newBlock = block !== this.#block;
      this.#block = block;
      this.#online = true;
    } catch (error) {
      if (!isAppError(error)) throw error;
      this.#online = false;
    } finally {
      if (!this.#closed) this.#schedule();
    }
    if (this.#closed) return;
    const backOnline = this.#online && !wasOnline;
    if (newBlock || this.#online !== wasOnline) this.#ports.onChain({ online: this.#online, newBlock });
    const now = { ms: this.#ports.clock.nowMs(), newBlock, backOnline };
    for (const item of this.#items.values()) if (!item.entry.paused && item.run === undefined && isDue(item, now)) this.#start(item);
  }

  #schedule(): void {
    const isOpen = [...this.#items.values()].some(({ entry, state }) => !entry.paused && state !== 'failed');
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#look(), isOpen ? POLL_MS.open : POLL_MS.quiet);
  }

  #save(): Promise<void> {
    return this.#ports.documents.save(documentName, { version: 1, entries: [...this.#items.values()].map(({ entry }) => entry) });
  }
}

function keyOf({ kind, id }: EntryName): string {
  return `${kind} ${id}`;
}

function newItem(entry: AgendaEntry): Item {
  return {
    entry,
    state: entry.paused ? 'paused' : 'waiting-for-other',
    progress: null,
    error: null,
    tries: 0,
    retryAtMs: null,
    lookedAtMs: 0,
    attended: 0,
    run: undefined,
    listeners: new Set(),
  };
}

function viewOf({ entry, state, progress, error, attended }: Item): EntryView {
  return { entry, state, progress, error, attended: attended > 0 };
}
