/** The connection to a chain over Ethereum JSON-RPC, by one of several nodes that answer for it. */
import { FetchRequest, type JsonRpcPayload, JsonRpcProvider, type JsonRpcResult, makeError, type PerformActionRequest } from 'ethers';
import { assert } from '../base/assert.ts';

/** How long a node may take to answer; ethers would wait five minutes. */
const answerMsMax = 60_000;
/** The same where another node can be asked instead. */
const answerMsMaxOfSeveral = 15_000;

/** Questions that are answered with an object, a list, or null. */
const answeredWithObjects = new Set<PerformActionRequest['method']>(['getBlock', 'getLogs', 'getTransaction', 'getTransactionReceipt']);

/**
 * Asks one node as long as it answers, so that what was written is read, and the next one from then on when it does not.
 * Trusts no cache (nonces go stale with instant blocks) and does not ask for the network again.
 */
export class ChainProvider extends JsonRpcProvider {
  readonly #nodes: readonly FetchRequest[];
  #current = 0;

  /** `batches`: whether requests made together share one; for what does not change. */
  constructor(rpcUrls: readonly string[], chainId: number, { batches = false } = {}) {
    assert(rpcUrls.length > 0, 'a chain has the address of a node');
    super(rpcUrls[0], chainId, { staticNetwork: true, cacheTimeout: -1, ...(batches ? {} : { batchMaxCount: 1 }) });
    this.#nodes = rpcUrls.map((url) => {
      const node = new FetchRequest(url);
      node.timeout = rpcUrls.length > 1 ? answerMsMaxOfSeveral : answerMsMax;
      return node;
    });
  }

  /** Asks the next node from now on: this one answers, but does not get on. */
  askAnother(): void {
    this.#current = (this.#current + 1) % this.#nodes.length;
  }

  override _getConnection(): FetchRequest {
    return (this.#nodes[this.#current] as FetchRequest).clone();
  }

  override async _send(payload: JsonRpcPayload | JsonRpcPayload[]): Promise<JsonRpcResult[]> {
    for (let tried = 1; ; tried++) {
      const asked = this.#current;
      try {
        return await super._send(payload);
      } catch (error) {
        if (tried >= this.#nodes.length) throw error;
        // Requests that failed together move on together, by one.
        if (this.#current === asked) this.askAnother();
      }
    }
  }

  /** ethers looks for fields in whatever a node gives, and stumbles over text as over a fault of its own: here it is the node's. */
  override async _perform(request: PerformActionRequest): Promise<unknown> {
    const answer: unknown = await super._perform(request);
    if (answeredWithObjects.has(request.method) && typeof answer !== 'object')
      throw makeError(`${request.method} was answered with no object`, 'BAD_DATA', { value: answer });
    return answer;
  }
}
