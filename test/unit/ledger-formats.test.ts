/** Encodings of blocks, receipts, certificates and genesis documents: known answers, round trips, and refusal of anything else. */
import { keccak_256 } from '@noble/hashes/sha3.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toHex } from '../../core/base/bytes.ts';
import { DecodeError, Decoder } from '../../core/base/codec.ts';
import { type Block, blockHash, decodeBlock, decodeCertificate, encodeBlock, encodeCertificate } from '../../core/ledger/block.ts';
import { createGenesisDocument, genesisBlock, genesisHash, parseGenesisDocument } from '../../core/ledger/genesis.ts';
import { decodeHeadRecord, encodeHeadRecord } from '../../core/ledger/head-record.ts';
import { decodeReceipts, encodeReceipts, ethereumReceipt, logsBloom, type Receipt } from '../../core/ledger/receipt.ts';

const seed = 20_261_122;
const hash = (byte: number) => toHex(new Uint8Array(32).fill(byte));
const block: Block = {
  header: {
    chainId: 7331,
    height: 5,
    parentHash: hash(1),
    epoch: 2,
    view: 3,
    timestampSeconds: 1_700_000_000,
    transactionsRoot: hash(4),
    stateRoot: hash(5),
    receiptsRoot: hash(6),
    gasUsed: 42_000n,
    logsBloom: new Uint8Array(256).fill(7),
  },
  transactions: [Uint8Array.of(1, 2, 3), new Uint8Array(0)],
};
const genesis = createGenesisDocument({
  chainId: 7331,
  timestampSeconds: 1_700_000_000,
  development: true,
  alloc: { [`0x${'Ab'.repeat(20)}`]: 5n, [`0x${'01'.repeat(20)}`]: 0n },
});

const one = (number: number) => ({ key: hash(number), transportKey: hash(number + 100), host: '127.0.0.1', port: 1 });
const network = [0, 3, 6, 9].map((first) => [one(first), one(first + 1), one(first + 2)]);

/** Every shortening, a lengthening, and random changes of one byte. */
function damaged(bytes: Uint8Array): Uint8Array[] {
  const cut = Array.from({ length: Math.min(bytes.length, 64) }, (_, index) => bytes.slice(0, bytes.length - 1 - index));
  return [...cut, Uint8Array.from([...bytes, 0])];
}

describe('blocks', () => {
  it('have the documented encoding and hash', () => {
    expect(blockHash(block.header, keccak_256)).toBe('0xca59be9261b1653b2dc9dff51b20fb4194016c2dc359588f92c1d00e6227d07a');
    expect(decodeBlock(encodeBlock(block))).toEqual(block);
  });

  it('are refused when cut, lengthened or random', () => {
    for (const bytes of damaged(encodeBlock(block))) expect(() => decodeBlock(bytes)).toThrow(DecodeError);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 600 }), (bytes) => {
        expect(() => decodeBlock(bytes)).toThrow(DecodeError);
      }),
      { seed, numRuns: 2_000 },
    );
    const tooMany = { ...block, transactions: new Array<Uint8Array>(201).fill(new Uint8Array(1)) };
    expect(() => decodeBlock(encodeBlock(tooMany))).toThrow(DecodeError);
    expect(() => decodeBlock(encodeBlock({ ...block, transactions: [new Uint8Array(131_073)] }))).toThrow(DecodeError);
    expect(() => decodeBlock(encodeBlock({ ...block, transactions: new Array<Uint8Array>(40).fill(new Uint8Array(131_072)) }))).toThrow(
      DecodeError,
    );
  });

  it('carry certificates outside their hash', () => {
    const certificate = { kind: 'local', votes: Uint8Array.of(1, 2) };
    expect(decodeCertificate(encodeCertificate(certificate))).toEqual(certificate);
    for (const bytes of damaged(encodeCertificate(certificate))) expect(() => decodeCertificate(bytes)).toThrow(DecodeError);
  });
});

