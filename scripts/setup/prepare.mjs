/**
 * Makes what is missing, in the order in which things need each other: packages, Electron, system
 * libraries, build output. When nothing is missing it only looks, without a lock and without
 * starting anything but the loader's own check.
 */
import { build, isBuilt } from './build-steps.mjs';
import { installElectron, isElectronReady } from './electron-runtime.mjs';
import { arePackagesReady, installPackages } from './packages.mjs';
import { whileAlone } from './set-up-lock.mjs';
import { installLibraries, missingLibraries } from './system-libraries.mjs';

/** @param {{buildSteps: boolean}} wanted whether the command needs contracts, circuits and keys */
export async function prepare(wanted) {
  if (await isReady(wanted)) return;
  await whileAlone(async (lend) => {
    if (!arePackagesReady()) await installPackages(lend);
    if (!isElectronReady()) await installElectron(lend);
    const missing = await missingLibraries();
    if (missing.length > 0) await installLibraries(missing);
    if (wanted.buildSteps && !isBuilt()) await build(lend);
  });
}

async function isReady({ buildSteps }) {
  return arePackagesReady() && isElectronReady() && (await missingLibraries()).length === 0 && (!buildSteps || isBuilt());
}
