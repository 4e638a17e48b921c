// SPDX-License-Identifier: GPL-2.0-only
/*
 * Retries: a run that has not passed is done again as often as the plan says,
 * and whoever reads the results sees that it was. The guest is a stand-in whose
 * program fails the first few times.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "accel.h"
#include "bootrun.h"
#include "fake_qemu.h"
#include "formats.h"
#include "jsonio.h"
#include "report.h"
#include "scratch.h"
#include "summary.h"
#include "table.h"

static json_t *boot_json;	/* of the boot that was run last */

static void put_manifest(void)
{
	put("manifest.json", "{\"schema\": 2, \"id\": \"x\", \"plan\": \"x\", \"clock\": \"wall\", "
	    "\"seed\": 7, \"accel\": {\"name\": \"tcg\"}, \"plan_spec\": {\"boots\": 1, "
	    "\"arms\": [\"mutex\"], \"compare\": [], \"primary\": null, \"aa\": null, \"margin\": 0.02}}");
}

static struct plan_finding finding = { .kind = FINDING_OOM };
static unsigned int boot_timeout_s;	/* as in the plan */
static size_t n_findings;	/* 1: the plan says that it may come */

/* A boot of one test in one arm; @fails runs of it go wrong. */
static int boot_once(const char *how, const char *fails, unsigned int retries,
		     bool traced)
{
	static char *arms[] = { "mutex", NULL };
	static char *events[] = { "mremap_4k", NULL };
	static const struct accel_choice tcg = { ACCEL_TCG, "amd", "test" };
	struct plan_test test = {
		.name = "t", .program = "x", .timeout_s = 5, .traced = traced,
		.events = { events, 1 }, .retries = retries,
		.findings = &finding, .n_findings = n_findings,
	};
	const struct plan plan = {
		.arms = { arms, 1 }, .tests = &test, .n_tests = 1,
		.memory_mb = 64, .boot_timeout_s = boot_timeout_s,
	};
	const struct bootrun r = {
		.plan = &plan, .accel = &tcg, .cpus = 1, .seed = 7, .total = 1,
		.kernel = "k", .initrd = "i", .system_map = "map",
		.results = ".",
	};

	setenv("FAKE_QEMU", how, 1);
	setenv("FAKE_FAILS", fails, 1);
	assert_int_equal(remove_tree("boot-000"), 0);
	return bootrun_do(&r);
}

static int do_boot(const char *how, const char *fails, unsigned int retries,
		   bool traced)
{
	int ret = boot_once(how, fails, retries, traced);

	json_decref(boot_json);
	boot_json = json_load_file("boot-000/boot.json", 0, NULL);
	assert_non_null(boot_json);
	return ret;
}

static json_t *test_of(const char *name, bool traced)
{
	json_t *t;
	size_t i;

	json_array_foreach(json_object_get(boot_json, "tests"), i, t)
		if (!strcmp(jsonio_text(t, "name"), name) &&
		    json_is_true(json_object_get(t, "traced")) == traced)
			return t;
	return NULL;
}

static size_t n_tests(void)
{
	return json_array_size(json_object_get(boot_json, "tests"));
}

static void assert_result(const json_t *t, const char *status, int attempt,
			  size_t earlier)
{
	assert_non_null(t);
	assert_string_equal(jsonio_text(t, "status"), status);
	assert_int_equal(json_integer_value(json_object_get(t, "attempt")),
			 attempt);
	assert_int_equal(json_array_size(json_object_get(t, "attempts")),
			 earlier);
}

static void assert_attempt(const json_t *t, size_t i, int number,
			   const char *status)
{
	const json_t *a = json_array_get(json_object_get(t, "attempts"), i);

	assert_int_equal(json_integer_value(json_object_get(a, "attempt")),
			 number);
	assert_string_equal(jsonio_text(a, "status"), status);
	assert_true(json_is_string(json_object_get(a, "reason")));
}

static void first_attempt(void **state)
{
	(void)state;
	assert_int_equal(do_boot("selftest", "0", 3, true), ST_OK);
	assert_int_equal(n_tests(), 2);
	/* Nothing is said of attempts where there was one. */
	assert_result(test_of("mremap_4k", false), "PASS", 0, 0);
	assert_result(test_of("mremap_4k", true), "PASS", 0, 0);
}

static void without_retries(void **state)
{
	(void)state;
	assert_int_equal(do_boot("selftest", "1", 0, true), ST_FAIL);
	assert_result(test_of("mremap_4k", false), "FAIL", 0, 0);
	assert_result(test_of("mremap_4k", true), "PASS", 0, 0);
}

