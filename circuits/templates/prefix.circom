// The places of a list that are in use: the first `count` of them. Invariant: `active` is 1 up to `count` and 0 from there on, count >= 1.
pragma circom 2.1.6;

// 1 <= count <= N. Every difference of neighbours, `active[N-1]` as the last one, is 0 or 1; they add up to active[0] = 1. So exactly one of
// them is 1, and the list falls from 1 to 0 once. `end[i]` is 1 at the first place that is not in use, N if all are.
template Prefix(N) {
    signal input count;
    signal output active[N];
    signal output end[N + 1];

    var sum = 0;
    for (var i = 0; i < N; i++) {
        if (i == 0) {
            active[i] <== 1;
        } else {
            active[i] <-- i < count ? 1 : 0;
        }
        sum += active[i];
    }
    end[0] <== 0;
    for (var i = 1; i <= N; i++) {
        if (i == N) {
            end[i] <== active[i - 1];
        } else {
            end[i] <== active[i - 1] - active[i];
        }
        end[i] * (end[i] - 1) === 0;
    }
    sum === count;
}
