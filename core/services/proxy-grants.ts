/**
 * Headers, grants and fragments at a proxy (paper, section 6.8).
 *
 * Invariants: a share is kept only if it is the one behind the grant whose hash is on the final chain; a
 * fragment is made only for the offer's consumer, only of the header that the chain names, and only while
 * the chain says that the grant is live; a share of a grant that is over is deleted, and the proxy signs that it is.
 *
 * Fragments are made on the event loop: with the fast engine one takes about ten milliseconds of processor
 * time, and the limit of requests in flight bounds how many wait for it.
 */
import type { DatabaseSync } from 'node:sqlite';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { bodyBytes, readJsonBody, type ServiceLog } from '../adapters/http-service.ts';
import { inTransaction } from '../adapters/service-database.ts';
import { AppError, isAppError } from '../base/app-error.ts';
import { fromHex, type Hex, toHex } from '../base/bytes.ts';
import { DecodeError } from '../base/codec.ts';
import type { Clock, Random } from '../base/ports.ts';
import { type Sentence, say } from '../base/sentence.ts';
import { decodeGrantContext, decodeSourceContext, type GrantContext } from '../crypto/context.ts';
import { formatIdentity } from '../crypto/identity.ts';
import { openBox } from '../crypto/message-box.ts';
import type { PairingEngine } from '../crypto/pairing-engine.ts';
import { checkProxyShare, commitmentsAgree, createFragment } from '../crypto/re-encryption.ts';
import { signWithRequestKey } from '../crypto/request-key.ts';
import type { PublicParameters } from '../crypto/scheme-algebra.ts';
import { decodeGrant, decodeHeader, decodeProxyShare, encodeFragment, type Grant, type ProxyShare } from '../crypto/scheme-encodings.ts';
import { grantHash as hashOfGrant, headerHash as hashOfHeader } from '../crypto/scheme-hashes.ts';
import type { ChainEntity, ChainGrant, ChainOffer, ChainReader, OfferState } from '../sharing/chain-reader.ts';
import {
  type DeletionReceipt,
  deletionReceiptSchema,
  deletionStatement,
  fragmentRequestSchema,
  fragmentStatement,
  grantRequestSchema,
  proxyMessagesVersion,
  proxyShareLabel,
  type SignedFragment,
  type StoredGrant,
  type StoredHeader,
  storedHeaderSchema,
} from '../sharing/proxy-messages.ts';
import type { ProxyKeys } from './proxy-state.ts';

export interface GrantLimits {
  /** Headers that one pseudonym may leave here. */
  readonly ownerHeadersMax: number;
}

export interface GrantsOptions {
  readonly database: DatabaseSync;
  readonly engine: PairingEngine;
  readonly parameters: PublicParameters;
  readonly chain: ChainReader;
  readonly network: { readonly chainId: bigint; readonly dataRecords: Hex; readonly sharingMarket: Hex };
  readonly keys: ProxyKeys;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: ServiceLog;
  readonly limits: GrantLimits;
  /** The live owner who signed. */
  readonly authenticateOwner: (request: FastifyRequest) => Promise<ChainEntity>;
  /** Any pseudonym, also one whose enrolment has expired: what an offer on chain binds outlives an enrolment. */
  readonly authenticateParty: (request: FastifyRequest) => Promise<ChainEntity>;
}

interface GrantRow {
  readonly offer_id: string;
  readonly owner: Hex;
  readonly grant_hash: Hex;
  readonly live_until: number;
  readonly encoded_grant: Uint8Array;
  readonly context: Uint8Array;
  readonly share_box: Uint8Array | null;
  readonly receipt: string | null;
}

/** What a proxy keeps of one offer: a share that serves, one whose time is over, or only the receipt of its deletion. */
export interface KeptGrant {
  readonly offerId: string;
  readonly state: 'live' | 'ended' | 'deleted';
  /** Unix time in seconds. */
  readonly liveUntil: number;
}

