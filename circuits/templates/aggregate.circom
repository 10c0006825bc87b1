// The aggregate statement (docs/formats.md, "Requirement and statements"): the partials of all segments, in order, are those of one whole
// dataset under `datasetRoot`, and it satisfies the predicates over the whole.
// Invariant: a proof exists only if R = 1 and everything below holds for the opened partials. That their figures are true of the data is
// shown by the segment proofs, which the contract has accepted with the same partials: a partial opens in one way only.
pragma circom 2.1.6;

include "circomlib/circuits/bitify.circom";
include "commitment.circom";
include "constants.circom";
include "poseidon-tree.circom";
include "prefix.circom";
include "requirement-hash.circom";

// CAPACITY: most segments; SLOTS columns of WIDTH bits; ROWS of a full segment.
template Aggregate(CAPACITY, SLOTS, WIDTH, ROWS) {
    var TAGS = TAGS_MAX();
    var KEYWORDS = KEYWORDS_MAX();
    signal input R;
    signal input h;
    signal input datasetRoot;
    signal input binding;
    signal input owner;
    signal input datasetId;
    signal input segmentCount;
    signal input totalRows;
    signal input partialsDigest;
    signal input challenge;
    signal input evaluation;

    // The requirement.
    signal input minRows;
    signal input timeUsed;
    signal input timeFrom;
    signal input timeTo;
    signal input minSpan;
    signal input keywords[KEYWORDS];
    signal input colHash[SLOTS];
    signal input lo[SLOTS];
    signal input hi[SLOTS];
    signal input meanLo[SLOTS];
    signal input meanHi[SLOTS];

    // The dataset.
    signal input columnsRoot;
    signal input tags[TAGS];
    signal input fileHashHigh;
    signal input fileHashLow;

    // The partials. Positions are one signal for all of them, so they are equal across segments.
    signal input lastRows;
    signal input timePosition;
    signal input position[SLOTS];
    signal input firstTime[CAPACITY];
    signal input lastTime[CAPACITY];
    signal input tree[CAPACITY][SLOTS];
    signal input sum[CAPACITY][SLOTS];
    signal input blind[CAPACITY];

    R === 1;
    // See segment.circom.
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

    component tagsRoot = Poseidon(TAGS);
    tagsRoot.inputs <== tags;
    component dataset = DatasetRoot();
    dataset.columnsRoot <== columnsRoot;
    dataset.tagsRoot <== tagsRoot.out;
    dataset.fileHashHigh <== fileHashHigh;
    dataset.fileHashLow <== fileHashLow;
    dataset.segmentCount <== segmentCount;
    dataset.totalRows <== totalRows;
    dataset.owner <== owner;
    dataset.datasetId <== datasetId;
    dataset.root === datasetRoot;

    // A keyword is one of the tags, or 0: the product of its differences to them, and of itself, has a factor 0.
    signal distance[KEYWORDS][TAGS + 1];
    for (var k = 0; k < KEYWORDS; k++) {
        distance[k][0] <== keywords[k];
        for (var tag = 0; tag < TAGS; tag++) distance[k][tag + 1] <== distance[k][tag] * (keywords[k] - tags[tag]);
        distance[k][TAGS] === 0;
    }

    component used = Prefix(CAPACITY);
    used.count <== segmentCount;

    // All segments but the last are full.
    var ROW_BITS = 0;
    while ((1 << ROW_BITS) < ROWS) ROW_BITS++;
    component lastRowsLow = Num2Bits(ROW_BITS);
    lastRowsLow.in <== lastRows - 1;
    component lastRowsHigh = Num2Bits(ROW_BITS);
    lastRowsHigh.in <== ROWS - lastRows;
    totalRows === (segmentCount - 1) * ROWS + lastRows;

    // minRows has 32 bits, so the difference cannot wrap around.
    component minRowsBits = Num2Bits(32);
    minRowsBits.in <== minRows;
    component enoughRows = Num2Bits(32);
    enoughRows.in <== totalRows - minRows;

    component opened[CAPACITY];
    signal rows[CAPACITY];
    signal partials[CAPACITY];
    for (var i = 0; i < CAPACITY; i++) {
        rows[i] <== ROWS - used.end[i + 1] * (ROWS - lastRows);
        opened[i] = Partial(SLOTS);
        opened[i].segmentIndex <== i;
        opened[i].rows <== rows[i];
        opened[i].timePosition <== timePosition;
        opened[i].firstTime <== firstTime[i];
        opened[i].lastTime <== lastTime[i];
        opened[i].colHash <== colHash;
        opened[i].position <== position;
        opened[i].tree <== tree[i];
        opened[i].sum <== sum[i];
        opened[i].blind <== blind[i];
        partials[i] <== used.active[i] * opened[i].out;
    }

    // Times of used partials are below 2^64 by their segments' proofs (0 without time predicates); the requirement's are checked here, so
    // no difference wraps around.
    component pauses[CAPACITY];
    signal pause[CAPACITY];
    signal ending[CAPACITY];
    var endTime = 0;
    for (var i = 0; i < CAPACITY; i++) {
        if (i == 0) {
            pause[i] <== 0;
        } else {
            pauses[i] = Num2Bits(64);
            pause[i] <== used.active[i] * (firstTime[i] - lastTime[i - 1] - timeUsed);
            pauses[i].in <== pause[i];
        }
        ending[i] <== used.end[i + 1] * lastTime[i];
        endTime += ending[i];
    }
    component timeFromBits = Num2Bits(64);
    timeFromBits.in <== timeFrom;
    component timeToBits = Num2Bits(64);
    timeToBits.in <== timeTo;
    component minSpanBits = Num2Bits(64);
    minSpanBits.in <== minSpan;
    component notBefore = Num2Bits(64);
    notBefore.in <== firstTime[0] - timeFrom;
    component notAfter = Num2Bits(64);
    notAfter.in <== timeTo - endTime;
    component longEnough = Num2Bits(64);
    longEnough.in <== endTime - firstTime[0] - minSpan;

    // meanLo * totalRows <= total <= meanHi * totalRows. Sums of used partials are below ROWS * 2^WIDTH by their segments' proofs.
    var TOTAL_BITS = WIDTH;
    while ((1 << (TOTAL_BITS - WIDTH)) <= CAPACITY * ROWS) TOTAL_BITS++;
    signal counted[SLOTS][CAPACITY];
    component meanLoBits[SLOTS];
    component meanHiBits[SLOTS];
    component aboveLow[SLOTS];
    component belowHigh[SLOTS];
    for (var slot = 0; slot < SLOTS; slot++) {
        var total = 0;
        for (var i = 0; i < CAPACITY; i++) {
            counted[slot][i] <== used.active[i] * sum[i][slot];
            total += counted[slot][i];
        }
        meanLoBits[slot] = Num2Bits(WIDTH);
        meanLoBits[slot].in <== meanLo[slot];
        meanHiBits[slot] = Num2Bits(WIDTH);
        meanHiBits[slot].in <== meanHi[slot];
        aboveLow[slot] = Num2Bits(TOTAL_BITS);
        aboveLow[slot].in <== total - meanLo[slot] * totalRows;
        belowHigh[slot] = Num2Bits(TOTAL_BITS);
        belowHigh[slot].in <== meanHi[slot] * totalRows - total;
    }

    // The same partials as the contract's: partialsDigest fixes them before the challenge exists.
    component digest = PoseidonTree(CAPACITY);
    digest.leaves <== partials;
    digest.root === partialsDigest;
    signal horner[CAPACITY + 1];
    horner[CAPACITY] <== 0;
    for (var i = CAPACITY - 1; i >= 0; i--) horner[i] <== horner[i + 1] * challenge + partials[i];
    horner[0] === evaluation;
}
