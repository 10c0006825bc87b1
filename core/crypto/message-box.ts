/**
 * Message boxes: HPKE (RFC 9180) in base mode with DHKEM(X25519, HKDF-SHA256), HKDF-SHA256 and
 * AES-256-GCM, by which identity keys, shares and evidence reach one recipient.
 *
 * Invariant: the purpose and the context of a box are part of the key (HPKE `info`), so a box made for
 * one purpose, offer or dataset never opens as another. Base mode names no sender: what must come from
 * somebody is signed inside or outside the box.
 */
import { Aes256Gcm, CipherSuite, HkdfSha256 } from '@hpke/core';
import { DhkemX25519HkdfSha256 } from '@hpke/dhkem-x25519';
import { x25519 } from '@noble/curves/ed25519.js';
import { AppError } from '../base/app-error.ts';
import { assert } from '../base/assert.ts';
import { concatBytes } from '../base/bytes.ts';
import { Encoder } from '../base/codec.ts';
import type { Random } from '../base/ports.ts';
import { say } from '../base/sentence.ts';

/** What a box may carry; each is a label of its own. */
export type BoxPurpose = 'identity-key' | 'proxy-share';

export const boxPlaintextBytesMax = 1 << 20;
const boxVersion = 1;
const encapsulatedBytes = 32;
const tagBytes = 16;
/** What a box adds to its plaintext: version, encapsulated key, tag. */
export const boxOverheadBytes = 1 + encapsulatedBytes + tagBytes;

/** An X25519 key. */
export interface MessageKey {
  /** 32 bytes. */
  readonly privateKey: Uint8Array;
  /** 32 bytes. */
  readonly publicKey: Uint8Array;
}

/** Names what a box is for. `context` is an unambiguous encoding (a grant context, an identity, a request's hash). */
export interface BoxLabel {
  readonly purpose: BoxPurpose;
  readonly context: Uint8Array;
}

const suite = new CipherSuite({ kem: new DhkemX25519HkdfSha256(), kdf: new HkdfSha256(), aead: new Aes256Gcm() });

/** The message key whose X25519 private key is `privateKey` (32 bytes). */
export function messageKeyFrom(privateKey: Uint8Array): MessageKey {
  assert(privateKey.length === 32, 'an X25519 private key has 32 bytes');
  return { privateKey, publicKey: x25519.getPublicKey(privateKey) };
}

/** The HPKE `info` of a box (docs/formats.md, "Message boxes"). */
export function boxInfo(label: BoxLabel): Uint8Array {
  return new Encoder().text('vouchsafe:1:box').text(label.purpose).bytes(label.context).finish();
}

/**
 * Seals `plaintext` (at most {@link boxPlaintextBytesMax} bytes) for the holder of `recipientPublicKey`.
 * `associatedData` is bound but not carried.
 * @throws AppError `BOX_RECIPIENT_INVALID` when the key is no usable X25519 public key.
 */
export async function sealBox(
  random: Random,
  recipientPublicKey: Uint8Array,
  label: BoxLabel,
  plaintext: Uint8Array,
  associatedData: Uint8Array = new Uint8Array(),
): Promise<Uint8Array> {
  assert(plaintext.length <= boxPlaintextBytesMax, 'a box holds at most 1 MiB');
  // RFC 9180 section 4: GenerateKeyPair may be DeriveKeyPair of Nsk fresh random bytes.
  const ephemeralSeed = random.bytes(32);
  try {
    const { enc, ct } = await suite.seal(
      {
        recipientPublicKey: await suite.kem.deserializePublicKey(recipientPublicKey.slice().buffer),
        info: boxInfo(label).slice().buffer,
        ekm: ephemeralSeed.slice().buffer,
      },
      plaintext.slice().buffer,
      associatedData.slice().buffer,
    );
    return concatBytes(new Uint8Array([boxVersion]), new Uint8Array(enc), new Uint8Array(ct));
  } catch (cause) {
    throw new AppError(
      'BOX_RECIPIENT_INVALID',
      {
        what: 'The message key of the recipient is not a usable X25519 public key.',
        consequence: 'Nothing was encrypted and nothing was sent.',
        remedy: 'Fetch the enrolment of the recipient again; if it still holds this key, the recipient must enrol anew.',
      },
      { cause },
    );
  }
}

/**
 * The plaintext of a box, or null when it does not open: made for another key, purpose, context or
 * associated data, or changed on the way.
 * @throws AppError `BOX_NEWER_VERSION` when the box is of a format this program does not know.
 */
export async function openBox(
  key: MessageKey,
  label: BoxLabel,
  box: Uint8Array,
  associatedData: Uint8Array = new Uint8Array(),
): Promise<Uint8Array | null> {
  const version = box[0];
  if (version !== undefined && version > boxVersion) {
    throw new AppError(
      'BOX_NEWER_VERSION',
      {
        what: say`The message is of format version ${version}; this program knows version ${boxVersion}.`,
        consequence: 'It was left unopened.',
        remedy: 'Update Vouchsafe and fetch the message again.',
      },
      { data: { version } },
    );
  }
  if (version !== boxVersion || box.length < boxOverheadBytes || box.length > boxPlaintextBytesMax + boxOverheadBytes) return null;
  const recipientKey = {
    privateKey: await suite.kem.deserializePrivateKey(key.privateKey.slice().buffer),
    publicKey: await suite.kem.deserializePublicKey(key.publicKey.slice().buffer),
  };
  try {
    const plaintext = await suite.open(
      { recipientKey, enc: box.slice(1, 1 + encapsulatedBytes).buffer, info: boxInfo(label).slice().buffer },
      box.slice(1 + encapsulatedBytes).buffer,
      associatedData.slice().buffer,
    );
    return new Uint8Array(plaintext);
  } catch {
    return null; // HPKE has one answer for every wrong key, label and changed byte
  }
}
