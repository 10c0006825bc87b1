/**
 * The HTTP server under every service: Fastify with named limits, closed to browsers, with errors in the
 * one form of docs/formats.md. Bodies reach a route as bytes, because a signature covers bytes.
 *
 * Invariant: nothing is queued without a bound. Connections, requests in flight, header and body sizes,
 * the time to send them, and the requests of one client all have a limit, and over it there is an answer.
 */
import type { Socket } from 'node:net';
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import type { z } from 'zod';
import { AppError, type ErrorText } from '../base/app-error.ts';
import type { Clock } from '../base/ports.ts';
import { english, plainly, type Said, type Sentence, say } from '../base/sentence.ts';
import { type RateLimit, RateLimiter } from './rate-limiter.ts';

/** Where a service listens. An address that other machines reach needs a certificate. */
export interface ListenAddress {
  /** For example `127.0.0.1`. */
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** PEM texts. */
  readonly tls?: { readonly certificate: string; readonly privateKey: string };
  /** Further `host[:port]` names under which clients reach the service, for example behind a reverse proxy. */
  readonly publicHosts?: readonly string[];
}

export interface HttpLimits {
  readonly connectionsMax: number;
  /** Of one network, so that one client does not keep all others out. */
  readonly addressConnectionsMax: number;
  /** A request counts from when it is read, so that slow senders take no place; one with a body above {@link smallBodyBytesMax} from its header. */
  readonly requestsInFlightMax: number;
  /** Of one network. */
  readonly addressInFlightMax: number;
  readonly headerBytesMax: number;
  /** Bytes of a body, unless a route allows more. */
  readonly bodyBytesMax: number;
  /** Time in which a client must have sent its header. */
  readonly headersTimeoutMs: number;
  /** Time in which a client must have sent its whole request. */
  readonly requestTimeoutMs: number;
  readonly keepAliveTimeoutMs: number;
  /** A connection on which nothing moves for so long is closed. */
  readonly idleTimeoutMs: number;
  /** For every network, before a signature is looked at. */
  readonly addressRate: RateLimit;
}

export const defaultHttpLimits: HttpLimits = {
  connectionsMax: 256,
  addressConnectionsMax: 64,
  requestsInFlightMax: 64,
  addressInFlightMax: 32,
  headerBytesMax: 16 * 1024,
  bodyBytesMax: 64 * 1024,
  headersTimeoutMs: 10_000,
  requestTimeoutMs: 120_000,
  keepAliveTimeoutMs: 5_000,
  idleTimeoutMs: 60_000,
  addressRate: { burst: 400, perSecond: 100 },
};

/** An error as it travels; docs/formats.md, "Services over HTTP". */
export interface ErrorBody {
  readonly error: { readonly code: string } & ErrorText<Said>;
}

/** Something that a service did, for its operator. Never holds a secret, a name or a key's bytes. */
export interface ServiceEvent {
  readonly event: string;
  readonly data: Readonly<Record<string, string | number | boolean>>;
}

/** Receives the events of a service. */
export type ServiceLog = (event: ServiceEvent) => void;

export interface HttpServiceOptions {
  /** As messages name it: "PKG", "proxy". */
  readonly name: Sentence;
  readonly listen: ListenAddress;
  readonly limits: HttpLimits;
  readonly clock: Clock;
  readonly log: ServiceLog;
  /** HTTP status of error codes of the service; others are 400. */
  readonly statuses: Readonly<Record<string, number>>;
}

/** A running service. */
export interface RunningService {
  /** Base address, without a slash at the end. */
  readonly url: string;
  /** Ends the service after the requests in flight; may be called again. */
  stop(): Promise<void>;
}

/** Bodies up to here may lie in memory for as many requests as there are connections. Routes that take more look at the signer first. */
const smallBodyBytesMax = 256 * 1024;

/** Bytes of a refused body that are read for the sake of the answer. */
const droppedBodyBytesMax = 16 * 2 ** 20;

const loopbackHosts = ['127.0.0.1', 'localhost', '::1'];

