/** Randomness for tests: SHA-256 in counter mode over a seed, so that every run draws the same bytes. */
import { sha256 } from '@noble/hashes/sha2.js';
import { concatBytes, toBigEndian, utf8 } from '../core/base/bytes.ts';
import type { Random } from '../core/base/ports.ts';

export function seededRandom(seed: string): Random {
  let counter = 0n;
  return {
    bytes(length) {
      const blocks = Array.from({ length: Math.ceil(length / 32) }, () => sha256(concatBytes(utf8(seed), toBigEndian(counter++, 8))));
      return concatBytes(...blocks).slice(0, length);
    },
  };
}
