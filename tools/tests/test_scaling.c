// SPDX-License-Identifier: GPL-2.0-only
/* Scaling curves of made-up runs, which grow as they were told to. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>

#include "scaling.h"
#include "summary.h"

#include "madeup.h"
#include "scratch.h"

static struct folder load(const char *dir)
{
	struct folder f;

	assert_int_equal(folder_load(dir, &f), 0);
	return f;
}

/* Sizes in ascending order, whatever order they came in; vCPUs likewise. */
static void finds_curves(void **state)
{
	static const double sizes[] = { 4096, 65536, 1048576, 16777216 };
	static const double vcpus[] = { 1, 2, 4, 8 };
	struct scaling *list;
	struct folder f;
	size_t n, i;

	(void)state;
	make_up("grown", 1, "--boots 6 --samples 5 --events 2 --noise 0.01 --scale 0.5");
	f = load("grown");
	n = scaling_find(&f, &list);
	assert_int_equal(n, 2);
	assert_int_equal(list[0].n, 4);
	assert_int_equal(list[1].n, 4);
	for (i = 0; i < 4; i++) {
		assert_true(scaling_x(&f, &list[list[0].by == BY_SIZE ? 0 : 1], i) == sizes[i]);
		assert_true(scaling_x(&f, &list[list[0].by == BY_SIZE ? 1 : 0], i) == vcpus[i]);
	}
	free(list);
	folder_free(&f);
	/* Two points are no curve, nor are events of other names one. */
	make_up("none", 1, "--boots 1 --samples 1 --events 6");
	f = load("none");
	assert_int_equal(scaling_find(&f, &list), 0);
	assert_null(list);
	folder_free(&f);
}

/* 0.5 with size, 0 with vCPUs, though boots differ by 2 as a whole. */
static void growth_is_found(void **state)
{
	struct scaling_shape shape;
	struct scaling *list;
	struct stat_test t;
	struct folder f = load("grown");
	size_t n = scaling_find(&f, &list), i, arm;

	(void)state;
	for (i = 0; i < n; i++)
		for (arm = 0; arm < f.n_arms; arm++) {
			double want = list[i].by == BY_SIZE ? 0.5 : 0;

			t = scaling_growth(&f, &list[i], arm);
			assert_int_equal(t.n, 6);
			assert_true(fabs(t.mean - want) < 0.03);
			assert_true(t.low <= t.mean && t.mean <= t.high);
			/* The planted fault: growth in proportion is ruled out. */
			assert_true(t.high < 1);
			shape = scaling_shape(&f, &list[i], arm);
			assert_true(fabs(shape.last_slope - want) < 0.1);
			assert_true(shape.residual >= 1 && shape.residual < 1.1);
			assert_false(shape.bends);
		}
	free(list);
	folder_free(&f);
}

static double number(const json_t *o, const char *key)
{
	return json_number_value(json_object_get(o, key));
}

/*
 * A planted bend: a step by 10 between flat ends. The line has an exponent and an
 * interval all the same, of which nothing is true: log 10 times 2/5 by log 16. It
 * misses the points at the step by 10^0.3.
 */
static void bend_is_found(void **state)
{
	struct summary s;
	json_t *j, *o;
	size_t i;

	(void)state;
	make_up("bent", 1, "--boots 6 --samples 5 --events 1 --noise 0.01 --scale 0 --bend 10");
	assert_int_equal(summary_load("bent", &s), 0);
	j = summary_json(&s);
	assert_int_equal(json_array_size(json_object_get(j, "scaling")), 10);
	json_array_foreach(json_object_get(j, "scaling"), i, o) {
		bool bent = !strcmp(json_string_value(json_object_get(o, "by")), "size");

		assert_int_equal(json_is_true(json_object_get(o, "bends")), bent);
		assert_true(fabs(number(o, "last_slope")) < 0.05);
		if (!bent)
			continue;
		assert_true(fabs(number(o, "exponent") - 0.4 * log(10) / log(16)) < 0.02);
		assert_true(number(o, "ci_low") > 0.3);
		assert_true(fabs(number(o, "residual") - pow(10, 0.3)) < 0.1);
	}
	json_decref(j);
	summary_free(&s);
}

