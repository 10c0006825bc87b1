/** The part of tar-stream that is used; the package brings no types. */
declare module 'tar-stream' {
  import type { Readable, Writable } from 'node:stream';

  export interface Header {
    readonly name: string;
    readonly size: number;
    readonly mode?: number;
    readonly mtime?: Date;
    readonly type?: string | null;
    readonly linkname?: string | null;
    /** Extended fields, which replace those of the header itself. */
    readonly pax?: object | null;
  }

  export interface Pack extends Readable {
    /** Begins an entry; it ends when as many bytes as the header says have been written. */
    entry(header: Header): Writable;
    finalize(): void;
  }

  export interface Entry extends Readable {
    readonly header: Header;
  }

  export interface Extract extends Writable, AsyncIterable<Entry> {
    [Symbol.asyncIterator](): AsyncIterator<Entry>;
  }

  export function pack(): Pack;
  export function extract(): Extract;
}
