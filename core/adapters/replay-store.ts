/**
 * Nonces of signed requests that were accepted, kept on disk until their time window has passed, so that
 * a restart does not let a recorded request in a second time.
 */
import type { DatabaseSync } from 'node:sqlite';
import type { Hex } from '../base/bytes.ts';

/** The table; part of the database format of every service. */
export const replayStoreSchema = `CREATE TABLE request_nonce (
  key_id TEXT NOT NULL,
  nonce TEXT NOT NULL,
  expires_ms INTEGER NOT NULL,
  PRIMARY KEY (key_id, nonce)
) STRICT, WITHOUT ROWID;
CREATE INDEX request_nonce_expiry ON request_nonce (expires_ms)`;

export interface ReplayStore {
  /** Remembers the nonce durably until `expiresMs`; false when it was there already. */
  admit(keyId: Hex, nonce: string, expiresMs: number, nowMs: number): boolean;
}

/** A replay store in a service's database. */
export function createReplayStore(database: DatabaseSync): ReplayStore {
  const forget = database.prepare('DELETE FROM request_nonce WHERE expires_ms < ?');
  const remember = database.prepare('INSERT INTO request_nonce (key_id, nonce, expires_ms) VALUES (?, ?, ?) ON CONFLICT DO NOTHING');
  return {
    admit(keyId, nonce, expiresMs, nowMs) {
      forget.run(nowMs);
      return remember.run(keyId, nonce, expiresMs).changes === 1;
    },
  };
}
