// Openings of the commitment and of partials (docs/formats.md, "Data and commitment" and "Requirement and statements").
pragma circom 2.1.6;

include "circomlib/circuits/poseidon.circom";
include "poseidon-tree.circom";
include "one-hot.circom";
include "constants.circom";

// The root of a column that has a segment of this content at this index.
template ColumnRoot(DEPTH) {
    signal input colHash;
    signal input segmentIndex;
    signal input digits[DEPTH][TREE_ARITY()];
    signal input rows;
    signal input tree;
    signal input salt;
    signal input children[DEPTH][TREE_ARITY()];
    signal output root;

    component leaf = Poseidon(6);
    leaf.inputs <== [TAG_SEGMENT(), colHash, segmentIndex, rows, tree, salt];
    component path = PoseidonPath(DEPTH);
    path.leaf <== leaf.out;
    path.digits <== digits;
    path.children <== children;
    root <== path.root;
}

// The column root at a position among the promised columns.
template ColumnAt() {
    signal input position;
    signal input columnRoots[COLUMNS_MAX()];
    signal output root;

    component place = OneHot(COLUMNS_MAX());
    place.index <== position;
    component choice = Choose(COLUMNS_MAX());
    choice.hot <== place.hot;
    choice.values <== columnRoots;
    root <== choice.chosen;
}

// The values of a segment's column packed into field elements, absent rows 0, and the root over the packs. Values are below 2^WIDTH, so a
// pack determines them.
template SegmentTree(ROWS, WIDTH) {
    signal input values[ROWS];
    signal output tree;

    var PACK = PACK_BITS() \ WIDTH;
    var PACKS = (ROWS + PACK - 1) \ PACK;
    component packs = PoseidonTree(PACKS);
    for (var pack = 0; pack < PACKS; pack++) {
        var sum = 0;
        for (var i = 0; i < PACK; i++) {
            if (pack * PACK + i < ROWS) sum += values[pack * PACK + i] * (1 << (WIDTH * i));
        }
        packs.leaves[pack] <== sum;
    }
    tree <== packs.root;
}

template DatasetRoot() {
    signal input columnsRoot;
    signal input tagsRoot;
    signal input fileHashHigh;
    signal input fileHashLow;
    signal input segmentCount;
    signal input totalRows;
    signal input owner;
    signal input datasetId;
    signal output root;

    component hash = Poseidon(9);
    hash.inputs <== [TAG_DATASET(), columnsRoot, tagsRoot, fileHashHigh, fileHashLow, segmentCount, totalRows, owner, datasetId];
    root <== hash.out;
}

// What a segment's proof shows to the aggregate's. The columns' hashes are those of the requirement.
template Partial(SLOTS) {
    signal input segmentIndex;
    signal input rows;
    signal input timePosition;
    signal input firstTime;
    signal input lastTime;
    signal input colHash[SLOTS];
    signal input position[SLOTS];
    signal input tree[SLOTS];
    signal input sum[SLOTS];
    signal input blind;
    signal output out;

    component digest[SLOTS];
    component hash = Poseidon(7 + SLOTS);
    hash.inputs[0] <== TAG_PARTIAL();
    hash.inputs[1] <== segmentIndex;
    hash.inputs[2] <== rows;
    hash.inputs[3] <== timePosition;
    hash.inputs[4] <== firstTime;
    hash.inputs[5] <== lastTime;
    for (var i = 0; i < SLOTS; i++) {
        digest[i] = Poseidon(5);
        digest[i].inputs <== [TAG_PARTIAL_COLUMN(), colHash[i], position[i], tree[i], sum[i]];
        hash.inputs[6 + i] <== digest[i].out;
    }
    hash.inputs[6 + SLOTS] <== blind;
    out <== hash.out;
}
