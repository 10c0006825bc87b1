/** The system's own dialogs for files: they belong to the desktop, so a test says what the user would have chosen in the next one. */
import type { ElectronApplication, Page } from '@playwright/test';
import type { RequestOf } from '../../electron/ipc-contract.ts';
import type { FileView } from '../../electron/views.ts';
import { ask } from './bridge.ts';

/** The next dialog that asks for a file gets this one. */
export async function willChoose(app: ElectronApplication, path: string): Promise<void> {
  await app.evaluate(({ dialog }, filePath) => {
    dialog.showOpenDialog = async () => ({ canceled: false, filePaths: [filePath] });
  }, path);
}

/** The next dialog that asks where to save gets this path. */
export async function willSaveTo(app: ElectronApplication, path: string): Promise<void> {
  await app.evaluate(({ dialog }, filePath) => {
    dialog.showSaveDialog = async () => ({ canceled: false, filePath });
  }, path);
}

/** Chooses a file as the user does, for calls that take its token. */
export async function chooseFile(
  app: ElectronApplication,
  window: Page,
  kind: RequestOf<'file.choose'>['kind'],
  path: string,
): Promise<FileView> {
  await willChoose(app, path);
  const file = await ask(window, 'file.choose', { kind });
  if (file === null) throw new Error(`${path} was not chosen`);
  return file;
}
