/**
 * One client's connection to one service: signs requests, bounds answers in size and time, and gives every
 * failure as an AppError with the service's own words where it has some.
 *
 * Invariant: nothing is sent over plain HTTP except to this machine, and no redirect is followed.
 */
import { z } from 'zod';
import { AppError } from '../base/app-error.ts';
import { concatBytes, utf8 } from '../base/bytes.ts';
import type { Clock, Random } from '../base/ports.ts';
import { english, type Sentence, saidShape, say, sentenceOf, verbatim } from '../base/sentence.ts';
import { isAllowedUrl } from '../sharing/network-file.ts';
import { type RequestSigner, signRequest } from './request-signature.ts';

export interface ServiceConnectionOptions {
  /** Base address, as the network file gives it. */
  readonly url: string;
  /** As messages name it: "PKG", "proxy 2". */
  readonly serviceName: Sentence;
  readonly clock: Clock;
  readonly random: Random;
  /** Time for one request with its answer. */
  readonly timeoutMs?: number;
}

/** One request. */
export interface ServiceRequest {
  readonly method: string;
  /** Begins with `/v1/`. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
  /** Who signs; without one the request goes unsigned. */
  readonly signer?: RequestSigner | undefined;
  /** Bytes of the answer that are taken. */
  readonly answerBytesMax?: number;
  readonly signal?: AbortSignal | undefined;
}

export interface ServiceAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Uint8Array;
}

const defaultTimeoutMs = 60_000;
const answerBytesMaxDefault = 1 << 20;
const empty = new Uint8Array();

export class ServiceConnection {
  readonly #options: ServiceConnectionOptions;
  readonly #base: string;

  /** @throws AppError `SERVICE_URL_REFUSED` */
  constructor(options: ServiceConnectionOptions) {
    if (!isAllowedUrl(options.url))
      throw new AppError('SERVICE_URL_REFUSED', {
        what: say`The address ${options.url} of the ${options.serviceName} is not https.`,
        consequence: 'Nothing was sent.',
        remedy: 'Use an https address; plain http is for services on this machine only.',
      });
    this.#options = options;
    this.#base = options.url.replace(/\/+$/, '');
  }

  get serviceName(): Sentence {
    return this.#options.serviceName;
  }

  /** The full address of a path. */
  addressOf(path: string): string {
    return `${this.#base}${path}`;
  }

  /**
   * Sends a request and gives any answer, also a refusal. A kept connection that the service closed meanwhile is tried
   * once more with a new signature: every request of the protocols may be repeated.
   * @throws AppError `SERVICE_UNREACHABLE`, `SERVICE_ANSWER_MALFORMED`
   */
  async exchange(request: ServiceRequest): Promise<ServiceAnswer> {
    try {
      return await this.#exchangeOnce(request);
    } catch (error) {
      if (!isClosedConnection(error)) throw this.#failureOf(error, request);
    }
    try {
      return await this.#exchangeOnce(request);
    } catch (error) {
      throw this.#failureOf(error, request);
    }
  }

