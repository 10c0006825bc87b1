/**
 * Identities of the scheme. An identity is never a person: it names one dataset, or the reception of
 * one offer, so that a key that leaks opens that one thing and nothing else.
 *
 * Grammar (ASCII, no other spelling of the same identity is accepted):
 *   vouchsafe:1:dataset:<chainId>:<contract>:<pseudonym>:<datasetId>
 *   vouchsafe:1:receive:<chainId>:<contract>:<pseudonym>:<offerId>
 */
import { assert } from '../base/assert.ts';
import type { Hex } from '../base/bytes.ts';
import { DecodeError } from '../base/codec.ts';

interface IdentityOwner {
  /** Chain on which the contract lives, below 2^64. */
  readonly chainId: bigint;
  /** The contract that records the id: DataRecords for a dataset, SharingMarket for an offer. 20 bytes. */
  readonly contract: Hex;
  /** Chain address of the pseudonym to which the PKG may give the key. 20 bytes. */
  readonly pseudonym: Hex;
}

/** The identity under which one dataset is encrypted. */
export interface DatasetIdentity extends IdentityOwner {
  readonly kind: 'dataset';
  /** 32 bytes. */
  readonly datasetId: Hex;
}

/** The identity with which a consumer receives one offer. */
export interface ReceivingIdentity extends IdentityOwner {
  readonly kind: 'receive';
  /** Below 2^256. */
  readonly offerId: bigint;
}

export type Identity = DatasetIdentity | ReceivingIdentity;

/** No identity is longer. */
export const identityLengthMax = 256;

const decimal = '(0|[1-9][0-9]*)';
const address = '(0x[0-9a-f]{40})';
const pattern = new RegExp(
  `^vouchsafe:1:(?:dataset:${decimal}:${address}:${address}:(0x[0-9a-f]{64})|receive:${decimal}:${address}:${address}:${decimal})$`,
);

/** The one spelling of an identity. */
export function formatIdentity(identity: Identity): string {
  const id = identity.kind === 'dataset' ? identity.datasetId : identity.offerId;
  const text = `vouchsafe:1:${identity.kind}:${identity.chainId}:${identity.contract}:${identity.pseudonym}:${id}`;
  assert(isIdentity(text), 'the fields of an identity have the widths of its grammar');
  return text;
}

/** Reads an identity; throws DecodeError on any other text. */
export function parseIdentity(text: string): Identity {
  const match = text.length > identityLengthMax ? null : pattern.exec(text);
  if (match === null) throw new DecodeError('not an identity');
  const [, datasetChain, datasetContract, datasetPseudonym, datasetId, receiveChain, receiveContract, receivePseudonym, offer] = match;
  const chainId = BigInt(datasetChain ?? receiveChain ?? '');
  const offerId = BigInt(offer ?? '0');
  if (chainId >= 1n << 64n || offerId >= 1n << 256n) throw new DecodeError('a number of the identity is too large');
  return datasetId === undefined
    ? { kind: 'receive', chainId, contract: receiveContract as Hex, pseudonym: receivePseudonym as Hex, offerId }
    : { kind: 'dataset', chainId, contract: datasetContract as Hex, pseudonym: datasetPseudonym as Hex, datasetId: datasetId as Hex };
}

/** Whether `text` is an identity. */
export function isIdentity(text: string): boolean {
  try {
    parseIdentity(text);
    return true;
  } catch (error) {
    if (error instanceof DecodeError) return false;
    throw error;
  }
}
