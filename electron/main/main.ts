/**
 * The program's start: the command line where it is asked for; otherwise what must be said before Electron is ready, one
 * instance at a time, and then the app (app.ts).
 */
import { app, dialog } from 'electron';
import { keepMemoryOutOfCoreFiles } from '../core-files.ts';
import { isHeadless, runHeadless } from '../headless.ts';
import { declareAppScheme } from './app-protocol.ts';
import { applyContentRules } from './content-rules.ts';
import { linkAmong, linkScheme, wordsWithoutLongLink } from './link-scheme.ts';

app.setName('Vouchsafe');
const shortened = wordsWithoutLongLink(process.argv);
if (isHeadless(process.argv)) runHeadless(process.argv);
else if (shortened !== null) startAgain(shortened);
else if (app.requestSingleInstanceLock()) openWindows();
else leave();

function startAgain([, ...words]: readonly string[]): void {
  app.relaunch({ args: [...words] });
  app.exit(0);
}

/** Without the lock this is a second start, whose words the first has got; or the folder takes no lock. */
function leave(): void {
  app
    .whenReady()
    .then(async () => (await import('./disk.ts')).requireWritable(app.getPath('userData')))
    .then(() => app.quit(), failToStart);
}

async function failToStart(error: unknown): Promise<void> {
  const { viewOfError } = await import('../link.ts');
  const { chosenLanguage, inLanguage } = await import('../language.ts');
  const { say } = await import('../../core/base/sentence.ts');
  const { code, what, consequence, remedy } = viewOfError(error);
  const textIn = (language: 'en' | 'de') =>
    [...[what, consequence, remedy].map((sentence) => inLanguage(sentence, language)), code].join('\n\n');
  // Whoever started it in a terminal reads it there, also where there is no screen.
  process.stderr.write(`${textIn('en')}\n`);
  // The user's wish stands in a file that may be what cannot be read.
  const language = chosenLanguage('system', app.getSystemLocale());
  dialog.showErrorBox(inLanguage(say`Vouchsafe cannot start`, language), textIn(language));
  app.exit(1);
}

function openWindows(): void {
  keepMemoryOutOfCoreFiles();
  // With --no-sandbox (root on Linux has no other way) Chromium refuses to start children that are to be sandboxed.
  if (!app.commandLine.hasSwitch('no-sandbox')) app.enableSandbox();
  declareAppScheme();
  applyContentRules();
  // On Linux the package's desktop file says it already; here it would be a program of the desktop for which the start waits.
  if (app.isPackaged && process.platform !== 'linux') app.setAsDefaultProtocolClient(linkScheme);
  // A link may come before the app is ready to follow it.
  const links: string[] = [];
  let follow = (link: string): unknown => links.push(link);
  let show = (): void => undefined;
  app.on('open-url', (event, link) => {
    event.preventDefault();
    follow(link);
  });
  app.on('second-instance', (_, argv) => {
    show();
    const link = linkAmong(argv);
    if (link !== undefined) follow(link);
  });
  // The app's code is read while Chromium starts, so this file and what it imports are as little as can be. No top-level await: Electron becomes ready only after this module has ended.
  const loading = import('./app.ts');
  app
    .whenReady()
    .then(() => loading)
    .then(({ startApp }) => {
      const { followLink, showWindow } = startApp();
      follow = followLink;
      show = showWindow;
      const first = linkAmong(process.argv);
      for (const link of first === undefined ? links : [first, ...links]) followLink(link);
    })
    .catch(failToStart);
}
