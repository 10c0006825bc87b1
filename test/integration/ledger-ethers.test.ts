/** ethers, unmodified, on the ledger: over HTTP and WebSocket, and across a restart. */
import { Contract, ContractFactory, isError, JsonRpcProvider, type Log, Wallet, WebSocketProvider } from 'ethers';
import { describe, expect, it } from 'vitest';
import { ChainProvider } from '../../core/adapters/ethers-provider.ts';
import { sendAndWait } from '../../core/adapters/ethers-transaction-sender.ts';
import { unfundedTransactionGasMax } from '../../core/ledger/limits.ts';
import { start, type Validator } from '../../core/services/validator.ts';
import { alone } from '../local-proposer.ts';
import { compileContract, testGenesis, testWallet, withFolder } from './ledger-network.ts';

const counter = compileContract(
  `// SPDX-License-Identifier: GPL-3.0-or-later
  pragma solidity 0.8.37;
  contract Counter {
    error TooMuch(uint256 wanted, uint256 most);
    event Counted(address indexed by, uint256 value);
    uint256 public value;
    uint256 public deadline;
    constructor() payable { deadline = block.timestamp + 100; }
    function count(uint256 by) external { if (by > 10) revert TooMuch(by, 10); value += by; emit Counted(msg.sender, value); }
    function refuse() external pure { revert("not today"); }
    function isOver() external view returns (bool) { return block.timestamp > deadline; }
    function before(uint256 number) external view returns (bytes32) { return blockhash(number); }
  }`,
  'Counter',
);

interface Network {
  readonly validator: Validator;
  readonly provider: JsonRpcProvider;
  /** The counter, deployed by and connected to the first test wallet. */
  readonly contract: Contract;
  readonly address: string;
}

async function withCounter(work: (network: Network) => Promise<void>, clock?: { nowMs(): number }): Promise<void> {
  await withFolder(async (folder) => {
    const validator = await start({ folder, genesis: testGenesis(), port: 0, order: alone, ...(clock === undefined ? {} : { clock }) });
    const provider = new JsonRpcProvider(validator.rpcUrl, undefined, { cacheTimeout: -1, pollingInterval: 20 });
    try {
      const owner = testWallet(0).connect(provider);
      const deployed = await (await new ContractFactory([...counter.abi], counter.bytecode, owner).deploy()).waitForDeployment();
      const address = await deployed.getAddress();
      await work({ validator, provider, address, contract: new Contract(address, [...counter.abi], owner) });
    } finally {
      provider.destroy();
      await validator.stop();
    }
  });
}

