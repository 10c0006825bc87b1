/**
 * JSON-RPC over HTTP POST and WebSocket on one port. The server listens on loopback, where any web page of
 * this machine's browser could reach it: the Host header must name loopback (against DNS rebinding) and a
 * request with an Origin, which only a browser sends, must come from loopback too.
 */
import websocket from '@fastify/websocket';
import fastify, { type FastifyRequest } from 'fastify';
import type { WebSocket } from 'ws';
import { AppError } from '../base/app-error.ts';
import { say } from '../base/sentence.ts';
import { answerRpc, type RpcHandler, type RpcSession, refuseRpc, rpcErrorCodes } from '../ledger/json-rpc.ts';
import { requestBytesMax, webSocketBufferedBytesMax, webSocketsMax } from '../ledger/limits.ts';

/** A running server. */
export interface JsonRpcServer {
  /** For example `http://127.0.0.1:8545`; WebSocket clients use the same with `ws:`. */
  readonly url: string;
  close(): Promise<void>;
}

const loopbackNames = new Set(['127.0.0.1', 'localhost', '[::1]']);

/** Listens on `host` (loopback) and `port` (0: any that is free). Errors: LEDGER_PORT_TAKEN, LEDGER_HOST_REFUSED. */
export async function startJsonRpcServer(options: { host: string; port: number; handler: RpcHandler }): Promise<JsonRpcServer> {
  const { host, port, handler } = options;
  if (!loopbackNames.has(host)) {
    throw new AppError('LEDGER_HOST_REFUSED', {
      what: say`The JSON-RPC server cannot listen on ${host}.`,
      consequence: 'It has no access control, so that it serves this machine only; nothing was started.',
      remedy: 'Use 127.0.0.1, and a reverse proxy with access control to reach it from elsewhere.',
    });
  }
  const server = fastify({ bodyLimit: requestBytesMax, forceCloseConnections: true });
  server.removeAllContentTypeParsers();
  server.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => done(null, body));
  await server.register(websocket, { options: { maxPayload: requestBytesMax } });

  server.addHook('onRequest', async (request, reply) => {
    if (!comesFromLoopback(request))
      await reply.code(403).type('application/json').send(refuseRpc(rpcErrorCodes.request, 'Host or Origin is not this machine'));
  });
  server.setErrorHandler<Error & { statusCode?: number }>(async (error, _request, reply) => {
    const status = error.statusCode ?? 500;
    if (status === 500) handler.onFailure('HTTP', error);
    const answer =
      status === 413
        ? refuseRpc(rpcErrorCodes.limit, `request is longer than ${requestBytesMax} bytes`)
        : refuseRpc(rpcErrorCodes.request, 'request is malformed');
    await reply.code(status).type('application/json').send(answer);
  });
  server.route({
    method: 'GET',
    url: '/',
    handler: async (_request, reply) =>
      reply.code(405).type('application/json').send(refuseRpc(rpcErrorCodes.request, 'send JSON-RPC by POST or WebSocket')),
    wsHandler: (socket) => {
      if (server.websocketServer.clients.size > webSocketsMax) socket.close(1013, 'too many connections');
      else serveSocket(socket, handler);
    },
  });
  server.post('/', async (request, reply) => {
    const answer = await answerRpc(handler, typeof request.body === 'string' ? request.body : '', null);
    if (answer === null) return reply.code(204).send();
    return reply.type('application/json').send(answer);
  });

  try {
    return { url: await server.listen({ host: host === '[::1]' ? '::1' : host, port }), close: () => server.close() };
  } catch (error) {
    await server.close();
    if (!(error instanceof Error && 'code' in error && error.code === 'EADDRINUSE')) throw error;
    throw new AppError(
      'LEDGER_PORT_TAKEN',
      {
        what: say`Port ${String(port)} of ${host} is in use by another program.`,
        consequence: 'The validator did not start; its ledger is unchanged.',
        remedy: 'Stop the other program, or choose another port for the validator.',
      },
      { data: { host, port }, cause: error },
    );
  }
}

function comesFromLoopback(request: FastifyRequest): boolean {
  const { host, origin } = request.headers;
  return (
    host !== undefined && loopbackNames.has(hostName(`http://${host}`)) && (origin === undefined || loopbackNames.has(hostName(origin)))
  );
}

function hostName(url: string): string {
  return URL.parse(url)?.hostname ?? '';
}

function serveSocket(socket: WebSocket, handler: RpcHandler): void {
  const listeners: (() => void)[] = [];
  const send = (message: string): void => {
    if (socket.readyState !== socket.OPEN) return;
    if (socket.bufferedAmount > webSocketBufferedBytesMax) socket.terminate();
    else socket.send(message);
  };
  const session: RpcSession = { notify: send, onClose: (listener) => listeners.push(listener) };
  // A message that is too large or malformed makes the library close the connection; there is nothing to add.
  socket.on('error', () => socket.terminate());
  socket.on('close', () => {
    for (const listener of listeners) listener();
  });
  socket.on('message', (message) => {
    void answerRpc(handler, message.toString(), session).then((answer) => {
      if (answer !== null) send(answer);
    });
  });
}