const commonStatuses: Readonly<Record<string, number>> = {
  REQUEST_UNSIGNED: 401,
  REQUEST_STALE: 401,
  REQUEST_KEY_UNKNOWN: 401,
  REQUEST_SIGNATURE_INVALID: 401,
  REQUEST_REPLAYED: 409,
  REQUEST_ENROLMENT_EXPIRED: 403,
  REQUEST_ENROLMENT_REVOKED: 403,
  REQUEST_ROLE_MISSING: 403,
  REQUEST_ORIGIN_REFUSED: 403,
  REQUEST_HOST_REFUSED: 421,
  REQUEST_TOO_LARGE: 413,
  REQUEST_RATE_LIMITED: 429,
  SERVICE_BUSY: 503,
  SERVICE_STOPPING: 503,
  CHAIN_UNREACHABLE: 503,
  NOT_FOUND: 404,
};

/** A server without routes. Add them, then {@link startHttpService}. */
export function createHttpServer(options: HttpServiceOptions): FastifyInstance {
  const { limits, listen, name } = options;
  if (!loopbackHosts.includes(listen.host) && listen.tls === undefined)
    throw new AppError('SERVICE_TLS_REQUIRED', {
      what: say`The ${name} was told to listen on ${listen.host} without a certificate.`,
      consequence: 'It was not started: on a network, requests must be encrypted.',
      remedy: 'Give it a certificate and its key, or let it listen on 127.0.0.1 behind a reverse proxy that speaks HTTPS.',
    });
  const app = fastify({
    logger: false,
    bodyLimit: limits.bodyBytesMax,
    requestTimeout: limits.requestTimeoutMs,
    connectionTimeout: limits.idleTimeoutMs,
    keepAliveTimeout: limits.keepAliveTimeoutMs,
    forceCloseConnections: 'idle',
    return503OnClosing: true,
    exposeHeadRoutes: false,
    routerOptions: { maxParamLength: 300 },
    http: { maxHeaderSize: limits.headerBytesMax, headersTimeout: limits.headersTimeoutMs, connectionsCheckingInterval: 1000 },
    ...(listen.tls === undefined
      ? {}
      : {
          https: {
            cert: listen.tls.certificate,
            key: listen.tls.privateKey,
            minVersion: 'TLSv1.3',
            maxHeaderSize: limits.headerBytesMax,
            headersTimeout: limits.headersTimeoutMs,
            connectionsCheckingInterval: 1000,
          },
        }),
  }) as unknown as FastifyInstance;
  app.server.maxConnections = limits.connectionsMax;
  boundConnections(app, limits.addressConnectionsMax);

  app.removeAllContentTypeParsers();
  for (const type of ['application/json', 'application/offset+octet-stream'])
    app.addContentTypeParser(type, { parseAs: 'buffer' }, (_request, body, done) => done(null, body));

  const addressLimiter = new RateLimiter(limits.addressRate, options.clock);
  let inFlight = 0;
  const inFlightOf = new Map<string, number>();
  const begin = (request: FastifyRequest, reply: FastifyReply): void => {
    const client = networkOf(request.ip);
    const ofAddress = inFlightOf.get(client) ?? 0;
    if (inFlight >= limits.requestsInFlightMax || ofAddress >= limits.addressInFlightMax)
      throw new AppError(
        'SERVICE_BUSY',
        {
          what: say`The ${name} is working on as many requests as it takes at once.`,
          consequence: 'The request was not begun and changed nothing.',
          remedy: 'Send it again in a moment.',
        },
        { data: { retryAfterSeconds: 1 } },
      );
    inFlight++;
    inFlightOf.set(client, ofAddress + 1);
    reply.raw.once('close', () => {
      inFlight--;
      const left = (inFlightOf.get(client) ?? 1) - 1;
      if (left > 0) inFlightOf.set(client, left);
      else inFlightOf.delete(client);
    });
  };
  const hasLargeBody = (request: FastifyRequest): boolean => (request.routeOptions.bodyLimit ?? 0) > smallBodyBytesMax;
  app.addHook('onRequest', async (request, reply) => {
    reply.header('cache-control', 'no-store').header('x-content-type-options', 'nosniff');
    refuseForeign(request, allowedHosts(app, listen));
    const waitSeconds = addressLimiter.take(networkOf(request.ip));
    if (waitSeconds > 0) throw rateLimited(name, waitSeconds);
    if (hasLargeBody(request)) begin(request, reply);
  });
  app.addHook('preHandler', async (request, reply) => {
    if (!hasLargeBody(request)) begin(request, reply);
  });
  app.setNotFoundHandler(() => {
    throw new AppError('NOT_FOUND', {
      what: say`The ${name} has nothing at this address.`,
      consequence: 'The request changed nothing.',
      remedy: 'Check the address; the service may be of another version of Vouchsafe.',
    });
  });
  app.setErrorHandler((error, request, reply) => sendError(error, request, reply, options));
  return app;
}

