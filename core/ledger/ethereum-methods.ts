/**
 * The Ethereum JSON-RPC methods over a ledger. `latest`, `safe`, `finalized` and `pending` are the same
 * block here, because every block is final. State is kept for the latest block only: a question about the
 * state of an earlier one is refused. Calls and estimates run as if in the next block, at the present time,
 * since an idle chain makes no blocks and the time of the last one may be long past.
 */
import { z } from 'zod';
import { equalBytes, fromHex, type Hex, toHex } from '../base/bytes.ts';
import { DecodeError, Decoder } from '../base/codec.ts';
import type { Clock, Random } from '../base/ports.ts';
import { blockJson, headerJson, logJson, quantity, receiptJson, transactionJson } from './ethereum-json.ts';
import type { CallOutcome, CallRequest } from './evm.ts';
import { RpcError, type RpcMethod, type RpcSession, rpcErrorCodes } from './json-rpc.ts';
import { type FinalBlock, type Ledger, placedLogs } from './ledger.ts';
import {
  callGasMax,
  feeHistoryBlocksMax,
  filterIdleMsMax,
  filtersMax,
  logAlternativesMax,
  subscriptionsMax,
  transactionBytesMax,
  transactionGasMax,
} from './limits.ts';
import { type LogFilter, matchesLog } from './log-filter.ts';
import type { Keccak256 } from './merkle-patricia-trie.ts';

/** What the methods stand on. */
export interface EthereumMethodsOptions {
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly random: Random;
  readonly keccak256: Keccak256;
  /** Name and version, for web3_clientVersion. */
  readonly clientVersion: string;
}

const hexText = z.string().regex(/^0x[0-9a-fA-F]*$/, 'hexadecimal with prefix 0x');
const lowerCase = (text: string): Hex => text.toLowerCase() as Hex;
const address = hexText.length(42, 'address of 20 bytes').transform(lowerCase);
const hash = hexText.length(66, 'hash of 32 bytes').transform(lowerCase);
const bytes = hexText
  .max(2 + 2 * transactionBytesMax, `at most ${transactionBytesMax} bytes`)
  .refine((text) => text.length % 2 === 0, 'whole bytes')
  .transform((text) => fromHex(text.toLowerCase()));
const amount = z
  .string()
  .regex(/^0x[0-9a-fA-F]{1,64}$/, 'quantity in hexadecimal with prefix 0x')
  .transform((text) => BigInt(text));
const slot = amount.transform((value) => fromHex(`0x${value.toString(16).padStart(64, '0')}`));
const blockTag = z.union([
  z.enum(['latest', 'safe', 'finalized', 'pending', 'earliest']),
  amount,
  z.object({ blockNumber: amount }).transform(({ blockNumber }) => blockNumber),
  z.object({ blockHash: hash }),
]);
type BlockTag = z.output<typeof blockTag>;
const accessList = z.array(z.object({ address, storageKeys: z.array(hash).max(1_024) })).max(1_024);
const call = z.object({
  from: address.optional(),
  to: address.nullish(),
  gas: amount.optional(),
  value: amount.optional(),
  data: bytes.optional(),
  input: bytes.optional(),
  accessList: accessList.nullish(),
});
const alternatives = <Item extends z.ZodType>(item: Item) =>
  z.union([item.transform((one) => [one]), z.array(item).max(logAlternativesMax)]);
const logQuery = z.object({
  fromBlock: blockTag.optional(),
  toBlock: blockTag.optional(),
  blockHash: hash.optional(),
  address: alternatives(address).nullish(),
  topics: z.array(alternatives(hash).nullable()).max(4).nullish(),
});
type LogQuery = z.output<typeof logQuery>;

interface Filter {
  /** Null: a block filter. */
  readonly logs: { readonly filter: LogFilter; readonly query: LogQuery } | null;
  /** The last height whose changes were fetched. */
  height: number;
  polledMs: number;
}

