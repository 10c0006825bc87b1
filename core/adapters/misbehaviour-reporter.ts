/**
 * Has the proofs of misbehaviour that a validator found recorded on the chain, from an account of its own: each is sent once, one after the
 * other, since an account without coins may have one transaction waiting. Whoever is first records it for all; the others' are given up.
 */
import { Wallet } from 'ethers';
import { fromHex, type Hex, toHex } from '../base/bytes.ts';
import { proofsMax } from '../consensus/limits.ts';
import { unfundedTransactionGasMax } from '../ledger/limits.ts';
import { type Misbehaviour, misbehaviourAddress } from '../ledger/misbehaviour.ts';
import type { OrderedLedger } from '../ledger/ordering.ts';

export interface ReporterOptions {
  readonly ledger: OrderedLedger;
  /** Signs the transactions: a secp256k1 key. */
  readonly key: Uint8Array;
  /** Told of an error of the ledger, after which nothing is reported any more. */
  readonly onFailure: (error: unknown) => void;
}

export class MisbehaviourReporter {
  readonly #ledger: OrderedLedger;
  readonly #wallet: Wallet;
  readonly #onFailure: (error: unknown) => void;
  readonly #found: Misbehaviour[] = [];
  /** The one that waits for a block. */
  #waiting: Uint8Array | null = null;
  #isSending = false;
  #isOver = false;

  constructor({ ledger, key, onFailure }: ReporterOptions) {
    this.#ledger = ledger;
    this.#wallet = new Wallet(toHex(key));
    this.#onFailure = onFailure;
  }

  /** Takes a proof that was found. */
  report(misbehaviour: Misbehaviour): void {
    if (this.#found.length >= proofsMax) return;
    this.#found.push(misbehaviour);
    this.advance();
  }

  /** The ledger took a block: what waited may be final, or impossible. */
  advance(): void {
    if (this.#isSending || this.#isOver || this.#found.length === 0) return;
    if (this.#waiting !== null && this.#ledger.isWaiting(this.#waiting)) return;
    this.#isSending = true;
    this.#send()
      .catch((error: unknown) => {
        this.#isOver = true;
        this.#onFailure(error);
      })
      .finally(() => {
        this.#isSending = false;
      });
  }

  stop(): void {
    this.#isOver = true;
  }

  async #send(): Promise<void> {
    for (let next = this.#found.shift(); next !== undefined; next = this.#found.shift()) {
      const data = this.#ledger.recordCall(next);
      if (data === null) continue; // another validator was quicker
      const { nonce } = this.#ledger.account(this.#wallet.address.toLowerCase() as Hex);
      const raw = await this.#wallet.signTransaction({
        type: 0,
        chainId: this.#ledger.chainId,
        nonce,
        gasPrice: 0n,
        gasLimit: unfundedTransactionGasMax,
        to: misbehaviourAddress,
        value: 0n,
        data: toHex(data),
      });
      this.#waiting = fromHex(raw as Hex);
      const verdict = await this.#ledger.submit(this.#waiting);
      // There is no room now, or one of before a restart waits still: after the next block there may be.
      if (!verdict.ok) this.#found.unshift(next);
      return;
    }
  }
}
