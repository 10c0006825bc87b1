/** What a pseudonym did on chain, from events and calldata: all that a home which was lost can be rebuilt from. */
import { Contract, type JsonRpcProvider, type Result, zeroPadValue } from 'ethers';
import { fromHex, type Hex, toHex } from '../base/bytes.ts';
import type { ContractName } from '../sharing/chain.ts';
import { loadContractArtifact } from './contract-artifacts.ts';
import { chainFailure } from './ethers-transaction-sender.ts';

/** Blocks that one log query spans: what ordinary nodes allow. */
const LOG_BLOCKS_MAX = 10_000;
/** Calldata is looked through for a salt up to here: far beyond what the contracts' own calls take. */
const CALLDATA_BYTES_MAX = 64 * 1024;

/** A requirement that was published. */
export interface Publication {
  readonly requestId: Hex;
  /** Wei that was paid in with it. */
  readonly escrow: bigint;
  readonly blockNumber: number;
}

/** A dataset that was recorded. */
export interface RecordedDataset {
  readonly datasetId: Hex;
  /** Unix seconds as its owner stated them. */
  readonly recordedAt: number;
  readonly blockNumber: number;
  readonly transactionHash: Hex;
}

/** An offer that was made. */
export interface OfferMade {
  readonly offerId: bigint;
  readonly transactionHash: Hex;
}

/** The history of pseudonyms at the final state of the chain; everything oldest first. Throws AppError `CHAIN_UNREACHABLE`. */
export interface ChainHistory {
  publications(publisher: Hex): Promise<Publication[]>;
  records(owner: Hex): Promise<RecordedDataset[]>;
  offersMade(owner: Hex): Promise<OfferMade[]>;
  /** Offers whose price the consumer has locked. */
  acceptances(consumer: Hex): Promise<bigint[]>;
  /** Segments of an offer whose proof is complete; null before that. */
  verifiedSegments(offerId: bigint): Promise<number | null>;
  /** 32 bytes in the calldata of a transaction for which `fits` holds: a salt is published only there. Null when there are none. */
  saltIn(transactionHash: Hex, fits: (salt: Hex) => boolean): Promise<Hex | null>;
}

const hex = (value: unknown): Hex => String(value).toLowerCase() as Hex;

/** The history over one provider; `confirmations` is the network's. */
export function createChainHistory(
  provider: JsonRpcProvider,
  addresses: Readonly<Record<ContractName, Hex>>,
  confirmations: number,
): ChainHistory {
  const open = (name: ContractName) => new Contract(addresses[name], loadContractArtifact(name).abi, provider);
  const [market, dataRecords] = [open('sharingMarket'), open('dataRecords')];

  async function events(contract: Contract, event: string, indexed: readonly (Hex | null)[]) {
    const fragment = contract.interface.getEvent(event);
    if (!fragment) throw new TypeError(`the contract has no event ${event}`);
    const topics = [fragment.topicHash, ...indexed];
    const last = (await provider.getBlockNumber()) - confirmations;
    const found: { args: Result; blockNumber: number; transactionHash: Hex }[] = [];
    for (let fromBlock = 0; fromBlock <= last; fromBlock += LOG_BLOCKS_MAX) {
      const toBlock = Math.min(last, fromBlock + LOG_BLOCKS_MAX - 1);
      for (const log of await provider.getLogs({ address: await contract.getAddress(), topics, fromBlock, toBlock }))
        found.push({
          args: contract.interface.decodeEventLog(fragment, log.data, log.topics),
          blockNumber: log.blockNumber,
          transactionHash: hex(log.transactionHash),
        });
    }
    return found;
  }

  const word = (address: Hex): Hex => zeroPadValue(address, 32) as Hex;
  const guarded =
    <Arguments extends unknown[], Answer>(ask: (...values: Arguments) => Promise<Answer>) =>
    async (...values: Arguments): Promise<Answer> => {
      try {
        return await ask(...values);
      } catch (error) {
        throw chainFailure(error);
      }
    };

  return {
    publications: guarded(async (publisher) =>
      (await events(market, 'RequirementPublished', [null, word(publisher)])).map(({ args, blockNumber }) => ({
        requestId: hex(args.requestId),
        escrow: BigInt(args.escrow),
        blockNumber,
      })),
    ),
    records: guarded(async (owner) =>
      (await events(dataRecords, 'DataRecorded', [null, word(owner)])).map(({ args, blockNumber, transactionHash }) => ({
        datasetId: hex(args.datasetId),
        recordedAt: Number(args.recordedAt),
        blockNumber,
        transactionHash,
      })),
    ),
    offersMade: guarded(async (owner) =>
      (await events(market, 'OfferMade', [null, null, word(owner)])).map(({ args, transactionHash }) => ({
        offerId: BigInt(args.offerId),
        transactionHash,
      })),
    ),
    acceptances: guarded(async (consumer) =>
      (await events(market, 'OfferAccepted', [null, null, word(consumer)])).map(({ args }) => BigInt(args.offerId)),
    ),
    verifiedSegments: guarded(async (offerId) => {
      const [verified] = await events(market, 'OfferVerified', [`0x${offerId.toString(16).padStart(64, '0')}`]);
      return verified === undefined ? null : Number(verified.args.segmentCount);
    }),
    saltIn: guarded(async (transactionHash, fits) => {
      const transaction = await provider.getTransaction(transactionHash);
      const calldata = fromHex(transaction?.data.toLowerCase() ?? '0x').subarray(0, CALLDATA_BYTES_MAX);
      // Somebody may have brought a signed record through a contract of theirs: the salt is then deeper inside.
      for (let offset = 4; offset + 32 <= calldata.length; offset++) {
        const salt = toHex(calldata.subarray(offset, offset + 32));
        if (fits(salt)) return salt;
      }
      return null;
    }),
  };
}
