/** The agenda: what follows from the end of a run, when an entry is due, and that the loop keeps, pauses, and takes up again what was asked for. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { AppError } from '../../core/base/app-error.ts';
import { Agenda, type AgendaEntry, type AgendaPorts, isDue, verdictOf } from '../../core/services/agenda.ts';
import { goesOnByItself } from '../../renderer/features/datasets/dataset-progress.ts';
import { MemoryDocuments } from './services/world.ts';

const text = { what: 'It happened.', consequence: 'Nothing.', remedy: 'None.' };
const failure = (code: string) => ({ kind: 'error', error: new AppError(code, text) }) as const;
const unreachable = failure('CHAIN_UNREACHABLE');
const dataset = { kind: 'dataset', id: '0x01' } as const;
const silent = { signal: new AbortController().signal, onProgress: () => undefined };

describe('the verdict on a run', () => {
  it('lets what is done go, and what waits for somebody wait', () => {
    expect(verdictOf({ kind: 'done' }, 0)).toEqual({ state: 'gone', retryMs: null });
    expect(verdictOf({ kind: 'waits' }, 3)).toEqual({ state: 'waiting-for-other', retryMs: null });
  });

  it('tries again with growing delays while the network is away, for as long as it takes', () => {
    const delays = [0, 1, 2, 3, 50].map((tries) => verdictOf(unreachable, tries));
    expect(delays.map(({ state }) => state)).toEqual(Array(5).fill('waiting-for-network'));
    expect(delays.map(({ retryMs }) => retryMs)).toEqual([2000, 4000, 8000, 16_000, 60_000]);
  });

  it.each(['SERVICE_UNREACHABLE', 'SERVICE_FAILED', 'SERVICE_STOPPING', 'CHAIN_UNREACHABLE'])('goes on by itself after %s', (code) => {
    expect(verdictOf(failure(code), 0)).toEqual({ state: 'waiting-for-network', retryMs: 2000 });
    // The screen of a dataset says the same.
    expect(goesOnByItself({ publishing: true, obstacle: { code, ...text, data: {} } })).toBe(true);
  });

  it('repeats a few times what a process took with it, and leaves alone what repeating does not mend', () => {
    expect(verdictOf(failure('PROOF_PROVER_CRASHED'), 0)).toEqual({ state: 'failed', retryMs: 2000 });
    expect(verdictOf(failure('PROOF_PROVER_CRASHED'), 3)).toEqual({ state: 'failed', retryMs: null });
    expect(verdictOf(failure('CHAIN_INSUFFICIENT_FUNDS'), 0)).toEqual({ state: 'failed', retryMs: null });
    expect(verdictOf({ kind: 'error', error: new TypeError('a fault') }, 0)).toEqual({ state: 'failed', retryMs: null });
  });

  it('takes a cancelled run for a pause', () => {
    expect(verdictOf({ kind: 'error', error: new DOMException('cancelled', 'AbortError') }, 0)).toEqual({ state: 'paused', retryMs: null });
  });
});

describe('an entry is due', () => {
  const now = { ms: 100_000, newBlock: false, backOnline: false };
  it('when it waits for somebody and the chain has moved, or deadlines may have passed', () => {
    const waiting = { state: 'waiting-for-other', retryAtMs: null, lookedAtMs: 99_000 } as const;
    expect(isDue(waiting, now)).toBe(false);
    expect(isDue(waiting, { ...now, newBlock: true })).toBe(true);
    expect(isDue({ ...waiting, lookedAtMs: 70_000 }, now)).toBe(true);
  });

  it('when it waits for the network and its delay is over, or the chain answers again', () => {
    const waiting = { state: 'waiting-for-network', retryAtMs: 110_000, lookedAtMs: 99_000 } as const;
    expect(isDue(waiting, { ...now, newBlock: true })).toBe(false);
    expect(isDue(waiting, { ...now, backOnline: true })).toBe(true);
    expect(isDue(waiting, { ...now, ms: 110_000 })).toBe(true);
  });

  it('never when it is paused, or failed for good', () => {
    const passed = { ms: 10 ** 9, newBlock: true, backOnline: true };
    expect(isDue({ state: 'paused', retryAtMs: null, lookedAtMs: 0 }, passed)).toBe(false);
    expect(isDue({ state: 'failed', retryAtMs: null, lookedAtMs: 0 }, passed)).toBe(false);
  });
});

describe('the loop', () => {
  const documents = () => new MemoryDocuments();
  let opened: Agenda[];
  let block: number | undefined;
  let runs: AgendaEntry[];
  let run: AgendaPorts['run'];
  let onFault: AgendaPorts['onFault'];

  async function open(stored = documents()): Promise<Agenda> {
    const agenda = await Agenda.open({
      documents: stored,
      clock: { nowMs: () => Date.now() },
      newestBlock: async () => {
        if (block === undefined) throw unreachable.error;
        return block;
      },
      run: async (entry, watch) => {
        runs.push(entry);
        return run(entry, watch);
      },
      onChange: () => undefined,
      onChain: () => undefined,
      onFault: (error) => onFault(error),
    });
    opened.push(agenda);
    return agenda;
  }
  /** A run that lasts until it is cancelled. */
  const lasting: AgendaPorts['run'] = (_, { signal }) =>
    new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason), { once: true }));

  beforeEach(() => {
    vi.useFakeTimers();
    opened = [];
    runs = [];
    block = 1;
    run = async () => 'done';
    onFault = (error) => {
      throw error;
    };
  });
  afterEach(async () => {
    await Promise.all(opened.map((agenda) => agenda.close()));
    vi.useRealTimers();
  });

  it('is rid of what is done', async () => {
    const agenda = await open();
    await agenda.attend(dataset, silent);
    expect(agenda.views()).toEqual([]);
    expect(runs).toHaveLength(1);
  });

  it('gives the error to whoever attends, and keeps it beside the entry', async () => {
    const agenda = await open();
    run = async () => {
      throw new AppError('CHAIN_INSUFFICIENT_FUNDS', text);
    };
    await expect(agenda.attend(dataset, silent)).rejects.toMatchObject({ code: 'CHAIN_INSUFFICIENT_FUNDS' });
    expect(agenda.view(dataset)).toMatchObject({ state: 'failed', error: { code: 'CHAIN_INSUFFICIENT_FUNDS' } });
  });

  it('keeps a fault of the program beside the entry too, which stands still', async () => {
    const agenda = await open();
    const fault = Object.assign(new Error('EROFS'), { code: 'EROFS' });
    run = async () => {
      throw fault;
    };
    onFault = () => undefined; // it goes to the log
    await expect(agenda.attend(dataset, silent)).rejects.toBe(fault);
    expect(agenda.view(dataset)).toMatchObject({ state: 'failed', error: fault });
  });

  it('does not take an absent network for a failure, and goes on as soon as the chain answers again', async () => {
    const agenda = await open();
    block = undefined;
    run = async () => {
      if (block === undefined) throw unreachable.error;
      return 'done';
    };
    agenda.begin();
    await agenda.attend(dataset, silent);
    expect(agenda.view(dataset)?.state).toBe('waiting-for-network');
    await vi.advanceTimersByTimeAsync(600_000);
    const before = runs.length;
    expect(before).toBeLessThan(20);
    block = 7;
    await vi.advanceTimersByTimeAsync(2500);
    expect(runs).toHaveLength(before + 1);
    expect(agenda.views()).toEqual([]);
  });

  it('asks what waits for somebody only when the chain has a new block, or now and then', async () => {
    const agenda = await open();
    run = async () => 'waits';
    agenda.begin();
    await agenda.attend(dataset, silent);
    await vi.advanceTimersByTimeAsync(20_000);
    const quiet = runs.length;
    block = 2;
    await vi.advanceTimersByTimeAsync(2500);
    expect(runs).toHaveLength(quiet + 1);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(runs.length - quiet).toBeGreaterThanOrEqual(2);
    expect(runs.length - quiet).toBeLessThan(5);
  });

  it('pauses what is cancelled, also over a restart, until it is asked for again', async () => {
    const stored = documents();
    const agenda = await open(stored);
    run = lasting;
    const stop = new AbortController();
    const attended = agenda.attend(dataset, { ...silent, signal: stop.signal });
    await vi.advanceTimersByTimeAsync(0);
    stop.abort();
    await expect(attended).rejects.toMatchObject({ name: 'AbortError' });
    expect(agenda.view(dataset)?.state).toBe('paused');
    await agenda.close();

    run = async () => 'done';
    const again = await open(stored);
    again.begin();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(runs).toHaveLength(1);
    await again.attend(dataset, silent);
    expect(runs).toHaveLength(2);
    expect(again.views()).toEqual([]);
  });

  it('goes on after a restart with what was interrupted by closing', async () => {
    const stored = documents();
    const agenda = await open(stored);
    run = lasting;
    await agenda.add(dataset);
    await agenda.close();
    run = async () => 'done';
    const again = await open(stored);
    again.begin();
    await vi.advanceTimersByTimeAsync(10);
    expect(runs).toHaveLength(2);
    expect(again.views()).toEqual([]);
  });

  it('does in the next run what was decided during one, and forgets no earlier decision', async () => {
    const agenda = await open();
    const purchase = { kind: 'purchase', id: '5' } as const;
    const ends: (() => void)[] = [];
    run = () => new Promise((resolve) => ends.push(() => resolve('waits')));
    const first = agenda.attend(purchase, silent);
    await vi.advanceTimersByTimeAsync(0);
    const second = agenda.attend(purchase, silent, { accept: true });
    await vi.advanceTimersByTimeAsync(0);
    ends[0]?.();
    await vi.advanceTimersByTimeAsync(0);
    ends[1]?.();
    await Promise.all([first, second]);
    const third = agenda.attend(purchase, silent, { confirm: true });
    await vi.advanceTimersByTimeAsync(0);
    ends[2]?.();
    await third;
    expect(runs.map(({ decided }) => decided)).toEqual([
      { accept: false, confirm: false },
      { accept: true, confirm: false },
      { accept: true, confirm: true },
    ]);
  });

  it('takes off the list what is removed while it runs', async () => {
    const stored = documents();
    const agenda = await open(stored);
    run = lasting;
    await agenda.add(dataset);
    await agenda.remove(dataset);
    expect(agenda.views()).toEqual([]);
    const again = await open(stored);
    expect(again.views()).toEqual([]);
  });
});
