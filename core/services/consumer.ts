/** What a consumer does with an open home: publish requirements, buy, receive, check, pay. Every action may be repeated. */
import type { SavedFile } from '../adapters/dataset-work.ts';
import { proveStatement } from '../adapters/offer-prover.ts';
import { AppError, isAppError } from '../base/app-error.ts';
import type { Hex } from '../base/bytes.ts';
import { type Sentence, say } from '../base/sentence.ts';
import { requirementBinding } from '../proofs/identifiers.ts';
import { type RequirementDocument, requirementFields } from '../proofs/requirement-document.ts';
import { requirementStatement } from '../proofs/statements.ts';
import { REQUIREMENT_CIRCUIT } from '../proofs/templates.ts';
import type { MarketOffer } from '../sharing/market.ts';
import { type PurchaseWork, purchaseDocument, purchaseMachine, purchaseWorkSchema } from '../sharing/purchase-workflow.ts';
import {
  draftRequirement,
  type RequirementWork,
  requirementDocumentName,
  requirementMachine,
  requirementWorkSchema,
  type Terms,
} from '../sharing/requirement-workflow.ts';
import { advance } from '../sharing/workflow.ts';
import { transferOf, type Watch } from './owner.ts';
import type { Participant } from './participant.ts';

/** Drafts a requirement; nothing is sent yet. `escrow` in wei: at least one price. */
export async function draft(
  participant: Participant,
  document: RequirementDocument,
  terms: Terms,
  escrow: bigint,
  pseudonymIndex: number,
): Promise<RequirementWork> {
  const work = draftRequirement(participant.keysOf(pseudonymIndex), document, terms, escrow, participant.random);
  // While the chain is away the draft waits; the contract asks for the enrolment again.
  await participant.requireLive(pseudonymIndex, 'consumer').catch((error: unknown) => {
    if (!isAppError(error, 'CHAIN_UNREACHABLE')) throw error;
  });
  await participant.documents.save(requirementDocumentName(work.requestId), work);
  return work;
}

/** Proves and publishes a drafted requirement. @throws AppError `REQUIREMENT_UNKNOWN` */
export async function publish(participant: Participant, requestId: Hex, watch: Watch = {}): Promise<RequirementWork> {
  const { documents, outbox, keysOf, network, hash, prover } = participant;
  const work = await documents.load(requirementDocumentName(requestId), requirementWorkSchema);
  if (work === undefined) throw unknownHere('REQUIREMENT_UNKNOWN', say`requirement`, requestId);
  const prove = (drafted: RequirementWork) => {
    const binding = requirementBinding({
      chainId: BigInt(network.chain.chainId),
      market: network.contracts.sharingMarket,
      requestId: drafted.requestId,
      publisher: drafted.publisher,
      deadline: BigInt(drafted.terms.deadline),
    });
    const statement = requirementStatement(requirementFields(drafted.document), binding, hash);
    return proveStatement(prover, REQUIREMENT_CIRCUIT, statement, watch.signal);
  };
  const machine = requirementMachine({ documents, outbox, prove, keysOf, ...(watch.signal ? { signal: watch.signal } : {}) });
  return advance(machine, work, { onState: ({ state }) => watch.onState?.(state) });
}

/** The home's own requirements. */
export async function requirements({ documents }: Participant): Promise<RequirementWork[]> {
  const found: RequirementWork[] = [];
  for (const name of await documents.list('requirement-')) {
    const work = await documents.load(name, requirementWorkSchema);
    if (work !== undefined) found.push(work);
  }
  return found;
}

/** The offers made for a requirement, as the chain has them. @throws AppError `REQUIREMENT_UNKNOWN` */
export async function offersFor({ market }: Participant, requestId: Hex): Promise<MarketOffer[]> {
  if ((await market.requirement(requestId)) === null) throw unknownHere('REQUIREMENT_UNKNOWN', say`requirement`, requestId);
  const found = await Promise.all((await market.offerIds({ requestId })).map((offerId) => market.marketOffer(offerId)));
  return found.filter((offer) => offer !== null);
}

/** Begins to buy an offer for one of the home's requirements; repeating gives the purchase that there is. */
export async function beginPurchase(participant: Participant, offerId: bigint): Promise<PurchaseWork> {
  const { documents, market, pseudonyms } = participant;
  const known = await documents.load(purchaseDocument(offerId.toString()), purchaseWorkSchema);
  if (known !== undefined) return known;
  const offer = await market.marketOffer(offerId);
  if (offer === null) throw unknownHere('OFFER_UNKNOWN', say`offer`, offerId.toString());
  const pseudonym = pseudonyms.find(({ address }) => address === offer.consumer);
  if (pseudonym === undefined)
    throw new AppError('OFFER_NOT_YOURS', {
      what: 'The offer answers a requirement of somebody else.',
      consequence: 'Nothing was fetched and nothing was paid.',
      remedy: 'Use the home that published the requirement.',
    });
  const { requestId, datasetId } = offer;
  const work: PurchaseWork = {
    version: 1,
    state: 'found',
    offerId: offerId.toString(),
    requestId,
    datasetId,
    pseudonymIndex: pseudonym.index,
  };
  await documents.save(purchaseDocument(work.offerId), work);
  return work;
}

/** The home's purchases. */
export async function purchases({ documents }: Participant): Promise<PurchaseWork[]> {
  const found: PurchaseWork[] = [];
  for (const name of await documents.list('purchase-')) {
    const work = await documents.load(name, purchaseWorkSchema);
    if (work !== undefined) found.push(work);
  }
  return found;
}

/**
 * Takes a purchase as far as it goes: fetches, gets the key, accepts, collects, opens, checks, confirms.
 * Without the decision to accept it stops when it holds and has checked everything that can be checked before paying.
 */
export async function advancePurchase(
  participant: Participant,
  offerId: bigint,
  decided: { readonly accept: boolean; readonly confirm: boolean },
  watch: Watch = {},
): Promise<PurchaseWork> {
  const { documents, network, engine, parameters, chain, market, outbox, pkg, proxies, keysOf } = participant;
  const files = await participant.files;
  const transfer = transferOf(participant, watch);
  const machine = purchaseMachine({
    documents,
    files,
    network,
    engine,
    parameters,
    chain,
    market,
    outbox,
    pkg,
    proxies,
    keysOf,
    transfer,
    decided,
  });
  const { signal, onState } = watch;
  return advance(machine, await beginPurchase(participant, offerId), {
    ...(signal ? { signal } : {}),
    ...(onState ? { onState: ({ state }) => onState(state) } : {}),
  });
}

/**
 * Copies the received original file to `path`, where no file may be; its SHA-256 is compared on the way, and a copy that is not whole is
 * removed. @throws AppError `PURCHASE_NOT_RECEIVED`, `FILE_EXISTS`, `FILE_NOT_WRITABLE`, `RECEIVED_DATA_DAMAGED`
 */
export async function saveReceivedFile(participant: Participant, offerId: string, path: string, watch: Watch = {}): Promise<SavedFile> {
  return (await participant.files).saveReceived(offerId, path, transferOf(participant, watch));
}

function unknownHere(code: string, kind: Sentence, id: string): AppError {
  return new AppError(
    code,
    {
      what: say`There is no ${kind} ${id} here.`,
      consequence: 'Nothing was changed.',
      remedy: 'List what there is and use the id that is shown.',
    },
    { data: { id } },
  );
}
