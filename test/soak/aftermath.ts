/** What must be true of the validators when everything is over, asked from outside. */
import { fromHex, type Hex } from '../../core/base/bytes.ts';
import { verifyBlock } from '../../core/services/block-verification.ts';
import type { ValidatorNetwork } from '../validators.ts';
import { type Acknowledged, counterAbi } from './transfer-load.ts';
import { ask, type Member } from './validator-processes.ts';

const atOnce = 8;
const patienceMs = 60_000;

interface FinalBlock {
  readonly hash: Hex;
  readonly stateRoot: Hex;
  readonly receiptsRoot: Hex;
  readonly transactions: readonly Hex[];
}

/** What was found. */
export interface Aftermath {
  readonly blocks: number;
  readonly transactions: number;
  readonly certificates: number;
}

/** Compares all blocks and roots of all validators, verifies every certificate of each, and looks for every acknowledged transaction. */
export async function examineChain(
  { genesis }: ValidatorNetwork,
  members: readonly Member[],
  acknowledged: ReadonlyMap<Hex, Acknowledged>,
  counter: string,
  onViolation: (what: string) => void,
): Promise<Aftermath> {
  const heights = await Promise.all(members.map(async ({ rpcUrl }) => Number(await asked<Hex>(rpcUrl, 'eth_blockNumber'))));
  const height = Math.max(...heights);
  for (const [position, { name }] of members.entries())
    if (heights[position] !== height) onViolation(`${name} is at height ${heights[position]}, another at ${height}`);
  const finalIn = new Map<Hex, number>();
  let certificates = 0;
  await forEach(
    Array.from({ length: height }, (_, index) => index + 1),
    async (at) => {
      const blocks = await Promise.all(
        members.map(({ rpcUrl }) => asked<FinalBlock | null>(rpcUrl, 'eth_getBlockByNumber', [`0x${at.toString(16)}`, false])),
      );
      const [first] = blocks;
      for (const [position, block] of blocks.entries())
        if (block === null || JSON.stringify(partsOf(block)) !== JSON.stringify(partsOf(first as FinalBlock)))
          onViolation(
            `block ${at} of ${members[position]?.name} is ${JSON.stringify(block)}, that of ${members[0]?.name} ${JSON.stringify(first)}`,
          );
      for (const hash of first?.transactions ?? []) {
        if (finalIn.has(hash)) onViolation(`transaction ${hash} is final twice`);
        finalIn.set(hash, at);
      }
      for (const { rpcUrl, name } of members) {
        const given = await asked<{ block: Hex; certificate: { kind: string; votes: Hex } } | null>(rpcUrl, 'vouchsafe_certifiedBlock', [
          at,
        ]);
        try {
          if (given === null) throw new Error('there is none');
          const { kind, votes } = given.certificate;
          const { hash } = verifyBlock(genesis, at, { block: fromHex(given.block), certificate: { kind, votes: fromHex(votes) } });
          if (hash !== first?.hash) throw new Error(`it is for ${hash}`);
          certificates++;
        } catch (error) {
          onViolation(`the certificate of block ${at} at ${name}: ${String(error)}`);
        }
      }
    },
  );
  let calls = 0;
  for (const [hash, { isCall }] of acknowledged) {
    if (!finalIn.has(hash)) onViolation(`transaction ${hash} was acknowledged and is not final`);
    if (isCall) calls++;
  }
  await forEach([...acknowledged.keys()], async (hash, index) => {
    const { rpcUrl, name } = members[index % members.length] as Member;
    const receipt = await asked<{ status: Hex; blockNumber: Hex } | null>(rpcUrl, 'eth_getTransactionReceipt', [hash]);
    if (receipt?.status !== '0x1' || Number(receipt.blockNumber) !== finalIn.get(hash))
      onViolation(`the receipt of ${hash} at ${name} is ${JSON.stringify(receipt)}`);
  });
  for (const { rpcUrl, name } of members) {
    const data = counterAbi.encodeFunctionData('total');
    const total = BigInt(await asked<Hex>(rpcUrl, 'eth_call', [{ to: counter, data }, 'latest']));
    if (total !== BigInt(calls)) onViolation(`the contract at ${name} counted ${total} calls of ${calls}`);
  }
  return { blocks: height, transactions: finalIn.size, certificates };
}

function asked<Result>(rpcUrl: string, method: string, params: readonly unknown[] = []): Promise<Result> {
  return ask<Result>(rpcUrl, method, params, patienceMs);
}

function partsOf({ hash, stateRoot, receiptsRoot, transactions }: FinalBlock) {
  return { hash, stateRoot, receiptsRoot, transactions };
}

/** Some at a time, in their order. */
async function forEach<Item>(items: readonly Item[], work: (item: Item, index: number) => Promise<void>): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let index = next++; index < items.length; index = next++) await work(items[index] as Item, index);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}
