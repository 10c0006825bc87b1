/**
 * The PKG as a service over HTTP (paper sections 6.1 and 6.2; docs/formats.md, "PKG over HTTP"): takes
 * applications, lets its operator approve real persons, enrols their pseudonyms, and issues identity keys.
 *
 * Invariant: a key leaves only sealed for the pseudonym that the identity names, and only when the final
 * chain says that this pseudonym owns the id. The issuance is on disk before the key leaves.
 */
import { verifyTypedData } from 'ethers';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import {
  bodyBytes,
  createHttpServer,
  defaultHttpLimits,
  type HttpLimits,
  type ListenAddress,
  networkOf,
  type RunningService,
  readJsonBody,
  type ServiceLog,
  startHttpService,
  takeFromRate,
} from '../adapters/http-service.ts';
import { type RateLimit, RateLimiter } from '../adapters/rate-limiter.ts';
import { createReplayStore, replayStoreSchema } from '../adapters/replay-store.ts';
import { openServiceDatabase } from '../adapters/service-database.ts';
import { AppError, isAppError } from '../base/app-error.ts';
import { fromHex, type Hex, isHex, toHex } from '../base/bytes.ts';
import { DecodeError } from '../base/codec.ts';
import type { Clock, Random } from '../base/ports.ts';
import { type Sentence, say } from '../base/sentence.ts';
import { type Identity, parseIdentity } from '../crypto/identity.ts';
import { generateIdentityKey } from '../crypto/identity-encryption.ts';
import { sealBox } from '../crypto/message-box.ts';
import type { PairingEngine } from '../crypto/pairing-engine.ts';
import { encodeIdentityKey } from '../crypto/scheme-encodings.ts';
import type { ChainReader } from '../sharing/chain-reader.ts';
import type { Documents } from '../sharing/documents.ts';
import {
  contractDomain,
  type Enrolment,
  enrolmentBatchMax,
  enrolmentTypes,
  type Pseudonym,
  possessionTypes,
  revocationTypes,
  type SignedEnrolment,
} from '../sharing/enrolment.ts';
import {
  type ApplicationStatus,
  applicationRequestSchema,
  decisionRequestSchema,
  enrolmentsRequestSchema,
  identityKeyLabel,
  identityKeyRequestSchema,
  type PkgInfo,
  pkgMessagesVersion,
  type RevocationList,
} from '../sharing/pkg-messages.ts';
import { type Application, ApplicationList, issuanceSchema, openPkgAuthority, recordIssuance } from './pkg-state.ts';
import { RequestAuthentication } from './request-authentication.ts';

export interface PkgLimits {
  /** Applications that wait for the operator. */
  readonly applicationsMax: number;
  /** Pseudonyms of one person. */
  readonly pseudonymsMax: number;
  readonly enrolmentSeconds: number;
  readonly signerRate: RateLimit;
  /** New applications of one network address: whoever applies has no name yet to be limited by. */
  readonly applicationRate: RateLimit;
}

export const defaultPkgLimits: PkgLimits = {
  applicationsMax: 10_000,
  pseudonymsMax: 1024,
  enrolmentSeconds: 365 * 24 * 3600,
  signerRate: { burst: 60, perSecond: 5 },
  applicationRate: { burst: 50, perSecond: 0.05 },
};

export interface PkgConfig {
  readonly listen: ListenAddress;
  /** Folder of the database (nonces, issuance log). */
  readonly home: string;
  /** Sealed documents, opened with the operator's passphrase by the caller. */
  readonly documents: Documents;
  readonly engine: PairingEngine;
  readonly chain: ChainReader;
  readonly network: { readonly chainId: bigint; readonly entityRegistry: Hex; readonly dataRecords: Hex; readonly sharingMarket: Hex };
  /** Ed25519 public key of the operator, who decides applications. */
  readonly operatorKey: Hex;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: ServiceLog;
  readonly limits?: Partial<PkgLimits>;
  readonly httpLimits?: Partial<HttpLimits>;
}

