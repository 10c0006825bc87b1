/**
 * Builds what Chromium loads: the pages of the windows with Vite, the sandboxed preload scripts as CommonJS, and the icons. Main and
 * the services need no build: Electron's Node runs their TypeScript as it is.
 */
import { cpSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import react from '@vitejs/plugin-react';
import { rolldown } from 'rolldown';
import { build } from 'vite';

const root = fileURLToPath(new URL('..', import.meta.url));
const output = join(root, 'build', 'app');

rmSync(output, { recursive: true, force: true });
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
    rolldownOptions: { input: { main: join(root, 'renderer', 'index.html'), secret: join(root, 'renderer', 'secret.html') } },
  },
});
