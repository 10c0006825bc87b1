/** The market read over Ethereum JSON-RPC: {@link MarketReader} with ethers. */
import { Contract, type JsonRpcProvider, type Result, zeroPadValue } from 'ethers';
import type { Hex } from '../base/bytes.ts';
import type { RequirementFields } from '../proofs/requirement.ts';
import { readRequirementWords } from '../proofs/requirement-document.ts';
import type { ContractName } from '../sharing/chain.ts';
import { offerStates } from '../sharing/chain-reader.ts';
import type { MarketOffer, MarketReader, MarketRequirement, MarketTerms, TimelineEntry } from '../sharing/market.ts';
import { loadContractArtifact } from './contract-artifacts.ts';
import { chainFailure } from './ethers-transaction-sender.ts';
import { systemClock } from './system-clock.ts';

/** Blocks that one log query spans: what ordinary nodes allow. */
const LOG_BLOCKS_MAX = 10_000;

const hex = (value: unknown): Hex => String(value).toLowerCase() as Hex;
const integer = (value: unknown): bigint => BigInt(String(value));
const topicOf = (value: bigint): Hex => `0x${value.toString(16).padStart(64, '0')}`;

type EventContract = TimelineEntry['contract'];

interface ParsedEvent {
  readonly event: string;
  readonly blockNumber: number;
  readonly transactionHash: Hex;
  readonly args: Result;
}

/** A reader of the market over one provider; `confirmations` is the network's. */
export function createEthersMarket(
  provider: JsonRpcProvider,
  addresses: Readonly<Record<ContractName, Hex>>,
  confirmations: number,
): MarketReader {
  const open = (name: ContractName) => new Contract(addresses[name], loadContractArtifact(name).abi, provider);
  const contracts: Record<EventContract, Contract> = {
    entityRegistry: open('entityRegistry'),
    dataRecords: open('dataRecords'),
    sharingMarket: open('sharingMarket'),
  };

  async function finalBlock(): Promise<number> {
    return Math.max(0, (await provider.getBlockNumber()) - confirmations);
  }

  async function read(contract: EventContract, method: string, ...values: readonly unknown[]): Promise<Result> {
    const blockTag = confirmations === 0 ? 'latest' : await finalBlock();
    return contracts[contract].getFunction(method).staticCall(...values, { blockTag });
  }

  async function events(contract: EventContract, topics: (string | string[] | null)[]): Promise<ParsedEvent[]> {
    const last = await finalBlock();
    const found: ParsedEvent[] = [];
    for (let first = 0; first <= last; first += LOG_BLOCKS_MAX) {
      const filter = { address: addresses[contract], topics, fromBlock: first, toBlock: Math.min(last, first + LOG_BLOCKS_MAX - 1) };
      const abi = contracts[contract].interface;
      for (const log of await provider.getLogs(filter)) {
        const parsed = abi.parseLog(log);
        if (parsed)
          found.push({ event: parsed.name, blockNumber: log.blockNumber, transactionHash: hex(log.transactionHash), args: parsed.args });
      }
    }
    return found;
  }

  function topic(event: string): string {
    const fragment = contracts.sharingMarket.interface.getEvent(event);
    if (!fragment) throw new TypeError(`the market has no event ${event}`);
    return fragment.topicHash;
  }

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
    requirement: guarded(async (requestId): Promise<MarketRequirement | null> => {
      const [published] = await events('sharingMarket', [topic('RequirementPublished'), requestId]);
      if (!published) return null;
      const held = await read('sharingMarket', 'requirementOf', requestId);
      const fields = requirementFields(published.args.fields);
      return {
        requestId,
        state: Number(held.state) === 1 ? 'open' : 'closed',
        publisher: hex(held.publisher),
        escrow: integer(held.escrow),
        requirementHash: integer(held.requirementHash),
        fields,
        document: readRequirementWords(String(published.args.words), fields),
        terms: terms(held.terms),
      };
    }),
    requirementIds: guarded(async (filter = {}) => {
      const publisher = filter.publisher ? zeroPadValue(filter.publisher, 32) : null;
      return (await events('sharingMarket', [topic('RequirementPublished'), null, publisher])).map((log) => hex(log.args.requestId));
    }),
    marketOffer: guarded(async (offerId): Promise<MarketOffer | null> => {
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
        deadline: integer(offer.deadline),
        dueAt: integer(offer.dueAt),
        provedRows: integer(offer.provedRows),
        provedSegments: Number(offer.provedSegments),
        datasetRoot: integer(offer.datasetRoot),
        templateId: hex(offer.templateId),
        binding: integer(offer.binding),
        price: integer(offer.price),
        ownerBond: integer(offer.ownerBond),
        consumerBond: integer(offer.consumerBond),
      };
    }),
    offerIds: guarded(async ({ requestId, owner }) => {
      const logs = await events('sharingMarket', [topic('OfferMade'), null, requestId ?? null, owner ? zeroPadValue(owner, 32) : null]);
      return logs.map((log) => integer(log.args.offerId));
    }),
    provedSegments: guarded(async (offerId) => {
      const words = Array.from(await read('sharingMarket', 'provedSegments', offerId), integer);
      return new Set(
        words.flatMap((word, place) =>
          Array.from({ length: 256 }, (_, bit) => bit).flatMap((bit) => ((word >> BigInt(bit)) & 1n ? [256 * place + bit] : [])),
        ),
      );
    }),
    partials: guarded((offerId, count) =>
      Promise.all(Array.from({ length: count }, async (_, index) => integer(await read('sharingMarket', 'partialOf', offerId, index)))),
    ),
    recordHash: guarded(async (datasetId) => hex(await read('dataRecords', 'recordHash', datasetId))),
    postedDeliveries: guarded(async (offerId) =>
      (await events('sharingMarket', [topic('DeliveryPosted'), topicOf(offerId)])).map(({ args: { delivery } }) => ({
        header: hex(delivery.header),
        grant: hex(delivery.grant),
        fragments: Array.from(delivery.fragments, hex),
      })),
    ),
    credit: guarded(async (account) => integer(await read('sharingMarket', 'creditOf', account))),
    balance: guarded((account) => provider.getBalance(account)),
    timeSeconds: guarded(async () => {
      const newest = (await provider.getBlock('latest'))?.timestamp ?? 0;
      return BigInt(Math.max(newest, Math.floor(systemClock.nowMs() / 1000)));
    }),
    timeline: guarded(async (offer) => {
      const entries = await Promise.all([
        events('dataRecords', [null, offer.datasetId]).then((logs) => logs.map((log) => entry('dataRecords', log))),
        events('sharingMarket', [topic('RequirementPublished'), offer.requestId]).then((logs) =>
          logs.map((log) => entry('sharingMarket', log)),
        ),
        events('sharingMarket', [null, topicOf(offer.offerId)]).then((logs) => logs.map((log) => entry('sharingMarket', log))),
      ]);
      return entries.flat().sort((left, right) => left.blockNumber - right.blockNumber);
    }),
  };
}

