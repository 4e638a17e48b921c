// SPDX-License-Identifier: GPL-2.0-only
/* perf.data of tests: how the guest records, what the host keeps and finds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "frame.h"
#include "perfdata.h"

#include "scratch.h"

/* The guest's, on a tracefs made here: tools/guest/perf.c. */
unsigned int perf_argv(const char *tracefs, const char **argv);
void perf_modules(const char *kallsyms);

static char *joined(const char *tracefs)
{
	const char *argv[24];
	unsigned int n = perf_argv(tracefs, argv), i;
	char *s = xstrdup(""), *more;

	assert_true(n <= ARRAY_SIZE(argv));
	for (i = 0; i < n; i++) {
		more = xasprintf("%s%s%s", s, i ? " " : "", argv[i]);
		free(s);
		s = more;
	}
	return s;
}

/* perf refuses an event that is not there, so only what exists is named. */
static void events_that_exist(void **state)
{
	char *s;

	(void)state;
	s = joined("empty");
	assert_non_null(strstr(s, "/bin/perf record --quiet --all-cpus"));
	assert_non_null(strstr(s, " --event cycles/freq=997/ --"));
	/* It would leave out most events of the tracepoints. */
	assert_null(strstr(s, "--freq"));
	free(s);
	put("stock/events/mmu_notifier/mmu_notifier_range_start/id", "1\n");
	put("stock/events/kvm/kvm_exit/id", "2\n");
	put("stock/events/lock/contention_begin/id", "3\n");
	s = joined("stock");
	assert_non_null(strstr(s, "--event mmu_notifier:* --event lock:contention_* --"));
	assert_null(strstr(s, "kvm_mmu_lock"));
	free(s);
	put("stock/events/kvm/kvm_mmu_lock_wait/id", "4\n");
	s = joined("stock");
	assert_non_null(strstr(s, "--event mmu_notifier:* --event kvm:kvm_mmu_lock_* --event lock:contention_* --"));
	free(s);
}

static void symbols_of_modules(void **state)
{
	(void)state;
	put("kallsyms", "ffffffff81000000 T _text\nffffffffc0001000 t kvm_f\t[kvm]\n"
	    "ffffffff81000010 T [odd]\nffffffffc0002000 t svm_f\t[kvm_amd]\n");
	perf_modules("kallsyms");
	assert_content("/tmp/secmmu-perf.modules",
		       "ffffffffc0001000 t kvm_f\t[kvm]\nffffffffc0002000 t svm_f\t[kvm_amd]\n");
	perf_modules("nowhere");
	assert_content("/tmp/secmmu-perf.modules", "");
	unlink("/tmp/secmmu-perf.modules");
}

static const char *kept(const char *first, const char *second)
{
	const struct slot slot = { "mutex", 'a' };
	struct perfdata *p = perfdata_new("boot", 12, &slot, "thp_split");
	const char *missing;

	if (first)
		assert_int_equal(perfdata_add(p, PERF_PART_DATA, first, strlen(first)), 0);
	if (second)
		assert_int_equal(perfdata_add(p, PERF_PART_DATA, second, strlen(second)), 0);
	assert_int_equal(perfdata_end(p, &missing), 0);
	return missing;
}

/* The planted faults: nothing, something else, a beginning of it. */
static void missing_is_said(void **state)
{
	(void)state;
	assert_string_equal(kept(NULL, NULL), "perf left no perf.data: see ktap.log");
	assert_false(path_exists("boot/perf"));
	assert_string_equal(kept("PERFILE", NULL), "what perf left is no perf.data: see ktap.log");
	assert_string_equal(kept("error: no ", "such"), "what perf left is no perf.data: see ktap.log");
	assert_null(kept("PERFILE2", NULL));
	assert_null(kept("P", "ERFILE2 and more"));
	assert_content("boot/perf/12-mutex-a-thp_split.data", "PERFILE2 and more");
}

static void cannot_write(void **state)
{
	const struct slot slot = { "mutex", 'a' };
	struct perfdata *p;
	const char *missing;
	int ret;

	(void)state;
	put("file", "");
	p = perfdata_new("file", 0, &slot, "x");
	listen_begin();
	ret = perfdata_add(p, PERF_PART_DATA, "PERFILE2", 8);
	listen_end();
	assert_int_equal(ret, -1);
	assert_non_null(strstr(said, "file/perf"));
	assert_int_equal(perfdata_end(p, &missing), 0);
	assert_non_null(missing);
}

static void symbols(void **state)
{
	int ret;

	(void)state;
	put("run/System.map", "ffffffff81000000 T _text\n");
	put("run/boot-000/perf/03-mutex-a-x.data", "PERFILE2");
	put("run/boot-000/perf/03-mutex-a-x.modules", "ffffffffc0001000 t f\t[kvm]\n");
	assert_int_equal(perfdata_symbols("run/boot-000/perf/03-mutex-a-x.data", "symbols"), 0);
	assert_content("symbols", "ffffffff81000000 T _text\nffffffffc0001000 t f\t[kvm]\n");
	listen_begin();
	ret = perfdata_symbols("run/boot-000/perf/03-mutex-a-x.modules", "symbols");
	listen_end();
	assert_int_equal(ret, -1);
	assert_said("no file of a results folder");
	unlink("run/System.map");
	listen_begin();
	ret = perfdata_symbols("run/boot-000/perf/03-mutex-a-x.data", "symbols");
	listen_end();
	assert_int_equal(ret, -1);
	assert_said("run/System.map");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(events_that_exist),
		cmocka_unit_test(symbols_of_modules),
		cmocka_unit_test(missing_is_said),
		cmocka_unit_test(cannot_write),
		cmocka_unit_test(symbols),
	};

	return cmocka_run_group_tests_name("perfdata", tests, scratch_setup,
					   scratch_teardown);
}
