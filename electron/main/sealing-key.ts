/**
 * The sealing key: 32 random bytes that lock every home of this installation. It rests sealed by the system's keychain,
 * by a passphrase, or by both; where the system offers nothing that protects (no keyring, so Chromium's `basic_text` with a
 * password that everyone knows), by a passphrase alone.
 *
 * Invariant: the key is in the clear only in memory, and a key that cannot be unsealed is never replaced by a new one.
 */
import { randomBytes } from 'node:crypto';
import { AppError, isAppError } from '../../core/base/app-error.ts';
import { fromHex, isHex, toHex } from '../../core/base/bytes.ts';
import { say } from '../../core/base/sentence.ts';
import type { KeychainRecord } from './installation.ts';

/** What the operating system offers: Electron's safeStorage. */
export interface SystemKeychain {
  /** Whether it protects anything. */
  readonly available: boolean;
  readonly backend: string;
  seal(text: string): Uint8Array;
  /** @throws whatever the system says when the blob is not its own */
  open(sealed: Uint8Array): string;
}

/** Sealing under a passphrase, away from main: Argon2id takes half a second. */
export interface PassphraseSealing {
  seal(passphrase: string, key: Uint8Array): Promise<Uint8Array>;
  /** @throws AppError `SEALED_WRONG_PASSPHRASE`, `SEALED_DAMAGED` */
  open(passphrase: string, sealed: Uint8Array): Promise<Uint8Array>;
}

/** How the key may be kept. */
export type KeychainMode = Exclude<KeychainRecord['mode'], 'none'>;

/** The mode that a new installation gets. */
export function modeFor(system: SystemKeychain, withPassphrase: boolean): KeychainMode {
  if (!system.available) return 'passphrase';
  return withPassphrase ? 'keychain-and-passphrase' : 'keychain';
}

/** A new key. */
export function createSealingKey(): Uint8Array {
  return randomBytes(32);
}

/** Seals the key. `passphrase` is there exactly in the modes with one. */
export async function sealKey(
  system: SystemKeychain,
  sealing: PassphraseSealing,
  mode: KeychainMode,
  key: Uint8Array,
  passphrase: string | null,
): Promise<KeychainRecord> {
  if (mode === 'keychain') return { mode, sealed: base64(system.seal(toHex(key))) };
  if (passphrase === null) throw new TypeError('this mode needs a passphrase');
  const sealed = await sealing.seal(passphrase, key);
  return { mode, sealed: base64(mode === 'passphrase' ? sealed : system.seal(toHex(sealed))) };
}

/**
 * Opens the key.
 * @throws AppError `SEALED_WRONG_PASSPHRASE`, `KEYCHAIN_RESET` (the system no longer opens what it sealed),
 * `KEYCHAIN_UNAVAILABLE` (there was a keychain, and now there is none)
 */
export async function openKey(
  system: SystemKeychain,
  sealing: PassphraseSealing,
  record: Exclude<KeychainRecord, { mode: 'none' }>,
  passphrase: string | null,
): Promise<Uint8Array> {
  const sealed = Buffer.from(record.sealed, 'base64');
  if (record.mode === 'keychain') return keyOf(openBySystem(system, sealed));
  if (passphrase === null) throw new TypeError('this mode needs a passphrase');
  const document = record.mode === 'passphrase' ? sealed : bytesOf(openBySystem(system, sealed));
  try {
    return await sealing.open(passphrase, document);
  } catch (error) {
    throw isAppError(error, 'SEALED_DAMAGED') ? keychainReset() : error;
  }
}

/** Refuses at once what no passphrase could mend. @throws AppError `KEYCHAIN_RESET`, `KEYCHAIN_UNAVAILABLE` */
export function requireSystemOpens(system: SystemKeychain, record: KeychainRecord): void {
  if (record.mode === 'keychain-and-passphrase') openBySystem(system, Buffer.from(record.sealed, 'base64'));
}

function openBySystem(system: SystemKeychain, sealed: Uint8Array): string {
  if (!system.available)
    throw new AppError(
      'KEYCHAIN_UNAVAILABLE',
      {
        what: say`The system's keychain, which holds the key to your data, cannot be reached (${system.backend}).`,
        consequence: 'Your data is intact and stays locked.',
        remedy: 'Unlock the keyring of your desktop session and try again, or restore from your 24 words or a backup.',
      },
      { data: { backend: system.backend } },
    );
  try {
    return system.open(sealed);
  } catch (cause) {
    throw keychainReset(cause);
  }
}

function keychainReset(cause?: unknown): AppError {
  return new AppError(
    'KEYCHAIN_RESET',
    {
      what: "The system's keychain was reset: it no longer opens the key that it kept for Vouchsafe.",
      consequence: 'The data on this machine is intact, but nothing can open it without that key. Nothing was changed.',
      remedy: "Bring the system's old keychain back, or restore from your 24 words or from a backup.",
    },
    cause === undefined ? {} : { cause },
  );
}

function keyOf(text: string): Uint8Array {
  const key = bytesOf(text);
  if (key.length !== 32) throw keychainReset();
  return key;
}

function bytesOf(text: string): Uint8Array {
  if (!isHex(text)) throw keychainReset();
  return fromHex(text);
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}
