/** The record that names the last final block of a store. Its checksum makes a damaged record evident. */
import { keccak_256 } from '@noble/hashes/sha3.js';
import { AppError } from '../base/app-error.ts';
import { equalBytes, fromHex, type Hex, toHex } from '../base/bytes.ts';
import { DecodeError, Decoder, Encoder } from '../base/codec.ts';
import { type Said, say } from '../base/sentence.ts';

const tag = 'vouchsafe:ledger-store';
const formatVersion = 1;

/** The last final block. */
export interface HeadRecord {
  readonly genesisHash: Hex;
  readonly height: number;
  readonly blockHash: Hex;
}

export function encodeHeadRecord(record: HeadRecord): Uint8Array {
  const content = new Encoder().fixed(fromHex(record.genesisHash), 32).uint(record.height, 8).fixed(fromHex(record.blockHash), 32).finish();
  const body = new Encoder().text(tag).uint(formatVersion, 2).bytes(content).finish();
  return new Encoder().bytes(body).fixed(keccak_256(body), 32).finish();
}

/** Reverses {@link encodeHeadRecord}. Errors: LEDGER_STORE_VERSION, LEDGER_STORE_CORRUPT. */
export function decodeHeadRecord(bytes: Uint8Array): HeadRecord {
  try {
    const outer = new Decoder(bytes);
    const body = outer.bytes(1_024);
    if (!equalBytes(outer.fixed(32), keccak_256(body))) throw new DecodeError('checksum does not match');
    outer.finish();
    const decoder = new Decoder(body);
    if (decoder.text(tag.length) !== tag) throw new DecodeError('not a head record');
    const version = decoder.count(2);
    if (version > formatVersion) throw newerVersion(version);
    const content = new Decoder(decoder.bytes(1_024));
    decoder.finish();
    const record = { genesisHash: toHex(content.fixed(32)), height: content.count(8), blockHash: toHex(content.fixed(32)) };
    content.finish();
    return record;
  } catch (error) {
    if (error instanceof DecodeError) throw corruptStore(say`The record of the last final block is damaged (${error.message}).`);
    throw error;
  }
}

function newerVersion(version: number): AppError {
  return new AppError(
    'LEDGER_STORE_VERSION',
    {
      what: say`The ledger folder has format version ${version}; this program reads version ${formatVersion}.`,
      consequence: 'The ledger was not opened and nothing in it was changed.',
      remedy: 'Start it with the newer version of Vouchsafe that wrote it.',
    },
    { data: { version } },
  );
}

/** The error of a store whose content contradicts itself. */
export function corruptStore(what: Said): AppError {
  return new AppError('LEDGER_STORE_CORRUPT', {
    what,
    consequence: 'The ledger on this disk cannot be trusted and was not opened; the other validators and their blocks are not affected.',
    remedy: 'Check the disk, then move the ledger folder away and restore it from a backup or from other validators.',
  });
}
