/**
 * The port to durable storage and the layout of its keys. A write is one atomic batch that is synced to the
 * disk before it resolves; the ledger writes exactly one batch a block, so a crash leaves a block whole or
 * absent, never in part.
 */
import { concatBytes, fromHex, type Hex, toBigEndian, utf8 } from '../base/bytes.ts';

/** A key with its new value; null removes it. */
export interface StoreWrite {
  readonly key: Uint8Array;
  readonly value: Uint8Array | null;
}

/** An ordered key-value store. */
export interface LedgerStore {
  get(key: Uint8Array): Uint8Array | undefined;
  /** Atomic and durable when it resolves. A rejection means that the disk failed: the caller must stop. */
  write(writes: readonly StoreWrite[]): Promise<void>;
  /** Up to `limit` entries with `from <= key < to`, in order of the keys' bytes. */
  scan(range: { from: Uint8Array; to: Uint8Array; limit: number }): Promise<(readonly [key: Uint8Array, value: Uint8Array])[]>;
  close(): Promise<void>;
}

/** First byte of each kind of key. */
const prefix = {
  head: 'H',
  block: 'b',
  receipts: 'r',
  certificate: 'f',
  height: 'h',
  transaction: 't',
  log: 'l',
  epoch: 'e',
  pending: 'p',
  account: 'a',
  slot: 's',
  code: 'c',
  node: 'n',
  storageNode: 'm',
} as const;

function key(kind: keyof typeof prefix, ...parts: Uint8Array[]): Uint8Array {
  return concatBytes(utf8(prefix[kind]), ...parts);
}

/** The record that names the last final block. */
export const headKey = key('head');
/** A block by height. */
export const blockKey = (height: number): Uint8Array => key('block', toBigEndian(BigInt(height), 8));
/** The receipts of a block by height. */
export const receiptsKey = (height: number): Uint8Array => key('receipts', toBigEndian(BigInt(height), 8));
/** The certificate of a block by height. */
export const certificateKey = (height: number): Uint8Array => key('certificate', toBigEndian(BigInt(height), 8));
/** The height of a block by hash, 8 bytes. */
export const heightKey = (hash: Hex): Uint8Array => key('height', fromHex(hash));
/** The height (8 bytes) and index (2 bytes) of a transaction by hash. */
export const transactionKey = (hash: Hex): Uint8Array => key('transaction', fromHex(hash));
/** Present where a contract logged in a block; ordered by height. */
export const logKey = (address: Hex, height: number): Uint8Array => key('log', fromHex(address), toBigEndian(BigInt(height), 8));
/** An epoch, by its number. */
export const epochKey = (number: number): Uint8Array => key('epoch', toBigEndian(BigInt(number), 8));
/** A transaction that was accepted and waits for a block. */
export const pendingKey = (hash: Hex): Uint8Array => key('pending', fromHex(hash));
/** All keys of waiting transactions. */
export const pendingRange = { from: utf8('p'), to: utf8('q') };
/** An account of the committed state. */
export const accountKey = (address: Uint8Array): Uint8Array => key('account', address);
/** A storage slot of the committed state. */
export const slotKey = (address: Uint8Array, slot: Uint8Array): Uint8Array => key('slot', address, slot);
/** A contract's code by its hash. */
export const codeKey = (hash: Uint8Array): Uint8Array => key('code', hash);
/** A node of the account trie by path. */
export const nodeKey = (path: Uint8Array): Uint8Array => key('node', path);
/** A node of an account's storage trie by path. */
export const storageNodeKey = (address: Uint8Array, path: Uint8Array): Uint8Array => key('storageNode', address, path);
