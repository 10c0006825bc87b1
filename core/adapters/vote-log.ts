/**
 * The vote log on a disk: what a member signed and must not forget is durable before anything that follows from it leaves.
 * Group commit: what is appended while an fsync runs is written together and made durable by the next one.
 * Invariants: `done` is called in the order of the appends, after the fsync that covers its records and all before them. After the first
 * error nothing is acknowledged any more: after a failed fsync nobody knows what is on the disk, and trying again would not tell.
 * The file is replaced by one with the needed records when it has grown, in one rename. One process a log: that of its home's lock.
 */
import { AppError } from '../base/app-error.ts';
import type { Random } from '../base/ports.ts';
import { say } from '../base/sentence.ts';
import type { DurableRecord } from '../consensus/record.ts';
import { neededRecords } from '../consensus/record-compaction.ts';
import { encodeRecord } from '../consensus/record-encoding.ts';
import type { VoteLog } from '../consensus/runtime.ts';
import { partialSuffix } from './atomic-file.ts';
import type { LogFile, LogFiles } from './log-files.ts';
import { systemRandom } from './system-random.ts';
import { encodeBatch, encodeHeader, logIdBytes, missingLog, readLog } from './vote-log-file.ts';

/** The name of the log in its folder. */
export const voteLogName = 'vote-log';
const partialName = voteLogName + partialSuffix;
/** The name of an empty file beside it: the log was cut, and others were not asked yet. */
const cutName = `${voteLogName}-cut`;
/** Bytes of records that one fsync makes durable; a larger append takes several. */
const batchBytesMax = 33_554_432;
/** Bytes of a file from which on it is replaced by one with the needed records. */
const compactionBytes = 67_108_864;

export interface VoteLogOptions {
  readonly files: LogFiles;
  /** The id that the key file names. */
  readonly logId: Uint8Array;
  /** The height up to which blocks are durable in the ledger. */
  readonly settledHeight: () => number;
  /** Told once of the error after which nothing is acknowledged. */
  readonly onFailure: (error: AppError) => void;
  /** For tests: {@link compactionBytes}. */
  readonly compactionBytes?: number;
  readonly random?: Random;
}

/** A log that was opened. */
export interface OpenedVoteLog {
  readonly log: FileVoteLog;
  /** What is needed of what was written before, in its order. */
  readonly records: readonly DurableRecord[];
  /**
   * Whether an append at the end was cut because a crash tore it. Damage cannot be told from that there, so others are to be asked for the
   * own votes before anything is signed; it stays so over restarts, until {@link FileVoteLog.confirmCut}.
   */
  readonly isCut: boolean;
}

/** An append: its records, and whom to tell. */
interface Pending {
  readonly records: readonly DurableRecord[];
  readonly encodings: readonly Uint8Array[];
  readonly done: () => void;
}

export class FileVoteLog implements VoteLog {
  readonly #options: VoteLogOptions;
  readonly #random: Random;
  #file: LogFile;
  #marker: Uint8Array;
  #batches: number;
  #bytes: number;
  #compactAt: number;
  /** The records that are durable and needed. */
  #needed: readonly DurableRecord[];
  #queue: Pending[] = [];
  /** The writing that is under way, or the last one. */
  #writing: Promise<void> = Promise.resolve();
  #isWriting = false;
  #isClosed = false;
  #hasFailed = false;

  private constructor(
    options: VoteLogOptions,
    file: LogFile,
    place: { marker: Uint8Array; batches: number; bytes: number },
    needed: readonly DurableRecord[],
  ) {
    this.#options = options;
    this.#random = options.random ?? systemRandom;
    this.#file = file;
    this.#marker = place.marker;
    this.#batches = place.batches;
    this.#bytes = place.bytes;
    this.#compactAt = options.compactionBytes ?? compactionBytes;
    this.#needed = needed;
  }

  /** Makes an empty log and answers its id, for the key file that is written next. Errors: VOTE_LOG_EXISTS, VOTE_LOG_UNUSABLE. */
  static async create(files: LogFiles, random = systemRandom): Promise<Uint8Array> {
    return using(files, async () => {
      if ((await files.read(voteLogName)) !== null) throw existing(files.folder);
      const logId = random.bytes(logIdBytes);
      const written = await replaceLog(files, logId, random.bytes(logIdBytes), []);
      await written.file.close();
      return logId;
    });
  }

