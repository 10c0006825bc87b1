/** A ledger without an EVM: accounts that count up, so that each transaction is applied once and in its order. */
import { toHex, utf8 } from '../../core/base/bytes.ts';
import type { ProposedBlock } from '../../core/consensus/proposal.ts';
import type { Certificate } from '../../core/consensus/vote.ts';
import { fingerprint } from './seeded.ts';

/** The `nonce`-th transaction of an account. */
export interface ToyTransaction {
  readonly account: number;
  readonly nonce: number;
}

interface ToyContent {
  readonly height: number;
  readonly parentHash: string;
  readonly view: number;
  readonly transactions: readonly ToyTransaction[];
  /** State after the block. */
  readonly stateRoot: string;
}

export const genesisHash = hashOf('genesis');
const blockTransactionsMax = 20;

function hashOf(text: string): `0x${string}` {
  return toHex(utf8((fingerprint(utf8(text)) + fingerprint(utf8(`${text}.`))).slice(0, 32)));
}

function makeBlock(content: ToyContent): ProposedBlock {
  const text = JSON.stringify(content);
  return {
    hash: hashOf(text),
    height: content.height,
    parentHash: content.parentHash as `0x${string}`,
    view: content.view,
    bytes: utf8(text),
  };
}

function contentOf(block: ProposedBlock): ToyContent {
  return JSON.parse(new TextDecoder().decode(block.bytes)) as ToyContent;
}

export class ToyLedger {
  readonly chain: { readonly block: ProposedBlock; readonly certificate: Certificate }[] = [];
  readonly #next: number[];
  readonly #pool = new Map<string, ToyTransaction>();

  constructor(accounts: number) {
    this.#next = Array.from({ length: accounts }, () => 0);
  }

  get height(): number {
    return this.chain.length;
  }

  get headHash(): string {
    return this.chain.at(-1)?.block.hash ?? genesisHash;
  }

  /** Whether a transaction is final. */
  has({ account, nonce }: ToyTransaction): boolean {
    return (this.#next[account] ?? 0) > nonce;
  }

  add(transaction: ToyTransaction): void {
    if (!this.has(transaction)) this.#pool.set(`${transaction.account} ${transaction.nonce}`, transaction);
  }

  /** Transactions that are not final. */
  get pool(): readonly ToyTransaction[] {
    return [...this.#pool.values()];
  }

  get hasExecutable(): boolean {
    return this.#next.some((nonce, account) => this.#pool.has(`${account} ${nonce}`));
  }

  build(height: number, view: number, mayBeEmpty: boolean): ProposedBlock | null {
    const next = [...this.#next];
    const transactions: ToyTransaction[] = [];
    for (let account = 0; account < next.length; account++)
      for (;;) {
        const transaction = this.#pool.get(`${account} ${next[account]}`);
        if (transaction === undefined || transactions.length >= blockTransactionsMax) break;
        transactions.push(transaction);
        next[account] = transaction.nonce + 1;
      }
    if (transactions.length === 0 && !mayBeEmpty) return null;
    return makeBlock({ height, parentHash: this.headHash, view, transactions, stateRoot: next.join(' ') });
  }

  /** Whether a block follows from the head: its transactions in order, its state root right. */
  isValid(block: ProposedBlock): boolean {
    const content = contentOf(block);
    if (content.height !== this.height + 1 || content.parentHash !== this.headHash || content.view !== block.view) return false;
    const next = [...this.#next];
    for (const { account, nonce } of content.transactions) {
      if (next[account] !== nonce) return false;
      next[account] = nonce + 1;
    }
    return content.stateRoot === next.join(' ');
  }

  /** Appends a final block; false if it does not follow from the head. */
  commit(block: ProposedBlock, certificate: Certificate): boolean {
    if (!this.isValid(block)) return false;
    for (const { account, nonce } of contentOf(block).transactions) {
      this.#next[account] = nonce + 1;
      this.#pool.delete(`${account} ${nonce}`);
    }
    this.chain.push({ block, certificate });
    return true;
  }

  get stateRoot(): string {
    return this.#next.join(' ');
  }
}

/** A block that an honest member must find invalid: its state root is wrong. */
export function withWrongRoot(block: ProposedBlock): ProposedBlock {
  return makeBlock({ ...contentOf(block), stateRoot: 'wrong' });
}
