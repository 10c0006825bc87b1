/** What the ledger promises the protocol that orders its blocks, and how it fails when the disk does. */
import { keccak256 } from 'ethers';
import { describe, expect, it } from 'vitest';
import { createEthereumjsEvm } from '../../core/adapters/ethereumjs-evm.ts';
import { loadLedgerCrypto } from '../../core/adapters/ledger-crypto.ts';
import { loadMclBn254 } from '../../core/adapters/mcl-bn254.ts';
import { rememberingVerifier } from '../../core/adapters/node-ed25519.ts';
import { fromHex, type Hex } from '../../core/base/bytes.ts';
import { blocksLeftOutMax } from '../../core/consensus/limits.ts';
import type { Block, BlockHeader } from '../../core/ledger/block.ts';
import { genesisAccounts } from '../../core/ledger/genesis.ts';
import { Ledger } from '../../core/ledger/ledger.ts';
import { type LedgerStore, pendingKey } from '../../core/ledger/ledger-store.ts';
import {
  blockTransactionsMax,
  clockDriftSecondsMax,
  proposalMsMax,
  transactionGasMax,
  unfundedTransactionGasMax,
} from '../../core/ledger/limits.ts';
import { emptyTrieRoot } from '../../core/ledger/merkle-patricia-trie.ts';
import { ledgerCommon, transactionDecoder } from '../../core/ledger/transaction.ts';
import { memoryStore, testGenesis, testWallet } from '../integration/ledger-network.ts';
import { LocalProposer } from '../local-proposer.ts';

const chainId = 7331;
const place = { view: 0 };
const certificate = { kind: 'local', votes: new Uint8Array(0) };
const startMs = 1_800_000_000_000;

async function openLedger(options: { store?: LedgerStore; nowMs?: () => number; dropped?: string[] } = {}): Promise<Ledger> {
  const crypto = await loadLedgerCrypto();
  const bn254 = await loadMclBn254();
  const common = ledgerCommon(chainId, crypto);
  const store = options.store ?? memoryStore();
  return Ledger.open({
    genesis: testGenesis(chainId),
    store,
    clock: { nowMs: options.nowMs ?? (() => startMs) },
    keccak256: crypto.keccak256,
    decodeTransaction: transactionDecoder(common),
    verify: rememberingVerifier(),
    createEvm: (stateRoot) => createEthereumjsEvm({ common, store, stateRoot, bn254 }),
    onDropped: (_hash, reason) => options.dropped?.push(reason),
  });
}

async function transfer(from: number, nonce: number, value = 1n): Promise<Uint8Array> {
  const to = testWallet(9).address;
  return fromHex(await testWallet(from).signTransaction({ type: 0, chainId, gasPrice: 0n, gasLimit: 21_000n, to, nonce, value }));
}

/** A ledger's store in whose journal a transaction waits that was acknowledged under other rules. */
async function storeWith(raw: Uint8Array): Promise<LedgerStore> {
  const store = memoryStore();
  await openLedger({ store });
  await store.write([{ key: pendingKey(keccak256(raw) as Hex), value: raw }]);
  return store;
}

const balance = (ledger: Ledger, index: number): bigint => ledger.account(testWallet(index).address.toLowerCase() as Hex).balance;

