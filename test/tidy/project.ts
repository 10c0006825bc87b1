/** What the tidiness tests know of the project: its layers, as ARCHITECTURE.md draws them, and its files. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

/** The folder of package.json. */
export const projectRoot = path.resolve(import.meta.dirname, '../..');

/** The folders of core with their layers: a folder imports lower layers only. */
export const layers = [
  { folder: 'base', layer: 0 },
  { folder: 'crypto', layer: 1 },
  { folder: 'consensus', layer: 1 },
  { folder: 'dataset', layer: 2 },
  { folder: 'ledger', layer: 2 },
  { folder: 'proofs', layer: 3 },
  { folder: 'sharing', layer: 4 },
  { folder: 'adapters', layer: 5 },
  { folder: 'services', layer: 6 },
  { folder: 'cli', layer: 7 },
] as const;

/** The rooms of the house: everything that people write is below these folders, or at the top. */
const rooms = ['circuits', 'contracts', 'core', 'docs', 'electron', 'renderer', 'resources', 'scripts', 'test'];

/** Every file below the rooms, relative to the project, with forward slashes. */
export function projectFiles(): string[] {
  return rooms
    .filter((room) => existsSync(path.join(projectRoot, room)))
    .flatMap((room) =>
      readdirSync(path.join(projectRoot, room), { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => path.relative(projectRoot, path.join(entry.parentPath, entry.name)).replaceAll('\\', '/')),
    )
    .sort();
}

/** The text of a file of the project. */
export function readProjectFile(file: string): string {
  return readFileSync(path.join(projectRoot, file), 'utf8');
}
