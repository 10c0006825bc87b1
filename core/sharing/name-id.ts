/** How contracts call circuits and templates: keccak256 of the name. */
import { keccak_256 } from '@noble/hashes/sha3.js';
import { type Hex, toHex, utf8 } from '../base/bytes.ts';

/** 32 bytes. */
export function nameId(name: string): Hex {
  return toHex(keccak_256(utf8(name)));
}
