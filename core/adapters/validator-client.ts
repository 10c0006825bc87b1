/** What an operator asks of one validator: where it stands, how fast its blocks become final, and why one is. Nothing that it says is trusted. */
import { z } from 'zod';
import type { ErrorData, ErrorText } from '../base/app-error.ts';
import { fromHex, type Hex } from '../base/bytes.ts';
import { type Said, saidShape, say, verbatim } from '../base/sentence.ts';
import { groupMembersMax, groupsMax } from '../consensus/limits.ts';
import { paceBlocksMax } from '../ledger/limits.ts';
import type { Pace } from '../ledger/pace.ts';
import { hexOfLength, hexUpTo } from '../sharing/enrolment.ts';
import { ServiceConnection } from './service-connection.ts';
import { systemClock } from './system-clock.ts';
import { systemRandom } from './system-random.ts';

/** Bytes of an encoded block or certificate that is looked at. */
const encodedBytesMax = 8_388_608;
const answerBytesMax = 33_554_432;

const count = z.int().min(0);
const key = hexOfLength(32);
const said = saidShape(z.string().max(4_000), 4);
/** A fault as it is on the wire: an error's code, sentences and data. */
const fault = z.object({
  code: z.string().max(100),
  sentences: z.object({ what: said, consequence: said, remedy: said }),
  data: z.record(z.string().max(100), z.union([z.string().max(1_000), z.number(), z.boolean(), z.null()])),
});
const statusSchema = z.object({
  key,
  epoch: count,
  groups: z.array(z.array(key).min(1).max(groupMembersMax)).min(1).max(groupsMax),
  height: count,
  view: count,
  isViewEntered: z.boolean(),
  isMute: z.boolean(),
  term: count,
  leader: key.nullable(),
  supervisor: key.nullable(),
  peers: z
    .array(
      z.object({
        name: key,
        address: z.string().max(300),
        state: z.enum(['waiting', 'calling', 'greeting', 'connected', 'cut-off']),
        sent: count,
        received: count,
        dropped: count,
        refused: count,
        queuedBytes: count,
        connections: count,
        fault: fault.nullable(),
      }),
    )
    .max(groupsMax * groupMembersMax),
  strangers: z.object({ refused: count, fault: fault.nullable() }),
  nowMs: z.int(),
});
/** Where a validator says that it stands: {@link import('./rbft-ordering.ts').OrderingStatus} on the other side. */
export type ValidatorStatus = z.infer<typeof statusSchema>;

const waits = z.object({ count, totalMs: z.number().min(0), leastMs: z.number().min(0), greatestMs: z.number().min(0) });
const paceSchema: z.ZodType<Pace> = z.object({
  sinceMs: z.number(),
  blocks: z
    .array(z.object({ height: count, atMs: z.number(), transactions: count, gasUsed: count, waits: waits.nullable() }))
    .max(2 * paceBlocksMax),
});

/** A block and its certificate, as `vouchsafe_certifiedBlock` gives them. */
export const certifiedBlockSchema = z
  .object({
    block: hexUpTo(encodedBytesMax),
    certificate: z.object({ kind: z.string().max(64), votes: hexUpTo(encodedBytesMax) }),
  })
  .nullable();

/** Bytes of a block that {@link certifiedBlockSchema} has read. */
export function certifiedBytes({ block, certificate: { kind, votes } }: NonNullable<z.infer<typeof certifiedBlockSchema>>) {
  return { block: fromHex(block), certificate: { kind, votes: fromHex(votes) } };
}

/** An epoch that has begun, as `vouchsafe_validators` gives it. */
export const epochSchema = z.object({ startHeight: z.int().min(1) }).nullable();

const receiptsSchema = z
  .array(
    z.object({
      transactionHash: key,
      status: z.enum(['0x0', '0x1']),
      gasUsed: z.string().regex(/^0x[0-9a-f]{1,16}$/),
      logs: z.array(z.unknown()),
    }),
  )
  .nullable();

/** What a transaction of a block did. */
export interface TransactionOutcome {
  readonly hash: Hex;
  readonly succeeded: boolean;
  readonly gasUsed: number;
  readonly logs: number;
}

/** A fault for whoever shows it. */
export interface ToldFault extends ErrorText<Said> {
  readonly code: string;
  readonly data: ErrorData;
}

/** A fault of a status, for whoever shows it. */
export function toldFault({ code, sentences, data }: z.infer<typeof fault>): ToldFault {
  return { code, ...sentences, data };
}

/** One validator, by its JSON-RPC. Every question ends with SERVICE_UNREACHABLE or SERVICE_ANSWER_MALFORMED if it is not answered. */
export class ValidatorClient {
  readonly #connection: ServiceConnection;

  /** `timeoutMs`: how long it may take to answer. */
  constructor(url: string, timeoutMs: number) {
    this.#connection = new ServiceConnection({ url, serviceName: say`validator`, clock: systemClock, random: systemRandom, timeoutMs });
  }

  status(): Promise<ValidatorStatus> {
    return this.#ask('vouchsafe_status', [], statusSchema);
  }

  /** What it remembers of blocks that became final at a time or later. */
  pace(fromMs: number): Promise<Pace> {
    return this.#ask('vouchsafe_pace', [fromMs], paceSchema);
  }

  /** A final block with its certificate; null for one that is not final there, and for the genesis block. */
  async certifiedBlock(height: number) {
    const found = await this.#ask('vouchsafe_certifiedBlock', [height], certifiedBlockSchema);
    return found === null ? null : certifiedBytes(found);
  }

  /** The height of the block that an epoch, from 1, began after; null for one that has not begun there. */
  async epochStart(epoch: number): Promise<number | null> {
    return (await this.#ask('vouchsafe_validators', [epoch], epochSchema))?.startHeight ?? null;
  }

  /** What the transactions of a final block did, in their order; null if there is no such block there. */
  async outcomes(height: number): Promise<TransactionOutcome[] | null> {
    const receipts = await this.#ask('eth_getBlockReceipts', [`0x${height.toString(16)}`], receiptsSchema);
    return (
      receipts?.map(({ transactionHash, status, gasUsed, logs }) => ({
        hash: transactionHash,
        succeeded: status === '0x1',
        gasUsed: Number(gasUsed),
        logs: logs.length,
      })) ?? null
    );
  }

  async #ask<Result>(method: string, params: readonly unknown[], schema: z.ZodType<Result>): Promise<Result> {
    const answer = await this.#connection.requestJson(
      { method: 'POST', path: '/', value: { jsonrpc: '2.0', id: 1, method, params }, answerBytesMax },
      z.object({ result: z.unknown(), error: z.object({ message: z.string().max(4_000) }).optional() }),
    );
    if (answer.error !== undefined) throw this.#connection.malformed(verbatim(answer.error.message));
    const result = schema.safeParse(answer.result);
    if (!result.success) throw this.#connection.malformed(say`${method} has another form`);
    return result.data;
  }
}
