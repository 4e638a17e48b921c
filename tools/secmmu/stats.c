// SPDX-License-Identifier: GPL-2.0-only
/* Statistics: see stats.h for what each function does and its source. */
#include "stats.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "rng.h"
#include "util.h"

void stat_sort_u32(uint32_t *v, size_t n, uint32_t *tmp)
{
	size_t count[4][256] = { 0 };
	uint32_t *from = v, *to = tmp, *swap;
	size_t i, at, c;
	int byte, b;

	for (i = 0; i < n; i++)
		for (byte = 0; byte < 4; byte++)
			count[byte][v[i] >> (8 * byte) & 255]++;
	for (byte = 0; byte < 4; byte++) {
		if (!n || count[byte][v[0] >> (8 * byte) & 255] == n)
			continue;
		for (at = 0, b = 0; b < 256; b++) {
			c = count[byte][b];
			count[byte][b] = at;
			at += c;
		}
		for (i = 0; i < n; i++)
			to[count[byte][from[i] >> (8 * byte) & 255]++] = from[i];
		swap = from;
		from = to;
		to = swap;
	}
	if (from != v)
		memcpy(v, from, n * sizeof(*v));
}

double stat_quantile_of(double (*at)(const void *v, size_t i), const void *v,
			size_t n, double p)
{
	double h = (double)(n - 1) * p, low;
	size_t i = (size_t)h;

	if (n < 2)
		return n ? at(v, 0) : NAN;
	if (i > n - 2)
		i = n - 2;
	low = at(v, i);
	return low + (h - (double)i) * (at(v, i + 1) - low);
}

static double double_at(const void *v, size_t i)
{
	return ((const double *)v)[i];
}

