/**
 * Where in the app a secret may stand, and why. Files are the messages between processes by their method
 * (message-recorder.ts), memory by moment and process, and the user's folder as it is on the disk.
 *
 * What is not here is as much of a promise: nothing allows a phrase, a passphrase or a key in the main window, in any
 * message to or from it, or on the disk, and nothing at all in what a crash leaves behind.
 */
import type { AllowedPlace } from './allowed-places.ts';

/** A reading, or several in a row, in any form. */
const readings = /^(a reading|readings) as /;
const realNames = /^the (real name|contact) of the (owner|consumer)$/;
const wordsOf = (who: string) => new RegExp(`^words of the phrase of the ${who}$`);
/** All that comes from a person's phrase, and the key of that person's home. */
const keysOf = (who: string) =>
  `words of the phrase of the ${who}|the (entropy|seed) of the phrase of the ${who}|the (applicant|chain|request|message|home) key of the ${who}`;

const proxies = [1, 2, 3].map(
  (index): AllowedPlace => ({
    file: new RegExp(`^memory/[^/]+/proxy-network-${index}$`),
    secret: new RegExp(`^(the (signing|message|home) key of proxy ${index}|share ${index} of K2)$`),
    reason: `proxy ${index} at work: its own keys and its own share`,
    mustHold: true,
  }),
);
const groups = [1, 2, 3, 4].map(
  (group): AllowedPlace => ({
    file: new RegExp(`^memory/[^/]+/validator-network-${group}$`),
    secret: new RegExp(`^the (consensus|transport|home) key of validator ${group}-\\d$`),
    reason: `group ${group} at work: the keys of its own validators`,
    mustHold: true,
  }),
);

