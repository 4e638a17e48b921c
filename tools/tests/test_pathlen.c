// SPDX-License-Identifier: GPL-2.0-only
/* Path lengths of made-up runs: a planted change is found, and nothing else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>

#include "pathlen.h"

#include "madeup.h"
#include "scratch.h"

/* As icount scatters: a thousandth from slot to slot. */
#define ICOUNT "--samples 9 --events 3 --clock icount --spread 0 --noise 0.001 " \
	"--jitter 0.001 --effect 1 "
#define AA_RUNS 20

static struct pathlen runs(const char *old, const char *new, double threshold)
{
	struct pathlen p;

	assert_int_equal(pathlen_runs(old, new, NULL, threshold, &p), 0);
	return p;
}

static size_t count(const struct pathlen *p, enum pathlen_verdict v)
{
	size_t i, n = 0;

	for (i = 0; i < p->n_rows; i++)
		n += p->rows[i].verdict == v;
	return n;
}

/* 1 % in one of three events, in each of five arms; then no more than that. */
static void finds_one_percent(void **state)
{
	struct pathlen p;
	size_t i;

	(void)state;
	make_up("old", 1, "--boots 6 " ICOUNT);
	make_up("new", 2, "--boots 6 " ICOUNT "--planted 1.0107");
	p = runs("old", "new", PATHLEN_THRESHOLD);
	assert_int_equal(p.n_rows, 5 * 4);
	assert_int_equal(p.verdict, PATHLEN_CHANGED);
	assert_int_equal(count(&p, PATHLEN_CHANGED), 5);
	assert_int_equal(count(&p, PATHLEN_SAME), 15);
	for (i = 0; i < p.n_rows; i++)
		assert_true((p.rows[i].verdict == PATHLEN_CHANGED) ==
			    !strncmp(p.rows[i].event, "mremap_thp ", 11));
	assert_true(fabs(p.rows[0].base / 240000 - 1) < 0.01);
	assert_true(p.notes.n == 1 && strstr(p.notes.v[0], "seed"));
	pathlen_free(&p);
	/* Shorter is changed as well. */
	p = runs("new", "old", PATHLEN_THRESHOLD);
	assert_int_equal(count(&p, PATHLEN_CHANGED), 5);
	pathlen_free(&p);
	/* Below the threshold it is no change. */
	p = runs("old", "new", 0.02);
	assert_int_equal(p.verdict, PATHLEN_SAME);
	pathlen_free(&p);
	/* One arm alone. */
	assert_int_equal(pathlen_runs("old", "new", "mutex", PATHLEN_THRESHOLD, &p), 0);
	assert_int_equal(p.n_rows, 4);
	pathlen_free(&p);
}

static void no_false_alarm(void **state)
{
	struct pathlen p;
	unsigned int i;

	(void)state;
	for (i = 0; i < AA_RUNS; i++) {
		assert_int_equal(system("rm -rf aa-old aa-new"), 0);
		make_up("aa-old", 100 + 2 * i, "--boots 6 " ICOUNT);
		make_up("aa-new", 101 + 2 * i, "--boots 6 " ICOUNT);
		p = runs("aa-old", "aa-new", PATHLEN_THRESHOLD);
		assert_int_equal(p.verdict, PATHLEN_SAME);
		assert_int_equal(count(&p, PATHLEN_SAME), p.n_rows);
		pathlen_free(&p);
	}
}

/*
 * Runs that scatter by 0.6 %. The planted fault is a rule of thumb, any event's
 * means that are 1 % apart or farther are a change: it raises false alarms,
 * where the test raises none.
 */
static void rule_of_thumb_is_worse(void **state)
{
	unsigned int i, k, thumb = 0;
	struct pathlen p;

	(void)state;
	for (i = 0; i < AA_RUNS; i++) {
		assert_int_equal(system("rm -rf aa-old aa-new"), 0);
		make_up("aa-old", 200 + 2 * i, "--boots 4 " ICOUNT "--noise 0.006");
		make_up("aa-new", 201 + 2 * i, "--boots 4 " ICOUNT "--noise 0.006");
		p = runs("aa-old", "aa-new", PATHLEN_THRESHOLD);
		assert_int_equal(count(&p, PATHLEN_CHANGED), 0);
		for (k = 0; k < p.n_rows; k++)
			if (fabs(p.rows[k].test.mean) > log1p(PATHLEN_THRESHOLD))
				break;
		thumb += k < p.n_rows;
		pathlen_free(&p);
	}
	assert_true(thumb > 1);
}

static void not_enough(void **state)
{
	struct pathlen p;

	(void)state;
	make_up("few-old", 1, "--boots 3 " ICOUNT);
	make_up("few-new", 2, "--boots 3 " ICOUNT "--planted 1.1");
	p = runs("few-old", "few-new", PATHLEN_THRESHOLD);
	assert_int_equal(p.verdict, PATHLEN_NOT_ENOUGH);
	assert_true(p.rows[0].boots_needed >= STAT_MIN_EACH);
	pathlen_free(&p);
	/* A change somewhere decides, whatever is open elsewhere. */
	make_up("rough-old", 1, "--boots 6 " ICOUNT "--noise 0.02");
	make_up("rough-new", 2, "--boots 6 " ICOUNT "--noise 0.02 --planted 1.5");
	p = runs("rough-old", "rough-new", PATHLEN_THRESHOLD);
	assert_true(count(&p, PATHLEN_NOT_ENOUGH) > 0);
	assert_int_equal(p.verdict, PATHLEN_CHANGED);
	pathlen_free(&p);
}

