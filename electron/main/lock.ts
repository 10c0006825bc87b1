/**
 * The lock of the installation. Unlocked, main holds the sealing key and hands it to the services that it starts; locked,
 * it holds none. docs/decisions/locking-leaves-networks-running.md says what goes on while locked.
 */
import { AppError, isAppError } from '../../core/base/app-error.ts';
import type { SecretPurpose } from '../ipc-contract.ts';
import type { Installation } from './installation.ts';
import { passphraseProblem } from './phrase-checks.ts';
import {
  createSealingKey,
  modeFor,
  openKey,
  type PassphraseSealing,
  requireSystemOpens,
  type SystemKeychain,
  sealKey,
} from './sealing-key.ts';
import type { Acceptance } from './secret-window.ts';

/** What the lock asks of the rest of main. */
export interface LockPorts {
  readonly system: () => SystemKeychain;
  readonly sealing: PassphraseSealing;
  ask(purpose: SecretPurpose, accept: Acceptance): Promise<boolean>;
  /** Runs when the key is there. */
  unlocked(): void;
  /** Closes an open question unanswered. */
  dismiss(): void;
  /** Ends whatever holds the user's keys. Runs when the key is forgotten, so that nothing can be started with it meanwhile. */
  locking(): Promise<void>;
  /** Ends what goes on while locked. Runs before the installation begins anew. */
  leaving(): Promise<void>;
  changed(): void;
  wait(ms: number): Promise<void>;
}

/** Wrong passphrases in a row that are answered at once; each further one makes the next look take twice as long. */
const quickTries = 3;
const slowTryMs = { first: 1000, max: 30_000 } as const;

