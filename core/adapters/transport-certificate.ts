/**
 * The certificate that a node shows in TLS: self-signed, made at start, and no more than an envelope of its Ed25519 key. Nobody looks at
 * anything else in it: peers know each other's keys (docs/decisions/one-connection-a-pair.md). So all of it but the key is fixed, and it
 * is written here byte by byte (X.690 DER, RFC 5280, RFC 8410) instead of by a library for all certificates.
 */
import { createPublicKey, type KeyObject, sign, type X509Certificate } from 'node:crypto';
import { assert } from '../base/assert.ts';
import { concatBytes, type Hex, toHex, utf8 } from '../base/bytes.ts';
import { publicKeyBytes } from '../consensus/limits.ts';

const commonName = 'Vouchsafe validator';
/** What stands before the 32 bytes of an Ed25519 key in a SubjectPublicKeyInfo. */
const keyInfoPrefix = bytesOf('302a300506032b6570032100');

/** A private Ed25519 key and the certificate of it, as node:tls takes them. */
export interface TransportIdentity {
  /** PKCS #8 in PEM. */
  readonly key: string;
  /** PEM. */
  readonly cert: string;
}

/** The identity of a private Ed25519 key. */
export function transportIdentity(privateKey: KeyObject): TransportIdentity {
  assert(privateKey.type === 'private' && privateKey.asymmetricKeyType === 'ed25519', 'a node has a private Ed25519 key');
  const algorithm = sequence(bytesOf('06032b6570')); // id-Ed25519
  const attribute = sequence(bytesOf('0603550403'), element(0x0c, utf8(commonName)));
  const name = sequence(element(0x31, attribute));
  const validity = sequence(element(0x18, utf8('19700101000000Z')), element(0x18, utf8('99991231235959Z')));
  const keyInfo = new Uint8Array(createPublicKey(privateKey).export({ format: 'der', type: 'spki' }));
  const version3 = element(0xa0, bytesOf('020102'));
  const serialNumber = bytesOf('020101');
  const content = sequence(version3, serialNumber, algorithm, name, validity, name, keyInfo);
  const signature = element(0x03, Uint8Array.of(0), new Uint8Array(sign(null, content, privateKey)));
  return {
    key: privateKey.export({ format: 'pem', type: 'pkcs8' }).toString(),
    cert: pem(sequence(content, algorithm, signature)),
  };
}

/** The Ed25519 key of a certificate; null if there is no certificate, or a key of another kind. */
export function certifiedKey(certificate: X509Certificate | undefined): Hex | null {
  const key = certificate?.publicKey;
  return key?.asymmetricKeyType === 'ed25519' ? publicKeyName(key) : null;
}

/** The 32 bytes of an Ed25519 key, of a pair's private or public half. */
export function publicKeyName(key: KeyObject): Hex {
  const publicKey = key.type === 'private' ? createPublicKey(key) : key;
  const info = new Uint8Array(publicKey.export({ format: 'der', type: 'spki' }));
  assert(info.length === keyInfoPrefix.length + publicKeyBytes, 'an Ed25519 key has 32 bytes');
  return toHex(info.subarray(keyInfoPrefix.length));
}

function sequence(...parts: readonly Uint8Array[]): Uint8Array {
  return element(0x30, ...parts);
}

/** A DER element of less than 64 KiB. */
function element(tag: number, ...parts: readonly Uint8Array[]): Uint8Array {
  const content = concatBytes(...parts);
  const { length } = content;
  const size = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return concatBytes(Uint8Array.of(tag, ...size), content);
}

function pem(der: Uint8Array): string {
  const lines =
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}

function bytesOf(hex: string): Uint8Array {
  return new Uint8Array(Buffer.from(hex, 'hex'));
}
