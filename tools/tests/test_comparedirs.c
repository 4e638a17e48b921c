// SPDX-License-Identifier: GPL-2.0-only
/* Two results folders beside each other: comparedirs.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>

#include "comparedirs.h"
#include "words.h"

#include "madeup.h"
#include "scratch.h"

#define SMALL "--boots 6 --samples 9 --events 3 "
#define ICOUNT SMALL "--clock icount --spread 0 --noise 0.001 --jitter 0.001 "

static struct dirs load(const char *old, const char *new)
{
	struct dirs d;

	assert_int_equal(dirs_load(old, new, 0, &d), 0);
	return d;
}

static const struct dirs_row *find_of(const struct dirs *d, const char *label,
				      const char *event, enum statistic statistic)
{
	const struct dirs_row *r;
	char buf[WORD_MAX];

	for (r = d->rows; r < d->rows + d->n_rows; r++) {
		if (r->statistic != statistic || strcmp(dirs_label(buf, d, r), label))
			continue;
		if (r->cell == ALL_CELLS ? !strcmp(event, "*") :
		    !strcmp(d->old.cells[r->cell].event, event))
			return r;
	}
	fail_msg("no row of %s %s", label, event);
	return NULL;
}

static const struct dirs_row *find(const struct dirs *d, const char *label,
				   const char *event)
{
	return find_of(d, label, event, STATISTIC_P50);
}

static bool noted(const struct dirs *d, const char *text)
{
	size_t i;

	for (i = 0; i < d->notes.n; i++)
		if (strstr(d->notes.v[i], text))
			return true;
	return false;
}

/* 3 % more in one event: found there in each arm, and nowhere else. */
static void planted_change(void **state)
{
	static const char *const arms[] = { "stock", "rwlock", "spinlock",
					    "mutex", "rwsem" };
	const struct dirs_row *r;
	struct dirs d;
	size_t i;

	(void)state;
	make_up("old", 1, ICOUNT);
	make_up("new", 2, ICOUNT "--planted 1.03");
	d = load("old", "new");
	/* Five arms and four pairs, each with three events and their mean; p50, p99. */
	assert_int_equal(d.n_rows, 9 * 4 * 2);
	for (i = 0; i < ARRAY_SIZE(arms); i++) {
		r = find(&d, arms[i], "mremap_thp");
		assert_int_equal(r->verdict, STAT_SLOWER);
		assert_true(fabs(exp(r->test.mean) - 1.03) < 0.004);
		assert_true(r->n_old == 6 && r->n_new == 6 && !r->boots_needed);
		assert_int_equal(find(&d, arms[i], "mremap_4k")->verdict, STAT_SAME);
	}
	/* Each arm changed alike: they relate as before. */
	r = find(&d, "mutex/spinlock", "mremap_thp");
	assert_int_equal(r->verdict, STAT_SAME);
	r = find(&d, "mutex/spinlock", "*");
	assert_true(r->cells == 3 && r->verdict == STAT_SAME);
	dirs_free(&d);
	/* The other way round the sign changes. */
	d = load("new", "old");
	assert_int_equal(find(&d, "mutex", "mremap_thp")->verdict, STAT_FASTER);
	dirs_free(&d);
	/* And with a margin above the change it is the same. */
	assert_int_equal(dirs_load("old", "new", 0.05, &d), 0);
	assert_int_equal(find(&d, "mutex", "mremap_thp")->verdict, STAT_SAME);
	dirs_free(&d);
}

/*
 * Boots that differ by up to 4 hide a difference of 20 % between the runs: no
 * pairs. That of arms within a boot shows none the less.
 */
static void boots_scatter(void **state)
{
	const struct dirs_row *r;
	struct dirs d;

	(void)state;
	make_up("wall-old", 1, SMALL "--noise 0.001 --jitter 0.01 --effect 1");
	make_up("wall-new", 2, SMALL "--noise 0.001 --jitter 0.01 --effect 1.2");
	d = load("wall-old", "wall-new");
	r = find(&d, "mutex", "*");
	assert_int_equal(r->verdict, STAT_UNDERPOWERED);
	assert_true(r->boots_needed > 6 && *r->reason);
	r = find(&d, "mutex/spinlock", "*");
	assert_int_equal(r->verdict, STAT_SLOWER);
	assert_true(fabs(exp(r->test.mean) - 1.2) < 0.05);
	assert_int_equal(find(&d, "rwsem/rwlock", "*")->verdict, STAT_SAME);
	dirs_free(&d);
}

