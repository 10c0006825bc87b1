/** The ports to Ed25519 (RFC 8032), and the prefix that binds each signature to one purpose, network and epoch. */
import { Encoder } from '../base/codec.ts';
import type { Committee, MemberId } from './committee.ts';

/** Signs with the member's key. */
export type Sign = (message: Uint8Array) => Uint8Array;
/** Whether a signature over a message is that key's. */
export type Verify = (publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array) => boolean;

/** A signature and whose it is. */
export interface MemberSignature {
  readonly member: MemberId;
  readonly signature: Uint8Array;
}

/** Begins what is signed: a tag for the purpose in UTF-8, the network, the epoch. */
export function signedIn(committee: Committee, tag: Uint8Array): Encoder {
  return new Encoder().bytes(tag).fixed(committee.genesisBytes, 32).uint(committee.epoch, 8);
}
