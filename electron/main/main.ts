/**
 * The program's start: the command line where it is asked for; otherwise what must be said before Electron is ready, one
 * instance at a time, and then the app (app.ts).
 */
import { app, dialog } from 'electron';
import { isHeadless, runHeadless } from '../headless.ts';
import { declareAppScheme } from './app-protocol.ts';
import { applyContentRules } from './content-rules.ts';
import { linkAmong, linkScheme } from './link-scheme.ts';

app.setName('Vouchsafe');
if (isHeadless(process.argv)) runHeadless(process.argv);
else if (app.requestSingleInstanceLock()) openWindows();
else app.quit();

function openWindows(): void {
  // With --no-sandbox (root on Linux has no other way) Chromium refuses to start children that are to be sandboxed.
  if (!app.commandLine.hasSwitch('no-sandbox')) app.enableSandbox();
  declareAppScheme();
  applyContentRules();
  if (app.isPackaged) app.setAsDefaultProtocolClient(linkScheme);
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
    .catch(async (error: unknown) => {
      const { viewOfError } = await import('../link.ts');
      const { what, consequence, remedy } = viewOfError(error);
      dialog.showErrorBox('Vouchsafe cannot start', `${what}\n\n${consequence}\n\n${remedy}`);
      app.exit(1);
    });
}
