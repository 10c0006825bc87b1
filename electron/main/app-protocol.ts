/**
 * The protocol of the windows: app://vouchsafe/ serves the built pages and nothing else, under a policy that lets a page
 * load its own files only.
 *
 * Invariant: no request reads outside the folder of the pages, whatever its path says.
 */
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { extname, join, sep } from 'node:path';
import { type Protocol, protocol } from 'electron';

const SCHEME = 'app';
const HOST = 'vouchsafe';

/** Address of a page. */
export function pageUrl(page: 'index' | 'secret'): string {
  return `${SCHEME}://${HOST}/${page}.html`;
}

/** Whether an address is one of the program's pages: the test of every sender and every navigation. */
export function isOwnPage(address: string, page: 'index' | 'secret'): boolean {
  if (!URL.canParse(address)) return false;
  const { protocol: scheme, host, pathname } = new URL(address);
  return scheme === `${SCHEME}:` && host === HOST && pathname === `/${page}.html`;
}

/**
 * What a page may load. Style attributes alone may be inline, with which React Aria places its overlays, and style elements
 * that carry the nonce of this very page. No page may be framed, embed anything, send a form or change its base address.
 */
function contentPolicy(nonce: string | undefined): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    `style-src 'self'${nonce === undefined ? '' : ` 'nonce-${nonce}'`}`,
    "style-src-attr 'unsafe-inline'",
    "img-src 'self' data:",
    "font-src 'self'",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "object-src 'none'",
  ].join('; ');
}

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.woff2': 'font/woff2',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.json': 'application/json',
};

/** Declares the scheme; before the app is ready. */
export function declareAppScheme(): void {
  // With a code cache Chromium compiles the pages' scripts once, not at every start.
  const privileges = { standard: true, secure: true, supportFetchAPI: true, codeCache: true };
  protocol.registerSchemesAsPrivileged([{ scheme: SCHEME, privileges }]);
}

/** Serves the pages in `folder`. */
export function serveApp(session: { readonly protocol: Protocol }, folder: string): void {
  session.protocol.handle(SCHEME, async (request) => {
    const file = request.method === 'GET' ? fileOf(request.url, folder) : undefined;
    const type = file === undefined ? undefined : types[extname(file)];
    if (file === undefined || type === undefined) return answer(404);
    try {
      const content = await readFile(file);
      if (extname(file) !== '.html') return answer(200, content, type);
      const nonce = randomBytes(16).toString('base64');
      return answer(200, withNonce(content.toString('utf8'), nonce), type, nonce);
    } catch (error) {
      if (['ENOENT', 'EISDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return answer(404);
      throw error;
    }
  });
}

/** The file behind an address, or undefined for any that is not within the folder. */
export function fileOf(address: string, folder: string): string | undefined {
  const { host, pathname } = new URL(address);
  if (host !== HOST) return undefined;
  let path: string;
  try {
    path = decodeURIComponent(pathname);
  } catch {
    return undefined; // not an address of ours: those decode
  }
  const file = join(folder, path);
  return file.startsWith(folder + sep) && !path.includes('\0') ? file : undefined;
}

/** React Aria looks here for the nonce of its style elements. Chromium hides the attribute's value from style sheets. */
function withNonce(page: string, nonce: string): string {
  return page.replace('<head>', `<head><meta property="csp-nonce" nonce="${nonce}">`);
}

function answer(status: number, body: Uint8Array<ArrayBuffer> | string | null = null, type = 'text/plain', nonce?: string): Response {
  return new Response(body, {
    status,
    headers: {
      'content-type': type,
      'content-security-policy': contentPolicy(nonce),
      'x-content-type-options': 'nosniff',
      'cross-origin-opener-policy': 'same-origin',
      'referrer-policy': 'no-referrer',
    },
  });
}
