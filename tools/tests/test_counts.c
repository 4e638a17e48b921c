// SPDX-License-Identifier: GPL-2.0-only
/* Counts of a selftest: from its KTAP to boot.json and summary.json. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>

#include "counts.h"
#include "ktap.h"
#include "summary.h"
#include "words.h"

#include "madeup.h"
#include "scratch.h"

static void parses(void **state)
{
	struct call_counts c, back;
	json_t *j;

	(void)state;
	assert_int_equal(counts_parse(" passes=3 calls=30  sleeps=0", &c), 0);
	assert_int_equal(c.v[COUNT_CALLS], 30);
	assert_int_equal(c.v[COUNT_PASSES], 3);
	assert_int_equal(c.v[COUNT_SLEEPS], 0);
	/* Not known is not 0. */
	assert_true(c.v[COUNT_RETRIES] == COUNT_NONE);
	j = counts_to_json(&c);
	assert_int_equal(json_object_size(j), 3);
	assert_int_equal(counts_from_json(j, &back), 0);
	assert_memory_equal(&c, &back, sizeof(c));
	json_object_set_new(j, "sleeps", json_integer(-1));
	assert_int_equal(counts_from_json(j, &back), -1);
	json_object_set_new(j, "sleeps", json_string("2"));
	assert_int_equal(counts_from_json(j, &back), -1);
	json_decref(j);
}

static void refuses(void **state)
{
	static const char *const bad[] = {
		"", "sleeps=3", "calls=0", "calls=", "calls=-1", "calls=3x", "calls",
		"calls=1 calls=1", "calls=1 naps=2", "calls=1 =2", "calls=1 sleep=2",
		"calls=99999999999999999999", "calls=1,sleeps=2",
	};
	struct call_counts c;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		if (!counts_parse(bad[i], &c))
			fail_msg("'%s' is taken", bad[i]);
}

static enum status feed(struct ktap *k, const char *text)
{
	const struct ktap_end end = { 0 };

	ktap_feed(k, text, strlen(text));
	return ktap_finish(k, &end, NULL);
}

static void from_ktap(void **state)
{
	static const char *const bad[] = {
		"# secmmu-counts aa calls=many\n", "# secmmu-counts\n",
		"# secmmu-counts aa calls=1\n# secmmu-counts aa calls=1\n",
	};
	struct ktap *k = ktap_new();

	(void)state;
	assert_int_equal(feed(k, "1..2\n# secmmu-counts aa calls=4 sleeps=8\nok 1 aa\n"
				 "# aa: secmmu-counts are elsewhere\nok 2 bb\n"),
			 STATUS_PASS);
	assert_int_equal(ktap_counts(k, "aa")->v[COUNT_SLEEPS], 8);
	assert_null(ktap_counts(k, "bb"));
	ktap_free(k);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		char *text = xasprintf("1..1\n%sok 1 aa\n", bad[i]);

		k = ktap_new();
		assert_int_equal(feed(k, text), STATUS_ERROR);
		assert_non_null(strstr(ktap_reason(k), "secmmu-counts"));
		ktap_free(k);
		free(text);
	}
}

/* What boot @n counted, in every run of an event of that arm. Frees @what. */
static void edit_arm(const char *dir, int n, const char *arm, char *what)
{
	char *path = xasprintf("%s/boot-%03d/boot.json", dir, n);
	json_t *j = json_load_file(path, 0, NULL), *t;
	struct call_counts c;
	size_t i;

	assert_non_null(j);
	json_array_foreach(json_object_get(j, "tests"), i, t) {
		if (strcmp(json_string_value(json_object_get(t, "arm")), arm))
			continue;
		/* Those with tracepoints are another matter: ten times as many. */
		assert_int_equal(counts_parse(what, &c), 0);
		if (json_is_true(json_object_get(t, "traced")))
			c.v[COUNT_SLEEPS] *= 10;
		json_object_set_new(t, "counts", counts_to_json(&c));
	}
	assert_int_equal(json_dump_file(j, path, 0), 0);
	json_decref(j);
	free(path);
	free(what);
}

static double per_call(const json_t *c, const char *name)
{
	return json_number_value(json_object_get(json_object_get(c, name),
						 "per_call"));
}

