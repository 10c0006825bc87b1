/** How often things took place: a run in which nothing happened proves nothing. */

const names = [
  // What the protocol did.
  'blocks',
  'transactions',
  'statements',
  'newViews',
  'locksCarried',
  'leaderChanges',
  'epochs',
  'catchUps',
  'proofs',
  'refused',
  'leftOut',
  'rejoined',
  'votesLost',
  // What the network, the disks and the clocks did.
  'messages',
  'lost',
  'hidden',
  'delayed',
  'duplicated',
  'partitions',
  'oneWayCuts',
  'pauses',
  'clockJumps',
  'crashes',
  'restarts',
  'lostWrites',
  'tornTails',
  'diskErrors',
  'logsCut',
  // What Byzantine members did.
  'withheld',
  'sentToSome',
  'heartbeatsOnly',
  'idleLeaders',
  'equivocations',
  'doubleProposals',
  'wrongRoots',
  'backdated',
  'hiddenLocks',
  'hiddenHeights',
  'craftedNewViews',
  'replays',
  'foreignEpochs',
  'foreignChains',
  'forgeries',
  'falseBodies',
  'termInflations',
  'farPlaces',
  'falseComplaints',
  'censored',
  'twins',
  // How seeds were set up.
  'byzantineSeeds',
  'wholeGroupsByzantine',
  'manyUnsafeGroups',
  'deadGroups',
  'ed25519Seeds',
  'idleChecks',
] as const;

export type CoverageName = (typeof names)[number];
export type Coverage = Record<CoverageName, number>;

export const coverageNames: readonly CoverageName[] = names;

export function noCoverage(): Coverage {
  return Object.fromEntries(names.map((name) => [name, 0])) as Coverage;
}

export function addCoverage(total: Coverage, more: Coverage): void {
  for (const name of names) total[name] += more[name];
}
