/** Randomness and signatures of the simulator: all from one seed, and quick. */
import { concatBytes, utf8 } from '../../core/base/bytes.ts';
import type { Sign, Verify } from '../../core/consensus/signing.ts';

/** A generator of numbers from a seed (mulberry32). */
export class Seeded {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** From 0 to `bound` - 1. */
  below(bound: number): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296) * bound);
  }

  /** True with this chance. */
  chance(probability: number): boolean {
    return this.below(1_000_000) < probability * 1_000_000;
  }

  pick<Value>(values: readonly Value[]): Value {
    const value = values[this.below(values.length)];
    if (value === undefined) throw new Error('nothing to pick from');
    return value;
  }

  shuffled<Value>(values: readonly Value[]): Value[] {
    const left = [...values];
    for (let index = left.length - 1; index > 0; index--) {
      const other = this.below(index + 1);
      [left[index], left[other]] = [left[other] as Value, left[index] as Value];
    }
    return left;
  }
}

/** 64 bits of FNV-1a in two halves, as text: enough to tell messages apart, and no cryptography. */
export function fingerprint(bytes: Uint8Array): string {
  let high = 0x811c9dc5;
  let low = 0x01000193;
  for (const byte of bytes) {
    high = Math.imul(high ^ byte, 0x01000193);
    low = Math.imul(low ^ byte, 0x5bd1e995) ^ (low >>> 13);
  }
  return (high >>> 0).toString(16).padStart(8, '0') + (low >>> 0).toString(16).padStart(8, '0');
}

/** A public key of the simulator: a member's number. */
export function keyOf(member: number): Uint8Array {
  const key = new Uint8Array(32);
  new DataView(key.buffer).setUint32(0, member);
  return key;
}

/**
 * Signatures that only the holder of a key can make, because the simulator hands out each `sign` once: a fingerprint of key and message.
 * The machine cannot tell them from Ed25519.
 */
export function signerOf(member: number): Sign {
  return (message) => signature(keyOf(member), message);
}

export const verify: Verify = (publicKey, message, given) => {
  const expected = signature(publicKey, message);
  return given.length === expected.length && given.every((byte, index) => byte === expected[index]);
};

function signature(key: Uint8Array, message: Uint8Array): Uint8Array {
  const signed = new Uint8Array(64);
  signed.set(utf8(fingerprint(concatBytes(key, message))));
  return signed;
}
