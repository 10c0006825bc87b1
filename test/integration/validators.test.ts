/** Twelve validators with sockets and disks of their own, in one process: what they make final, through stops, and what proves it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Wallet } from 'ethers';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { ChainProvider } from '../../core/adapters/ethers-provider.ts';
import { sendAndWait } from '../../core/adapters/ethers-transaction-sender.ts';
import { fromHex, type Hex } from '../../core/base/bytes.ts';
import { type CertifiedBytes, verifyBlock } from '../../core/services/block-verification.ts';
import { type Running, startService } from '../../core/services/service-home.ts';
import { makeValidators, type ValidatorNetwork } from '../validators.ts';
import { testWallet } from './ledger-network.ts';

const lock = { key: new Uint8Array(32).fill(7) };
const folder = mkdtempSync(join(tmpdir(), 'validators-'));
const failures: unknown[] = [];
let network: ValidatorNetwork;
const running = new Map<string, Running>();

const start = async (home: string) =>
  void running.set(
    home,
    await startService(
      home,
      lock,
      () => undefined,
      (error) => failures.push(error),
    ),
  );
const stop = async (home: string) => {
  await running.get(home)?.stop();
  running.delete(home);
};
const providerAt = (...positions: number[]) =>
  new ChainProvider(
    positions.map((position) => network.rpcUrls[position] as string),
    7331,
  );

/** A transfer that is final when this resolves; gives its height. */
async function transfer(...positions: number[]): Promise<number> {
  const provider = providerAt(...positions);
  try {
    const wallet = new Wallet(testWallet(0).privateKey, provider);
    return (await sendAndWait(provider, wallet, { to: testWallet(1).address, value: 1n }, 0)).blockNumber;
  } finally {
    provider.destroy();
  }
}

/** What every running validator says of a block, once it has it. */
function blocksAt(height: number): Promise<{ hash: Hex; stateRoot: Hex; receiptsRoot: Hex }[]> {
  const homes = network.homes.flat();
  return Promise.all(
    [...running.keys()].map(async (home) => {
      const provider = providerAt(homes.indexOf(home));
      try {
        return await vi.waitFor(
          async () => {
            const block = await provider.send('eth_getBlockByNumber', [`0x${height.toString(16)}`, false]);
            expect(block).not.toBeNull();
            return { hash: block.hash, stateRoot: block.stateRoot, receiptsRoot: block.receiptsRoot };
          },
          { timeout: 60_000, interval: 100 },
        );
      } finally {
        provider.destroy();
      }
    }),
  );
}

beforeAll(async () => {
  network = await makeValidators({ folder, groups: [3, 3, 3, 3], lock, wallets: [testWallet(0)] });
  for (const home of network.homes.flat()) await start(home);
});

afterAll(async () => {
  for (const home of running.keys()) await stop(home);
  rmSync(folder, { recursive: true });
  expect(failures).toEqual([]);
});

describe('twelve validators', () => {
  test('make the same block of a transaction that any of them was given', async () => {
    for (const position of [0, 5, 11]) {
      const blocks = await blocksAt(await transfer(position));
      expect(blocks).toHaveLength(12);
      expect(new Set(blocks.map((block) => JSON.stringify(block))).size).toBe(1);
    }
  });

  test('go on without a group and a member of every other, and those who were away catch up', async () => {
    const away = [...(network.homes[0] as readonly string[]), ...[1, 2, 3].map((group) => network.homes[group]?.[2] as string)];
    for (const home of away) await stop(home);
    const height = await transfer(3);
    for (const home of away) await start(home);
    const blocks = await blocksAt(height);
    expect(blocks).toHaveLength(12);
    expect(new Set(blocks.map((block) => JSON.stringify(block))).size).toBe(1);
  });

  test('answer no client with what is not final: without two groups nothing is, and it comes when they are back', async () => {
    const away = [...(network.homes[1] as readonly string[]), ...(network.homes[2] as readonly string[])];
    for (const home of away) await stop(home);
    const provider = providerAt(0);
    const before = await provider.getBlockNumber();
    const sent = transfer(0);
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    expect(await provider.getBlockNumber()).toBe(before);
    for (const home of away) await start(home);
    expect(await sent).toBeGreaterThan(before);
    provider.destroy();
  });

  test('keep everything over a stop of all', async () => {
    const height = await transfer(0);
    const before = await blocksAt(height);
    for (const home of network.homes.flat()) await stop(home);
    for (const home of network.homes.flat()) await start(home);
    expect(await blocksAt(height)).toEqual(before);
    expect(await transfer(7)).toBeGreaterThan(height);
  });
});

describe('a certificate', () => {
  async function certified(height: number): Promise<CertifiedBytes> {
    const provider = providerAt(4);
    const { block, certificate } = await provider.send('vouchsafe_certifiedBlock', [height]);
    provider.destroy();
    return { block: fromHex(block), certificate: { kind: certificate.kind, votes: fromHex(certificate.votes) } };
  }
  const notVerified = expect.objectContaining({ code: 'BLOCK_NOT_VERIFIED' });
  const thrown = (work: () => unknown): unknown => {
    try {
      return work();
    } catch (error) {
      return error;
    }
  };

  test('shows with the genesis document alone that a block is final', async () => {
    const found = verifyBlock(network.genesis, 2, await certified(2));
    expect(found.block.transactions).toHaveLength(1);
    expect(found.signers.map(({ keys }) => keys.length)).toEqual([2, 2, 2]);
  });

  test('holds for no other height, network, block or set of signatures', async () => {
    const given = await certified(2);
    expect(thrown(() => verifyBlock(network.genesis, 3, given))).toEqual(notVerified);
    expect(thrown(() => verifyBlock(network.genesis, 2, { ...given, certificate: { ...given.certificate, kind: 'local' } }))).toEqual(
      notVerified,
    );
    const later = await certified(3);
    expect(thrown(() => verifyBlock(network.genesis, 2, { ...given, certificate: later.certificate }))).toEqual(notVerified);
    const other = { ...network.genesis, timestamp: network.genesis.timestamp + 1 };
    expect(thrown(() => verifyBlock(other, 2, given))).toEqual(notVerified);
    // Every byte of both counts.
    for (const field of ['block', 'votes'] as const) {
      const bytes = field === 'block' ? given.block : given.certificate.votes;
      for (let at = 0; at < bytes.length; at += 7) {
        const changed = bytes.slice();
        changed[at] = (changed[at] as number) ^ 1;
        const bad = field === 'block' ? { ...given, block: changed } : { ...given, certificate: { ...given.certificate, votes: changed } };
        expect(
          thrown(() => verifyBlock(network.genesis, 2, bad)),
          `${field} byte ${at}`,
        ).toEqual(notVerified);
      }
    }
  });
});