static const struct count_comparison *find_count(const struct summary *s,
						 const char *a, const char *b,
						 enum count_kind kind)
{
	for (size_t i = 0; i < s->n_counts; i++)
		if (s->counts[i].kind == kind &&
		    !strcmp(s->folder.series[s->counts[i].a].arm, a) &&
		    !strcmp(s->folder.series[s->counts[i].b].arm, b))
			return &s->counts[i];
	return NULL;
}

/* The second slot of an arm: it counts what the first one has, sleeps so many times. */
static void add_copy(const char *dir, int n, const char *arm, unsigned int times)
{
	char *path = xasprintf("%s/boot-%03d/boot.json", dir, n);
	json_t *j = json_load_file(path, 0, NULL), *t;
	json_t *tests = json_object_get(j, "tests"), *more = json_array(), *c;
	size_t i;

	assert_non_null(j);
	json_array_foreach(tests, i, t) {
		if (strcmp(json_string_value(json_object_get(t, "arm")), arm))
			continue;
		t = json_deep_copy(t);
		c = json_object_get(t, "counts");
		json_object_set_new(c, "sleeps", json_integer(times *
			json_integer_value(json_object_get(c, "sleeps"))));
		json_object_set_new(t, "copy", json_string("b"));
		json_array_append_new(more, t);
	}
	json_array_extend(tests, more);
	json_decref(more);
	assert_int_equal(json_dump_file(j, path, 0), 0);
	json_decref(j);
	free(path);
}

/* How many warnings have @text in them. */
static size_t warnings(const struct summary *s, const char *text)
{
	size_t n = 0;

	for (size_t i = 0; i < s->n_warnings; i++)
		n += strstr(s->warnings[i], text) != NULL;
	return n;
}

/*
 * Ten boots of two arms whose counts scatter from boot to boot by a factor of 4,
 * and differ by a half within each: that is seen. What differs by chance is not,
 * nor what is 0 in both; and the planted fault, samples that are no pairs, hides it.
 */
static void compared(void **state)
{
	const struct count_comparison *c;
	double a[10], b[10];
	struct summary s;

	(void)state;
	make_up("pairs", 1, "--boots 10 --samples 5 --events 1");
	for (int i = 0; i < 10; i++) {
		int n = 1000 * (1 + i % 4);

		edit_arm("pairs", i, "mutex", xasprintf("calls=10 sleeps=%d preempted=%d passes=0 retries=%d",
							n + n / 2, n + i % 2 * 500, n));
		edit_arm("pairs", i, "spinlock", xasprintf("calls=10 sleeps=%d preempted=%d passes=0",
							   n, n + (i + 1) % 2 * 500));
		add_copy("pairs", i, "spinlock", 1);
		a[i] = log(n * 1.5);
		b[i] = log(n);
	}
	assert_int_equal(summary_load("pairs", &s), 0);
	c = find_count(&s, "mutex", "spinlock", COUNT_SLEEPS);
	assert_non_null(c);
	assert_int_equal(c->test.n, 10);
	assert_int_equal(c->verdict, STAT_SLOWER);
	assert_string_equal(count_verdict_name(c->verdict), "more");
	assert_true(c->per_call_a > 1.49 * c->per_call_b &&
		    c->per_call_a < 1.51 * c->per_call_b);
	assert_true(c->test.low > 0);
	assert_true(stat_unpaired(a, 10, b, 10, 1).p > 0.05);
	c = find_count(&s, "mutex", "spinlock", COUNT_PREEMPTED);
	assert_int_equal(c->verdict, STAT_UNDERPOWERED);
	assert_true(c->boots_needed > 10);
	c = find_count(&s, "mutex", "spinlock", COUNT_PASSES);
	assert_int_equal(c->verdict, STAT_SAME);
	assert_null(find_count(&s, "mutex", "spinlock", COUNT_RETRIES));
	/* The A/A pair, which has counted the same twice. */
	c = find_count(&s, "spinlock", "spinlock", COUNT_SLEEPS);
	assert_true(c->aa);
	assert_int_equal(c->verdict, STAT_SAME);
	assert_int_equal(warnings(&s, "A/A"), 0);
	assert_false(s.aa_broken);
	summary_free(&s);
}

