/** kill -9 at random moments: no acknowledged transaction is lost, and the state is what a replay from genesis gives. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setImmediate } from 'node:timers/promises';
import { getCreateAddress, JsonRpcProvider } from 'ethers';
import { describe, expect, it } from 'vitest';
import { start } from '../../core/services/validator.ts';
import { replayLedger } from '../ledger-replay.ts';
import { alone } from '../local-proposer.ts';
import { compileContract, testGenesis, testWallet, withFolder } from './ledger-network.ts';

const kills = 12;
const senders = 4;
const chainId = 7331;
const code = compileContract(
  'pragma solidity 0.8.37; contract Store { mapping(uint256 => uint256) public slots; event Put(uint256 indexed key); fallback() external { uint256 key = block.number % 7; slots[key] = slots[key] == 0 ? block.number : 0; emit Put(key); } }',
  'Store',
).bytecode;

/** Numbers below `bound` from a seed (mulberry32). */
function seeded(seed: number): (bound: number) => number {
  let state = seed;
  return (bound) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % bound;
  };
}

async function launch(folder: string): Promise<{ child: ChildProcess; url: string }> {
  const child = spawn(process.execPath, [new URL('./ledger-process.ts', import.meta.url).pathname, folder, '0'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
  return { child, url: (JSON.parse(line) as { rpcUrl: string }).rpcUrl };
}

async function send(url: string, raw: string): Promise<string | null> {
  try {
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'eth_sendRawTransaction', params: [raw] });
    const response = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
    const { result, error } = (await response.json()) as { result?: string; error?: { message: string } };
    if (error !== undefined) throw new Error(error.message);
    return result ?? null;
  } catch (error) {
    // The process was killed before it answered: the transaction was not acknowledged.
    if (error instanceof TypeError || error instanceof SyntaxError) return null;
    throw error;
  }
}

describe('a killed validator', () => {
  it('loses nothing that it acknowledged', { timeout: 120_000 }, async () => {
    await withFolder(async (folder) => {
      const random = seeded(20_261_122);
      const acknowledged = new Set<string>();
      let contract: string | null = null;
      for (let kill = 0; kill < kills; kill++) {
        const { child, url } = await launch(folder);
        const exited = once(child, 'exit');
        const provider = new JsonRpcProvider(url, undefined, { cacheTimeout: -1, staticNetwork: true });
        const nonces = await Promise.all(
          Array.from({ length: senders }, (_, index) => provider.getTransactionCount(testWallet(index).address, 'pending')),
        );
        provider.destroy();
        const target = kill === 0 ? 1 : 1 + random(30);
        let count = 0;
        const sendFrom = async (index: number): Promise<void> => {
          for (let nonce = nonces[index] as number; ; nonce++) {
            const to = contract === null || random(3) === 0 ? testWallet(9).address : contract;
            const fields =
              kill === 0 && index === 0
                ? { to: null, data: code, gasLimit: 1_000_000n }
                : { to, value: to === contract ? 0n : 1n, gasLimit: 200_000n };
            const hash = await send(url, await testWallet(index).signTransaction({ type: 0, gasPrice: 0n, chainId, nonce, ...fields }));
            if (hash === null) return;
            acknowledged.add(hash);
            if (++count < target) continue;
            for (let turns = random(20); turns > 0; turns--) await setImmediate();
            child.kill('SIGKILL');
            return;
          }
        };
        await Promise.all(nonces.map((_, index) => sendFrom(index)));
        await exited;
        contract ??= getCreateAddress({ from: testWallet(0).address, nonce: 0 });
      }

      const validator = await start({ folder, genesis: testGenesis(chainId), port: 0, order: alone });
      const provider = new JsonRpcProvider(validator.rpcUrl, undefined, { cacheTimeout: -1, pollingInterval: 20 });
      const receipts = await Promise.all([...acknowledged].map((hash) => provider.waitForTransaction(hash)));
      expect(receipts.every((receipt) => receipt?.status === 1)).toBe(true);
      expect(receipts.length).toBeGreaterThan(3 * kills);
      provider.destroy();
      await validator.stop();

      expect((await replayLedger(folder, testGenesis(chainId))).height).toBeGreaterThan(0);
    });
  });
});
