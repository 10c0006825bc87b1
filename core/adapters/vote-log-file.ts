/**
 * The bytes of a vote log: a header, then batches. A batch is what one fsync made durable, and it is written only once the one before it is:
 * so a batch that anything valid follows was durable, and damage in it is damage. Only the last one may be torn by a crash.
 * Layout: docs/formats.md, "Messages of validators and their vote log".
 */
import { crc32 } from 'node:zlib';
import { AppError } from '../base/app-error.ts';
import { concatBytes, equalBytes } from '../base/bytes.ts';
import { DecodeError, Decoder, Encoder } from '../base/codec.ts';
import { say, sentenceOf } from '../base/sentence.ts';
import type { DurableRecord } from '../consensus/record.ts';
import { decodeRecord } from '../consensus/record-encoding.ts';

const tag = 'vouchsafe:vote-log';
const formatVersion = 1;
/** Bytes of the number that names a log, and of the one that marks the batches of a file. */
export const logIdBytes = 16;
const headerBytes = 4 + tag.length + 2 + 2 * logIdBytes + 4;
const batchHeadBytes = logIdBytes + 8 + 4 + 4;
const checksumBytes = 4;

/** What a file begins with. */
export interface LogHeader {
  /** What the key file names, too. */
  readonly logId: Uint8Array;
  /** Random, of this file: bytes of another one, which a crash may bring up, are not taken for its batches. */
  readonly marker: Uint8Array;
}

/** What is read from a file. */
export interface ReadLog {
  readonly marker: Uint8Array;
  readonly records: readonly DurableRecord[];
  /** The batches that were read: the number of the next one. */
  readonly batches: number;
  /** Where the last whole batch ends: what follows was never durable. */
  readonly length: number;
}

export function encodeHeader({ logId, marker }: LogHeader, version = formatVersion): Uint8Array {
  const body = new Encoder().text(tag).uint(version, 2).fixed(logId, logIdBytes).fixed(marker, logIdBytes).finish();
  return concatBytes(body, checksum(body));
}

/** A batch of encoded records. */
export function encodeBatch(marker: Uint8Array, number: number, records: readonly Uint8Array[]): Uint8Array {
  const lengths = records.map((record) => new Encoder().uint(record.length, 4).finish());
  const payload = concatBytes(...records.flatMap((record, index) => [lengths[index] ?? new Uint8Array(0), record]));
  const head = new Encoder().fixed(marker, logIdBytes).uint(number, 8).uint(payload.length, 4).finish();
  return concatBytes(head, checksum(head), payload, checksum(payload));
}

/**
 * Reads a log that should be called `logId`. Errors: VOTE_LOG_OTHER, VOTE_LOG_VERSION, VOTE_LOG_DAMAGED. A batch at the end that is not
 * whole is left out.
 */
export function readLog(file: Uint8Array, logId: Uint8Array, path: string): ReadLog {
  const header = readHeader(file, path);
  if (!equalBytes(header.logId, logId)) throw otherLog(path);
  const { marker } = header;
  const records: DurableRecord[] = [];
  let offset = headerBytes;
  let batches = 0;
  while (offset < file.length) {
    const payload = batchAt(file, offset, marker, batches);
    if (payload === null) {
      if (hasBatchAfter(file, offset, marker)) throw damaged(path, `batch ${batches} at byte ${offset} is not what was written`);
      break;
    }
    try {
      readRecords(payload, records);
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      throw damaged(path, `batch ${batches} at byte ${offset} holds what is no record: ${error.message}`);
    }
    offset += batchHeadBytes + payload.length + checksumBytes;
    batches++;
  }
  return { marker, records, batches, length: offset };
}

function readHeader(file: Uint8Array, path: string): LogHeader {
  try {
    const decoder = new Decoder(file.subarray(0, headerBytes));
    if (decoder.text(tag.length) !== tag) throw new DecodeError('it is no vote log');
    const version = decoder.count(2);
    const header = { logId: decoder.fixed(logIdBytes), marker: decoder.fixed(logIdBytes) };
    if (!equalBytes(decoder.fixed(checksumBytes), checksum(file.subarray(0, headerBytes - checksumBytes))))
      throw new DecodeError('the checksum of its header does not match');
    if (version !== formatVersion) throw newerVersion(path, version);
    return header;
  } catch (error) {
    if (error instanceof DecodeError) throw damaged(path, error.message);
    throw error;
  }
}

