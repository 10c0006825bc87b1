/** Where the window's place is kept: a convenience, so a file that cannot be read or written is as good as none. */
import Store from 'electron-store';
import type { WindowStateStore } from './windows.ts';

/** The store in a folder. */
export function windowStateFile(userData: string): WindowStateStore {
  const open = () => new Store<{ main?: unknown }>({ name: 'window', cwd: userData, clearInvalidConfig: true });
  return {
    get() {
      try {
        return open().get('main');
      } catch {
        return undefined; // the window opens in its first place
      }
    },
    set(state) {
      try {
        open().set('main', state);
      } catch {
        // The window will open where it last could be remembered.
      }
    },
  };
}
