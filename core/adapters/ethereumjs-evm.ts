/**
 * The Evm port on @ethereumjs/vm (rules of Cancun). Gas is metered and limited but has no price, so every
 * transaction runs with its fees set to zero. Only the state overlay, the signature recovery, Keccak and
 * the BN254 precompiles are not the stock ones; state roots are equal to those of the stock implementation.
 */
import { setImmediate as nextEvents } from 'node:timers/promises';
import type { Common } from '@ethereumjs/common';
import { createEVM, type EVMBN254Interface } from '@ethereumjs/evm';
import { createAccessList2930Tx, createLegacyTx, type TypedTransaction } from '@ethereumjs/tx';
import { Account, Address, createAddressFromString, createZeroAddress, setLengthLeft } from '@ethereumjs/util';
import { createVM, type RunTxResult, runTx, type VM } from '@ethereumjs/vm';
import { isAppError } from '../base/app-error.ts';
import { AssertionError, assert } from '../base/assert.ts';
import { fromHex, type Hex, toHex } from '../base/bytes.ts';
import type { AccountState, BlockContext, CallOutcome, CallRequest, Evm, TransactionOutcome } from '../ledger/evm.ts';
import type { LedgerStore } from '../ledger/ledger-store.ts';
import { blockGasMax } from '../ledger/limits.ts';
import type { Log } from '../ledger/receipt.ts';
import { fixParameters, type SignedTransaction } from '../ledger/transaction.ts';
import { FlatState, StateOverlay } from './flat-state.ts';

const zeroHash = new Uint8Array(32);

/** An EVM over the state in `store`, whose root is `stateRoot`. `common` comes from `ledgerCommon`. */
export async function createEthereumjsEvm(options: {
  common: Common;
  store: LedgerStore;
  stateRoot: Uint8Array;
  bn254: EVMBN254Interface;
}): Promise<Evm> {
  const common = options.common.copy();
  const keccak256 = common.customCrypto.keccak256;
  assert(keccak256 !== undefined, 'the rules name their Keccak');
  const state = new FlatState(options.store, keccak256, options.stateRoot);
  const overlay = new StateOverlay(state);
  let context: BlockContext | null = null;
  const blockchain = {
    getBlock: async (height: number) => ({ hash: () => fromHex(context?.blockHash(height) ?? toHex(zeroHash)) }),
    putBlock: async () => undefined,
    shallowCopy: () => blockchain,
  };
  const evm = await createEVM({ common, stateManager: overlay, blockchain });
  // createEVM puts the stock implementation over the option of this name.
  (evm as unknown as { _bn254: EVMBN254Interface })._bn254 = options.bn254;
  const vm = await createVM({ common, stateManager: overlay, evm });
  fixParameters(common);

  return {
    genesis(accounts) {
      overlay.reset();
      for (const { address, balance, code } of accounts) overlay.begin(new Address(address), balance, code);
      return overlay.seal();
    },
    begin(blockContext) {
      overlay.reset();
      context = blockContext;
      return { run: (transaction) => runIn(vm, overlay, blockOf(blockContext), transaction), seal: () => overlay.seal() };
    },
    async call(request, blockContext) {
      // A call may take seconds and lets nothing in: between two of them the process reads, answers and hears signals.
      await nextEvents();
      state.trim();
      overlay.reset();
      context = blockContext;
      return callIn(vm, blockOf(blockContext), request);
    },
    adopt: (change) => state.adopt(change),
    account(address): AccountState {
      const account = state.account(address);
      return { nonce: Number(account?.nonce ?? 0n), balance: account?.balance ?? 0n };
    },
    code(address) {
      const account = state.account(address);
      return account === null || !account.isContract() ? new Uint8Array(0) : state.code(account.codeHash);
    },
    storage: (address, slot) => setLengthLeft(state.slot(address, toHex(slot)), 32),
  };
}

/** What runTx reads of a block. */
type RunBlock = NonNullable<Parameters<typeof runTx>[1]['block']>;

function blockOf(context: BlockContext): RunBlock {
  const block = {
    header: {
      number: BigInt(context.height),
      coinbase: createZeroAddress(),
      timestamp: BigInt(context.timestampSeconds),
      difficulty: 0n,
      prevRandao: zeroHash,
      gasLimit: blockGasMax,
      baseFeePerGas: 0n,
      getBlobGasPrice: () => 1n,
    },
  };
  return block as RunBlock;
}

