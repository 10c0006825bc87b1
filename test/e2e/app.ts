/**
 * The app under test: the real one, in a real window, with a folder of its own for everything that it keeps.
 */
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { _electron, type ElectronApplication, type Page } from '@playwright/test';
import { ask } from './bridge.ts';

const project = fileURLToPath(new URL('../..', import.meta.url));
/** Where this run keeps its things; scripts/e2e.mjs names one that the throwaway user owns. */
const folder = process.env.VOUCHSAFE_E2E_FOLDER ?? tmpdir();
export const screenshots = join(folder, 'screenshots');
const executable = join(process.env.ELECTRON_OVERRIDE_DIST_PATH ?? join(project, 'node_modules/electron/dist'), 'electron');
/** Only root, for whom Chromium has no sandbox, runs without. */
const hasSandbox = process.getuid?.() !== 0;

/** How to start the app. */
export interface LaunchOptions {
  /** Folder of an earlier start, to go on with it; a new one unless given. */
  readonly userData?: string;
  /** `none` takes the system's keyring away. */
  readonly keyring?: 'system' | 'none';
  /** Further words of the command line, such as a deep link. */
  readonly words?: readonly string[];
  /** A program to start in place of the app's own, and what to add to its environment. */
  readonly program?: string;
  readonly environment?: Readonly<Record<string, string>>;
}

/** A running app with its main window. */
export interface RunningApp {
  readonly app: ElectronApplication;
  readonly window: Page;
  readonly userData: string;
  /** What main and the services wrote to the terminal. */
  readonly output: () => string;
  /** Ends it as a user does. */
  close(): Promise<void>;
}

/** A new folder of this run. */
export function newFolder(): string {
  return mkdtempSync(join(folder, 'user-data-'));
}

/** What a start came to that opened no window which could be driven. */
export interface BareStart {
  /** What it has written to the terminal so far. */
  readonly output: () => string;
  /** Resolves with its exit code; null when it was ended from outside. */
  readonly ended: Promise<number | null>;
  /** Ends it from outside. */
  end(): void;
}

/** Starts the program as a desktop does, with nobody to drive it: for a second start, or one that fails. */
export function startBare(userData: string, options: Omit<LaunchOptions, 'userData'> = {}): BareStart {
  const child = spawn(executable, [...(hasSandbox ? [] : ['--no-sandbox']), ...words(userData, options)], { env: environmentFor(options) });
  let text = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => {
      text += chunk.toString();
    });
  const ended = new Promise<number | null>((resolve) => child.on('exit', (code) => resolve(code)));
  return { output: () => text, ended, end: () => void child.kill('SIGKILL') };
}

function words(userData: string, { keyring, program = project, words: more = [] }: LaunchOptions): string[] {
  return [program, `--user-data-dir=${userData}`, `--password-store=${keyring === 'none' ? 'basic' : 'gnome-libsecret'}`, ...more];
}

function environmentFor({ environment }: LaunchOptions): Record<string, string> {
  const { ELECTRON_RUN_AS_NODE: _, ...env } = process.env;
  return { ...(env as Record<string, string>), ...environment };
}

/** Starts the app and waits for its main window. */
export async function launch(options: LaunchOptions = {}): Promise<RunningApp> {
  const userData = options.userData ?? newFolder();
  const app = await _electron.launch({
    executablePath: executable,
    args: words(userData, options),
    chromiumSandbox: hasSandbox,
    // The theme is the app's to choose, also in the secret window, which follows the system's colours.
    colorScheme: null,
    env: environmentFor(options),
    timeout: 60_000,
  });
  let text = '';
  const hear = (chunk: Buffer) => {
    text += chunk.toString();
  };
  app.process().stdout?.on('data', hear);
  app.process().stderr?.on('data', hear);
  const window = await app.firstWindow();
  await window.waitForLoadState('domcontentloaded');
  // Nobody touches the virtual desktop's mouse: Vouchsafe would lock itself in the middle of a long test.
  await ask(window, 'app.settings', { autoLockMinutes: 0 });
  return { app, window, userData, output: () => text, close: () => app.close() };
}

/** Takes a picture of the main window, or of another, for people to look at, as it is on the screen: zoomed, where it is zoomed. */
export async function picture(app: ElectronApplication, name: string, page?: Page): Promise<void> {
  mkdirSync(screenshots, { recursive: true });
  const window =
    page === undefined ? await app.evaluateHandle(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]) : await app.browserWindow(page);
  const png = await window.evaluate(async (shown) => {
    // A window that nothing covers or uncovers may show its last frame: it is asked for a new one.
    shown?.webContents.invalidate();
    await new Promise((resolve) => setTimeout(resolve, 150));
    return (await shown?.webContents.capturePage())?.toPNG().toString('base64') ?? '';
  });
  writeFileSync(join(screenshots, `${name}.png`), Buffer.from(png, 'base64'));
}

/** Removes what an app kept. */
export function remove(userData: string): void {
  rmSync(userData, { recursive: true, force: true });
}
