/** Looks at a network from outside, without keys: asks all its validators, and checks what they give against the genesis document alone. */
import { keccak_256 } from '@noble/hashes/sha3.js';
import { Transaction } from 'ethers';
import { loadContractArtifact } from '../adapters/contract-artifacts.ts';
import { systemClock } from '../adapters/system-clock.ts';
import { type TransactionOutcome, ValidatorClient } from '../adapters/validator-client.ts';
import { AppError, isAppError } from '../base/app-error.ts';
import { type Hex, toHex } from '../base/bytes.ts';
import { say } from '../base/sentence.ts';
import { type Block, type BlockHeader, blockHash, decodeBlock } from '../ledger/block.ts';
import { type GenesisDocument, genesisBlock } from '../ledger/genesis.ts';
import { joinedPace, type Pace } from '../ledger/pace.ts';
import type { ContractName } from '../sharing/chain.ts';
import type { Network } from '../sharing/network-file.ts';
import { committeesOf, lastBlocksBefore, type VerifiedBlock, verifyBlock } from './block-verification.ts';
import { type AskedValidator, type NetworkSurvey, surveyOf } from './network-survey.ts';

/** A validator that has not answered by then counts as not there. */
const answerMs = 5_000;
/** How long the parts of a block may take. */
const blockAnswerMs = 10_000;

/** What a transaction calls, as far as our contracts' interfaces tell. */
export interface TransactionCall {
  readonly kind: 'transfer' | 'creation' | 'call';
  readonly contract: ContractName | null;
  readonly method: string | null;
}

/** A transaction of a block. */
export interface InspectedTransaction extends TransactionOutcome, TransactionCall {
  readonly from: Hex;
  /** Null where it made a contract. */
  readonly to: Hex | null;
  readonly value: bigint;
}

/** A block with all that there is to see of it. */
export interface InspectedBlock {
  readonly hash: Hex;
  readonly header: BlockHeader;
  readonly transactions: readonly InspectedTransaction[];
}

/** A network that is looked at. */
export interface NetworkInspection {
  survey(): Promise<NetworkSurvey>;
  /** What is remembered of blocks since a time; null where no validator answers. */
  pace(fromMs: number): Promise<Pace | null>;
  /** @throws AppError `BLOCK_UNKNOWN`, `SERVICE_UNREACHABLE` */
  block(height: number): Promise<InspectedBlock>;
  /** Checks why a block is final with nothing but the genesis document. @throws AppError `BLOCK_NOT_VERIFIED`, `BLOCK_UNKNOWN` */
  verify(height: number): Promise<VerifiedBlock>;
}

/** Looks at the network of a file and its genesis document. */
export function inspectNetwork(network: Network, document: GenesisDocument): NetworkInspection {
  const members = document.validators.map((group) => group.map(({ key }) => key as Hex));
  const { rpcUrls } = network.chain;
  const named = members.flat();
  /** The addresses stand in the order of the genesis document, where there are as many. */
  const keyAt = (position: number): Hex | null => (rpcUrls.length === named.length ? (named[position] as Hex) : null);

  /** The first answer of any validator that is not null. */
  const first = async <Result>(height: number, ask: (validator: ValidatorClient) => Promise<Result | null>): Promise<Result> => {
    const failures: unknown[] = [];
    for (const url of rpcUrls) {
      try {
        const found = await ask(new ValidatorClient(url, blockAnswerMs));
        if (found !== null) return found;
      } catch (error) {
        failures.push(error);
      }
    }
    // One that answers and does not have the block says more than those that do not answer.
    throw failures.length === rpcUrls.length ? failures[0] : blockUnknown(height);
  };
  const certified = (height: number) => first(height, (validator) => validator.certifiedBlock(height));

  return {
    async survey() {
      const asked = await Promise.all(
        rpcUrls.map(async (url, position): Promise<AskedValidator> => {
          const key = keyAt(position);
          try {
            return { key, url, answer: { status: await new ValidatorClient(url, answerMs).status() } };
          } catch (error) {
            if (!isAppError(error)) throw error;
            return { key, url, answer: { fault: { code: error.code, ...error.sentences, data: error.data } } };
          }
        }),
      );
      return surveyOf(members, asked, systemClock.nowMs());
    },
    async pace(fromMs) {
      const answers = await Promise.allSettled(rpcUrls.map((url) => new ValidatorClient(url, answerMs).pace(fromMs)));
      return joinedPace(answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : [])));
    },
    async block(height) {
      const block: Block = height === 0 ? genesisBlock(document) : decodeBlock((await certified(height)).block);
      const transactions = block.transactions.map((raw) => Transaction.from(toHex(raw)));
      const outcomes = await first(height, async (validator) =>
        outcomesOf(transactions, transactions.length === 0 ? [] : await validator.outcomes(height)),
      );
      return {
        hash: blockHash(block.header, keccak_256),
        header: block.header,
        transactions: transactions.map((transaction, position) =>
          inspected(transaction, outcomes[position] as TransactionOutcome, network),
        ),
      };
    },
    async verify(height) {
      const { block, lastBlocks } = await first(height, async (validator) => {
        const given = await validator.certifiedBlock(height);
        return given === null ? null : { block: given, lastBlocks: await lastBlocksBefore(validator, height) };
      });
      return verifyBlock(document, height, block, committeesOf(document, lastBlocks));
    },
  };
}

/** The outcomes of exactly these transactions; null if they are of others. */
function outcomesOf(
  transactions: readonly Transaction[],
  outcomes: readonly TransactionOutcome[] | null,
): readonly TransactionOutcome[] | null {
  const isOfThese =
    outcomes?.length === transactions.length && outcomes.every(({ hash }, position) => transactions[position]?.hash === hash);
  return isOfThese ? outcomes : null;
}

function inspected(transaction: Transaction, outcome: TransactionOutcome, network: Network): InspectedTransaction {
  const lower = (address: string) => address.toLowerCase() as Hex;
  const to = transaction.to === null ? null : lower(transaction.to);
  return { ...outcome, ...callOf(to, transaction.data, network), from: lower(transaction.from as string), to, value: transaction.value };
}

function callOf(to: Hex | null, data: string, { contracts }: Network): TransactionCall {
  if (to === null) return { kind: 'creation', contract: null, method: null };
  const contract = (Object.keys(contracts) as ContractName[]).find((name) => contracts[name] === to) ?? null;
  if (data === '0x') return { kind: 'transfer', contract, method: null };
  const method = contract === null ? null : (loadContractArtifact(contract).abi.getFunction(data.slice(0, 10))?.name ?? null);
  return { kind: 'call', contract, method };
}

function blockUnknown(height: number): AppError {
  return new AppError(
    'BLOCK_UNKNOWN',
    {
      what: say`No validator that answers has a final block ${height}.`,
      consequence: 'Nothing was checked and nothing was changed.',
      remedy: 'Choose a block of the list, or wait until the validators have caught up.',
    },
    { data: { height } },
  );
}
