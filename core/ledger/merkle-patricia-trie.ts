/**
 * Merkle-Patricia trie (Ethereum yellow paper, appendix D) that hashes a node only when the root is asked
 * for. Nodes are immutable once linked, so that a fork of the trie is a pointer: a block that is never
 * committed leaves nothing behind. Nodes are stored under their path, so a store holds exactly the latest
 * trie and does not grow with history; each is checked against its hash when it is read.
 * Keys are prefix-free (hashes, or RLP of an index), so a branch never carries a value.
 */
import { RLP } from '@ethereumjs/rlp';
import { assert } from '../base/assert.ts';
import { equalBytes, fromHex, toHex } from '../base/bytes.ts';
import { say } from '../base/sentence.ts';
import { corruptStore } from './head-record.ts';

/** Keccak-256 of some bytes. */
export type Keccak256 = (bytes: Uint8Array) => Uint8Array;

/** Root of the empty trie. */
export const emptyTrieRoot = fromHex('0x56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421');

/** What a parent holds of a node: its hash, or its fields where their encoding is shorter than a hash. */
type Reference = Uint8Array | Raw[];
type Raw = Uint8Array | Raw[];

interface Leaf {
  readonly kind: 'leaf';
  readonly path: Uint8Array;
  readonly value: Uint8Array;
  reference: Reference | null;
}
interface Extension {
  readonly kind: 'extension';
  readonly path: Uint8Array;
  child: Node;
  reference: Reference | null;
}
interface Branch {
  readonly kind: 'branch';
  readonly children: (Node | null)[];
  reference: Reference | null;
}
/** A node that is in the store and was not read yet. */
interface Stored {
  readonly kind: 'stored';
  readonly hash: Uint8Array;
}
type Loaded = Leaf | Extension | Branch;
type Node = Loaded | Stored;

/** A node to store under its path (one byte a nibble), or to remove from it. */
export interface NodeWrite {
  readonly path: Uint8Array;
  readonly node: Uint8Array | null;
}

/** Reads the stored node at a path. */
export type NodeReader = (path: Uint8Array) => Uint8Array | undefined;

/** The trie over the nodes that `read` finds, starting at `root`. */
export class MerklePatriciaTrie {
  readonly #keccak256: Keccak256;
  readonly #read: NodeReader;
  #root: Node | null;
  #superseded = new Map<string, Uint8Array>();
  #loadedCount = 0;

  constructor(options: { keccak256: Keccak256; read: NodeReader; root: Uint8Array }) {
    this.#keccak256 = options.keccak256;
    this.#read = options.read;
    this.#root = equalBytes(options.root, emptyTrieRoot) ? null : { kind: 'stored', hash: options.root };
  }

  /** A trie with the same content whose changes do not reach this one. */
  fork(): MerklePatriciaTrie {
    const copy = new MerklePatriciaTrie({ keccak256: this.#keccak256, read: this.#read, root: emptyTrieRoot });
    copy.#root = this.#root;
    copy.#loadedCount = this.#loadedCount;
    return copy;
  }

  /** Roughly how many nodes are held in memory. */
  get loadedCount(): number {
    return this.#loadedCount;
  }

  /** Sets the value of a key. */
  set(key: Uint8Array, value: Uint8Array): void {
    assert(value.length > 0, 'a trie value has bytes');
    this.#root = this.#insert(this.#root, nibbles(key), 0, value);
  }

  /** Removes a key; one that is absent is left absent. */
  delete(key: Uint8Array): void {
    this.#root = this.#remove(this.#root, nibbles(key), 0);
  }

  /** Hashes what changed since the last call: the root, and the writes that bring a store there. */
  commit(): { root: Uint8Array; writes: NodeWrite[] } {
    const writes: NodeWrite[] = [];
    const root = this.#commitRoot(writes);
    for (const { path } of writes) this.#superseded.delete(pathKey(path));
    for (const path of this.#superseded.values()) writes.push({ path, node: null });
    this.#superseded = new Map();
    return { root, writes };
  }

  #commitRoot(writes: NodeWrite[]): Uint8Array {
    const root = this.#root;
    if (root === null) return emptyTrieRoot;
    if (root.kind === 'stored') return root.hash;
    const reference = this.#refer(root, [], writes);
    if (reference instanceof Uint8Array) return reference;
    const node = RLP.encode(reference);
    writes.push({ path: new Uint8Array(0), node });
    return this.#keccak256(node);
  }

  #refer(node: Node, path: number[], writes: NodeWrite[]): Reference {
    if (node.kind === 'stored') return node.hash;
    if (node.reference !== null) return node.reference;
    const raw = this.#rawOf(node, path, writes);
    const encoded = RLP.encode(raw);
    if (encoded.length < 32) {
      node.reference = raw;
    } else {
      node.reference = this.#keccak256(encoded);
      writes.push({ path: Uint8Array.from(path), node: encoded });
    }
    return node.reference;
  }

  #rawOf(node: Loaded, path: number[], writes: NodeWrite[]): Raw[] {
    if (node.kind === 'leaf') return [compactPath(node.path, true), node.value];
    if (node.kind === 'extension') {
      path.push(...node.path);
      const child = this.#refer(node.child, path, writes);
      path.length -= node.path.length;
      return [compactPath(node.path, false), child];
    }
    const raw: Raw[] = node.children.map((child, nibble) => {
      if (child === null) return empty;
      path.push(nibble);
      const reference = this.#refer(child, path, writes);
      path.pop();
      return reference;
    });
    raw.push(empty);
    return raw;
  }