const statuses = {
  PKG_APPLICATION_UNKNOWN: 404,
  PKG_APPLICATION_EXISTS: 409,
  PKG_APPLICATIONS_FULL: 503,
  PKG_NOT_OPERATOR: 403,
  PKG_NOT_APPROVED: 403,
  PKG_ROLES_NOT_APPROVED: 403,
  PKG_POSSESSION_UNPROVEN: 403,
  PKG_PSEUDONYM_TAKEN: 409,
  PKG_PSEUDONYMS_FULL: 409,
  PKG_IDENTITY_NOT_YOURS: 403,
  PKG_IDENTITY_NOT_OWNED: 403,
  PKG_PSEUDONYM_REVOKED: 403,
  PKG_PARAMETERS_MISMATCH: 503,
};

/** Starts the PKG. Refuses by AppError what keeps it from running (port, home, parameters that the chain does not name). */
export async function startPkg(config: PkgConfig): Promise<RunningService> {
  const database = openServiceDatabase(config.home, 'pkg.sqlite', [`${replayStoreSchema}; ${issuanceSchema}`]);
  try {
    const service = await createPkg(config, database);
    const options = {
      name: say`PKG`,
      listen: config.listen,
      limits: { ...defaultHttpLimits, ...config.httpLimits },
      clock: config.clock,
      log: config.log,
      statuses,
    };
    const app = createHttpServer(options);
    service.addRoutes(app);
    return await startHttpService(app, options, async () => database.close());
  } catch (error) {
    database.close();
    throw error;
  }
}

