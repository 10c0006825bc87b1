/** Proves the statements of one offer over its dataset folder: the workflow's {@link StatementProver} on the snarkjs prover. */

import { AppError } from '../base/app-error.ts';
import { assert } from '../base/assert.ts';
import { fromHex } from '../base/bytes.ts';
import { type Commitment, openSegment } from '../dataset/commitment.ts';
import type { FieldHash } from '../dataset/field.ts';
import { offerBinding } from '../proofs/identifiers.ts';
import { contractProof, type Prover } from '../proofs/proof.ts';
import type { RequirementFields } from '../proofs/requirement.ts';
import { matchSlots, timePosition } from '../proofs/requirement-document.ts';
import { aggregateStatement, encodeSegmentSummary, partialBlind, type Statement, segmentStatement } from '../proofs/statements.ts';
import { proofTemplates } from '../proofs/templates.ts';
import type { ProvedStatement } from '../sharing/offer-workflow.ts';
import type { DatasetFolder } from './dataset-folder.ts';
import type { DatasetFacts, OfferFacts, ProofPlace, StatementProver } from './dataset-work.ts';

/** What an offer is proved from. */
export interface OfferMaterial {
  readonly network: ProofPlace;
  readonly dataset: DatasetFacts;
  readonly folder: DatasetFolder;
  readonly commitment: Commitment;
  readonly fields: RequirementFields;
  readonly hash: FieldHash;
  readonly prover: Prover;
}

/** A proof as workflows store it: integers in decimal text. */
export async function proveStatement(
  prover: Prover,
  circuit: string,
  statement: Statement,
  signal?: AbortSignal,
): Promise<ProvedStatement> {
  const { a, b, c } = contractProof(await prover.prove(circuit, statement, { signal }));
  const pair = ([x, y]: readonly [bigint, bigint]): [string, string] => [x.toString(), y.toString()];
  return { publicSignals: statement.publicSignals.map(String), proof: { a: pair(a), b: [pair(b[0]), pair(b[1])], c: pair(c) } };
}

/** @throws AppError `OFFER_COLUMN_MISSING` when the dataset lacks a column that the requirement names */
export function createOfferProver(material: OfferMaterial): StatementProver {
  const { network, dataset, folder, commitment, fields, hash, prover } = material;
  const { schema } = folder.document;
  const slots = matchSlots(fields, schema).map(({ position }) => {
    if (position === undefined) throw columnMissing();
    return position;
  });
  const time = fields.timeUsed ? timePosition(schema) : undefined;
  if (fields.timeUsed && time === undefined) throw columnMissing();
  const seed = fromHex(dataset.seed);

  function bindingOf(work: OfferFacts): bigint {
    return offerBinding({
      chainId: BigInt(network.chain.chainId),
      market: network.contracts.sharingMarket,
      offerId: BigInt(work.offerId),
      requestId: work.requestId,
      datasetId: dataset.datasetId,
      datasetRoot: commitment.datasetRoot,
      owner: dataset.owner,
      template: work.template,
      deadline: BigInt(work.deadline),
    });
  }

  function templateOf(work: OfferFacts) {
    const template = proofTemplates.find(({ name }) => name === work.template);
    assert(template !== undefined, 'an offer names a template of this program');
    return template;
  }

  return {
    async segment(work, segmentIndex, signal) {
      const positions = time === undefined ? slots : [...slots, time];
      const opening = await openSegment(commitment, seed, folder, segmentIndex, positions);
      const opened = { opening, columns: opening.columns.slice(0, slots.length), time: opening.columns[slots.length] };
      const blind = partialBlind(seed, BigInt(work.offerId), segmentIndex);
      const { summary, ...statement } = segmentStatement(fields, opened, bindingOf(work), blind, hash);
      const proved = await proveStatement(prover, templateOf(work).segment, statement, signal);
      return { ...proved, summary: encodeSegmentSummary(summary) };
    },
    aggregate(work, summaries, signal) {
      const { aggregate, capacity } = templateOf(work);
      const statement = aggregateStatement(fields, commitment, { slots, time }, summaries, bindingOf(work), { capacity }, hash);
      return proveStatement(prover, aggregate, statement, signal);
    },
  };
}

function columnMissing(): AppError {
  return new AppError('OFFER_COLUMN_MISSING', {
    what: 'The dataset has no column of the name, unit, scale and width that the requirement names.',
    consequence: 'It cannot be offered for this requirement; nothing was proved or sent.',
    remedy: 'Import the file again with the column named as in the requirement, or choose another requirement.',
  });
}
