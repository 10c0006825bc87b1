/**
 * Descriptions of binary formats over the codec: one description both writes and reads, so that the two cannot differ. Whatever `read` takes,
 * `write` gives the same bytes for; whatever `write` takes, `read` takes too, because both know the same limits.
 */
import { assert } from './assert.ts';
import { fromHex, type Hex, toHex } from './bytes.ts';
import { DecodeError, Decoder, Encoder } from './codec.ts';

/** How values of a type are written and read. `write` asserts the limits, `read` refuses what is beyond them with a {@link DecodeError}. */
export interface Format<T> {
  write(encoder: Encoder, value: T): void;
  read(decoder: Decoder): T;
}

/** The bytes of a value. */
export function encodeAs<T>(format: Format<T>, value: T): Uint8Array {
  const encoder = new Encoder();
  format.write(encoder, value);
  return encoder.finish();
}

/** The value of bytes, all of them. Errors: {@link DecodeError}. */
export function decodeAs<T>(format: Format<T>, bytes: Uint8Array): T {
  const decoder = new Decoder(bytes);
  const value = format.read(decoder);
  decoder.finish();
  return value;
}

/** An integer of 0 to `max`, which is a safe one. */
export function uint(byteLength: number, max = Math.min(Number.MAX_SAFE_INTEGER, 2 ** (8 * byteLength) - 1)): Format<number> {
  return {
    write: (encoder, value) => {
      assert(value <= max, `integer is at most ${max}`);
      encoder.uint(value, byteLength);
    },
    read: (decoder) => {
      const value = decoder.count(byteLength);
      if (value > max) throw new DecodeError(`integer above ${max}`);
      return value;
    },
  };
}

/** One byte, 0 or 1. */
export const flag: Format<boolean> = {
  write: (encoder, value) => encoder.uint(value ? 1 : 0, 1),
  read: (decoder) => uint(1, 1).read(decoder) === 1,
};

/** Bytes of a fixed length. */
export function fixed(length: number): Format<Uint8Array> {
  return { write: (encoder, value) => encoder.fixed(value, length), read: (decoder) => decoder.fixed(length) };
}

/** Bytes, after their length. */
export function bytes(lengthMax: number): Format<Uint8Array> {
  return {
    write: (encoder, value) => {
      assert(value.length <= lengthMax, `field has at most ${lengthMax} bytes`);
      encoder.bytes(value);
    },
    read: (decoder) => decoder.bytes(lengthMax),
  };
}

/** A hash of 32 bytes. */
export const hash: Format<Hex> = {
  write: (encoder, value) => encoder.fixed(fromHex(value), 32),
  read: (decoder) => toHex(decoder.fixed(32)),
};

/** Values of one format, after their number in 2 bytes. */
export function list<T>(item: Format<T>, lengthMax: number): Format<readonly T[]> {
  const length = uint(2, lengthMax);
  return {
    write: (encoder, values) => {
      length.write(encoder, values.length);
      for (const value of values) item.write(encoder, value);
    },
    read: (decoder) => Array.from({ length: length.read(decoder) }, () => item.read(decoder)),
  };
}

/** A flag, and the value where there is one. */
export function optional<T>(format: Format<T>): Format<T | null> {
  return {
    write: (encoder, value) => {
      flag.write(encoder, value !== null);
      if (value !== null) format.write(encoder, value);
    },
    read: (decoder) => (flag.read(decoder) ? format.read(decoder) : null),
  };
}

/** One of a few words, as its number. */
export function oneOf<T extends string>(...words: readonly T[]): Format<T> {
  const position = uint(1, words.length - 1);
  return {
    write: (encoder, value) => position.write(encoder, words.indexOf(value)),
    read: (decoder) => words[position.read(decoder)] as T,
  };
}

/** Fields one after another, in the order in which they are given here. */
export function fields<T extends object>(formats: { readonly [Name in keyof T]-?: Format<T[Name]> }): Format<T> {
  const entries = Object.entries(formats) as [keyof T, Format<T[keyof T]>][];
  return {
    write: (encoder, value) => {
      for (const [name, format] of entries) format.write(encoder, value[name]);
    },
    read: (decoder) => Object.fromEntries(entries.map(([name, format]) => [name, format.read(decoder)])) as T,
  };
}

/** Alternatives told apart by `kind`: the tag of the kind in one byte, and its other fields. */
export function alternatives<T extends { readonly kind: string }>(
  cases: {
    readonly [Kind in T['kind']]: readonly [tag: number, format: Format<Omit<Extract<T, { readonly kind: Kind }>, 'kind'>>];
  },
): Format<T> {
  const known = Object.entries(cases) as [T['kind'], readonly [number, Format<object>]][];
  const byKind = new Map(known);
  const byTag = new Map(known.map(([kind, [tag, format]]) => [tag, { kind, format }]));
  assert(byTag.size === known.length, 'every kind has a tag of its own');
  return {
    write: (encoder, value) => {
      const found = byKind.get(value.kind);
      assert(found !== undefined, `${value.kind} has a format`);
      encoder.uint(found[0], 1);
      found[1].write(encoder, value);
    },
    read: (decoder) => {
      const found = byTag.get(decoder.count(1));
      if (found === undefined) throw new DecodeError('unknown kind');
      return { kind: found.kind, ...found.format.read(decoder) } as unknown as T;
    },
  };
}
