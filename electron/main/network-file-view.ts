/** What a network file says, for whoever decides whether to join. Its signature is checked first. */
import { readNetworkFile } from '../../core/sharing/network-file.ts';
import type { ResponseOf } from '../ipc-contract.ts';

/** The view of a file's text. @throws AppError `NETWORK_FILE_*` */
export function viewOfNetworkFile(text: string): ResponseOf<'file.readNetwork'> {
  const { network, signer } = readNetworkFile(text);
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
