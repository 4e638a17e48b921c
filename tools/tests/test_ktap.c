// SPDX-License-Identifier: GPL-2.0-only
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "ktap.h"
#include "util.h"

static char *event_names[] = { "mremap_4k", "mremap_thp", NULL };
static const struct strs events = { event_names, 2 };

/* How the program ended. */
static const struct ktap_end done = { 0 };
static const struct ktap_end failed = { .exit = 1 };
static const struct ktap_end skipped = { .exit = 4 };
static const struct ktap_end asserted = { .exit = 254 };
static const struct ktap_end missing = { .exit = 127 };
static const struct ktap_end crashed = { .signal = SIGSEGV };
static const struct ktap_end hung = { .timed_out = true };

#define V "TAP version 13\n"
#define BOTH "ok 1 mremap_4k\nok 2 mremap_thp\n"

static const struct {
	const char *output;
	const struct ktap_end *end;
	const struct strs *events;
	enum status status;
	const char *reason;	/* part of it */
	const char *results;	/* "NAME=STATUS ..." */
} cases[] = {
	{ V "1..2\n" BOTH, &done, &events, STATUS_PASS, "",
	  "mremap_4k=PASS mremap_thp=PASS " },
	{ "KTAP version 1\n1..2\n" BOTH, &done, NULL, STATUS_PASS, "",
	  "mremap_4k=PASS mremap_thp=PASS " },
	{ V BOTH "1..2\n", &done, &events, STATUS_PASS, "",
	  "mremap_4k=PASS mremap_thp=PASS " },
	{ V "1..2\r\nok 1 - mremap_4k: 40 moves\r\nok - mremap_thp\r\n", &done,
	  &events, STATUS_PASS, "", "mremap_4k=PASS mremap_thp=PASS " },
	{ V "1..2\nok 1 mremap_4k\n# page 3: expected 5, saw 4\n"
	  "not ok 2 mremap_thp\n", &failed, &events, STATUS_FAIL,
	  "mremap_thp: page 3: expected 5, saw 4",
	  "mremap_4k=PASS mremap_thp=FAIL " },
	{ V "1..2\nok 1 mremap_4k\n# FAIL mremap_thp: stale page 3\n# 40 calls\n"
	  "not ok 2 mremap_thp\n", &failed, &events, STATUS_FAIL,
	  "mremap_thp: FAIL mremap_thp: stale page 3",
	  "mremap_4k=PASS mremap_thp=FAIL " },
	/* An exit status of 0 does not undo a failure. */
	{ V "1..2\nok 1 mremap_4k\nnot ok 2 mremap_thp\n", &done, &events,
	  STATUS_FAIL, "mremap_thp: failed", "mremap_4k=PASS mremap_thp=FAIL " },
	/* All ok, but the program says no. */
	{ V "1..2\n" BOTH, &failed, &events, STATUS_FAIL, "exit status 1",
	  "mremap_4k=PASS mremap_thp=PASS " },
	{ V "1..2\nok 1 mremap_4k # SKIP no room\nok 2 # SKIP mremap_thp: no THP\n",
	  &done, &events, STATUS_SKIP, "no room",
	  "mremap_4k=SKIP mremap_thp=SKIP " },
	{ V "1..2\nok 1 mremap_4k\nok 2 mremap_thp # skip no THP\n", &done,
	  &events, STATUS_PASS, "", "mremap_4k=PASS mremap_thp=SKIP " },
	{ V "1..2\nok 1 mremap_4k\nnot ok 2 mremap_thp # SKIP\n", &done,
	  &events, STATUS_FAIL, "mremap_thp", "mremap_4k=PASS mremap_thp=FAIL " },
	{ V "1..2\nok 1 mremap_4k\nnot ok 2 mremap_thp # TODO later\n", &done,
	  &events, STATUS_PASS, "", "mremap_4k=PASS mremap_thp=SKIP " },
	{ V "1..2\nok 1 mremap_4k\nok 2 mremap_thp # TIMEOUT 9 s\n", &done,
	  &events, STATUS_MISS, "mremap_thp: TIMEOUT 9 s",
	  "mremap_4k=PASS mremap_thp=MISS " },
	{ V "1..0 # SKIP - Requirement not met: kvm_has_ept()\n", &skipped,
	  &events, STATUS_SKIP, "Requirement not met: kvm_has_ept()",
	  "mremap_4k=SKIP mremap_thp=SKIP " },
	{ "# /dev/kvm is missing\n", &skipped, &events, STATUS_SKIP,
	  "/dev/kvm is missing", "mremap_4k=SKIP mremap_thp=SKIP " },
	/* Fewer results than planned. */
	{ V "1..2\nok 1 mremap_4k\n", &done, &events, STATUS_MISS,
	  "mremap_thp: no result came", "mremap_4k=PASS mremap_thp=MISS " },
	{ V "1..5\nok 1 a\nok 2 b\nok 3 c\nok 4 d\n", &done, NULL, STATUS_MISS,
	  "result 5 of 5", "a=PASS b=PASS c=PASS d=PASS result 5 of 5=MISS " },
	{ V "1..18446744073709551615\nok 1 a\n", &done, NULL, STATUS_MISS,
	  "result 2 of", "a=PASS result 2 of 18446744073709551615=MISS " },
	/* Counts that do not fit. */
	{ V "1..1\n" BOTH, &done, &events, STATUS_ERROR,
	  "2 results came, 1 were planned", "mremap_4k=PASS mremap_thp=PASS " },
	{ V "1..2\nok 1 mremap_4k\nok 3 mremap_thp\n", &done, &events,
	  STATUS_ERROR, "result number 3 came where 2 was due",
	  "mremap_4k=PASS mremap_thp=PASS " },
	{ V "1..2\n1..2\n" BOTH, &done, &events, STATUS_ERROR,
	  "there are two plans", "mremap_4k=PASS mremap_thp=PASS " },
	{ V BOTH, &done, &events, STATUS_ERROR, "no plan",
	  "mremap_4k=PASS mremap_thp=PASS " },
	/* Not KTAP. */
	{ "", &done, NULL, STATUS_ERROR, "no KTAP results", "" },
	{ "Hello, world\n", &done, &events, STATUS_ERROR, "no KTAP results",
	  "mremap_4k=MISS mremap_thp=MISS " },
	{ "", &failed, NULL, STATUS_ERROR, "no KTAP results", "" },
	{ "", &missing, NULL, STATUS_ERROR, "the exit status was 127", "" },
	/* Other ends. */
	{ V "1..2\n" BOTH, &crashed, &events, STATUS_ERROR,
	  "killed by signal 11 (Segmentation fault)",
	  "mremap_4k=PASS mremap_thp=PASS " },
	{ V "1..2\nok 1 mremap_4k\nok 2 mremap_thp", &crashed, &events,
	  STATUS_ERROR, "killed by signal 11",
	  "mremap_4k=PASS mremap_thp=MISS " },
	{ V "1..2\nok 1 mremap_4k\n", &hung, &events, STATUS_MISS,
	  "did not end within its time limit",
	  "mremap_4k=PASS mremap_thp=MISS " },
	{ "", &hung, &events, STATUS_MISS, "did not end",
	  "mremap_4k=MISS mremap_thp=MISS " },
	{ V "1..2\nnot ok 1 mremap_4k\n", NULL, &events, STATUS_FAIL,
	  "mremap_4k: failed", "mremap_4k=FAIL mremap_thp=MISS " },
	{ V "1..2\nok 1 mremap_4k\n", NULL, &events, STATUS_MISS,
	  "the guest was lost", "mremap_4k=PASS mremap_thp=MISS " },
	{ V "1..2\nok 1 mremap_4k\nBail out! no memory\n", &failed, NULL,
	  STATUS_ERROR, "bailed out: no memory",
	  "mremap_4k=PASS result 2 of 2=MISS " },
	{ V "1..2\nok 1 mremap_4k\nBail out! no memory\n", &done, &events,
	  STATUS_ERROR, "bailed out: no memory",
	  "mremap_4k=PASS mremap_thp=MISS " },
	{ V "1..2\n==== Test Assertion Failure ====\n"
	  "  lib/kvm_util.c:42: !ret\n  pid=7 tid=7 errno=12\n", &asserted,
	  &events, STATUS_ERROR, "assertion failed: lib/kvm_util.c:42: !ret",
	  "mremap_4k=MISS mremap_thp=MISS " },
	/* Nested. */
	{ "KTAP version 1\n1..2\n  KTAP version 1\n  1..2\n  ok 1 x\n"
	  "  not ok 2 y\nnot ok 1 suite\nok 2 other\n", &failed, NULL,
	  STATUS_FAIL, "suite/y",
	  "suite/x=PASS suite/y=FAIL suite=FAIL other=PASS " },
	{ "1..1\n  1..3\n    1..1\n    ok 1 z\n  ok 1 y\nok 1 x\n", &done, NULL,
	  STATUS_MISS, "x/result 2 of 3",
	  "x/y/z=PASS x/y=PASS x/result 2 of 3=MISS x=PASS " },
	/* Junk between the lines, other alphabets. */
	{ V "Random seed: 1..2\nokay\n1..2\n[ 2.3] kvm: hi\nok 1 mremap_4k\n"
	  "\xff\xfe\x1b[2J\n" "not okay\n 1..x\nok 2 mremap_thp\n", &done,
	  &events, STATUS_PASS, "", "mremap_4k=PASS mremap_thp=PASS " },
	{ V "1..1\nnot ok 1 \xc3\xa4\x1b[31m\"<b>\n", &failed, NULL,
	  STATUS_FAIL, "???[31m\"<b>: failed", "???[31m\"<b>=FAIL " },
};

