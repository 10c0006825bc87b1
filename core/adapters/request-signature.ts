/**
 * Signed requests between clients and services: HTTP Message Signatures (RFC 9421) with Ed25519 request
 * keys and a Content-Digest (RFC 9530), as docs/formats.md, "Signed requests", fixes them. The library
 * does the signature base; the policy (which components, which parameters, which time) is here, and it
 * is exact: a request covers what the format names, no more and no less.
 *
 * `@authority` is covered, so that one service cannot pass on to another what was meant for itself.
 */
import { createHash } from 'node:crypto';
import { httpbis } from 'http-message-signatures';
import { isInnerList, parseDictionary } from 'structured-headers';
import { AppError } from '../base/app-error.ts';
import { fromHex, type Hex, isHex, toHex } from '../base/bytes.ts';
import type { Clock, Random } from '../base/ports.ts';
import { type Sentence, say } from '../base/sentence.ts';
import type { PseudonymKeys } from '../crypto/key-derivation.ts';
import { type RequestKey, signWithRequestKey, verifyRequestSignature } from '../crypto/request-key.ts';

/** How far `created` may be from the service's clock, either way. */
export const signatureWindowMs = 5 * 60 * 1000;
const nonceBytes = 16;
const signatureTag = 'vouchsafe';
const signatureLabel = 'vouchsafe';
/** Header fields that change what a request does; each is covered when it is there. */
const coveredFields = ['content-digest', 'upload-offset', 'upload-length', 'upload-metadata', 'range'] as const;
const parameterNames = ['created', 'nonce', 'keyid', 'tag'] as const;

/** One's own side of signed requests. */
export interface RequestSigner {
  /** The pseudonym's address (20 bytes); for applicants and the operator, who have none, the public key (32 bytes). */
  readonly keyId: Hex;
  readonly key: RequestKey;
}

/** A pseudonym signs with its request key, named by its address. */
export function pseudonymSigner(keys: PseudonymKeys): RequestSigner {
  return { keyId: keys.account.address, key: keys.requestKey };
}

/** Applicants and operators sign with a key that names itself. */
export function keySigner(key: RequestKey): RequestSigner {
  return { keyId: toHex(key.publicKey), key };
}

