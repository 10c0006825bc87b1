/**
 * Transactions that wait for a block. One that its account can execute (its nonce follows without a gap, its
 * coins suffice for all that wait) is never given up; one behind a gap makes room when the pool is full.
 */
import type { Hex } from '../base/bytes.ts';
import type { AccountState } from './evm.ts';
import { accountTransactionsMax, mempoolBytesMax, mempoolTransactionsMax, nonceGapMax } from './limits.ts';
import type { SignedTransaction } from './transaction.ts';

/** Whether a transaction was taken; `evicted` are those that made room for it. */
export type MempoolVerdict =
  | { readonly kind: 'added'; readonly evicted: readonly Hex[] }
  | { readonly kind: 'known' }
  | { readonly kind: 'refused'; readonly reason: string };

export class Mempool {
  readonly #accountOf: (address: Hex) => AccountState;
  /** In order of arrival. */
  readonly #byHash = new Map<Hex, SignedTransaction>();
  readonly #bySender = new Map<Hex, Map<number, SignedTransaction>>();
  /** Accounts whose next nonce waits here. */
  readonly #ready = new Set<Hex>();
  #bytes = 0;

  /** `accountOf` reads the committed state. */
  constructor(accountOf: (address: Hex) => AccountState) {
    this.#accountOf = accountOf;
  }

  get size(): number {
    return this.#byHash.size;
  }

  get(hash: Hex): SignedTransaction | undefined {
    return this.#byHash.get(hash);
  }

  hasExecutable(): boolean {
    return this.#ready.size > 0;
  }

  /** The nonce that the account's next transaction should have. */
  nextNonce(sender: Hex): number {
    const waiting = this.#bySender.get(sender);
    let nonce = this.#accountOf(sender).nonce;
    while (waiting?.has(nonce)) nonce++;
    return nonce;
  }

  add(transaction: SignedTransaction): MempoolVerdict {
    if (this.#byHash.has(transaction.hash)) return { kind: 'known' };
    const { sender, nonce } = transaction;
    const account = this.#accountOf(sender);
    if (nonce < account.nonce) return refused(`nonce too low: next nonce ${account.nonce}, transaction nonce ${nonce}`);
    const next = this.nextNonce(sender);
    if (nonce > next + nonceGapMax) return refused(`nonce too high: next nonce ${next}, transaction nonce ${nonce}`);
    const waiting = this.#bySender.get(sender);
    const sameNonce = waiting?.get(nonce);
    if (sameNonce !== undefined && nonce < next)
      return refused('replacement transaction underpriced: another transaction with this nonce already waits, and gas has no price here');
    if ((waiting?.size ?? 0) >= accountTransactionsMax)
      return refused(`account has ${accountTransactionsMax} waiting transactions already`);
    let spent = transaction.value - (sameNonce?.value ?? 0n);
    for (const other of waiting?.values() ?? []) spent += other.value;
    if (spent > account.balance) return refused(`insufficient funds for transfer: balance ${account.balance}, waiting transfers ${spent}`);

    const evicted = sameNonce === undefined ? [] : [sameNonce.hash];
    const lacksRoom = (): boolean =>
      this.#byHash.size - evicted.length >= mempoolTransactionsMax || this.#bytes + transaction.raw.length > mempoolBytesMax;
    if (lacksRoom()) {
      const behindGap = nonce > next ? undefined : this.#oldestBehindGap();
      if (behindGap === undefined) return refused('transaction pool is full: try again later');
      evicted.push(behindGap.hash);
      if (this.#bytes - behindGap.raw.length + transaction.raw.length > mempoolBytesMax)
        return refused('transaction pool is full: try again later');
    }
    for (const hash of evicted) this.remove(hash);
    this.#byHash.set(transaction.hash, transaction);
    const slots = this.#bySender.get(sender) ?? new Map<number, SignedTransaction>();
    this.#bySender.set(sender, slots.set(nonce, transaction));
    this.#bytes += transaction.raw.length;
    this.#refresh(sender);
    return { kind: 'added', evicted };
  }

  remove(hash: Hex): void {
    const transaction = this.#byHash.get(hash);
    if (transaction === undefined) return;
    this.#byHash.delete(hash);
    this.#bytes -= transaction.raw.length;
    const waiting = this.#bySender.get(transaction.sender);
    waiting?.delete(transaction.nonce);
    if (waiting?.size === 0) this.#bySender.delete(transaction.sender);
    this.#refresh(transaction.sender);
  }

  /** Brings the pool up to the state after a block by these senders; returns what can no longer be executed. */
  advance(senders: ReadonlySet<Hex>): Hex[] {
    const stale: Hex[] = [];
    for (const sender of senders) {
      const { nonce } = this.#accountOf(sender);
      for (const transaction of this.#bySender.get(sender)?.values() ?? []) if (transaction.nonce < nonce) stale.push(transaction.hash);
    }
    for (const hash of stale) this.remove(hash);
    for (const sender of senders) this.#refresh(sender);
    return stale;
  }

  /**
   * Executable transactions, in order of arrival and in order of nonce within an account. After a sender
   * entered `skipped` no more of its transactions follow.
   */
  *executable(skipped: ReadonlySet<Hex>): Generator<SignedTransaction> {
    const nonces = new Map<Hex, number>();
    for (const sender of this.#ready) nonces.set(sender, this.#accountOf(sender).nonce);
    const passed = new Set<Hex>();
    for (const arrived of [...this.#byHash.values()]) {
      let transaction: SignedTransaction | undefined = arrived;
      passed.add(arrived.hash);
      while (
        transaction !== undefined &&
        passed.has(transaction.hash) &&
        nonces.get(transaction.sender) === transaction.nonce &&
        !skipped.has(transaction.sender)
      ) {
        nonces.set(transaction.sender, transaction.nonce + 1);
        yield transaction;
        transaction = this.#bySender.get(transaction.sender)?.get(transaction.nonce + 1);
      }
    }
  }

  #refresh(sender: Hex): void {
    if (this.#bySender.get(sender)?.has(this.#accountOf(sender).nonce)) this.#ready.add(sender);
    else this.#ready.delete(sender);
  }

  #oldestBehindGap(): SignedTransaction | undefined {
    const nextNonces = new Map<Hex, number>();
    for (const transaction of this.#byHash.values()) {
      const next = nextNonces.get(transaction.sender) ?? this.nextNonce(transaction.sender);
      nextNonces.set(transaction.sender, next);
      if (transaction.nonce > next) return transaction;
    }
    return undefined;
  }
}

function refused(reason: string): MempoolVerdict {
  return { kind: 'refused', reason };
}