/** The table of methods, by name. */
export function ethereumMethods(options: EthereumMethodsOptions): ReadonlyMap<string, RpcMethod> {
  const { ledger, clock, random, keccak256 } = options;
  const filters = new Map<string, Filter>();
  const subscriptions = new WeakMap<RpcSession, Map<string, () => void>>();

  const headHeight = (): number => ledger.head().header.height;

  /** The height that a tag names; undefined where there is no such block. */
  const heightOf = (tag: BlockTag): number | undefined => {
    if (typeof tag === 'object') return ledger.heightOf(tag.blockHash);
    if (typeof tag === 'bigint') return tag <= BigInt(headHeight()) ? Number(tag) : undefined;
    return tag === 'earliest' ? 0 : headHeight();
  };

  const requireLatest = (tag: BlockTag): void => {
    const height = heightOf(tag);
    if (height === undefined) throw new RpcError(rpcErrorCodes.server, 'unknown block');
    if (height !== headHeight()) {
      throw new RpcError(
        rpcErrorCodes.server,
        `state of block ${height} is not kept: this node answers for the latest block (${headHeight()}) only; use "latest"`,
      );
    }
  };

  const callRequest = (fields: z.output<typeof call>, gasMax: bigint): CallRequest => {
    const { data, input } = fields;
    if (data !== undefined && input !== undefined && !equalBytes(data, input)) throw invalidParams('data and input differ');
    const gas = fields.gas ?? gasMax;
    return {
      from: fields.from ?? '0x0000000000000000000000000000000000000000',
      to: fields.to ?? null,
      value: fields.value ?? 0n,
      data: input ?? data ?? new Uint8Array(0),
      gasLimit: gas < gasMax ? gas : gasMax,
      accessList: fields.accessList ?? [],
    };
  };

  const estimateGas = async (request: CallRequest): Promise<bigint> => {
    const first = await ledger.call(request);
    if (first.kind !== 'returned') throw callError(first);
    // Gas costs nothing, so an estimate need not be tight: the first of these bounds under which the call succeeds.
    for (const bound of [first.gasUsed, (first.gasUsed * 65n) / 64n + 2_300n, (first.gasUsed * 5n) / 4n + 10_000n]) {
      if (bound >= request.gasLimit) break;
      if ((await ledger.call({ ...request, gasLimit: bound })).kind === 'returned') return bound;
    }
    return request.gasLimit;
  };

  const queryLogs = async (query: LogQuery, from: number, to: number): Promise<unknown[]> => {
    const verdict = await ledger.logs(filterOf(query), from, to);
    if (!verdict.ok) throw new RpcError(rpcErrorCodes.limit, verdict.reason);
    return verdict.logs.map(logJson);
  };

  const allLogs = async (query: LogQuery): Promise<unknown[]> => {
    if (query.blockHash !== undefined) {
      if (query.fromBlock !== undefined || query.toBlock !== undefined) throw invalidParams('blockHash excludes fromBlock and toBlock');
      const height = ledger.heightOf(query.blockHash);
      if (height === undefined) throw new RpcError(rpcErrorCodes.server, 'unknown block');
      return queryLogs(query, height, height);
    }
    const from = heightOf(query.fromBlock ?? 'latest') ?? headHeight() + 1;
    const to = heightOf(query.toBlock ?? 'latest') ?? headHeight();
    return from > to ? [] : queryLogs(query, from, to);
  };

  const newId = (): string => quantity(BigInt(toHex(random.bytes(16))));

  const addFilter = (logs: Filter['logs']): string => {
    const nowMs = clock.nowMs();
    for (const [id, filter] of filters) if (nowMs - filter.polledMs > filterIdleMsMax) filters.delete(id);
    if (filters.size >= filtersMax)
      throw new RpcError(rpcErrorCodes.limit, `more than ${filtersMax} filters: uninstall some or use eth_getLogs`);
    const id = newId();
    filters.set(id, { logs, height: headHeight(), polledMs: nowMs });
    return id;
  };

  const filterAt = (id: string): Filter => {
    const filter = filters.get(id);
    if (filter === undefined) throw new RpcError(rpcErrorCodes.server, 'filter not found');
    filter.polledMs = clock.nowMs();
    return filter;
  };

  const filterChanges = async (filter: Filter): Promise<unknown[]> => {
    const from = filter.height + 1;
    filter.height = headHeight();
    if (filter.logs !== null) return filter.height < from ? [] : queryLogs(filter.logs.query, from, filter.height);
    return Array.from({ length: filter.height - from + 1 }, (_, index) => ledger.blockAt(from + index)?.hash);
  };

  const subscribe = (kind: string, query: LogQuery, session: RpcSession | null): string => {
    if (session === null) throw new RpcError(rpcErrorCodes.method, 'eth_subscribe needs a WebSocket connection');
    let own = subscriptions.get(session);
    if (own === undefined) {
      own = new Map();
      subscriptions.set(session, own);
      const all = own;
      session.onClose(() => {
        for (const stop of all.values()) stop();
        all.clear();
      });
    }
    if (own.size >= subscriptionsMax)
      throw new RpcError(rpcErrorCodes.limit, `more than ${subscriptionsMax} subscriptions on one connection`);
    const id = newId();
    const tell = (result: unknown): void =>
      session.notify(JSON.stringify({ jsonrpc: '2.0', method: 'eth_subscription', params: { subscription: id, result } }));
    const filter = filterOf(query);
    const onBlock = (final: FinalBlock): void => {
      if (kind === 'newHeads') tell(headerJson(final));
      else for (const placed of placedLogs(final)) if (matchesLog(filter, placed.log)) tell(logJson(placed));
    };
    own.set(id, ledger.onBlock(onBlock));
    return id;
  };

  const finalTransaction = (transactionHash: Hex): { final: FinalBlock; index: number } | null => {
    const place = ledger.placeOf(transactionHash);
    const final = place === undefined ? undefined : ledger.blockAt(place.height);
    return place === undefined || final === undefined ? null : { final, index: place.index };
  };

  const receiptAt = (final: FinalBlock, index: number): unknown => receiptJson(final, index, placedLogs(final), keccak256);

  return new Map<string, RpcMethod>(
    Object.entries({
      web3_clientVersion: () => options.clientVersion,
      net_version: () => String(ledger.chainId),
      net_listening: () => true,
      eth_chainId: () => quantity(ledger.chainId),
      eth_syncing: () => false,
      eth_accounts: () => [],
      eth_blockNumber: () => quantity(headHeight()),
      eth_gasPrice: () => '0x0',
      eth_maxPriorityFeePerGas: () => '0x0',
      eth_feeHistory: method([amount, blockTag, z.array(z.number()).max(100).nullish()], (count, tag, percentiles) => {
        const newest = heightOf(tag);
        if (newest === undefined) throw new RpcError(rpcErrorCodes.server, 'unknown block');
        const length = Math.min(Number(count), feeHistoryBlocksMax, newest + 1);
        const none = percentiles?.map(() => '0x0');
        return {
          oldestBlock: quantity(newest - length + 1),
          baseFeePerGas: new Array<string>(length + 1).fill('0x0'),
          gasUsedRatio: new Array<number>(length).fill(0),
          ...(none === undefined ? {} : { reward: new Array<string[]>(length).fill(none) }),
        };
      }),
      eth_getBlockByNumber: method([blockTag, z.boolean().default(false)], (tag, whole) => {
        const height = heightOf(tag);
        const final = height === undefined ? undefined : ledger.blockAt(height);
        return final === undefined ? null : blockJson(final, whole);
      }),
      eth_getBlockByHash: method([hash, z.boolean().default(false)], (blockHash, whole) => {
        const height = ledger.heightOf(blockHash);
        const final = height === undefined ? undefined : ledger.blockAt(height);
        return final === undefined ? null : blockJson(final, whole);
      }),
      eth_getBlockReceipts: method([blockTag], (tag) => {
        const height = heightOf(tag);
        const final = height === undefined ? undefined : ledger.blockAt(height);
        return final === undefined ? null : final.receipts.map((_, index) => receiptAt(final, index));
      }),
      eth_getTransactionByHash: method([hash], (transactionHash) => {
        const place = finalTransaction(transactionHash);
        if (place !== null) return transactionJson(place.final.transactions[place.index] as FinalBlock['transactions'][number], place);
        const waiting = ledger.waiting(transactionHash);
        return waiting === undefined ? null : transactionJson(waiting, null);
      }),
      eth_getTransactionReceipt: method([hash], (transactionHash) => {
        const place = finalTransaction(transactionHash);
        return place === null ? null : receiptAt(place.final, place.index);
      }),
      eth_getTransactionCount: method([address, blockTag.default('latest')], (of, tag) => {
        if (tag === 'pending') return quantity(ledger.nextNonce(of));
        requireLatest(tag);
        return quantity(ledger.account(of).nonce);
      }),
      eth_getBalance: method([address, blockTag.default('latest')], (of, tag) => {
        requireLatest(tag);
        return quantity(ledger.account(of).balance);
      }),
      eth_getCode: method([address, blockTag.default('latest')], (of, tag) => {
        requireLatest(tag);
        return toHex(ledger.code(of));
      }),
      eth_getStorageAt: method([address, slot, blockTag.default('latest')], (of, key, tag) => {
        requireLatest(tag);
        return toHex(ledger.storage(of, key));
      }),
      eth_call: method([call, blockTag.default('latest')], async (fields, tag) => {
        requireLatest(tag);
        const outcome = await ledger.call(callRequest(fields, callGasMax));
        if (outcome.kind !== 'returned') throw callError(outcome);
        return toHex(outcome.data);
      }),
      eth_estimateGas: method([call, blockTag.default('latest')], async (fields, tag) => {
        requireLatest(tag);
        return quantity(await estimateGas(callRequest(fields, transactionGasMax)));
      }),
      eth_sendRawTransaction: method([bytes], async (raw) => {
        const verdict = await ledger.submit(raw);
        if (!verdict.ok) throw new RpcError(verdict.quota ? rpcErrorCodes.limit : rpcErrorCodes.server, verdict.reason);
        return verdict.hash;
      }),
      eth_getLogs: method([logQuery], allLogs),
      eth_newFilter: method([logQuery], (query) => addFilter({ filter: filterOf(query), query })),
      eth_newBlockFilter: () => addFilter(null),
      eth_getFilterChanges: method([z.string().max(66)], (id) => filterChanges(filterAt(id))),
      eth_getFilterLogs: method([z.string().max(66)], (id) => {
        const { logs } = filterAt(id);
        if (logs === null) throw invalidParams('not a log filter');
        return allLogs(logs.query);
      }),
      eth_uninstallFilter: method([z.string().max(66)], (id) => filters.delete(id)),
      eth_subscribe: (params: readonly unknown[], session: RpcSession | null) => {
        const [kind, query] = parsed([z.enum(['newHeads', 'logs']), logQuery.default({})], params);
        return subscribe(kind, query, session);
      },
      eth_unsubscribe: (params: readonly unknown[], session: RpcSession | null) => {
        const [id] = parsed([z.string().max(66)], params);
        const own = session === null ? undefined : subscriptions.get(session);
        own?.get(id)?.();
        return own?.delete(id) ?? false;
      },
    }),
  );
}

