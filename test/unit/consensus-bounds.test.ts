/** What a member keeps and sends is bounded by bytes, also where every entry and every block is as large as may be. */
import { describe, expect, test } from 'vitest';
import { appendBytesMax, bodiesBytesMax, logBytesMax } from '../../core/consensus/limits.ts';
import { Replica } from '../../core/consensus/pbft/replica.ts';
import { Raft, type RaftMessage } from '../../core/consensus/raft/raft.ts';
import { VoteBook } from '../../core/consensus/vote-book.ts';
import { blockOf, committeeOf, genesisHash, signerOf } from '../consensus-scene.ts';

const committee = committeeOf(1, 3);
const signature = new Uint8Array(64);
const blockBytes = 4_194_304;

/** A leader of three, whose entries say how many bytes they have. */
function leader(): { readonly raft: Raft<number>; readonly take: () => Extract<RaftMessage<number>, { kind: 'append' }>[] } {
  let sent: RaftMessage<number>[] = [];
  const raft = new Raft<number>({
    committee,
    self: 0,
    sign: signerOf(0),
    random: () => 0,
    restored: { term: 0, vote: null },
    send: (to, message) => {
      if (to === 1) sent.push(message);
    },
    persist: () => undefined,
    bytesOf: (entry) => entry,
    onEntry: () => undefined,
  });
  while (!sent.some(({ kind }) => kind === 'pre-vote-request')) raft.tick();
  raft.step(1, { kind: 'pre-vote', term: 1, signature });
  raft.step(1, { kind: 'vote', term: 1, signature });
  expect(raft.isLeader).toBe(true);
  return {
    raft,
    take: () => {
      const appends = sent.flatMap((message) => (message.kind === 'append' ? [message] : []));
      sent = [];
      return appends;
    },
  };
}

describe('a leader', () => {
  test('sends as many entries at a time as fit a message, and one at least', () => {
    const { raft, take } = leader();
    for (let count = 0; count < 6; count++) raft.append(blockBytes + 1_000);
    for (let count = 0; count < 40; count++) raft.append(100_000);
    take();
    const sizes: number[][] = [];
    for (let index = 0; index < 46; ) {
      raft.tick();
      raft.step(1, { kind: 'appended', term: 1, matched: false, index });
      const append = take().findLast(({ entries }) => entries.length > 0);
      expect(append?.entries.length).toBeGreaterThan(0);
      index = (append?.previous ?? 0) + (append?.entries.length ?? 0);
      sizes.push([...(append?.entries ?? [])]);
    }
    const total = (entries: readonly number[]) => entries.reduce((bytes, entry) => bytes + entry, 0);
    expect(sizes.filter((entries) => entries.length > 1 && total(entries) > appendBytesMax)).toEqual([]);
    expect(sizes.filter(([entry]) => entry === blockBytes + 1_000).length).toBeGreaterThanOrEqual(6);
    expect(Math.max(...sizes.map(({ length }) => length))).toBeGreaterThan(20);
  });

  test('keeps the newest entries, and tells a follower that lags where its log begins', () => {
    const { raft, take } = leader();
    for (let count = 0; count < 20; count++) raft.append(blockBytes);
    expect(raft.log.entries.length * blockBytes).toBeLessThanOrEqual(logBytesMax);
    expect(raft.log.base + raft.log.entries.length).toBe(20);
    take();
    raft.tick();
    raft.step(1, { kind: 'appended', term: 1, matched: false, index: 0 });
    expect(take().at(-1)).toMatchObject({ fresh: true, previous: raft.log.base });
  });

  test('says again what a follower missed once a tick, however often it asks', () => {
    const { raft, take } = leader();
    raft.append(1);
    raft.tick();
    take();
    for (let count = 0; count < 100; count++) raft.step(1, { kind: 'appended', term: 1, matched: false, index: 0 });
    expect(take()).toHaveLength(1);
  });

  test('of another term begins a log of its own: what a liar said of places before counts for nothing', () => {
    const { raft } = leader();
    raft.append(1);
    const far = 2 ** 47;
    const append = { kind: 'append', votes: [], fresh: true, commitIndex: far } as const;
    raft.step(1, { ...append, term: 2, previous: far, entries: [7] });
    expect(raft.log).toEqual({ term: 2, base: far, entries: [7] });
    raft.step(2, { ...append, term: 3, previous: 0, fresh: false, entries: [8, 9] });
    expect(raft.log).toEqual({ term: 3, base: 0, entries: [8, 9] });
  });
});

test('bodies of blocks that are not final are kept up to a size together', () => {
  const replica = new Replica({
    committee,
    epochStart: { height: 0, blockHash: genesisHash },
    book: new VoteBook(committee, 0, signerOf(0)),
    output: {
      persist: () => undefined,
      voted: () => undefined,
      stated: () => undefined,
      execute: () => undefined,
      finalized: () => undefined,
      bodyWanted: () => undefined,
      fellBehind: () => undefined,
      viewEntered: () => undefined,
    },
  });
  const bytes = new Uint8Array(blockBytes);
  const blocks = Array.from({ length: 40 }, (_, number) => ({ ...blockOf(1 + number, 1), bytes }));
  for (const block of blocks) replica.onBody(block);
  const kept = blocks.filter(({ hash }) => replica.body(hash) !== undefined);
  expect(kept.length * blockBytes).toBeLessThanOrEqual(bodiesBytesMax);
  expect(kept.at(-1)).toBe(blocks.at(-1));
});
