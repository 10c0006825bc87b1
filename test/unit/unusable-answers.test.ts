/** Nodes and services that answer, but not as such: a page that asks to log in, a gateway before a service that is down, a node that is behind. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { createEthersMarket } from '../../core/adapters/ethers-market.ts';
import { ChainProvider } from '../../core/adapters/ethers-provider.ts';
import { EthersTransactionSender } from '../../core/adapters/ethers-transaction-sender.ts';
import { ServiceConnection } from '../../core/adapters/service-connection.ts';
import { systemClock } from '../../core/adapters/system-clock.ts';
import { systemRandom } from '../../core/adapters/system-random.ts';
import type { Hex } from '../../core/base/bytes.ts';
import { say } from '../../core/base/sentence.ts';
import type { SignedTransaction } from '../../core/sharing/chain.ts';
import { codeOf } from './services/world.ts';

const account: Hex = `0x${'11'.repeat(20)}`;
const contracts = { entityRegistry: account, dataRecords: account, groth16Verifier: account, sharingMarket: account };

/** Only its hash and its account are asked for here. */
const signed: SignedTransaction = { raw: '0x', hash: `0x${'22'.repeat(32)}`, from: account, nonce: 0 };

let server: Server | undefined;
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

/** Answers every request with this, where `{"id":0}` stands for the id that was asked with. */
async function answering(status: number, body: string): Promise<string> {
  server = createServer(async (request, response) => {
    const asked = (await request.toArray()).join('');
    response.writeHead(status).end(body.replace('"id":0', `"id":${asked === '' ? 0 : (JSON.parse(asked) as { id: number }).id}`));
  });
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test.each([
  ['a page', 200, '<html>Please log in</html>'],
  ['a gateway', 502, '<html>Bad gateway</html>'],
  ['a node that is behind', 200, '{"jsonrpc":"2.0","id":0,"error":{"code":-32000,"message":"header not found"}}'],
  ['nothing', 200, '{"jsonrpc":"2.0","id":0,"result":null}'],
  ['text', 200, '{"jsonrpc":"2.0","id":0,"result":"none"}'],
])('where the chain should be, %s is no chain', async (_, status, body) => {
  const provider = new ChainProvider([await answering(status, body)], 5);
  try {
    const market = createEthersMarket(provider, contracts, 0);
    const sender = new EthersTransactionSender(provider, contracts, 0);
    expect(await codeOf(market.requirementIds())).toBe('CHAIN_UNREACHABLE');
    expect(await codeOf(market.marketOffer(5n))).toBe('CHAIN_UNREACHABLE');
    expect(await codeOf(sender.nextNonce(account))).toBe('CHAIN_UNREACHABLE');
    const call = { contract: 'sharingMarket', method: 'reclaim', arguments: [signed.hash] } as const;
    expect(await codeOf(sender.prepare(call, new Uint8Array(32).fill(1), 0))).toBe('CHAIN_UNREACHABLE');
    expect(await codeOf(sender.deliver(signed))).toBe('CHAIN_UNREACHABLE');
  } finally {
    provider.destroy();
  }
});

test.each([
  [502, '<html>Bad gateway</html>', 'SERVICE_UNREACHABLE'],
  [503, '', 'SERVICE_UNREACHABLE'],
  [404, '<html>Not found</html>', 'SERVICE_ANSWER_MALFORMED'],
  [503, '{"error":{"code":"SERVICE_BUSY","what":"","consequence":"","remedy":""}}', 'SERVICE_BUSY'],
])('where a service should be, status %i with %j is %s', async (status, body, code) => {
  const url = await answering(status, body);
  const connection = new ServiceConnection({ url, serviceName: say`proxy ${1}`, clock: systemClock, random: systemRandom });
  expect(await codeOf(connection.request({ method: 'GET', path: '/v1/info' }))).toBe(code);
});
