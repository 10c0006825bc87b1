/**
 * The consumer's side of a trade (paper, sections 6.8 and 6.9): fetch and check the ciphertext of a verified offer, get
 * the key of the receiving identity, accept, collect fragments, open, decrypt, check against the chain, confirm.
 *
 * Invariants: before the price is locked the consumer holds the ciphertext, header and context that the chain names and
 * a checked key; it confirms only what it has decrypted and recomputed.
 */
import { z } from 'zod';
import { AppError, isAppError } from '../base/app-error.ts';
import { assert } from '../base/assert.ts';
import { fromHex, type Hex, toHex } from '../base/bytes.ts';
import { DecodeError } from '../base/codec.ts';
import { listed, type Sentence, say } from '../base/sentence.ts';
import { decodeGrantContext, decodeSourceContext, type SourceContext } from '../crypto/context.ts';
import { ciphertextLength, type FileLabel, fileLabelOf, isChunkSize, plaintextBytesMax } from '../crypto/file-stream.ts';
import type { PseudonymKeys } from '../crypto/key-derivation.ts';
import type { PairingEngine } from '../crypto/pairing-engine.ts';
import { type Delivery, isOfRecordedSize, type OpenVerdict, open, verifyFragment } from '../crypto/re-encryption.ts';
import type { Fragment, PublicParameters } from '../crypto/scheme-algebra.ts';
import { decodeFragment, decodeGrant, decodeHeader, decodeIdentityKey, encodeIdentityKey } from '../crypto/scheme-encodings.ts';
import { decodeGrantPreimage, grantHash, headerHash } from '../crypto/scheme-hashes.ts';
import type { ChainDataRecord, ChainReader } from './chain-reader.ts';
import { datasetIdentity } from './dataset-workflow.ts';
import type { Documents } from './documents.ts';
import { hexOfLength, hexUpTo } from './enrolment.ts';
import type { MarketOffer, MarketReader } from './market.ts';
import type { Network } from './network-file.ts';
import { receivingIdentity } from './offer-workflow.ts';
import type { Outbox } from './outbox.ts';
import type { SignedFragment } from './proxy-messages.ts';
import type { PkgPort, Proxies, TransferOptions } from './services.ts';
import type { Machine } from './workflow.ts';

const facts = z.strictObject({
  version: z.literal(1),
  offerId: z.string().regex(/^(0|[1-9][0-9]{0,77})$/),
  requestId: hexOfLength(32),
  datasetId: hexOfLength(32),
  pseudonymIndex: z.int().min(0),
});
const fetched = facts.extend({
  header: hexUpTo(2048),
  context: hexUpTo(2048),
  /** Proxies that gave a header, ciphertext, grant or fragment which is not the recorded one or fails its proof, although others sufficed. */
  faultyProxies: z.array(z.int()).max(255),
});
const keyed = fetched.extend({ identityKey: hexUpTo(1024) });
const opened = keyed.extend({
  /** The data-encryption key: sealed with everything else. */
  key: hexOfLength(32),
});

/** A purchase of the consumer; `state` says how far it has come. */
export const purchaseWorkSchema = z.discriminatedUnion('state', [
  facts.extend({ state: z.literal('found') }),
  fetched.extend({ state: z.literal('fetched') }),
  keyed.extend({ state: z.literal('keyed') }),
  keyed.extend({ state: z.literal('accepted') }),
  opened.extend({ state: z.literal('opened') }),
  opened.extend({ state: z.literal('received') }),
  opened.extend({ state: z.literal('ended'), outcome: z.enum(['paid', 'refunded', 'revoked']) }),
  facts.extend({ state: z.literal('closed'), outcome: z.enum(['refunded', 'expired', 'revoked']) }),
]);
export type PurchaseWork = z.infer<typeof purchaseWorkSchema>;
export type PurchaseState = PurchaseWork['state'];

