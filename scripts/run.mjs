#!/usr/bin/env node
/**
 * The one entry behind every npm command: makes what is missing on this machine, then runs the
 * command on Electron's Node, the runtime that ships. It is plain Node without packages, because
 * it runs before there are any.
 *
 * Invariant: a command starts only when everything it needs is complete; an interrupted set-up is
 * resumed by running any command again.
 */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { runEndToEnd } from './e2e.mjs';
import { packageApp } from './package/package-app.mjs';
import { checkSecrets } from './secrets.mjs';
import { SetUpError } from './setup/failure.mjs';
import { projectRoot } from './setup/places.mjs';
import { prepare } from './setup/prepare.mjs';
import { runElectronNode } from './setup/processes.mjs';
import { openApp } from './start.mjs';
import { checkTypes, runTests } from './test.mjs';

const nodeVersionMin = [20, 10];

/** How much of the set-up a command needs. */
const packagesOnly = 'packages';
const everything = 'everything';

/** @param {string} file relative to the project */
const program = (file, ...fixed) => ({
  needs: everything,
  run: (args) => {
    if (!existsSync(path.join(projectRoot, file))) {
      throw new SetUpError(
        `${file} does not exist.`,
        'This checkout is incomplete; nothing was run.',
        `Restore the file with: git checkout -- ${file}`,
      );
    }
    return runElectronNode([file, ...fixed, ...args]);
  },
});

const tool = (file, ...fixed) => ({ needs: packagesOnly, run: (args) => runElectronNode([file, ...fixed, ...args]) });

const commands = {
  start: { needs: everything, run: openApp },
  demo: program('core/cli/main.ts', 'demo'),
  vouchsafe: program('core/cli/main.ts'),
  crash: program('test/crash/main.ts'),
  soak: program('test/soak/main.ts'),
  simulate: { needs: packagesOnly, run: (args) => runElectronNode(['test/simulator/main.ts', ...args]) },
  'check:secrets': { needs: everything, run: checkSecrets },
  bench: program('test/bench/main.ts'),
  lint: tool('node_modules/@biomejs/biome/bin/biome', 'check', '--error-on-warnings', '--diagnostic-level=warn'),
  typecheck: { needs: packagesOnly, run: checkTypes },
  test: { needs: everything, run: runTests },
  e2e: { needs: everything, run: runEndToEnd },
  package: { needs: everything, run: packageApp },
  setup: { needs: everything, run: async () => 0 },
};

function checkNodeVersion() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const [majorMin, minorMin] = nodeVersionMin;
  if (major > majorMin || (major === majorMin && minor >= minorMin)) return;
  throw new SetUpError(
    `Node ${process.versions.node} is too old.`,
    'Nothing was changed.',
    `Install Node ${nodeVersionMin.join('.')} or newer (https://nodejs.org).`,
  );
}

async function main([name, ...args]) {
  const command = Object.hasOwn(commands, name ?? '') ? commands[name] : undefined;
  if (!command) {
    console.error(`usage: node scripts/run.mjs COMMAND [ARGUMENT ...]\ncommands: ${Object.keys(commands).join(', ')}`);
    return 2;
  }
  checkNodeVersion();
  await prepare({ buildSteps: command.needs === everything });
  return command.run(args);
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof SetUpError)) throw error;
  console.error(`\n${error.message}`);
  process.exitCode = 1;
}