/** Headers and grants of a proxy. */
export interface GrantStorage {
  readonly headers: number;
  /** The newest, at most {@link listedGrantsMax}. */
  readonly grants: readonly KeptGrant[];
}

/** Grants that the operator is shown. */
const listedGrantsMax = 1000;

/** States of an offer from which no grant comes back. */
const endedStates: readonly OfferState[] = ['refunded', 'expired', 'revoked'];

export class ProxyGrants {
  readonly #options: GrantsOptions;

  constructor(options: GrantsOptions) {
    this.#options = options;
  }

  addRoutes(app: FastifyInstance): void {
    type HeaderRoute = { Params: { headerHash: string } };
    app.put<HeaderRoute>('/v1/headers/:headerHash', async (request, reply) => {
      await this.#putHeader(request, request.params.headerHash);
      return reply.code(204).send();
    });
    app.get<HeaderRoute>('/v1/headers/:headerHash', async (request) => {
      await this.#options.authenticateParty(request);
      return this.#header(request.params.headerHash);
    });
    type OfferRoute = { Params: { offerId: string } };
    app.put<OfferRoute>('/v1/grants/:offerId', { bodyLimit: 128 * 1024 }, async (request, reply) => {
      await this.#putGrant(request, request.params.offerId);
      return reply.code(204).send();
    });
    app.get<OfferRoute>('/v1/grants/:offerId', async (request) => {
      await this.#options.authenticateParty(request);
      return this.#grant(request.params.offerId);
    });
    app.delete<OfferRoute>('/v1/grants/:offerId', async (request) => this.#deleteGrant(request, request.params.offerId));
    app.post('/v1/fragments', async (request) => this.#fragment(request));
  }

  /** What is kept here, by the proxy's own clock: the chain is not asked, so a grant that was revoked there shows when its share is deleted. */
  storage(): GrantStorage {
    const { database, clock } = this.#options;
    const nowSeconds = Math.floor(clock.nowMs() / 1000);
    const { headers } = database.prepare('SELECT COUNT(*) AS headers FROM header').get() as { headers: number };
    const rows = database
      .prepare(
        'SELECT offer_id AS offerId, live_until AS liveUntil, share_box IS NULL AS gone FROM share_grant ORDER BY ROWID DESC LIMIT ?',
      )
      .all(listedGrantsMax) as { offerId: string; liveUntil: number; gone: number }[];
    const grants = rows.map(({ offerId, liveUntil, gone }): KeptGrant => {
      const kept = liveUntil < nowSeconds ? 'ended' : 'live';
      return { offerId, liveUntil, state: gone === 1 ? 'deleted' : kept };
    });
    return { headers, grants };
  }

  /** Deletes every share whose grant is over, by time or by the chain. Shares of which the chain does not tell stay. */
  async deleteEnded(): Promise<void> {
    const { database, log } = this.#options;
    const rows = database.prepare('SELECT * FROM share_grant WHERE share_box IS NOT NULL').all() as unknown as GrantRow[];
    for (const row of rows) {
      try {
        const { ended } = await this.#standing(row);
        if (ended) this.#deleteShare(row);
      } catch (error) {
        if (!isAppError(error, 'CHAIN_UNREACHABLE')) throw error;
        log({ event: 'chain-unreachable', data: { service: 'proxy' } });
        return;
      }
    }
  }

  /** Deletes shares whose time is over by the clock alone, so that a proxy that runs for long keeps none of them. */
  #deleteExpired(): void {
    const nowSeconds = Math.floor(this.#options.clock.nowMs() / 1000);
    const rows = this.#options.database
      .prepare('SELECT * FROM share_grant WHERE share_box IS NOT NULL AND live_until < ?')
      .all(nowSeconds) as unknown as GrantRow[];
    for (const row of rows) this.#deleteShare(row);
  }

  async #putHeader(request: FastifyRequest, name: string): Promise<void> {
    const { engine, database, network, limits } = this.#options;
    const owner = await this.#options.authenticateOwner(request);
    const body = readJsonBody(bodyBytes(request), storedHeaderSchema);
    const header = decoded(say`header`, () => decodeHeader(engine, fromHex(body.header)));
    const context = decoded(say`context`, () => decodeSourceContext(fromHex(body.context)));
    if (toHex(hashOfHeader(engine, context, header)) !== name)
      throw new AppError('PROXY_HEADER_HASH_MISMATCH', {
        what: 'Header and context do not hash to the name under which they were sent.',
        consequence: 'The header was not stored.',
        remedy: 'Send them again; if this repeats, encrypt the dataset again.',
      });
    if (context.chainId !== network.chainId || context.contract !== network.dataRecords || context.owner !== owner.pseudonym)
      throw new AppError('PROXY_HEADER_NOT_YOURS', {
        what: 'The context of the header names another chain, contract or owner.',
        consequence: 'The header was not stored.',
        remedy: "Send it with the owner's pseudonym, to a proxy of the dataset's network.",
      });
    inTransaction(database, () => {
      const count = database
        .prepare('SELECT COUNT(*) AS value FROM header WHERE owner = ? AND header_hash <> ?')
        .get(owner.pseudonym, name);
      if (Number((count as { value: number }).value) >= limits.ownerHeadersMax)
        throw new AppError('PROXY_QUOTA_EXCEEDED', {
          what: say`You have ${limits.ownerHeadersMax} headers at this proxy, which is as many as it keeps.`,
          consequence: 'The header was not stored; those before it stay.',
          remedy: 'Use another proxy.',
        });
      database
        .prepare('INSERT INTO header (header_hash, owner, header, context) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING')
        .run(name, owner.pseudonym, fromHex(body.header), fromHex(body.context));
    });
  }

  #header(name: string): StoredHeader {
    const row = this.#options.database.prepare('SELECT header, context FROM header WHERE header_hash = ?').get(name);
    if (row === undefined)
      throw new AppError('PROXY_HEADER_UNKNOWN', {
        what: 'The proxy does not have this header.',
        consequence: 'Without it the file cannot be opened through this proxy.',
        remedy: 'Ask another proxy, or ask the owner to send the header.',
      });
    const { header, context } = row as unknown as { header: Uint8Array; context: Uint8Array };
    return { version: proxyMessagesVersion, header: toHex(header), context: toHex(context) };
  }

