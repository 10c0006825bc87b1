/** ethers, unmodified, on the ledger: over HTTP and WebSocket, and across a restart. */
import { Contract, ContractFactory, isError, JsonRpcProvider, type Log, WebSocketProvider } from 'ethers';
import { describe, expect, it } from 'vitest';
import { start, type Validator } from '../../core/services/validator.ts';
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

async function withValidator<Result>(work: (validator: Validator, folder: string) => Promise<Result>, clock?: { nowMs(): number }): Promise<Result> {
  return withFolder(async (folder) => {
    const validator = await start({ folder, genesis: testGenesis(), port: 0, ...(clock === undefined ? {} : { clock }) });
    try {
      return await work(validator, folder);
    } finally {
      await validator.stop();
    }
  });
}

describe('ethers over HTTP', () => {
  it('deploys and calls a contract that survives a restart', async () => {
    await withFolder(async (folder) => {
      const config = { folder, genesis: testGenesis(), port: 0 };
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
});