async function createPkg(config: PkgConfig, database: ReturnType<typeof openServiceDatabase>) {
  const { engine, random, clock, chain, network } = config;
  const limits = { ...defaultPkgLimits, ...config.limits };
  const authority = await openPkgAuthority(config.documents, engine, random);
  const applications = await ApplicationList.open(config.documents);
  const authentication = new RequestAuthentication({
    serviceName: say`PKG`,
    clock,
    replays: createReplayStore(database),
    signerRate: limits.signerRate,
  });
  const applicationLimiter = new RateLimiter(limits.applicationRate, clock);
  const domain = contractDomain(network.chainId, network.entityRegistry);

  const info: PkgInfo = {
    version: pkgMessagesVersion,
    chainId: network.chainId.toString(),
    contracts: { entityRegistry: network.entityRegistry, dataRecords: network.dataRecords, sharingMarket: network.sharingMarket },
    publicParameters: authority.encodedParameters,
    parametersHash: authority.parametersHash,
    enrolmentAddress: authority.enrolmentAccount.address.toLowerCase() as Hex,
  };

  let parametersConfirmed = false;
  /** Keys under parameters that the chain does not name would open nothing; checked until the chain has answered once. */
  async function confirmParameters(): Promise<void> {
    if (parametersConfirmed) return;
    const onChain = await chain.parametersHash();
    if (onChain !== authority.parametersHash)
      throw new AppError(
        'PKG_PARAMETERS_MISMATCH',
        {
          what: "The chain names other public parameters than those of this PKG's master secret.",
          consequence: 'No key is issued: it would open nothing. The master secret was not touched.',
          remedy: 'Start the PKG with the home and the network file that belong together.',
        },
        { data: { onChain, own: authority.parametersHash } },
      );
    parametersConfirmed = true;
  }
  try {
    await confirmParameters();
  } catch (error) {
    // Without the chain the PKG still takes applications; keys wait until the chain answers.
    if (!isAppError(error, 'CHAIN_UNREACHABLE')) throw error;
    config.log({ event: 'chain-unreachable', data: { service: 'PKG' } });
  }

  async function applicant(request: FastifyRequest): Promise<Hex> {
    return authentication.signer(request, (keyId) => {
      if (keyId.length !== 66) throw unknownKey(say`an applicant signs with the key of its application`);
      return keyId;
    });
  }

  async function requireOperator(request: FastifyRequest): Promise<void> {
    await authentication.signer(request, (keyId) => {
      if (keyId !== config.operatorKey)
        throw new AppError('PKG_NOT_OPERATOR', {
          what: "Only the PKG's operator may do this.",
          consequence: 'The request was refused and changed nothing.',
          remedy: "Sign with the operator's key.",
        });
      return keyId;
    });
  }

  function statusOf(application: Application): ApplicationStatus {
    const { applicationId, state, roles, reason } = application;
    return { version: pkgMessagesVersion, applicationId, state, roles, reason };
  }

  async function apply(request: FastifyRequest): Promise<ApplicationStatus> {
    const applicantKey = await applicant(request);
    const { name, contact, roles } = readJsonBody(bodyBytes(request), applicationRequestSchema);
    return applications.exclusively(async () => {
      const existing = applications.byApplicant(applicantKey);
      if (existing !== undefined) {
        if (existing.name === name && existing.contact === contact) return statusOf(existing);
        throw new AppError('PKG_APPLICATION_EXISTS', {
          what: 'There is an application with this key already, with another name or contact.',
          consequence: 'The first application stands as it is.',
          remedy: "Ask the PKG's operator to refuse it, then apply with a new key.",
        });
      }
      takeFromRate(applicationLimiter, networkOf(request.ip), say`PKG`);
      if (applications.waiting() >= limits.applicationsMax)
        throw new AppError('PKG_APPLICATIONS_FULL', {
          what: 'The PKG takes no more applications.',
          consequence: 'Your application was not kept.',
          remedy: 'Ask its operator to decide those that wait, and apply again later.',
        });
      const application: Application = {
        version: 1,
        applicationId: toHex(random.bytes(16)),
        applicantKey,
        name,
        contact,
        submittedAtMs: clock.nowMs(),
        state: 'pending',
        roles,
        reason: '',
        enrolments: [],
      };
      await applications.save(application);
      config.log({ event: 'application-received', data: { applicationId: application.applicationId } });
      return statusOf(application);
    });
  }

  function applicationNamed(id: string): Application {
    const application = isHex(id) ? applications.byId(id) : undefined;
    if (application === undefined)
      throw new AppError('PKG_APPLICATION_UNKNOWN', {
        what: 'There is no such application that you may see.',
        consequence: 'Nothing was changed.',
        remedy: 'Check the number of the application and the key that you use.',
      });
    return application;
  }

  /** The application, if the signer is its applicant: to anybody else it does not exist. */
  function ownApplication(id: string, applicantKey: Hex): Application {
    const application = applicationNamed(id);
    return application.applicantKey === applicantKey ? application : applicationNamed('');
  }

  function approvedApplication(id: string, applicantKey: Hex): Application {
    const application = ownApplication(id, applicantKey);
    if (application.state === 'approved') return application;
    throw new AppError('PKG_NOT_APPROVED', {
      what: say`The application is ${stateWords[application.state]}.`,
      consequence: 'No pseudonym was enrolled.',
      remedy: application.state === 'pending' ? "Wait until the PKG's operator has approved it." : "Ask the PKG's operator.",
    });
  }

  async function decide(request: FastifyRequest, id: string): Promise<ApplicationStatus> {
    await requireOperator(request);
    const { outcome, roles, reason } = readJsonBody(bodyBytes(request), decisionRequestSchema);
    if (outcome === 'approve' && roles === 0)
      throw new AppError('REQUEST_MALFORMED', {
        what: 'An approval names no role.',
        consequence: 'The application stays as it was.',
        remedy: 'Approve it for at least one role, or refuse it.',
      });
    return applications.exclusively(async () => {
      const application = applicationNamed(id);
      const state = ({ approve: 'approved', refuse: 'refused', revoke: 'revoked' } as const)[outcome];
      // Who is refused or revoked can be approved later: what was asked for stays known.
      const decided: Application = { ...application, state, reason, roles: outcome === 'approve' ? roles : application.roles };
      await applications.save(decided);
      config.log({ event: 'application-decided', data: { applicationId: decided.applicationId, state } });
      return statusOf(decided);
    });
  }

  async function enrol(request: FastifyRequest): Promise<{ version: 1; enrolments: SignedEnrolment[] }> {
    const applicantKey = await applicant(request);
    const { applicationId, pseudonyms } = readJsonBody(bodyBytes(request), enrolmentsRequestSchema);
    // Before the proofs of possession, which cost a millisecond each: anybody can sign as an applicant.
    approvedApplication(applicationId, applicantKey);
    for (const { possession, ...pseudonym } of pseudonyms) requirePossession(pseudonym, possession, applicantKey);
    return applications.exclusively(async () => {
      const application = approvedApplication(applicationId, applicantKey);
      const expiry = Math.floor(clock.nowMs() / 1000) + limits.enrolmentSeconds;
      const answer: SignedEnrolment[] = [];
      const kept = new Map(application.enrolments.map((entry) => [entry.enrolment.pseudonym, entry]));
      for (const { possession: _, ...pseudonym } of pseudonyms) {
        requireEnrollable(pseudonym, application);
        const enrolled = reusable(kept.get(pseudonym.pseudonym), pseudonym, clock.nowMs(), limits.enrolmentSeconds);
        const entry = enrolled ?? (await signEnrolment({ ...pseudonym, expiry, secretCommitment: '0' }));
        kept.set(pseudonym.pseudonym, entry);
        answer.push(entry);
      }
      if (kept.size > limits.pseudonymsMax)
        throw new AppError('PKG_PSEUDONYMS_FULL', {
          what: say`One person has at most ${limits.pseudonymsMax} pseudonyms here.`,
          consequence: 'No pseudonym of this request was enrolled; earlier ones stay.',
          remedy: 'Use pseudonyms that are enrolled already.',
        });
      await applications.save({ ...application, enrolments: [...kept.values()] });
      config.log({ event: 'pseudonyms-enrolled', data: { count: answer.length } });
      return { version: pkgMessagesVersion, enrolments: answer };
    });
  }

  function requirePossession(pseudonym: Pseudonym, possession: Hex, applicantKey: Hex): void {
    let signer: string;
    try {
      signer = verifyTypedData(domain, possessionTypes, { ...pseudonym, applicant: applicantKey }, possession).toLowerCase();
    } catch {
      signer = ''; // ethers throws for a signature that no key can have made
    }
    if (signer !== pseudonym.pseudonym)
      throw new AppError('PKG_POSSESSION_UNPROVEN', {
        what: say`The proof that you hold the chain key of ${pseudonym.pseudonym} does not hold.`,
        consequence: 'No pseudonym of this request was enrolled.',
        remedy: 'Sign the keys and roles of the pseudonym with its own chain key.',
      });
  }

  function requireEnrollable(pseudonym: Pseudonym, application: Application): void {
    const holder = applications.byPseudonym(pseudonym.pseudonym);
    if (holder !== undefined && holder.applicationId !== application.applicationId)
      throw new AppError('PKG_PSEUDONYM_TAKEN', {
        what: say`The pseudonym ${pseudonym.pseudonym} is enrolled already.`,
        consequence: 'No pseudonym of this request was enrolled.',
        remedy: 'Use a fresh pseudonym.',
      });
    if ((pseudonym.roles & ~application.roles) !== 0)
      throw new AppError('PKG_ROLES_NOT_APPROVED', {
        what: 'A pseudonym asks for a role that was not approved for you.',
        consequence: 'No pseudonym of this request was enrolled.',
        remedy: "Ask for the approved roles only, or have the PKG's operator approve more.",
      });
  }

  async function signEnrolment(enrolment: Enrolment): Promise<SignedEnrolment> {
    return { enrolment, signature: (await authority.enrolmentAccount.signTypedData(domain, enrolmentTypes, enrolment)) as Hex };
  }

  /** For the operator only: the pseudonyms of one person, side by side, are what pseudonyms are to hide. */
  async function signRevocations(): Promise<RevocationList> {
    const revoked = applications.all().filter(({ state }) => state === 'revoked');
    const revocations = revoked.flatMap(({ enrolments }) =>
      enrolments.map(async ({ enrolment: { pseudonym } }) => ({
        pseudonym,
        signature: (await authority.enrolmentAccount.signTypedData(domain, revocationTypes, { pseudonym })) as Hex,
      })),
    );
    return { version: pkgMessagesVersion, revocations: await Promise.all(revocations) };
  }

  async function issueIdentityKey(request: FastifyRequest): Promise<{ version: 1; identity: string; box: Hex }> {
    const entity = await authentication.entity(request, chain, { roles: 0, expiredAllowed: true });
    const { identity: text } = readJsonBody(bodyBytes(request), identityKeyRequestSchema);
    const identity = identityOfNetwork(text);
    if (identity.pseudonym !== entity.pseudonym)
      throw new AppError('PKG_IDENTITY_NOT_YOURS', {
        what: 'The identity names another pseudonym than the one that signed.',
        consequence: 'No key was issued.',
        remedy: 'Sign with the pseudonym in the identity.',
      });
    if (applications.byPseudonym(entity.pseudonym)?.state === 'revoked')
      throw new AppError('PKG_PSEUDONYM_REVOKED', {
        what: 'The person behind this pseudonym was revoked.',
        consequence: 'No key was issued.',
        remedy: "Ask the PKG's operator for the reason.",
      });
    await confirmParameters();
    if ((await ownerOnChain(identity)) !== entity.pseudonym)
      throw new AppError('PKG_IDENTITY_NOT_OWNED', {
        what: 'On the final chain the id in the identity does not belong to this pseudonym.',
        consequence: 'No key was issued.',
        remedy: 'Record the dataset, or wait until the offer is on chain and final, then ask again.',
      });
    const key = encodeIdentityKey(engine, generateIdentityKey(engine, authority.masterSecret, text, random));
    const box = await sealBox(random, fromHex(entity.messageKey), identityKeyLabel(text), key);
    recordIssuance(database, text, clock.nowMs());
    config.log({ event: 'identity-key-issued', data: { identity: text } });
    return { version: pkgMessagesVersion, identity: text, box: toHex(box) };
  }

  function identityOfNetwork(text: string): Identity {
    let identity: Identity;
    try {
      identity = parseIdentity(text);
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      throw new AppError('PKG_IDENTITY_MALFORMED', {
        what: 'The text is not an identity of a dataset or an offer.',
        consequence: 'No key was issued.',
        remedy: 'Ask with an identity as docs/formats.md defines it.',
      });
    }
    const contract = identity.kind === 'dataset' ? network.dataRecords : network.sharingMarket;
    if (identity.chainId !== network.chainId || identity.contract !== contract)
      throw new AppError('PKG_IDENTITY_OTHER_NETWORK', {
        what: 'The identity names another chain or contract than those of this network.',
        consequence: 'No key was issued.',
        remedy: 'Use the PKG of the network that the identity names.',
      });
    return identity;
  }

  async function ownerOnChain(identity: Identity): Promise<Hex | undefined> {
    if (identity.kind === 'dataset') return (await chain.dataRecord(identity.datasetId))?.owner;
    return (await chain.offer(identity.offerId))?.consumer;
  }

  function addRoutes(app: FastifyInstance): void {
    app.get('/v1/info', async () => info);
    app.post('/v1/applications', async (request) => apply(request));
    app.get<{ Params: { id: string } }>('/v1/applications/:id', async (request) =>
      statusOf(ownApplication(request.params.id, await applicant(request))),
    );
    app.get('/v1/applications', async (request) => {
      await requireOperator(request);
      return {
        version: pkgMessagesVersion,
        applications: applications.all().map(({ applicationId, state, roles, reason, name, contact, submittedAtMs, enrolments }) => ({
          applicationId,
          state,
          roles,
          reason,
          name,
          contact,
          submittedAtMs,
          pseudonyms: enrolments.length,
        })),
      };
    });
    app.post<{ Params: { id: string } }>('/v1/applications/:id/decision', async (request) => decide(request, request.params.id));
    app.post('/v1/enrolments', { bodyLimit: enrolmentBatchMax * 1024 }, async (request) => enrol(request));
    app.post('/v1/identity-keys', async (request) => issueIdentityKey(request));
    app.get('/v1/revocations', async (request) => {
      await requireOperator(request);
      return signRevocations();
    });
  }

  return { addRoutes };
}

const stateWords: Readonly<Record<ApplicationStatus['state'], Sentence>> = {
  pending: say`pending`,
  approved: say`approved`,
  refused: say`refused`,
  revoked: say`revoked`,
};

function unknownKey(reason: Sentence): AppError {
  return new AppError('REQUEST_KEY_UNKNOWN', {
    what: say`The signer is not known here: ${reason}.`,
    consequence: 'The request was refused and changed nothing.',
    remedy: 'Sign with the right key.',
  });
}

/** The earlier enrolment, if it says the same and has at least half of its time left: a repeated request changes nothing. */
function reusable(
  earlier: SignedEnrolment | undefined,
  wanted: Pseudonym,
  nowMs: number,
  enrolmentSeconds: number,
): SignedEnrolment | null {
  if (earlier === undefined) return null;
  const { requestKey, messageKey, roles, expiry } = earlier.enrolment;
  const same = requestKey === wanted.requestKey && messageKey === wanted.messageKey && roles === wanted.roles;
  return same && expiry - nowMs / 1000 > enrolmentSeconds / 2 ? earlier : null;
}
