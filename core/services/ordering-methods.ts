/** JSON-RPC methods beside Ethereum's: how a validator orders blocks with others, and why a block is final. */
import { z } from 'zod';
import { toHex } from '../base/bytes.ts';
import { encodeBlock } from '../ledger/block.ts';
import { RpcError, type RpcMethod, rpcErrorCodes } from '../ledger/json-rpc.ts';
import type { OrderedLedger, Ordering } from '../ledger/ordering.ts';

const oneHeight = z.tuple([z.int().min(1).max(Number.MAX_SAFE_INTEGER)]);

/** The methods over a ledger and what orders it. */
export function orderingMethods(ledger: OrderedLedger, ordering: Ordering): ReadonlyMap<string, RpcMethod> {
  return new Map<string, RpcMethod>([
    ['vouchsafe_status', () => ordering.status()],
    [
      'vouchsafe_certifiedBlock',
      (params) => {
        const heights = oneHeight.safeParse(params);
        if (!heights.success) throw new RpcError(rpcErrorCodes.params, 'one parameter: the height of a block, a number from 1');
        const final = ledger.certifiedAt(heights.data[0]);
        if (final === undefined) return null;
        const { kind, votes } = final.certificate;
        return { block: toHex(encodeBlock(final.block)), certificate: { kind, votes: toHex(votes) } };
      },
    ],
  ]);
}