  /** Opens the log of a key. Errors: VOTE_LOG_MISSING, VOTE_LOG_OTHER, VOTE_LOG_VERSION, VOTE_LOG_DAMAGED, VOTE_LOG_UNUSABLE. */
  static async open(options: VoteLogOptions): Promise<OpenedVoteLog> {
    const { files, logId } = options;
    const path = `${files.folder}/${voteLogName}`;
    return using(files, async () => {
      const bytes = await files.read(voteLogName);
      if (bytes === null) throw missingLog(path);
      const { marker, records, batches, length } = readLog(bytes, logId, path);
      const file = await files.open(voteLogName);
      if (length < bytes.length) {
        const mark = await files.create(cutName);
        await mark.close();
        await files.sync();
        await file.truncate(length);
      }
      // What was read may be in the system's memory only, if it was a process that ended and not the machine.
      await file.sync();
      await files.remove(partialName);
      await files.sync();
      const needed = neededRecords(records, options.settledHeight());
      const log = new FileVoteLog(options, file, { marker, batches, bytes: length }, needed);
      return { log, records: needed, isCut: (await files.read(cutName)) !== null };
    });
  }

  append(records: readonly DurableRecord[], done: () => void): void {
    // What is not acknowledged has no effect: a stopping validator may leave it at that.
    if (this.#hasFailed || this.#isClosed) return;
    if (records.length === 0 && !this.#isWriting) {
      done();
      return;
    }
    this.#queue.push({ records, encodings: records.map(encodeRecord), done });
    if (this.#isWriting) return;
    this.#isWriting = true;
    this.#writing = this.#write();
  }

  /** Others were asked, and know of no vote that is not in the log. Errors: VOTE_LOG_UNUSABLE. */
  async confirmCut(): Promise<void> {
    const { files } = this.#options;
    await using(files, async () => {
      await files.remove(cutName);
      await files.sync();
    });
  }

  /** Waits for what was appended and closes the file, marked so that damage to the last batch is told from a torn one. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#writing;
    if (!this.#hasFailed) await this.#attempt(() => this.#appendBatch([]));
    await this.#file.close();
  }

  async #write(): Promise<void> {
    // What else is appended in this turn belongs to the same batch.
    await Promise.resolve();
    while (this.#queue.length > 0) {
      const batch = this.#takeBatch();
      const encodings = batch.flatMap((pending) => pending.encodings);
      if (encodings.length > 0 && !(await this.#attempt(() => this.#appendAll(encodings)))) return;
      this.#keep(batch.flatMap(({ records }) => records));
      for (const { done } of batch) done();
      if (this.#bytes >= this.#compactAt && !(await this.#attempt(() => this.#compact()))) return;
    }
    this.#isWriting = false;
  }

  /** The next appends that fit a batch together: at least one. */
  #takeBatch(): Pending[] {
    let bytes = 0;
    const end = this.#queue.findIndex(({ encodings }, index) => {
      for (const { length } of encodings) bytes += length;
      return index > 0 && bytes > batchBytesMax;
    });
    return this.#queue.splice(0, end === -1 ? this.#queue.length : end);
  }

  async #appendAll(encodings: readonly Uint8Array[]): Promise<void> {
    for (const part of partsOf(encodings)) await this.#appendBatch(part);
  }

  async #appendBatch(encodings: readonly Uint8Array[]): Promise<void> {
    const bytes = encodeBatch(this.#marker, this.#batches, encodings);
    await this.#file.append(bytes);
    await this.#file.sync();
    this.#batches++;
    this.#bytes += bytes.length;
  }

  #keep(records: readonly DurableRecord[]): void {
    this.#needed = [...this.#needed, ...records];
    if (records.some(({ kind }) => kind === 'final')) this.#needed = neededRecords(this.#needed, this.#options.settledHeight());
  }

  /** Replaces the file by one with the needed records. */
  async #compact(): Promise<void> {
    const { files, logId } = this.#options;
    this.#needed = neededRecords(this.#needed, this.#options.settledHeight());
    const marker = this.#random.bytes(logIdBytes);
    const old = this.#file;
    const { file, batches, bytes } = await replaceLog(files, logId, marker, this.#needed);
    this.#file = file;
    this.#marker = marker;
    this.#batches = batches;
    this.#bytes = bytes;
    // A ledger that lags makes much needed: then the file may grow before the next attempt.
    this.#compactAt = Math.max(this.#options.compactionBytes ?? compactionBytes, 2 * bytes);
    await old.close();
  }

  /** Does something with the disk; false after an error, which is the last. */
  async #attempt(step: () => Promise<void>): Promise<boolean> {
    try {
      await step();
      return true;
    } catch (error) {
      if (!isSystemError(error)) throw error;
      this.#hasFailed = true;
      this.#queue = [];
      this.#options.onFailure(failure(this.#options.files.folder, error));
      return false;
    }
  }
}

