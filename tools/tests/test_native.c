// SPDX-License-Identifier: GPL-2.0-only
/* Selftests on this machine's own kernel, with programs of straw. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include <cmocka.h>
#include <jansson.h>

#include "../secmmu/native.h"
#include "scratch.h"

#define PLAN								\
	"[plan]\narms = mutex\nboots = 6\n\n"				\
	"[test timed]\nprogram = secmmu_timed_test\nargs = -v 1\n"	\
	"events = mremap_4k fault_4k\ntimeout = 20\n\n"		\
	"[test mute]\nprogram = secmmu_mute_test\nargs = -v 1\nevents = quiet\ntimeout = 20\n"
#define TIMED								\
	"printf 'ok 1 mremap_4k\\nok 2 fault_4k\\n'\n"		\
	"exec >>\"$SECMMU_SAMPLES\"\n"				\
	"echo '#secmmu-samples 1'\n"					\
	"echo event,seq,tid,start_ns,end_ns,addr,size,page_size,vcpus\n"
#define ROWS								\
	"for i in 1 2 3; do echo mremap_4k,$((i - 1)),7,1000,$((1000 + i * 100)),0x1000,4096,4096,1; done\n" \
	"echo fault_4k,0,7,1000,5000,0x1000,4096,4096,1\n"

static void program(const char *name, const char *head, const char *body, const char *tail)
{
	char *text = xasprintf("%s%s%s", head, body, tail);

	put(name, text);
	assert_int_equal(chmod(name, 0755), 0);
	free(text);
}

static int run(void)
{
	struct plan *p;
	int ret;

	put("p.ini", PLAN);
	p = plan_load("./p.ini");
	assert_non_null(p);
	listen_begin();
	ret = native_run(p, "tests", "logs");
	listen_end();
	plan_free(p);
	return ret;
}

static double value(const json_t *o, const char *key)
{
	return json_number_value(json_object_get(o, key));
}

static const char *text(const json_t *o, const char *key)
{
	return json_string_value(json_object_get(o, key));
}

/* Twice, as samples are appended to a file: the second run must not have the first one's. */
static void times_are_summarized(void **state)
{
	const json_t *list, *o;
	json_t *j;

	(void)state;
	program("tests/secmmu_timed_test", "#!/bin/sh\nprintf 'TAP version 13\\n1..2\\n'\n",
		TIMED, ROWS);
	program("tests/secmmu_mute_test", "#!/bin/sh\nprintf 'TAP version 13\\n1..1\\n'\n",
		"echo ok 1 quiet\n", "");
	assert_int_equal(run(), ST_OK);
	assert_int_equal(run(), ST_OK);
	j = json_load_file("logs/native.json", 0, NULL);
	assert_non_null(j);
	assert_non_null(json_object_get(json_object_get(j, "host"), "thp"));
	list = json_object_get(j, "measurements");
	assert_int_equal(json_array_size(list), 2);
	o = json_array_get(list, 0);
	assert_string_equal(text(o, "event"), "mremap_4k");
	assert_string_equal(text(o, "test"), "timed");
	assert_string_equal(text(o, "what"), "system call time");
	assert_true(value(o, "n") == 3 && value(o, "p50") == 200 && value(o, "max") == 300);
	o = json_array_get(list, 1);
	assert_string_equal(text(o, "what"), "page-fault time, in KVM_PRE_FAULT_MEMORY");
	assert_true(value(o, "n") == 1 && value(o, "p50") == 4000);
	json_decref(j);
}

/* This machine's settings are not changed: a test that wants some does not run. */
static void settings_are_left_alone(void **state)
{
	struct plan *p;

	(void)state;
	program("tests/secmmu_mute_test", "#!/bin/sh\n", "touch ran\n", "");
	put("p.ini", "[plan]\narms = mutex\nboots = 6\n\n"
		     "[test mute]\nprogram = secmmu_mute_test\nevents = quiet\n"
		     "set = /sys/no/such=1\n");
	p = plan_load("./p.ini");
	assert_non_null(p);
	listen_begin();
	assert_int_equal(native_run(p, "tests", "logs"), ST_OK);
	listen_end();
	plan_free(p);
	assert_false(path_exists("ran"));
}

/* The planted fault: a sample that has no end. */
static void malformed_samples_are_an_error(void **state)
{
	(void)state;
	program("tests/secmmu_timed_test", "#!/bin/sh\nprintf 'TAP version 13\\n1..2\\n'\n",
		TIMED, "echo mremap_4k,0,7,1000\n");
	assert_int_equal(run(), ST_FAIL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(times_are_summarized),
		cmocka_unit_test(settings_are_left_alone),
		cmocka_unit_test(malformed_samples_are_an_error),
	};

	return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
