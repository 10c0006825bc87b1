/** JSON-RPC 2.0: reads a request or a batch, calls methods, and words every failure as an error object. Nothing that a client sends makes it throw. */
import { z } from 'zod';
import { answerLengthMax, batchCallsAtOnceMax, batchCallsMax } from './limits.ts';

/** An error that the client is told, with its JSON-RPC code. */
export class RpcError extends Error {
  override name = 'RpcError';
  readonly code: number;
  readonly data: unknown;

  constructor(code: number, message: string, data?: unknown) {
    super(message);
    this.code = code;
    this.data = data;
  }
}

/** Codes of JSON-RPC 2.0, and those that Ethereum clients know (EIP-1474; 3 is a reverted execution). */
export const rpcErrorCodes = {
  parse: -32_700,
  request: -32_600,
  method: -32_601,
  params: -32_602,
  internal: -32_603,
  server: -32_000,
  limit: -32_005,
  reverted: 3,
} as const;

/** A client that can be told of events; one that uses HTTP cannot. */
export interface RpcSession {
  notify(message: string): void;
  /** Called when the client goes. */
  onClose(listener: () => void): void;
}

/** A method: takes the parameters as they came, returns a JSON value. */
export type RpcMethod = (params: readonly unknown[], session: RpcSession | null) => unknown;

/** What answers requests. */
export interface RpcHandler {
  readonly methods: ReadonlyMap<string, RpcMethod>;
  /** Between parts of a batch: lets the process read, answer others and hear signals. */
  pause(): Promise<void>;
  /** Told of an error that is not the client's. */
  onFailure(method: string, error: unknown): void;
}

const requestSchema = z.object({
  jsonrpc: z.literal('2.0').optional(),
  id: z.union([z.string().max(256), z.number(), z.null()]).optional(),
  method: z.string().max(128),
  params: z.array(z.unknown()).optional(),
});

/** The answer to the text of a request; null where none is due (only notifications). */
export async function answerRpc(handler: RpcHandler, text: string, session: RpcSession | null): Promise<string | null> {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    return JSON.stringify(failure(null, new RpcError(rpcErrorCodes.parse, 'request is not JSON')));
  }
  const room: Room = { length: answerLengthMax };
  if (!Array.isArray(body)) return answerOne(handler, body, session, room);
  if (body.length === 0) return JSON.stringify(failure(null, new RpcError(rpcErrorCodes.request, 'batch is empty')));
  if (body.length > batchCallsMax)
    return JSON.stringify(failure(null, new RpcError(rpcErrorCodes.limit, `batch has more than ${batchCallsMax} calls`)));
  const answers: string[] = [];
  for (let start = 0; start < body.length; start += batchCallsAtOnceMax) {
    if (start > 0) await handler.pause();
    const calls = body.slice(start, start + batchCallsAtOnceMax);
    for (const answer of await Promise.all(calls.map((call) => answerOne(handler, call, session, room))))
      if (answer !== null) answers.push(answer);
  }
  return answers.length === 0 ? null : `[${answers.join()}]`;
}

/** The answer to a request that was not read, for example because it is too large. */
export function refuseRpc(code: number, message: string): string {
  return JSON.stringify(failure(null, new RpcError(code, message)));
}

/** Characters that the results of one request may still have, all together. */
interface Room {
  length: number;
}

/** The text of one answer, with an error in place of a result for which there is no room. */
async function answerOne(handler: RpcHandler, body: unknown, session: RpcSession | null, room: Room): Promise<string | null> {
  const request = requestSchema.safeParse(body);
  if (!request.success) return JSON.stringify(failure(null, new RpcError(rpcErrorCodes.request, 'not a JSON-RPC request')));
  const { id, method, params } = request.data;
  let answer: string;
  try {
    if (room.length <= 0) throw tooLong();
    const implementation = handler.methods.get(method);
    if (implementation === undefined) throw new RpcError(rpcErrorCodes.method, `method ${method} is not available`);
    answer = JSON.stringify({ jsonrpc: '2.0', id: id ?? null, result: await implementation(params ?? [], session) });
    room.length -= answer.length;
    if (room.length < 0) throw tooLong();
  } catch (error) {
    if (!(error instanceof RpcError)) handler.onFailure(method, error);
    answer = JSON.stringify(
      failure(id ?? null, error instanceof RpcError ? error : new RpcError(rpcErrorCodes.internal, 'internal error')),
    );
  }
  return id === undefined ? null : answer;
}

function tooLong(): RpcError {
  return new RpcError(rpcErrorCodes.limit, `answer is longer than ${answerLengthMax} characters: ask for less at a time`);
}

function failure(id: string | number | null, error: RpcError): object {
  return {
    jsonrpc: '2.0',
    id,
    error: { code: error.code, message: error.message, ...(error.data === undefined ? {} : { data: error.data }) },
  };
}
