/**
 * Sees that transactions reach those who order: one that is not final after a while goes to every member (else a silent primary group owes
 * nothing to anyone, and nobody leaves its view), and again ever more rarely until it is final.
 */
import { messageTransactionsMax, spreadTransactionsMax, tickMs, transactionSpreadMs } from './limits.ts';

interface Watched {
  readonly transaction: Uint8Array;
  dueAt: number;
  interval: number;
}

export class TransactionSpread {
  readonly #isPending: (transaction: Uint8Array) => boolean;
  #watched: Watched[] = [];
  #dueAt = Number.POSITIVE_INFINITY;

  constructor(isPending: (transaction: Uint8Array) => boolean) {
    this.#isPending = isPending;
  }

  /** Watches a transaction that a client gave to this node. Beyond the limit it is only ordered, and not watched. */
  add(transaction: Uint8Array, now: number): void {
    if (this.#watched.length >= spreadTransactionsMax) return;
    const interval = transactionSpreadMs / tickMs;
    this.#watched.push({ transaction, dueAt: now + interval, interval });
    this.#dueAt = Math.min(this.#dueAt, now + interval);
  }

  /** What is to be sent to everybody now, in messages of a bounded size. */
  due(now: number): Uint8Array[][] {
    if (now < this.#dueAt) return [];
    this.#watched = this.#watched.filter(({ transaction }) => this.#isPending(transaction));
    const due = this.#watched.filter(({ dueAt }) => dueAt <= now);
    for (const watched of due) {
      watched.interval *= 2;
      watched.dueAt = now + watched.interval;
    }
    this.#dueAt = this.#watched.reduce((first, { dueAt }) => Math.min(first, dueAt), Number.POSITIVE_INFINITY);
    const transactions = due.map(({ transaction }) => transaction);
    return Array.from({ length: Math.ceil(transactions.length / messageTransactionsMax) }, (_, index) =>
      transactions.slice(index * messageTransactionsMax, (index + 1) * messageTransactionsMax),
    );
  }
}
