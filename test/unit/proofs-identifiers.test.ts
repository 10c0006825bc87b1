/** What binds a proof to its place, against ethers' own ABI encoder; verifying keys; the list of templates. */
import { AbiCoder, id, keccak256 } from 'ethers';
import { describe, expect, it } from 'vitest';
import type { Hex } from '../../core/base/bytes.ts';
import { FIELD_ORDER } from '../../core/dataset/constants.ts';
import {
  circuitId,
  datasetIdOf,
  evaluatePartials,
  offerBinding,
  offerIdOf,
  partialsChallenge,
  requestIdOf,
  requirementBinding,
  templateId,
} from '../../core/proofs/identifiers.ts';
import { contractProof, contractVerifyingKey } from '../../core/proofs/proof.ts';
import { proofTemplates, templateFor } from '../../core/proofs/templates.ts';
import { parseVerifyingKey, type VerifyingKey } from '../../core/proofs/verifying-key.ts';

const abi = AbiCoder.defaultAbiCoder();
const bytes = (digit: string, length: number): Hex => `0x${digit.repeat(2 * length)}`;
const hashOf = (types: string[], values: unknown[]): bigint => BigInt(keccak256(abi.encode(types, values)));
const market = bytes('a', 20);
const owner = bytes('b', 20);
const requestId = bytes('1', 32);
const datasetId = `0x00${'2'.repeat(62)}` as Hex;

describe('identifiers', () => {
  it("equal the contracts' abi.encode", () => {
    expect(
      offerBinding({
        chainId: 31337n,
        market,
        offerId: 7n,
        requestId,
        datasetId,
        datasetRoot: 9n,
        owner,
        template: 'range-1x32',
        deadline: 99n,
      }),
    ).toBe(
      hashOf(
        ['uint256', 'address', 'uint256', 'bytes32', 'bytes32', 'uint256', 'address', 'bytes32', 'uint256'],
        [31337n, market, 7n, requestId, datasetId, 9n, owner, id('range-1x32'), 99n],
      ) % FIELD_ORDER,
    );
    expect(requirementBinding({ chainId: 1n, market, requestId, publisher: owner, deadline: 5n })).toBe(
      hashOf(['uint256', 'address', 'bytes32', 'address', 'uint256'], [1n, market, requestId, owner, 5n]) % FIELD_ORDER,
    );
    expect(BigInt(requestIdOf(owner, requestId))).toBe(hashOf(['address', 'bytes32'], [owner, requestId]));
    expect(BigInt(datasetIdOf(owner, requestId))).toBe(hashOf(['address', 'bytes32'], [owner, requestId]) >> 8n);
    expect(datasetIdOf(owner, requestId)).toMatch(/^0x00[0-9a-f]{62}$/);
    expect(offerIdOf(requestId, datasetId, owner, requestId)).toBe(
      hashOf(['bytes32', 'bytes32', 'address', 'bytes32'], [requestId, datasetId, owner, requestId]),
    );
    expect([templateId('range-1x32'), circuitId('requirement')]).toEqual([id('range-1x32'), id('requirement')]);
  });

  it('compare partials as the contract does', () => {
    const partials = [5n, FIELD_ORDER - 1n, 7n];
    const challenge = partialsChallenge(11n, 13n, partials);
    expect(challenge).toBe(hashOf(['uint256', 'uint256', 'uint256', 'uint256[]'], [11n, 3n, 13n, partials]) % FIELD_ORDER);
    expect(evaluatePartials(partials, challenge)).toBe((5n + (FIELD_ORDER - 1n) * challenge + 7n * challenge ** 2n) % FIELD_ORDER);
    expect(evaluatePartials([], challenge)).toBe(0n);
  });
});

describe('a verifying key', () => {
  const g2 = (seed: number): VerifyingKey['vk_beta_2'] => [
    [`${seed}`, `${seed + 1}`],
    [`${seed + 2}`, `${seed + 3}`],
    ['1', '0'],
  ];
  const key: VerifyingKey = {
    protocol: 'groth16',
    curve: 'bn128',
    nPublic: 1,
    vk_alpha_1: ['1', '2', '1'],
    vk_beta_2: g2(10),
    vk_gamma_2: g2(20),
    vk_delta_2: g2(30),
    IC: [
      ['3', '4', '1'],
      ['5', '6', '1'],
    ],
  };

  it('is refused when delta is gamma, whatever else it says', () => {
    expect(parseVerifyingKey(key)).toEqual(key);
    expect(() => parseVerifyingKey({ ...key, vk_delta_2: key.vk_gamma_2 })).toThrow(/delta = gamma/);
  });

  it('is refused when malformed', () => {
    for (const change of [
      { IC: [] },
      { nPublic: 2 },
      { curve: 'bls12381' },
      { vk_alpha_1: ['1', '2', '0'] },
      { vk_alpha_1: ['-1', '2', '1'] },
      { vk_beta_2: 5 },
    ]) {
      expect(() => parseVerifyingKey({ ...key, ...change })).toThrow(/malformed/);
    }
    expect(() => parseVerifyingKey(null)).toThrow(/malformed/);
  });

  it('and a proof turn elements of Fp2 around for the contracts', () => {
    expect(contractVerifyingKey(key).beta).toEqual([
      [11n, 10n],
      [13n, 12n],
    ]);
    const proof = contractProof({ pi_a: ['1', '2', '1'], pi_b: g2(40), pi_c: ['7', '8', '1'], protocol: 'groth16', curve: 'bn128' });
    expect(proof).toEqual({
      a: [1n, 2n],
      b: [
        [41n, 40n],
        [43n, 42n],
      ],
      c: [7n, 8n],
    });
  });
});

describe('templates', () => {
  it('have the names of docs/formats.md', () => {
    expect(proofTemplates).toHaveLength(24);
    for (const { name, slots, width, capacity, segment, aggregate } of proofTemplates) {
      expect(name).toBe(`range-${slots}x${width}${capacity === 512 ? '-long' : ''}`);
      expect([segment, aggregate]).toEqual([`segment-range-${slots}x${width}`, `aggregate-${name}`]);
    }
  });

  it('are chosen by the number of segments', () => {
    expect(templateFor(1, 32, 64)?.name).toBe('range-1x32');
    expect(templateFor(1, 32, 65)?.name).toBe('range-1x32-long');
    expect(templateFor(1, 32, 513)).toBeUndefined();
    expect(templateFor(5, 32, 1)).toBeUndefined();
  });
});
