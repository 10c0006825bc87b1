/** Groth16Verifier against proofs and keys made by snarkjs (test/vectors/groth16.json), in the EVM. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { FIELD_ORDER } from '../../core/dataset/constants.ts';
import { circuitId } from '../../core/proofs/identifiers.ts';
import { type ContractProof, contractProof, contractVerifyingKey, proofShape } from '../../core/proofs/proof.ts';
import { parseVerifyingKey, type VerifyingKey } from '../../core/proofs/verifying-key.ts';
import { type LocalContract, LocalEvm } from './local-evm.ts';

const vector = JSON.parse(readFileSync(path.join(import.meta.dirname, '../vectors/groth16.json'), 'utf8'));
const key = parseVerifyingKey(vector.key);
const proof = contractProof(proofShape.parse(vector.proof));
const publicSignals: bigint[] = vector.publicSignals.map(BigInt);
const deployer = `0x${'d0'.repeat(20)}`;
const baseField = 21888242871839275222246405745257275088696311157297823662689037894645226208583n;
const circuit = circuitId('product');

let evm: LocalEvm;
let verifier: LocalContract;

const verify = (signals: readonly bigint[], candidate: ContractProof) => evm.read(verifier, 'verify', circuit, signals, candidate);

beforeAll(async () => {
  evm = await LocalEvm.create();
  verifier = await evm.deploy(deployer, 'groth16Verifier');
  await evm.call(deployer, verifier, 'register', [circuit, contractVerifyingKey(key)]);
  await evm.call(deployer, verifier, 'seal', []);
});

describe('a proof by snarkjs', () => {
  test('reads as snarkjs writes it for Solidity', () => {
    const [a, b, c] = vector.solidityCallData;
    expect(proof).toEqual({ a: a.map(BigInt), b: b.map((pair: string[]) => pair.map(BigInt)), c: c.map(BigInt) });
  });

  test('is accepted', async () => {
    expect(await verify(publicSignals, proof)).toBe(true);
  });

  test('is refused for other public signals', async () => {
    expect(await verify([publicSignals[0]! + 1n, publicSignals[1]!], proof)).toBe(false);
    expect(await verify([publicSignals[1]!, publicSignals[0]!], proof)).toBe(false);
  });

  test('is refused when any coordinate is changed', async () => {
    const changed: ContractProof[] = [
      { ...proof, a: [proof.a[0] + 1n, proof.a[1]] },
      { ...proof, a: [proof.a[0], baseField - proof.a[1]] },
      { ...proof, c: [proof.c[0], proof.c[1] + 1n] },
      { ...proof, c: proof.a },
      { ...proof, b: [[proof.b[0][1], proof.b[0][0]], proof.b[1]] },
    ];
    for (const candidate of changed) expect(await verify(publicSignals, candidate)).toBe(false);
  });

  test('is refused with a public signal that is not below r', async () => {
    await expect(verify([publicSignals[0]! + FIELD_ORDER, publicSignals[1]!], proof)).rejects.toThrow('PublicSignalOutOfField(0)');
    await expect(verify([publicSignals[0]!, FIELD_ORDER], proof)).rejects.toThrow('PublicSignalOutOfField(1)');
  });

  test('can be negated and still holds: no proof is identified by its bytes', async () => {
    const negated: ContractProof = {
      a: [proof.a[0], baseField - proof.a[1]],
      b: [proof.b[0], [baseField - proof.b[1][0], baseField - proof.b[1][1]]],
      c: proof.c,
    };
    expect(await verify(publicSignals, negated)).toBe(true);
  });
});

describe('a key by snarkjs', () => {
  test('is refused without a contribution: delta equals gamma', async () => {
    // Not parsed: core refuses it before it reaches the chain, and the contract must not rely on that.
    const forgeable = contractVerifyingKey(vector.keyWithoutContribution as VerifyingKey);
    expect(forgeable.delta).toEqual(forgeable.gamma);
    expect(() => parseVerifyingKey(vector.keyWithoutContribution)).toThrow('delta = gamma');
    const open = await evm.deploy(deployer, 'groth16Verifier');
    await expect(evm.call(deployer, open, 'register', [circuit, forgeable])).rejects.toThrow('DeltaEqualsGamma()');
  });

  test('is refused with its coordinates in the wrong order', async () => {
    const right = contractVerifyingKey(key);
    const wrong = { ...right, gamma: right.gamma.map(([imaginary, real]) => [real, imaginary]) };
    const open = await evm.deploy(deployer, 'groth16Verifier');
    await expect(evm.call(deployer, open, 'register', [circuit, wrong])).rejects.toThrow('PointInvalid()');
  });
});
