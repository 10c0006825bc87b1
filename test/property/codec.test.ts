/** The quick ways of reading integers and writing hexadecimal give what the plain ones give, errors included. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromBigEndian, toHex } from '../../core/base/bytes.ts';
import { DecodeError, Decoder } from '../../core/base/codec.ts';

const plainHex = (bytes: Uint8Array) => `0x${[...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('')}`;

/** Reads an integer at an offset the plain way: the value, or the error's message. */
function plainCount(bytes: Uint8Array, offset: number, byteLength: number): number | string {
  if (offset + byteLength > bytes.length) return 'input ends early';
  const part = bytes.slice(offset, offset + byteLength);
  const value = part.length === 0 ? 0n : BigInt(plainHex(part));
  return value > BigInt(Number.MAX_SAFE_INTEGER) ? 'integer too large' : Number(value);
}

function outcome<T>(read: () => T): T | string {
  try {
    return read();
  } catch (error) {
    expect(error).toBeInstanceOf(DecodeError);
    return (error as Error).message;
  }
}

/** Bytes, often with what matters for integers: zeros before, all ones, and the edge of what is safe. */
const bytes = fc.oneof(
  fc.uint8Array({ maxLength: 40 }),
  fc
    .array(fc.constantFrom(0, 0, 0, 1, 0x1f, 0x20, 0x7f, 0x80, 0xfe, 0xff, 0xff), { maxLength: 40 })
    .map((values) => Uint8Array.from(values)),
  fc.constantFrom(2n ** 53n - 1n, 2n ** 53n, 2n ** 53n + 1n, 2n ** 64n - 1n, 2n ** 56n).map((value) => {
    const encoding = new Uint8Array(8);
    new DataView(encoding.buffer).setBigUint64(0, value);
    return encoding;
  }),
);

describe('quick forms', () => {
  it('hexadecimal', () => {
    fc.assert(
      fc.property(bytes, (value) => toHex(value) === plainHex(value)),
      { numRuns: 20_000 },
    );
    expect(toHex(Uint8Array.from({ length: 256 }, (_, byte) => byte))).toBe(plainHex(Uint8Array.from({ length: 256 }, (_, byte) => byte)));
  });

  it('integers, and why one is refused, also one after another', () => {
    let refused = 0;
    let taken = 0;
    fc.assert(
      fc.property(bytes, fc.array(fc.nat({ max: 20 }), { minLength: 1, maxLength: 6 }), (value, lengths) => {
        const decoder = new Decoder(value);
        let offset = 0;
        for (const length of lengths) {
          const expected = plainCount(value, offset, length);
          expect(outcome(() => decoder.count(length))).toBe(expected);
          if (typeof expected === 'number') taken++;
          else refused++;
          // What does not fit leaves the place as it was; what is too large was read.
          if (expected !== 'input ends early') offset += length;
        }
        expect(outcome(() => decoder.finish())).toBe(offset === value.length ? undefined : 'bytes after the end');
      }),
      { numRuns: 50_000 },
    );
    expect(Math.min(refused, taken)).toBeGreaterThan(10_000);
  });

  it('large integers', () => {
    fc.assert(
      fc.property(bytes, (value) => {
        const plain = value.length === 0 ? 0n : BigInt(plainHex(value));
        expect(fromBigEndian(value)).toBe(plain);
        expect(new Decoder(value).uint(value.length)).toBe(plain);
      }),
      { numRuns: 20_000 },
    );
  });
});
