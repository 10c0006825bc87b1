/** What is refused as a network file: anything that its operator has not signed as it stands, and what a joiner could be hurt by. */
import { ed25519 } from '@noble/curves/ed25519.js';
import canonicalize from 'canonicalize';
import { describe, expect, test } from 'vitest';
import { toHex, utf8 } from '../../core/base/bytes.ts';
import { NETWORK_FILE_BYTES_MAX, readNetworkFile, signNetworkFile } from '../../core/sharing/network-file.ts';

const repeated = (byte: string, length: number) => `0x${byte.repeat(length)}` as const;
const operator = new Uint8Array(32).fill(7);
const network = {
  format: 'vouchsafe-network',
  version: 1,
  name: 'A network',
  development: true,
  chain: { chainId: 31337, genesisHash: null, rpcUrls: ['http://127.0.0.1:8545'], confirmations: 0 },
  contracts: {
    entityRegistry: repeated('01', 20),
    dataRecords: repeated('02', 20),
    groth16Verifier: repeated('03', 20),
    sharingMarket: repeated('04', 20),
  },
  pkg: { url: 'https://pkg.example', enrolmentAddress: repeated('05', 20), parameters: '0x00', parametersHash: repeated('06', 32) },
  proxies: [{ index: 1, url: 'https://proxy.example', signingKey: repeated('07', 32), messageKey: repeated('08', 32) }],
  threshold: 1,
  templates: ['range-1x32'],
  circuits: {},
} as const;
const file = signNetworkFile(network as never, operator);

/** A file of any contents, signed as the operator signs: to reach what is checked behind the signature. */
function signedAnyway(content: unknown): string {
  const signature = ed25519.sign(utf8(`vouchsafe:network-file:1\n${canonicalize(content)}`), operator);
  return JSON.stringify({ network: content, signer: toHex(ed25519.getPublicKey(operator)), signature: toHex(signature) });
}
const codeOf = (text: string): string => {
  try {
    readNetworkFile(text);
    return 'read';
  } catch (error) {
    return (error as { code: string }).code;
  }
};

describe('a network file', () => {
  test('is read whatever its white space and the order of its fields, and names its signer', () => {
    const { network: content, signer, signature } = JSON.parse(file);
    const reordered = { signature, network: Object.fromEntries(Object.entries(content).reverse()), signer };
    for (const text of [file, JSON.stringify(reordered), JSON.stringify(reordered, null, 7)])
      expect(readNetworkFile(text)).toEqual({ network, signer: toHex(ed25519.getPublicKey(operator)) });
  });

  test('with any value changed after it was signed is refused', () => {
    const changes: [string, string][] = [
      ['A network', 'B network'],
      ['pkg.example', 'pkh.example'],
      ['31337', '31338'],
      ['range-1x32', 'range-1x64'],
      [repeated('04', 20), repeated('44', 20)],
      ['"development": true', '"development": false'],
    ];
    for (const [from, to] of changes) {
      expect(file).toContain(from);
      expect(codeOf(file.replace(from, to)), from).toBe('NETWORK_FILE_SIGNATURE_INVALID');
    }
  });

  test('of a newer version says so, whatever else is in it', () => {
    expect(codeOf(signedAnyway({ ...network, version: 2, more: 'fields' }))).toBe('NETWORK_FILE_NEWER_VERSION');
  });

  test('that is none, lacks a part, has one too many or is too large is malformed', () => {
    const { threshold: _, ...without } = network;
    for (const text of [
      '',
      'no JSON',
      '[]',
      JSON.stringify(network),
      ' '.repeat(NETWORK_FILE_BYTES_MAX + 1),
      signedAnyway(without),
      signedAnyway({ ...network, more: 1 }),
      signedAnyway({ ...network, threshold: 2 }),
      signedAnyway({ ...network, proxies: [{ ...network.proxies[0], index: 2 }] }),
    ])
      expect(codeOf(text), text.slice(0, 80)).toBe('NETWORK_FILE_MALFORMED');
  });

  test('may name plain http on this machine only', () => {
    const at = (url: string) => codeOf(signedAnyway({ ...network, pkg: { ...network.pkg, url } }));
    for (const url of ['https://pkg.example', 'http://127.0.0.1:1', 'http://localhost:1', 'http://[::1]:1'])
      expect(at(url), url).toBe('read');
    for (const url of ['http://pkg.example', 'ftp://127.0.0.1', 'https://user:word@pkg.example', 'file:///etc/passwd', 'pkg.example'])
      expect(at(url), url).toBe('NETWORK_FILE_MALFORMED');
  });
});
