/** The lock: how the sealing key is made, kept and opened, with and without a keychain, and what a reset keychain says. */
import { expect, test } from 'vitest';
import { AppError } from '../../core/base/app-error.ts';
import { english } from '../../core/base/sentence.ts';
import type { SecretPurpose } from '../../electron/ipc-contract.ts';
import { AutoLock } from '../../electron/main/auto-lock.ts';
import { emptyInstallation, Installation } from '../../electron/main/installation.ts';
import { Lock, tryDelayMs } from '../../electron/main/lock.ts';
import type { PassphraseSealing, SystemKeychain } from '../../electron/main/sealing-key.ts';

/** Seals by putting a mark of this very keychain before the text. */
function keychain(mark: string, available = true): SystemKeychain {
  return {
    available,
    backend: available ? 'gnome_libsecret' : 'basic_text',
    seal: (text) => Buffer.from(`${mark}:${text}`),
    open: (sealed) => {
      const text = Buffer.from(sealed).toString();
      if (!text.startsWith(`${mark}:`)) throw new Error('cannot decrypt');
      return text.slice(mark.length + 1);
    },
  };
}

const sealing: PassphraseSealing = {
  seal: async (passphrase, key) => Buffer.concat([Buffer.from(passphrase.padEnd(40)), key]),
  open: async (passphrase, sealed) => {
    if (Buffer.from(sealed.subarray(0, 40)).toString() !== passphrase.padEnd(40))
      throw new AppError('SEALED_WRONG_PASSPHRASE', { what: 'Wrong.', consequence: 'None.', remedy: 'Again.' });
    return new Uint8Array(sealed.subarray(40));
  },
};

/** An installation whose user types the given texts, one after the other; closes the window when there are none left. */
function installation(system: SystemKeychain) {
  const texts: string[] = [];
  const asked: SecretPurpose[] = [];
  const problems: string[] = [];
  const told: string[] = [];
  const waits: number[] = [];
  let current = system;
  let isPatient = false;
  let dismiss: (() => void) | undefined;
  let locking = async (): Promise<void> => undefined;
  /** From now on the user leaves questions open. */
  const wait = () => {
    isPatient = true;
  };
  const state = new Installation({ read: () => emptyInstallation, write: () => undefined, setAside: () => 'kept' }, () => undefined);
  const lock = new Lock(state, {
    system: () => current,
    sealing,
    ask: async (purpose, accept) => {
      asked.push(purpose);
      for (let text = texts.shift(); text !== undefined; text = texts.shift()) {
        const problem = await accept(text);
        if (problem === null) return true;
        problems.push(english(problem));
      }
      if (!isPatient) return false;
      return new Promise<boolean>((resolve) => {
        dismiss = () => resolve(false);
      });
    },
    dismiss: () => dismiss?.(),
    unlocked: () => told.push('unlocked'),
    locking: async () => {
      told.push('locking');
      await locking();
    },
    leaving: async () => {
      told.push('leaving');
    },
    changed: () => undefined,
    wait: async (ms) => void waits.push(ms),
  });
  const replace = (next: SystemKeychain) => {
    current = next;
  };
  /** What is done while services end. */
  const whileLocking = (step: () => Promise<void>) => {
    locking = step;
  };
  return { lock, texts, asked, problems, told, state, waits, replace, wait, whileLocking };
}

test('with a keychain the key needs no passphrase', async () => {
  const { lock, asked, told, state } = installation(keychain('mine'));
  expect(lock.state).toBe('first-start');
  expect(() => lock.key()).toThrow(expect.objectContaining({ code: 'LOCKED' }));
  await lock.begin(false);
  const key = lock.key();
  expect([lock.state, key.length, state.state.keychain.mode]).toEqual(['unlocked', 32, 'keychain']);
  await lock.lock();
  expect(lock.state).toBe('locked');
  expect(() => lock.key()).toThrow(expect.objectContaining({ code: 'LOCKED' }));
  await lock.unlock();
  expect(lock.key()).toEqual(key);
  expect(asked).toEqual([]);
  expect(told).toEqual(['unlocked', 'locking', 'unlocked']);
});

