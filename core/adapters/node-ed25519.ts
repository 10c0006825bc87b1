/** Ed25519 (RFC 8032) of node:crypto behind the ports of the consensus. */
import { createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import { concatBytes, equalBytes, fromHex, toHex } from '../base/bytes.ts';
import type { Sign, Verify } from '../consensus/signing.ts';

/** What stands before the 32 bytes of a key in a SubjectPublicKeyInfo (RFC 8410). */
const keyInfoPrefix = fromHex('0x302a300506032b6570032100');
/** Keys that are kept in the form that node:crypto takes: those of two epochs of the largest network. */
const keysMax = 8_192;
/** Signatures that are known to hold: those of some hundred blocks. */
const signaturesMax = 16_384;

/** Signs with a private Ed25519 key. */
export function signerOf(privateKey: KeyObject): Sign {
  return (message) => new Uint8Array(sign(null, message, privateKey));
}

/**
 * A verifier that remembers which signatures held: a vote is met again in its group's vote, in certificates and in what is sent twice.
 * Members that share a process share one.
 */
export function rememberingVerifier(): Verify {
  const keys = new Map<string, KeyObject>();
  const held = new Map<string, Uint8Array>();
  return (publicKey, message, signature) => {
    const name = toHex(publicKey);
    const place = `${name}${toHex(signature)}`;
    const known = held.get(place);
    if (known !== undefined && equalBytes(known, message)) return true;
    let key = keys.get(name);
    if (key === undefined) {
      key = createPublicKey({ key: Buffer.from(concatBytes(keyInfoPrefix, publicKey)), format: 'der', type: 'spki' });
      keep(keys, keysMax, name, key);
    }
    if (!verify(null, message, key, signature)) return false;
    keep(held, signaturesMax, place, message);
    return true;
  };
}

/** Adds to a memory and lets it forget what came first. */
function keep<Value>(memory: Map<string, Value>, sizeMax: number, name: string, value: Value): void {
  memory.set(name, value);
  if (memory.size <= sizeMax) return;
  for (const [oldest] of memory) {
    memory.delete(oldest);
    return;
  }
}
