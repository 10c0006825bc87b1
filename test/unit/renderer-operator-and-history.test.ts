/** What the screens of history, networks, proxies and received data show of the figures that they get. */
import { describe, expect, test } from 'vitest';
import type { ActivityView, NetworkStatusView, ProxyStorageView } from '../../electron/views.ts';
import { accountIn, activityEntries, activityKind, activityText } from '../../renderer/features/activity/activity-entries.ts';
import { networkProblems } from '../../renderer/features/network/network-health.ts';
import { isNearlyFull, storageShares } from '../../renderer/features/proxy/storage-shares.ts';
import { seriesFacts } from '../../renderer/features/received/series-facts.ts';

describe('activity', () => {
  const event = (name: string, blockNumber: number, change: Partial<ActivityView> = {}): ActivityView => ({
    event: name,
    contract: 'sharingMarket',
    blockNumber,
    atSeconds: blockNumber,
    transactionHash: `0x${String(blockNumber % 10).repeat(64)}`,
    fields: {},
    offerId: null,
    requestId: null,
    datasetId: null,
    ...change,
  });

  test('is shown the newest first, whatever order it comes in', () => {
    const entries = activityEntries([event('OfferMade', 2), event('Credited', 9), event('RequirementPublished', 1)]);
    expect(entries.map(({ newest }) => newest.event)).toEqual(['Credited', 'OfferMade', 'RequirementPublished']);
  });

  test('has one entry for the segments of one proof, and one for each offer', () => {
    const segments = (offerId: string, blockNumber: number) => event('SegmentProved', blockNumber, { offerId });
    const entries = activityEntries([segments('7', 3), segments('7', 4), segments('8', 5), segments('7', 6), event('OfferVerified', 7)]);
    expect(entries.map(({ newest, events }) => [newest.event, newest.offerId, events.length])).toEqual([
      ['OfferVerified', null, 1],
      ['SegmentProved', '7', 1],
      ['SegmentProved', '8', 1],
      ['SegmentProved', '7', 2],
    ]);
    expect(new Set(entries.map(({ key }) => key)).size).toBe(entries.length);
  });

  test('is found by what is in its fields and by the names that are shown for it', () => {
    const [entry] = activityEntries([event('OfferConfirmed', 12, { fields: { consumer: '0xabc' } })]);
    const text = activityText(entry!, ['Waterworks North']);
    for (const searched of ['OfferConfirmed', '12', '0xabc', 'Waterworks North']) expect(text).toContain(searched);
  });

  test('knows an account however its address is spelt, and no other field for one', () => {
    const spelt = `0x${'aB'.repeat(20)}`;
    expect(accountIn('owner', spelt)).toBe(`0x${'ab'.repeat(20)}`);
    expect([accountIn('grantHash', spelt), accountIn('owner', '7'), accountIn('owner', undefined)]).toEqual([null, null, null]);
  });

  test('counts events that this version does not know with the trades', () => {
    expect([activityKind('Withdrawn'), activityKind('SomethingLater')]).toEqual(['money', 'trade']);
  });
});

describe('a network', () => {
  const status = (change: Partial<NetworkStatusView>): NetworkStatusView => ({
    name: 'Valley',
    development: true,
    chainId: 1,
    online: true,
    blockNumber: 5,
    blockSeconds: 1000,
    clockAheadSeconds: 10,
    pkg: 'reachable',
    proxies: [1, 2, 3].map((index) => ({ index, url: `http://127.0.0.1:${4700 + index}`, reachable: true })),
    threshold: 2,
    contracts: {},
    ...change,
  });
  const reachable = (...answers: boolean[]) => answers.map((answer, index) => ({ index: index + 1, url: '', reachable: answer }));

  test('that works has no problem, nor has one whose clock is nearly ours or not known', () => {
    for (const clockAheadSeconds of [10, -119, 120, null]) expect(networkProblems(status({ clockAheadSeconds }))).toEqual([]);
  });

  test('that is away has this one problem', () => {
    expect(networkProblems(status({ online: false, pkg: 'unreachable', proxies: reachable(false) }))).toEqual(['offline']);
  });

  test.each<[Partial<NetworkStatusView>, string[]]>([
    [{ clockAheadSeconds: -3600 }, ['clockBehind']],
    [{ clockAheadSeconds: 3600 }, ['clockAhead']],
    [{ proxies: reachable(true, false, true) }, ['someProxies']],
    [{ proxies: reachable(true, false, false), pkg: 'unreachable' }, ['tooFewProxies', 'pkg']],
  ])('%j', (change, problems) => {
    expect(networkProblems(status(change))).toEqual(problems);
  });
});

describe('the storage of a proxy', () => {
  const storage = (change: Partial<ProxyStorageView>): ProxyStorageView => ({
    index: 1,
    reachable: true,
    ciphertexts: 1,
    ciphertextBytes: 30,
    uploads: 1,
    uploadBytes: 10,
    headers: 1,
    grants: [],
    freeBytes: 60,
    ...change,
  });

  test('is divided into shares that make up the whole', () => {
    expect(storageShares(storage({})).map(({ part, share }) => [part, share])).toEqual([
      ['ciphertexts', 0.3],
      ['uploads', 0.1],
      ['free', 0.6],
    ]);
  });

  test('of which nothing is known is no division by zero', () => {
    const shares = storageShares(storage({ ciphertextBytes: 0, uploadBytes: 0, freeBytes: 0 }));
    expect(shares.map(({ share }) => share)).toEqual([0, 0, 1]);
  });

  test('is nearly full only where it answers', () => {
    expect(isNearlyFull(storage({}))).toBe(true);
    expect(isNearlyFull(storage({ reachable: false }))).toBe(false);
    expect(isNearlyFull(storage({ freeBytes: 50_000_000_000 }))).toBe(false);
  });
});

describe('a series', () => {
  const column = { source: 1, name: 'Pressure', unit: 'bar', type: 'number' as const, scale: 2, width: 32 as const };

  test('lies between its ends, and begins and ends where there are values', () => {
    const series = { column, axis: 'row' as const, at: [0, 1, 2, 3], minimum: [null, -2, 1, null], maximum: [null, 0, 5, null] };
    expect(seriesFacts(series)).toEqual({ least: -2, greatest: 5, from: 1, to: 2 });
  });

  test('without values has no ends', () => {
    const series = { column, axis: 'row' as const, at: [0], minimum: [null], maximum: [null] };
    expect(seriesFacts(series)).toEqual({ least: null, greatest: null, from: null, to: null });
  });
});
