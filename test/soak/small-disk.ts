/**
 * A disk that can be made full and given room again, for one validator. Where this user may mount, the home lies on a file system in
 * memory, whose size is set to what is used; elsewhere the system is told to let the process write no larger files (EFBIG instead of ENOSPC).
 */
import { execFile } from 'node:child_process';
import { mkdir, statfs } from 'node:fs/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);
const roomyBytes = 4 * 2 ** 30;

export interface SmallDisk {
  readonly kind: 'full' | 'limited';
  /** From now on nothing more can be written. */
  fill(pid: number): Promise<void>;
  makeRoom(): Promise<void>;
  remove(): Promise<void>;
}

/** Makes the folder of a home, on a disk of its own where possible; null where neither way exists. */
export async function smallDisk(home: string): Promise<SmallDisk | null> {
  if (process.platform !== 'linux') return null;
  await mkdir(home, { recursive: true, mode: 0o700 });
  try {
    await run('mount', ['-t', 'tmpfs', '-o', `size=${roomyBytes},mode=700`, 'tmpfs', home]);
  } catch {
    // Not root, or root of a container that may not mount.
    return {
      kind: 'limited',
      fill: async (pid) => void (await run('prlimit', ['--pid', String(pid), '--fsize=1:'])),
      // A limit belongs to a process; the next one has none.
      makeRoom: async () => undefined,
      remove: async () => undefined,
    };
  }
  const resize = async (bytes: number) => void (await run('mount', ['-o', `remount,size=${bytes}`, home]));
  return {
    kind: 'full',
    fill: async () => {
      for (;;) {
        const { blocks, bfree, bsize } = await statfs(home);
        try {
          return await resize((blocks - bfree) * bsize);
        } catch {
          // Written to in between: no file system shrinks below what it holds.
        }
      }
    },
    makeRoom: () => resize(roomyBytes),
    remove: async () => void (await run('umount', [home])),
  };
}