/* A boot without all points is no number. */
static void incomplete_boots(void **state)
{
	struct scaling *list;
	struct stat_test t;
	struct folder f;
	size_t i;

	(void)state;
	assert_int_equal(system("cp -r grown part; sed -i '/,1048576,1,/d' part/boot-002/samples.csv"), 0);
	f = load("part");
	assert_int_equal(scaling_find(&f, &list), 2);
	t = scaling_growth(&f, &list[list[0].by == BY_SIZE ? 0 : 1], 0);
	assert_int_equal(t.n, 5);
	assert_true(isnan(t.low));
	assert_false(isnan(scaling_shape(&f, &list[0], 0).last_slope));
	free(list);
	folder_free(&f);
	/* Nor is one from no boot at all. */
	assert_int_equal(system("sed -i '/,1048576,1,/d' part/boot-*/samples.csv;"
				"sed -i 's/\\(,mutex,a,0,.*\\),16777216,/\\1,1048576,/' part/boot-000/samples.csv"), 0);
	f = load("part");
	assert_int_equal(scaling_find(&f, &list), 2);
	i = list[0].by == BY_SIZE ? 0 : 1;
	assert_int_equal(scaling_growth(&f, &list[i], 0).n, 0);
	assert_true(isnan(scaling_shape(&f, &list[i], 0).residual));
	assert_false(scaling_shape(&f, &list[i], 0).bends);
	free(list);
	folder_free(&f);
}

/*
 * Rate and memslots are ends of names; what only looks like one, and a name that
 * is nothing else, is none.
 */
static void by_name(void **state)
{
	struct cell cells[] = {
		{ .event = "aa_r800", .size = 1, .vcpus = 1 },
		{ .event = "aa_m4_r50", .size = 1, .vcpus = 1 },
		{ .event = "aa_r50", .size = 1, .vcpus = 1 },
		{ .event = "aa_r200", .size = 1, .vcpus = 1 },
		{ .event = "aa_r200", .size = 2, .vcpus = 1 },
		{ .event = "aa_m1_r50", .size = 1, .vcpus = 1 },
		{ .event = "aa_m16_r50", .size = 1, .vcpus = 1 },
		{ .event = "aa_2m", .size = 1, .vcpus = 1 },
		{ .event = "bb_r50x", .size = 1, .vcpus = 1 },
		{ .event = "bb_r", .size = 1, .vcpus = 1 },
		{ .event = "_r50", .size = 1, .vcpus = 1 },
		{ .event = "r50", .size = 1, .vcpus = 1 },
	};
	struct folder f = { .cells = cells, .n_cells = ARRAY_SIZE(cells) };
	char name[sizeof(cells->event)];
	struct scaling *list;

	(void)state;
	assert_int_equal(scaling_find(&f, &list), 2);
	assert_int_equal(list[0].by, BY_RATE);
	assert_int_equal(list[0].n, 3);
	assert_true(scaling_x(&f, &list[0], 0) == 50);
	assert_true(scaling_x(&f, &list[0], 1) == 200);
	assert_true(scaling_x(&f, &list[0], 2) == 800);
	assert_string_equal(scaling_event(name, &f, &list[0]), "aa");
	assert_int_equal(list[1].by, BY_MEMSLOTS);
	assert_int_equal(list[1].n, 3);
	assert_true(scaling_x(&f, &list[1], 2) == 16);
	assert_string_equal(scaling_event(name, &f, &list[1]), "aa_r50");
	free(list);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_curves),
		cmocka_unit_test(growth_is_found),
		cmocka_unit_test(bend_is_found),
		cmocka_unit_test(incomplete_boots),
		cmocka_unit_test(by_name),
	};

	return cmocka_run_group_tests_name("scaling", tests, scratch_setup,
					   scratch_teardown);
}
