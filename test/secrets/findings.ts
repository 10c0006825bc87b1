/** Searches the folder of a run for its secrets, after it has shown that the search can find every one of them. */
import { open, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import type { AllowedPlace } from './allowed-places.ts';
import { placeOf } from './allowed-places.ts';
import { leaksOf } from './canaries.ts';
import { patternsOf, type Secret } from './encodings.ts';
import { chunkBytes, type Hit, Search } from './search.ts';

export interface Findings {
  readonly secrets: number;
  readonly patterns: number;
  /** Files and bytes that were searched, by the kind of place. */
  readonly searched: ReadonlyMap<string, { files: number; bytes: number }>;
  /** Finds in allowed places, by the place's reason: the names of the secrets. */
  readonly expected: ReadonlyMap<string, ReadonlySet<string>>;
  /** Each is a sentence; none is good. */
  readonly violations: readonly string[];
}

/** What a run found. */
export interface SecretsReport extends Findings {
  /** Why there are no core files, if there are none. */
  readonly coresMissing: string | undefined;
}

/** What is searched, and how it is judged. */
export interface SearchPlan {
  readonly folder: string;
  readonly secrets: readonly Secret[];
  readonly places: readonly AllowedPlace[];
  /** Below the folder: a file in a copy of which everything is leaked. */
  readonly leakInto: string;
}

/** Leaks everything on purpose, and then searches everything. */
export async function findSecrets({ folder, secrets, places, leakInto }: SearchPlan): Promise<Findings> {
  const patterns = secrets.flatMap(patternsOf);
  const search = new Search(patterns);
  const violations = await canaries(search, secrets, { from: join(folder, leakInto), copy: join(folder, 'canary') });
  const searched = new Map<string, { files: number; bytes: number }>();
  const expected = new Map<string, Set<string>>(places.map(({ reason }) => [reason, new Set()]));
  const unseen = new Set(places.filter(({ mustHold }) => mustHold));

  const judge = (hit: Hit, file: string) => {
    const allowed = placeOf(hit, file, places);
    if (allowed === undefined) {
      violations.push(`${file} holds ${hit.pattern.secret.name} (${hit.pattern.encoding}) at byte ${hit.offset}`);
      return;
    }
    expected.get(allowed.reason)?.add(hit.pattern.secret.name);
    unseen.delete(allowed);
  };
  for (const path of await filesBelow(folder)) {
    const file = relative(folder, path);
    const kind = file.split('/')[0] as string;
    const counted = searched.get(kind) ?? { files: 0, bytes: 0 };
    searched.set(kind, { files: counted.files + 1, bytes: counted.bytes + (await stat(path)).size });
    for (const hit of [...(await search.file(path)), ...search.bytes(Buffer.from(file), `the name ${file}`)]) judge(hit, file);
    if (kind === 'traffic' && /^content-encoding:/im.test(await readFile(path, 'latin1')))
      violations.push(`${file} is compressed: the search is blind there`);
  }
  for (const { file, secret, reason } of unseen)
    violations.push(`nothing was found where something must be (${reason}): no file like ${file.source} holds ${secret.source}`);
  return { secrets: secrets.length, patterns: patterns.length, searched, expected, violations };
}

/** Leaks every secret into a copy of a file, one copy an encoding, and says which are not found. */
async function canaries(search: Search, secrets: readonly Secret[], { from, copy }: { from: string; copy: string }): Promise<string[]> {
  // The first leak lies across the end of what is read at a time.
  const before = Buffer.alloc(chunkBytes - 10, await beginningOf(from));
  const violations: string[] = [];
  const leaks = secrets.flatMap((secret) => leaksOf(secret).map(([encoding, leak]) => ({ secret, encoding, leak })));
  for (const [encoding, group] of Map.groupBy(leaks, (leak) => leak.encoding)) {
    await writeFile(copy, Buffer.concat([before, ...group.flatMap(({ leak }) => [leak, Buffer.from('\n')])]));
    const found = new Set((await search.file(copy)).map(({ pattern }) => pattern.secret));
    await rm(copy);
    for (const { secret } of group) if (!found.has(secret)) violations.push(`the search does not find ${secret.name} as ${encoding}`);
  }
  return violations;
}

/** As much of a file as is read at a time. */
async function beginningOf(path: string): Promise<Buffer> {
  const file = await open(path, 'r');
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(chunkBytes), 0, chunkBytes, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

/** All files below a folder; links are not followed, what they name is below it as well. */
async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}