describe('ethers over HTTP', () => {
  it('deploys and calls a contract that survives a restart', async () => {
    await withFolder(async (folder) => {
      const config = { folder, genesis: testGenesis(), port: 0, order: alone };
      const first = await start(config);
      const provider = new JsonRpcProvider(first.rpcUrl, undefined, { cacheTimeout: -1 });
      const owner = testWallet(0).connect(provider);
      const contract = await new ContractFactory([...counter.abi], counter.bytecode, owner).deploy({ value: 5n });
      await contract.waitForDeployment();
      const address = await contract.getAddress();
      const receipt = await (await (contract as Contract).getFunction('count')(3)).wait();
      expect(receipt.status).toBe(1);
      const { stateRoot } = (await provider.send('eth_getBlockByNumber', ['latest', false])) as { stateRoot: string };
      provider.destroy();
      await first.stop();

      const second = await start(config);
      const again = new JsonRpcProvider(second.rpcUrl, undefined, { cacheTimeout: -1 });
      const reopened = new Contract(address, [...counter.abi], testWallet(0).connect(again));
      expect(await reopened.getFunction('value')()).toBe(3n);
      expect(await again.getBalance(address)).toBe(5n);
      expect(((await again.send('eth_getBlockByNumber', ['latest', false])) as { stateRoot: string }).stateRoot).toBe(stateRoot);
      await (await reopened.getFunction('count')(4)).wait();
      expect(await reopened.getFunction('value')()).toBe(7n);
      again.destroy();
      await second.stop();
    });
  });

  it('reads events, by query and by polling a filter', async () => {
    await withCounter(async ({ contract, provider, address }) => {
      const heard = new Promise<bigint>((resolve) => void contract.once('Counted', (_by, value) => resolve(value as bigint)));
      await contract
        .getFunction('count')(2)
        .then((sent) => sent.wait());
      expect(await heard).toBe(2n);
      await contract
        .getFunction('count')(3)
        .then((sent) => sent.wait());
      const events = await contract.queryFilter(contract.getEvent('Counted')(testWallet(0).address), 0);
      expect(events.map((event) => ('args' in event ? event.args[1] : null))).toEqual([2n, 5n]);
      expect(await contract.queryFilter(contract.getEvent('Counted')(testWallet(1).address), 0)).toEqual([]);
      expect(
        (await provider.getLogs({ fromBlock: 0, topics: [null, `0x${testWallet(0).address.slice(2).toLowerCase().padStart(64, '0')}`] }))
          .length,
      ).toBe(2);
      expect((await provider.getLogs({ fromBlock: 'latest', address })).map(({ index }) => index)).toEqual([0]);
    });
  });

  it('decodes why a call or an estimate reverts, and reports a failed transaction', async () => {
    await withCounter(async ({ contract }) => {
      const custom = await contract
        .getFunction('count')
        .staticCall(11)
        .catch((error: unknown) => error);
      expect(isError(custom, 'CALL_EXCEPTION') && custom.revert).toMatchObject({ name: 'TooMuch', args: [11n, 10n] });
      const worded = await contract
        .getFunction('refuse')
        .send()
        .catch((error: unknown) => error);
      expect(isError(worded, 'CALL_EXCEPTION') && worded.reason).toBe('not today');
      const failed = await contract
        .getFunction('count')
        .send(11, { gasLimit: 100_000n })
        .then((sent) => sent.wait())
        .catch((error: unknown) => error);
      expect(isError(failed, 'CALL_EXCEPTION') && failed.receipt?.status).toBe(0);
    });
  });

  it('counts nonces that wait, refuses stale ones, and takes the same transaction twice', async () => {
    await withCounter(async ({ provider }) => {
      const wallet = testWallet(1).connect(provider);
      const fields = { to: testWallet(2).address, value: 1n, gasLimit: 21_000n, gasPrice: 0n, chainId: 7331, type: 0 };
      const later = await provider.broadcastTransaction(await wallet.signTransaction({ ...fields, nonce: 1 }));
      expect(await provider.getTransactionCount(wallet.address, 'pending')).toBe(0);
      expect(await provider.getTransactionReceipt(later.hash)).toBeNull();
      expect((await provider.getTransaction(later.hash))?.blockNumber).toBeNull();
      const first = await wallet.signTransaction({ ...fields, nonce: 0 });
      await (await provider.broadcastTransaction(first)).wait();
      await later.wait();
      expect((await provider.broadcastTransaction(first)).hash).toBe(
        (await provider.getTransaction((await provider.broadcastTransaction(first)).hash))?.hash,
      );
      const stale = await provider
        .broadcastTransaction(await wallet.signTransaction({ ...fields, nonce: 0, value: 2n }))
        .catch((error: unknown) => error);
      expect(isError(stale, 'NONCE_EXPIRED')).toBe(true);
      const poor = await provider
        .broadcastTransaction(await testWallet(11).signTransaction({ ...fields, nonce: 0 }))
        .catch((error: unknown) => error);
      expect(isError(poor, 'INSUFFICIENT_FUNDS')).toBe(true);
    });
  });

  it('sends from an account without coins, and charges no fee that is offered', async () => {
    await withCounter(async ({ validator, provider, contract }) => {
      const pauper = testWallet(12).connect(provider);
      const receipt = await (
        await (contract.connect(pauper) as Contract).getFunction('count')(1, { maxFeePerGas: 10n ** 12n, maxPriorityFeePerGas: 10n ** 9n })
      ).wait();
      expect(receipt.status).toBe(1);
      expect(receipt.gasPrice).toBe(0n);
      expect(await provider.getBalance(pauper.address)).toBe(0n);
      const heavy = { to: pauper.address, gasLimit: unfundedTransactionGasMax + 1n };
      const sender = new ChainProvider([validator.rpcUrl], Number((await provider.getNetwork()).chainId));
      await expect(sendAndWait(sender, new Wallet(pauper.privateKey, sender), heavy, 0)).rejects.toMatchObject({
        code: 'CHAIN_LIMIT_REACHED',
        text: { what: expect.stringContaining('holds less than 0.01 coin') },
      });
    });
  });

  it('runs calls and estimates at the present time although no block was made since', async () => {
    let nowMs = 1_800_000_000_000;
    await withCounter(
      async ({ contract, provider }) => {
        expect(await contract.getFunction('isOver')()).toBe(false);
        nowMs += 101_000;
        expect(await contract.getFunction('isOver')()).toBe(true);
        await (await contract.getFunction('count')(1)).wait();
        expect((await provider.getBlock('latest'))?.timestamp).toBe(1_800_000_101);
        nowMs -= 3_600_000;
        await (await contract.getFunction('count')(1)).wait();
        expect((await provider.getBlock('latest'))?.timestamp).toBe(1_800_000_101);
      },
      { nowMs: () => nowMs },
    );
  });

  it('gives contracts the hashes of earlier blocks', async () => {
    await withCounter(async ({ contract, provider, validator }) => {
      expect(await contract.getFunction('before')(0)).toBe(validator.genesisHash);
      expect(await contract.getFunction('before')(1)).toBe((await provider.getBlock(1))?.hash);
      expect(await contract.getFunction('before')(2)).toBe(`0x${'0'.repeat(64)}`);
    });
  });
});

describe('ethers over WebSocket', () => {
  it('subscribes to blocks and logs, and leaves', async () => {
    await withCounter(async ({ validator, contract, address }) => {
      const socket = new WebSocketProvider(validator.webSocketUrl);
      const heads: number[] = [];
      const logs: Log[] = [];
      await socket.on('block', (height: number) => heads.push(height));
      await socket.on({ address }, (log: Log) => logs.push(log));
      expect(await socket.getBlockNumber()).toBe(1);
      await contract
        .getFunction('count')(1)
        .then((sent) => sent.wait());
      await contract
        .getFunction('count')(2)
        .then((sent) => sent.wait());
      // Notifications and answers share the connection in order: after this answer both blocks were told.
      expect(await socket.send('eth_blockNumber', [])).toBe('0x3');
      expect(heads).toEqual([2, 3]);
      expect(logs.map(({ blockNumber, index }) => [blockNumber, index])).toEqual([
        [2, 0],
        [3, 0],
      ]);
      await socket.removeAllListeners();
      await socket.send('eth_chainId', []);
      await socket.destroy();
    });
  });
});