/** What is signed of a request. Field names in lower case. */
export interface SignableRequest {
  readonly method: string;
  /** Absolute, without a query. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

/** What a signature says before it has been checked against a key. */
export interface SignatureClaim {
  readonly keyId: Hex;
  readonly nonce: string;
  readonly createdMs: number;
}

function contentDigest(body: Uint8Array): string {
  return `sha-256=:${createHash('sha256').update(body).digest('base64')}:`;
}

function componentsOf(headers: Readonly<Record<string, string>>): string[] {
  return ['@method', '@authority', '@path', ...coveredFields.filter((field) => headers[field] !== undefined)];
}

/** The header fields of `request` with digest (when there is a body) and signature added. */
export async function signRequest(
  request: SignableRequest,
  signer: RequestSigner,
  clock: Clock,
  random: Random,
): Promise<Record<string, string>> {
  const headers: Record<string, string> = { ...request.headers };
  if (request.body.length > 0) headers['content-digest'] = contentDigest(request.body);
  const signed = await httpbis.signMessage(
    {
      name: signatureLabel,
      key: { id: signer.keyId, sign: async (base) => Buffer.from(signWithRequestKey(signer.key, base)) },
      fields: componentsOf(headers),
      params: [...parameterNames],
      paramValues: { created: new Date(clock.nowMs()), nonce: toHex(random.bytes(nonceBytes)).slice(2), tag: signatureTag },
    },
    { method: request.method, url: request.url, headers },
  );
  return signed.headers as Record<string, string>;
}

function malformed(what: Sentence): AppError {
  return new AppError('REQUEST_SIGNATURE_MALFORMED', {
    what,
    consequence: 'The request was refused and changed nothing.',
    remedy: 'Send it with the Vouchsafe app or command line of this version.',
  });
}

/**
 * Reads who claims to have signed, and refuses what no key could make good: no signature, another set of
 * components, a time outside the window. Looks at the header only; the body is for {@link requireSignedDigest}.
 * @throws AppError `REQUEST_UNSIGNED`, `REQUEST_SIGNATURE_MALFORMED`, `REQUEST_STALE`
 */
export function readSignatureClaim(request: Pick<SignableRequest, 'headers'>, clock: Clock): SignatureClaim {
  const inputField = request.headers['signature-input'];
  if (inputField === undefined || request.headers.signature === undefined)
    throw new AppError('REQUEST_UNSIGNED', {
      what: 'The request carries no signature.',
      consequence: 'It was refused and changed nothing.',
      remedy: 'Send it with the key of an enrolled pseudonym.',
    });
  const { components, parameters } = parseSignatureInput(inputField);
  const expected = componentsOf(request.headers);
  if (components.length !== expected.length || components.some((name, position) => name !== expected[position]))
    throw malformed(say`The signature covers (${components.join(' ')}) where (${expected.join(' ')}) is due.`);
  if (parameters.size !== parameterNames.length || parameterNames.some((name) => !parameters.has(name)))
    throw malformed(say`The signature's parameters are not ${parameterNames.join(', ')}.`);
  const created = parameters.get('created');
  const nonce = parameters.get('nonce');
  const keyId = parameters.get('keyid');
  if (typeof created !== 'number' || !Number.isSafeInteger(created))
    throw malformed(say`The time of the signature is not a whole number of seconds.`);
  if (typeof nonce !== 'string' || !/^[0-9a-f]{32}$/.test(nonce))
    throw malformed(say`The nonce of the signature is not 16 bytes in hexadecimal.`);
  if (!isHex(keyId) || (keyId.length !== 42 && keyId.length !== 66))
    throw malformed(say`The key id of the signature is neither an address nor a key.`);
  if (parameters.get('tag') !== signatureTag) throw malformed(say`The signature was made for another application.`);
  const createdMs = created * 1000;
  const nowMs = clock.nowMs();
  if (Math.abs(nowMs - createdMs) > signatureWindowMs)
    throw new AppError('REQUEST_STALE', {
      what: say`The request was signed at ${timeOf(createdMs)}; the service's clock says ${timeOf(nowMs)}.`,
      consequence: 'It was refused and changed nothing: a request counts for five minutes.',
      remedy: 'Send it again. If this repeats, set the clock of your computer.',
    });
  return { keyId, nonce, createdMs };
}

/** Refuses a body that does not have the digest that was signed: `REQUEST_DIGEST_MISMATCH`. */
export function requireSignedDigest(request: Pick<SignableRequest, 'headers' | 'body'>): void {
  const digest = request.headers['content-digest'];
  if (request.body.length === 0 ? digest !== undefined : digest !== contentDigest(request.body))
    throw new AppError('REQUEST_DIGEST_MISMATCH', {
      what: 'The body of the request is not the one whose digest was signed.',
      consequence: 'It was changed or cut on the way; the request was refused and changed nothing.',
      remedy: 'Send it again.',
    });
}

function timeOf(timeMs: number): Date | Sentence {
  const time = new Date(timeMs);
  return Number.isNaN(time.getTime()) ? say`no valid time` : time;
}

function parseSignatureInput(field: string): { components: string[]; parameters: ReadonlyMap<string, unknown> } {
  let members: ReturnType<typeof parseDictionary>;
  try {
    members = parseDictionary(field);
  } catch (error) {
    throw malformed(say`The field Signature-Input cannot be read: ${error instanceof Error ? error.message : String(error)}.`);
  }
  const member = members.get(signatureLabel);
  if (members.size !== 1 || member === undefined || !isInnerList(member))
    throw malformed(say`There is not exactly one signature, named "${signatureLabel}".`);
  const components = member[0].map(([name, parameters]) => {
    if (typeof name !== 'string' || parameters.size > 0) throw malformed(say`A covered component has parameters.`);
    return name;
  });
  return { components, parameters: member[1] };
}

/** Whether the request's signature is that of the Ed25519 key `publicKey` (32 bytes). The claim has been read before. */
export async function isSignedBy(request: Omit<SignableRequest, 'body'>, publicKey: Hex): Promise<boolean> {
  try {
    const verdict = await httpbis.verifyMessage(
      {
        // The window was checked by the service's own clock in readSignatureClaim.
        notAfter: Number.MAX_SAFE_INTEGER,
        keyLookup: async () => ({ verify: async (base, signature) => verifyRequestSignature(fromHex(publicKey), base, signature) }),
      },
      { method: request.method, url: request.url, headers: { ...request.headers } },
    );
    return verdict === true;
  } catch (error) {
    throw malformed(say`The signature cannot be read: ${error instanceof Error ? error.message : String(error)}.`);
  }
}
