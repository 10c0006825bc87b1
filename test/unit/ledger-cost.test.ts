/** What one client or contract may cost a validator: its time in the EVM, its memory, its turn before others. */
import { describe, expect, it } from 'vitest';
import { createEthereumjsEvm } from '../../core/adapters/ethereumjs-evm.ts';
import { loadLedgerCrypto } from '../../core/adapters/ledger-crypto.ts';
import { loadMclBn254 } from '../../core/adapters/mcl-bn254.ts';
import { rememberingVerifier } from '../../core/adapters/node-ed25519.ts';
import { fromHex, type Hex, toBigEndian } from '../../core/base/bytes.ts';
import { answerRpc, type RpcHandler } from '../../core/ledger/json-rpc.ts';
import { Ledger } from '../../core/ledger/ledger.ts';
import type { LedgerStore } from '../../core/ledger/ledger-store.ts';
import { answerLengthMax, batchCallsAtOnceMax, blockHashesMax, cachedEntriesMax, callsWaitingMax } from '../../core/ledger/limits.ts';
import { emptyTrieRoot } from '../../core/ledger/merkle-patricia-trie.ts';
import { ledgerCommon, transactionDecoder } from '../../core/ledger/transaction.ts';
import { Turns } from '../../core/ledger/turns.ts';
import { memoryStore, testGenesis, testWallet } from '../integration/ledger-network.ts';

const chainId = 7331;
const certificate = { kind: 'local', votes: new Uint8Array(0) };
const zero: Hex = '0x0000000000000000000000000000000000000000';

/** A store that counts reads. */
function countingStore(): LedgerStore & { reads: number } {
  const store = memoryStore();
  const counting = {
    ...store,
    reads: 0,
    get: (key: Uint8Array) => {
      counting.reads++;
      return store.get(key);
    },
  };
  return counting;
}

async function openLedger(store: LedgerStore): Promise<Ledger> {
  const crypto = await loadLedgerCrypto();
  const bn254 = await loadMclBn254();
  const common = ledgerCommon(chainId, crypto);
  return Ledger.open({
    genesis: testGenesis(chainId),
    store,
    clock: { nowMs: () => 1_800_000_000_000 },
    keccak256: crypto.keccak256,
    decodeTransaction: transactionDecoder(common),
    verify: rememberingVerifier(),
    createEvm: (stateRoot) => createEthereumjsEvm({ common, store, stateRoot, bn254 }),
    onDropped: () => undefined,
  });
}

async function addBlock(ledger: Ledger, nonce: number, fields: object): Promise<void> {
  const signed = await testWallet(0).signTransaction({ type: 0, chainId, gasPrice: 0n, gasLimit: 21_000n, nonce, ...fields });
  const verdict = await ledger.submit(fromHex(signed));
  if (!verdict.ok) throw new Error(verdict.reason);
  await ledger.commit(await ledger.propose({ view: 0 }), certificate);
}

function run(ledger: Ledger, code: string, gasLimit = 1_000_000n) {
  return ledger.call({ from: zero, to: null, value: 0n, data: fromHex(`0x${code}`), gasLimit, accessList: [] });
}

describe('BLOCKHASH', () => {
  it('reads no block from the store, reaches back 256 blocks and no further, and survives a restart', async () => {
    const store = countingStore();
    const ledger = await openLedger(store);
    const hashes: Hex[] = [ledger.genesisHash];
    for (let height = 1; height <= blockHashesMax + 2; height++) {
      await addBlock(ledger, height - 1, { to: testWallet(1).address });
      hashes.push(ledger.head().hash);
    }
    for (const open of [ledger, await openLedger(store)]) {
      // PUSH2 height BLOCKHASH PUSH0 MSTORE PUSH1 32 PUSH0 RETURN
      const ask = (height: number) => run(open, `61${height.toString(16).padStart(4, '0')}405f5260205ff3`);
      const head = blockHashesMax + 2;
      for (const height of [head, head - 1, head - 100, head + 1 - blockHashesMax])
        expect(await ask(height)).toMatchObject({ kind: 'returned', data: fromHex(hashes[height] as Hex) });
      for (const height of [head + 1, head - blockHashesMax, 0])
        expect(await ask(height)).toMatchObject({ kind: 'returned', data: new Uint8Array(32) });
      store.reads = 0;
      // JUMPDEST PUSH2 height BLOCKHASH POP PUSH0 JUMP, thousands of times.
      await run(open, `5b61${(head - 100).toString(16).padStart(4, '0')}40505f56`);
      expect(store.reads).toBeLessThan(10);
    }
  });
});