/* PASS, and both earlier attempts beside it; the traced run has its own. */
static void passes_in_the_end(void **state)
{
	char *log;

	(void)state;
	assert_int_equal(do_boot("selftest", "2", 3, true), ST_OK);
	assert_string_equal(jsonio_text(boot_json, "status"), "PASS");
	assert_result(test_of("mremap_4k", false), "PASS", 3, 2);
	assert_attempt(test_of("mremap_4k", false), 0, 1, "FAIL");
	assert_result(test_of("mremap_4k", true), "PASS", 0, 0);
	/* The crash was no event's result, and is not lost for it. */
	assert_result(test_of("(program)", false), "PASS", 3, 1);
	assert_attempt(test_of("(program)", false), 0, 2, "ERROR");
	assert_int_equal(n_tests(), 3);
	log = read_file("boot-000/ktap.log", NULL);
	assert_non_null(strstr(log, "untraced: t, attempt 3\n"));
	free(log);
}

static void never_passes(void **state)
{
	(void)state;
	assert_int_equal(do_boot("selftest", "9", 2, false), ST_FAIL);
	assert_result(test_of("mremap_4k", false), "MISS", 3, 2);
	assert_attempt(test_of("mremap_4k", false), 0, 1, "FAIL");
}

/* What the kernel reported is no flake: the result stands. */
static void kernel_findings(void **state)
{
	(void)state;
	assert_int_equal(do_boot("selftest-warn", "1", 3, false), ST_FAIL);
	assert_result(test_of("mremap_4k", false), "FAIL", 0, 0);
	assert_string_equal(jsonio_text(boot_json, "status"), "FAIL");
	/* Nor is it a test that has passed. */
	assert_int_equal(do_boot("selftest-hush", "1", 3, true), ST_FAIL);
	assert_result(test_of("mremap_4k", false), "FAIL", 0, 0);
	assert_string_equal(jsonio_text(test_of("mremap_4k", false), "reason"),
			    "the kernel reported (warning) WARNING: CPU: 0 PID: 1 at mm/x.c:1 f+0x1/0x2");
	assert_result(test_of("mremap_4k", true), "PASS", 0, 0);
}

/* A guest that is lost in the second attempt. */
static void lost_guest(void **state)
{
	(void)state;
	assert_int_equal(do_boot("selftest-lost", "1", 3, true), ST_FAIL);
	assert_result(test_of("mremap_4k", false), "MISS", 2, 1);
	assert_result(test_of("mremap_4k", true), "MISS", 0, 0);
}

/* The plan's limit of the whole boot, in the middle of it. */
static void late_boot(void **state)
{
	char *log;

	(void)state;
	boot_timeout_s = 2;
	assert_int_equal(do_boot("selftest-late", "0", 3, true), ST_FAIL);
	boot_timeout_s = 0;
	assert_string_equal(jsonio_text(boot_json, "status"), "MISS");
	assert_string_equal(jsonio_text(boot_json, "cause"), "boot-timeout");
	assert_result(test_of("mremap_4k", false), "MISS", 0, 0);
	assert_result(test_of("mremap_4k", true), "MISS", 0, 0);
	assert_non_null(strstr(jsonio_text(boot_json, "diagnosis"), "== registers"));
	/* What was flushed then is in the log, and counts for nothing. */
	log = read_file("boot-000/ktap.log", NULL);
	assert_non_null(strstr(log, "\n# secmmu: the boot was given up; what follows does not count\n"
			       "ok 1 mremap_4k, flushed\n"));
	assert_null(strstr(log, "of none"));
	free(log);
}

/* What goes wrong after a test is not said to be the test's. */
static void after_the_test(void **state)
{
	const char *text;

	(void)state;
	assert_int_equal(do_boot("selftest-unload", "0", 0, false), ST_FAIL);
	text = jsonio_text(boot_json, "diagnosis");
	assert_non_null(strstr(text, "== while: UNLOAD\n== boot 0 of seed 7, slot 0, arm mutex, copy a\n"));
	assert_int_equal(do_boot("selftest-off", "0", 0, false), ST_FAIL);
	text = jsonio_text(boot_json, "diagnosis");
	assert_non_null(strstr(text, "== while: POWEROFF\n== boot 0 of seed 7\n"));
}

