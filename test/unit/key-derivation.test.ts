/** Every key of the standard test phrase, against ethers and HKDF of node:crypto; phrases that are wrong. */
import { hkdfSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { HDNodeWallet } from 'ethers';
import { describe, expect, test } from 'vitest';
import { isAppError } from '../../core/base/app-error.ts';
import { fromHex, toHex } from '../../core/base/bytes.ts';
import { applicantKey, createPhrase, fundingAccount, parsePhrase, pseudonymKeys, seedOfPhrase } from '../../core/crypto/key-derivation.ts';

interface AccountAnswer {
  index: number;
  path: string;
  address: string;
  privateKey: string;
}
const answers = JSON.parse(readFileSync(new URL('../vectors/keys-from-phrase.json', import.meta.url), 'utf8')) as {
  phrase: string;
  seed: string;
  funding: AccountAnswer[];
  pseudonyms: (AccountAnswer & Record<'requestPrivateKey' | 'requestPublicKey' | 'messagePrivateKey' | 'messagePublicKey', string>)[];
  applicantPublicKey: string;
};

function codeOf(text: string): { code: string; data: unknown; message: string } {
  try {
    parsePhrase(text);
  } catch (error) {
    if (isAppError(error)) return { code: error.code, data: error.data, message: error.message };
    throw error;
  }
  throw new Error('the phrase was accepted');
}

describe('keys of the standard test phrase', async () => {
  const seed = await seedOfPhrase(answers.phrase);

  test('the seed is that of the BIP-39 vectors (no BIP-39 passphrase)', () => {
    expect(toHex(seed)).toBe(answers.seed);
    expect(answers.seed).toMatch(/^0x408b285c123836004f4b8842c89324c1/);
  });

  test('accounts lie on the BIP-44 paths and equal those of ethers', () => {
    for (const answer of answers.funding) {
      expect(fundingAccount(seed, answer.index)).toEqual({ privateKey: fromHex(answer.privateKey), address: answer.address });
      expect(HDNodeWallet.fromPhrase(answers.phrase, undefined, answer.path).address.toLowerCase()).toBe(answer.address);
    }
    for (const answer of answers.pseudonyms) {
      const { account } = pseudonymKeys(seed, answer.index);
      expect(account).toEqual({ privateKey: fromHex(answer.privateKey), address: answer.address });
      expect(HDNodeWallet.fromPhrase(answers.phrase, undefined, answer.path).address.toLowerCase()).toBe(answer.address);
    }
  });

  test('request and message keys equal the known answers and HKDF of node:crypto', () => {
    for (const answer of answers.pseudonyms) {
      const keys = pseudonymKeys(seed, answer.index);
      expect(toHex(keys.requestKey.privateKey)).toBe(answer.requestPrivateKey);
      expect(toHex(keys.requestKey.publicKey)).toBe(answer.requestPublicKey);
      expect(toHex(keys.messageKey.privateKey)).toBe(answer.messagePrivateKey);
      expect(toHex(keys.messageKey.publicKey)).toBe(answer.messagePublicKey);
      const twin = hkdfSync('sha256', seed, '', `vouchsafe:1:request-key:${answer.index}`, 32);
      expect(toHex(new Uint8Array(twin))).toBe(answer.requestPrivateKey);
    }
  });

  test('the applicant key equals the known answer and HKDF of node:crypto', () => {
    const key = applicantKey(seed);
    expect(toHex(key.publicKey)).toBe(answers.applicantPublicKey);
    expect(toHex(key.privateKey)).toBe(toHex(new Uint8Array(hkdfSync('sha256', seed, '', 'vouchsafe:1:applicant-key', 32))));
  });

  test('no two keys of a person are equal', () => {
    const keys = [0, 1, 2].flatMap((index) => {
      const pseudonym = pseudonymKeys(seed, index);
      return [fundingAccount(seed, index), pseudonym.account, pseudonym.requestKey, pseudonym.messageKey].map((key) =>
        toHex(key.privateKey),
      );
    });
    expect(new Set([...keys, toHex(applicantKey(seed).privateKey)]).size).toBe(keys.length + 1);
  });
});

describe('phrases', () => {
  test('a created phrase is accepted, whatever its spacing and letter case', () => {
    const phrase = createPhrase({ bytes: (length) => new Uint8Array(length).fill(0x5a) });
    expect(phrase.split(' ')).toHaveLength(24);
    expect(parsePhrase(`\n  ${phrase.toUpperCase().replaceAll(' ', ' \t ')} `)).toBe(phrase);
  });

  test('a wrong number of words is counted', () => {
    expect(codeOf('')).toMatchObject({ code: 'PHRASE_WORD_COUNT', data: { wordCount: 0 } });
    expect(codeOf(answers.phrase.split(' ').slice(1).join(' '))).toMatchObject({ code: 'PHRASE_WORD_COUNT', data: { wordCount: 23 } });
  });

  test('an unknown word is named by its place, and not repeated', () => {
    const words = answers.phrase.split(' ');
    words[16] = 'abandonn';
    const { code, data, message } = codeOf(words.join(' '));
    expect({ code, data }).toEqual({ code: 'PHRASE_UNKNOWN_WORD', data: { wordNumber: 17 } });
    expect(message).not.toContain('abandonn');
  });

  test('a wrong checksum is told from an unknown word', () => {
    expect(codeOf('abandon '.repeat(24))).toMatchObject({ code: 'PHRASE_WRONG_CHECKSUM' });
  });
});