describe('the ordering port', () => {
  it('executes proposals without committing them, and commits the one that became final', async () => {
    const [proposer, follower] = [await openLedger(), await openLedger()];
    expect(proposer.head()).toEqual(follower.head());
    await proposer.submit(await transfer(0, 0));
    const first = await proposer.propose(place);
    await proposer.submit(await transfer(1, 0));
    const second = await proposer.propose({ view: 3 });
    expect([first.transactions.length, second.transactions.length]).toEqual([1, 2]);
    expect(balance(proposer, 9)).toBe(10_000n * 10n ** 18n);
    const verdict = await follower.verify(second.block, { checkClock: true });
    if (!verdict.ok) throw new Error(verdict.reason);
    expect(await follower.verify(first.block, { checkClock: true })).toMatchObject({ ok: true });
    await follower.commit(verdict.executed, certificate);
    await proposer.commit(second, certificate);
    expect(proposer.head()).toEqual(follower.head());
    expect(balance(proposer, 9)).toBe(10_000n * 10n ** 18n + 2n);
    expect([proposer.hasExecutable(), follower.certificateAt(1)]).toEqual([false, certificate]);
    expect(await follower.verify(first.block, { checkClock: true })).toMatchObject({ ok: false });
  });

  it('refuses a block that differs in anything from what its execution gives', async () => {
    let nowMs = startMs;
    const ledger = await openLedger({ nowMs: () => nowMs });
    await ledger.submit(await transfer(0, 0));
    const { block } = await ledger.propose(place);
    const zero: Hex = `0x${'00'.repeat(32)}`;
    const headers: Partial<BlockHeader>[] = [
      { chainId: 1 },
      { height: 2 },
      { height: 0 },
      { parentHash: zero },
      { timestampSeconds: 1 },
      { timestampSeconds: startMs / 1000 + clockDriftSecondsMax + 1 },
      { transactionsRoot: zero },
      { stateRoot: zero },
      { receiptsRoot: zero },
      { gasUsed: 1n },
      { logsBloom: new Uint8Array(256).fill(1) },
    ];
    for (const changed of headers)
      expect(
        await ledger.verify({ ...block, header: { ...block.header, ...changed } }, { checkClock: true }),
        JSON.stringify(Object.keys(changed)),
      ).toMatchObject({ ok: false });
    const bodies: Block['transactions'][] = [
      [],
      [Uint8Array.of(1)],
      [...block.transactions, ...block.transactions],
      [await transfer(0, 1)],
      [await transfer(11, 0)],
      new Array<Uint8Array>(blockTransactionsMax + 1).fill(await transfer(0, 0)),
    ];
    for (const transactions of bodies)
      expect(await ledger.verify({ ...block, transactions }, { checkClock: true })).toMatchObject({ ok: false });
    expect(await ledger.verify(block, { checkClock: true })).toMatchObject({ ok: true });
    nowMs -= 60_000;
    expect(await ledger.verify(block, { checkClock: true })).toMatchObject({ ok: false });
    expect(await ledger.verify(block, { checkClock: false })).toMatchObject({ ok: true });
  });

  it('bounds a block in transactions and in time', async () => {
    let elapsedMs = 0;
    const ledger = await openLedger();
    const raws = await Promise.all(
      Array.from({ length: blockTransactionsMax + 10 }, (_, index) => transfer(index % 3, Math.floor(index / 3))),
    );
    for (const raw of raws) expect(await ledger.submit(raw)).toMatchObject({ ok: true });
    expect((await ledger.propose(place)).transactions).toHaveLength(blockTransactionsMax);
    const slow = await openLedger({
      nowMs: () => {
        elapsedMs += proposalMsMax / 4;
        return startMs + elapsedMs;
      },
    });
    for (const raw of raws.slice(0, 20)) await slow.submit(raw);
    expect((await slow.propose(place)).transactions.length).toBeLessThan(6);
  });

  it('executes nothing twice, and takes up what waited after a restart', async () => {
    const store = memoryStore();
    const ledger = await openLedger({ store });
    const raws = [await transfer(0, 0), await transfer(0, 1), await transfer(1, 1)];
    for (const raw of raws) await ledger.submit(raw);
    const reopened = await openLedger({ store });
    await reopened.commit(await reopened.propose(place), certificate);
    expect(reopened.head().header.gasUsed).toBe(42_000n);
    for (const raw of raws) expect(await reopened.submit(raw)).toMatchObject({ ok: true });
    expect(reopened.hasExecutable()).toBe(false);
    const again = await openLedger({ store });
    await again.submit(await transfer(1, 0));
    await again.commit(await again.propose(place), certificate);
    expect(balance(again, 9)).toBe(10_000n * 10n ** 18n + 4n);
    expect((await again.logs({ addresses: [], topics: [] }, 0, 2)).ok).toBe(true);
  });

  it('tells of a transaction that five blocks passed over, and not of one that waits its turn', async () => {
    const [censor, watcher] = [await openLedger(), await openLedger()];
    let told = 0;
    watcher.onLeftOut(() => told++);
    expect(watcher.take(await transfer(1, 0))).toBe(true);
    for (let nonce = 0; nonce <= blocksLeftOutMax; nonce++) {
      const other = await transfer(0, nonce);
      expect([censor.take(other), watcher.take(other)]).toEqual([true, true]);
      const executed = await censor.propose(place);
      expect(told).toBe(0);
      for (const ledger of [censor, watcher]) {
        const verdict = await ledger.verify(executed.block, { checkClock: true });
        if (!verdict.ok) throw new Error(verdict.reason);
        await ledger.commit(verdict.executed, certificate);
      }
    }
    // The first of these blocks took what came in the time of the same block.
    expect(told).toBe(1);
  });

  it('drops what a final block of others made impossible, and says so', async () => {
    const dropped: string[] = [];
    const [ours, theirs] = [await openLedger({ dropped }), await openLedger()];
    await ours.submit(await transfer(0, 0, 5n));
    await theirs.submit(await transfer(0, 0, 7n));
    const verdict = await ours.verify((await theirs.propose(place)).block, { checkClock: true });
    if (!verdict.ok) throw new Error(verdict.reason);
    await ours.commit(verdict.executed, certificate);
    expect(dropped).toEqual([expect.stringContaining('another transaction with its nonce')]);
    expect(ours.hasExecutable()).toBe(false);
  });
});

