/** The window opens, sandboxed, from our own protocol, with a keychain that protects something. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { launch, picture, type RunningApp } from './app.ts';

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
