/** Whether a network can be worked with: what is reachable, how many proxies a grant needs, and whether this machine's clock is right. */
import type { NetworkStatusView } from '../../../electron/views.ts';

/** The chain judges deadlines, and services refuse requests signed at another time. */
export const CLOCK_TOLERANCE_SECONDS = 120;

/** Key of a text (`problem.<key>`), the most serious first. */
export type NetworkProblem = 'offline' | 'clockAhead' | 'clockBehind' | 'tooFewProxies' | 'someProxies' | 'pkg';

/** What is wrong with a network as a profile sees it. */
export function networkProblems(status: NetworkStatusView): NetworkProblem[] {
  if (!status.online) return ['offline'];
  const problems: NetworkProblem[] = [];
  const ahead = status.clockAheadSeconds ?? 0;
  if (Math.abs(ahead) > CLOCK_TOLERANCE_SECONDS) problems.push(ahead > 0 ? 'clockAhead' : 'clockBehind');
  const reachable = status.proxies.filter((proxy) => proxy.reachable).length;
  if (reachable < status.threshold) problems.push('tooFewProxies');
  else if (reachable < status.proxies.length) problems.push('someProxies');
  if (status.pkg === 'unreachable') problems.push('pkg');
  return problems;
}