static void refused(const char *old, const char *new, const char *why)
{
	struct dirs d;
	int ret;

	listen_begin();
	ret = dirs_load(old, new, 0, &d);
	listen_end();
	assert_int_equal(ret, -1);
	assert_said(why);
}

static void refuses(void **state)
{
	struct dirs d;

	(void)state;
	make_up("a", 1, SMALL);
	make_up("b", 2, SMALL);
	refused("a", "./a", "same run");
	assert_int_equal(system("cp -r a copy"), 0);
	refused("a", "copy", "same run");
	refused("a", "nowhere", "nowhere/manifest.json");
	make_up("icount", 3, SMALL "--clock icount");
	refused("a", "icount", "a has the clock wall, icount icount");
	assert_int_equal(system("cp -r icount turns; cp -r icount one; cp -r b cpus"), 0);
	edit("turns/manifest.json", NULL, "seed", "4");
	edit("turns/manifest.json", NULL, "cpus", "2");
	refused("icount", "turns", "icount has the icount clock with 1 CPU, turns with 2");
	edit("one/manifest.json", NULL, "cpus", "4");
	refused("turns", "one", "turns has the icount clock with 2 CPUs, one with 4");
	/* With the wall clock it is a difference that is listed. */
	edit("cpus/manifest.json", NULL, "cpus", "2");
	d = load("a", "cpus");
	assert_string_equal(d.differences[0].what, "guest CPUs");
	dirs_free(&d);
	/* And equal turns are compared. */
	edit("one/manifest.json", NULL, "cpus", "2");
	d = load("turns", "one");
	dirs_free(&d);
	assert_int_equal(system("cp -r b kvm"), 0);
	edit("kvm/manifest.json", "accel", "name", "\"kvm\"");
	refused("a", "kvm", "accelerator tcg, kvm with kvm");
	assert_int_equal(system("cp -r b other; sed -i 's/mremap_/fork_/;s/split_/cow_/' other/boot-*/samples.csv"), 0);
	refused("a", "other", "no event in common");
	assert_int_equal(system("cp -r b arms; sed -i 's/\\(stock\\|rwlock\\|spinlock\\|mutex\\|rwsem\\)/\\1x/g' "
				"arms/manifest.json arms/boot-*/*"), 0);
	refused("a", "arms", "no arm in common");
	assert_int_equal(system("cp -r b failed; sed -i '0,/PASS/s//FAIL/' failed/boot-*/boot.json"), 0);
	refused("a", "failed", "failed: no boot of it passed");
	assert_int_equal(system("cp -r b torn; truncate -s -9 torn/boot-003/samples.csv"), 0);
	refused("a", "torn", "torn/boot-003/samples.csv");
}

/* Every difference that is looked at, planted one by one, is seen. */
static void differences(void **state)
{
	static const struct {
		const char *what, *object, *key;
	} cases[] = {
		{ "kernel release", "kernel", "release" },
		{ "kernel series", "kernel", "series_sha256" },
		{ "kernel configuration", "kernel", "config_sha256" },
		{ "vmlinux", "kernel", "vmlinux_sha256" },
		{ "compiler", NULL, "toolchain" },
		{ "machine", NULL, "cpu" },
		{ "QEMU", "qemu", "version" },
		{ "guest CPUs", NULL, "cpus" },
		{ "kernel command line", "identity", "append" },
		{ "plan", NULL, "plan" },
		{ "lane", "plan_spec", "lane" },
	};
	struct dirs d;
	size_t i;

	(void)state;
	make_up("d1", 1, SMALL);
	make_up("d2", 2, SMALL);
	d = load("d1", "d2");
	assert_int_equal(d.n_differences, 1);
	assert_string_equal(d.differences[0].what, "seed");
	assert_string_equal(d.differences[0].old, "1");
	assert_string_equal(d.differences[0].new, "2");
	dirs_free(&d);
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_int_equal(system("rm -rf d3; cp -r d2 d3"), 0);
		edit("d3/manifest.json", cases[i].object, cases[i].key, "\"changed\"");
		d = load("d1", "d3");
		assert_int_equal(d.n_differences, 2);
		assert_string_equal(d.differences[0].what, cases[i].what);
		assert_string_equal(d.differences[0].new, "changed");
		dirs_free(&d);
	}
	edit("d1/manifest.json", "plan_spec", "tests",
	     "[{\"name\": \"mremap\", \"program\": \"p\", \"args\": [\"-i\", \"30\"]}]");
	edit("d2/manifest.json", "plan_spec", "tests",
	     "[{\"name\": \"mremap\", \"program\": \"p\", \"args\": [\"-i\", \"10\"]}]");
	d = load("d1", "d2");
	assert_int_equal(d.n_differences, 2);
	assert_string_equal(d.differences[1].what, "args of test mremap");
	dirs_free(&d);
}

