/**
 * A Groth16 proof on BN254 as snarkjs writes it and as the contracts take it. A proof is never identified by its bytes: (-A, -B, C) proves the
 * same, and anyone can re-randomize it.
 */
import { z } from 'zod';
import type { Statement } from './statements.ts';
import { pointG1Shape, pointG2Shape, type VerifyingKey } from './verifying-key.ts';

/** A proof in snarkjs' JSON; parsing checks the shape, not the curve. */
export const proofShape = z.object({
  pi_a: pointG1Shape,
  pi_b: pointG2Shape,
  pi_c: pointG1Shape,
  protocol: z.literal('groth16'),
  curve: z.literal('bn128'),
});

/** A proof. */
export type Groth16Proof = z.infer<typeof proofShape>;

/** The `Proof` of contracts/interfaces/IProofVerifier.sol: affine points, elements of Fp2 with the imaginary part first (EIP-197). */
export interface ContractProof {
  readonly a: readonly [bigint, bigint];
  readonly b: readonly [readonly [bigint, bigint], readonly [bigint, bigint]];
  readonly c: readonly [bigint, bigint];
}

/** The `VerifyingKey` of contracts/interfaces/IGroth16Verifier.sol, in the same order. */
export interface ContractVerifyingKey {
  readonly alpha: ContractProof['a'];
  readonly beta: ContractProof['b'];
  readonly gamma: ContractProof['b'];
  readonly delta: ContractProof['b'];
  readonly ic: readonly ContractProof['a'][];
}

/** A proof as a contract's argument. */
export function contractProof(proof: Groth16Proof): ContractProof {
  return { a: affineG1(proof.pi_a), b: affineG2(proof.pi_b), c: affineG1(proof.pi_c) };
}

/** A verifying key as a contract's argument. */
export function contractVerifyingKey(key: VerifyingKey): ContractVerifyingKey {
  return {
    alpha: affineG1(key.vk_alpha_1),
    beta: affineG2(key.vk_beta_2),
    gamma: affineG2(key.vk_gamma_2),
    delta: affineG2(key.vk_delta_2),
    ic: key.IC.map(affineG1),
  };
}

function affineG1([x, y]: Groth16Proof['pi_a']): ContractProof['a'] {
  return [BigInt(x), BigInt(y)];
}

function affineG2([x, y]: Groth16Proof['pi_b']): ContractProof['b'] {
  return [
    [BigInt(x[1]), BigInt(x[0])],
    [BigInt(y[1]), BigInt(y[0])],
  ];
}

/** How far a proof is. */
export interface ProofProgress {
  /** Of the one proof, 0 to 1, never falling. */
  readonly fraction: number;
  readonly stage: 'witness' | 'polynomials' | 'points';
}

/** Makes and checks proofs; implemented by core/adapters/snarkjs-prover.ts. */
export interface Prover {
  /**
   * Proves a statement in the named circuit.
   * @throws AppError `PROOF_WITNESS_REFUSED` when the statement is false, `PROOF_PROVER_CRASHED`, `PROOF_QUEUE_FULL`; the signal's reason
   */
  prove(
    circuit: string,
    statement: Statement,
    options?: { readonly signal?: AbortSignal | undefined; readonly onProgress?: ((progress: ProofProgress) => void) | undefined },
  ): Promise<Groth16Proof>;
  /** Whether a proof shows these public signals. A malformed proof is false. */
  verify(key: VerifyingKey, publicSignals: readonly bigint[], proof: Groth16Proof): Promise<boolean>;
  /** Ends the process; a later call starts another. */
  close(): Promise<void>;
}
