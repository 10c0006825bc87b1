/**
 * Deploys a network's contracts in their order: registry, records, verifier (its list of verifying keys filled and
 * sealed), market. Nothing refers to an address before it has code, and the market only to a sealed verifier.
 */
import { ContractFactory, Wallet } from 'ethers';
import { type Hex, toHex } from '../base/bytes.ts';
import { type Sentence, say } from '../base/sentence.ts';
import { circuitId } from '../proofs/identifiers.ts';
import { contractVerifyingKey } from '../proofs/proof.ts';
import type { VerifyingKey } from '../proofs/verifying-key.ts';
import type { ContractName } from '../sharing/chain.ts';
import { loadContractArtifact } from './contract-artifacts.ts';
import type { ChainProvider } from './ethers-provider.ts';
import { sendAndWait } from './ethers-transaction-sender.ts';

/** What a deployment needs. */
export interface Deployment {
  readonly provider: ChainProvider;
  /** The account that deploys and may fill the verifier's list until it is sealed. */
  readonly deployerKey: Uint8Array;
  readonly enrolmentAccount: Hex;
  readonly parametersHash: Hex;
  readonly development: boolean;
  /** By circuit name. */
  readonly verifyingKeys: Readonly<Record<string, VerifyingKey>>;
  readonly onStep?: (step: Sentence) => void;
}

/** Deploys everything and gives the addresses. A failure leaves unused contracts behind and nothing that names them. */
export async function deployContracts(deployment: Deployment): Promise<Record<ContractName, Hex>> {
  const { onStep = () => undefined } = deployment;
  const { provider } = deployment;
  const wallet = new Wallet(toHex(deployment.deployerKey), provider);
  const deploy = async (name: ContractName, ...values: unknown[]): Promise<Hex> => {
    const artifact = loadContractArtifact(name);
    const creation = await new ContractFactory(artifact.abi, artifact.bytecode).getDeployTransaction(...values);
    const { contractAddress } = await sendAndWait(provider, wallet, creation, 0);
    const address = (contractAddress as string).toLowerCase() as Hex;
    onStep(say`${name} at ${address}`);
    return address;
  };
  const registry = await deploy('entityRegistry', deployment.enrolmentAccount, deployment.parametersHash, deployment.development);
  const records = await deploy('dataRecords', registry);
  const verifier = await deploy('groth16Verifier');
  const { abi } = loadContractArtifact('groth16Verifier');
  const call = (method: string, ...values: unknown[]) =>
    sendAndWait(provider, wallet, { to: verifier, data: abi.encodeFunctionData(method, values) }, 0);
  for (const [name, key] of Object.entries(deployment.verifyingKeys)) {
    await call('register', circuitId(name), contractVerifyingKey(key));
    onStep(say`verifying key of ${name}`);
  }
  await call('seal');
  const market = await deploy('sharingMarket', registry, records, verifier);
  return { entityRegistry: registry, dataRecords: records, groth16Verifier: verifier, sharingMarket: market };
}