  async #putGrant(request: FastifyRequest, offerName: string): Promise<void> {
    const { engine, database, log } = this.#options;
    const owner = await this.#options.authenticateParty(request);
    this.#deleteExpired();
    const body = readJsonBody(bodyBytes(request), grantRequestSchema);
    const context = decoded(say`grant context`, () => decodeGrantContext(fromHex(body.context)));
    if (context.offerId.toString() !== offerName) throw grantRefused(say`it is for another offer than the address names`);
    const offer = await this.#requireOffer(context.offerId);
    await this.#requireContext(context, offer, owner);
    // Not before the offer is known to be the signer's: reading the points of a grant takes a tenth of a second.
    const grant = decoded(say`grant`, () => decodeGrant(engine, fromHex(body.grant)));
    const recorded = await this.#requireRecorded(context, grant);
    if (this.#isEnded(offer, recorded) || !recorded.live) throw grantNotLive();
    const share = await this.#openShare(context, grant, fromHex(body.shareBox));
    if (share === null)
      throw new AppError('PROXY_SHARE_REFUSED', {
        what: 'The share is not the one behind the commitment of this proxy in the grant.',
        consequence: 'The proxy did not keep it and will not serve this offer.',
        remedy: 'Seal the share of this proxy for its message key, as the network file gives it, and send it again.',
      });
    const stored = database
      .prepare(
        `INSERT INTO share_grant (offer_id, owner, grant_hash, live_until, encoded_grant, context, share_box) VALUES (?, ?, ?, ?, ?, ?, ?)
         ON CONFLICT (offer_id) DO UPDATE SET grant_hash = excluded.grant_hash, live_until = excluded.live_until,
           encoded_grant = excluded.encoded_grant, context = excluded.context, share_box = excluded.share_box WHERE receipt IS NULL`,
      )
      .run(
        offerName,
        owner.pseudonym,
        recorded.grantHash,
        // The contract's number may be larger than SQLite's integers; no such time comes.
        Math.min(Number(recorded.liveUntil), Number.MAX_SAFE_INTEGER),
        fromHex(body.grant),
        fromHex(body.context),
        fromHex(body.shareBox),
      );
    if (stored.changes === 0)
      throw new AppError('PROXY_SHARE_DELETED', {
        what: 'The proxy has deleted its share of this offer and signed that it did.',
        consequence: 'It does not keep the share again.',
        remedy: 'Make a new offer if the data is to be shared again.',
      });
    log({ event: 'share-kept', data: { offerId: offerName } });
  }

