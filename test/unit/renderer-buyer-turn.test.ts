/** What a buyer may do with an offer in each of its states: the next step is offered, and never one that the chain would refuse. */
import { describe, expect, test } from 'vitest';
import { type OfferView, offerView } from '../../electron/views.ts';
import { buyerTurn, isAskedFirst, isDone, verdictOf } from '../../renderer/features/requirements/buyer-turn.ts';

const NOW = 1_800_000_000;
const offer = (change: Partial<OfferView>): OfferView =>
  offerView.parse({
    offerId: '7',
    side: 'consumer',
    requestId: `0x${'11'.repeat(32)}`,
    datasetId: `0x${'22'.repeat(32)}`,
    datasetName: null,
    workState: null,
    chainState: 'verified',
    waitsFor: 'me',
    dueAt: NOW + 3600,
    owner: `0x${'33'.repeat(20)}`,
    consumer: `0x${'44'.repeat(20)}`,
    price: '5',
    ownerBond: '1',
    provedSegments: 23,
    segmentCount: 23,
    provedRows: 22_695,
    document: null,
    grant: null,
    faultyProxies: [],
    outcome: null,
    possibleSteps: [],
    obstacle: null,
    received: false,
    ...change,
  });

describe('whose turn it is', () => {
  test.each<[Partial<OfferView>, string, string | null, string[]]>([
    [{ chainState: 'proving', provedSegments: 3 }, 'proving', null, []],
    [{ chainState: 'none' }, 'proving', null, []],
    [{ chainState: 'none', workState: 'received', received: true }, 'unknown', null, []],
    [{ chainState: 'verified' }, 'verified', 'fetch', ['accept']],
    [{ chainState: 'verified', workState: 'fetched' }, 'fetching', 'fetch', ['accept']],
    [{ chainState: 'verified', workState: 'keyed' }, 'checked', 'accept', []],
    [{ chainState: 'verified', workState: 'keyed', dueAt: NOW - 1 }, 'expired', null, []],
    [{ chainState: 'accepted' }, 'accepted', null, []],
    [{ chainState: 'accepted', dueAt: NOW - 1, possibleSteps: ['refund'] }, 'acceptedLate', 'refund', []],
    [{ chainState: 'granted', possibleSteps: ['notDelivered', 'acknowledge'] }, 'granted', 'receive', ['notDelivered', 'acknowledge']],
    [{ chainState: 'granted', received: true, workState: 'received' }, 'received', 'confirm', []],
    [{ chainState: 'granted', possibleSteps: ['refund'] }, 'grantedLate', 'receive', ['refund']],
    [{ chainState: 'delivered' }, 'delivered', 'receive', []],
    [{ chainState: 'delivered', received: true }, 'received', 'confirm', []],
    [{ chainState: 'paid', received: true }, 'paidReceived', null, []],
    [{ chainState: 'paid' }, 'paid', 'receive', []],
    [{ chainState: 'refunded' }, 'refunded', null, []],
    [{ chainState: 'revoked' }, 'revoked', null, []],
  ])('%j', (change, turn, next, others) => {
    expect(buyerTurn(offer(change), NOW)).toMatchObject({ turn, next, others });
  });

  test('an action that ended because it waits is not said to be done', () => {
    const done = (workState: string | null) =>
      (['fetch', 'accept', 'receive', 'confirm'] as const).filter((action) => isDone(action, offer({ workState })));
    expect(done(null)).toEqual([]);
    expect(done('found')).toEqual([]);
    expect(done('keyed')).toEqual(['fetch']);
    expect(done('accepted')).toEqual(['fetch', 'accept']);
    expect(done('received')).toEqual(['fetch', 'accept', 'receive']);
    expect(done('ended')).toEqual(['fetch', 'accept', 'receive', 'confirm']);
    expect(done('closed')).toEqual([]);
  });

  test('what moves money is asked about first', () => {
    expect((['fetch', 'receive', 'accept', 'confirm', 'refund', 'notDelivered', 'acknowledge'] as const).filter(isAskedFirst)).toEqual([
      'accept',
      'confirm',
      'refund',
      'notDelivered',
      'acknowledge',
    ]);
  });
});

describe('the verdict', () => {
  test('is the contract’s: all segments alone are not enough', () => {
    expect(verdictOf(offer({ chainState: 'proving' }))).toBe('partly');
    expect(verdictOf(offer({ chainState: 'proving', provedSegments: 0, segmentCount: null }))).toBe('unproved');
    expect(verdictOf(offer({}))).toBe('meets');
  });

  test('an offer that ended before it was proved never met the requirement', () => {
    expect(verdictOf(offer({ chainState: 'expired', provedSegments: 3 }))).toBe('over');
    expect(verdictOf(offer({ chainState: 'revoked', provedSegments: 0, segmentCount: null }))).toBe('unproved');
  });
});
