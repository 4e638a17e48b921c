// SPDX-License-Identifier: GPL-2.0-only
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>

#include "page.h"
#include "util.h"

#define HEADER_PAGE							\
	"\tfield: u64 timestamp;\toffset:0;\tsize:8;\tsigned:0;\n"		\
	"\tfield: local_t commit;\toffset:8;\tsize:8;\tsigned:1;\n"		\
	"\tfield: int overwrite;\toffset:8;\tsize:1;\tsigned:1;\n"		\
	"\tfield: char data;\toffset:16;\tsize:4080;\tsigned:0;\n"

static struct trace *new_trace(void)
{
	struct trace *t = trace_new();

	assert_int_equal(trace_meta(t, "header_page", HEADER_PAGE,
				    strlen(HEADER_PAGE)), 0);
	assert_int_equal(meta_all(t, TRACE_FORMATS), 0);
	return t;
}

static void decode(void **state)
{
	struct trace *t = new_trace();
	const struct trace_event *e;
	struct page p;
	size_t n;

	(void)state;
	page_begin(&p, 5000000000);
	for (int kind = 0; kind < TRACE_FORMATS; kind++)
		page_kind(&p, 5000000000 + kind * 400000000ull, kind, 70 + kind,
			  0xffffffff81000000 + kind,
			  kind == TRACE_SWITCH_OUT ? 7 :
			  kind >= TRACE_LOCK_WAIT ? kind % 2 : -11);
	page_end(&p, 0);
	assert_int_equal(trace_page(t, 3, p.b, PAGE), 0);
	e = trace_events(t, &n);
	assert_int_equal(n, TRACE_KINDS);
	assert_int_equal(e[TRACE_SWITCH_IN].kind, TRACE_SWITCH_IN);
	assert_int_equal(e[TRACE_SWITCH_IN].tid, 7);
	assert_true(e[TRACE_SWITCH_IN].last);
	for (int kind = 0; kind < TRACE_FORMATS; kind++) {
		assert_int_equal(e[kind].kind, kind);
		assert_true(e[kind].ns == 5000000000 + kind * 400000000ull);
		assert_int_equal(e[kind].tid, 70 + kind);
		if (kind != TRACE_SWITCH_OUT)
			assert_true(e[kind].ip == 0xffffffff81000000u + kind);
		if (kind >= TRACE_LOCK_WAIT && kind <= TRACE_LOCK_TRYFAIL)
			assert_int_equal(e[kind].mode, kind % 2);
		else
			assert_int_equal(e[kind].mode, TRACE_MODES);
		assert_int_equal(e[kind].ret,
				 kind == TRACE_RANGE_STARTED ? -11 : 0);
		assert_int_equal(e[kind].cpu, 3);
		assert_false(e[kind].last);
	}
	assert_int_equal(trace_lost_total(t), 0);

	trace_reset(t);
	trace_events(t, &n);
	assert_int_equal(n, 0);
	assert_true(trace_has(t, TRACE_LOCK_WAIT));
	trace_forget(t);
	assert_false(trace_has(t, TRACE_LOCK_WAIT));
	trace_free(t);
}

/* A mode that nobody has heard of is no mode, and what is around it no trace. */
static void unknown_mode(void **state)
{
	struct trace *t = new_trace();
	struct page p;
	size_t n;

	(void)state;
	page_begin(&p, 1);
	page_kind(&p, 2, TRACE_LOCK_WAIT, 1, 0, TRACE_READ);
	page_kind(&p, 3, TRACE_LOCK_ACQUIRED, 1, 0, TRACE_MODES);
	page_end(&p, 0);
	assert_int_equal(trace_page(t, 0, p.b, PAGE), -1);
	trace_events(t, &n);
	assert_int_equal(n, 1);
	assert_int_equal(trace_lost_total(t), 1);
	trace_free(t);
}

