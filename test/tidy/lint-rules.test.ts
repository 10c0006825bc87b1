/**
 * The layer rules of ARCHITECTURE.md hold only if the lint rules bite. Each rule gets a planted
 * violation, in a folder of its own under the very biome.json of the project: one file for every
 * ordered pair of core's folders, and one for each thing that the pure layers, the renderer and the Electron side may not do.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { layers, projectRoot } from './project.ts';

interface Planted {
  readonly file: string;
  readonly source: string;
  /** The rule that must report the file; null where it must stay clean. */
  readonly rule: string | null;
}

const pureFolders = layers.filter(({ layer }) => layer <= 4).map(({ folder }) => folder);

const layerPairs: Planted[] = layers.flatMap((from) =>
  layers
    .filter((to) => to.folder !== from.folder)
    .map((to) => ({
      file: `core/${from.folder}/deeper/imports-${to.folder}.ts`,
      source: `export { name } from '../../${to.folder}/some-file.ts';\n`,
      rule: to.layer < from.layer ? null : 'lint/style/noRestrictedImports',
    })),
);

const waysToImport: Planted[] = [
  ['static', "import { block } from '../ledger/block.ts';\nexport const same = block;\n"],
  ['type-only', "import type { Block } from '../ledger/block.ts';\nexport type Same = Block;\n"],
  ['dynamic', "export const load = () => import('../ledger/block.ts');\n"],
  ['nested', "export { step } from '../ledger/execution/step.ts';\n"],
].map(([way, source]) => ({ file: `core/crypto/${way}-import.ts`, source: source!, rule: 'lint/style/noRestrictedImports' }));

const forbiddenToPure: readonly (readonly [name: string, source: string, rule: string])[] = [
  ['node-module', "export { readFileSync } from 'node:fs';\n", 'lint/correctness/noNodejsModules'],
  ['node-module-without-prefix', "export { join } from 'path';\n", 'lint/correctness/noNodejsModules'],
  ['electron', "export { app } from 'electron';\n", 'lint/style/noRestrictedImports'],
  ['electron-code', "export { channels } from '../../electron/ipc-contract.ts';\n", 'lint/style/noRestrictedImports'],
  ['test-code', "export { fixture } from '../../test/unit/fixture.ts';\n", 'lint/style/noRestrictedImports'],
  ['input-output-package', "export { ClassicLevel } from 'classic-level';\n", 'plugin'],
  ['server-package', "export { fastify } from 'fastify';\n", 'plugin'],
  ['buffer', "export const bytes = Buffer.from('00', 'hex');\n", 'lint/style/noRestrictedGlobals'],
  ['process', 'export const home = process.env;\n', 'lint/style/noRestrictedGlobals'],
  ['network', "export const load = () => fetch('https://localhost');\n", 'lint/style/noRestrictedGlobals'],
  ['timer', 'export const later = (work: () => void) => setTimeout(work, 1);\n', 'lint/style/noRestrictedGlobals'],
  ['clock', 'export const now = () => Date.now();\n', 'plugin'],
  ['clock-by-construction', 'export const now = () => new Date();\n', 'plugin'],
  ['random', 'export const draw = () => Math.random();\n', 'plugin'],
  ['random-of-a-library', "import { randomBytes } from '@noble/hashes/utils.js';\nexport const draw = () => randomBytes(32);\n", 'plugin'],
  ['console', "console.log('here');\n", 'lint/suspicious/noConsole'],
];

const plantedInPure: Planted[] = pureFolders.flatMap((folder) =>
  forbiddenToPure.map(([name, source, rule]) => ({ file: `core/${folder}/planted-${name}.ts`, source, rule })),
);

const elsewhere: Planted[] = [
  { file: 'core/crypto/innocent.ts', source: 'export const moment = (ms: number) => new Date(ms).toISOString();\n', rule: null },
  { file: 'core/adapters/reads-a-file.ts', source: "export { readFileSync } from 'node:fs';\n", rule: null },
  { file: 'core/adapters/knows-electron.ts', source: "export { app } from 'electron';\n", rule: 'lint/style/noRestrictedImports' },
  { file: 'core/services/talks.ts', source: "console.log('here');\n", rule: 'lint/suspicious/noConsole' },
  { file: 'core/cli/talks.ts', source: "console.log('here');\n", rule: null },
  { file: 'renderer/api/client.ts', source: "export { channels } from '../../electron/ipc-contract.ts';\n", rule: null },
  { file: 'renderer/features/views.ts', source: "export { datasetView } from '../../electron/views.ts';\n", rule: null },
  { file: 'renderer/api/core.ts', source: "export { toHex } from '../../core/base/bytes.ts';\n", rule: 'lint/style/noRestrictedImports' },
  {
    file: 'renderer/api/main.ts',
    source: "export { open } from '../../electron/main/windows.ts';\n",
    rule: 'lint/style/noRestrictedImports',
  },
  { file: 'renderer/api/node.ts', source: "export { readFileSync } from 'node:fs';\n", rule: 'lint/correctness/noNodejsModules' },
];

