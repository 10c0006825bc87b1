/** The validators of a network that the app runs, asked directly. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RunningApp } from './app.ts';

/** Where a validator answers clients. */
export function rpcPortOf({ userData }: RunningApp, networkId: string, validator: string): number {
  const description = readFileSync(join(userData, 'networks', networkId, validator, 'service.json'), 'utf8');
  return (JSON.parse(description) as { listen: { port: number } }).listen.port;
}

/** Number of the newest block that a validator has. */
export async function heightOf(running: RunningApp, networkId: string, validator: string): Promise<number> {
  const response = await fetch(`http://127.0.0.1:${rpcPortOf(running, networkId, validator)}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'eth_blockNumber', params: [] }),
  });
  return Number(((await response.json()) as { result: string }).result);
}
