/** EIP-712 signatures of the protocol's own messages (docs/formats.md, "Contracts"). */
import { SigningKey, TypedDataEncoder } from 'ethers';
import { type Hex, toHex } from '../base/bytes.ts';
import type { ChainAccount } from '../crypto/key-derivation.ts';
import { contractDomain } from './enrolment.ts';

type Fields = Record<string, { name: string; type: string }[]>;

/** What an owner signs for a dataset; verified by DataRecords. */
export const dataRecordTypes: Fields = {
  DataRecord: [
    { name: 'datasetId', type: 'bytes32' },
    { name: 'owner', type: 'address' },
    { name: 'datasetRoot', type: 'uint256' },
    { name: 'headerHash', type: 'bytes32' },
    { name: 'ciphertextHash', type: 'bytes32' },
    { name: 'ciphertextSize', type: 'uint64' },
    { name: 'recordedAt', type: 'uint64' },
  ],
};

/** What an owner signs for one segment; verified by SharingMarket. */
export const segmentStatementTypes: Fields = {
  SegmentStatement: [
    { name: 'publicSignals', type: 'uint256[9]' },
    { name: 'deadline', type: 'uint256' },
  ],
};

/** What an owner signs for the whole; verified by SharingMarket. */
export const aggregateStatementTypes: Fields = {
  AggregateStatement: [
    { name: 'publicSignals', type: 'uint256[11]' },
    { name: 'deadline', type: 'uint256' },
  ],
};

/** What an owner signs to grant; verified by SharingMarket. */
export const grantTypes: Fields = {
  Grant: [
    { name: 'offerId', type: 'uint256' },
    { name: 'grantHash', type: 'bytes32' },
    { name: 'threshold', type: 'uint8' },
    { name: 'proxies', type: 'uint8' },
    { name: 'liveUntil', type: 'uint64' },
  ],
};

/** The 65-byte signature of `account` over a message of the contract at `verifyingContract`. */
export function signTypedData(
  account: ChainAccount,
  place: { readonly chainId: number | bigint; readonly verifyingContract: Hex },
  types: Fields,
  value: Record<string, unknown>,
): Hex {
  const digest = TypedDataEncoder.hash(contractDomain(BigInt(place.chainId), place.verifyingContract), types, value);
  return new SigningKey(toHex(account.privateKey)).sign(digest).serialized as Hex;
}
