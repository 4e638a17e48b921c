// SPDX-License-Identifier: GPL-2.0-only
/* Waits for mmu_lock counted by the trace: lockwaits.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "lockwaits.h"
#include "page.h"
#include "util.h"

#define T0 1000000u

/* Two calls, of 200 us each, and one of another event. */
static const struct sample samples[] = {
	{ .event = "e", .tid = 1, .start_ns = T0, .end_ns = T0 + 200000 },
	{ .event = "e", .tid = 1, .start_ns = T0 + 400000, .end_ns = T0 + 600000 },
	{ .event = "f", .tid = 1, .start_ns = T0 + 700000, .end_ns = T0 + 900000 },
};

static void wait(struct trace *t, int tid, uint64_t at, uint64_t ns, int mode,
		 int end)
{
	struct page p;

	page_begin(&p, T0 + at);
	page_kind(&p, T0 + at, TRACE_LOCK_WAIT, tid, 0, mode);
	page_kind(&p, T0 + at + ns, end, tid, 0, mode);
	page_end(&p, 0);
	assert_int_equal(trace_page(t, 0, p.b, PAGE), 0);
}

static struct trace *some_waits(void)
{
	struct trace *t = trace_new();

	assert_int_equal(meta_all(t, TRACE_FORMATS), 0);
	/* At and below the limits, by the caller and by others. */
	wait(t, 1, 1000, 1023, TRACE_WRITE, TRACE_LOCK_ACQUIRED);
	wait(t, 1, 3000, 1024, TRACE_WRITE, TRACE_LOCK_ACQUIRED);
	wait(t, 7, 5000, 8191, TRACE_READ, TRACE_LOCK_ACQUIRED);
	wait(t, 7, 20000, 8192, TRACE_READ, TRACE_LOCK_ACQUIRED);
	wait(t, 8, 400000, 65535, TRACE_WRITE, TRACE_LOCK_ACQUIRED);
	wait(t, 9, 500000, 65536, TRACE_WRITE, TRACE_LOCK_ACQUIRED);
	return t;
}

static int count_in(struct trace *t, const char *event, struct call_counts *c)
{
	size_t n;
	const struct trace_event **e = trace_by_thread(t, &n);
	int ret = lockwaits_count(t, e, n, samples, ARRAY_SIZE(samples), event, c);

	free(e);
	return ret;
}

static void counts(struct trace *t, const char *event, const uint64_t want[6])
{
	struct call_counts c;

	assert_int_equal(count_in(t, event, &c), 0);
	for (int i = 0; i < 6; i++)
		assert_int_equal(c.v[COUNT_READ_WAITS_1US + i], want[i]);
	assert_true(c.v[COUNT_SLEEPS] == COUNT_NONE && c.v[COUNT_LOCK_WAITS] == COUNT_NONE);
	assert_int_equal(c.v[COUNT_CALLS], *event == 'e' ? 2 : 1);
}

static void by_limit_and_mode(void **state)
{
	struct trace *t = some_waits();

	(void)state;
	counts(t, "e", (const uint64_t[]){ 2, 1, 0, 3, 2, 1 });
	counts(t, "f", (const uint64_t[]){ 0, 0, 0, 0, 0, 0 });
	trace_free(t);
}

/* The planted faults: what is no wait in a call must not count. */
static void no_waits(void **state)
{
	struct trace *t = some_waits();

	(void)state;
	/* A try that failed; one between calls; one into a call, and out of one. */
	wait(t, 1, 40000, 70000, TRACE_WRITE, TRACE_LOCK_TRYFAIL);
	wait(t, 1, 250000, 70000, TRACE_WRITE, TRACE_LOCK_ACQUIRED);
	wait(t, 1, 390000, 70000, TRACE_WRITE, TRACE_LOCK_ACQUIRED);
	wait(t, 1, 599000, 70000, TRACE_WRITE, TRACE_LOCK_ACQUIRED);
	/* Begun by one thread, ended by another. */
	wait(t, 2, 150000, 0, TRACE_WRITE, TRACE_LOCK_WAIT);
	wait(t, 3, 180000, 0, TRACE_WRITE, TRACE_LOCK_RELEASED);
	counts(t, "e", (const uint64_t[]){ 2, 1, 0, 3, 2, 1 });
	trace_free(t);
}

/* Not counted is not 0. */
static void not_known(void **state)
{
	struct trace *t = some_waits(), *stock = trace_new();
	struct call_counts c;

	(void)state;
	assert_int_equal(count_in(t, "g", &c), -1);
	trace_lost(t, 1);
	assert_int_equal(count_in(t, "e", &c), -1);
	trace_free(t);
	assert_int_equal(meta_all(stock, TRACE_LOCK_WAIT), 0);
	assert_int_equal(count_in(stock, "e", &c), -1);
	trace_free(stock);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(by_limit_and_mode),
		cmocka_unit_test(no_waits),
		cmocka_unit_test(not_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
