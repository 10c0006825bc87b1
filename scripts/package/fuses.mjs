/** Reads the fuses of a packaged app back, and says which are not as electron-builder.yml wants them. */
import { FuseState, FuseV1Options, getCurrentFuseWire } from '@electron/fuses';

/** What every release must have. */
const wanted = {
  RunAsNode: false,
  EnableCookieEncryption: true,
  EnableNodeOptionsEnvironmentVariable: false,
  EnableNodeCliInspectArguments: false,
  EnableEmbeddedAsarIntegrityValidation: true,
  OnlyLoadAppFromAsar: true,
  LoadBrowserProcessSpecificV8Snapshot: false,
  GrantFileProtocolExtraPrivileges: false,
};

/**
 * @param {string} executable the app's executable (on macOS: the .app folder)
 * @returns {Promise<{name: string, state: string, wanted: boolean, right: boolean}[]>}
 */
export async function readFuses(executable) {
  const wire = await getCurrentFuseWire(executable);
  return Object.entries(wanted).map(([name, on]) => {
    const state = wire[FuseV1Options[name]];
    return { name, state: FuseState[state] ?? String(state), wanted: on, right: state === (on ? FuseState.ENABLE : FuseState.DISABLE) };
  });
}
