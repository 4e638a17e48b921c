// SPDX-License-Identifier: GPL-2.0-only
#include "trace.h"

#include <endian.h>
#include <stdlib.h>
#include <string.h>

#include "format.h"
#include "ringbuf.h"
#include "util.h"

#define CPUS_MAX	1024
#define EVENTS_MAX	(16u << 20)
#define GAPS_MAX	1024
#define FORMATS_MAX	256
#define FORMAT_LEN_MAX	32768

struct format {
	char *name;		/* SYSTEM/EVENT */
	int kind;		/* enum trace_kind, or -1: not of interest */
	unsigned int id;
	struct field pid;
	struct field ip;
	struct field ret;
	struct field start, end;
	struct field age;
	struct field mode;
	struct field next;	/* thread, of sched_switch */
};

struct cpu {
	bool seen;
	uint64_t last_ns;	/* of the event recorded last */
	size_t last;		/* its index among the events, plus 1; 0: none */
	size_t gap;		/* index of an open gap, plus 1; 0: none */
};

struct trace {
	struct format formats[FORMATS_MAX];
	size_t n_formats;
	struct trace_event *events;
	size_t n;
	size_t room;
	struct trace_gap *gaps;
	size_t n_gaps;
	struct cpu cpus[CPUS_MAX];
	uint64_t lost;
};

static const char *const kinds[TRACE_KINDS] = {
	[TRACE_RANGE_START] = "mmu_notifier/mmu_notifier_range_start",
	[TRACE_RANGE_STARTED] = "mmu_notifier/mmu_notifier_range_started",
	[TRACE_RANGE_END] = "mmu_notifier/mmu_notifier_range_end",
	[TRACE_RANGE_ENDED] = "mmu_notifier/mmu_notifier_range_ended",
	[TRACE_AGE] = "mmu_notifier/mmu_notifier_age",
	[TRACE_AGED] = "mmu_notifier/mmu_notifier_aged",
	[TRACE_LOCK_WAIT] = "kvm/kvm_mmu_lock_wait",
	[TRACE_LOCK_ACQUIRED] = "kvm/kvm_mmu_lock_acquired",
	[TRACE_LOCK_RELEASED] = "kvm/kvm_mmu_lock_released",
	[TRACE_LOCK_TRYFAIL] = "kvm/kvm_mmu_lock_tryfail",
	[TRACE_SWITCH_OUT] = "sched/sched_switch",
};

struct trace *trace_new(void)
{
	return xcalloc(1, sizeof(struct trace));
}

void trace_reset(struct trace *t)
{
	free(t->events);
	free(t->gaps);
	t->events = NULL;
	t->gaps = NULL;
	t->n = 0;
	t->room = 0;
	t->n_gaps = 0;
	t->lost = 0;
	memset(t->cpus, 0, sizeof(t->cpus));
}

void trace_forget(struct trace *t)
{
	trace_reset(t);
	for (size_t i = 0; i < t->n_formats; i++)
		free(t->formats[i].name);
	t->n_formats = 0;
}

void trace_free(struct trace *t)
{
	if (!t)
		return;
	trace_forget(t);
	free(t);
}

/* Formats. */

static int kind_of(const char *name)
{
	for (int i = 0; i < TRACE_KINDS; i++)
		if (kinds[i] && !strcmp(name, kinds[i]))
			return i;
	return -1;
}

static int parse_format(struct format *f, const char *text)
{
	if (format_id(text, &f->id))
		return -1;
	if (f->kind < 0)
		return 0;
	if (format_field(text, "common_pid", &f->pid) ||
	    format_field(text, "ip", &f->ip) ||
	    format_field(text, "ret", &f->ret) ||
	    format_field(text, "start", &f->start) ||
	    format_field(text, "end", &f->end) ||
	    format_field(text, "kind", &f->age) ||
	    format_field(text, "mode", &f->mode) ||
	    format_field(text, "next_pid", &f->next))
		return -1;
	if (f->kind == TRACE_SWITCH_OUT && f->next.size != 4)
		return -1;
	return f->pid.size == 4 ? 0 : -1;
}

