/**
 * Builds what must be there before a window is: the pages with Vite, the sandboxed preload scripts as CommonJS, the icons, and main as one
 * file (docs/decisions/main-is-one-file.md). The services need no build: Electron's Node runs their TypeScript as it is.
 */
import { cpSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import react from '@vitejs/plugin-react';
import { rolldown } from 'rolldown';
import { build } from 'vite';

const root = fileURLToPath(new URL('..', import.meta.url));
const output = join(root, 'build', 'app');
/** As deep below the root as electron/main is, so that main finds the root from either (places.ts). */
const mainOutput = join(root, 'build', 'main');
/** What main loads later and from its source: the command line, which has main's place when there is no window, and the prover. */
const runFromSource = /[\\/]core[\\/](?:cli[\\/]command-line|adapters[\\/]prover-process)\.ts$/;

for (const folder of [output, mainOutput]) rmSync(folder, { recursive: true, force: true });
const main = await rolldown({
  input: join(root, 'electron', 'main', 'main.ts'),
  platform: 'node',
  external: (id) => id === 'electron' || id === 'electron-updater' || runFromSource.test(id),
});
await main.write({ dir: mainOutput, format: 'esm', entryFileNames: '[name].js', chunkFileNames: '[name].js' });
await main.close();
// The tray's icon in two densities, by the names that Electron looks for, and the windows' own on Linux.
for (const [size, name] of Object.entries({ 24: 'tray', 48: 'tray@2x', 256: 'window' }))
  cpSync(join(root, 'resources', 'icons', 'linux', `${size}x${size}.png`), join(output, 'icons', `${name}.png`));
for (const file of readdirSync(join(root, 'electron', 'preload'))) {
  const bundle = await rolldown({ input: join(root, 'electron', 'preload', file), platform: 'node', external: ['electron'] });
  await bundle.write({ dir: join(output, 'preload'), format: 'cjs', entryFileNames: '[name].cjs' });
  await bundle.close();
}
await build({
  root: join(root, 'renderer'),
  base: './',
  configFile: false,
  logLevel: 'warn',
  plugins: [react()],
  build: {
    outDir: join(output, 'renderer'),
    emptyOutDir: true,
    target: 'chrome148',
    // Everything comes from app://, where a data: URL of the build would need its own permission.
    assetsInlineLimit: 0,
    // Chunks come from the disk, so their number and size matter less than over a network.
    chunkSizeWarningLimit: 2048,
    rolldownOptions: {
      input: { main: join(root, 'renderer', 'index.html'), secret: join(root, 'renderer', 'secret.html') },
      // An icon is a few lines; a request for each would be most of what a window waits for.
      output: { codeSplitting: { groups: [{ name: 'icons', test: /lucide-react/ }] } },
    },
  },
});