/** The received dataset's files. */
export interface ReceivedFiles {
  ciphertextPath(datasetId: Hex): string;
  /**
   * Decrypts the payload and unpacks it, recomputing root and file hash; what is refused leaves nothing behind.
   * Harmless when it was done before.
   */
  unpack(
    work: Pick<PurchaseWork, 'offerId' | 'datasetId'>,
    key: Uint8Array,
    label: FileLabel,
    expected: { datasetRoot: bigint; owner: Hex; datasetId: Hex },
    options: TransferOptions,
  ): Promise<void>;
}

/** What the machine of a purchase needs. */
export interface PurchasePorts {
  readonly documents: Documents;
  readonly files: ReceivedFiles;
  readonly network: Network;
  readonly engine: PairingEngine;
  readonly parameters: PublicParameters;
  readonly chain: ChainReader;
  readonly market: MarketReader;
  readonly outbox: Outbox;
  readonly pkg: PkgPort;
  readonly proxies: Proxies;
  readonly keysOf: (pseudonymIndex: number) => PseudonymKeys;
  readonly transfer: TransferOptions;
  /** What the user has decided: to lock the price, and to release it once the data is received and checked. */
  readonly decided: { readonly accept: boolean; readonly confirm: boolean };
}

/** Name of a purchase's document. */
export function purchaseDocument(offerId: string): string {
  return `purchase-${offerId}`;
}