  async #requireOffer(offerId: bigint): Promise<ChainOffer> {
    const offer = await this.#options.chain.offer(offerId);
    if (offer === null) throw grantRefused(say`the final chain has no such offer`);
    return offer;
  }

  /** The grant context has to say what the chain says: who grants which dataset's one header to whom. */
  async #requireContext(context: GrantContext, offer: ChainOffer, owner: ChainEntity): Promise<void> {
    const { chain, network } = this.#options;
    const { chainId, dataRecords, sharingMarket } = network;
    if (context.chainId !== chainId || context.contract !== sharingMarket) throw grantRefused(say`it is for another network`);
    if (offer.owner !== owner.pseudonym) throw grantRefused(say`the offer belongs to another owner`);
    const { datasetId } = offer;
    const ownerIdentity = formatIdentity({ kind: 'dataset', chainId, contract: dataRecords, pseudonym: offer.owner, datasetId });
    if (context.ownerIdentity !== ownerIdentity) throw grantRefused(say`it grants another identity than that of the offer's dataset`);
    const { offerId } = offer;
    const receiverIdentity = formatIdentity({ kind: 'receive', chainId, contract: sharingMarket, pseudonym: offer.consumer, offerId });
    if (context.receiverIdentity !== receiverIdentity) throw grantRefused(say`it is for another receiver than the offer's consumer`);
    if ((await chain.dataRecord(datasetId))?.headerHash !== context.headerHash) throw headerNotRecorded();
  }

  async #requireRecorded(context: GrantContext, grant: Grant): Promise<ChainGrant> {
    const recorded = await this.#options.chain.grant(context.offerId);
    const hash = toHex(hashOfGrant(this.#options.engine, context, grant));
    if (
      recorded === null ||
      recorded.grantHash !== hash ||
      recorded.threshold !== grant.threshold ||
      recorded.proxies !== grant.proxies.length
    )
      throw new AppError('PROXY_GRANT_NOT_RECORDED', {
        what:
          recorded === null ? 'The final chain has no grant for this offer.' : 'The grant does not hash to what the final chain records.',
        consequence: 'The proxy did not keep the share.',
        remedy: 'Record the grant first, wait until it is final, and send exactly that grant.',
      });
    if (!commitmentsAgree(this.#options.engine, grant))
      throw new AppError('PROXY_GRANT_COMMITMENTS', {
        what: 'The commitments W of the grant lie on no polynomial of the degree that its threshold allows.',
        consequence: 'Some proxies together would open and others not; the proxy did not keep the share.',
        remedy: 'Make the grant again with the Vouchsafe app or command line.',
      });
    return recorded;
  }

  /** The share in the box, or null unless it is the one that the grant commits to for this proxy. */
  async #openShare(context: GrantContext, grant: Grant, box: Uint8Array): Promise<ProxyShare | null> {
    const { engine, keys } = this.#options;
    const ownKey = toHex(keys.signing.publicKey);
    const index = grant.proxies.findIndex((key) => toHex(key) === ownKey) + 1;
    if (index === 0)
      throw new AppError('PROXY_GRANT_NOT_FOR_ME', {
        what: 'The grant does not name this proxy.',
        consequence: 'The proxy did not keep the share.',
        remedy: 'Send each share to the proxy that the grant names for it.',
      });
    const plaintext = await openBox(keys.message, proxyShareLabel(context), box);
    if (plaintext === null) return null;
    try {
      const share = decodeProxyShare(engine, plaintext);
      return share.index === index && checkProxyShare(engine, grant, share) ? share : null;
    } catch (error) {
      if (error instanceof DecodeError) return null;
      throw error;
    }
  }

  #grant(offerName: string): StoredGrant {
    const row = this.#row(offerName);
    return { version: proxyMessagesVersion, grant: toHex(row.encoded_grant), context: toHex(row.context) };
  }

  #row(offerName: string): GrantRow {
    const row = this.#options.database.prepare('SELECT * FROM share_grant WHERE offer_id = ?').get(offerName);
    if (row === undefined)
      throw new AppError('PROXY_GRANT_UNKNOWN', {
        what: 'The proxy has no grant for this offer.',
        consequence: 'It cannot serve the offer.',
        remedy: 'Wait until the owner has sent the grant to this proxy, or ask the other proxies.',
      });
    return row as unknown as GrantRow;
  }

  /** What the chain says of a grant that is kept here. */
  async #standing(row: GrantRow): Promise<{ offer: ChainOffer | null; live: boolean; ended: boolean }> {
    const offerId = BigInt(row.offer_id);
    const { chain } = this.#options;
    const [offer, recorded] = [await chain.offer(offerId), await chain.grant(offerId)];
    const ended = this.#isEnded(offer, recorded) || this.#isPast(BigInt(row.live_until));
    return { offer, ended, live: !ended && recorded !== null && recorded.live && recorded.grantHash === row.grant_hash };
  }

  #isEnded(offer: ChainOffer | null, grant: ChainGrant | null): boolean {
    return (offer !== null && endedStates.includes(offer.state)) || (grant !== null && (grant.revoked || this.#isPast(grant.liveUntil)));
  }

  #isPast(unixSeconds: bigint): boolean {
    return BigInt(Math.floor(this.#options.clock.nowMs() / 1000)) > unixSeconds;
  }

  async #fragment(request: FastifyRequest): Promise<SignedFragment> {
    const { engine, parameters, chain, keys, random, log } = this.#options;
    const caller = await this.#options.authenticateParty(request);
    const { offerId } = readJsonBody(bodyBytes(request), fragmentRequestSchema);
    const row = this.#row(offerId);
    const { offer, live, ended } = await this.#standing(row);
    if (offer === null || offer.consumer !== caller.pseudonym)
      throw new AppError('PROXY_NOT_THE_CONSUMER', {
        what: 'Fragments of this offer are for its consumer only.',
        consequence: 'No fragment was made.',
        remedy: 'Sign with the pseudonym that published the requirement.',
      });
    if (ended) this.#deleteShare(row);
    if (!live || row.share_box === null) throw grantNotLive();
    const context = decodeGrantContext(row.context);
    if ((await chain.dataRecord(offer.datasetId))?.headerHash !== context.headerHash) throw headerNotRecorded();
    const stored = this.#header(context.headerHash);
    const header = decodeHeader(engine, fromHex(stored.header));
    if (toHex(hashOfHeader(engine, decodeSourceContext(fromHex(stored.context)), header)) !== context.headerHash) throw headerNotRecorded();
    const grant = decodeGrant(engine, row.encoded_grant);
    const share = await this.#openShare(context, grant, row.share_box);
    if (share === null)
      throw new AppError('PROXY_SHARE_DAMAGED', {
        what: 'The share that the proxy keeps for this offer does not open any more.',
        consequence: 'No fragment was made; the other proxies are not affected.',
        remedy: 'Ask the other proxies, or ask the owner to send the share again.',
      });
    const fragment = encodeFragment(engine, createFragment(engine, parameters, context, grant, share, header, random));
    const signature = signWithRequestKey(keys.signing, fragmentStatement(row.grant_hash, context.headerHash, fragment));
    log({ event: 'fragment-served', data: { offerId } });
    return {
      version: proxyMessagesVersion,
      grantHash: row.grant_hash,
      headerHash: context.headerHash,
      fragment: toHex(fragment),
      proxyKey: toHex(keys.signing.publicKey),
      signature: toHex(signature),
    };
  }

  async #deleteGrant(request: FastifyRequest, offerName: string): Promise<DeletionReceipt> {
    const caller = await this.#options.authenticateParty(request);
    const row = this.#row(offerName);
    if (row.owner !== caller.pseudonym)
      throw new AppError('PROXY_NOT_THE_OWNER', {
        what: 'Only the owner who gave the grant may have its share deleted.',
        consequence: 'Nothing was deleted.',
        remedy: "Sign with the owner's pseudonym.",
      });
    if (row.receipt !== null) return deletionReceiptSchema.parse(JSON.parse(row.receipt));
    if (!(await this.#standing(row)).ended)
      throw new AppError('PROXY_GRANT_STILL_LIVE', {
        what: 'On the final chain the grant of this offer is still live.',
        consequence: 'Nothing was deleted: the consumer may still be owed fragments.',
        remedy: 'Revoke the grant on chain first, wait until that is final, and ask again.',
      });
    return this.#deleteShare(row);
  }

  /** Deletes the share for good (the database overwrites what it deletes) and signs that it did. */
  #deleteShare(row: GrantRow): DeletionReceipt {
    const { database, keys, clock, log } = this.#options;
    if (row.receipt !== null) return deletionReceiptSchema.parse(JSON.parse(row.receipt));
    const deletedAt = Math.floor(clock.nowMs() / 1000);
    const receipt: DeletionReceipt = {
      version: proxyMessagesVersion,
      grantHash: row.grant_hash,
      deletedAt,
      proxyKey: toHex(keys.signing.publicKey),
      signature: toHex(signWithRequestKey(keys.signing, deletionStatement(row.grant_hash, deletedAt))),
    };
    database.prepare('UPDATE share_grant SET share_box = NULL, receipt = ? WHERE offer_id = ?').run(JSON.stringify(receipt), row.offer_id);
    // The write-ahead log still holds the page with the share until it is cut.
    database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    log({ event: 'share-deleted', data: { offerId: row.offer_id } });
    return receipt;
  }
}

