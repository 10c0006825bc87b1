/** Bytes, hexadecimal text and big-endian integers. No Node API, so that every layer may use it. */
import { assert } from './assert.ts';

/** Lower-case hexadecimal with the prefix `0x`, as the chain and JSON documents write bytes. */
export type Hex = `0x${string}`;

const encoder = new TextEncoder();
const hexOfByte = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));
const hexPattern = /^0x(?:[0-9a-f]{2})*$/;

/** Whether `text` is canonical {@link Hex}: prefix, lower case, whole bytes. */
export function isHex(text: unknown): text is Hex {
  return typeof text === 'string' && hexPattern.test(text);
}

/** Bytes to lower-case hexadecimal with prefix. */
export function toHex(bytes: Uint8Array): Hex {
  let text = '0x';
  for (let index = 0; index < bytes.length; index++) text += hexOfByte[bytes[index] as number];
  return text as Hex;
}

/** Canonical hexadecimal to bytes. The caller has validated the text; anything else is a bug. */
export function fromHex(text: string): Uint8Array {
  assert(isHex(text), 'fromHex takes canonical hexadecimal');
  const bytes = new Uint8Array((text.length - 2) / 2);
  for (let index = 0; index < bytes.length; index++)
    bytes[index] = 16 * digit(text.charCodeAt(2 + 2 * index)) + digit(text.charCodeAt(3 + 2 * index));
  return bytes;
}

/** The value of a lower-case hexadecimal digit from its character code. */
function digit(code: number): number {
  return code <= 0x39 ? code - 0x30 : code - 0x57;
}

/** Joins parts into one array. */
export function concatBytes(...parts: readonly Uint8Array[]): Uint8Array {
  const joined = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    joined.set(part, offset);
    offset += part.length;
  }
  return joined;
}

/** Whether two arrays hold the same bytes. For public values only: the time depends on the content. */
export function equalBytes(left: Uint8Array, right: Uint8Array): boolean {
  return left.length === right.length && left.every((byte, index) => byte === right[index]);
}

/** Bytes of a text in UTF-8. */
export function utf8(text: string): Uint8Array {
  return encoder.encode(text);
}

/** A non-negative integer as `length` bytes, big-endian. */
export function toBigEndian(value: bigint, length: number): Uint8Array {
  assert(value >= 0n && value < 1n << BigInt(8 * length), `integer fits ${length} bytes`);
  const bytes = new Uint8Array(length);
  for (let index = length - 1, rest = value; index >= 0; index--, rest >>= 8n) bytes[index] = Number(rest & 0xffn);
  return bytes;
}

/** Big-endian bytes as a non-negative integer. */
export function fromBigEndian(bytes: Uint8Array): bigint {
  return bytes.length === 0 ? 0n : BigInt(toHex(bytes));
}