/** The machine that takes a verified offer to received and paid data. */
export function purchaseMachine(ports: PurchasePorts): Machine<PurchaseState, PurchaseWork> {
  const { documents, files, network, engine, chain, market, outbox, pkg, proxies, keysOf, transfer, decided } = ports;

  async function onChain(work: PurchaseWork): Promise<{ offer: MarketOffer; record: ChainDataRecord }> {
    const offer = await market.marketOffer(BigInt(work.offerId));
    assert(offer !== null, 'a purchase begins with an offer on chain');
    const record = await chain.dataRecord(offer.datasetId);
    assert(record !== null, 'an offered dataset is recorded');
    return { offer, record };
  }

  /** The end of a purchase that brings no data. One that is paid goes on: the owner may have claimed the price before this side collected. */
  function closed(work: PurchaseWork, offer: MarketOffer): PurchaseWork | undefined {
    const { version, offerId, requestId, datasetId, pseudonymIndex } = work;
    const outcome = offer.state;
    if (outcome !== 'refunded' && outcome !== 'expired' && outcome !== 'revoked') return undefined;
    return { version, offerId, requestId, datasetId, pseudonymIndex, state: 'closed', outcome };
  }

  function send(work: PurchaseWork, step: string, values: readonly unknown[]) {
    const { account } = keysOf(work.pseudonymIndex);
    return outbox.perform(
      `${step}-${work.offerId}`,
      account,
      { contract: 'sharingMarket', method: step, arguments: values },
      transfer.signal,
    );
  }

  return {
    save: (work) => documents.save(purchaseDocument(work.offerId), work),
    stages: {
      found: {
        waitsFor: 'proxies',
        step: async (work) => {
          const { offer, record } = await onChain(work);
          const end = closed(work, offer);
          if (end) return end;
          const destination = files.ciphertextPath(work.datasetId);
          const file = { ...transfer, sha256: record.ciphertextHash, bytes: Number(record.ciphertextSize), destination };
          const faultyProxies: number[] = [];
          let failure: AppError | undefined;
          for (const [position, proxy] of proxies(keysOf(work.pseudonymIndex)).entries()) {
            try {
              const { header, context } = await proxy.getHeader(record.headerHash);
              checkHeader(ports, record, position + 1, header, context);
              await proxy.downloadCiphertext(file);
              return { ...work, state: 'fetched', header: toHex(header), context: toHex(context), faultyProxies } as PurchaseWork;
            } catch (error) {
              if (!(error instanceof AppError) || error.code === 'HEADER_MISLEADING') throw error;
              const lied = error.code === 'HEADER_NOT_RECORDED' || error.code === 'DOWNLOAD_HASH_MISMATCH';
              if (lied) faultyProxies.push(position + 1);
              // A lie is told rather than a silence, which may pass.
              if (lied || faultyProxies.length === 0) failure = error;
            }
          }
          assert(failure !== undefined, 'a network has a proxy');
          throw failure;
        },
      },
      fetched: {
        waitsFor: 'pkg',
        step: async (work) => {
          if (work.state !== 'fetched') return undefined;
          const { offer } = await onChain(work);
          const identity = receivingIdentity(network, offer.consumer, offer.offerId);
          const key = await pkg.identityKey(keysOf(work.pseudonymIndex), identity);
          return { ...work, state: 'keyed', identityKey: toHex(encodeIdentityKey(engine, key)) };
        },
      },
      keyed: {
        waitsFor: 'me',
        step: async (work) => {
          if (work.state !== 'keyed') return undefined;
          const { offer, record } = await onChain(work);
          const end = closed(work, offer);
          if (end) return end;
          if (offer.state !== 'proving' && offer.state !== 'verified') return { ...work, state: 'accepted' };
          if (offer.state === 'proving' || !decided.accept) return undefined;
          const requirement = await market.requirement(offer.requestId);
          assert(requirement !== null, 'an offer answers a requirement');
          const acceptance = {
            recordHash: await market.recordHash(offer.datasetId),
            headerHash: record.headerHash,
            ciphertextHash: record.ciphertextHash,
            price: requirement.terms.price,
            arbitersHash: requirement.terms.arbitersHash,
          };
          await send(work, 'accept', [work.offerId, acceptance]).catch((error: unknown) => {
            throw escrowUsedUp(error);
          });
          return { ...work, state: 'accepted' };
        },
      },
      accepted: {
        waitsFor: 'owner',
        step: async (work) => {
          if (work.state !== 'accepted') return undefined;
          const { offer, record } = await onChain(work);
          const end = closed(work, offer);
          if (end) return end;
          const recorded = await chain.grant(offer.offerId);
          if (recorded === null) return undefined;
          const verdict = await collect(ports, work, {
            headerHash: record.headerHash,
            grantHash: recorded.grantHash,
            threshold: recorded.threshold,
            proxies: recorded.proxies,
            receiverIdentity: receivingIdentity(network, offer.consumer, offer.offerId),
          });
          if (verdict === undefined) return undefined;
          if (!verdict.opened) throw deliveryRefused(verdict);
          const faultyProxies = [...new Set([...work.faultyProxies, ...verdict.faultyProxies])].sort((left, right) => left - right);
          return { ...work, state: 'opened', key: toHex(verdict.key), faultyProxies };
        },
      },
      opened: {
        waitsFor: 'me',
        step: async (work) => {
          if (work.state !== 'opened') return undefined;
          const { record } = await onChain(work);
          const label = fileLabelOf(decodeSourceContext(fromHex(work.context)));
          const { datasetRoot, owner, datasetId } = record;
          await files.unpack(work, fromHex(work.key), label, { datasetRoot, owner, datasetId }, transfer);
          return { ...work, state: 'received' };
        },
      },
      received: {
        waitsFor: 'me',
        step: async (work) => {
          if (work.state !== 'received') return undefined;
          const { state } = (await onChain(work)).offer;
          if (state === 'paid' || state === 'refunded' || state === 'revoked') return { ...work, state: 'ended', outcome: state };
          if (!decided.confirm) return undefined;
          await send(work, 'confirm', [work.offerId]);
          return { ...work, state: 'ended', outcome: 'paid' };
        },
      },
      ended: { waitsFor: 'nobody' },
      closed: { waitsFor: 'nobody' },
    },
  };
}

