// SPDX-License-Identifier: GPL-2.0-only
/* Who runs where, and when several boots at a time are refused. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <unistd.h>
#include <sys/wait.h>

#include "scratch.h"
#include "settle.h"

/* A machine: of each CPU, in order, its package and the first CPU of its core. */
struct place {
	unsigned int package, core;
};

static const struct place eight_threads[] = {
	{ 0, 0 }, { 0, 1 }, { 0, 2 }, { 0, 3 }, { 0, 0 }, { 0, 1 }, { 0, 2 }, { 0, 3 },
};

/* Two cores of two CPUs, then four of one. */
static const struct place hybrid[] = {
	{ 0, 0 }, { 0, 0 }, { 0, 2 }, { 0, 2 }, { 0, 4 }, { 0, 5 }, { 0, 6 }, { 0, 7 },
};

static const struct place two_packages[] = {
	{ 0, 0 }, { 1, 1 }, { 0, 2 }, { 1, 3 },
};

static cpu_set_t first(unsigned int n)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	for (unsigned int i = 0; i < n; i++)
		CPU_SET(i, &set);
	return set;
}

static void make_sys(const struct place *v, size_t n)
{
	remove_tree("sys");
	for (size_t i = 0; i < n; i++) {
		char *dir = xasprintf("sys/cpu%zu/topology", i);
		char *path = xasprintf("%s/physical_package_id", dir);
		char *text = xasprintf("%u\n", v[i].package);

		put(path, text);
		free(path);
		free(text);
		path = xasprintf("%s/thread_siblings_list", dir);
		text = xasprintf("%u,%u\n", v[i].core, v[i].core + 1);
		put(path, text);
		free(path);
		free(text);
		free(dir);
	}
}

/* "0,4 1,5": @v in groups of @each. */
static void assert_cpus(const unsigned int *v, unsigned int n, unsigned int each,
			const char *expected)
{
	char text[256] = "";

	for (unsigned int i = 0; i < n; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%u",
			 !i ? "" : i % each ? "," : " ", v[i]);
	assert_string_equal(text, expected);
}

static void assert_share(const struct place *v, size_t n, unsigned int boots,
			 unsigned int cpus, const char *of)
{
	const cpu_set_t set = first((unsigned int)n);
	struct share s;

	make_sys(v, n);
	share_make("sys", &set, boots, &s);
	assert_int_equal(s.boots, boots);
	assert_int_equal(s.cpus, cpus);
	assert_cpus(s.of, s.boots * s.cpus, s.cpus, of);
	share_free(&s);
}

static void shares(void **state)
{
	(void)state;
	assert_share(eight_threads, 8, 1, 8, "0,4,1,5,2,6,3,7");
	assert_share(eight_threads, 8, 2, 4, "0,4,1,5 2,6,3,7");
	assert_share(eight_threads, 8, 3, 2, "0,4 1,5 2,6");
	assert_share(eight_threads, 8, 4, 2, "0,4 1,5 2,6 3,7");
	assert_share(eight_threads, 8, 5, 0, "");
	/* Only one CPU of each core may be used. */
	assert_share(eight_threads, 4, 4, 1, "0 1 2 3");
	assert_share(hybrid, 8, 2, 3, "0,1,2 5,6,7");
	assert_share(hybrid, 8, 6, 1, "0 2 4 5 6 7");
	assert_share(two_packages, 4, 2, 2, "0,2 1,3");
}

static void assert_spread(const struct place *v, unsigned int boots,
			  unsigned int slot, unsigned int n, const char *of)
{
	const cpu_set_t set = first(8);
	unsigned int *cpus;
	struct share s;

	make_sys(v, 8);
	share_make("sys", &set, boots, &s);
	cpus = share_spread(&s, slot, n);
	assert_cpus(cpus, cpus ? n : 0, n, of);
	free(cpus);
	share_free(&s);
}

