/**
 * Sends transactions over Ethereum JSON-RPC with ethers. Signing and simulation happen here; what is sent, and that it
 * is stored before, is the outbox's affair (core/sharing/outbox.ts).
 */
import { setTimeout as delay } from 'node:timers/promises';
import { type Interface, isError, Transaction, type TransactionReceipt, type TransactionRequest, Wallet } from 'ethers';
import { AppError } from '../base/app-error.ts';
import { type Hex, toHex } from '../base/bytes.ts';
import { type Sentence, say, verbatim } from '../base/sentence.ts';
import type { ContractCall, ContractName, SignedTransaction, TransactionFate, TransactionSender } from '../sharing/chain.ts';
import { loadContractArtifact } from './contract-artifacts.ts';
import type { ChainProvider } from './ethers-provider.ts';

/** How often a waiting transaction is asked for. */
const POLL_MS = 100;
/** Polls after which a transaction that the chain does not show is handed over again. */
const POLLS_PER_DELIVERY = 50;
/** Polls after which another node is asked: this one may be cut off from the others. */
const POLLS_PER_NODE = 100;
/** Gas above the estimate, in percent: state may change between simulation and inclusion. */
const GAS_MARGIN_PERCENT = 25n;
/** Most that one transaction may cost in fees, in wei: what a node asks beyond that is not signed. */
const FEE_WEI_MAX = 10n ** 18n / 4n;

/** EIP-1474: the request exceeds a limit of the node; a validator of our own answers so where a quota is used up. */
const LIMIT_EXCEEDED = -32_005;

/** Words of nodes for a call that was executed and failed. */
const EXECUTION_FAILED = /revert|out of gas|gas required exceeds|invalid opcode|invalid jump|stack (?:over|under)flow/i;

/**
 * An unreachable node as an AppError, and so one that answers with an error or with something else than a chain would say:
 * it is behind, overloaded, or a page that asks to log in to the network. Anything else is passed on.
 */
export function chainFailure(error: unknown): unknown {
  if (error instanceof AppError) return error;
  const code = (error as { code?: unknown } | null)?.code;
  // Only ethers' own errors have a short message, and whatever they complain of came from the node.
  const isOfNode = error instanceof Error && 'shortMessage' in error;
  if (!isOfNode && code !== 'ECONNREFUSED' && code !== 'ECONNRESET') return error;
  const silent = !isOfNode || isError(error, 'NETWORK_ERROR') || isError(error, 'TIMEOUT') || isError(error, 'SERVER_ERROR');
  return new AppError(
    'CHAIN_UNREACHABLE',
    {
      what: silent ? 'The chain does not answer.' : say`The chain does not answer with anything that can be used (${String(code)}).`,
      consequence: 'What was waiting to be sent is kept and is sent when the chain is back.',
      remedy: 'Check that the validator runs and that its address is right, then repeat the step.',
    },
    { cause: error },
  );
}

/**
 * The contract's own reason for a revert, by name and arguments, or the node's message; undefined for any other failure. ethers calls
 * every error of a simulated call a revert, also one of a node that is behind or overloaded.
 */
export function revertReason(error: unknown, abis: readonly Interface[]): string | undefined {
  if (!isError(error, 'CALL_EXCEPTION')) return undefined;
  const data = error.data;
  const said = (error.info?.error as { message?: unknown } | undefined)?.message;
  if (!data && typeof said === 'string' && !EXECUTION_FAILED.test(said)) return undefined;
  if (data) {
    for (const abi of abis) {
      const parsed = abi.parseError(data);
      if (parsed) return `${parsed.name}(${parsed.args.map(String).join(', ')})`;
    }
  }
  return error.reason ?? error.shortMessage;
}

/** {@link TransactionSender} over one JSON-RPC address. */
export class EthersTransactionSender implements TransactionSender {
  readonly provider: ChainProvider;
  readonly #addresses: Readonly<Record<ContractName, Hex>>;
  readonly #confirmations: number;
  readonly #abis: Readonly<Record<ContractName, Interface>>;