export const appPlaces: readonly AllowedPlace[] = [
  // The search sees what it has to see
  {
    file: /^memory\/[^/]+\/main window$/,
    secret: /^what was planted in the page$/,
    reason: "planted there to be found: the copy of the window's memory is what it is taken for",
    mustHold: true,
  },
  {
    file: /^memory\/[^/]+\/main$/,
    secret: /^what was planted in the page$/,
    reason: 'the harness planted it through main',
  },

  // Phrases and passphrases: the secret window, and the way to it
  {
    file: /^memory\/the phrase is shown\/secret window$/,
    secret: wordsOf('owner'),
    reason: 'the secret window while it shows the phrase; its process ends with it',
    mustHold: true,
  },
  {
    file: /^recorded\/bridge\/secret\/secret\.purpose\/answer$/,
    secret: wordsOf('owner'),
    reason: 'the phrase on its way to the secret window',
    mustHold: true,
  },
  {
    file: /^recorded\/ports\/main--vault-(owner|[a-z0-9]+)\/phrase\/answer$/,
    secret: wordsOf('owner'),
    reason: 'the phrase on its way from its vault to the secret window',
    mustHold: true,
  },
  {
    file: /^recorded\/bridge\/secret\/secret\.give\/request$/,
    secret: /^(the passphrase|words of the phrase of the (owner|consumer))$/,
    reason: 'what was typed into the secret window',
    mustHold: true,
  },
  {
    file: /^recorded\/ports\/main--vault-consumer\/start\/request$/,
    secret: wordsOf('consumer'),
    reason: 'a typed phrase on its way to the vault that is made of it',
    mustHold: true,
  },
  {
    file: /^recorded\/ports\/main--unseal\/seal\/request$/,
    secret: /^the (passphrase|sealing key)$/,
    reason: 'the process that seals the sealing key under the passphrase, and ends',
    mustHold: true,
  },
  {
    file: /^memory\/[^/]+\/main$/,
    secret: /^(the passphrase|words of the phrase of the (owner|consumer))$/,
    reason: 'passed through main; JavaScript cannot erase a string (docs/decisions/secrets-have-their-own-window.md)',
    mustHold: true,
  },

  // The sealing key: main, and who opens a home with it
  {
    file: /^recorded\/ports\/main--(vault|operator|validator|pkg|proxy)-[a-z0-9-]+\/start\/request$/,
    secret: /^the sealing key$/,
    reason: 'handed once to a service that opens its home with it',
    mustHold: true,
  },
  {
    file: /^recorded\/ports\/main--backup\/rebuild\/request$/,
    secret: /^the sealing key$/,
    reason: 'the process that rebuilds a history from the chain, and ends',
  },
  {
    file: /^memory\/[^/]+\/(main|(vault|operator|validator|pkg|proxy)-[a-z0-9-]+)$/,
    secret: /^the sealing key$/,
    reason: 'main while unlocked, and services that opened their homes with it',
    mustHold: true,
  },

  // People's names: typed in the main window, for the operator of the PKG
  {
    file: /^recorded\/(bridge\/call\/(profile\.create\/request|ownNetwork\.(applications|decide)\/answer)|ports\/main--(vault-(owner|consumer)\/identity\.apply\/request|operator-network\/ownNetwork\.(applications|decide)\/answer))$/,
    secret: realNames,
    reason: 'a name typed in the main window, on its way to the PKG, and shown to its operator there',
    mustHold: true,
  },
  {
    file: /^memory\/[^/]+\/(main window|main|vault-(owner|consumer)|operator-network|pkg-network)$/,
    secret: realNames,
    reason: 'whoever types it, passes it on, keeps it or decides about it',
    mustHold: true,
  },

  // Each service at work
  {
    file: /^memory\/[^/]+\/vault-owner$/,
    secret: new RegExp(
      `^(${keysOf('owner')}|the seed of the dataset|the data-encryption key|A[12] of the dataset|K2|share [123] of K2|a reading as text)$`,
    ),
    reason: "the vault of the owner at work: that person's keys, its dataset, and the bounds of a dry run",
    mustHold: true,
  },
  {
    file: /^memory\/[^/]+\/vault-consumer$/,
    secret: new RegExp(`^(${keysOf('consumer')}|the seed of the dataset|the data-encryption key|A1 of the dataset|A[12] of the receiver)$`),
    reason: "the vault of the consumer at work: that person's keys, and what it was granted",
    mustHold: true,
  },
  {
    file: /^memory\/[^/]+\/operator-network$/,
    secret: /^the (network|decision|treasury) key$|^the home key of the operator$/,
    reason: 'the operator at work',
    mustHold: true,
  },
  {
    file: /^memory\/[^/]+\/pkg-network$/,
    secret: /^(the (home key of the PKG|enrolment key)|[abc] of the master secret|A[12] of the (dataset|receiver))$/,
    reason: 'the PKG at work: its master secret, and the keys that it has made',
    mustHold: true,
  },
  ...groups,
  ...proxies,
  {
    file: /^(memory\/[^/]+\/proxy-network-[123]|user-data\/networks\/[a-z0-9]+\/proxy-[123]\/proxy\.sqlite(-wal)?)$/,
    secret: /^A1 of the dataset$/,
    reason: 'K1 of every grant is A1, by the scheme: proxies and receiver have it; what keeps a key secret is A2',
  },

  // The data, and the key and seed of one dataset with the work that needs them
  {
    file: /^recorded\/ports\/(vault-(owner|consumer|[a-z0-9]+)--data|data--vault)\/files\.(commit|encrypt|dryRun|proveSegment|proveWhole|unpack|description|import|recompute)\/(request|answer)$/,
    secret: /^(the seed of the dataset|the data-encryption key|a reading as text)$/,
    reason: 'work on files, with the seed or the key of the one dataset that it is about, or the bounds of a dry run',
    mustHold: true,
  },
  {
    file: /^memory\/[^/]+\/data$/,
    secret: /^((a reading|readings) as \w+|the seed of the dataset|the data-encryption key)$/,
    reason: 'the data process at work: files, and what came with the work on them',
    mustHold: true,
  },
  {
    file: /^memory\/(nobody looks|the data is shown)\/main$/,
    secret: /^(the seed of the dataset|the data-encryption key|a reading as text)$/,
    reason:
      'rows that are shown pass through main; the rest, because the recorder of this harness lets the messages of services to each other go through it: what main itself is sent is in recorded/ports/main--*',
  },
  {
    file: /^(recorded\/bridge\/call\/table\.rows\/answer|recorded\/ports\/main--data\/table\.rows\/answer|memory\/the data is shown\/main window)$/,
    secret: /^a reading as text$/,
    reason: 'the rows that the consumer has received and looks at, on their way to the window and in it while they are shown',
    mustHold: true,
  },
  { file: /^data\.csv$/, secret: readings, reason: "the owner's own file, before it is imported", mustHold: true },
  {
    file: /^user-data\/profiles\/[a-z0-9]+\/datasets\/[0-9a-f]{64}\//,
    secret: readings,
    reason: "the owner's copy of its own data: a file like any other of this user",
    mustHold: true,
  },
  {
    file: /^user-data\/profiles\/[a-z0-9]+\/received\/\d+\//,
    secret: /^(a reading|readings) as |^the seed of the dataset$/,
    reason: 'the received data, with the seed that recomputes its root',
    mustHold: true,
  },
];
