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

/** Reads blocks that others passed on. What was read is remembered as long as the consensus holds it. */
export class ProposedBlocks {
  readonly #keccak256: Keccak256;
  readonly #read = new WeakMap<ProposedBlock, Block | null>();

  constructor(keccak256: Keccak256) {
    this.#keccak256 = keccak256;
  }

  /** The block, if its hash and all fields are those of its bytes and its header names its transactions; else null. */
  read(proposed: ProposedBlock): Block | null {
    const known = this.#read.get(proposed);
    if (known !== undefined) return known;
    const block = this.#decode(proposed);
    this.#read.set(proposed, block);
    return block;
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
