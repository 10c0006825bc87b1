/** The lazily hashed trie equals the stock one after any changes, and its store holds the nodes of the latest trie and nothing else. */

import { genTransactionsTrieRoot } from '@ethereumjs/block';
import { MerklePatriciaTrie as StockTrie } from '@ethereumjs/mpt';
import { keccak_256 } from '@noble/hashes/sha3.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromHex, toHex } from '../../core/base/bytes.ts';
import { emptyTrieRoot, MerklePatriciaTrie, orderedTrieRoot } from '../../core/ledger/merkle-patricia-trie.ts';

const seed = 20_261_122;
/** Keys of 2 bytes that share prefixes often. */
const key = fc.array(fc.constantFrom(0x00, 0x01, 0x10, 0x11, 0xff), { minLength: 2, maxLength: 2 }).map((bytes) => Uint8Array.from(bytes));
const value = fc.oneof(fc.uint8Array({ minLength: 1, maxLength: 3 }), fc.uint8Array({ minLength: 33, maxLength: 40 }));
const change = fc.tuple(key, fc.option(value));
const rounds = fc.array(
  fc.record({ changes: fc.array(change, { maxLength: 12 }), next: fc.constantFrom('adopt', 'adopt', 'reopen', 'discard') }),
  { maxLength: 12 },
);

/** A trie over a map of its nodes by path. */
function trieOver(nodes: Map<string, Uint8Array>, root: Uint8Array): MerklePatriciaTrie {
  return new MerklePatriciaTrie({ keccak256: keccak_256, read: (path) => nodes.get(toHex(path)), root });
}

function apply(nodes: Map<string, Uint8Array>, trie: MerklePatriciaTrie): Uint8Array {
  const { root, writes } = trie.commit();
  for (const { path, node } of writes) {
    if (node === null) nodes.delete(toHex(path));
    else nodes.set(toHex(path), node);
  }
  return root;
}

describe('the trie', () => {
  it('has the root of the stock trie and stores exactly its own nodes', async () => {
    await fc.assert(
      fc.asyncProperty(rounds, async (plan) => {
        const nodes = new Map<string, Uint8Array>();
        let root = emptyTrieRoot;
        let trie = trieOver(nodes, root);
        let content = new Map<string, Uint8Array>();
        for (const { changes, next } of plan) {
          const fork = trie.fork();
          const changed = new Map(content);
          for (const [at, to] of changes) {
            if (to === null) fork.delete(at);
            else fork.set(at, to);
            if (to === null) changed.delete(toHex(at));
            else changed.set(toHex(at), to);
          }
          if (next === 'discard') {
            fork.commit();
            continue;
          }
          content = changed;
          root = apply(nodes, fork);
          trie = next === 'reopen' ? trieOver(nodes, root) : fork;
          const stock = new StockTrie();
          const fresh = trieOver(new Map(), emptyTrieRoot);
          for (const [at, to] of content) {
            await stock.put(fromHex(at), to);
            fresh.set(fromHex(at), to);
          }
          expect(toHex(root)).toBe(toHex(stock.root()));
          const freshNodes = new Map<string, Uint8Array>();
          apply(freshNodes, fresh);
          expect(new Map([...nodes].sort())).toEqual(new Map([...freshNodes].sort()));
        }
      }),
      { seed, numRuns: 400 },
    );
  });

  it('refuses a stored node that is missing or was changed', () => {
    const nodes = new Map<string, Uint8Array>();
    const trie = trieOver(nodes, emptyTrieRoot);
    for (let first = 0; first < 40; first++) trie.set(Uint8Array.of(first, 1), new Uint8Array(40).fill(first));
    const root = apply(nodes, trie);
    for (const [path, node] of nodes) {
      for (const damaged of [undefined, node.map((byte, index) => (index === 3 ? byte ^ 1 : byte))]) {
        const opened = new MerklePatriciaTrie({
          keccak256: keccak_256,
          read: (at) => (toHex(at) === path ? damaged : nodes.get(toHex(at))),
          root,
        });
        expect(() => {
          for (let first = 0; first < 40; first++) opened.set(Uint8Array.of(first, 1), Uint8Array.of(9));
        }).toThrow(expect.objectContaining({ code: 'LEDGER_STORE_CORRUPT' }));
      }
    }
  });

  it('gives lists the root that Ethereum gives them', async () => {
    for (const count of [0, 1, 2, 127, 128, 129, 200]) {
      const items = Array.from({ length: count }, (_, index) => new Uint8Array(1 + (index % 70)).fill(index + 1));
      const transactions = items.map((item) => ({ serialize: () => item })) as never;
      expect(toHex(orderedTrieRoot(items, keccak_256))).toBe(toHex(await genTransactionsTrieRoot(transactions)));
    }
  });
});
