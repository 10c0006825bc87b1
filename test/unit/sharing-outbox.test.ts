/** The outbox against the chain's other behaviours: an account used by two steps at once, a chain that goes away, and a phrase used in two places. */
import { beforeEach, expect, test } from 'vitest';
import { AppError } from '../../core/base/app-error.ts';
import { type Hex, toHex } from '../../core/base/bytes.ts';
import type { ContractCall, SignedTransaction, TransactionFate, TransactionSender } from '../../core/sharing/chain.ts';
import { Outbox } from '../../core/sharing/outbox.ts';
import { freshPseudonym, MemoryDocuments } from './services/world.ts';

const { account } = freshPseudonym();
const call = (method: string): ContractCall => ({ contract: 'sharingMarket', method, arguments: [] });
const unreachable = new AppError('CHAIN_UNREACHABLE', { what: 'The chain does not answer.', consequence: '', remedy: '' });

let documents: MemoryDocuments;
let log: string[];
let nonce: number;
let deliver: (transaction: SignedTransaction) => Promise<TransactionFate>;

const final = async ({ hash }: SignedTransaction): Promise<TransactionFate> => {
  nonce++;
  return { kind: 'final', transaction: { hash, blockNumber: 1, gasUsed: 21_000n } };
};
const sender: TransactionSender = {
  nextNonce: async () => nonce,
  prepare: async ({ method }, _, at) => {
    log.push(`sign ${method} ${at}`);
    const hash = toHex(new Uint8Array(32).fill(log.length)) as Hex;
    return { raw: hash, hash, from: account.address, nonce: at };
  },
  carries: () => true,
  deliver: (transaction) => {
    log.push(`send ${transaction.nonce}`);
    return deliver(transaction);
  },
};

beforeEach(() => {
  documents = new MemoryDocuments();
  log = [];
  nonce = 0;
  deliver = final;
});

test('one account sends one transaction after another, so that no two take one nonce; a failure does not stop the next', async () => {
  const outbox = new Outbox(documents, sender);
  let fail = true;
  deliver = async (transaction) => {
    if (!fail) return final(transaction);
    fail = false;
    return { kind: 'reverted', reason: 'WrongState', hash: transaction.hash };
  };
  const results = await Promise.allSettled(['first', 'second', 'third'].map((name) => outbox.perform(name, account, call(name))));
  expect(results.map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'fulfilled']);
  expect(log).toEqual(['sign first 0', 'send 0', 'sign second 0', 'send 0', 'sign third 1', 'send 1']);
});

test('a chain that goes away while a transaction waits: what was signed is kept, and a later start sends the same bytes', async () => {
  deliver = () => Promise.reject(unreachable);
  await expect(new Outbox(documents, sender).perform('step', account, call('step'))).rejects.toBe(unreachable);
  deliver = final;
  const { gasUsed } = await new Outbox(documents, sender).perform('step', account, call('step'));
  expect(gasUsed).toBe(21_000n);
  expect(log).toEqual(['sign step 0', 'send 0', 'send 0']);
});

test('nothing is signed while a transaction cannot be prepared, and the step can be repeated', async () => {
  const rejected = new AppError('CHAIN_TRANSACTION_REJECTED', { what: 'no', consequence: '', remedy: '' });
  const refusing = { ...sender, prepare: () => Promise.reject(rejected) };
  await expect(new Outbox(documents, refusing).perform('step', account, call('step'))).rejects.toBe(rejected);
  expect([...documents.texts.keys()]).toEqual([]);
  await new Outbox(documents, sender).perform('step', account, call('step'));
  expect(log).toEqual(['sign step 0', 'send 0']);
});

test('a phrase that is used in two places at once is told, not fought over for ever', async () => {
  deliver = async () => ({ kind: 'replaced' });
  await expect(new Outbox(documents, sender).perform('step', account, call('step'))).rejects.toMatchObject({
    code: 'CHAIN_ACCOUNT_IN_USE',
  });
  expect(log.length).toBeLessThan(20);
});
