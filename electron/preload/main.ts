/**
 * The bridge of ordinary windows. It knows the names of the contract and nothing else: no logic, no Node for the page.
 */
import { contextBridge, ipcRenderer, webUtils } from 'electron';
import { contract, events } from '../ipc-contract.ts';

contextBridge.exposeInMainWorld('vouchsafe', {
  call: (channel: string, value: unknown) => {
    if (!Object.hasOwn(contract, channel) || channel === 'file.dropped') throw new TypeError(`no channel ${channel}`);
    return ipcRenderer.invoke('call', channel, value);
  },
  /** A file that the user dropped; a page can make no such file for a path that it chose. */
  dropped: (file: File) => ipcRenderer.invoke('call', 'file.dropped', { path: webUtils.getPathForFile(file) }),
  listen: (listener: (event: string, value: unknown) => void) => {
    ipcRenderer.on('event', (_, event: string, value: unknown) => {
      if (Object.hasOwn(events, event)) listener(event, value);
    });
  },
});
