/** Where a command learns of its network: from the home of one, or from a chain that exists. */

import { join } from 'node:path';
import { JsonRpcProvider } from 'ethers';
import { chainFailure } from '../adapters/ethers-transaction-sender.ts';
import { textFile } from '../adapters/text-file.ts';
import { say } from '../base/sentence.ts';
import { readNetworkFile, type SignedNetwork } from '../sharing/network-file.ts';
import { argumentInvalid } from './arguments.ts';

/** The network whose home this is. @throws AppError `FILE_NOT_READABLE` */
export async function networkOf(home: string): Promise<SignedNetwork> {
  return readNetworkFile(await textFile(join(home, 'network.json'), say`the file of the network in this home`));
}

/** The id that an existing chain says of itself. @throws AppError `CHAIN_UNREACHABLE` */
export async function chainIdOf(url: string): Promise<number> {
  if (!URL.canParse(url)) throw argumentInvalid(`"${url}" is not an address such as http://127.0.0.1:8545`);
  const provider = new JsonRpcProvider(url, undefined, { staticNetwork: true });
  try {
    return Number(await provider.send('eth_chainId', []));
  } catch (error) {
    throw chainFailure(error);
  } finally {
    provider.destroy();
  }
}
