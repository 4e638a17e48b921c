// SPDX-License-Identifier: GPL-2.0-only
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <glob.h>
#include <stdlib.h>
#include <unistd.h>

#include "fixture.h"
#include "join.h"
#include "page.h"
#include "util.h"

#define MAP							\
	"0000000000000000 D __per_cpu_start\n"			\
	"ffffffff81000000 T _stext\n"				\
	"ffffffff81000000 T _text\n"				\
	"ffffffff81000ff0 t __pfx_move_page_tables\n"		\
	"ffffffff81001000 T move_page_tables\n"			\
	"ffffffff81002000 t zap_page_range.isra.0\n"		\
	"ffffffff81003000 W weak_one\n"				\
	"ffffffff81003000 T its_alias\n"			\
	"ffffffff81003800 d data_in_between\n"			\
	"ffffffff81004000 T _etext\n"				\
	"ffffffff81200000 D jiffies\n"
#define MOVE	0xffffffff81001234u
#define ZAP	0xffffffff81002345u

#define TID	100
#define SAMPLE(from, to) \
	((struct sample){ "mremap_4k", 3, TID, from, to, 0x1000, 4096, 4096, 2 })

static char dir[] = "/tmp/secmmu-join-XXXXXX";
static struct symbols *sym;

static int setup(void **state)
{
	(void)state;
	if (!mkdtemp(dir) || chdir(dir) ||
	    write_file("System.map", MAP, strlen(MAP)))
		return -1;
	sym = symbols_load("System.map");
	return sym ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	symbols_free(sym);
	return chdir("/") || remove_tree(dir);
}

/* Events of one CPU; a kind of -1 ends them. */
struct ev {
	int kind;
	uint64_t ns;
	int tid;
	uint64_t ip;
	int ret;
};

static void feed(struct trace *t, uint32_t cpu, const struct ev *v)
{
	struct page p;

	page_begin(&p, v->ns);
	for (; v->kind >= 0; v++)
		page_kind(&p, v->ns, v->kind, v->tid, v->ip, v->ret);
	page_end(&p, 0);
	assert_int_equal(trace_page(t, cpu, p.b, PAGE), 0);
}

static struct trace *new_trace(int formats)
{
	struct trace *t = trace_new();

	assert_int_equal(meta_all(t, formats), 0);
	return t;
}

static void join_one(struct trace *t, uint64_t from, uint64_t to,
		     struct joined *d)
{
	struct join *j = join_new(t, sym);
	struct sample s = SAMPLE(from, to);

	join_sample(j, &s, d);
	join_free(j);
}

static void assert_lost(const struct joined *d)
{
	assert_true(d->lost);
	assert_string_equal(d->site, "");
	assert_true(d->window_ns == NOT_MEASURED);
	assert_true(d->handler_ns == NOT_MEASURED);
	assert_true(d->wait_ns == NOT_MEASURED);
	assert_true(d->hold_ns == NOT_MEASURED);
	assert_true(d->notifiers == NOT_MEASURED);
	assert_true(d->waits == NOT_MEASURED);
	for (int m = 0; m < TRACE_MODES; m++) {
		assert_true(d->mode_wait_ns[m] == NOT_MEASURED);
		assert_true(d->mode_hold_ns[m] == NOT_MEASURED);
	}
	assert_true(d->wait_cpu_ns == NOT_MEASURED);
}

/* A start and an end with the lock taken in both, and a try that fails. */
#define PAIR(at, ip)						\
	{ TRACE_RANGE_START,	(at) + 0, TID, ip, 0 },		\
	{ TRACE_LOCK_WAIT,	(at) + 10, TID, 0, 0 },		\
	{ TRACE_LOCK_ACQUIRED,	(at) + 13, TID, 0, 0 },		\
	{ TRACE_LOCK_RELEASED,	(at) + 20, TID, 0, 0 },		\
	{ TRACE_RANGE_STARTED,	(at) + 25, TID, ip, 0 },	\
	{ TRACE_RANGE_END,	(at) + 60, TID, ip, 0 },	\
	{ TRACE_LOCK_WAIT,	(at) + 61, TID, 0, 0 },		\
	{ TRACE_LOCK_TRYFAIL,	(at) + 62, TID, 0, 0 },		\
	{ TRACE_LOCK_WAIT,	(at) + 63, TID, 0, TRACE_WRITE },	\
	{ TRACE_LOCK_ACQUIRED,	(at) + 64, TID, 0, TRACE_WRITE },	\
	{ TRACE_LOCK_RELEASED,	(at) + 66, TID, 0, TRACE_WRITE },	\
	{ TRACE_RANGE_ENDED,	(at) + 70, TID, ip, 0 }

