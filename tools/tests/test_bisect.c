// SPDX-License-Identifier: GPL-2.0-only
/* Bisecting, simulated: rows of points that fail, flake, miss and do not build. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "bisect.h"
#include "rng.h"
#include "util.h"

#define POINTS_MAX 64

/* A made-up row: points from @first on fail at @rate, any run is lost at @miss. */
struct row {
	size_t n, first;
	double rate, miss;
	size_t skip_from, skip_to;	/* these are never told (from <= i < to) */
	enum bisect_answer skip_as;
	const char *fixed;		/* or: a letter per point, "GBM" */
	bool miss_is_good;		/* the planted fault */
	unsigned int runs, stop_at;	/* interrupted at this run; 0: never */
	struct rng rng;
	struct bisect_point v[POINTS_MAX];
	unsigned int steps, last_step, last_of;
	bool good_first;
	size_t begun;			/* the point of the first step */
};

static double uniform(struct rng *r)
{
	return (double)rng_below(r, 1u << 24) / (1u << 24);
}

static enum bisect_answer letter(char c)
{
	return c == 'G' ? BISECT_GOOD : c == 'B' ? BISECT_BAD :
	       c == 'M' ? BISECT_LOST : BISECT_BROKEN;
}

static enum bisect_answer answer(struct row *r, size_t point)
{
	if (r->fixed)
		return letter(r->fixed[point]);
	if (point >= r->skip_from && point < r->skip_to)
		return r->skip_as;
	if (r->miss > 0 && uniform(&r->rng) < r->miss)
		return BISECT_LOST;
	if (point < r->first)
		return BISECT_GOOD;
	return r->rate >= 1 || uniform(&r->rng) < r->rate ? BISECT_BAD : BISECT_GOOD;
}

static int run(size_t point, enum bisect_answer *a, void *arg)
{
	struct row *r = arg;

	assert_true(point < r->n);
	if (++r->runs == r->stop_at)
		return ST_INTR;
	*a = answer(r, point);
	if (r->miss_is_good && *a == BISECT_LOST)
		*a = BISECT_GOOD;
	return ST_OK;
}

static void step(size_t point, unsigned int k, unsigned int of, size_t left, void *arg)
{
	struct row *r = arg;

	assert_true(point < r->n && k <= of && left >= 1 && left < r->n);
	assert_true(k > r->last_step);
	if (!r->steps)
		r->begun = point;
	r->last_step = k;
	r->last_of = of;
	r->steps++;
}

static struct bisect_result search(struct row *r, unsigned int runs,
				   unsigned int retries)
{
	struct bisect b = {
		.v = r->v, .n = r->n, .runs = runs, .retries = retries,
		.run = run, .step = step, .arg = r, .good_first = r->good_first,
	};
	struct bisect_result result;

	if (r->fixed)
		r->n = b.n = strlen(r->fixed);
	assert_true(r->n <= POINTS_MAX);
	assert_int_equal(bisect_search(&b, &result), ST_OK);
	return result;
}

static void deterministic(void **state)
{
	(void)state;
	for (size_t n = 2; n <= POINTS_MAX; n++) {
		for (size_t first = 1; first < n; first++) {
			struct row r = { .n = n, .first = first, .rate = 1 };
			struct bisect_result x = search(&r, 1, 2);

			assert_int_equal(x.outcome, BISECT_FOUND);
			assert_int_equal(x.first_bad, first);
			assert_int_equal(x.last_good, first - 1);
			assert_true(r.runs <= 2 + ceil(log2((double)n)));
			assert_int_equal(r.steps, r.runs);
			assert_true(x.confidence > 0 && x.confidence <= 1);
		}
	}
}

/* With two points there is one place, and no doubt. */
static void certain(void **state)
{
	struct row r = { .n = 2, .first = 1, .rate = 1 };

	(void)state;
	assert_true(fabs(search(&r, 1, 0).confidence - 1) < 1e-12);
}

/* Whichever end is verified first, what is found is the same. */
static void either_end_first(void **state)
{
	static const char *const rows[] = { "GGGBB", "GGGGG", "BBBBB", "BGGGB", "GGGGM", "MGGGB" };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct row bad = { .fixed = rows[i] };
		struct row good = { .fixed = rows[i], .good_first = true };
		struct bisect_result x = search(&bad, 1, 1), y = search(&good, 1, 1);

		assert_int_equal(bad.begun, strlen(rows[i]) - 1);
		assert_int_equal(good.begun, 0);
		assert_int_equal(x.outcome, y.outcome);
		assert_int_equal(x.end, y.end);
		assert_int_equal(x.first_bad, y.first_bad);
	}
}

