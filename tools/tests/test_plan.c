// SPDX-License-Identifier: GPL-2.0-only
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "plan.h"
#include "util.h"

#define ARMS "[arms]\nstock = pristine\nspinlock = S\nmutex = M\nrwsem = R\n"
#define TEST "[test t]\nprogram = prog\nevents = ev_one ev_two\n"
#define PLAN "[plan]\narms = spinlock mutex\n"

static char dir[] = "/tmp/secmmu-plan-XXXXXX";
static int saved_stderr, saved_stdout;

static void write_text(const char *path, const char *text)
{
	assert_int_equal(write_file(path, text, strlen(text)), 0);
}

#define LANES "[lanes]\nplain = none\ndebug = debug\n"

/* The folder stands for the checkout: arms.ini is looked up below it. */
static int setup(void **state)
{
	(void)state;
	if (!mkdtemp(dir) || chdir(dir) || setenv("SECMMU_TOP", dir, 1) ||
	    mkdir_p("configs/plans") ||
	    write_file("configs/lanes.ini", LANES, strlen(LANES)))
		return -1;
	return write_file("configs/arms.ini", ARMS, strlen(ARMS));
}

static int teardown(void **state)
{
	(void)state;
	return chdir("/") || remove_tree(dir);
}

static void catch_stderr(void)
{
	saved_stderr = dup(STDERR_FILENO);
	assert_non_null(freopen("stderr", "w", stderr));
}

static char *caught_stderr(void)
{
	fflush(stderr);
	dup2(saved_stderr, STDERR_FILENO);
	close(saved_stderr);
	return read_file("stderr", NULL);
}

/* Likewise of stdout, where lines of progress go. */
static void catch_stdout(void)
{
	fflush(stdout);
	saved_stdout = dup(STDOUT_FILENO);
	assert_non_null(freopen("stdout", "w", stdout));
}

static char *caught_stdout(void)
{
	fflush(stdout);
	dup2(saved_stdout, STDOUT_FILENO);
	close(saved_stdout);
	return read_file("stdout", NULL);
}

static struct plan *good(const char *text)
{
	struct plan *p;

	write_text("p.ini", text);
	p = plan_load("p.ini");
	assert_non_null(p);
	return p;
}

/* One line must be printed, and hold @expect. */
static void assert_message(char *msg, const char *expect)
{
	if (!strstr(msg, expect))
		fail_msg("expected '%s', got '%s'", expect, msg);
	assert_ptr_equal(strchr(msg, '\n'), msg + strlen(msg) - 1);
	free(msg);
}

static void full(void **state)
{
	struct plan *p = good("; a comment\n[plan]\nboots=3 ; three\n"
			      "clock = icount\narms = stock mutex spinlock\n"
			      "compare = mutex/spinlock spinlock/stock\n"
			      "primary = spinlock/stock\naa = mutex\n"
			      "margin = 0.05\n"
			      "memory = 1024\nnodes = 2\ncpus = 3\npaging = shadow\n"
			      "boot_timeout = 900\n\n"
			      "[test one]\nprogram = secmmu_one_test\n"
			      "args = -v 1 -b 16M\ntraced = -i 2\n"
			      "events = aa bb\n  cc\n"
			      "timeout = 7\n"
			      "retries = 3\n"
			      "set = /proc/sys/vm/nr_hugepages=7 /sys/x=a=b\n"
			      "[test two]\r\nprogram = x\r\nevents = dd\r\n"
			      "traced = none\r\n");

	(void)state;
	assert_string_equal(p->name, "p");
	assert_int_equal(p->boots, 3);
	assert_int_equal(p->clock, PLAN_CLOCK_ICOUNT);
	assert_string_equal(plan_clock_name(p->clock), "icount");
	assert_int_equal(p->arms.n, 3);
	assert_string_equal(p->arms.v[1], "mutex");
	assert_int_equal(p->n_compare, 2);
	assert_string_equal(p->compare[0].a, "mutex");
	assert_string_equal(p->compare[0].b, "spinlock");
	assert_int_equal(p->primary, 1);
	assert_string_equal(p->aa, "mutex");
	assert_true(p->margin > 0.0499 && p->margin < 0.0501);
	assert_int_equal(p->memory_mb, 1024);
	assert_int_equal(p->nodes, 2);
	assert_int_equal(p->cpus, 3);
	assert_true(p->shadow);
	assert_int_equal(p->boot_timeout_s, 900);
	assert_int_equal(p->n_tests, 2);
	assert_string_equal(p->tests[0].name, "one");
	assert_string_equal(p->tests[0].program, "secmmu_one_test");
	assert_int_equal(p->tests[0].args.n, 4);
	assert_string_equal(p->tests[0].args.v[3], "16M");
	assert_null(p->tests[0].args.v[4]);
	assert_true(p->tests[0].traced);
	assert_int_equal(p->tests[0].traced_args.n, 2);
	assert_string_equal(p->tests[0].traced_args.v[1], "2");
	assert_int_equal(p->tests[0].events.n, 3);
	assert_string_equal(p->tests[0].events.v[2], "cc");
	assert_int_equal(p->tests[0].timeout_s, 7);
	assert_int_equal(p->tests[0].retries, 3);
	assert_int_equal(p->tests[0].set.n, 2);
	assert_string_equal(p->tests[0].set.v[1], "/sys/x=a=b");
	assert_int_equal(p->tests[1].set.n, 0);
	assert_int_equal(p->tests[1].retries, 0);
	assert_int_equal(p->tests[1].timeout_s, 60);
	assert_int_equal(p->tests[1].args.n, 0);
	assert_false(p->tests[1].traced);
	assert_int_equal(p->tests[1].traced_args.n, 0);
	plan_free(p);
}

