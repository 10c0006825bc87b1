/** The rules of the mempool. */
import { describe, expect, it } from 'vitest';
import { type Hex, toBigEndian, toHex } from '../../core/base/bytes.ts';
import {
  accountBlockGasMax,
  accountTransactionsMax,
  accountWaitingGasMax,
  fundedWeiMin,
  mempoolTransactionsMax,
  nonceGapMax,
  transactionGasMax,
  unfundedTransactionGasMax,
} from '../../core/ledger/limits.ts';
import { Mempool } from '../../core/ledger/mempool.ts';
import type { SignedTransaction } from '../../core/ledger/transaction.ts';

const address = (number: number): Hex => toHex(toBigEndian(BigInt(number), 20));
let serial = 0;

function transaction(sender: number, nonce: number, value = 0n, gasLimit = 21_000n): SignedTransaction {
  return {
    hash: toHex(toBigEndian(BigInt(++serial), 32)),
    raw: new Uint8Array(100),
    type: 0,
    chainId: 1,
    sender: address(sender),
    nonce,
    gasLimit,
    to: address(99),
    value,
    data: new Uint8Array(0),
    accessList: [],
    fees: { gasPrice: 0n },
    signature: { r: 1n, s: 1n, v: 37n },
  };
}

/** A pool over accounts that have just enough coins to be funded, where `balances` does not say otherwise. */
function pool(nonces: Record<string, number> = {}, balances: Record<string, bigint> = {}): Mempool {
  return new Mempool((of) => ({ nonce: nonces[of] ?? 0, balance: balances[of] ?? fundedWeiMin }));
}

const order = (mempool: Mempool, skipped = new Set<Hex>()): [Hex, number][] =>
  [...mempool.executable({ skipped, gasUsed: new Map() })].map(({ sender, nonce }) => [sender, nonce]);

const reasonOf = (mempool: Mempool, of: SignedTransaction): string => {
  const verdict = mempool.add(of);
  return verdict.kind === 'refused' ? verdict.reason : verdict.kind;
};

