/**
 * The signatures of the simulator. Most seeds use keyed fingerprints instead of Ed25519, because they are a hundred times as quick and the
 * machine cannot tell them apart: only the holder of a key is handed its `sign`, so that nobody forges. Some seeds use real Ed25519.
 */
import { createPrivateKey, createPublicKey, type KeyObject, sign as signEd25519, verify as verifyEd25519 } from 'node:crypto';
import type { Sign, Verify } from '../../core/consensus/signing.ts';
import { Fingerprint } from './seeded.ts';

export interface Keys {
  publicKey(node: number): Uint8Array;
  signerOf(node: number): Sign;
  readonly verify: Verify;
}

/** Keyed fingerprints: no cryptography, see above. */
export const quickKeys: Keys = {
  publicKey(node) {
    const key = new Uint8Array(32);
    new DataView(key.buffer).setUint32(0, node + 1);
    return key;
  },
  signerOf: (node) => (message) => {
    const signature = new Uint8Array(64);
    const { high, low } = new Fingerprint().add(node + 1).addBytes(message);
    const view = new DataView(signature.buffer);
    view.setInt32(0, high);
    view.setInt32(4, low);
    return signature;
  },
  verify(publicKey, message, signature) {
    if (signature.length !== 64) return false;
    const { high, low } = new Fingerprint().add(new DataView(publicKey.buffer, publicKey.byteOffset).getUint32(0)).addBytes(message);
    const view = new DataView(signature.buffer, signature.byteOffset);
    return view.getInt32(0) === high && view.getInt32(4) === low;
  },
};

const pkcs8Prefix = Buffer.from('302e020100300506032b657004220420', 'hex');
const spkiPrefix = Buffer.from('302a300506032b6570032100', 'hex');
const privateKeys = new Map<number, KeyObject>();
const publicKeys = new Map<string, KeyObject>();

function privateKey(node: number): KeyObject {
  const known = privateKeys.get(node);
  if (known !== undefined) return known;
  const seed = Buffer.alloc(32, node + 1);
  const key = createPrivateKey({ key: Buffer.concat([pkcs8Prefix, seed]), format: 'der', type: 'pkcs8' });
  privateKeys.set(node, key);
  return key;
}

/** Ed25519 (RFC 8032) of node:crypto, what validators use. */
export const ed25519Keys: Keys = {
  publicKey: (node) =>
    new Uint8Array(createPublicKey(privateKey(node)).export({ format: 'der', type: 'spki' }).subarray(spkiPrefix.length)),
  signerOf: (node) => (message) => new Uint8Array(signEd25519(null, message, privateKey(node))),
  verify(publicKey, message, signature) {
    const name = Buffer.from(publicKey).toString('hex');
    let key = publicKeys.get(name);
    if (key === undefined) {
      key = createPublicKey({ key: Buffer.concat([spkiPrefix, publicKey]), format: 'der', type: 'spki' });
      publicKeys.set(name, key);
    }
    return verifyEd25519(null, message, key, signature);
  },
};
