/**
 * The ledger as the consensus asks for it: one thing after another, in the order asked. What was executed for a vote is kept until its
 * height is final, so that a final block is not executed twice.
 */
import { AppError } from '../base/app-error.ts';
import { assert } from '../base/assert.ts';
import { decodeAs, encodeAs } from '../base/binary-format.ts';
import type { Hex } from '../base/bytes.ts';
import { say } from '../base/sentence.ts';
import { certificate as certificateFormat } from '../consensus/encoded-parts.ts';
import { firstFitting } from '../consensus/fitting.ts';
import { catchUpBlocksMax, catchUpBytesMax } from '../consensus/limits.ts';
import type { ProposedBlock } from '../consensus/proposal.ts';
import type { CertifiedBlock } from '../consensus/rbft/message.ts';
import type { ConsensusLedger } from '../consensus/runtime.ts';
import type { Certificate } from '../consensus/vote.ts';
import { blockHash } from '../ledger/block.ts';
import type { Keccak256 } from '../ledger/merkle-patricia-trie.ts';
import type { ExecutedBlock, OrderedLedger } from '../ledger/ordering.ts';
import { type ProposedBlocks, proposedBlockOf } from './proposed-blocks.ts';

/** The kind of the ledger's certificates that hold one of RBFT. */
export const rbftCertificate = 'rbft';

export interface ConsensusLedgerOptions {
  readonly ledger: OrderedLedger;
  readonly blocks: ProposedBlocks;
  readonly keccak256: Keccak256;
  /** Told of a block of somebody else that is not valid here, and why. */
  readonly onInvalid: (block: ProposedBlock, reason: string) => void;
  /** Told after each block that the ledger took. */
  readonly onCommitted: () => void;
  /** Told once of the error after which nothing is done any more: a failed disk, or a final block that cannot be executed. */
  readonly onFailure: (error: unknown) => void;
}

interface Execution {
  readonly executed: ExecutedBlock;
  /** Whether its time was compared with the clock. */
  readonly isTimely: boolean;
}

export class OrderedConsensusLedger implements ConsensusLedger {
  readonly #options: ConsensusLedgerOptions;
  /** Of the height that is voted on. */
  readonly #executions = new Map<Hex, Execution>();
  #work: Promise<void> = Promise.resolve();
  #isOver = false;

  constructor(options: ConsensusLedgerOptions) {
    this.#options = options;
  }

  get height(): number {
    return this.#options.ledger.head().header.height;
  }

  get hasExecutable(): boolean {
    return this.#options.ledger.hasExecutable();
  }

  accept(transaction: Uint8Array): boolean {
    return this.#options.ledger.take(transaction);
  }

  isPending(transaction: Uint8Array): boolean {
    return this.#options.ledger.isWaiting(transaction);
  }

  execute(block: ProposedBlock, isFresh: boolean, done: (isValid: boolean) => void): void {
    this.#next(async () => done(await this.#isValid(block, isFresh)));
  }

  build(place: Parameters<ConsensusLedger['build']>[0], done: (block: ProposedBlock | null) => void): void {
    this.#next(async () => done(await this.#build(place)));
  }

  commit(block: ProposedBlock, certificate: Certificate, done: () => void): void {
    this.#next(async () => {
      if (block.height > this.height) await this.#commit(block, certificate);
      done();
    });
  }

  read(fromHeight: number, done: (blocks: readonly CertifiedBlock[], epoch: number) => void): void {
    this.#next(async () => {
      const { ledger, keccak256 } = this.#options;
      const epoch = ledger.certifiedAt(fromHeight)?.block.header.epoch ?? 0;
      const found: CertifiedBlock[] = [];
      for (let height = fromHeight; found.length < catchUpBlocksMax; height++) {
        const final = ledger.certifiedAt(height);
        if (final?.block.header.epoch !== epoch) break;
        assert(final.certificate.kind === rbftCertificate, 'a block that was ordered by RBFT has a certificate of it');
        const block = proposedBlockOf(final.block, blockHash(final.block.header, keccak256));
        found.push({ block, certificate: decodeAs(certificateFormat, final.certificate.votes) });
      }
      const bounds = { count: catchUpBlocksMax, bytes: catchUpBytesMax };
      done(
        firstFitting(found, bounds, ({ block }) => block.bytes.length),
        epoch,
      );
    });
  }

  /** Has the ledger give up transactions that it took and cannot execute: it finds them when it builds a block. */
  sift(): void {
    this.#next(async () => {
      const { ledger } = this.#options;
      if (ledger.hasExecutable()) await ledger.propose({ view: 0 });
    });
  }

  /** Ends after what is under way; what waits is left out. */
  async stop(): Promise<void> {
    this.#isOver = true;
    await this.#work;
  }

  async #isValid(proposed: ProposedBlock, isFresh: boolean): Promise<boolean> {
    const known = this.#executions.get(proposed.hash);
    if (known !== undefined && (known.isTimely || !isFresh)) return true;
    const block = this.#options.blocks.read(proposed);
    assert(block !== null, 'a block is looked at before it is executed');
    const verdict = await this.#options.ledger.verify(block, { checkClock: isFresh });
    if (verdict.ok) this.#executions.set(proposed.hash, { executed: verdict.executed, isTimely: isFresh });
    else this.#options.onInvalid(proposed, verdict.reason);
    return verdict.ok;
  }

  async #build({ height, view, parentHash, mayBeEmpty }: Parameters<ConsensusLedger['build']>[0]): Promise<ProposedBlock | null> {
    const { ledger } = this.#options;
    const head = ledger.head();
    if (head.hash !== parentHash || head.header.height + 1 !== height) return null;
    if (!mayBeEmpty && !ledger.hasExecutable()) return null;
    const executed = await ledger.propose({ view });
    if (!mayBeEmpty && executed.transactions.length === 0) return null;
    this.#executions.set(executed.hash, { executed, isTimely: true });
    return proposedBlockOf(executed.block, executed.hash);
  }

  async #commit(proposed: ProposedBlock, certificate: Certificate): Promise<void> {
    const { ledger, blocks } = this.#options;
    let executed = this.#executions.get(proposed.hash)?.executed;
    if (executed === undefined) {
      const block = blocks.read(proposed);
      assert(block !== null, 'a block is looked at before it is final');
      const verdict = await ledger.verify(block, { checkClock: false });
      if (!verdict.ok) throw diverged(proposed, verdict.reason);
      ({ executed } = verdict);
    }
    await ledger.commit(executed, { kind: rbftCertificate, votes: encodeAs(certificateFormat, certificate) });
    this.#executions.clear();
    this.#options.onCommitted();
  }

  #next(work: () => Promise<void>): void {
    this.#work = this.#work.then(async () => {
      if (this.#isOver) return;
      try {
        await work();
      } catch (error) {
        this.#isOver = true;
        this.#options.onFailure(error);
      }
    });
  }
}

function diverged({ height, hash }: ProposedBlock, reason: string): AppError {
  return new AppError(
    'LEDGER_DIVERGED',
    {
      what: say`Block ${height} is final by the votes of the others, but here its execution is not valid: ${reason}.`,
      consequence: 'This validator stopped at the block before. Its votes and its ledger are unchanged; nothing wrong was confirmed by it.',
      remedy:
        'Check that it runs the same version of Vouchsafe as the others. If it does, report the fault with its log, and set its ledger up anew.',
    },
    { data: { height, hash, reason } },
  );
}
