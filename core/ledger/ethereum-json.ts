/** Blocks, transactions, receipts and logs as the Ethereum JSON-RPC writes them (execution-apis schema). */
import { toHex } from '../base/bytes.ts';
import { encodeBlock } from './block.ts';
import type { FinalBlock, PlacedLog } from './ledger.ts';
import { blockGasMax } from './limits.ts';
import type { Keccak256 } from './merkle-patricia-trie.ts';
import { logsBloom } from './receipt.ts';
import type { SignedTransaction } from './transaction.ts';

const zeroAddress = '0x0000000000000000000000000000000000000000';
const zeroHash = '0x0000000000000000000000000000000000000000000000000000000000000000';
/** Hash of an empty list of uncles. */
const noUncles = '0x1dcc4de8dec75d7aab85b567b6ccd41ad312451b948a7413f0a142fd40d49347';

/** A number as a JSON-RPC quantity. */
export function quantity(value: number | bigint): string {
  return `0x${value.toString(16)}`;
}

/** A block header, with the fields that do not exist here at the values that stand for "none". */
export function headerJson({ hash, block: { header } }: Pick<FinalBlock, 'hash' | 'block'>): Record<string, unknown> {
  return {
    hash,
    parentHash: header.parentHash,
    sha3Uncles: noUncles,
    miner: zeroAddress,
    stateRoot: header.stateRoot,
    transactionsRoot: header.transactionsRoot,
    receiptsRoot: header.receiptsRoot,
    logsBloom: toHex(header.logsBloom),
    difficulty: '0x0',
    number: quantity(header.height),
    gasLimit: quantity(blockGasMax),
    gasUsed: quantity(header.gasUsed),
    timestamp: quantity(header.timestampSeconds),
    extraData: '0x',
    mixHash: zeroHash,
    nonce: '0x0000000000000000',
    baseFeePerGas: '0x0',
    blobGasUsed: '0x0',
    excessBlobGas: '0x0',
  };
}

/** A block with its transactions, or with their hashes. */
export function blockJson(final: FinalBlock, whole: boolean): Record<string, unknown> {
  return {
    ...headerJson(final),
    totalDifficulty: '0x0',
    size: quantity(encodeBlock(final.block).length),
    uncles: [],
    withdrawals: [],
    transactions: final.transactions.map((transaction, index) =>
      whole ? transactionJson(transaction, { final, index }) : transaction.hash,
    ),
  };
}

/** A transaction; `place` is null while it waits. */
export function transactionJson(
  transaction: SignedTransaction,
  place: { final: FinalBlock; index: number } | null,
): Record<string, unknown> {
  const { fees, signature } = transaction;
  return {
    hash: transaction.hash,
    type: quantity(transaction.type),
    blockHash: place?.final.hash ?? null,
    blockNumber: place === null ? null : quantity(place.final.block.header.height),
    transactionIndex: place === null ? null : quantity(place.index),
    from: transaction.sender,
    to: transaction.to,
    nonce: quantity(transaction.nonce),
    gas: quantity(transaction.gasLimit),
    value: quantity(transaction.value),
    input: toHex(transaction.data),
    ...('gasPrice' in fees
      ? { gasPrice: quantity(fees.gasPrice) }
      : { gasPrice: '0x0', maxFeePerGas: quantity(fees.maxFeePerGas), maxPriorityFeePerGas: quantity(fees.maxPriorityFeePerGas) }),
    ...(transaction.type === 0 ? {} : { accessList: transaction.accessList, yParity: quantity(signature.v) }),
    chainId: quantity(transaction.chainId),
    v: quantity(signature.v),
    r: quantity(signature.r),
    s: quantity(signature.s),
  };
}

/** The receipt of a transaction of a final block. `logs` are those of the block. */
export function receiptJson(final: FinalBlock, index: number, logs: readonly PlacedLog[], keccak256: Keccak256): Record<string, unknown> {
  const transaction = final.transactions[index] as SignedTransaction;
  const receipt = final.receipts[index] as FinalBlock['receipts'][number];
  return {
    transactionHash: transaction.hash,
    transactionIndex: quantity(index),
    blockHash: final.hash,
    blockNumber: quantity(final.block.header.height),
    from: transaction.sender,
    to: transaction.to,
    cumulativeGasUsed: quantity(receipt.cumulativeGasUsed),
    gasUsed: quantity(receipt.gasUsed),
    effectiveGasPrice: '0x0',
    contractAddress: receipt.contractAddress,
    logs: logs.filter(({ transactionIndex }) => transactionIndex === index).map(logJson),
    logsBloom: toHex(logsBloom(receipt.logs, keccak256)),
    status: receipt.succeeded ? '0x1' : '0x0',
    type: quantity(receipt.type),
  };
}

/** A log in its place. */
export function logJson(placed: PlacedLog): Record<string, unknown> {
  return {
    address: placed.log.address,
    topics: placed.log.topics,
    data: toHex(placed.log.data),
    blockHash: placed.blockHash,
    blockNumber: quantity(placed.height),
    transactionHash: placed.transactionHash,
    transactionIndex: quantity(placed.transactionIndex),
    logIndex: quantity(placed.logIndex),
    removed: false,
  };
}
