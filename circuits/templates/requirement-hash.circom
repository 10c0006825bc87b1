// h, the hash of a requirement (docs/formats.md, "Requirement and statements"). Invariant: h fixes every field.
pragma circom 2.1.6;

include "circomlib/circuits/poseidon.circom";
include "constants.circom";

template RequirementHash() {
    var SLOTS = SLOTS_MAX();
    var KEYWORDS = KEYWORDS_MAX();
    signal input slotCount;
    signal input minRows;
    signal input timeUsed;
    signal input timeFrom;
    signal input timeTo;
    signal input minSpan;
    signal input width;
    signal input keywords[KEYWORDS];
    signal input meanHi[SLOTS];
    // colHash, lo, hi, meanLo of each slot.
    signal input slots[SLOTS][4];
    signal output h;

    component left = Poseidon(16);
    left.inputs[0] <== TAG_REQUIREMENT();
    left.inputs[1] <== slotCount;
    left.inputs[2] <== minRows;
    left.inputs[3] <== timeUsed;
    left.inputs[4] <== timeFrom;
    left.inputs[5] <== timeTo;
    left.inputs[6] <== minSpan;
    left.inputs[7] <== width;
    for (var i = 0; i < KEYWORDS; i++) left.inputs[8 + i] <== keywords[i];
    for (var i = 0; i < SLOTS; i++) left.inputs[12 + i] <== meanHi[i];

    component right = Poseidon(16);
    for (var i = 0; i < SLOTS; i++) {
        for (var field = 0; field < 4; field++) right.inputs[4 * i + field] <== slots[i][field];
    }

    component both = Poseidon(2);
    both.inputs[0] <== left.out;
    both.inputs[1] <== right.out;
    h <== both.out;
}

// The same for a template of SLOTS columns of WIDTH bits: the other slots are 0.
template OpenRequirement(SLOTS, WIDTH) {
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
    signal output h;

    component hash = RequirementHash();
    hash.slotCount <== SLOTS;
    hash.minRows <== minRows;
    hash.timeUsed <== timeUsed;
    hash.timeFrom <== timeFrom;
    hash.timeTo <== timeTo;
    hash.minSpan <== minSpan;
    hash.width <== WIDTH;
    hash.keywords <== keywords;
    for (var i = 0; i < SLOTS_MAX(); i++) {
        if (i < SLOTS) {
            hash.meanHi[i] <== meanHi[i];
            hash.slots[i] <== [colHash[i], lo[i], hi[i], meanLo[i]];
        } else {
            hash.meanHi[i] <== 0;
            hash.slots[i] <== [0, 0, 0, 0];
        }
    }
    h <== hash.h;
}
