/** A network of validators alone, without contracts, PKG and proxies: for tests of the consensus with real sockets and disks. */
import { join } from 'node:path';
import { type BaseWallet, parseEther } from 'ethers';
import type { Hex } from '../core/base/bytes.ts';
import type { DocumentLock } from '../core/crypto/sealed-document.ts';
import type { GenesisDocument } from '../core/ledger/genesis.ts';
import { networkFolders } from '../core/services/network-folders.ts';
import { makeValidatorHomes } from '../core/services/validator-homes.ts';
import { freePortsInARow } from './story/story-network.ts';

/** Homes of validators and how to reach them, in the order of the groups and members. */
export interface ValidatorNetwork {
  readonly genesis: GenesisDocument;
  readonly genesisFile: string;
  readonly homes: readonly (readonly string[])[];
  readonly rpcUrls: readonly string[];
}

/** Makes the homes in `folder`; the wallets hold a million coins each, and the first may change the members. */
export async function makeValidators(options: {
  readonly folder: string;
  readonly groups: readonly number[];
  readonly lock: DocumentLock;
  readonly wallets: readonly BaseWallet[];
}): Promise<ValidatorNetwork> {
  const { folder, groups, lock, wallets } = options;
  const folders = networkFolders(folder, { proxies: 0, groups });
  const count = folders.validators.flat().length;
  const first = await freePortsInARow(2 * count);
  const ports = Array.from({ length: count }, (_, position) => ({ rpc: first + position, peers: first + count + position }));
  const genesis = await makeValidatorHomes({
    file: folders.genesis,
    homes: folders.validators,
    lock,
    ports,
    chainId: 7331,
    operator: (wallets[0] as BaseWallet).address.toLowerCase() as Hex,
    alloc: Object.fromEntries(wallets.map(({ address }) => [address.toLowerCase() as Hex, parseEther('1000000')])),
  });
  return {
    genesis,
    genesisFile: join(folder, 'genesis.json'),
    homes: folders.validators,
    rpcUrls: ports.map(({ rpc }) => `http://127.0.0.1:${rpc}`),
  };
}
