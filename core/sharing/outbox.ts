/**
 * The durable outbox: every transaction is signed and stored under the name of the step that wants it before it is
 * sent, so that a step repeated after a crash sends the same bytes again and happens once.
 *
 * Invariant: of one step name at most one transaction whose fate is unknown is able to become final. A new one for the
 * same name is signed only when the last was reverted or its nonce was used elsewhere, or when it is final and the step
 * is repeated on purpose.
 */
import { z } from 'zod';
import { AppError } from '../base/app-error.ts';
import { type Hex, isHex } from '../base/bytes.ts';
import { say } from '../base/sentence.ts';
import type { ContractCall, FinalTransaction, SignedTransaction, TransactionFate, TransactionSender } from './chain.ts';
import type { Documents } from './documents.ts';

const hex = z.custom<Hex>(isHex);
const entrySchema = z.strictObject({
  raw: hex,
  hash: hex,
  from: hex,
  nonce: z.int().min(0),
  final: z.strictObject({ hash: hex, blockNumber: z.int(), gasUsed: z.string() }).nullable(),
});
type Entry = z.infer<typeof entrySchema>;

const documentPrefix = 'outbox-';
/** Times a step's transaction is signed anew after its nonce was taken by a use of the account elsewhere. */
const REPLACEMENTS_MAX = 3;

/** Sends each step's transaction once. One outbox serves one home; accounts are serialized. */
export class Outbox {
  readonly #documents: Documents;
  readonly #sender: TransactionSender;
  readonly #queues = new Map<Hex, Promise<unknown>>();

  constructor(documents: Documents, sender: TransactionSender) {
    this.#documents = documents;
    this.#sender = sender;
  }

  /**
   * Performs the transaction of step `name` from `account` and gives it when it is final. Repeating is harmless.
   * Throws `CHAIN_TRANSACTION_REJECTED` when the contract refuses it.
   */
  perform(
    name: string,
    account: { address: Hex; privateKey: Uint8Array },
    call: ContractCall,
    signal?: AbortSignal,
  ): Promise<FinalTransaction> {
    return this.#enqueue(account.address, () => this.#perform(name, account, call, 'once', signal));
  }

  /**
   * As {@link perform}, for a step that somebody may want again: a transaction of the same name that was not final when the program ended is
   * finished, and after one that is final a new one is sent. One that did something else, such as paying to another address, is finished first.
   */
  performAgain(name: string, account: { address: Hex; privateKey: Uint8Array }, call: ContractCall): Promise<FinalTransaction> {
    return this.#enqueue(account.address, () => this.#perform(name, account, call, 'again'));
  }

  /**
   * Takes what was on its way when the program ended, or the chain went away, to its end: nobody may ask for such a step again, as for a payment.
   * What the contract refuses of it is over.
   */
  async finish(signal?: AbortSignal): Promise<void> {
    const unfinished = async (document: string): Promise<Entry | undefined> => {
      const entry = await this.#documents.load(document, entrySchema.nullable());
      return entry?.final === null ? entry : undefined;
    };
    for (const document of await this.#documents.list(documentPrefix)) {
      const from = (await unfinished(document))?.from;
      if (from === undefined) continue;
      await this.#enqueue(from, async () => {
        // Whoever was before it in the queue may have been the step itself.
        const entry = await unfinished(document);
        if (entry !== undefined) await this.#settle(document, entry, signal);
      });
    }
  }

  #enqueue<Result>(account: Hex, step: () => Promise<Result>): Promise<Result> {
    const previous = this.#queues.get(account) ?? Promise.resolve();
    const result = previous.then(step);
    // The queue goes on whatever became of this step; its own caller receives the failure.
    this.#queues.set(
      account,
      result.then(
        () => undefined,
        () => undefined,
      ),
    );
    return result;
  }

  async #perform(
    name: string,
    account: { address: Hex; privateKey: Uint8Array },
    call: ContractCall,
    times: 'once' | 'again',
    signal?: AbortSignal,
  ): Promise<FinalTransaction> {
    const document = `${documentPrefix}${name}`;
    for (let attempt = 0; attempt <= REPLACEMENTS_MAX; attempt++) {
      let entry = await this.#documents.load(document, entrySchema.nullable());
      if (entry?.final && times === 'once')
        return { hash: entry.final.hash, blockNumber: entry.final.blockNumber, gasUsed: BigInt(entry.final.gasUsed) };
      if (!entry || entry.final) {
        const signed = await this.#sender.prepare(call, account.privateKey, await this.#sender.nextNonce(account.address));
        entry = { raw: signed.raw, hash: signed.hash, from: signed.from, nonce: signed.nonce, final: null };
        await this.#documents.save(document, entry satisfies Entry);
      }
      const isOther = times === 'again' && !this.#sender.carries(entry, call);
      const fate = await this.#settle(document, entry, signal);
      if (isOther) continue;
      if (fate.kind === 'final') return fate.transaction;
      if (fate.kind === 'reverted') {
        throw new AppError(
          'CHAIN_TRANSACTION_REJECTED',
          {
            what: say`The contract refused ${call.method}: ${fate.reason}.`,
            consequence: 'The chain is unchanged by this step; your data and keys are as before.',
            remedy: 'Read the reason, correct what it names, and repeat the step.',
          },
          { data: { reason: fate.reason, method: call.method } },
        );
      }
    }
    throw new AppError('CHAIN_ACCOUNT_IN_USE', {
      what: say`Another program keeps sending from the account ${account.address}.`,
      consequence: 'This step has not happened.',
      remedy: 'Use this phrase on one installation at a time, then repeat the step.',
    });
  }

  /** Sends what is stored, waits for its fate, and notes it. */
  async #settle(document: string, entry: Entry, signal: AbortSignal | undefined): Promise<TransactionFate> {
    const fate = await this.#sender.deliver(entry satisfies SignedTransaction, signal);
    let settled: Entry | null = null;
    if (fate.kind === 'final') {
      const { hash, blockNumber, gasUsed } = fate.transaction;
      settled = { ...entry, final: { hash, blockNumber, gasUsed: gasUsed.toString() } };
    }
    await this.#documents.save(document, settled);
    return fate;
  }
}
