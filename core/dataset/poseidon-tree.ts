/**
 * Poseidon trees of arity 16 (docs/formats.md, "Data and commitment"). A level is cut into groups of 16 and the last one is filled with 0.
 */
import { assert } from '../base/assert.ts';
import { TREE_ARITY } from './constants.ts';
import type { FieldHash } from './field.ts';

/** One step from a node towards the root. */
export interface PathStep {
  /** The node's place among its siblings, 0 to 15. */
  readonly index: number;
  /** All 16 children of the parent, the node itself included. */
  readonly children: readonly bigint[];
}

/** Hashes up to 16 nodes into their parent; absent ones are 0. */
export function hashChildren(hash: FieldHash, nodes: readonly bigint[]): bigint {
  assert(nodes.length <= TREE_ARITY, 'a node has at most 16 children');
  return hash.hash(fillChildren(nodes));
}

/** Nodes filled with 0 to 16. */
export function fillChildren(nodes: readonly bigint[]): bigint[] {
  return Array.from({ length: TREE_ARITY }, (_, index) => nodes[index] ?? 0n);
}

/** The root of a tree that is as high as its leaves need; one leaf is its own root. */
export function treeRoot(hash: FieldHash, leaves: readonly bigint[]): bigint {
  assert(leaves.length > 0, 'a tree has a leaf');
  let level = leaves;
  while (level.length > 1) level = parentLevel(hash, level);
  return level[0] as bigint;
}

/** All levels of a tree of exactly `depth` steps: the leaves first, the root alone in the last. Absent nodes are left out. */
export function treeLevels(hash: FieldHash, leaves: readonly bigint[], depth: number): readonly (readonly bigint[])[] {
  assert(leaves.length > 0 && leaves.length <= TREE_ARITY ** depth, 'the leaves fit the tree');
  const levels = [leaves];
  for (let step = 0; step < depth; step++) levels.push(parentLevel(hash, levels[step] as readonly bigint[]));
  return levels;
}

/** The way from a leaf to the root. */
export function treePath(levels: readonly (readonly bigint[])[], leafIndex: number): readonly PathStep[] {
  return levels.slice(0, -1).map((level, step) => {
    const position = Math.floor(leafIndex / TREE_ARITY ** step);
    const index = position % TREE_ARITY;
    return { index, children: fillChildren(level.slice(position - index, position - index + TREE_ARITY)) };
  });
}

function parentLevel(hash: FieldHash, level: readonly bigint[]): bigint[] {
  const parents: bigint[] = [];
  for (let first = 0; first < level.length; first += TREE_ARITY) parents.push(hashChildren(hash, level.slice(first, first + TREE_ARITY)));
  return parents;
}
