/** The main window: one, with its place kept, painted in the theme's colour before its page is there. */
import { BrowserWindow, dialog, nativeTheme, screen } from 'electron';
import { z } from 'zod';
import { type Said, say } from '../../core/base/sentence.ts';
import { type EventName, type EventOf, events } from '../ipc-contract.ts';
import { pageUrl } from './app-protocol.ts';
import { iconFile, preloadScript } from './places.ts';

const minimum = { width: 1024, height: 700 } as const;
/** `--canvas` of renderer/app/tokens.css, which a window needs before it has read that. */
const backgrounds = { light: '#f9fafb', dark: '#111618' } as const;

/** Ends of the page in a row, within {@link pageEndsWindowMs}, after which the user is asked before it is loaded again. */
const pageEndsMax = 3;
const pageEndsWindowMs = 60_000;

const stateSchema = z.strictObject({
  x: z.int(),
  y: z.int(),
  width: z.int().min(minimum.width),
  height: z.int().min(minimum.height),
  maximized: z.boolean(),
});
type WindowState = z.infer<typeof stateSchema>;

/** Where the window's place is kept. */
export interface WindowStateStore {
  get(): unknown;
  set(state: WindowState): void;
}

/** What every window of this program has in common. */
export const webPreferences = {
  contextIsolation: true,
  sandbox: true,
  nodeIntegration: false,
  nodeIntegrationInWorker: false,
  nodeIntegrationInSubFrames: false,
  webSecurity: true,
  allowRunningInsecureContent: false,
  experimentalFeatures: false,
  webviewTag: false,
  navigateOnDragDrop: false,
  safeDialogs: true,
  spellcheck: false,
} as const;

/** The colour of a window that has painted nothing yet. */
export function backgroundColor(): string {
  return nativeTheme.shouldUseDarkColors ? backgrounds.dark : backgrounds.light;
}

/** Elsewhere than on Linux the program's own icon is the window's. */
export const windowIcon = process.platform === 'linux' ? { icon: iconFile('window') } : {};

/** The one main window. */
export class MainWindow {
  readonly #state: WindowStateStore;
  /** Says what it has to say in the user's language. */
  readonly #words: (said: Said) => string;
  #window: BrowserWindow | undefined;
  /** Events that the page was not there yet to hear, such as the deep link that started the program. */
  #early: [EventName, unknown][] = [];
  #isPageThere = false;
  #pageEndsAtMs: number[] = [];

  constructor(state: WindowStateStore, words: (said: Said) => string) {
    this.#state = state;
    this.#words = words;
  }

  /** The window, while there is one. */
  get window(): BrowserWindow | undefined {
    return this.#window;
  }

  /** Whether the user looks at it. */
  get isFocused(): boolean {
    return this.#window?.isFocused() ?? false;
  }

  /** Opens the window, or brings the open one to the front. */
  show(): void {
    if (this.#window !== undefined) {
      if (this.#window.isMinimized()) this.#window.restore();
      this.#window.show();
      this.#window.focus();
      return;
    }
    this.#window = this.#create();
  }

  /** Tells the page something. */
  tell<Name extends EventName>(name: Name, value: EventOf<Name>): void {
    const checked = events[name].parse(value);
    if (this.#isPageThere) this.#window?.webContents.send('event', name, checked);
    else if (name === 'app.go') this.#early = [[name, checked]];
  }

  /** The page has asked its first question, so it listens. */
  pageIsThere(): void {
    if (this.#isPageThere) return;
    this.#isPageThere = true;
    for (const [name, value] of this.#early) this.#window?.webContents.send('event', name, value);
    this.#early = [];
  }

  /** The page's process is gone: it holds nothing that is kept, so a new one shows the same screen. */
  async #loadAgain(window: BrowserWindow): Promise<void> {
    this.#isPageThere = false;
    const nowMs = Date.now();
    this.#pageEndsAtMs = [...this.#pageEndsAtMs.filter((atMs) => nowMs - atMs < pageEndsWindowMs), nowMs];
    if (this.#pageEndsAtMs.length >= pageEndsMax) {
      await dialog.showMessageBox(window, {
        type: 'warning',
        title: 'Vouchsafe',
        message: this.#words(say`The window ended unexpectedly several times in a row.`),
        detail: this.#words(
          say`Nothing that is stored was changed, and what runs goes on. Load the window again. If it goes on ending, restart Vouchsafe and save the diagnostics in Settings.`,
        ),
        buttons: [this.#words(say`Load again`)],
      });
    }
    // Electron itself ends when a page is loaded while it still tells of the end of the last one.
    setImmediate(() => {
      if (!window.isDestroyed()) window.webContents.reload();
    });
  }

  #create(): BrowserWindow {
    const state = stateSchema.safeParse(this.#state.get()).data;
    const place = state !== undefined && isOnScreen(state) ? { x: state.x, y: state.y, width: state.width, height: state.height } : {};
    const window = new BrowserWindow({
      width: 1280,
      height: 820,
      ...place,
      minWidth: minimum.width,
      minHeight: minimum.height,
      show: false,
      title: 'Vouchsafe',
      ...windowIcon,
      backgroundColor: backgroundColor(),
      autoHideMenuBar: process.platform !== 'darwin',
      webPreferences: { ...webPreferences, preload: preloadScript('main') },
    });
    if (state?.maximized) window.maximize();
    window.once('ready-to-show', () => window.show());
    window.on('close', () => {
      const { x, y, width, height } = window.getNormalBounds();
      this.#state.set({
        x,
        y,
        width: Math.max(width, minimum.width),
        height: Math.max(height, minimum.height),
        maximized: window.isMaximized(),
      });
    });
    window.on('closed', () => {
      this.#window = undefined;
      this.#isPageThere = false;
    });
    window.webContents.on('did-start-navigation', ({ isMainFrame, isSameDocument }) => {
      // Another route of the same page goes on listening.
      if (isMainFrame && !isSameDocument) this.#isPageThere = false;
    });
    window.webContents.on('render-process-gone', () => void this.#loadAgain(window));
    nativeTheme.on('updated', recolour);
    window.on('closed', () => nativeTheme.off('updated', recolour));
    function recolour() {
      window.setBackgroundColor(backgroundColor());
    }
    void window.loadURL(pageUrl('index'));
    return window;
  }
}

/** Whether a screen still shows the middle of the window's upper edge: where its title bar is. */
function isOnScreen({ x, y, width }: WindowState): boolean {
  const middle = x + width / 2;
  return screen
    .getAllDisplays()
    .some(
      ({ workArea }) =>
        middle >= workArea.x && middle < workArea.x + workArea.width && y >= workArea.y - 1 && y < workArea.y + workArea.height,
    );
}
