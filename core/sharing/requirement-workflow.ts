/**
 * The life of a consumer's requirement (paper, section 6.3): drafted, shown to be well-formed and satisfiable by pi',
 * published with its escrow. The chain holds the fields, and the words of its author for whoever wants to meet them.
 */
import { z } from 'zod';
import { AppError } from '../base/app-error.ts';
import { type Hex, toHex } from '../base/bytes.ts';
import type { Random } from '../base/ports.ts';
import { type Sentence, say } from '../base/sentence.ts';
import type { PseudonymKeys } from '../crypto/key-derivation.ts';
import { requestIdOf } from '../proofs/identifiers.ts';
import { parseRequirementDocument, type RequirementDocument, requirementFields, requirementWords } from '../proofs/requirement-document.ts';
import type { Documents } from './documents.ts';
import { hexOfLength } from './enrolment.ts';
import { type ProvedStatement, provedStatementSchema } from './offer-workflow.ts';
import type { Outbox } from './outbox.ts';
import type { Machine } from './workflow.ts';

const decimal = z.string().regex(/^(0|[1-9][0-9]{0,77})$/);
const seconds = z.int().positive();

/** Conditions of trade as stored; amounts in wei, decimal. */
export const termsSchema = z.strictObject({
  price: decimal,
  bond: decimal,
  deadline: seconds,
  grantWindow: seconds,
  deliverWindow: seconds,
  confirmWindow: seconds,
});
export type Terms = z.infer<typeof termsSchema>;

const facts = z.strictObject({
  version: z.literal(1),
  requestId: hexOfLength(32),
  salt: hexOfLength(32),
  pseudonymIndex: z.int().min(0),
  publisher: hexOfLength(20),
  /** The requirement in its author's words. */
  document: z.unknown().transform(parseRequirementDocument),
  terms: termsSchema,
  /** Wei paid in with the publication: at least one price. */
  escrow: decimal,
});
const proved = facts.extend({ statement: provedStatementSchema });
/** Salt and statement have done their work; a requirement that was rebuilt from the chain has them no more. */
const published = facts.extend({ salt: hexOfLength(32).nullable(), statement: provedStatementSchema.nullable() });

/** A requirement of the consumer; `state` says how far it has come. */
export const requirementWorkSchema = z.discriminatedUnion('state', [
  facts.extend({ state: z.literal('drafted') }),
  proved.extend({ state: z.literal('proved') }),
  published.extend({ state: z.literal('published'), publishedInBlock: z.int() }),
]);
export type RequirementWork = z.infer<typeof requirementWorkSchema>;
export type RequirementWorkState = RequirementWork['state'];

/** What the machine of a requirement needs. */
export interface RequirementPorts {
  readonly documents: Documents;
  readonly outbox: Outbox;
  readonly prove: (work: RequirementWork) => Promise<ProvedStatement>;
  readonly keysOf: (pseudonymIndex: number) => PseudonymKeys;
  readonly signal?: AbortSignal;
}

/** Name of a requirement's document. */
export function requirementDocumentName(requestId: Hex): string {
  return `requirement-${requestId.slice(2)}`;
}

/** Seconds of the windows that the market takes. */
const windowSeconds = { min: 60, max: 30 * 24 * 3600 };

/** Refuses terms that the market would refuse after the work of a proof. Whether the deadline is ahead, the chain's clock says. */
function checkTerms(terms: Terms, escrow: bigint): void {
  const refuse = (what: Sentence): never => {
    throw new AppError('TERMS_INVALID', {
      what,
      consequence: 'Nothing was proved and nothing was published.',
      remedy: 'Change the terms and try again.',
    });
  };
  const [price, bond] = [BigInt(terms.price), BigInt(terms.bond)];
  if (price === 0n) refuse(say`The price is zero.`);
  if (bond === 0n || bond > price) refuse(say`The bond must be above zero and at most the price.`);
  if (escrow < price) refuse(say`The escrow does not cover one price.`);
  const refusedWindow = (seconds: number): boolean => seconds < windowSeconds.min || seconds > windowSeconds.max;
  if (refusedWindow(terms.grantWindow)) refuse(say`The time to grant must be between 1 minute and 30 days.`);
  if (refusedWindow(terms.deliverWindow)) refuse(say`The time to deliver must be between 1 minute and 30 days.`);
  if (refusedWindow(terms.confirmWindow)) refuse(say`The time to confirm must be between 1 minute and 30 days.`);
}

/** A new requirement. Nothing is stored or sent yet. @throws AppError `TERMS_INVALID`, `REQUIREMENT_INVALID` */
export function draftRequirement(
  keys: PseudonymKeys,
  document: RequirementDocument,
  terms: Terms,
  escrow: bigint,
  random: Random,
): RequirementWork {
  const publisher = keys.account.address;
  const salt = toHex(random.bytes(32));
  const requestId = requestIdOf(publisher, salt);
  checkTerms(terms, escrow);
  // Refuses what no data can meet before anything is stored.
  requirementFields(document);
  return {
    version: 1,
    state: 'drafted',
    requestId,
    salt,
    pseudonymIndex: keys.index,
    publisher,
    document,
    terms,
    escrow: escrow.toString(),
  };
}

/** The machine that takes a requirement to its publication. */
export function requirementMachine(ports: RequirementPorts): Machine<RequirementWorkState, RequirementWork> {
  const { documents, outbox, prove, keysOf, signal } = ports;
  return {
    save: (work) => documents.save(requirementDocumentName(work.requestId), work),
    stages: {
      drafted: {
        waitsFor: 'me',
        step: async (work) => (work.state === 'drafted' ? { ...work, state: 'proved', statement: await prove(work) } : undefined),
      },
      proved: {
        waitsFor: 'me',
        step: async (work) => {
          if (work.state !== 'proved') return undefined;
          const { account } = keysOf(work.pseudonymIndex);
          const h = work.statement.publicSignals[1];
          const terms = { ...work.terms, currency: `0x${'00'.repeat(20)}`, exclusiveUntil: 0, arbitersHash: `0x${'00'.repeat(32)}` };
          const fields = requirementFields(work.document);
          const { blockNumber } = await outbox.perform(
            `publish-${work.requestId.slice(2)}`,
            account,
            {
              contract: 'sharingMarket',
              method: 'publish',
              arguments: [work.salt, h, fields, terms, work.statement.proof, requirementWords(work.document)],
              value: BigInt(work.escrow),
            },
            signal,
          );
          return { ...work, state: 'published', publishedInBlock: blockNumber };
        },
      },
      published: { waitsFor: 'owner' },
    },
  };
}
