/**
 * What a leader owes its group: every proposal, certificate and NEW-VIEW that a follower knows of must come by the leader's log, too. A
 * leader who owes something for too long does not do its work; its heartbeats then count for nothing (raft.ts).
 */
import { obligationMs, obligationsMax, tickMs } from '../limits.ts';
import type { Proposal } from '../proposal.ts';
import type { LogEntry } from './message.ts';

interface Obligation {
  readonly entry: LogEntry;
  since: number;
  /** Whether the rest of the group was told: a majority deposes. */
  isTold: boolean;
}

export class Obligations {
  /** By what the entry is. */
  readonly #owed = new Map<string, Obligation>();
  /** What came by the log of the present leader, or what this leader appended. */
  #done = new Set<string>();

  /** Something came by the leader's log, or was appended to it; whether for the first time. */
  fulfil(entry: LogEntry): boolean {
    const key = keyOf(entry);
    this.#owed.delete(key);
    for (const [other, { entry: owed }] of this.#owed)
      if (isFinality(owed) && finalHeightBy(entry) >= owed.certificate.height) this.#owed.delete(other);
    if (this.#done.has(key)) return false;
    if (this.#done.size >= obligationsMax) for (const first of [...this.#done].slice(0, 1)) this.#done.delete(first);
    this.#done.add(key);
    return true;
  }

  /** Something that the leader should replicate came from elsewhere. */
  owe(entry: LogEntry, now: number): void {
    const key = keyOf(entry);
    if (this.#done.has(key) || this.#owed.has(key) || this.#owed.size >= obligationsMax) return;
    // Of final blocks the oldest counts: a leader who brings a later one has done enough.
    if (isFinality(entry) && [...this.#owed.values()].some((obligation) => isFinality(obligation.entry))) return;
    this.#owed.set(key, { entry, since: now, isTold: false });
  }

  /** A new leader owes everything anew. */
  onNewLeader(now: number): void {
    this.#done = new Set();
    for (const obligation of this.#owed.values()) obligation.since = now;
  }

  /** Forgets what no longer matters; that a block is final does, also to those who know it. */
  keep(isNews: (entry: LogEntry) => boolean): void {
    for (const [key, { entry }] of this.#owed) if (!isNews(entry) && !isFinality(entry)) this.#owed.delete(key);
  }

  /** What is owed for too long; `untold` are those that the group was not told of before. */
  late(now: number): { readonly isLate: boolean; readonly untold: readonly LogEntry[] } {
    let isLate = false;
    const untold: LogEntry[] = [];
    for (const obligation of this.#owed.values()) {
      if (now - obligation.since < obligationMs / tickMs) continue;
      isLate = true;
      if (!obligation.isTold) untold.push(obligation.entry);
      obligation.isTold = true;
    }
    return { isLate, untold };
  }
}

type CertificateEntry = Extract<LogEntry, { kind: 'certificate' }>;

function isFinality(entry: LogEntry): entry is CertificateEntry & { certificate: { phase: 'commit' } } {
  return entry.kind === 'certificate' && entry.certificate.phase === 'commit';
}

/** The height up to which a leader who brings an entry shows that blocks are final. */
function finalHeightBy(entry: LogEntry): number {
  switch (entry.kind) {
    case 'offer':
      return entry.offer.proposal.height - 1;
    case 'certificate':
      return isFinality(entry) ? entry.certificate.height : entry.certificate.height - 1;
    case 'new-view':
      return entry.newView.finalCertificate?.height ?? 0;
  }
}

function keyOf(entry: LogEntry): string {
  switch (entry.kind) {
    case 'offer': {
      const { height, view, blockHash }: Proposal = entry.offer.proposal;
      return `offer ${height} ${view} ${blockHash}`;
    }
    case 'certificate': {
      const { phase, height, view, blockHash } = entry.certificate;
      return `${phase} ${height} ${view} ${blockHash}`;
    }
    case 'new-view':
      return `new-view ${entry.newView.finalCertificate?.height ?? 0} ${entry.newView.view}`;
  }
}
