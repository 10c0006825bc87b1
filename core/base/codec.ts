/**
 * The one binary encoding of the project: fixed-width big-endian integers, fixed-length bytes, and
 * byte strings with a 32-bit length before them. A value has exactly one encoding, so that an
 * encoding may be hashed and signed. The layouts are listed in docs/formats.md.
 */
import { assert } from './assert.ts';
import { fromBigEndian, toBigEndian, utf8 } from './bytes.ts';

/** Buffers of encoders that finished, for the next ones: encodings are many, short and short-lived. */
const spareBuffers: Uint8Array[] = [];
const spareBuffersMax = 16;
const bufferBytes = 512;
const finished = new Uint8Array(0);

/** Appends fields; `finish` gives the encoding, once. */
export class Encoder {
  #buffer = spareBuffers.pop() ?? new Uint8Array(bufferBytes);
  #length = 0;

  /** An unsigned integer of `byteLength` bytes. */
  uint(value: bigint | number, byteLength: number): this {
    if (typeof value === 'bigint') return this.fixed(toBigEndian(value, byteLength), byteLength);
    // Most fields are small numbers: no detour by bigint.
    assert(Number.isSafeInteger(value) && value >= 0, 'a number in an encoding is a safe integer');
    this.#reserve(byteLength);
    let rest = value;
    for (let index = this.#length - 1; index >= this.#length - byteLength; index--) {
      this.#buffer[index] = rest % 256;
      rest = Math.floor(rest / 256);
    }
    assert(rest === 0, `integer fits ${byteLength} bytes`);
    return this;
  }

  /** Bytes whose length the format fixes. */
  fixed(bytes: Uint8Array, length: number): this {
    assert(bytes.length === length, `field has ${length} bytes`);
    this.#reserve(length);
    this.#buffer.set(bytes, this.#length - length);
    return this;
  }

  /** Bytes of any length, after their length in 4 bytes. */
  bytes(bytes: Uint8Array): this {
    return this.uint(bytes.length, 4).fixed(bytes, bytes.length);
  }

  /** A text in UTF-8, as {@link bytes}. */
  text(text: string): this {
    return this.bytes(utf8(text));
  }

  finish(): Uint8Array {
    assert(this.#buffer !== finished, 'an encoder finishes once');
    const encoding = this.#buffer.slice(0, this.#length);
    this.#buffer.fill(0, 0, this.#length); // it may have been a secret
    if (this.#buffer.length === bufferBytes && spareBuffers.length < spareBuffersMax) spareBuffers.push(this.#buffer);
    this.#buffer = finished;
    return encoding;
  }

  /** Makes `length` more bytes part of the encoding. */
  #reserve(length: number): void {
    assert(this.#buffer !== finished, 'nothing is appended to a finished encoding');
    this.#length += length;
    if (this.#length <= this.#buffer.length) return;
    const larger = new Uint8Array(Math.max(2 * this.#buffer.length, this.#length));
    larger.set(this.#buffer);
    this.#buffer = larger;
  }
}

/** Why a decoding stopped; callers turn it into the verdict or error of their area. */
export class DecodeError extends Error {
  override name = 'DecodeError';
}

/** Reads fields in order; every read beyond the end, and bytes left at `finish`, is a {@link DecodeError}. */
export class Decoder {
  readonly #input: Uint8Array;
  #offset = 0;

  constructor(input: Uint8Array) {
    this.#input = input;
  }

  uint(byteLength: number): bigint {
    return fromBigEndian(this.fixed(byteLength));
  }

  /** An unsigned integer that is a safe JavaScript number. */
  count(byteLength: number): number {
    const begin = this.#take(byteLength);
    // No detour by bigint. What is too large may be rounded, but never to a safe number.
    let value = 0;
    for (let index = begin; index < this.#offset; index++) value = 256 * value + (this.#input[index] as number);
    if (value > Number.MAX_SAFE_INTEGER) throw new DecodeError('integer too large');
    return value;
  }

  fixed(length: number): Uint8Array {
    const begin = this.#take(length);
    return this.#input.slice(begin, this.#offset);
  }

  /** A byte string of at most `lengthMax` bytes. */
  bytes(lengthMax: number): Uint8Array {
    const length = this.count(4);
    if (length > lengthMax) throw new DecodeError(`field longer than ${lengthMax} bytes`);
    return this.fixed(length);
  }

  /** A UTF-8 text of at most `lengthMax` bytes; malformed UTF-8 is refused. */
  text(lengthMax: number): string {
    try {
      return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(this.bytes(lengthMax));
    } catch (error) {
      if (error instanceof DecodeError) throw error;
      throw new DecodeError('text is not UTF-8', { cause: error });
    }
  }

  /** Goes on by so many bytes; where they begin. */
  #take(length: number): number {
    if (length > this.#input.length - this.#offset) throw new DecodeError('input ends early');
    this.#offset += length;
    return this.#offset - length;
  }

  finish(): void {
    if (this.#offset !== this.#input.length) throw new DecodeError('bytes after the end');
  }
}