static void defaults(void **state)
{
	struct plan *p = good(PLAN TEST);

	(void)state;
	assert_int_equal(p->boots, 10);
	assert_int_equal(p->clock, PLAN_CLOCK_AUTO);
	assert_int_equal(p->n_compare, 0);
	assert_int_equal(p->primary, -1);
	assert_string_equal(p->aa, "spinlock");
	assert_true(p->tests[0].traced);
	assert_int_equal(p->tests[0].traced_args.n, 0);
	assert_int_equal(p->nodes, 1);
	assert_int_equal(p->cpus, 0);
	assert_false(p->shadow);
	plan_free(p);
}

static void assert_kernel_args(const struct plan *p, const char *append,
			       const char *want)
{
	char *have = plan_kernel_args(p, append);

	if (want)
		assert_string_equal(have, want);
	else
		assert_null(have);
	free(have);
}

static void nodes(void **state)
{
	struct plan *p = good(PLAN TEST);

	(void)state;
	assert_kernel_args(p, NULL, NULL);
	assert_kernel_args(p, "quiet", "quiet");
	plan_free(p);
	p = good(PLAN "nodes = 4\n" TEST);
	assert_kernel_args(p, NULL, "numa=fake=4 numa_balancing=disable");
	assert_kernel_args(p, "quiet", "numa=fake=4 numa_balancing=disable quiet");
	plan_free(p);
}

static void judged_by_exit(void **state)
{
	struct plan *p = good("[plan]\narms = stock mutex\naa = none\nlane = debug\n"
			      "findings = kcsan@stock\n"
			      "[test one]\nprogram = x\nargs = -a\njudge = exit\n"
			      "reference = stock\nfindings = oom atomic@mutex\n"
			      "[suite more]\nprograms = y_test z_test\ntimeout = 9\n"
			      "reference = stock\nfindings = warning@stock\n");
	const struct plan_test *t = p->tests;

	(void)state;
	assert_null(p->aa);
	assert_string_equal(p->lane, "debug");
	assert_int_equal(p->n_tests, 3);
	assert_true(t[0].by_exit);
	assert_false(t[0].traced);
	assert_string_equal(t[0].reference, "stock");
	assert_int_equal(t[0].n_findings, 3);
	assert_int_equal(t[0].findings[0].kind, FINDING_OOM);
	assert_null(t[0].findings[0].arm);
	assert_int_equal(t[0].findings[1].kind, FINDING_ATOMIC);
	assert_string_equal(t[0].findings[1].arm, "mutex");
	/* Of the whole plan. */
	assert_int_equal(t[0].findings[2].kind, FINDING_KCSAN);
	assert_string_equal(t[0].findings[2].arm, "stock");
	assert_int_equal(t[1].n_findings, 2);
	assert_string_equal(t[1].name, "y_test");
	assert_string_equal(t[2].program, "z_test");
	assert_true(t[2].by_exit);
	assert_int_equal(t[2].timeout_s, 9);
	assert_string_equal(t[2].findings[0].arm, "stock");

	/* What is said about arms that do not run goes, and A/A stays off. */
	assert_int_equal(plan_set_arms(p, "mutex"), 0);
	assert_null(p->aa);
	assert_null(t[0].reference);
	assert_int_equal(t[0].n_findings, 2);
	assert_int_equal(t[1].n_findings, 0);
	assert_int_equal(plan_set_events(p, "z_test"), 0);
	assert_int_equal(p->n_tests, 1);
	assert_string_equal(p->tests[0].name, "z_test");
	plan_free(p);
}

