/**
 * The one window in which phrases and passphrases are shown and typed (docs/decisions/secrets-have-their-own-window.md).
 * It lives for one question, in a session without a disk and a process of its own, and screen captures leave it out where
 * the system can do that.
 */
import { BrowserWindow, session } from 'electron';
import { AppError } from '../../core/base/app-error.ts';
import type { Said } from '../../core/base/sentence.ts';
import { type Answer, type SecretPurpose, secretContract, secretPurpose } from '../ipc-contract.ts';
import { answerOf } from '../link.ts';
import type { SettingsView } from '../views.ts';
import { pageUrl, serveApp } from './app-protocol.ts';
import { applySessionRules } from './content-rules.ts';
import { preloadScript, rendererFolder } from './places.ts';
import { answerWindow } from './router.ts';
import { backgroundColor, webPreferences, windowIcon } from './windows.ts';

/** Looks at what was typed: the answer is what is wrong with it, or null. */
export type Acceptance = (text: string) => Promise<Said | null> | Said | null;

interface Question {
  readonly purpose: SecretPurpose;
  readonly accept: Acceptance;
  readonly window: BrowserWindow;
  readonly settle: (accepted: boolean) => void;
}

/** Asks questions, one at a time. */
export class SecretWindow {
  readonly #parent: () => BrowserWindow | undefined;
  readonly #language: () => SettingsView['language'];
  #question: Question | undefined;

  constructor(parent: () => BrowserWindow | undefined, language: () => SettingsView['language']) {
    this.#parent = parent;
    this.#language = language;
    answerWindow(
      'secret',
      'secret',
      () => this.#question?.window,
      (channel, value) => this.#perform(channel, value),
    );
  }

  /**
   * Opens the window for `purpose`. Resolves to true when `accept` found nothing wrong with what was given, and to false
   * when the window was closed. @throws AppError `SECRET_WINDOW_BUSY`
   */
  ask(purpose: SecretPurpose, accept: Acceptance): Promise<boolean> {
    if (this.#question !== undefined) {
      this.#question.window.focus();
      return Promise.reject(
        new AppError('SECRET_WINDOW_BUSY', {
          what: 'Another question for a phrase or passphrase is open already.',
          consequence: 'This step was not begun.',
          remedy: 'Answer or close the open window, then try again.',
        }),
      );
    }
    return new Promise((resolve) => {
      const parent = this.#parent();
      const window = new BrowserWindow({
        width: 560,
        height: heightFor(purpose.kind),
        minWidth: 480,
        minHeight: 360,
        show: false,
        title: 'Vouchsafe',
        ...windowIcon,
        ...(parent === undefined ? {} : { parent, modal: true }),
        minimizable: false,
        maximizable: false,
        fullscreenable: false,
        autoHideMenuBar: true,
        backgroundColor: backgroundColor(),
        webPreferences: { ...webPreferences, devTools: false, session: secretSession(), preload: preloadScript('secret') },
      });
      window.setMenu(null);
      window.setContentProtection(true);
      window.once('ready-to-show', () => window.show());
      let accepted = false;
      const settle = (outcome: boolean) => {
        accepted = outcome;
        window.destroy();
      };
      // Nothing can be typed into a page whose process is gone.
      window.webContents.on('render-process-gone', () => settle(false));
      window.on('closed', () => {
        this.#question = undefined;
        resolve(accepted);
      });
      this.#question = { purpose: secretPurpose.parse(purpose), accept, window, settle };
      void window.loadURL(pageUrl('secret'));
    });
  }

  /** Closes an open question unanswered. */
  dismiss(): void {
    this.#question?.settle(false);
  }

  #perform(channel: unknown, value: unknown): Promise<Answer<unknown>> {
    return answerOf(async () => {
      const question = this.#question;
      if (question === undefined) throw new TypeError('no question is open');
      if (channel === 'secret.purpose') return { purpose: question.purpose, language: this.#language() };
      if (channel !== 'secret.give') throw new TypeError('no such channel');
      const { text } = secretContract['secret.give'].request.parse(value);
      const problem = text === null ? null : await question.accept(text);
      // The page gets its answer before its process ends. A question that was closed meanwhile stays unanswered.
      if (problem === null) setTimeout(() => this.#question === question && question.settle(text !== null), 50);
      return { problem };
    });
  }
}

/** Twenty-four words need room; one field and its words need less, and two fields some more. */
function heightFor(kind: SecretPurpose['kind']): number {
  if (kind === 'unlock') return 380;
  return kind.endsWith('phrase') && !kind.endsWith('passphrase') ? 640 : 500;
}

let prepared: Electron.Session | undefined;
function secretSession(): Electron.Session {
  if (prepared === undefined) {
    prepared = session.fromPartition('secret');
    applySessionRules(prepared);
    serveApp(prepared, rendererFolder);
  }
  return prepared;
}