function entry(contract: EventContract, { event, blockNumber, transactionHash, args }: ParsedEvent): TimelineEntry {
  const named = Object.entries(args.toObject()).map(([name, value]) => [
    name,
    Array.isArray(value) ? JSON.stringify(value, decimal) : String(value),
  ]);
  return { event, contract, blockNumber, transactionHash, fields: Object.fromEntries(named) };
}

function decimal(_: string, value: unknown): unknown {
  return typeof value === 'bigint' ? value.toString() : value;
}

function requirementFields(fields: Result): RequirementFields {
  return {
    slotCount: Number(fields.slotCount),
    minRows: integer(fields.minRows),
    timeUsed: fields.timeUsed === true,
    timeFrom: integer(fields.timeFrom),
    timeTo: integer(fields.timeTo),
    minSpan: integer(fields.minSpan),
    width: Number(fields.width),
    keywords: Array.from(fields.keywords as Result, integer),
    meanHi: Array.from(fields.meanHi as Result, integer),
    slots: Array.from(fields.slots as Result, (slot: Result) => ({
      colHash: integer(slot.colHash),
      lo: integer(slot.lo),
      hi: integer(slot.hi),
      meanLo: integer(slot.meanLo),
    })),
  };
}

function terms(held: Result): MarketTerms {
  return {
    price: integer(held.price),
    bond: integer(held.bond),
    deadline: integer(held.deadline),
    grantWindow: integer(held.grantWindow),
    deliverWindow: integer(held.deliverWindow),
    confirmWindow: integer(held.confirmWindow),
    currency: hex(held.currency),
    exclusiveUntil: integer(held.exclusiveUntil),
    arbitersHash: hex(held.arbitersHash),
  };
}
