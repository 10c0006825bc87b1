// The time column of a segment. Invariant: active times ascend strictly, inactive ones are 0, first and last are stored values of 64 bits.
pragma circom 2.1.6;

include "circomlib/circuits/bitify.circom";
include "constants.circom";

// `end[i]` is 1 at the first inactive row (prefix.circom). Between active rows the time grows by 1 to 2^TIME_DELTA_BITS. At the first inactive
// row the last time is taken away, so that the row's own time is the gap there, not negative; from there on gaps are not negative either
// and the final row is 0 unless active. Gaps are far too small to wrap around the field, so all inactive times are 0.
// With 2 <= first, last < 2^64 and the growth between them every active time is a stored value.
template AscendingTimes(ROWS) {
    signal input times[ROWS];
    signal input active[ROWS];
    signal input end[ROWS + 1];
    signal output first;
    signal output last;

    component gaps[ROWS];
    signal ended[ROWS];
    var sum = 0;
    ended[0] <== 0;
    for (var i = 1; i < ROWS; i++) {
        ended[i] <== end[i] * times[i - 1];
        sum += ended[i];
        gaps[i] = Num2Bits(TIME_DELTA_BITS());
        gaps[i].in <== times[i] - times[i - 1] - active[i] + ended[i];
    }
    times[ROWS - 1] * (1 - active[ROWS - 1]) === 0;
    first <== times[0];
    last <== sum + times[ROWS - 1];

    component firstBits = Num2Bits(64);
    firstBits.in <== first - 2;
    component lastBits = Num2Bits(64);
    lastBits.in <== last;
}