/** Closes connections of a network that has `max` open already. */
function boundConnections(app: FastifyInstance, max: number): void {
  const open = new Map<string, number>();
  app.server.on('connection', (socket: Socket) => {
    const client = networkOf(socket.remoteAddress ?? '');
    const count = (open.get(client) ?? 0) + 1;
    if (count > max) {
      socket.destroy();
      return;
    }
    open.set(client, count);
    socket.once('close', () => {
      const left = (open.get(client) ?? 1) - 1;
      if (left > 0) open.set(client, left);
      else open.delete(client);
    });
  });
}

/**
 * What counts as one client: an IPv4 address, or the first 64 bits of an IPv6 address, of which whoever has
 * one has 2^64.
 */
export function networkOf(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped !== undefined) return mapped;
  if (!address.includes(':')) return address;
  const [before = '', after] = address.replace(/%.*$/, '').split('::');
  const groups = before === '' ? [] : before.split(':');
  if (after !== undefined) while (groups.length < 4 && groups.length + after.split(':').length < 8) groups.push('0');
  if (after !== undefined) groups.push(...after.split(':'));
  return groups.slice(0, 4).join(':');
}

function rateLimited(name: Sentence, waitSeconds: number): AppError {
  return new AppError(
    'REQUEST_RATE_LIMITED',
    {
      what: say`The ${name} got more requests from you than it takes.`,
      consequence: 'The request was not begun and changed nothing.',
      remedy: say`Send it again in ${waitSeconds} s.`,
    },
    { data: { retryAfterSeconds: waitSeconds } },
  );
}

/** Counts a request against its signer, and refuses by `REQUEST_RATE_LIMITED` over the limit. */
export function takeFromRate(limiter: RateLimiter, client: string, serviceName: Sentence): void {
  const waitSeconds = limiter.take(client);
  if (waitSeconds > 0) throw rateLimited(serviceName, waitSeconds);
}

function allowedHosts(app: FastifyInstance, listen: ListenAddress): string[] {
  const address = app.server.address();
  const port = address !== null && typeof address === 'object' ? address.port : listen.port;
  const hosts = loopbackHosts.includes(listen.host) ? ['127.0.0.1', 'localhost', '[::1]'] : [listen.host];
  const own = listen.tls !== undefined && port === 443 ? hosts : hosts.map((host) => `${host}:${port}`);
  return [...own, ...(listen.publicHosts ?? [])];
}

/** A browser page must not reach a service, neither by its origin nor by a name that it made resolve to this machine. */
function refuseForeign(request: FastifyRequest, hosts: readonly string[]): void {
  if (!hosts.includes(request.headers.host?.toLowerCase() ?? ''))
    throw new AppError('REQUEST_HOST_REFUSED', {
      what: 'The request names a host that this service is not.',
      consequence: 'It was refused and changed nothing.',
      remedy: "Use the service's own address, as the network file gives it.",
    });
  if (request.headers.origin !== undefined || request.headers['sec-fetch-site'] !== undefined)
    throw new AppError('REQUEST_ORIGIN_REFUSED', {
      what: 'The request comes from a web page.',
      consequence: 'It was refused and changed nothing: services answer the Vouchsafe app and command line only.',
      remedy: 'Use the app or the command line.',
    });
  if (request.raw.url?.includes('?'))
    throw new AppError('REQUEST_MALFORMED', {
      what: 'The address of the request has a query.',
      consequence: 'It was refused and changed nothing.',
      remedy: 'Leave the query out; no address of this service has one.',
    });
}

/** Fastify's own refusals, in our words. */
function asAppError(error: unknown, options: HttpServiceOptions): AppError | null {
  if (error instanceof AppError) return error;
  const code = (error as { code?: unknown } | null)?.code;
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE')
    return new AppError('REQUEST_TOO_LARGE', {
      what: say`The body of the request is larger than the ${options.name} takes at this address.`,
      consequence: 'It was refused and changed nothing.',
      remedy: 'Send less at a time.',
    });
  if (typeof code === 'string' && code.startsWith('FST_ERR_') && ((error as { statusCode?: number }).statusCode ?? 500) < 500)
    return new AppError('REQUEST_MALFORMED', {
      what: say`The request is not one that the ${options.name} reads: ${(error as Error).message}.`,
      consequence: 'It was refused and changed nothing.',
      remedy: 'Send it with the Vouchsafe app or command line of this version.',
    });
  return null;
}

