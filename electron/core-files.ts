/**
 * A process that crashes may leave a core file, on Linux, if the system is set up so: a copy of its memory on the disk, keys
 * and all. The processes of the app leave one without memory, from which one can still see where it crashed.
 */
import { writeFileSync } from 'node:fs';

/** From now on, for this process and those that it starts. */
export function keepMemoryOutOfCoreFiles(): void {
  if (process.platform !== 'linux') return;
  try {
    // A set of kinds of memory that go into the file, as bits: none.
    writeFileSync('/proc/self/coredump_filter', '0');
  } catch {
    // A system that confines the app so far decides about core files by itself, and the app works there all the same.
  }
}
