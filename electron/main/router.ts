/**
 * Where calls of windows come in. A call counts only from the main frame of the very window that the channel is for,
 * showing the very page that belongs there.
 */
import { type BrowserWindow, type IpcMainInvokeEvent, ipcMain } from 'electron';
import type { Answer } from '../ipc-contract.ts';
import { viewOfError } from '../link.ts';
import { isOwnPage } from './app-protocol.ts';

/** Answers the calls of one kind of window. */
export function answerWindow(
  ipcChannel: 'call' | 'secret',
  page: 'index' | 'secret',
  window: () => BrowserWindow | undefined,
  perform: (channel: unknown, value: unknown, windowId: string) => Promise<Answer<unknown>>,
): void {
  ipcMain.handle(ipcChannel, async (event, channel: unknown, value: unknown): Promise<Answer<unknown>> => {
    if (!isFrom(event, page, window())) return { ok: false, error: viewOfError(new TypeError('a call from a stranger')) };
    return perform(channel, value, String(event.sender.id));
  });
}

function isFrom(event: IpcMainInvokeEvent, page: 'index' | 'secret', window: BrowserWindow | undefined): boolean {
  const { senderFrame, sender } = event;
  return (
    senderFrame !== null &&
    window !== undefined &&
    !window.isDestroyed() &&
    sender === window.webContents &&
    senderFrame === sender.mainFrame &&
    isOwnPage(senderFrame.url, page)
  );
}
