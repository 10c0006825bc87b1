/**
 * What happens to an owner who goes on although its data does not meet the requirement: the circuit has no witness for
 * the false statement, and the contract refuses a true proof of a weaker requirement. Shown by `demo --force`.
 */
import { join } from 'node:path';
import type { StatementProver } from '../adapters/dataset-work.ts';
import { isAppError } from '../base/app-error.ts';
import { templateId } from '../proofs/identifiers.ts';
import type { RequirementFields } from '../proofs/requirement.ts';
import { datasetNamed, draftOffer, factsOf, requirementNamed } from '../services/owner.ts';
import { openParticipant } from '../services/participant.ts';
import { segmentStatementTypes, signTypedData } from '../sharing/typed-data.ts';
import type { RequirementNotMet, StoryListener, StoryPlan } from './story.ts';

/** Tries both and checks that both are refused. */
export async function forceRefusals(plan: StoryPlan, { requestId, datasetId }: RequirementNotMet, listener: StoryListener): Promise<void> {
  const owner = await openParticipant({ home: join(plan.folder, 'owner'), lock: plan.lock });
  try {
    const { network, outbox, keysOf } = owner;
    const files = await owner.files;
    const dataset = await datasetNamed(owner, datasetId);
    if (dataset.state !== 'ready') throw new TypeError('the dataset is ready when a requirement is tried');
    const { fields } = await requirementNamed(owner, requestId);
    const work = await draftOffer(owner, requestId, datasetId);
    const { account } = keysOf(work.pseudonymIndex);
    const place = { chainId: network.chain.chainId, verifyingContract: network.contracts.sharingMarket };
    const proverOf = (asked: RequirementFields) => files.offerProver(factsOf(dataset), asked);
    const { refusedSegment, code } = await firstRefused(proverOf(fields), work);
    listener.check(
      `the circuit refuses segment ${refusedSegment}: there is no witness of a false statement (${code})`,
      refusedSegment >= 0,
    );

    await outbox.perform(`offer-${work.offerId}`, account, {
      contract: 'sharingMarket',
      method: 'offer',
      arguments: [requestId, datasetId, work.salt, templateId(work.template), work.deadline],
      value: BigInt(work.bond),
    });
    const { publicSignals, proof } = await proverOf(weakened(fields)).segment(work, 0);
    const signature = signTypedData(account, place, segmentStatementTypes, { publicSignals, deadline: work.deadline });
    const refusal = await outbox
      .perform(`forced-${work.offerId}`, account, {
        contract: 'sharingMarket',
        method: 'submitSegments',
        arguments: [work.offerId, [{ publicSignals, proof, signature }]],
      })
      .then(
        () => 'accepted',
        (error: unknown) => (isAppError(error, 'CHAIN_TRANSACTION_REJECTED') ? String(error.data.reason) : Promise.reject(error)),
      );
    listener.check(`the contract refuses a true proof of a weaker requirement: ${refusal}`, refusal.startsWith('RequirementMismatch'));
  } finally {
    await owner.close();
  }
}

async function firstRefused(prover: StatementProver, work: Awaited<ReturnType<typeof draftOffer>>) {
  for (let segment = 0; segment < work.segmentCount; segment++) {
    try {
      await prover.segment(work, segment);
    } catch (error) {
      if (isAppError(error, 'PROOF_WITNESS_REFUSED')) return { refusedSegment: segment, code: error.code };
      throw error;
    }
  }
  return { refusedSegment: -1, code: '' };
}

/** The same requirement with every value allowed. */
function weakened(fields: RequirementFields): RequirementFields {
  const most = (1n << BigInt(fields.width)) - 1n;
  const used = (index: number) => index < fields.slotCount;
  return {
    ...fields,
    slots: fields.slots.map((slot, index) => (used(index) ? { ...slot, lo: 2n, hi: most, meanLo: 2n } : slot)),
    meanHi: fields.meanHi.map((bound, index) => (used(index) ? most : bound)),
  };
}
