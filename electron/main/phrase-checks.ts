/**
 * What is wrong with a phrase or passphrase that was typed, in words; null when nothing is. No answer repeats any of it.
 * The cryptography is loaded when something was typed: the window opens without it.
 */
import { isAppError } from '../../core/base/app-error.ts';
import { listed, type Said, say } from '../../core/base/sentence.ts';

/** A new passphrase. */
export async function passphraseProblem(text: string): Promise<Said | null> {
  const { requireAcceptablePassphrase } = await import('../../core/crypto/sealed-document.ts');
  return problemOf(() => requireAcceptablePassphrase(text));
}

/** A phrase of 24 words. */
export async function phraseProblem(text: string): Promise<Said | null> {
  const { parsePhrase } = await import('../../core/crypto/key-derivation.ts');
  return problemOf(() => parsePhrase(text));
}

/** Three of the words of a phrase, in the order of their places. */
export function confirmationProblem(phrase: string, places: readonly number[], text: string): Said | null {
  const words = phrase.split(' ');
  const given = wordsOf(text);
  const wrong = places.findIndex((place, position) => given[position] !== words[place]);
  if (given.length === places.length && wrong === -1) return null;
  const place = places[wrong === -1 ? 0 : wrong] as number;
  return say`Word ${place + 1} is another one. Look at what you wrote down, and try again.`;
}

/** The whole phrase, from the paper it was written on. */
export function rehearsalProblem(phrase: string, text: string): Said | null {
  const words = phrase.split(' ');
  const given = wordsOf(text);
  if (given.length !== words.length) return say`These are ${given.length} words; the phrase has ${words.length}.`;
  const wrong = words.findIndex((word, place) => given[place] !== word);
  return wrong === -1 ? null : say`Word ${wrong + 1} is another one. Correct it on your paper if the mistake is there.`;
}

function wordsOf(text: string): string[] {
  return text
    .normalize('NFKD')
    .toLowerCase()
    .split(/[\s,]+/)
    .filter((word) => word !== '');
}

function problemOf(check: () => unknown): Said | null {
  try {
    check();
    return null;
  } catch (error) {
    if (!isAppError(error)) throw error;
    return listed([error.sentences.what, error.sentences.remedy], ' ');
  }
}
