/**
 * What the PKG keeps: the master secret and the enrolment account, the list of real persons and their
 * pseudonyms (both sealed), and the log of issued identity keys.
 *
 * Invariant: real names are in sealed documents only: not in the database, the log, or any error.
 */

import type { DatabaseSync } from 'node:sqlite';
import { Wallet } from 'ethers';
import { z } from 'zod';
import { fromHex, type Hex, toHex } from '../base/bytes.ts';
import type { Random } from '../base/ports.ts';
import { setUp } from '../crypto/identity-encryption.ts';
import type { PairingEngine } from '../crypto/pairing-engine.ts';
import { type MasterSecret, type PublicParameters, publicParametersOf } from '../crypto/scheme-algebra.ts';
import { decodeMasterSecret, encodeMasterSecret, encodePublicParameters } from '../crypto/scheme-encodings.ts';
import { publicParametersHash } from '../crypto/scheme-hashes.ts';
import type { Documents } from '../sharing/documents.ts';
import { hexOfLength, hexUpTo, signedEnrolmentSchema } from '../sharing/enrolment.ts';
import { applicationStates } from '../sharing/pkg-messages.ts';

const authorityDocument = 'pkg-authority';
const applicationPrefix = 'pkg-application-';

const authoritySchema = z.strictObject({ version: z.literal(1), masterSecret: hexUpTo(256), enrolmentKey: hexOfLength(32) });

const applicationSchema = z.strictObject({
  version: z.literal(1),
  applicationId: hexOfLength(16),
  /** Ed25519 key with which the applicant signs; not a request key of any pseudonym. */
  applicantKey: hexOfLength(32),
  name: z.string(),
  contact: z.string(),
  submittedAtMs: z.int(),
  state: z.enum(applicationStates),
  roles: z.int(),
  reason: z.string(),
  enrolments: z.array(signedEnrolmentSchema),
});
/** One person at the PKG, with the pseudonyms enrolled for it. */
export type Application = z.infer<typeof applicationSchema>;

/** The PKG's secrets and what it publishes of them. */
export interface PkgAuthority {
  readonly masterSecret: MasterSecret;
  readonly publicParameters: PublicParameters;
  readonly encodedParameters: Hex;
  readonly parametersHash: Hex;
  readonly enrolmentAccount: Wallet;
}

/** Opens the PKG's secrets; the first time, makes them (Setup) and seals them before anything is published. */
export async function openPkgAuthority(documents: Documents, engine: PairingEngine, random: Random): Promise<PkgAuthority> {
  let stored = await documents.load(authorityDocument, authoritySchema);
  if (stored === undefined) {
    stored = {
      version: 1,
      masterSecret: toHex(encodeMasterSecret(setUp(engine, random).masterSecret)),
      enrolmentKey: toHex(random.bytes(32)),
    };
    await documents.save(authorityDocument, stored);
  }
  const masterSecret = decodeMasterSecret(fromHex(stored.masterSecret));
  const publicParameters = publicParametersOf(engine, masterSecret);
  return {
    masterSecret,
    publicParameters,
    encodedParameters: toHex(encodePublicParameters(engine, publicParameters)),
    parametersHash: toHex(publicParametersHash(engine, publicParameters)),
    enrolmentAccount: new Wallet(stored.enrolmentKey),
  };
}

/** The PKG's applications, sealed one by one and indexed in memory. Operations on one application run one after the other. */
export class ApplicationList {
  readonly #documents: Documents;
  readonly #byId = new Map<Hex, Application>();
  readonly #byApplicant = new Map<Hex, Hex>();
  readonly #byPseudonym = new Map<Hex, Hex>();
  #last: Promise<unknown> = Promise.resolve();

  private constructor(documents: Documents) {
    this.#documents = documents;
  }

  static async open(documents: Documents): Promise<ApplicationList> {
    const list = new ApplicationList(documents);
    for (const name of await documents.list(applicationPrefix)) {
      const application = await documents.load(name, applicationSchema);
      if (application !== undefined) list.#index(application);
    }
    return list;
  }

  all(): Application[] {
    return [...this.#byId.values()].sort((left, right) => left.submittedAtMs - right.submittedAtMs);
  }

  /** How many wait for the operator. */
  waiting(): number {
    let count = 0;
    for (const { state } of this.#byId.values()) if (state === 'pending') count++;
    return count;
  }

  byId(applicationId: Hex): Application | undefined {
    return this.#byId.get(applicationId);
  }

  byApplicant(applicantKey: Hex): Application | undefined {
    const id = this.#byApplicant.get(applicantKey);
    return id === undefined ? undefined : this.#byId.get(id);
  }

  byPseudonym(pseudonym: Hex): Application | undefined {
    const id = this.#byPseudonym.get(pseudonym);
    return id === undefined ? undefined : this.#byId.get(id);
  }

  /** Runs `change` alone; nothing else changes the list meanwhile. */
  exclusively<Result>(change: () => Promise<Result>): Promise<Result> {
    const run = this.#last.then(change);
    this.#last = run.catch(() => undefined); // the failure reaches the caller through `run`
    return run;
  }

  /** Seals the application; it counts once this has returned. */
  async save(application: Application): Promise<void> {
    await this.#documents.save(`${applicationPrefix}${application.applicationId.slice(2)}`, application);
    this.#index(application);
  }

  #index(application: Application): void {
    this.#byId.set(application.applicationId, application);
    this.#byApplicant.set(application.applicantKey, application.applicationId);
    for (const { enrolment } of application.enrolments) this.#byPseudonym.set(enrolment.pseudonym, application.applicationId);
  }
}

/** The table of issued identity keys; identities are pseudonymous and public. */
export const issuanceSchema = `CREATE TABLE issued_identity_key (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  identity TEXT NOT NULL,
  issued_at_ms INTEGER NOT NULL
) STRICT`;

/** Notes durably that a key of `identity` is about to be handed out. */
export function recordIssuance(database: DatabaseSync, identity: string, nowMs: number): void {
  database.prepare('INSERT INTO issued_identity_key (identity, issued_at_ms) VALUES (?, ?)').run(identity, nowMs);
}
