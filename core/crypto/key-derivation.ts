/**
 * Every key of a person from one phrase of 24 words (BIP-39, English list): chain accounts by BIP-32
 * on the paths of BIP-44, all other keys by HKDF-SHA-256 (RFC 5869) of the BIP-39 seed with a label of
 * their own. docs/formats.md lists paths and labels with known answers.
 *
 * Invariant: two keys of different purpose or index share no label, so knowing one says nothing of another.
 */
import { secp256k1 } from '@noble/curves/secp256k1.js';
import { hkdf } from '@noble/hashes/hkdf.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { keccak_256 } from '@noble/hashes/sha3.js';
import { HDKey } from '@scure/bip32';
import { entropyToMnemonic, mnemonicToSeed, validateMnemonic } from '@scure/bip39';
import { wordlist } from '@scure/bip39/wordlists/english.js';
import { AppError } from '../base/app-error.ts';
import { assert } from '../base/assert.ts';
import { type Hex, toHex, utf8 } from '../base/bytes.ts';
import type { Random } from '../base/ports.ts';
import { say } from '../base/sentence.ts';
import { type MessageKey, messageKeyFrom } from './message-box.ts';
import { type RequestKey, requestKeyFrom } from './request-key.ts';

export const phraseWordCount = 24;
/** Indices of accounts and pseudonyms are non-hardened BIP-32 indices. */
export const keyIndexMax = 0x7fff_ffff;

/** The BIP-39 seed (64 bytes) from which a person's keys derive: as secret as the phrase. */
export type PersonSeed = Uint8Array & { readonly __brand: 'PersonSeed' };

/** A secp256k1 key and its chain address in lower case. */
export interface ChainAccount {
  /** 32 bytes. */
  readonly privateKey: Uint8Array;
  /** 20 bytes as {@link Hex}. */
  readonly address: Hex;
}

/** All keys of one pseudonym. */
export interface PseudonymKeys {
  readonly index: number;
  readonly account: ChainAccount;
  readonly requestKey: RequestKey;
  readonly messageKey: MessageKey;
}

/** A fresh phrase of 24 words with 256 bits of entropy. */
export function createPhrase(random: Random): string {
  return entropyToMnemonic(random.bytes(32), wordlist);
}

/**
 * The phrase in its canonical form: 24 words in lower case with single spaces.
 * @throws AppError `PHRASE_WORD_COUNT`, `PHRASE_UNKNOWN_WORD` (data.wordNumber counts from 1) or
 * `PHRASE_WRONG_CHECKSUM`. No error repeats a word.
 */
export function parsePhrase(text: string): string {
  const words = text.normalize('NFKD').trim().toLowerCase().split(/\s+/);
  const consequence = say`No keys were made from it.`;
  if (words.length !== phraseWordCount) {
    const count = words[0] === '' ? 0 : words.length;
    throw new AppError(
      'PHRASE_WORD_COUNT',
      {
        what: say`The phrase has ${count} words instead of ${phraseWordCount}.`,
        consequence,
        remedy: 'Enter all 24 words in order, separated by spaces.',
      },
      { data: { wordCount: count } },
    );
  }
  const unknown = words.findIndex((word) => !wordlist.includes(word));
  if (unknown >= 0) {
    throw new AppError(
      'PHRASE_UNKNOWN_WORD',
      {
        what: say`Word ${unknown + 1} of the phrase is not in the BIP-39 English list.`,
        consequence,
        remedy: say`Check the spelling of word ${unknown + 1} against your written copy.`,
      },
      { data: { wordNumber: unknown + 1 } },
    );
  }
  const phrase = words.join(' ');
  if (!validateMnemonic(phrase, wordlist)) {
    throw new AppError('PHRASE_WRONG_CHECKSUM', {
      what: 'All 24 words are known, but together they are not a valid phrase: the checksum does not fit.',
      consequence,
      remedy: 'A word is wrong or two are in the wrong order. Compare each word and its place with your written copy.',
    });
  }
  return phrase;
}

/** The BIP-39 seed of a phrase, without the optional BIP-39 passphrase. Errors as {@link parsePhrase}. */
export async function seedOfPhrase(phrase: string): Promise<PersonSeed> {
  return (await mnemonicToSeed(parsePhrase(phrase))) as PersonSeed;
}

function chainAccount(seed: PersonSeed, account: number, index: number): ChainAccount {
  assert(Number.isInteger(index) && index >= 0 && index <= keyIndexMax, 'key index is a non-hardened BIP-32 index');
  const { privateKey } = HDKey.fromMasterSeed(seed).derive(`m/44'/60'/${account}'/0/${index}`);
  assert(privateKey !== null, 'a path from a master seed has a private key');
  return { privateKey, address: addressOfPrivateKey(privateKey) };
}

/** The chain address of a secp256k1 private key: the last 20 bytes of Keccak-256 of the uncompressed point. */
export function addressOfPrivateKey(privateKey: Uint8Array): Hex {
  return toHex(keccak_256(secp256k1.getPublicKey(privateKey, false).subarray(1)).subarray(12));
}

/** The account that pays for gas and collects payments: `m/44'/60'/0'/0/index`. */
export function fundingAccount(seed: PersonSeed, index = 0): ChainAccount {
  return chainAccount(seed, 0, index);
}

function labelledKey(seed: PersonSeed, label: string): Uint8Array {
  return hkdf(sha256, seed, undefined, utf8(`vouchsafe:1:${label}`), 32);
}

/** The keys of pseudonym `index`: account `m/44'/60'/1'/0/index`, request key and message key by label. */
export function pseudonymKeys(seed: PersonSeed, index: number): PseudonymKeys {
  return {
    index,
    account: chainAccount(seed, 1, index),
    requestKey: requestKeyFrom(labelledKey(seed, `request-key:${index}`)),
    messageKey: messageKeyFrom(labelledKey(seed, `message-key:${index}`)),
  };
}

/** The key that signs a person's application at the PKG: the PKG knows the person by it, the chain never sees it. */
export function applicantKey(seed: PersonSeed): RequestKey {
  return requestKeyFrom(labelledKey(seed, 'applicant-key'));
}