/* What is left of a boot that the host has failed: its logs, under another name. */
static void host_fails(void **state)
{
	struct rlimit before, small;
	int p[2], saved, ret;
	char words[16384];
	struct summary s;
	char *text;
	ssize_t n;

	(void)state;
	json_decref(boot_json);
	boot_json = NULL;
	assert_int_equal(rename("k", "k.away"), 0);
	listen_begin();
	assert_int_equal(boot_once("selftest", "0", 0, false), ST_HARNESS);
	listen_end();
	assert_int_equal(rename("k.away", "k"), 0);
	assert_said("cannot open k for QEMU");
	assert_false(path_exists("boot-000") || path_exists(".boot-000.tmp"));
	assert_true(path_exists("failed-000/console.log"));
	assert_true(path_exists("failed-000/ktap.log"));
	assert_false(path_exists("failed-000/samples.csv"));
	/* A disk that is full after some words of the console, here for this process. */
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	small = before;
	small.rlim_cur = 30;
	/* A pipe is no file, and has room for a diagnosis. */
	assert_int_equal(pipe(p), 0);
	saved = dup(STDERR_FILENO);
	dup2(p[1], STDERR_FILENO);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	ret = boot_once("selftest", "0", 0, false);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	dup2(saved, STDERR_FILENO);
	close(saved);
	close(p[1]);
	assert_int_equal(ret, ST_HARNESS);
	n = read(p[0], words, sizeof(words) - 1);
	assert_true(n > 0);
	words[n] = '\0';
	close(p[0]);
	assert_non_null(strstr(words, "cannot write console.log: File too large"));
	assert_non_null(strstr(words, "== while: boot\n== boot 0 of seed 7\n"));
	text = read_file("failed-000-1/console.log", NULL);
	assert_string_equal(text, "[    0.000000] Linux version 6");
	free(text);
	/* No boot, for nobody. */
	put_manifest();
	listen_begin();
	assert_int_equal(summary_load(".", &s), -1);
	listen_end();
	assert_said("no finished boot in it");
	assert_int_equal(do_boot("selftest", "0", 0, false), ST_OK);
	assert_int_equal(summary_load(".", &s), 0);
	assert_int_equal(s.folder.n_boots, 1);
	summary_free(&s);
	assert_int_equal(remove("manifest.json"), 0);
}

static char *table_of(const struct summary *s)
{
	char *text;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	table_print(s, f);
	fclose(f);
	return text;
}

static void has(const char *file, const char *what)
{
	char *text = read_file(file, NULL);

	if (!text || !strstr(text, what))
		fail_msg("%s lacks '%s': %s", file, what, text ? text : "");
	free(text);
}

/* Whatever reads the run says so. */
static void readers(void **state)
{
	struct summary s;
	json_t *j, *t;
	char *text;

	(void)state;
	assert_int_equal(do_boot("selftest", "1", 1, false), ST_OK);
	put_manifest();
	assert_int_equal(summary_load(".", &s), 0);
	j = summary_json(&s);
	t = json_array_get(json_object_get(j, "tests"), 0);
	assert_string_equal(jsonio_text(t, "status"), "PASS");
	assert_int_equal(json_integer_value(json_object_get(t, "retried")), 1);
	assert_int_equal(json_integer_value(json_object_get(t, "retried_pass")), 1);
	assert_memory_equal(jsonio_text(t, "first_attempt"), "FAIL: ", 6);
	json_decref(j);
	text = table_of(&s);
	assert_non_null(strstr(text, "1 PASS (1 only after a retry), 0 SKIP"));
	assert_non_null(strstr(text, "1 results took more than one attempt"));
	free(text);
	assert_int_equal(formats_write(&s, "."), ST_OK);
	assert_int_equal(report_write(&s, "."), ST_OK);
	summary_free(&s);
	has("report.html", "PASS 1</span> (1 retried)");
	has("report.html", "in mutex took more than one attempt 1 times, and is PASS in 1 of");
	has("report.html", "First attempt: FAIL: ");
	has("results.ktap", "# mremap_4k: attempt 1: FAIL");
	has("results.ktap", "# mremap_4k: attempt 2: PASS");
	has("junit.xml", "<flakyFailure type=\"FAIL\" message=\"attempt 1: ");
	has("kcidb.json", "\"attempt\": 2");
	has("kcidb.json", "\"attempts\"");
	assert_int_equal(remove("manifest.json"), 0);
}

static json_t *first(const json_t *o, const char *list)
{
	return json_array_get(json_object_get(o, list), 0);
}

/* Where the kernel complained, in all that is made of a run. */
static void finding_readers(void **state)
{
	struct summary s;
	json_t *j, *f;
	char *text;

	(void)state;
	assert_int_equal(do_boot("selftest-hush", "1", 0, false), ST_FAIL);
	put_manifest();
	assert_int_equal(summary_load(".", &s), 0);
	j = summary_json(&s);
	f = first(j, "kernel_findings");
	assert_string_equal(jsonio_text(f, "fingerprint"), "warning: f");
	assert_string_equal(jsonio_text(f, "arm"), "mutex");
	assert_string_equal(jsonio_text(f, "copy"), "a");
	assert_string_equal(jsonio_text(f, "test"), "t");
	assert_true(json_is_false(json_object_get(f, "traced")));
	assert_int_equal(json_integer_value(json_object_get(f, "slot")), 0);
	json_decref(j);
	text = table_of(&s);
	assert_non_null(strstr(text, "0 PASS, 0 SKIP, 0 MISS, 0 ERROR, 1 FAIL. Kernel findings: 1.\n"));
	assert_non_null(strstr(text, "boot-000, mutex, test t: warning: WARNING: CPU: 0"));
	free(text);
	assert_int_equal(formats_write(&s, "."), ST_OK);
	assert_int_equal(report_write(&s, "."), ST_OK);
	summary_free(&s);
	has("report.html", ">mutex, test t</td>");
	has("results.ktap", "# kernel, warning, in mutex t: WARNING: CPU: 0");
	has("junit.xml", "warning in mutex t: WARNING: CPU: 0");
	has("kcidb.json", "\"test_id\": \"secmmu:x..boot-000.0\"");
	assert_int_equal(remove("manifest.json"), 0);
}