  /** The node itself; `key` up to `depth` is its path. */
  #load(node: Node, path: Uint8Array): Loaded {
    if (node.kind !== 'stored') return node;
    const encoded = this.#read(path);
    if (encoded === undefined || !equalBytes(this.#keccak256(encoded), node.hash)) {
      throw corruptStore(say`A node of the state trie is missing or damaged (path ${toHex(path)}).`);
    }
    this.#loadedCount++;
    const loaded = fromRaw(RLP.decode(encoded) as Raw[]);
    loaded.reference = node.hash;
    return loaded;
  }

  /** Remembers that the stored node at a path no longer belongs to the trie. */
  #supersede(node: Loaded, path: Uint8Array): void {
    if (node.reference !== null && (node.reference instanceof Uint8Array || path.length === 0)) this.#superseded.set(pathKey(path), path);
  }

  #insert(unread: Node | null, key: Uint8Array, depth: number, value: Uint8Array): Loaded {
    if (unread === null) return this.#created({ kind: 'leaf', path: key.subarray(depth), value, reference: null });
    const path = key.subarray(0, depth);
    const node = this.#load(unread, path);
    if (node.kind === 'branch') {
      const nibble = key[depth] as number;
      const child = node.children[nibble] ?? null;
      const inserted = this.#insert(child, key, depth + 1, value);
      if (inserted === child) return node;
      const children = node.children.slice();
      children[nibble] = inserted;
      if (inserted.reference !== null) {
        node.children[nibble] = inserted;
        return node;
      }
      this.#supersede(node, path);
      return { kind: 'branch', children, reference: null };
    }
    const common = commonLength(node.path, key.subarray(depth));
    if (common === node.path.length) {
      if (node.kind === 'leaf') {
        if (equalBytes(node.value, value)) return node;
        this.#supersede(node, path);
        return { kind: 'leaf', path: node.path, value, reference: null };
      }
      const inserted = this.#insert(node.child, key, depth + common, value);
      if (inserted.reference !== null) {
        node.child = inserted;
        return node;
      }
      this.#supersede(node, path);
      return { kind: 'extension', path: node.path, child: inserted, reference: null };
    }
    this.#supersede(node, path);
    const children = new Array<Node | null>(16).fill(null);
    const rest = node.path.subarray(common + 1);
    children[node.path[common] as number] =
      node.kind === 'leaf'
        ? this.#created({ kind: 'leaf', path: rest, value: node.value, reference: null })
        : rest.length === 0
          ? node.child
          : this.#created({ kind: 'extension', path: rest, child: node.child, reference: null });
    children[key[depth + common] as number] = this.#created({
      kind: 'leaf',
      path: key.subarray(depth + common + 1),
      value,
      reference: null,
    });
    const branch = this.#created<Branch>({ kind: 'branch', children, reference: null });
    return common === 0
      ? branch
      : this.#created({ kind: 'extension', path: node.path.subarray(0, common), child: branch, reference: null });
  }

  #remove(unread: Node | null, key: Uint8Array, depth: number): Loaded | null {
    if (unread === null) return null;
    const path = key.subarray(0, depth);
    const node = this.#load(unread, path);
    if (node.kind === 'leaf') {
      if (commonLength(node.path, key.subarray(depth)) < node.path.length) return node;
      this.#supersede(node, path);
      return null;
    }
    if (node.kind === 'extension') {
      if (commonLength(node.path, key.subarray(depth)) < node.path.length) return node;
      const child = this.#remove(node.child, key, depth + node.path.length);
      assert(child !== null, 'an extension leads to a branch');
      if (child.reference !== null) {
        node.child = child;
        return node;
      }
      this.#supersede(node, path);
      return this.#prefix(node.path, child, key.subarray(0, depth + node.path.length));
    }
    const nibble = key[depth] as number;
    const child = this.#remove(node.children[nibble] ?? null, key, depth + 1);
    if (child !== null && child.reference !== null) {
      node.children[nibble] = child;
      return node;
    }
    if (child === null && (node.children[nibble] ?? null) === null) return node;
    this.#supersede(node, path);
    const children = node.children.slice();
    children[nibble] = child;
    const left = children.flatMap((entry, index) => (entry === null ? [] : [index]));
    if (left.length > 1) return { kind: 'branch', children, reference: null };
    const only = left[0] as number;
    const onlyPath = Uint8Array.from([...path, only]);
    return this.#prefix(Uint8Array.of(only), this.#load(children[only] as Node, onlyPath), onlyPath);
  }

  /** `node`, which stood at `nodePath`, with `path` before it. */
  #prefix(path: Uint8Array, node: Loaded, nodePath: Uint8Array): Loaded {
    if (node.kind === 'branch') return this.#created({ kind: 'extension', path, child: node, reference: null });
    this.#supersede(node, nodePath);
    const joined = new Uint8Array(path.length + node.path.length);
    joined.set(path);
    joined.set(node.path, path.length);
    return node.kind === 'leaf'
      ? { kind: 'leaf', path: joined, value: node.value, reference: null }
      : { kind: 'extension', path: joined, child: node.child, reference: null };
  }

  #created<Kind extends Loaded>(node: Kind): Kind {
    this.#loadedCount++;
    return node;
  }
}

