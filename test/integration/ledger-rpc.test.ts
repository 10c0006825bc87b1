/** The JSON-RPC server: every method beside what its clients expect, its limits, and bad input; and `cast`, unmodified. */
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { request } from 'node:http';
import { createRequire } from 'node:module';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { batchCallsMax, filtersMax, requestBytesMax, subscriptionsMax, unfundedTransactionGasMax } from '../../core/ledger/limits.ts';
import { start, type Validator } from '../../core/services/validator.ts';
import { alone } from '../local-proposer.ts';
import { compileContract, testGenesis, testWallet, withFolder } from './ledger-network.ts';

const run = promisify(execFile);
const castBinary = createRequire(import.meta.url).resolve('@foundry-rs/cast-linux-amd64/bin/cast');

let validator: Validator;
let release: () => void;
let closed: Promise<void>;
beforeAll(async () => {
  const held = new Promise<void>((resolve) => (release = resolve));
  await new Promise<void>((ready, failed) => {
    closed = withFolder(async (folder) => {
      validator = await start({ folder, genesis: testGenesis(), port: 0, order: alone });
      ready();
      await held;
      await validator.stop();
    });
    closed.catch(failed);
  });
});
afterAll(async () => {
  release();
  await closed;
});

async function post(body: string, headers: Record<string, string> = {}): Promise<{ status: number; json: unknown }> {
  const response = await fetch(validator.rpcUrl, { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body });
  const text = await response.text();
  return { status: response.status, json: text === '' ? null : JSON.parse(text) };
}

async function rpc(
  method: string,
  ...params: unknown[]
): Promise<{ result?: unknown; error?: { code: number; message: string; data?: string } }> {
  return (await post(JSON.stringify({ jsonrpc: '2.0', id: 7, method, params }))).json as never;
}

async function cast(command: string, ...args: string[]): Promise<string> {
  return (await run(castBinary, [command, '--rpc-url', validator.rpcUrl, ...args], { env: { PATH: process.env.PATH } })).stdout.trim();
}

describe('cast', () => {
  it('deploys, sends, calls and reads', { timeout: 60_000 }, async () => {
    const key = testWallet(3).privateKey;
    const { bytecode } = compileContract(
      'pragma solidity 0.8.37; contract Box { event Kept(uint256 value); uint256 public value; function keep(uint256 v) external { require(v < 10, "too large"); value = v; emit Kept(v); } }',
      'Box',
    );
    expect(await cast('chain-id')).toBe('7331');
    const { contractAddress } = JSON.parse(await cast('send', '--json', '--private-key', key, '--create', bytecode)) as {
      contractAddress: string;
    };
    const receipt = JSON.parse(await cast('send', '--json', '--private-key', key, contractAddress, 'keep(uint256)', '4')) as {
      status: string;
      logs: unknown[];
    };
    expect(receipt).toMatchObject({ status: '0x1', logs: [{}] });
    expect(await cast('call', contractAddress, 'value()(uint256)')).toBe('4');
    await expect(cast('call', contractAddress, 'keep(uint256)', '11')).rejects.toThrow('too large');
    expect(JSON.parse(await cast('logs', '--json', '--from-block', '0', '--address', contractAddress, 'Kept(uint256)'))).toHaveLength(1);
    expect(await cast('balance', testWallet(4).address)).toBe((10_000n * 10n ** 18n).toString());
    expect(await cast('nonce', testWallet(3).address)).toBe('2');
    expect(JSON.parse(await cast('block', '--json', 'latest'))).toMatchObject({ number: expect.anything() });
  });
});

