/**
 * A Groth16 verifying key as snarkjs writes it to JSON: decimal coordinates, points projective with a last coordinate of 1; a coordinate in
 * Fp2 is [c0, c1] for c0 + c1 * u, so the EIP-197 precompile takes [c1, c0]. Invariant: a parsed key has delta != gamma.
 */
import { z } from 'zod';
import { AppError } from '../base/app-error.ts';
import { say } from '../base/sentence.ts';

const coordinate = z.string().regex(/^(?:0|[1-9]\d{0,77})$/, 'is not a decimal number');
/** A point of G1: x, y, 1. */
export const pointG1Shape = z.tuple([coordinate, coordinate, z.literal('1')]);
const pairFp2 = z.tuple([coordinate, coordinate]);
/** A point of G2: x, y, 1, each a pair. */
export const pointG2Shape = z.tuple([pairFp2, pairFp2, z.tuple([z.literal('1'), z.literal('0')])]);

const shape = z
  .object({
    protocol: z.literal('groth16'),
    curve: z.literal('bn128'),
    nPublic: z.int().min(1).max(64),
    vk_alpha_1: pointG1Shape,
    vk_beta_2: pointG2Shape,
    vk_gamma_2: pointG2Shape,
    vk_delta_2: pointG2Shape,
    IC: z.array(pointG1Shape),
  })
  .refine((key) => key.IC.length === key.nPublic + 1, 'IC does not have one point more than there are public signals');

/** The verifying key of one circuit. */
export type VerifyingKey = z.infer<typeof shape>;

/**
 * Checks a verifying key from a file or from the network.
 * @throws AppError `PROOF_KEY_INVALID` when it is malformed, `PROOF_KEY_FORGEABLE` when delta equals gamma: the set-up has had no
 * contribution, and anyone can make a proof of anything
 */
export function parseVerifyingKey(value: unknown): VerifyingKey {
  const result = shape.safeParse(value);
  if (!result.success) {
    throw new AppError('PROOF_KEY_INVALID', {
      what: say`The verifying key is malformed: ${result.error.issues[0]?.message ?? 'unknown reason'}.`,
      consequence: 'No proof can be checked with it.',
      remedy: "Fetch the network's keys again, or ask who runs the network for the right network file.",
    });
  }
  refuseForgeableKey(JSON.stringify(result.data.vk_gamma_2) === JSON.stringify(result.data.vk_delta_2));
  return result.data;
}

/** @throws AppError `PROOF_KEY_FORGEABLE` if `deltaEqualsGamma` */
export function refuseForgeableKey(deltaEqualsGamma: boolean): void {
  if (!deltaEqualsGamma) return;
  throw new AppError('PROOF_KEY_FORGEABLE', {
    what: 'The proof key has delta = gamma: its set-up never had a contribution.',
    consequence: 'Anyone could make a proof of anything with it, so it is refused.',
    remedy: "Use keys from a ceremony, or development keys made by this project, and replace the network's keys.",
  });
}
