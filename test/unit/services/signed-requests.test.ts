/** Signed requests and the HTTP service under all services: every refusal, by its own code. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { networkOf } from '../../../core/adapters/http-service.ts';
import { RateLimiter } from '../../../core/adapters/rate-limiter.ts';
import { pseudonymSigner, type RequestSigner, signRequest } from '../../../core/adapters/request-signature.ts';
import { ServiceConnection } from '../../../core/adapters/service-connection.ts';
import { systemClock } from '../../../core/adapters/system-clock.ts';
import { systemRandom } from '../../../core/adapters/system-random.ts';
import { utf8 } from '../../../core/base/bytes.ts';
import { say } from '../../../core/base/sentence.ts';
import { entityRoles } from '../../../core/sharing/chain-reader.ts';
import { codeOf, createWorld, freshPseudonym, type World } from './world.ts';

interface Sent {
  method: string;
  path: string;
  headers: Record<string, string>;
  body: string;
}

describe('signed requests', () => {
  let world: World;
  let signer: RequestSigner;
  let service: Awaited<ReturnType<World['startProxy']>>;
  let url: string;
  beforeEach(async () => {
    world = await createWorld();
    const keys = freshPseudonym();
    world.enrolOnChain(keys, entityRoles.consumer);
    signer = pseudonymSigner(keys);
    service = await world.startProxy();
    url = service.url;
  });
  afterEach(async () => {
    await world.end();
  });

  const body = JSON.stringify({ version: 1, offerId: '5' });

  /** A signed request for a fragment, as it would be sent. */
  async function signed(change: Partial<Sent> = {}, by = signer): Promise<Sent> {
    const request = { method: 'POST', path: '/v1/fragments', headers: { 'content-type': 'application/json' }, body, ...change };
    const headers = await signRequest(
      { ...request, url: `${url}${request.path}`, body: utf8(request.body) },
      by,
      world.clock,
      systemRandom,
    );
    return { ...request, headers };
  }

  async function send(request: Sent, to = url): Promise<{ status: number; code: string; headers: Headers }> {
    const { method, headers, path } = request;
    const answer = await fetch(`${to}${path}`, { method, headers, ...(request.body === '' ? {} : { body: request.body }) });
    const { error } = (await answer.json()) as { error: { code: string } };
    return { status: answer.status, code: error.code, headers: answer.headers };
  }

  /** What a request that is let in gets here. */
  const letIn = { status: 404, code: 'PROXY_GRANT_UNKNOWN' };

  it('are let in once; a copy is refused, also after a restart', async () => {
    const request = await signed();
    expect(await send(request)).toMatchObject(letIn);
    expect(await send(request)).toMatchObject({ status: 409, code: 'REQUEST_REPLAYED' });
    await service.stop();
    const port = Number(new URL(url).port);
    await world.startProxy({ listen: { host: '127.0.0.1', port } });
    expect(await send(request)).toMatchObject({ code: 'REQUEST_REPLAYED' });
  });

  it('are let in once when two copies arrive together', async () => {
    const request = await signed();
    const codes = (await Promise.all([send(request), send(request), send(request)])).map(({ code }) => code);
    expect(codes.sort()).toEqual(['PROXY_GRANT_UNKNOWN', 'REQUEST_REPLAYED', 'REQUEST_REPLAYED']);
  });

  it('count for five minutes, either way', async () => {
    const request = await signed();
    world.clock.offsetMs = 5 * 60_000 + 2_000;
    expect(await send(request)).toMatchObject({ status: 401, code: 'REQUEST_STALE' });
    world.clock.offsetMs = -5 * 60_000 - 2_000;
    expect(await send(request)).toMatchObject({ status: 401, code: 'REQUEST_STALE' });
    world.clock.offsetMs = 4 * 60_000;
    expect(await send(request)).toMatchObject(letIn);
  });

  it('are refused with another body, path, method or service than was signed', async () => {
    expect(await send({ ...(await signed()), body: body.replace('5', '6') })).toMatchObject({ code: 'REQUEST_DIGEST_MISMATCH' });
    expect(await send({ ...(await signed()), body: '' })).toMatchObject({ code: 'REQUEST_DIGEST_MISMATCH' });
    const header = await signed({ method: 'GET', path: `/v1/headers/0x${'00'.repeat(32)}`, headers: {}, body: '' });
    expect(await send(header)).toMatchObject({ code: 'PROXY_HEADER_UNKNOWN' });
    const other = await signed({ method: 'GET', path: `/v1/headers/0x${'00'.repeat(32)}`, headers: {}, body: '' });
    expect(await send({ ...other, path: `/v1/headers/0x${'11'.repeat(32)}` })).toMatchObject({
      status: 401,
      code: 'REQUEST_SIGNATURE_INVALID',
    });
    const deletion = await signed({ method: 'DELETE', path: '/v1/grants/5', headers: {}, body: '' });
    expect(await send({ ...deletion, method: 'GET' })).toMatchObject({ code: 'REQUEST_SIGNATURE_INVALID' });
    const second = await world.startProxy({ home: `${world.folder}/second` });
    expect(await send(await signed(), second.url)).toMatchObject({ code: 'REQUEST_SIGNATURE_INVALID' });
  });

  it('are refused with another upload offset or range than was signed', async () => {
    const fields = { 'upload-offset': '5', 'content-type': 'application/offset+octet-stream', 'tus-resumable': '1.0.0' };
    const request = await signed({ method: 'PATCH', path: '/v1/uploads/x', headers: fields });
    expect(await send({ ...request, headers: { ...request.headers, 'upload-offset': '6' } })).toMatchObject({
      code: 'REQUEST_SIGNATURE_INVALID',
    });
    const { 'upload-offset': _, ...without } = request.headers;
    expect(await send({ ...request, headers: without })).toMatchObject({ code: 'REQUEST_SIGNATURE_MALFORMED' });
    const download = await signed({ method: 'GET', path: `/v1/ciphertexts/${'00'.repeat(32)}`, headers: {}, body: '' });
    expect(await send({ ...download, headers: { ...download.headers, range: 'bytes=0-1' } })).toMatchObject({
      code: 'REQUEST_SIGNATURE_MALFORMED',
    });
  });

  it('are refused without a signature, by an unknown signer, and by a key that is not the enrolled one', async () => {
    expect(await send({ ...(await signed()), headers: { 'content-type': 'application/json' } })).toMatchObject({
      status: 401,
      code: 'REQUEST_UNSIGNED',
    });
    expect(await send(await signed({}, pseudonymSigner(freshPseudonym())))).toMatchObject({ status: 401, code: 'REQUEST_KEY_UNKNOWN' });
    const { key } = pseudonymSigner(freshPseudonym());
    expect(await send(await signed({}, { keyId: signer.keyId, key }))).toMatchObject({ status: 401, code: 'REQUEST_SIGNATURE_INVALID' });
  });

  it('do not use up a nonce that somebody else chose to send with a bad signature', async () => {
    const request = await signed();
    const forged = { ...request, headers: { ...request.headers } };
    const field = Object.keys(forged.headers).find((name) => name.toLowerCase() === 'signature') ?? '';
    forged.headers[field] = `vouchsafe=:${Buffer.alloc(64, 1).toString('base64')}:`;
    expect(await send(forged)).toMatchObject({ code: 'REQUEST_SIGNATURE_INVALID' });
    expect(await send(request)).toMatchObject(letIn);
  });

  it.each([
    ['nonsense', 'nonsense;;;'],
    ['two signatures', 'vouchsafe=("@method");created=1, b=("@method");created=1'],
    ['too few components', 'vouchsafe=("@method");created=1;nonce="00";keyid="0x";tag="vouchsafe"'],
    ['a component of the response', 'vouchsafe=("@method";req);created=1;nonce="00";keyid="0x";tag="vouchsafe"'],
    ['another label', 'sig=("@method");created=1'],
    ['an item', 'vouchsafe="@method"'],
  ])('are refused when the signature input is %s', async (_name, input) => {
    const request = await signed();
    const headers = Object.fromEntries(Object.entries(request.headers).filter(([name]) => name.toLowerCase() !== 'signature-input'));
    expect(await send({ ...request, headers: { ...headers, 'signature-input': input } })).toMatchObject({
      status: 400,
      code: 'REQUEST_SIGNATURE_MALFORMED',
    });
  });

  it.each([
    ['another tag', 'tag="vouchsafe"', 'tag="other"'],
    ['a further parameter', ';tag=', ';alg="ed25519";tag='],
    ['a time that is no number', /created=\d+/, 'created="now"'],
    ['a short nonce', /nonce="[0-9a-f]+"/, 'nonce="00"'],
    ['a key id that is none', /keyid="0x[0-9a-f]+"/, 'keyid="alice"'],
  ])('are refused with %s', async (_name, part, replacement) => {
    const request = await signed();
    const field = Object.keys(request.headers).find((name) => name.toLowerCase() === 'signature-input') ?? '';
    const input = request.headers[field]?.replace(part, replacement) ?? '';
    expect(await send({ ...request, headers: { ...request.headers, [field]: input } })).toMatchObject({
      status: 400,
      code: 'REQUEST_SIGNATURE_MALFORMED',
    });
  });

  it('are limited for one signer', async () => {
    const { url: limited } = await world.startProxy({
      home: `${world.folder}/limited`,
      limits: { signerRate: { burst: 2, perSecond: 0.001 } },
    });
    const path = '/v1/fragments';
    const codes: string[] = [];
    for (let count = 0; count < 3; count++) {
      const request = { method: 'POST', path, headers: { 'content-type': 'application/json' }, body };
      const headers = await signRequest({ ...request, url: `${limited}${path}`, body: utf8(body) }, signer, world.clock, systemRandom);
      const answer = await send({ ...request, headers }, limited);
      codes.push(answer.code);
      if (answer.status === 429) expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
    }
    expect(codes).toEqual(['PROXY_GRANT_UNKNOWN', 'PROXY_GRANT_UNKNOWN', 'REQUEST_RATE_LIMITED']);
  });
});