static void set_host(const char *dir, const char *key, const char *value)
{
	char *path = xasprintf("%s/manifest.json", dir);

	edit(path, "host", key, value);
	free(path);
}

/* How the machine was set is looked at with the wall clock only. */
static void other_settings(void **state)
{
	static const struct {
		const char *key, *what;
	} cases[] = {
		{ "governor", "governor" }, { "turbo", "turbo" }, { "smt", "SMT" },
		{ "thp", "transparent huge pages" },
	};
	struct dirs d;

	(void)state;
	make_up("w1", 1, SMALL);
	make_up("w2", 2, SMALL);
	make_up("c1", 1, ICOUNT);
	make_up("c2", 2, ICOUNT);
	/* Neither of the runs knows. */
	d = load("w1", "w2");
	assert_false(noted(&d, "was set"));
	dirs_free(&d);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		set_host("w1", cases[i].key, "\"unknown\"");
		set_host("c1", cases[i].key, "\"unknown\"");
	}
	d = load("w1", "w2");
	assert_int_equal(d.n_differences, 1);
	assert_true(noted(&d, "only one of the runs"));
	dirs_free(&d);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		set_host("w2", cases[i].key, "\"unknown\"");
		set_host("c2", cases[i].key, "\"changed\"");
	}
	/* Load is another in each run. */
	set_host("w1", "load", "0.5");
	set_host("w2", "load", "9.5");
	d = load("w1", "w2");
	assert_int_equal(d.n_differences, 1);
	assert_false(noted(&d, "was set"));
	dirs_free(&d);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		set_host("w2", cases[i].key, "\"changed\"");
		d = load("w1", "w2");
		assert_int_equal(d.n_differences, 2);
		assert_string_equal(d.differences[1].what, cases[i].what);
		assert_string_equal(d.differences[1].new, "changed");
		assert_true(noted(&d, "the machine was set otherwise"));
		dirs_free(&d);
		set_host("w2", cases[i].key, "\"unknown\"");
	}
	d = load("c1", "c2");
	assert_int_equal(d.n_differences, 1);
	assert_false(noted(&d, "was set"));
	dirs_free(&d);
}

static void other_machine(void **state)
{
	const struct dirs_row *r;
	struct dirs d;

	(void)state;
	make_up("m1", 1, SMALL);
	make_up("m2", 2, SMALL);
	edit("m2/manifest.json", NULL, "cpu", "\"another\"");
	d = load("m1", "m2");
	assert_true(noted(&d, "two machines"));
	for (r = d.rows; r < d.rows + d.n_rows; r++)
		assert_true(r->is_ratio);
	dirs_free(&d);
	/* Instructions are the same ones everywhere. */
	make_up("i1", 1, ICOUNT);
	make_up("i2", 2, ICOUNT);
	edit("i2/manifest.json", NULL, "cpu", "\"another\"");
	d = load("i1", "i2");
	assert_false(noted(&d, "two machines"));
	assert_int_equal(find(&d, "mutex", "*")->verdict, STAT_SAME);
	dirs_free(&d);
}

/* What is in one run only is left out, and that is said. */
static void partly_in_common(void **state)
{
	struct dirs d;
	char buf[WORD_MAX];

	(void)state;
	make_up("p1", 1, ICOUNT);
	make_up("p2", 1, "--boots 4 --fail 2 --samples 9 --events 2 --clock icount "
		"--spread 0 --noise 0.001 --jitter 0.001");
	edit("p2/manifest.json", NULL, "started", "\"later\"");
	assert_int_equal(system("sed -i '/\"rwsem/d;s/\"mutex\",$/\"mutex\"/' p2/manifest.json;"
				"sed -i '/rwsem/d' p2/boot-*/samples.csv;"
				"sed -i 's/rwsem/mutex/' p2/boot-*/boot.json"), 0);
	d = load("p1", "p2");
	assert_true(noted(&d, "mremap_thp_part 1M/2M 1v is in the old run only"));
	assert_true(noted(&d, "rwsem is in the old run only"));
	assert_true(noted(&d, "1 of 4 boots of the new run did not pass"));
	assert_true(noted(&d, "both runs have seed 1"));
	assert_int_equal(d.n_rows, (4 + 3) * 3 * 2);
	assert_string_equal(dirs_label(buf, &d, &d.rows[0]), "stock");
	assert_true(d.rows[0].n_old == 6 && d.rows[0].n_new == 3);
	dirs_free(&d);
}

