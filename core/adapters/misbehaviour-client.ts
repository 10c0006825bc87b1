/** Reads from the chain which validators were proven to have broken the rules of the consensus. */
import { Contract } from 'ethers';
import type { Hex } from '../base/bytes.ts';
import { misbehaviourAddress } from '../ledger/misbehaviour.ts';
import { loadContractArtifact } from './contract-artifacts.ts';
import type { ChainProvider } from './ethers-provider.ts';
import { chainFailure } from './ethers-transaction-sender.ts';

const pageSize = 100n;
const kinds = ['two-prepares', 'two-commits', 'two-proposals', 'amnesia'] as const;

/** One record. Of amnesia, height and view are those of the COMMIT that was forgotten. */
export interface RecordedMisbehaviour {
  /** Whose signatures prove it. */
  readonly accused: Hex;
  readonly kind: (typeof kinds)[number];
  readonly epoch: bigint;
  readonly height: bigint;
  readonly view: bigint;
  /** Seconds since 1970-01-01 UTC of the block that recorded it. */
  readonly recordedAt: bigint;
}

/** All records, the oldest first; none on a chain that keeps none. @throws AppError `CHAIN_UNREACHABLE` */
export async function recordedMisbehaviour(provider: ChainProvider): Promise<RecordedMisbehaviour[]> {
  try {
    if ((await provider.getCode(misbehaviourAddress)) === '0x') return [];
    const contract = new Contract(misbehaviourAddress, loadContractArtifact('misbehaviourRecords').abi, provider);
    const ask = contract.getFunction('records');
    const records: RecordedMisbehaviour[] = [];
    for (;;) {
      const page = (await ask.staticCall(BigInt(records.length), pageSize)) as {
        accused: Hex;
        kind: bigint;
        epoch: bigint;
        height: bigint;
        view_: bigint;
        blockTime: bigint;
      }[];
      for (const { accused, kind, epoch, height, view_, blockTime } of page)
        records.push({
          accused,
          kind: kinds[Number(kind)] as RecordedMisbehaviour['kind'],
          epoch,
          height,
          view: view_,
          recordedAt: blockTime,
        });
      if (BigInt(page.length) < pageSize) return records;
    }
  } catch (error) {
    throw chainFailure(error);
  }
}