describe('methods', () => {
  it('answer with what Ethereum clients expect', async () => {
    expect(await rpc('eth_chainId')).toMatchObject({ result: '0x1ca3', id: 7 });
    expect(await rpc('net_version')).toMatchObject({ result: '7331' });
    expect(await rpc('web3_clientVersion')).toMatchObject({ result: expect.stringContaining('Vouchsafe') });
    expect(await rpc('eth_syncing')).toMatchObject({ result: false });
    expect(await rpc('eth_gasPrice')).toMatchObject({ result: '0x0' });
    expect(await rpc('eth_maxPriorityFeePerGas')).toMatchObject({ result: '0x0' });
    expect(await rpc('eth_feeHistory', '0x1', 'latest', [10, 50])).toMatchObject({
      result: { baseFeePerGas: ['0x0', '0x0'], reward: [['0x0', '0x0']] },
    });
    for (const tag of ['earliest', '0x0', { blockNumber: '0x0' }, { blockHash: validator.genesisHash }]) {
      expect(await rpc('eth_getBlockByNumber', tag, false)).toMatchObject({
        result: { hash: validator.genesisHash, number: '0x0', baseFeePerGas: '0x0' },
      });
    }
    expect(await rpc('eth_getBlockByHash', validator.genesisHash)).toMatchObject({ result: { number: '0x0' } });
    expect(await rpc('eth_getBlockByNumber', '0xffffff', false)).toMatchObject({ result: null });
    expect(await rpc('eth_getBlockReceipts', 'earliest')).toMatchObject({ result: [] });
    expect(await rpc('eth_getTransactionReceipt', validator.genesisHash)).toMatchObject({ result: null });
    expect(await rpc('eth_getTransactionByHash', validator.genesisHash)).toMatchObject({ result: null });
    for (const tag of ['latest', 'safe', 'finalized', 'pending']) {
      expect(await rpc('eth_getBalance', testWallet(5).address, tag)).toMatchObject({ result: `0x${(10_000n * 10n ** 18n).toString(16)}` });
    }
    expect(await rpc('eth_getCode', testWallet(5).address, 'latest')).toMatchObject({ result: '0x' });
    expect(await rpc('eth_getStorageAt', testWallet(5).address, '0x0', 'latest')).toMatchObject({ result: `0x${'0'.repeat(64)}` });
    expect(await rpc('eth_estimateGas', { from: testWallet(5).address, to: testWallet(6).address, value: '0x1' })).toMatchObject({
      result: '0x5208',
    });
  });

  it('refuse the state of an earlier block instead of answering with another', async () => {
    await cast('send', '--private-key', testWallet(5).privateKey, testWallet(6).address, '--value', '1');
    expect(await rpc('eth_getBalance', testWallet(5).address, '0x0')).toMatchObject({
      error: { code: -32_000, message: expect.stringContaining('latest block') },
    });
    expect(await rpc('eth_call', { to: testWallet(5).address }, 'earliest')).toMatchObject({ error: { code: -32_000 } });
    expect(await rpc('eth_getBalance', testWallet(5).address, '0xffffff')).toMatchObject({ error: { message: 'unknown block' } });
  });

  it('keep filters until they are uninstalled, and no more than the limit', async () => {
    const { result: id } = await rpc('eth_newBlockFilter');
    await cast('send', '--private-key', testWallet(6).privateKey, testWallet(7).address);
    expect((await rpc('eth_getFilterChanges', id)).result).toHaveLength(1);
    expect((await rpc('eth_getFilterChanges', id)).result).toEqual([]);
    expect(await rpc('eth_uninstallFilter', id)).toMatchObject({ result: true });
    expect(await rpc('eth_uninstallFilter', id)).toMatchObject({ result: false });
    expect(await rpc('eth_getFilterChanges', id)).toMatchObject({ error: { message: 'filter not found' } });
    const kept: unknown[] = [];
    for (;;) {
      const { result, error } = await rpc('eth_newFilter', {});
      if (error === undefined) kept.push(result);
      else {
        expect(error.code).toBe(-32_005);
        break;
      }
    }
    expect(kept).toHaveLength(filtersMax);
    await Promise.all(kept.map((filter) => rpc('eth_uninstallFilter', filter)));
  });
});