static void one_pair(void **state)
{
	static const struct ev v[] = { PAIR(1000, MOVE), { .kind = -1 } };
	struct trace *t = new_trace(TRACE_FORMATS);
	struct joined d;

	(void)state;
	feed(t, 0, v);
	join_one(t, 900, 2000, &d);
	assert_false(d.lost);
	assert_string_equal(d.site, "move_page_tables");
	assert_int_equal(d.window_ns, 70);
	assert_int_equal(d.handler_ns, 25 + 10);
	assert_int_equal(d.wait_ns, 3 + 1);
	assert_int_equal(d.hold_ns, 7 + 2);
	assert_int_equal(d.mode_wait_ns[TRACE_READ], 3);
	assert_int_equal(d.mode_hold_ns[TRACE_READ], 7);
	assert_int_equal(d.mode_wait_ns[TRACE_WRITE], 1);
	assert_int_equal(d.mode_hold_ns[TRACE_WRITE], 2);
	/* It never was without a CPU. */
	assert_int_equal(d.wait_cpu_ns, 3 + 1);
	assert_int_equal(d.notifiers, 1);
	assert_int_equal(d.waits, 2);
	trace_free(t);
}

/* A mode in which the lock was not taken has no time, not one of 0. */
static void one_mode(void **state)
{
	static const struct ev v[] = {
		{ TRACE_LOCK_WAIT, 1000, TID, 0, TRACE_WRITE },
		{ TRACE_LOCK_ACQUIRED, 1000, TID, 0, TRACE_WRITE },
		{ TRACE_LOCK_RELEASED, 1005, TID, 0, TRACE_WRITE },
		{ .kind = -1 }
	};
	struct trace *t = new_trace(TRACE_FORMATS);
	struct joined d;

	(void)state;
	feed(t, 0, v);
	join_one(t, 900, 2000, &d);
	assert_int_equal(d.wait_ns, 0);
	assert_int_equal(d.mode_wait_ns[TRACE_WRITE], 0);
	assert_int_equal(d.mode_hold_ns[TRACE_WRITE], 5);
	assert_true(d.mode_wait_ns[TRACE_READ] == NOT_MEASURED);
	assert_true(d.mode_hold_ns[TRACE_READ] == NOT_MEASURED);
	trace_free(t);
}

/* What is asked for in one mode is not had in another. */
static void mixed_modes(void **state)
{
	struct ev v[] = {
		{ TRACE_LOCK_WAIT, 1000, TID, 0, TRACE_WRITE },
		{ TRACE_LOCK_ACQUIRED, 1001, TID, 0, TRACE_WRITE },
		{ TRACE_LOCK_RELEASED, 1005, TID, 0, TRACE_WRITE },
		{ .kind = -1 }
	};

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct trace *t = new_trace(TRACE_FORMATS);
		struct joined d;

		v[i].ret = TRACE_READ;
		feed(t, 0, v);
		join_one(t, 900, 2000, &d);
		assert_lost(&d);
		v[i].ret = TRACE_WRITE;
		trace_free(t);
	}
}

/* A series of before the modes: the sum as ever, the parts not known. */
static void no_modes(void **state)
{
	static const struct ev v[] = { PAIR(1000, MOVE), { .kind = -1 } };
	struct trace *t = new_trace(TRACE_LOCK_WAIT);
	struct joined d;

	(void)state;
	for (int k = TRACE_LOCK_WAIT; k <= TRACE_LOCK_TRYFAIL; k++) {
		char name[64], text[1024];
		int len;

		snprintf(name, sizeof(name), "kvm/%s", test_events[k].name);
		len = snprintf(text, sizeof(text), "ID: %d\n\t" COMMON IP(24),
			       1000 + k);
		assert_int_equal(trace_meta(t, name, text, len), 0);
	}
	feed(t, 0, v);
	join_one(t, 900, 2000, &d);
	assert_false(d.lost);
	assert_int_equal(d.wait_ns, 3 + 1);
	assert_int_equal(d.hold_ns, 7 + 2);
	assert_true(d.mode_wait_ns[TRACE_READ] == NOT_MEASURED);
	assert_true(d.mode_wait_ns[TRACE_WRITE] == NOT_MEASURED);
	/* No context switches either. */
	assert_true(d.wait_cpu_ns == NOT_MEASURED);
	trace_free(t);
}

