/** Requirements as windows see and change them: one's own, and those of others that are open. */
import { AppError, isAppError } from '../../core/base/app-error.ts';
import type { Hex } from '../../core/base/bytes.ts';
import type { Said } from '../../core/base/sentence.ts';
import { keywordHash, type Schema } from '../../core/dataset/schema.ts';
import type { RequirementFields } from '../../core/proofs/requirement.ts';
import {
  matchSlots,
  parseRequirementDocument,
  type RequirementDocument,
  requirementFields,
  timePosition,
} from '../../core/proofs/requirement-document.ts';
import { draft, requirements } from '../../core/services/consumer.ts';
import { datasets } from '../../core/services/owner.ts';
import { requirementSeen, requirementsSeen } from '../../core/services/requirements-seen.ts';
import { addEscrow, reclaimEscrow } from '../../core/services/trade.ts';
import type { MarketRequirement, MarketTerms } from '../../core/sharing/market.ts';
import { type RequirementWork, requirementDocumentName, requirementWorkSchema } from '../../core/sharing/requirement-workflow.ts';
import type { CallContext } from '../link.ts';
import type { MatchView, RequirementDocumentView, RequirementView } from '../views.ts';
import { isOwn, obstacleOf, secondsView, type Vault, watchOf, whileOnline } from './vault-context.ts';

const SECONDS = { hour: 3600, day: 86_400 };
const name = (requestId: Hex) => ({ kind: 'requirement', id: requestId }) as const;

/** Requirements that can be answered now, the newest first, with how one's own datasets stand to each. */
export async function openRequirements(vault: Vault): Promise<{ requirement: RequirementView; matches: MatchView[] }[]> {
  const { participant, chain } = vault;
  const online = await whileOnline(async () => {
    const found = await Promise.all((await chain.requirementIds()).map((requestId) => chain.requirement(requestId)));
    return found.filter((requirement) => requirement !== null).reverse();
  }, undefined);
  // While the chain is away, what was open when it was seen last may be tried all the same.
  const all = online ?? (await requirementsSeen(participant.documents));
  const now = await timeSeconds(vault);
  const open = all.filter(({ state, terms }) => state === 'open' && terms.deadline > now);
  const own = await datasets(participant);
  const described = await Promise.all(
    own.map(async (work) => ({ work, document: await vault.description({ kind: 'own', datasetId: work.datasetId }) })),
  );
  return Promise.all(
    open.map(async (requirement) => ({
      requirement: await viewOfPublished(vault, requirement),
      matches: described.flatMap(({ work, document }) =>
        document === undefined
          ? []
          : [
              {
                datasetId: work.datasetId,
                datasetName: work.name,
                ...matchOf(requirement.fields, document.schema, document.rows, work.keywords),
                ready: work.state === 'ready',
              },
            ],
      ),
    })),
  );
}

/** How a dataset stands to a requirement, from its columns, keywords and length alone. */
export function matchOf(
  fields: RequirementFields,
  schema: Schema,
  rows: number,
  keywords: readonly string[],
): Pick<MatchView, 'columns' | 'enoughRows' | 'keywords'> {
  const wanted = matchSlots(fields, schema).map(({ position }) => position !== undefined);
  if (fields.timeUsed) wanted.push(timePosition(schema) !== undefined);
  const tags = new Set(keywords.map(keywordHash));
  return {
    columns: wanted.every(Boolean) ? 'all' : wanted.some(Boolean) ? 'some' : 'none',
    enoughRows: BigInt(rows) >= fields.minRows,
    keywords: fields.keywords.every((keyword) => keyword === 0n || tags.has(keyword)),
  };
}

/** One's own requirements, drafts among them, the newest deadline first. */
export async function ownRequirements(vault: Vault): Promise<RequirementView[]> {
  const works = (await requirements(vault.participant)).sort((left, right) => right.terms.deadline - left.terms.deadline);
  return Promise.all(works.map((work) => viewOfOwn(vault, work)));
}

/** One requirement, of whoever. @throws AppError `REQUIREMENT_UNKNOWN` */
export async function requirementGet(vault: Vault, requestId: Hex): Promise<RequirementView> {
  const work = await ownWork(vault, requestId);
  if (work !== undefined) return viewOfOwn(vault, work);
  const { chain, participant } = vault;
  const requirement =
    (await whileOnline(() => chain.requirement(requestId), undefined)) ?? (await requirementSeen(participant.documents, requestId));
  if (requirement === undefined) throw unknownRequirement(requestId);
  return viewOfPublished(vault, requirement);
}

/** What keeps a requirement from being asked, in words; null when nothing does. */
export function requirementCheck(document: RequirementDocumentView): { problem: Said | null } {
  try {
    requirementFields(documentOf(document));
    return { problem: null };
  } catch (error) {
    if (isAppError(error, 'REQUIREMENT_INVALID')) return { problem: error.sentences.what };
    throw error;
  }
}

/** Drafts a requirement and publishes it: from here on it goes on by itself. */
export async function requirementPublish(
  vault: Vault,
  request: {
    readonly document: RequirementDocumentView;
    readonly price: string;
    readonly bond: string;
    readonly offers: number;
    readonly days: number;
    readonly grantHours: number;
    readonly deliverHours: number;
    readonly confirmHours: number;
    readonly pseudonymIndex: number;
  },
  context: CallContext,
): Promise<RequirementView> {
  const { price, bond, pseudonymIndex } = request;
  const terms = {
    price,
    bond,
    deadline: Number(await timeSeconds(vault)) + request.days * SECONDS.day,
    grantWindow: request.grantHours * SECONDS.hour,
    deliverWindow: request.deliverHours * SECONDS.hour,
    confirmWindow: request.confirmHours * SECONDS.hour,
  };
  const escrow = BigInt(price) * BigInt(request.offers);
  const { requestId } = await draft(vault.participant, documentOf(request.document), terms, escrow, pseudonymIndex);
  vault.changed('requirements');
  return requirementContinue(vault, requestId, context);
}

