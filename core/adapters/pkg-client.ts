/** A client of the PKG (docs/formats.md, "PKG over HTTP"). Enrolments and keys are checked before they are given to the caller. */
import { verifyTypedData, Wallet } from 'ethers';
import { AppError } from '../base/app-error.ts';
import { fromHex, type Hex, isHex, toHex } from '../base/bytes.ts';
import { DecodeError } from '../base/codec.ts';
import type { Clock, Random } from '../base/ports.ts';
import { say } from '../base/sentence.ts';
import { checkIdentityKey } from '../crypto/identity-encryption.ts';
import type { PseudonymKeys } from '../crypto/key-derivation.ts';
import { openBox } from '../crypto/message-box.ts';
import type { PairingEngine } from '../crypto/pairing-engine.ts';
import type { IdentityKey, PublicParameters } from '../crypto/scheme-algebra.ts';
import { decodeIdentityKey } from '../crypto/scheme-encodings.ts';
import { contractDomain, enrolmentTypes, type Pseudonym, possessionTypes, type SignedEnrolment } from '../sharing/enrolment.ts';
import {
  type ApplicationList,
  type ApplicationRequest,
  type ApplicationStatus,
  applicationListSchema,
  applicationStatusSchema,
  type DecisionRequest,
  enrolmentsAnswerSchema,
  identityKeyAnswerSchema,
  identityKeyLabel,
  type PkgInfo,
  pkgInfoSchema,
  pkgMessagesVersion,
  type RevocationList,
  revocationListSchema,
} from '../sharing/pkg-messages.ts';
import { pseudonymSigner, type RequestSigner } from './request-signature.ts';
import { ServiceConnection } from './service-connection.ts';

export interface PkgClientOptions {
  readonly url: string;
  /** What the network file pins. */
  readonly network: { readonly chainId: bigint; readonly entityRegistry: Hex; readonly enrolmentAddress: Hex };
  readonly clock: Clock;
  readonly random: Random;
  readonly timeoutMs?: number;
}

export class PkgClient {
  readonly #connection: ServiceConnection;
  readonly #network: PkgClientOptions['network'];

