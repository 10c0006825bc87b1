/** A small network on free ports and a small file to share: what a harness needs before it tells the story. */
import { readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { createNetwork, networkFolders } from '../../core/services/network-creation.ts';
import type { ServiceName } from '../../core/services/service-home.ts';
import type { Network } from '../../core/sharing/network-file.ts';

const sample = new URL('../../resources/sample/machine-temperature.csv', import.meta.url);
const chainId = 76_402;
export const proxyCount = 3;
/** Ports of the kernel's own choice begin above: a service that is down must not lose its port to a client's socket. */
const portsFrom = 21_000;
const portsTo = 32_000;

/** One service and its home. */
export interface ServiceHome {
  readonly name: string;
  readonly kind: ServiceName;
  readonly home: string;
}

/** Makes a network of one validator, the PKG and three proxies (two must answer) in `folder`/network. */
export async function createStoryNetwork(folder: string, passphrase: string): Promise<{ network: Network; services: ServiceHome[] }> {
  const home = join(folder, 'network');
  const network = await createNetwork({
    home,
    lock: { passphrase },
    name: 'Test network',
    chainId,
    proxies: proxyCount,
    threshold: 2,
    templates: ['range-1x32'],
    firstPort: await freePortsInARow(2 + proxyCount),
  });
  const folders = networkFolders(home, proxyCount);
  const services: ServiceHome[] = [
    { name: 'validator', kind: 'validator', home: folders.validator },
    { name: 'PKG', kind: 'pkg', home: folders.pkg },
    ...folders.proxies.map((proxy, position) => ({ name: `proxy ${position + 1}`, kind: 'proxy' as const, home: proxy })),
  ];
  return { network, services };
}

/** The header and the first rows of the sample, as a file. */
export async function writeSampleRows(path: string, rows: number): Promise<void> {
  const lines = (await readFile(sample, 'utf8')).split('\n', rows + 1);
  await writeFile(path, `${lines.join('\n')}\n`);
}

/** The first of `count` neighbouring ports, at or above `from`, that nobody listens on now. */
export async function freePortsInARow(count: number, from = portsFrom + (process.pid % 1000) * count): Promise<number> {
  for (let first = from; first + count < portsTo; first += count) {
    const free = await Promise.all(Array.from({ length: count }, (_, offset) => isFree(first + offset)));
    if (free.every(Boolean)) return first;
  }
  throw new Error(`no ${count} free ports in a row between ${portsFrom} and ${portsTo}`);
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
