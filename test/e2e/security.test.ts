/**
 * The twenty items of Electron's security checklist (electronjs.org, "Security"), one test each, in the running app.
 * Item 19, the fuses, can be read only from a packaged app: `npm run package` reads them back and fails if one is not as it must be.
 */
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { launch, type RunningApp } from './app.ts';

const project = fileURLToPath(new URL('../..', import.meta.url));

describe("Electron's security checklist", () => {
  let running: RunningApp;
  beforeAll(async () => {
    running = await launch();
  });
  afterAll(() => running.close());

  /** What the main window was made with. */
  const preferences = () =>
    running.app.evaluate(({ BrowserWindow }) => {
      // Electron has this method, its types do not.
      const contents = BrowserWindow.getAllWindows()[0]?.webContents as unknown as {
        getLastWebPreferences(): Record<string, unknown>;
      };
      return contents.getLastWebPreferences();
    });
  /** Runs a page of the app's own making, as an attacker's would run, with the app's bridge, and gives what `script` gives there. */
  const inForeignPage = (url: string, script: string) =>
    running.app.evaluate(
      async ({ BrowserWindow }, { address, preload, code }) => {
        const window = new BrowserWindow({ show: false, webPreferences: { preload, sandbox: true } });
        try {
          await window.loadURL(address);
          return (await window.webContents.executeJavaScript(code)) as string;
        } finally {
          window.destroy();
        }
      },
      { address: url, preload: join(project, 'build/app/preload/main.cjs'), code: script },
    );

  test('1 only secure content: every request that leaves the app’s own protocol fails', async () => {
    // A server that would answer: without one, the request would fail for want of it.
    let reached = 0;
    const server = createServer((_, response) => {
      reached++;
      response.writeHead(200, { 'access-control-allow-origin': '*' }).end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    expect((await fetch(address)).ok).toBe(true);
    const outcome = await running.window.evaluate(
      (url) =>
        fetch(url).then(
          () => 'loaded',
          () => 'refused',
        ),
      address,
    );
    // The policy of the page refuses it; where a page had none, the session would.
    const bySession = await running.app.evaluate(
      ({ session }, url) => session.defaultSession.fetch(url).then(String, () => 'refused'),
      address,
    );
    server.closeAllConnections();
    server.close();
    expect([outcome, bySession, reached]).toEqual(['refused', 'refused', 1]);
    const urls = await running.window.evaluate(() =>
      [...document.querySelectorAll('script[src], link[href], img[src]')].map(
        (element) => Reflect.get(element, 'src') ?? Reflect.get(element, 'href'),
      ),
    );
    expect(urls.length).toBeGreaterThan(0);
    expect(urls.filter((url) => !String(url).startsWith('app://vouchsafe/'))).toEqual([]);
  });

  test('2 no Node integration', async () => {
    const { nodeIntegration, nodeIntegrationInWorker, nodeIntegrationInSubFrames } = await preferences();
    expect([nodeIntegration, nodeIntegrationInWorker, nodeIntegrationInSubFrames].filter(Boolean)).toEqual([]);
    expect(await running.window.evaluate(() => typeof Reflect.get(globalThis, 'require'))).toBe('undefined');
  });

  test('3 context isolation', async () => {
    expect((await preferences()).contextIsolation).toBe(true);
  });

  test('4 process sandbox', async () => {
    expect((await preferences()).sandbox).toBe(true);
    const sandboxed = await running.app.evaluate(({ app }) => !app.commandLine.hasSwitch('no-sandbox'));
    // Only root, for whom Chromium has no sandbox, runs without.
    expect(sandboxed).toBe(process.getuid?.() !== 0);
  });

  test('5 permissions are refused', async () => {
    const answers = await running.window.evaluate(async () => {
      const states: string[] = [];
      for (const name of ['geolocation', 'notifications', 'camera', 'microphone', 'clipboard-read'])
        states.push((await navigator.permissions.query({ name: name as PermissionName })).state);
      return states;
    });
    expect(answers).toEqual(['denied', 'denied', 'denied', 'denied', 'denied']);
  });

  test('6 web security is on', async () => {
    expect((await preferences()).webSecurity).not.toBe(false);
  });

  test('7 a content security policy that allows no script but the app’s', async () => {
    const policy = await running.window.evaluate(async () => (await fetch(location.href)).headers.get('content-security-policy'));
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("script-src 'self'");
    expect(policy).not.toContain('unsafe-eval');
    expect(policy?.match(/script-src[^;]*/)?.[0]).not.toContain('unsafe-inline');
    const inline = await running.window.evaluate(() => {
      const script = document.createElement('script');
      script.textContent = 'window.injected = true';
      document.head.append(script);
      return Reflect.get(window, 'injected') === true;
    });
    expect(inline).toBe(false);
  });

  test('8, 9, 10 no insecure content, no experimental features, no Blink features', async () => {
    const { allowRunningInsecureContent, experimentalFeatures, enableBlinkFeatures } = await preferences();
    expect([allowRunningInsecureContent, experimentalFeatures, enableBlinkFeatures].filter(Boolean)).toEqual([]);
  });

  test('11, 12 there are no webviews', async () => {
    expect((await preferences()).webviewTag ?? false).toBe(false);
    const attached = await running.app.evaluate(async ({ BrowserWindow, app }) => {
      const refused = new Promise<boolean>((resolve) => {
        app.once('web-contents-created', (_, contents) => resolve(contents.listenerCount('will-attach-webview') > 0));
      });
      const window = new BrowserWindow({ show: false });
      const guarded = await refused;
      window.destroy();
      return guarded;
    });
    expect(attached).toBe(true);
  });

  test('13 the window goes nowhere else', async () => {
    const before = running.window.url();
    await running.window.evaluate(() => {
      location.href = 'https://example.org/';
    });
    await running.window.waitForTimeout(200);
    expect(running.window.url()).toBe(before);
  });

  test('14 no new windows', async () => {
    const before = await running.app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows().length);
    expect(await running.window.evaluate(() => window.open('https://example.org/') === null)).toBe(true);
    expect(await running.app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows().length)).toBe(before);
  });

  test('15 no address that a page made up is handed to the system', async () => {
    await running.app.evaluate(({ shell }) => {
      const opened: string[] = [];
      Reflect.set(globalThis, 'opened', opened);
      shell.openExternal = async (url: string) => void opened.push(url);
    });
    const refused = ['https://example.org/', 'http://github.com/', 'https://github.com.example.org/', 'https://user@github.com/'];
    for (const url of [...refused, 'file:///etc/passwd', 'javascript:alert(1)', 'ms-settings:', 'vouchsafe://offer/1'])
      expect(await running.window.evaluate((address) => window.open(address) === null, url)).toBe(true);
    expect(await running.app.evaluate(() => Reflect.get(globalThis, 'opened') as string[])).toEqual([]);
    // The door is there, for the project's own pages alone.
    await running.window.evaluate(() => window.open('https://github.com/'));
    await running.window.waitForTimeout(200);
    expect(await running.app.evaluate(() => Reflect.get(globalThis, 'opened') as string[])).toEqual(['https://github.com/']);
  });

  test('16 the Electron that runs is the one that the project pins', async () => {
    const { devDependencies } = JSON.parse(readFileSync(join(project, 'package.json'), 'utf8'));
    expect(await running.app.evaluate(() => process.versions.electron)).toBe(devDependencies.electron);
  });

  test('17 a page of another origin that holds the bridge is not answered', async () => {
    const ask = 'window.vouchsafe.call("app.get", {}).then((answer) => answer.ok ? "answered" : answer.error.code, () => "refused")';
    expect(await inForeignPage('data:text/html,<p>page</p>', ask)).not.toBe('answered');
    expect(await inForeignPage('about:blank', ask)).not.toBe('answered');
    // The same question by the app's own window is answered.
    const own = await running.window.evaluate(async () => {
      const bridge = Reflect.get(window, 'vouchsafe') as { call(channel: string, value: unknown): Promise<{ ok: boolean }> };
      return (await bridge.call('app.get', {})).ok;
    });
    expect(own).toBe(true);
  });

  test('18 pages come from app://, which serves nothing but pages', async () => {
    expect(running.window.url()).toMatch(/^app:\/\/vouchsafe\//);
    const statuses = await running.window.evaluate(async () => {
      const paths = ['/../../../package.json', '/%2e%2e/%2e%2e/package.json', '/..%2f..%2fpackage.json', '/etc/passwd', '//etc/passwd'];
      return Promise.all(
        paths.map((path) =>
          fetch(`app://vouchsafe${path}`).then(
            ({ status }) => status,
            () => 0,
          ),
        ),
      );
    });
    expect(statuses.filter((status) => status === 200)).toEqual([]);
  });

  test('20 the page gets no Electron API, only the three functions of the bridge', async () => {
    const bridge = await running.window.evaluate(() => Object.keys(Reflect.get(window, 'vouchsafe') as object).sort());
    expect(bridge).toEqual(['call', 'dropped', 'listen']);
    expect(await running.window.evaluate(() => typeof Reflect.get(window, 'vouchsafeSecret'))).toBe('undefined');
  });
});
