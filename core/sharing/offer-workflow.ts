/**
 * The owner's side of a trade (paper, sections 6.6 to 6.8): offer, prove every segment and the whole, and once the
 * consumer has accepted, grant re-encryption to its receiving identity.
 *
 * Invariants: a proof is stored before it is sent; the grant is made once and stored before its hash goes on chain, so
 * that a repeated step records and delivers the same grant; shares go to proxies only after the grant is final.
 */
import { z } from 'zod';
import { AppError, isAppError } from '../base/app-error.ts';
import { assert } from '../base/assert.ts';
import { fromHex, type Hex, toHex } from '../base/bytes.ts';
import type { Random } from '../base/ports.ts';
import { say } from '../base/sentence.ts';
import { decodeGrantContext, decodeSourceContext, encodeGrantContext, type GrantContext } from '../crypto/context.ts';
import { formatIdentity } from '../crypto/identity.ts';
import type { PseudonymKeys } from '../crypto/key-derivation.ts';
import { sealBox } from '../crypto/message-box.ts';
import type { PairingEngine } from '../crypto/pairing-engine.ts';
import { createFragment, generateReEncryptionKey, shareReEncryptionKey } from '../crypto/re-encryption.ts';
import type { PublicParameters } from '../crypto/scheme-algebra.ts';
import { decodeGrant, decodeHeader, decodeProxyShare, encodeFragment, encodeGrant, encodeProxyShare } from '../crypto/scheme-encodings.ts';
import { grantHash, grantPreimage, headerPreimage } from '../crypto/scheme-hashes.ts';
import { templateId } from '../proofs/identifiers.ts';
import { type SegmentSummary, segmentSummaryShape } from '../proofs/statements.ts';
import type { OfferState } from './chain-reader.ts';
import { datasetKeyOf, type ReadyDataset } from './dataset-workflow.ts';
import type { Documents } from './documents.ts';
import { hexOfLength, hexUpTo } from './enrolment.ts';
import type { MarketOffer, MarketReader, MarketTerms, PostedDelivery } from './market.ts';
import type { Network } from './network-file.ts';
import type { Outbox } from './outbox.ts';
import { proxyShareLabel } from './proxy-messages.ts';
import { failureToTell, type Proxies, type ProxyPort } from './services.ts';
import { aggregateStatementTypes, grantTypes, segmentStatementTypes, signTypedData } from './typed-data.ts';
import { bring, type Machine } from './workflow.ts';

const decimal = z.string().regex(/^(0|[1-9][0-9]{0,77})$/);

/** A Groth16 proof in the order of EIP-197, integers in decimal. */
const proofSchema = z.strictObject({
  a: z.tuple([decimal, decimal]),
  b: z.tuple([z.tuple([decimal, decimal]), z.tuple([decimal, decimal])]),
  c: z.tuple([decimal, decimal]),
});
/** A statement with its proof, as it goes to the contract. */
export const provedStatementSchema = z.strictObject({ publicSignals: z.array(decimal).min(1).max(64), proof: proofSchema });
export type ProvedStatement = z.infer<typeof provedStatementSchema>;
/** A proved segment, with what the proof of the whole needs of it: as secret as sums of the data. */
export const provedSegmentSchema = provedStatementSchema.extend({ summary: segmentSummaryShape });
/** As it is stored: field elements in decimal text. */
export type ProvedSegment = z.input<typeof provedSegmentSchema>;

const facts = z.strictObject({
  version: z.literal(1),
  offerId: decimal,
  requestId: hexOfLength(32),
  datasetId: hexOfLength(32),
  pseudonymIndex: z.int().min(0),
  salt: hexOfLength(32),
  template: z.string().max(80),
  /** Unix seconds until which proofs and acceptance are possible. */
  deadline: z.int().positive(),
  segmentCount: z.int().positive(),
  /** Wei that the owner puts in until the trade is over. */
  bond: decimal,
});
const granted = facts.extend({
  context: hexUpTo(2048),
  grant: hexUpTo(64 * 1024),
  grantHash: hexOfLength(32),
  liveUntil: z.int().positive(),
  /** Sealed for proxy 1..n in order. */
  shareBoxes: z.array(hexUpTo(4096)).min(1).max(255),
  /** The shares themselves: the owner posts fragments of them on chain when the consumer says that nothing arrived. */
  shares: z.array(hexUpTo(1024)).min(1).max(255),
});