static char *list(const struct ktap *k)
{
	const struct ktap_result *r;
	char *text = xstrdup("");
	size_t n;

	r = ktap_results(k, &n);
	for (size_t i = 0; i < n; i++) {
		char *longer = xasprintf("%s%s=%s ", text, r[i].name,
					 status_name(r[i].status));

		free(text);
		text = longer;
	}
	return text;
}

/* In portions of @step bytes: it must make no difference. */
static void check_case(size_t i, size_t step)
{
	const char *s = cases[i].output;
	size_t len = strlen(s);
	struct ktap *k = ktap_new();
	enum status status;
	char *results;

	for (size_t at = 0; at < len; at += step)
		ktap_feed(k, s + at, len - at < step ? len - at : step);
	status = ktap_finish(k, cases[i].end, cases[i].events);
	results = list(k);
	if (status != cases[i].status || strcmp(results, cases[i].results) ||
	    !strstr(ktap_reason(k), cases[i].reason) ||
	    !*cases[i].reason != !*ktap_reason(k))
		fail_msg("case %zu: %s '%s' %s", i, status_name(status),
			 ktap_reason(k), results);
	free(results);
	ktap_free(k);
}

static void table(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		check_case(i, 1);
		check_case(i, 7);
		check_case(i, 65536);
	}
}