function filterOf(query: LogQuery): LogFilter {
  return { addresses: query.address ?? [], topics: query.topics ?? [] };
}

type Schemas = readonly z.ZodType[];
type Parsed<Items extends Schemas> = { [Index in keyof Items]: z.output<Items[Index]> };

function method<const Items extends Schemas>(schemas: Items, implementation: (...params: Parsed<Items>) => unknown): RpcMethod {
  return (params) => implementation(...parsed(schemas, params));
}

function parsed<const Items extends Schemas>(schemas: Items, params: readonly unknown[]): Parsed<Items> {
  if (params.length > schemas.length) throw invalidParams(`at most ${schemas.length} parameters`);
  return schemas.map((schema, index) => {
    const result = schema.safeParse(params[index]);
    if (result.success) return result.data;
    const issue = result.error.issues[0];
    throw invalidParams(
      `parameter ${index}${issue === undefined || issue.path.length === 0 ? '' : ` (${issue.path.join('.')})`}: ${issue?.message ?? 'not valid'}`,
    );
  }) as Parsed<Items>;
}

function invalidParams(message: string): RpcError {
  return new RpcError(rpcErrorCodes.params, message);
}

function callError(outcome: Exclude<CallOutcome, { kind: 'returned' }>): RpcError {
  if (outcome.kind === 'failed') return new RpcError(rpcErrorCodes.server, outcome.reason);
  const reason = revertReason(outcome.data);
  return new RpcError(
    rpcErrorCodes.reverted,
    reason === null ? 'execution reverted' : `execution reverted: ${reason}`,
    toHex(outcome.data),
  );
}

/** The text of Solidity's `Error(string)`; null where a contract reverted with anything else. */
function revertReason(data: Uint8Array): string | null {
  try {
    const decoder = new Decoder(data);
    if (toHex(decoder.fixed(4)) !== '0x08c379a0' || decoder.uint(32) !== 32n) return null;
    return new TextDecoder().decode(decoder.fixed(decoder.count(32)));
  } catch (error) {
    if (error instanceof DecodeError) return null;
    throw error;
  }
}