static void assert_test(const struct plan_test *t, const char *name, const char *args)
{
	char *have = strs_join(&t->args);

	assert_string_equal(t->name, name);
	assert_string_equal(have, args);
	assert_int_equal(t->events.n, 2);
	assert_string_equal(t->program, "prog");
	free(have);
}

/* A test for each size and number of vCPUs, all with the same events. */
static void sweeps(void **state)
{
	struct plan *p = good(PLAN TEST "args = -i 3\ntraced = none\nsizes = 4K 64K 2M\n"
			      "[test u]\nprogram = prog\nargs = -v 9\nevents = aa bb\n"
			      "sizes = 8K 1M\nvcpus = 1 4\ntraced = -i 2\n");

	(void)state;
	assert_int_equal(p->n_tests, 7);
	assert_test(&p->tests[0], "t-4k", "-i 3 -r 4K");
	assert_test(&p->tests[1], "t-64k", "-i 3 -r 64K");
	assert_test(&p->tests[2], "t-2m", "-i 3 -r 2M");
	assert_false(p->tests[2].traced);
	assert_test(&p->tests[3], "u-8k-v1", "-v 9 -r 8K -v 1");
	assert_test(&p->tests[4], "u-8k-v4", "-v 9 -r 8K -v 4");
	assert_test(&p->tests[5], "u-1m-v1", "-v 9 -r 1M -v 1");
	assert_test(&p->tests[6], "u-1m-v4", "-v 9 -r 1M -v 4");
	assert_string_equal(p->tests[6].traced_args.v[1], "2");
	/* An event is one of them all. */
	assert_int_equal(plan_set_events(p, "aa"), 0);
	assert_int_equal(p->n_tests, 4);
	assert_int_equal(p->tests[3].events.n, 1);
	plan_free(p);
}

