/** Files of networks, for whoever decides whether to join. A signature is checked first, by code that is loaded when there is a file to read. */
import { open } from 'node:fs/promises';
import { basename } from 'node:path';
import type { ResponseOf } from '../ipc-contract.ts';
import { unreadable } from './files.ts';

const reader = () => import('../../core/sharing/network-file.ts');

/** The network and its signer by a file's text. @throws AppError `NETWORK_FILE_*` */
export async function networkOf(text: string) {
  return (await reader()).readNetworkFile(text);
}

/**
 * The text of a file that ought to be a network file. Of a larger one only so much is read that it is refused.
 * @throws AppError `FILE_UNREADABLE`
 */
export async function readNetworkText(path: string): Promise<string> {
  const { NETWORK_FILE_BYTES_MAX } = await reader();
  const file = await open(path, 'r').catch((error: NodeJS.ErrnoException) => {
    throw unreadable(basename(path), error);
  });
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(NETWORK_FILE_BYTES_MAX + 1), 0, NETWORK_FILE_BYTES_MAX + 1, 0);
    return buffer.toString('utf8', 0, bytesRead);
  } finally {
    await file.close();
  }
}

/** What windows see of a file's text. @throws AppError `NETWORK_FILE_*` */
export async function viewOfNetworkFile(text: string): Promise<ResponseOf<'file.readNetwork'>> {
  const { network, signer } = await networkOf(text);
  return {
    name: network.name,
    development: network.development,
    signer,
    chainId: network.chain.chainId,
    ownChain: network.chain.genesisHash !== null,
    rpcUrls: network.chain.rpcUrls,
    pkgUrl: network.pkg.url,
    proxies: network.proxies.length,
    threshold: network.threshold,
    templates: network.templates,
  };
}