/** Root of the trie that maps the RLP of each index to the item there (transactions and receipts of a block). */
export function orderedTrieRoot(items: readonly Uint8Array[], keccak256: Keccak256): Uint8Array {
  const trie = new MerklePatriciaTrie({ keccak256, read: () => undefined, root: emptyTrieRoot });
  for (const [index, item] of items.entries()) trie.set(RLP.encode(index), item);
  return trie.commit().root;
}

const empty = new Uint8Array(0);

function nibbles(key: Uint8Array): Uint8Array {
  const path = new Uint8Array(2 * key.length);
  for (const [index, byte] of key.entries()) {
    path[2 * index] = byte >> 4;
    path[2 * index + 1] = byte & 15;
  }
  return path;
}

function pathKey(path: Uint8Array): string {
  return String.fromCharCode(...path);
}

function commonLength(left: Uint8Array, right: Uint8Array): number {
  const length = Math.min(left.length, right.length);
  for (let index = 0; index < length; index++) if (left[index] !== right[index]) return index;
  return length;
}

/** Hex-prefix encoding of a path (yellow paper, appendix C). */
function compactPath(path: Uint8Array, isLeaf: boolean): Uint8Array {
  const odd = path.length & 1;
  const compact = new Uint8Array(1 + (path.length >> 1));
  compact[0] = (((isLeaf ? 2 : 0) + odd) << 4) | (odd === 1 ? (path[0] as number) : 0);
  for (let from = odd, to = 1; from < path.length; from += 2, to++)
    compact[to] = ((path[from] as number) << 4) | (path[from + 1] as number);
  return compact;
}

function fromRaw(raw: Raw[]): Loaded {
  if (raw.length === 17) {
    return { kind: 'branch', children: raw.slice(0, 16).map((child) => (child.length === 0 ? null : nodeFrom(child))), reference: null };
  }
  const compact = raw[0] as Uint8Array;
  const flags = (compact[0] as number) >> 4;
  const path = nibbles(compact).subarray((flags & 1) === 1 ? 1 : 2);
  const content = raw[1] as Raw;
  return (flags & 2) === 2
    ? { kind: 'leaf', path, value: content as Uint8Array, reference: null }
    : { kind: 'extension', path, child: nodeFrom(content), reference: null };
}

function nodeFrom(raw: Raw): Node {
  if (raw instanceof Uint8Array) return { kind: 'stored', hash: raw };
  const node = fromRaw(raw);
  node.reference = raw;
  return node;
}
