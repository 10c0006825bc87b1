/**
 * Loaded into npm while it installs: npm leaves out optional packages (the native half of a tool) that
 * do not suit the Node it runs on, but ours run on Electron's Node. So npm is shown that version.
 */

/** The version of Node inside the Electron that package.json pins; a test compares them. */
const electronNodeVersion = 'v24.15.0';

Object.defineProperty(process, 'version', { value: electronNodeVersion, enumerable: true });