/** An offer of the owner; `state` says how far it has come. */
export const offerWorkSchema = z.discriminatedUnion('state', [
  facts.extend({ state: z.literal('drafted') }),
  facts.extend({ state: z.literal('made') }),
  facts.extend({ state: z.literal('proved') }),
  facts.extend({ state: z.literal('submitted') }),
  facts.extend({ state: z.literal('verified') }),
  facts.extend({ state: z.literal('accepted') }),
  granted.extend({ state: z.literal('grant-made') }),
  granted.extend({ state: z.literal('grant-recorded') }),
  granted.extend({ state: z.literal('granted') }),
  /** Granted, and rebuilt from the chain: the proxies have their shares, this home has none and can post nothing. */
  facts.extend({ state: z.literal('granted-without-shares') }),
  facts.extend({ state: z.literal('ended'), outcome: z.enum(['paid', 'refunded', 'expired', 'revoked']) }),
]);
export type OfferWork = z.infer<typeof offerWorkSchema>;
export type OfferWorkState = OfferWork['state'];

/** Proves the statements of one offer. */
export interface OfferProver {
  segment(work: OfferWork, segmentIndex: number, signal?: AbortSignal): Promise<ProvedSegment>;
  /** `summaries` are those of all segments in order. */
  aggregate(work: OfferWork, summaries: readonly SegmentSummary[], signal?: AbortSignal): Promise<ProvedStatement>;
}

/** What the machine of an offer needs. */
export interface OfferPorts {
  readonly documents: Documents;
  readonly network: Network;
  readonly engine: PairingEngine;
  readonly parameters: PublicParameters;
  readonly market: MarketReader;
  readonly outbox: Outbox;
  readonly proxies: Proxies;
  readonly prover: OfferProver;
  readonly dataset: ReadyDataset;
  readonly keysOf: (pseudonymIndex: number) => PseudonymKeys;
  readonly random: Random;
  readonly signal?: AbortSignal;
  /** Told after every statement that is proved or accepted by the contract. */
  readonly onProgress?: (progress: { readonly step: 'prove' | 'submit'; readonly done: number; readonly total: number }) => void;
}

/** How long a grant lives beyond the last second at which delivery can be due: within it the consumer fetches its fragments. */
const GRANT_LIFE_SECONDS = 30n * 24n * 3600n;

/** Seconds to grant and to deliver below which an owner does not offer unless it was told to. */
const OWNER_WINDOW_SECONDS_MIN = 3600n;

/**
 * Refuses a requirement whose consumer may choose a moment in which the owner is away, and take its bond.
 * @throws AppError `OFFER_WINDOWS_SHORT`
 */
export function requireTimeToAnswer({ grantWindow, deliverWindow }: Pick<MarketTerms, 'grantWindow' | 'deliverWindow'>): void {
  if (grantWindow >= OWNER_WINDOW_SECONDS_MIN && deliverWindow >= OWNER_WINDOW_SECONDS_MIN) return;
  throw new AppError(
    'OFFER_WINDOWS_SHORT',
    {
      what: say`The requirement gives you ${grantWindow} seconds to grant after the consumer accepts, and ${deliverWindow} to deliver.`,
      consequence: 'Nothing was offered. Had you been away at that moment, your bond would have been lost.',
      remedy: 'Leave the requirement alone, or allow short windows if this program keeps running until the consumer has decided.',
    },
    { data: { grantSeconds: Number(grantWindow), deliverSeconds: Number(deliverWindow) } },
  );
}

/** Name of an offer's document. */
export function offerDocument(offerId: string): string {
  return `offer-${offerId}`;
}

function proofDocument(work: OfferWork, segmentIndex: number): string {
  return `proof-${work.offerId}-${segmentIndex}`;
}

function aggregateDocument(work: OfferWork): string {
  return `proof-${work.offerId}-aggregate`;
}

/** How the chain's state of an offer ends the owner's machine, if it does. */
function outcomeOf(state: OfferState): 'paid' | 'refunded' | 'expired' | 'revoked' | undefined {
  return state === 'paid' || state === 'refunded' || state === 'expired' || state === 'revoked' ? state : undefined;
}

