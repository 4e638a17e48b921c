/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The statistics of a comparison. docs/statistics.md says why these; each
 * function names its source. Nothing here allocates beyond a call or prints.
 */
#ifndef SECMMU_STATS_H
#define SECMMU_STATS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define STAT_ALPHA 0.05		/* 95 % intervals, tests at 5 % */
#define STAT_POWER 0.80		/* what boots_needed aims at */
#define STAT_EXACT_MAX 20	/* up to 2^20 sign flips are enumerated */
#define STAT_DRAWS 99999	/* random sign flips above that */
#define STAT_MIN_BOOTS 6	/* 2 / 2^5 > 0.05: below, no 95 % interval exists */
#define STAT_WAYS_MAX (1u << 20)	/* up to so many divisions are enumerated */
#define STAT_MIN_EACH 4		/* likewise of two samples: 2 / C(6,3) > 0.05 */

/**
 * stat_sort_u32 - sort ascending, in O(n)
 * @v: @n values, sorted in place
 * @tmp: room for @n values
 *
 * Radix sort by bytes, least significant first; bytes that are the same in
 * all values are skipped. Knuth, The Art of Computer Programming 3, 5.2.5.
 */
void stat_sort_u32(uint32_t *v, size_t n, uint32_t *tmp);

/** stat_sort - sort @v, @n values, in place, ascending. */
void stat_sort(double *v, size_t n);

/**
 * stat_quantile, stat_quantile_of - quantile of sorted values
 * @v: @n values, ascending
 * @p: 0 to 1
 * @at: the value at @i of a @v that is no array of double
 *
 * Type 7 of Hyndman and Fan, "Sample quantiles in statistical packages", The
 * American Statistician 50 (1996): the default of R and NumPy.
 *
 * Return: the quantile; NaN if @n is 0.
 */
double stat_quantile(const double *v, size_t n, double p);
double stat_quantile_of(double (*at)(const void *v, size_t i), const void *v,
			size_t n, double p);

struct stat_interval {
	double mid, low, high;	/* NaN where none exists */
};

/**
 * stat_median_ci - median and its 95 % confidence interval
 * @v: @n values, sorted in place
 *
 * The interval is the pair of order statistics that the binomial distribution
 * gives, without any assumption on the shape: Conover, Practical Nonparametric
 * Statistics (3rd ed.), 3.2. It exists for @n >= 6.
 */
struct stat_interval stat_median_ci(double *v, size_t n);

struct stat_test {
	size_t n;		/* pairs; of two samples, the smaller's */
	double mean, sd;	/* of the pairs; NaN for n < 1, n < 2 */
	double p;		/* two-sided; NaN for n < 1 */
	double low, high;	/* 95 % interval for the mean; NaN for n < 6 */
	bool exact;		/* all sign flips were enumerated */
};

/**
 * stat_signflip - paired permutation test and the interval it implies
 * @d: @n finite differences, one per pair (here: log-ratios, one per boot)
 * @seed: for the random flips when @n > STAT_EXACT_MAX
 *
 * If the two members of a pair are exchangeable, each sign of @d was as likely
 * as the other; p is the share of the 2^n sign assignments whose mean is at
 * least as far from 0 as the observed one. Fisher, The Design of Experiments
 * (1935), 21; Good, Permutation, Parametric and Bootstrap Tests of Hypotheses
 * (3rd ed., 2005), 3.2.
 *
 * The interval holds the shifts the test does not reject. No search is needed:
 * flipping the set S gives a mean >= the observed one for @d - shift just when
 * the mean of @d over S is <= shift, so that the ends are order statistics of
 * the 2^n - 1 subset means. Hartigan, "Using subsample values as typical
 * values", JASA 64 (1969). It is exact for any symmetric distribution.
 *
 * Above STAT_EXACT_MAX pairs, STAT_DRAWS random flips stand for all, and the
 * observed one is counted among them, so that p is never too small: Phipson
 * and Smyth, Stat. Appl. Genet. Mol. Biol. 9 (2010), art. 39.
 *
 * Pairs that are equal (0) keep their place: flipping them changes nothing.
 */
