// The segment statement (docs/formats.md, "Requirement and statements"): one segment of the dataset under `datasetRoot` satisfies the row
// predicates of the requirement of hash `h`, and `partial` holds what the aggregate statement needs of it.
// Invariant: a proof exists only if R = 1 and everything below holds for the opened values.
//
// Positions need not be compared: under one datasetRoot a position and a segmentIndex lead to one leaf, which holds one colHash. Slots with
// different hashes therefore open different columns; were two slots alike (pi' refuses such a requirement), both would open a column that
// does satisfy them.
pragma circom 2.1.6;

include "ascending-times.circom";
include "commitment.circom";
include "constants.circom";
include "one-hot.circom";
include "prefix.circom";
include "range.circom";
include "requirement-hash.circom";

// ROWS: rows of a full segment; SLOTS columns of WIDTH bits; DEPTH of a column's tree over its segments.
template Segment(ROWS, SLOTS, WIDTH, DEPTH) {
    var ARITY = TREE_ARITY();
    signal input R;
    signal input h;
    signal input datasetRoot;
    signal input binding;
    signal input owner;
    signal input datasetId;
    signal input segmentIndex;
    signal input rows;
    signal input partial;

    // The requirement.
    signal input minRows;
    signal input timeUsed;
    signal input timeFrom;
    signal input timeTo;
    signal input minSpan;
    signal input keywords[KEYWORDS_MAX()];
    signal input colHash[SLOTS];
    signal input lo[SLOTS];
    signal input hi[SLOTS];
    signal input meanLo[SLOTS];
    signal input meanHi[SLOTS];

    // The dataset and the segment's columns.
    signal input columnRoots[COLUMNS_MAX()];
    signal input tagsRoot;
    signal input fileHashHigh;
    signal input fileHashLow;
    signal input segmentCount;
    signal input totalRows;
    signal input position[SLOTS];
    signal input salt[SLOTS];
    signal input children[SLOTS][DEPTH][ARITY];
    signal input values[SLOTS][ROWS];
    signal input blind;

    // The time column. Without time predicates (timeUsed = 0) it is any ascending list that reaches neither the root nor the partial.
    signal input timePosition;
    signal input timeSalt;
    signal input timeChildren[DEPTH][ARITY];
    signal input times[ROWS];

    R === 1;
    // A public input that no constraint reads could be exchanged by whoever sees the proof; a square makes it part of the statement.
    signal bindingSquared <== binding * binding;

    component requirement = OpenRequirement(SLOTS, WIDTH);
    requirement.minRows <== minRows;
    requirement.timeUsed <== timeUsed;
    requirement.timeFrom <== timeFrom;
    requirement.timeTo <== timeTo;
    requirement.minSpan <== minSpan;
    requirement.keywords <== keywords;
    requirement.colHash <== colHash;
    requirement.lo <== lo;
    requirement.hi <== hi;
    requirement.meanLo <== meanLo;
    requirement.meanHi <== meanHi;
    requirement.h === h;
    timeUsed * (timeUsed - 1) === 0;

    component columns = Poseidon(ARITY);
    columns.inputs <== columnRoots;
    component dataset = DatasetRoot();
    dataset.columnsRoot <== columns.out;
    dataset.tagsRoot <== tagsRoot;
    dataset.fileHashHigh <== fileHashHigh;
    dataset.fileHashLow <== fileHashLow;
    dataset.segmentCount <== segmentCount;
    dataset.totalRows <== totalRows;
    dataset.owner <== owner;
    dataset.datasetId <== datasetId;
    dataset.root === datasetRoot;

    component digits[DEPTH];
    signal hot[DEPTH][ARITY];
    var index = 0;
    for (var level = 0; level < DEPTH; level++) {
        digits[level] = OneHot(ARITY);
        digits[level].index <-- (segmentIndex >> (4 * level)) & (ARITY - 1);
        hot[level] <== digits[level].hot;
        index += digits[level].index * ARITY ** level;
    }
    index === segmentIndex;

    component present = Prefix(ROWS);
    present.count <== rows;

    component range[SLOTS];
    component cells[SLOTS][ROWS];
    component trees[SLOTS];
    component roots[SLOTS];
    component columnAt[SLOTS];
    component summary = Partial(SLOTS);
    for (var slot = 0; slot < SLOTS; slot++) {
        range[slot] = RangeSteps(WIDTH);
        range[slot].lo <== lo[slot];
        range[slot].hi <== hi[slot];
        range[slot].one <== R;
        var sum = 0;
        for (var row = 0; row < ROWS; row++) {
            cells[slot][row] = InRange(WIDTH);
            cells[slot][row].value <== values[slot][row];
            cells[slot][row].active <== present.active[row];
            cells[slot][row].lo <== lo[slot];
            cells[slot][row].steps <== range[slot].steps;
            sum += values[slot][row];
        }
        trees[slot] = SegmentTree(ROWS, WIDTH);
        trees[slot].values <== values[slot];

        roots[slot] = ColumnRoot(DEPTH);
        roots[slot].colHash <== colHash[slot];
        roots[slot].segmentIndex <== segmentIndex;
        roots[slot].digits <== hot;
        roots[slot].rows <== rows;
        roots[slot].tree <== trees[slot].tree;
        roots[slot].salt <== salt[slot];
        roots[slot].children <== children[slot];
        columnAt[slot] = ColumnAt();
        columnAt[slot].position <== position[slot];
        columnAt[slot].columnRoots <== columnRoots;
        columnAt[slot].root === roots[slot].root;

        summary.colHash[slot] <== colHash[slot];
        summary.position[slot] <== position[slot];
        summary.tree[slot] <== trees[slot].tree;
        summary.sum[slot] <== sum;
    }

    component ascending = AscendingTimes(ROWS);
    ascending.times <== times;
    ascending.active <== present.active;
    ascending.end <== present.end;
    component timeTree = SegmentTree(ROWS, 64);
    timeTree.values <== times;
    component timeRoot = ColumnRoot(DEPTH);
    timeRoot.colHash <== TIME_COLUMN_HASH();
    timeRoot.segmentIndex <== segmentIndex;
    timeRoot.digits <== hot;
    timeRoot.rows <== rows;
    timeRoot.tree <== timeTree.tree;
    timeRoot.salt <== timeSalt;
    timeRoot.children <== timeChildren;
    component timeAt = ColumnAt();
    timeAt.position <== timePosition;
    timeAt.columnRoots <== columnRoots;
    timeUsed * (timeAt.root - timeRoot.root) === 0;

    summary.segmentIndex <== segmentIndex;
    summary.rows <== rows;
    summary.timePosition <== timeUsed * timePosition;
    summary.firstTime <== timeUsed * ascending.first;
    summary.lastTime <== timeUsed * ascending.last;
    summary.blind <== blind;
    summary.out === partial;
}
