/**
 * Transactions that wait for a block, and the quotas that take the place of fees: accounts are free, so those
 * without coins get little room and come after those with coins (docs/decisions/quotas-instead-of-fees.md).
 * One that a funded account can execute (its nonce follows without a gap, its coins suffice for all that
 * wait) is never given up; one behind a gap or of an account without coins makes room when the pool is full.
 */
import type { Hex } from '../base/bytes.ts';
import type { AccountState } from './evm.ts';
import {
  accountBlockGasMax,
  accountTransactionsMax,
  accountWaitingGasMax,
  fundedWeiMin,
  mempoolBytesMax,
  mempoolTransactionsMax,
  nonceGapMax,
  unfundedTransactionGasMax,
} from './limits.ts';
import type { SignedTransaction } from './transaction.ts';

/** A transaction that was given up for another, and why. */
export interface Eviction {
  readonly hash: Hex;
  readonly reason: string;
}

/** Whether a transaction was taken; `evicted` are those that made room for it. `quota`: it may be taken later or from a funded account. */
export type MempoolVerdict =
  | { readonly kind: 'added'; readonly evicted: readonly Eviction[] }
  | { readonly kind: 'known' }
  | { readonly kind: 'refused'; readonly reason: string; readonly quota: boolean };

/** What the block in the making has taken up so far; the proposer keeps it current while it goes through {@link Mempool.executable}. */
export interface BlockShares {
  /** Accounts of which no more is wanted. */
  readonly skipped: ReadonlySet<Hex>;
  /** Gas that each account has used. */
  readonly gasUsed: ReadonlyMap<Hex, bigint>;
}

export class Mempool {
  readonly #accountOf: (address: Hex) => AccountState;
  /** In order of arrival. */
  readonly #byHash = new Map<Hex, SignedTransaction>();
  /** How many blocks were final here when a transaction came. */
  readonly #cameAt = new Map<Hex, number>();
  #blocks = 0;
  readonly #bySender = new Map<Hex, Map<number, SignedTransaction>>();
  /** Accounts whose next nonce waits here, in the order of their turns: one that was served goes to the end. */
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

  /** All that wait, in order of arrival. */
  transactions(): Iterable<SignedTransaction> {
    return this.#byHash.values();
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

  /** Takes a transaction, if the rules and the quotas of its account allow. */
  add(transaction: SignedTransaction): MempoolVerdict {
    return this.#add(transaction, (account) => this.#quotaRefusal(transaction, account));
  }

  /** Takes up a transaction that was acknowledged before a restart. Its account may have spent its coins since; quotas no longer matter. */
  restore(transaction: SignedTransaction): MempoolVerdict {
    return this.#add(transaction, () => null);
  }

  #add(transaction: SignedTransaction, quotaRefusal: (account: AccountState) => string | null): MempoolVerdict {
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
    const overQuota = quotaRefusal(account);
    if (overQuota !== null) return limited(overQuota);
    let spent = transaction.value - (sameNonce?.value ?? 0n);
    for (const other of waiting?.values() ?? []) spent += other.value;
    if (spent > account.balance) return refused(`insufficient funds for transfer: balance ${account.balance}, waiting transfers ${spent}`);

    const evicted: Eviction[] = sameNonce === undefined ? [] : [{ hash: sameNonce.hash, reason: 'replaced by another with its nonce' }];
    let bytes = this.#bytes + transaction.raw.length - (sameNonce?.raw.length ?? 0);
    const lacksRoom = (): boolean => this.#byHash.size - evicted.length >= mempoolTransactionsMax || bytes > mempoolBytesMax;
    if (lacksRoom() && nonce === next) {
      for (const { victim, reason } of this.#evictable(isFunded(account))) {
        evicted.push({ hash: victim.hash, reason });
        bytes -= victim.raw.length;
        if (!lacksRoom()) break;
      }
    }
    if (lacksRoom())
      return limited('transaction pool is full. The transaction was not taken. Try again later; accounts with coins are served first.');
    for (const { hash } of evicted) this.remove(hash);
    this.#byHash.set(transaction.hash, transaction);
    this.#cameAt.set(transaction.hash, this.#blocks);
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
    this.#cameAt.delete(hash);
    this.#bytes -= transaction.raw.length;
    const waiting = this.#bySender.get(transaction.sender);
    waiting?.delete(transaction.nonce);
    if (waiting?.size === 0) this.#bySender.delete(transaction.sender);
    this.#refresh(transaction.sender);
  }

