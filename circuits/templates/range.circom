// Stored values between the bounds of a requirement. Invariant: an active value lies in [lo, hi], an inactive one is 0.
pragma circom 2.1.6;

include "circomlib/circuits/bitify.circom";

// The steps of which every integer in [0, hi - lo], and no other, is a subset's sum: step k = floor((D + 2^k) / 2^(k+1)) with D = hi - lo
// (Lipmaa, Asokan, Niemi: Secure Vickrey Auctions without Threshold Trust, Financial Cryptography 2002, section 4).
// No subset exceeds D: the steps are not negative and add up to D, because bit k of D counts 2^(k-1) + ... + 1 in the steps below k and once
// in step k, together 2^k. Every integer up to D is met: step 0 is ceil(D / 2), the others are the steps of floor(D / 2), and taking the
// largest step that fits leaves at most what the others add up to.
// The bounds themselves are checked too: 2 <= lo <= hi < 2^WIDTH. So whatever lies in [lo, hi] lies in [2, 2^WIDTH): the check of a value
// against its bounds is also the check of its width.
template RangeSteps(WIDTH) {
    signal input lo;
    signal input hi;
    // The constant 1 as a signal. Multiplying by it keeps a step one signal of the constraint system, where it would otherwise be written
    // out as a sum of bits in each of the WIDTH * ROWS constraints that use it.
    signal input one;
    signal output steps[WIDTH];

    component least = Num2Bits(WIDTH);
    least.in <== lo - 2;
    component most = Num2Bits(WIDTH);
    most.in <== hi;
    component distance = Num2Bits(WIDTH);
    distance.in <== hi - lo;
    for (var k = 0; k < WIDTH; k++) {
        var half = distance.out[k];
        for (var bit = k + 1; bit < WIDTH; bit++) half += distance.out[bit] * (1 << (bit - k - 1));
        steps[k] <== one * half;
    }
}

// value = active * (lo + a subset's sum of the steps). Each part is 0 or its step by one constraint, so a value costs WIDTH + 1 constraints.
template InRange(WIDTH) {
    signal input value;
    signal input active;
    signal input lo;
    signal input steps[WIDTH];

    signal parts[WIDTH];
    var sum = 0;
    var rest = active * (value - lo);
    for (var k = 0; k < WIDTH; k++) {
        parts[k] <-- rest >= steps[k] ? steps[k] : 0;
        parts[k] * (parts[k] - steps[k]) === 0;
        sum += parts[k];
        rest -= parts[k];
    }
    value === active * (lo + sum);
}
