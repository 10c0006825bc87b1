/** What `npm run check:secrets` prints. */
import type { SecretsReport } from './findings.ts';

/** Prints notes with the seconds since the beginning. */
export function noteSince(begun: number): (text: string) => void {
  return (text) => console.log(`${((performance.now() - begun) / 1000).toFixed(1).padStart(7)} s  ${text}`);
}

/** Prints what was searched and found; `leakedInto` is what everything was leaked into a copy of. */
export function printFindings(
  { secrets, patterns, searched, expected, violations, coresMissing }: SecretsReport,
  leakedInto: string,
): void {
  console.log(
    `\n${secrets} secrets in ${patterns} forms; each, leaked on purpose into a copy of ${leakedInto} in every encoding, was looked for first`,
  );
  console.log('searched:');
  for (const [kind, { files, bytes }] of [...searched].sort()) console.log(`  ${kind}: ${files} files, ${bytes} bytes`);
  if (coresMissing !== undefined) console.log(`  NOT searched: core files, because ${coresMissing}`);
  console.log('found where they may be:');
  for (const [reason, names] of expected) console.log(`  ${reason}\n    ${[...names].sort().join(', ') || 'nothing'}`);
  console.log(`leaks: ${violations.length}`);
  for (const violation of violations) console.log(`  ${violation}`);
}
