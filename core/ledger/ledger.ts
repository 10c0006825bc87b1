/**
 * The ledger: the chain of final blocks, the state after them, and the transactions that wait. Blocks come
 * from the ordering (ordering.ts); what a block does is decided by the Evm port; everything that must
 * survive goes to the store before anyone is told. Invariants: the store holds exactly the state after its
 * head block; a transaction that was acknowledged is in the pending journal or in a final block.
 */
import { AppError } from '../base/app-error.ts';
import { assert } from '../base/assert.ts';
import { decodeAs, encodeAs } from '../base/binary-format.ts';
import { concatBytes, equalBytes, fromHex, type Hex, toBigEndian, toHex } from '../base/bytes.ts';
import { DecodeError, Decoder } from '../base/codec.ts';
import type { Clock } from '../base/ports.ts';
import { say } from '../base/sentence.ts';
import { Committee } from '../consensus/committee.ts';
import { isProof } from '../consensus/evidence.ts';
import { blocksLeftOutMax } from '../consensus/limits.ts';
import type { Verify } from '../consensus/signing.ts';
import {
  type Block,
  type BlockHeader,
  blockHash,
  type Certificate,
  decodeBlock,
  decodeBlockHeader,
  decodeCertificate,
  encodeBlock,
  encodeCertificate,
  encodeHeader,
} from './block.ts';
import type { AccountState, BlockContext, CallOutcome, CallRequest, Evm } from './evm.ts';
import { type GenesisDocument, genesisAccounts, genesisBlock } from './genesis.ts';
import { corruptStore, decodeHeadRecord, encodeHeadRecord } from './head-record.ts';
import {
  blockKey,
  certificateKey,
  epochKey,
  headKey,
  heightKey,
  type LedgerStore,
  logKey,
  nodeKey,
  pendingKey,
  pendingRange,
  receiptsKey,
  type StoreWrite,
  transactionKey,
} from './ledger-store.ts';
import {
  blockBytesMax,
  blockGasMax,
  blockHashesMax,
  blockTransactionsMax,
  callsWaitingMax,
  checkedBlocksMax,
  clockDriftSecondsMax,
  logQueryBlocksMax,
  logResultBytesMax,
  logResultsMax,
  mempoolTransactionsMax,
  proposalMsMax,
} from './limits.ts';
import { bloomMatcher, type LogFilter, matchesLog } from './log-filter.ts';
import { Mempool } from './mempool.ts';
import { emptyTrieRoot, type Keccak256, orderedTrieRoot } from './merkle-patricia-trie.ts';
import { encodeRecordCall, type Misbehaviour, misbehaviourAddress, recordIdOf, recordSlotOf } from './misbehaviour.ts';
import type { BlockVerdict, ExecutedBlock, OrderedLedger, ProposalPlace, SubmitVerdict } from './ordering.ts';
import { decodeReceipts, encodeReceipts, ethereumReceipt, type Log, logsBloom, type Receipt, uniteBlooms } from './receipt.ts';
import {
  checkSystem,
  endsEpoch,
  isSystemTransaction,
  type LedgerEpoch,
  ledgerEpochFormat,
  membershipOrderIn,
  type SystemState,
} from './system-transactions.ts';
import type { SignedTransaction, TransactionDecoder, TransactionVerdict } from './transaction.ts';
import { Turns } from './turns.ts';
import { membersOf } from './validators.ts';

/** A final block with everything that clients ask about it. */
export interface FinalBlock {
  readonly hash: Hex;
  readonly block: Block;
  readonly transactions: readonly SignedTransaction[];
  readonly receipts: readonly Receipt[];
}

/** A log with its place in the chain. */
export interface PlacedLog {
  readonly log: Log;
  readonly blockHash: Hex;
  readonly height: number;
  readonly transactionHash: Hex;
  readonly transactionIndex: number;
  /** Index among all logs of the block. */
  readonly logIndex: number;
}

/** Logs, or why there are too many to return. */
export type LogsVerdict = { readonly ok: true; readonly logs: readonly PlacedLog[] } | { readonly ok: false; readonly reason: string };

/** What the ledger stands on. */
export interface LedgerOptions {
  readonly genesis: GenesisDocument;
  readonly store: LedgerStore;
  readonly clock: Clock;
  readonly keccak256: Keccak256;
  readonly decodeTransaction: TransactionDecoder;
  /** Checks validators' signatures in proofs of misbehaviour: of all validators the same, for the same bytes. */
  readonly verify: Verify;
  /** An EVM over the state in the store, whose root is given. */
  createEvm(stateRoot: Uint8Array): Promise<Evm>;
  /** Told of a waiting transaction that was given up, and why. */
  onDropped(hash: Hex, reason: string): void;
}