test('without one the user is told why a passphrase is needed, and a wrong one can be corrected', async () => {
  const { lock, asked, texts, problems, state } = installation(keychain('none', false));
  texts.push('short', 'correct horse');
  await lock.begin(false);
  expect(state.state.keychain.mode).toBe('passphrase');
  expect(asked).toEqual([{ kind: 'new-passphrase', reason: 'no-keychain' }]);
  expect(problems[0]).toContain('at least 8');
  const key = lock.key();
  await lock.lock();
  texts.push('wrong horse', 'correct horse');
  await lock.unlock();
  expect(problems[1]).toContain('not the passphrase');
  expect(lock.key()).toEqual(key);
});

test('who closes the question stays where he was', async () => {
  const { lock, texts } = installation(keychain('none', false));
  await expect(lock.begin(false)).rejects.toMatchObject({ name: 'AbortError' });
  expect(lock.state).toBe('first-start');
  texts.push('correct horse');
  await lock.begin(false);
  await lock.lock();
  await expect(lock.unlock()).rejects.toMatchObject({ name: 'AbortError' });
  expect(lock.state).toBe('locked');
});

test('a reset keychain is told apart from a wrong passphrase, before one is asked for, and nothing is replaced', async () => {
  const { lock, texts, asked, state, replace } = installation(keychain('mine'));
  texts.push('correct horse');
  await lock.begin(true);
  expect(state.state.keychain.mode).toBe('keychain-and-passphrase');
  const kept = state.state.keychain;
  await lock.lock();
  replace(keychain('reset'));
  await expect(lock.unlock()).rejects.toMatchObject({
    code: 'KEYCHAIN_RESET',
    text: { remedy: expect.stringContaining('24 words') },
  });
  replace(keychain('mine', false));
  await expect(lock.unlock()).rejects.toMatchObject({ code: 'KEYCHAIN_UNAVAILABLE' });
  expect(asked).toHaveLength(1);
  expect(state.state.keychain).toEqual(kept);
  replace(keychain('mine'));
  texts.push('correct horse');
  await lock.unlock();
  expect(lock.state).toBe('unlocked');
});

test('a passphrase can be added, changed and taken away; the key stays the same', async () => {
  const { lock, texts, state } = installation(keychain('mine'));
  await lock.begin(false);
  const key = lock.key();
  texts.push('correct horse');
  expect(await lock.changePassphrase()).toBe(true);
  expect(state.state.keychain.mode).toBe('keychain-and-passphrase');
  texts.push('wrong horse');
  expect(await lock.changePassphrase()).toBe(false);
  texts.push('correct horse');
  expect(await lock.removePassphrase()).toBe(true);
  expect(state.state.keychain.mode).toBe('keychain');
  await lock.lock();
  await lock.unlock();
  expect(lock.key()).toEqual(key);
});

test('a passphrase stays where there is nothing else', async () => {
  const { lock, texts } = installation(keychain('none', false));
  texts.push('correct horse');
  await lock.begin(true);
  await expect(lock.removePassphrase()).rejects.toMatchObject({ code: 'KEYCHAIN_UNAVAILABLE' });
});

test('a copy of the key that someone got is not erased by locking, and theirs does not change the lock', async () => {
  const { lock } = installation(keychain('mine'));
  await lock.begin(false);
  const copy = lock.key();
  copy.fill(0);
  expect(lock.key().some((byte) => byte !== 0)).toBe(true);
});

