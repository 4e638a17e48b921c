// SPDX-License-Identifier: GPL-2.0-only
/*
 * The statistics: fixed data against reference/stats.txt (SciPy), and by
 * simulation the error rates they promise.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <libgen.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "rng.h"
#include "stats.h"
#include "util.h"

#define VALUES 64

static void assert_close(double got, double want, const char *line)
{
	if (isnan(want) ? isnan(got) : fabs(got - want) <= 1e-12 + 1e-12 * fabs(want))
		return;
	print_error("%s\ngot %.17g instead of %.17g\n", line, got, want);
	fail();
}

/* Reference */

struct line {
	char text[2048];
	char kind[32], name[32];
	double v[VALUES];
	size_t n;
};

static FILE *reference(void)
{
	char exe[PATH_MAX] = "", *path;
	FILE *f;

	assert_true(readlink("/proc/self/exe", exe, sizeof(exe) - 1) > 0);
	path = xasprintf("%s/../../tests/reference/stats.txt", dirname(exe));
	f = fopen(path, "r");
	free(path);
	assert_non_null(f);
	return f;
}

static int next_line(FILE *f, struct line *l)
{
	char *p, *end;
	int len;

	do {
		if (!fgets(l->text, sizeof(l->text), f))
			return 0;
	} while (*l->text == '#');
	assert_int_equal(sscanf(l->text, "%31s %31s%n", l->kind, l->name, &len), 2);
	for (l->n = 0, p = l->text + len; l->n < VALUES; p = end) {
		double x = strtod(p, &end);

		if (end == p)
			break;
		l->v[l->n++] = x;
	}
	return 1;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void check_line(const struct line *l, const struct line *data)
{
	double v[VALUES];
	struct stat_interval m;
	struct stat_test t;
	size_t i;

	memcpy(v, data->v, sizeof(v));
	if (!strcmp(l->kind, "quantile")) {
		qsort(v, data->n, sizeof(*v), by_value);
		assert_close(stat_quantile(v, data->n, l->v[0]), l->v[1], l->text);
	} else if (!strcmp(l->kind, "median")) {
		m = stat_median_ci(v, data->n);
		assert_close(m.mid, l->v[0], l->text);
		assert_close(m.low, l->v[1], l->text);
		assert_close(m.high, l->v[2], l->text);
	} else if (!strcmp(l->kind, "signflip")) {
		t = stat_signflip(v, data->n, 1);
		assert_true(t.exact);
		assert_close(t.mean, l->v[0], l->text);
		assert_close(t.sd, l->v[1], l->text);
		assert_close(t.p, l->v[2], l->text);
		assert_close(t.low, l->v[3], l->text);
		assert_close(t.high, l->v[4], l->text);
	} else if (!strcmp(l->kind, "unpaired")) {
		t = stat_unpaired(v + 1, (size_t)v[0], v + 1 + (size_t)v[0],
				  data->n - 1 - (size_t)v[0], 1);
		assert_true(t.exact);
		assert_close(t.mean, l->v[0], l->text);
		assert_close(t.sd, l->v[1], l->text);
		assert_close(t.p, l->v[2], l->text);
		assert_close(t.low, l->v[3], l->text);
		assert_close(t.high, l->v[4], l->text);
	} else {
		assert_string_equal(l->kind, "holm");
		stat_holm(v, data->n);
		for (i = 0; i < l->n; i++)
			assert_close(v[i], l->v[i], l->text);
	}
}

static void agrees_with_scipy(void **state)
{
	struct line l, data = { .n = 0 };
	FILE *f = reference();
	size_t checked = 0;

	(void)state;
	while (next_line(f, &l)) {
		if (!strcmp(l.kind, "data") || !strcmp(l.kind, "two") ||
		    !strcmp(l.kind, "family")) {
			data = l;
			continue;
		}
		assert_string_equal(l.name, data.name);
		check_line(&l, &data);
		checked++;
	}
	fclose(f);
	assert_int_equal(checked, 10 * 8 + 6 + 3);
}

/* Fixed values */

static void sorts(void **state)
{
	static const uint32_t odd[] = { 0, UINT32_MAX, 1, 1u << 31, 255, 256, 1 };
	uint32_t v[1000], tmp[1000];
	struct rng r;
	size_t i;

	(void)state;
	rng_seed(&r, 5);
	for (i = 0; i < ARRAY_SIZE(v); i++)
		v[i] = i < ARRAY_SIZE(odd) ? odd[i] :
			(uint32_t)rng_next(&r) >> rng_below(&r, 32);
	stat_sort_u32(v, ARRAY_SIZE(v), tmp);
	for (i = 1; i < ARRAY_SIZE(v); i++)
		assert_true(v[i - 1] <= v[i]);
	assert_true(v[ARRAY_SIZE(v) - 1] == UINT32_MAX);
	for (i = 0; i < ARRAY_SIZE(v); i++)
		v[i] = 7;
	stat_sort_u32(v, ARRAY_SIZE(v), tmp);
	assert_true(v[0] == 7 && v[999] == 7);
	stat_sort_u32(v, 0, tmp);
}

static void quantile_edges(void **state)
{
	static const double one[] = { 42 }, two[] = { 10, 20 };

	(void)state;
	assert_true(isnan(stat_quantile(one, 0, 0.5)));
	assert_true(stat_quantile(one, 1, 0) == 42);
	assert_true(stat_quantile(one, 1, 1) == 42);
	assert_true(stat_quantile(two, 2, 0.5) == 15);
	assert_true(stat_quantile(two, 2, 1) == 20);
}

static void too_few(void **state)
{
	static const double d[] = { 0.1, 0.2, 0.15, 0.12, 0.11 };
	double v[5] = { 1, 2, 3, 4, 5 };
	struct stat_test t;
	size_t n;

	(void)state;
	t = stat_signflip(d, 0, 1);
	assert_true(isnan(t.mean) && isnan(t.p) && isnan(t.low));
	assert_int_equal(stat_judge(&t, t.p, 0.02), STAT_UNDERPOWERED);
	assert_int_equal(stat_boots_needed(&t, 1, 0.02), STAT_MIN_BOOTS);
	t = stat_signflip(d, 1, 1);
	assert_true(t.mean == 0.1 && isnan(t.sd) && t.p == 1 && isnan(t.low));
	assert_int_equal(stat_boots_needed(&t, 1, 0.02), STAT_MIN_BOOTS);
	for (n = 2; n < STAT_MIN_BOOTS; n++) {
		t = stat_signflip(d, n, 1);
		assert_true(isnan(t.low) && isnan(t.high));
		assert_int_equal(stat_judge(&t, t.p, 0.02), STAT_UNDERPOWERED);
		assert_true(stat_boots_needed(&t, 1, 0.02) >= STAT_MIN_BOOTS);
	}
	assert_true(isnan(stat_median_ci(v, 5).low));
	assert_true(stat_median_ci(v, 5).mid == 3);
	assert_true(isnan(stat_median_ci(v, 0).mid));
}

static void verdicts(void **state)
{
	struct stat_test t = { .n = 10, .mean = 0.05, .sd = 0.01, .p = 0.002,
			       .low = 0.04, .high = 0.06, .exact = true };

	(void)state;
	assert_int_equal(stat_judge(&t, 0.002, 0.02), STAT_SLOWER);
	/* Not after correction. */
	assert_int_equal(stat_judge(&t, 0.06, 0.02), STAT_UNDERPOWERED);
	/* A difference, but within the margin. */
	assert_int_equal(stat_judge(&t, 0.002, 0.1), STAT_SAME);
	/* On the margin's edge, below and above. */
	t.high = log1p(0.02);
	t.low = -log1p(0.02);
	assert_int_equal(stat_judge(&t, 1, 0.02), STAT_SAME);
	t.low -= 1e-9;
	assert_int_equal(stat_judge(&t, 1, 0.02), STAT_UNDERPOWERED);
	t.mean = -0.05;
	t.low = -0.06;
	t.high = -0.04;
	assert_int_equal(stat_judge(&t, 0.05, 0.02), STAT_FASTER);
	assert_int_equal(stat_judge(&t, NAN, 0.02), STAT_UNDERPOWERED);
}

/* As icount gives them: the same ratio in every boot. */
static void equal_ratios(void **state)
{
	double d[10] = { 0 };
	struct stat_test t = stat_signflip(d, 10, 1);
	size_t i;

	(void)state;
	assert_true(t.p == 1 && t.low == 0 && t.high == 0 && t.sd == 0);
	assert_int_equal(stat_judge(&t, t.p, 0.02), STAT_SAME);
	for (i = 0; i < 10; i++)
		d[i] = log(1.026);
	t = stat_signflip(d, 10, 1);
	assert_true(fabs(t.p - 2 / 1024.) < 1e-15);
	assert_true(fabs(t.low - d[0]) < 1e-15 && fabs(t.high - d[0]) < 1e-15);
	assert_int_equal(stat_judge(&t, t.p, 0.02), STAT_SLOWER);
	assert_int_equal(stat_judge(&t, t.p, 0.05), STAT_SAME);
	/* Spread 0 needs no more boots than the exact test itself. */
	t = stat_signflip(d, 4, 1);
	assert_int_equal(stat_boots_needed(&t, 1, 0.02), STAT_MIN_BOOTS);
	assert_int_equal(stat_boots_needed(&t, 16, 0.02), 10);
}

static double uniform(struct rng *r)
{
	return ((double)(rng_next(r) >> 11) + 0.5) * 0x1p-53;
}

static double normal(struct rng *r)
{
	double u = uniform(r), v = uniform(r);

	return sqrt(-2 * log(u)) * cos(2 * M_PI * v);
}

/* Above 20 boots: repeatable, and close to what enumeration gives at 20. */
static void random_flips(void **state)
{
	struct stat_test exact, mc, again;
	double d[40];
	struct rng r;
	size_t i;

	(void)state;
	rng_seed(&r, 3);
	for (i = 0; i < 40; i++)
		d[i] = 0.3 + normal(&r);
	exact = stat_signflip(d, 20, 1);
	assert_true(exact.exact);
	mc = stat_signflip(d, 40, 1);
	again = stat_signflip(d, 40, 1);
	assert_false(mc.exact);
	assert_true(mc.p == again.p && mc.low == again.low);
	assert_true(mc.p >= 1. / (STAT_DRAWS + 1));
	/* The large-sample interval, within Monte Carlo error and shape. */
	assert_true(fabs((mc.high - mc.low) / (2 * 2.02 * mc.sd / sqrt(40)) - 1) < 0.08);
	/* The same pairs by enumeration and by draws: 20, and 20 with 1 zero. */
	d[20] = 0;
	mc = stat_signflip(d, 21, 1);
	assert_false(mc.exact);
	assert_true(fabs(mc.p - exact.p) < 4 * sqrt(exact.p / STAT_DRAWS) + 1e-4);
}

/* Simulation */

struct sim {
	double boot;		/* sd of log time between boots */
	double slot;		/* sd between slots of a boot */
	double drift;		/* log time that each slot takes more than the last */
	double effect;		/* log-ratio of the arms */
	size_t boots, samples;
	bool unpaired;		/* try that fault as well: it takes time */
};

/*
 * Rates over runs. The first three are of our method; the others of variants
 * with a planted fault, each on the same samples.
 */
struct outcome {
	double rejected, covered, same;
	double pooled;		/* rejects: all samples of all boots as one */
	double unpaired;	/* rejects: arms not paired within the boot */
	double one_sided;	/* rejects: half of p */
	double normal_covered;	/* mean +- 1.96 standard errors */
	double fixed_order;	/* rejects: a before b in every boot */
};

static const double tenth = 50 / 1024.;	/* level with 10 boots, below */

/* One boot: log of each arm's median; @x, @y keep the samples. */
static void one_boot(const struct sim *s, struct rng *r, double *x, double *y,
		     double *a, double *b)
{
	double boot = s->boot * normal(r), u[VALUES], v[VALUES];
	bool a_first = rng_below(r, 2);
	size_t i;

	*a = boot + s->slot * normal(r) + s->effect + (a_first ? 0 : s->drift);
	*b = boot + s->slot * normal(r) + (a_first ? s->drift : 0);
	for (i = 0; i < s->samples; i++) {
		/* Skewed, as latencies are. */
		u[i] = x[i] = exp(*a + 0.05 * fabs(normal(r)));
		v[i] = y[i] = exp(*b + 0.05 * fabs(normal(r)));
	}
	*a = log(stat_median_ci(u, s->samples).mid);
	*b = log(stat_median_ci(v, s->samples).mid);
}

/* What many harnesses do: all samples of all boots as if independent. */
static bool pooled_rejects(const double *x, const double *y, size_t n)
{
	double mx = 0, my = 0, vx = 0, vy = 0;
	size_t i;

	for (i = 0; i < n; i++) {
		mx += log(x[i]) / (double)n;
		my += log(y[i]) / (double)n;
	}
	for (i = 0; i < n; i++) {
		vx += pow(log(x[i]) - mx, 2);
		vy += pow(log(y[i]) - my, 2);
	}
	return fabs(mx - my) / sqrt((vx + vy) / (double)n / (double)(n - 1)) > 1.96;
}

static bool covers(const struct stat_test *t, double effect)
{
	return t->low <= effect && effect <= t->high;
}

/* The boots' medians in, one run's outcome added to @o. */
static void judge_run(const struct sim *s, const double *a, const double *b,
		      size_t run, struct outcome *o)
{
	double d[VALUES], error;
	struct stat_test t;
	size_t k;

	for (k = 0; k < s->boots; k++)
		d[k] = a[k] - b[k];
	t = stat_signflip(d, s->boots, run);
	o->rejected += t.p <= STAT_ALPHA;
	o->covered += covers(&t, s->effect);
	o->same += stat_judge(&t, t.p, 0.02) == STAT_SAME;
	o->one_sided += t.p / 2 <= STAT_ALPHA;
	error = 1.96 * t.sd / sqrt((double)s->boots);
	o->normal_covered += fabs(t.mean - s->effect) <= error;
	if (s->unpaired)
		o->unpaired += stat_unpaired(a, s->boots, b, s->boots, run).p <= STAT_ALPHA;
	/* As if b had always been second. */
	for (k = 0; k < s->boots; k++)
		d[k] -= s->drift;
	o->fixed_order += stat_signflip(d, s->boots, run).p <= STAT_ALPHA;
}

static struct outcome simulate(const struct sim *s, size_t runs)
{
	double a[VALUES], b[VALUES], *x, *y, *rate;
	struct outcome o = { 0 };
	struct rng r;
	size_t i, k;

	x = xcalloc(s->boots * s->samples, sizeof(*x));
	y = xcalloc(s->boots * s->samples, sizeof(*y));
	rng_seed(&r, 20250101);
	for (i = 0; i < runs; i++) {
		for (k = 0; k < s->boots; k++)
			one_boot(s, &r, x + k * s->samples, y + k * s->samples,
				 &a[k], &b[k]);
		judge_run(s, a, b, i, &o);
		o.pooled += pooled_rejects(x, y, s->boots * s->samples);
	}
	free(x);
	free(y);
	for (rate = (double *)&o; rate < (double *)(&o + 1); rate++)
		*rate /= (double)runs;
	return o;
}

/* Within 4 standard errors of the rate: a false alarm of the test in 15000. */
static bool rate_is(double got, double rate, size_t runs)
{
	return fabs(got - rate) <= 4 * sqrt(rate * (1 - rate) / (double)runs);
}

static void assert_rate(double got, double rate, size_t runs, const char *what)
{
	if (rate_is(got, rate, runs))
		return;
	print_error("%s: %.4f, not %.4f\n", what, got, rate);
	fail();
}

/*
 * Nothing differs; boots scatter by a factor of about 2, slots by 10 %. Of
 * 1024 sign assignments 50 are at or below 5 %, so that the level is 50/1024.
 * Planted faults: p of one side taken for that of both, and the interval of a
 * normal distribution, which 6 boots are too few for. The same checks see them.
 */
static void false_alarms(void **state)
{
	struct sim s = { .boot = 0.6, .slot = 0.1, .boots = 10, .samples = 9 };
	struct outcome o = simulate(&s, 2000);

	(void)state;
	assert_rate(o.rejected, tenth, 2000, "false alarms, 10 boots");
	assert_rate(o.covered, 1 - tenth, 2000, "coverage, 10 boots");
	assert_false(rate_is(o.one_sided, tenth, 2000));
	s.boots = 6;
	o = simulate(&s, 4000);
	assert_rate(o.rejected, 2 / 64., 4000, "false alarms, 6 boots");
	assert_rate(o.covered, 1 - 2 / 64., 4000, "coverage, 6 boots");
	assert_false(rate_is(o.normal_covered, 1 - 2 / 64., 4000));
	assert_true(o.normal_covered < 0.92);
}

/*
 * The planted fault: taking samples for independent. If the check above did
 * not see it, it would check nothing.
 */
static void pooling_is_caught(void **state)
{
	struct sim s = { .boot = 0, .slot = 0.1, .boots = 10, .samples = 40 };
	struct outcome o = simulate(&s, 500);

	(void)state;
	assert_true(o.pooled > 0.4);
	assert_false(rate_is(o.pooled, tenth, 500));
	assert_rate(o.rejected, tenth, 500, "false alarms of paired boots");
}

/*
 * Each slot takes 5 % longer than the one before. The random order makes that
 * scatter; the planted fault, a fixed order, makes it a difference.
 */
static void drift_is_no_difference(void **state)
{
	struct sim s = { .boot = 0.6, .slot = 0.02, .drift = 0.05, .boots = 10,
			 .samples = 9 };
	struct outcome o = simulate(&s, 1000);

	(void)state;
	assert_true(o.rejected < tenth + 4 * sqrt(tenth * (1 - tenth) / 1000));
	assert_true(o.fixed_order > 0.3);
	assert_false(rate_is(o.fixed_order, tenth, 1000));
}

/* 5 %, which is 1.7 standard deviations of a boot's ratio. */
static bool is_powerful(double rejected)
{
	return rejected > 0.95;
}

static void power_and_coverage(void **state)
{
	struct sim s = { .boot = 0.6, .slot = 0.02, .effect = 0.05,
			 .boots = 10, .samples = 9 };
	struct outcome o = simulate(&s, 1000);

	(void)state;
	assert_true(is_powerful(o.rejected));
	assert_rate(o.covered, 1 - tenth, 1000, "coverage with an effect");
	/* 5 % is hardly ever called the same within 2 %. */
	assert_true(o.same < 0.01);
	/* The planted fault: among boots that differ by 2 the effect is lost. */
	s.boots = 7;
	s.unpaired = true;
	o = simulate(&s, 300);
	assert_false(is_powerful(o.unpaired));
	assert_true(o.unpaired < 0.1 && o.rejected > 0.8);
	/* Nothing differs and little scatters: called the same. */
	s.effect = 0;
	s.slot = 0.005;
	s.boots = 10;
	s.samples = 49;
	s.unpaired = false;
	o = simulate(&s, 500);
	assert_true(o.same > 0.8);
}

/*
 * The truth lies on the margin: to call it the same is wrong, and happens when
 * the interval's end falls short of it: in 25 of 1024.
 */
static void same_at_the_margin(void **state)
{
	struct sim s = { .boot = 0.6, .slot = 0.002, .boots = 10, .samples = 9 };
	struct outcome o;

	(void)state;
	s.effect = log1p(0.02);
	o = simulate(&s, 2000);
	assert_rate(o.same, tenth / 2, 2000, "same, at the margin");
	/* The planted fault: p alone says of nearly all that they differ. */
	assert_false(rate_is(1 - o.rejected, tenth / 2, 2000));
}

/*
 * Two runs of boots of their own. Level, coverage and power of the unpaired
 * test, of boots that scatter alike (@sd_x 1) or not.
 */
static struct outcome simulate_two(size_t n, size_t m, double sd_x, double effect,
				   size_t runs)
{
	struct outcome o = { 0 };
	double x[VALUES], y[VALUES];
	struct stat_test t;
	struct rng r;
	size_t i, k;

	rng_seed(&r, 20250102);
	for (i = 0; i < runs; i++) {
		for (k = 0; k < n; k++)
			x[k] = effect + sd_x * normal(&r);
		for (k = 0; k < m; k++)
			y[k] = normal(&r);
		t = stat_unpaired(x, n, y, m, i);
		o.rejected += t.p <= STAT_ALPHA;
		o.covered += covers(&t, effect);
		o.one_sided += t.p / 2 <= STAT_ALPHA;
	}
	o.rejected /= (double)runs;
	o.covered /= (double)runs;
	o.one_sided /= (double)runs;
	return o;
}

static void two_runs(void **state)
{
	/* Of C(12,6) = 924 divisions 46 are at or below 5 %. */
	const double level = 46 / 924.;
	struct outcome o = simulate_two(6, 6, 1, 0, 4000);

	(void)state;
	assert_rate(o.rejected, level, 4000, "false alarms of two runs");
	assert_rate(o.covered, 1 - level, 4000, "coverage of two runs");
	assert_false(rate_is(o.one_sided, level, 4000));
	o = simulate_two(6, 6, 1, 3, 1000);
	assert_true(o.rejected > 0.95);
	assert_rate(o.covered, 1 - level, 1000, "coverage of two runs that differ");
	/* What docs/statistics.md says of runs that scatter unlike. */
	o = simulate_two(6, 6, 4, 0, 2000);
	assert_true(o.rejected < 0.1);
	o = simulate_two(4, 10, 4, 0, 2000);
	assert_true(o.rejected > 0.1);
}

static void two_runs_edges(void **state)
{
	double v[40] = { 0 }, one = 3;
	struct stat_test t, again;
	struct rng r;
	size_t i;

	(void)state;
	t = stat_unpaired(v, 0, v, 5, 1);
	assert_true(!t.n && isnan(t.mean) && isnan(t.p) && isnan(t.low));
	t = stat_unpaired(&one, 1, v, 40, 1);
	assert_true(t.n == 1 && t.mean == 3 && isnan(t.sd) && t.exact);
	assert_true(fabs(t.p - 2 / 41.) < 1e-15 && t.low == 3 && t.high == 3);
	assert_int_equal(stat_boots_needed_each(&t, 1, 0.01), STAT_MIN_EACH);
	t = stat_unpaired(v, 20, v, 20, 1);
	assert_true(!t.exact && t.p == 1 && t.low == 0 && t.high == 0);
	/* Above STAT_WAYS_MAX: repeatable, and near the large-sample interval. */
	rng_seed(&r, 4);
	for (i = 0; i < 40; i++)
		v[i] = normal(&r);
	t = stat_unpaired(v, 20, v + 20, 20, 1);
	again = stat_unpaired(v, 20, v + 20, 20, 1);
	assert_true(t.p == again.p && t.low == again.low);
	assert_true(fabs((t.high - t.low) / (2 * 2.02 * t.sd / sqrt(20)) - 1) < 0.08);
	/* Many comparisons need more boots than the one: C(12,6) / 2 > 16 * 20. */
	t = stat_unpaired((double[]){ 5, 5 }, 2, v, 2, 1);
	t.sd = 0;
	assert_int_equal(stat_boots_needed_each(&t, 1, 0.01), 4);
	assert_int_equal(stat_boots_needed_each(&t, 16, 0.01), 6);
}

/* With as many boots as were said to be needed, 4 of 5 runs see the effect. */
static void boots_needed_suffice(void **state)
{
	struct stat_test t = { .n = 10, .mean = 0.05, .sd = 0.08 };
	struct sim s = { .slot = 0.08 / sqrt(2), .effect = 0.05, .samples = 1 };
	struct outcome o;

	(void)state;
	t.sd = sqrt(0.08 * 0.08 + 2 * pow(0.05 * 0.603, 2));
	s.boots = stat_boots_needed(&t, 1, 0.02);
	assert_in_range(s.boots, 20, 40);
	o = simulate(&s, 100);
	assert_true(o.rejected > 0.65 && o.rejected < 0.95);
}

/* Holm keeps the chance of any false alarm in a family at 5 %. */
static void family_of_nulls(void **state)
{
	const size_t runs = 2000, m = 6;
	size_t i, k, j, any = 0;
	double p[6], d[12];
	struct rng r;

	(void)state;
	rng_seed(&r, 11);
	for (i = 0; i < runs; i++) {
		for (k = 0; k < m; k++) {
			for (j = 0; j < 12; j++)
				d[j] = normal(&r);
			p[k] = stat_signflip(d, 12, 1).p;
		}
		stat_holm(p, m);
		for (k = 0; k < m && p[k] > STAT_ALPHA; k++)
			;
		any += k < m;
	}
	assert_true((double)any / (double)runs < 0.05 + 4 * sqrt(0.05 * 0.95 / (double)runs));
	assert_true((double)any / (double)runs > 0.02);
}

static void holm_edges(void **state)
{
	double p[] = { 0.01, NAN, 0.04 };

	(void)state;
	stat_holm(p, 0);
	stat_holm(p, 3);
	assert_true(fabs(p[0] - 0.02) < 1e-15 && isnan(p[1]) && p[2] == 0.04);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(agrees_with_scipy),
		cmocka_unit_test(sorts),
		cmocka_unit_test(quantile_edges),
		cmocka_unit_test(too_few),
		cmocka_unit_test(verdicts),
		cmocka_unit_test(equal_ratios),
		cmocka_unit_test(random_flips),
		cmocka_unit_test(holm_edges),
		cmocka_unit_test(false_alarms),
		cmocka_unit_test(pooling_is_caught),
		cmocka_unit_test(drift_is_no_difference),
		cmocka_unit_test(power_and_coverage),
		cmocka_unit_test(same_at_the_margin),
		cmocka_unit_test(two_runs),
		cmocka_unit_test(two_runs_edges),
		cmocka_unit_test(boots_needed_suffice),
		cmocka_unit_test(family_of_nulls),
	};

	return cmocka_run_group_tests_name("stats", tests, NULL, NULL);
}
