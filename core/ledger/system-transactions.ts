/**
 * Transactions to reserved addresses mean something to the validators themselves. A change of the members goes to one of them: it carries
 * the whole new list, and the block that holds it is its epoch's last; to the EVM it is a call of an account without code. Proofs of
 * misbehaviour go to the other, which is a contract's. Whether one may be in a block is checked here, in the ledger, when a block is built
 * and when it is verified. What a contract calls is no transaction. Layout: docs/formats.md, "Changes of the members".
 */
import { RLP } from '@ethereumjs/rlp';
import { decodeAs, encodeAs, type Format, fields, hash, uint } from '../base/binary-format.ts';
import { type Hex, toHex } from '../base/bytes.ts';
import { DecodeError } from '../base/codec.ts';
import type { Committee } from '../consensus/committee.ts';
import type { Verify } from '../consensus/signing.ts';
import { decodeRecordCall, misbehaviourAddress, recordGasMin, recordIdOf } from './misbehaviour.ts';
import type { SignedTransaction } from './transaction.ts';
import { type ValidatorList, validatorChangeFault, validatorListFormat } from './validators.ts';

/** Where changes of the members go. */
export const membershipAddress: Hex = '0x0000000000000000000000000000766f75636801';

/** What stands of an epoch in the ledger. */
export interface LedgerEpoch {
  readonly number: number;
  /** Height of the block that it began after. */
  readonly startHeight: number;
  readonly validators: ValidatorList;
}

export const ledgerEpochFormat = fields<LedgerEpoch>({ number: uint(8), startHeight: uint(8), validators: validatorListFormat });

/** What a change of the members says. */
export interface MembershipOrder {
  readonly genesisHash: Hex;
  /** The epoch that it ends: an order that comes too late changes nothing. */
  readonly epoch: number;
  readonly validators: ValidatorList;
}

const version = 1;
const membershipOrderFormat = fields<MembershipOrder & { readonly version: number }>({
  version: uint(2, version),
  genesisHash: hash,
  epoch: uint(8),
  validators: validatorListFormat,
});

/** The data of the transaction. */
export function encodeMembershipOrder(order: MembershipOrder): Uint8Array {
  return encodeAs(membershipOrderFormat, { version, ...order });
}

/** Reads the data of a transaction; null if it is no order of this version. */
export function decodeMembershipOrder(data: Uint8Array): MembershipOrder | null {
  const order = decodedOrNull(membershipOrderFormat, data);
  if (order?.version !== version) return null;
  const { genesisHash, epoch, validators } = order;
  return { genesisHash, epoch, validators };
}

/** The order that ends its epoch, if a block holds one: it can only be the last transaction. */
export function membershipOrderIn(transactions: readonly Uint8Array[]): MembershipOrder | null {
  const last = transactions.at(-1);
  const called = last === undefined ? null : callOf(last);
  return called === null || toHex(called.to) !== membershipAddress ? null : decodeMembershipOrder(called.data);
}

/** Whether a transaction means something to the validators themselves. */
export function isSystemTransaction({ to }: SignedTransaction): boolean {
  return to === membershipAddress || to === misbehaviourAddress;
}

/** Whether nothing may follow a transaction in its block. */
export function endsEpoch({ to }: SignedTransaction): boolean {
  return to === membershipAddress;
}

/** What the checks of system transactions ask of the ledger, which stands after some block. */
export interface SystemState {
  readonly genesisHash: Hex;
  /** The account that may change the members; null where nobody may. */
  readonly operator: Hex | null;
  /** The epoch of the next block. */
  readonly epoch: LedgerEpoch;
  readonly verify: Verify;
  /** The members of an epoch that has begun. */
  readonly committeeOf: (epoch: number) => Committee | undefined;
  /** Whether misbehaviour is recorded in the state after the last block. */
  readonly isRecorded: (id: Hex) => boolean;
}

/** What a transaction means to the validators: why the next block may not hold it, or else what it has recorded. */
export type SystemVerdict = { readonly ok: true; readonly recordId: Hex | null } | { readonly ok: false; readonly reason: string };

/** Whether the next block may hold a transaction, as far as what it means to the validators goes. */
export function checkSystem(transaction: SignedTransaction, state: SystemState): SystemVerdict {
  if (transaction.to === membershipAddress) {
    const fault = membershipFaultOf(transaction, state);
    return fault === null ? meansNothing : { ok: false, reason: `it changes no members: ${fault}` };
  }
  return transaction.to === misbehaviourAddress ? checkRecord(transaction, state) : meansNothing;
}

const meansNothing: SystemVerdict = { ok: true, recordId: null };

function checkRecord({ value, data, gasLimit }: SignedTransaction, { verify, committeeOf, isRecorded }: SystemState): SystemVerdict {
  const refused = (fault: string): SystemVerdict => ({ ok: false, reason: `it records no misbehaviour: ${fault}` });
  if (value !== 0n) return refused('it sends coins, which nobody could get back');
  if (gasLimit < recordGasMin) return refused(`it has less than ${recordGasMin} gas`);
  const decoded = decodeRecordCall(data, verify, committeeOf);
  if (decoded === null) return refused('its data prove none');
  const recordId = recordIdOf(decoded.committee, decoded.misbehaviour);
  return isRecorded(recordId) ? refused('it is recorded already') : { ok: true, recordId };
}

function membershipFaultOf({ sender, value, data }: SignedTransaction, { genesisHash, operator, epoch }: SystemState): string | null {
  if (sender !== operator) return `account ${sender} is not the one that the genesis document lets change them`;
  if (value !== 0n) return 'it sends coins, which nobody could get back';
  const order = decodeMembershipOrder(data);
  if (order === null) return 'its data are no list of members';
  if (order.genesisHash !== genesisHash) return 'it is for another network';
  if (order.epoch !== epoch.number) return `it is for epoch ${order.epoch}, and this is epoch ${epoch.number}`;
  return validatorChangeFault(epoch.validators, order.validators);
}

function decodedOrNull<T>(format: Format<T>, data: Uint8Array): T | null {
  try {
    return decodeAs(format, data);
  } catch (error) {
    if (error instanceof DecodeError) return null;
    throw error;
  }
}

/** Whom a signed transaction of one of the types 0, 1 and 2 calls, and with what; null if it is none. Its signature is not looked at. */
function callOf(raw: Uint8Array): { readonly to: Uint8Array; readonly data: Uint8Array } | null {
  const kind = raw[0] ?? 0;
  const isTyped = kind === 1 || kind === 2;
  let decoded: unknown;
  try {
    decoded = RLP.decode(isTyped ? raw.subarray(1) : raw);
  } catch {
    return null; // what cannot be decoded is no transaction, and is refused as such where it is executed
  }
  if (!Array.isArray(decoded)) return null;
  const toAt = kind === 2 ? 5 : kind === 1 ? 4 : 3;
  const [to, , data]: unknown[] = decoded.slice(toAt, toAt + 3);
  return to instanceof Uint8Array && data instanceof Uint8Array ? { to, data } : null;
}
