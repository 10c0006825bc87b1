/** Mutated and random bytes for fuzz tests of decoders, from a seed: whatever a decoder takes must be what its encoder makes. */
import { concatBytes, equalBytes } from '../core/base/bytes.ts';
import { DecodeError } from '../core/base/codec.ts';
import { Seeded } from './simulator/seeded.ts';

/** What came of a run. */
export interface FuzzOutcome {
  /** Inputs that the decoder took, each the encoding of what it gave. */
  readonly taken: number;
  /** Inputs that it refused with a {@link DecodeError}. */
  readonly refused: number;
}

/**
 * Feeds `count` inputs to a decoder: samples with bits flipped, bytes replaced, cut, doubled or spliced, and plain noise.
 * Throws whatever else than a DecodeError is thrown, and an Error on an input that is taken but would be encoded otherwise.
 */
export function fuzz<T>(options: {
  readonly seed: number;
  readonly count: number;
  readonly samples: readonly Uint8Array[];
  readonly decode: (input: Uint8Array) => T;
  readonly encode: (value: T) => Uint8Array;
}): FuzzOutcome {
  const { count, samples, decode, encode } = options;
  const random = new Seeded(options.seed);
  let taken = 0;
  let refused = 0;
  for (let run = 0; run < count; run++) {
    const input = mutated(random, samples);
    let value: T;
    try {
      value = decode(input);
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      refused++;
      continue;
    }
    if (!equalBytes(encode(value), input)) throw new Error(`taken, but encoded otherwise: ${Buffer.from(input).toString('hex')}`);
    taken++;
  }
  return { taken, refused };
}

function mutated(random: Seeded, samples: readonly Uint8Array[]): Uint8Array {
  if (random.chance(0.05)) return noise(random, random.below(200));
  let bytes = Uint8Array.from(random.pick(samples));
  for (let change = random.below(3); change >= 0; change--) bytes = changed(random, bytes, samples);
  return bytes;
}

function changed(random: Seeded, bytes: Uint8Array, samples: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const at = random.below(bytes.length + 1);
  const copy = Uint8Array.from(bytes);
  switch (random.below(6)) {
    case 0:
      if (at < copy.length) copy[at] = (copy[at] ?? 0) ^ (1 << random.below(8));
      return copy;
    case 1:
      if (at < copy.length) copy[at] = random.pick([0, 1, 2, 0x7f, 0x80, 0xff]);
      return copy;
    case 2:
      return copy.slice(0, at);
    case 3:
      return Uint8Array.from(concatBytes(copy.slice(0, at), noise(random, 1 + random.below(8)), copy.slice(at)));
    case 4:
      return Uint8Array.from(concatBytes(copy.slice(0, at), copy.slice(at + 1 + random.below(8))));
    default: {
      const other = random.pick(samples);
      return Uint8Array.from(concatBytes(copy.slice(0, at), other.slice(random.below(other.length + 1))));
    }
  }
}

function noise(random: Seeded, length: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length }, () => random.below(256));
}
