/**
 * Sealed documents: a JSON value encrypted under a passphrase (Argon2id, RFC 9106) or a given key, with
 * everything that is needed to open it in a header. docs/formats.md, "Sealed documents".
 *
 * Invariants: every sealing draws a fresh salt, so its AES-256-GCM key seals once. Header and name are
 * authenticated, so one document cannot be passed off as another. The header bounds what reading a
 * hostile file may cost. A digest of the header and a keyed check value tell a damaged header, a wrong
 * passphrase and a damaged body apart. No error repeats anything secret.
 */
import { hkdf } from '@noble/hashes/hkdf.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { AppError } from '../base/app-error.ts';
import { assert } from '../base/assert.ts';
import { concatBytes, equalBytes, utf8 } from '../base/bytes.ts';
import { Decoder, Encoder } from '../base/codec.ts';
import type { Random } from '../base/ports.ts';
import { type Sentence, say } from '../base/sentence.ts';
import { type Aead, aeadNonceBytes, aeadTagBytes } from './aead.ts';

/** Cost of one guess of a passphrase. */
export interface PassphraseCost {
  readonly memoryKibibytes: number;
  readonly passes: number;
  readonly lanes: number;
}

/** 64 MiB and three passes: about half a second, RFC 9106's second recommended option with one lane. */
export const passphraseCostDefault: PassphraseCost = { memoryKibibytes: 64 * 1024, passes: 3, lanes: 1 };
/** What a header may ask of a reader at most: 256 MiB and ten passes, some seconds. */
export const passphraseCostMax: PassphraseCost = { memoryKibibytes: 256 * 1024, passes: 10, lanes: 4 };
export const passphraseLengthMin = 8;
export const passphraseLengthMax = 1024;
export const documentBytesMax = 16 << 20;

/** Argon2id (RFC 9106, version 0x13) with a result of 32 bytes. */
export interface PassphraseHash {
  argon2id(passphrase: Uint8Array, salt: Uint8Array, cost: PassphraseCost): Promise<Uint8Array>;
}

/** What sealing and opening ask of the outside. */
export interface SealingPorts {
  readonly aead: Aead;
  readonly passphraseHash: PassphraseHash;
  readonly random: Random;
}

/** What a document is locked with: a passphrase of a person, or 32 bytes that something else keeps. */
export type DocumentLock = { readonly passphrase: string; readonly cost?: PassphraseCost } | { readonly key: Uint8Array };

const magic = utf8('vouchdoc');
const formatVersion = 1;
const saltBytes = 32;
const headerDigestBytes = 8;
const checkBytes = 16;
const prefixBytes = magic.length + 2;
/** Kind of lock, memory, passes, lanes, salt. */
const headerBytes = prefixBytes + 1 + 4 + 4 + 1 + saltBytes;
const overheadBytes = headerBytes + headerDigestBytes + checkBytes + aeadTagBytes;

const lockKinds = { passphrase: 1, key: 2 } as const;

/** Seals `value`, which JSON can express, as the document called `name`. */
export async function sealDocument(ports: SealingPorts, name: string, lock: DocumentLock, value: unknown): Promise<Uint8Array> {
  const text = JSON.stringify(value);
  assert(text !== undefined, 'a document is a JSON value');
  const plaintext = utf8(text);
  if (plaintext.length > documentBytesMax)
    throw new AppError(
      'SEALED_TOO_LARGE',
      {
        what: say`The document ${name} has ${plaintext.length} bytes; at most ${documentBytesMax} can be sealed.`,
        consequence: 'It was not saved; its last saved state is unchanged.',
        remedy: 'Move large data to a file of its own and keep only its key and digest in the document.',
      },
      { data: { name, bytes: plaintext.length } },
    );
  const salt = ports.random.bytes(saltBytes);
  const cost = 'passphrase' in lock ? (lock.cost ?? passphraseCostDefault) : { memoryKibibytes: 0, passes: 0, lanes: 0 };
  const header = new Encoder()
    .fixed(magic, magic.length)
    .uint(formatVersion, 2)
    .uint('passphrase' in lock ? lockKinds.passphrase : lockKinds.key, 1)
    .uint(cost.memoryKibibytes, 4)
    .uint(cost.passes, 4)
    .uint(cost.lanes, 1)
    .fixed(salt, saltBytes)
    .finish();
  const { key, check } = await keysOf(ports, lock, salt, cost);
  const body = new Uint8Array(plaintext.length + aeadTagBytes);
  ports.aead.key(key).sealInto(body, new Uint8Array(aeadNonceBytes), associatedData(name, header), plaintext);
  return concatBytes(header, headerDigest(header), check, body);
}

/**
 * Opens the document called `name`. The value is JSON of unknown shape: the caller checks it.
 * @throws AppError `SEALED_NEWER_VERSION`, `SEALED_DAMAGED` (not a sealed document, or its header or body
 * was changed), `SEALED_COST_REFUSED`, `SEALED_OTHER_LOCK`, `SEALED_WRONG_PASSPHRASE`, `SEALED_WRONG_KEY`.
 */