/* A format of the same name or number is older: its module was reloaded. */
static void drop_older(struct trace *t, const struct format *f)
{
	size_t n = 0;

	for (size_t i = 0; i < t->n_formats; i++) {
		struct format *old = &t->formats[i];

		if (old->id == f->id || !strcmp(old->name, f->name))
			free(old->name);
		else
			t->formats[n++] = *old;
	}
	t->n_formats = n;
}

static int add_format(struct trace *t, const char *name, const char *content,
		      size_t len)
{
	struct format f = { .kind = kind_of(name) };
	char *text = xasprintf("%.*s", (int)len, content);
	int rc = parse_format(&f, text);

	free(text);
	if (rc)
		return -1;
	f.name = xstrdup(name);
	drop_older(t, &f);
	if (t->n_formats == FORMATS_MAX) {
		free(f.name);
		return -1;
	}
	t->formats[t->n_formats++] = f;
	return 0;
}

/* Another layout than the one ringbuf.c walks would give garbage. */
static int check_header_page(const char *content, size_t len)
{
	static const char *const expect[] = {
		"field: u64 timestamp;\toffset:0;\tsize:8;",
		"commit;\toffset:8;\tsize:8;",
		"field: char data;\toffset:16;",
	};
	char *text = xasprintf("%.*s", (int)len, content);
	int rc = 0;

	for (size_t i = 0; i < ARRAY_SIZE(expect); i++)
		if (!strstr(text, expect[i]))
			rc = -1;
	free(text);
	return rc;
}

int trace_meta(struct trace *t, const char *name, const char *content,
	       size_t len)
{
	if (!len || len > FORMAT_LEN_MAX)
		return -1;
	if (!strcmp(name, "header_page"))
		return check_header_page(content, len);
	return add_format(t, name, content, len);
}

bool trace_has(const struct trace *t, enum trace_kind kind)
{
	for (size_t i = 0; i < t->n_formats; i++)
		if (t->formats[i].kind == (int)kind)
			return true;
	return false;
}

/* Losses. */

static void open_gap(struct trace *t, struct cpu *c, uint64_t from)
{
	if (c->gap)
		return;
	if (t->n_gaps == GAPS_MAX) {
		/* Nothing is to be believed any more. */
		t->gaps[GAPS_MAX - 1] = (struct trace_gap){ 0, UINT64_MAX };
		return;
	}
	if (!t->gaps)
		t->gaps = xcalloc(GAPS_MAX, sizeof(*t->gaps));
	t->gaps[t->n_gaps++] = (struct trace_gap){ from, UINT64_MAX };
	c->gap = t->n_gaps;
}

static void close_gap(struct trace *t, struct cpu *c, uint64_t to)
{
	if (!c->gap)
		return;
	t->gaps[c->gap - 1].to_ns = to;
	c->gap = 0;
}

void trace_lost(struct trace *t, uint64_t n)
{
	t->lost += n;
}

uint64_t trace_lost_total(const struct trace *t)
{
	return t->lost;
}

/* Pages. */

struct page_walk {
	struct trace *t;
	struct cpu *cpu;
	struct ringbuf_page info;
	uint16_t cpu_no;
	bool started;		/* the page's own losses are accounted for */
	bool bad;
};

static int read_field(const struct field *f, const uint8_t *event, size_t size,
		      uint64_t *v)
{
	uint64_t v64;
	uint32_t v32;

	*v = 0;
	if (!f->size)
		return 0;
	if (f->size > size || f->offset > size - f->size)
		return -1;
	if (f->size == 8) {
		memcpy(&v64, event + f->offset, sizeof(v64));
		*v = le64toh(v64);
	} else {
		memcpy(&v32, event + f->offset, sizeof(v32));
		*v = le32toh(v32);
	}
	return 0;
}

static const struct format *find_format(const struct trace *t, unsigned int id)
{
	for (size_t i = 0; i < t->n_formats; i++)
		if (t->formats[i].id == id)
			return &t->formats[i];
	return NULL;
}

static void add_event(struct page_walk *w, const struct trace_event *e)
{
	struct trace *t = w->t;

	if (t->n == EVENTS_MAX) {
		t->lost++;
		open_gap(t, w->cpu, e->ns);
		return;
	}
	if (t->n == t->room) {
		t->room = t->room ? t->room * 2 : 1024;
		t->events = xrealloc(t->events, t->room * sizeof(*t->events));
	}
	if (w->cpu->last)
		t->events[w->cpu->last - 1].last = false;
	t->events[t->n++] = *e;
	w->cpu->last = t->n;
}

