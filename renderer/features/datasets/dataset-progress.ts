/** How far a dataset has come on its way to the chain, and what the user can do next. Pure. */
import type { DatasetView } from '../../../electron/views.ts';

/** The states of a dataset in their order. */
export const datasetStates = [
  'imported',
  'committed',
  'encrypted',
  'uploaded',
  'recorded',
  'ready',
] as const satisfies readonly DatasetView['state'][];

/** Who the step towards each state waits for. */
export const stepWaitsFor = {
  imported: 'me',
  committed: 'me',
  encrypted: 'me',
  uploaded: 'proxies',
  recorded: 'chain',
  ready: 'pkg',
} as const satisfies Record<DatasetView['state'], string>;

/** A step towards a state, as a list of progress shows it. */
export interface DatasetStep {
  readonly id: DatasetView['state'];
  readonly state: 'done' | 'running' | 'waiting' | 'failed';
  readonly waitsFor: (typeof stepWaitsFor)[DatasetView['state']];
}

// As core/services/agenda.ts has them: what failed for another reason stands still until the user asks again.
const passing: ReadonlySet<string> = new Set([
  'SERVICE_UNREACHABLE',
  'SERVICE_ANSWER_MALFORMED',
  'SERVICE_FAILED',
  'CHAIN_UNREACHABLE',
  'CHAIN_LIMIT_REACHED',
  'SERVICE_BUSY',
  'SERVICE_STOPPING',
  'REQUEST_RATE_LIMITED',
]);

type Progressing = Pick<DatasetView, 'state' | 'publishing' | 'obstacle'>;

/** Whether a dataset that is held up goes on by itself when the network is back. */
export function goesOnByItself({ publishing, obstacle }: Pick<DatasetView, 'publishing' | 'obstacle'>): boolean {
  return publishing && (obstacle === null || passing.has(obstacle.code));
}

/** Whether the files can be deleted: once the dataset is on the chain, they are needed to prove and deliver it. */
export function isRemovable({ state }: Pick<DatasetView, 'state'>): boolean {
  return state !== 'recorded' && state !== 'ready';
}

/** All steps. A step that an obstacle holds up waits while the dataset goes on by itself, and has failed otherwise. */
export function datasetSteps({ state, publishing, obstacle }: Progressing): readonly DatasetStep[] {
  const reached = datasetStates.indexOf(state);
  return datasetStates.map((id, index): DatasetStep => {
    const waitsFor = stepWaitsFor[id];
    if (index <= reached) return { id, state: 'done', waitsFor };
    if (index > reached + 1) return { id, state: 'waiting', waitsFor };
    if (obstacle !== null) return { id, state: goesOnByItself({ publishing, obstacle }) ? 'waiting' : 'failed', waitsFor };
    return { id, state: publishing ? 'running' : 'waiting', waitsFor };
  });
}

/** What the header of a dataset offers: to begin, to go on after a pause or an obstacle, or to find who wants it. */
export function nextAction({ state, publishing, obstacle }: Progressing): 'publish' | 'continue' | 'offer' | null {
  if (state === 'ready') return 'offer';
  if (publishing && obstacle === null) return null;
  return state === 'imported' && obstacle === null ? 'publish' : 'continue';
}
