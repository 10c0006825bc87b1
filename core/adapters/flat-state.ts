/**
 * The state of the EVM: flat maps of accounts, slots and code in the ledger's store, with a Merkle-Patricia
 * trie beside them that is hashed once a block. `FlatState` is the committed state; `StateOverlay` holds
 * the changes of one block or call on top of it, with the checkpoints that the EVM asks for.
 * Invariant: an overlay changes nothing beneath it; `adopt` is called only when its writes are durable.
 */
import type { AccountFields, StateManagerInterface } from '@ethereumjs/common';
import { RLP } from '@ethereumjs/rlp';
import { Account, type Address, createAccountFromRLP, KECCAK256_NULL, KECCAK256_RLP } from '@ethereumjs/util';
import { assert } from '../base/assert.ts';
import { equalBytes, fromHex, toHex } from '../base/bytes.ts';
import type { StateChange } from '../ledger/evm.ts';
import { accountKey, codeKey, type LedgerStore, nodeKey, type StoreWrite, slotKey, storageNodeKey } from '../ledger/ledger-store.ts';
import { cachedCodeBytesMax, cachedEntriesMax } from '../ledger/limits.ts';
import { type Keccak256, MerklePatriciaTrie } from '../ledger/merkle-patricia-trie.ts';

const noBytes = new Uint8Array(0);

/** Storage slots of one account by their hexadecimal key, without leading zero bytes; empty is zero. */
type Slots = Map<string, Uint8Array>;

/** A change with what the caches need of it. */
interface FlatChange extends StateChange {
  readonly accounts: ReadonlyMap<string, Account | null>;
  readonly slots: ReadonlyMap<string, Slots>;
  readonly codes: ReadonlyMap<string, Uint8Array>;
  readonly accountTrie: MerklePatriciaTrie;
  readonly storageTries: ReadonlyMap<string, MerklePatriciaTrie>;
}

/** The committed state. */
export class FlatState {
  readonly keccak256: Keccak256;
  readonly #store: LedgerStore;
  #accountTrie: MerklePatriciaTrie;
  readonly #storageTries = new Map<string, MerklePatriciaTrie>();
  readonly #accounts = new Map<string, Account | null>();
  readonly #slots = new Map<string, Slots>();
  readonly #codes = new Map<string, Uint8Array>();
  #cachedCount = 0;
  #cachedCodeBytes = 0;

  /** The state in `store`, whose root is `stateRoot`. */
  constructor(store: LedgerStore, keccak256: Keccak256, stateRoot: Uint8Array) {
    this.#store = store;
    this.keccak256 = keccak256;
    this.#accountTrie = this.#openAccountTrie(stateRoot);
  }

  /** The account at a lower-case address; null if there is none. Not to be changed by the caller. */
  account(address: string): Account | null {
    const cached = this.#accounts.get(address);
    if (cached !== undefined) return cached;
    const bytes = this.#store.get(accountKey(fromHex(address)));
    const account = bytes === undefined ? null : createAccountFromRLP(bytes);
    this.#accounts.set(address, account);
    this.#cachedCount++;
    return account;
  }

