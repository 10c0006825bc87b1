/** Randomness of the simulator: all of a run follows from one number. */

/** A generator of numbers from a seed (mulberry32). */
export class Seeded {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** From 0 to `bound` - 1. */
  below(bound: number): number {
    return Math.floor(this.#next() * bound);
  }

  /** True with this chance. */
  chance(probability: number): boolean {
    return this.#next() < probability;
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

  /** From 0 to 1. */
  #next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  }
}

/** 64 bits over bytes, in two halves: enough to tell things apart, and no cryptography. */
export class Fingerprint {
  high = 0x811c9dc5;
  low = 0x01000193;

  add(value: number): this {
    this.high = Math.imul(this.high ^ value, 0x01000193);
    this.low = Math.imul(this.low ^ value, 0x5bd1e995) ^ (this.low >>> 13);
    return this;
  }

  addBytes(bytes: Uint8Array): this {
    let { high, low } = this;
    for (let index = 0; index < bytes.length; index++) {
      const value = bytes[index] as number;
      high = Math.imul(high ^ value, 0x01000193);
      low = Math.imul(low ^ value, 0x5bd1e995) ^ (low >>> 13);
    }
    this.high = high;
    this.low = low;
    return this;
  }

  addText(text: string): this {
    for (let index = 0; index < text.length; index++) this.add(text.charCodeAt(index));
    return this;
  }

  get text(): string {
    return (this.high >>> 0).toString(16).padStart(8, '0') + (this.low >>> 0).toString(16).padStart(8, '0');
  }
}
