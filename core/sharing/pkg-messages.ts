/** Bodies between the PKG and its clients (docs/formats.md, "PKG over HTTP"). Every one is checked on arrival, on both sides. */
import { z } from 'zod';
import { utf8 } from '../base/bytes.ts';
import { identityLengthMax } from '../crypto/identity.ts';
import { type BoxLabel, boxOverheadBytes } from '../crypto/message-box.ts';
import { enrolmentBatchMax, hexOfLength, hexUpTo, pseudonymSchema, rolesSchema, signedEnrolmentSchema } from './enrolment.ts';

/** Version of these bodies. */
export const pkgMessagesVersion = 1;
const version = z.literal(pkgMessagesVersion);
const identityKeyBytesMax = 256;

/** Text of a person: one line, nothing invisible. */
const personText = (lengthMax: number) =>
  z
    .string()
    .min(1)
    .max(lengthMax)
    .regex(/^[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}]*$/u, 'must be one line of visible characters');

export const pkgInfoSchema = z.strictObject({
  version,
  chainId: z.string().regex(/^[1-9][0-9]{0,19}$/),
  contracts: z.strictObject({ entityRegistry: hexOfLength(20), dataRecords: hexOfLength(20), sharingMarket: hexOfLength(20) }),
  publicParameters: hexUpTo(1024),
  parametersHash: hexOfLength(32),
  enrolmentAddress: hexOfLength(20),
});
export type PkgInfo = z.infer<typeof pkgInfoSchema>;

/** `POST /v1/applications`, signed by the applicant's key. */
export const applicationRequestSchema = z.strictObject({
  version,
  /** The real name: seen by the PKG's operator only. */
  name: personText(200),
  /** How the operator reaches the person. */
  contact: personText(300),
  roles: rolesSchema,
});
export type ApplicationRequest = z.infer<typeof applicationRequestSchema>;

export const applicationStates = ['pending', 'approved', 'refused', 'revoked'] as const;
export type ApplicationState = (typeof applicationStates)[number];

/** What an applicant learns of its application. */
export const applicationStatusSchema = z.strictObject({
  version,
  applicationId: hexOfLength(16),
  state: z.enum(applicationStates),
  /** The roles asked for, or, once approved, those approved. */
  roles: z.int().min(0).max(31),
  /** The operator's words, when there are any. */
  reason: z.string().max(500),
});
export type ApplicationStatus = z.infer<typeof applicationStatusSchema>;

/** `POST /v1/applications/:id/decision`, signed by the operator. */
export const decisionRequestSchema = z.strictObject({
  version,
  outcome: z.enum(['approve', 'refuse', 'revoke']),
  roles: z.int().min(0).max(31),
  reason: personText(500).or(z.literal('')),
});
export type DecisionRequest = z.infer<typeof decisionRequestSchema>;

/** `GET /v1/applications`, for the operator. */
export const applicationListSchema = z.strictObject({
  version,
  applications: z.array(
    applicationStatusSchema.omit({ version: true }).extend({
      name: z.string(),
      contact: z.string(),
      submittedAtMs: z.int(),
      pseudonyms: z.int(),
    }),
  ),
});
export type ApplicationList = z.infer<typeof applicationListSchema>;

/** `POST /v1/enrolments`, signed by the applicant's key. */
export const enrolmentsRequestSchema = z.strictObject({
  version,
  applicationId: hexOfLength(16),
  /** Each with its proof of possession: 65 bytes by the pseudonym's chain key. */
  pseudonyms: z
    .array(pseudonymSchema.extend({ possession: hexOfLength(65) }))
    .min(1)
    .max(enrolmentBatchMax),
});
export type EnrolmentsRequest = z.infer<typeof enrolmentsRequestSchema>;

export const enrolmentsAnswerSchema = z.strictObject({ version, enrolments: z.array(signedEnrolmentSchema).max(enrolmentBatchMax) });

/** `GET /v1/revocations`, for the operator: signed revocations to bring to the chain. */
export const revocationListSchema = z.strictObject({
  version,
  revocations: z.array(z.strictObject({ pseudonym: hexOfLength(20), signature: hexOfLength(65) })),
});
export type RevocationList = z.infer<typeof revocationListSchema>;

/** `POST /v1/identity-keys`, signed by the request key of the pseudonym that the identity names. */
export const identityKeyRequestSchema = z.strictObject({ version, identity: z.string().max(identityLengthMax) });
/** `box` is a message box of purpose `identity-key`; see {@link identityKeyLabel}. */
export const identityKeyAnswerSchema = z.strictObject({
  version,
  identity: z.string().max(identityLengthMax),
  box: hexUpTo(identityKeyBytesMax + boxOverheadBytes),
});

/** Label of the box in which the PKG hands out the key of `identity`. */
export function identityKeyLabel(identity: string): BoxLabel {
  return { purpose: 'identity-key', context: utf8(identity) };
}
