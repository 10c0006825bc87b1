/** Where the homes of a network's services lie in the network's folder. */
import { join } from 'node:path';
import { groupMembersMin, groupsMin } from '../consensus/limits.ts';

/** The smallest network's validators by group. */
export const smallestGroups: readonly number[] = new Array<number>(groupsMin).fill(groupMembersMin);

/** How many homes a network has. */
export interface NetworkShape {
  readonly proxies: number;
  /** Validators by group; none where the chain is somebody else's. */
  readonly groups: readonly number[];
}

/** Folders of a network's home. */
export function networkFolders(home: string, { proxies, groups }: NetworkShape) {
  return {
    operator: join(home, 'operator'),
    genesis: join(home, 'genesis.json'),
    validators: groups.map((members, group) =>
      Array.from({ length: members }, (_, member) => join(home, `validator-${group + 1}-${member + 1}`)),
    ),
    pkg: join(home, 'pkg'),
    proxies: Array.from({ length: proxies }, (_, position) => join(home, `proxy-${position + 1}`)),
    artifacts: join(home, 'artifacts'),
    networkFile: join(home, 'network.json'),
  };
}
