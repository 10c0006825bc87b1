/** Blocks that others pass on are read once, however many messages bring them, and only as what they are. */
import { keccak256 } from 'ethers';
import { describe, expect, test } from 'vitest';
import { ProposedBlocks, proposedBlockOf } from '../../core/adapters/proposed-blocks.ts';
import { fromHex } from '../../core/base/bytes.ts';
import { type Block, blockHash } from '../../core/ledger/block.ts';
import { genesisBlock } from '../../core/ledger/genesis.ts';
import { testGenesis } from '../integration/ledger-network.ts';

const hash = (bytes: Uint8Array) => fromHex(keccak256(bytes));
const genesis = genesisBlock(testGenesis());
const blockAt = (height: number): Block => ({ ...genesis, header: { ...genesis.header, height, parentHash: `0x${'11'.repeat(32)}` } });
const proposedAt = (height: number) => proposedBlockOf(blockAt(height), blockHash(blockAt(height).header, hash));
const copyOf = (height: number) => ({ ...proposedAt(height), bytes: Uint8Array.from(proposedAt(height).bytes) });

/** How often anything is hashed. */
function counting() {
  let count = 0;
  const blocks = new ProposedBlocks((bytes) => {
    count++;
    return hash(bytes);
  });
  return { blocks, hashed: () => count };
}

describe('a block that several messages bring', () => {
  test('is read once', () => {
    const { blocks, hashed } = counting();
    const first = blocks.read(copyOf(1));
    expect(first).toEqual(blockAt(1));
    const once = hashed();
    expect(once).toBeGreaterThan(0);
    expect(blocks.read(copyOf(1))).toBe(first);
    expect(hashed()).toBe(once);
  });

  test('is not taken for one that only names its hash', () => {
    const { blocks } = counting();
    blocks.read(copyOf(1));
    const good = copyOf(1);
    expect(blocks.read({ ...good, bytes: copyOf(2).bytes })).toBeNull();
    expect(blocks.read({ ...good, bytes: good.bytes.subarray(1) })).toBeNull();
    expect(blocks.read({ ...good, height: 2 })).toBeNull();
    expect(blocks.read({ ...good, view: 1 })).toBeNull();
    expect(blocks.read({ ...good, parentHash: `0x${'22'.repeat(32)}` })).toBeNull();
    expect(blocks.read({ ...good, nextMembers: [[new Uint8Array(32)]] })).toBeNull();
    for (let at = 0; at < good.bytes.length; at++) {
      const bytes = good.bytes.slice();
      bytes[at] = (bytes[at] as number) ^ 1;
      expect(blocks.read({ ...good, bytes })).toBeNull();
    }
    expect(blocks.read(good)).toEqual(blockAt(1));
  });

  test('and is bad stays bad, also before a good one of its name', () => {
    const { blocks } = counting();
    expect(blocks.read({ ...copyOf(1), bytes: copyOf(2).bytes })).toBeNull();
    expect(blocks.read(copyOf(1))).toEqual(blockAt(1));
  });

  test('is read again once many others were', () => {
    const { blocks, hashed } = counting();
    blocks.read(copyOf(1));
    for (let height = 2; height < 40; height++) blocks.read(copyOf(height));
    const before = hashed();
    expect(blocks.read(copyOf(1))).toEqual(blockAt(1));
    expect(hashed()).toBeGreaterThan(before);
  });
});
