/** What every part of a vault works with. */
import type { DatasetDocument } from '../../core/adapters/dataset-folder.ts';
import type { DatasetPlace } from '../../core/adapters/dataset-work.ts';
import { isAppError } from '../../core/base/app-error.ts';
import type { Hex } from '../../core/base/bytes.ts';
import type { Agenda, EntryName, EntryProgress } from '../../core/services/agenda.ts';
import type { Participant } from '../../core/services/participant.ts';
import type { EventOf } from '../ipc-contract.ts';
import type { CallContext } from '../link.ts';
import { viewOfError } from '../link.ts';
import { type ErrorView, secondsMax } from '../views.ts';
import type { ChainMemory } from './vault-memory.ts';

export type Topic = EventOf<'data.changed'>['topics'][number];

/** An open vault. */
export interface Vault {
  readonly participant: Participant;
  readonly agenda: Agenda;
  readonly chain: ChainMemory;
  /** `dataset.json` of a dataset, which never changes; undefined when its files are not here. */
  readonly description: (place: DatasetPlace) => Promise<DatasetDocument | undefined>;
  /** Tells windows what to ask for again. */
  readonly changed: (...topics: Topic[]) => void;
}

/** Whether an address is one of this home's pseudonyms. */
export function isOwn({ participant }: Vault, address: Hex): boolean {
  return participant.pseudonyms.some((pseudonym) => pseudonym.address === address);
}

/** Why an entry of the agenda does not go on, as windows see it. */
export function obstacleOf({ agenda }: Vault, name: EntryName): ErrorView | null {
  const error = agenda.view(name)?.error ?? null;
  return error === null ? null : viewOfError(error);
}

/** A time of the chain as windows get it. Others choose some of them, which no calendar may have. */
export function secondsView(seconds: bigint): number {
  return Number(seconds < secondsMax ? seconds : secondsMax);
}

/** Gives what `ask` gives, or `otherwise` while the chain does not answer. */
export async function whileOnline<Answer, Other>(ask: () => Promise<Answer>, otherwise: Other): Promise<Answer | Other> {
  try {
    return await ask();
  } catch (error) {
    if (!isAppError(error, 'CHAIN_UNREACHABLE')) throw error;
    return otherwise;
  }
}

/** A call's context as the agenda watches it. */
export function watchOf({ signal, onProgress }: CallContext): {
  readonly signal: AbortSignal;
  readonly onProgress: (progress: EntryProgress) => void;
} {
  return { signal, onProgress };
}

/** Progress over bytes or segments as a fraction of a step. */
export function progressOf(step: string, onProgress: (progress: EntryProgress) => void): (done: number, total: number) => void {
  return (done, total) => onProgress({ step, fraction: total === 0 ? null : Math.min(1, done / total) });
}