describe('the mempool', () => {
  it('lets accounts take turns in order of arrival, and of nonce within an account', () => {
    const mempool = pool();
    for (const [sender, nonce] of [
      [1, 1],
      [2, 0],
      [1, 0],
      [3, 1],
      [2, 1],
      [1, 2],
    ] as const)
      expect(mempool.add(transaction(sender, nonce)).kind).toBe('added');
    expect(order(mempool)).toEqual([
      [address(2), 0],
      [address(1), 0],
      [address(2), 1],
      [address(1), 1],
      [address(1), 2],
    ]);
    expect(order(mempool, new Set([address(1)]))).toEqual([
      [address(2), 0],
      [address(2), 1],
    ]);
    expect(mempool.nextNonce(address(1))).toBe(3);
    expect(mempool.nextNonce(address(3))).toBe(0);
  });

  it('has something to execute only where no nonce is missing', () => {
    const nonces: Record<string, number> = {};
    const mempool = pool(nonces);
    mempool.add(transaction(1, 1));
    expect(mempool.hasExecutable()).toBe(false);
    const first = transaction(1, 0);
    mempool.add(first);
    expect(mempool.hasExecutable()).toBe(true);
    nonces[address(1)] = 1;
    mempool.remove(first.hash);
    expect(mempool.advance(new Set([address(1)]))).toEqual([]);
    expect(order(mempool)).toEqual([[address(1), 1]]);
    nonces[address(1)] = 2;
    expect(mempool.advance(new Set([address(1)]))).toHaveLength(1);
    expect([mempool.size, mempool.hasExecutable()]).toEqual([0, false]);
  });

  it('refuses what can never or should not be executed', () => {
    const mempool = pool({ [address(1)]: 5 });
    const reason = (of: SignedTransaction): string => reasonOf(mempool, of);
    expect(reason(transaction(1, 4))).toMatch(/^nonce too low/);
    expect(reason(transaction(1, 6 + nonceGapMax))).toMatch(/^nonce too high/);
    const held = transaction(1, 5, fundedWeiMin - 4n);
    expect(reason(held)).toBe('added');
    expect(reason(held)).toBe('known');
    expect(reason(transaction(1, 5))).toMatch(/^replacement/);
    expect(reason(transaction(1, 6, 5n))).toMatch(/^insufficient funds/);
    expect(reason(transaction(1, 6, 4n))).toBe('added');
  });

  it('lets a transaction behind a gap be replaced', () => {
    const mempool = pool();
    const early = transaction(1, 3, fundedWeiMin);
    mempool.add(early);
    expect(mempool.add(transaction(1, 3, 8n))).toMatchObject({ kind: 'added', evicted: [{ hash: early.hash }] });
    expect([mempool.size, mempool.get(early.hash)]).toEqual([1, undefined]);
  });

  it('is bounded for an account', () => {
    const mempool = pool();
    for (let nonce = 0; nonce < accountTransactionsMax; nonce++) expect(mempool.add(transaction(1, nonce)).kind).toBe('added');
    expect(mempool.add(transaction(1, accountTransactionsMax))).toMatchObject({ kind: 'refused', quota: true });
    const heavy = accountWaitingGasMax / transactionGasMax;
    for (let nonce = 0; nonce < heavy; nonce++) expect(mempool.add(transaction(2, nonce, 0n, transactionGasMax)).kind).toBe('added');
    expect(mempool.add(transaction(2, Number(heavy), 0n, transactionGasMax))).toMatchObject({
      kind: 'refused',
      quota: true,
      reason: expect.stringMatching(/gas in waiting .*\. The transaction was not taken\. Wait /),
    });
    expect(mempool.add(transaction(2, Number(heavy), 0n, accountWaitingGasMax % transactionGasMax)).kind).toBe('added');
  });

  it('gives an account without coins room for one small transaction', () => {
    const poor = { [address(1)]: fundedWeiMin - 1n };
    const nonces = { [address(1)]: 0 };
    const mempool = pool(nonces, poor);
    const refusal = /^account 0x0+1 holds less than 0\.01 coin, so .*\. The transaction was not taken\. .*\.$/;
    expect(reasonOf(mempool, transaction(1, 0, 0n, unfundedTransactionGasMax + 1n))).toMatch(refusal);
    expect(reasonOf(mempool, transaction(1, 1))).toMatch(refusal);
    const enrolment = transaction(1, 0, 0n, unfundedTransactionGasMax);
    expect(reasonOf(mempool, enrolment)).toBe('added');
    expect(reasonOf(mempool, enrolment)).toBe('known');
    expect(mempool.add(transaction(1, 1))).toMatchObject({ kind: 'refused', quota: true, reason: expect.stringMatching(refusal) });
    nonces[address(1)] = 1;
    mempool.remove(enrolment.hash);
    mempool.advance(new Set([address(1)]));
    expect(reasonOf(mempool, transaction(1, 1))).toBe('added');
    poor[address(1)] = fundedWeiMin;
    expect(reasonOf(mempool, transaction(1, 2, 0n, transactionGasMax))).toBe('added');
  });

  it('takes up what it acknowledged, also of accounts that have spent their coins since', () => {
    const mempool = pool({}, { [address(1)]: 0n });
    for (const nonce of [0, 1, 3]) expect(mempool.restore(transaction(1, nonce, 0n, transactionGasMax)).kind).toBe('added');
    expect(order(mempool)).toEqual([
      [address(1), 0],
      [address(1), 1],
    ]);
  });

  it('serves funded accounts first, and an account as funded from the moment it is', () => {
    const balances: Record<string, bigint> = { [address(1)]: 0n, [address(2)]: 0n };
    const mempool = pool({}, balances);
    for (const sender of [1, 2, 3]) mempool.add(transaction(sender, 0));
    mempool.add(transaction(3, 1));
    const senders = (): Hex[] => order(mempool).map(([sender]) => sender);
    expect(senders()).toEqual([3, 3, 1, 2].map(address));
    balances[address(2)] = fundedWeiMin;
    expect(senders()).toEqual([2, 3, 3, 1].map(address));
  });

  it('tells which turns a block passed over for a transaction that came in the time of a later block', () => {
    const mempool = pool({}, { [address(4)]: 0n });
    const [early, behindGap, poor] = [transaction(1, 0), transaction(2, 1), transaction(4, 0)];
    for (const waiting of [early, behindGap, poor]) mempool.add(waiting);
    const together = transaction(3, 0);
    mempool.add(together);
    // What came in the time of the same block may be before it with others.
    expect(mempool.passedOver([together])).toEqual([]);
    mempool.remove(together.hash);
    const later = transaction(5, 0);
    mempool.add(later);
    expect(mempool.passedOver([])).toEqual([]);
    // What this pool never saw says nothing of turns.
    expect(mempool.passedOver([transaction(6, 0)])).toEqual([]);
    expect(mempool.passedOver([later])).toEqual([early.hash]);
    // Its account has its turn in the block.
    expect(mempool.passedOver([later, transaction(1, 0)])).toEqual([]);
  });

  it('lets no account use more than its share of a block before the others had theirs', () => {
    const mempool = pool({}, { [address(3)]: 0n });
    for (const nonce of [0, 1, 2]) mempool.add(transaction(1, nonce, 0n, accountBlockGasMax / 2n));
    mempool.restore(transaction(3, 0, 0n, accountBlockGasMax));
    for (const nonce of [0, 1, 2]) mempool.add(transaction(2, nonce));
    mempool.add(transaction(4, 0));
    const gasUsed = new Map<Hex, bigint>();
    const taken: [Hex, number][] = [];
    for (const { sender, nonce, gasLimit } of mempool.executable({ skipped: new Set(), gasUsed })) {
      gasUsed.set(sender, (gasUsed.get(sender) ?? 0n) + gasLimit);
      taken.push([sender, nonce]);
    }
    expect(taken).toEqual([
      [address(1), 0],
      [address(2), 0],
      [address(4), 0],
      [address(1), 1],
      [address(2), 1],
      [address(2), 2],
      [address(1), 2],
      [address(3), 0],
    ]);
  });

  it('begins the next block with those that had no turn in the last', () => {
    const nonces: Record<string, number> = {};
    const mempool = pool(nonces);
    const first = transaction(1, 0);
    for (const of of [first, transaction(1, 1), transaction(2, 0), transaction(3, 0)]) mempool.add(of);
    nonces[address(1)] = 1;
    mempool.remove(first.hash);
    mempool.advance(new Set([address(1)]));
    expect(order(mempool).map(([sender]) => sender)).toEqual([2, 3, 1].map(address));
  });

  it('gives up what accounts without coins have waiting, the latest first, when those with coins need the room', () => {
    const poor = Object.fromEntries([1, 3, 4, 5, 6].map((sender) => [address(sender), 0n]));
    const mempool = pool({}, poor);
    const [first, second, behindGap, fundedBehindGap] = [transaction(1, 0), transaction(1, 1), transaction(1, 3), transaction(2, 1)];
    for (const of of [first, second, behindGap]) mempool.restore(of);
    const [early, late] = [transaction(3, 0), transaction(4, 0)];
    for (const of of [fundedBehindGap, early, late]) mempool.add(of);
    let newcomer = 100;
    while (mempool.size < mempoolTransactionsMax) mempool.add(transaction(newcomer++, 0));
    const evictedBy = (of: SignedTransaction): unknown => {
      const verdict = mempool.add(of);
      return verdict.kind === 'added' ? verdict.evicted.map(({ hash }) => hash) : verdict.kind;
    };
    const last = transaction(5, 0);
    expect(evictedBy(last)).toEqual([behindGap.hash]);
    expect(evictedBy(transaction(6, 0))).toBe('refused');
    expect(evictedBy(transaction(newcomer++, 9))).toBe('refused');
    for (const { hash } of [last, late, early, second, first, fundedBehindGap])
      expect(evictedBy(transaction(newcomer++, 0))).toEqual([hash]);
    expect(mempool.add(transaction(newcomer++, 0))).toMatchObject({ kind: 'refused', quota: true });
  });

  it('gives up what is behind a gap when it is full, and never what can be executed', () => {
    const mempool = pool();
    const behindGap = transaction(1, 1);
    mempool.add(behindGap);
    for (let sender = 2; mempool.size < mempoolTransactionsMax; sender++) mempool.add(transaction(sender, 0));
    expect(mempool.add(transaction(1_000_000, 1))).toMatchObject({ kind: 'refused', reason: expect.stringContaining('full') });
    expect(mempool.add(transaction(1_000_000, 0))).toMatchObject({ kind: 'added', evicted: [{ hash: behindGap.hash }] });
    expect(mempool.add(transaction(1_000_001, 0))).toMatchObject({ kind: 'refused' });
    expect(mempool.size).toBe(mempoolTransactionsMax);
  });
});
