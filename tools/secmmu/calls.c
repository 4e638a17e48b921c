// SPDX-License-Identifier: GPL-2.0-only
#include "calls.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "util.h"

#define INVALIDATE TRACE_AGES	/* beside enum trace_age */
#define UNITS_MAX (1u << 16)
#define NO_SAMPLE SIZE_MAX

static const char *const names[] = {
	[TRACE_CLEAR_FLUSH_YOUNG] = "clear_flush_young",
	[TRACE_CLEAR_YOUNG] = "clear_young",
	[TRACE_TEST_YOUNG] = "test_young",
	[INVALIDATE] = "invalidate",
};

/* One call. */
struct call {
	size_t sample;		/* or NO_SAMPLE */
	uint64_t ns;
	uint64_t start, end;
	const char *site;
	unsigned int what;	/* enum trace_age, or INVALIDATE */
};

/* A line of the file. */
struct line {
	const char *event, *site;
	unsigned int what;
	uint64_t first, calls;
};

struct calls {
	const struct calls_run *run;
	const struct symbols *sym;
	const struct sample **by_time;
	struct call *v;
	size_t n, room;
	struct line *lines;
	size_t n_lines;
};

static int compare_samples(const void *pa, const void *pb)
{
	const struct sample *a = *(const struct sample *const *)pa;
	const struct sample *b = *(const struct sample *const *)pb;

	return a->start_ns < b->start_ns ? -1 : a->start_ns > b->start_ns;
}

static int compare_calls(const void *pa, const void *pb)
{
	const struct call *a = pa, *b = pb;

	if (a->sample != b->sample)
		return a->sample < b->sample ? -1 : 1;
	return a->ns < b->ns ? -1 : a->ns > b->ns;
}

/* The sample in whose time and memory the call is; a test has one at a time. */
static size_t find_sample(const struct calls *c, const struct trace_event *e)
{
	size_t lo = 0, hi = c->run->n_samples;
	const struct sample *s;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (c->by_time[mid]->start_ns <= e->ns)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (!lo)
		return NO_SAMPLE;
	s = c->by_time[lo - 1];
	if (e->ns > s->end_ns || e->end <= s->addr ||
	    e->start >= s->addr + s->size)
		return NO_SAMPLE;
	return lo - 1;
}

static void add_call(struct calls *c, const struct trace_event *e, bool locked)
{
	size_t sample = find_sample(c, e);
	const char *site;

	if (sample == NO_SAMPLE && !locked)
		return;
	site = c->sym ? symbols_find(c->sym, e->ip) : NULL;
	if (c->n == c->room) {
		c->room = c->room ? c->room * 2 : 1024;
		c->v = xrealloc(c->v, c->room * sizeof(*c->v));
	}
	c->v[c->n++] = (struct call){
		.sample = sample,
		.ns = e->ns,
		.start = e->start,
		.end = e->end,
		.site = site ? site : "unknown",
		.what = e->kind == TRACE_AGE ? e->age : INVALIDATE,
	};
}

/* @e: a thread's events, in order of time. */
static void collect(struct calls *c, const struct trace_event **e, size_t n)
{
	const struct trace_event *open = NULL;
	bool locked = false;

	for (size_t i = 0; i < n; i++) {
		if (open && e[i]->tid != open->tid)
			open = NULL;
		switch (e[i]->kind) {
		case TRACE_RANGE_START:
		case TRACE_AGE:
			/* A number that this secmmu does not know. */
			open = e[i]->age < TRACE_AGES ? e[i] : NULL;
			locked = false;
			break;
		case TRACE_LOCK_ACQUIRED:
			locked = true;
			break;
		case TRACE_RANGE_STARTED:
		case TRACE_AGED:
			if (open)
				add_call(c, open, locked);
			open = NULL;
			break;
		default:
			break;
		}
	}
}

static struct line *find_line(struct calls *c, const char *event,
			      const struct call *call)
{
	struct line *l;

	for (size_t i = 0; i < c->n_lines; i++) {
		l = &c->lines[i];
		if (l->what == call->what && !strcmp(l->event, event) &&
		    !strcmp(l->site, call->site))
			return l;
	}
	c->lines = xrealloc(c->lines, (c->n_lines + 1) * sizeof(*l));
	l = &c->lines[c->n_lines++];
	*l = (struct line){ event, call->site, call->what, 0, 0 };
	return l;
}

/* Whether any of the call's memory is not in @gone; all of it is then. */
static bool take(uint8_t *gone, const struct sample *s, const struct call *call)
{
	uint64_t unit = s->size / UNITS_MAX + 1, from = 0, to = s->size;
	bool any = false;

	if (unit < 4096)
		unit = 4096;
	if (call->start > s->addr)
		from = call->start - s->addr;
	if (call->end < s->addr + s->size)
		to = call->end - s->addr;
	for (uint64_t i = from / unit; i <= (to - 1) / unit; i++) {
		any |= !gone[i];
		gone[i] = 1;
	}
	return any;
}

/*
 * What has been invalidated once is not there any more, unless the guest has
 * been quick: "first" are the calls that take something away. Ageing does not.
 * Nor are those that no event answers for.
 */
static void count(struct calls *c)
{
	const struct strs *due = c->run->events;
	const char *none = due->n == 1 ? due->v[0] : "";
	uint8_t *gone = xcalloc(UNITS_MAX + 1, 1);
	const struct sample *s;
	struct line *l;

	for (size_t i = 0; i < c->n; i++) {
		const struct call *call = &c->v[i];

		s = call->sample == NO_SAMPLE ? NULL : c->by_time[call->sample];
		if (!i || call->sample != call[-1].sample)
			memset(gone, 0, UNITS_MAX + 1);
		l = find_line(c, s ? s->event : none, call);
		l->calls++;
		if (!*l->event)
			continue;
		l->first += call->what != INVALIDATE || !s || take(gone, s, call);
	}
	free(gone);
}

static void write_lines(FILE *f, const struct calls *c)
{
	const struct calls_run *r = c->run;

	for (size_t i = 0; i < c->n_lines; i++) {
		const struct line *l = &c->lines[i];

		fprintf(f, "%zu,%s,%c,%s,%s,%s,%s,%" PRIu64 ",%" PRIu64 "\n",
			r->slot_index, r->slot->arm, r->slot->copy, r->test,
			l->event, names[l->what], l->site, l->first, l->calls);
	}
}

void calls_header(FILE *f)
{
	fputs("slot,arm,copy,test,event,call,site,first,calls\n", f);
}

void calls_write(FILE *f, const struct calls_run *r, const struct trace *t,
		 const struct symbols *sym)
{
	struct calls c = { .run = r, .sym = sym };
	const struct trace_event **by_tid;
	size_t n;

	by_tid = trace_by_thread(t, &n);
	c.by_time = xcalloc(r->n_samples + 1, sizeof(*c.by_time));
	for (size_t i = 0; i < r->n_samples; i++)
		c.by_time[i] = &r->samples[i];
	qsort(c.by_time, r->n_samples, sizeof(*c.by_time), compare_samples);

	collect(&c, by_tid, n);
	if (c.n)
		qsort(c.v, c.n, sizeof(*c.v), compare_calls);
	count(&c);
	write_lines(f, &c);
	free(by_tid);
	free(c.by_time);
	free(c.v);
	free(c.lines);
}
