/** A small network on free ports and a small file to share: what a harness needs before it tells the story. */
import { readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { createNetwork } from '../../core/services/network-creation.ts';
import { networkFolders } from '../../core/services/network-folders.ts';
import type { ServiceName } from '../../core/services/service-home.ts';
import type { Network } from '../../core/sharing/network-file.ts';

const sample = new URL('../../resources/sample/machine-temperature.csv', import.meta.url);
const chainId = 76_402;
export const proxyCount = 3;
/** Ports of the kernel's own choice begin above: a service that is down must not lose its port to a client's socket. */
const portsFrom = 21_000;
const portsTo = 32_000;

/** A process: services of one kind, and their homes. */
export interface ServiceHomes {
  readonly name: string;
  readonly kind: ServiceName;
  readonly homes: readonly string[];
}

/** Four groups of three validators. */
const groups = [3, 3, 3, 3];
/** Ports of the PKG, the proxies, and two for each validator. */
const portCount = 1 + proxyCount + 2 * groups.reduce((total, members) => total + members, 0);
/** Services of the network: validators, the PKG and the proxies. */
export const storyServices = 1 + proxyCount + groups.reduce((total, members) => total + members, 0);
/** The shape of the network. */
export const storyShape = { proxies: proxyCount, groups };

/** Makes a network of twelve validators (a process a group), the PKG and three proxies (two must answer) in `folder`/network. */
export async function createStoryNetwork(folder: string, passphrase: string): Promise<{ network: Network; services: ServiceHomes[] }> {
  const home = join(folder, 'network');
  const network = await createNetwork({
    home,
    lock: { passphrase },
    name: 'Test network',
    chainId,
    ...storyShape,
    threshold: 2,
    templates: ['range-1x32'],
    firstPort: await freePortsInARow(portCount),
  });
  const folders = networkFolders(home, storyShape);
  const services: ServiceHomes[] = [
    ...folders.validators.map((homes, group) => ({ name: `group ${group + 1}`, kind: 'validator' as const, homes })),
    { name: 'PKG', kind: 'pkg', homes: [folders.pkg] },
    ...folders.proxies.map((proxy, position) => ({ name: `proxy ${position + 1}`, kind: 'proxy' as const, homes: [proxy] })),
  ];
  return { network, services };
}

/** The header and the first rows of the sample, as a file. */
export async function writeSampleRows(path: string, rows: number): Promise<void> {
  const lines = (await readFile(sample, 'utf8')).split('\n', rows + 1);
  await writeFile(path, `${lines.join('\n')}\n`);
}

/** The first of `count` neighbouring ports, at or above `from`, that nobody listens on now. */
export async function freePortsInARow(
  count: number,
  from = portsFrom + ((process.pid * count) % Math.floor((portsTo - portsFrom) / 2)),
): Promise<number> {
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