describe('the HTTP service', () => {
  let world: World;
  beforeEach(async () => {
    world = await createWorld();
  });
  afterEach(async () => {
    await world.end();
  });

  it('answers no web page, no other host name, no query, and closes CORS', async () => {
    const { url } = await world.startProxy();
    const code = async (headers: Record<string, string>, path = '/v1/info') => {
      const answer = await fetch(`${url}${path}`, { headers });
      expect(answer.headers.get('access-control-allow-origin')).toBeNull();
      return ((await answer.json()) as { error?: { code: string } }).error?.code;
    };
    expect(await code({})).toBeUndefined();
    expect(await code({ origin: 'http://127.0.0.1:3000' })).toBe('REQUEST_ORIGIN_REFUSED');
    expect(await code({}, '/v1/info?x=1')).toBe('REQUEST_MALFORMED');
    expect(await code({}, '/v2/info')).toBe('NOT_FOUND');
    expect(await rawStatus(url, 'GET /v1/info HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n')).toBe(421);
    expect(await rawStatus(url, 'OPTIONS /v1/uploads HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n')).toBe(421);
  });

  /** Status of the answer to bytes that no client library would send. */
  async function rawStatus(url: string, text: string): Promise<number> {
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    socket.write(text);
    let answer = '';
    socket.setEncoding('utf8').on('data', (part: string) => {
      answer += part;
    });
    await once(socket, 'close');
    return Number(/^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1]);
  }

  it('drops a client that does not finish its header', async () => {
    const { url } = await world.startProxy({ httpLimits: { headersTimeoutMs: 50, requestTimeoutMs: 100 } });
    expect(await rawStatus(url, 'GET /v1/info HTTP/1.1\r\nHost: 127')).toBe(408);
  });

  it('takes no body beyond its bound and no other content', async () => {
    const { url } = await world.startProxy();
    const post = async (body: string, type = 'application/json') => {
      const answer = await fetch(`${url}/v1/fragments`, { method: 'POST', body, headers: { 'content-type': type } });
      return { status: answer.status, code: ((await answer.json()) as { error: { code: string } }).error.code };
    };
    expect(await post('x'.repeat(70_000))).toEqual({ status: 413, code: 'REQUEST_TOO_LARGE' });
    expect(await post('x', 'text/plain')).toEqual({ status: 400, code: 'REQUEST_MALFORMED' });
  });

  it('answers that it is busy when it works on as much as it takes', async () => {
    const { url } = await world.startProxy({ httpLimits: { requestsInFlightMax: 0 } });
    const answer = await fetch(`${url}/v1/info`);
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '1']);
  });

  it('works for others while a client is slow to send its body', async () => {
    const { url } = await world.startProxy({ httpLimits: { requestsInFlightMax: 1, addressInFlightMax: 1 } });
    const { host, port } = new URL(url);
    const slow = connect(Number(port), '127.0.0.1');
    const head = `POST /v1/fragments HTTP/1.1\r\nHost: ${host}\r\nContent-Type: application/json\r\nContent-Length: 99\r\nExpect: 100-continue\r\n\r\n`;
    slow.write(head);
    await once(slow, 'data'); // "100 Continue": the service waits for the body
    slow.write('{');
    expect((await fetch(`${url}/v1/info`)).status).toBe(200);
    slow.destroy();
  });

  it('takes no more connections of one network address than its share', async () => {
    const { url } = await world.startProxy({ httpLimits: { addressConnectionsMax: 2 } });
    const { host, port } = new URL(url);
    const opened = async () => {
      const socket = connect(Number(port), '127.0.0.1');
      socket.write(`GET /v1/info HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
      const outcome = await Promise.race([once(socket, 'data').then(() => 'answer'), once(socket, 'close').then(() => 'closed')]);
      return { socket, outcome };
    };
    const [first, second, third] = [await opened(), await opened(), await opened()];
    expect([first.outcome, second.outcome, third.outcome]).toEqual(['answer', 'answer', 'closed']);
    first.socket.end();
    await once(first.socket, 'close');
    let next = await opened();
    while (next.outcome === 'closed') next = await opened(); // until the service has seen the first one go
    for (const { socket } of [second, next]) socket.destroy();
  });

  it.each([
    ['192.0.2.7', '192.0.2.7'],
    ['::ffff:192.0.2.7', '192.0.2.7'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
    ['2001:db8:1:2::9', '2001:db8:1:2'],
    ['2001:db8::9', '2001:db8:0:0'],
    ['1:2:3:4:5::8', '1:2:3:4'],
    ['fe80::1%eth0', 'fe80:0:0:0'],
    ['::1', '0:0:0:0'],
  ])('counts %s as a client of %s', (address, network) => {
    expect(networkOf(address)).toBe(network);
  });

  it('refuses a port that is taken, and leaves its data alone', async () => {
    const { url } = await world.startProxy();
    const listen = { host: '127.0.0.1', port: Number(new URL(url).port) };
    expect(await codeOf(world.startProxy({ listen, home: `${world.folder}/other` }))).toBe('SERVICE_PORT_TAKEN');
  });

  it('does not listen to the network without a certificate, and its clients do not speak HTTP to it', async () => {
    expect(await codeOf(world.startProxy({ listen: { host: '0.0.0.0', port: 0 } }))).toBe('SERVICE_TLS_REQUIRED');
    const open = (url: string) => () => new ServiceConnection({ url, serviceName: say`PKG`, clock: systemClock, random: systemRandom });
    expect(open('http://pkg.example')).toThrow(/not https/);
    expect(open('http://user@127.0.0.1')).toThrow(/not https/);
    expect(open('https://pkg.example')).not.toThrow();
  });

  it('says what went wrong inside without showing it to the client', async () => {
    const { url } = await world.startProxy();
    const keys = freshPseudonym();
    world.enrolOnChain(keys, entityRoles.owner);
    world.chain.failure = new TypeError('a fault of ours');
    const client = await world.proxyClient(url, keys);
    await expect(client.getHeader(`0x${'00'.repeat(32)}`)).rejects.toMatchObject({ code: 'SERVICE_FAILED' });
    expect(world.events).toContainEqual({ event: 'request-failed', data: { service: 'proxy', reason: 'TypeError: a fault of ours' } });
  });
});

describe('the rate limiter', () => {
  it('lets a burst through, then its rate, for each client alone', () => {
    let nowMs = 0;
    const limiter = new RateLimiter({ burst: 2, perSecond: 0.5 }, { nowMs: () => nowMs });
    expect([limiter.take('a'), limiter.take('a'), limiter.take('a'), limiter.take('b')]).toEqual([0, 0, 2, 0]);
    nowMs = 1_999;
    expect(limiter.take('a')).toBe(1);
    nowMs = 2_001;
    expect([limiter.take('a'), limiter.take('a')]).toEqual([0, 2]);
    nowMs = 0;
    expect(limiter.take('a')).toBeGreaterThan(0);
  });
});
