/** A short run of `npm run crash`: services and workflow killed a few times during one story. */
import { expect, it } from 'vitest';
import { crash } from '../crash/crash-run.ts';

const kills = 12;

it(`a story survives ${kills} kills with everything that was acknowledged`, async () => {
  const { aftermath, ...report } = await crash({ kills, seed: 'integration', rows: 20, onNote: () => undefined });
  expect(aftermath.violations).toEqual([]);
  expect(report.kills).toBe(kills);
  // Enrolments, requirement, record, offer, proof, aggregate, acceptance, grant, confirmation, withdrawal.
  expect(aftermath.transactions).toBeGreaterThanOrEqual(10 * report.stories);
  expect(aftermath.identityKeys).toBe(2 * report.stories);
  expect(aftermath.ciphertexts).toBeGreaterThanOrEqual(2 * report.stories);
});
