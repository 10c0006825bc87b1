/** Every bound of the ledger, in one place. Changing one of the first group changes which blocks are valid: all validators of a network share them. */

/** Transactions in one block. */
export const blockTransactionsMax = 200;
/** Gas that the transactions of one block may use together. */
export const blockGasMax = 30_000_000n;
/** Gas limit of one transaction (the bound of EIP-7825), so that no single one can hold a block for long. */
export const transactionGasMax = 16_777_216n;
/** Encoded bytes of one transaction. */
export const transactionBytesMax = 131_072;
/** Encoded bytes of all transactions of one block. */
export const blockBytesMax = 4_194_304;
/** Seconds by which the timestamp of a proposed block may be ahead of a validator's clock. */
export const clockDriftSecondsMax = 5;

/** Milliseconds after which a proposer puts no further transaction into a block. */
export const proposalMsMax = 250;

/** Transactions that wait for a block, of all accounts. */
export const mempoolTransactionsMax = 16_384;
/** Encoded bytes of the transactions that wait for a block. */
export const mempoolBytesMax = 67_108_864;
/** Transactions of one account that wait for a block. */
export const accountTransactionsMax = 1_024;
/** Gas limits of the waiting transactions of one funded account, all together. */
export const accountWaitingGasMax = 200_000_000n;
/** Wei from which on an account is funded (0.01 coin). Coins come from an operator, accounts from nowhere: only the first can be rationed. */
export const fundedWeiMin = 10n ** 16n;
/** Gas limit of a transaction from an account that is not funded: several times an enrolment, a fraction of a second of execution. */
export const unfundedTransactionGasMax = 2_000_000n;
/** Gas of one block that a funded account may use before all others had their turn. A proposer's rule: blocks that break it are valid. */
export const accountBlockGasMax = transactionGasMax;
/** How far the nonce of a waiting transaction may be ahead of those that its account can execute. */
export const nonceGapMax = 64;

/** Bytes of one JSON-RPC request over HTTP or one WebSocket message. */
export const requestBytesMax = 2_097_152;
/** Calls in one JSON-RPC batch. */
export const batchCallsMax = 500;
/** Calls of a batch that are answered at once, so that one client's batch leaves room between for those of others. */
export const batchCallsAtOnceMax = 16;
/** Characters of all results of one JSON-RPC request. */
export const answerLengthMax = 33_554_432;
/** Gas of one eth_call; no more than a block may use. */
export const callGasMax = blockGasMax;
/** Calls of all clients that wait for the EVM. */
export const callsWaitingMax = 256;
/** Blocks that one log query without an address may span. */
export const logQueryBlocksMax = 10_000;
/** Logs that one query returns. */
export const logResultsMax = 10_000;
/** Bytes of data in the logs that one query returns. */
export const logResultBytesMax = 8_388_608;
/** Addresses, or alternatives of one topic, in a log query. */
export const logAlternativesMax = 256;
/** Filters that eth_newFilter and eth_newBlockFilter keep, of all clients. */
export const filtersMax = 1_024;
/** Milliseconds after which a filter that nobody polls is forgotten. */
export const filterIdleMsMax = 300_000;
/** Subscriptions of one WebSocket connection. */
export const subscriptionsMax = 64;
/** Open WebSocket connections. */
export const webSocketsMax = 256;
/** Bytes that wait for a slow WebSocket reader before it is disconnected. */
export const webSocketBufferedBytesMax = 8_388_608;
/** Blocks of one eth_feeHistory answer. */
export const feeHistoryBlocksMax = 1_024;

/** Block hashes that the BLOCKHASH instruction reaches back (EVM rule). */
export const blockHashesMax = 256;
/** Trie nodes, accounts and storage slots that are kept in memory before the caches are dropped. */
export const cachedEntriesMax = 400_000;
/** Bytes of contract code that are kept in memory before the caches are dropped. */
export const cachedCodeBytesMax = 67_108_864;
/** Latest blocks whose chain of hashes is checked when a store is opened. */
export const checkedBlocksMax = 1_024;
/** Blocks whose pace a validator remembers at least, once it has made so many; it keeps up to twice as many. */
export const paceBlocksMax = 2_048;
