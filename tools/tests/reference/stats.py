#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Reference values for test_stats.c, from NumPy and SciPy.

Run by hand when the statistics change (Debian: python3-scipy):

    /usr/bin/python3 stats.py > stats.txt

None of it shares code or method with stats.c: p values are
scipy.stats.permutation_test's, intervals are found by bisection on them, the
median's interval from scipy.stats.binom, Holm's p values by closed testing
over all subsets. check.sh looks whether stats.txt is what it prints.
"""
import itertools

import numpy as np
import scipy
from scipy import stats

DATA = {
    # log-ratios with a difference, without, with one outlier
    "shift": [0.041, 0.057, 0.033, 0.062, 0.049, 0.018, 0.071, 0.044, 0.052, 0.038],
    "null": [0.021, -0.034, 0.011, -0.007, 0.045, -0.052, 0.003, -0.018, 0.029, -0.001],
    "outlier": [0.02, 0.03, 0.025, 0.018, 0.031, 0.022, 1.2, 0.027],
    # ties and zeros, as icount makes them
    "ties": [0.5, 0.5, 0.25, 0.25, 0.5, -0.25, 0.0],
    "zeros": [0.0, 0.0, 0.0, 0.0, 0.0, 0.125, 0.0, 0.0],
    "allzero": [0.0] * 6,
    "equal": [0.25] * 7,
    "six": [0.3, 0.1, 0.2, 0.15, 0.12, 0.4],
    "five": [0.3, 0.1, 0.2, 0.15, 0.12],
    "twelve": [0.9, -0.4, 1.3, 0.2, 0.7, -0.1, 0.35, 1.1, -0.6, 0.8, 0.05, 0.45],
}
HOLM = {
    "h1": [0.01, 0.04, 0.03, 0.005],
    "h2": [0.5, 0.5, 0.001, 0.2, 0.02, 0.03, 0.04, 0.9],
    "h3": [0.00195, 0.00195, 0.00195, 0.0625, 1.0],
}


def p_value(d):
    r = stats.permutation_test((np.array(d),), lambda x, axis: np.mean(x, axis=axis),
                               permutation_type="samples", vectorized=True,
                               n_resamples=np.inf, alternative="two-sided")
    return float(r.pvalue)


def end(d, inside, outside):
    """Where p(d - shift) crosses 5 % between two shifts."""
    for _ in range(60):
        mid = (inside + outside) / 2
        if p_value(np.array(d) - mid) > 0.05:
            inside = mid
        else:
            outside = mid
    return inside


def interval(d):
    if p_value(np.array(d) - max(d) - 1) > 0.05:
        return "nan", "nan"
    mean = np.mean(d)
    return (repr(float(end(d, mean, min(d) - 1))), repr(float(end(d, mean, max(d) + 1))))


# Two samples: of equal and of unequal size, with ties, too few for an interval.
TWO = {
    "apart": ([9.12, 9.15, 9.11, 9.19, 9.14, 9.16], [9.02, 9.05, 9.01, 9.08, 9.03]),
    "together": ([3.1, 2.7, 3.6, 2.9, 3.3], [3.0, 3.4, 2.8, 3.5, 3.2, 2.6]),
    "tied": ([0.25, 0.25, 0.5, 0.25, 0.5], [0.25, 0.5, 0.25, 0.25]),
    "constant": ([0.5] * 5, [0.25] * 5),
    "far": ([1.0, 1.1, 9.0, 1.2], [0.9, 0.8, 1.05, 0.95, 0.7, 1.0, 0.85]),
    "few": ([1.0, 1.2, 1.1], [0.5, 0.6, 0.4]),
}


def p_two(x, y):
    r = stats.permutation_test((np.array(x), np.array(y)),
                               lambda x, y, axis: np.mean(x, axis=axis) - np.mean(y, axis=axis),
                               permutation_type="independent", vectorized=True,
                               n_resamples=np.inf, alternative="two-sided")
    return float(r.pvalue)


def end_two(x, y, inside, outside):
    for _ in range(60):
        mid = (inside + outside) / 2
        if p_two(np.array(x) - mid, y) > 0.05:
            inside = mid
        else:
            outside = mid
    return inside


def interval_two(x, y):
    wide = max(x) + max(y) - min(x) - min(y) + 1
    mid = np.mean(x) - np.mean(y)
    if p_two(np.array(x) + wide, y) > 0.05:
        return "nan", "nan"
    return tuple(repr(float(end_two(x, y, mid, mid + side * wide))) for side in (-1, 1))


def median_interval(d):
    n, d = len(d), sorted(d)
    k = 0
    while stats.binom.cdf(k, n, 0.5) <= 0.025:
        k += 1
    return ("nan", "nan") if k == 0 else (repr(d[k - 1]), repr(d[n - k]))


def closed(p):
    """Adjusted p by closed testing, each intersection by Bonferroni."""
    n = len(p)
    out = [0.0] * n
    for size in range(1, n + 1):
        for s in itertools.combinations(range(n), size):
            q = min(1.0, size * min(p[i] for i in s))
            for i in s:
                out[i] = max(out[i], q)
    return out


print(f"# stats.py, SciPy {scipy.__version__}, NumPy {np.__version__}")
for name, d in DATA.items():
    print("data", name, *map(repr, d))
    for q in (0, 0.25, 0.5, 0.9, 0.99, 1):
        print("quantile", name, q, repr(float(np.quantile(d, q, method="linear"))))
    print("median", name, repr(float(np.median(d))), *median_interval(d))
    print("signflip", name, repr(float(np.mean(d))), repr(float(np.std(d, ddof=1))),
          repr(p_value(d)), *interval(d))
for name, p in HOLM.items():
    print("family", name, *map(repr, p))
    print("holm", name, *(repr(float(x)) for x in closed(p)))
for name, (x, y) in TWO.items():
    print("two", name, len(x), *map(repr, x + y))
    print("unpaired", name, repr(float(np.mean(x) - np.mean(y))),
          repr(float(np.hypot(np.std(x, ddof=1), np.std(y, ddof=1)))), repr(p_two(x, y)),
          *interval_two(x, y))
