/**
 * A proxy as a service over HTTP: the semi-trusted cloud server of the paper (docs/formats.md, "Proxy over
 * HTTP"). It stores ciphertexts and headers, keeps shares of re-encryption keys, makes fragments while the
 * chain says so, and hands out the network's artifacts. It never holds plaintext.
 */
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { blobNameOf, sendBlob } from '../adapters/blob-answer.ts';
import { DiskBlobStore } from '../adapters/blob-store.ts';
import {
  createHttpServer,
  defaultHttpLimits,
  type HttpLimits,
  type ListenAddress,
  type RunningService,
  type ServiceLog,
  startHttpService,
} from '../adapters/http-service.ts';
import type { RateLimit } from '../adapters/rate-limiter.ts';
import { createReplayStore, replayStoreSchema } from '../adapters/replay-store.ts';
import { openServiceDatabase } from '../adapters/service-database.ts';
import { type Hex, toHex } from '../base/bytes.ts';
import type { Clock, Random } from '../base/ports.ts';
import { say } from '../base/sentence.ts';
import type { PairingEngine } from '../crypto/pairing-engine.ts';
import type { PublicParameters } from '../crypto/scheme-algebra.ts';
import { type ChainReader, entityRoles } from '../sharing/chain-reader.ts';
import type { Documents } from '../sharing/documents.ts';
import { type ProxyInfo, proxyMessagesVersion, uploadChunkBytesMax } from '../sharing/proxy-messages.ts';
import { type GrantLimits, type GrantStorage, ProxyGrants } from './proxy-grants.ts';
import { openProxyKeys, proxySchema } from './proxy-state.ts';
import { ProxyUploads, type UploadLimits, type UploadStorage } from './proxy-uploads.ts';
import { type EntityTerms, RequestAuthentication } from './request-authentication.ts';

export interface ProxyLimits extends UploadLimits, GrantLimits {
  readonly signerRate: RateLimit;
}

export const defaultProxyLimits: ProxyLimits = {
  ciphertextBytesMax: 16 * 2 ** 30,
  ownerBytesMax: 64 * 2 ** 30,
  totalBytesMax: 512 * 2 ** 30,
  ownerUploadsMax: 8,
  freeBytesMin: 256 * 2 ** 20,
  uploadLifetimeMs: 7 * 24 * 3600 * 1000,
  uploadStartMs: 3600 * 1000,
  ownerHeadersMax: 10_000,
  signerRate: { burst: 200, perSecond: 50 },
};

export interface ProxyConfig {
  readonly listen: ListenAddress;
  /** Folder of the database, the uploads and the ciphertexts. */
  readonly home: string;
  /** Sealed documents (the proxy's keys), opened with the operator's passphrase by the caller. */
  readonly documents: Documents;
  /** Folder with the network's artifacts, each file named by the 64 digits of its SHA-256; without it none are handed out. */
  readonly artifactsFolder?: string;
  readonly engine: PairingEngine;
  /** The network's public parameters; the caller has compared their hash with the network file. */
  readonly parameters: PublicParameters;
  readonly chain: ChainReader;
  readonly network: { readonly chainId: bigint; readonly dataRecords: Hex; readonly sharingMarket: Hex };
  readonly clock: Clock;
  readonly random: Random;
  readonly log: ServiceLog;
  readonly limits?: Partial<ProxyLimits>;
  readonly httpLimits?: Partial<HttpLimits>;
}

const statuses = {
  PROXY_UPLOAD_UNKNOWN: 404,
  PROXY_UPLOAD_OFFSET: 409,
  PROXY_CIPHERTEXT_EXISTS: 412,
  PROXY_UPLOAD_DIGEST_MISMATCH: 422,
  PROXY_QUOTA_EXCEEDED: 403,
  PROXY_STORAGE_FULL: 507,
  PROXY_WRITE_FAILED: 507,
  PROXY_HEADER_HASH_MISMATCH: 422,
  PROXY_HEADER_NOT_YOURS: 403,
  PROXY_HEADER_UNKNOWN: 404,
  PROXY_HEADER_NOT_RECORDED: 403,
  PROXY_GRANT_UNKNOWN: 404,
  PROXY_GRANT_REFUSED: 403,
  PROXY_GRANT_NOT_RECORDED: 403,
  PROXY_GRANT_NOT_LIVE: 403,
  PROXY_GRANT_STILL_LIVE: 409,
  PROXY_GRANT_NOT_FOR_ME: 403,
  PROXY_GRANT_COMMITMENTS: 422,
  PROXY_SHARE_REFUSED: 422,
  PROXY_SHARE_DELETED: 409,
  PROXY_SHARE_DAMAGED: 500,
  PROXY_NOT_THE_CONSUMER: 403,
  PROXY_NOT_THE_OWNER: 403,
  REQUEST_RANGE_REFUSED: 416,
};

