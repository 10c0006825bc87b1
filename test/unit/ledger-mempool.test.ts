/** The rules of the mempool. */
import { describe, expect, it } from 'vitest';
import { type Hex, toBigEndian, toHex } from '../../core/base/bytes.ts';
import { accountTransactionsMax, mempoolTransactionsMax, nonceGapMax } from '../../core/ledger/limits.ts';
import { Mempool } from '../../core/ledger/mempool.ts';
import type { SignedTransaction } from '../../core/ledger/transaction.ts';

const address = (number: number): Hex => toHex(toBigEndian(BigInt(number), 20));
let serial = 0;

function transaction(sender: number, nonce: number, value = 0n): SignedTransaction {
  return {
    hash: toHex(toBigEndian(BigInt(++serial), 32)),
    raw: new Uint8Array(100),
    type: 0,
    chainId: 1,
    sender: address(sender),
    nonce,
    gasLimit: 21_000n,
    to: address(99),
    value,
    data: new Uint8Array(0),
    accessList: [],
    fees: { gasPrice: 0n },
    signature: { r: 1n, s: 1n, v: 37n },
  };
}

function pool(nonces: Record<string, number> = {}): Mempool {
  return new Mempool((of) => ({ nonce: nonces[of] ?? 0, balance: 10n }));
}

const order = (mempool: Mempool, skipped = new Set<Hex>()): [Hex, number][] =>
  [...mempool.executable(skipped)].map(({ sender, nonce }) => [sender, nonce]);

describe('the mempool', () => {
  it('executes in order of arrival, and of nonce within an account', () => {
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
      [address(1), 1],
      [address(2), 1],
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
    const reason = (of: SignedTransaction): string => {
      const verdict = mempool.add(of);
      return verdict.kind === 'refused' ? verdict.reason : verdict.kind;
    };
    expect(reason(transaction(1, 4))).toMatch(/^nonce too low/);
    expect(reason(transaction(1, 6 + nonceGapMax))).toMatch(/^nonce too high/);
    const held = transaction(1, 5, 6n);
    expect(reason(held)).toBe('added');
    expect(reason(held)).toBe('known');
    expect(reason(transaction(1, 5))).toMatch(/^replacement/);
    expect(reason(transaction(1, 6, 5n))).toMatch(/^insufficient funds/);
    expect(reason(transaction(1, 6, 4n))).toBe('added');
  });

  it('lets a transaction behind a gap be replaced', () => {
    const mempool = pool();
    const early = transaction(1, 3, 9n);
    mempool.add(early);
    expect(mempool.add(transaction(1, 3, 8n))).toEqual({ kind: 'added', evicted: [early.hash] });
    expect([mempool.size, mempool.get(early.hash)]).toEqual([1, undefined]);
  });

  it('is bounded for an account', () => {
    const mempool = pool();
    for (let nonce = 0; nonce < accountTransactionsMax; nonce++) expect(mempool.add(transaction(1, nonce)).kind).toBe('added');
    expect(mempool.add(transaction(1, accountTransactionsMax))).toMatchObject({ kind: 'refused' });
  });

  it('gives up what is behind a gap when it is full, and never what can be executed', () => {
    const mempool = pool();
    const behindGap = transaction(1, 1);
    mempool.add(behindGap);
    for (let sender = 2; mempool.size < mempoolTransactionsMax; sender++) mempool.add(transaction(sender, 0));
    expect(mempool.add(transaction(1_000_000, 1))).toMatchObject({ kind: 'refused', reason: expect.stringContaining('full') });
    expect(mempool.add(transaction(1_000_000, 0))).toEqual({ kind: 'added', evicted: [behindGap.hash] });
    expect(mempool.add(transaction(1_000_001, 0))).toMatchObject({ kind: 'refused' });
    expect(mempool.size).toBe(mempoolTransactionsMax);
  });
});
