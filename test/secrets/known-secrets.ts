/** Collects what must not be found: the planted phrases, names and passphrase, and every secret that the story made, read from the sealed homes. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { mnemonicToEntropy } from '@scure/bip39';
import { wordlist } from '@scure/bip39/wordlists/english.js';
import { z } from 'zod';
import { systemSealing } from '../../core/adapters/argon2id.ts';
import { DatasetFolder } from '../../core/adapters/dataset-folder.ts';
import { HomeStore } from '../../core/adapters/home-store.ts';
import { assert } from '../../core/base/assert.ts';
import { fromHex, type Hex, isHex, utf8 } from '../../core/base/bytes.ts';
import { applicantKey, pseudonymKeys, seedOfPhrase } from '../../core/crypto/key-derivation.ts';
import { createMclEngine } from '../../core/crypto/mcl-engine.ts';
import { type G2Element, g2Bytes, type PairingEngine } from '../../core/crypto/pairing-engine.ts';
import { encodeScalar, lagrangeCoefficient } from '../../core/crypto/scalar.ts';
import { decodeIdentityKey, decodeMasterSecret, decodeProxyShare, type ProxyShare } from '../../core/crypto/scheme-encodings.ts';
import { type DocumentLock, openDocument } from '../../core/crypto/sealed-document.ts';
import { promisedColumns } from '../../core/dataset/schema.ts';
import type { networkFolders } from '../../core/services/network-folders.ts';
import type { Secret } from './encodings.ts';

/** A person of the story, with the phrase that was planted. */
export interface Person {
  readonly name: string;
  readonly contact: string;
  readonly home: string;
  readonly phrase: string;
}

export interface KnownPlaces {
  readonly passphrase: string;
  /** What opens all homes. */
  readonly lock: DocumentLock;
  readonly owner: Person;
  readonly consumer: Person;
  readonly network: ReturnType<typeof networkFolders>;
  readonly data: string;
}

/** Words of a phrase that stand in a row: fewer could be ordinary text. */
const wordsInARow = 4;
/** Rows of the data of which one after another must not be found. */
const rowsInARow = 3;

const hex = z.custom<Hex>(isHex);
const text = (name: string, value: string): Secret => ({ name, bytes: utf8(value), form: 'text' });
const key = (name: string, value: Hex | Uint8Array): Secret => ({
  name,
  bytes: typeof value === 'string' ? fromHex(value) : value,
  form: 'number',
});

/** The second half of a compressed point of G2 is a coordinate without any flag: every encoding of the point holds it. */
function point(engine: PairingEngine, name: string, element: G2Element): Secret {
  return key(name, engine.encodeG2(element).subarray(g2Bytes / 2));
}

/** Secrets that stay in the homes, which nobody may use meanwhile. */
export async function knownSecrets({ passphrase, lock, owner, consumer, network, data }: KnownPlaces): Promise<Secret[]> {
  const engine = await createMclEngine();
  const secrets = [text('the passphrase', passphrase)];
  for (const [who, person] of [
    ['owner', owner],
    ['consumer', consumer],
  ] as const) {
    secrets.push(text(`the real name of the ${who}`, person.name), text(`the contact of the ${who}`, person.contact));
    secrets.push(...(await keysOfPhrase(`the ${who}`, person.phrase)));
    secrets.push(await homeKey(`the ${who}`, person.home, lock));
  }

  const operator = await documentOf(network.operator, lock, 'operator', z.object({ networkKey: hex, decisionKey: hex, treasuryKey: hex }));
  secrets.push(await homeKey('the operator', network.operator, lock));
  secrets.push(key('the network key', operator.networkKey), key('the decision key', operator.decisionKey));
  secrets.push(key('the treasury key', operator.treasuryKey));

  const authority = await documentOf(network.pkg, lock, 'pkg-authority', z.object({ masterSecret: hex, enrolmentKey: hex }));
  const master = decodeMasterSecret(fromHex(authority.masterSecret));
  for (const part of ['a', 'b', 'c'] as const) secrets.push(key(`${part} of the master secret`, encodeScalar(master[part])));
  secrets.push(key('the enrolment key', authority.enrolmentKey), await homeKey('the PKG', network.pkg, lock));

  for (const [position, home] of network.proxies.entries()) {
    const own = await documentOf(home, lock, 'proxy-keys', z.object({ signingKey: hex, messageKey: hex }));
    const who = `proxy ${position + 1}`;
    secrets.push(key(`the signing key of ${who}`, own.signingKey), key(`the message key of ${who}`, own.messageKey));
    secrets.push(await homeKey(who, home, lock));
  }

  for (const [group, homes] of network.validators.entries())
    for (const [member, home] of homes.entries()) {
      const own = await documentOf(home, lock, 'validator-keys', z.object({ consensusKey: hex, transportKey: hex }));
      const who = `validator ${group + 1}-${member + 1}`;
      secrets.push(key(`the consensus key of ${who}`, own.consensusKey), key(`the transport key of ${who}`, own.transportKey));
      secrets.push(await homeKey(who, home, lock));
    }

  const dataset = await documentOf(owner.home, lock, 'dataset-', z.object({ datasetId: hex, seed: hex, identityKey: hex }));
  const purchase = await documentOf(consumer.home, lock, 'purchase-', z.object({ key: hex, identityKey: hex }));
  secrets.push(key('the seed of the dataset', dataset.seed), key('the data-encryption key', purchase.key));
  for (const [name, encoded] of [
    ['dataset', dataset.identityKey],
    ['receiver', purchase.identityKey],
  ] as const) {
    const { a1, a2 } = decodeIdentityKey(engine, fromHex(encoded));
    secrets.push(point(engine, `A1 of the ${name}`, a1), point(engine, `A2 of the ${name}`, a2));
  }
  return [...secrets, ...(await readings(owner.home, dataset.datasetId, data))];
}

