/** What the app gives to the system to show, which nobody can read from outside: the labels of menu and tray, and notices. */
import type { ElectronApplication } from '@playwright/test';

/** From now on hears what the shell shows; the user looks elsewhere, so that notices are wanted. */
export async function hearShell(app: ElectronApplication): Promise<{
  /** The titles of the application menu. */
  menu(): Promise<string[]>;
  /** The commands of the tray, as they were set last. */
  tray(): Promise<string[]>;
  /** Titles and texts of the notices so far. */
  notices(): Promise<string[]>;
}> {
  await app.evaluate(({ BrowserWindow, Notification, Tray }) => {
    const heard: { tray: string[]; notices: string[] } = { tray: [], notices: [] };
    Reflect.set(globalThis, 'heardShell', heard);
    const { setContextMenu } = Tray.prototype;
    Tray.prototype.setContextMenu = function (menu) {
      heard.tray = menu?.items.map(({ label }) => label).filter((label) => label !== '') ?? [];
      setContextMenu.call(this, menu);
    };
    Reflect.set(Notification, 'isSupported', () => true);
    Notification.prototype.show = function () {
      heard.notices.push(`${this.title}: ${this.body}`);
    };
    Reflect.set(BrowserWindow.prototype, 'isFocused', () => false);
  });
  return {
    menu: () => app.evaluate(({ Menu }) => Menu.getApplicationMenu()?.items.map(({ label }) => label) ?? []),
    tray: () => app.evaluate(() => (Reflect.get(globalThis, 'heardShell') as { tray: string[] }).tray),
    notices: () => app.evaluate(() => (Reflect.get(globalThis, 'heardShell') as { notices: string[] }).notices),
  };
}
