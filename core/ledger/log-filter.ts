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

/** Whether a block with this bloom filter may hold a log that matches; false is certain. */
export function matchesBloom(filter: LogFilter, bloom: Uint8Array, keccak256: Keccak256): boolean {
  const mayHold = (log: Log): boolean => logsBloom([log], keccak256).every((byte, index) => (byte & (bloom[index] as number)) === byte);
  if (filter.addresses.length > 0 && !filter.addresses.some((address) => mayHold({ address, topics: [], data: noData }))) return false;
  // A topic is entered into the filter as an address is: by its hash alone.
  return filter.topics.every(
    (alternatives) => alternatives === null || alternatives.some((topic) => mayHold({ address: topic, topics: [], data: noData })),
  );
}

const noData = new Uint8Array(0);
