/**
 * Every constraint is needed: for each constraint of the small circuits, as they are proved, a false witness is built that breaks this constraint
 * and no other. Delete the constraint, and the circuit accepts that witness. (The requirement circuit has one size, so it is the real one.)
 */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { buildCircuits } from '../../circuits/build.ts';
import { smallCircuits } from '../../circuits/catalogue.ts';
import { loadPoseidon } from '../../core/adapters/poseidon.ts';
import type { FieldHash } from '../../core/dataset/field.ts';
import type { RequirementFields, RequirementSlot } from '../../core/proofs/requirement.ts';
import { requirementStatement, type Statement } from '../../core/proofs/statements.ts';
import { attacksOn } from './attacks.ts';
import { AttackedCircuit } from './false-witness.ts';
import { requirementOf, type SmallDataset, smallStatements } from './small-dataset.ts';

const TIME_ZERO = 1n << 63n;

/** Three segments, the last one half full; keywords and bounds leave room on both sides. */
const dataset: SmallDataset = {
  segmentRows: 6,
  depth: 1,
  width: 16,
  values: [Array.from({ length: 15 }, (_, row) => 32_768n + BigInt((row * 7919) % 1000))],
  times: Array.from({ length: 15 }, (_, row) => TIME_ZERO + 1000n + BigInt(row * (300 + row))),
  tags: Array.from({ length: 16 }, (_, index) => BigInt(100 + index * index)),
  positions: [3],
  timePosition: 5,
};
const slot: RequirementSlot = { ...(requirementOf(dataset).slots[0] as RequirementSlot), lo: 30_000n, hi: 60_001n, meanLo: 30_010n };
const unused: RequirementSlot = { colHash: 0n, lo: 0n, hi: 0n, meanLo: 0n };
const fields = requirementOf(dataset, {
  minRows: 7n,
  minSpan: 5n,
  timeFrom: TIME_ZERO + 10n,
  timeTo: TIME_ZERO + 999_999n,
  slots: [slot, unused, unused, unused],
  meanHi: [50_000n, 0n, 0n, 0n],
});

/** What differs from circuit to circuit. Of several statements each is tried for what the earlier ones left. */
interface Subject {
  readonly circuit: string;
  readonly plain: string;
  /** Inputs that an attack changes along: public results, and what bits and places determine. */
  readonly follows: RegExp;
  readonly statements: (hash: FieldHash) => readonly Statement[];
}

const subjects: readonly Subject[] = [
  {
    circuit: 'requirement',
    plain: 'small-plain-requirement',
    follows: /^(?:h|slotCount|width)$/,
    statements: (hash) => {
      const four: Partial<RequirementFields> = {
        slotCount: 4,
        slots: [77n, 154n, 231n, 308n].map((colHash) => ({ ...slot, colHash })),
        meanHi: new Array<bigint>(4).fill(50_000n),
      };
      const keywords = (...used: bigint[]): Partial<RequirementFields> => ({ keywords: [...used, 0n, 0n, 0n].slice(0, 4) });
      return [
        { ...keywords(77n), timeTo: 2n * TIME_ZERO - 1n },
        { ...keywords(77n, 99n), ...four },
        keywords(77n, 99n, 101n),
        keywords(77n, 99n, 101n, 1001n),
      ].map((change) => requirementStatement({ ...fields, ...change }, 5n, hash));
    },
  },
  {
    circuit: 'small-segment-1x16',
    plain: 'small-plain-segment-1x16',
    follows: /^(?:h|datasetRoot|partial|segmentIndex|rows|position\[0\]|timePosition|values\[.*|columnRoots\[(?:3|5)\])$/,
    statements: (hash) => [smallStatements(dataset, fields, 4, hash).segments[2] as Statement],
  },
  {
    circuit: 'small-aggregate-1x16',
    plain: 'small-plain-aggregate-1x16',
    follows: /^(?:h|datasetRoot|segmentCount|totalRows|partialsDigest|evaluation)$/,
    statements: (hash) => [smallStatements(dataset, fields, 4, hash).aggregate],
  },
];

let hash: FieldHash;
const counts = { constraints: 0, refusedAlone: 0 };
beforeAll(async () => {
  await buildCircuits(['requirement', ...smallCircuits]);
  hash = await loadPoseidon();
});
afterAll(() => {
  process.stdout.write(`constraints: ${counts.constraints}, each refused alone: ${counts.refusedAlone}\n`);
});

it.each(subjects)(
  'each constraint of $circuit alone stands against some false witness',
  async ({ circuit, plain, follows, statements }) => {
    const needed = new Set<number>();
    let left: readonly number[] | undefined;
    let constraintCount = 0;
    for (const statement of statements(hash)) {
      const attacked = await AttackedCircuit.load(circuit, plain, statement.inputs, follows);
      constraintCount = attacked.constraintCount;
      left = (left ?? attacked.targets()).filter((target) => {
        for (const attack of attacksOn(attacked, target)) {
          const broken = attacked.breaks(target, attack);
          if (broken === undefined) continue;
          needed.add(broken);
          return false;
        }
        return true;
      });
    }
    counts.constraints += constraintCount;
    counts.refusedAlone += needed.size;
    expect(constraintCount).toBeGreaterThan(4000);
    expect(needed.size).toBe(constraintCount);
  },
);

it('counts an attack only when exactly one constraint notices it', async () => {
  const statement = requirementStatement(fields, 5n, hash);
  const attacked = await AttackedCircuit.load('requirement', 'small-plain-requirement', statement.inputs, /^(?:h|slotCount|width)$/);
  const [target] = attacked.targets() as [number];
  expect(attacked.breaks(target, {})).toBeUndefined();
  expect(attacked.breaks(target, { minRows: 0n })).toBeUndefined();
});