describe('bad input', () => {
  it('gets a JSON-RPC error and never stops the server', async () => {
    expect((await post('{')).json).toMatchObject({ error: { code: -32_700 }, id: null });
    expect((await post('')).json).toMatchObject({ error: { code: -32_700 } });
    for (const body of [
      '[]',
      '1',
      'null',
      '"x"',
      '{}',
      '{"method":1}',
      '{"method":"eth_chainId","params":{},"id":1}',
      '{"method":"eth_chainId","id":[]}',
      '[1]',
    ]) {
      const { json } = await post(body);
      expect(Array.isArray(json) ? json[0] : json).toMatchObject({ error: { code: -32_600 } });
    }
    expect((await post(JSON.stringify({ jsonrpc: '2.0', method: 'eth_chainId' }))).status).toBe(204);
    for (const name of ['eth_sendTransaction', 'constructor', '__proto__', 'debug_traceTransaction'])
      expect(await rpc(name)).toMatchObject({ error: { code: -32_601 } });
    for (const [name, ...params] of [
      ['eth_getBalance'],
      ['eth_getBalance', null],
      ['eth_getBalance', '0x12'],
      ['eth_getBalance', `0x${'zz'.repeat(20)}`],
      ['eth_getBalance', testWallet(0).address, 'newest'],
      ['eth_getBalance', testWallet(0).address, `0x${'f'.repeat(65)}`],
      ['eth_getBalance', testWallet(0).address, 'latest', 'more'],
      ['eth_call', { to: testWallet(0).address, data: '0x1' }],
      ['eth_call', { to: testWallet(0).address, data: '0x01', input: '0x02' }],
      ['eth_call', 'x'],
      ['eth_getLogs', { topics: [1] }],
      ['eth_getLogs', { topics: [null, null, null, null, null] }],
      ['eth_getLogs', { blockHash: validator.genesisHash, fromBlock: '0x0' }],
      ['eth_getFilterChanges', 1],
      ['eth_sendRawTransaction', 5],
    ] as [string, ...unknown[]][]) {
      expect(await rpc(name, ...params), `${name} ${JSON.stringify(params)}`).toMatchObject({ error: { code: -32_602 } });
    }
    for (const raw of ['0x', '0x00', '0x02', '0xc0', '0x03c0', `0x${'ff'.repeat(100)}`, '0xf86b']) {
      expect(await rpc('eth_sendRawTransaction', raw), raw).toMatchObject({ error: { code: -32_000 } });
    }
    const fields = { to: testWallet(1).address, nonce: 99, gasLimit: 21_000n, gasPrice: 0n };
    for (const [reason, raw] of [
      ['another chain|EIP155|malformed', await testWallet(8).signTransaction({ ...fields, type: 0, chainId: 1 })],
      ['chain', await testWallet(8).signTransaction({ ...fields, type: 0, chainId: 0 })],
      [
        'chain',
        await testWallet(8).signTransaction({
          to: fields.to,
          nonce: 0,
          gasLimit: 21_000n,
          maxFeePerGas: 0n,
          maxPriorityFeePerGas: 0n,
          type: 2,
          chainId: 1,
        }),
      ],
      ['nonce too high', await testWallet(8).signTransaction({ ...fields, type: 0, chainId: 7331 })],
      ['gas limit is above', await testWallet(8).signTransaction({ ...fields, nonce: 0, type: 0, chainId: 7331, gasLimit: 2n ** 40n })],
      ['intrinsic gas too low', await testWallet(8).signTransaction({ ...fields, nonce: 0, type: 0, chainId: 7331, gasLimit: 20_999n })],
    ] as const) {
      expect(await rpc('eth_sendRawTransaction', raw)).toMatchObject({
        error: { code: -32_000, message: expect.stringMatching(new RegExp(reason)) },
      });
    }
    expect(await rpc('eth_subscribe', 'newHeads')).toMatchObject({ error: { message: expect.stringContaining('WebSocket') } });
    expect(await rpc('eth_chainId')).toMatchObject({ result: '0x1ca3' });
  });

  it('of an account without coins is bounded in gas, and the refusal says so', async () => {
    const fields = { to: testWallet(1).address, nonce: 0, gasPrice: 0n, type: 0, chainId: 7331 };
    const heavy = await testWallet(13).signTransaction({ ...fields, gasLimit: unfundedTransactionGasMax + 1n });
    expect(await rpc('eth_sendRawTransaction', heavy)).toMatchObject({
      error: { code: -32_005, message: expect.stringMatching(/less than 0\.01 coin, .*\. The transaction was not taken\. Get coins /) },
    });
    const light = await testWallet(13).signTransaction({ ...fields, gasLimit: unfundedTransactionGasMax });
    expect(await rpc('eth_sendRawTransaction', light)).toMatchObject({ result: expect.stringMatching(/^0x/) });
  });

  it('is bounded in size and in calls a batch', async () => {
    const one = { jsonrpc: '2.0', id: 1, method: 'eth_chainId' };
    expect((await post(JSON.stringify(new Array(batchCallsMax).fill(one)))).json).toHaveLength(batchCallsMax);
    expect((await post(JSON.stringify(new Array(batchCallsMax + 1).fill(one)))).json).toMatchObject({ error: { code: -32_005 } });
    const large = await post(JSON.stringify({ ...one, params: ['x'.repeat(requestBytesMax)] }));
    expect(large).toMatchObject({ status: 413, json: { error: { code: -32_005 } } });
  });

  it('from another web page is refused', async () => {
    const chainId = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'eth_chainId' });
    expect((await post(chainId, { origin: 'https://attacker.example' })).status).toBe(403);
    expect((await post(chainId, { origin: 'null' })).status).toBe(403);
    expect((await post(chainId, { origin: 'http://localhost:5173' })).status).toBe(200);
    const { port } = new URL(validator.rpcUrl);
    const status = await new Promise<number | undefined>((resolve, reject) => {
      const rebound = request({ host: '127.0.0.1', port, method: 'POST', headers: { host: 'attacker.example' } }, (response) => {
        response.resume();
        resolve(response.statusCode);
      });
      rebound.on('error', reject);
      rebound.end(chainId);
    });
    expect(status).toBe(403);
    const socket = new WebSocket(validator.webSocketUrl, { origin: 'https://attacker.example' });
    const [error] = (await once(socket, 'error')) as [Error];
    expect(error.message).toContain('403');
  });

  it('on a WebSocket gets an error, and too many subscriptions are refused', async () => {
    const socket = new WebSocket(validator.webSocketUrl);
    await once(socket, 'open');
    const ask = async (text: string): Promise<{ result?: string; error?: { code: number } }> => {
      socket.send(text);
      const [data] = (await once(socket, 'message')) as [Buffer];
      return JSON.parse(data.toString()) as never;
    };
    expect(await ask('nonsense')).toMatchObject({ error: { code: -32_700 } });
    const subscription = (kind: unknown): string => JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'eth_subscribe', params: [kind] });
    expect(await ask(subscription('newPendingTransactions'))).toMatchObject({ error: { code: -32_602 } });
    const ids: unknown[] = [];
    for (let count = 0; count < subscriptionsMax; count++) ids.push((await ask(subscription('newHeads'))).result);
    expect(new Set(ids).size).toBe(subscriptionsMax);
    expect(await ask(subscription('newHeads'))).toMatchObject({ error: { code: -32_005 } });
    expect(await ask(JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'eth_unsubscribe', params: [ids[0]] }))).toMatchObject({
      result: true,
    });
    expect(await ask(subscription('newHeads'))).toMatchObject({ result: expect.stringMatching(/^0x/) });
    socket.close();
    await once(socket, 'close');
  });
});

describe('calls', () => {
  it('are bounded in gas, also where the caller asks for more or for none', async () => {
    // JUMPDEST PUSH0 JUMP runs until its gas is used up.
    for (const gas of [undefined, '0xffffffffffff', '0x5208', '0x0']) {
      const answer = await rpc('eth_call', { data: '0x5b5f56', ...(gas === undefined ? {} : { gas }) });
      expect(answer).toMatchObject({ error: { code: -32_000, message: expect.stringMatching(/out of gas|intrinsic gas too low/) } });
    }
    expect(await rpc('eth_estimateGas', { data: '0x5b5f56' })).toMatchObject({ error: { code: -32_000 } });
    expect(await rpc('eth_call', { from: testWallet(14).address, to: testWallet(0).address, value: '0x1' })).toMatchObject({
      error: { message: expect.stringContaining('insufficient funds') },
    });
    // The point evaluation precompile has no set-up here: it fails, and takes nothing down with it.
    expect(await rpc('eth_call', { to: '0x000000000000000000000000000000000000000a', data: `0x${'00'.repeat(192)}` })).toMatchObject({
      error: { code: -32_000 },
    });
  });
});
