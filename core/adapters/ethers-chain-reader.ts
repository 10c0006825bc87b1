/** The final chain read over Ethereum JSON-RPC: {@link ChainReader} with ethers. */
import { Contract, type JsonRpcProvider } from 'ethers';
import { AppError, isAppError } from '../base/app-error.ts';
import type { Hex } from '../base/bytes.ts';
import type { ContractName } from '../sharing/chain.ts';
import {
  type ChainDataRecord,
  type ChainEntity,
  type ChainGrant,
  type ChainOffer,
  type ChainReader,
  offerStates,
} from '../sharing/chain-reader.ts';
import { loadContractArtifact } from './contract-artifacts.ts';
import { chainFailure } from './ethers-transaction-sender.ts';

/** A service must not keep its clients waiting for a chain that hangs. */
const answerTimeoutMs = 15_000;
const zeroAddress = `0x${'0'.repeat(40)}`;
const zeroWord = `0x${'0'.repeat(64)}`;

type Read = (contract: ContractName, method: string, ...values: readonly unknown[]) => Promise<Record<string, unknown>>;

const hex = (value: unknown): Hex => String(value).toLowerCase() as Hex;

/**
 * A reader over one provider. `confirmations` is the network's: with 0 every block is final, else reads are
 * made that many blocks below the newest.
 */
export function createEthersChainReader(
  provider: JsonRpcProvider,
  addresses: Readonly<Record<ContractName, Hex>>,
  confirmations: number,
): ChainReader {
  const contracts = new Map<ContractName, Contract>();
  const contractOf = (name: ContractName): Contract => {
    const known = contracts.get(name) ?? new Contract(addresses[name], loadContractArtifact(name).abi, provider);
    contracts.set(name, known);
    return known;
  };

  /** Runs the reads of one answer at one block. */
  async function atFinalBlock<Answer>(answer: (read: Read) => Promise<Answer>): Promise<Answer> {
    const answering = async (): Promise<Answer> => {
      const newest = await provider.getBlockNumber();
      // Our own chain answers for its newest block; where blocks can be undone, older state is asked by number.
      const blockTag = confirmations === 0 ? 'latest' : Math.max(0, newest - confirmations);
      return answer((name, method, ...values) =>
        contractOf(name)
          .getFunction(method)
          .staticCall(...values, { blockTag }),
      );
    };
    let timer: NodeJS.Timeout | undefined;
    const silence = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(chainSilent(new Error(`no answer in ${answerTimeoutMs} ms`))), answerTimeoutMs);
    });
    try {
      return await Promise.race([answering(), silence]);
    } catch (error) {
      const failure = chainFailure(error);
      throw isAppError(failure, 'CHAIN_UNREACHABLE') ? chainSilent(error) : failure;
    } finally {
      clearTimeout(timer);
    }
  }

  return {
    entity: (pseudonym) =>
      atFinalBlock(async (read): Promise<ChainEntity | null> => {
        const entity = await read('entityRegistry', 'entity', pseudonym);
        if (hex(entity.requestKey) === zeroWord) return null;
        return {
          pseudonym,
          requestKey: hex(entity.requestKey),
          messageKey: hex(entity.messageKey),
          roles: Number(entity.roles),
          expiry: BigInt(String(entity.expiry)),
          revoked: entity.revoked === true,
        };
      }),
    dataRecord: (datasetId) =>
      atFinalBlock(async (read): Promise<ChainDataRecord | null> => {
        const record = await read('dataRecords', 'dataRecord', datasetId);
        if (hex(record.owner) === zeroAddress) return null;
        return {
          datasetId,
          owner: hex(record.owner),
          datasetRoot: BigInt(String(record.datasetRoot)),
          headerHash: hex(record.headerHash),
          ciphertextHash: hex(record.ciphertextHash),
          ciphertextSize: BigInt(String(record.ciphertextSize)),
        };
      }),
    offer: (offerId) =>
      atFinalBlock(async (read): Promise<ChainOffer | null> => {
        const offer = await read('sharingMarket', 'offerOf', offerId);
        const state = offerStates[Number(offer.state)];
        if (state === undefined || state === 'none') return null;
        const requirement = await read('sharingMarket', 'requirementOf', offer.requestId);
        return {
          offerId,
          state,
          requestId: hex(offer.requestId),
          datasetId: hex(offer.datasetId),
          owner: hex(offer.owner),
          consumer: hex(requirement.publisher),
        };
      }),
    grant: (offerId) =>
      atFinalBlock(async (read): Promise<ChainGrant | null> => {
        const grant = await read('sharingMarket', 'grantOf', offerId);
        if (hex(grant.grantHash) === zeroWord) return null;
        return {
          grantHash: hex(grant.grantHash),
          threshold: Number(grant.threshold),
          proxies: Number(grant.proxies),
          liveUntil: BigInt(String(grant.liveUntil)),
          revoked: grant.revoked === true,
          live: (await read('sharingMarket', 'isGrantLive', offerId)) as unknown as boolean,
        };
      }),
    parametersHash: () => atFinalBlock(async (read) => hex(await read('entityRegistry', 'parametersHash'))),
  };
}

function chainSilent(cause: unknown): AppError {
  return new AppError(
    'CHAIN_UNREACHABLE',
    {
      what: 'The chain does not answer.',
      consequence: 'Nothing was decided and nothing was changed; the request can be repeated.',
      remedy: 'Check that the validator runs and that its address is right, then try again.',
    },
    { cause },
  );
}