double stat_quantile(const double *v, size_t n, double p)
{
	return stat_quantile_of(double_at, v, n, p);
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

void stat_sort(double *v, size_t n)
{
	qsort(v, n, sizeof(*v), by_value);
}

struct stat_interval stat_median_ci(double *v, size_t n)
{
	struct stat_interval r = { NAN, NAN, NAN };
	double term = ldexp(1, -(int)n), below = term;
	size_t k = 0;

	stat_sort(v, n);
	r.mid = stat_quantile(v, n, 0.5);
	/* The largest k with P(Binomial(n, 1/2) < k) <= alpha / 2. */
	while (k < n && below <= STAT_ALPHA / 2) {
		k++;
		term *= (double)(n - k + 1) / (double)k;
		below += term;
	}
	if (k) {
		r.low = v[k - 1];
		r.high = v[n - k];
	}
	return r;
}

/*
 * A value a little nearer to the middle of v[0..n) than its @k-th smallest,
 * from a sample: Floyd and Rivest, "Expected time bounds for selection", CACM
 * 18 (1975). A bad guess costs time only.
 */
static double near_kth(const double *v, size_t n, size_t k)
{
	enum { SAMPLE = 601, SLACK = 20 };
	size_t step = n / SAMPLE, rank = (size_t)((double)k / (double)n * SAMPLE);
	double s[SAMPLE];
	size_t i;

	if (n < 10 * SAMPLE)
		return v[n / 2];
	/* An odd step: subset sums have a period of each power of two. */
	step -= step % 2 == 0;
	for (i = 0; i < SAMPLE; i++)
		s[i] = v[i * step];
	stat_sort(s, SAMPLE);
	if (rank < SAMPLE / 2)
		return s[rank + SLACK];
	return s[rank - SLACK];
}

/* The @k-th smallest (from 0) of v[0..n): Hoare's FIND, three-way. */
static double kth(double *v, size_t n, size_t k)
{
	size_t lo = 0, hi = n, lt, gt, i;
	double pivot, x;

	while (hi - lo > 1) {
		pivot = near_kth(v + lo, hi - lo, k - lo);
		for (lt = lo, gt = hi, i = lo; i < gt;) {
			x = v[i];
			if (x < pivot) {
				v[i++] = v[lt];
				v[lt++] = x;
			} else if (x > pivot) {
				v[i] = v[--gt];
				v[gt] = x;
			} else {
				i++;
			}
		}
		if (k < lt)
			hi = lt;
		else if (k >= gt)
			lo = gt;
		else
			return pivot;
	}
	return v[lo];
}

/* The means of all 2^n - 1 subsets of @d that are not empty. */
static double *all_means(const double *d, size_t n, size_t *count)
{
	size_t all = (size_t)1 << n, half, m;
	double *s = xmalloc(all * sizeof(*s));
	unsigned char *members = xmalloc(all);

	s[0] = 0;
	members[0] = 0;
	for (half = 1; half < all; half *= 2, d++)
		for (m = 0; m < half; m++) {
			s[half + m] = s[m] + *d;
			members[half + m] = (unsigned char)(members[m] + 1);
		}
	for (m = 1; m < all; m++)
		s[m - 1] = s[m] / members[m];
	free(members);
	*count = all - 1;
	return s;
}

/* Sums and sizes of all subsets of up to eight of @d. */
struct eight {
	double sum[256];
	unsigned int members[256];
};

static void fill_eight(struct eight *e, const double *d, size_t n)
{
	size_t half, m, i;

	memset(e, 0, sizeof(*e));
	for (i = 0, half = 1; i < 8; i++, half *= 2)
		for (m = 0; m < half; m++) {
			/* Past the end, being in the subset changes nothing. */
			e->sum[half + m] = e->sum[m] + (i < n ? d[i] : 0);
			e->members[half + m] = e->members[m] + (i < n);
		}
}

/* The means of STAT_DRAWS random subsets, none of them empty. */
static double *random_means(const double *d, size_t n, uint64_t seed,
			    size_t *count)
{
	size_t eights = (n + 7) / 8, draw, i, k;
	struct eight *e = xcalloc(eights, sizeof(*e));
	double *s = xmalloc(STAT_DRAWS * sizeof(*s));
	uint64_t bits = 0;
	double sum;

	for (i = 0; i < eights; i++)
		fill_eight(&e[i], d + 8 * i, n - 8 * i < 8 ? n - 8 * i : 8);
	for (draw = 0; draw < STAT_DRAWS;) {
		for (sum = 0, k = 0, i = 0; i < eights; i++) {
			bits = i % 8 ? bits >> 8 : splitmix64(&seed);
			sum += e[i].sum[bits & 255];
			k += e[i].members[bits & 255];
		}
		if (k)
			s[draw++] = sum / (double)k;
	}
	free(e);
	*count = STAT_DRAWS;
	return s;
}

static void mean_sd(const double *d, struct stat_test *t)
{
	double sum = 0, sq = 0;
	size_t i;

	for (i = 0; i < t->n; i++)
		sum += d[i];
	t->mean = sum / (double)t->n;
	for (i = 0; i < t->n; i++)
		sq += (d[i] - t->mean) * (d[i] - t->mean);
	if (t->n > 1)
		t->sd = sqrt(sq / (double)(t->n - 1));
}

/*
 * p and the interval from the @count values of @v, of which the observed
 * assignment is not one: values <= 0 stand for assignments at least as far to
 * the right as the observed one.
 */
static void invert(struct stat_test *t, double *v, size_t count, double tol)
{
	size_t i, k, le = 0, ge = 0;

	for (i = 0; i < count; i++) {
		le += v[i] <= tol;
		ge += v[i] >= -tol;
	}
	/* + 1: the observed assignment. */
	t->p = 2 * (double)((le < ge ? le : ge) + 1) / (double)(count + 1);
	if (t->p > 1)
		t->p = 1;
	k = (size_t)((double)(count + 1) * (STAT_ALPHA / 2));
	if (!k)
		return;
	t->low = kth(v, count, k - 1);
	t->high = kth(v, count, count - k);
	if (fabs(t->low) <= tol)
		t->low = 0;
	if (fabs(t->high) <= tol)
		t->high = 0;
}

/* Sums that are equal on paper differ by rounding. */
static double tolerance(const double *d, size_t n)
{
	double tol = 0;
	size_t i;

	for (i = 0; i < n; i++)
		tol += fabs(d[i]) * 1e-12 / (double)n;
	return tol;
}

struct stat_test stat_signflip(const double *d, size_t n, uint64_t seed)
{
	struct stat_test t = { n, NAN, NAN, NAN, NAN, NAN, n <= STAT_EXACT_MAX };
	double *means;
	size_t count;

	if (!n)
		return t;
	mean_sd(d, &t);
	means = t.exact ? all_means(d, n, &count)
			: random_means(d, n, seed, &count);
	invert(&t, means, count, tolerance(d, n));
	free(means);
	return t;
}

/* Two samples, and the values that all ways to divide them anew give. */
struct pool {
	const double *x, *y;
	size_t n, m;
	double *v;
	size_t count;
};

/* Take @left of y[j..m) into the place of the @k that x lost. */
static void take_y(struct pool *p, size_t j, size_t left, size_t k, double sum)
{
	if (!left) {
		if (k)
			p->v[p->count++] = sum / (double)k;
		return;
	}
	if (p->m - j < left)
		return;
	take_y(p, j + 1, left - 1, k, sum - p->y[j]);
	take_y(p, j + 1, left, k, sum);
}

static void drop_x(struct pool *p, size_t i, size_t k, double sum)
{
	if (i == p->n) {
		take_y(p, 0, k, k, sum);
		return;
	}
	drop_x(p, i + 1, k, sum);
	if (k < p->m)
		drop_x(p, i + 1, k + 1, sum + p->x[i]);
}

/* Divide at random, STAT_DRAWS times; the observed division does not count. */
static void random_divisions(struct pool *p, uint64_t seed)
{
	size_t all = p->n + p->m, *who = xcalloc(all, sizeof(*who)), i, j, k, t;
	struct rng r;
	double sum;

	rng_seed(&r, seed);
	for (i = 0; i < all; i++)
		who[i] = i;
	while (p->count < STAT_DRAWS) {
		/* The first n of a shuffle are x's: what y gives, x has lost. */
		for (sum = 0, k = 0, i = 0; i < p->n; i++) {
			j = i + rng_below(&r, all - i);
			t = who[i];
			who[i] = who[j];
			who[j] = t;
			if (who[i] < p->n)
				continue;
			sum -= p->y[who[i] - p->n];
			k++;
		}
		for (i = p->n; i < all; i++)
			if (who[i] < p->n)
				sum += p->x[who[i]];
		if (k)
			p->v[p->count++] = sum / (double)k;
	}
	free(who);
}

/* Ways to choose @k of @n, or infinity: as exact as a comparison needs. */
static double choose(size_t n, size_t k)
{
	double c = 1;
	size_t i;

	for (i = 1; i <= k && c < 1e300; i++)
		c *= (double)(n - k + i) / (double)i;
	return c;
}

struct stat_test stat_unpaired(const double *x, size_t n, const double *y,
			       size_t m, uint64_t seed)
{
	double ways = choose(n + m, n < m ? n : m);
	struct stat_test t = { n < m ? n : m, NAN, NAN, NAN, NAN, NAN,
			       ways <= STAT_WAYS_MAX };
	struct stat_test a = { .n = n, .sd = NAN }, b = { .n = m, .sd = NAN };
	struct pool p = { x, y, n, m, NULL, 0 };

	if (!t.n)
		return t;
	mean_sd(x, &a);
	mean_sd(y, &b);
	t.mean = a.mean - b.mean;
	t.sd = hypot(a.sd, b.sd);
	p.v = xcalloc(t.exact ? (size_t)(ways + 0.5) : STAT_DRAWS, sizeof(*p.v));
	if (t.exact)
		drop_x(&p, 0, 0, 0);
	else
		random_divisions(&p, seed);
	invert(&t, p.v, p.count, fmax(tolerance(x, n), tolerance(y, m)));
	free(p.v);
	return t;
}

struct ranked {
	double p;
	size_t i;
};

static int by_p(const void *a, const void *b)
{
	return by_value(&((const struct ranked *)a)->p,
			&((const struct ranked *)b)->p);
}

void stat_holm(double *p, size_t n)
{
	struct ranked *r = xcalloc(n, sizeof(*r));
	double adjusted, most = 0;
	size_t m = 0, i;

	for (i = 0; i < n; i++)
		if (!isnan(p[i]))
			r[m++] = (struct ranked){ p[i], i };
	qsort(r, m, sizeof(*r), by_p);
	for (i = 0; i < m; i++) {
		adjusted = fmin(1, r[i].p * (double)(m - i));
		most = fmax(most, adjusted);
		p[r[i].i] = most;
	}
	free(r);
}

const char *stat_verdict_name(enum stat_verdict v)
{
	static const char *const names[] = {
		[STAT_FASTER] = "faster",
		[STAT_SLOWER] = "slower",
		[STAT_SAME] = "same",
		[STAT_UNDERPOWERED] = "underpowered",
	};

	return names[v];
}

bool stat_differs(enum stat_verdict v)
{
	return v == STAT_FASTER || v == STAT_SLOWER;
}

enum stat_verdict stat_judge(const struct stat_test *t, double p, double margin)
{
	double m = log1p(margin);

	if (isnan(t->low) || isnan(p))
		return STAT_UNDERPOWERED;
	if (t->low >= -m && t->high <= m)
		return STAT_SAME;
	if (p > STAT_ALPHA)
		return STAT_UNDERPOWERED;
	return t->mean < 0 ? STAT_FASTER : STAT_SLOWER;
}

/* z with P(N(0,1) > z) = @tail, by bisection. */
static double normal_z(double tail)
{
	double lo = 0, hi = 40, mid;
	int i;

	for (i = 0; i < 80; i++) {
		mid = (lo + hi) / 2;
		if (erfc(mid / M_SQRT2) / 2 > tail)
			lo = mid;
		else
			hi = mid;
	}
	return lo;
}

static double boots_for(double sd, double distance, double alpha)
{
	double z = normal_z(alpha / 2) + normal_z(1 - STAT_POWER);

	return distance > 0 ? ceil(pow(z * sd / distance, 2)) : INFINITY;
}

/* @least: what the exact test needs for a difference, @interval: for "same" */
static size_t needed(const struct stat_test *t, double alpha, double margin,
		     double least, double interval)
{
	double m = log1p(margin), differ, same, n;

	differ = fmax(least, boots_for(t->sd, fabs(t->mean), alpha));
	same = fmax(interval, boots_for(t->sd, m - fabs(t->mean), STAT_ALPHA));
	n = fmin(differ, same);
	if (n > 1e9)
		n = 1e9;
	return n > (double)t->n ? (size_t)n : t->n + 1;
}

size_t stat_boots_needed(const struct stat_test *t, size_t family,
			 double margin)
{
	double alpha = STAT_ALPHA / (double)(family ? family : 1);

	if (t->n < 2)
		return STAT_MIN_BOOTS;
	return needed(t, alpha, margin, ceil(1 - log2(alpha)), STAT_MIN_BOOTS);
}

size_t stat_boots_needed_each(const struct stat_test *t, size_t family,
			      double margin)
{
	double alpha = STAT_ALPHA / (double)(family ? family : 1);
	size_t least = STAT_MIN_EACH;

	if (t->n < 2)
		return STAT_MIN_EACH;
	while (2 / choose(2 * least, least) > alpha)
		least++;
	return needed(t, alpha, margin, (double)least, STAT_MIN_EACH);
}
