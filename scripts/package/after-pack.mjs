/** Runs when electron-builder has laid out the app, before its fuses are set and it is signed: takes away Electron's own default app. */
import { rm } from 'node:fs/promises';
import path from 'node:path';

/** @param {import('app-builder-lib').AfterPackContext} context */
export default async function afterPack({ appOutDir, packager }) {
  // With it beside the app, a package whose archive was removed would run whatever the command line names.
  await rm(path.join(packager.getResourcesDir(appOutDir), 'default_app.asar'), { force: true });
}