/*
 * Spins for 10, sleeps for 200, wakes up on another CPU, spins for 5; in the
 * second wait others have the CPU for 40 of 50. Switches outside of waits, and
 * those of others, are nothing to it.
 */
#define SWITCHES						\
	{ TRACE_SWITCH_OUT, 1000, TID, 0, 7 },			\
	{ TRACE_SWITCH_OUT, 1020, 7, 0, TID },			\
	{ TRACE_LOCK_WAIT, 1100, TID, 0, TRACE_WRITE },		\
	{ TRACE_SWITCH_OUT, 1110, TID, 0, 7 },			\
	{ TRACE_SWITCH_OUT, 1120, 7, 0, 8 },			\
	{ TRACE_SWITCH_OUT, 1310, 8, 0, TID },			\
	{ TRACE_LOCK_ACQUIRED, 1315, TID, 0, TRACE_WRITE },	\
	{ TRACE_SWITCH_OUT, 1316, TID, 0, 7 },			\
	{ TRACE_SWITCH_OUT, 1318, 7, 0, TID },			\
	{ TRACE_LOCK_RELEASED, 1320, TID, 0, TRACE_WRITE },	\
	{ TRACE_LOCK_WAIT, 1400, TID, 0, TRACE_READ },		\
	{ TRACE_SWITCH_OUT, 1405, TID, 0, 7 },			\
	{ TRACE_SWITCH_OUT, 1445, 7, 0, TID },			\
	{ TRACE_LOCK_ACQUIRED, 1450, TID, 0, TRACE_READ },	\
	{ TRACE_LOCK_RELEASED, 1460, TID, 0, TRACE_READ }

static void burnt_waiting(void **state)
{
	static const struct ev v[] = { SWITCHES, { .kind = -1 } };
	struct trace *t = new_trace(TRACE_FORMATS);
	struct joined d;

	(void)state;
	feed(t, 0, v);
	join_one(t, 900, 2000, &d);
	assert_false(d.lost);
	assert_int_equal(d.wait_ns, 215 + 50);
	assert_int_equal(d.wait_cpu_ns, 15 + 10);
	trace_free(t);
}

/* A switch in a wait that is missing: what was burnt is not known, the rest is. */
static void missing_switch(void **state)
{
	static const struct ev whole[] = { SWITCHES, { .kind = -1 } };
	static const size_t needed[] = { 3, 5, 11, 12 };

	(void)state;
	for (size_t k = 0; k < ARRAY_SIZE(needed); k++) {
		struct trace *t = new_trace(TRACE_FORMATS);
		struct ev v[ARRAY_SIZE(whole)];
		struct joined d;
		size_t n = 0;

		for (size_t i = 0; i < ARRAY_SIZE(whole); i++)
			if (i != needed[k])
				v[n++] = whole[i];
		feed(t, 0, v);
		join_one(t, 900, 2000, &d);
		assert_false(d.lost);
		assert_int_equal(d.wait_ns, 215 + 50);
		if (d.wait_cpu_ns != NOT_MEASURED)
			fail_msg("nothing was noticed without event %zu", needed[k]);
		trace_free(t);
	}
}

/*
 * Other threads, other times, another CPU whose pages come first: none of it
 * may get in.
 */
static void only_its_own(void **state)
{
	static const struct ev other_cpu[] = {
		{ TRACE_RANGE_START, 5000, TID, ZAP, 0 },
		{ TRACE_RANGE_STARTED, 5010, TID, ZAP, 0 },
		{ TRACE_LOCK_WAIT, 5012, TID + 1, 0, 0 },
		{ TRACE_LOCK_ACQUIRED, 5013, TID - 1, 0, 0 },
		{ .kind = -1 }
	};
	static const struct ev v[] = {
		PAIR(1000, ZAP),
		{ TRACE_LOCK_WAIT, 1500, TID + 1, 0, 0 },
		PAIR(2000, MOVE),
		PAIR(3000, ZAP),
		{ TRACE_RANGE_END, 5020, TID, ZAP, 0 },
		{ TRACE_RANGE_ENDED, 5030, TID, ZAP, 0 },
		{ .kind = -1 }
	};
	struct trace *t = new_trace(TRACE_FORMATS);
	struct joined d;

	(void)state;
	feed(t, 7, other_cpu);
	feed(t, 0, v);
	/* Both ends of the window belong to it. */
	join_one(t, 2000, 2070, &d);
	assert_false(d.lost);
	assert_string_equal(d.site, "move_page_tables");
	assert_int_equal(d.notifiers, 1);
	assert_int_equal(d.waits, 2);
	/* The thread moved to another CPU within the call. */
	join_one(t, 4999, 5031, &d);
	assert_false(d.lost);
	assert_string_equal(d.site, "zap_page_range");
	assert_int_equal(d.window_ns, 30);
	assert_int_equal(d.handler_ns, 20);
	assert_int_equal(d.waits, 0);
	assert_int_equal(d.wait_ns, 0);
	trace_free(t);
}