  #failureOf(error: unknown, request: ServiceRequest): unknown {
    if (error instanceof AppError) return error;
    return request.signal?.aborted ? request.signal.reason : this.#unreachable(error);
  }

  async #exchangeOnce(request: ServiceRequest): Promise<ServiceAnswer> {
    const { clock, random, timeoutMs = defaultTimeoutMs } = this.#options;
    const body = request.body ?? empty;
    const unsigned = { method: request.method, url: this.addressOf(request.path), headers: request.headers ?? {}, body };
    const headers = request.signer === undefined ? unsigned.headers : await signRequest(unsigned, request.signer, clock, random);
    const timeout = AbortSignal.timeout(timeoutMs);
    const response = await fetch(unsigned.url, {
      method: request.method,
      headers,
      redirect: 'error',
      signal: request.signal === undefined ? timeout : AbortSignal.any([timeout, request.signal]),
      ...(body.length > 0 ? { body: new Uint8Array(body) } : {}),
    });
    const answer = await this.#readBounded(response, request.answerBytesMax ?? answerBytesMaxDefault);
    return { status: response.status, headers: response.headers, body: answer };
  }

  /** Sends a request and gives its answer. @throws AppError with the service's code and words when it refuses */
  async request(request: ServiceRequest): Promise<ServiceAnswer> {
    const answer = await this.exchange(request);
    if (answer.status >= 200 && answer.status < 300) return answer;
    throw this.refusalOf(answer);
  }

  /** Sends `value` (if given) as JSON and reads a JSON answer of the form `schema`. */
  async requestJson<Value>(
    request: Omit<ServiceRequest, 'body' | 'headers'> & { readonly value?: unknown },
    schema: z.ZodType<Value>,
  ): Promise<Value> {
    return this.readJson(await this.request(this.#withJson(request)), schema);
  }

  /** Sends `value` as JSON; the answer has no body. */
  async sendJson(request: Omit<ServiceRequest, 'body' | 'headers'> & { readonly value: unknown }): Promise<void> {
    await this.request(this.#withJson(request));
  }

  #withJson({ value, ...request }: Omit<ServiceRequest, 'body' | 'headers'> & { readonly value?: unknown }): ServiceRequest {
    return value === undefined
      ? request
      : { ...request, headers: { 'content-type': 'application/json' }, body: utf8(JSON.stringify(value)) };
  }

  /** The JSON body of an answer, checked. */
  readJson<Value>(answer: ServiceAnswer, schema: z.ZodType<Value>): Value {
    let parsed: unknown;
    try {
      parsed = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(answer.body));
    } catch {
      throw this.malformed(say`it is not JSON`);
    }
    const result = schema.safeParse(parsed);
    if (!result.success) throw this.malformed(verbatim(result.error.issues[0]?.message ?? 'it has another form'));
    return result.data;
  }

  /** What the service said when it refused. */
  refusalOf(answer: ServiceAnswer): AppError {
    const error = errorOf(answer.body);
    // Services give their reason: without one it is whatever stands in front of a service that is not there.
    if (error === null && answer.status >= 500) return this.#unreachable(new Error(`status ${answer.status}`));
    if (error === null) return this.malformed(say`status ${answer.status} without a reason`);
    // A stranger's words are told as such: they could ask a user for anything.
    const what = say`The ${this.serviceName} says: ${sentenceOf(error.what)}`;
    return new AppError(error.code, { ...error, what }, { data: { service: english(this.serviceName), status: answer.status } });
  }

  malformed(reason: Sentence): AppError {
    return new AppError(
      'SERVICE_ANSWER_MALFORMED',
      {
        what: say`The ${this.serviceName} gave an answer that cannot be read: ${reason}.`,
        consequence: 'The answer was not used. The step can be repeated; nothing is done twice.',
        remedy: 'Check that the address is that of the service and that both sides run the same version of Vouchsafe.',
      },
      { data: { service: english(this.serviceName) } },
    );
  }

  async #readBounded(response: Response, bytesMax: number): Promise<Uint8Array> {
    if (response.body === null) return empty;
    const parts: Uint8Array[] = [];
    let length = 0;
    for await (const part of response.body as unknown as AsyncIterable<Uint8Array>) {
      length += part.length;
      if (length > bytesMax) throw this.malformed(say`it is longer than ${bytesMax} bytes`);
      parts.push(part);
    }
    return concatBytes(...parts);
  }

  #unreachable(cause: unknown): AppError {
    return new AppError(
      'SERVICE_UNREACHABLE',
      {
        what: say`The ${this.serviceName} at ${this.#base} does not answer.`,
        consequence: 'The step waits; what was sent before is kept, and repeating the step does nothing twice.',
        remedy: 'Check that the service runs and that this computer reaches it, then repeat the step.',
      },
      { data: { service: english(this.serviceName), url: this.#base }, cause },
    );
  }
}

function isClosedConnection(error: unknown): boolean {
  const { cause } = (error ?? {}) as { cause?: { code?: unknown } };
  return cause?.code === 'ECONNRESET' || cause?.code === 'UND_ERR_SOCKET';
}

const codePattern = /^[A-Z][A-Z0-9_]{2,63}$/;
const sentenceLengthMax = 600;
/** A service's sentence, in which a reason may stand, and in that another. */
const said = saidShape(
  z.string().overwrite((text) => text.slice(0, sentenceLengthMax)),
  3,
).catch('');
const errorShape = z.object({
  error: z.object({ code: z.string().regex(codePattern), what: said, consequence: said, remedy: said }),
});

function errorOf(body: Uint8Array): z.infer<typeof errorShape>['error'] | null {
  try {
    return errorShape.safeParse(JSON.parse(new TextDecoder().decode(body))).data?.error ?? null;
  } catch {
    return null; // an answer that is not JSON names no reason
  }
}
