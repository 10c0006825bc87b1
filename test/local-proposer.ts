/**
 * A double of the consensus for tests of the ledger: whatever it proposes is final. It proposes as soon as a
 * transaction can be executed, never an empty block, and takes what arrives meanwhile into the next block.
 * It tolerates no fault and says so in its certificates, which are of the kind `local` and carry no votes.
 */
import type { Certificate } from '../core/ledger/block.ts';
import type { OrderedLedger, Ordering } from '../core/ledger/ordering.ts';
import type { StartOrdering } from '../core/services/validator.ts';

const certificate: Certificate = { kind: 'local', votes: new Uint8Array(0) };

export class LocalProposer implements Ordering {
  readonly #onFailure: (error: unknown) => void;
  #running: Promise<void> | null = null;
  #stopped = false;

  /** `onFailure` is told of a block that could not be executed or written; nothing is proposed after that. */
  constructor(onFailure: (error: unknown) => void) {
    this.#onFailure = onFailure;
  }

  /** Begins; called once, when the ledger is open. */
  start(ledger: OrderedLedger): void {
    const wake = (): void => {
      if (this.#stopped || this.#running !== null) return;
      this.#running = this.#proposeAll(ledger)
        .catch((error: unknown) => {
          this.#stopped = true;
          this.#onFailure(error);
        })
        .finally(() => {
          this.#running = null;
          if (ledger.hasExecutable()) wake();
        });
    };
    ledger.onExecutable(wake);
    if (ledger.hasExecutable()) wake();
  }

  status(): unknown {
    return { stopped: this.#stopped };
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#running;
  }

  async #proposeAll(ledger: OrderedLedger): Promise<void> {
    while (!this.#stopped && ledger.hasExecutable()) {
      const executed = await ledger.propose({ view: 0 });
      if (executed.transactions.length > 0) await ledger.commit(executed, certificate);
    }
  }
}

/** Orders a validator's ledger without others. */
export const alone: StartOrdering = async (ledger, { onFailure }) => {
  const proposer = new LocalProposer(onFailure);
  proposer.start(ledger);
  return proposer;
};
