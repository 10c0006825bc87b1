/**
 * Who sent a request: the signature is checked against a key, the nonce is used up, and the signer's rate is
 * counted. Entities' keys come from the final chain at every request, so a revocation counts at once.
 */
import type { FastifyRequest } from 'fastify';
import { bodyBytes, takeFromRate } from '../adapters/http-service.ts';
import { type RateLimit, RateLimiter } from '../adapters/rate-limiter.ts';
import type { ReplayStore } from '../adapters/replay-store.ts';
import {
  isSignedBy,
  readSignatureClaim,
  requireSignedDigest,
  type SignableRequest,
  signatureWindowMs,
} from '../adapters/request-signature.ts';
import { AppError } from '../base/app-error.ts';
import type { Hex } from '../base/bytes.ts';
import type { Clock } from '../base/ports.ts';
import { type Sentence, say } from '../base/sentence.ts';
import type { ChainEntity, ChainReader } from '../sharing/chain-reader.ts';

/** What a signer may do after its signature was checked. */
export interface EntityTerms {
  /** Bits of roles of which the entity must hold at least one; 0 asks for none. */
  readonly roles: number;
  /** An expired enrolment still obtains keys of ids it owns (the protocol's rule). */
  readonly expiredAllowed: boolean;
  /** The body has not been read yet: the route checks it by {@link requireSignedBody} when it has. */
  readonly bodyFollows?: boolean;
}

export interface RequestAuthenticationOptions {
  readonly serviceName: Sentence;
  readonly clock: Clock;
  readonly replays: ReplayStore;
  /** For every signer. */
  readonly signerRate: RateLimit;
}

export class RequestAuthentication {
  readonly #options: RequestAuthenticationOptions;
  readonly #limiter: RateLimiter;

  constructor(options: RequestAuthenticationOptions) {
    this.#options = options;
    this.#limiter = new RateLimiter(options.signerRate, options.clock);
  }

  /**
   * The key id that signed. `keyOf` gives the Ed25519 key of a key id, or throws.
   * @throws AppError of the codes `REQUEST_*`
   */
  async signer(request: FastifyRequest, keyOf: (keyId: Hex) => Promise<Hex> | Hex, bodyFollows = false): Promise<Hex> {
    const { clock, replays, serviceName } = this.#options;
    const signed = signable(request);
    const claim = readSignatureClaim(signed, clock);
    const key = await keyOf(claim.keyId);
    if (!(await isSignedBy(signed, key)))
      throw new AppError('REQUEST_SIGNATURE_INVALID', {
        what: 'The signature does not fit the request and the key that it names.',
        consequence: 'The request was refused and changed nothing.',
        remedy: 'Send it again. If this repeats, the pseudonym was enrolled with another request key than the one in use.',
      });
    if (!bodyFollows) requireSignedDigest(signed);
    takeFromRate(this.#limiter, claim.keyId, serviceName);
    // The nonce is used up before the work begins: a copy that arrives meanwhile is refused.
    if (!replays.admit(claim.keyId, claim.nonce, claim.createdMs + 2 * signatureWindowMs, clock.nowMs()))
      throw new AppError('REQUEST_REPLAYED', {
        what: 'The request was received before.',
        consequence: 'This copy was refused and changed nothing; the first one stands.',
        remedy: 'Sign a new request. If you did not send it twice, somebody recorded and repeated it.',
      });
    return claim.keyId;
  }

  /** The enrolled pseudonym that signed. */
  async entity(request: FastifyRequest, chain: ChainReader, terms: EntityTerms): Promise<ChainEntity> {
    let found: ChainEntity | null = null;
    await this.signer(
      request,
      async (keyId) => {
        found = keyId.length === 42 ? await chain.entity(keyId) : null;
        if (found === null)
          throw new AppError('REQUEST_KEY_UNKNOWN', {
            what: say`The signer ${keyId} is not an enrolled pseudonym on the final chain.`,
            consequence: 'The request was refused and changed nothing.',
            remedy: 'Enrol the pseudonym and wait until the enrolment is final.',
          });
        return found.requestKey;
      },
      terms.bodyFollows,
    );
    // `found` is assigned in the callback, which the compiler does not follow.
    const entity = found as unknown as ChainEntity;
    if (entity.revoked)
      throw new AppError('REQUEST_ENROLMENT_REVOKED', {
        what: 'The enrolment of this pseudonym was revoked.',
        consequence: 'The request was refused and changed nothing.',
        remedy: "Ask the PKG's operator for the reason.",
      });
    if (!terms.expiredAllowed && BigInt(Math.floor(this.#options.clock.nowMs() / 1000)) > entity.expiry)
      throw new AppError('REQUEST_ENROLMENT_EXPIRED', {
        what: 'The enrolment of this pseudonym has expired.',
        consequence: 'The request was refused and changed nothing; what you own stays yours, and its keys can still be obtained.',
        remedy: 'Have the pseudonym enrolled again.',
      });
    if (terms.roles !== 0 && (entity.roles & terms.roles) === 0)
      throw new AppError('REQUEST_ROLE_MISSING', {
        what: 'This pseudonym is not enrolled for the role that the request needs.',
        consequence: 'The request was refused and changed nothing.',
        remedy: 'Use a pseudonym with that role, or apply for it at the PKG.',
      });
    return entity;
  }
}

/** Refuses a body other than the one that was signed, where the signer was looked at before the body came. */
export function requireSignedBody(request: FastifyRequest): void {
  requireSignedDigest(signable(request));
}

function signable(request: FastifyRequest): SignableRequest {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(request.headers)) if (typeof value === 'string') headers[name] = value;
  return {
    method: request.method,
    url: `${request.protocol}://${request.headers.host}${request.raw.url}`,
    headers,
    body: bodyBytes(request),
  };
}
