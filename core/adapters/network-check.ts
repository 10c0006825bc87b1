/**
 * Compares a network file with the chain that its address leads to: chain id, genesis, contracts and how they are tied
 * together, public parameters, and the list of verifying keys. A node that serves another chain, or contracts that take
 * other proofs, is found before anything is signed for it.
 */
import { Contract, concat, type JsonRpcProvider, keccak256, toBeHex } from 'ethers';
import { AppError } from '../base/app-error.ts';
import { type Sentence, say } from '../base/sentence.ts';
import { circuitId } from '../proofs/identifiers.ts';
import { contractVerifyingKey } from '../proofs/proof.ts';
import { parseVerifyingKey } from '../proofs/verifying-key.ts';
import type { ContractName } from '../sharing/chain.ts';
import type { Network } from '../sharing/network-file.ts';
import { loadContractArtifact } from './contract-artifacts.ts';
import { chainFailure } from './ethers-transaction-sender.ts';

/** @throws AppError `NETWORK_CHAIN_MISMATCH` naming the first difference; `CHAIN_UNREACHABLE`; `PROOF_KEY_*` */
export async function checkNetworkOnChain(provider: JsonRpcProvider, network: Network): Promise<void> {
  try {
    for await (const difference of differences(provider, network)) throw mismatch(difference);
  } catch (error) {
    throw chainFailure(error);
  }
}

async function* differences(provider: JsonRpcProvider, network: Network): AsyncGenerator<Sentence> {
  const { chain, contracts, pkg } = network;
  if (Number(await provider.send('eth_chainId', [])) !== chain.chainId) yield say`it has another chain id`;
  if (chain.genesisHash !== null && (await provider.getBlock(0))?.hash !== chain.genesisHash)
    yield say`it began with another genesis block`;
  const ask = async (contract: ContractName, method: string, ...values: unknown[]): Promise<string> => {
    if ((await provider.getCode(contracts[contract])) === '0x') throw mismatch(say`there is no contract at ${contracts[contract]}`);
    const opened = new Contract(contracts[contract], loadContractArtifact(contract).abi, provider);
    return String(await opened.getFunction(method).staticCall(...values)).toLowerCase();
  };
  if ((await ask('entityRegistry', 'parametersHash')) !== pkg.parametersHash) yield say`its registry names other public parameters`;
  if ((await ask('entityRegistry', 'enrolmentAccount')) !== pkg.enrolmentAddress) yield say`its registry trusts another enrolment account`;
  if ((await ask('entityRegistry', 'development')) !== String(network.development))
    yield say`its registry says otherwise whether this is a development network`;
  if ((await ask('dataRecords', 'registry')) !== contracts.entityRegistry) yield say`its data records belong to another registry`;
  if ((await ask('sharingMarket', 'registry')) !== contracts.entityRegistry) yield say`its market belongs to another registry`;
  if ((await ask('sharingMarket', 'records')) !== contracts.dataRecords) yield say`its market belongs to other data records`;
  if ((await ask('sharingMarket', 'verifier')) !== contracts.groth16Verifier) yield say`its market asks another verifier`;
  if ((await ask('groth16Verifier', 'isSealed')) !== 'true') yield say`its list of verifying keys is still open`;
  for (const [circuit, { verifyingKey }] of Object.entries(network.circuits)) {
    const { alpha, beta, gamma, delta, ic } = contractVerifyingKey(parseVerifyingKey(verifyingKey));
    const words = [alpha, beta, gamma, delta, ic].flat(3).map((value) => toBeHex(value, 32));
    if ((await ask('groth16Verifier', 'verifyingKeyHash', circuitId(circuit))) !== keccak256(concat(words)))
      yield say`it verifies ${circuit} with another key`;
  }
}

function mismatch(difference: Sentence): AppError {
  return new AppError('NETWORK_CHAIN_MISMATCH', {
    what: say`The chain is not the one that the network file describes: ${difference}.`,
    consequence: 'Nothing was signed for it and nothing was sent; your keys and data are as before.',
    remedy: 'Check the address of the node. If it is right, ask the operator for the network file of this chain.',
  });
}
