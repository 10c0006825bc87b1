/** The vote log: what is acknowledged survives every crash, what is damaged is refused, and nothing is acknowledged after an error. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { filesIn, type LogFiles } from '../../core/adapters/log-files.ts';
import { FileVoteLog, type OpenedVoteLog, voteLogName } from '../../core/adapters/vote-log.ts';
import { encodeBatch, encodeHeader, readLog } from '../../core/adapters/vote-log-file.ts';
import { type AppError, isAppError } from '../../core/base/app-error.ts';
import { concatBytes } from '../../core/base/bytes.ts';
import { DecodeError } from '../../core/base/codec.ts';
import type { DurableRecord } from '../../core/consensus/record.ts';
import { neededRecords } from '../../core/consensus/record-compaction.ts';
import { encodeRecord } from '../../core/consensus/record-encoding.ts';
import { fuzz } from '../mutation.ts';
import { PowerLossDisk } from '../power-loss-disk.ts';
import { Seeded } from '../simulator/seeded.ts';
import { certificateOf, voteHistory, voteOf } from '../vote-history.ts';

const errors: AppError[] = [];
beforeEach(() => {
  errors.length = 0;
});

async function open(files: LogFiles, logId: Uint8Array, settled = () => 0, compactionBytes?: number): Promise<OpenedVoteLog> {
  const onFailure = (error: AppError) => errors.push(error);
  return FileVoteLog.open({
    files,
    logId,
    settledHeight: settled,
    onFailure,
    ...(compactionBytes === undefined ? {} : { compactionBytes }),
  });
}

/** Appends and waits until it is durable. */
function written(log: FileVoteLog, records: readonly DurableRecord[]): Promise<void> {
  return new Promise((resolve) => log.append(records, resolve));
}

const votes = (count: number, from = 1) => Array.from({ length: count }, (_, index) => voteOf('prepare', from + index, 0));

async function codeOf(step: Promise<unknown>): Promise<string> {
  try {
    await step;
    return 'no error';
  } catch (error) {
    if (isAppError(error)) return error.code;
    throw error;
  }
}

describe('on a real disk', () => {
  let folder = '';
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'vouchsafe-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('gives back what was appended, over restarts and compaction', async () => {
    const files = filesIn(folder);
    const logId = await FileVoteLog.create(files);
    expect(await codeOf(FileVoteLog.create(files))).toBe('VOTE_LOG_EXISTS');
    const history = voteHistory(1, 60);
    let settled = 0;
    for (let begin = 0; begin < history.length; begin += 50) {
      const { log, records, isCut } = await open(files, logId, () => settled, 4_096);
      expect(isCut).toBe(false);
      expect(records).toEqual(neededRecords(history.slice(0, begin).flat(), settled));
      for (const append of history.slice(begin, begin + 50)) {
        await written(log, append);
        for (const record of append) if (record.kind === 'final') settled = record.certificate.height - 1;
      }
      await log.close();
    }
    const { records, log } = await open(files, logId, () => settled);
    expect(records).toEqual(neededRecords(history.flat(), settled));
    await log.close();
    expect((await files.read(voteLogName))?.length).toBeLessThan(encodedBytes(history.flat()) / 2);
    expect(errors).toEqual([]);
  });

  it('is refused when it is missing, or another key has it', async () => {
    const files = filesIn(folder);
    const logId = await FileVoteLog.create(files);
    expect(await codeOf(open(files, new Uint8Array(16)))).toBe('VOTE_LOG_OTHER');
    await files.remove(voteLogName);
    expect(await codeOf(open(files, logId))).toBe('VOTE_LOG_MISSING');
    await rm(folder, { recursive: true });
    expect(await codeOf(FileVoteLog.create(files))).toBe('VOTE_LOG_UNUSABLE');
    folder = await mkdtemp(join(tmpdir(), 'vouchsafe-'));
  });
});

function encodedBytes(records: readonly DurableRecord[]): number {
  return records.reduce((sum, record) => sum + encodeRecord(record).length, 0);
}

