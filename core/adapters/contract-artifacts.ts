/** The compiled contracts: interface and bytecode as contracts/build.ts wrote them. */
import { Interface, type InterfaceAbi } from 'ethers';
import type { ContractName } from '../sharing/chain.ts';
import { builtArtifacts } from './built-artifacts.ts';

/** A compiled contract. */
export interface ContractArtifact {
  readonly abi: Interface;
  /** Creation bytecode with prefix, without constructor arguments. */
  readonly bytecode: string;
  /** Code on the chain with prefix, immutables as zeros. */
  readonly deployedBytecode: string;
}

/** Contracts that are not deployed: in the genesis state of a chain of our own. */
type GenesisContractName = 'misbehaviourRecords';

const fileNames: Record<ContractName | GenesisContractName, string> = {
  entityRegistry: 'EntityRegistry',
  dataRecords: 'DataRecords',
  groth16Verifier: 'Groth16Verifier',
  sharingMarket: 'SharingMarket',
  misbehaviourRecords: 'MisbehaviourRecords',
};

/** Loads the contract's artifact. @throws AppError `RESOURCES_MISSING` where set-up has not built it, `RESOURCES_CHANGED` */
export function loadContractArtifact(name: ContractName | GenesisContractName): ContractArtifact {
  const text = new TextDecoder().decode(builtArtifacts.read(`contracts/${fileNames[name]}.json`));
  const artifact = JSON.parse(text) as { abi: InterfaceAbi; bytecode: string; deployedBytecode: string };
  return { ...artifact, abi: new Interface(artifact.abi) };
}
