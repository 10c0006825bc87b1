/** The network file: what is signed is read back, and a network on which grants cannot be made is refused before anybody trades there. */
import { describe, expect, test } from 'vitest';
import { toHex } from '../../core/base/bytes.ts';
import { type Network, readNetworkFile, signNetworkFile } from '../../core/sharing/network-file.ts';

const repeated = (byte: string, length: number) => `0x${byte.repeat(length)}` as const;
const operator = new Uint8Array(32).fill(7);

function networkOf(proxies: number, threshold: number): Network {
  return {
    format: 'vouchsafe-network',
    version: 1,
    name: 'test',
    development: true,
    chain: { chainId: 31337, genesisHash: null, rpcUrls: ['http://127.0.0.1:8545'], confirmations: 0 },
    contracts: {
      entityRegistry: repeated('01', 20),
      dataRecords: repeated('02', 20),
      groth16Verifier: repeated('03', 20),
      sharingMarket: repeated('04', 20),
    },
    pkg: { url: 'http://127.0.0.1:1', enrolmentAddress: repeated('05', 20), parameters: '0x00', parametersHash: repeated('06', 32) },
    proxies: Array.from({ length: proxies }, (_, position) => ({
      index: position + 1,
      url: 'http://127.0.0.1:2',
      signingKey: toHex(new Uint8Array(32).fill(position + 1)),
      messageKey: repeated('08', 32),
    })),
    threshold,
    templates: ['range-1x32'],
    circuits: {},
  };
}

describe('the proxies of a network', () => {
  test('are read back as they were signed, as many as a grant can name', () => {
    const network = networkOf(32, 17);
    expect(readNetworkFile(signNetworkFile(network, operator)).network).toEqual(network);
  });

  test('are not more than a grant can name, and none is named twice', () => {
    const twice = networkOf(3, 2);
    const [first] = twice.proxies;
    if (first === undefined) throw new Error('a network has proxies');
    for (const network of [
      networkOf(33, 2),
      { ...twice, proxies: twice.proxies.map((proxy) => ({ ...proxy, signingKey: first.signingKey })) },
    ])
      expect(() => signNetworkFile(network, operator)).toThrow();
  });
});
