/** Selects logs by address and topics, as eth_getLogs defines it. */
import type { Hex } from '../base/bytes.ts';
import type { Keccak256 } from './merkle-patricia-trie.ts';
import { type Log, logsBloom } from './receipt.ts';

/** Addresses of which one must match (none: any), and by position the topics of which one must match (null: any). */
export interface LogFilter {
  readonly addresses: readonly Hex[];
  readonly topics: readonly (readonly Hex[] | null)[];
}

/** Whether a log matches. */
export function matchesLog(filter: LogFilter, log: Log): boolean {
  if (filter.addresses.length > 0 && !filter.addresses.includes(log.address)) return false;
  if (filter.topics.length > log.topics.length) return false;
  return filter.topics.every((alternatives, position) => alternatives === null || alternatives.includes(log.topics[position] as Hex));
}

/** Tells whether a block with a given bloom filter may hold a log that matches; false is certain. The filter is hashed once for all blocks. */
export function bloomMatcher(filter: LogFilter, keccak256: Keccak256): (bloom: Uint8Array) => boolean {
  // A topic is entered into a bloom filter as an address is: by its hash alone.
  const bitsOf = (entry: Hex): number[] => {
    const bits: number[] = [];
    for (const [index, byte] of logsBloom([{ address: entry, topics: [], data: noData }], keccak256).entries())
      for (let bit = 1; bit < 256; bit *= 2) if ((byte & bit) !== 0) bits.push(8 * index + Math.log2(bit));
    return bits;
  };
  const wanted = [...(filter.addresses.length > 0 ? [filter.addresses] : []), ...filter.topics.filter((topics) => topics !== null)];
  const alternatives = wanted.map((entries) => entries.map(bitsOf));
  const isSet = (bloom: Uint8Array, bit: number): boolean => ((bloom[bit >> 3] as number) & (1 << (bit & 7))) !== 0;
  return (bloom) => alternatives.every((entries) => entries.some((bits) => bits.every((bit) => isSet(bloom, bit))));
}

const noData = new Uint8Array(0);
