/**
 * The ledger's EVM against the stock @ethereumjs/vm with its own trie, recovery and precompiles: the same
 * random transactions lead to the same state root, gas, status and logs after every block, also when the
 * ledger's EVM is opened anew from its store between blocks.
 */
import { createBlock } from '@ethereumjs/block';
import { createCustomCommon, Hardfork, Mainnet } from '@ethereumjs/common';
import { MerkleStateManager } from '@ethereumjs/statemanager';
import { createTxFromRLP } from '@ethereumjs/tx';
import { createAccount, createAddressFromString } from '@ethereumjs/util';
import { createVM, runTx } from '@ethereumjs/vm';
import { bn254 } from '@noble/curves/bn254.js';
import { getCreateAddress, Interface } from 'ethers';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createEthereumjsEvm } from '../../core/adapters/ethereumjs-evm.ts';
import { loadLedgerCrypto } from '../../core/adapters/ledger-crypto.ts';
import { loadMclBn254 } from '../../core/adapters/mcl-bn254.ts';
import { concatBytes, fromHex, toBigEndian, toHex } from '../../core/base/bytes.ts';
import type { TransactionOutcome } from '../../core/ledger/evm.ts';
import { genesisAccounts } from '../../core/ledger/genesis.ts';
import { blockGasMax } from '../../core/ledger/limits.ts';
import { emptyTrieRoot } from '../../core/ledger/merkle-patricia-trie.ts';
import { ledgerCommon, ledgerEips, transactionDecoder } from '../../core/ledger/transaction.ts';
import { compileContract, memoryStore, testGenesis, testWallet } from '../integration/ledger-network.ts';

const seed = 20_261_122;
const chainId = 7331;
const senders = 3;

const kitchen = compileContract(
  `// SPDX-License-Identifier: GPL-3.0-or-later
  pragma solidity 0.8.37;
  contract Child {
    mapping(uint256 => uint256) public slots;
    constructor() payable {}
    function fill(uint256 count) external { for (uint256 i = 0; i < count; i++) slots[i] = i + 1; }
    function end(address payable to) external { selfdestruct(to); }
  }
  contract Kitchen {
    event Did(uint256 indexed what, bytes result);
    mapping(uint256 => uint256) public slots;
    Child[] public children;
    constructor() payable {}
    receive() external payable {}
    function put(uint256 first, uint256 count, uint256 value) external { for (uint256 i = 0; i < count; i++) slots[first + i] = value; }
    function putAndRevert(uint256 key, uint256 value) external { slots[key] = value; emit Did(key, ""); revert("no"); }
    function putInside(uint256 key, uint256 value) external { slots[key]++; try this.putAndRevert(key, value) {} catch (bytes memory reason) { emit Did(key, reason); } }
    function spawn(uint256 salt, uint256 count, uint256 coins) external { Child child = new Child{salt: bytes32(salt), value: coins}(); child.fill(count); children.push(child); }
    function spawnAndEnd(uint256 salt, uint256 count, uint256 coins, address payable to) external { Child child = new Child{salt: bytes32(salt), value: coins}(); child.fill(count); child.end(to); emit Did(salt, ""); }
    function endChild(uint256 index, address payable to) external { children[index].end(to); }
    function burn(uint256 rounds) external { uint256 x; for (uint256 i = 0; i < rounds; i++) x = uint256(keccak256(abi.encode(x, i))); slots[x % 8] = x; }
    function precompile(address at, bytes calldata input, uint256 gasLimit) external { (bool ok, bytes memory result) = at.call{gas: gasLimit}(input); emit Did(ok ? 1 : 0, result); }
    function pay(address payable to, uint256 amount) external { (bool ok,) = to.call{value: amount}(""); emit Did(ok ? 1 : 0, ""); }
    function look(uint256 back) external { emit Did(block.number, abi.encode(blockhash(block.number - back), block.timestamp, block.basefee, block.prevrandao, block.coinbase, block.gaslimit, tx.gasprice, block.chainid)); }
    function fleeting(uint256 key) external { assembly { tstore(key, add(tload(key), 1)) sstore(key, tload(key)) } }
  }`,
  'Kitchen',
);
const kitchenAbi = new Interface([...kitchen.abi]);
const firstKitchen = getCreateAddress({ from: testWallet(0).address, nonce: 0 });

