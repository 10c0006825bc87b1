/** The ledger's blocks as the consensus passes them on, and back. */
import { encodeAs, optional } from '../base/binary-format.ts';
import { equalBytes, type Hex, toHex } from '../base/bytes.ts';
import { DecodeError } from '../base/codec.ts';
import { members } from '../consensus/encoded-parts.ts';
import type { Members } from '../consensus/membership.ts';
import type { ProposedBlock } from '../consensus/proposal.ts';
import { type Block, blockHash, decodeBlock, encodeBlock } from '../ledger/block.ts';
import { type Keccak256, orderedTrieRoot } from '../ledger/merkle-patricia-trie.ts';
import { membershipOrderIn } from '../ledger/system-transactions.ts';
import { membersOf } from '../ledger/validators.ts';

const optionalMembers = optional(members);

/** What the consensus passes on of a block. */
export function proposedBlockOf(block: Block, hash: Hex): ProposedBlock {
  const { height, parentHash, view } = block.header;
  return { hash, height, parentHash, view, nextMembers: nextMembersOf(block), bytes: encodeBlock(block) };
}

/** The members of the next epoch, if a block is the last of its own; whether they may follow is for the ledger to say. */
function nextMembersOf({ transactions }: Block): Members | null {
  const order = membershipOrderIn(transactions);
  return order === null ? null : membersOf(order.validators);
}

/** Blocks that were read last and are remembered by their hash: those that are voted on now, in several messages each. */
const recentBlocksMax = 8;

/** Reads blocks that others passed on. What was read is remembered as long as the consensus holds it. Validators of one process share one. */
export class ProposedBlocks {
  readonly #keccak256: Keccak256;
  readonly #read = new WeakMap<ProposedBlock, Block | null>();
  /** Those that are what they say. Every message brings a copy of its own; the same bytes need no second look. */
  readonly #recent = new Map<Hex, { readonly proposed: ProposedBlock; readonly block: Block }>();

  constructor(keccak256: Keccak256) {
    this.#keccak256 = keccak256;
  }

  /** The block, if its hash and all fields are those of its bytes and its header names its transactions; else null. */
  read(proposed: ProposedBlock): Block | null {
    const known = this.#read.get(proposed);
    if (known !== undefined) return known;
    const recent = this.#recent.get(proposed.hash);
    const block = recent !== undefined && isSame(recent.proposed, proposed) ? recent.block : this.#decode(proposed);
    this.#read.set(proposed, block);
    if (block !== null && block !== recent?.block) this.#remember(proposed, block);
    return block;
  }

  #remember(proposed: ProposedBlock, block: Block): void {
    this.#recent.set(proposed.hash, { proposed, block });
    if (this.#recent.size <= recentBlocksMax) return;
    for (const [oldest] of this.#recent) {
      this.#recent.delete(oldest);
      return;
    }
  }

  #decode({ hash, height, parentHash, view, nextMembers, bytes }: ProposedBlock): Block | null {
    let block: Block;
    try {
      block = decodeBlock(bytes);
    } catch (error) {
      if (error instanceof DecodeError) return null;
      throw error;
    }
    const { header, transactions } = block;
    const holds =
      header.height === height &&
      header.parentHash === parentHash &&
      header.view === view &&
      equalBytes(encodeAs(optionalMembers, nextMembers), encodeAs(optionalMembers, nextMembersOf(block))) &&
      blockHash(header, this.#keccak256) === hash &&
      header.transactionsRoot === toHex(orderedTrieRoot(transactions, this.#keccak256));
    return holds ? block : null;
  }
}

/** Whether two say the same in every field. */
function isSame(left: ProposedBlock, right: ProposedBlock): boolean {
  return (
    left.height === right.height &&
    left.parentHash === right.parentHash &&
    left.view === right.view &&
    left.nextMembers === right.nextMembers &&
    Buffer.compare(left.bytes, right.bytes) === 0
  );
}
