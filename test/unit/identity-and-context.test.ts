/** Identities and contexts: one spelling each, and no context that names a dataset or offer other than its identities do. */
import { describe, expect, test } from 'vitest';
import { concatBytes, toHex } from '../../core/base/bytes.ts';
import { DecodeError } from '../../core/base/codec.ts';
import {
  decodeGrantContext,
  decodeSourceContext,
  encodeGrantContext,
  encodeSourceContext,
  type GrantContext,
  type SourceContext,
} from '../../core/crypto/context.ts';
import { formatIdentity, type Identity, parseIdentity } from '../../core/crypto/identity.ts';
import { chainId, consumer, grantContextOf, market, owner, receivingIdentityOf, records, sourceContextOf } from '../sharing-scene.ts';

const dataset: Identity = { kind: 'dataset', chainId, contract: records, pseudonym: owner, datasetId: `0x${'0f'.repeat(32)}` };
const reception: Identity = { kind: 'receive', chainId, contract: market, pseudonym: consumer, offerId: 2n ** 256n - 1n };

describe('identities', () => {
  test.each([dataset, reception, { ...reception, offerId: 0n, chainId: 0n }])('$kind: reading gives what was written', (identity) => {
    expect(parseIdentity(formatIdentity(identity))).toEqual(identity);
  });

  const text = formatIdentity(dataset);
  const receiveText = formatIdentity({ ...reception, offerId: 7n });
  test.each([
    ['nothing', ''],
    ['another version', text.replace(':1:', ':2:')],
    ['another kind', text.replace('dataset', 'person')],
    ['the id of the other kind', text.replace('dataset', 'receive')],
    ['upper case', text.replace('0f', '0F')],
    ['no prefix of hexadecimal', text.replace(':0x0f', ':0f')],
    ['a short address', text.replace('a1', '')],
    ['a space', `${text} `],
    ['a line end', `${text}\n`],
    ['one field more', `${text}:`],
    ['a leading zero', receiveText.replace(/7$/, '07')],
    ['a sign', receiveText.replace(/7$/, '+7')],
    ['a digit of another script', receiveText.replace(/7$/, '٧')],
    ['a chain id of 65 bits', text.replace(':31337:', `:${2n ** 64n}:`)],
    ['an offer id of 257 bits', receiveText.replace(/7$/, `${2n ** 256n}`)],
    ['endless digits', receiveText.replace(/7$/, '9'.repeat(10_000))],
  ])('%s is refused', (_, malformed) => {
    expect(() => parseIdentity(malformed)).toThrow(DecodeError);
  });

  test('fields that fit no identity are a mistake of the program', () => {
    expect(() => formatIdentity({ ...dataset, contract: '0x12' })).toThrow('widths of its grammar');
    expect(() => formatIdentity({ ...reception, offerId: -1n })).toThrow('widths of its grammar');
  });
});

describe('contexts', () => {
  const source = sourceContextOf(1);
  const grant = grantContextOf(source, new Uint8Array(32).fill(9), 1n);

  test('reading gives what was written', () => {
    expect(decodeSourceContext(encodeSourceContext(source))).toEqual(source);
    expect(decodeGrantContext(encodeGrantContext(grant))).toEqual(grant);
  });

  const otherSources: [string, Partial<SourceContext>][] = [
    ['chain', { chainId: 1n }],
    ['contract', { contract: market }],
    ['owner', { owner: consumer }],
    ['dataset', { datasetId: sourceContextOf(2).datasetId }],
    ['identity', { ownerIdentity: receivingIdentityOf(1n) }],
  ];
  test.each(otherSources)('a source context with another %s than its identity is never written', (_, change) => {
    expect(() => encodeSourceContext({ ...source, ...change })).toThrow('names its dataset');
  });

  const otherGrants: [string, Partial<GrantContext>][] = [
    ['chain', { chainId: 1n }],
    ['contract', { contract: records }],
    ['offer', { offerId: 2n }],
    ['receiver', { receiverIdentity: source.ownerIdentity }],
    ['source', { ownerIdentity: receivingIdentityOf(1n) }],
  ];
  test.each(otherGrants)('a grant context with another %s than its identities is never written', (_, change) => {
    expect(() => encodeGrantContext({ ...grant, ...change })).toThrow('name its dataset and its offer');
  });

  test.each([
    ['source', encodeSourceContext(source), decodeSourceContext],
    ['grant', encodeGrantContext(grant), decodeGrantContext],
  ] as const)('a %s context that was cut, extended, retagged or made inconsistent is refused', (_, bytes, decode) => {
    for (let length = 0; length < bytes.length; length++) expect(() => decode(bytes.slice(0, length))).toThrow(DecodeError);
    expect(() => decode(concatBytes(bytes, Uint8Array.of(0)))).toThrow(DecodeError);
    // The tag, the chain id and the contract's address lie in the first 54 bytes, each of which the identities repeat or the tag fixes.
    for (let position = 0; position < 54; position++) {
      const changed = bytes.map((byte, at) => (at === position ? byte ^ 1 : byte));
      expect(() => decode(changed), toHex(changed)).toThrow(DecodeError);
    }
  });
});
