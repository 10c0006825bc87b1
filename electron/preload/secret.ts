/** The bridge of the secret window: its two channels, and no other. */
import { contextBridge, ipcRenderer } from 'electron';
import { secretContract } from '../ipc-contract.ts';

contextBridge.exposeInMainWorld('vouchsafeSecret', {
  call: (channel: string, value: unknown) => {
    if (!Object.hasOwn(secretContract, channel)) throw new TypeError(`no channel ${channel}`);
    return ipcRenderer.invoke('secret', channel, value);
  },
});