/* vCPUs: cores of their own come before a sibling. */
static void spread(void **state)
{
	(void)state;
	assert_spread(eight_threads, 1, 0, 4, "0,1,2,3");
	assert_spread(eight_threads, 1, 0, 6, "0,1,2,3,4,5");
	assert_spread(eight_threads, 2, 1, 2, "2,3");
	assert_spread(eight_threads, 2, 1, 3, "2,3,6");
	assert_spread(eight_threads, 2, 1, 5, "");
	assert_spread(hybrid, 1, 0, 7, "0,2,4,5,6,7,1");
}

/* A machine that describes nothing: each CPU is a core. */
static void nothing_known(void **state)
{
	const cpu_set_t set = first(2);
	struct share s;

	(void)state;
	share_make("nowhere", &set, 2, &s);
	assert_int_equal(s.cpus, 1);
	assert_int_equal(s.of[0], 0);
	assert_int_equal(s.of[1], 1);
	share_free(&s);
}

static const struct plan_pair pair;

#define COMPARES .n_compare = 1, .compare = (struct plan_pair *)&pair
#define LOOKS .no_aa = true

static const struct {
	struct plan plan;
	bool tcg;
	const char *jobs, *pin;
	unsigned int cpus;	/* usable, each a core */
	const char *error;	/* or NULL, and */
	enum boot_clock clock;
	unsigned int guest, at_once, own;
	bool pinned;
} cases[] = {
	{ { .boots = 9, COMPARES }, true, NULL, NULL, 4, NULL, CLOCK_ICOUNT, 1, 4, 0, false },
	{ { .boots = 3, COMPARES }, true, NULL, NULL, 4, NULL, CLOCK_ICOUNT, 1, 3, 0, false },
	{ { .boots = 9, COMPARES }, true, "9", NULL, 4, NULL, CLOCK_ICOUNT, 1, 9, 0, false },
	{ { .boots = 9, .cpus = 2 }, true, NULL, NULL, 4, NULL, CLOCK_ICOUNT, 2, 4, 0, false },
	{ { .boots = 9, COMPARES }, false, NULL, NULL, 4, NULL, CLOCK_WALL, 4, 1, 4, true },
	{ { .boots = 9, COMPARES }, false, "1", NULL, 4, NULL, CLOCK_WALL, 4, 1, 4, true },
	{ { .boots = 9, COMPARES }, false, "2", NULL, 4, NULL, CLOCK_WALL, 2, 2, 2, true },
	{ { .boots = 9, COMPARES, .cpus = 2 }, false, "2", "no", 4, NULL, CLOCK_WALL, 2, 2, 2, false },
	{ { .boots = 9, COMPARES, .cpus = 3 }, false, "2", NULL, 4, "--jobs 2", 0, 0, 0, 0, false },
	{ { .boots = 9, COMPARES }, false, "5", NULL, 4, "4 CPUs", 0, 0, 0, 0, false },
	{ { .boots = 9, .aa = (char *)"x" }, false, "5", NULL, 4, "compares times", 0, 0, 0, 0, false },
	{ { .boots = 9, LOOKS }, false, "5", NULL, 4, NULL, CLOCK_WALL, 4, 5, 0, false },
	{ { .boots = 9, LOOKS }, false, "2", "auto", 4, NULL, CLOCK_WALL, 2, 2, 2, true },
	{ { .boots = 9, LOOKS, .cpus = 4 }, false, "2", NULL, 4, NULL, CLOCK_WALL, 4, 2, 2, false },
	/* Emulated time means nothing, but its threads can be pinned. */
	{ { .boots = 9, .clock = PLAN_CLOCK_WALL }, true, NULL, NULL, 4, NULL, CLOCK_WALL, 4, 1, 4, false },
	{ { .boots = 9, .clock = PLAN_CLOCK_WALL }, true, NULL, "yes", 4, NULL, CLOCK_WALL, 4, 1, 4, true },
	{ { .boots = 9, .cpus = 5 }, false, NULL, NULL, 4, NULL, CLOCK_WALL, 5, 1, 4, false },
	{ { .boots = 9, .cpus = 5 }, false, NULL, "yes", 4, "has 5 CPUs, and there are 4", 0, 0, 0, 0, false },
	{ { .boots = 9 }, true, NULL, "yes", 4, "icount", 0, 0, 0, 0, false },
	{ { .boots = 9 }, false, NULL, "maybe", 4, "'maybe'", 0, 0, 0, 0, false },
	/* A single boot has nobody beside it; one of minutes has. */
	{ { .boots = 1, COMPARES }, false, "5", NULL, 4, NULL, CLOCK_WALL, 4, 1, 4, true },
	{ { .boots = 1, LOOKS, .minutes = 1 }, false, "2", NULL, 4, NULL, CLOCK_WALL, 2, 2, 2, true },
	{ { .boots = 9, .clock = PLAN_CLOCK_ICOUNT }, false, NULL, NULL, 4, "icount", 0, 0, 0, 0, false },
	{ { .boots = 9 }, true, "0", NULL, 4, "'0'", 0, 0, 0, 0, false },
	{ { .boots = 9 }, true, "many", NULL, 4, "'many'", 0, 0, 0, 0, false },
};