const recentBlocksMax = 64;
const committeesMax = 16;

export class Ledger implements OrderedLedger {
  readonly genesisHash: Hex;
  readonly chainId: number;
  readonly #options: LedgerOptions;
  readonly #evm: Evm;
  readonly #mempool: Mempool;
  readonly #recent = new Map<number, FinalBlock>();
  readonly #executableListeners: (() => void)[] = [];
  readonly #submittedListeners: ((raw: Uint8Array) => void)[] = [];
  readonly #leftOutListeners: (() => void)[] = [];
  /** How many blocks passed over each transaction that waits. */
  #passedOver = new Map<Hex, number>();
  readonly #blockListeners = new Set<(block: FinalBlock) => void>();
  /** Hashes of the latest blocks, which contracts ask for at 20 gas each: never looked up in the store. */
  readonly #blockHashes: Map<number, Hex>;
  readonly #turns = new Turns();
  readonly #systemPorts: Omit<SystemState, 'epoch'>;
  /** Of the epochs that were asked for lately. */
  readonly #committees = new Map<number, Committee>();
  #head: { readonly header: BlockHeader; readonly hash: Hex };
  #epoch: LedgerEpoch;
  /** Those that wait and mean something to validators: with every block they may have become impossible. */
  readonly #systemWaiting = new Set<Hex>();
  #journal: { writes: StoreWrite[]; durable: Promise<void> } | null = null;
  #journaling: Promise<void> = Promise.resolve();