/*
 * The planted fault: a second slot that sleeps twice as often is warned of by
 * the count's name. Where no primary comparison stands apart, it breaks the run.
 */
static void broken_aa(void **state)
{
	struct summary s;

	(void)state;
	make_up("aa", 1, "--boots 10 --samples 5 --events 1");
	for (int i = 0; i < 10; i++) {
		edit_arm("aa", i, "spinlock", xasprintf("calls=10 sleeps=%d preempted=7",
							1000 * (1 + i % 4)));
		add_copy("aa", i, "spinlock", 2);
	}
	assert_int_equal(summary_load("aa", &s), 0);
	assert_int_equal(warnings(&s, "A/A"), 1);
	assert_int_equal(warnings(&s, "spinlock differs from itself in the count sleeps of mremap_4k: fewer"), 1);
	assert_false(s.aa_broken);
	summary_free(&s);
	edit("aa/manifest.json", "plan_spec", "primary", "null");
	assert_int_equal(summary_load("aa", &s), 0);
	assert_int_equal(warnings(&s, "in the count sleeps"), 1);
	assert_true(s.aa_broken);
	summary_free(&s);
}

/*
 * A plan without a primary comparison: its first pair answers, by how many of its
 * figures and counts have which verdict. Planted: 20 % in every figure; one count
 * that differs in each of three events, one that is the same, one that is open, and
 * one that never happens and so is none.
 */
static void first_pair_answers(void **state)
{
	char *text;
	struct summary s;

	(void)state;
	make_up("first", 1, "--boots 12 --samples 9 --events 3 --effect 1.2 --spread 0 --noise 0.001 --jitter 0.001 --clock icount");
	edit("first/manifest.json", "plan_spec", "primary", "null");
	for (int i = 0; i < 12; i++) {
		edit_arm("first", i, "mutex", xasprintf("calls=10 sleeps=%d preempted=%d passes=0 lock_waits=9",
							2000 + i, 1000 + i % 2 * 500));
		edit_arm("first", i, "spinlock", xasprintf("calls=10 sleeps=%d preempted=%d passes=0 lock_waits=9",
							   1000 + i, 1000 + (i + 1) % 2 * 500));
	}
	assert_int_equal(summary_load("first", &s), 0);
	text = words_answer(&s);
	assert_string_equal(text, "mutex/spinlock: of 3 figures 3 differ, 0 are the same, 0 are open; "
			    "of 9 counts 3 differ, 3 are the same, 3 are open");
	free(text);
	text = words_conclusion(&s);
	assert_non_null(strstr(text, "the plan's first pair"));
	free(text);
	/* A pair of the same numbers, and none of counts. */
	text = words_verdicts(&s, &(struct pair){ (size_t)s.folder.aa, (size_t)s.folder.aa_series });
	assert_string_equal(text, "of 3 figures 0 differ, 3 are the same, 0 are open");
	free(text);
	summary_free(&s);
	/* No pair at all. */
	edit("first/manifest.json", "plan_spec", "compare", "[]");
	assert_int_equal(summary_load("first", &s), 0);
	text = words_conclusion(&s);
	assert_string_equal(text, "The plan compares nothing.");
	free(text);
	summary_free(&s);
}

static void in_summary(void **state)
{
	struct summary s;
	json_t *j, *list, *c;

	(void)state;
	make_up("run", 1, "--boots 6 --samples 5 --events 1");
	for (int i = 0; i < 6; i++) {
		char *what = xasprintf("calls=10 sleeps=%d passes=%d%s", 20 + i, i == 5,
				       i ? " retries=7" : "");

		edit_arm("run", i, "mutex", what);
	}
	assert_int_equal(summary_load("run", &s), 0);
	j = summary_json(&s);
	list = json_object_get(j, "counts");
	assert_int_equal(json_array_size(list), 1);
	c = json_array_get(list, 0);
	assert_string_equal(json_string_value(json_object_get(c, "arm")), "mutex");
	assert_int_equal(json_integer_value(json_object_get(c, "boots")), 6);
	assert_int_equal(json_integer_value(json_object_get(c, "calls")), 60);
	assert_true(per_call(c, "sleeps") > 2.24 && per_call(c, "sleeps") < 2.26);
	assert_true(per_call(c, "passes") == 0);
	/* One boot has none, or all of them: then nothing is said. */
	assert_true(json_is_null(json_object_get(c, "retries")));
	assert_true(json_is_null(json_object_get(c, "caller_sleeps")));
	json_decref(j);
	summary_free(&s);
}