static char *printed(const struct dirs *d)
{
	char *text;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	assert_non_null(f);
	dirs_print(d, f);
	fclose(f);
	return text;
}

/* Unequal numbers and spreads: p is not what it seems, and that is said. */
static void unlike_spreads(void **state)
{
	struct dirs d;
	char *text;

	(void)state;
	make_up("s1", 1, ICOUNT);
	make_up("s2", 2, "--boots 9 --samples 9 --events 3 --clock icount --spread 0.5");
	d = load("s1", "s2");
	assert_non_null(strstr(find(&d, "mutex", "*")->reason, "one run scatters more"));
	text = printed(&d);
	assert_non_null(strstr(text, "one run scatters more: p is off"));
	free(text);
	dirs_free(&d);
	make_up("s3", 2, "--boots 9 --samples 9 --events 3 --clock icount --spread 0 "
		"--noise 0.001 --jitter 0.001");
	d = load("s1", "s3");
	assert_null(strstr(find(&d, "mutex", "*")->reason, "scatters"));
	text = printed(&d);
	assert_null(strstr(text, "one run scatters more"));
	assert_non_null(strstr(text, "not in spread"));
	free(text);
	dirs_free(&d);
}

static void prints(void **state)
{
	struct dirs d;
	json_t *j, *row;
	char *text;

	(void)state;
	make_up("j1", 1, ICOUNT);
	make_up("j2", 2, ICOUNT "--planted 1.03");
	/* What a manifest says is harmless on a terminal. */
	edit("j2/manifest.json", NULL, "cpu", "\"evil \\u001b[31m\"");
	d = load("j1", "j2");
	text = printed(&d);
	assert_null(strchr(text, '\033'));
	assert_non_null(strstr(text, "machine                none -> evil ?[31m"));
	assert_non_null(strstr(text, "Median system call time of mutex, new over old"));
	assert_non_null(strstr(text, "no pairs"));
	free(text);
	j = dirs_json(&d);
	assert_int_equal(json_integer_value(json_object_get(j, "schema")), COMPAREDIRS_SCHEMA);
	assert_int_equal(json_array_size(json_object_get(j, "comparisons")), d.n_rows);
	assert_int_equal(json_array_size(json_object_get(j, "differences")), 2);
	row = json_array_get(json_object_get(j, "comparisons"), 1);
	assert_string_equal(json_string_value(json_object_get(row, "event")), "mremap_thp");
	assert_string_equal(json_string_value(json_object_get(row, "verdict")), "slower");
	assert_true(json_is_null(json_object_get(row, "over")));
	json_decref(j);
	dirs_free(&d);
}

/*
 * The tails: 1100 samples of a boot leave 11 above its p99, 9 leave one at most.
 * Those that rest on too little are refused, however they differ.
 */
static void tails(void **state)
{
	static const char many[] = "--boots 5 --events 2 --samples 1100 --clock icount "
				   "--spread 0 --noise 0.001 --jitter 0.001 ";
	const struct dirs_row *r;
	char *args = xasprintf("%s--planted 4", many), *text;
	struct dirs d;

	(void)state;
	make_up("t1", 1, many);
	make_up("t2", 2, args);
	d = load("t1", "t2");
	r = find_of(&d, "mutex", "mremap_thp", STATISTIC_P99);
	assert_int_equal(r->beyond_p99, 11);
	assert_int_equal(r->n_old, 5);
	assert_true(fabs(exp(r->test.mean) / 4 - 1) < 0.25);
	assert_int_equal(r->verdict, STAT_SLOWER);
	r = find_of(&d, "mutex", "mremap_4k", STATISTIC_P99);
	assert_true(r->n_old == 5 && r->verdict != STAT_SLOWER && r->verdict != STAT_FASTER);
	r = find_of(&d, "mutex", "*", STATISTIC_P99);
	assert_true(r->cells == 2 && r->beyond_p99 == 11);
	text = printed(&d);
	assert_non_null(strstr(text, "99th percentile: system call time of mutex"));
	assert_non_null(strstr(text, ", rests on 11"));
	free(text);
	dirs_free(&d);

	make_up("u1", 1, ICOUNT);
	make_up("u2", 2, ICOUNT "--planted 3");
	d = load("u1", "u2");
	r = find_of(&d, "mutex", "mremap_thp", STATISTIC_P99);
	assert_int_equal(r->verdict, STAT_UNDERPOWERED);
	assert_true(!r->n_old && !r->boots_needed && isnan(r->test.mean));
	assert_non_null(strstr(r->reason, "10 are needed"));
	text = printed(&d);
	assert_non_null(strstr(text, "The p99 of mutex is not compared"));
	assert_null(strstr(text, "99th percentile"));
	free(text);
	dirs_free(&d);
	free(args);
}