static void ends_disagree(void **state)
{
	static const struct {
		const char *row;
		enum bisect_outcome outcome;
		size_t end;
	} v[] = {
		{ "GGGGG", BISECT_BAD_END_GOOD, 4 },
		{ "BBBBB", BISECT_GOOD_END_BAD, 0 },
		{ "GBBBG", BISECT_BAD_END_GOOD, 4 },	/* mended since */
		{ "BGGGB", BISECT_GOOD_END_BAD, 0 },
		{ "GGGGM", BISECT_END_SKIPPED, 4 },
		{ "MGGGB", BISECT_END_SKIPPED, 0 },
		{ "xGGGB", BISECT_END_SKIPPED, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(v); i++) {
		struct row r = { .fixed = v[i].row };
		struct bisect_result x = search(&r, 1, 2);

		assert_int_equal(x.outcome, v[i].outcome);
		assert_int_equal(x.end, v[i].end);
	}
}

/* Between good ends anything goes: what is named is a step from good to bad. */
static void non_monotonic(void **state)
{
	struct rng rng;

	(void)state;
	rng_seed(&rng, 7);
	for (unsigned int k = 0; k < 2000; k++) {
		char row[24] = "G";
		struct row r = { .fixed = row };
		struct bisect_result x;
		size_t n = 3 + rng_below(&rng, 20);

		for (size_t i = 1; i < n - 1; i++)
			row[i] = "GB"[rng_below(&rng, 2)];
		row[n - 1] = 'B';
		x = search(&r, 1, 0);
		assert_int_equal(x.outcome, BISECT_FOUND);
		assert_int_equal(x.first_bad, x.last_good + 1);
		assert_int_equal(row[x.last_good], 'G');
		assert_int_equal(row[x.first_bad], 'B');
	}
}

/* All around the skipped range, and inside it: the candidates hold the right one. */
static void skip_ranges(void **state)
{
	(void)state;
	for (size_t from = 1; from < 20; from++) {
		for (size_t to = from + 1; to < 20; to++) {
			for (size_t first = 1; first < 20; first++) {
				struct row r = {
					.n = 20, .first = first, .rate = 1,
					.skip_from = from, .skip_to = to,
					.skip_as = to % 2 ? BISECT_LOST : BISECT_BROKEN,
				};
				struct bisect_result x;
				size_t last = first - 1, bad = first;

				if (to > 19)
					continue;
				while (last >= from && last < to)
					last--;
				while (bad >= from && bad < to)
					bad++;
				x = search(&r, 1, 2);
				assert_int_equal(x.outcome, BISECT_FOUND);
				assert_int_equal(x.last_good, last);
				assert_int_equal(x.first_bad, bad);
			}
		}
	}
}

static void all_between_skipped(void **state)
{
	struct row r = { .fixed = "GMMxMB" };
	struct bisect_result x = search(&r, 1, 1);

	(void)state;
	assert_int_equal(x.last_good, 0);
	assert_int_equal(x.first_bad, 5);
	/* Two runs for each that may still answer, one for the one that never will. */
	assert_int_equal(r.runs, 2 + 3 * 2 + 1);
	assert_true(fabs(x.confidence - 1) < 1e-12);
}

/* Runs are lost now and then: retried, and what is found is right. */
static size_t wrong_with_misses(bool planted)
{
	size_t wrong = 0;

	for (unsigned int k = 0; k < 500; k++) {
		struct row r = {
			.n = 30, .first = 1 + k % 29, .rate = 1, .miss = 0.3,
			.miss_is_good = planted,
		};
		struct bisect_result x;

		rng_seed(&r.rng, k);
		x = search(&r, 1, 8);
		wrong += x.outcome != BISECT_FOUND || r.first <= x.last_good ||
			 r.first > x.first_bad;
	}
	return wrong;
}

static void misses_are_retried(void **state)
{
	(void)state;
	assert_int_equal(wrong_with_misses(false), 0);
}

/* The planted fault: a search that takes MISS as good. */
static void planted_miss_is_good(void **state)
{
	(void)state;
	assert_true(wrong_with_misses(true) > 250);
}

/* Fails every other time: the more runs, the fewer wrong answers. */
static size_t wrong_at_half(unsigned int runs, double *stated)
{
	size_t wrong = 0, found = 0;

	*stated = 0;
	for (unsigned int k = 0; k < 1000; k++) {
		struct row r = { .n = 22, .first = 1 + k % 21, .rate = 0.5 };
		struct bisect_result x;

		rng_seed(&r.rng, 1000 + k);
		x = search(&r, runs, 2);
		if (x.outcome != BISECT_FOUND)
			continue;
		found++;
		*stated += x.confidence;
		wrong += x.first_bad != r.first;
	}
	assert_true(found > 450);
	*stated /= (double)found;
	return 1000 * wrong / found;
}

static void flaky_half(void **state)
{
	double one, five, ten;

	(void)state;
	assert_true(wrong_at_half(1, &one) > 300);
	assert_true(wrong_at_half(5, &five) < 120);
	assert_true(wrong_at_half(10, &ten) < 10);
	/* It is known beforehand, too. */
	assert_true(one < 0.6 && five > 0.8 && ten > 0.95);
}

/*
 * Is the stated confidence true? Over rows and rates drawn at random, as often as it
 * says; also with runs that get lost.
 */
static void confidence_is_true(void **state)
{
	double stated = 0, right = 0, high = 0, high_right = 0;
	struct rng rng;

	(void)state;
	rng_seed(&rng, 42);
	for (unsigned int k = 0; k < 8000; k++) {
		struct row r = {
			.n = 22, .first = 1 + rng_below(&rng, 21),
			.rate = uniform(&rng), .miss = 0.1,
		};
		struct bisect_result x;

		rng_seed(&r.rng, 5000 + k);
		x = search(&r, 1 + k % 5, 2);
		if (x.outcome != BISECT_FOUND)
			continue;
		stated += x.confidence;
		right += r.first > x.last_good && r.first <= x.first_bad;
		if (x.confidence < 0.9)
			continue;
		high += x.confidence;
		high_right += r.first > x.last_good && r.first <= x.first_bad;
	}
	assert_true(right > 2000);
	assert_true(fabs(stated / right - 1) < 0.03);
	assert_true(high_right > 500);
	assert_true(fabs(high / high_right - 1) < 0.02);
}

/* As the formula in the documentation says. */
static void slip_of_runs(void **state)
{
	struct bisect_point v[] = { { .good = 4 }, { .good = 2, .bad = 2 } };
	struct bisect b = { .v = v, .n = 2, .runs = 4, .run = run };
	struct bisect_result x;

	(void)state;
	assert_int_equal(bisect_search(&b, &x), ST_OK);
	/* B(3, 7) / B(3, 3) */
	assert_true(fabs(x.slip - (1 / 252.0) / (1 / 30.0)) < 1e-9);
}

/* Interrupted at any run and started again: nothing is run twice, same answer. */
static void goes_on(void **state)
{
	(void)state;
	for (unsigned int stop = 1; stop < 20; stop++) {
		struct row r = { .n = 40, .first = 17, .rate = 1 };
		struct bisect b = {
			.v = r.v, .n = r.n, .runs = 2, .retries = 2, .run = run, .arg = &r,
		};
		struct row whole = r;
		struct bisect_result x;

		search(&whole, 2, 2);
		r.stop_at = stop;
		if (bisect_search(&b, &x) == ST_INTR) {
			assert_int_equal(r.runs, stop);
			r.runs--;
			r.stop_at = 0;
			assert_int_equal(bisect_search(&b, &x), ST_OK);
		}
		assert_int_equal(x.first_bad, 17);
		assert_int_equal(r.runs, whole.runs);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(deterministic),
		cmocka_unit_test(certain),
		cmocka_unit_test(either_end_first),
		cmocka_unit_test(ends_disagree),
		cmocka_unit_test(non_monotonic),
		cmocka_unit_test(skip_ranges),
		cmocka_unit_test(all_between_skipped),
		cmocka_unit_test(misses_are_retried),
		cmocka_unit_test(planted_miss_is_good),
		cmocka_unit_test(flaky_half),
		cmocka_unit_test(confidence_is_true),
		cmocka_unit_test(slip_of_runs),
		cmocka_unit_test(goes_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
