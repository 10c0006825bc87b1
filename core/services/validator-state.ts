/** What a validator keeps: the key of its votes, the key that it shows to the others, the number of the log that belongs to the first, and an account. */
import { createPrivateKey, type KeyObject } from 'node:crypto';
import { hkdf } from '@noble/hashes/hkdf.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { z } from 'zod';
import { filesIn } from '../adapters/log-files.ts';
import type { ValidatorKeys } from '../adapters/rbft-ordering.ts';
import { publicKeyName } from '../adapters/transport-certificate.ts';
import { FileVoteLog, voteLogName } from '../adapters/vote-log.ts';
import { AppError } from '../base/app-error.ts';
import { concatBytes, fromHex, type Hex, toHex, utf8 } from '../base/bytes.ts';
import type { Random } from '../base/ports.ts';
import { say } from '../base/sentence.ts';
import type { Documents } from '../sharing/documents.ts';
import { hexOfLength } from '../sharing/enrolment.ts';

const keysDocument = 'validator-keys';
const keysSchema = z.strictObject({
  version: z.literal(1),
  consensusKey: hexOfLength(32),
  transportKey: hexOfLength(32),
  logId: hexOfLength(16),
});

/** What stands before the 32 bytes of a private Ed25519 key in PKCS #8 (RFC 8410). */
const privateKeyPrefix = fromHex('0x302e020100300506032b657004220420');

/** The public halves of a validator's keys, as the genesis document names them. */
export interface ValidatorNames {
  readonly key: Hex;
  readonly transportKey: Hex;
}

/** Makes a validator's keys and its empty vote log in its home, unless they are there. */
export async function makeValidatorKeys(documents: Documents, home: string, random: Random): Promise<ValidatorNames> {
  let stored = await documents.load(keysDocument, keysSchema);
  if (stored === undefined) {
    const files = filesIn(home);
    // A log without a key is of a creation that was interrupted: nothing was ever signed into it.
    await files.remove(voteLogName);
    const logId = await FileVoteLog.create(files, random);
    stored = { version: 1, consensusKey: toHex(random.bytes(32)), transportKey: toHex(random.bytes(32)), logId: toHex(logId) };
    await documents.save(keysDocument, stored);
  }
  return { key: publicKeyName(privateKey(stored.consensusKey)), transportKey: publicKeyName(privateKey(stored.transportKey)) };
}

/** The keys in a validator's home. @throws AppError `VALIDATOR_KEYS_MISSING` */
export async function openValidatorKeys(documents: Documents, home: string): Promise<ValidatorKeys> {
  const stored = await documents.load(keysDocument, keysSchema);
  if (stored === undefined)
    throw new AppError(
      'VALIDATOR_KEYS_MISSING',
      {
        what: say`The home ${home} holds no keys of a validator.`,
        consequence: 'The validator was not started.',
        remedy: 'Name the folder that `vouchsafe network create` or `vouchsafe validator init` made.',
      },
      { data: { home } },
    );
  return {
    consensus: privateKey(stored.consensusKey),
    transport: privateKey(stored.transportKey),
    logId: fromHex(stored.logId),
    account: hkdf(sha256, fromHex(stored.consensusKey), undefined, utf8('vouchsafe:1:validator:account'), 32),
  };
}

function privateKey(secret: Hex): KeyObject {
  return createPrivateKey({ key: Buffer.from(concatBytes(privateKeyPrefix, fromHex(secret))), format: 'der', type: 'pkcs8' });
}
