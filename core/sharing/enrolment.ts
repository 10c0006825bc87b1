/**
 * Enrolments: the PKG's signed word that a pseudonym (a chain address) belongs to somebody it knows, with
 * the keys and roles of that pseudonym; and the proof of possession by which an applicant asks for one.
 * Both are EIP-712 messages of the domain of `EntityRegistry` (docs/formats.md).
 */
import { z } from 'zod';
import { type Hex, isHex } from '../base/bytes.ts';
import { entityRolesAll } from './chain-reader.ts';

/** Bytes of a fixed length in canonical hexadecimal. */
export const hexOfLength = (byteLength: number) =>
  z.custom<Hex>((text) => isHex(text) && text.length === 2 + 2 * byteLength, `must be ${byteLength} bytes in lower-case hexadecimal`);
/** Bytes of at most a given length in canonical hexadecimal. */
export const hexUpTo = (byteLengthMax: number) =>
  z.custom<Hex>(
    (text) => isHex(text) && text.length <= 2 + 2 * byteLengthMax,
    `must be at most ${byteLengthMax} bytes in lower-case hexadecimal`,
  );
/** A non-empty set of roles. */
export const rolesSchema = z.int().min(1).max(entityRolesAll);

/** Pseudonyms that one request enrols. */
export const enrolmentBatchMax = 32;

/** What an applicant wants enrolled. */
export const pseudonymSchema = z.strictObject({
  pseudonym: hexOfLength(20),
  requestKey: hexOfLength(32),
  messageKey: hexOfLength(32),
  roles: rolesSchema,
});
export type Pseudonym = z.infer<typeof pseudonymSchema>;

/** `Enrolment` of docs/formats.md, ready for `EntityRegistry`. Integers are decimal or safe numbers. */
export const enrolmentSchema = pseudonymSchema.extend({
  /** Unix time in seconds. */
  expiry: z.int().positive(),
  /** A field element in decimal; `0` until exclusivity is built. */
  secretCommitment: z.string().regex(/^(0|[1-9][0-9]{0,77})$/),
});
export type Enrolment = z.infer<typeof enrolmentSchema>;

/** An enrolment with the 65-byte signature of the PKG's enrolment account. */
export const signedEnrolmentSchema = z.strictObject({ enrolment: enrolmentSchema, signature: hexOfLength(65) });
export type SignedEnrolment = z.infer<typeof signedEnrolmentSchema>;

/** The EIP-712 domain of a contract of the network. */
export function contractDomain(chainId: bigint, contract: Hex): { name: string; version: string; chainId: bigint; verifyingContract: Hex } {
  return { name: 'Vouchsafe', version: '1', chainId, verifyingContract: contract };
}

type TypedFields = Record<string, { name: string; type: string }[]>;

/** EIP-712 type of an enrolment. */
export const enrolmentTypes: TypedFields = {
  Enrolment: [
    { name: 'pseudonym', type: 'address' },
    { name: 'requestKey', type: 'bytes32' },
    { name: 'messageKey', type: 'bytes32' },
    { name: 'roles', type: 'uint32' },
    { name: 'expiry', type: 'uint64' },
    { name: 'secretCommitment', type: 'uint256' },
  ],
};

/** EIP-712 type of a revocation, signed by the PKG's enrolment account; anybody may bring it to `EntityRegistry`. */
export const revocationTypes: TypedFields = { Revocation: [{ name: 'pseudonym', type: 'address' }] };

/**
 * EIP-712 type of a proof of possession, signed by the pseudonym's chain key. `applicant` is the Ed25519 key
 * of the application, so that nobody else can have the pseudonym enrolled as theirs.
 */
export const possessionTypes: TypedFields = {
  Possession: [
    { name: 'pseudonym', type: 'address' },
    { name: 'requestKey', type: 'bytes32' },
    { name: 'messageKey', type: 'bytes32' },
    { name: 'roles', type: 'uint32' },
    { name: 'applicant', type: 'bytes32' },
  ],
};