  constructor(options: PkgClientOptions) {
    const { url, clock, random, timeoutMs, network } = options;
    this.#network = network;
    this.#connection = new ServiceConnection({
      url,
      serviceName: say`PKG`,
      clock,
      random,
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
    });
  }

  async info(): Promise<PkgInfo> {
    return this.#connection.requestJson({ method: 'GET', path: '/v1/info' }, pkgInfoSchema);
  }

  /** Applies; the same application again gives the same answer. `applicant` signs with the application's own key. */
  async apply(applicant: RequestSigner, application: Omit<ApplicationRequest, 'version'>): Promise<ApplicationStatus> {
    return this.#connection.requestJson(
      { method: 'POST', path: '/v1/applications', value: { version: pkgMessagesVersion, ...application }, signer: applicant },
      applicationStatusSchema,
    );
  }

  async application(applicant: RequestSigner, applicationId: Hex): Promise<ApplicationStatus> {
    return this.#connection.requestJson(
      { method: 'GET', path: `/v1/applications/${applicationId}`, signer: applicant },
      applicationStatusSchema,
    );
  }

  /** For the operator: every application with its real name. */
  async applications(operator: RequestSigner): Promise<ApplicationList['applications']> {
    const request = { method: 'GET', path: '/v1/applications', signer: operator, answerBytesMax: 32 << 20 };
    return (await this.#connection.requestJson(request, applicationListSchema)).applications;
  }

  /** For the operator. */
  async decide(operator: RequestSigner, applicationId: Hex, decision: Omit<DecisionRequest, 'version'>): Promise<ApplicationStatus> {
    return this.#connection.requestJson(
      {
        method: 'POST',
        path: `/v1/applications/${applicationId}/decision`,
        value: { version: pkgMessagesVersion, ...decision },
        signer: operator,
      },
      applicationStatusSchema,
    );
  }

  /** For the operator: the PKG's signed revocations of all pseudonyms of revoked persons, to bring to the chain. */
  async revocations(operator: RequestSigner): Promise<RevocationList['revocations']> {
    const request = { method: 'GET', path: '/v1/revocations', signer: operator, answerBytesMax: 32 << 20 };
    return (await this.#connection.requestJson(request, revocationListSchema)).revocations;
  }

  /**
   * Has fresh pseudonyms enrolled: proves possession of each one's chain key, and checks that what comes back
   * is signed by the enrolment account for exactly these. @throws AppError `PKG_ENROLMENT_INVALID`, `PKG_*`
   */
  async enrol(
    applicant: RequestSigner,
    applicationId: Hex,
    pseudonyms: readonly { readonly keys: PseudonymKeys; readonly roles: number }[],
  ): Promise<SignedEnrolment[]> {
    const applicantKey = toHex(applicant.key.publicKey);
    const { chainId, entityRegistry } = this.#network;
    const wanted: (Pseudonym & { possession: Hex })[] = [];
    for (const { keys, roles } of pseudonyms) {
      const pseudonym: Pseudonym = {
        pseudonym: keys.account.address,
        requestKey: toHex(keys.requestKey.publicKey),
        messageKey: toHex(keys.messageKey.publicKey),
        roles,
      };
      const possession = await new Wallet(toHex(keys.account.privateKey)).signTypedData(
        contractDomain(chainId, entityRegistry),
        possessionTypes,
        {
          ...pseudonym,
          applicant: applicantKey,
        },
      );
      wanted.push({ ...pseudonym, possession: possession as Hex });
    }
    const { enrolments } = await this.#connection.requestJson(
      {
        method: 'POST',
        path: '/v1/enrolments',
        value: { version: pkgMessagesVersion, applicationId, pseudonyms: wanted },
        signer: applicant,
      },
      enrolmentsAnswerSchema,
    );
    const good = enrolments.length === wanted.length && enrolments.every((entry, position) => this.#isEnrolmentOf(entry, wanted[position]));
    if (good) return enrolments;
    throw new AppError('PKG_ENROLMENT_INVALID', {
      what: "An enrolment from the PKG is not for the pseudonym asked for, or not signed by the network's enrolment account.",
      consequence: 'It was not used and not sent to the chain.',
      remedy: 'Check that the network file belongs to this PKG; else tell the operator of the network.',
    });
  }

  #isEnrolmentOf(entry: SignedEnrolment, wanted: Pseudonym | undefined): boolean {
    const { enrolment, signature } = entry;
    if (wanted === undefined) return false;
    const { chainId, entityRegistry, enrolmentAddress } = this.#network;
    const same = (['pseudonym', 'requestKey', 'messageKey', 'roles'] as const).every((field) => enrolment[field] === wanted[field]);
    try {
      const signer = verifyTypedData(contractDomain(chainId, entityRegistry), enrolmentTypes, enrolment, signature);
      return same && signer.toLowerCase() === enrolmentAddress;
    } catch {
      return false; // ethers throws for a signature that no key can have made
    }
  }

  /**
   * The key of an identity that the pseudonym owns on chain, checked against the public parameters.
   * @throws AppError `PKG_KEY_INVALID`, `PKG_IDENTITY_*`, `REQUEST_*`, `SERVICE_*`
   */
  async identityKey(
    keys: PseudonymKeys,
    identity: string,
    scheme: { readonly engine: PairingEngine; readonly parameters: PublicParameters },
  ): Promise<IdentityKey> {
    const answer = await this.#connection.requestJson(
      { method: 'POST', path: '/v1/identity-keys', value: { version: pkgMessagesVersion, identity }, signer: pseudonymSigner(keys) },
      identityKeyAnswerSchema,
    );
    const plaintext =
      answer.identity === identity && isHex(answer.box)
        ? await openBox(keys.messageKey, identityKeyLabel(identity), fromHex(answer.box))
        : null;
    const key = plaintext === null ? null : decodedKey(scheme.engine, plaintext);
    if (key !== null && checkIdentityKey(scheme.engine, scheme.parameters, identity, key)) return key;
    throw new AppError('PKG_KEY_INVALID', {
      what: 'What the PKG sent is not the key of this identity under the public parameters of the network.',
      consequence: 'It was thrown away; no money was put at risk.',
      remedy: 'Ask again. If this repeats, the PKG runs with another master secret: tell the operator of the network.',
    });
  }
}

function decodedKey(engine: PairingEngine, bytes: Uint8Array): IdentityKey | null {
  try {
    return decodeIdentityKey(engine, bytes);
  } catch (error) {
    if (error instanceof DecodeError) return null;
    throw error;
  }
}