describe('calls', () => {
  it('wait while blocks go before them', async () => {
    const turns = new Turns();
    const order: string[] = [];
    const work = (name: string) => async () => {
      order.push(name);
    };
    const first = turns.call(work('call 1'));
    const rest = [turns.call(work('call 2')), turns.call(work('call 3'))];
    expect(turns.waitingCalls).toBe(2);
    await Promise.all([first, ...rest, turns.block(work('block'))]);
    expect(order).toEqual(['call 1', 'block', 'call 2', 'call 3']);
    await expect(turns.call(() => Promise.reject(new Error('failed')))).rejects.toThrow('failed');
    await turns.block(work('after a failure'));
    expect(order.at(-1)).toBe('after a failure');
  });

  it('are refused when too many wait', async () => {
    const ledger = await openLedger(memoryStore());
    const answers = await Promise.all(Array.from({ length: callsWaitingMax + 2 }, () => run(ledger, '00')));
    expect(answers.slice(0, -1).every(({ kind }) => kind === 'returned')).toBe(true);
    expect(answers.at(-1)).toMatchObject({ kind: 'failed', reason: expect.stringContaining('too many calls') });
    expect(await run(ledger, '00')).toMatchObject({ kind: 'returned' });
  });

  it('let the process hear others between two of them', async () => {
    const ledger = await openLedger(memoryStore());
    let heard = 0;
    const timer = setInterval(() => heard++, 0);
    await Promise.all(Array.from({ length: 5 }, () => run(ledger, '5b5f56')));
    clearInterval(timer);
    expect(heard).toBeGreaterThan(0);
  });

  it('from a contract are refused in words', async () => {
    const ledger = await openLedger(memoryStore());
    // Creates a contract whose code is one STOP.
    await addBlock(ledger, 0, { data: '0x6001600c60003960016000f300', gasLimit: 100_000n });
    const from = ledger.blockAt(1)?.receipts[0]?.contractAddress as Hex;
    const request = { from, to: zero, value: 0n, data: new Uint8Array(0), gasLimit: 100_000n, accessList: [] };
    expect(await ledger.call(request)).toMatchObject({ kind: 'failed', reason: expect.stringContaining('EIP-3607') });
  });

  it('leave no more in memory than the caches may hold, also where no block comes', async () => {
    const crypto = await loadLedgerCrypto();
    let reads = 0;
    const store: LedgerStore = {
      ...memoryStore(),
      get: () => {
        reads++;
        return undefined;
      },
    };
    const common = ledgerCommon(chainId, crypto);
    const evm = await createEthereumjsEvm({ common, store, stateRoot: emptyTrieRoot, bn254: await loadMclBn254() });
    for (let slot = 0; slot <= cachedEntriesMax; slot++) evm.storage(zero, toBigEndian(BigInt(slot), 32));
    const readAgain = () => {
      reads = 0;
      evm.storage(zero, toBigEndian(0n, 32));
      return reads;
    };
    expect(readAgain()).toBe(0);
    const context = { height: 1, timestampSeconds: 1, blockHash: () => undefined };
    await evm.call({ from: zero, to: zero, value: 0n, data: new Uint8Array(0), gasLimit: 100_000n, accessList: [] }, context);
    expect(readAgain()).toBe(1);
  });
});

describe('answers', () => {
  it('to a log query are bounded in bytes', async () => {
    const ledger = await openLedger(memoryStore());
    // PUSH3 1 MiB PUSH0 LOG0: the creation logs a mebibyte of zeros.
    for (let nonce = 0; nonce < 9; nonce++) await addBlock(ledger, nonce, { data: '0x621000005fa000', gasLimit: 12_000_000n });
    const all = { addresses: [], topics: [] };
    expect(await ledger.logs(all, 0, 8)).toMatchObject({ ok: true, logs: { length: 8 } });
    expect(await ledger.logs(all, 0, 9)).toMatchObject({ ok: false, reason: expect.stringContaining('bytes') });
  });

  it('to a batch are bounded all together, and made in parts between which others are heard', async () => {
    let running = 0;
    let most = 0;
    let pauses = 0;
    const handler: RpcHandler = {
      methods: new Map<string, () => Promise<string>>([
        [
          'long',
          async () => {
            most = Math.max(most, ++running);
            await Promise.resolve();
            running--;
            return 'x'.repeat(answerLengthMax / 4);
          },
        ],
        ['longer', async () => 'x'.repeat(answerLengthMax)],
      ]),
      pause: async () => {
        pauses++;
      },
      onFailure: (_method, error) => {
        throw error;
      },
    };
    const ask = async (method: string, count: number) => {
      const calls = Array.from({ length: count }, (_, id) => ({ jsonrpc: '2.0', id, method }));
      return JSON.parse((await answerRpc(handler, JSON.stringify(count === 1 ? calls[0] : calls), null)) as string);
    };
    const answers = (await ask('long', 3 * batchCallsAtOnceMax)) as { id: number; result?: string; error?: { code: number } }[];
    expect(answers.map(({ id }) => id)).toEqual(answers.map((_, index) => index));
    expect(answers.filter(({ result }) => result !== undefined)).toHaveLength(3);
    expect(answers.at(-1)?.error?.code).toBe(-32_005);
    expect([most, pauses]).toEqual([batchCallsAtOnceMax, 2]);
    expect(await ask('longer', 1)).toMatchObject({ error: { code: -32_005 } });
  });
});
