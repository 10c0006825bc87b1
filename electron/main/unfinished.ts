/**
 * Folders of profiles and networks while they are being made. Beside each lies a mark until the installation knows it; where
 * the program was ended before, the next start removes what the mark stands beside. A folder without a mark is never touched.
 */
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

const suffix = '.unfinished';

/** Does `work`, which makes `folder` and tells the installation of it; a failure leaves neither folder nor mark. */
export async function whileMaking<Result>(folder: string, work: () => Promise<Result>, undo: () => Promise<unknown>): Promise<Result> {
  const mark = `${folder}${suffix}`;
  await mkdir(dirname(folder), { recursive: true });
  await writeFile(mark, '');
  try {
    return await work();
  } catch (error) {
    await undo();
    await rm(folder, { recursive: true, force: true });
    throw error;
  } finally {
    await rm(mark, { force: true });
  }
}

/** Removes from `parent` what was being made when the program ended. Once, at the start; what is in `known` only loses its mark. */
export async function clearUnfinished(parent: string, known: readonly string[]): Promise<void> {
  for (const mark of await readdir(parent).catch(noFolder)) {
    if (!mark.endsWith(suffix)) continue;
    const id = basename(mark, suffix);
    // The mark goes last: ended in the middle of this, the next start goes on.
    if (!known.includes(id)) await rm(join(parent, id), { recursive: true, force: true });
    await rm(join(parent, mark), { force: true });
  }
}

function noFolder(error: unknown): string[] {
  if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []; // nothing was ever made
  throw error;
}