const word = (value: bigint): Uint8Array => toBigEndian(value, 32);
const g1 = fc.bigInt({ min: 1n, max: 2n ** 250n }).map((factor) => {
  const { x, y } = bn254.G1.Point.BASE.multiply(factor % bn254.fields.Fr.ORDER).toAffine();
  return concatBytes(word(x), word(y));
});
const g2 = fc.bigInt({ min: 1n, max: 2n ** 250n }).map((factor) => {
  const { x, y } = bn254.G2.Point.BASE.multiply(factor % bn254.fields.Fr.ORDER).toAffine();
  return concatBytes(word(x.c1), word(x.c0), word(y.c1), word(y.c0));
});
const bytes = (maxLength: number) => fc.uint8Array({ maxLength });
const joined = (...parts: fc.Arbitrary<Uint8Array>[]) => fc.tuple(...parts).map((all) => concatBytes(...all));
const small = fc.integer({ min: 0, max: 12 });
/** Few, so that a contract often appears where another ended in the same block. */
const salt = fc.integer({ min: 0, max: 1 });
const account = fc.oneof(
  fc.integer({ min: 0, max: senders + 2 }).map((index) => testWallet(index).address),
  fc.constant(firstKitchen),
  fc.integer({ min: 0, max: 20 }).map((value) => `0x${value.toString(16).padStart(40, '0')}`),
);
/** All precompiles of Cancun but the point evaluation, which this network leaves without a set-up. */
const precompileCall = fc.oneof(
  fc.tuple(fc.constantFrom(1, 2, 3, 4, 5, 6, 7, 8, 9), bytes(400)),
  fc.tuple(fc.constant(6), joined(g1, g1)),
  fc.tuple(fc.constant(6), joined(g1, fc.uint8Array({ minLength: 64, maxLength: 64 }))),
  fc.tuple(fc.constant(7), joined(g1, fc.uint8Array({ minLength: 32, maxLength: 32 }))),
  fc.tuple(fc.constant(8), joined(g1, g2)),
  fc.tuple(fc.constant(8), joined(g1, fc.uint8Array({ minLength: 128, maxLength: 128 }))),
  fc.tuple(
    fc.constant(1),
    fc.tuple(fc.integer({ min: 0, max: senders }), fc.boolean(), fc.boolean()).map(([index, highS, badV]) => {
      const digest = word(BigInt(index + 1));
      const { r, s, v } = testWallet(index).signingKey.sign(digest);
      const order = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
      const spelledS = highS ? order - BigInt(s) : BigInt(s);
      return concatBytes(digest, word(BigInt(badV ? 29 : highS ? 55 - v : v)), fromHex(r), word(spelledS));
    }),
  ),
);
const call = (name: string, ...args: fc.Arbitrary<unknown>[]) =>
  fc.tuple(...args).map((values) => ({ to: firstKitchen, data: kitchenAbi.encodeFunctionData(name, values) }));
const opcodes = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        '6000',
        '6001',
        '60ff',
        '5f',
        '80',
        '90',
        '01',
        '55',
        '54',
        '52',
        '51',
        '20',
        '50',
        '5a',
        '33',
        '34',
        'f0',
        'f1',
        'fa',
        'fd',
        'f3',
        'ff',
        '46',
        '48',
        '5c',
        '5d',
        '5e',
        'a1',
      ),
      fc.integer({ min: 0, max: 255 }).map((byte) => byte.toString(16).padStart(2, '0')),
    ),
    {
      maxLength: 60,
    },
  )
  .map((codes) => ({ to: null, data: `0x${codes.join('')}` }));
const action = fc.oneof(
  { weight: 2, arbitrary: account.map((to) => ({ to, data: '0x' })) },
  { weight: 3, arbitrary: call('put', small, small, fc.constantFrom(0n, 0n, 1n, 2n ** 255n)) },
  call('putAndRevert', small, small),
  call('putInside', small, small),
  { weight: 2, arbitrary: call('spawn', salt, small, small) },
  { weight: 2, arbitrary: call('spawnAndEnd', salt, small, small, account) },
  call('endChild', fc.integer({ min: 0, max: 2 }), account),
  call('burn', fc.integer({ min: 0, max: 300 })),
  {
    weight: 4,
    arbitrary: precompileCall.chain(([at, input]) =>
      call(
        'precompile',
        fc.constant(`0x${at.toString(16).padStart(40, '0')}`),
        fc.constant(input),
        fc.constantFrom(1_000, 50_000, 200_000),
      ),
    ),
  },
  call('pay', account, small),
  call('look', fc.integer({ min: 1, max: 3 })),
  call('fleeting', small),
  fc.constant({ to: null, data: kitchen.bytecode }),
  { weight: 2, arbitrary: opcodes },
);
const step = fc.record({
  sender: fc.integer({ min: 0, max: senders - 1 }),
  action,
  value: fc.constantFrom(0n, 0n, 0n, 1n, 10n ** 18n),
  gasLimit: fc.oneof(
    { weight: 4, arbitrary: fc.constant(3_000_000n) },
    { weight: 1, arbitrary: fc.bigInt({ min: 60_000n, max: 120_000n }) },
  ),
});
const blocks = fc.array(fc.record({ steps: fc.array(step, { minLength: 1, maxLength: 6 }), reopen: fc.boolean() }), {
  minLength: 2,
  maxLength: 5,
});
type Step = typeof step extends fc.Arbitrary<infer Value> ? Value : never;