const unsafeInElectron: readonly (readonly [name: string, source: string])[] = [
  ['node-integration', 'export const preferences = { nodeIntegration: true };\n'],
  ['isolation', 'export const preferences = { contextIsolation: false };\n'],
  ['sandbox', 'export const preferences = { sandbox: false };\n'],
  ['web-security', 'export const preferences = { webSecurity: false };\n'],
  ['webview', 'export const preferences = { webviewTag: true };\n'],
  ['blink', "export const preferences = { enableBlinkFeatures: 'Anything' };\n"],
  ['own-preferences', "export const window = { webPreferences: { preload: 'main.cjs' } };\n"],
  ['switch', "export const start = (app: Electron.App) => app.commandLine.appendSwitch('no-sandbox');\n"],
  ['address', "export const go = (window: Electron.BrowserWindow) => window.loadURL('https://example.org/');\n"],
  ['file', "export const go = (window: Electron.BrowserWindow) => window.loadFile('index.html');\n"],
  ['script', "export const run = (window: Electron.WebContents) => window.executeJavaScript('1');\n"],
  ['function', "export const run = new Function('return 1');\n"],
  ['remote', "export { initialize } from '@electron/remote/main';\n"],
  ['external', "import { shell } from 'electron';\nexport const go = () => shell.openExternal('https://example.org');\n"],
  ['ipc', "import { ipcMain } from 'electron';\nexport const go = () => ipcMain.handle('all', () => 1);\n"],
  ['keychain', "import { safeStorage } from 'electron';\nexport const go = () => safeStorage.encryptString('x');\n"],
];
const plantedInElectron: Planted[] = unsafeInElectron.map(([name, source]) => ({
  file: `electron/main/planted-${name}.ts`,
  source,
  rule: 'plugin',
}));
const allowedInElectron: Planted[] = [
  {
    file: 'electron/main/innocent-window.ts',
    source:
      "export const window = { webPreferences: { ...webPreferences, preload: 'main.cjs' } };\ndeclare const webPreferences: object;\n",
    rule: null,
  },
  {
    file: 'electron/main/keychain.ts',
    source: "import { safeStorage } from 'electron';\nexport const go = () => safeStorage.encryptString('x');\n",
    rule: null,
  },
];

const planted = [...layerPairs, ...waysToImport, ...plantedInPure, ...plantedInElectron, ...allowedInElectron, ...elsewhere];

describe('lint rules', () => {
  let folder: string;
  /** Rules reported, by file. */
  const reported = new Map<string, string[]>();

  beforeAll(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'vouchsafe-planted-'));
    for (const file of ['biome.json', '.gitignore', 'scripts/lint']) {
      cpSync(path.join(projectRoot, file), path.join(folder, file), { recursive: true });
    }
    for (const { file, source } of planted) {
      mkdirSync(path.dirname(path.join(folder, file)), { recursive: true });
      writeFileSync(path.join(folder, file), source);
    }
    const biome = path.join(projectRoot, 'node_modules/@biomejs/biome/bin/biome');
    const lint = spawnSync(process.execPath, [biome, 'lint', '--max-diagnostics=none', '--reporter=github'], {
      cwd: folder,
      encoding: 'utf8',
    });
    for (const [, rule, file] of lint.stdout.matchAll(/^::error title=([^,]+),file=([^,]+),/gm)) {
      const name = path.relative(folder, path.resolve(folder, file!)).replaceAll('\\', '/');
      reported.set(name, [...(reported.get(name) ?? []), rule!]);
    }
  });

  afterAll(() => rmSync(folder, { recursive: true }));

  test('every planted violation is reported, by its rule', () => {
    const missed = planted.filter(({ file, rule }) => rule !== null && !(reported.get(file) ?? []).includes(rule));
    expect(missed).toEqual([]);
  });

  test('what the rules allow is not reported', () => {
    const wronged = planted.filter(({ file, rule }) => rule === null && reported.has(file)).map(({ file }) => [file, reported.get(file)]);
    expect(wronged).toEqual([]);
  });
});

test('every folder of core has a layer', () => {
  const known = new Set<string>(layers.map(({ folder }) => folder));
  expect(readdirSync(path.join(projectRoot, 'core')).filter((name) => !known.has(name))).toEqual([]);
});