export async function openDocument(ports: SealingPorts, name: string, lock: DocumentLock, sealed: Uint8Array): Promise<unknown> {
  if (sealed.length < prefixBytes || !equalBytes(sealed.subarray(0, magic.length), magic))
    throw damaged(name, say`it does not begin like one`);
  const fields = new Decoder(sealed.subarray(magic.length));
  const version = fields.count(2);
  if (version > formatVersion)
    throw new AppError(
      'SEALED_NEWER_VERSION',
      {
        what: say`The sealed document ${name} is of format version ${version}; this program knows version ${formatVersion}.`,
        consequence: 'It was not opened and not changed.',
        remedy: 'Open it with the version of Vouchsafe that wrote it, or a newer one.',
      },
      { data: { name, version } },
    );
  if (sealed.length < overheadBytes) throw damaged(name, say`it ends early`);
  const header = sealed.subarray(0, headerBytes);
  if (!equalBytes(headerDigest(header), sealed.subarray(headerBytes, headerBytes + headerDigestBytes)) || version !== formatVersion)
    throw damaged(name, say`its header was changed`);
  const kind = fields.count(1);
  const cost = { memoryKibibytes: fields.count(4), passes: fields.count(4), lanes: fields.count(1) };
  const salt = fields.fixed(saltBytes);
  const wantedKind = 'passphrase' in lock ? lockKinds.passphrase : lockKinds.key;
  if (kind !== wantedKind)
    throw new AppError(
      'SEALED_OTHER_LOCK',
      {
        what:
          kind === lockKinds.passphrase
            ? say`The sealed document ${name} is locked with a passphrase, not by a stored key.`
            : say`The sealed document ${name} is locked by a stored key, not with a passphrase.`,
        consequence: 'It was not opened and not changed.',
        remedy: 'Open it the way it was locked.',
      },
      { data: { name } },
    );
  if (kind === lockKinds.passphrase && !isBearable(cost))
    throw new AppError(
      'SEALED_COST_REFUSED',
      {
        what: say`Opening ${name} would take ${cost.memoryKibibytes} KiB of memory and ${cost.passes} passes, beyond what Vouchsafe ever asks for.`,
        consequence: 'It was not opened: the file was not written by this program, or was changed.',
        remedy: 'Restore the file from a backup.',
      },
      { data: { name, ...cost } },
    );
  const { key, check } = await keysOf(ports, lock, salt, cost);
  const bodyStart = headerBytes + headerDigestBytes + checkBytes;
  if (!equalBytes(check, sealed.subarray(headerBytes + headerDigestBytes, bodyStart))) throw wrongLock(name, lock);
  const body = sealed.subarray(bodyStart);
  const plaintext = new Uint8Array(body.length - aeadTagBytes);
  if (!ports.aead.key(key).openInto(plaintext, new Uint8Array(aeadNonceBytes), associatedData(name, header), body))
    throw damaged(name, say`its content was changed, or it is another document under this name`);
  return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(plaintext));
}

/**
 * Refuses a passphrase that is too easy to guess or too long to type.
 * @throws AppError `PASSPHRASE_TOO_SHORT` or `PASSPHRASE_TOO_LONG`.
 */
export function requireAcceptablePassphrase(passphrase: string): void {
  const length = [...passphrase.normalize('NFKC')].length;
  if (length >= passphraseLengthMin && length <= passphraseLengthMax) return;
  const short = length < passphraseLengthMin;
  throw new AppError(
    short ? 'PASSPHRASE_TOO_SHORT' : 'PASSPHRASE_TOO_LONG',
    {
      what: short
        ? say`The passphrase has ${length} characters; at least ${passphraseLengthMin} are needed.`
        : say`The passphrase has ${length} characters; at most ${passphraseLengthMax} are taken.`,
      consequence: 'Nothing was sealed with it.',
      remedy: 'Choose several words that only you would put together.',
    },
    { data: { length } },
  );
}

function isBearable(cost: PassphraseCost): boolean {
  return (
    cost.lanes >= 1 &&
    cost.lanes <= passphraseCostMax.lanes &&
    cost.passes >= 1 &&
    cost.passes <= passphraseCostMax.passes &&
    cost.memoryKibibytes >= 8 * cost.lanes &&
    cost.memoryKibibytes <= passphraseCostMax.memoryKibibytes
  );
}

async function keysOf(
  ports: SealingPorts,
  lock: DocumentLock,
  salt: Uint8Array,
  cost: PassphraseCost,
): Promise<{ readonly key: Uint8Array; readonly check: Uint8Array }> {
  if ('key' in lock) assert(lock.key.length === 32, 'a key that seals documents has 32 bytes');
  const root = 'key' in lock ? lock.key : await ports.passphraseHash.argon2id(utf8(lock.passphrase.normalize('NFKC')), salt, cost);
  return {
    key: hkdf(sha256, root, salt, utf8('vouchsafe:1:sealed:key'), 32),
    check: hkdf(sha256, root, salt, utf8('vouchsafe:1:sealed:check'), checkBytes),
  };
}

function headerDigest(header: Uint8Array): Uint8Array {
  return sha256(header).subarray(0, headerDigestBytes);
}

function associatedData(name: string, header: Uint8Array): Uint8Array {
  return new Encoder().text('vouchsafe:1:sealed').text(name).bytes(header).finish();
}

function damaged(name: string, how: Sentence): AppError {
  return new AppError(
    'SEALED_DAMAGED',
    {
      what: say`${name} is not an intact sealed document: ${how}.`,
      consequence: 'Nothing was read from it, and it was not changed.',
      remedy: 'Restore it from a backup; a person can restore all keys from the 24 words.',
    },
    { data: { name } },
  );
}

function wrongLock(name: string, lock: DocumentLock): AppError {
  return 'passphrase' in lock
    ? new AppError(
        'SEALED_WRONG_PASSPHRASE',
        {
          what: say`The passphrase does not open ${name}.`,
          consequence: 'The document is intact and was not changed.',
          remedy: 'Try again; mind capital letters and the keyboard layout.',
        },
        { data: { name } },
      )
    : new AppError(
        'SEALED_WRONG_KEY',
        {
          what: say`The stored key does not open ${name}.`,
          consequence: 'The document is intact and was not changed.',
          remedy: 'Use the home directory with the keychain it was made with, or restore from the 24 words.',
        },
        { data: { name } },
      );
}
