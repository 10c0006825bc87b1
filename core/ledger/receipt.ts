/** What a transaction did: status, gas and logs. The receipt root of a block commits to the Ethereum encoding of its receipts (EIP-2718, EIP-658). */
import { RLP } from '@ethereumjs/rlp';
import { fromHex, type Hex, toHex } from '../base/bytes.ts';
import { type Decoder, Encoder } from '../base/codec.ts';
import type { Keccak256 } from './merkle-patricia-trie.ts';

/** One event that a contract emitted. */
export interface Log {
  readonly address: Hex;
  readonly topics: readonly Hex[];
  readonly data: Uint8Array;
}

/** The outcome of one transaction of a block. */
export interface Receipt {
  readonly type: 0 | 1 | 2;
  readonly succeeded: boolean;
  readonly gasUsed: bigint;
  /** Gas of this and all earlier transactions of the block. */
  readonly cumulativeGasUsed: bigint;
  readonly logs: readonly Log[];
  /** Address of the contract that the transaction created. */
  readonly contractAddress: Hex | null;
}

const bloomBytes = 256;

/** Bloom filter over the addresses and topics of logs (yellow paper, section 4.3.1). */
export function logsBloom(logs: readonly Log[], keccak256: Keccak256): Uint8Array {
  const bloom = new Uint8Array(bloomBytes);
  for (const log of logs) {
    for (const item of [log.address, ...log.topics]) {
      const hash = keccak256(fromHex(item));
      for (const offset of [0, 2, 4]) {
        const bit = (((hash[offset] as number) << 8) | (hash[offset + 1] as number)) & 2047;
        const index = bloomBytes - 1 - (bit >> 3);
        bloom[index] = (bloom[index] as number) | (1 << (bit & 7));
      }
    }
  }
  return bloom;
}

/** The union of two bloom filters. */
export function uniteBlooms(blooms: readonly Uint8Array[]): Uint8Array {
  const united = new Uint8Array(bloomBytes);
  for (const bloom of blooms)
    for (let index = 0; index < bloomBytes; index++) united[index] = (united[index] as number) | (bloom[index] as number);
  return united;
}

/** The encoding under the receipt root. */
export function ethereumReceipt(receipt: Receipt, bloom: Uint8Array): Uint8Array {
  const fields = RLP.encode([
    receipt.succeeded ? 1 : 0,
    receipt.cumulativeGasUsed,
    bloom,
    receipt.logs.map((log) => [fromHex(log.address), log.topics.map(fromHex), log.data]),
  ]);
  return receipt.type === 0 ? fields : new Uint8Array([receipt.type, ...fields]);
}

/** The encoding in the store. */
export function encodeReceipts(receipts: readonly Receipt[]): Uint8Array {
  const encoder = new Encoder().uint(receipts.length, 2);
  for (const receipt of receipts) {
    encoder
      .uint(receipt.type, 1)
      .uint(receipt.succeeded ? 1 : 0, 1)
      .uint(receipt.gasUsed, 8)
      .uint(receipt.cumulativeGasUsed, 8);
    encoder.bytes(receipt.contractAddress === null ? new Uint8Array(0) : fromHex(receipt.contractAddress)).uint(receipt.logs.length, 4);
    for (const log of receipt.logs) {
      encoder.fixed(fromHex(log.address), 20).uint(log.topics.length, 1);
      for (const topic of log.topics) encoder.fixed(fromHex(topic), 32);
      encoder.bytes(log.data);
    }
  }
  return encoder.finish();
}

/** Reverses {@link encodeReceipts}. */
export function decodeReceipts(decoder: Decoder): Receipt[] {
  const receipts = Array.from({ length: decoder.count(2) }, (): Receipt => {
    const type = decoder.count(1) as 0 | 1 | 2;
    const succeeded = decoder.count(1) === 1;
    const gasUsed = decoder.uint(8);
    const cumulativeGasUsed = decoder.uint(8);
    const contractAddress = decoder.bytes(20);
    const logs = Array.from({ length: decoder.count(4) }, (): Log => {
      const address = toHex(decoder.fixed(20));
      const topics = Array.from({ length: decoder.count(1) }, () => toHex(decoder.fixed(32)));
      return { address, topics, data: decoder.bytes(2 ** 32 - 1) };
    });
    return {
      type,
      succeeded,
      gasUsed,
      cumulativeGasUsed,
      contractAddress: contractAddress.length === 0 ? null : toHex(contractAddress),
      logs,
    };
  });
  decoder.finish();
  return receipts;
}
