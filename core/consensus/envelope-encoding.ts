/**
 * The encoding of what members say to each other. An envelope that is too large for one encoding is cut into several that mean the same
 * when they are read in their order. Layout: docs/formats.md, "Messages of validators and their vote log".
 */
import { assert } from '../base/assert.ts';
import { alternatives, bytes, encodeAs, type Format, fields, fixed, flag, hash, list, optional } from '../base/binary-format.ts';
import { concatBytes } from '../base/bytes.ts';
import { DecodeError, Decoder, Encoder } from '../base/codec.ts';
import {
  certificate,
  counter,
  groupVote,
  memberVote,
  newView,
  proposal,
  proposedBlock,
  provenStatement,
  signatureBytes,
  signatures,
  statement,
} from './encoded-parts.ts';
import { appendEntriesMax, catchUpBlocksMax, knownVotesMax, messageTransactionsMax } from './limits.ts';
import type { RaftMessage } from './raft/raft.ts';
import type { CertifiedBlock, LogEntry, Message, Offer } from './rbft/message.ts';
import type { Envelope } from './runtime.ts';

/** Bytes of one encoded envelope: the largest block with its certificate, and room. */
export const envelopeBytesMax = 5_242_880;
/** Messages in one encoded envelope. */
export const envelopeMessagesMax = 1_024;
/** Bytes of a transaction in the ledger's encoding. */
export const spreadTransactionBytesMax = 131_072;

type Rest<Union extends { readonly kind: string }, Kind extends Union['kind']> = Omit<Extract<Union, { readonly kind: Kind }>, 'kind'>;
type RaftRest<Kind extends RaftMessage<LogEntry>['kind']> = Rest<RaftMessage<LogEntry>, Kind>;
type MessageRest<Kind extends Message['kind']> = Rest<Message, Kind>;

const offer = fields<Offer>({ proposal, block: proposedBlock, groupVote: optional(groupVote) });
const offerFields = fields<MessageRest<'offer'>>({ offer });
const certificateFields = fields<MessageRest<'certificate'>>({ certificate });
const newViewFields = fields<MessageRest<'new-view'>>({ newView });

const logEntry = alternatives<LogEntry>({
  offer: [1, offerFields],
  certificate: [2, certificateFields],
  'new-view': [3, newViewFields],
});
const signature = fixed(signatureBytes);

const raftMessage: Format<RaftMessage<LogEntry>> = alternatives<RaftMessage<LogEntry>>({
  'pre-vote-request': [1, fields<RaftRest<'pre-vote-request'>>({ term: counter })],
  'pre-vote': [2, fields<RaftRest<'pre-vote'>>({ term: counter, signature })],
  'vote-request': [3, fields<RaftRest<'vote-request'>>({ term: counter, preVotes: signatures })],
  vote: [4, fields<RaftRest<'vote'>>({ term: counter, signature })],
  append: [
    5,
    fields<RaftRest<'append'>>({
      term: counter,
      votes: signatures,
      previous: counter,
      fresh: flag,
      entries: list(logEntry, appendEntriesMax),
      commitIndex: counter,
    }),
  ],
  appended: [6, fields<RaftRest<'appended'>>({ term: counter, matched: flag, index: counter })],
});