/** The lock. */
export class Lock {
  readonly #installation: Installation;
  readonly #ports: LockPorts;
  #key: Uint8Array | undefined;
  /** Wrong passphrases since the last right one, in however many windows. */
  #wrong = 0;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(installation: Installation, ports: LockPorts) {
    this.#installation = installation;
    this.#ports = ports;
  }

  get state(): 'unlocked' | 'locked' | 'first-start' {
    if (this.#installation.state.keychain.mode === 'none') return 'first-start';
    return this.#key === undefined ? 'locked' : 'unlocked';
  }

  /** A copy of the key, for a service's configuration. @throws AppError `LOCKED` */
  key(): Uint8Array {
    if (this.#key === undefined)
      throw new AppError('LOCKED', {
        what: 'Vouchsafe is locked.',
        consequence: 'Nothing was done and nothing was changed.',
        remedy: 'Unlock it and try again.',
      });
    return new Uint8Array(this.#key);
  }

  /** Chooses how the key is kept, and makes it. Without effect when that was done. */
  begin(withPassphrase: boolean): Promise<void> {
    return this.#inTurn(async () => {
      if (this.state !== 'first-start') return;
      const system = this.#ports.system();
      const mode = modeFor(system, withPassphrase);
      const key = createSealingKey();
      const passphrase = mode === 'keychain' ? null : await this.#newPassphrase(mode === 'passphrase' ? 'no-keychain' : 'wanted');
      this.#installation.update({ keychain: await sealKey(system, this.#ports.sealing, mode, key, passphrase) });
      this.#unlockWith(key);
    });
  }

  /** Unlocks, asking for the passphrase where there is one. @throws AppError of openKey, and an AbortError when the user closed the question */
  unlock(): Promise<void> {
    return this.#inTurn(async () => {
      if (this.state !== 'locked') return;
      this.#unlockWith((await this.#openWithPassphrase()).key);
    });
  }

  /**
   * Forgets the key. An open question does not keep it waiting: it is closed, also that of an unlock, which would otherwise
   * be undone by a lock from before it.
   */
  async lock(): Promise<void> {
    if (this.state === 'first-start') return;
    this.#ports.dismiss();
    await this.#inTurn(async () => {
      if (this.state !== 'unlocked') return;
      this.#key?.fill(0);
      this.#key = undefined;
      this.#ports.changed();
      await this.#ports.locking();
    });
  }

  /**
   * Begins anew where the system no longer opens the key. Nothing is deleted: the file with the sealed key is set aside,
   * the answer is its new name, and homes stay where they are. @throws AppError `KEY_NOT_LOST`
   */
  startOver(): Promise<string> {
    return this.#inTurn(async () => {
      if (this.state !== 'locked' || (await this.#systemOpens())) throw notLost();
      await this.#ports.leaving();
      return this.#installation.beginAnew();
    });
  }

  /** Asks for the old passphrase, where there is one, and for a new one. The answer is false when the user thought better of it. */
  changePassphrase(): Promise<boolean> {
    return this.#inTurn(async () => {
      const system = this.#ports.system();
      return this.#unlessClosed(async () => {
        const { key } = await this.#openWithPassphrase();
        const mode = modeFor(system, true);
        const passphrase = await this.#newPassphrase(mode === 'passphrase' ? 'no-keychain' : 'wanted');
        this.#installation.update({ keychain: await sealKey(system, this.#ports.sealing, mode, key, passphrase) });
      });
    });
  }

  /** Leaves the key to the system's keychain alone. @throws AppError `KEYCHAIN_UNAVAILABLE` */
  removePassphrase(): Promise<boolean> {
    return this.#inTurn(async () => {
      const system = this.#ports.system();
      if (!system.available)
        throw new AppError('KEYCHAIN_UNAVAILABLE', {
          what: 'This system has no keychain that could keep the key by itself.',
          consequence: 'The passphrase stays as it is.',
          remedy: 'Set up a keyring (GNOME Keyring or KWallet) and start Vouchsafe again.',
        });
      return this.#unlessClosed(async () => {
        const { key } = await this.#openWithPassphrase();
        this.#installation.update({ keychain: await sealKey(system, this.#ports.sealing, 'keychain', key, null) });
      });
    });
  }

  /** Opens the key from where it rests: proof that whoever asks knows the passphrase. */
  async #openWithPassphrase(): Promise<{ readonly key: Uint8Array }> {
    const record = this.#installation.state.keychain;
    if (record.mode === 'none') throw new TypeError('there is no key yet');
    const system = this.#ports.system();
    if (record.mode === 'keychain') return { key: await openKey(system, this.#ports.sealing, record, null) };
    requireSystemOpens(system, record);
    let key: Uint8Array | undefined;
    let failure: unknown;
    const given = await this.#ports.ask({ kind: 'unlock', wrong: false }, async (text) => {
      try {
        await this.#ports.wait(tryDelayMs(this.#wrong));
        key = await openKey(system, this.#ports.sealing, record, text);
        this.#wrong = 0;
      } catch (error) {
        if (isAppError(error, 'SEALED_WRONG_PASSPHRASE')) {
          this.#wrong++;
          const slower = this.#wrong > quickTries ? ' Each further wrong one makes the next take longer.' : '';
          return `This is not the passphrase. Mind capital letters and the keyboard layout, and try again.${slower}`;
        }
        failure = error;
      }
      return null;
    });
    if (failure !== undefined) throw failure;
    if (!given || key === undefined) throw closed();
    return { key };
  }

  /** Whether the system still gives what it keeps of the key: all of it, or what a passphrase then opens. */
  async #systemOpens(): Promise<boolean> {
    const record = this.#installation.state.keychain;
    const system = this.#ports.system();
    try {
      if (record.mode === 'keychain') (await openKey(system, this.#ports.sealing, record, null)).fill(0);
      else requireSystemOpens(system, record);
      return true;
    } catch (error) {
      if (isAppError(error, 'KEYCHAIN_RESET') || isAppError(error, 'KEYCHAIN_UNAVAILABLE')) return false;
      throw error;
    }
  }

  async #newPassphrase(reason: 'no-keychain' | 'wanted'): Promise<string> {
    let passphrase: string | undefined;
    const given = await this.#ports.ask({ kind: 'new-passphrase', reason }, async (text) => {
      const problem = await passphraseProblem(text);
      if (problem === null) passphrase = text;
      return problem;
    });
    if (!given || passphrase === undefined) throw closed();
    return passphrase;
  }

  async #unlessClosed(work: () => Promise<void>): Promise<boolean> {
    try {
      await work();
      return true;
    } catch (error) {
      if (error instanceof DOMException && error.name === 'AbortError') return false;
      throw error;
    }
  }

  #unlockWith(key: Uint8Array): void {
    this.#key = key;
    this.#ports.unlocked();
    this.#ports.changed();
  }

  #inTurn<Result>(step: () => Promise<Result>): Promise<Result> {
    const turn = this.#turn.then(step);
    this.#turn = turn.catch(() => undefined); // whoever asked hears of it; the next step starts afresh
    return turn;
  }
}

function notLost(): AppError {
  return new AppError('KEY_NOT_LOST', {
    what: 'The key to the data on this computer is not lost.',
    consequence: 'Nothing was changed.',
    remedy: 'Unlock Vouchsafe.',
  });
}

/** How long the next passphrase waits before it is looked at, after so many wrong ones. */
export function tryDelayMs(wrong: number): number {
  return wrong < quickTries ? 0 : Math.min(slowTryMs.max, slowTryMs.first * 2 ** (wrong - quickTries));
}

function closed(): DOMException {
  return new DOMException('cancelled', 'AbortError');
}
