/**
 * Requirements that this home has seen on the chain, kept so that an owner tries and proves them while the chain is away. What does not change is
 * right for ever; state and escrow are those of the last look.
 */
import { z } from 'zod';
import type { Hex } from '../base/bytes.ts';
import type { FieldHash } from '../dataset/field.ts';
import { encodeRequirementFields, parseRequirementFields, requirementHash, requirementProblems } from '../proofs/requirement.ts';
import { parseRequirementDocument } from '../proofs/requirement-document.ts';
import type { Documents } from '../sharing/documents.ts';
import { hexOfLength } from '../sharing/enrolment.ts';
import type { MarketRequirement } from '../sharing/market.ts';

const integer = z
  .string()
  .regex(/^(0|[1-9][0-9]{0,77})$/)
  .transform(BigInt);

const seenSchema = z.strictObject({
  version: z.literal(1),
  requestId: hexOfLength(32),
  state: z.enum(['open', 'closed']),
  publisher: hexOfLength(20),
  escrow: integer,
  requirementHash: integer,
  fields: z.unknown().transform(parseRequirementFields),
  document: z.unknown().transform((document) => (document === null ? null : parseRequirementDocument(document))),
  terms: z.strictObject({
    price: integer,
    bond: integer,
    deadline: integer,
    grantWindow: integer,
    deliverWindow: integer,
    confirmWindow: integer,
    currency: hexOfLength(20),
    exclusiveUntil: integer,
    arbitersHash: hexOfLength(32),
  }),
});

const prefix = 'seen-requirement-';
const nameOf = (requestId: Hex) => `${prefix}${requestId.slice(2)}`;

/** Keeps what was seen, unless it is what is kept already, or what a node made up: fields that cannot be those behind h'. */
export async function rememberRequirement(documents: Documents, requirement: MarketRequirement, hash: FieldHash): Promise<void> {
  const { fields } = requirement;
  if (requirementProblems(fields).length > 0 || requirementHash(fields, hash) !== requirement.requirementHash) return;
  const known = await requirementSeen(documents, requirement.requestId);
  if (known?.state === requirement.state && known.escrow === requirement.escrow) return;
  await documents.save(nameOf(requirement.requestId), {
    version: 1,
    ...requirement,
    escrow: String(requirement.escrow),
    requirementHash: String(requirement.requirementHash),
    fields: encodeRequirementFields(fields),
    terms: Object.fromEntries(
      Object.entries(requirement.terms).map(([name, value]) => [name, typeof value === 'bigint' ? String(value) : value]),
    ),
  });
}

/** A requirement as it was seen last. */
export async function requirementSeen(documents: Documents, requestId: Hex): Promise<MarketRequirement | undefined> {
  const seen = await documents.load(nameOf(requestId), seenSchema);
  if (seen === undefined) return undefined;
  const { version: _, ...requirement } = seen;
  return requirement;
}

/** All that were seen. */
export async function requirementsSeen(documents: Documents): Promise<MarketRequirement[]> {
  const found: MarketRequirement[] = [];
  for (const name of await documents.list(prefix)) {
    const seen = await requirementSeen(documents, `0x${name.slice(prefix.length)}`);
    if (seen !== undefined) found.push(seen);
  }
  return found;
}