struct stat_test stat_signflip(const double *d, size_t n, uint64_t seed);

/**
 * stat_unpaired - permutation test of two samples and the interval it implies
 * @x: @n finite values, one per boot of one run (here: logs of times or ratios)
 * @y: @m of another
 * @seed: for the random divisions when there are more than STAT_WAYS_MAX
 *
 * If nothing differs, each division of all n + m values into n and m was as
 * likely as the observed one; p is twice the share of divisions whose
 * difference of means is at least as far on the observed side, at most 1.
 * Fisher (1935); Good (2005), 3.2.
 *
 * The interval holds the shifts of @x that the test does not reject. As for
 * stat_signflip() no search is needed: exchanging S of @x for T of @y, k each,
 * gives a difference >= the observed one for @x - shift just when mean of S -
 * mean of T is <= shift. Garthwaite, "Confidence intervals from randomization
 * tests", Biometrics 52 (1996), gives the inversion; that it is a matter of
 * order statistics: Tritchler, "On inverting permutation tests", JASA 79 (1984).
 *
 * It rests on more than the paired test: that the two differ in place only.
 * Where one scatters more than the other, level and coverage hold nearly if n
 * and m are equal, and not if they are not.
 *
 * Return: n is the smaller of @n and @m, mean the difference of the means, sd
 * the root of the sum of both variances. No interval below 4 values in each.
 */
struct stat_test stat_unpaired(const double *x, size_t n, const double *y,
			       size_t m, uint64_t seed);

/**
 * stat_holm - adjust p values for their number, in place
 * @p: @n p values; NaN ones are left out of the family and stay NaN
 *
 * Holm, "A simple sequentially rejective multiple test procedure",
 * Scandinavian Journal of Statistics 6 (1979).
 */
void stat_holm(double *p, size_t n);

enum stat_verdict {
	STAT_FASTER,		/* a takes less than b */
	STAT_SLOWER,
	STAT_SAME,		/* shown to be within the margin */
	STAT_UNDERPOWERED,	/* the data do not tell */
};

const char *stat_verdict_name(enum stat_verdict v);

/** stat_differs - whether a difference was shown, whichever way. */
bool stat_differs(enum stat_verdict v);

/**
 * stat_judge - verdict on a log-ratio
 * @t: its test
 * @p: t->p, adjusted for the family where there is one
 * @margin: ratios between 1 / (1 + @margin) and 1 + @margin count as same
 *
 * `same` first: an interval wholly inside the margin is equivalence, however
 * small p is (Schuirmann, J. Pharmacokinet. Biopharm. 15 (1987); with a 95 %
 * interval each of the two one-sided tests is at 2.5 %). Else a p of at most 5 % is a
 * difference; else nothing was shown.
 */
enum stat_verdict stat_judge(const struct stat_test *t, double p,
			     double margin);

/**
 * stat_boots_needed - estimate how many boots would bring a verdict
 * @t: the test so far
 * @family: number of comparisons that share the 5 %
 * @margin: as for stat_judge()
 *
 * By the normal approximation n = ((z_a + z_power) sd / distance)^2 (Lachin,
 * Controlled Clinical Trials 2 (1981)), for a difference and for equivalence,
 * whichever comes first, taking the mean and spread seen so far for the truth;
 * and never less than the exact test needs to be able to reach 5 % at all.
 *
 * Return: boots in all, more than t->n; STAT_MIN_BOOTS at least, which is all
 * that can be said for t->n < 2.
 */
size_t stat_boots_needed(const struct stat_test *t, size_t family,
			 double margin);

/**
 * stat_boots_needed_each - the same for two runs of as many boots each
 *
 * Return: boots in each run, STAT_MIN_EACH at least.
 */
size_t stat_boots_needed_each(const struct stat_test *t, size_t family,
			      double margin);

#endif
