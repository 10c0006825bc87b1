/** The compiled contracts in a bare EVM (stock @ethereumjs/evm, rules of Cancun), driven through ethers' encoding of their ABI. */
import { createCustomCommon, Hardfork, Mainnet } from '@ethereumjs/common';
import { createEVM, type EVM } from '@ethereumjs/evm';
import { Account, createAddressFromString, createZeroAddress, hexToBytes } from '@ethereumjs/util';
import { concat, hexlify, type Interface, type LogDescription, type Result, ZeroAddress } from 'ethers';
import { loadContractArtifact } from '../../core/adapters/contract-artifacts.ts';
import type { ContractName } from '../../core/sharing/chain.ts';

/** A deployed contract. */
export interface LocalContract {
  readonly address: string;
  readonly abi: Interface;
}

/** What a call left behind. */
export interface CallOutcome {
  readonly values: Result;
  readonly events: readonly LogDescription[];
  readonly gasUsed: bigint;
}

/** A contract refused; `reason` is its named error, with arguments. */
export class Refused extends Error {
  readonly reason: string;
  constructor(reason: string) {
    super(`refused: ${reason}`);
    this.reason = reason;
  }
}

const gasLimit = 30_000_000n;

/** A chain of one block that never ends, with a clock that the test sets. */
export class LocalEvm {
  readonly chainId = 31337n;
  timeSeconds = 1_800_000_000n;
  readonly #evm: EVM;

  private constructor(evm: EVM) {
    this.#evm = evm;
  }

  static async create(): Promise<LocalEvm> {
    const common = createCustomCommon({ chainId: 31337 }, Mainnet, { hardfork: Hardfork.Cancun });
    return new LocalEvm(await createEVM({ common }));
  }

  /** Gives an account coins. */
  async fund(address: string, wei: bigint): Promise<void> {
    await this.#evm.stateManager.putAccount(createAddressFromString(address), new Account(0n, wei));
  }

  async balance(address: string): Promise<bigint> {
    return (await this.#evm.stateManager.getAccount(createAddressFromString(address)))?.balance ?? 0n;
  }

  async deploy(from: string, name: ContractName, ...values: readonly unknown[]): Promise<LocalContract> {
    const { abi, bytecode } = loadContractArtifact(name);
    const result = await this.#run(abi, from, undefined, concat([bytecode, abi.encodeDeploy([...values])]), 0n);
    if (!result.createdAddress) throw new Error(`${name} was not created`);
    return { address: result.createdAddress.toString(), abi };
  }

  async call(from: string, contract: LocalContract, method: string, values: readonly unknown[], wei = 0n): Promise<CallOutcome> {
    const data = contract.abi.encodeFunctionData(method, [...values]);
    const { execResult } = await this.#run(contract.abi, from, contract.address, data, wei);
    const events = (execResult.logs ?? []).flatMap(([, topics, body]) => {
      const log = contract.abi.parseLog({ topics: topics.map((topic) => hexlify(topic)), data: hexlify(body) });
      return log ? [log] : [];
    });
    return {
      values: contract.abi.decodeFunctionResult(method, hexlify(execResult.returnValue)),
      events,
      gasUsed: execResult.executionGasUsed,
    };
  }

  /** The one value that a view returns. */
  async read(contract: LocalContract, method: string, ...values: readonly unknown[]) {
    return (await this.call(ZeroAddress, contract, method, values)).values[0];
  }

  async #run(abi: Interface, from: string, to: string | undefined, data: string, value: bigint) {
    const header = {
      number: 1n,
      coinbase: createZeroAddress(),
      timestamp: this.timeSeconds,
      difficulty: 0n,
      prevRandao: new Uint8Array(32),
      gasLimit,
      baseFeePerGas: 0n,
      getBlobGasPrice: () => 1n,
    };
    const caller = createAddressFromString(from);
    const result = await this.#evm.runCall({
      caller,
      origin: caller,
      ...(to === undefined ? {} : { to: createAddressFromString(to) }),
      data: hexToBytes(data as `0x${string}`),
      value,
      gasLimit,
      block: { header },
    });
    const { exceptionError, returnValue } = result.execResult;
    if (exceptionError) {
      const error = returnValue.length >= 4 ? abi.parseError(hexlify(returnValue)) : null;
      throw new Refused(error ? `${error.name}(${error.args.map(String).join(', ')})` : exceptionError.error);
    }
    return result;
  }
}
