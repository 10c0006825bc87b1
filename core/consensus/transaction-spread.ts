/**
 * Sees that transactions reach those who order. They are gathered and sent in batches; one that is not final after a while goes to every member
 * (else a silent primary group owes nothing to anyone, and nobody leaves its view), and again ever more rarely until it is final.
 */
import { firstFitting } from './fitting.ts';
import { messageTransactionBytesMax, messageTransactionsMax, spreadTransactionsMax, tickMs, transactionSpreadMs } from './limits.ts';

interface Watched {
  readonly transaction: Uint8Array;
  dueAt: number;
  interval: number;
}

export class TransactionSpread {
  readonly #isPending: (transaction: Uint8Array) => boolean;
  #submitted: Uint8Array[] = [];
  #submittedBytes = 0;
  #watched: Watched[] = [];
  #dueAt = Number.POSITIVE_INFINITY;

  constructor(isPending: (transaction: Uint8Array) => boolean) {
    this.#isPending = isPending;
  }

  /** Whether as much was submitted as goes into one message. */
  get isBatchFull(): boolean {
    return this.#submitted.length >= messageTransactionsMax || this.#submittedBytes >= messageTransactionBytesMax;
  }

  /** What was submitted since this was asked last, in batches of one message. */
  takeSubmitted(): Uint8Array[][] {
    const batches = batchesOf(this.#submitted);
    this.#submitted = [];
    this.#submittedBytes = 0;
    return batches;
  }

  /** Takes a transaction that a client gave to this node, and watches it. Beyond the limit it is only ordered, and not watched. */
  add(transaction: Uint8Array, now: number): void {
    this.#submitted.push(transaction);
    this.#submittedBytes += transaction.length;
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
    return batchesOf(due.map(({ transaction }) => transaction));
  }
}

function batchesOf(transactions: readonly Uint8Array[]): Uint8Array[][] {
  const bounds = { count: messageTransactionsMax, bytes: messageTransactionBytesMax };
  const batches: Uint8Array[][] = [];
  for (let rest = transactions; rest.length > 0; rest = rest.slice(batches.at(-1)?.length))
    batches.push(firstFitting(rest, bounds, ({ length }) => length));
  return batches;
}
