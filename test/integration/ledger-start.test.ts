/** What a validator refuses to start on: taken ports, foreign, damaged or newer stores. Nothing in the folder changes. */
import { once } from 'node:events';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { keccak_256 } from '@noble/hashes/sha3.js';
import { JsonRpcProvider } from 'ethers';
import { describe, expect, it } from 'vitest';
import { openLevelLedgerStore } from '../../core/adapters/level-ledger-store.ts';
import { Encoder } from '../../core/base/codec.ts';
import { blockKey, headKey, type LedgerStore, nodeKey, receiptsKey, type StoreWrite } from '../../core/ledger/ledger-store.ts';
import { start, type ValidatorConfig } from '../../core/services/validator.ts';
import { alone } from '../local-proposer.ts';
import { testGenesis, testWallet, withFolder } from './ledger-network.ts';

/** A folder whose ledger has two blocks with a transfer each. */
async function withLedger(work: (config: ValidatorConfig) => Promise<void>): Promise<void> {
  await withFolder(async (folder) => {
    const config = { folder, genesis: testGenesis(), port: 0, order: alone };
    const validator = await start(config);
    const provider = new JsonRpcProvider(validator.rpcUrl, undefined, { cacheTimeout: -1, pollingInterval: 20 });
    for (let count = 0; count < 2; count++)
      await (
        await testWallet(0)
          .connect(provider)
          .sendTransaction({ to: testWallet(1).address, value: 1n })
      ).wait();
    provider.destroy();
    await validator.stop();
    await work(config);
  });
}

async function change(folder: string, writes: (store: LedgerStore) => StoreWrite[]): Promise<void> {
  const store = await openLevelLedgerStore(folder);
  await store.write(writes(store));
  await store.close();
}

function flipped(bytes: Uint8Array | undefined, position: number): Uint8Array {
  if (bytes === undefined) throw new Error('the record is there');
  return bytes.map((byte, index) => (index === position ? byte ^ 1 : byte));
}

const code = (value: string) => expect.objectContaining({ code: value, message: expect.stringMatching(/\S+ .*\. .*\. .*\.$/) });

describe('a validator does not start', () => {
  it('on a port that is taken', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as { port: number };
    await withFolder(async (folder) => {
      await expect(start({ folder, genesis: testGenesis(), port, order: alone })).rejects.toThrow(code('LEDGER_PORT_TAKEN'));
      server.close();
      await once(server, 'close');
      await (await start({ folder, genesis: testGenesis(), port, order: alone })).stop();
    });
  });

  it('where others could reach it', async () => {
    await withFolder(async (folder) => {
      await expect(start({ folder, genesis: testGenesis(), port: 0, order: alone, host: '0.0.0.0' })).rejects.toThrow(
        code('LEDGER_HOST_REFUSED'),
      );
    });
  });

  it('on a folder in use, or one that is a file', async () => {
    await withFolder(async (folder) => {
      const config = { folder, genesis: testGenesis(), port: 0, order: alone };
      const first = await start(config);
      await expect(start(config)).rejects.toThrow(code('LEDGER_FOLDER_LOCKED'));
      await first.stop();
      const file = join(folder, 'file');
      writeFileSync(file, 'x');
      await expect(start({ ...config, folder: file })).rejects.toThrow(code('LEDGER_FOLDER_UNUSABLE'));
    });
  });

  it('on database files with other bytes in them; with the good ones it does', async () => {
    await withLedger(async (config) => {
      // A start puts what was written last from the journal into tables.
      await (await start(config)).stop();
      const tables = readdirSync(config.folder)
        .filter((name) => name.endsWith('.ldb'))
        .map((name) => join(config.folder, name));
      const good = tables.map((path) => readFileSync(path));
      for (const [position, path] of tables.entries()) writeFileSync(path, good[position]?.map((byte) => byte ^ 0x5a) as Buffer);
      await expect(start(config)).rejects.toThrow(code('LEDGER_STORE_CORRUPT'));
      for (const [position, path] of tables.entries()) writeFileSync(path, good[position] as Buffer);
      await (await start(config)).stop();
    });
  });

  it('on the ledger of another network', async () => {
    await withLedger(async (config) => {
      await expect(start({ ...config, genesis: testGenesis(7332) })).rejects.toThrow(code('LEDGER_OTHER_NETWORK'));
      await (await start(config)).stop();
    });
  });

  it('on a ledger that is damaged', async () => {
    const damages: ((store: LedgerStore) => StoreWrite[])[] = [
      (store) => [{ key: headKey, value: flipped(store.get(headKey), 60) }],
      () => [{ key: headKey, value: null }],
      () => [{ key: blockKey(1), value: null }],
      (store) => [{ key: blockKey(2), value: flipped(store.get(blockKey(2)), 200) }],
      (store) => [{ key: blockKey(0), value: flipped(store.get(blockKey(0)), 40) }],
      () => [{ key: receiptsKey(2), value: null }],
      (store) => [{ key: nodeKey(new Uint8Array(0)), value: flipped(store.get(nodeKey(new Uint8Array(0))), 5) }],
    ];
    for (const damage of damages) {
      await withLedger(async (config) => {
        await change(config.folder, damage);
        await expect(start(config), damage.toString()).rejects.toThrow(code('LEDGER_STORE_CORRUPT'));
      });
    }
  });

  it('on a ledger of a newer format version', async () => {
    await withLedger(async (config) => {
      const body = new Encoder().text('vouchsafe:ledger-store').uint(2, 2).bytes(new Uint8Array(9)).finish();
      await change(config.folder, () => [{ key: headKey, value: new Encoder().bytes(body).fixed(keccak_256(body), 32).finish() }]);
      await expect(start(config)).rejects.toThrow(code('LEDGER_STORE_VERSION'));
    });
  });
});