/** The shares of the re-encryption key, which the owner keeps only while the grant lives, and the part that they hide. */
export async function grantSecrets(ownerHome: string, lock: DocumentLock): Promise<Secret[]> {
  const engine = await createMclEngine();
  const { shares } = await documentOf(ownerHome, lock, 'offer-', z.object({ shares: z.array(hex) }));
  const decoded = shares.map((share) => decodeProxyShare(engine, fromHex(share)));
  const secrets = decoded.map(({ index, share }) => point(engine, `share ${index} of K2`, share));
  const [first, second] = decoded as [ProxyShare, ProxyShare];
  const indices = [first.index, second.index];
  const part = ({ index, share }: ProxyShare) => engine.multiplyG2(share, lagrangeCoefficient(index, indices, 0));
  return [...secrets, point(engine, 'K2', engine.addG2(part(first), part(second)))];
}

async function keysOfPhrase(who: string, phrase: string): Promise<Secret[]> {
  const words = phrase.split(' ');
  const rows = Array.from({ length: words.length - wordsInARow + 1 }, (_, first) => words.slice(first, first + wordsInARow));
  const seed = await seedOfPhrase(phrase);
  const { account, requestKey, messageKey } = pseudonymKeys(seed, 0);
  return [
    ...rows.flatMap((row) => [' ', '\n', '","'].map((between) => text(`words of the phrase of ${who}`, row.join(between)))),
    key(`the entropy of the phrase of ${who}`, mnemonicToEntropy(phrase, wordlist)),
    key(`the seed of the phrase of ${who}`, seed),
    key(`the applicant key of ${who}`, applicantKey(seed).privateKey),
    key(`the chain key of ${who}`, account.privateKey),
    key(`the request key of ${who}`, requestKey.privateKey),
    key(`the message key of ${who}`, messageKey.privateKey),
  ];
}

/** The key under which all other documents of a home are sealed. */
async function homeKey(who: string, home: string, lock: DocumentLock): Promise<Secret> {
  const sealed = await readFile(join(home, 'home-key.sealed'));
  const opened = (await openDocument(systemSealing, 'home-key', lock, sealed)) as { key: Hex };
  return key(`the home key of ${who}`, opened.key);
}

/** The data: rows of the file as text, and canonical integers of the promised columns as they are stored. */
async function readings(ownerHome: string, datasetId: Hex, data: string): Promise<Secret[]> {
  const lines = (await readFile(data, 'utf8')).trim().split('\n').slice(1);
  const rows = lines.slice(0, -rowsInARow).map((_, first) => lines.slice(first, first + rowsInARow));
  const secrets = rows.map((row) => text('readings as text', row.join('\n')));
  secrets.push(...lines.map((line) => text('a reading as text', line.slice(line.indexOf(',') + 1))));
  const folder = await DatasetFolder.open(join(ownerHome, 'datasets', datasetId.slice(2)));
  try {
    for (const position of promisedColumns(folder.document.schema).keys()) {
      for (const first of rows.keys())
        secrets.push({ name: 'readings as integers', bytes: await folder.read(position, first, rowsInARow), form: 'bytes' });
    }
  } finally {
    await folder.close();
  }
  return secrets;
}

/** What `schema` takes of the document of that name, or of the only one that begins with it. */
async function documentOf<Value>(home: string, lock: DocumentLock, start: string, schema: z.ZodType<Value>): Promise<Value> {
  const store = await HomeStore.open(home, lock);
  try {
    const [name, ...more] = (await store.list()).filter((each) => each === start || (start.endsWith('-') && each.startsWith(start)));
    const value = name === undefined || more.length > 0 ? null : await store.read(name, schema);
    assert(value !== null, `${home} has one document ${start}`);
    return value;
  } finally {
    await store.close();
  }
}