static const struct dirs_count *count_of(const struct dirs *d, const char *arm,
					 enum count_kind kind)
{
	for (const struct dirs_count *c = d->counts; c < d->counts + d->n_counts; c++)
		if (c->kind == kind && !strcmp(d->old.series[c->arm].arm, arm) &&
		    !strcmp(c->old->name, "mremap_4k"))
			return c;
	return NULL;
}

/*
 * Counts that are planted: sleeps twice as often in the new run. The retries of
 * mkresults are the slot's number, in every boot: the same, and of rwlock few.
 */
static void counts(void **state)
{
	const struct dirs_count *c;
	struct dirs d;
	json_t *j, *list;
	char *text;

	(void)state;
	make_up("n1", 1, ICOUNT "--counts 1");
	make_up("n2", 2, ICOUNT "--counts 1");
	assert_int_equal(system("sed -i 's/\"sleeps\": [0-9]*/\"sleeps\": 900/' n1/boot-*/boot.json;"
				"sed -i 's/\"sleeps\": [0-9]*/\"sleeps\": 1800/' n2/boot-*/boot.json"), 0);
	d = load("n1", "n2");
	c = count_of(&d, "mutex", COUNT_SLEEPS);
	assert_non_null(c);
	assert_true(c->per_call_old == 100 && c->per_call_new == 200);
	assert_true(fabs(c->test.mean - 1 / 1.5) < 1e-9);
	assert_true(c->n_old == 6 && c->n_new == 6);
	assert_int_equal(c->verdict, STAT_SLOWER);
	assert_int_equal(count_of(&d, "mutex", COUNT_RETRIES)->verdict, STAT_SAME);
	/* 0 in both is the same as well; what was not counted is not there. */
	assert_int_equal(count_of(&d, "mutex", COUNT_CALLER_PREEMPTED)->verdict, STAT_SAME);
	assert_null(count_of(&d, "mutex", COUNT_LOCK_WAITS));
	assert_null(count_of(&d, "stock", COUNT_RETRIES));
	text = printed(&d);
	assert_non_null(strstr(text, "Counts per call of mutex, new less old"));
	assert_non_null(strstr(text, "voluntary switches, all"));
	free(text);
	j = dirs_json(&d);
	list = json_object_get(j, "count_comparisons");
	assert_int_equal(json_array_size(list), d.n_counts);
	json_decref(j);
	dirs_free(&d);

	/* The planted fault: a few in one run, none in the other, would be all. */
	assert_int_equal(system("sed -i 's/\"caller_preempted\": 0/\"caller_preempted\": 1/' n2/boot-*/boot.json"), 0);
	d = load("n1", "n2");
	c = count_of(&d, "mutex", COUNT_CALLER_PREEMPTED);
	assert_int_equal(c->verdict, STAT_UNDERPOWERED);
	assert_true(!c->boots_needed && isnan(c->test.mean));
	assert_non_null(strstr(c->reason, "6 times in both runs together, 10 are needed"));
	dirs_free(&d);
	/* Of two machines none are compared. */
	make_up("n3", 3, SMALL "--counts 1");
	make_up("n4", 4, SMALL "--counts 1");
	edit("n4/manifest.json", NULL, "cpu", "\"another\"");
	d = load("n3", "n4");
	assert_int_equal(d.n_counts, 0);
	dirs_free(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(planted_change),
		cmocka_unit_test(boots_scatter),
		cmocka_unit_test(refuses),
		cmocka_unit_test(differences),
		cmocka_unit_test(other_settings),
		cmocka_unit_test(other_machine),
		cmocka_unit_test(partly_in_common),
		cmocka_unit_test(unlike_spreads),
		cmocka_unit_test(prints),
		cmocka_unit_test(tails),
		cmocka_unit_test(counts),
	};

	return cmocka_run_group_tests_name("comparedirs", tests, scratch_setup,
					   scratch_teardown);
}