describe('quotas', () => {
  /** A creation whose code is one INVALID: it uses up all of its gas, without the time that a loop takes. */
  const burn = async (from: number, nonce: number, gasLimit: bigint): Promise<Uint8Array> =>
    fromHex(await testWallet(from).signTransaction({ type: 0, chainId, gasPrice: 0n, gasLimit, to: null, nonce, data: '0xfe' }));
  const senders = ({ transactions }: { transactions: readonly { sender: Hex }[] }): number[] =>
    transactions.map(
      ({ sender }) => Array.from({ length: 100 }, (_, index) => index).find((index) => addressOf(index) === sender) as number,
    );
  const addressOf = (index: number): Hex => testWallet(index).address.toLowerCase() as Hex;
  const poor = Array.from({ length: 60 }, (_, index) => 20 + index);
  /** A clock by which every transaction takes all the time that a block has. */
  const slowClock = (): (() => number) => {
    let nowMs = startMs;
    return () => {
      nowMs += proposalMsMax;
      return nowMs;
    };
  };

  it('let no crowd of accounts without coins delay one that has some', async () => {
    const ledger = await openLedger({ nowMs: slowClock() });
    for (const index of poor)
      expect(await ledger.submit(await burn(index, 0, transactionGasMax))).toMatchObject({
        ok: false,
        quota: true,
        reason: expect.stringContaining('at most 2000000 gas'),
      });
    for (const index of poor) expect(await ledger.submit(await burn(index, 0, unfundedTransactionGasMax))).toMatchObject({ ok: true });
    const first = await ledger.propose(place);
    expect(senders(first)).toEqual([20]);
    await ledger.submit(await transfer(0, 0));
    await ledger.commit(first, certificate);
    const second = await ledger.propose(place);
    expect(senders(second)).toEqual([0]);
    await ledger.commit(second, certificate);
    expect(senders(await ledger.propose(place))).toEqual([21]);
  });

  it('let no account with coins keep out another', async () => {
    const [ledger, slow] = [await openLedger(), await openLedger({ nowMs: slowClock() })];
    for (const open of [ledger, slow]) {
      for (let nonce = 0; nonce < 11; nonce++)
        expect(await open.submit(await burn(0, nonce, transactionGasMax))).toMatchObject({ ok: true });
      expect(await open.submit(await burn(0, 11, transactionGasMax))).toMatchObject({ ok: false, quota: true });
      await open.submit(await transfer(1, 0));
    }
    // The second of the heavy account no longer fits the block; the light one does, and one without coins.
    await ledger.submit(await burn(20, 0, unfundedTransactionGasMax));
    expect(senders(await ledger.propose(place))).toEqual([0, 1, 20]);
    // Where there is time for only one, the light account begins the next block.
    const first = await slow.propose(place);
    expect(senders(first)).toEqual([0]);
    await slow.commit(first, certificate);
    expect(senders(await slow.propose(place))).toEqual([1]);
  });

  it('give the room that is left to whoever has more', async () => {
    const ledger = await openLedger();
    for (let nonce = 0; nonce < 4; nonce++) await ledger.submit(await burn(0, nonce, 9_000_000n));
    await ledger.submit(await transfer(1, 0));
    expect(senders(await ledger.propose(place))).toEqual([0, 1, 0, 0]);
  });

  it('lose nothing that was acknowledged, also when the account spent its coins and the node restarted', async () => {
    const store = memoryStore();
    const ledger = await openLedger({ store, nowMs: slowClock() });
    const all = balance(ledger, 0);
    await ledger.submit(await transfer(0, 0, all));
    for (const nonce of [1, 2]) expect(await ledger.submit(await burn(0, nonce, transactionGasMax))).toMatchObject({ ok: true });
    await ledger.commit(await ledger.propose(place), certificate);
    expect([balance(ledger, 0), ledger.head().header.gasUsed]).toEqual([0n, 21_000n]);
    const dropped: string[] = [];
    const reopened = await openLedger({ store, dropped, nowMs: slowClock() });
    // They come after what others without coins may send at any time.
    await reopened.submit(await burn(20, 0, unfundedTransactionGasMax));
    for (const expected of [20, 0, 0]) {
      const block = await reopened.propose(place);
      expect(senders(block)).toEqual([expected]);
      await reopened.commit(block, certificate);
    }
    expect([dropped, reopened.hasExecutable()]).toEqual([[], false]);
  });

  it('are no rule of valid blocks', async () => {
    const ledger = await openLedger();
    const heavy = await burn(20, 0, transactionGasMax);
    expect(await ledger.submit(heavy)).toMatchObject({ ok: false, quota: true });
    const other = await openLedger({ store: await storeWith(heavy) });
    expect(await ledger.verify((await other.propose(place)).block, { checkClock: true })).toMatchObject({ ok: true });
  });
});

