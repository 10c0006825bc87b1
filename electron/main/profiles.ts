/**
 * Profiles: each a participant's home with a vault of its own while unlocked. Making one goes from the network's file over
 * the phrase to an enrolment with coins, as far as the network lets it; what is left can be done later from the window.
 *
 * Invariant: the phrase goes from the vault to the secret window and back, and is in main for that moment only.
 */
import { randomInt } from 'node:crypto';
import { z } from 'zod';
import { AppError, isAppError } from '../../core/base/app-error.ts';
import type { RequestOf, ResponseOf, SecretPurpose } from '../ipc-contract.ts';
import { address, applicationIdText, type RoleName, roleName } from '../views.ts';
import type { CallContext } from './call-routing.ts';
import type { Installation } from './installation.ts';
import { networkOf } from './network-files.ts';
import { type Networks, scaled } from './networks.ts';
import { confirmationProblem, phraseProblem, rehearsalProblem } from './phrase-checks.ts';
import type { UserPlaces } from './places.ts';
import type { Acceptance } from './secret-window.ts';
import type { ServicePlan, Services } from './services.ts';
import { askOnce } from './short-lived-service.ts';
import { newLocalId } from './tasks.ts';
import { whileMaking } from './unfinished.ts';

/** Coins that the operator of an own network gives to a new profile: a hundred, in wei. */
const welcomeWei = (100n * 10n ** 18n).toString();
/** Pseudonyms that a new profile gets. */
const firstPseudonyms = 4;

const phraseAnswer = z.strictObject({ phrase: z.string() });
/** What a vault says of its person. */
export const summaryAnswer = z.object({
  address: address.nullable(),
  roles: z.array(roleName),
  enrolled: z.boolean(),
  /** Its application at the PKG, once it has applied. */
  applicationId: applicationIdText.nullable(),
});

/** What profiles ask of the rest of main. */
export interface ProfilePorts {
  readonly services: Services;
  readonly installation: Installation;
  readonly networks: Networks;
  readonly places: UserPlaces;
  key(): Uint8Array;
  ask(purpose: SecretPurpose, accept: Acceptance): Promise<boolean>;
  onEvent(service: string, event: string, value: unknown): void;
  /** Text of the network file behind a token, as the window was shown it. */
  networkText(token: string): Promise<string>;
  log(line: string): void;
}

/** How the phrase of a new profile comes about. */
type PhraseWay = 'shown' | 'entered' | 'unseen';

/** A new profile. */
export interface NewProfile {
  readonly name: string;
  readonly realName: string;
  readonly contact: string;
  readonly roles: readonly RoleName[];
  /** Text of the network's file. */
  readonly networkFile: string;
  /** The own network that it joins, whose operator approves it at once. */
  readonly ownNetwork: string | null;
  readonly phrase: PhraseWay;
}

/** All profiles. */
export class Profiles {
  readonly #ports: ProfilePorts;
  /** Homes that something else than their vault works on, each until that is done. */
  readonly #closed = new Map<string, Promise<unknown>>();

  constructor(ports: ProfilePorts) {
    this.#ports = ports;
  }

  /** Id of the active profile's vault, started if need be. @throws AppError `NO_PROFILE`, `LOCKED` */
  async vault(): Promise<string> {
    return this.startVault(this.activeId());
  }

  /** The active profile. @throws AppError `NO_PROFILE` */
  activeId(): string {
    const { activeProfile } = this.#ports.installation.state;
    if (activeProfile !== null) return activeProfile;
    throw new AppError('NO_PROFILE', {
      what: 'There is no profile yet.',
      consequence: 'Nothing was done.',
      remedy: 'Make a profile first: try the sample, or join a network.',
    });
  }

  /** Folder of the active profile. */
  activeHome(): string {
    return this.#ports.places.profile(this.activeId());
  }

  /** Id of the process that reads data, started if need be. */
  async dataService(): Promise<string> {
    await this.#ports.services.start(dataPlan);
    return dataPlan.id;
  }

