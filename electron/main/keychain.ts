/** Electron's safeStorage as a {@link SystemKeychain}, and the sealing under a passphrase in a process of its own. */
import { safeStorage } from 'electron';
import type { PassphraseSealing, SystemKeychain } from './sealing-key.ts';
import { askOnce } from './short-lived-service.ts';

const backends: Partial<Record<NodeJS.Platform, string>> = { darwin: 'keychain', win32: 'dpapi' };

/** What the system offers at this moment. */
export function systemKeychain(): SystemKeychain {
  const backend = process.platform === 'linux' ? safeStorage.getSelectedStorageBackend() : (backends[process.platform] ?? 'unknown');
  return {
    // Linux without a keyring "encrypts" under a password that is in Chromium's source.
    available: safeStorage.isEncryptionAvailable() && backend !== 'basic_text' && backend !== 'unknown',
    backend,
    seal: (text) => safeStorage.encryptString(text),
    open: (sealed) => safeStorage.decryptString(Buffer.from(sealed)),
  };
}

/** Argon2id, away from main. */
export const passphraseSealing: PassphraseSealing = {
  seal: (passphrase, key) => askOnce('unseal', 'seal', { passphrase, key }),
  open: (passphrase, sealed) => askOnce('unseal', 'open', { passphrase, sealed: new Uint8Array(sealed) }),
};
