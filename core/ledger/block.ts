/**
 * Blocks: an ordered list of transactions under a header that names the state and the receipts after them.
 * The hash of the header identifies the block. The certificate, which says why a block is final, stands
 * outside the hash: two valid certificates of one block may name different signers.
 * Layout: docs/formats.md, "Blocks".
 */
import { fromHex, type Hex, toHex } from '../base/bytes.ts';
import { DecodeError, Decoder, Encoder } from '../base/codec.ts';
import { blockBytesMax, blockTransactionsMax, transactionBytesMax } from './limits.ts';
import type { Keccak256 } from './merkle-patricia-trie.ts';

const headerTag = 'vouchsafe:block-header:1';
const certificateBytesMax = 1_048_576;

/** What a block's hash covers. */
export interface BlockHeader {
  readonly chainId: number;
  /** 0 is the genesis block. */
  readonly height: number;
  /** Hash of the block before; in the genesis block, hash of the genesis document. */
  readonly parentHash: Hex;
  /** Membership epoch in which the block was first proposed. */
  readonly epoch: number;
  /** View in which the block was first proposed. */
  readonly view: number;
  /** Seconds since 1970-01-01 UTC; never below the parent's. */
  readonly timestampSeconds: number;
  readonly transactionsRoot: Hex;
  readonly stateRoot: Hex;
  readonly receiptsRoot: Hex;
  readonly gasUsed: bigint;
  readonly logsBloom: Uint8Array;
}

/** A header and its transactions, each in its signed encoding. */
export interface Block {
  readonly header: BlockHeader;
  readonly transactions: readonly Uint8Array[];
}

/** Why a block is final: by which protocol, and the votes in that protocol's encoding. */
export interface Certificate {
  /** `local` (one local proposer, no votes) or the name of an ordering protocol. */
  readonly kind: string;
  readonly votes: Uint8Array;
}

export function encodeHeader(header: BlockHeader): Uint8Array {
  return new Encoder()
    .text(headerTag)
    .uint(header.chainId, 8)
    .uint(header.height, 8)
    .fixed(fromHex(header.parentHash), 32)
    .uint(header.epoch, 8)
    .uint(header.view, 8)
    .uint(header.timestampSeconds, 8)
    .fixed(fromHex(header.transactionsRoot), 32)
    .fixed(fromHex(header.stateRoot), 32)
    .fixed(fromHex(header.receiptsRoot), 32)
    .uint(header.gasUsed, 8)
    .fixed(header.logsBloom, 256)
    .finish();
}

function readHeader(decoder: Decoder): BlockHeader {
  if (decoder.text(headerTag.length) !== headerTag) throw new DecodeError('not a block header of this version');
  return {
    chainId: decoder.count(8),
    height: decoder.count(8),
    parentHash: toHex(decoder.fixed(32)),
    epoch: decoder.count(8),
    view: decoder.count(8),
    timestampSeconds: decoder.count(8),
    transactionsRoot: toHex(decoder.fixed(32)),
    stateRoot: toHex(decoder.fixed(32)),
    receiptsRoot: toHex(decoder.fixed(32)),
    gasUsed: decoder.uint(8),
    logsBloom: decoder.fixed(256),
  };
}

/** Keccak-256 of the header's encoding: the name of the block. */
export function blockHash(header: BlockHeader, keccak256: Keccak256): Hex {
  return toHex(keccak256(encodeHeader(header)));
}

export function encodeBlock(block: Block): Uint8Array {
  const encoder = new Encoder().bytes(encodeHeader(block.header)).uint(block.transactions.length, 2);
  for (const transaction of block.transactions) encoder.bytes(transaction);
  return encoder.finish();
}

/** The header of an encoded block, whatever follows it. */
export function decodeBlockHeader(bytes: Uint8Array): BlockHeader {
  return takeHeader(new Decoder(bytes));
}

function takeHeader(decoder: Decoder): BlockHeader {
  const headerDecoder = new Decoder(decoder.bytes(1_024));
  const header = readHeader(headerDecoder);
  headerDecoder.finish();
  return header;
}

/** Reads a block from anywhere; {@link DecodeError} on anything that {@link encodeBlock} does not make. */
export function decodeBlock(bytes: Uint8Array): Block {
  const decoder = new Decoder(bytes);
  const header = takeHeader(decoder);
  const count = decoder.count(2);
  if (count > blockTransactionsMax) throw new DecodeError(`more than ${blockTransactionsMax} transactions`);
  const transactions = Array.from({ length: count }, () => decoder.bytes(transactionBytesMax));
  if (transactions.reduce((total, raw) => total + raw.length, 0) > blockBytesMax)
    throw new DecodeError(`more than ${blockBytesMax} bytes of transactions`);
  decoder.finish();
  return { header, transactions };
}

export function encodeCertificate(certificate: Certificate): Uint8Array {
  return new Encoder().text(certificate.kind).bytes(certificate.votes).finish();
}

export function decodeCertificate(bytes: Uint8Array): Certificate {
  const decoder = new Decoder(bytes);
  const certificate = { kind: decoder.text(64), votes: decoder.bytes(certificateBytesMax) };
  decoder.finish();
  return certificate;
}