describe('acknowledgements', () => {
  it('come in order, and appends that arrive during an fsync share the next', async () => {
    const disk = new PowerLossDisk();
    const { log } = await open(disk, await FileVoteLog.create(disk));
    const acknowledged: number[] = [];
    let openGate = (): void => undefined;
    disk.gate = new Promise((resolve) => {
      openGate = resolve;
    });
    const { syncs } = disk;
    log.append(votes(1), () => acknowledged.push(0));
    await settle();
    for (let index = 1; index <= 50; index++) log.append(index % 5 === 0 ? [] : votes(1, index), () => acknowledged.push(index));
    await settle();
    expect(acknowledged).toEqual([]);
    openGate();
    await log.close();
    expect(acknowledged).toEqual(Array.from({ length: 51 }, (_, index) => index));
    expect(disk.syncs - syncs).toBe(3); // the first, the fifty others, the mark of closing
  });

  it('come at once for nothing, if nothing is under way', async () => {
    const disk = new PowerLossDisk();
    const { log } = await open(disk, await FileVoteLog.create(disk));
    let isDone = false;
    log.append([], () => {
      isDone = true;
    });
    expect(isDone).toBe(true);
    await log.close();
  });

  it.each(['EIO', 'ENOSPC'])('never come after an error of the disk (%s), which is told once', async (code) => {
    for (const callsLeft of [1, 2]) {
      errors.length = 0;
      const disk = new PowerLossDisk();
      const logId = await FileVoteLog.create(disk);
      const { log } = await open(disk, logId);
      await written(log, votes(1));
      disk.failure = code;
      disk.failAt = disk.calls + callsLeft; // the write, or the fsync
      const acknowledged: string[] = [];
      log.append(votes(1, 2), () => acknowledged.push('first'));
      log.append([], () => acknowledged.push('empty'));
      await settle();
      disk.failAt = Number.POSITIVE_INFINITY; // the disk works again, but nobody knows what is on it
      log.append(votes(1, 3), () => acknowledged.push('second'));
      log.append([], () => acknowledged.push('empty too'));
      await log.close();
      expect(acknowledged).toEqual([]);
      expect(errors.map((error) => error.code)).toEqual(['VOTE_LOG_FAILED']);
      expect(errors[0]?.text.what).toMatch(code === 'ENOSPC' ? /no room/ : /EIO/);
      const { records } = await open(disk.survivor(new Seeded(callsLeft)), logId);
      expect(records.slice(0, 1)).toEqual(votes(1));
    }
  });
});

