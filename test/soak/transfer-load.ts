/**
 * A steady load of transactions from many accounts to random validators: transfers, and every fifth a call of a contract that counts.
 * What a validator answered to counts as acknowledged; what none answered to is sent again, the same bytes, to another.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { type BaseWallet, Interface, Transaction } from 'ethers';
import { ChainProvider } from '../../core/adapters/ethers-provider.ts';
import type { Hex } from '../../core/base/bytes.ts';
import { Seeded } from '../simulator/seeded.ts';

export interface LoadOptions {
  readonly wallets: readonly BaseWallet[];
  readonly rpcUrls: readonly string[];
  readonly chainId: number;
  /** The contract that counts its calls. */
  readonly counter: string;
  /** Transactions a second, of all accounts together. */
  readonly perSecond: number;
  readonly seed: number;
  /** Nonces that the accounts have used already. */
  readonly firstNonce: (wallet: number) => number;
  /** An answer that is an error of the validator. */
  readonly onError: (what: string) => void;
}

/** Transactions of one account that may wait, so that a machine that is too slow for the load is not buried under it. */
const waitingMax = 4;
const retryMs = 200;
const everyFifth = 5;
export const counterAbi = new Interface(['function count()', 'function total() view returns (uint256)']);

export interface Acknowledged {
  readonly isCall: boolean;
  readonly wallet: number;
  readonly sentMs: number;
  finalMs: number | null;
}

export class TransferLoad {
  /** Once {@link stop} has resolved, all that are in it are. */
  readonly acknowledged = new Map<Hex, Acknowledged>();
  /** How often nobody answered, or with an error. */
  retries = 0;
  readonly #options: LoadOptions;
  readonly #waiting: number[];
  #isOver = false;
  #senders: Promise<unknown> = Promise.resolve();

  constructor(options: LoadOptions) {
    this.#options = options;
    this.#waiting = options.wallets.map(() => 0);
  }

  start(): void {
    this.#senders = Promise.all(this.#options.wallets.map((_, wallet) => this.#send(wallet)));
  }

  /** Sends nothing new; resolves when what was being sent is answered. */
  async stop(): Promise<void> {
    this.#isOver = true;
    await this.#senders;
  }

  /** A block is final. */
  onFinal(hashes: readonly Hex[]): void {
    for (const hash of hashes) {
      const known = this.acknowledged.get(hash);
      if (known === undefined || known.finalMs !== null) continue;
      known.finalMs = performance.now();
      this.#waiting[known.wallet] = (this.#waiting[known.wallet] ?? 0) - 1;
    }
  }

  get waiting(): number {
    return this.#waiting.reduce((total, count) => total + count, 0);
  }

  async #send(wallet: number): Promise<void> {
    const { wallets, rpcUrls, chainId, counter, perSecond, seed, firstNonce } = this.#options;
    const random = new Seeded(seed * 1_000 + wallet);
    const signer = wallets[wallet] as BaseWallet;
    const provider = new ChainProvider(rpcUrls, chainId);
    const intervalMs = (1_000 * wallets.length) / perSecond;
    let dueMs = performance.now() + random.below(Math.ceil(intervalMs));
    for (let nonce = firstNonce(wallet); ; nonce++) {
      while (!this.#isOver && (performance.now() < dueMs || (this.#waiting[wallet] ?? 0) >= waitingMax))
        await delay(Math.max(20, Math.min(dueMs - performance.now(), retryMs)));
      if (this.#isOver) break;
      dueMs = Math.max(dueMs + intervalMs, performance.now() - 10 * intervalMs);
      const isCall = nonce % everyFifth === everyFifth - 1;
      const to = wallets[random.below(wallets.length)]?.address as string;
      const raw = await signer.signTransaction({
        type: 2,
        chainId,
        nonce,
        maxFeePerGas: 0n,
        maxPriorityFeePerGas: 0n,
        ...(isCall
          ? { to: counter, data: counterAbi.encodeFunctionData('count'), gasLimit: 100_000n }
          : { to, value: 1n, gasLimit: 21_000n }),
      });
      const hash = Transaction.from(raw).hash as Hex;
      const sentMs = performance.now();
      for (let hops = random.below(rpcUrls.length); hops > 0; hops--) provider.askAnother();
      // Before it is answered: it may be final by then.
      this.acknowledged.set(hash, { isCall, wallet, sentMs, finalMs: null });
      this.#waiting[wallet] = (this.#waiting[wallet] ?? 0) + 1;
      await this.#deliver(provider, raw);
    }
    provider.destroy();
  }

  /** Until somebody has answered: an account's next transaction needs this one. */
  async #deliver(provider: ChainProvider, raw: string): Promise<void> {
    for (;;) {
      try {
        await provider.send('eth_sendRawTransaction', [raw]);
        return;
      } catch (error) {
        this.retries++;
        // With a code of JSON-RPC it is an answer; without, nobody answered.
        const answer = (error as { error?: { code?: unknown; message?: unknown } }).error;
        if (answer?.code !== undefined) this.#options.onError(`${String(answer.code)} ${String(answer.message)}`);
        provider.askAnother();
        await delay(retryMs);
      }
    }
  }
}