/** HTTP status and body of an error; what is not an {@link AppError} is logged and shown as SERVICE_FAILED. */
export function errorAnswer(
  error: unknown,
  options: HttpServiceOptions,
): { status: number; body: ErrorBody; retryAfterSeconds: number | null } {
  const known = asAppError(error, options);
  if (known !== null) {
    const { code, data } = known;
    const { what, consequence, remedy } = known.sentences;
    const retryAfter = data.retryAfterSeconds;
    return {
      status: options.statuses[code] ?? commonStatuses[code] ?? 400,
      body: { error: { code, what: plainly(what), consequence: plainly(consequence), remedy: plainly(remedy) } },
      retryAfterSeconds: typeof retryAfter === 'number' ? retryAfter : null,
    };
  }
  options.log({
    event: 'request-failed',
    data: { service: english(options.name), reason: error instanceof Error ? `${error.name}: ${error.message}` : String(error) },
  });
  return {
    status: 500,
    body: {
      error: {
        code: 'SERVICE_FAILED',
        what: say`The ${options.name} met an error of its own.`,
        consequence: 'The request may not have been carried out; repeating it does nothing twice.',
        remedy: "Send it again. If it fails again, the service's operator finds the reason in its log.",
      },
    },
    retryAfterSeconds: null,
  };
}

function sendError(error: unknown, request: FastifyRequest, reply: FastifyReply, options: HttpServiceOptions): FastifyReply {
  const { status, body, retryAfterSeconds } = errorAnswer(error, options);
  if (retryAfterSeconds !== null) reply.header('retry-after', String(retryAfterSeconds));
  // What is left of a body is read and dropped, so that the client gets to read the answer; a larger one is cut off.
  const length = Number(request.headers['content-length'] ?? Number.POSITIVE_INFINITY);
  if (!request.raw.complete && length > droppedBodyBytesMax) reply.header('connection', 'close');
  return reply.code(status).type('application/json; charset=utf-8').send(body);
}

/** Listens. Refuses by `SERVICE_PORT_TAKEN` or `SERVICE_NOT_LISTENING`. */
export async function startHttpService(
  app: FastifyInstance,
  options: HttpServiceOptions,
  onStop: () => Promise<void>,
): Promise<RunningService> {
  const { host, port, tls } = options.listen;
  try {
    await app.listen({ host, port });
  } catch (error) {
    await app.close();
    const taken = (error as { code?: unknown }).code === 'EADDRINUSE';
    throw new AppError(
      taken ? 'SERVICE_PORT_TAKEN' : 'SERVICE_NOT_LISTENING',
      {
        what: taken
          ? say`Port ${String(port)} on ${host} is used by another program.`
          : say`The ${options.name} cannot listen on ${host}:${String(port)}.`,
        consequence: say`The ${options.name} was not started; its data was not touched.`,
        remedy: taken ? 'Stop the other program or choose another port.' : 'Check the address and the rights of this user.',
      },
      { data: { host, port }, cause: error },
    );
  }
  const address = app.server.address();
  const bound = address !== null && typeof address === 'object' ? address.port : port;
  let stopping: Promise<void> | undefined;
  return {
    url: `${tls === undefined ? 'http' : 'https'}://${host.includes(':') ? `[${host}]` : host}:${bound}`,
    stop() {
      stopping ??= app.close().then(onStop);
      return stopping;
    },
  };
}

/** The JSON body of a request, checked. Refuses by `REQUEST_MALFORMED`, naming the field. */
export function readJsonBody<Value>(body: Uint8Array, schema: z.ZodType<Value>): Value {
  let parsed: unknown;
  try {
    parsed = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch {
    throw malformedBody('it is not JSON');
  }
  const result = schema.safeParse(parsed);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  throw malformedBody(issue === undefined ? 'it has another form' : `${issue.path.join('.') || 'the document'}: ${issue.message}`);
}

function malformedBody(reason: string): AppError {
  return new AppError('REQUEST_MALFORMED', {
    what: say`The body of the request is not what this address takes: ${reason}.`,
    consequence: 'It was refused and changed nothing.',
    remedy: 'Send it with the Vouchsafe app or command line of this version.',
  });
}

/** The bytes of a request's body; none is empty. */
export function bodyBytes(request: FastifyRequest): Uint8Array {
  return Buffer.isBuffer(request.body) ? request.body : new Uint8Array();
}