const message: Format<Message> = alternatives<Message>({
  raft: [1, fields<MessageRest<'raft'>>({ message: raftMessage })],
  vote: [2, fields<MessageRest<'vote'>>({ vote: memberVote })],
  'group-vote': [3, fields<MessageRest<'group-vote'>>({ vote: groupVote })],
  statement: [4, fields<MessageRest<'statement'>>({ proven: provenStatement })],
  offer: [5, offerFields],
  certificate: [6, certificateFields],
  'new-view': [7, newViewFields],
  leading: [8, fields<MessageRest<'leading'>>({ term: counter, votes: signatures })],
  poll: [9, fields<MessageRest<'poll'>>({ finalHeight: counter, view: counter, isEntered: flag })],
  'body-wanted': [10, fields<MessageRest<'body-wanted'>>({ height: counter, blockHash: hash })],
  body: [11, fields<MessageRest<'body'>>({ block: proposedBlock })],
  blocks: [
    12,
    fields<MessageRest<'blocks'>>({
      blocks: list(fields<CertifiedBlock>({ block: proposedBlock, certificate }), catchUpBlocksMax),
    }),
  ],
  transactions: [13, fields<MessageRest<'transactions'>>({ transactions: list(bytes(spreadTransactionBytesMax), messageTransactionsMax) })],
  'votes-wanted': [14, fields<MessageRest<'votes-wanted'>>({ nonce: counter })],
  'votes-known': [
    15,
    fields<MessageRest<'votes-known'>>({
      nonce: counter,
      view: counter,
      finalCertificate: optional(certificate),
      lockCertificate: optional(certificate),
      votes: list(memberVote, knownVotesMax),
      statement: optional(statement),
      proposals: list(proposal, knownVotesMax),
    }),
  ],
});

/** Epoch and number of messages. */
const envelopeHeadBytes = 10;

/** The encodings of an envelope, in the order in which they are to be sent: one, or as many as its messages need. */
export function encodeEnvelope({ epoch, messages }: Envelope): Uint8Array[] {
  const encodings: Uint8Array[] = [];
  let pending: Uint8Array[] = [];
  let length = envelopeHeadBytes;
  const flush = (): void => {
    if (pending.length === 0) return;
    const head = new Encoder().uint(epoch, 8).uint(pending.length, 2).finish();
    encodings.push(concatBytes(head, ...pending));
    pending = [];
    length = envelopeHeadBytes;
  };
  for (const piece of messages.flatMap(encodePieces)) {
    if (pending.length === envelopeMessagesMax || length + piece.length > envelopeBytesMax) flush();
    pending.push(piece);
    length += piece.length;
  }
  flush();
  return encodings;
}

/** Reads one encoding. Errors: DecodeError. */
export function decodeEnvelope(encoding: Uint8Array): Envelope {
  if (encoding.length > envelopeBytesMax) throw new DecodeError(`envelope longer than ${envelopeBytesMax} bytes`);
  const decoder = new Decoder(encoding);
  const epoch = counter.read(decoder);
  const messages = list(message, envelopeMessagesMax).read(decoder);
  if (messages.length === 0) throw new DecodeError('an envelope holds a message');
  decoder.finish();
  return { epoch, messages };
}

/** The encodings of a message that fit envelopes: of several if it holds too much for one. */
function encodePieces(whole: Message): Uint8Array[] {
  const encoding = encodeAs(message, whole);
  if (encoding.length <= envelopeBytesMax - envelopeHeadBytes) return [encoding];
  const halves = halve(whole);
  assert(halves !== null, 'a message of one part fits an envelope');
  return halves.flatMap(encodePieces);
}

/** Two messages that together say what a message of several parts says; null if it has no parts. */
function halve(whole: Message): readonly [Message, Message] | null {
  switch (whole.kind) {
    case 'blocks': {
      const [first, second] = halveList(whole.blocks);
      return second.length === 0
        ? null
        : [
            { ...whole, blocks: first },
            { ...whole, blocks: second },
          ];
    }
    case 'transactions': {
      const [first, second] = halveList(whole.transactions);
      return second.length === 0
        ? null
        : [
            { ...whole, transactions: first },
            { ...whole, transactions: second },
          ];
    }
    case 'raft': {
      if (whole.message.kind !== 'append') return null;
      const { previous, entries } = whole.message;
      const [first, second] = halveList(entries);
      if (second.length === 0) return null;
      // What a leader would have sent had it sent less at a time.
      const middle = previous + first.length;
      return [
        { ...whole, message: { ...whole.message, entries: first } },
        { ...whole, message: { ...whole.message, previous: middle, fresh: false, entries: second } },
      ];
    }
    default:
      return null;
  }
}

function halveList<T>(values: readonly T[]): readonly [readonly T[], readonly T[]] {
  const half = Math.ceil(values.length / 2);
  return [values.slice(0, half), values.slice(half)];
}