/** The contract's refusal to lock a price that the escrow does not cover, said to a person; any other error as it is. */
function escrowUsedUp(error: unknown): unknown {
  if (!isAppError(error, 'CHAIN_TRANSACTION_REJECTED') || !String(error.data.reason).startsWith('EscrowTooSmall')) return error;
  return new AppError(
    'PURCHASE_ESCROW_USED_UP',
    {
      what: 'The escrow of your requirement does not cover the price of another offer.',
      consequence: 'The offer was not accepted and nothing was paid.',
      remedy: 'Publish the requirement again with an escrow of its own, and let the owner offer for that one.',
    },
    { cause: error },
  );
}

/** Refuses a header or context that is not the one whose hash is recorded (the proxy's fault), or that says something else than the record (the owner's). */
function checkHeader(
  { engine, network }: PurchasePorts,
  record: ChainDataRecord,
  proxy: number,
  header: Uint8Array,
  encoded: Uint8Array,
): void {
  const data = { datasetId: record.datasetId };
  const notRecorded = (reason: Sentence) =>
    new AppError(
      'HEADER_NOT_RECORDED',
      {
        what: say`What proxy ${proxy} gave as the header is not the recorded one: ${reason}.`,
        consequence: 'It was not used; no money is at risk.',
        remedy: "Use the other proxies, and tell the network's operator. If all say the same, leave this offer alone.",
      },
      { data: { ...data, proxy } },
    );
  let context: SourceContext;
  try {
    context = decodeSourceContext(encoded);
    if (toHex(headerHash(engine, context, decodeHeader(engine, header))) !== record.headerHash) throw notRecorded(say`its hash differs`);
  } catch (error) {
    if (error instanceof DecodeError) throw notRecorded(say`it is malformed`);
    throw error;
  }
  const misleading = (reason: Sentence) =>
    new AppError(
      'HEADER_MISLEADING',
      {
        what: say`The header that the owner recorded cannot be right: ${reason}.`,
        consequence: 'It was not used; no money is at risk.',
        remedy: 'The owner is at fault: leave this offer alone.',
      },
      { data },
    );
  if (
    context.datasetId !== record.datasetId ||
    context.owner !== record.owner ||
    BigInt(context.datasetRoot) !== record.datasetRoot ||
    context.ownerIdentity !== datasetIdentity(network, record.owner, record.datasetId)
  )
    throw misleading(say`it belongs to another dataset`);
  const { plaintextLength, chunkSize } = context;
  if (
    plaintextLength > plaintextBytesMax ||
    !isChunkSize(chunkSize) ||
    BigInt(ciphertextLength(Number(plaintextLength), chunkSize)) !== record.ciphertextSize
  )
    throw misleading(say`the recorded ciphertext has not the length that it says`);
}

/**
 * Asks every proxy for its fragment, reads what was posted on chain, and opens; undefined when too few have answered yet. What one proxy
 * says counts only where the chain or a proof bears it out, so that one that lies cannot spoil what the others give.
 */