  private constructor(options: LedgerOptions, evm: Evm, genesisHash: Hex, header: BlockHeader, blockHashes: Map<number, Hex>) {
    this.#options = options;
    this.#evm = evm;
    this.#blockHashes = blockHashes;
    this.#head = { header, hash: blockHashes.get(header.height) as Hex };
    // A block that changes the members is the last of its epoch.
    const epoch = this.epochAt(header.epoch + 1) ?? this.epochAt(header.epoch);
    if (epoch === undefined) throw corruptStore(say`The members of epoch ${header.epoch} are missing.`);
    this.#epoch = epoch;
    this.genesisHash = genesisHash;
    this.chainId = options.genesis.chainId;
    this.#systemPorts = {
      genesisHash,
      operator: options.genesis.operator as Hex | null,
      verify: options.verify,
      committeeOf: (number) => this.#committeeOf(number),
      isRecorded: (id) => this.#isRecorded(id),
    };
    this.#mempool = new Mempool((address) => evm.account(address));
  }

  /**
   * Opens the ledger in a store, or begins it there, and takes up the transactions that waited.
   * Errors: LEDGER_STORE_CORRUPT, LEDGER_STORE_VERSION, LEDGER_OTHER_NETWORK.
   */
  static async open(options: LedgerOptions): Promise<Ledger> {
    const { store, keccak256 } = options;
    const genesis = genesisBlock(options.genesis);
    const genesisHash = blockHash(genesis.header, keccak256);
    const headBytes = store.get(headKey);
    if (headBytes === undefined) {
      const [entry] = await store.scan({ from: Uint8Array.of(0), to: Uint8Array.of(255), limit: 1 });
      if (entry !== undefined) throw corruptStore('The ledger folder holds data but no record of its last final block.');
      const evm = await options.createEvm(emptyTrieRoot);
      const change = evm.genesis(genesisAccounts(options.genesis));
      assert(change.stateRoot === genesis.header.stateRoot, 'the EVM and the genesis block agree on the state');
      await store.write([
        ...change.writes,
        { key: blockKey(0), value: encodeBlock(genesis) },
        { key: receiptsKey(0), value: encodeReceipts([]) },
        { key: heightKey(genesisHash), value: toBigEndian(0n, 8) },
        {
          key: epochKey(0),
          value: encodeAs(ledgerEpochFormat, { number: 0, startHeight: 0, validators: options.genesis.validators }),
        },
        { key: headKey, value: encodeHeadRecord({ genesisHash, height: 0, blockHash: genesisHash }) },
      ]);
      evm.adopt(change);
      return new Ledger(options, evm, genesisHash, genesis.header, new Map([[0, genesisHash]]));
    }
    const record = decodeHeadRecord(headBytes);
    if (record.genesisHash !== genesisHash) {
      throw new AppError(
        'LEDGER_OTHER_NETWORK',
        {
          what: 'The ledger folder belongs to another network.',
          consequence: 'The ledger was not opened and nothing in it was changed.',
          remedy: 'Name the folder of this network, or the genesis document of that one.',
        },
        { data: { expected: genesisHash, found: record.genesisHash } },
      );
    }
    const { header, blockHashes } = checkChain(store, keccak256, record);
    const evm = await options.createEvm(fromHex(header.stateRoot));
    const ledger = new Ledger(options, evm, genesisHash, header, blockHashes);
    await ledger.#replayJournal();
    return ledger;
  }

  head(): { readonly header: BlockHeader; readonly hash: Hex } {
    return this.#head;
  }

  get epoch(): LedgerEpoch {
    return this.#epoch;
  }

  epochAt(number: number): LedgerEpoch | undefined {
    const bytes = this.#options.store.get(epochKey(number));
    return bytes === undefined ? undefined : decodeAs(ledgerEpochFormat, bytes);
  }

  hasExecutable(): boolean {
    return this.#mempool.hasExecutable();
  }

  onExecutable(listener: () => void): void {
    this.#executableListeners.push(listener);
  }

  /** Calls back after each final block; returns how to stop that. */
  onBlock(listener: (block: FinalBlock) => void): () => void {
    this.#blockListeners.add(listener);
    return () => this.#blockListeners.delete(listener);
  }

  /** Takes a signed transaction. An accepted one is durable when this resolves. Repeating one is no error. */
  async submit(raw: Uint8Array): Promise<SubmitVerdict> {
    const hash = this.#hashOf(raw);
    if (this.#options.store.get(transactionKey(hash)) !== undefined) return { ok: true, hash };
    const decoded = this.#admissible(raw);
    if (!decoded.ok) return { ok: false, reason: decoded.reason, quota: false };
    const { transaction } = decoded;
    const verdict = this.#mempool.add(transaction);
    if (verdict.kind === 'refused') return { ok: false, reason: verdict.reason, quota: verdict.quota };
    this.#watchSystem(transaction);
    const writes: StoreWrite[] = [{ key: pendingKey(hash), value: transaction.raw }];
    if (verdict.kind === 'added') {
      for (const evicted of verdict.evicted) {
        writes.push({ key: pendingKey(evicted.hash), value: null });
        this.#options.onDropped(evicted.hash, evicted.reason);
      }
    }
    await this.#writeJournal(verdict.kind === 'known' ? [] : writes);
    if (verdict.kind === 'added') for (const listener of this.#submittedListeners) listener(transaction.raw);
    for (const listener of this.#executableListeners) listener();
    return { ok: true, hash };
  }

  onLeftOut(listener: () => void): void {
    this.#leftOutListeners.push(listener);
  }

  onSubmitted(listener: (raw: Uint8Array) => void): void {
    this.#submittedListeners.push(listener);
  }

  *waitingTransactions(): Iterable<Uint8Array> {
    for (const { raw } of this.#mempool.transactions()) yield raw;
  }

  take(raw: Uint8Array): boolean {
    const hash = this.#hashOf(raw);
    if (this.#mempool.get(hash) !== undefined || this.#options.store.get(transactionKey(hash)) !== undefined) return false;
    const decoded = this.#admissible(raw);
    if (!decoded.ok) return false;
    const verdict = this.#mempool.add(decoded.transaction);
    if (verdict.kind !== 'added') return false;
    this.#watchSystem(decoded.transaction);
    for (const evicted of verdict.evicted) this.#options.onDropped(evicted.hash, evicted.reason);
    const writes = verdict.evicted.map((evicted) => ({ key: pendingKey(evicted.hash), value: null }));
    if (writes.length > 0) this.#writeJournal(writes).catch(() => undefined); // a disk that fails here fails the next block, and that is told
    return true;
  }

  isWaiting(raw: Uint8Array): boolean {
    return this.#mempool.get(this.#hashOf(raw)) !== undefined;
  }

  async propose(place: ProposalPlace): Promise<ExecutedBlock> {
    return this.#turns.block(async () => {
      const { clock } = this.#options;
      const startedMs = clock.nowMs();
      const context = this.#nextContext();
      const execution = this.#evm.begin(context);
      const transactions: SignedTransaction[] = [];
      const receipts: Receipt[] = [];
      const skipped = new Set<Hex>();
      const gasUsedBy = new Map<Hex, bigint>();
      const dropped: StoreWrite[] = [];
      const recorded = new Set<Hex>();
      let gasUsed = 0n;
      let bytes = 0;
      for (const transaction of this.#mempool.executable({ skipped, gasUsed: gasUsedBy })) {
        const { sender } = transaction;
        if (transactions.length >= blockTransactionsMax) break;
        if (bytes + transaction.raw.length > blockBytesMax || gasUsed + transaction.gasLimit > blockGasMax) {
          skipped.add(sender); // there may be room for a smaller one of another account
          continue;
        }
        const meaning = checkSystem(transaction, this.#systemState);
        if (meaning.ok && meaning.recordId !== null && recorded.has(meaning.recordId)) {
          skipped.add(sender); // it is impossible once the block is final, and goes then
          continue;
        }
        const outcome = meaning.ok ? await execution.run(transaction) : { kind: 'invalid' as const, reason: meaning.reason };
        if (outcome.kind === 'invalid') {
          skipped.add(sender);
          this.#mempool.remove(transaction.hash);
          dropped.push({ key: pendingKey(transaction.hash), value: null });
          this.#options.onDropped(transaction.hash, outcome.reason);
          continue;
        }
        gasUsed += outcome.gasUsed;
        gasUsedBy.set(sender, (gasUsedBy.get(sender) ?? 0n) + outcome.gasUsed);
        bytes += transaction.raw.length;
        transactions.push(transaction);
        receipts.push(receiptOf(transaction, outcome, gasUsed));
        if (meaning.ok && meaning.recordId !== null) recorded.add(meaning.recordId);
        if (endsEpoch(transaction)) break;
        if (clock.nowMs() - startedMs >= proposalMsMax) break;
      }
      if (dropped.length > 0) {
        await this.#writeJournal(dropped);
        for (const listener of this.#executableListeners) listener();
      }
      const change = execution.seal();
      const header = this.#headerOf(place.view, context, transactions, receipts, gasUsed, change.stateRoot);
      const block = { header, transactions: transactions.map(({ raw }) => raw) };
      return { hash: blockHash(header, this.#options.keccak256), block, transactions, receipts, change };
    });
  }

  async verify(block: Block, options: { checkClock: boolean }): Promise<BlockVerdict> {
    return this.#turns.block(async () => {
      const { header } = block;
      if (header.height !== this.#head.header.height + 1 || header.parentHash !== this.#head.hash)
        return invalid('block does not follow the head');
      if (header.epoch !== this.#epoch.number) return invalid('block is of another epoch');
      if (header.timestampSeconds < this.#head.header.timestampSeconds) return invalid('timestamp is before that of the parent');
      const nowSeconds = Math.floor(this.#options.clock.nowMs() / 1000);
      if (options.checkClock && header.timestampSeconds > nowSeconds + clockDriftSecondsMax) return invalid('timestamp is in the future');
      if (block.transactions.length > blockTransactionsMax) return invalid('too many transactions');
      if (block.transactions.reduce((total, raw) => total + raw.length, 0) > blockBytesMax) return invalid('too many bytes');
      const context = this.#contextAt(header.height, header.timestampSeconds);
      const transactions: SignedTransaction[] = [];
      const receipts: Receipt[] = [];
      let gasUsed = 0n;
      for (const raw of block.transactions) {
        // One that waits here was decoded when it came: its signature need not be looked at again.
        const waiting = this.#mempool.get(this.#hashOf(raw));
        const decoded = waiting === undefined ? this.#options.decodeTransaction(raw) : { ok: true as const, transaction: waiting };
        if (!decoded.ok) return invalid(decoded.reason);
        transactions.push(decoded.transaction);
      }
      const recorded = new Set<Hex>();
      const execution = this.#evm.begin(context);
      for (const [index, transaction] of transactions.entries()) {
        if (gasUsed + transaction.gasLimit > blockGasMax) return invalid('more gas than a block may use');
        const meaning = checkSystem(transaction, this.#systemState);
        if (!meaning.ok) return invalid(`transaction ${transaction.hash}: ${meaning.reason}`);
        if (meaning.recordId !== null && recorded.has(meaning.recordId)) return invalid('the same misbehaviour twice');
        if (meaning.recordId !== null) recorded.add(meaning.recordId);
        if (endsEpoch(transaction) && index < transactions.length - 1) return invalid('transactions after a change of the members');
        const outcome = await execution.run(transaction);
        if (outcome.kind === 'invalid') return invalid(`transaction ${transaction.hash}: ${outcome.reason}`);
        gasUsed += outcome.gasUsed;
        receipts.push(receiptOf(transaction, outcome, gasUsed));
      }
      const change = execution.seal();
      const expected = this.#headerOf(header.view, context, transactions, receipts, gasUsed, change.stateRoot);
      if (!equalBytes(encodeHeader(expected), encodeHeader(header))) return invalid('execution leads to another header');
      return { ok: true, executed: { hash: blockHash(header, this.#options.keccak256), block, transactions, receipts, change } };
    });
  }

  async commit(executed: ExecutedBlock, certificate: Certificate): Promise<void> {
    await this.#journaling;
    let isLeftOut = false;
    await this.#turns.block(async () => {
      const { header } = executed.block;
      assert(header.parentHash === this.#head.hash, 'a committed block follows the head');
      const next = this.#epochAfter(executed.block);
      const writes = [...executed.change.writes, ...this.#blockWrites(executed, certificate)];
      if (next !== null) writes.push({ key: epochKey(next.number), value: encodeAs(ledgerEpochFormat, next) });
      await this.#options.store.write(writes);
      this.#evm.adopt(executed.change);
      if (next !== null) this.#epoch = next;
      this.#head = { header, hash: executed.hash };
      this.#blockHashes.set(header.height, executed.hash).delete(header.height - blockHashesMax);
      isLeftOut = this.#countPassedOver(executed.transactions);
      for (const { hash } of executed.transactions) this.#mempool.remove(hash);
      const stale = this.#mempool.advance(new Set(executed.transactions.map(({ sender }) => sender)));
      for (const hash of stale) this.#options.onDropped(hash, 'another transaction with its nonce is final');
      const gone = [...stale, ...this.#giveUpImpossible()];
      if (gone.length > 0) await this.#writeJournal(gone.map((hash) => ({ key: pendingKey(hash), value: null })));
      this.#remember(executed);
    });
    const { hash, block, transactions, receipts } = executed;
    for (const listener of this.#blockListeners) listener({ hash, block, transactions, receipts });
    if (isLeftOut) for (const listener of this.#leftOutListeners) listener();
  }

  /** A final block by height. */
  blockAt(height: number): FinalBlock | undefined {
    const recent = this.#recent.get(height);
    if (recent !== undefined) return recent;
    const { store } = this.#options;
    const blockBytes = store.get(blockKey(height));
    const receiptBytes = store.get(receiptsKey(height));
    if (blockBytes === undefined || receiptBytes === undefined) return undefined;
    const block = decodeBlock(blockBytes);
    const transactions = block.transactions.map((raw) => {
      const decoded = this.#options.decodeTransaction(raw);
      if (!decoded.ok) throw corruptStore(say`Block ${height} holds an unreadable transaction (${decoded.reason}).`);
      return decoded.transaction;
    });
    return {
      hash: blockHash(block.header, this.#options.keccak256),
      block,
      transactions,
      receipts: decodeReceipts(new Decoder(receiptBytes)),
    };
  }

  /** The certificate of a final block; the genesis block has none. */
  certificateAt(height: number): Certificate | undefined {
    const bytes = this.#options.store.get(certificateKey(height));
    return bytes === undefined ? undefined : decodeCertificate(bytes);
  }

  certifiedAt(height: number): { readonly block: Block; readonly certificate: Certificate } | undefined {
    const certificate = this.certificateAt(height);
    const bytes = this.#options.store.get(blockKey(height));
    return certificate === undefined || bytes === undefined ? undefined : { block: decodeBlock(bytes), certificate };
  }

  /** The height of a final block. */
  heightOf(hash: Hex): number | undefined {
    const bytes = this.#options.store.get(heightKey(hash));
    return bytes === undefined ? undefined : new Decoder(bytes).count(8);
  }

  /** Where a transaction is in the chain, once it is final. */
  placeOf(transactionHash: Hex): { readonly height: number; readonly index: number } | undefined {
    const bytes = this.#options.store.get(transactionKey(transactionHash));
    if (bytes === undefined) return undefined;
    const decoder = new Decoder(bytes);
    return { height: decoder.count(8), index: decoder.count(2) };
  }

  /** A transaction that waits for a block. */
  waiting(hash: Hex): SignedTransaction | undefined {
    return this.#mempool.get(hash);
  }

  /** The nonce for the account's next transaction, after those that wait. */
  nextNonce(address: Hex): number {
    return this.#mempool.nextNonce(address);
  }

  account(address: Hex): AccountState {
    return this.#evm.account(address);
  }

  code(address: Hex): Uint8Array {
    return this.#evm.code(address);
  }

  storage(address: Hex, slot: Uint8Array): Uint8Array {
    return this.#evm.storage(address, slot);
  }

  /** Runs a call on the committed state as if in the next block: its height, and the time that it would have now. */
  async call(request: CallRequest): Promise<CallOutcome> {
    if (this.#turns.waitingCalls >= callsWaitingMax)
      return { kind: 'failed', reason: 'too many calls wait for this node: try again later' };
    return this.#turns.call(() => this.#evm.call(request, this.#nextContext()));
  }

  /** Logs of the blocks from `fromHeight` to `toHeight`, both included. */
  async logs(filter: LogFilter, fromHeight: number, toHeight: number): Promise<LogsVerdict> {
    const heights =
      filter.addresses.length > 0 ? await this.#loggingHeights(filter.addresses, fromHeight, toHeight) : heightRange(fromHeight, toHeight);
    if (heights === null) return { ok: false, reason: `query covers more than ${logQueryBlocksMax} blocks: narrow the block range` };
    const mayMatch = bloomMatcher(filter, this.#options.keccak256);
    const logs: PlacedLog[] = [];
    let dataBytes = 0;
    for (const height of heights) {
      const bloom = this.#bloomOf(height);
      const final = bloom !== undefined && mayMatch(bloom) ? this.blockAt(height) : undefined;
      if (final === undefined) continue;
      for (const placed of placedLogs(final)) {
        if (!matchesLog(filter, placed.log)) continue;
        logs.push(placed);
        dataBytes += placed.log.data.length;
      }
      if (logs.length > logResultsMax || dataBytes > logResultBytesMax)
        return {
          ok: false,
          reason: `query returns more than ${logResultsMax} logs or ${logResultBytesMax} bytes: narrow the block range or the topics`,
        };
    }
    return { ok: true, logs };
  }

  #bloomOf(height: number): Uint8Array | undefined {
    const recent = this.#recent.get(height);
    if (recent !== undefined) return recent.block.header.logsBloom;
    const bytes = this.#options.store.get(blockKey(height));
    return bytes === undefined ? undefined : decodeBlockHeader(bytes).logsBloom;
  }

  async #loggingHeights(addresses: readonly Hex[], fromHeight: number, toHeight: number): Promise<number[] | null> {
    const heights = new Set<number>();
    for (const address of addresses) {
      const entries = await this.#options.store.scan({
        from: logKey(address, fromHeight),
        to: logKey(address, toHeight + 1),
        limit: logQueryBlocksMax + 1,
      });
      for (const [key] of entries) heights.add(new Decoder(key.slice(-8)).count(8));
      if (heights.size > logQueryBlocksMax) return null;
    }
    return [...heights].sort((left, right) => left - right);
  }

  #headerOf(
    view: number,
    context: BlockContext,
    transactions: readonly SignedTransaction[],
    receipts: readonly Receipt[],
    gasUsed: bigint,
    stateRoot: Hex,
  ): BlockHeader {
    const { keccak256 } = this.#options;
    const blooms = receipts.map((receipt) => logsBloom(receipt.logs, keccak256));
    return {
      chainId: this.chainId,
      height: context.height,
      parentHash: this.#head.hash,
      epoch: this.#epoch.number,
      view,
      timestampSeconds: context.timestampSeconds,
      transactionsRoot: toHex(
        orderedTrieRoot(
          transactions.map(({ raw }) => raw),
          keccak256,
        ),
      ),
      stateRoot,
      receiptsRoot: toHex(
        orderedTrieRoot(
          receipts.map((receipt, index) => ethereumReceipt(receipt, blooms[index] as Uint8Array)),
          keccak256,
        ),
      ),
      gasUsed,
      logsBloom: uniteBlooms(blooms),
    };
  }

  #blockWrites(executed: ExecutedBlock, certificate: Certificate): StoreWrite[] {
    const { height } = executed.block.header;
    const heightBytes = toBigEndian(BigInt(height), 8);
    const writes: StoreWrite[] = [
      { key: blockKey(height), value: encodeBlock(executed.block) },
      { key: receiptsKey(height), value: encodeReceipts(executed.receipts) },
      { key: certificateKey(height), value: encodeCertificate(certificate) },
      { key: heightKey(executed.hash), value: heightBytes },
      { key: headKey, value: encodeHeadRecord({ genesisHash: this.genesisHash, height, blockHash: executed.hash }) },
    ];
    for (const [index, { hash }] of executed.transactions.entries()) {
      writes.push(
        { key: transactionKey(hash), value: concatBytes(heightBytes, toBigEndian(BigInt(index), 2)) },
        { key: pendingKey(hash), value: null },
      );
    }
    const addresses = new Set(executed.receipts.flatMap(({ logs }) => logs.map(({ address }) => address)));
    for (const address of addresses) writes.push({ key: logKey(address, height), value: new Uint8Array(0) });
    return writes;
  }

  #nextContext(): BlockContext {
    const { header } = this.#head;
    return this.#contextAt(header.height + 1, Math.max(header.timestampSeconds, Math.floor(this.#options.clock.nowMs() / 1000)));
  }

  #contextAt(height: number, timestampSeconds: number): BlockContext {
    return {
      height,
      timestampSeconds,
      blockHash: (wanted) => {
        return wanted < height && wanted >= height - blockHashesMax ? this.#blockHashes.get(wanted) : undefined;
      },
    };
  }

  /** Whether a block is the last of so many that passed over the same transaction. */
  #countPassedOver(included: readonly SignedTransaction[]): boolean {
    const passed = new Set(this.#mempool.passedOver(included));
    const counts = new Map([...this.#passedOver].filter(([hash]) => this.#mempool.get(hash) !== undefined));
    for (const hash of passed) counts.set(hash, (counts.get(hash) ?? 0) + 1);
    const isLeftOut = [...counts.values()].some((count) => count >= blocksLeftOutMax);
    this.#passedOver = isLeftOut ? new Map() : counts;
    return isLeftOut;
  }

  /** The epoch that begins after a block of the present one; null if it is not the last. */
  #epochAfter({ header, transactions }: Block): LedgerEpoch | null {
    const order = membershipOrderIn(transactions);
    return order === null ? null : { number: header.epoch + 1, startHeight: header.height, validators: order.validators };
  }

  recordCall(misbehaviour: Misbehaviour): Uint8Array | null {
    const committee = this.#committeeOf(misbehaviour.epoch);
    if (committee === undefined || !isProof(committee, this.#options.verify, misbehaviour.evidence)) return null;
    return this.#isRecorded(recordIdOf(committee, misbehaviour)) ? null : encodeRecordCall(committee, misbehaviour);
  }

  #committeeOf(number: number): Committee | undefined {
    const known = this.#committees.get(number);
    if (known !== undefined) return known;
    const epoch = this.epochAt(number);
    if (epoch === undefined || epoch.validators.length === 0) return undefined;
    const committee = new Committee(this.genesisHash, number, membersOf(epoch.validators));
    this.#committees.set(number, committee);
    for (const oldest of [...this.#committees.keys()].slice(0, Math.max(0, this.#committees.size - committeesMax)))
      this.#committees.delete(oldest);
    return committee;
  }

  #isRecorded(id: Hex): boolean {
    return this.#evm.storage(misbehaviourAddress, recordSlotOf(id)).some((byte) => byte !== 0);
  }

  /** What system transactions are checked against. */
  get #systemState(): SystemState {
    return { ...this.#systemPorts, epoch: this.#epoch };
  }

  /** A transaction of somebody that the next block could hold, but for the state of its account. */
  #admissible(raw: Uint8Array): TransactionVerdict {
    const decoded = this.#options.decodeTransaction(raw);
    if (!decoded.ok) return decoded;
    const meaning = checkSystem(decoded.transaction, this.#systemState);
    return meaning.ok ? decoded : meaning;
  }

  #watchSystem(transaction: SignedTransaction): void {
    if (isSystemTransaction(transaction)) this.#systemWaiting.add(transaction.hash);
  }

  /** Takes out of the pool what the last block made impossible, so that nobody waits for it: the others do the same. */
  #giveUpImpossible(): Hex[] {
    const gone: Hex[] = [];
    for (const hash of this.#systemWaiting) {
      const transaction = this.#mempool.get(hash);
      const meaning = transaction === undefined ? null : checkSystem(transaction, this.#systemState);
      if (meaning?.ok) continue;
      this.#systemWaiting.delete(hash);
      if (meaning === null) continue;
      this.#mempool.remove(hash);
      this.#options.onDropped(hash, meaning.reason);
      gone.push(hash);
    }
    return gone;
  }

  #hashOf(raw: Uint8Array): Hex {
    return toHex(this.#options.keccak256(raw));
  }

  #remember({ hash, block, transactions, receipts }: ExecutedBlock): void {
    this.#recent.set(block.header.height, { hash, block, transactions, receipts });
    this.#recent.delete(block.header.height - recentBlocksMax);
  }

  /** Adds to the pending journal. Writes that arrive while one is under way share the next. */
  #writeJournal(writes: readonly StoreWrite[]): Promise<void> {
    if (this.#journal !== null) {
      this.#journal.writes.push(...writes);
      return this.#journal.durable;
    }
    const batch: StoreWrite[] = [...writes];
    const durable = this.#journaling.then(() => {
      this.#journal = null;
      return this.#options.store.write(batch);
    });
    this.#journal = { writes: batch, durable };
    this.#journaling = durable;
    return durable;
  }

  async #replayJournal(): Promise<void> {
    const entries = await this.#options.store.scan({ ...pendingRange, limit: mempoolTransactionsMax + 1 });
    const dropped: StoreWrite[] = [];
    const waiting: SignedTransaction[] = [];
    for (const [key, raw] of entries) {
      const decoded = this.#admissible(raw);
      if (decoded.ok) {
        waiting.push(decoded.transaction);
        continue;
      }
      dropped.push({ key, value: null });
      this.#options.onDropped(toHex(key.slice(1)), decoded.reason);
    }
    waiting.sort((left, right) => left.nonce - right.nonce);
    for (const transaction of waiting) {
      const verdict = this.#mempool.restore(transaction);
      this.#watchSystem(transaction);
      if (verdict.kind !== 'refused') continue;
      dropped.push({ key: pendingKey(transaction.hash), value: null });
      this.#options.onDropped(transaction.hash, verdict.reason);
    }
    if (dropped.length > 0) await this.#options.store.write(dropped);
  }
}

/** All logs of a block with their places. */
export function placedLogs(final: FinalBlock): PlacedLog[] {
  let logIndex = 0;
  return final.receipts.flatMap((receipt, transactionIndex) =>
    receipt.logs.map((log) => ({
      log,
      blockHash: final.hash,
      height: final.block.header.height,
      transactionHash: (final.transactions[transactionIndex] as SignedTransaction).hash,
      transactionIndex,
      logIndex: logIndex++,
    })),
  );
}

function receiptOf(
  transaction: SignedTransaction,
  outcome: { succeeded: boolean; gasUsed: bigint; logs: readonly Log[]; contractAddress: Hex | null },
  cumulativeGasUsed: bigint,
): Receipt {
  const { succeeded, gasUsed, logs, contractAddress } = outcome;
  return { type: transaction.type, succeeded, gasUsed, cumulativeGasUsed, logs, contractAddress };
}

function invalid(reason: string): BlockVerdict {
  return { ok: false, reason };
}

function heightRange(fromHeight: number, toHeight: number): number[] | null {
  const count = toHeight - fromHeight + 1;
  if (count > logQueryBlocksMax) return null;
  return Array.from({ length: Math.max(0, count) }, (_, index) => fromHeight + index);
}

/** Checks that the head's state is there and that its last blocks are a chain; returns the head's header and the hashes of the latest blocks. */
function checkChain(
  store: LedgerStore,
  keccak256: Keccak256,
  record: { genesisHash: Hex; height: number; blockHash: Hex },
): { header: BlockHeader; blockHashes: Map<number, Hex> } {
  const blockHashes = new Map<number, Hex>();
  let expected = record.blockHash;
  let head: BlockHeader | undefined;
  for (let height = record.height; height >= 0 && height > record.height - checkedBlocksMax; height--) {
    const header = readHeader(store, height);
    if (blockHash(header, keccak256) !== expected) throw corruptStore(say`Block ${height} is not the one that its successor names.`);
    if (store.get(receiptsKey(height)) === undefined) throw corruptStore(say`The receipts of block ${height} are missing.`);
    head ??= header;
    if (height > record.height - blockHashesMax) blockHashes.set(height, expected);
    expected = header.parentHash;
  }
  if (head === undefined) throw corruptStore('The last final block is missing.');
  if (blockHash(readHeader(store, 0), keccak256) !== record.genesisHash) throw corruptStore('The genesis block is damaged.');
  const root = store.get(nodeKey(new Uint8Array(0)));
  const stateRoot = root === undefined ? emptyTrieRoot : keccak256(root);
  if (toHex(stateRoot) !== head.stateRoot) throw corruptStore('The state is not the one that the last final block names.');
  return { header: head, blockHashes };
}

function readHeader(store: LedgerStore, height: number): BlockHeader {
  const bytes = store.get(blockKey(height));
  if (bytes === undefined) throw corruptStore(say`Block ${height} is missing.`);
  try {
    return decodeBlock(bytes).header;
  } catch (error) {
    if (error instanceof DecodeError) throw corruptStore(say`Block ${height} is unreadable (${error.message}).`);
    throw error;
  }
}