  /**
   * What a block that is now final passed over: transactions of accounts with coins that could have been executed, whose accounts have none in
   * it, while it has one that came here at least a block later. Asked before the block's own are removed.
   */
  passedOver(included: readonly SignedTransaction[]): Hex[] {
    this.#blocks++;
    const served = new Set(included.map(({ sender }) => sender));
    const newest = included.reduce((latest, { hash }) => Math.max(latest, this.#cameAt.get(hash) ?? 0), 0);
    const passed: Hex[] = [];
    for (const sender of this.#ready) {
      if (served.has(sender)) continue;
      const account = this.#accountOf(sender);
      const first = this.#bySender.get(sender)?.get(account.nonce);
      if (first !== undefined && isFunded(account) && (this.#cameAt.get(first.hash) as number) < newest) passed.push(first.hash);
    }
    return passed;
  }

  /** Brings the pool up to the state after a block by these senders; returns what can no longer be executed. */
  advance(senders: ReadonlySet<Hex>): Hex[] {
    const stale: Hex[] = [];
    for (const sender of senders) {
      const { nonce } = this.#accountOf(sender);
      for (const transaction of this.#bySender.get(sender)?.values() ?? []) if (transaction.nonce < nonce) stale.push(transaction.hash);
    }
    for (const hash of stale) this.remove(hash);
    for (const sender of senders) {
      this.#ready.delete(sender);
      this.#refresh(sender);
    }
    return stale;
  }

  /**
   * Executable transactions in the order in which a block should take them: funded accounts first, then the
   * others, each up to its share of the block's gas; then again those with more, whatever their share. Within
   * each of these, accounts take turns, those first that have waited longest for a block. `shares` is read
   * before each transaction.
   */
  *executable(shares: BlockShares): Generator<SignedTransaction> {
    const nonces = new Map<Hex, number>();
    const funded: Hex[] = [];
    const unfunded: Hex[] = [];
    for (const sender of this.#ready) {
      const account = this.#accountOf(sender);
      nonces.set(sender, account.nonce);
      (isFunded(account) ? funded : unfunded).push(sender);
    }
    for (const [senders, gasMax] of [
      [funded, accountBlockGasMax],
      [unfunded, unfundedTransactionGasMax],
      [funded, null],
      [unfunded, null],
    ] as const) {
      for (let round: readonly Hex[] = senders; round.length > 0; ) {
        const served: Hex[] = [];
        for (const sender of round) {
          const nonce = nonces.get(sender) as number;
          const transaction = shares.skipped.has(sender) ? undefined : this.#bySender.get(sender)?.get(nonce);
          if (transaction === undefined) continue;
          if (gasMax !== null && (shares.gasUsed.get(sender) ?? 0n) + transaction.gasLimit > gasMax) continue;
          nonces.set(sender, nonce + 1);
          served.push(sender);
          yield transaction;
        }
        round = served;
      }
    }
  }

  #refresh(sender: Hex): void {
    if (this.#bySender.get(sender)?.has(this.#accountOf(sender).nonce)) this.#ready.add(sender);
    else this.#ready.delete(sender);
  }

  /** Why the quotas of its account forbid a transaction, in three sentences: what, what it means, what to do. */
  #quotaRefusal({ sender, nonce, gasLimit }: SignedTransaction, account: AccountState): string | null {
    const waiting = this.#bySender.get(sender);
    if (!isFunded(account)) {
      const poor = `account ${sender} holds less than 0.01 coin`;
      if (gasLimit > unfundedTransactionGasMax)
        return `${poor}, so its transactions may have at most ${unfundedTransactionGasMax} gas; this one has ${gasLimit}. The transaction was not taken. Get coins from the network's operator, or send one with less gas.`;
      if (nonce > account.nonce)
        return `${poor}, so only one transaction of it may wait, with nonce ${account.nonce}; this one has nonce ${nonce}. The transaction was not taken. Wait until the one before it is final, or get coins from the network's operator.`;
      return null;
    }
    const later = 'The transaction was not taken. Wait until some of them are final, then send it again.';
    if ((waiting?.size ?? 0) >= accountTransactionsMax)
      return `account ${sender} has ${accountTransactionsMax} waiting transactions already. ${later}`;
    let gas = gasLimit - (waiting?.get(nonce)?.gasLimit ?? 0n);
    for (const other of waiting?.values() ?? []) gas += other.gasLimit;
    return gas > accountWaitingGasMax
      ? `account ${sender} would have ${gas} gas in waiting transactions, more than the ${accountWaitingGasMax} that one account may have. ${later}`
      : null;
  }

  /**
   * What makes room for a transaction that can be executed, first to go first: of accounts without coins what is
   * behind a gap, then the latest that can be executed (an account's last nonce before those below it, so that no
   * gap opens); then, of funded accounts, the oldest behind a gap. For an account without coins only the first.
   */
  *#evictable(forFunded: boolean): Generator<{ victim: SignedTransaction; reason: string }> {
    const senders = new Map<Hex, { funded: boolean; next: number }>();
    const unfunded: SignedTransaction[] = [];
    const fundedBehindGap: SignedTransaction[] = [];
    const nextOf = (sender: Hex): number => senders.get(sender)?.next as number;
    for (const transaction of this.#byHash.values()) {
      const { sender, nonce } = transaction;
      const known = senders.get(sender) ?? { funded: isFunded(this.#accountOf(sender)), next: this.nextNonce(sender) };
      senders.set(sender, known);
      if (!known.funded) unfunded.push(transaction);
      else if (nonce > known.next) fundedBehindGap.push(transaction);
    }
    const gap = 'made room for another transaction: an earlier nonce of its account never came';
    for (const victim of unfunded) if (victim.nonce > nextOf(victim.sender)) yield { victim, reason: gap };
    if (!forFunded) return;
    const last = new Map<Hex, number>();
    for (const { sender } of unfunded) last.set(sender, nextOf(sender) - 1);
    for (const { sender, nonce } of unfunded.reverse()) {
      if (nonce > nextOf(sender)) continue;
      const highest = last.get(sender) as number;
      last.set(sender, highest - 1);
      const victim = this.#bySender.get(sender)?.get(highest);
      if (victim !== undefined)
        yield { victim, reason: 'made room for a transaction of an account with coins: its own has fewer than 0.01' };
    }
    for (const victim of fundedBehindGap) yield { victim, reason: gap };
  }
}

function isFunded(account: AccountState): boolean {
  return account.balance >= fundedWeiMin;
}

function refused(reason: string): MempoolVerdict {
  return { kind: 'refused', reason, quota: false };
}

function limited(reason: string): MempoolVerdict {
  return { kind: 'refused', reason, quota: true };
}
