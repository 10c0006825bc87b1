/** What the secret window is told of typed words, and that no answer repeats any of them. */
import { expect, test } from 'vitest';
import { english, type Said } from '../../core/base/sentence.ts';
import { confirmationProblem, passphraseProblem, phraseProblem, rehearsalProblem } from '../../electron/main/phrase-checks.ts';

const phrase = `${'abandon '.repeat(23)}art`;
/** The problem in words. */
const words = (problem: Said | null) => (problem === null ? null : english(problem));
const mixed = Array.from({ length: 24 }, (_, place) => `word${String.fromCharCode(97 + place)}`).join(' ');

test('a phrase is taken in any case and spacing, and refused by the number of its word', async () => {
  expect(await phraseProblem(`  ${phrase.toUpperCase().replaceAll(' ', '  ')}\n`)).toBeNull();
  expect(words(await phraseProblem('abandon art'))).toContain('2 words');
  const typo = words(await phraseProblem(phrase.replace('art', 'artichoke5')));
  expect(typo).toContain('Word 24');
  expect(typo).not.toContain('artichoke5');
  expect(words(await phraseProblem('abandon '.repeat(24)))).toContain('checksum');
});

test('three words are compared with their places', () => {
  const places = [2, 7, 23];
  expect(confirmationProblem(mixed, places, 'wordc wordh wordx')).toBeNull();
  expect(confirmationProblem(mixed, places, ' WORDC,wordh, wordx ')).toBeNull();
  expect(words(confirmationProblem(mixed, places, 'wordc wordz wordx'))).toContain('Word 8');
  expect(words(confirmationProblem(mixed, places, 'wordc wordh'))).toContain('Word 24');
  expect(confirmationProblem(mixed, places, 'wordc wordh wordx worda')).not.toBeNull();
  expect(words(confirmationProblem(mixed, places, ''))).toContain('Word 3');
});

test('a rehearsal names the first word that is wrong', () => {
  expect(rehearsalProblem(mixed, mixed)).toBeNull();
  expect(words(rehearsalProblem(mixed, mixed.replace('worde', 'wordy')))).toContain('Word 5');
  expect(words(rehearsalProblem(mixed, 'worda wordb'))).toContain('2');
});

test('a passphrase needs some length and has a limit', async () => {
  expect(words(await passphraseProblem('1234567'))).toContain('7 characters');
  expect(await passphraseProblem('12345678')).toBeNull();
  expect(words(await passphraseProblem('x'.repeat(1025)))).toContain('at most 1024');
});