/** The payload of the batch at an offset; null if there is not all of it. */
function batchAt(file: Uint8Array, offset: number, marker: Uint8Array, number: number): Uint8Array | null {
  const head = headAt(file, offset, marker);
  if (head === null || head.number !== number) return null;
  const begin = offset + batchHeadBytes;
  const end = begin + head.length;
  if (end + checksumBytes > file.length) return null;
  const payload = file.subarray(begin, end);
  return equalBytes(file.subarray(end, end + checksumBytes), checksum(payload)) ? payload : null;
}

function headAt(file: Uint8Array, offset: number, marker: Uint8Array): { readonly number: number; readonly length: number } | null {
  const end = offset + batchHeadBytes;
  if (end > file.length || !equalBytes(file.subarray(offset, offset + logIdBytes), marker)) return null;
  const head = file.subarray(offset, end - checksumBytes);
  if (!equalBytes(file.subarray(end - checksumBytes, end), checksum(head))) return null;
  const decoder = new Decoder(head.subarray(logIdBytes));
  return { number: decoder.count(8), length: decoder.count(4) };
}

/** Whether a batch begins anywhere behind an offset. */
function hasBatchAfter(file: Uint8Array, offset: number, marker: Uint8Array): boolean {
  const bytes = Buffer.from(file.buffer, file.byteOffset, file.byteLength);
  for (let at = bytes.indexOf(marker, offset + 1); at !== -1; at = bytes.indexOf(marker, at + 1))
    if (headAt(file, at, marker) !== null) return true;
  return false;
}

function readRecords(payload: Uint8Array, records: DurableRecord[]): void {
  for (let offset = 0; offset < payload.length; ) {
    const length = new Decoder(payload.subarray(offset, offset + 4)).count(4);
    const end = offset + 4 + length;
    if (end > payload.length) throw new DecodeError('record longer than its batch');
    records.push(decodeRecord(payload.slice(offset + 4, end)));
    offset = end;
  }
}

function checksum(bytes: Uint8Array): Uint8Array {
  return new Encoder().uint(crc32(bytes), checksumBytes).finish();
}

/** Why a validator whose vote log is not trusted must not go on, and how it can. */
const lostVotes = {
  consequence:
    'The validator did not start and the file was not changed. Without it the validator could vote twice for one place, which looks like fraud.',
  remedy:
    'Put the file back from where it was moved to, if it was. Otherwise give this validator a new key and have a membership transaction replace the old one.',
};

/** The error of a log that is not there. */
export function missingLog(path: string): AppError {
  return new AppError('VOTE_LOG_MISSING', { what: say`The vote log ${path} is missing.`, ...lostVotes }, { data: { path } });
}

function otherLog(path: string): AppError {
  const what = say`The vote log ${path} is not the one that the validator's key belongs to.`;
  return new AppError('VOTE_LOG_OTHER', { what, ...lostVotes }, { data: { path } });
}

function damaged(path: string, reason: string): AppError {
  return new AppError(
    'VOTE_LOG_DAMAGED',
    {
      what: say`The vote log ${path} is damaged: ${reason}.`,
      consequence: lostVotes.consequence,
      remedy: say`Check the disk. ${sentenceOf(lostVotes.remedy)}`,
    },
    { data: { path, reason } },
  );
}

function newerVersion(path: string, version: number): AppError {
  return new AppError(
    'VOTE_LOG_VERSION',
    {
      what: say`The vote log ${path} has format version ${version}; this program reads version ${formatVersion}.`,
      consequence: 'The validator did not start and the file was not changed.',
      remedy: 'Start it with the version of Vouchsafe that wrote it.',
    },
    { data: { path, version } },
  );
}