/* Of a program that is judged by its exit status, all that tells why. */
static void assertions(void **state)
{
#define HEAD "==== Test Assertion Failure ====\n  a.c:76: x == y\n  pid=7 tid=8 errno=4 - z\n"
	static const struct {
		const char *output, *asserted;
	} c[] = {
		{ "", "" },
		{ HEAD, "a.c:76: x == y" },
		{ "1..1\n" HEAD "  got: 17\nok 1 mremap_4k\n", "a.c:76: x == y: got: 17" },
		{ HEAD "  got: 8 (SHUTDOWN)\n  more\n", "a.c:76: x == y: got: 8 (SHUTDOWN)" },
		{ HEAD "  (stack trace empty)\n  got: 8\n", "a.c:76: x == y: got: 8" },
		{ HEAD "     1\t0x0: main at b.c:1\n  got: 8\n", "a.c:76: x == y: got: 8" },
		{ HEAD "ok 1 mremap_4k\n  2.3 s\n", "a.c:76: x == y" },
		{ HEAD "==== Test Assertion Failure ====\n  b.c:1: z\n", "a.c:76: x == y" },
	};
	char *wide = xasprintf(HEAD "  %0500d\n", 8);
	struct ktap *k;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(c); i++) {
		k = ktap_new();
		ktap_feed(k, c[i].output, strlen(c[i].output));
		ktap_finish(k, &failed, NULL);
		assert_string_equal(ktap_asserted(k), c[i].asserted);
		if (*c[i].asserted)
			assert_non_null(strstr(ktap_reason(k), c[i].asserted));
		ktap_free(k);
	}
	k = ktap_new();
	ktap_feed(k, wide, strlen(wide));
	ktap_finish(k, &failed, NULL);
	assert_int_equal(strlen(ktap_asserted(k)), 255);
	ktap_free(k);
	free(wide);
