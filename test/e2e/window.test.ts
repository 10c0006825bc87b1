/** The window opens, sandboxed, from our own protocol, with a keychain that protects something. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { launch, picture, type RunningApp } from './app.ts';
import { until } from './bridge.ts';

let running: RunningApp;
beforeAll(async () => {
  running = await launch();
});
afterAll(() => running.close());

test('the window opens from app://', async () => {
  expect(running.window.url()).toMatch(/^app:\/\/vouchsafe\//);
  await picture(running.app, 'first-window');
});

test("the system's keyring is used", async () => {
  const backend = await running.app.evaluate(({ safeStorage }) => safeStorage.getSelectedStorageBackend());
  expect(backend).toBe('gnome_libsecret');
});

test('the renderer is sandboxed and sees no Node', async () => {
  expect(await running.window.evaluate(() => typeof Reflect.get(globalThis, 'require'))).toBe('undefined');
  expect(await running.window.evaluate(() => typeof Reflect.get(globalThis, 'process'))).toBe('undefined');
});

test('the page comes back when its process is ended by force', async () => {
  const { app } = running;
  const pid = await app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.webContents.getOSProcessId() ?? 0);
  const came = app.evaluate(
    ({ BrowserWindow }) =>
      new Promise<string>((resolve) => {
        const contents = BrowserWindow.getAllWindows()[0]?.webContents;
        contents?.once('did-finish-load', () => resolve(contents.getURL()));
      }),
  );
  process.kill(pid, 'SIGKILL');
  expect(await came).toMatch(/^app:\/\/vouchsafe\//);
  const text = () =>
    app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.webContents.executeJavaScript('document.body.textContent'));
  await until('the first screen', text, (shown) => String(shown).includes('Try with sample data'));
  expect(await app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.webContents.getOSProcessId())).not.toBe(pid);
});