/* Findings that nobody could keep: whoever reads the run says so. */
static void too_many_findings(void **state)
{
	struct summary s;
	json_t *j;
	char *text;

	(void)state;
	n_findings = 1;
	assert_int_equal(do_boot("selftest-ooms", "0", 0, false), ST_FAIL);
	n_findings = 0;
	assert_string_equal(jsonio_text(boot_json, "status"), "ERROR");
	assert_int_equal(json_integer_value(json_object_get(boot_json, "kernel_findings_dropped")),
			 176);
	assert_int_equal(json_integer_value(json_object_get(first(boot_json, "kernel_findings"),
							    "count")), 1);
	put_manifest();
	assert_int_equal(summary_load(".", &s), 0);
	j = summary_json(&s);
	assert_int_equal(json_integer_value(json_object_get(first(j, "boot_list"),
							    "findings_dropped")), 176);
	assert_int_equal(json_integer_value(json_object_get(first(j, "kernel_findings"),
							    "count")), 1);
	json_decref(j);
	text = table_of(&s);
	assert_non_null(strstr(text, "and 1024 expected, and 176 more that were not kept."));
	free(text);
	summary_free(&s);
	assert_int_equal(remove("manifest.json"), 0);
}

/* Of those that did not pass in the end, in the words of the format. */
static void reruns(void **state)
{
	struct summary s;

	(void)state;
	assert_int_equal(do_boot("selftest", "3", 2, false), ST_FAIL);
	put_manifest();
	assert_int_equal(summary_load(".", &s), 0);
	assert_int_equal(formats_write(&s, "."), ST_OK);
	summary_free(&s);
	has("junit.xml", "rerunFailure type=\"FAIL\"");
	has("junit.xml", "<error type=\"MISS\"");
	assert_int_equal(remove("manifest.json"), 0);
}

/* A boot.json that says nonsense of attempts is refused. */
static void nonsense(void **state)
{
	static const char *const bad[] = {
		"[]", "7", "[{}]", "[{\"attempt\": 1, \"status\": \"GOOD\"}]",
		"[{\"attempt\": 0, \"status\": \"FAIL\"}]",
	};
	struct summary s;

	(void)state;
	put_manifest();
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		json_t *t;

		assert_int_equal(do_boot("selftest", "1", 1, false), ST_OK);
		t = test_of("mremap_4k", false);
		json_object_set_new(t, "attempts", json_loads(bad[i], JSON_DECODE_ANY, NULL));
		assert_int_equal(json_dump_file(boot_json, "boot-000/boot.json", 0), 0);
		listen_begin();
		assert_int_equal(summary_load(".", &s), -1);
		listen_end();
		assert_said("\"attempts\" of a test");
	}
}

static int set_up(void **state)
{
	char self[4096];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	if (n < 0 || scratch_setup(state) || chdir(scratch))
		return -1;
	self[n] = '\0';
	setenv("SECMMU_QEMU", self, 1);
	setenv("SECMMU_QEMU_USER", "root", 1);
	put("k", "kernel");
	put("i", "initrd");
	put("map", "ffffffff81000000 T _text\nffffffff82000000 T _etext\n");
	return 0;
}

static int tear_down(void **state)
{
	json_decref(boot_json);
	return chdir("/") || scratch_teardown(state);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(first_attempt),
		cmocka_unit_test(without_retries),
		cmocka_unit_test(passes_in_the_end),
		cmocka_unit_test(never_passes),
		cmocka_unit_test(kernel_findings),
		cmocka_unit_test(lost_guest),
		cmocka_unit_test(late_boot),
		cmocka_unit_test(after_the_test),
		cmocka_unit_test(host_fails),
		cmocka_unit_test(readers),
		cmocka_unit_test(finding_readers),
		cmocka_unit_test(too_many_findings),
		cmocka_unit_test(reruns),
		cmocka_unit_test(nonsense),
	};

	if (getenv("FAKE_QEMU"))
		return fake_qemu(argc, argv);
	return cmocka_run_group_tests_name("retries", tests, set_up, tear_down);
}
