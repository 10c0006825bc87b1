/** What the consensus writes and sends: one encoding a value, limits on both sides, and decoders that no input surprises. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { concatBytes, type Hex } from '../../core/base/bytes.ts';
import { DecodeError, Encoder } from '../../core/base/codec.ts';
import { memberIdMax, proposedBlockBytesMax, signatureBytes } from '../../core/consensus/encoded-parts.ts';
import {
  decodeEnvelope,
  encodeEnvelope,
  envelopeBytesMax,
  envelopeMessagesMax,
  spreadTransactionBytesMax,
} from '../../core/consensus/envelope-encoding.ts';
import { appendEntriesMax, catchUpBlocksMax, groupMembersMax, groupsMax, publicKeyBytes } from '../../core/consensus/limits.ts';
import type { ProposedBlock } from '../../core/consensus/proposal.ts';
import type { Message } from '../../core/consensus/rbft/message.ts';
import { decodeRecord, encodeRecord } from '../../core/consensus/record-encoding.ts';
import type { Certificate, GroupVote } from '../../core/consensus/vote.ts';
import { encodeBlock } from '../../core/ledger/block.ts';
import { blockBytesMax, blockTransactionsMax, transactionBytesMax } from '../../core/ledger/limits.ts';
import { durableRecord, envelope } from '../consensus-values.ts';
import { fuzz } from '../mutation.ts';

const fuzzInputs = 100_000;
const one = <T>(values: readonly T[]): T => {
  expect(values).toHaveLength(1);
  return values[0] as T;
};

describe('records of the vote log', () => {
  it('come back as they were, and have one encoding', () => {
    fc.assert(
      fc.property(durableRecord, (record) => {
        const encoding = encodeRecord(record);
        expect(decodeRecord(encoding)).toEqual(record);
        expect(encodeRecord(decodeRecord(encoding))).toEqual(encoding);
      }),
      { numRuns: 500 },
    );
  });

  it('are refused cut short or with bytes after the end', () => {
    fc.assert(
      fc.property(durableRecord, fc.nat(), (record, at) => {
        const encoding = encodeRecord(record);
        expect(() => decodeRecord(encoding.slice(0, at % encoding.length))).toThrow(DecodeError);
        expect(() => decodeRecord(concatBytes(encoding, Uint8Array.of(0)))).toThrow(DecodeError);
      }),
    );
  });

  it('any input gives a value with just this encoding, or a DecodeError', () => {
    const samples = fc.sample(durableRecord, { numRuns: 400, seed: 1 }).map(encodeRecord);
    const { taken, refused } = fuzz({ seed: 1, count: fuzzInputs, samples, decode: decodeRecord, encode: encodeRecord });
    expect(taken + refused).toBe(fuzzInputs);
    expect(Math.min(taken, refused)).toBeGreaterThan(fuzzInputs / 20);
  });
});

describe('envelopes', () => {
  it('come back as they were, and have one encoding', () => {
    fc.assert(
      fc.property(envelope, (value) => {
        const encoding = one(encodeEnvelope(value));
        expect(decodeEnvelope(encoding)).toEqual(value);
        expect(encodeEnvelope(decodeEnvelope(encoding))).toEqual([encoding]);
      }),
      { numRuns: 500 },
    );
  });

  it('are refused cut short or with bytes after the end', () => {
    fc.assert(
      fc.property(envelope, fc.nat(), (value, at) => {
        const encoding = one(encodeEnvelope(value));
        expect(() => decodeEnvelope(encoding.slice(0, at % encoding.length))).toThrow(DecodeError);
        expect(() => decodeEnvelope(concatBytes(encoding, Uint8Array.of(0)))).toThrow(DecodeError);
      }),
    );
  });

  it('any input gives a value with just this encoding, or a DecodeError', () => {
    const samples = fc.sample(envelope, { numRuns: 400, seed: 2 }).map((value) => one(encodeEnvelope(value)));
    const { taken, refused } = fuzz({
      seed: 2,
      count: fuzzInputs,
      samples,
      decode: decodeEnvelope,
      encode: (value) => one(encodeEnvelope(value)),
    });
    expect(taken + refused).toBe(fuzzInputs);
    expect(Math.min(taken, refused)).toBeGreaterThan(fuzzInputs / 20);
  });

  it('refuse what no encoder makes', () => {
    const head = (count: number) => new Encoder().uint(0, 8).uint(count, 2).finish();
    const poll = (isEntered: number) => new Encoder().uint(9, 1).uint(0, 8).uint(0, 8).uint(isEntered, 1).finish();
    expect(decodeEnvelope(concatBytes(head(1), poll(1)))).toEqual({
      epoch: 0,
      messages: [{ kind: 'poll', finalHeight: 0, view: 0, isEntered: true }],
    });
    const refused: [Uint8Array, string][] = [
      [head(0), 'an envelope holds a message'],
      [concatBytes(head(1), poll(2)), 'integer above 1'],
      [concatBytes(head(1), Uint8Array.of(0)), 'unknown kind'],
      [concatBytes(head(1), Uint8Array.of(16)), 'unknown kind'],
      [head(envelopeMessagesMax + 1), `integer above ${envelopeMessagesMax}`],
      [concatBytes(head(1), new Encoder().uint(13, 1).uint(201, 2).finish()), 'integer above 200'],
      [
        concatBytes(
          head(1),
          new Encoder()
            .uint(13, 1)
            .uint(1, 2)
            .uint(spreadTransactionBytesMax + 1, 4)
            .finish(),
        ),
        'field longer',
      ],
      [
        concatBytes(
          head(1),
          new Encoder()
            .uint(1, 1)
            .uint(1, 1)
            .uint(2n ** 53n, 8)
            .finish(),
        ),
        'integer too large',
      ],
      [concatBytes(head(1), new Encoder().uint(2, 1).uint(2, 1).finish()), 'integer above 1'],
      [new Uint8Array(envelopeBytesMax + 1), 'envelope longer'],
      [
        new Encoder()
          .uint(2n ** 63n, 8)
          .uint(1, 2)
          .finish(),
        'integer too large',
      ],
    ];
    for (const [encoding, reason] of refused) expect(() => decodeEnvelope(encoding)).toThrow(new RegExp(`^${reason}`));
  });
});

describe('the limits', () => {
  const hash: Hex = `0x${'ab'.repeat(32)}`;
  const signature = new Uint8Array(signatureBytes);
  const signatures = Array.from({ length: groupMembersMax }, (_, member) => ({ member, signature }));
  const ballot = { phase: 'commit' as const, height: Number.MAX_SAFE_INTEGER, view: 0, blockHash: hash };
  const certificate: Certificate = { ...ballot, groups: Array.from({ length: groupsMax }, (_, group) => ({ group, signatures })) };
  const groupVote: GroupVote = { ...ballot, group: 0, signatures };
  const key = new Uint8Array(publicKeyBytes);
  const block: ProposedBlock = {
    hash,
    height: 1,
    parentHash: hash,
    view: 0,
    nextMembers: Array.from({ length: groupsMax }, () => Array.from({ length: groupMembersMax }, () => key)),
    bytes: new Uint8Array(proposedBlockBytesMax),
  };
  const offer = { proposal: { member: 0, height: 1, view: 0, blockHash: hash, signature }, block, groupVote };
  const statement = { member: memberIdMax, newView: 1, finalHeight: 0, finalHash: hash, lock: { view: 0, blockHash: hash }, signature };
  const newView = {
    view: 1,
    statements: Array.from({ length: memberIdMax + 1 }, () => statement),
    finalCertificate: certificate,
    lockCertificate: certificate,
  };
  const append = (entries: number): Message => ({
    kind: 'raft',
    message: {
      kind: 'append',
      term: 7,
      votes: signatures,
      previous: 40,
      fresh: true,
      entries: Array.from({ length: entries }, () => ({ kind: 'offer', offer })),
      commitIndex: 41,
    },
  });

  it('are those of the ledger', () => {
    expect(spreadTransactionBytesMax).toBe(transactionBytesMax);
    const largest = encodeBlock({
      header: {
        chainId: 1,
        height: 1,
        parentHash: hash,
        epoch: 0,
        view: 0,
        timestampSeconds: 0,
        transactionsRoot: hash,
        stateRoot: hash,
        receiptsRoot: hash,
        gasUsed: 0n,
        logsBloom: new Uint8Array(256),
      },
      transactions: Array.from({ length: blockTransactionsMax }, () => new Uint8Array(Math.floor(blockBytesMax / blockTransactionsMax))),
    });
    expect(largest.length + blockTransactionsMax).toBeLessThanOrEqual(proposedBlockBytesMax);
  });

  it('let the largest message of each kind through, in one piece', () => {
    const largest: Message[] = [
      { kind: 'offer', offer },
      { kind: 'certificate', certificate },
      { kind: 'new-view', newView },
      { kind: 'statement', proven: { statement, finalCertificate: certificate, lockCertificate: certificate } },
      { kind: 'body', block },
      { kind: 'blocks', blocks: [{ block, certificate }] },
      append(1),
    ];
    for (const message of largest) {
      const encoding = one(encodeEnvelope({ epoch: 1, messages: [message] }));
      expect(decodeEnvelope(encoding).messages[0]?.kind).toBe(message.kind);
    }
    expect(decodeRecord(encodeRecord({ kind: 'entry', view: 1, newView })).kind).toBe('entry');
    expect(decodeRecord(encodeRecord({ kind: 'body', block })).kind).toBe('body');
  });

  it('cut an envelope into several that say the same in their order', () => {
    const blocks = Array.from({ length: catchUpBlocksMax }, () => ({ block, certificate }));
    const messages: Message[] = [
      { kind: 'poll', finalHeight: 0, view: 0, isEntered: true },
      append(5),
      { kind: 'blocks', blocks: blocks.slice(0, 5) },
      { kind: 'transactions', transactions: Array.from({ length: 100 }, () => new Uint8Array(transactionBytesMax)) },
    ];
    const encodings = encodeEnvelope({ epoch: 3, messages });
    expect(encodings.every(({ length }) => length <= envelopeBytesMax)).toBe(true);
    const read = encodings.map(decodeEnvelope);
    expect(read.every(({ epoch }) => epoch === 3)).toBe(true);
    const said = read.flatMap((value) => value.messages);
    expect(said[0]).toEqual(messages[0]);
    let next = 40;
    let fresh = true;
    let entries = 0;
    for (const message of said) {
      if (message.kind !== 'raft' || message.message.kind !== 'append') continue;
      expect(message.message.previous).toBe(next);
      expect(message.message.fresh).toBe(fresh);
      fresh = false;
      entries += message.message.entries.length;
      next += message.message.entries.length;
    }
    expect(entries).toBe(5);
    expect(said.flatMap((message) => (message.kind === 'blocks' ? message.blocks : []))).toHaveLength(5);
    expect(said.flatMap((message) => (message.kind === 'transactions' ? message.transactions : []))).toHaveLength(100);
  });

  it('cut an envelope of many messages too', () => {
    const messages = Array.from({ length: 2 * envelopeMessagesMax + 1 }, (_, finalHeight): Message => {
      return { kind: 'poll', finalHeight, view: 0, isEntered: false };
    });
    const read = encodeEnvelope({ epoch: 0, messages }).map(decodeEnvelope);
    expect(read.map((value) => value.messages.length)).toEqual([envelopeMessagesMax, envelopeMessagesMax, 1]);
    expect(read.flatMap((value) => value.messages)).toEqual(messages);
  });

  it('hold for what is encoded as for what is decoded', () => {
    const blocks = Array.from({ length: catchUpBlocksMax + 1 }, () => ({ block: { ...block, bytes: new Uint8Array(0) }, certificate }));
    expect(() => encodeEnvelope({ epoch: 0, messages: [{ kind: 'blocks', blocks }] })).toThrow('integer is at most');
    expect(() => encodeEnvelope({ epoch: 0, messages: [append(appendEntriesMax + 1)] })).toThrow('integer is at most');
    const tooLong = { ...block, bytes: new Uint8Array(proposedBlockBytesMax + 1) };
    expect(() => encodeRecord({ kind: 'body', block: tooLong })).toThrow('field has at most');
  });
});
