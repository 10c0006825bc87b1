/** What a member may write in a life: blocks, view changes, terms and epochs in a plausible order, from a seed. Nothing in it is signed. */
import { type Hex, toHex } from '../core/base/bytes.ts';
import type { DurableRecord } from '../core/consensus/record.ts';
import type { Certificate, Phase } from '../core/consensus/vote.ts';
import { Seeded } from './simulator/seeded.ts';

const signature = new Uint8Array(64);

export function hashOf(...numbers: readonly number[]): Hex {
  const bytes = new Uint8Array(32);
  const view = new DataView(bytes.buffer);
  numbers.forEach((number, index) => {
    view.setUint32(4 * index, number);
  });
  return toHex(bytes);
}

export function certificateOf(phase: Phase, height: number, view: number, blockHash = hashOf(height)): Certificate {
  return { phase, height, view, blockHash, groups: [{ group: 0, signatures: [{ member: 0, signature }] }] };
}

export function voteOf(phase: Phase, height: number, view: number): DurableRecord {
  return { kind: 'vote', vote: { phase, height, view, blockHash: hashOf(height), member: 0, signature } };
}

/** The records of some blocks, each as it is appended, and the blocks that are final after each. */
export function voteHistory(seed: number, blocks: number): readonly (readonly DurableRecord[])[] {
  const random = new Seeded(seed);
  const appends: DurableRecord[][] = [];
  let view = 0;
  let term = 0;
  let epoch = 0;
  for (let height = 1; height <= blocks; height++) {
    if (random.chance(0.2)) appends.push([{ kind: 'raft', state: { term: ++term, vote: random.chance(0.5) ? 0 : null } }]);
    const block = {
      hash: hashOf(height),
      height,
      parentHash: hashOf(height - 1),
      view,
      nextMembers: random.chance(0.1) ? [[new Uint8Array(32)]] : null,
      bytes: new Uint8Array(random.below(100)),
    };
    appends.push([{ kind: 'body', block }]);
    while (random.chance(0.25)) {
      view += 1 + random.below(2);
      const statement = { member: 0, newView: view, finalHeight: height - 1, finalHash: hashOf(height - 1), lock: null, signature };
      appends.push([{ kind: 'statement', proven: { statement, finalCertificate: null, lockCertificate: null } }]);
      const newView = random.chance(0.5) ? { view, statements: [statement], finalCertificate: null, lockCertificate: null } : null;
      if (random.chance(0.8)) appends.push([{ kind: 'entry', view, newView }]);
    }
    if (random.chance(0.05)) {
      view += 1 + random.below(2);
      appends.push([{ kind: 'asked', view }]);
    }
    if (random.chance(0.1)) appends.push([{ kind: 'proposal', proposal: { member: 0, height, view, blockHash: block.hash, signature } }]);
    appends.push([voteOf('prepare', height, view)]);
    appends.push([{ kind: 'lock', certificate: certificateOf('prepare', height, view) }, voteOf('commit', height, view)]);
    // A block may become final in a lower view than the own one, or in a higher.
    const finalView = random.chance(0.2) ? Math.max(0, view - 1) : view + (random.chance(0.1) ? 1 : 0);
    appends.push([{ kind: 'final', certificate: certificateOf('commit', height, finalView) }]);
    view = Math.max(view, finalView);
    if (block.nextMembers === null) continue;
    view = 0;
    appends.push([{ kind: 'epoch', epoch: ++epoch, start: { height, blockHash: block.hash }, members: block.nextMembers }]);
  }
  return appends;
}