/* A reloaded module's events have other numbers. */
static void renumbered(void **state)
{
	struct trace *t = new_trace();
	const struct trace_event *e;
	struct page p;
	size_t n;

	(void)state;
	assert_int_equal(meta_event(t, TRACE_LOCK_WAIT,
				    1000 + TRACE_LOCK_RELEASED), 0);
	assert_int_equal(meta_event(t, TRACE_LOCK_RELEASED,
				    1000 + TRACE_LOCK_WAIT), 0);
	assert_true(trace_has(t, TRACE_LOCK_WAIT));
	page_begin(&p, 1);
	page_kind(&p, 2, TRACE_LOCK_WAIT, 1, 0, 0);
	page_end(&p, 0);
	assert_int_equal(trace_page(t, 0, p.b, PAGE), 0);
	e = trace_events(t, &n);
	assert_int_equal(n, 1);
	assert_int_equal(e[0].kind, TRACE_LOCK_RELEASED);
	/* The number now belongs to another event, the old one is gone. */
	assert_int_equal(meta_event(t, TRACE_AGE, 1000 + TRACE_RANGE_END), 0);
	assert_false(trace_has(t, TRACE_RANGE_END));
	trace_free(t);
}

/* Known, but of no interest here; and never heard of. */
static void other_events(void **state)
{
	static const char format[] = "name: mmu_notifier_release\nID: 77\n"
				     "format:\n\t" COMMON
				     "\tfield:void * mm;\toffset:8;\tsize:8;\tsigned:0;\n";
	struct trace *t = new_trace();
	uint8_t event[16] = { 77 };
	struct page p;
	size_t n;

	(void)state;
	assert_int_equal(trace_meta(t, "mmu_notifier/mmu_notifier_release",
				    format, sizeof(format) - 1), 0);
	page_begin(&p, 1);
	page_event(&p, 2, event, sizeof(event));
	page_end(&p, 0);
	assert_int_equal(trace_page(t, 0, p.b, PAGE), 0);
	event[0] = 78;
	page_event(&p, 3, event, sizeof(event));
	page_end(&p, 0);
	assert_int_equal(trace_page(t, 0, p.b, PAGE), -1);
	assert_int_equal(trace_lost_total(t), 1);
	trace_events(t, &n);
	assert_int_equal(n, 0);
	trace_free(t);
}

static void short_event(void **state)
{
	struct trace *t = new_trace();
	uint8_t event[28] = { 1000 & 0xff, 1000 >> 8 };
	struct page p;
	size_t n;

	(void)state;
	page_begin(&p, 1);
	page_event(&p, 2, event, sizeof(event));
	page_kind(&p, 3, TRACE_RANGE_START, 1, 1, 0);
	page_end(&p, 0);
	assert_int_equal(trace_page(t, 0, p.b, PAGE), -1);
	trace_events(t, &n);
	assert_int_equal(n, 1);
	assert_int_equal(trace_lost_total(t), 1);
	trace_free(t);
}

#define HEAD(id) "name: kvm_mmu_lock_wait\nID: " id "\nformat:\n"
#define PID(place) "\tfield:int common_pid;" place "\tsigned:1;\n"

static const char *const bad_formats[] = {
	"",
	"x",
	"ID: 7",
	HEAD("0") "\t" COMMON,
	HEAD("65536") "\t" COMMON,
	HEAD("100000") "\t" COMMON,
	HEAD("-7") "\t" COMMON,
	HEAD("7x") "\t" COMMON,
	HEAD("7"),
	HEAD("7") PID(""),
	HEAD("7") PID("\toffset:4;"),
	HEAD("7") PID("\toffset:4;\tsize:2;"),
	HEAD("7") PID("\toffset:4;\tsize:8;"),
	HEAD("7") PID("\toffset:-4;\tsize:4;"),
	HEAD("7") PID("\toffset:65533;\tsize:4;"),
	HEAD("7") PID("\toffset:99999999999;\tsize:4;"),
	HEAD("7") "\tfield:int my_common_pid;\toffset:4;\tsize:4;\tsigned:1;\n",
	HEAD("7") "\t" COMMON "\tfield:unsigned long ip;\toffset:8;\tsize:1;\tsigned:0;\n",
	HEAD("7") "\t" COMMON "\tfield:unsigned long ip\n",
};