/** The receiving identity of an offer: made for it alone. */
export function receivingIdentity(network: Network, consumer: Hex, offerId: bigint): string {
  return formatIdentity({
    kind: 'receive',
    chainId: BigInt(network.chain.chainId),
    contract: network.contracts.sharingMarket,
    pseudonym: consumer,
    offerId,
  });
}

/** The machine that takes an offer from its draft to its end. */
export function offerMachine(needs: OfferPorts): Machine<OfferWorkState, OfferWork> {
  const { documents, network, engine, parameters, market, outbox, proxies, prover, dataset, keysOf, random, signal, onProgress } = needs;
  const place = { chainId: network.chain.chainId, verifyingContract: network.contracts.sharingMarket };

  async function offerOnChain(work: OfferWork) {
    const offer = await market.marketOffer(BigInt(work.offerId));
    assert(offer !== null, 'an offer that was made is on chain');
    return offer;
  }

  function ended(work: OfferWork, outcome: 'paid' | 'refunded' | 'expired' | 'revoked'): OfferWork {
    const { version, offerId, requestId, datasetId, pseudonymIndex, salt, template, deadline, segmentCount, bond } = work;
    return {
      version,
      offerId,
      requestId,
      datasetId,
      pseudonymIndex,
      salt,
      template,
      deadline,
      segmentCount,
      bond,
      state: 'ended',
      outcome,
    };
  }

  /** The end of an offer that is over on chain, in whatever state this side is. */
  async function endOf(work: OfferWork): Promise<OfferWork | undefined> {
    const outcome = outcomeOf((await offerOnChain(work)).state);
    return outcome && ended(work, outcome);
  }

  async function provedSegment(work: OfferWork, segmentIndex: number): Promise<z.infer<typeof provedSegmentSchema>> {
    const stored = await documents.load(proofDocument(work, segmentIndex), provedSegmentSchema);
    assert(stored !== undefined, 'a proof is stored before the machine moves on');
    return stored;
  }

  function send(work: OfferWork, step: string, method: string, values: readonly unknown[], value = 0n) {
    const { account } = keysOf(work.pseudonymIndex);
    return outbox.perform(`${step}-${work.offerId}`, account, { contract: 'sharingMarket', method, arguments: values, value }, signal);
  }

  async function termsOf(work: OfferWork): Promise<MarketTerms> {
    const requirement = await market.requirement(work.requestId);
    assert(requirement !== null, 'an offer answers a requirement');
    return requirement.terms;
  }

  /** Whether the consumer said that nothing arrived, or half of the time to deliver is over. */
  async function mustPost(work: OfferWork, offer: MarketOffer): Promise<boolean> {
    if (offer.state !== 'granted') return false;
    if (offer.consumerBond > 0n) return true;
    return (await market.timeSeconds()) > offer.dueAt - (await termsOf(work)).deliverWindow / 2n;
  }

  /** A consumer that was served by the proxies and says nothing would be refunded: what is posted in time starts its clock. */
  function post(work: Extract<OfferWork, { state: 'granted' | 'grant-recorded' }>) {
    return send(work, 'post', 'post', [work.offerId, deliveryToPost(engine, parameters, dataset, work, random)]);
  }

  /** A proxy that was away when the dataset was uploaded has no header to transform. Reading first, because an expired enrolment may not leave one. */
  async function leaveHeader(proxy: ProxyPort): Promise<void> {
    try {
      await proxy.getHeader(dataset.headerHash);
    } catch (error) {
      if (!isAppError(error, 'PROXY_HEADER_UNKNOWN')) throw error;
      await proxy.putHeader(dataset.headerHash, fromHex(dataset.header), fromHex(dataset.context));
    }
  }

  function grantContextOf(consumer: Hex): (work: OfferWork) => GrantContext {
    return (work) => ({
      chainId: BigInt(network.chain.chainId),
      contract: network.contracts.sharingMarket,
      offerId: BigInt(work.offerId),
      ownerIdentity: formatIdentity({
        kind: 'dataset',
        chainId: BigInt(network.chain.chainId),
        contract: network.contracts.dataRecords,
        pseudonym: dataset.owner,
        datasetId: dataset.datasetId,
      }),
      receiverIdentity: receivingIdentity(network, consumer, BigInt(work.offerId)),
      headerHash: dataset.headerHash,
    });
  }

  return {
    save: (work) => documents.save(offerDocument(work.offerId), work),
    stages: {
      drafted: {
        waitsFor: 'me',
        step: async (work) => {
          const { requestId, datasetId, salt, template, deadline, bond } = work;
          await send(work, 'offer', 'offer', [requestId, datasetId, salt, templateId(template), deadline], BigInt(bond));
          return { ...work, state: 'made' } as OfferWork;
        },
      },
      made: {
        waitsFor: 'me',
        step: async (work) => {
          const end = await endOf(work);
          if (end) return end;
          const total = work.segmentCount + 1;
          for (let index = 0; index < work.segmentCount; index++) {
            signal?.throwIfAborted();
            onProgress?.({ step: 'prove', done: index, total });
            if ((await documents.load(proofDocument(work, index), provedSegmentSchema)) === undefined)
              await documents.save(proofDocument(work, index), await prover.segment(work, index, signal));
          }
          onProgress?.({ step: 'prove', done: work.segmentCount, total });
          if ((await documents.load(aggregateDocument(work), provedStatementSchema)) === undefined) {
            const summaries: SegmentSummary[] = [];
            for (let index = 0; index < work.segmentCount; index++) summaries.push((await provedSegment(work, index)).summary);
            await documents.save(aggregateDocument(work), await prover.aggregate(work, summaries, signal));
          }
          onProgress?.({ step: 'prove', done: total, total });
          return { ...work, state: 'proved' } as OfferWork;
        },
      },
      proved: {
        waitsFor: 'me',
        step: async (work) => {
          const end = await endOf(work);
          if (end) return end;
          const accepted = await market.provedSegments(BigInt(work.offerId));
          const { account } = keysOf(work.pseudonymIndex);
          for (let index = 0; index < work.segmentCount; index++) {
            if (!accepted.has(index)) {
              const { publicSignals, proof } = await provedSegment(work, index);
              const signature = signTypedData(account, place, segmentStatementTypes, { publicSignals, deadline: work.deadline });
              await bring(
                async () => (await market.provedSegments(BigInt(work.offerId))).has(index),
                () => send(work, `segment-${index}`, 'submitSegments', [work.offerId, [{ publicSignals, proof, signature }]]),
              );
            }
            onProgress?.({ step: 'submit', done: index + 1, total: work.segmentCount + 1 });
          }
          return { ...work, state: 'submitted' } as OfferWork;
        },
      },
      submitted: {
        waitsFor: 'me',
        step: async (work) => {
          const end = await endOf(work);
          if (end) return end;
          const statement = await documents.load(aggregateDocument(work), provedStatementSchema);
          assert(statement !== undefined, 'a proof is stored before the machine moves on');
          const { publicSignals, proof } = statement;
          const { account } = keysOf(work.pseudonymIndex);
          const signature = signTypedData(account, place, aggregateStatementTypes, { publicSignals, deadline: work.deadline });
          await bring(
            async () => (await offerOnChain(work)).state !== 'proving',
            () => send(work, 'aggregate', 'submitAggregate', [work.offerId, publicSignals, proof, signature]),
          );
          onProgress?.({ step: 'submit', done: work.segmentCount + 1, total: work.segmentCount + 1 });
          return { ...work, state: 'verified' } as OfferWork;
        },
      },
      verified: {
        waitsFor: 'consumer',
        step: async (work) => {
          const { state } = await offerOnChain(work);
          const outcome = outcomeOf(state);
          if (outcome) return ended(work, outcome);
          return state === 'verified' ? undefined : ({ ...work, state: 'accepted' } as OfferWork);
        },
      },
      accepted: {
        waitsFor: 'me',
        step: async (work) => {
          const { consumer, state, dueAt } = await offerOnChain(work);
          const outcome = outcomeOf(state);
          if (outcome) return ended(work, outcome);
          const context = grantContextOf(consumer)(work);
          const { deliverWindow } = await termsOf(work);
          const key = generateReEncryptionKey(engine, parameters, datasetKeyOf(engine, dataset), context, random);
          const signingKeys = network.proxies.map((proxy) => fromHex(proxy.signingKey));
          const { grant, shares } = shareReEncryptionKey(engine, key, network.threshold, signingKeys, random);
          const shareBoxes: Hex[] = [];
          for (const [position, proxy] of network.proxies.entries()) {
            const share = shares[position];
            assert(share !== undefined, 'every proxy has a share');
            shareBoxes.push(
              toHex(await sealBox(random, fromHex(proxy.messageKey), proxyShareLabel(context), encodeProxyShare(engine, share))),
            );
          }
          return {
            ...work,
            state: 'grant-made',
            context: toHex(encodeGrantContext(context)),
            grant: toHex(encodeGrant(engine, grant)),
            grantHash: toHex(grantHash(engine, context, grant)),
            // The grant is recorded by `dueAt`; delivery is due one window later, or two when the consumer asks for it.
            liveUntil: Number(dueAt + 2n * deliverWindow + GRANT_LIFE_SECONDS),
            shareBoxes,
            shares: shares.map((share) => toHex(encodeProxyShare(engine, share))),
          } as OfferWork;
        },
      },
      'grant-made': {
        waitsFor: 'me',
        step: async (work) => {
          if (work.state !== 'grant-made') return undefined;
          const { account } = keysOf(work.pseudonymIndex);
          const { offerId, liveUntil } = work;
          const grant = { offerId, grantHash: work.grantHash, threshold: network.threshold, proxies: network.proxies.length, liveUntil };
          const signature = signTypedData(account, place, grantTypes, grant);
          await bring(
            async () => (await offerOnChain(work)).state !== 'accepted',
            () => send(work, 'grant', 'grant', [...Object.values(grant), signature]),
          );
          return { ...work, state: 'grant-recorded' };
        },
      },
      'grant-recorded': {
        waitsFor: 'proxies',
        step: async (work) => {
          if (work.state !== 'grant-recorded') return undefined;
          const offer = await offerOnChain(work);
          const outcome = outcomeOf(offer.state);
          if (outcome) return ended(work, outcome);
          const ports = proxies(keysOf(work.pseudonymIndex));
          const failures: AppError[] = [];
          for (const [position, proxy] of ports.entries()) {
            const shareBox = work.shareBoxes[position];
            assert(shareBox !== undefined, 'every proxy has a box');
            try {
              await leaveHeader(proxy);
              await proxy.putGrant(BigInt(work.offerId), fromHex(work.grant), fromHex(work.context), fromHex(shareBox));
            } catch (error) {
              // Any t of them serve. One that is down or refuses must not keep the others from their shares.
              if (!(error instanceof AppError)) throw error;
              failures.push(error);
            }
          }
          const failure = failureToTell(failures);
          if (failure && ports.length - failures.length < network.threshold) {
            if (!(await mustPost(work, offer))) throw failure;
            await post(work);
          }
          return { ...work, state: 'granted' };
        },
      },
      granted: {
        waitsFor: 'consumer',
        step: async (work) => {
          if (work.state !== 'granted') return undefined;
          const offer = await offerOnChain(work);
          const outcome = outcomeOf(offer.state);
          if (outcome) return ended(work, outcome);
          if (await mustPost(work, offer)) await post(work);
          return undefined;
        },
      },
      'granted-without-shares': { waitsFor: 'consumer', step: endOf },
      ended: { waitsFor: 'nobody' },
    },
  };
}

/** What the owner posts on chain: the preimages of the recorded hashes, and t fragments made from the shares that it kept. */
export function deliveryToPost(
  engine: PairingEngine,
  parameters: PublicParameters,
  dataset: ReadyDataset,
  work: Extract<OfferWork, { state: 'granted' | 'grant-recorded' }>,
  random: Random,
): PostedDelivery {
  const header = decodeHeader(engine, fromHex(dataset.header));
  const context = decodeGrantContext(fromHex(work.context));
  const grant = decodeGrant(engine, fromHex(work.grant));
  const fragments = work.shares
    .slice(0, grant.threshold)
    .map((share) => createFragment(engine, parameters, context, grant, decodeProxyShare(engine, fromHex(share)), header, random));
  return {
    header: toHex(headerPreimage(engine, decodeSourceContext(fromHex(dataset.context)), header)),
    grant: toHex(grantPreimage(engine, context, grant)),
    fragments: fragments.map((fragment) => toHex(encodeFragment(engine, fragment))),
  };
}