/** Lets everything happen that waits for no gate: a disk in memory needs no more than microtasks. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 200; turn++) await Promise.resolve();
}

describe('a torn tail', () => {
  it('is cut at whatever byte the file ends, and only the batch that it belongs to', async () => {
    const whole = new PowerLossDisk();
    const logId = await FileVoteLog.create(whole);
    const { log } = await open(whole, logId);
    const ends = [whole.bytesOf(voteLogName).length];
    for (let batch = 0; batch < 4; batch++) {
      await written(log, votes(1 + batch, 10 * batch + 1));
      ends.push(whole.bytesOf(voteLogName).length);
    }
    const all = [0, 1, 2, 3].map((batch) => votes(1 + batch, 10 * batch + 1));
    const bytes = whole.bytesOf(voteLogName).slice();
    for (let length = 0; length <= bytes.length; length++) {
      const disk = new PowerLossDisk();
      disk.put(voteLogName, bytes.slice(0, length));
      const wholeBatches = ends.filter((end) => end <= length).length - 1;
      if (wholeBatches < 0) {
        expect(await codeOf(open(disk, logId))).toBe('VOTE_LOG_DAMAGED');
        continue;
      }
      const opened = await open(disk, logId);
      expect(opened.records).toEqual(all.slice(0, wholeBatches).flat());
      expect(opened.isCut).toBe(length > (ends[wholeBatches] ?? 0));
      expect(disk.bytesOf(voteLogName)).toHaveLength(ends[wholeBatches] ?? 0);
      // What comes after the cut stands where the torn batch stood.
      await written(opened.log, votes(1, 99));
      await opened.log.close();
      expect((await open(disk, logId)).records).toEqual([...all.slice(0, wholeBatches).flat(), ...votes(1, 99)]);
    }
    expect(errors).toEqual([]);
  });
});

it('a cut is told at every start until others were asked', async () => {
  const whole = new PowerLossDisk();
  const logId = await FileVoteLog.create(whole);
  const { log } = await open(whole, logId);
  await written(log, votes(2));
  const torn = whole.bytesOf(voteLogName).slice(0, -1);
  // The power fails again while the log is being opened, at every call.
  for (let failAt = 1; failAt < 12; failAt++) {
    let disk = new PowerLossDisk();
    disk.put(voteLogName, torn);
    disk.failAt = failAt;
    const code = await codeOf(open(disk, logId));
    expect(code).toBe(failAt < 10 ? 'VOTE_LOG_UNUSABLE' : 'no error');
    for (let start = 0; start < 3; start++) {
      disk = disk.survivor(new Seeded(10 * failAt + start));
      const opened = await open(disk, logId);
      expect(opened).toMatchObject({ isCut: true, records: [] });
      await opened.log.close();
    }
    await (await open(disk, logId)).log.confirmCut();
    expect((await open(disk.survivor(new Seeded(failAt)), logId)).isCut).toBe(false);
  }
});

it('what is appended to a closing log is not acknowledged, and harms nothing', async () => {
  const disk = new PowerLossDisk();
  const logId = await FileVoteLog.create(disk);
  const { log } = await open(disk, logId);
  const acknowledged: string[] = [];
  log.append(votes(1), () => {
    acknowledged.push('first');
    log.append(votes(1, 2), () => acknowledged.push('second'));
  });
  await log.close();
  log.append([], () => acknowledged.push('third'));
  expect(acknowledged).toEqual(['first']);
  expect((await open(disk, logId)).records).toEqual(votes(1));
});

describe('damage', () => {
  it('of any one bit is refused, or was in the last batch and costs no other', async () => {
    for (const isClosed of [true, false]) {
      const whole = new PowerLossDisk();
      const logId = await FileVoteLog.create(whole);
      const { log } = await open(whole, logId);
      await written(log, votes(2));
      await written(log, votes(1, 5));
      const beforeLast = isClosed ? [...votes(2), ...votes(1, 5)] : votes(2);
      if (isClosed) await log.close();
      const bytes = whole.bytesOf(voteLogName);
      const codes = new Map<string, number>();
      for (let bit = 0; bit < 8 * bytes.length; bit++) {
        const flipped = bytes.slice();
        flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        const disk = new PowerLossDisk();
        disk.put(voteLogName, flipped);
        const opening = open(disk, logId);
        const code = await codeOf(opening);
        codes.set(code, (codes.get(code) ?? 0) + 1);
        if (code !== 'no error') {
          expect(disk.bytesOf(voteLogName)).toEqual(flipped); // it stays as it was
          continue;
        }
        const { records, isCut } = await opening;
        expect(records).toEqual(beforeLast);
        expect(isCut).toBe(true);
      }
      expect([...codes.keys()].sort()).toEqual(['VOTE_LOG_DAMAGED', 'no error']);
    }
  });

  it('of any kind gives an error that says what to do, or whole batches from the beginning', async () => {
    const disk = new PowerLossDisk();
    const logId = await FileVoteLog.create(disk);
    const { log } = await open(disk, logId);
    const samples: Uint8Array[] = [disk.bytesOf(voteLogName)];
    for (let batch = 0; batch < 4; batch++) {
      await written(log, votes(1, batch));
      samples.push(disk.bytesOf(voteLogName));
    }
    const { taken, refused } = fuzz({
      seed: 4,
      count: 100_000,
      samples,
      decode: (file) => {
        try {
          const { marker, records, batches, length } = readLog(file, logId, 'the path');
          return { file, marker, records, batches, length };
        } catch (error) {
          if (!isAppError(error) || !error.code.startsWith('VOTE_LOG_')) throw error;
          throw new DecodeError(error.code);
        }
      },
      encode: ({ file, marker, records, batches, length }) => {
        if (records.length !== batches) throw new Error(`${records.length} records in ${batches} batches`);
        const whole = records.map((record, number) => encodeBatch(marker, number, [encodeRecord(record)]));
        return concatBytes(encodeHeader({ logId, marker }), ...whole, file.slice(length));
      },
    });
    expect(Math.min(taken, refused)).toBeGreaterThan(5_000);
    await log.close();
  });

  it('of another format is told', async () => {
    const disk = new PowerLossDisk();
    const logId = new Uint8Array(16).fill(1);
    const marker = new Uint8Array(16).fill(2);
    disk.put(voteLogName, concatBytes(encodeHeader({ logId, marker }), encodeBatch(marker, 0, [Uint8Array.of(77)])));
    expect(await codeOf(open(disk, logId))).toBe('VOTE_LOG_DAMAGED');
    disk.put(voteLogName, concatBytes(encodeHeader({ logId, marker }), encodeBatch(marker, 1, [])));
    expect((await open(disk, logId)).records).toEqual([]); // no batch of this file
    disk.put(voteLogName, new Uint8Array(0));
    expect(await codeOf(open(disk, logId))).toBe('VOTE_LOG_DAMAGED');
    const newer = encodeHeader({ logId, marker }, 2);
    disk.put(voteLogName, newer);
    expect(await codeOf(open(disk, logId))).toBe('VOTE_LOG_VERSION');
  });
});

describe('a crash', () => {
  it('between any two system calls loses nothing that was acknowledged, and invents nothing', async () => {
    const history = voteHistory(3, 16);
    const compactionBytes = 2_048;
    // The ledger lags a little behind the log.
    const settledAfter = (appends: number) =>
      Math.max(
        0,
        ...history
          .slice(0, appends)
          .flatMap((append) => append.map((record) => (record.kind === 'final' ? record.certificate.height - 2 : 0))),
      );
    let compactions = 0;
    for (let failAt = 1; ; failAt++) {
      const disk = new PowerLossDisk();
      const logId = await FileVoteLog.create(disk);
      disk.failAt = disk.calls + failAt;
      let acknowledged = 0;
      let appended = 0;
      let isOver = false;
      try {
        const { log } = await open(disk, logId, () => settledAfter(acknowledged), compactionBytes);
        for (const [index, append] of history.entries()) {
          log.append(append, () => acknowledged++);
          appended++;
          if (index % 3 > 0) await settle();
          if (errors.length > 0) break;
        }
        await settle();
        await log.close();
        isOver = errors.length === 0;
      } catch (error) {
        if (!isAppError(error, 'VOTE_LOG_UNUSABLE')) throw error;
      }
      errors.length = 0;
      if (isOver) {
        expect(failAt).toBeGreaterThan(60);
        break;
      }
      for (let seed = 0; seed < 5; seed++) {
        const survivor = disk.survivor(new Seeded(1_000 * failAt + seed));
        const settled = settledAfter(acknowledged);
        const { records, log } = await open(survivor, logId, () => settled);
        const possible = Array.from({ length: appended - acknowledged + 1 }, (_, more) =>
          neededRecords(history.slice(0, acknowledged + more).flat(), settled),
        );
        expect(possible.map(textOf)).toContain(textOf(records));
        if (encodedBytes(records) < encodedBytes(history.slice(0, acknowledged).flat())) compactions++;
        await log.close();
      }
    }
    expect(compactions).toBeGreaterThan(50);
  });
});

function textOf(records: readonly DurableRecord[]): string {
  return records.map((record) => Buffer.from(encodeRecord(record)).toString('hex')).join('\n');
}

it('appends beyond the size of a batch are acknowledged whole', async () => {
  const disk = new PowerLossDisk();
  const logId = await FileVoteLog.create(disk);
  const { log } = await open(disk, logId, () => 0, 1_000_000_000);
  const block = { hash: certificateOf('commit', 1, 0).blockHash, height: 1, parentHash: certificateOf('commit', 0, 0).blockHash, view: 0 };
  const bodies = Array.from({ length: 20 }, (): DurableRecord => {
    return { kind: 'body', block: { ...block, nextMembers: null, bytes: new Uint8Array(4_000_000) } };
  });
  const { syncs } = disk;
  await written(log, bodies);
  await log.close();
  expect(disk.syncs - syncs).toBe(4);
  expect((await open(disk, logId)).records).toHaveLength(20);
});