static const struct {
	const char *text;
	const char *message;
} bad_plans[] = {
	{ PLAN "[test t]\nprogram = x\nevents = e\njudge = exit\n",
	  "p.ini:3: [test t] has events, and judge = exit" },
	{ PLAN "[test t]\njudge = exti\n", "p.ini:4: judge: 'exti' is not allowed: ktap or exit" },
	{ PLAN TEST "reference = stock\n", "[test t]: reference = stock is none of the plan's arms" },
	{ PLAN TEST "findings = oom@stock\n", "[test t]: findings: stock is none of the plan's arms" },
	{ PLAN TEST "findings = lokdep\n",
	  "p.ini:6: findings: unknown kind of finding 'lokdep', did you mean 'lockdep'?" },
	{ PLAN "lane = debag\n" TEST, "unknown lane 'debag', did you mean 'debug'?" },
	{ PLAN "[suite s]\ntimeout = 3\n", "p.ini:3: [suite s] has no key 'programs'" },
	{ PLAN "[suite s]\nprograms = x/y\n", "p.ini:4: programs: 'x/y' is not allowed" },
	{ PLAN "[suite s]\nevents = e\n", "p.ini:4: unknown key 'events'" },
	{ "", "p.ini:1: there is no section [plan]" },
	{ "; nothing\n", "p.ini:1: there is no section [plan]" },
	{ PLAN, "p.ini:1: there is no section [test NAME]" },
	{ TEST, "p.ini:1: there is no section [plan]" },
	{ "[plan]\nboots = 1\n" TEST, "p.ini:1: [plan] has no key 'arms'" },
	{ PLAN "[test t]\nprogram = x\n", "p.ini:3: [test t] has no key 'events'" },
	{ PLAN "[test t]\nevents = x\n", "p.ini:3: [test t] has no key 'program'" },
	{ PLAN "[test t]\n", "p.ini:3: [test t] has no key 'program'" },
	{ PLAN TEST "[tset u]\nprogram = x\n", "p.ini:6: unknown section [tset u]" },
	{ PLAN TEST "[tset u]\n", "p.ini:6: unknown section [tset u]" },
	{ PLAN TEST PLAN, "p.ini:6: section [plan] was already opened in line 1" },
	{ PLAN TEST TEST, "p.ini:6: section [test t] was already opened in line 3" },
	{ PLAN "[test T]\nprogram = x\n", "p.ini:3: 'T' is not allowed: [test NAME]" },
	{ PLAN "bots = 3\n" TEST,
	  "p.ini:3: unknown key 'bots', did you mean 'boots'? There is: boots clock arms" },
	{ PLAN "xyzzy = 3\n" TEST, "p.ini:3: unknown key 'xyzzy'; there is: boots" },
	{ PLAN TEST "tiemout = 3\n",
	  "p.ini:6: unknown key 'tiemout', did you mean 'timeout'? There is: program args set traced vary events sizes vcpus judge" },
	{ PLAN "timeout = 3\n" TEST, "p.ini:3: unknown key 'timeout'" },
	{ PLAN "arms = stock\n" TEST, "p.ini:3: arms: was already set in line 2" },
	{ PLAN "boots =\n" TEST, "p.ini:3: boots: has no value" },
	{ PLAN "boots\n" TEST, "p.ini:3: neither [section] nor key = value" },
	{ PLAN "[oops\n" TEST, "p.ini:3: neither [section] nor key = value" },
	{ PLAN "[test t] x\n", "p.ini:3: 'x' after the section's name" },
	{ "boots = 3\n" PLAN TEST, "p.ini:1: 'boots' stands before the first" },
	{ PLAN "boots = 0\n" TEST,
	  "p.ini:3: boots: '0' is not allowed: a number from 1 to 1000" },
	{ PLAN "boots = 1001\n" TEST, "p.ini:3: boots: '1001' is not allowed" },
	{ PLAN "boots = 3x\n" TEST, "p.ini:3: boots: '3x' is not allowed" },
	{ PLAN "boots = -1\n" TEST, "p.ini:3: boots: '-1' is not allowed" },
	{ PLAN "boots = 99999999999999999999\n" TEST, "p.ini:3: boots: '9999" },
	{ PLAN "clock = fast\n" TEST,
	  "p.ini:3: clock: 'fast' is not allowed: auto, wall or icount" },
	{ PLAN "margin = 0.6\n" TEST,
	  "p.ini:3: margin: '0.6' is not allowed: a number from 0.001 to 0.5" },
	{ PLAN "margin = nan\n" TEST, "p.ini:3: margin: 'nan' is not allowed" },
	{ PLAN "margin = 1e-2\n" TEST, "p.ini:3: margin: '1e-2' is not allowed" },
	{ PLAN "margin = .\n" TEST, "p.ini:3: margin: '.' is not allowed" },
	{ PLAN "nodes = 0\n" TEST,
	  "p.ini:3: nodes: '0' is not allowed: a number from 1 to 8" },
	{ PLAN "nodes = 9\n" TEST, "p.ini:3: nodes: '9' is not allowed" },
	{ PLAN "[test one]\nprogram = x\njudge = exit\nsites = some\n",
	  "sites: 'some' is not allowed: yes or no" },
	{ PLAN "[test one]\nprogram = x\nevents = a\nsites = yes\n",
	  "[test one] has sites and events" },
	{ PLAN "paging = npt\n" TEST,
	  "p.ini:3: paging: 'npt' is not allowed: tdp or shadow" },
	{ PLAN "mix = 0\n" TEST,
	  "p.ini:3: mix: '0' is not allowed: a number from 1 to 1000" },
	{ PLAN TEST "vary = -v 1,2\n",
	  "[test t]: vary is for a plan with the key 'mix'" },
	{ PLAN "mix = 1\n" TEST "vary = 1,2\n",
	  "p.ini:7: vary: '1,2' is not allowed: options of one letter" },
	{ PLAN "mix = 1\n" TEST "vary = -v 1 2\n", "p.ini:7: vary: '2'" },
	{ PLAN "mix = 1\n" TEST "vary = -v ,\n", "p.ini:7: vary: ','" },
	{ PLAN "mix = 1\n" TEST "vary = --vcpus 1\n", "p.ini:7: vary: '--vcpus'" },
	{ PLAN "mix = 1\n" TEST "vary = -\n", "p.ini:7: vary: '-'" },
	{ PLAN "mix = 1\n" TEST "vary = -v '1'\n", "p.ini:7: vary: quotes are not" },
	{ PLAN TEST "sizes = 4K 64\n",
	  "p.ini:6: sizes: '64' is not allowed: sizes from 4K to 1G in steps of 4K" },
	{ PLAN TEST "sizes = 6K\n", "p.ini:6: sizes: '6K' is not allowed" },
	{ PLAN TEST "sizes = 0K\n", "p.ini:6: sizes: '0K' is not allowed" },
	{ PLAN TEST "sizes = 2G\n", "p.ini:6: sizes: '2G' is not allowed" },
	{ PLAN TEST "sizes = M\n", "p.ini:6: sizes: 'M' is not allowed" },
	{ PLAN TEST "sizes = 4KB\n", "p.ini:6: sizes: '4KB' is not allowed" },
	{ PLAN TEST "sizes = 99999999999999999999K\n", "p.ini:6: sizes: '9999" },
	{ PLAN TEST "sizes = 4K 4K\n", "p.ini:6: sizes: '4K' is there twice" },
	{ PLAN TEST "vcpus = 0\n",
	  "p.ini:6: vcpus: '0' is not allowed: a number from 1 to 16" },
	{ PLAN TEST "vcpus = 1 17\n", "p.ini:6: vcpus: '17' is not allowed" },
	{ PLAN TEST "vcpus = 2 2\n", "p.ini:6: vcpus: '2' is there twice" },
	{ PLAN "[test t]\nprogram = x\njudge = exit\nvcpus = 1 2\n",
	  "p.ini:3: [test t] has sizes or vcpus, and judge = exit" },
	/* A section of its own is no other size. */
	{ PLAN TEST "sizes = 4K 8K\n[test u]\nprogram = x\nevents = ev_two\nsizes = 16K\n",
	  "event 'ev_two' is in [test t-4k] and in [test u-16k]" },
	{ PLAN "sizes = 4K\n" TEST, "p.ini:3: unknown key 'sizes'" },
	{ PLAN "memory = 511\n" TEST,
	  "p.ini:3: memory: '511' is not allowed: a number from 512 to 1048576 (MiB)" },
	{ PLAN "boot_timeout = 0\n" TEST,
	  "p.ini:3: boot_timeout: '0' is not allowed: a number from 1 to 604800 (s)" },
	{ PLAN "boot_timeout = 604801\n" TEST, "p.ini:3: boot_timeout: '604801' is not allowed" },
	{ PLAN TEST "boot_timeout = 9\n", "p.ini:6: unknown key 'boot_timeout'" },
	{ PLAN "cpus = 0\n" TEST,
	  "p.ini:3: cpus: '0' is not allowed: a number from 1 to 256, or auto" },
	{ "[plan]\narms = spinlock mutx\n" TEST,
	  "p.ini:2: arms: unknown arm 'mutx', did you mean 'mutex'? There is: stock spinlock mutex rwsem" },
	{ "[plan]\narms = mutex mutex\n" TEST, "p.ini:2: arms: 'mutex' is there twice" },
	{ PLAN "compare = rwsem/mutex\n" TEST,
	  "p.ini:3: compare: unknown arm 'rwsem'; there is: spinlock mutex" },
	{ PLAN "compare = mutex\n" TEST,
	  "p.ini:3: compare: 'mutex' is not allowed: two arms, ARM/ARM" },
	{ PLAN "compare = mutex/\n" TEST, "p.ini:3: compare: 'mutex/' is not" },
	{ PLAN "compare = a/b/c\n" TEST, "p.ini:3: compare: 'a/b/c' is not" },
	{ PLAN "compare = mutex/mutex\n" TEST,
	  "p.ini:3: compare: 'mutex/mutex' is an arm against itself" },
	{ PLAN "compare = mutex/spinlock mutex/spinlock\n" TEST,
	  "p.ini:3: compare: 'mutex/spinlock' is there twice" },
	{ PLAN "compare = mutex/spinlock\nprimary = spinlock/mutex\n" TEST,
	  "p.ini:4: primary: 'spinlock/mutex' is not allowed: none, or one of 'compare': mutex/spinlock" },
	{ PLAN "primary = mutex/spinlock\n" TEST,
	  "p.ini:3: primary: 'mutex/spinlock' is not allowed" },
	{ PLAN "aa = stock\n" TEST, "p.ini:3: aa: unknown arm 'stock'" },
	/* A key of older plans, and one in the wrong section. */
	{ PLAN "untraced = spinlock\n" TEST,
	  "p.ini:3: unknown key 'untraced'; there is: boots clock arms" },
	{ PLAN "traced = none\n" TEST, "p.ini:3: unknown key 'traced'; there is: boots" },
	{ PLAN "[test t]\nprogram = ../../bin/sh\n",
	  "p.ini:4: program: '../../bin/sh' is not allowed" },
	{ PLAN "[test t]\nargs = -x 'a b'\n", "p.ini:4: args: quotes are not" },
	{ PLAN "[test t]\nargs = -v 1\n  timeout = 3\n",
	  "p.ini:4: args: a lone '='" },
	{ PLAN "[test t]\nset = /etc/x=1\n", "p.ini:4: set: '/etc/x=1' is not allowed: FILE=VALUE" },
	{ PLAN "[test t]\nset = /sys/x\n", "p.ini:4: set: '/sys/x' is not allowed: FILE=VALUE" },
	{ PLAN "[test t]\nset = /sys/x=\n", "p.ini:4: set: '/sys/x=' is not allowed: FILE=VALUE" },
	{ PLAN "[test t]\nset = /sys/../etc/x=1\n", "p.ini:4: set: '/sys/../etc/x=1' is not allowed: FILE=VALUE" },
	{ PLAN "[test t]\nset = sys/x=1\n", "p.ini:4: set: 'sys/x=1' is not allowed: FILE=VALUE" },
	{ PLAN "[test t]\nset = /sys/x='a b'\n", "p.ini:4: set: quotes are not" },
	{ PLAN "[test t]\ntraced = -x 'a b'\n", "p.ini:4: traced: quotes are not" },
	{ PLAN "[test t]\ntraced =\n", "p.ini:4: traced: has no value" },
	{ PLAN "[test t]\ntraced = -i 2\n  timeout = 3\n",
	  "p.ini:4: traced: a lone '='" },
	{ PLAN "[test t]\nevents = a B\n", "p.ini:4: events: 'B' is not allowed" },
	{ PLAN "[test t]\nevents = a a\n", "p.ini:4: events: 'a' is there twice" },
	{ PLAN TEST "timeout = 3601\n",
	  "p.ini:6: timeout: '3601' is not allowed: a number from 1 to 3600 (s)" },
	{ PLAN TEST "[test u]\nprogram = x\nevents = ev_two\n",
	  "event 'ev_two' is in [test t] and in [test u]" },
	{ PLAN TEST "  [test u]\n", "p.ini:6: a section must not be indented" },
	{ PLAN "boots = 3\001\n" TEST, "p.ini:3: control character 0x01" },
	{ PLAN "boots = 0\nclock = fast\nbots = 3\n" TEST, "p.ini:3: boots:" },
};