/** Goes on with a requirement that is not published yet. */
export async function requirementContinue(vault: Vault, requestId: Hex, context: CallContext): Promise<RequirementView> {
  const work = await ownWork(vault, requestId);
  if (work === undefined) throw unknownRequirement(requestId);
  if (work.state !== 'published') await vault.agenda.attend(name(requestId), watchOf(context));
  return requirementGet(vault, requestId);
}

/** Deletes a draft. @throws AppError `REQUIREMENT_NOT_A_DRAFT` */
export async function requirementDiscard(vault: Vault, requestId: Hex): Promise<Record<string, never>> {
  const { participant, agenda } = vault;
  await agenda.remove(name(requestId));
  const work = await ownWork(vault, requestId);
  if (work === undefined) throw unknownRequirement(requestId);
  if (work.state === 'published' || (await participant.documents.list(`outbox-publish-${requestId.slice(2)}`)).length > 0)
    throw new AppError(
      'REQUIREMENT_NOT_A_DRAFT',
      {
        what: 'The requirement is published, or on its way to the chain.',
        consequence: 'Nothing was removed.',
        remedy: 'After its deadline its unused escrow can be taken back.',
      },
      { data: { requestId } },
    );
  await participant.removeDocument(requirementDocumentName(requestId));
  vault.changed('requirements');
  return {};
}

/** Adds to the escrow. */
export async function requirementFund(vault: Vault, requestId: Hex, amount: string): Promise<{ blockNumber: number }> {
  const { blockNumber } = await addEscrow(vault.participant, requestId, BigInt(amount));
  return { blockNumber };
}

/** Takes back the unused escrow. */
export async function requirementReclaim(vault: Vault, requestId: Hex): Promise<{ blockNumber: number }> {
  const { blockNumber } = await reclaimEscrow(vault.participant, requestId);
  return { blockNumber };
}

/** A requirement's document in the form of windows is the author's, with texts in place of what was left out. */
function documentOf(document: RequirementDocumentView): RequirementDocument {
  return parseRequirementDocument(JSON.parse(JSON.stringify(document)));
}

/** The time of the chain, or this machine's while the chain is away. */
export async function timeSeconds({ chain, participant }: Vault): Promise<bigint> {
  return whileOnline(() => chain.timeSeconds(), BigInt(Math.floor(participant.clock.nowMs() / 1000)));
}

/** The words of a requirement for windows. */
export function documentView(document: RequirementDocument | null): RequirementDocumentView | null {
  return document as RequirementDocumentView | null;
}

function ownWork({ participant }: Vault, requestId: Hex): Promise<RequirementWork | undefined> {
  return participant.documents.load(requirementDocumentName(requestId), requirementWorkSchema);
}

async function viewOfOwn(vault: Vault, work: RequirementWork): Promise<RequirementView> {
  const { requestId } = work;
  const obstacle = obstacleOf(vault, name(requestId));
  if (work.state === 'published') {
    const held = await whileOnline(() => vault.chain.requirement(requestId), null);
    if (held !== null) return { ...(await viewOfPublished(vault, held)), publishedInBlock: work.publishedInBlock, obstacle };
  }
  return {
    requestId,
    state: work.state === 'published' ? 'open' : work.state,
    mine: true,
    publisher: work.publisher,
    document: documentView(work.document),
    terms: work.terms,
    escrow: work.escrow,
    requirementHash: work.state === 'drafted' ? null : (work.statement?.publicSignals[1] ?? null),
    publishedInBlock: work.state === 'published' ? work.publishedInBlock : null,
    offers: 0,
    obstacle,
  };
}

async function viewOfPublished(vault: Vault, requirement: MarketRequirement): Promise<RequirementView> {
  const { requestId, state, publisher, document, terms, escrow, requirementHash } = requirement;
  const { chain } = vault;
  const timeline = await whileOnline(() => chain.timelineOfRequirement(requestId), []);
  return {
    requestId,
    state,
    mine: isOwn(vault, publisher),
    publisher,
    document: documentView(document),
    terms: termsView(terms),
    escrow: String(escrow),
    requirementHash: String(requirementHash),
    publishedInBlock: timeline.find(({ event }) => event === 'RequirementPublished')?.blockNumber ?? null,
    offers: (await whileOnline(() => chain.offersOf(requestId), [])).length,
    obstacle: null,
  };
}

function termsView({ price, bond, deadline, grantWindow, deliverWindow, confirmWindow }: MarketTerms): RequirementView['terms'] {
  return {
    price: String(price),
    bond: String(bond),
    deadline: secondsView(deadline),
    grantWindow: secondsView(grantWindow),
    deliverWindow: secondsView(deliverWindow),
    confirmWindow: secondsView(confirmWindow),
  };
}

function unknownRequirement(requestId: Hex): AppError {
  return new AppError(
    'REQUIREMENT_UNKNOWN',
    {
      what: 'This requirement is not known here.',
      consequence: 'Nothing was changed.',
      remedy: 'If you followed a link, check that this profile is in the same network, and that the chain answers.',
    },
    { data: { requestId } },
  );
}
