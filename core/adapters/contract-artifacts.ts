/** The compiled contracts: interface and bytecode as contracts/build.ts wrote them. */
import { readFileSync } from 'node:fs';
import { Interface, type InterfaceAbi } from 'ethers';
import { AppError } from '../base/app-error.ts';
import type { ContractName } from '../sharing/chain.ts';

/** A compiled contract. */
export interface ContractArtifact {
  readonly abi: Interface;
  /** Creation bytecode with prefix, without constructor arguments. */
  readonly bytecode: string;
}

const fileNames: Record<ContractName, string> = {
  entityRegistry: 'EntityRegistry',
  dataRecords: 'DataRecords',
  groth16Verifier: 'Groth16Verifier',
  sharingMarket: 'SharingMarket',
};

/** Loads the contract's artifact. Throws `RESOURCES_MISSING` where set-up has not built it. */
export function loadContractArtifact(name: ContractName): ContractArtifact {
  const file = new URL(`../../build/contracts/${fileNames[name]}.json`, import.meta.url);
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    throw new AppError(
      'RESOURCES_MISSING',
      {
        what: `The compiled contract ${fileNames[name]} is not there.`,
        consequence: 'Nothing was sent to the chain.',
        remedy: 'Run the set-up again (npm start) or reinstall Vouchsafe.',
      },
      { cause },
    );
  }
  const artifact = JSON.parse(text) as { abi: InterfaceAbi; bytecode: string };
  return { abi: new Interface(artifact.abi), bytecode: artifact.bytecode };
}