static void bad(void **state)
{
	struct plan *p;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad_plans); i++) {
		write_text("p.ini", bad_plans[i].text);
		catch_stderr();
		p = plan_load("./p.ini");
		assert_message(caught_stderr(), bad_plans[i].message);
		assert_null(p);
	}
}

static void odd_files(void **state)
{
	char line[400];

	(void)state;
	write_text("configs/plans/smoke.ini", PLAN TEST);
	catch_stderr();
	assert_null(plan_load("smokey"));
	assert_message(caught_stderr(),
		       "plan: unknown plan 'smokey', did you mean 'smoke'? There is: smoke");
	catch_stderr();
	assert_null(plan_load("../../etc/passwd"));
	assert_message(caught_stderr(), "passwd");
	catch_stderr();
	assert_null(plan_load("missing.ini"));
	assert_message(caught_stderr(), "missing.ini");
	catch_stderr();
	assert_null(plan_load("Bad Name"));
	assert_message(caught_stderr(), "a plan's name is made of");

	assert_int_equal(write_file("p.ini", "[plan]\nboots\0 = 1\n", 18), 0);
	catch_stderr();
	assert_null(plan_load("p.ini"));
	assert_message(caught_stderr(), "p.ini:2: NUL byte");

	memset(line, 'a', sizeof(line));
	memcpy(line, "[plan]\narms = ", 14);
	assert_int_equal(write_file("p.ini", line, sizeof(line)), 0);
	catch_stderr();
	assert_null(plan_load("p.ini"));
	assert_message(caught_stderr(), "p.ini:2: longer than ");
}

