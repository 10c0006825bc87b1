/** Where the window's place is kept: a convenience, so a file that cannot be read or written is as good as none. */
import { readJsonFile, writeJsonFile } from './json-file.ts';
import type { WindowStateStore } from './windows.ts';

/** The store behind a file. */
export function windowStateFile(path: string): WindowStateStore {
  return {
    get() {
      try {
        return (readJsonFile(path) as { readonly main?: unknown } | undefined)?.main;
      } catch {
        return undefined; // the window opens in its first place
      }
    },
    set(state) {
      try {
        writeJsonFile(path, { main: state });
      } catch {
        // The window will open where it last could be remembered.
      }
    },
  };
}
