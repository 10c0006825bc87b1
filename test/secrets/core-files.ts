/** Core files of processes that are ended by SIGABRT, where the machine's kernel writes them as plain files. */
import { type ChildProcess, execFile, execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/**
 * Lets this process and those that it starts from now on leave core files in `folder`, which becomes the working folder.
 * Gives the reason when the machine does not allow it.
 */
export function allowCoreFiles(folder: string): string | undefined {
  if (process.platform !== 'linux') return `core files of ${process.platform} are not known to this program`;
  const pattern = readFileSync('/proc/sys/kernel/core_pattern', 'utf8').trim();
  if (/[|/]/.test(pattern)) return `the kernel gives core files to "${pattern}", not to the folder of the process`;
  try {
    execFileSync('prlimit', ['--pid', String(process.pid), '--core=unlimited:unlimited'], { stdio: 'pipe' });
  } catch (error) {
    return `the limit on core files cannot be raised: ${error instanceof Error ? error.message.split('\n')[0] : error}`;
  }
  process.chdir(folder);
  return undefined;
}

/**
 * Ends a process with a core file and packs it as `target`: what it holds, without the holes. A core file has the size of
 * all reserved addresses, which JavaScript engines count in terabytes. False when none was written.
 */
export async function endWithCore(child: ChildProcess, folder: string, target: string): Promise<boolean> {
  const ended = once(child, 'close');
  child.kill('SIGABRT');
  await ended;
  const [core] = (await readdir(folder)).filter((name) => name.startsWith('core'));
  if (core === undefined) return false;
  await run('tar', ['--create', '--sparse', '--hole-detection=seek', '--file', target, '--directory', folder, core]);
  await rm(join(folder, core));
  return true;
}
