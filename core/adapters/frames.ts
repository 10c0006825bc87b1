/** Frames on a stream: each is its length in 4 bytes, then so many bytes. Layout: docs/formats.md, "Messages of validators and their vote log". */
import { assert } from '../base/assert.ts';
import { concatBytes } from '../base/bytes.ts';
import { DecodeError, Decoder, Encoder } from '../base/codec.ts';

const lengthBytes = 4;
/** What a frame costs in memory beside its bytes. */
const frameOverheadBytes = 128;
/** Room for the beginning of a frame. */
const firstBufferBytes = 65_536;

/** A frame of some bytes. */
export function frameOf(payload: Uint8Array): Uint8Array {
  return concatBytes(new Encoder().uint(payload.length, lengthBytes).finish(), payload);
}

/** Puts frames together from what arrives. It holds no more than one frame that is not whole, however small the pieces it comes in. */
export class FrameReader {
  #buffer = new Uint8Array(lengthBytes);
  #filled = 0;
  /** Bytes after which something can be done: a length, or a frame. */
  #wanted = lengthBytes;
  #isLength = true;

  /**
   * Takes a chunk and hands on every frame that is whole now, for as long as `onFrame` answers true. `bytesMax` is asked before each frame.
   * Errors: DecodeError for a frame that is too long, before its bytes are taken.
   */
  push(chunk: Uint8Array, bytesMax: () => number, onFrame: (frame: Uint8Array) => boolean): void {
    for (let offset = 0; ; ) {
      const part = chunk.subarray(offset, offset + this.#wanted - this.#filled);
      this.#append(part);
      offset += part.length;
      if (this.#filled < this.#wanted) return;
      const whole = this.#buffer.subarray(0, this.#wanted);
      if (this.#isLength) {
        const length = new Decoder(whole).count(lengthBytes);
        if (length > bytesMax()) throw new DecodeError(`frame of ${length} bytes, of at most ${bytesMax()}`);
        this.#begin(length, false);
      } else {
        this.#begin(lengthBytes, true);
        if (!onFrame(whole)) return;
      }
    }
  }

  #begin(wanted: number, isLength: boolean): void {
    this.#wanted = wanted;
    this.#isLength = isLength;
    this.#filled = 0;
    // The length is the peer's word: room is made as bytes come.
    this.#buffer = new Uint8Array(Math.min(wanted, firstBufferBytes));
  }

  #append(part: Uint8Array): void {
    const filled = this.#filled + part.length;
    if (filled > this.#buffer.length) {
      const larger = new Uint8Array(Math.min(this.#wanted, Math.max(filled, 2 * this.#buffer.length)));
      larger.set(this.#buffer.subarray(0, this.#filled));
      this.#buffer = larger;
    }
    this.#buffer.set(part, this.#filled);
    this.#filled = filled;
  }
}

/** Frames that wait to be sent, of a bounded size together: the oldest are dropped for the newest. */
export class FrameQueue {
  readonly #bytesMax: number;
  #frames: Uint8Array[] = [];
  /** Frames before this one are gone. */
  #first = 0;
  #bytes = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get isEmpty(): boolean {
    return this.#first === this.#frames.length;
  }

  /** Adds a frame; how many older ones were dropped for it. */
  push(frame: Uint8Array): number {
    assert(costOf(frame) <= this.#bytesMax, 'a queue holds the largest frame');
    this.#frames.push(frame);
    this.#bytes += costOf(frame);
    let dropped = 0;
    while (this.#bytes > this.#bytesMax && this.shift() !== undefined) dropped++;
    return dropped;
  }

  /** Drops everything; how many frames that were. */
  clear(): number {
    const count = this.#frames.length - this.#first;
    this.#frames = [];
    this.#first = 0;
    this.#bytes = 0;
    return count;
  }

  /** Takes the oldest frame. */
  shift(): Uint8Array | undefined {
    const frame = this.#frames[this.#first];
    if (frame === undefined) return undefined;
    this.#frames[this.#first] = gone;
    this.#first++;
    this.#bytes -= costOf(frame);
    if (2 * this.#first > this.#frames.length) {
      this.#frames = this.#frames.slice(this.#first);
      this.#first = 0;
    }
    return frame;
  }
}

const gone = new Uint8Array(0);

function costOf(frame: Uint8Array): number {
  return frame.length + frameOverheadBytes;
}