/*
 * What the trace has counted, in the run with tracepoints: compared as the others
 * are, by the calls of that run. What stands as counts of that run is not read.
 */
static void traced_counts(void **state)
{
	const struct count_comparison *c;
	struct summary s;
	json_t *j, *o;

	(void)state;
	make_up("traced", 1, "--boots 8 --samples 5 --events 1");
	assert_int_equal(system("sed -i 's/\"arm\": \"mutex\", \"copy\": \"a\", \"traced\": true,/& "
				"\"lock_counts\": {\"calls\": 2, \"write_waits_8us\": 6}, \"counts\": {\"calls\": 1, \"sleeps\": 9},/;"
				"s/\"arm\": \"spinlock\", \"copy\": \"a\", \"traced\": true,/& "
				"\"lock_counts\": {\"calls\": 2, \"write_waits_8us\": 2},/' traced/boot-*/boot.json"), 0);
	assert_int_equal(summary_load("traced", &s), 0);
	c = find_count(&s, "mutex", "spinlock", COUNT_WRITE_WAITS_8US);
	assert_non_null(c);
	assert_true(c->per_call_a == 3 && c->per_call_b == 1 && c->test.n == 8);
	assert_int_equal(c->verdict, STAT_SLOWER);
	assert_null(find_count(&s, "mutex", "spinlock", COUNT_READ_WAITS_1US));
	assert_null(find_count(&s, "mutex", "spinlock", COUNT_SLEEPS));
	j = summary_json(&s);
	o = json_array_get(json_object_get(j, "counts"), 0);
	assert_true(json_is_null(json_object_get(o, "calls")));
	assert_int_equal(json_integer_value(json_object_get(o, "traced_calls")), 16);
	assert_true(json_is_object(json_object_get(o, "write_waits_8us")));
	assert_true(json_is_null(json_object_get(o, "read_waits_8us")));
	json_decref(j);
	summary_free(&s);
}

/* A boot.json that somebody has changed. */
static void damaged(void **state)
{
	struct summary s;
	char *text;

	(void)state;
	text = read_file("run/boot-003/boot.json", NULL);
	assert_non_null(strstr(text, "\"calls\": 10"));
	memcpy(strstr(text, "\"calls\": 10"), "\"calls\": -1", 11);
	put("run/boot-003/boot.json", text);
	free(text);
	listen_begin();
	assert_int_equal(summary_load("run", &s), -1);
	listen_end();
	assert_said("boot-003/boot.json: \"counts\"");
}

/* A large number is no power of ten, and a large ratio no percentage. */
static void words_of_numbers(void **state)
{
	char buf[WORD_MAX];

	(void)state;
	assert_string_equal(word_count(buf, 0.23125), "0.2313");
	assert_string_equal(word_count(buf, 90564.2), "90564");
	assert_string_equal(word_count(buf, 12345678901.0), "12345678901");
	assert_string_equal(word_change(buf, log(1.013)), "+1.30 %");
	assert_string_equal(word_change(buf, log(0.8)), "-20.00 %");
	assert_string_equal(word_change(buf, log(0.99999)), "+0.00 %");
	assert_false(signbit(shown_percent(-0.0004999, 1)));
	assert_true(fabs(shown_percent(-0.0006, 1) + 0.06) < 1e-9);
	assert_true(fabs(shown_percent(0.0004, 2) - 0.04) < 1e-9);
	assert_string_equal(word_change(buf, log(13.978)), "14 times");
	assert_string_equal(word_change(buf, log(0.25)), "0.25 times");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_of_numbers),
		cmocka_unit_test(parses),
		cmocka_unit_test(refuses),
		cmocka_unit_test(from_ktap),
		cmocka_unit_test(in_summary),
		cmocka_unit_test(compared),
		cmocka_unit_test(broken_aa),
		cmocka_unit_test(first_pair_answers),
		cmocka_unit_test(damaged),
		cmocka_unit_test(traced_counts),
	};

	return cmocka_run_group_tests_name("counts", tests, scratch_setup,
					   scratch_teardown);
}