static void settled(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const cpu_set_t set = first(cases[i].cpus);
		struct plan plan = cases[i].plan;
		struct settled s;
		int ret;

		plan.name = (char *)"p";
		listen_begin();
		ret = settle(&plan, cases[i].tcg, cases[i].jobs, cases[i].pin, &set, "nowhere", &s);
		listen_end();
		if (cases[i].error) {
			assert_int_equal(ret, ST_USAGE);
			assert_non_null(strstr(said, cases[i].error));
		} else {
			assert_int_equal(ret, ST_OK);
			assert_int_equal(s.clock, cases[i].clock);
			assert_int_equal(s.cpus, cases[i].guest);
			assert_int_equal(s.jobs, cases[i].at_once);
			assert_int_equal(s.share.cpus, cases[i].own);
			assert_int_equal(s.pin, cases[i].pinned);
		}
		share_free(&s.share);
	}
}

/* In a process of its own: which of @s it got. */
static int slot_taken(const struct share *s, unsigned int slot)
{
	pid_t pid = fork();
	int status;

	if (!pid) {
		cpu_set_t set;

		if (share_take(s, slot) || sched_getaffinity(0, sizeof(set), &set))
			_exit(99);
		_exit(CPU_COUNT(&set) == 1 && CPU_ISSET(s->of[slot], &set) ? 0 :
		      CPU_COUNT(&set) > 1 ? 1 : 2);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void taken(void **state)
{
	struct share s;
	cpu_set_t set;

	(void)state;
	assert_int_equal(sched_getaffinity(0, sizeof(set), &set), 0);
	if (CPU_COUNT(&set) < 2)
		skip();
	share_make("nowhere", &set, (unsigned int)CPU_COUNT(&set), &s);
	for (unsigned int i = 0; i < s.boots; i++)
		assert_int_equal(slot_taken(&s, i), 0);
	/* Nobody beside it, or no CPU of its own: it keeps all. */
	s.boots = 1;
	assert_int_equal(slot_taken(&s, 0), 1);
	s.boots = 2;
	s.cpus = 0;
	assert_int_equal(slot_taken(&s, 0), 1);
	s.cpus = 1;
	s.of[0] = CPU_SETSIZE - 1;
	listen_begin();
	assert_int_equal(slot_taken(&s, 0), 99);
	listen_end();
	share_free(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shares),
		cmocka_unit_test(spread),
		cmocka_unit_test(nothing_known),
		cmocka_unit_test(settled),
		cmocka_unit_test(taken),
	};

	return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