#define PAIRS "[plan]\narms = stock spinlock mutex\n" \
	      "compare = mutex/spinlock spinlock/stock\n" \
	      "primary = spinlock/stock\naa = mutex\n"

static void override_arms(void **state)
{
	struct plan *p = good(PAIRS TEST);

	(void)state;
	assert_int_equal(plan_set_arms(p, "stock,spinlock"), 0);
	assert_int_equal(p->arms.n, 2);
	assert_int_equal(p->n_compare, 1);
	assert_string_equal(p->compare[0].a, "spinlock");
	assert_int_equal(p->primary, 0);
	assert_string_equal(p->aa, "stock");

	assert_int_equal(plan_set_arms(p, "mutex rwsem stock"), 0);
	assert_int_equal(p->n_compare, 2);
	assert_string_equal(p->compare[0].a, "rwsem");
	assert_string_equal(p->compare[0].b, "mutex");
	assert_int_equal(p->primary, -1);
	assert_string_equal(p->aa, "stock");
	plan_free(p);
}

static void override_events(void **state)
{
	struct plan *p = good(PAIRS TEST "[test u]\nprogram = v\nevents = ev_three\n");

	(void)state;
	assert_int_equal(plan_set_events(p, "ev_two ev_one,ev_three"), 0);
	assert_int_equal(p->n_tests, 2);
	assert_int_equal(plan_set_events(p, "ev_two"), 0);
	assert_int_equal(p->n_tests, 1);
	assert_int_equal(p->tests[0].events.n, 1);
	assert_string_equal(p->tests[0].events.v[0], "ev_two");
	plan_free(p);
}