static void several(void **state)
{
	static const struct ev v[] = {
		PAIR(1000, MOVE), PAIR(1100, ZAP),
		/* Ranges may nest. */
		{ TRACE_RANGE_START, 1200, TID, ZAP, 0 },
		{ TRACE_RANGE_STARTED, 1201, TID, ZAP, 0 },
		PAIR(1300, MOVE),
		{ TRACE_AGE, 1380, TID, ZAP, 0 },
		{ TRACE_AGED, 1381, TID, ZAP, 0 },
		{ TRACE_RANGE_END, 1400, TID, ZAP, 0 },
		{ TRACE_RANGE_ENDED, 1402, TID, ZAP, 0 },
		{ .kind = -1 }
	};
	struct trace *t = new_trace(TRACE_FORMATS);
	struct joined d;

	(void)state;
	feed(t, 0, v);
	join_one(t, 900, 2000, &d);
	assert_false(d.lost);
	assert_string_equal(d.site, "move_page_tables+3");
	assert_int_equal(d.notifiers, 4);
	assert_int_equal(d.window_ns, 402);
	assert_int_equal(d.handler_ns, 3 * 35 + 1 + 2);
	assert_int_equal(d.waits, 6);
	trace_free(t);
}

/* A non-blockable start may be refused, and has no end then. */
static void refused(void **state)
{
	static const struct ev v[] = {
		{ TRACE_RANGE_START, 1000, TID, ZAP, 0 },
		{ TRACE_RANGE_STARTED, 1004, TID, ZAP, -EAGAIN },
		{ .kind = -1 }
	};
	struct trace *t = new_trace(TRACE_FORMATS);
	struct joined d;

	(void)state;
	feed(t, 0, v);
	join_one(t, 900, 2000, &d);
	assert_false(d.lost);
	assert_int_equal(d.notifiers, 0);
	assert_true(d.window_ns == NOT_MEASURED);
	trace_free(t);
}

/* KVM as shipped has no lock tracepoints: empty, not 0. */
static void stock(void **state)
{
	static const struct ev v[] = {
		{ TRACE_RANGE_START, 1000, TID, ZAP, 0 },
		{ TRACE_RANGE_STARTED, 1010, TID, ZAP, 0 },
		{ TRACE_RANGE_END, 1020, TID, ZAP, 0 },
		{ TRACE_RANGE_ENDED, 1040, TID, ZAP, 0 },
		{ .kind = -1 }
	};
	struct trace *t = new_trace(TRACE_LOCK_WAIT);
	struct joined d;

	(void)state;
	feed(t, 0, v);
	join_one(t, 900, 2000, &d);
	assert_false(d.lost);
	assert_int_equal(d.window_ns, 40);
	assert_int_equal(d.handler_ns, 30);
	assert_true(d.wait_ns == NOT_MEASURED);
	assert_true(d.hold_ns == NOT_MEASURED);
	assert_true(d.waits == NOT_MEASURED);
	trace_free(t);
}

static void no_invalidation(void **state)
{
	static const struct ev v[] = { PAIR(1000, MOVE), { .kind = -1 } };
	struct trace *t = new_trace(TRACE_FORMATS);
	struct joined d;

	(void)state;
	feed(t, 0, v);
	join_one(t, 2000, 3000, &d);
	assert_false(d.lost);
	assert_int_equal(d.notifiers, 0);
	assert_int_equal(d.waits, 0);
	assert_true(d.window_ns == NOT_MEASURED);
	assert_true(d.handler_ns == NOT_MEASURED);
	assert_string_equal(d.site, "");
	trace_free(t);
}