/** What lies at a proxy. */
export type ProxyStorage = UploadStorage & GrantStorage;

/** A running proxy. */
export interface RunningProxy extends RunningService {
  /** What lies here; a few counts of its database, cheap enough to be asked every second. */
  storage(): Promise<ProxyStorage>;
}

/** Starts a proxy. Refuses by AppError what keeps it from running (port, home). */
export async function startProxy(config: ProxyConfig): Promise<RunningProxy> {
  const database = openServiceDatabase(config.home, 'proxy.sqlite', [`${replayStoreSchema}; ${proxySchema}`]);
  try {
    // A deleted share is to be overwritten, not only unlinked.
    database.exec('PRAGMA secure_delete = ON');
    const options = {
      name: say`proxy`,
      listen: config.listen,
      limits: { ...defaultHttpLimits, ...config.httpLimits },
      clock: config.clock,
      log: config.log,
      statuses,
    };
    const app = createHttpServer(options);
    const storage = await addProxy(config, database, app);
    const running = await startHttpService(app, options, async () => database.close());
    return { ...running, storage };
  } catch (error) {
    database.close();
    throw error;
  }
}

async function addProxy(config: ProxyConfig, database: DatabaseSync, app: FastifyInstance): Promise<() => Promise<ProxyStorage>> {
  const { clock, random, chain, network, engine, log } = config;
  const limits = { ...defaultProxyLimits, ...config.limits };
  const keys = await openProxyKeys(config.documents, random);
  const blobs = new DiskBlobStore(join(config.home, 'ciphertexts'));
  await blobs.prepare();
  const authentication = new RequestAuthentication({
    serviceName: say`proxy`,
    clock,
    replays: createReplayStore(database),
    signerRate: limits.signerRate,
  });
  const authenticated = (terms: EntityTerms) => (request: FastifyRequest) => authentication.entity(request, chain, terms);
  const liveOwner: EntityTerms = { roles: entityRoles.owner, expiredAllowed: false };
  const authenticateOwner = authenticated(liveOwner);
  const authenticateParty = authenticated({ roles: 0, expiredAllowed: true });
  const common = { database, clock, limits, log, authenticateOwner };
  const uploads = await ProxyUploads.open({
    ...common,
    folder: join(config.home, 'uploads'),
    blobs,
    authenticateUploader: authenticated({ ...liveOwner, bodyFollows: true }),
    authenticateReader: authenticateParty,
  });
  const grants = new ProxyGrants({ ...common, engine, parameters: config.parameters, chain, network, keys, random, authenticateParty });
  await grants.deleteEnded();

  const info: ProxyInfo = {
    version: proxyMessagesVersion,
    chainId: network.chainId.toString(),
    sharingMarket: network.sharingMarket,
    signingKey: toHex(keys.signing.publicKey),
    messageKey: toHex(keys.message.publicKey),
    ciphertextBytesMax: limits.ciphertextBytesMax,
    uploadChunkBytesMax,
  };
  app.get('/v1/info', async () => info);
  uploads.addRoutes(app);
  grants.addRoutes(app);
  if (config.artifactsFolder !== undefined) {
    const artifacts = new DiskBlobStore(config.artifactsFolder);
    // Public: whoever joins has no pseudonym yet, and checks the hash.
    for (const method of ['GET', 'HEAD'] as const)
      app.route<{ Params: { sha256: string } }>({
        method,
        url: '/v1/keys/:sha256',
        handler: async (request, reply) => sendBlob(request, reply, artifacts, blobNameOf(request.params.sha256)),
      });
  }
  return async () => ({ ...(await uploads.storage()), ...grants.storage() });
}