  slot(address: string, slot: string): Uint8Array {
    const slots = slotsOf(this.#slots, address);
    const cached = slots.get(slot);
    if (cached !== undefined) return cached;
    const value = this.#store.get(slotKey(fromHex(address), fromHex(slot))) ?? noBytes;
    slots.set(slot, value);
    this.#cachedCount++;
    return value;
  }

  code(codeHash: Uint8Array): Uint8Array {
    const key = toHex(codeHash);
    const cached = this.#codes.get(key);
    if (cached !== undefined) return cached;
    const code = this.#store.get(codeKey(codeHash));
    assert(code !== undefined, 'the code of every account is stored');
    this.#keepCode(key, code);
    return code;
  }

  forkAccountTrie(): MerklePatriciaTrie {
    return this.#accountTrie.fork();
  }

  forkStorageTrie(address: string, root: Uint8Array): MerklePatriciaTrie {
    const open = this.#storageTries.get(address);
    if (open !== undefined) return open.fork();
    const addressBytes = fromHex(address);
    return new MerklePatriciaTrie({ keccak256: this.keccak256, read: (path) => this.#store.get(storageNodeKey(addressBytes, path)), root });
  }

  /** Makes a change, whose writes are durable, part of this state. */
  adopt(change: StateChange): void {
    const { accounts, slots, codes, accountTrie, storageTries } = change as FlatChange;
    for (const [address, account] of accounts) this.#accounts.set(address, account);
    for (const [address, changed] of slots) {
      const cached = this.#slots.get(address);
      if (cached === undefined) this.#slots.set(address, changed);
      else for (const [slot, value] of changed) cached.set(slot, value);
      this.#cachedCount += changed.size;
    }
    for (const [hash, code] of codes) this.#keepCode(hash, code);
    for (const [address, trie] of storageTries) this.#storageTries.set(address, trie);
    this.#accountTrie = accountTrie;
    this.#cachedCount += accounts.size;
    this.#dropFullTries(fromHex(change.stateRoot));
    this.trim();
  }

  /** Drops what was read if it is too much to keep: calls fill the caches too, and an idle chain adopts no block. */
  trim(): void {
    if (this.#cachedCount <= cachedEntriesMax && this.#cachedCodeBytes <= cachedCodeBytesMax) return;
    this.#accounts.clear();
    this.#slots.clear();
    this.#codes.clear();
    this.#cachedCount = 0;
    this.#cachedCodeBytes = 0;
  }

  #keepCode(hash: string, code: Uint8Array): void {
    if (this.#codes.has(hash)) return;
    this.#codes.set(hash, code);
    this.#cachedCodeBytes += code.length;
  }

  #dropFullTries(stateRoot: Uint8Array): void {
    let nodes = this.#accountTrie.loadedCount;
    for (const trie of this.#storageTries.values()) nodes += trie.loadedCount;
    if (nodes > cachedEntriesMax) {
      this.#accountTrie = this.#openAccountTrie(stateRoot);
      this.#storageTries.clear();
    }
  }

  #openAccountTrie(root: Uint8Array): MerklePatriciaTrie {
    return new MerklePatriciaTrie({ keccak256: this.keccak256, read: (path) => this.#store.get(nodeKey(path)), root });
  }
}

/** The changes of one block or call at a time. The EVM reads and writes through it. */
export class StateOverlay implements StateManagerInterface {
  readonly originalStorageCache: StateManagerInterface['originalStorageCache'];
  readonly #state: FlatState;
  #accounts = new Map<string, Account | null>();
  #slots = new Map<string, Slots>();
  #codes = new Map<string, Uint8Array>();
  /** How to take back each change, in order. */
  readonly #undo: (() => void)[] = [];
  readonly #checkpoints: number[] = [];
  readonly #originals = new Map<string, Uint8Array>();

  constructor(state: FlatState) {
    this.#state = state;
    this.originalStorageCache = {
      get: async (address, key) => {
        const id = `${address.toString()}${toHex(key)}`;
        const known = this.#originals.get(id);
        if (known !== undefined) return known;
        const value = await this.getStorage(address, key);
        this.#originals.set(id, value);
        return value;
      },
      clear: () => this.#originals.clear(),
    };
  }

  /** Begins anew on the committed state. What was sealed keeps its changes. */
  reset(): void {
    this.#accounts = new Map();
    this.#slots = new Map();
    this.#codes = new Map();
    this.#undo.length = 0;
    this.#checkpoints.length = 0;
    this.#originals.clear();
  }

  /** Marks where a transaction begins. */
  beginTransaction(): void {
    assert(this.#checkpoints.length === 0, 'transactions do not nest');
    this.#undo.length = 0;
  }

  /** Takes back all that was done since the transaction began, however deep it was when it failed. */
  undoTransaction(): void {
    while (this.#undo.length > 0) this.#undo.pop()?.();
    this.#checkpoints.length = 0;
    this.#originals.clear();
  }

  async getAccount(address: Address): Promise<Account | undefined> {
    const account = this.#account(address.toString());
    return account === null ? undefined : copyOf(account);
  }

  async putAccount(address: Address, account?: Account): Promise<void> {
    this.#setAccount(address.toString(), account === undefined ? null : copyOf(account));
  }

  async deleteAccount(address: Address): Promise<void> {
    const key = address.toString();
    this.#forgetSlots(key);
    this.#setAccount(key, null);
  }

  async modifyAccountFields(address: Address, fields: AccountFields): Promise<void> {
    const account = (await this.getAccount(address)) ?? new Account();
    account.nonce = fields.nonce ?? account.nonce;
    account.balance = fields.balance ?? account.balance;
    account.storageRoot = fields.storageRoot ?? account.storageRoot;
    account.codeHash = fields.codeHash ?? account.codeHash;
    await this.putAccount(address, account);
  }

  /** An account as a chain begins with it. */
  begin(address: Address, balance: bigint, code: Uint8Array): void {
    const codeHash = code.length === 0 ? KECCAK256_NULL : this.#state.keccak256(code);
    this.#codes.set(toHex(codeHash), code);
    this.#setAccount(address.toString(), new Account(0n, balance, KECCAK256_RLP, codeHash));
  }

  async putCode(address: Address, code: Uint8Array): Promise<void> {
    const codeHash = code.length === 0 ? KECCAK256_NULL : this.#state.keccak256(code);
    this.#codes.set(toHex(codeHash), code);
    await this.modifyAccountFields(address, { codeHash });
  }

  async getCode(address: Address): Promise<Uint8Array> {
    const account = this.#account(address.toString());
    if (account === null || !account.isContract()) return noBytes;
    return this.#codes.get(toHex(account.codeHash)) ?? this.#state.code(account.codeHash);
  }

  async getCodeSize(address: Address): Promise<number> {
    return (await this.getCode(address)).length;
  }

  async getStorage(address: Address, key: Uint8Array): Promise<Uint8Array> {
    return this.#slot(address.toString(), toHex(key));
  }

  async putStorage(address: Address, key: Uint8Array, value: Uint8Array): Promise<void> {
    let start = 0;
    while (start < value.length && value[start] === 0) start++;
    this.#setSlot(address.toString(), toHex(key), value.slice(start));
  }

  async clearStorage(address: Address): Promise<void> {
    this.#forgetSlots(address.toString());
  }

  async checkpoint(): Promise<void> {
    this.#checkpoints.push(this.#undo.length);
  }

  async commit(): Promise<void> {
    this.#checkpoints.pop();
    if (this.#checkpoints.length === 0) this.#undo.length = 0;
  }

  async revert(): Promise<void> {
    const start = this.#checkpoints.pop();
    assert(start !== undefined, 'every revert has its checkpoint');
    while (this.#undo.length > start) this.#undo.pop()?.();
  }

  /** Hashes the changes: the state root after them, and the writes that make them durable. */
  seal(): StateChange {
    const writes: StoreWrite[] = [];
    const storageTries = new Map<string, MerklePatriciaTrie>();
    for (const [address, slots] of this.#slots) {
      const account = this.#account(address);
      if (account === null || slots.size === 0) continue;
      const trie = this.#state.forkStorageTrie(address, account.storageRoot);
      const addressBytes = fromHex(address);
      for (const [slot, value] of slots) {
        const slotBytes = fromHex(slot);
        const hashed = this.#state.keccak256(slotBytes);
        if (value.length === 0) trie.delete(hashed);
        else trie.set(hashed, RLP.encode(value));
        writes.push({ key: slotKey(addressBytes, slotBytes), value: value.length === 0 ? null : value });
      }
      const { root, writes: nodes } = trie.commit();
      for (const { path, node } of nodes) writes.push({ key: storageNodeKey(addressBytes, path), value: node });
      const changed = copyOf(account);
      changed.storageRoot = root;
      this.#accounts.set(address, changed);
      storageTries.set(address, trie);
    }
    const accountTrie = this.#state.forkAccountTrie();
    for (const [address, account] of this.#accounts) {
      const addressBytes = fromHex(address);
      const hashed = this.#state.keccak256(addressBytes);
      const encoded = account === null ? null : account.serialize();
      if (encoded === null) accountTrie.delete(hashed);
      else accountTrie.set(hashed, encoded);
      writes.push({ key: accountKey(addressBytes), value: encoded });
    }
    const { root, writes: nodes } = accountTrie.commit();
    for (const { path, node } of nodes) writes.push({ key: nodeKey(path), value: node });
    for (const [hash, code] of this.#codes) if (code.length > 0) writes.push({ key: codeKey(fromHex(hash)), value: code });
    const change: FlatChange = {
      stateRoot: toHex(root),
      writes,
      accounts: this.#accounts,
      slots: this.#slots,
      codes: this.#codes,
      accountTrie,
      storageTries,
    };
    return change;
  }

  clearCaches(): void {
    this.#originals.clear();
  }

  async getStateRoot(): Promise<Uint8Array> {
    throw new Error('the state root of an overlay is known when it is sealed');
  }

  async setStateRoot(): Promise<void> {
    throw new Error('an overlay stands on the committed state');
  }

  async hasStateRoot(): Promise<boolean> {
    return false;
  }

  shallowCopy(): StateOverlay {
    return new StateOverlay(this.#state);
  }

  #account(address: string): Account | null {
    const changed = this.#accounts.get(address);
    return changed === undefined ? this.#state.account(address) : changed;
  }

  #setAccount(address: string, account: Account | null): void {
    const before = this.#accounts.get(address);
    this.#accounts.set(address, account);
    this.#undo.push(() => {
      if (before === undefined) this.#accounts.delete(address);
      else this.#accounts.set(address, before);
    });
  }

  #slot(address: string, slot: string): Uint8Array {
    return this.#slots.get(address)?.get(slot) ?? this.#state.slot(address, slot);
  }

  #setSlot(address: string, slot: string, value: Uint8Array): void {
    const changed = slotsOf(this.#slots, address);
    const before = changed.get(slot);
    changed.set(slot, value);
    this.#undo.push(() => {
      if (before === undefined) changed.delete(slot);
      else changed.set(slot, before);
    });
  }

  /**
   * Forgets the slots of an account that begins or ends. Only an account whose storage is empty in the
   * committed state can do either (EIP-6780, EIP-7610), so the overlay holds all there is to forget.
   */
  #forgetSlots(address: string): void {
    const committed = this.#state.account(address);
    assert(committed === null || equalBytes(committed.storageRoot, KECCAK256_RLP), 'an account with committed storage is never cleared');
    const before = this.#slots.get(address);
    if (before === undefined) return;
    this.#slots.set(address, new Map());
    this.#undo.push(() => this.#slots.set(address, before));
  }
}

function copyOf(account: Account): Account {
  return new Account(account.nonce, account.balance, account.storageRoot, account.codeHash);
}

function slotsOf(all: Map<string, Slots>, address: string): Slots {
  const known = all.get(address);
  if (known !== undefined) return known;
  const slots: Slots = new Map();
  all.set(address, slots);
  return slots;
}