describe('execution', () => {
  it('equals the stock implementation', { timeout: 300_000 }, async () => {
    const crypto = await loadLedgerCrypto();
    const bn254Fast = await loadMclBn254();
    const counts = { executed: 0, failed: 0, logs: 0, created: 0 };

    await fc.assert(
      fc.asyncProperty(blocks, async (plan) => {
        const genesis = testGenesis(chainId);
        const common = ledgerCommon(chainId, crypto);
        const decode = transactionDecoder(common);
        const store = memoryStore();
        let stateRoot: Uint8Array = emptyTrieRoot;
        let evm = await createEthereumjsEvm({ common, store, stateRoot, bn254: bn254Fast });
        const start = evm.genesis(genesisAccounts(genesis));
        await store.write(start.writes);
        evm.adopt(start);

        const stockCommon = createCustomCommon({ chainId, name: 'stock' }, Mainnet, { hardfork: Hardfork.Cancun, eips: [...ledgerEips] });
        const stateManager = new MerkleStateManager({ common: stockCommon });
        const stock = await createVM({ common: stockCommon, stateManager });
        await stateManager.checkpoint();
        for (const { address, balance } of genesisAccounts(genesis))
          await stateManager.putAccount(createAddressFromString(toHex(address)), createAccount({ balance }));
        await stateManager.commit();
        expect(start.stateRoot).toBe(toHex(await stateManager.getStateRoot()));

        const nonces = new Array<number>(senders).fill(0);
        const deployment: Step = { sender: 0, action: { to: null, data: kitchen.bytecode }, value: 1_000n, gasLimit: 5_000_000n };
        for (const [index, { steps, reopen }] of [{ steps: [deployment], reopen: false }, ...plan].entries()) {
          const height = index + 1;
          const context = { height, timestampSeconds: 1_700_000_000 + height, blockHash: () => toHex(new Uint8Array(32)) };
          const stockBlock = createBlock(
            {
              header: {
                number: height,
                timestamp: context.timestampSeconds,
                gasLimit: blockGasMax,
                baseFeePerGas: 0n,
                parentBeaconBlockRoot: new Uint8Array(32),
              },
            },
            { common: stockCommon, skipConsensusFormatValidation: true },
          );
          if (reopen) evm = await createEthereumjsEvm({ common, store, stateRoot, bn254: bn254Fast });
          const execution = evm.begin(context);
          await stateManager.checkpoint();
          for (const {
            sender,
            action: { to, data },
            value,
            gasLimit,
          } of steps) {
            const raw = fromHex(
              await testWallet(sender).signTransaction({
                type: 0,
                chainId,
                gasPrice: 0n,
                nonce: nonces[sender] as number,
                to,
                data,
                value,
                gasLimit,
              }),
            );
            const decoded = decode(raw);
            if (!decoded.ok) {
              expect(decoded.reason).toMatch(/^intrinsic gas too low/);
              continue;
            }
            const ours = await execution.run(decoded.transaction);
            const theirs = await runTx(stock, { tx: createTxFromRLP(raw, { common: stockCommon }), block: stockBlock });
            nonces[sender] = (nonces[sender] as number) + 1;
            expect(ours).toEqual({
              kind: 'executed',
              succeeded: theirs.execResult.exceptionError === undefined,
              gasUsed: theirs.totalGasSpent,
              logs: (theirs.execResult.logs ?? []).map(([address, topics, logData]) => ({
                address: toHex(address),
                topics: topics.map(toHex),
                data: logData,
              })),
              contractAddress: to === null ? (theirs.createdAddress?.toString() ?? null) : null,
            } satisfies TransactionOutcome);
            if (ours.kind !== 'executed') continue;
            counts.executed++;
            counts.logs += ours.logs.length;
            if (!ours.succeeded) counts.failed++;
            if (ours.contractAddress !== null) counts.created++;
          }
          await stateManager.commit();
          const change = execution.seal();
          expect(change.stateRoot).toBe(toHex(await stateManager.getStateRoot()));
          await store.write(change.writes);
          evm.adopt(change);
          stateRoot = fromHex(change.stateRoot);
        }
      }),
      { seed, numRuns: 60 },
    );
    // The comparison is worth something only if all kinds of transactions ran.
    expect(Math.min(counts.executed / 4, counts.failed, counts.logs, counts.created)).toBeGreaterThan(50);
  });
});
