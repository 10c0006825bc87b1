/**
 * A disk with one log: appends become durable together at the next sync; a crash loses what was not synced, except for a first part, which
 * may end in the middle of a record. A record that is cut is what a checksum finds: recovery drops it.
 */
import type { DurableRecord } from '../../core/consensus/record.ts';
import type { VoteLog } from '../../core/consensus/runtime.ts';

interface Batch {
  readonly records: readonly DurableRecord[];
  readonly done: () => void;
}

export class VirtualDisk implements VoteLog {
  /** What survives a crash. */
  readonly durable: DurableRecord[] = [];
  /** The signatures in it: what may leave. */
  readonly #signatures = new WeakSet<Uint8Array>();
  #unsynced: Batch[] = [];
  readonly #scheduleSync: () => void;

  /** `scheduleSync` sees that {@link sync} is called some time later. */
  constructor(scheduleSync: () => void) {
    this.#scheduleSync = scheduleSync;
  }

  append(records: readonly DurableRecord[], done: () => void): void {
    if (records.length === 0 && this.#unsynced.length === 0) {
      done();
      return;
    }
    this.#unsynced.push({ records, done });
    if (this.#unsynced.length === 1) this.#scheduleSync();
  }

  get isDirty(): boolean {
    return this.#unsynced.length > 0;
  }

  /** Group commit: one sync for all that waits. */
  sync(): void {
    const batches = this.#unsynced;
    this.#unsynced = [];
    for (const { records } of batches) this.#keep(records);
    for (const { done } of batches) done();
  }

  /** Loses what was not synced, but for the first `kept` records. How many were lost. */
  crash(kept: (count: number) => number): number {
    const records = this.#unsynced.flatMap((batch) => batch.records);
    this.#unsynced = [];
    const count = kept(records.length);
    this.#keep(records.slice(0, count));
    return records.length - count;
  }

  /** Loses what had been durable, but for the first records: damage, or an old copy in the place of the log. */
  cut(kept: number): void {
    this.durable.length = Math.min(this.durable.length, kept);
  }

  /** Whether a signature of this node may leave. */
  has(signature: Uint8Array): boolean {
    return this.#signatures.has(signature);
  }

  #keep(records: readonly DurableRecord[]): void {
    for (const record of records) {
      this.durable.push(record);
      if (record.kind === 'vote') this.#signatures.add(record.vote.signature);
      if (record.kind === 'statement') this.#signatures.add(record.proven.statement.signature);
      if (record.kind === 'proposal') this.#signatures.add(record.proposal.signature);
    }
  }
}
