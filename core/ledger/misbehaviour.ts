/**
 * Proofs of misbehaviour in transactions. The call of the contract that keeps the record (contracts/MisbehaviourRecords.sol) carries the
 * proof and what follows from it; validators check the one and compare the other, because contracts have no Ed25519.
 * Layout: docs/formats.md, "Proofs of misbehaviour".
 */
import { keccak_256 } from '@noble/hashes/sha3.js';
import { decodeAs, encodeAs, fields, uint } from '../base/binary-format.ts';
import { concatBytes, equalBytes, fromHex, type Hex, toBigEndian, toHex, utf8 } from '../base/bytes.ts';
import { DecodeError, Decoder } from '../base/codec.ts';
import type { Committee } from '../consensus/committee.ts';
import { evidence as evidenceFormat } from '../consensus/encoded-parts.ts';
import { accusedBy, type Evidence, isProof } from '../consensus/evidence.ts';
import type { Verify } from '../consensus/signing.ts';

/** Where the contract is, from the first block on. */
export const misbehaviourAddress: Hex = '0x0000000000000000000000000000766f75636802';
/** Gas that a transaction must bring, so that none which is in a block fails for lack of it. */
export const recordGasMin = 500_000n;

/** A proof, and the epoch whose members it is about. */
export interface Misbehaviour {
  readonly epoch: number;
  readonly evidence: Evidence;
}

const version = 1;
const proofBytesMax = 1_024;
const proofFormat = fields<Misbehaviour & { readonly version: number }>({
  version: uint(2, version),
  epoch: uint(8),
  evidence: evidenceFormat,
});
const selector = keccak_256(utf8('record(bytes32,uint8,uint64,uint64,uint64,bytes)')).slice(0, 4);
const wordBytes = 32;
/** Words before the proof: five values, where the proof begins, and its length. */
const proofAt = selector.length + 7 * wordBytes;

/** The data of the transaction that has a proof recorded; the proof must hold. */
export function encodeRecordCall(committee: Committee, misbehaviour: Misbehaviour): Uint8Array {
  const proof = encodeAs(proofFormat, { version, ...misbehaviour });
  const padding = new Uint8Array((wordBytes - (proof.length % wordBytes)) % wordBytes);
  const words = [...namedWords(committee, misbehaviour), word(6n * BigInt(wordBytes)), word(BigInt(proof.length))];
  return concatBytes(selector, ...words, proof, padding);
}

/** What the contract takes for the same misbehaviour: the same key, kind and place. */
export function recordIdOf(committee: Committee, misbehaviour: Misbehaviour): Hex {
  return toHex(keccak_256(concatBytes(...namedWords(committee, misbehaviour))));
}

/** The slot of the contract's state that is not 0 once misbehaviour is recorded: its first variable maps ids to numbers. */
export function recordSlotOf(id: Hex): Uint8Array {
  return keccak_256(concatBytes(fromHex(id), word(0n)));
}

/** What a call says; null if it is not the one that its proof leads to, or the proof does not hold. `committeeOf` gives those of an epoch. */
export function decodeRecordCall(
  data: Uint8Array,
  verify: Verify,
  committeeOf: (epoch: number) => Committee | undefined,
): { readonly committee: Committee; readonly misbehaviour: Misbehaviour } | null {
  const misbehaviour = proofIn(data);
  const committee = misbehaviour === null ? undefined : committeeOf(misbehaviour.epoch);
  if (misbehaviour === null || committee === undefined || !isProof(committee, verify, misbehaviour.evidence)) return null;
  return equalBytes(encodeRecordCall(committee, misbehaviour), data) ? { committee, misbehaviour } : null;
}

function proofIn(data: Uint8Array): Misbehaviour | null {
  if (data.length > proofAt + proofBytesMax) return null;
  try {
    const decoder = new Decoder(data);
    decoder.fixed(proofAt - wordBytes);
    const proof = decodeAs(proofFormat, decoder.fixed(decoder.count(wordBytes)));
    return proof.version === version ? { epoch: proof.epoch, evidence: proof.evidence } : null;
  } catch (error) {
    if (error instanceof DecodeError) return null;
    throw error;
  }
}

/** Key, kind, epoch, height and view, as the contract takes them. */
function namedWords(committee: Committee, { epoch, evidence }: Misbehaviour): Uint8Array[] {
  const place = evidence.kind === 'amnesia' ? evidence.commit : evidence.first;
  const values = [kindOf(evidence), epoch, place.height, place.view].map((value) => word(BigInt(value)));
  return [committee.publicKey(accusedBy(evidence)), ...values];
}

/** The contract's number of the kind. */
function kindOf(evidence: Evidence): number {
  switch (evidence.kind) {
    case 'two-votes':
      return evidence.first.phase === 'prepare' ? 0 : 1;
    case 'two-proposals':
      return 2;
    case 'amnesia':
      return 3;
  }
}

function word(value: bigint): Uint8Array {
  return toBigEndian(value, wordBytes);
}