async function runIn(vm: VM, overlay: StateOverlay, block: RunBlock, transaction: SignedTransaction): Promise<TransactionOutcome> {
  const reason = await refusal(vm, transaction);
  if (reason !== null) return { kind: 'invalid', reason };
  overlay.beginTransaction();
  let result: RunTxResult;
  try {
    result = await runTx(vm, {
      tx: executable(transaction, transaction.sender, vm.common),
      block,
      skipHardForkValidation: true,
      blockGasUsed: 0n,
    });
  } catch (error) {
    if (isAppError(error) || error instanceof AssertionError) throw error;
    // A transaction that the EVM cannot run must not stop the chain: it is left out, and no validator accepts a block that has it.
    overlay.undoTransaction();
    return { kind: 'invalid', reason: `the EVM cannot run it: ${error instanceof Error ? error.message : String(error)}` };
  }
  const { exceptionError, logs } = result.execResult;
  return {
    kind: 'executed',
    succeeded: exceptionError === undefined,
    gasUsed: result.totalGasSpent,
    logs: (logs ?? []).map(logOf),
    contractAddress: transaction.to === null && result.createdAddress !== undefined ? (result.createdAddress.toString() as Hex) : null,
  };
}

/** Why the transaction cannot be part of a block in this state. */
async function refusal(vm: VM, transaction: SignedTransaction): Promise<string | null> {
  const sender = createAddressFromString(transaction.sender);
  const account = (await vm.stateManager.getAccount(sender)) ?? new Account();
  if (account.nonce !== BigInt(transaction.nonce)) return `account has nonce ${account.nonce}, transaction has nonce ${transaction.nonce}`;
  if (account.balance < transaction.value) return `account has ${account.balance} wei, transaction transfers ${transaction.value}`;
  if (account.isContract()) return 'sender is a contract (EIP-3607)';
  return null;
}

/** The transaction as the EVM runs it: without fees, from a sender who is known already. */
function executable(transaction: Omit<CallRequest, 'from'> & { nonce?: number }, sender: Hex, common: Common): TypedTransaction {
  const fields = {
    nonce: transaction.nonce ?? 0,
    gasPrice: 0n,
    gasLimit: transaction.gasLimit,
    ...(transaction.to === null ? {} : { to: createAddressFromString(transaction.to) }),
    value: transaction.value,
    data: transaction.data,
  };
  const options = { common, freeze: false };
  const accessList = transaction.accessList.map(({ address, storageKeys }) => ({ address, storageKeys: [...storageKeys] }));
  const built =
    accessList.length === 0
      ? createLegacyTx(fields, options)
      : createAccessList2930Tx({ ...fields, chainId: common.chainId(), accessList }, options);
  const from = createAddressFromString(sender);
  built.getSenderAddress = () => from;
  return built;
}

async function callIn(vm: VM, block: RunBlock, request: CallRequest): Promise<CallOutcome> {
  let prepared: TypedTransaction;
  try {
    prepared = executable(request, request.from, vm.common);
  } catch (error) {
    return { kind: 'failed', reason: error instanceof Error ? (error.message.split(' (')[0] as string) : 'call is not valid' };
  }
  const intrinsicGas = prepared.getIntrinsicGas();
  if (request.gasLimit < intrinsicGas) return { kind: 'failed', reason: `intrinsic gas too low: this call needs at least ${intrinsicGas}` };
  const caller = createAddressFromString(request.from);
  const account = (await vm.stateManager.getAccount(caller)) ?? new Account();
  if (account.balance < request.value)
    return { kind: 'failed', reason: `insufficient funds for transfer: balance ${account.balance}, transfer ${request.value}` };
  if (account.isContract()) return { kind: 'failed', reason: 'sender is a contract (EIP-3607)' };
  const { execResult, totalGasSpent, gasRefund } = await runTx(vm, {
    tx: prepared,
    block,
    skipNonce: true,
    skipHardForkValidation: true,
    blockGasUsed: 0n,
  });
  const gasUsed = totalGasSpent + (gasRefund ?? 0n);
  const { exceptionError, returnValue } = execResult;
  if (exceptionError === undefined) return { kind: 'returned', data: returnValue, gasUsed };
  if (exceptionError.error === 'revert') return { kind: 'reverted', data: returnValue, gasUsed };
  return { kind: 'failed', reason: exceptionError.error };
}

function logOf([address, topics, data]: [Uint8Array, Uint8Array[], Uint8Array]): Log {
  return { address: toHex(address), topics: topics.map(toHex), data };
}
