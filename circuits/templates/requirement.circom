// The requirement statement pi' (docs/formats.md, "Requirement and statements"): h is the hash of these fields, they are well-formed, and
// some data can satisfy them. Invariant: a proof exists only if R = 1 and all rules hold; every field is a public input.
pragma circom 2.1.6;

include "circomlib/circuits/bitify.circom";
include "constants.circom";
include "requirement-hash.circom";

template Requirement() {
    var SLOTS = SLOTS_MAX();
    var KEYWORDS = KEYWORDS_MAX();
    signal input R;
    signal input h;
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
    signal input binding;

    R === 1;
    // See segment.circom.
    signal bindingSquared <== binding * binding;

    component hash = RequirementHash();
    hash.slotCount <== slotCount;
    hash.minRows <== minRows;
    hash.timeUsed <== timeUsed;
    hash.timeFrom <== timeFrom;
    hash.timeTo <== timeTo;
    hash.minSpan <== minSpan;
    hash.width <== width;
    hash.keywords <== keywords;
    hash.meanHi <== meanHi;
    hash.slots <== slots;
    hash.h === h;

    // 1 <= minRows < 2^32.
    component minRowsLow = Num2Bits(32);
    minRowsLow.in <== minRows - 1;
    component minRowsHigh = Num2Bits(32);
    minRowsHigh.in <== minRows;

    // 2 <= timeFrom <= timeTo < 2^64 and minSpan <= timeTo - timeFrom; without time predicates the upper bound is 0, and with it all three.
    timeUsed * (timeUsed - 1) === 0;
    component timeFromLow = Num2Bits(64);
    timeFromLow.in <== timeFrom - 2 * timeUsed;
    component minSpanLow = Num2Bits(64);
    minSpanLow.in <== minSpan;
    component spanFits = Num2Bits(64);
    spanFits.in <== timeTo - timeFrom - minSpan;
    component timeToHigh = Num2Bits(64);
    timeToHigh.in <== timeUsed * ((1 << 64) - 1) - timeTo;

    // width is 16, 32 or 64, and `largest` the largest value it holds.
    signal is32 <-- width == 32 ? 1 : 0;
    signal is64 <-- width == 64 ? 1 : 0;
    is32 * (is32 - 1) === 0;
    is64 * (is64 - 1) === 0;
    is32 * is64 === 0;
    width === 16 + 16 * is32 + 48 * is64;
    var largest = (1 << 16) - 1 + is32 * ((1 << 32) - (1 << 16)) + is64 * ((1 << 64) - (1 << 16));

    // The used slots come first. `used` is 1 or 0 because a slot's colHash is its own witness for either: see below.
    signal used[SLOTS];
    var count = 0;
    for (var i = 0; i < SLOTS; i++) {
        if (i == 0) {
            used[i] <== 1;
        } else {
            used[i] <-- i < slotCount ? 1 : 0;
            if (i > 1) used[i] * (1 - used[i - 1]) === 0;
        }
        count += used[i];
    }
    count === slotCount;

    // Each link of 2 <= lo <= meanLo <= meanHi <= hi <= largest has 64 bits, so the chain cannot wrap around. In an unused slot its ends
    // are 0 and 0.
    component links[SLOTS][5];
    signal limit[SLOTS];
    signal inverse[SLOTS];
    for (var i = 0; i < SLOTS; i++) {
        limit[i] <== used[i] * largest;
        var chain[6] = [2 * used[i], slots[i][1], slots[i][3], meanHi[i], slots[i][2], limit[i]];
        for (var link = 0; link < 5; link++) {
            links[i][link] = Num2Bits(64);
            links[i][link].in <== chain[link + 1] - chain[link];
        }
        // used = 1 if colHash is not 0, by the second rule; used = 0 if it is, by the first.
        inverse[i] <-- slots[i][0] == 0 ? 0 : 1 / slots[i][0];
        slots[i][0] * inverse[i] === used[i];
        if (i > 0) slots[i][0] * (1 - used[i]) === 0;
    }
    // Used slots name different columns.
    signal difference[SLOTS][SLOTS];
    for (var i = 0; i < SLOTS; i++) {
        for (var j = 0; j < SLOTS; j++) {
            if (i < j) {
                difference[i][j] <-- slots[i][0] == slots[j][0] ? 0 : used[j] / (slots[i][0] - slots[j][0]);
                (slots[i][0] - slots[j][0]) * difference[i][j] === used[j];
            } else {
                difference[i][j] <== 0;
            }
        }
    }

    // Keywords of 248 bits ascend strictly, then 0. `given` is 1 or 0 because a keyword is its own witness for either.
    signal given[KEYWORDS];
    signal keywordInverse[KEYWORDS];
    signal rise[KEYWORDS];
    component keywordBits[KEYWORDS];
    component rises[KEYWORDS];
    for (var k = 0; k < KEYWORDS; k++) {
        keywordBits[k] = Num2Bits(248);
        keywordBits[k].in <== keywords[k];
        keywordInverse[k] <-- keywords[k] == 0 ? 0 : 1 / keywords[k];
        given[k] <== keywords[k] * keywordInverse[k];
        keywords[k] * (1 - given[k]) === 0;
        if (k == 0) {
            rise[k] <== 0;
        } else {
            given[k] * (1 - given[k - 1]) === 0;
            rise[k] <== given[k] * (keywords[k] - keywords[k - 1] - 1);
            rises[k] = Num2Bits(248);
            rises[k].in <== rise[k];
        }
    }
}