/** Writes a whole log beside the one that is there and renames it: durable under its name, or not there. */
async function replaceLog(
  files: LogFiles,
  logId: Uint8Array,
  marker: Uint8Array,
  records: readonly DurableRecord[],
): Promise<{ readonly file: LogFile; readonly batches: number; readonly bytes: number }> {
  const file = await files.create(partialName);
  const header = encodeHeader({ logId, marker });
  await file.append(header);
  let batches = 0;
  let bytes = header.length;
  for (const part of partsOf(records.map(encodeRecord))) {
    const batch = encodeBatch(marker, batches++, part);
    bytes += batch.length;
    await file.append(batch);
  }
  await file.sync();
  await files.rename(partialName, voteLogName);
  await files.sync();
  return { file, batches, bytes };
}

/** Encoded records in parts, each of them small enough for one batch. */
function partsOf(encodings: readonly Uint8Array[]): Uint8Array[][] {
  const parts: Uint8Array[][] = [];
  let bytes = batchBytesMax;
  for (const encoding of encodings) {
    if (bytes + encoding.length > batchBytesMax) {
      parts.push([]);
      bytes = 0;
    }
    parts.at(-1)?.push(encoding);
    bytes += encoding.length;
  }
  return parts;
}

function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'code' in error && !(error instanceof AppError);
}

/** Runs what opens or makes a log; what the system refuses becomes VOTE_LOG_UNUSABLE. */
async function using<T>(files: LogFiles, step: () => Promise<T>): Promise<T> {
  try {
    return await step();
  } catch (cause) {
    if (!isSystemError(cause)) throw cause;
    throw new AppError(
      'VOTE_LOG_UNUSABLE',
      {
        what: say`The vote log in ${files.folder} cannot be used (${cause.code ?? 'unknown'}).`,
        consequence: 'The validator did not start; what was in the log is unchanged.',
        remedy: 'Check that the folder belongs to you, that the disk has room and that it is healthy. Then start the validator again.',
      },
      { data: { folder: files.folder, reason: cause.code ?? 'unknown' }, cause },
    );
  }
}

function existing(folder: string): AppError {
  return new AppError(
    'VOTE_LOG_EXISTS',
    {
      what: say`There is a vote log in ${folder} already.`,
      consequence: 'It was not changed, and no other was made.',
      remedy: 'Start the validator that it belongs to, or choose another folder.',
    },
    { data: { folder } },
  );
}

function failure(folder: string, cause: NodeJS.ErrnoException): AppError {
  const isFull = cause.code === 'ENOSPC' || cause.code === 'EDQUOT';
  return new AppError(
    'VOTE_LOG_FAILED',
    {
      what: isFull
        ? say`There is no room on the disk for the vote log in ${folder}.`
        : say`The vote log in ${folder} could not be written (${cause.code ?? 'unknown'}).`,
      consequence: 'The validator stops voting at once. Nothing that it said is lost.',
      remedy: isFull ? 'Make room on the disk, then start the validator again.' : 'Check the disk, then start the validator again.',
    },
    { data: { folder, reason: cause.code ?? 'unknown' }, cause },
  );
}