static void arms_of_a_run(void **state)
{
	struct pathlen p;

	(void)state;
	make_up("arms", 1, "--boots 8 " ICOUNT "--effect 1.017");
	assert_int_equal(pathlen_arms("arms", NULL, PATHLEN_THRESHOLD, &p), 0);
	assert_int_equal(p.n_rows, 4 * 4);
	assert_int_equal(p.verdict, PATHLEN_CHANGED);
	assert_false(p.aa_broken);
	pathlen_free(&p);
	assert_int_equal(pathlen_arms("arms", "spinlock/rwlock", PATHLEN_THRESHOLD, &p), 0);
	assert_int_equal(p.n_rows, 4);
	assert_int_equal(p.verdict, PATHLEN_SAME);
	assert_true(isnan(p.rows[0].base));	/* all events */
	pathlen_free(&p);
	assert_int_equal(pathlen_arms("arms", "mutex/spinlock", PATHLEN_THRESHOLD, &p), 0);
	assert_int_equal(p.verdict, PATHLEN_CHANGED);
	pathlen_free(&p);
}

/* The planted fault: an arm that differs from itself. Then nothing counts. */
static void broken_aa(void **state)
{
	struct pathlen p;

	(void)state;
	make_up("broken", 1, "--boots 8 " ICOUNT "--aa 1.03");
	assert_int_equal(pathlen_arms("broken", NULL, PATHLEN_THRESHOLD, &p), 0);
	assert_true(p.aa_broken && p.verdict == PATHLEN_NOT_ENOUGH);
	assert_non_null(strstr(p.notes.v[0], "spinlock differs from itself"));
	pathlen_free(&p);
}

static void refuses(void **state)
{
	struct pathlen p;
	int ret;

	(void)state;
	make_up("wall", 1, "--boots 6 --samples 3 --events 1");
	make_up("wall2", 2, "--boots 6 --samples 3 --events 1");
	listen_begin();
	ret = pathlen_arms("wall", NULL, PATHLEN_THRESHOLD, &p);
	listen_end();
	assert_int_equal(ret, -1);
	assert_said("wall has the clock wall");
	listen_begin();
	ret = pathlen_runs("wall", "wall2", NULL, PATHLEN_THRESHOLD, &p);
	listen_end();
	assert_int_equal(ret, -1);
	assert_said("CLOCK=icount");
	make_up("turns", 1, ICOUNT "--boots 6");
	assert_int_equal(system("sed -i '0,/\"schema\": 2,/s//\"schema\": 2, \"cpus\": 2,/' turns/manifest.json"), 0);
	listen_begin();
	ret = pathlen_arms("turns", NULL, PATHLEN_THRESHOLD, &p);
	listen_end();
	assert_int_equal(ret, -1);
	assert_said("turns was run with 2 CPUs");
	listen_begin();
	ret = pathlen_arms("arms", "mutex/stock", PATHLEN_THRESHOLD, &p);
	listen_end();
	assert_int_equal(ret, -1);
	assert_said("compares no mutex/stock");
	listen_begin();
	ret = pathlen_runs("old", "new", "mutx", PATHLEN_THRESHOLD, &p);
	listen_end();
	assert_int_equal(ret, -1);
	assert_said("no arm 'mutx'");
}

static char *printed(const struct pathlen *p)
{
	char *text;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	pathlen_print(p, f);
	fclose(f);
	return text;
}

static void prints(void **state)
{
	struct pathlen p = runs("old", "new", PATHLEN_THRESHOLD);
	char *text = printed(&p);
	json_t *j = pathlen_json(&p);

	(void)state;
	assert_non_null(strstr(text, "Path length: changed in 5 of 20 rows.\n"));
	assert_non_null(strstr(text, "  mutex, mremap_thp 2M/2M 1v: +1.0"));
	assert_non_null(strstr(text, "no caches"));
	assert_string_equal(json_string_value(json_object_get(j, "verdict")), "changed");
	assert_int_equal(json_array_size(json_object_get(j, "rows")), 20);
	json_decref(j);
	free(text);
	pathlen_free(&p);
	p = runs("few-old", "few-new", PATHLEN_THRESHOLD);
	text = printed(&p);
	assert_non_null(strstr(text, "Path length: not enough: 20 of 20 rows are open, about"));
	free(text);
	pathlen_free(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_one_percent),
		cmocka_unit_test(no_false_alarm),
		cmocka_unit_test(rule_of_thumb_is_worse),
		cmocka_unit_test(not_enough),
		cmocka_unit_test(arms_of_a_run),
		cmocka_unit_test(broken_aa),
		cmocka_unit_test(refuses),
		cmocka_unit_test(prints),
	};

	return cmocka_run_group_tests_name("pathlen", tests, scratch_setup,
					   scratch_teardown);
}
