/**
 * A ledger without an EVM: accounts that count up, so that each transaction is applied once and in its order, and transactions that change
 * the members. What is valid depends on the state, roots can be wrong, and clocks are looked at, as in the real one.
 */
import { fromHex, type Hex, toHex, utf8 } from '../../core/base/bytes.ts';
import { firstFitting } from '../../core/consensus/fitting.ts';
import { blocksLeftOutMax, catchUpBlocksMax, catchUpBytesMax } from '../../core/consensus/limits.ts';
import { changeMembers, type Members } from '../../core/consensus/membership.ts';
import type { ProposedBlock } from '../../core/consensus/proposal.ts';
import type { CertifiedBlock } from '../../core/consensus/rbft/message.ts';
import type { Certificate } from '../../core/consensus/vote.ts';
import { Fingerprint } from './seeded.ts';

/** The `nonce`-th transaction of an account, or the replacement of a member. */
export type ToyTransaction = { readonly account: number; readonly nonce: number } | { readonly replaced: Hex; readonly by: Hex };

interface ToyContent {
  readonly height: number;
  readonly parentHash: Hex;
  readonly epoch: number;
  readonly view: number;
  /** In ticks. */
  readonly timestamp: number;
  readonly transactions: readonly string[];
  readonly nextMembers: readonly (readonly Hex[])[] | null;
  /** State after the block. */
  readonly stateRoot: string;
}

export const genesisHash = hashOf('genesis');
const blockTransactionsMax = 20;
/** How far ahead of the own clock a fresh block's may be, in ticks. */
const clockToleranceTicks = 120;

const contents = new WeakMap<ProposedBlock, ToyContent | null>();

function hashOf(text: string): Hex {
  const first = new Fingerprint().addText(text).text;
  const second = new Fingerprint().addText(first).addText(text).text;
  return `0x${first}${second}${first}${second}`;
}

function makeBlock(content: ToyContent): ProposedBlock {
  const text = JSON.stringify(content);
  const { height, parentHash, view, nextMembers } = content;
  const block: ProposedBlock = {
    hash: hashOf(text),
    height,
    parentHash,
    view,
    nextMembers: nextMembers === null ? null : nextMembers.map((group) => group.map(fromHex)),
    bytes: utf8(text),
  };
  contents.set(block, content);
  return block;
}

/** What a block's bytes say; null if the block says something else. */
function contentOf(block: ProposedBlock): ToyContent | null {
  const known = contents.get(block);
  if (known !== undefined) return known;
  const text = new TextDecoder().decode(block.bytes);
  const content = JSON.parse(text) as ToyContent;
  const matches =
    block.hash === hashOf(text) &&
    block.height === content.height &&
    block.parentHash === content.parentHash &&
    block.view === content.view &&
    JSON.stringify(block.nextMembers?.map((group) => group.map(toHex)) ?? null) === JSON.stringify(content.nextMembers);
  contents.set(block, matches ? content : null);
  return matches ? content : null;
}

/** Whether a block's fields are those of its bytes. */
export function isWellFormed(block: ProposedBlock): boolean {
  return contentOf(block) !== null;
}

/** The transactions of a block, as texts. */
export function transactionsOf(block: ProposedBlock): readonly string[] {
  return contentOf(block)?.transactions ?? [];
}

export function encodeTransaction(transaction: ToyTransaction): Uint8Array {
  return utf8(textOf(transaction));
}

export function textOf(transaction: ToyTransaction): string {
  return 'account' in transaction ? `${transaction.account} ${transaction.nonce}` : `${transaction.replaced} ${transaction.by}`;
}

function parse(text: string): ToyTransaction {
  const [first = '', second = ''] = text.split(' ');
  return first.startsWith('0x') ? { replaced: first as Hex, by: second as Hex } : { account: Number(first), nonce: Number(second) };
}

