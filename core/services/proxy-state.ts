/** The tables of a proxy, and its two keys. Shares are kept in the message boxes in which they came: sealed at rest by the proxy's message key. */
import { z } from 'zod';
import { fromHex, toHex } from '../base/bytes.ts';
import type { Random } from '../base/ports.ts';
import { type MessageKey, messageKeyFrom } from '../crypto/message-box.ts';
import { type RequestKey, requestKeyFrom } from '../crypto/request-key.ts';
import type { Documents } from '../sharing/documents.ts';
import { hexOfLength } from '../sharing/enrolment.ts';

/** Format 1. */
export const proxySchema = `
CREATE TABLE upload (
  id TEXT PRIMARY KEY,
  owner TEXT NOT NULL,
  sha256 TEXT NOT NULL,
  size INTEGER NOT NULL,
  created_ms INTEGER NOT NULL,
  state TEXT
) STRICT;
CREATE TABLE ciphertext (
  sha256 TEXT NOT NULL,
  owner TEXT NOT NULL,
  size INTEGER NOT NULL,
  stored_ms INTEGER NOT NULL,
  PRIMARY KEY (sha256, owner)
) STRICT;
CREATE TABLE header (
  header_hash TEXT PRIMARY KEY,
  owner TEXT NOT NULL,
  header BLOB NOT NULL,
  context BLOB NOT NULL
) STRICT;
CREATE TABLE share_grant (
  offer_id TEXT PRIMARY KEY,
  owner TEXT NOT NULL,
  grant_hash TEXT NOT NULL,
  live_until INTEGER NOT NULL,
  encoded_grant BLOB NOT NULL,
  context BLOB NOT NULL,
  share_box BLOB,
  receipt TEXT
) STRICT`;

const keysDocument = 'proxy-keys';
const keysSchema = z.strictObject({ version: z.literal(1), signingKey: hexOfLength(32), messageKey: hexOfLength(32) });

/** The keys that name a proxy in the network file. */
export interface ProxyKeys {
  readonly signing: RequestKey;
  readonly message: MessageKey;
}

/** Opens the proxy's keys; the first time, makes and seals them. */
export async function openProxyKeys(documents: Documents, random: Random): Promise<ProxyKeys> {
  let stored = await documents.load(keysDocument, keysSchema);
  if (stored === undefined) {
    stored = { version: 1, signingKey: toHex(random.bytes(32)), messageKey: toHex(random.bytes(32)) };
    await documents.save(keysDocument, stored);
  }
  return { signing: requestKeyFrom(fromHex(stored.signingKey)), message: messageKeyFrom(fromHex(stored.messageKey)) };
}