/* Leave out each event of a pair in turn: no figure may come of it. */
static void incomplete(void **state)
{
	static const struct ev whole[] = { PAIR(1000, MOVE), { .kind = -1 } };

	(void)state;
	for (size_t skip = 0; skip < 12; skip++) {
		struct trace *t = new_trace(TRACE_FORMATS);
		struct ev v[ARRAY_SIZE(whole)];
		struct joined d;
		size_t n = 0;

		for (size_t i = 0; i < ARRAY_SIZE(whole); i++)
			if (i != skip)
				v[n++] = whole[i];
		feed(t, 0, v);
		join_one(t, 900, 2000, &d);
		if (!d.lost)
			fail_msg("nothing was noticed without event %zu", skip);
		assert_lost(&d);
		trace_free(t);
	}
}

/* The guest says that events were lost. */
static void losses(void **state)
{
	static const struct ev v[] = { PAIR(1000, MOVE), PAIR(2000, MOVE),
				       { .kind = -1 } };
	struct trace *t = new_trace(TRACE_FORMATS);
	struct joined d;

	(void)state;
	feed(t, 0, v);
	trace_lost(t, 5);
	join_one(t, 900, 1500, &d);
	assert_false(d.lost);
	assert_int_equal(d.notifiers, 1);
	/* The last thing its CPU recorded: there may have been more. */
	join_one(t, 1900, 2500, &d);
	assert_lost(&d);
	/* No event at all: rather lost than without invalidation. */
	join_one(t, 2600, 2700, &d);
	assert_lost(&d);
	trace_free(t);
}

static void gap(void **state)
{
	static const struct ev before[] = { PAIR(1000, MOVE), { .kind = -1 } };
	struct trace *t = new_trace(TRACE_FORMATS);
	const struct ev after[] = { PAIR(3000, MOVE), PAIR(4000, MOVE), { .kind = -1 } };
	struct joined d;
	struct page p;

	(void)state;
	feed(t, 0, before);
	page_begin(&p, 2000);
	for (const struct ev *e = after; e->kind >= 0; e++)
		page_kind(&p, e->ns, e->kind, e->tid, e->ip, e->ret);
	page_end(&p, 1u << 31);
	assert_int_equal(trace_page(t, 0, p.b, PAGE), 0);
	join_one(t, 900, 1069, &d);	/* cut short */
	assert_lost(&d);
	join_one(t, 2990, 3080, &d);	/* begins within the gap */
	assert_lost(&d);
	join_one(t, 3001, 3999, &d);	/* starts after its range start */
	assert_lost(&d);
	trace_free(t);
}

static void lines(void **state)
{
	static const struct slot slots[] = {
		{ "mutex", 'b' }, { "spinlock", 'a' },
	};
	static const char expect[] =
		"slot,arm,copy,traced,test,event,page_size,size,vcpus,seq,site,"
		"syscall_ns,window_ns,handler_ns,wait_ns,hold_ns,notifiers,waits,"
		"read_wait_ns,read_hold_ns,write_wait_ns,write_hold_ns,wait_cpu_ns\n"
		"6,mutex,b,1,mremap,mremap_4k,4096,4096,2,3,move_page_tables+1,"
		"100,90,80,,,2,,,,5,6,4\n"
		"0,spinlock,a,0,mremap,mremap_4k,4096,4096,2,3,,100,,,,,,,,,,,\n";
	struct sample s = SAMPLE(1000, 1100);
	struct joined d;
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	(void)state;
	samples_header(f);
	joined_none(&d);
	strcpy(d.site, "move_page_tables+1");
	d.window_ns = 90;
	d.handler_ns = 80;
	d.notifiers = 2;
	d.mode_wait_ns[TRACE_WRITE] = 5;
	d.mode_hold_ns[TRACE_WRITE] = 6;
	d.wait_cpu_ns = 4;
	samples_line(f, 6, &slots[0], true, "mremap", &s, &d);
	joined_none(&d);
	samples_line(f, 0, &slots[1], false, "mremap", &s, &d);
	fclose(f);
	assert_string_equal(text, expect);
	free(text);
}

/*
 * fixtures/trace/rwlock: a run of secmmu_mremap_test and secmmu_thp_split_test
 * on a 6.12 kernel with the series, arm rwlock, two CPUs. joined.csv was made
 * from the same files by a second implementation, whose events agreed with the
 * kernel's own text of the trace in time, thread, name and call site.
 */