describe('a transaction that the EVM cannot run', () => {
  it('leaves no trace and does not stop the others', async () => {
    const crypto = await loadLedgerCrypto();
    const bn254 = await loadMclBn254();
    const common = ledgerCommon(chainId, crypto);
    const decode = transactionDecoder(common);
    const roots: Hex[] = [];
    for (const withPoison of [true, false]) {
      const evm = await createEthereumjsEvm({ common, store: memoryStore(), stateRoot: emptyTrieRoot, bn254 });
      evm.adopt(evm.genesis(genesisAccounts(testGenesis(chainId))));
      const execution = evm.begin({
        height: 2,
        timestampSeconds: 1,
        blockHash: () => {
          throw new Error('a fault inside');
        },
      });
      const run = async (raw: Uint8Array): Promise<unknown> => {
        const decoded = decode(raw);
        if (!decoded.ok) throw new Error(decoded.reason);
        return execution.run(decoded.transaction);
      };
      // SSTORE(0, 1), then BLOCKHASH(1), in a constructor.
      const poison = fromHex(
        await testWallet(1).signTransaction({
          type: 0,
          chainId,
          gasPrice: 0n,
          gasLimit: 200_000n,
          nonce: 0,
          to: null,
          data: '0x60015f55600140',
        }),
      );
      if (withPoison) expect(await run(poison)).toMatchObject({ kind: 'invalid', reason: expect.stringContaining('a fault inside') });
      expect(await run(await transfer(1, 0))).toMatchObject({ kind: 'executed', succeeded: true });
      roots.push(execution.seal().stateRoot);
    }
    expect(roots[0]).toBe(roots[1]);
  });
});

describe('the local proposer', () => {
  it('makes blocks of what arrives and none of nothing', async () => {
    const ledger = await openLedger();
    const proposer = new LocalProposer((error) => {
      throw error;
    });
    proposer.start(ledger);
    const final = new Promise<number>((resolve) => ledger.onBlock(({ block }) => resolve(block.header.height)));
    await ledger.submit(await transfer(0, 0));
    expect(await final).toBe(1);
    await proposer.stop();
    await ledger.submit(await transfer(0, 1));
    expect(ledger.head().header.height).toBe(1);
  });

  it('stops for good when a block cannot be written, and nothing of the block is visible', async () => {
    const memory = memoryStore();
    let broken = false;
    const store: LedgerStore = { ...memory, write: (writes) => (broken ? Promise.reject(new Error('disk failed')) : memory.write(writes)) };
    const ledger = await openLedger({ store });
    await ledger.submit(await transfer(0, 0));
    broken = true;
    const failure = await new Promise<unknown>((resolve) => new LocalProposer(resolve).start(ledger));
    expect(failure).toMatchObject({ message: 'disk failed' });
    expect([ledger.head().header.height, balance(ledger, 9)]).toEqual([0, 10_000n * 10n ** 18n]);
    await expect(ledger.submit(await transfer(1, 0))).rejects.toThrow('disk failed');
  });
});