describe('receipts', () => {
  const receipts: Receipt[] = [
    { type: 0, succeeded: true, gasUsed: 21_000n, cumulativeGasUsed: 21_000n, logs: [], contractAddress: null },
    {
      type: 2,
      succeeded: false,
      gasUsed: 50_000n,
      cumulativeGasUsed: 71_000n,
      logs: [{ address: toHex(new Uint8Array(20).fill(9)), topics: [hash(1), hash(2)], data: Uint8Array.of(5) }],
      contractAddress: toHex(new Uint8Array(20).fill(8)),
    },
  ];

  it('come back from the store as they were', () => {
    expect(decodeReceipts(new Decoder(encodeReceipts(receipts)))).toEqual(receipts);
    for (const bytes of damaged(encodeReceipts(receipts))) expect(() => decodeReceipts(new Decoder(bytes))).toThrow(DecodeError);
  });

  it('have the encoding of EIP-2718 under the receipt root', () => {
    expect(toHex(ethereumReceipt(receipts[0] as Receipt, logsBloom([], keccak_256)))).toBe(`0xf9010801825208b90100${'00'.repeat(256)}c0`);
    expect(toHex(ethereumReceipt(receipts[1] as Receipt, new Uint8Array(256))).slice(0, 4)).toBe('0x02');
  });
});

describe('the genesis document', () => {
  it('names the network by the hash of its block, which covers every field', () => {
    expect(genesisHash(genesis)).toBe('0x7a78595ffcdaa46b22dc8d173f6560b7b08bc2c617414b5ff17bd61b0652e157');
    const variants = [
      { ...genesis, chainId: 7332 },
      { ...genesis, timestamp: 1_700_000_001 },
      { ...genesis, development: false },
      { ...genesis, alloc: { ...genesis.alloc, [`0x${'02'.repeat(20)}`]: { balance: '0' } } },
      { ...genesis, alloc: { [`0x${'ab'.repeat(20)}`]: { balance: '6' } } },
      { ...genesis, alloc: { [`0x${'ab'.repeat(20)}`]: { balance: '5', code: '0x60' } } },
      { ...genesis, operator: `0x${'02'.repeat(20)}` },
      { ...genesis, validators: network },
      { ...genesis, validators: network.map((group, index) => (index === 0 ? [{ ...one(0), port: 2 }, ...group.slice(1)] : group)) },
    ];
    expect(new Set([genesis, ...variants].map(genesisHash)).size).toBe(variants.length + 1);
    expect(genesisHash({ ...genesis, alloc: Object.fromEntries(Object.entries(genesis.alloc).reverse()) })).toBe(genesisHash(genesis));
    expect(genesisBlock(genesis).header.height).toBe(0);
  });

  it('is refused with what is wrong', () => {
    for (const wrong of [
      null,
      5,
      {},
      { ...genesis, extra: 1 },
      { ...genesis, chainId: 0 },
      { ...genesis, timestamp: 1.5 },
      { ...genesis, alloc: { '0xAB': { balance: '1' } } },
      { ...genesis, alloc: { [`0x${'ab'.repeat(20)}`]: { balance: '-1' } } },
      { ...genesis, validators: [1] },
      { ...genesis, validators: network.slice(1) },
      { ...genesis, validators: [...network.slice(1), network[1]] },
      { ...genesis, validators: network.map((group) => group.slice(1)) },
      { ...genesis, validators: network.map((group) => group.map((validator) => ({ ...validator, host: 'two words' }))) },
      { ...genesis, operator: '0xAB' },
      { ...genesis, alloc: { [`0x${'ab'.repeat(20)}`]: { balance: '1', code: '0x6' } } },
      { ...genesis, format: 'other' },
    ]) {
      expect(() => parseGenesisDocument(wrong)).toThrow(expect.objectContaining({ code: 'GENESIS_INVALID' }));
    }
    expect(() => parseGenesisDocument({ ...genesis, version: 2 })).toThrow(expect.objectContaining({ code: 'GENESIS_VERSION' }));
    expect(parseGenesisDocument(JSON.parse(JSON.stringify(genesis)))).toEqual(genesis);
  });
});

describe('the head record', () => {
  const record = { genesisHash: hash(1), height: 77, blockHash: hash(2) };

  it('comes back, and shows any flipped bit', () => {
    const bytes = encodeHeadRecord(record);
    expect(decodeHeadRecord(bytes)).toEqual(record);
    for (let bit = 0; bit < 8 * bytes.length; bit++) {
      const flipped = bytes.map((byte, index) => (index === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte));
      expect(() => decodeHeadRecord(flipped)).toThrow(expect.objectContaining({ code: 'LEDGER_STORE_CORRUPT' }));
    }
  });
});