#define OTHER "[plan]\narms = stock mutex rwsem\nclock = wall\n" \
	      "memory = 4096\nnodes = 2\n" \
	      "[test t]\nprogram = other\nargs = -z\nevents = ev_one ev_far\n" \
	      "findings = oom atomic@stock\n" \
	      "[test u]\nprogram = more\nevents = ev_near\ntraced = none\n" \
	      "[suite s]\nprograms = by_itself\nreference = stock\n"
#define DEBUG "[plan]\narms = mutex\nlane = debug\nmemory = 1024\n" \
	      "[test d]\nprogram = busy\nevents = ev_far ev_debug\n"

static void make_others(void)
{
	write_text("configs/plans/adebug.ini", DEBUG);
	write_text("configs/plans/other.ini", OTHER);
}

static void remove_others(void)
{
	assert_int_equal(unlink("configs/plans/adebug.ini"), 0);
	assert_int_equal(unlink("configs/plans/other.ini"), 0);
}

/* An event of another plan comes with its test, and what that needs. */
static void other_plans(void **state)
{
	struct plan *p = good(PAIRS "memory = 512\n" TEST);

	(void)state;
	make_others();
	assert_int_equal(plan_set_arms(p, "spinlock,mutex"), 0);
	catch_stdout();
	assert_int_equal(plan_set_events(p, "ev_far,ev_two,by_itself"), 0);
	assert_message(caught_stdout(),
		       "ev_far by_itself: as in plan other, and so with the wall clock");
	assert_int_equal(p->n_tests, 3);
	assert_string_equal(p->tests[0].program, "prog");
	assert_int_equal(p->tests[0].events.n, 1);
	/* Of the lane that runs, under a name of its own. */
	assert_string_equal(p->tests[1].name, "t-other");
	assert_string_equal(p->tests[1].program, "other");
	assert_string_equal(p->tests[1].args.v[0], "-z");
	assert_int_equal(p->tests[1].events.n, 1);
	assert_string_equal(p->tests[1].events.v[0], "ev_far");
	/* What it says of arms that do not run is gone. */
	assert_int_equal(p->tests[1].n_findings, 1);
	assert_string_equal(p->tests[2].name, "by_itself");
	assert_null(p->tests[2].reference);
	assert_int_equal(p->clock, PLAN_CLOCK_WALL);
	assert_int_equal(p->memory_mb, 4096);
	assert_int_equal(p->nodes, 2);
	assert_int_equal(p->chosen.n, 3);
	assert_int_equal(p->boots, 10);
	plan_free(p);
	remove_others();
}