static void feed_formats(struct trace *t)
{
	char *pattern = fixture_path("trace/rwlock/*.format");
	glob_t g;

	assert_int_equal(glob(pattern, 0, NULL, &g), 0);
	for (size_t i = 0; i < g.gl_pathc; i++) {
		char *name = xstrdup(strrchr(g.gl_pathv[i], '/') + 1);
		size_t len;
		char *text = read_file(g.gl_pathv[i], &len);

		*strrchr(name, '.') = '\0';
		*strchr(name, '.') = '/';
		assert_int_equal(trace_meta(t, name, text, len), 0);
		free(text);
		free(name);
	}
	globfree(&g);
	free(pattern);
}

static void feed_pages(struct trace *t, uint32_t cpu, const char *name)
{
	size_t len;
	char *pages = fixture_read(name, &len);

	for (size_t at = 0; at < len; at += PAGE)
		assert_int_equal(trace_page(t, cpu, pages + at, PAGE), 0);
	free(pages);
}

static struct samplefile *fixture_samples(void)
{
	struct samplefile *f = samplefile_new();
	size_t len;
	char *text = fixture_read("trace/rwlock/samples", &len);

	assert_int_equal(samplefile_feed(f, text, len), 0);
	assert_int_equal(samplefile_end(f), 0);
	free(text);
	return f;
}

static void write_joined(FILE *out, const struct join *j,
			 const struct samplefile *f)
{
	static const struct slot slot = { "rwlock", 'a' };
	const struct sample *s;
	struct joined d;
	size_t n;

	s = samplefile_samples(f, &n);
	samples_header(out);
	for (size_t i = 0; i < n; i++) {
		join_sample(j, &s[i], &d);
		samples_line(out, 0, &slot, true, "t", &s[i], &d);
	}
}

static void real_run(void **state)
{
	char *expect = fixture_read("trace/rwlock/joined.csv", NULL);
	char *map = fixture_path("trace/rwlock/System.map");
	struct symbols *real = symbols_load(map);
	struct samplefile *f = fixture_samples();
	struct trace *t = trace_new();
	struct join *j;
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	(void)state;
	assert_non_null(real);
	feed_formats(t);
	feed_pages(t, 0, "trace/rwlock/cpu0.pages");
	feed_pages(t, 1, "trace/rwlock/cpu1.pages");
	/* 726 less two of mmu_notifier_release, which is of no use here. */
	trace_events(t, &len);
	assert_int_equal(len, 724);
	j = join_new(t, real);
	write_joined(out, j, f);
	fclose(out);
	assert_string_equal(text, expect);
	join_free(j);
	trace_free(t);
	samplefile_free(f);
	symbols_free(real);
	free(text);
	free(expect);
	free(map);
}

static void symbols(void **state)
{
	(void)state;
	assert_null(symbols_find(sym, 0));
	assert_null(symbols_find(sym, 0xffffffff80ffffff));
	assert_string_equal(symbols_find(sym, 0xffffffff81000000), "_stext");
	assert_string_equal(symbols_find(sym, 0xffffffff81001000),
			    "move_page_tables");
	assert_string_equal(symbols_find(sym, 0xffffffff81001fff),
			    "move_page_tables");
	assert_string_equal(symbols_find(sym, ZAP), "zap_page_range");
	assert_string_equal(symbols_find(sym, 0xffffffff81003900), "weak_one");
	assert_null(symbols_find(sym, 0xffffffff81004000));
	assert_null(symbols_find(sym, 0xffffffffc0000000));
}

static const char *const bad_maps[] = {
	"",
	"hello\n",
	"ffffffff81000000 T\n",
	"ffffffff81000000 T _stext\n",
	"ffffffff81000000 T b\nffffffff80000000 T a\nffffffff81000001 T _etext\n",
};

static void malformed_map(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad_maps); i++) {
		write_file("bad.map", bad_maps[i], strlen(bad_maps[i]));
		assert_null(symbols_load("bad.map"));
	}
	assert_null(symbols_load("missing.map"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_pair),
		cmocka_unit_test(one_mode),
		cmocka_unit_test(mixed_modes),
		cmocka_unit_test(no_modes),
		cmocka_unit_test(burnt_waiting),
		cmocka_unit_test(missing_switch),
		cmocka_unit_test(only_its_own),
		cmocka_unit_test(several),
		cmocka_unit_test(refused),
		cmocka_unit_test(stock),
		cmocka_unit_test(no_invalidation),
		cmocka_unit_test(incomplete),
		cmocka_unit_test(losses),
		cmocka_unit_test(gap),
		cmocka_unit_test(lines),
		cmocka_unit_test(real_run),
		cmocka_unit_test(symbols),
		cmocka_unit_test(malformed_map),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
