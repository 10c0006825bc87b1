/**
 * What any web contents of this program may not do: navigate, open windows, embed a webview, get a permission, or load
 * anything from elsewhere. Electron's security checklist, in one place for every window there will ever be.
 */
import { app, type Session, shell } from 'electron';

/** Sites that a page may have opened in the user's browser. */
const openableHosts: readonly string[] = ['github.com'];

/** Whether an address may be opened in the user's browser. */
export function isOpenable(address: string): boolean {
  if (!URL.canParse(address)) return false;
  const { protocol, hostname, port, username, password } = new URL(address);
  return protocol === 'https:' && port === '' && username === '' && password === '' && openableHosts.includes(hostname);
}

/** Rules for all contents, from now on. */
export function applyContentRules(): void {
  app.on('web-contents-created', (_, contents) => {
    contents.on('will-navigate', (event) => event.preventDefault());
    contents.on('will-frame-navigate', (event) => event.preventDefault());
    contents.on('will-redirect', (event) => event.preventDefault());
    contents.on('will-attach-webview', (event) => event.preventDefault());
    contents.setWindowOpenHandler(({ url }) => {
      if (isOpenable(url)) void shell.openExternal(url);
      return { action: 'deny' };
    });
  });
}

/** Rules for a session: no permission, no device, no download, no request that is not for the program's own pages. */
export function applySessionRules(session: Session): void {
  session.setPermissionRequestHandler((_contents, _permission, decide) => decide(false));
  session.setPermissionCheckHandler(() => false);
  session.setDevicePermissionHandler(() => false);
  session.setDisplayMediaRequestHandler(null);
  session.on('will-download', (event) => event.preventDefault());
  session.webRequest.onBeforeRequest((request, decide) => {
    const isOwn = ['app:', 'data:', 'blob:', 'devtools:'].includes(new URL(request.url).protocol);
    decide({ cancel: !isOwn });
  });
  session.setSpellCheckerEnabled(false);
}
