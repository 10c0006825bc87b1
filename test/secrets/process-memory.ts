/** The memory of running processes, read through /proc while they are held still. Linux only. */
import { closeSync, openSync, readFileSync, readSync, writeSync } from 'node:fs';

const pieceBytes = 1 << 20;
const pageBytes = 4096;
const zeroes = Buffer.alloc(pageBytes);

/**
 * Copies what a process holds to a file: all memory that it can read and that is not merely a program's file mapped to be
 * read, page by page, without pages of zeroes. Gives the number of bytes.
 */
export function copyMemory(pid: number, target: string): number {
  process.kill(pid, 'SIGSTOP');
  const [memory, file] = [openSync(`/proc/${pid}/mem`, 'r'), openSync(target, 'w')];
  let written = 0;
  try {
    const piece = Buffer.alloc(pieceBytes);
    for (const { from, to } of regionsOf(pid)) {
      for (let position = from; position < to; position += pieceBytes) {
        const wanted = Math.min(pieceBytes, to - position);
        for (const [start, end] of runsOfPages(piece.subarray(0, readAt(memory, piece, wanted, position)))) {
          written += writeSync(file, piece, start, end - start);
        }
      }
    }
  } finally {
    closeSync(memory);
    closeSync(file);
    process.kill(pid, 'SIGCONT');
  }
  return written;
}

/** Bytes that were read; none where a page cannot be, such as one beyond the end of a mapped file. */
function readAt(memory: number, piece: Buffer, wanted: number, position: number): number {
  try {
    return readSync(memory, piece, 0, wanted, position);
  } catch (error) {
    if (['EIO', 'EFAULT'].includes((error as NodeJS.ErrnoException).code ?? '')) return 0;
    throw error;
  }
}

/** Neighbouring pages that hold anything. */
function* runsOfPages(bytes: Buffer): Generator<[number, number]> {
  let start = -1;
  for (let page = 0; page < bytes.length; page += pageBytes) {
    const isEmpty = bytes.subarray(page, page + pageBytes).equals(zeroes);
    if (!isEmpty && start < 0) start = page;
    if (isEmpty && start >= 0) {
      yield [start, page];
      start = -1;
    }
  }
  if (start >= 0) yield [start, bytes.length];
}

function regionsOf(pid: number): { readonly from: number; readonly to: number }[] {
  return readFileSync(`/proc/${pid}/maps`, 'utf8')
    .split('\n')
    .flatMap((line) => {
      const found = /^([0-9a-f]+)-([0-9a-f]+) (\S{4}) \S+ \S+ \S+ *(.*)$/.exec(line);
      if (found === null) return [];
      const [, from = '', to = '', rights = '', name = ''] = found;
      const isProgram = name.startsWith('/') && !name.startsWith('/dev/shm') && !name.startsWith('/memfd:') && rights[1] !== 'w';
      if (rights[0] !== 'r' || isProgram || name.startsWith('[v')) return [];
      return [{ from: Number.parseInt(from, 16), to: Number.parseInt(to, 16) }];
    });
}
