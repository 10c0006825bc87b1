/** The outbox: a step happens once however often it is repeated, unless it is repeated on purpose after it was final. */
import { beforeEach, expect, test } from 'vitest';
import { type Hex, toHex } from '../../core/base/bytes.ts';
import type { ContractCall, SignedTransaction, TransactionFate, TransactionSender } from '../../core/sharing/chain.ts';
import { Outbox } from '../../core/sharing/outbox.ts';
import { freshPseudonym, MemoryDocuments } from './services/world.ts';

const { account } = freshPseudonym();
const step: ContractCall = { contract: 'sharingMarket', method: 'post', arguments: ['1'] };
const powerLoss = new Error('power loss');

let documents: MemoryDocuments;
let signed: number;
/** What each signed transaction does. */
let calls: Map<Hex, ContractCall>;
let delivered: Hex[];
/** What becomes of the next delivery. */
let onDelivery: (transaction: SignedTransaction) => TransactionFate;

const final = ({ hash }: SignedTransaction): TransactionFate => ({
  kind: 'final',
  transaction: { hash, blockNumber: delivered.length, gasUsed: 1n },
});

const sender: TransactionSender = {
  nextNonce: async () => signed,
  prepare: async (call, _key, nonce) => {
    const hash = toHex(new Uint8Array(32).fill(++signed));
    calls.set(hash, call);
    return { raw: hash, hash, from: account.address, nonce };
  },
  carries: ({ hash }, call) => calls.get(hash) === call,
  deliver: async (transaction) => {
    delivered.push(transaction.hash);
    return onDelivery(transaction);
  },
};

/** The program after a start. */
const outbox = () => new Outbox(documents, sender);

beforeEach(() => {
  documents = new MemoryDocuments();
  signed = 0;
  calls = new Map();
  delivered = [];
  onDelivery = final;
});

test('performs a step once', async () => {
  const first = await outbox().perform('post-1', account, step);
  expect(await outbox().perform('post-1', account, step)).toEqual(first);
  expect([signed, delivered.length]).toEqual([1, 1]);
});

test('performs a step again when it is asked to after the last was final', async () => {
  const first = await outbox().perform('post-1', account, step);
  const second = await outbox().performAgain('post-1', account, step);
  expect(second.hash).not.toBe(first.hash);
  expect((await outbox().performAgain('post-1', account, step)).hash).not.toBe(second.hash);
  expect([signed, delivered.length]).toEqual([3, 3]);
});

test.each(['perform', 'performAgain'] as const)('%s finishes what a crash interrupted with the same bytes', async (method) => {
  onDelivery = () => {
    throw powerLoss;
  };
  await expect(outbox()[method]('post-1', account, step)).rejects.toBe(powerLoss);
  onDelivery = final;
  const { hash } = await outbox()[method]('post-1', account, step);
  expect(delivered).toEqual([hash, hash]);
  expect(signed).toBe(1);
});

test('signs anew when the nonce was used elsewhere, and after a revert only when asked', async () => {
  onDelivery = (transaction) => (delivered.length === 1 ? { kind: 'replaced' } : final(transaction));
  await outbox().performAgain('post-1', account, step);
  expect(signed).toBe(2);
  onDelivery = ({ hash }) => ({ kind: 'reverted', reason: 'WrongState', hash });
  await expect(outbox().performAgain('post-1', account, step)).rejects.toMatchObject({ code: 'CHAIN_TRANSACTION_REJECTED' });
  expect(signed).toBe(3);
});

test.each(['final', 'reverted'] as const)(
  'a payment elsewhere is made, whatever becomes of the one that a crash interrupted: %s',
  async (kind) => {
    const first: ContractCall = { ...step, method: 'withdraw', arguments: ['0x01'] };
    const second: ContractCall = { ...step, method: 'withdraw', arguments: ['0x02'] };
    onDelivery = () => {
      throw powerLoss;
    };
    await expect(outbox().performAgain('withdraw', account, first)).rejects.toBe(powerLoss);
    onDelivery = (transaction) =>
      calls.get(transaction.hash) === first && kind === 'reverted'
        ? { kind, reason: 'NothingToWithdraw', hash: transaction.hash }
        : final(transaction);
    const { hash } = await outbox().performAgain('withdraw', account, second);
    expect(calls.get(hash)).toBe(second);
    expect(delivered.map((each) => calls.get(each))).toEqual([first, first, second]);
  },
);

test('what was on its way is finished without being asked for, in its place among the steps of its account', async () => {
  const other: ContractCall = { ...step, method: 'withdraw', arguments: ['0x01'] };
  onDelivery = () => {
    throw powerLoss;
  };
  await expect(outbox().performAgain('withdraw', account, other)).rejects.toBe(powerLoss);
  onDelivery = final;
  const started = outbox();
  await Promise.all([started.finish(), started.perform('post-1', account, step)]);
  await started.finish();
  expect(delivered.map((each) => calls.get(each)).sort((left) => (left === other ? -1 : 1))).toEqual([other, other, step]);
  expect(signed).toBe(2);
});
