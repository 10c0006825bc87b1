/**
 * The secret window's way to main. What is typed here goes through it once, and is kept nowhere: no store, no log, no
 * cache of queries.
 */
import { z } from 'zod';
import { secretContract } from '../../electron/ipc-contract.ts';
import { english, type Said } from '../../electron/language.ts';
import { said } from '../../electron/views.ts';

declare global {
  interface Window {
    readonly vouchsafeSecret?: { readonly call: (channel: string, value: unknown) => Promise<unknown> };
  }
}

// The page's policy allows no code made from text, which zod would try for speed.
z.config({ jitless: true });

const answer = z.union([
  z.object({ ok: z.literal(true), value: z.unknown() }),
  z.object({ ok: z.literal(false), error: z.object({ what: said }) }),
]);

async function ask(channel: keyof typeof secretContract, value: unknown): Promise<unknown> {
  if (window.vouchsafeSecret === undefined) throw new Error('This page runs outside the application.');
  const given = answer.parse(await window.vouchsafeSecret.call(channel, value));
  if (!given.ok) throw new Error(english(given.error.what));
  return given.value;
}

type Opening = z.infer<(typeof secretContract)['secret.purpose']['response']>;

/** What this window is for, and the language that its user wishes. */
export async function opening(): Promise<Opening> {
  return secretContract['secret.purpose'].response.parse(await ask('secret.purpose', {}));
}

/** Hands over what was typed, or null to close. The answer is what is wrong with it; null when the window closes. */
export async function give(text: string | null): Promise<Said | null> {
  return secretContract['secret.give'].response.parse(await ask('secret.give', { text })).problem;
}
