/** JSON-RPC 2.0: reads a request or a batch, calls methods, and words every failure as an error object. Nothing that a client sends makes it throw. */
import { z } from 'zod';
import { batchCallsMax } from './limits.ts';

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
  if (!Array.isArray(body)) {
    const answer = await answerOne(handler, body, session);
    return answer === null ? null : JSON.stringify(answer);
  }
  if (body.length === 0) return JSON.stringify(failure(null, new RpcError(rpcErrorCodes.request, 'batch is empty')));
  if (body.length > batchCallsMax)
    return JSON.stringify(failure(null, new RpcError(rpcErrorCodes.limit, `batch has more than ${batchCallsMax} calls`)));
  const answers = (await Promise.all(body.map((request) => answerOne(handler, request, session)))).filter((answer) => answer !== null);
  return answers.length === 0 ? null : JSON.stringify(answers);
}

/** The answer to a request that was not read, for example because it is too large. */
export function refuseRpc(code: number, message: string): string {
  return JSON.stringify(failure(null, new RpcError(code, message)));
}

async function answerOne(handler: RpcHandler, body: unknown, session: RpcSession | null): Promise<object | null> {
  const request = requestSchema.safeParse(body);
  if (!request.success) return failure(null, new RpcError(rpcErrorCodes.request, 'not a JSON-RPC request'));
  const { id, method, params } = request.data;
  let answer: object;
  try {
    const implementation = handler.methods.get(method);
    if (implementation === undefined) throw new RpcError(rpcErrorCodes.method, `method ${method} is not available`);
    answer = { jsonrpc: '2.0', id: id ?? null, result: await implementation(params ?? [], session) };
  } catch (error) {
    if (!(error instanceof RpcError)) handler.onFailure(method, error);
    answer = failure(id ?? null, error instanceof RpcError ? error : new RpcError(rpcErrorCodes.internal, 'internal error'));
  }
  return id === undefined ? null : answer;
}

function failure(id: string | number | null, error: RpcError): object {
  return {
    jsonrpc: '2.0',
    id,
    error: { code: error.code, message: error.message, ...(error.data === undefined ? {} : { data: error.data }) },
  };
}
