/**
 * Where the contracts, circuits and keys are that were built before this program ran. A checkout has them in build/, where
 * its set-up made them on this machine. A package has them in a folder beside its archive of code, and in the archive a
 * manifest with their SHA-256.
 *
 * Invariant: of a package, nothing is used whose bytes are not those of the manifest.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { AppError } from '../base/app-error.ts';
import type { Hex } from '../base/bytes.ts';
import { say } from '../base/sentence.ts';
import { sha256OfFile } from './artifact-store.ts';

/** Name of the archive that holds a package's code. */
const archiveName = 'app.asar';
/** Folder of a package's artifacts, beside the archive. */
export const packagedFolderName = 'artifacts';
/** The manifest, inside the archive. */
export const manifestName = join('build', 'artifacts.json');

const manifestSchema = z.strictObject({
  version: z.literal(1),
  /** By name: path below the folder, with slashes. */
  files: z.record(
    z.string().regex(/^[\w-]+(?:[/.][\w-]+)*$/),
    z.strictObject({ sha256: z.string().regex(/^0x[0-9a-f]{64}$/), bytes: z.int() }),
  ),
});
/** What a package's artifacts are. */
export type ArtifactManifest = z.infer<typeof manifestSchema>;

/** A file of an artifact. */
export interface ArtifactFile {
  readonly path: string;
  readonly sha256: Hex;
  readonly bytes: number;
}

/** A folder of artifacts, and what a manifest says of them. */
export class BuiltArtifacts {
  readonly #folder: string;
  readonly #manifest: ArtifactManifest | null;

  /** Without a manifest the files are taken as they are. */
  constructor(folder: string, manifest: ArtifactManifest | null) {
    this.#folder = folder;
    this.#manifest = manifest === null ? null : manifestSchema.parse(manifest);
  }

  /** Whether they came in a package: then there is what the manifest lists, and nothing can be built. */
  get packaged(): boolean {
    return this.#manifest !== null;
  }

  /** Whether the manifest lists it. */
  lists(name: string): boolean {
    return this.#manifest !== null && Object.hasOwn(this.#manifest.files, name);
  }

  /** The bytes of a small artifact. @throws AppError `RESOURCES_MISSING`, `RESOURCES_CHANGED` */
  read(name: string): Uint8Array {
    const bytes = this.#present(name, () => readFileSync(join(this.#folder, name)));
    this.#check(name, `0x${createHash('sha256').update(bytes).digest('hex')}`);
    return bytes;
  }

  /** A large artifact, which stays on disk. @throws AppError `RESOURCES_MISSING`, `RESOURCES_CHANGED` */
  async file(name: string): Promise<ArtifactFile> {
    const path = join(this.#folder, name);
    const [sha256, { size }] = await Promise.all([sha256OfFile(path), stat(path)]).catch((cause: unknown) => {
      throw missing(name, cause);
    });
    this.#check(name, sha256);
    return { path, sha256, bytes: size };
  }

  #present<Value>(name: string, read: () => Value): Value {
    try {
      return read();
    } catch (cause) {
      throw missing(name, cause);
    }
  }

  #check(name: string, sha256: Hex): void {
    if (this.#manifest === null || this.#manifest.files[name]?.sha256 === sha256) return;
    throw new AppError(
      'RESOURCES_CHANGED',
      {
        what: say`The file ${name} that came with Vouchsafe was changed after it was published, or is damaged.`,
        consequence: 'It was not used, and what needs it was not done.',
        remedy: 'Install Vouchsafe again, from where you trust it.',
      },
      { data: { name } },
    );
  }
}

function missing(name: string, cause: unknown): AppError {
  return new AppError(
    'RESOURCES_MISSING',
    {
      what: say`The file ${name}, which belongs to Vouchsafe, is not there.`,
      consequence: 'What needs it was not done; nothing was changed.',
      remedy: 'Run the set-up again (npm start) or reinstall Vouchsafe.',
    },
    { data: { name }, cause },
  );
}

/** Those of the program whose code is at `root`: a checkout, or the archive of a package. */
export function artifactsOf(root: string): BuiltArtifacts {
  if (basename(root) !== archiveName) return new BuiltArtifacts(join(root, 'build'), null);
  const manifest = JSON.parse(readFileSync(join(root, manifestName), 'utf8')) as ArtifactManifest;
  return new BuiltArtifacts(join(dirname(root), packagedFolderName), manifest);
}

/** Those of this program. */
export const builtArtifacts = artifactsOf(fileURLToPath(new URL('../..', import.meta.url)));
