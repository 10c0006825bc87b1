/** The system's own boxes, which nobody can read or press from outside: what the app puts into them, and the user's answer. */
import type { ElectronApplication } from '@playwright/test';

/** From now on the user presses OK at once; gives a function that tells what the boxes have said since it was last asked. */
export async function readMessageBoxes(app: ElectronApplication): Promise<() => Promise<string[]>> {
  await app.evaluate(({ dialog }) => {
    const said: string[] = [];
    Reflect.set(globalThis, 'saidInBoxes', said);
    Reflect.set(dialog, 'showMessageBox', async (options: Electron.MessageBoxOptions) => {
      said.push(`${options.message}\n${options.detail ?? ''}`);
      return { response: 0, checkboxChecked: false };
    });
  });
  return () => app.evaluate(() => (Reflect.get(globalThis, 'saidInBoxes') as string[]).splice(0));
}

/** From now on the user saves to this path wherever the app asks. */
export async function saveTo(app: ElectronApplication, path: string): Promise<void> {
  await app.evaluate(({ dialog }, filePath) => {
    Reflect.set(dialog, 'showSaveDialog', async () => ({ canceled: false, filePath }));
  }, path);
}
