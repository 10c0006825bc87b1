/**
 * Backups of a profile: its whole home in one file under a passphrase of its own. The vault is closed meanwhile, since one
 * process at a time holds a home.
 */
import { rm } from 'node:fs/promises';
import { basename, extname, join } from 'node:path';
import type { ResponseOf, SecretPurpose } from '../ipc-contract.ts';
import type { CallContext } from './call-routing.ts';
import type { Installation } from './installation.ts';
import { networkOf, readNetworkText } from './network-files.ts';
import type { Networks } from './networks.ts';
import { passphraseProblem } from './phrase-checks.ts';
import type { UserPlaces } from './places.ts';
import { type Profiles, summaryAnswer, vaultId } from './profiles.ts';
import type { Acceptance } from './secret-window.ts';
import type { Services } from './services.ts';
import { askOnce } from './short-lived-service.ts';
import { newLocalId } from './tasks.ts';

/** What backups ask of the rest of main. */
export interface BackupPorts {
  readonly services: Services;
  readonly installation: Installation;
  readonly networks: Networks;
  readonly profiles: Profiles;
  readonly places: UserPlaces;
  key(): Uint8Array;
  ask(purpose: SecretPurpose, accept: Acceptance): Promise<boolean>;
  askWhereToSave(suggestion: string): Promise<string | null>;
  readonly log: (line: string) => void;
}

/** Saves and restores. */
export class Backups {
  readonly #ports: BackupPorts;

  constructor(ports: BackupPorts) {
    this.#ports = ports;
  }

  /** `backup.save`, of the active profile. */
  async save(context: CallContext): Promise<ResponseOf<'backup.save'>> {
    const { installation, profiles } = this.#ports;
    const id = profiles.activeId();
    const { name } = installation.profile(id);
    const file = await this.#ports.askWhereToSave(`${name.replaceAll(/[^\p{L}\p{N} _-]/gu, '')}.vouchsafe-backup`);
    const passphrase = file === null ? null : await this.#passphrase(true);
    if (file === null || passphrase === null) return { saved: false, bytes: 0 };
    const { bytes } = await profiles.whileClosed(id, () =>
      askOnce<{ bytes: number }>('backup', 'save', { ...this.#home(id), file, passphrase }, { ...context, log: this.#ports.log }),
    );
    installation.updateProfile(id, { lastBackupAtMs: Date.now() });
    return { saved: true, bytes };
  }

  /** `backup.restore`: a new profile of what a backup holds. */
  async restore(file: string, context: CallContext): Promise<ResponseOf<'backup.restore'>> {
    const { services, installation, networks, profiles, places } = this.#ports;
    this.#ports.key();
    const passphrase = await this.#passphrase(false);
    if (passphrase === null) throw new DOMException('cancelled', 'AbortError');
    const profileId = newLocalId();
    try {
      await askOnce('backup', 'restore', { ...this.#home(profileId), file, passphrase }, { ...context, log: this.#ports.log });
      const vault = await profiles.startVault(profileId);
      const networkFile = await readNetworkText(join(places.profile(profileId), 'network.json'));
      const { roles } = summaryAnswer.parse(await services.call(vault, 'summary', {}));
      installation.update({
        profiles: [
          ...installation.state.profiles,
          {
            id: profileId,
            name: basename(file, extname(file)).slice(0, 80),
            networkName: (await networkOf(networkFile)).network.name,
            networkId: await networks.idOfFile(networkFile),
            roles,
            createdAtMs: Date.now(),
            phraseUnseen: false,
            lastBackupAtMs: null,
          },
        ],
        activeProfile: profileId,
      });
    } catch (error) {
      await services.stop(vaultId(profileId));
      await rm(places.profile(profileId), { recursive: true, force: true });
      throw error;
    }
    return { profileId };
  }

  /** Removes what was restored of a backup when the program was ended. Once, at the start. */
  async clearInterrupted(): Promise<void> {
    const { clearInterruptedRestores } = await import('../../core/services/backup.ts');
    await clearInterruptedRestores(this.#ports.places.profiles);
  }

  #home(profile: string) {
    const { places } = this.#ports;
    return { home: places.profile(profile), key: this.#ports.key(), artifactFolder: places.artifacts };
  }

  async #passphrase(fresh: boolean): Promise<string | null> {
    let passphrase: string | null = null;
    const given = await this.#ports.ask({ kind: 'backup-passphrase', fresh }, async (text) => {
      const problem = await passphraseProblem(text);
      if (problem === null) passphrase = text;
      return problem;
    });
    return given ? passphrase : null;
  }
}
