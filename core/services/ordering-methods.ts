/** JSON-RPC methods beside Ethereum's: how a validator orders blocks with others and how fast, who they are, and why a block is final. */
import { z } from 'zod';
import { toHex } from '../base/bytes.ts';
import { encodeBlock } from '../ledger/block.ts';
import { RpcError, type RpcMethod, rpcErrorCodes } from '../ledger/json-rpc.ts';
import type { OrderedLedger, Ordering } from '../ledger/ordering.ts';
import type { PaceHistory } from '../ledger/pace.ts';

const epochOrNone = z.union([z.tuple([]), z.tuple([z.int().min(0).max(Number.MAX_SAFE_INTEGER)])]);
const oneHeight = z.tuple([z.int().min(1).max(Number.MAX_SAFE_INTEGER)]);
const oneTime = z.tuple([z.int().min(0).max(Number.MAX_SAFE_INTEGER)]);

/** The methods over a ledger, what orders it, and what is remembered of its pace. */
export function orderingMethods(ledger: OrderedLedger, ordering: Ordering, pace: PaceHistory): ReadonlyMap<string, RpcMethod> {
  return new Map<string, RpcMethod>([
    ['vouchsafe_status', () => ordering.status()],
    [
      'vouchsafe_pace',
      (params) => {
        const times = oneTime.safeParse(params);
        if (!times.success)
          throw new RpcError(rpcErrorCodes.params, 'one parameter: the time from which on blocks are wanted, in Unix milliseconds');
        return pace.since(times.data[0]);
      },
    ],
    [
      'vouchsafe_validators',
      (params) => {
        const epochs = epochOrNone.safeParse(params);
        if (!epochs.success) throw new RpcError(rpcErrorCodes.params, 'no parameter, or one: the number of an epoch');
        const [epoch] = epochs.data;
        return epoch === undefined ? ledger.epoch : (ledger.epochAt(epoch) ?? null);
      },
    ],
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