function decoded<Value>(name: Sentence, decode: () => Value): Value {
  try {
    return decode();
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    throw new AppError('REQUEST_MALFORMED', {
      what: say`The ${name} in the request cannot be read: ${error.message}.`,
      consequence: 'It was refused and changed nothing.',
      remedy: 'Send it with the Vouchsafe app or command line of this version.',
    });
  }
}

function grantRefused(reason: Sentence): AppError {
  return new AppError('PROXY_GRANT_REFUSED', {
    what: say`The proxy does not take this grant: ${reason}.`,
    consequence: 'The proxy did not keep the share.',
    remedy: 'Make the grant for the offer as it is on the final chain, and send it again.',
  });
}

function grantNotLive(): AppError {
  return new AppError('PROXY_GRANT_NOT_LIVE', {
    what: 'On the final chain the grant of this offer is not live: it has ended, was revoked, or the money is on its way back.',
    consequence: 'The proxy does not transform for it.',
    remedy: 'Look at the state of the offer; a consumer who paid and got nothing can ask for a refund there.',
  });
}

function headerNotRecorded(): AppError {
  return new AppError('PROXY_HEADER_NOT_RECORDED', {
    what: 'The header is not the one that the final chain records for the dataset.',
    consequence: 'The proxy does not transform it.',
    remedy: 'Send the header whose hash is in the data record; a dataset has exactly one.',
  });
}