static void malformed_meta(void **state)
{
	struct trace *t = trace_new();
	char *big = xcalloc(1, 40000);
	char name[32];
	int i = 0;

	(void)state;
	for (size_t k = 0; k < ARRAY_SIZE(bad_formats); k++)
		if (trace_meta(t, "kvm/kvm_mmu_lock_wait", bad_formats[k],
			       strlen(bad_formats[k])) != -1)
			fail_msg("format %zu was accepted", k);
	assert_int_equal(trace_meta(t, "kvm/e", big, 40000), -1);
	free(big);
	assert_int_equal(trace_meta(t, "header_page", "x", 1), -1);
	do {
		char *text = xasprintf("name: e\nID: %d\nformat:\n\t%s", i + 1,
				       COMMON);
		int rc;

		snprintf(name, sizeof(name), "kvm/e%d", i);
		rc = trace_meta(t, name, text, strlen(text));
		free(text);
		if (rc)
			break;
	} while (i++ < 1000);
	assert_int_equal(i, 256);
	trace_free(t);
}

static void gaps(void **state)
{
	struct trace *t = new_trace();
	const struct trace_gap *g;
	struct page p;
	uint64_t missing = 9;
	size_t n;

	(void)state;
	page_begin(&p, 1000);
	page_kind(&p, 1100, TRACE_LOCK_WAIT, 1, 0, 0);
	page_end(&p, 0);
	assert_int_equal(trace_page(t, 1, p.b, PAGE), 0);
	page_begin(&p, 2000);
	page_kind(&p, 2200, TRACE_LOCK_WAIT, 1, 0, 0);
	memcpy(p.b + p.used, &missing, 8);
	page_end(&p, 3u << 30);
	assert_int_equal(trace_page(t, 1, p.b, PAGE), 0);
	g = trace_gaps(t, &n);
	assert_int_equal(n, 1);
	assert_int_equal(g[0].from_ns, 1100);
	assert_int_equal(g[0].to_ns, 2200);
	assert_int_equal(trace_lost_total(t), 9);

	/* Damage lasts until the next good event of that CPU. */
	page_begin(&p, 3000);
	page_kind(&p, 3300, TRACE_LOCK_WAIT, 1, 0, 0);
	page_put32(&p, 28);
	page_end(&p, 0);
	assert_int_equal(trace_page(t, 1, p.b, PAGE), -1);
	assert_int_equal(trace_page(t, 1, p.b, 100), -1);
	g = trace_gaps(t, &n);
	assert_int_equal(n, 2);
	assert_true(g[1].from_ns == 3300 && g[1].to_ns == UINT64_MAX);
	page_begin(&p, 4000);
	page_kind(&p, 4400, TRACE_LOCK_WAIT, 1, 0, 0);
	page_end(&p, 0);
	assert_int_equal(trace_page(t, 0, p.b, PAGE), 0);
	assert_true(g[1].to_ns == UINT64_MAX);
	assert_int_equal(trace_page(t, 1, p.b, PAGE), 0);
	assert_int_equal(g[1].to_ns, 4400);
	assert_int_equal(trace_lost_total(t), 11);

	assert_int_equal(trace_page(t, 1024, p.b, PAGE), -1);
	assert_int_equal(trace_page(t, UINT32_MAX, p.b, PAGE), -1);
	assert_int_equal(trace_lost_total(t), 13);
	trace_free(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(decode),
		cmocka_unit_test(unknown_mode),
		cmocka_unit_test(renumbered),
		cmocka_unit_test(other_events),
		cmocka_unit_test(short_event),
		cmocka_unit_test(malformed_meta),
		cmocka_unit_test(gaps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
