/** Looks for many byte strings in files of any size at once, in constant memory. */
import { open } from 'node:fs/promises';
import type { Pattern } from './encodings.ts';

/** A secret that stands in a file. */
export interface Hit {
  readonly file: string;
  readonly pattern: Pattern;
  /** Of the first occurrence. */
  readonly offset: number;
}

/** Bytes that are read at a time. */
export const chunkBytes = 4 << 20;
const startBytes = 4;
const filterBits = 20;

export class Search {
  readonly #byStart = new Map<number, Pattern[]>();
  /** One entry a hash of four bytes: nearly every place in a file is dismissed by it. */
  readonly #filter = new Uint8Array(1 << filterBits);
  readonly #longest: number;

  constructor(patterns: readonly Pattern[]) {
    for (const pattern of patterns) {
      if (pattern.bytes.length < startBytes) throw new Error(`${pattern.secret.name} is too short to look for`);
      const start = pattern.bytes.readUInt32LE(0);
      this.#byStart.set(start, [...(this.#byStart.get(start) ?? []), pattern]);
      this.#filter[slotOf(start)] = 1;
    }
    this.#longest = Math.max(...patterns.map(({ bytes }) => bytes.length));
  }

  /** Each pattern that occurs in the file, once. */
  async file(path: string): Promise<Hit[]> {
    const hits = new Map<Pattern, Hit>();
    const handle = await open(path, 'r');
    try {
      const buffer = Buffer.alloc(chunkBytes + this.#longest);
      let kept = 0;
      for (let position = 0; ; ) {
        const { bytesRead } = await handle.read(buffer, kept, chunkBytes, position);
        if (bytesRead === 0) break;
        const filled = kept + bytesRead;
        this.#scan(buffer.subarray(0, filled), (pattern, offset) => {
          if (!hits.has(pattern)) hits.set(pattern, { file: path, pattern, offset: position - kept + offset });
        });
        position += bytesRead;
        // What may be the beginning of a pattern is looked at again together with what follows.
        const next = Math.min(filled, this.#longest - 1);
        buffer.copyWithin(0, filled - next, filled);
        kept = next;
      }
    } finally {
      await handle.close();
    }
    return [...hits.values()];
  }

  /** Each pattern that occurs in `content`, once. */
  bytes(content: Buffer, name: string): Hit[] {
    const hits = new Map<Pattern, Hit>();
    this.#scan(content, (pattern, offset) => {
      if (!hits.has(pattern)) hits.set(pattern, { file: name, pattern, offset });
    });
    return [...hits.values()];
  }

  #scan(bytes: Buffer, found: (pattern: Pattern, offset: number) => void): void {
    const filter = this.#filter;
    const end = bytes.length - startBytes;
    let start = 0;
    for (let offset = 0; offset <= end; offset++) {
      start = offset === 0 ? bytes.readUInt32LE(0) : (start >>> 8) | ((bytes[offset + startBytes - 1] as number) << 24);
      if (filter[slotOf(start)] === 0) continue;
      for (const pattern of this.#byStart.get(start >>> 0) ?? []) {
        if (bytes.subarray(offset, offset + pattern.bytes.length).equals(pattern.bytes)) found(pattern, offset);
      }
    }
  }
}

function slotOf(start: number): number {
  return Math.imul(start, 0x9e3779b1) >>> (32 - filterBits);
}