  /** Starts a profile's vault with what it works with. */
  async startVault(id: string, create?: { readonly networkFile: string; readonly phrase?: string }): Promise<string> {
    const { services, places } = this.#ports;
    await this.#closed.get(id);
    this.#ports.key();
    // A vault that runs does what it can, also while one of those that help it is left alone.
    if (services.stateOf(vaultId(id)) === 'running') return vaultId(id);
    services.start(proverPlan).catch(() => undefined); // whoever proves hears why it does not run
    await services.start(dataPlan);
    let making = create;
    await services.start({
      id: vaultId(id),
      kind: 'vault',
      belongsTo: id,
      configuration: () => {
        const configuration = {
          home: places.profile(id),
          key: this.#ports.key(),
          artifactFolder: places.artifacts,
          ...(making === undefined ? {} : { create: making }),
        };
        // A home is made once; a vault that is started again opens it.
        making = undefined;
        return configuration;
      },
      peers: [
        { id: dataPlan.id, name: 'data' },
        { id: proverPlan.id, name: 'prover' },
      ],
      onEvent: (event, value) => this.#ports.onEvent(vaultId(id), event, value),
    });
    return vaultId(id);
  }

  /** Does `work` on a home whose vault is closed meanwhile; who asks for the vault waits. */
  async whileClosed<Result>(id: string, work: () => Promise<Result>): Promise<Result> {
    const { services } = this.#ports;
    const result = services.stop(vaultId(id)).then(work);
    this.#closed.set(
      id,
      result.catch(() => undefined), // who asked for the work has its error
    );
    try {
      return await result;
    } finally {
      this.#closed.delete(id);
      // Locked meanwhile, it starts with the unlock.
      await this.startVault(id).catch((error: unknown) => {
        if (!isAppError(error, 'LOCKED')) throw error;
      });
    }
  }

  /** Starts the vaults of all profiles, so that each goes on with what it has to do: the active one first, the others one by one. */
  async startVaults(): Promise<void> {
    const { profiles, activeProfile } = this.#ports.installation.state;
    const inOrder = [...profiles].sort((one, other) => Number(other.id === activeProfile) - Number(one.id === activeProfile));
    for (const { id } of inOrder) {
      try {
        await this.startVault(id);
      } catch (error) {
        // Locked again meanwhile; or this one does not run, which the state of its service explains, and the next may.
        if (isAppError(error, 'LOCKED')) return;
      }
    }
  }

  /** `profile.create`. */
  async create(request: RequestOf<'profile.create'>, context: CallContext): Promise<ResponseOf<'profile.create'>> {
    const { name, realName, contact, roles, network, restore } = request;
    const profileId = await this.make(
      {
        name,
        realName,
        contact,
        roles,
        networkFile: 'own' in network ? await this.#ports.networks.networkFile(network.own) : await this.#ports.networkText(network.file),
        ownNetwork: 'own' in network ? network.own : null,
        phrase: restore ? 'entered' : 'shown',
      },
      context,
    );
    return { profileId };
  }

  /** Makes a profile and takes it as far as the network allows. */
  async make(profile: NewProfile, { signal, onProgress }: CallContext): Promise<string> {
    const { installation, services, places } = this.#ports;
    const tell = (step: string, fraction: number) => {
      signal.throwIfAborted();
      onProgress({ step, fraction });
    };
    tell('join', 0);
    const { network } = await networkOf(profile.networkFile);
    const phrase = profile.phrase === 'entered' ? await this.#enteredPhrase() : undefined;
    const id = newLocalId();
    const makeHome = async () => {
      const vault = await this.startVault(id, { networkFile: profile.networkFile, ...(phrase === undefined ? {} : { phrase }) });
      tell('phrase', 0.3);
      if (profile.phrase === 'shown') await this.#showNewPhrase(vault);
      const own = installation.state.networks.find((known) => known.id === profile.ownNetwork);
      installation.update({
        profiles: [
          ...installation.state.profiles,
          {
            id,
            name: profile.name,
            networkName: network.name,
            networkId: own?.id ?? null,
            roles: [...profile.roles],
            createdAtMs: Date.now(),
            phraseUnseen: profile.phrase === 'unseen',
            lastBackupAtMs: null,
          },
        ],
        activeProfile: id,
      });
      return vault;
    };
    // Until then nothing of it is on the chain, and nobody has its phrase: it goes without a trace.
    const vault = await whileMaking(places.profile(id), makeHome, () => services.stop(vaultId(id)));
    await this.#enrol(vault, profile, tell);
    if (profile.phrase === 'entered') await this.#rebuild(id, scaled({ signal, onProgress }, 0.8, 1));
    return id;
  }

  /** Fetches back what the phrase's pseudonyms did. The vault is closed meanwhile; what cannot be fetched now can be later. */
  async #rebuild(id: string, context: CallContext): Promise<void> {
    const { places, log } = this.#ports;
    try {
      const { missing } = await this.whileClosed(id, () => {
        const home = { home: places.profile(id), key: this.#ports.key(), artifactFolder: places.artifacts };
        return askOnce<{ missing: string[] }>('backup', 'rebuild', home, { ...context, log });
      });
      for (const what of missing) log(`not restored: ${what}`);
    } catch (error) {
      if (!isAppError(error)) throw error;
      log(`the history is not rebuilt yet: ${error.code}: ${error.text.what}`);
    }
  }

  /** `profile.switch`. */
  async switch(profileId: string): Promise<void> {
    const { installation } = this.#ports;
    installation.profile(profileId);
    installation.update({ activeProfile: profileId });
    await this.startVault(profileId);
  }

  /** `profile.showPhrase`. */
  async showPhrase(): Promise<void> {
    const id = this.activeId();
    const phrase = await this.#phraseOf(await this.startVault(id));
    await this.#ports.ask({ kind: 'show-phrase', phrase }, () => null);
    this.#ports.installation.updateProfile(id, { phraseUnseen: false });
  }

  /** `profile.rehearsePhrase`. */
  async rehearsePhrase(): Promise<boolean> {
    const phrase = await this.#phraseOf(await this.vault());
    return this.#ports.ask({ kind: 'rehearse-phrase' }, (text) => rehearsalProblem(phrase, text));
  }

  /** Applies, and on an own network is approved, enrolled and given coins. What the network refuses now can be done later. */
  async #enrol(vault: string, profile: NewProfile, tell: (step: string, fraction: number) => void): Promise<void> {
    const { services, networks, log } = this.#ports;
    const { realName, contact, roles, ownNetwork } = profile;
    try {
      tell('apply', 0.45);
      await services.call(vault, 'identity.apply', { realName, contact, roles });
      // A new person waits for the PKG's operator; the pseudonyms of one who comes back are found on the chain.
      if (ownNetwork === null || profile.phrase === 'entered') return;
      tell('approve', 0.6);
      const operator = await networks.operatorOf(ownNetwork);
      const { applicationId } = summaryAnswer.parse(await services.call(vault, 'summary', {}));
      // This very application: anybody can apply under the same words.
      const decision = { networkId: ownNetwork, applicationId, outcome: 'approve', reason: '' };
      await services.call(operator, 'ownNetwork.decide', decision);
      tell('enrol', 0.7);
      await services.call(vault, 'identity.enrol', { count: firstPseudonyms });
      tell('fund', 0.9);
      const { address: account } = summaryAnswer.parse(await services.call(vault, 'summary', {}));
      if (account !== null)
        await services.call(operator, 'ownNetwork.fund', { networkId: ownNetwork, address: account, amount: welcomeWei });
      tell('fund', 1);
    } catch (error) {
      if (!isAppError(error)) throw error;
      // The profile is there and works offline; the window offers what is left of this.
      log(`the new profile is not enrolled yet: ${error.code}: ${error.text.what}`);
    }
  }

  async #phraseOf(vault: string): Promise<string> {
    return phraseAnswer.parse(await this.#ports.services.call(vault, 'phrase', {})).phrase;
  }

  async #showNewPhrase(vault: string): Promise<void> {
    const phrase = await this.#phraseOf(vault);
    const confirm = threePlaces();
    const confirmed = await this.#ports.ask({ kind: 'new-phrase', phrase, confirm }, (text) => confirmationProblem(phrase, confirm, text));
    if (!confirmed) throw cancelled();
  }

  async #enteredPhrase(): Promise<string> {
    let phrase: string | undefined;
    await this.#ports.ask({ kind: 'enter-phrase' }, async (text) => {
      const problem = await phraseProblem(text);
      if (problem === null) phrase = text;
      return problem;
    });
    if (phrase === undefined) throw cancelled();
    return phrase;
  }
}

const proverPlan: ServicePlan = { id: 'prover', kind: 'prover', belongsTo: null, configuration: () => ({}), peers: [] };
const dataPlan: ServicePlan = {
  id: 'data',
  kind: 'data',
  belongsTo: null,
  configuration: () => ({}),
  peers: [{ id: 'prover', name: 'prover' }],
};

/** Service id of a profile's vault. */
export function vaultId(profile: string): string {
  return `vault-${profile}`;
}

/** Three different places of a phrase, in order. */
function threePlaces(): number[] {
  const places = new Set<number>();
  while (places.size < 3) places.add(randomInt(24));
  return [...places].sort((one, other) => one - other);
}

function cancelled(): DOMException {
  return new DOMException('cancelled', 'AbortError');
}
