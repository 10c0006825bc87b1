/** How open requirements stand to the user's datasets: which can be met, what an offer needs, and how they are ordered. Pure. */
import type { ResponseOf } from '../../../electron/ipc-contract.ts';
import type { MatchView, RequirementView } from '../../../electron/views.ts';

/** A requirement of others with the user's datasets beside it. */
export type OpenRequirement = ResponseOf<'requirement.open'>[number];

/** How well a dataset seems to fit, from its columns alone: the dry run decides. */
export type Fit = 'fits' | 'not-ready' | 'partly' | 'no';

/** Shortest window, in seconds, in which an owner is sure to be there; as core/sharing/offer-workflow.ts has it. */
const windowSecondsMin = 3600;

/** How one dataset fits. */
export function fitOf({ columns, enoughRows, keywords, ready }: MatchView): Fit {
  if (columns === 'all' && enoughRows && keywords) return ready ? 'fits' : 'not-ready';
  return columns === 'none' ? 'no' : 'partly';
}

const order: readonly Fit[] = ['fits', 'not-ready', 'partly', 'no'];

/** The datasets, best first, each with its fit. */
export function rankedMatches(matches: readonly MatchView[]): readonly (MatchView & { readonly fit: Fit })[] {
  return matches
    .map((match) => ({ ...match, fit: fitOf(match) }))
    .toSorted((left, right) => order.indexOf(left.fit) - order.indexOf(right.fit) || left.datasetName.localeCompare(right.datasetName));
}

/** The best fit among the user's datasets. */
export function bestFit(matches: readonly MatchView[]): Fit {
  return rankedMatches(matches)[0]?.fit ?? 'no';
}

/** Which requirements a list shows. */
export type RequirementFilter = 'all' | 'can-meet' | 'offered';

/** The requirements under a filter: those that can be met first, then the ones that end sooner. */
export function listed(
  all: readonly OpenRequirement[],
  filter: RequirementFilter,
  offered: ReadonlySet<string>,
): readonly OpenRequirement[] {
  const passes = ({ requirement, matches }: OpenRequirement) => {
    if (filter === 'offered') return offered.has(requirement.requestId);
    if (filter === 'all') return true;
    const fit = bestFit(matches);
    return fit === 'fits' || fit === 'not-ready';
  };
  return all
    .filter(passes)
    .toSorted(
      (left, right) =>
        order.indexOf(bestFit(left.matches)) - order.indexOf(bestFit(right.matches)) ||
        left.requirement.terms.deadline - right.requirement.terms.deadline,
    );
}

/** Why no offer can be made for a requirement now, whatever the data; null when one can. */
export function closedBecause(requirement: RequirementView, nowSeconds: number): 'mine' | 'closed' | 'over' | 'escrow' | 'no-words' | null {
  if (requirement.mine) return 'mine';
  if (requirement.state !== 'open') return 'closed';
  if (requirement.terms.deadline <= nowSeconds) return 'over';
  if (BigInt(requirement.escrow) < BigInt(requirement.terms.price)) return 'escrow';
  return requirement.document === null ? 'no-words' : null;
}

/** Whether the owner must be there within less than an hour, once it is its turn. */
export function hasShortWindows({ grantWindow, deliverWindow }: RequirementView['terms']): boolean {
  return grantWindow < windowSecondsMin || deliverWindow < windowSecondsMin;
}
