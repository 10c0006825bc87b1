/**
 * What this installation remembers between starts: profiles, networks that it made, settings, and the sealed key. One small
 * file under the user's data, checked whenever it is read.
 *
 * Invariant: nothing in it is a secret by itself; the key is sealed (sealing-key.ts).
 */
import { existsSync, readFileSync, renameSync } from 'node:fs';
import { z } from 'zod';
import { assert } from '../../core/base/assert.ts';
import { localId, ownNetworkView, profileView, settingsView } from '../views.ts';

const sealedText = z.base64().max(16_384);
const keychainRecord = z.discriminatedUnion('mode', [
  z.strictObject({ mode: z.literal('none') }),
  z.strictObject({ mode: z.literal('keychain'), sealed: sealedText }),
  z.strictObject({ mode: z.literal('keychain-and-passphrase'), sealed: sealedText }),
  z.strictObject({ mode: z.literal('passphrase'), sealed: sealedText }),
]);
export type KeychainRecord = z.infer<typeof keychainRecord>;

const profileRecord = profileView.extend({ lastBackupAtMs: z.int().nullable() });
export type ProfileRecord = z.infer<typeof profileRecord>;
const networkRecord = ownNetworkView.omit({ state: true }).extend({
  /** Whether it ran when the program last ended. */
  wanted: z.boolean(),
});
export type NetworkRecord = z.infer<typeof networkRecord>;

const installationSchema = z.strictObject({
  version: z.literal(1),
  keychain: keychainRecord,
  profiles: z.array(profileRecord).max(100),
  activeProfile: localId.nullable(),
  networks: z.array(networkRecord).max(100),
  settings: settingsView,
});
export type InstallationState = z.infer<typeof installationSchema>;

/** A new installation. */
export const emptyInstallation: InstallationState = {
  version: 1,
  keychain: { mode: 'none' },
  profiles: [],
  activeProfile: null,
  networks: [],
  settings: { theme: 'system', language: 'system', autoLockMinutes: 15, notifications: true, updates: true, startNetworks: true },
};

/** The file around it. */
const fileSchema = z.strictObject({ state: installationSchema.optional() });

/** Where the state is kept as a whole: written atomically. */
export interface InstallationStore {
  read(): unknown;
  write(state: InstallationState): void;
  /** Renames what is kept, so that nothing is; the answer is its new name. */
  setAside(): string;
}

/** The remembered state. Every change is on disk when the call returns. */
export class Installation {
  readonly #store: InstallationStore;
  readonly #changed: () => void;
  #state: InstallationState;

  /** The store must hold nothing, or what {@link setAsideIfUnreadable} has accepted. */
  constructor(store: InstallationStore, changed: () => void) {
    this.#store = store;
    this.#changed = changed;
    const kept = installationSchema.safeParse(store.read());
    this.#state = kept.success ? kept.data : emptyInstallation;
  }

  /** The state now. */
  get state(): Readonly<InstallationState> {
    return this.#state;
  }

  /** Changes some of it. */
  update(change: Partial<Omit<InstallationState, 'version'>>): void {
    const next = installationSchema.parse({ ...this.#state, ...change });
    this.#store.write(next);
    this.#state = next;
    this.#changed();
  }

  /** Sets all that is remembered aside, and remembers the settings alone. The answer is the old file's new name. */
  beginAnew(): string {
    const { settings } = this.#state;
    const aside = this.#store.setAside();
    this.#state = emptyInstallation;
    this.update({ settings });
    return aside;
  }

  /** One profile. @throws assertion when there is none of that id */
  profile(id: string): ProfileRecord {
    const profile = this.#state.profiles.find((known) => known.id === id);
    assert(profile !== undefined, 'the profile exists');
    return profile;
  }

  /** Changes a profile. */
  updateProfile(id: string, change: Partial<Omit<ProfileRecord, 'id'>>): void {
    this.update({ profiles: this.#state.profiles.map((profile) => (profile.id === id ? { ...profile, ...change } : profile)) });
  }

  /** Changes a network. */
  updateNetwork(id: string, change: Partial<Omit<NetworkRecord, 'id'>>): void {
    this.update({ networks: this.#state.networks.map((network) => (network.id === id ? { ...network, ...change } : network)) });
  }
}

/**
 * Renames a file of the store that cannot be used, so that a new one can be begun and nothing is lost. The answer is its
 * new name, or null when the file is good or absent.
 */
export function setAsideIfUnreadable(file: string, nowMs: number): string | null {
  if (!existsSync(file) || isInstallation(readFileSync(file, 'utf8'))) return null;
  return setAside(file, 'unreadable', nowMs);
}

/** Renames a file of the store. The answer is its new name, which tells why and when. */
export function setAside(file: string, why: 'unreadable' | 'locked', nowMs: number): string {
  const aside = file.replace(/\.json$/, `.${why}-${nowMs}.json`);
  renameSync(file, aside);
  return aside;
}

function isInstallation(text: string): boolean {
  try {
    return fileSchema.safeParse(JSON.parse(text)).success;
  } catch {
    return false; // not JSON, so no installation either
  }
}