static void start_page(struct page_walk *w, uint64_t first_ns)
{
	struct trace *t = w->t;

	if (w->started)
		return;
	w->started = true;
	if (w->info.missed) {
		t->lost += w->info.n_missed ? w->info.n_missed : 1;
		open_gap(t, w->cpu, w->cpu->last_ns);
	}
	close_gap(t, w->cpu, first_ns);
}

/* Of the thread that is switched to; it is recorded by the one before it. */
static void add_switch_in(struct page_walk *w, struct trace_event e, uint64_t next)
{
	e.kind = TRACE_SWITCH_IN;
	e.tid = (int32_t)next;
	add_event(w, &e);
}

static bool read_mode(const struct format *f, uint64_t v, struct trace_event *e)
{
	e->mode = f->mode.size ? (uint8_t)v : TRACE_MODES;
	return !f->mode.size || v < TRACE_MODES;
}

static void on_event(uint64_t ns, const uint8_t *event, size_t size, void *arg)
{
	struct page_walk *w = arg;
	const struct format *f;
	struct trace_event e = { .ns = ns, .cpu = w->cpu_no, .last = true };
	uint64_t pid, ret, age, mode, next;

	start_page(w, ns);
	w->cpu->last_ns = ns;
	f = size < 2 ? NULL : find_format(w->t, event[0] | event[1] << 8);
	if (!f) {
		w->bad = true;
		return;
	}
	if (f->kind < 0)
		return;
	if (read_field(&f->pid, event, size, &pid) ||
	    read_field(&f->ip, event, size, &e.ip) ||
	    read_field(&f->ret, event, size, &ret) ||
	    read_field(&f->start, event, size, &e.start) ||
	    read_field(&f->end, event, size, &e.end) ||
	    read_field(&f->age, event, size, &age) ||
	    read_field(&f->mode, event, size, &mode) ||
	    read_field(&f->next, event, size, &next) ||
	    !read_mode(f, mode, &e)) {
		w->bad = true;
		return;
	}
	e.kind = f->kind;
	e.age = age < TRACE_AGES ? age : TRACE_AGES;
	e.tid = (int32_t)pid;
	e.ret = (int32_t)ret;
	add_event(w, &e);
	if (f->kind == TRACE_SWITCH_OUT)
		add_switch_in(w, e, next);
}

int trace_page(struct trace *t, uint32_t cpu, const void *data, size_t len)
{
	struct page_walk w = { .t = t, .cpu_no = cpu };

	if (cpu >= CPUS_MAX) {
		t->lost++;
		return -1;
	}
	w.cpu = &t->cpus[cpu];
	if (ringbuf_walk(data, len, &w.info, on_event, &w))
		w.bad = true;
	if (!w.bad)
		return 0;
	t->lost++;
	open_gap(t, w.cpu, w.cpu->last_ns);
	return -1;
}

const struct trace_event *trace_events(const struct trace *t, size_t *n)
{
	*n = t->n;
	return t->events;
}

static int by_thread(const void *pa, const void *pb)
{
	const struct trace_event *a = *(const struct trace_event *const *)pa;
	const struct trace_event *b = *(const struct trace_event *const *)pb;

	if (a->tid != b->tid)
		return a->tid < b->tid ? -1 : 1;
	if (a->ns != b->ns)
		return a->ns < b->ns ? -1 : 1;
	/* In the order they were recorded. */
	return a < b ? -1 : a > b;
}

const struct trace_event **trace_by_thread(const struct trace *t, size_t *n)
{
	const struct trace_event *e = trace_events(t, n);
	const struct trace_event **v = xcalloc(*n + 1, sizeof(*v));

	for (size_t i = 0; i < *n; i++)
		v[i] = &e[i];
	qsort(v, *n, sizeof(*v), by_thread);
	return v;
}

const struct trace_gap *trace_gaps(const struct trace *t, size_t *n)
{
	*n = t->n_gaps;
	return t->gaps;
}
