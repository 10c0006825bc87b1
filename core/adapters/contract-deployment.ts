/**
 * Deploys a network's contracts in their order: registry, records, verifier (its list of verifying keys filled and
 * sealed), market. Nothing refers to an address before it has code, and the market only to a sealed verifier.
 */
import { ContractFactory, type JsonRpcProvider, NonceManager, Wallet } from 'ethers';
import { assert } from '../base/assert.ts';
import { type Hex, toHex } from '../base/bytes.ts';
import { circuitId } from '../proofs/identifiers.ts';
import { contractVerifyingKey } from '../proofs/proof.ts';
import type { VerifyingKey } from '../proofs/verifying-key.ts';
import type { ContractName } from '../sharing/chain.ts';
import { loadContractArtifact } from './contract-artifacts.ts';
import { chainFailure } from './ethers-transaction-sender.ts';

/** What a deployment needs. */
export interface Deployment {
  readonly provider: JsonRpcProvider;
  /** The account that deploys and may fill the verifier's list until it is sealed. */
  readonly deployerKey: Uint8Array;
  readonly enrolmentAccount: Hex;
  readonly parametersHash: Hex;
  readonly development: boolean;
  /** By circuit name. */
  readonly verifyingKeys: Readonly<Record<string, VerifyingKey>>;
  readonly onStep?: (step: string) => void;
}

/** Deploys everything and gives the addresses. A failure leaves unused contracts behind and nothing that names them. */
export async function deployContracts(deployment: Deployment): Promise<Record<ContractName, Hex>> {
  const { onStep = () => undefined } = deployment;
  const signer = new NonceManager(new Wallet(toHex(deployment.deployerKey), deployment.provider));
  const deploy = async (name: ContractName, ...values: unknown[]) => {
    const artifact = loadContractArtifact(name);
    const contract = await new ContractFactory(artifact.abi, artifact.bytecode, signer).deploy(...values);
    await contract.waitForDeployment();
    const address = (await contract.getAddress()).toLowerCase() as Hex;
    onStep(`${name} at ${address}`);
    return { address, contract };
  };
  try {
    const registry = await deploy('entityRegistry', deployment.enrolmentAccount, deployment.parametersHash, deployment.development);
    const records = await deploy('dataRecords', registry.address);
    const verifier = await deploy('groth16Verifier');
    for (const [name, key] of Object.entries(deployment.verifyingKeys)) {
      const sent = await verifier.contract.getFunction('register')(circuitId(name), contractVerifyingKey(key));
      const receipt = await sent.wait();
      assert(receipt?.status === 1, 'a verifying key is registered');
      onStep(`verifying key of ${name}`);
    }
    await (await verifier.contract.getFunction('seal')()).wait();
    const market = await deploy('sharingMarket', registry.address, records.address, verifier.address);
    return {
      entityRegistry: registry.address,
      dataRecords: records.address,
      groth16Verifier: verifier.address,
      sharingMarket: market.address,
    };
  } catch (error) {
    throw chainFailure(error);
  }
}
