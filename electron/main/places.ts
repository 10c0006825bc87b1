/** Where main finds what belongs to the program, and where it keeps what belongs to the user. */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ServiceKind } from '../views.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Built pages of the windows: all that app:// serves. */
export const rendererFolder = join(root, 'build', 'app', 'renderer');
/** Rows that come with the program. */
export const sampleFile = join(root, 'resources', 'sample', 'machine-temperature.csv');

/** A built icon; Electron finds the one for dense screens beside it. */
export function iconFile(name: 'tray' | 'window'): string {
  return join(root, 'build', 'app', 'icons', `${name}.png`);
}

/** A built preload script. */
export function preloadScript(window: 'main' | 'secret'): string {
  return join(root, 'build', 'app', 'preload', `${window}.cjs`);
}

/** The program of a utility process. */
export function serviceProgram(kind: ServiceKind | 'unseal' | 'backup'): string {
  return join(root, 'electron', 'services', `${kind}.ts`);
}

/** Folders below the user's data. */
export function userPlaces(userData: string) {
  return {
    profiles: join(userData, 'profiles'),
    profile: (id: string) => join(userData, 'profiles', id),
    networks: join(userData, 'networks'),
    network: (id: string) => join(userData, 'networks', id),
    artifacts: join(userData, 'artifacts'),
    sample: join(userData, 'sample'),
  };
}
export type UserPlaces = ReturnType<typeof userPlaces>;
