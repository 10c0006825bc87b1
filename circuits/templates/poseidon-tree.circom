// Poseidon trees of arity 16 (docs/formats.md, "Data and commitment"). Invariant: a root determines its leaves and their places, as far as
// Poseidon resists collisions; absent nodes are 0.
pragma circom 2.1.6;

include "circomlib/circuits/poseidon.circom";
include "constants.circom";

// The root over LEAVES leaves: each level is cut into groups of 16 and the last one is filled with 0. One leaf is its own root.
template PoseidonTree(LEAVES) {
    signal input leaves[LEAVES];
    signal output root;

    if (LEAVES == 1) {
        root <== leaves[0];
    } else {
        var ARITY = TREE_ARITY();
        var PARENTS = (LEAVES + ARITY - 1) \ ARITY;
        component parents[PARENTS];
        component above = PoseidonTree(PARENTS);
        for (var parent = 0; parent < PARENTS; parent++) {
            parents[parent] = Poseidon(ARITY);
            for (var child = 0; child < ARITY; child++) {
                if (parent * ARITY + child < LEAVES) {
                    parents[parent].inputs[child] <== leaves[parent * ARITY + child];
                } else {
                    parents[parent].inputs[child] <== 0;
                }
            }
            above.leaves[parent] <== parents[parent].out;
        }
        root <== above.root;
    }
}

// The root of a tree of exactly DEPTH levels that has `leaf` where the digits of its index, least significant first, lead.
template PoseidonPath(DEPTH) {
    var ARITY = TREE_ARITY();
    signal input leaf;
    // One-hot digits of the leaf's index in base 16.
    signal input digits[DEPTH][ARITY];
    // The children of each node on the way; what stands at the place of the node below does not matter.
    signal input children[DEPTH][ARITY];
    signal output root;

    signal nodes[DEPTH + 1];
    signal exchanged[DEPTH][ARITY];
    component parents[DEPTH];
    nodes[0] <== leaf;
    for (var level = 0; level < DEPTH; level++) {
        parents[level] = Poseidon(ARITY);
        for (var child = 0; child < ARITY; child++) {
            exchanged[level][child] <== digits[level][child] * (nodes[level] - children[level][child]);
            parents[level].inputs[child] <== children[level][child] + exchanged[level][child];
        }
        nodes[level + 1] <== parents[level].out;
    }
    root <== nodes[DEPTH];
}