/** A block that an honest member must find invalid: its state root is wrong. */
export function withWrongRoot(block: ProposedBlock): ProposedBlock {
  const content = contentOf(block);
  return content === null ? block : makeBlock({ ...content, stateRoot: 'wrong' });
}

/** A valid block that differs from another in its timestamp only. */
export function withOtherTime(block: ProposedBlock, later: number): ProposedBlock {
  const content = contentOf(block);
  return content === null ? block : makeBlock({ ...content, timestamp: content.timestamp + later });
}

/** The same block under another height, view or parent. */
export function movedTo(
  block: ProposedBlock,
  place: Partial<Pick<ToyContent, 'height' | 'view' | 'parentHash' | 'timestamp'>>,
): ProposedBlock {
  const content = contentOf(block);
  return content === null ? block : makeBlock({ ...content, ...place });
}

export class ToyLedger {
  readonly chain: (CertifiedBlock & { readonly epoch: number })[] = [];
  readonly #next: number[];
  readonly #pool = new Map<string, ToyTransaction>();
  readonly #leftOut = new Map<string, number>();
  #members: Members;
  #epoch = 0;
  #timestamp = 0;

  constructor(accounts: number, members: Members) {
    this.#next = Array.from({ length: accounts }, () => 0);
    this.#members = members;
  }

  get height(): number {
    return this.chain.length;
  }

  get headHash(): Hex {
    return this.chain.at(-1)?.block.hash ?? genesisHash;
  }

  /** The epoch that the next block belongs to. */
  get nextEpoch(): number {
    return this.#epoch;
  }

  get stateRoot(): string {
    return `${this.#epoch} ${this.#next.join(' ')}`;
  }

