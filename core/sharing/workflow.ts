/**
 * The one driver of every state machine that a user waits on. A machine is an explicit list of states; each
 * names who is being waited for and a step that either moves on or waits.
 *
 * Invariant: a record is saved before the next step begins, and every step may be repeated after a crash without
 * doing anything twice (steps are idempotent by content hash, by the state of the chain, or by the outbox).
 */
import { isAppError } from '../base/app-error.ts';

/** Who must act for a machine to leave a state. */
export type Party = 'me' | 'owner' | 'consumer' | 'proxies' | 'pkg' | 'nobody';

/** Where a machine goes after a step: the next record, or undefined when it must wait for somebody. */
export type Outcome<Work> = Work | undefined;

/** One state of a machine. */
export interface Stage<Work> {
  readonly waitsFor: Party;
  /** Does what this state asks for; absent in final states. */
  readonly step?: (work: Work) => Promise<Outcome<Work>>;
}

/** A machine: its record type has the name of its state in `state`. */
export interface Machine<State extends string, Work extends { readonly state: State }> {
  readonly stages: Readonly<Record<State, Stage<Work>>>;
  /** Makes the record durable. */
  readonly save: (work: Work) => Promise<void>;
}

/** Runs `work` until it waits for somebody else or ends, saving after every step; gives the last record. */
export async function advance<State extends string, Work extends { readonly state: State }>(
  machine: Machine<State, Work>,
  work: Work,
  options: { signal?: AbortSignal; onState?: (work: Work) => void } = {},
): Promise<Work> {
  let current = work;
  for (;;) {
    options.signal?.throwIfAborted();
    const next = await machine.stages[current.state].step?.(current);
    if (next === undefined) return current;
    await machine.save(next);
    current = next;
    options.onState?.(current);
  }
}

/**
 * Sends a transaction that anyone may bring, because what it carries is signed by the one whom it binds. When another brought it first the
 * step is done all the same, and the result is undefined: a machine that took the contract's refusal for a failure would wait for ever, and
 * its side would lose its bond.
 */
export async function bring<Sent>(isDone: () => Promise<boolean>, send: () => Promise<Sent>): Promise<Sent | undefined> {
  try {
    return await send();
  } catch (error) {
    if (!isAppError(error, 'CHAIN_TRANSACTION_REJECTED') || !(await isDone())) throw error;
    return undefined;
  }
}