#undef HEAD
}

/* Why an event has no result: smoke.sh and people tell these from one another. */
static void missing_reasons(void **state)
{
	static const struct {
		const struct ktap_end *end;
		const char *reason;
	} ends[] = {
		{ &done, "no result came" },
		{ &hung, "no result came within the time limit" },
		{ NULL, "no result came before the guest was lost" },
	};
	const struct ktap_result *r;
	size_t n;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(ends); i++) {
		struct ktap *k = ktap_new();

		ktap_feed(k, V "1..2\nok 1 mremap_4k\n", strlen(V "1..2\nok 1 mremap_4k\n"));
		assert_int_equal(ktap_finish(k, ends[i].end, &events), STATUS_MISS);
		r = ktap_results(k, &n);
		assert_int_equal(n, 2);
		assert_string_equal(r[1].reason, ends[i].reason);
		ktap_free(k);
	}
}

static void huge_line(void **state)
{
	struct ktap *k = ktap_new();
	char junk[4096];

	(void)state;
	memset(junk, 'x', sizeof(junk));
	ktap_feed(k, "1..2\nok 1 mremap_4k # ", 22);
	for (int i = 0; i < 4096; i++)
		ktap_feed(k, junk, sizeof(junk));
	ktap_feed(k, "\nok 2 mremap_thp\n", 17);
	assert_int_equal(ktap_finish(k, &done, &events), STATUS_PASS);
	ktap_free(k);
}

static void nul_bytes(void **state)
{
	static const char text[] = "1..2\nok 1 mremap_4k\n\0\0\nok 2\0mremap_thp\n";
	struct ktap *k = ktap_new();
	char *results;

	(void)state;
	ktap_feed(k, text, sizeof(text) - 1);
	assert_int_equal(ktap_finish(k, &done, &events), STATUS_MISS);
	results = list(k);
	assert_string_equal(results, "mremap_4k=PASS ?mremap_thp=PASS mremap_thp=MISS ");
	free(results);
	ktap_free(k);
}

static void too_many(void **state)
{
	struct ktap *k = ktap_new();
	size_t n;

	(void)state;
	for (int i = 0; i < 100000; i++)
		ktap_feed(k, "ok x\n", 5);
	ktap_feed(k, "1..100000\n", 10);
	assert_int_equal(ktap_finish(k, &done, NULL), STATUS_ERROR);
	ktap_results(k, &n);
	assert_int_equal(n, 4096);
	ktap_free(k);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(table),
		cmocka_unit_test(assertions),
		cmocka_unit_test(missing_reasons),
		cmocka_unit_test(huge_line),
		cmocka_unit_test(nul_bytes),
		cmocka_unit_test(too_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