  /** Whether a transaction can have no effect any more. */
  isSettled(transaction: ToyTransaction): boolean {
    if ('account' in transaction) return (this.#next[transaction.account] ?? 0) > transaction.nonce;
    return this.#changed(transaction) === null;
  }

  accept(bytes: Uint8Array): boolean {
    const text = new TextDecoder().decode(bytes);
    const transaction = parse(text);
    if (this.#pool.has(text) || this.isSettled(transaction)) return false;
    this.#pool.set(text, transaction);
    return true;
  }

  isPending(bytes: Uint8Array): boolean {
    return this.#pool.has(new TextDecoder().decode(bytes));
  }

  /** Number of transactions that wait. */
  get waiting(): number {
    return this.#pool.size;
  }

  get hasExecutable(): boolean {
    for (const transaction of this.#pool.values()) if (this.#isExecutable(transaction)) return true;
    return false;
  }

  /** The next block; null if there is nothing to put into one. `isLeftOut` is for members that censor. */
  build(
    { height, view, mayBeEmpty }: { readonly height: number; readonly view: number; readonly mayBeEmpty: boolean },
    clock: number,
    isLeftOut: (transaction: ToyTransaction) => boolean = () => false,
  ): ProposedBlock | null {
    if (height !== this.height + 1) return null;
    const next = [...this.#next];
    const transactions: string[] = [];
    for (let account = 0; account < next.length; account++)
      for (;;) {
        const text = `${account} ${next[account]}`;
        const transaction = this.#pool.get(text);
        if (transaction === undefined || transactions.length >= blockTransactionsMax || isLeftOut(transaction)) break;
        transactions.push(text);
        next[account] = (next[account] ?? 0) + 1;
      }
    let nextMembers: Members | null = null;
    for (const [text, transaction] of this.#pool) {
      if ('account' in transaction) continue;
      nextMembers = this.#changed(transaction);
      if (nextMembers === null) continue;
      transactions.push(text); // the last of its block and epoch
      break;
    }
    if (transactions.length === 0 && !mayBeEmpty) return null;
    return makeBlock({
      height,
      parentHash: this.headHash,
      epoch: this.#epoch,
      view,
      timestamp: Math.max(clock, this.#timestamp),
      transactions,
      nextMembers: nextMembers === null ? null : nextMembers.map((group) => group.map(toHex)),
      stateRoot: `${this.#epoch + (nextMembers === null ? 0 : 1)} ${next.join(' ')}`,
    });
  }

  /** Whether a block follows from the head: its transactions in order, its state root right, and its time if `clock` is given. */
  isValid(block: ProposedBlock, clock: number | null): boolean {
    const content = contentOf(block);
    if (content === null || content.height !== this.height + 1 || content.parentHash !== this.headHash) return false;
    if (content.epoch !== this.#epoch || content.timestamp < this.#timestamp) return false;
    if (clock !== null && content.timestamp > clock + clockToleranceTicks) return false;
    const next = [...this.#next];
    let members: Members | null = null;
    for (const transaction of content.transactions.map(parse)) {
      if (members !== null) return false;
      if ('account' in transaction) {
        if (next[transaction.account] !== transaction.nonce) return false;
        next[transaction.account] = transaction.nonce + 1;
      } else {
        members = this.#changed(transaction);
        if (members === null) return false;
      }
    }
    const named = members?.map((group) => group.map(toHex)) ?? null;
    if (JSON.stringify(content.nextMembers) !== JSON.stringify(named)) return false;
    return content.stateRoot === `${this.#epoch + (members === null ? 0 : 1)} ${next.join(' ')}`;
  }

  /** Appends a final block; false if it does not follow from the head. */
  commit(block: ProposedBlock, certificate: Certificate): boolean {
    if (!this.isValid(block, null)) return false;
    const texts = transactionsOf(block);
    this.#countLeftOut(texts);
    this.chain.push({ block, certificate, epoch: this.#epoch });
    for (const text of texts) {
      this.#pool.delete(text);
      const transaction = parse(text);
      if ('account' in transaction) this.#next[transaction.account] = transaction.nonce + 1;
    }
    if (block.nextMembers !== null) {
      this.#members = block.nextMembers;
      this.#epoch++;
    }
    for (const [text, transaction] of this.#pool) if (this.isSettled(transaction)) this.#pool.delete(text);
    this.#timestamp = contentOf(block)?.timestamp ?? this.#timestamp;
    return true;
  }

  /** Whether a transaction was left out of too many blocks that had room. Told once. */
  takeLeftOut(): boolean {
    for (const [text, count] of this.#leftOut)
      if (count >= blocksLeftOutMax) {
        this.#leftOut.delete(text);
        return true;
      }
    return false;
  }

  read(fromHeight: number): { readonly blocks: readonly CertifiedBlock[]; readonly epoch: number } {
    const epoch = this.chain[fromHeight - 1]?.epoch ?? 0;
    const following = this.chain.slice(fromHeight - 1, fromHeight - 1 + catchUpBlocksMax).filter((block) => block.epoch === epoch);
    const bounds = { count: catchUpBlocksMax, bytes: catchUpBytesMax };
    const blocks = firstFitting(following, bounds, ({ block }) => block.bytes.length);
    return { blocks: blocks.map(({ block, certificate }) => ({ block, certificate })), epoch };
  }

  #isExecutable(transaction: ToyTransaction): boolean {
    if ('account' in transaction) return this.#next[transaction.account] === transaction.nonce;
    return this.#changed(transaction) !== null;
  }

  #changed({ replaced, by }: Extract<ToyTransaction, { replaced: Hex }>): Members | null {
    const outcome = changeMembers(this.#members, { kind: 'replace', key: fromHex(replaced), by: fromHex(by) });
    return 'members' in outcome ? outcome.members : null;
  }

  #countLeftOut(included: readonly string[]): void {
    for (const [text, transaction] of this.#pool) {
      if (included.includes(text)) this.#leftOut.delete(text);
      else if (included.length < blockTransactionsMax && this.#isExecutable(transaction))
        this.#leftOut.set(text, (this.#leftOut.get(text) ?? 0) + 1);
    }
    for (const text of this.#leftOut.keys()) if (!this.#pool.has(text)) this.#leftOut.delete(text);
  }
}
