/** A network file that is not of the chain it leads to is found before anything is signed: each difference is named. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { JsonRpcProvider } from 'ethers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ChainProvider } from '../../core/adapters/ethers-provider.ts';
import { checkNetworkOnChain } from '../../core/adapters/network-check.ts';
import type { Hex } from '../../core/base/bytes.ts';
import { createNetwork } from '../../core/services/network-creation.ts';
import { networkFolders } from '../../core/services/network-folders.ts';
import { type Running, startService } from '../../core/services/service-home.ts';
import type { Network } from '../../core/sharing/network-file.ts';

const folder = mkdtempSync(join(tmpdir(), 'vouchsafe-network-check-'));
const shape = { proxies: 1, groups: [3, 3, 3, 3] };
const lock = { passphrase: 'a passphrase of a test' };

let network: Network;
let validators: Running[];
let provider: JsonRpcProvider;

beforeAll(async () => {
  network = await createNetwork({
    home: folder,
    lock,
    name: 'Checked network',
    chainId: 76_402,
    groups: shape.groups,
    proxies: 1,
    threshold: 1,
    templates: ['range-1x32'],
    firstPort: 0,
  });
  const homes = networkFolders(folder, shape).validators.flat();
  validators = await Promise.all(homes.map((home) => startService(home, lock, () => undefined)));
  provider = new ChainProvider(network.chain.rpcUrls, network.chain.chainId);
}, 600_000);

afterAll(async () => {
  provider.destroy();
  await Promise.all(validators.map((validator) => validator.stop()));
  rmSync(folder, { recursive: true });
});

const other = (hex: Hex): Hex => `${hex.slice(0, -1)}${hex.endsWith('0') ? '1' : '0'}` as Hex;

/** The same key with gamma in place of the first point: another statement under the same name. */
function otherKey(circuits: Network['circuits']): Network['circuits'] {
  const { requirement, ...rest } = circuits;
  if (requirement === undefined) throw new TypeError('every network has the requirement circuit');
  const { IC } = requirement.verifyingKey as { IC: unknown[] };
  return { ...rest, requirement: { ...requirement, verifyingKey: { ...requirement.verifyingKey, IC: [...IC].reverse() } } };
}

describe('a network file beside its chain', () => {
  test('the file that was made with the chain fits', async () => {
    await expect(checkNetworkOnChain(provider, network)).resolves.toBeUndefined();
  });

  const changes: [string, (network: Network) => Network][] = [
    ['chain id', (n) => ({ ...n, chain: { ...n.chain, chainId: 1 } })],
    ['genesis block', (n) => ({ ...n, chain: { ...n.chain, genesisHash: other(n.chain.genesisHash as Hex) } })],
    ['public parameters', (n) => ({ ...n, pkg: { ...n.pkg, parametersHash: other(n.pkg.parametersHash) } })],
    ['enrolment account', (n) => ({ ...n, pkg: { ...n.pkg, enrolmentAddress: other(n.pkg.enrolmentAddress) } })],
    ['development network', (n) => ({ ...n, development: false })],
    ['no contract', (n) => ({ ...n, contracts: { ...n.contracts, sharingMarket: other(n.contracts.sharingMarket) } })],
    ['requirement with another key', (n) => ({ ...n, circuits: otherKey(n.circuits) })],
  ];
  test.each(changes)('another %s is refused', async (what, change) => {
    const refusal = await checkNetworkOnChain(provider, change(network)).then(
      () => 'taken',
      (error: Error) => error.message,
    );
    expect(refusal).toContain(what);
  });

  test('a chain that does not answer is not taken for another chain', async () => {
    const nobody = new ChainProvider(['http://127.0.0.1:9'], network.chain.chainId);
    await expect(checkNetworkOnChain(nobody, network)).rejects.toMatchObject({ code: 'CHAIN_UNREACHABLE' });
    nobody.destroy();
  });
});
