/** The driver of the state machines: every step is saved before the next begins, and whatever ends it, a repetition goes on from the last save. */
import { expect, test } from 'vitest';
import { advance, type Machine } from '../../core/sharing/workflow.ts';

type State = 'one' | 'two' | 'three' | 'done';
interface Work {
  readonly state: State;
  readonly steps: number;
}

function machineOf(log: string[], options: { waitIn?: State; failIn?: State } = {}): Machine<State, Work> {
  const next: Partial<Record<State, State>> = { one: 'two', two: 'three', three: 'done' };
  const stage = (state: State) => ({
    waitsFor: 'me' as const,
    step: async (work: Work) => {
      log.push(`step ${state}`);
      if (options.failIn === state) throw new Error(`failed in ${state}`);
      const to = next[state];
      return options.waitIn === state || to === undefined ? undefined : { state: to, steps: work.steps + 1 };
    },
  });
  return {
    save: async ({ state }) => void log.push(`save ${state}`),
    stages: { one: stage('one'), two: stage('two'), three: stage('three'), done: { waitsFor: 'nobody' } },
  };
}

test('saves each state before its step begins, tells of it, and ends where there is no step', async () => {
  const log: string[] = [];
  const work = await advance(machineOf(log), { state: 'one', steps: 0 }, { onState: ({ state }) => log.push(`now ${state}`) });
  expect(work).toEqual({ state: 'done', steps: 3 });
  expect(log).toEqual(['step one', 'save two', 'now two', 'step two', 'save three', 'now three', 'step three', 'save done', 'now done']);
});

test('stops where a step waits for somebody, and saves nothing for it', async () => {
  const log: string[] = [];
  expect(await advance(machineOf(log, { waitIn: 'two' }), { state: 'one', steps: 0 })).toEqual({ state: 'two', steps: 1 });
  expect(log).toEqual(['step one', 'save two', 'step two']);
});

test('a step that fails leaves the state before it, from which a repetition goes on', async () => {
  const log: string[] = [];
  await expect(advance(machineOf(log, { failIn: 'two' }), { state: 'one', steps: 0 })).rejects.toThrow('failed in two');
  expect(log).toEqual(['step one', 'save two', 'step two']);
  expect(await advance(machineOf([]), { state: 'two', steps: 1 })).toEqual({ state: 'done', steps: 3 });
});

test('a state that could not be saved is not acted on', async () => {
  const log: string[] = [];
  const machine = { ...machineOf(log), save: () => Promise.reject(new Error('disk full')) };
  await expect(advance(machine, { state: 'one', steps: 0 })).rejects.toThrow('disk full');
  expect(log).toEqual(['step one']);
});

test('is cancelled between steps', async () => {
  const log: string[] = [];
  const abort = new AbortController();
  const onState = () => abort.abort(new Error('enough'));
  await expect(advance(machineOf(log), { state: 'one', steps: 0 }, { signal: abort.signal, onState })).rejects.toThrow('enough');
  expect(log).toEqual(['step one', 'save two']);
});
