/**
 * The list of validators: who votes, by group, with the keys of their connections and where they listen. The first list is in the genesis
 * document; after that a transaction brings a whole new one (system-transactions.ts).
 */
import { z } from 'zod';
import { type Format, fields, hash, list, uint } from '../base/binary-format.ts';
import { fromHex } from '../base/bytes.ts';
import { DecodeError } from '../base/codec.ts';
import { groupMembersMax, groupsMax } from '../consensus/limits.ts';
import { type Members, membershipFault, transitionFault } from '../consensus/membership.ts';

const hostLengthMax = 255;
/** A name or an address as a socket takes it: nothing that could be read in two ways. */
const hostPattern = /^[0-9A-Za-z.:_-]+$/;

const publicKey = z.string().regex(/^0x[0-9a-f]{64}$/, 'Ed25519 key of 32 bytes in lower-case hexadecimal');

/** What is said of a validator, in JSON. */
export const listedValidatorSchema = z.strictObject({
  key: publicKey,
  transportKey: publicKey,
  host: z.string().min(1).max(hostLengthMax).regex(hostPattern, 'a name or address'),
  port: z.int().min(1).max(65_535),
});

/** A validator as the network's members know it: what its votes and its connections are checked against, and where it listens for the others. */
export type ListedValidator = z.infer<typeof listedValidatorSchema>;

/** All of a network, by group. */
export type ValidatorList = readonly (readonly ListedValidator[])[];

const host: Format<string> = {
  write: (encoder, value) => encoder.text(value),
  read: (decoder) => {
    const value = decoder.text(hostLengthMax);
    if (!hostPattern.test(value)) throw new DecodeError('host is no name or address');
    return value;
  },
};

const port: Format<number> = {
  write: (encoder, value) => encoder.uint(value, 2),
  read: (decoder) => {
    const value = uint(2).read(decoder);
    if (value === 0) throw new DecodeError('port is 0');
    return value;
  },
};

/** The list in bytes. */
export const validatorListFormat: Format<ValidatorList> = list(
  list(fields<ListedValidator>({ key: hash as Format<string>, transportKey: hash as Format<string>, host, port }), groupMembersMax),
  groupsMax,
);

/** The keys that vote. */
export function membersOf(validators: ValidatorList): Members {
  return validators.map((group) => group.map(({ key }) => fromHex(key)));
}

/** Why this is no list of a network's validators; null if it is one. */
export function validatorListFault(validators: ValidatorList): string | null {
  const fault = membershipFault(membersOf(validators));
  if (fault !== null) return fault;
  const keys = validators.flat().map(({ transportKey }) => transportKey);
  return new Set(keys).size === keys.length ? null : 'every transport key is named once';
}

/**
 * Why a list may not follow another; null if it may. One validator differs: it was added, removed, replaced, or has other connections.
 * More are refused, so that nobody who was shown a false list and adds a change to it puts the rest of that list into force.
 */
export function validatorChangeFault(present: ValidatorList, next: ValidatorList): string | null {
  const fault = validatorListFault(next) ?? transitionFault(membersOf(present), membersOf(next));
  if (fault !== null) return fault;
  const has = new Map(next.flat().map((validator) => [validator.key, validator]));
  const kept = present.flat().filter(({ key }) => has.has(key));
  const isOther = kept.length < present.flat().length || kept.length < has.size;
  const moved = kept.filter((validator) => !isEqual(validator, has.get(validator.key))).length;
  if (!isOther && moved === 0) return 'it changes nothing';
  return moved > (isOther ? 0 : 1) ? 'one validator is changed at a time' : null;
}

function isEqual(left: ListedValidator, right: ListedValidator | undefined): boolean {
  return left.transportKey === right?.transportKey && left.host === right.host && left.port === right.port;
}