test('it locks when nobody was there for long enough, at sleep, and when the desktop is locked', () => {
  let idleSeconds = 0;
  let minutes = 5;
  let locked = 0;
  const heard = new Map<string, () => void>();
  const autoLock = new AutoLock({ idleSeconds: () => idleSeconds, minutes: () => minutes, lock: () => locked++ });
  autoLock.watch({ on: (event: string, listener: () => void) => heard.set(event, listener) });
  autoLock.look();
  idleSeconds = 299;
  autoLock.look();
  expect(locked).toBe(0);
  idleSeconds = 300;
  autoLock.look();
  expect(locked).toBe(1);
  minutes = 0;
  autoLock.look();
  expect(locked).toBe(1);
  heard.get('suspend')?.();
  heard.get('lock-screen')?.();
  expect(locked).toBe(3);
});

test('a key that the system lost can be left behind, and no other', async () => {
  const { lock, state, told, replace } = installation(keychain('mine'));
  const notLost = expect.objectContaining({ code: 'KEY_NOT_LOST' });
  await lock.begin(false);
  await expect(lock.startOver()).rejects.toEqual(notLost);
  await lock.lock();
  await expect(lock.startOver()).rejects.toEqual(notLost);
  expect(state.state.keychain.mode).toBe('keychain');
  replace(keychain('reset'));
  expect(await lock.startOver()).toBe('kept');
  expect(lock.state).toBe('first-start');
  expect(told.at(-1)).toBe('leaving');
  await lock.begin(false);
  expect(lock.state).toBe('unlocked');
});

test('a question that was left open does not keep it from locking', async () => {
  const { lock, wait } = installation(keychain('mine'));
  await lock.begin(false);
  wait();
  const change = lock.changePassphrase();
  await new Promise((resolve) => setImmediate(resolve));
  await lock.lock();
  expect(await change).toBe(false);
  expect(lock.state).toBe('locked');
});

test('nobody gets the key any more while the services of those who had it end', async () => {
  const { lock, whileLocking } = installation(keychain('mine'));
  await lock.begin(false);
  const ends = Promise.withResolvers<void>();
  whileLocking(() => ends.promise);
  const locked = lock.lock();
  await new Promise((resolve) => setImmediate(resolve));
  // A service that is asked for now would be started after those that end, and outlive the lock with the key.
  expect(() => lock.key()).toThrow(expect.objectContaining({ code: 'LOCKED' }));
  expect(lock.state).toBe('locked');
  const unlocking = lock.unlock();
  await new Promise((resolve) => setImmediate(resolve));
  expect(lock.state).toBe('locked');
  ends.resolve();
  await Promise.all([locked, unlocking]);
  expect(lock.state).toBe('unlocked');
});

test('locks from before an unlock do not undo it', async () => {
  const { lock, texts, wait } = installation(keychain('mine'));
  texts.push('correct horse');
  await lock.begin(true);
  await lock.lock();
  wait();
  const left = expect(lock.unlock()).rejects.toMatchObject({ name: 'AbortError' });
  await new Promise((resolve) => setImmediate(resolve));
  // Nobody is there: the auto-lock says so every few seconds.
  await Promise.all([lock.lock(), lock.lock(), left]);
  texts.push('correct horse');
  await lock.unlock();
  expect(lock.state).toBe('unlocked');
});

test('whoever goes on guessing waits longer each time, and who knows it begins anew', async () => {
  const { lock, texts, waits, problems } = installation(keychain('none', false));
  texts.push('correct horse');
  await lock.begin(false);
  await lock.lock();
  // Closing the question and opening it again starts nothing anew.
  texts.push('wrong', 'wrong', 'wrong');
  await expect(lock.unlock()).rejects.toMatchObject({ name: 'AbortError' });
  texts.push('wrong', 'wrong', 'correct horse');
  await lock.unlock();
  expect(waits).toEqual([0, 0, 0, 1000, 2000, 4000]);
  expect(problems.at(-1)).toContain('longer');
  await lock.lock();
  texts.push('correct horse');
  await lock.unlock();
  expect(waits.at(-1)).toBe(0);
  expect(tryDelayMs(100)).toBe(30_000);
});