async function collect(
  ports: PurchasePorts,
  work: Extract<PurchaseWork, { state: 'accepted' }>,
  recorded: Delivery['recorded'],
): Promise<OpenVerdict | undefined> {
  const { engine, parameters, proxies, keysOf, market } = ports;
  const offerId = BigInt(work.offerId);
  const receiverKey = decodeIdentityKey(engine, fromHex(work.identityKey));
  const sourceContext = decodeSourceContext(fromHex(work.context));
  const header = decodeHeader(engine, fromHex(work.header));
  const fragments: Fragment[] = [];
  const faulty = new Set<number>();
  let granted: Granted | undefined;
  let last: OpenVerdict | undefined;
  const tryToOpen = (): OpenVerdict | undefined => {
    if (granted === undefined) return undefined;
    // A grant that contradicts its record opens with no number of fragments: the verdict need not wait for them.
    if (isOfRecordedSize(granted.grant, recorded) && fragments.length < granted.grant.threshold) return undefined;
    const verdict = open(engine, parameters, receiverKey, { ...granted, sourceContext, header, fragments, recorded });
    for (const culprit of verdict.faultyProxies) faulty.add(culprit);
    last = { ...verdict, faultyProxies: [...faulty].sort((left, right) => left - right) };
    // More fragments put right what a proxy got wrong; what the owner or the receiver got wrong they cannot.
    return last.opened || last.party !== 'proxies' ? last : undefined;
  };

  for (const [position, proxy] of proxies(keysOf(work.pseudonymIndex)).entries()) {
    const index = position + 1;
    let answer: SignedFragment;
    let stored: { grant: Uint8Array; context: Uint8Array };
    try {
      [answer, stored] = [await proxy.fragment(offerId), await proxy.getGrant(offerId)];
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      // A proxy that is down, or has not its share yet, is not at fault; one that signs with a wrong key is.
      if (error.code === 'PROXY_SIGNATURE_INVALID') faulty.add(index);
      continue;
    }
    const fragment = decodedOrNothing(() => decodeFragment(engine, fromHex(answer.fragment)));
    const parts = decodedOrNothing(() => ({
      grant: decodeGrant(engine, stored.grant),
      grantContext: decodeGrantContext(stored.context),
    }));
    const isRecorded = parts !== undefined && toHex(grantHash(engine, parts.grantContext, parts.grant)) === recorded.grantHash;
    if (isRecorded) granted ??= parts;
    // Signed for something else, a bad fragment could not be held against the proxy, nor a good one of another offer be used.
    const isForThis = answer.grantHash === recorded.grantHash && answer.headerHash === recorded.headerHash;
    const own = isForThis && fragment?.index === index ? fragment : undefined;
    if (own !== undefined) fragments.push(own);
    if (!isRecorded || own === undefined) faulty.add(index);
    const verdict = tryToOpen();
    if (verdict !== undefined) return verdict;
  }

  for (const posted of await market.postedDeliveries(offerId)) {
    granted ??= decodedOrNothing(() => decodeGrantPreimage(engine, fromHex(posted.grant)));
    if (granted === undefined) break;
    const { grant, grantContext } = granted;
    for (const encoded of posted.fragments) {
      const fragment = decodedOrNothing(() => decodeFragment(engine, fromHex(encoded)));
      // Nobody signed it: what does not prove is nobody's fault but the poster's, and says nothing about the others.
      if (fragment !== undefined && verifyFragment(engine, parameters, grantContext, grant, fragment, header)) fragments.push(fragment);
    }
    const verdict = tryToOpen();
    if (verdict !== undefined) return verdict;
  }
  if (last === undefined && faulty.size > 0) return { opened: false, fault: 'FRAGMENTS', party: 'proxies', faultyProxies: [...faulty] };
  return last;
}

type Granted = Pick<Delivery, 'grant' | 'grantContext'>;

function decodedOrNothing<Value>(decode: () => Value): Value | undefined {
  try {
    return decode();
  } catch (error) {
    if (error instanceof DecodeError) return undefined;
    throw error;
  }
}

/** The error for a delivery that does not open: it names who is at fault. */
function deliveryRefused(verdict: Extract<OpenVerdict, { opened: false }>): AppError {
  const named = listed(
    verdict.faultyProxies.map((proxy) => say`proxy ${proxy}`),
    ' and ',
  );
  const culprit = {
    receiver: say`your own key of the receiving identity`,
    supplier: named,
    proxies: verdict.faultyProxies.length > 0 ? named : say`nobody: too few proxies answered`,
    owner: say`the owner of the data`,
  }[verdict.party];
  return new AppError(
    `DELIVERY_${verdict.fault}`,
    {
      what: say`What was delivered does not open; at fault: ${culprit}.`,
      consequence: 'Nothing was decrypted and nothing was confirmed; the price stays locked.',
      remedy: 'Try again when the other proxies answer; if it cannot be mended, declare it not delivered or wait for the refund.',
    },
    { data: { fault: verdict.fault, party: verdict.party, proxies: verdict.faultyProxies.join(',') } },
  );
}