/* The lane's own plan comes first, and the clock that was asked for stays. */
static void other_lane(void **state)
{
	struct plan *p = good(PAIRS TEST);

	(void)state;
	make_others();
	assert_int_equal(p->tests[0].timeout_s, 60);
	assert_int_equal(p->boot_timeout_s, 0);
	p->boot_timeout_s = 100;
	assert_int_equal(plan_set_lane(p, "debug"), 0);
	assert_int_equal(p->tests[0].timeout_s, 240);
	assert_int_equal(p->boot_timeout_s, 400);
	assert_int_equal(plan_set_lane(p, "debug"), 0);
	assert_int_equal(p->tests[0].timeout_s, 240);
	assert_int_equal(plan_set_clock(p, "icount"), 0);
	catch_stdout();
	assert_int_equal(plan_set_events(p, "ev_far"), 0);
	assert_message(caught_stdout(), "ev_far: as in plan adebug\n");
	assert_int_equal(p->n_tests, 1);
	assert_string_equal(p->tests[0].name, "d");
	assert_string_equal(p->tests[0].program, "busy");
	assert_int_equal(p->clock, PLAN_CLOCK_ICOUNT);
	assert_int_equal(p->memory_mb, 2048);
	plan_free(p);

	/* Of the other one, made for lane plain, with the limits of this lane. */
	p = good(PAIRS TEST);
	assert_int_equal(plan_set_lane(p, "debug"), 0);
	catch_stdout();
	assert_int_equal(plan_set_events(p, "ev_near"), 0);
	assert_message(caught_stdout(), "ev_near: as in plan other");
	assert_int_equal(p->n_tests, 1);
	assert_int_equal(p->tests[0].timeout_s, 240);
	plan_free(p);
	remove_others();
}

static void unknown_everywhere(void **state)
{
	struct plan *p = good(PAIRS TEST);

	(void)state;
	make_others();
	catch_stderr();
	assert_int_equal(plan_set_events(p, "ev_one,ev_fra"), -1);
	assert_message(caught_stderr(),
		       "events: unknown event 'ev_fra', did you mean 'ev_far'? There is: ev_one ev_two; in other plans: ev_far ev_near ev_debug");
	plan_free(p);
	/* A plan that is broken is not passed over. */
	write_text("configs/plans/other.ini", "[plan]\nboots = many\n");
	p = good(PAIRS TEST);
	catch_stderr();
	assert_int_equal(plan_set_events(p, "ev_near"), -1);
	assert_message(caught_stderr(), "other.ini:2: boots: 'many'");
	plan_free(p);
	remove_others();
}

static void override_others(void **state)
{
	struct plan *p = good(PAIRS TEST);

	(void)state;
	assert_int_equal(plan_set_boots(p, "7"), 0);
	assert_int_equal(p->boots, 7);
	assert_int_equal(plan_set_clock(p, "wall"), 0);
	assert_int_equal(p->clock, PLAN_CLOCK_WALL);
	plan_free(p);
}

static const struct {
	int (*set)(struct plan *p, const char *value);
	const char *value;
	const char *message;
} bad_overrides[] = {
	{ plan_set_arms, "mutx", "arms: unknown arm 'mutx', did you mean 'mutex'?" },
	{ plan_set_arms, "", "arms: the list is empty" },
	{ plan_set_arms, "mutex,mutex", "arms: 'mutex' is there twice" },
	{ plan_set_boots, "none", "boots: 'none' is not allowed" },
	{ plan_set_boots, "", "boots: '' is not allowed" },
	{ plan_set_minutes, "0", "minutes: '0' is not allowed: a number from 1 to 10080" },
	{ plan_set_minutes, "long", "minutes: 'long' is not allowed" },
	{ plan_set_boot, "1000", "boot: '1000' is not allowed: a number from 0 to 999" },
	{ plan_set_clock, "cpu", "clock: 'cpu' is not allowed" },
	{ plan_set_events, "ev_on",
	  "events: unknown event 'ev_on', did you mean 'ev_one'? There is: ev_one ev_two" },
	{ plan_set_events, " ,", "events: the list is empty" },
};

static void bad_override(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad_overrides); i++) {
		struct plan *p = good(PAIRS TEST);

		catch_stderr();
		assert_int_equal(bad_overrides[i].set(p, bad_overrides[i].value),
				 -1);
		assert_message(caught_stderr(), bad_overrides[i].message);
		plan_free(p);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(full),
		cmocka_unit_test(defaults),
		cmocka_unit_test(nodes),
		cmocka_unit_test(judged_by_exit),
		cmocka_unit_test(sweeps),
		cmocka_unit_test(bad),
		cmocka_unit_test(odd_files),
		cmocka_unit_test(override_arms),
		cmocka_unit_test(override_events),
		cmocka_unit_test(other_plans),
		cmocka_unit_test(other_lane),
		cmocka_unit_test(unknown_everywhere),
		cmocka_unit_test(override_others),
		cmocka_unit_test(bad_override),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
