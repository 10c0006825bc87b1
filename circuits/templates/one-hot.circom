// An index as one bit for each place, and the choice it makes. Invariant: exactly one bit is 1.
pragma circom 2.1.6;

// 0 <= index < N as N bits of which the one at `index` is 1. The bits are 0 or 1 and N is far below the field's order, so their sum is 1 as
// an integer and exactly one of them is set.
template OneHot(N) {
    signal input index;
    signal output hot[N];

    var sum = 0;
    var place = 0;
    for (var i = 0; i < N; i++) {
        hot[i] <-- index == i ? 1 : 0;
        hot[i] * (hot[i] - 1) === 0;
        sum += hot[i];
        place += i * hot[i];
    }
    sum === 1;
    place === index;
}

// The value at the place of a one-hot index.
template Choose(N) {
    signal input hot[N];
    signal input values[N];
    signal output chosen;

    signal terms[N];
    var sum = 0;
    for (var i = 0; i < N; i++) {
        terms[i] <== hot[i] * values[i];
        sum += terms[i];
    }
    chosen <== sum;
}