  constructor(provider: ChainProvider, addresses: Readonly<Record<ContractName, Hex>>, confirmations: number) {
    this.provider = provider;
    this.#addresses = addresses;
    this.#confirmations = confirmations;
    this.#abis = {
      entityRegistry: loadContractArtifact('entityRegistry').abi,
      dataRecords: loadContractArtifact('dataRecords').abi,
      groth16Verifier: loadContractArtifact('groth16Verifier').abi,
      sharingMarket: loadContractArtifact('sharingMarket').abi,
    };
  }

  async nextNonce(account: Hex): Promise<number> {
    try {
      return await this.provider.getTransactionCount(account, 'pending');
    } catch (error) {
      throw chainFailure(error);
    }
  }

  carries(transaction: SignedTransaction, call: ContractCall): boolean {
    const { to, data, value } = Transaction.from(transaction.raw);
    const asked = this.#encoded(call);
    return to?.toLowerCase() === asked.to && data === asked.data && value === asked.value;
  }

  #encoded({ contract, method, arguments: values, value = 0n }: ContractCall) {
    return { to: this.#addresses[contract], data: this.#abis[contract].encodeFunctionData(method, [...values]), value };
  }

  async prepare(call: ContractCall, privateKey: Uint8Array, nonce: number): Promise<SignedTransaction> {
    const wallet = new Wallet(toHex(privateKey));
    const { to, data, value } = this.#encoded(call);
    try {
      const [gas, fees] = await Promise.all([
        this.provider.estimateGas({ from: wallet.address, to, data, value }),
        this.provider.getFeeData(),
      ]);
      const gasLimit = (gas * (100n + GAS_MARGIN_PERCENT)) / 100n;
      const maxFeePerGas = fees.maxFeePerGas ?? fees.gasPrice ?? 0n;
      if (gasLimit * maxFeePerGas > FEE_WEI_MAX) throw feeTooHigh(call.method);
      const transaction = Transaction.from({
        type: 2,
        to,
        data,
        value,
        nonce,
        chainId: (await this.provider.getNetwork()).chainId,
        gasLimit,
        maxFeePerGas,
        maxPriorityFeePerGas: fees.maxPriorityFeePerGas ?? 0n,
      });
      transaction.signature = wallet.signingKey.sign(transaction.unsignedHash);
      return { raw: transaction.serialized as Hex, hash: transaction.hash as Hex, from: wallet.address.toLowerCase() as Hex, nonce };
    } catch (error) {
      const reason = revertReason(error, Object.values(this.#abis));
      if (reason !== undefined) throw rejected(call.method, reason, error);
      if (isError(error, 'INSUFFICIENT_FUNDS')) throw insufficientFunds(wallet.address, verbatim(call.method), error);
      throw chainFailure(error);
    }
  }

  async deliver(transaction: SignedTransaction, signal?: AbortSignal): Promise<TransactionFate> {
    try {
      const receipt = await finalReceipt(this.provider, transaction, this.#confirmations, signal);
      return receipt === null ? { kind: 'replaced' } : await this.#fateOf(receipt, transaction);
    } catch (error) {
      if (isError(error, 'INSUFFICIENT_FUNDS')) throw insufficientFunds(transaction.from, say`a step that was signed before`, error);
      throw chainFailure(error);
    }
  }

  async #fateOf(receipt: TransactionReceipt, transaction: SignedTransaction): Promise<TransactionFate> {
    if (receipt.status === 1) {
      const { blockNumber, gasUsed } = receipt;
      return { kind: 'final', transaction: { hash: transaction.hash, blockNumber, gasUsed } };
    }
    const { to, data, value } = Transaction.from(transaction.raw);
    try {
      await this.provider.call({ from: transaction.from, to, data, value });
      return { kind: 'reverted', reason: 'the state of the chain changed before it was included', hash: transaction.hash };
    } catch (error) {
      const reason = revertReason(error, Object.values(this.#abis));
      if (reason === undefined) throw error;
      return { kind: 'reverted', reason, hash: transaction.hash };
    }
  }
}

/**
 * Sends one transaction of a wallet that is connected to a provider, and gives its receipt when it is final. Not durable:
 * for an operator's own steps. Throws `CHAIN_INSUFFICIENT_FUNDS`, `CHAIN_TRANSACTION_REJECTED`, `CHAIN_UNREACHABLE`.
 */
export async function sendAndWait(
  provider: ChainProvider,
  wallet: Wallet,
  request: TransactionRequest,
  confirmations: number,
): Promise<TransactionReceipt> {
  try {
    const raw = (await wallet.signTransaction(await wallet.populateTransaction(request))) as Hex;
    const { hash, nonce } = Transaction.from(raw);
    const transaction = { raw, hash: hash as Hex, from: wallet.address.toLowerCase() as Hex, nonce };
    const receipt = await finalReceipt(provider, transaction, confirmations);
    if (receipt?.status === 1) return receipt;
    throw rejected('the transaction', receipt === null ? 'its nonce was used by another one' : 'it was reverted', undefined);
  } catch (error) {
    if (isError(error, 'INSUFFICIENT_FUNDS')) throw insufficientFunds(wallet.address, say`this transaction`, error);
    throw chainFailure(error);
  }
}

/** Waits until a transaction that a node signed itself is in a block; asks again and again, for the reason given at {@link finalReceipt}. */
export async function waitUntilIncluded(provider: ChainProvider, hash: string): Promise<void> {
  while ((await provider.getTransactionReceipt(hash)) === null) await delay(POLL_MS);
}

/**
 * Hands a signed transaction to the chain, again when it is not seen there, and gives its final receipt; null when its
 * nonce was used by another. It asks again and again: ethers' own waiting listens for the next block, which on a chain
 * that makes blocks on demand may never come.
 */
async function finalReceipt(
  provider: ChainProvider,
  transaction: SignedTransaction,
  confirmations: number,
  signal?: AbortSignal,
): Promise<TransactionReceipt | null> {
  for (let poll = 0; ; poll++) {
    signal?.throwIfAborted();
    const receipt = await provider.getTransactionReceipt(transaction.hash);
    if (receipt) {
      if (confirmations === 0 || (await provider.getBlockNumber()) >= receipt.blockNumber + confirmations) return receipt;
    } else if ((await provider.getTransactionCount(transaction.from, 'latest')) > transaction.nonce) {
      // Asked again: the receipt may have appeared between the two questions.
      if (!(await provider.getTransactionReceipt(transaction.hash))) return null;
    } else {
      if (poll > 0 && poll % POLLS_PER_NODE === 0) provider.askAnother();
      if (poll % POLLS_PER_DELIVERY === 0) await broadcast(provider, transaction);
    }
    await delay(POLL_MS, undefined, signal ? { signal } : undefined);
  }
}

async function broadcast(provider: ChainProvider, transaction: SignedTransaction): Promise<void> {
  try {
    await provider.send('eth_sendRawTransaction', [transaction.raw]);
  } catch (error) {
    const answer = (error as { error?: { code?: unknown; message?: unknown } }).error;
    const message = String(answer?.message ?? (error as Error).message);
    if (answer?.code === LIMIT_EXCEEDED) throw limitReached(message, error);
    // The chain has this transaction already, or its nonce is used: the receipt and the nonce, asked next, tell which.
    if (!/already known|already imported|nonce too low|known transaction|nonce has already been used/i.test(message)) throw error;
  }
}

function insufficientFunds(account: string, purpose: Sentence, cause: unknown): AppError {
  return new AppError(
    'CHAIN_INSUFFICIENT_FUNDS',
    {
      what: say`The account ${account} does not hold enough coins for ${purpose}.`,
      consequence: 'Nothing was sent.',
      remedy: 'Have the account funded by the network operator, then repeat the step.',
    },
    { data: { account }, cause },
  );
}

function limitReached(reason: string, cause: unknown): AppError {
  return new AppError(
    'CHAIN_LIMIT_REACHED',
    {
      what: say`The node takes no more of this account now: ${reason.replace(/\.$/, '')}.`,
      consequence: 'The chain is unchanged.',
      remedy: 'Wait until what was sent before is final, or have the account funded by the network operator; then repeat the step.',
    },
    { data: { reason }, cause },
  );
}

function feeTooHigh(method: string): AppError {
  return new AppError(
    'CHAIN_FEE_TOO_HIGH',
    {
      what: say`The node asks more than a quarter of a coin in fees for ${method}.`,
      consequence: 'Nothing was signed and nothing was sent.',
      remedy: 'Wait until the chain is less busy, or use another node if this one asks too much.',
    },
    { data: { method } },
  );
}

function rejected(method: string, reason: string, cause: unknown): AppError {
  return new AppError(
    'CHAIN_TRANSACTION_REJECTED',
    {
      what: say`The contract would refuse ${method}: ${reason}.`,
      consequence: 'Nothing was sent; the chain is unchanged.',
      remedy: 'Read the reason, correct what it names, and repeat the step.',
    },
    { data: { reason, method }, cause },
  );
}
