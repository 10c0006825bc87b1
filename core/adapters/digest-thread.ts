/**
 * SHA-256 on a second thread, for streams of which two digests are wanted: hashing costs three times
 * what AES-GCM does, and one thread cannot keep up with the disk.
 */
import { Worker } from 'node:worker_threads';
import { assert } from '../base/assert.ts';

/** To the thread: hash `length` bytes of a slot, or answer with the digest and end. */
export type DigestRequest = { readonly slot: number; readonly length: number } | 'finish';
/** From the thread. */
export type DigestAnswer = { readonly freed: number } | { readonly digest: Uint8Array };

const slotBytes = 1 << 20;
const slotCount = 4;

/** A SHA-256 under way. */
export interface RunningDigest {
  /** Adds bytes; they may be overwritten once the promise settles. One call at a time. */
  update(bytes: Uint8Array): Promise<void>;
  /** The 32 bytes for everything added. */
  finish(): Promise<Uint8Array>;
  /** Frees what it holds, finished or not. */
  stop(): Promise<void>;
}

/** A {@link RunningDigest} on a thread of its own. */
export class DigestThread implements RunningDigest {
  readonly #worker: Worker;
  readonly #slots: readonly Uint8Array[];
  readonly #free: number[] = [];
  #digest: Uint8Array | undefined;
  #failure: unknown;
  #wake: () => void = () => {};

  constructor() {
    const memory = Array.from({ length: slotCount }, () => new SharedArrayBuffer(slotBytes));
    this.#slots = memory.map((shared) => new Uint8Array(shared));
    this.#free = memory.map((_, slot) => slot);
    this.#worker = new Worker(new URL('./digest-worker.ts', import.meta.url), { workerData: memory });
    this.#worker.on('message', (answer: DigestAnswer) => {
      if ('digest' in answer) this.#digest = answer.digest;
      else this.#free.push(answer.freed);
      this.#wake();
    });
    this.#worker.on('error', (error) => {
      this.#failure = error;
      this.#wake();
    });
  }

  /** Takes a copy of `bytes`; waits while the thread is {@link slotCount} slots behind. */
  async update(bytes: Uint8Array): Promise<void> {
    for (let offset = 0; offset < bytes.length; offset += slotBytes) {
      await this.#until(() => this.#free.length > 0);
      const slot = this.#free.pop();
      const memory = slot === undefined ? undefined : this.#slots[slot];
      assert(slot !== undefined && memory !== undefined, 'a slot is free');
      const part = bytes.subarray(offset, offset + slotBytes);
      memory.set(part);
      this.#worker.postMessage({ slot, length: part.length } satisfies DigestRequest);
    }
  }

  async finish(): Promise<Uint8Array> {
    this.#worker.postMessage('finish' satisfies DigestRequest);
    await this.#until(() => this.#digest !== undefined);
    assert(this.#digest !== undefined, 'the digest has arrived');
    return this.#digest;
  }

  async stop(): Promise<void> {
    await this.#worker.terminate();
  }

  async #until(condition: () => boolean): Promise<void> {
    while (!condition()) {
      if (this.#failure !== undefined) throw this.#failure;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}
